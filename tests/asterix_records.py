"""Help for the tests of ASTERIX: random columns of a category, and a slow, obviously right reader of one block."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainhome.formats.asterix.layout import (
    COMPOUND,
    EXPLICIT,
    EXTENDED,
    FIXED,
    REPEATED,
    REPEATED_FX,
    RFS,
    Field,
    Item,
    Layout,
)


def random_columns(layout: Layout, n: int, rng: np.random.Generator, there: float = 0.5) -> dict[str, Any]:
    """Return columns for an encoder: each item is in a record with the probability `there`."""
    columns: dict[str, Any] = {"sac": rng.integers(0, 256, n), "sic": rng.integers(0, 256, n)}
    for item in layout.items:
        for part in (item, *item.items):
            has = rng.random(n) < there
            if part.column:
                columns[part.column] = [raw_item(part, rng) if one else b"" for one in has]
            octets = np.where(has, rng.integers(1, part.size + 1, n) if part.kind == EXTENDED else 99, 0)
            for field in part.fields:
                if field.name not in ("sac", "sic"):
                    columns[field.name] = random_values(field, octets, rng)
    return columns


def random_values(field: Field, octets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n, signed = len(octets), field.form == "s"
    bits = rng.integers(0, 1 << field.bits, n) - ((1 << (field.bits - 1)) if signed else 0)
    held = field.at + field.bits <= 8 * octets
    if field.form == "o":
        return np.where(held, [int(oct(value)[2:]) for value in bits], -1)
    return np.where(held, bits * field.lsb, np.nan) if field.lsb else np.where(held, bits, -1)


def raw_item(item: Item, rng: np.random.Generator) -> bytes:
    count = int(rng.integers(1, 4))
    if item.kind == REPEATED:
        return bytes([count]) + rng.bytes(count * item.size)
    if item.kind == REPEATED_FX:
        elements = [bytearray(rng.bytes(item.size)) for _ in range(count)]
        for number, element in enumerate(elements, 1):
            element[-1] = (element[-1] & 254) | (number < count)
        return b"".join(map(bytes, elements))
    return bytes([count + 1]) + rng.bytes(count)


def random_record(layout: Layout, rng: np.random.Generator, always: tuple[str, ...] = ()) -> bytes:
    """Return a record with random items of a layout and random bits in them; those named are in every record."""
    items = [item for item in layout.items if item.kind != RFS and (rng.random() < 0.5 or item.name in always)]
    items = sorted(items or [layout.items[0]], key=lambda item: item.frn)
    return mask([item.frn for item in items]) + b"".join(random_item(item, rng) for item in items)


def random_item(item: Item, rng: np.random.Generator) -> bytes:
    if item.kind == COMPOUND:
        subs = [sub for sub in item.items if rng.random() < 0.6] or [item.items[0]]
        return mask([sub.frn for sub in subs]) + b"".join(random_item(sub, rng) for sub in subs)
    if item.kind == FIXED:
        return rng.bytes(item.size)
    if item.kind == EXTENDED:
        octets = bytearray(rng.bytes(int(rng.integers(1, item.size + 1))))
        for at in range(len(octets)):
            octets[at] = (octets[at] & 254) | (at < len(octets) - 1)
        return bytes(octets)
    return raw_item(item, rng)


def mask(numbers: list[int]) -> bytes:
    """Return the presence bits of fields by their numbers, seven to an octet, the last bit of each saying "more"."""
    octets = bytearray((max(numbers) + 6) // 7)
    for number in numbers:
        octets[(number - 1) // 7] |= 128 >> ((number - 1) % 7)
    for at in range(len(octets) - 1):
        octets[at] |= 1
    return bytes(octets)


def slow_records(layout: Layout, content: bytes) -> list[dict[str, Any]]:
    """Return the records of a block's content as dictionaries, one bit at a time; ValueError where it is cut."""
    records = []
    while content:
        record, content = slow_record(layout, content)
        records.append(record)
    return records


def slow_record(layout: Layout, content: bytes) -> tuple[dict[str, Any], bytes]:
    present, content = slow_mask(content)
    by_frn = {item.frn: item for item in layout.items}
    if not present:
        raise ValueError("an empty record")
    record: dict[str, Any] = {}
    for frn in present:
        if frn not in by_frn:
            raise ValueError(f"no item {frn}")
        content = slow_item(by_frn[frn], content, record)
    return record, content


def slow_mask(content: bytes) -> tuple[list[int], bytes]:
    bits = ""
    while True:
        if not content:
            raise ValueError("cut")
        octet, content = f"{content[0]:08b}", content[1:]
        bits += octet[:7]
        if octet[7] == "0":
            return [number for number, bit in enumerate(bits, 1) if bit == "1"], content


def slow_item(item: Item, content: bytes, record: dict[str, Any]) -> bytes:
    if item.kind == COMPOUND:
        present, content = slow_mask(content)
        by_frn = {sub.frn: sub for sub in item.items}
        for frn in present:
            if frn not in by_frn:
                raise ValueError(f"no subitem {frn}")
            content = slow_item(by_frn[frn], content, record)
        return content
    size = slow_size(item, content)
    if size == 0 or size > len(content):
        raise ValueError("cut")
    own = content[:size]
    if item.column:
        record[item.column] = own
    bits = "".join(f"{octet:08b}" for octet in own)
    for field in item.fields:
        if field.at + field.bits <= len(bits):
            record[field.name] = slow_value(field, bits[field.at : field.at + field.bits])
    return content[size:]


def slow_size(item: Item, content: bytes) -> int:
    if item.kind == FIXED:
        return item.size
    if item.kind in (REPEATED, EXPLICIT):
        if not content:
            raise ValueError("cut")
        return 1 + content[0] * item.size if item.kind == REPEATED else content[0]
    width = 1 if item.kind == EXTENDED else item.size
    size = width
    while size <= len(content) and content[size - 1] & 1:
        size += width
    return size


def slow_value(field: Field, bits: str) -> float:
    value = int(bits, 2)
    if field.form == "s" and bits[0] == "1":
        value -= 1 << len(bits)
    if field.form == "o":
        return int(oct(value)[2:])
    return value * field.lsb if field.lsb else value

"""Columns to bytes: `encode_cat048` and its kin for CAT034, CAT062 and CAT021.

The columns are those of the reader, by name. An item is written where at least one of its columns holds a value (not
NaN, not negative for codes); the other fields of that item are zero. Quantities are rounded to the least significant
bit. An item that is kept raw is given as one `bytes` for each record, its leading count or length octet included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.errors import UseError, nearest
from chainhome.formats.asterix.compiled import (
    F8,
    I4,
    I8,
    LAYOUTS,
    STORES,
    UNDEFINED,
    Tables,
    columns_of,
    compile_layouts,
)
from chainhome.formats.asterix.layout import COMPOUND, Field, Item
from chainhome.formats.asterix.recording import Records

BLOCK_BYTES = 1400  # a block fits into one Ethernet packet
_LEAST_BLOCK, _MOST_BLOCK = 16, 65_535
_WRITTEN = (21, 34, 48, 62)


def encode_cat048(*, block_bytes: int = BLOCK_BYTES, **columns: Any) -> bytes:
    """Return monoradar target reports as blocks of CAT048; scalars are repeated.

    Raises UseError for a column that CAT048 does not have, for columns of different lengths, and for a value that its
    field cannot hold.

    >>> encode_cat048(sac=25, sic=1, time_of_day_s=[3600.0], range_nm=[42.5], azimuth_deg=[90.0]).hex(" ")
    '30 00 0d d0 19 01 07 08 00 2a 80 40 00'
    """
    return _encode(48, columns, block_bytes)


def encode_cat034(*, block_bytes: int = BLOCK_BYTES, **columns: Any) -> bytes:
    """Return monoradar service messages as blocks of CAT034, as `encode_cat048` does.

    >>> encode_cat034(sac=25, sic=1, message_type=[1], time_of_day_s=[3600.0], rotation_s=[4.0]).hex(" ")
    '22 00 0c e8 19 01 01 07 08 00 02 00'
    """
    return _encode(34, columns, block_bytes)


def encode_cat062(*, block_bytes: int = BLOCK_BYTES, **columns: Any) -> bytes:
    """Return system tracks as blocks of CAT062, as `encode_cat048` does.

    >>> len(encode_cat062(sac=25, sic=1, time_of_day_s=[3600.0], lat_deg=[52.0], lon_deg=[4.5], track_number=[7]))
    20
    """
    return _encode(62, columns, block_bytes)


def encode_cat021(*, block_bytes: int = BLOCK_BYTES, **columns: Any) -> bytes:
    """Return ADS-B target reports as blocks of CAT021, edition 2.x, as `encode_cat048` does.

    >>> len(encode_cat021(sac=25, sic=1, atp=0, lat_deg=[52.0], lon_deg=[4.5], address=[0x4840D6]))
    17
    """
    return _encode(21, columns, block_bytes)


def encode_records(records: Records, block_bytes: int = BLOCK_BYTES) -> bytes:
    """Return the records of a table as blocks of their category; raw items are copied.

    What the reader does not keep is not written: spare bits, and octets of an extended item that are not declared.
    Raises UseError for CAT001 and CAT002, which are read only.
    """
    if records.category not in _WRITTEN:
        raise UseError(f"CAT{records.category:03} is not written, expected one of {_written()}")
    raw = LAYOUTS[records.category][0].raw_columns
    columns = {name: column for name, column in records.columns.items() if name not in ("record_at", "received_s")}
    for name in raw:
        columns[f"{name}_at"] = np.where(columns[f"{name}_size"] > 0, columns[f"{name}_at"] - records.wire_at, 0)
    return _blocks(records.category, _held(records.category, columns, len(records)), records.wire, block_bytes)


def _written() -> str:
    return ", ".join(f"CAT{category:03}" for category in _WRITTEN)


def _encode(category: int, columns: Mapping[str, Any], block_bytes: int) -> bytes:
    known = {name for names in columns_of(category) for name in names}
    raw = set(LAYOUTS[category][0].raw_columns)
    for name in columns:
        if name not in raw and (name not in known or name.removesuffix("_at").removesuffix("_size") in raw):
            raise UseError(f"CAT{category:03} has no column {name!r}{nearest(name, {*known, *raw})}")
    lengths = {name: len(value) for name, value in columns.items() if np.ndim(value) or name in raw}
    rows = max(lengths.values(), default=1)
    for name, length in lengths.items():
        if length != rows:
            raise UseError(f"CAT{category:03}: {name} has {length} values, the other columns have {rows}")
    held: dict[str, Any] = {name: value for name, value in columns.items() if name not in raw}
    parts: list[bytes] = []
    for name in raw & set(columns):
        sizes = np.array([len(part) for part in columns[name]], np.int64)
        held[f"{name}_at"] = sum(map(len, parts)) + np.cumsum(sizes) - sizes
        held[f"{name}_size"] = sizes
        parts.append(b"".join(columns[name]))
    wire = np.frombuffer(b"".join(parts) or b"\0", np.uint8)
    return _blocks(category, _held(category, held, rows), wire, block_bytes)


def _held(category: int, columns: Mapping[str, Any], rows: int) -> list[dict[str, NDArray[Any]]]:
    """Return the columns by store, each of its type; codes that the type cannot hold are refused."""
    held: list[dict[str, NDArray[Any]]] = []
    for store, names in enumerate(columns_of(category)):
        of_store: dict[str, NDArray[Any]] = {}
        for name in names:
            if name in columns:
                given = np.asarray(columns[name])
                if store != F8 and given.dtype.kind == "f" and not np.all(given == np.floor(given)):
                    raise UseError(
                        f"CAT{category:03}: {name} holds whole numbers, -1 = absent; got {given.ravel()[:3]}"
                    )
                if store != F8 and given.size and given.max() > np.iinfo(STORES[store]).max:
                    raise UseError(f"CAT{category:03}: {name} = {given.max()} does not fit its field")
                kept = given if store == F8 else np.maximum(given, -1)
                of_store[name] = np.broadcast_to(kept.astype(STORES[store]), (rows,))
        held.append(of_store)
    return held


def _blocks(category: int, held: list[dict[str, NDArray[Any]]], wire: NDArray[np.uint8], block_bytes: int) -> bytes:
    from chainhome.formats.asterix import _encode_kernels as kernels

    if not _LEAST_BLOCK <= block_bytes <= _MOST_BLOCK:
        raise UseError(f"block_bytes = {block_bytes}, expected {_LEAST_BLOCK} to {_MOST_BLOCK}")
    rows = max((len(column) for of_store in held for column in of_store.values()), default=0)
    layout = LAYOUTS[category][0]
    tables = compile_layouts([layout], [list(of_store) for of_store in held])
    _leave_out(tables)
    stores = [
        np.stack(list(of_store.values())) if of_store else np.empty((0, rows), dtype)
        for of_store, dtype in zip(held, STORES, strict=True)
    ]
    raw = sum(
        int(np.maximum(held[I4][f"{name}_size"], 0).sum()) for name in layout.raw_columns if f"{name}_at" in held[I8]
    )
    longest = (len(layout.items) + 13) // 7 + sum(_longest(item) for item in layout.items) + 3
    out = np.zeros(rows * longest + raw + 1024, np.uint8)
    scratch = np.zeros(longest + raw + 1024, np.uint8)
    writeable = wire if wire.flags.writeable else wire.copy()  # one type of array, one compilation
    f8, i1, i4, i8 = stores
    given = kernels.Given(f8, i1, i4, i8, np.ascontiguousarray(writeable))
    sizes = np.zeros(rows, np.int64)
    size, row, fault = kernels.put_blocks(out, category, rows, block_bytes, tables, given, scratch, sizes)
    if row >= 0:
        raise UseError(_complaint(category, held, row, fault))
    return out[:size].tobytes()


def _leave_out(tables: Tables) -> None:
    """Mark the items of which no column is held, so that the kernel steps over them."""
    kind, _, field, fields, sub, subs, raw_at, _ = tables.items.T
    for item in reversed(range(len(tables.items))):  # subitems stand behind their items
        columns = tables.fields[field[item] : field[item] + fields[item], -1]
        if kind[item] == COMPOUND:
            empty = bool((kind[sub[item] : sub[item] + subs[item]] < 0).all())
        else:
            empty = raw_at[item] < 0 and bool((columns < 0).all())
        if empty:
            kind[item] = UNDEFINED


def _longest(item: Item) -> int:
    if item.kind == COMPOUND:
        return (len(item.items) + 13) // 7 + 5 + sum(_longest(sub) for sub in item.items)
    return 0 if item.column else item.size


def _complaint(category: int, held: list[dict[str, NDArray[Any]]], row: int, fault: int) -> str:
    if fault < 0:
        return f"CAT{category:03}: row {row} is longer than a block can be"
    fields: list[Field] = []
    _in_order(LAYOUTS[category][0].items, fields)
    field = fields[fault]
    value = next(of_store[field.name][row] for of_store in held if field.name in of_store)
    top = (1 << field.bits) - 1
    if field.form == "o":
        expected = "octal digits up to 7777"
    elif field.form == "s":
        expected = f"{-(top // 2 + 1) * field.lsb:g} to {top // 2 * field.lsb:g} {field.unit}".rstrip()
    else:
        expected = f"0 to {top * (field.lsb or 1):g} {field.unit}".rstrip()
    return f"CAT{category:03}: {field.name} = {value} in row {row} does not fit its field, expected {expected}"


def _in_order(items: tuple[Item, ...], fields: list[Field]) -> None:
    """Collect fields in the order in which `compile_layouts` numbers them."""
    for item in items:
        fields += item.fields
        _in_order(item.items, fields)

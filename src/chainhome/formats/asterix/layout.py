"""How a category is declared: one row for each item, from the public specifications [asterix_specs].

An item is fixed (so many bytes of fields), extended (octets of 7 bits, each with an FX bit that says whether another
follows), repeated (a count, then so many elements), repeated while the last bit of an element is set, compound (an
FX-extended mask, then subitems), explicit (a length octet that counts itself) or an RFS list (a count, then pairs of
an FRN and its item). The fields of an item stand in one string, in bit order: `name:bits`, where

- nothing after the bits is an integer code; `u` and `s` are an unsigned and a two's complement quantity with the least
  significant bit that follows (`range_nm:16u/256`); `w` is an unsigned quantity that wraps at its top (an angle);
- `o` is a code of octal digits, held as the digits stand (7700 is 7700);
- `_:3` are three spare bits. The unit ends the name.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

FIXED, EXTENDED, REPEATED, REPEATED_FX, COMPOUND, EXPLICIT, RFS = range(7)
KINDS = ("fixed", "extended", "repeated", "repeated (FX)", "compound", "explicit", "random field sequencing")

UNITS = {
    "s": "s",
    "nm": "NM",
    "nmps": "NM/s",
    "deg": "deg",
    "degps": "deg/s",
    "fl": "FL",
    "ft": "ft",
    "ftpm": "ft/min",
    "m": "m",
    "mps": "m/s",
    "mps2": "m/s2",
    "kt": "kt",
    "dbm": "dBm",
    "c": "deg C",
    "hpa": "hPa",
    "mach": "Mach",
}
_FIELD = re.compile(r"(\w+):(\d+)([uswo]?)(?:\*([\d.]+))?(?:/(\d+))?$")


class Field(NamedTuple):
    """Some bits of an item, and the column that they fill."""

    name: str
    bits: int
    at: int  # bit at which it begins, from the item's first
    form: str  # "" code, "u", "s", "w" quantity, "o" octal digits
    lsb: float  # 0 for codes

    @property
    def unit(self) -> str:
        """The unit that the name ends with; empty for codes."""
        return UNITS.get(self.name.rsplit("_", 1)[-1], "") if self.lsb else ""


class Item(NamedTuple):
    """One item: its place in the record, its kind, its bytes (of one element, where it repeats) and what it holds."""

    frn: int
    name: str
    title: str
    kind: int
    size: int
    fields: tuple[Field, ...] = ()
    items: tuple[Item, ...] = ()
    column: str = ""  # where the item is kept as raw bytes: `<column>_at` and `<column>_size`


class Layout(NamedTuple):
    """The record of a category: its items by FRN."""

    category: int
    edition: str
    items: tuple[Item, ...]
    variant: str = ""

    @property
    def fields(self) -> list[Field]:
        """All fields that fill a column, in the order of the record."""
        return [field for item in self.items for part in (item, *item.items) for field in part.fields]

    @property
    def raw_columns(self) -> list[str]:
        """The names of the items that are kept as raw bytes."""
        return [part.column for item in self.items for part in (item, *item.items) if part.column]


def fields_of(text: str, begin: int = 0) -> tuple[tuple[Field, ...], int]:
    """Return the declared fields of a string, and the bit after the last.

    >>> fields, end = fields_of("_:4 track_number:12")
    >>> fields[0].name, fields[0].at, end
    ('track_number', 4, 16)
    """
    fields: list[Field] = []
    for word in text.split():
        match = _FIELD.match(word)
        if not match:
            raise ValueError(f"a field is declared as {word!r}, expected name:bits and how they are read")
        name, bits, form, factor, divisor = match.groups()
        lsb = float(Fraction(factor or "1") / int(divisor or 1)) if form in ("u", "s", "w") and form else 0.0
        if name != "_":
            fields.append(Field(name, int(bits), begin, form, lsb))
        begin += int(bits)
    return tuple(fields), begin


def fixed(frn: int, name: str, title: str, text: str) -> Item:
    """Declare an item of fixed length."""
    fields, end = fields_of(text)
    if end % 8:
        raise ValueError(f"item {name} has {end} bits, expected whole bytes")
    return Item(frn, name, title, FIXED, end // 8, fields)


def extended(frn: int, name: str, title: str, *parts: str) -> Item:
    """Declare an item of octets that each end with an FX bit; the last declared may be followed by unknown ones."""
    fields: list[Field] = []
    for number, text in enumerate(parts):
        some, end = fields_of(text, 8 * number)
        if end != 8 * number + 7:
            raise ValueError(f"octet {number + 1} of item {name} has {end - 8 * number} bits before its FX, expected 7")
        fields += some
    return Item(frn, name, title, EXTENDED, len(parts), tuple(fields))


def repeated(frn: int, name: str, title: str, size: int, column: str) -> Item:
    """Declare a count octet and elements of `size` bytes, kept raw."""
    return Item(frn, name, title, REPEATED, size, column=column)


def repeated_fx(frn: int, name: str, title: str, size: int, column: str) -> Item:
    """Declare elements of `size` bytes of which the last bit says whether another follows, kept raw."""
    return Item(frn, name, title, REPEATED_FX, size, column=column)


def explicit(frn: int, name: str, title: str, column: str) -> Item:
    """Declare an item whose first octet is its length, kept raw."""
    return Item(frn, name, title, EXPLICIT, 0, column=column)


def compound(frn: int, name: str, title: str, *items: Item) -> Item:
    """Declare a mask and subitems; their `frn` is their place in the mask."""
    return Item(frn, name, title, COMPOUND, 0, items=items)


def rfs(frn: int) -> Item:
    """Declare a list of items in random order, which is stepped over."""
    return Item(frn, "RFS", "Random field sequencing", RFS, 0)

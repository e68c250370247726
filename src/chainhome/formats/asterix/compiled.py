"""The declared layouts as flat arrays, for the kernels; and the columns of each category.

A category's columns lie in four matrices by type: quantities float64 (NaN = absent), and integers of 8, 32 and 64 bits
(-1 = absent). The same layout compiles for reading all columns and for writing some.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.formats.asterix.cat001 import CAT001_PLOT, CAT001_TRACK, CAT002
from chainhome.formats.asterix.cat021 import CAT021
from chainhome.formats.asterix.cat034 import CAT034
from chainhome.formats.asterix.cat048 import CAT048
from chainhome.formats.asterix.cat062 import CAT062
from chainhome.formats.asterix.layout import Field, Item, Layout

# The layout that a record begins with, by category; a second one takes over where I001/020 says "track".
LAYOUTS: dict[int, tuple[Layout, ...]] = {
    1: (CAT001_PLOT, CAT001_TRACK),
    2: (CAT002,),
    21: (CAT021,),
    34: (CAT034,),
    48: (CAT048,),
    62: (CAT062,),
}
# Categories for which a specification was published: what a block may begin with when blocks are searched for.
PUBLISHED = (
    *(1, 2, 3, 4, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19, 20, 21, 23, 25, 30, 31, 32, 33, 34, 48, 62, 63, 65),
    *(129, 150, 204, 205, 238, 240, 247, 252),
)
UNDEFINED = -1  # kind of an FRN for which no item is declared
STORES = ("f8", "i1", "i4", "i8")
F8, I1, I4, I8 = range(4)
CODE, QUANTITY, WRAPPED, OCTAL = range(4)
FORMS = {"": CODE, "u": QUANTITY, "s": QUANTITY, "w": WRAPPED, "o": OCTAL}


class Tables(NamedTuple):
    """All layouts, flat: each level holds the row of the next at which its own begin, and how many there are."""

    categories: NDArray[np.int32]  # (256,) layout of each category; -1 = published but not read, -2 = not published
    layouts: NDArray[np.int32]  # (n, 3) first item, items, the layout of tracks (-1 = none)
    items: NDArray[np.int32]  # (n, 8) kind, size, first field, fields, first subitem, subitems, columns of raw items
    fields: NDArray[np.int64]  # (n, 6) bit after the last, mask, sign bit, form, store, column (-1 = not held)
    lsb: NDArray[np.float64]


def store_of(field: Field) -> int:
    """Return which matrix holds a field: the smallest type that has its values and -1."""
    if field.lsb:
        return F8
    return I1 if field.bits <= 7 else I4 if field.bits <= 31 or field.form == "o" else I8


@cache
def columns_of(category: int) -> tuple[tuple[str, ...], ...]:
    """Return the names of a category's columns, by store, in the order of its layouts.

    >>> columns_of(48)[F8][:3]
    ('time_of_day_s', 'range_nm', 'azimuth_deg')
    """
    names: tuple[dict[str, None], ...] = ({}, {}, {}, {})
    for layout in LAYOUTS[category]:
        for field in layout.fields:
            names[store_of(field)][field.name] = None
        for column in layout.raw_columns:
            names[I8][f"{column}_at"] = None
            names[I4][f"{column}_size"] = None
    return tuple(tuple(of_store) for of_store in names)


class _Builder:
    """Collects the flat arrays; items of a level stand next to each other."""

    def __init__(self) -> None:
        self.items: list[tuple[int, ...]] = []
        self.fields: list[tuple[int, ...]] = []
        self.lsb: list[float] = []

    def level(self, items: Sequence[Item], place: dict[tuple[int, str], int]) -> tuple[int, int]:
        count = max(item.frn for item in items)
        first = len(self.items)
        self.items += [(UNDEFINED, 0, 0, 0, 0, 0, -1, -1)] * count
        for item in items:
            field_first = len(self.fields)
            self.fields += [_field_row(field, place) for field in item.fields]
            self.lsb += [field.lsb for field in item.fields]
            field_count = len(item.fields)
            sub_first, sub_count = self.level(item.items, place) if item.items else (0, 0)
            at = place.get((I8, f"{item.column}_at"), -1) if item.column else -1
            size = place.get((I4, f"{item.column}_size"), -1) if item.column else -1
            row = (item.kind, item.size, field_first, field_count, sub_first, sub_count, at, size)
            self.items[first + item.frn - 1] = row
        return first, count


def _field_row(field: Field, place: dict[tuple[int, str], int]) -> tuple[int, ...]:
    sign = 1 << (field.bits - 1) if field.form == "s" else 0
    store = store_of(field)
    column = place.get((store, field.name), -1)
    return field.at + field.bits, (1 << field.bits) - 1, sign, FORMS[field.form], store, column


def compile_layouts(layouts: Sequence[Layout], given: Sequence[Sequence[str]] | None = None) -> Tables:
    """Return the flat tables of layouts; `given` names the columns that are held, by store (all, where None)."""
    builder = _Builder()
    categories = np.full(256, -2, np.int32)
    categories[list(PUBLISHED)] = -1
    spans: list[tuple[int, int, int]] = []
    for layout in layouts:
        columns = given if given is not None else columns_of(layout.category)
        place = {(store, name): n for store, names in enumerate(columns) for n, name in enumerate(names)}
        before = categories[layout.category]
        if before >= 0:
            spans[before] = (*spans[before][:2], len(spans))
        else:
            categories[layout.category] = len(spans)
        spans.append((*builder.level(layout.items, place), -1))
    return Tables(
        categories,
        np.array(spans, np.int32),
        np.array(builder.items, np.int32),
        np.array(builder.fields, np.int64),
        np.array(builder.lsb),
    )


@cache
def all_tables() -> Tables:
    """Return the tables of every category that is read, with all columns."""
    return compile_layouts([layout for layouts in LAYOUTS.values() for layout in layouts])

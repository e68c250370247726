"""The compiled pass of the writer: columns and flat tables in, blocks of one category out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

if TYPE_CHECKING:
    from chainhome.formats.asterix.compiled import Tables

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Whole = Any  # int or np.int64, which a kernel does not tell apart
Ints32 = NDArray[np.int32]
Floats = NDArray[np.float64]
Matrix = NDArray[np.float64]
Matrix32 = NDArray[np.int32]

# Codes of layout.py and compiled.py; a test compares them.
EXTENDED, COMPOUND = 1, 4
F8, I1, I4, I8 = 0, 1, 2, 3
WRAPPED, OCTAL = 2, 3
COUNT, FIRST = 1, 0
KIND, SIZE, FIELD, FIELDS, SUB, SUBS, RAW_AT, RAW_SIZE = 0, 1, 2, 3, 4, 5, 6, 7
END, MASK, SIGN, FORM, STORE, COLUMN = 0, 1, 2, 3, 4, 5
MISSING = -(2**62)  # what `value_of` returns where a column holds nothing
TOO_LONG, BAD_RAW = 1, 2  # how a record can fail, besides a value that does not fit
MOST_BLOCK = 65_535


class Given(NamedTuple):
    """The columns to write, by type, and the bytes that raw items lie in."""

    f8: NDArray[np.float64]
    i1: NDArray[np.int8]
    i4: Ints32
    i8: Ints
    wire: Bytes


@inline
def value_of(
    f: Whole,
    row: Whole,
    fields: Ints,
    lsb: Floats,
    f8: Matrix,
    i1: NDArray[np.int8],
    i4: Matrix32,
    i8: Ints,
    wire: Bytes,
) -> Whole:
    """Return the bits of a field, MISSING where its column holds nothing, or less than that where it does not fit."""
    store, column = fields[f, STORE], fields[f, COLUMN]
    value: Whole = MISSING
    if column >= 0:
        mask, sign, form = fields[f, MASK], fields[f, SIGN], fields[f, FORM]
        if store == F8:
            number = f8[column, row]
            if not np.isnan(number):
                scaled = np.rint(number / lsb[f])
                if abs(scaled) > 2.0**53:
                    value = MISSING - 1
                else:
                    value = np.int64(scaled)
                    if form == WRAPPED or (sign and -sign <= value < sign):
                        value &= mask
                    elif sign or value < 0 or value > mask:
                        value = MISSING - 1
        else:
            if store == I1:
                code = np.int64(i1[column, row])
            elif store == I4:
                code = np.int64(i4[column, row])
            else:
                code = i8[column, row]
            if code >= 0:
                if form == OCTAL:
                    a, b, c, d = code // 1000, code // 100 % 10, code // 10 % 10, code % 10
                    value = (a << 9) | (b << 6) | (c << 3) | d
                    if a > 7 or b > 7 or c > 7 or d > 7:
                        value = MISSING - 1
                else:
                    value = code
                if value > mask:
                    value = MISSING - 1
    return value


@inline
def put_item(
    out: Bytes,
    p: Whole,
    item: Whole,
    row: Whole,
    items: Ints32,
    fields: Ints,
    lsb: Floats,
    f8: Matrix,
    i1: NDArray[np.int8],
    i4: Matrix32,
    i8: Ints,
    wire: Bytes,
) -> tuple[Whole, Whole]:
    """Write an item that is no compound at `p`; return where it ends (at `p`: it is absent) and the field at fault."""
    fault = -1
    end: Whole = p
    if items[item, RAW_AT] >= 0:
        begin, size = i8[items[item, RAW_AT], row], np.int64(i4[items[item, RAW_SIZE], row])
        if size > 0:
            for k in range(size):
                out[p + k] = wire[begin + k]
            end = p + size
    elif items[item, FIELDS] > 0:
        size = np.int64(items[item, SIZE])
        word: Whole = np.int64(0)
        used: Whole = 0
        for f in range(items[item, FIELD], items[item, FIELD] + items[item, FIELDS]):
            value = value_of(f, row, fields, lsb, f8, i1, i4, i8, wire)
            if value < MISSING:
                fault = f
            elif value > MISSING:
                word |= value << (8 * size - fields[f, END])
                used = (fields[f, END] + 7) // 8
        if used > 0:
            for k in range(size):
                out[p + k] = (word >> (8 * (size - 1 - k))) & 255
            end = p + size
            if items[item, KIND] == EXTENDED:
                end = p + used
                for k in range(used - 1):
                    out[p + k] |= 1
    return end, fault


@kernel
def put_compound(
    out: Bytes,
    p: Whole,
    item: Whole,
    row: Whole,
    items: Ints32,
    fields: Ints,
    lsb: Floats,
    f8: Matrix,
    i1: NDArray[np.int8],
    i4: Matrix32,
    i8: Ints,
    wire: Bytes,
) -> tuple[Whole, Whole]:
    """Write a compound item at `p`; return where it ends (`p` where it is absent) and the field at fault."""
    sub, subs = np.int64(items[item, SUB]), np.int64(items[item, SUBS])
    longest = (subs + 6) // 7
    q: Whole = p + longest
    for k in range(longest):
        out[p + k] = 0
    last, fault = -1, -1
    for number in range(subs):
        if items[sub + number, KIND] < 0:
            continue
        end, why = put_item(out, q, sub + number, row, items, fields, lsb, f8, i1, i4, i8, wire)
        fault = why if why >= 0 else fault
        if end > q:
            out[p + number // 7] |= 1 << (7 - number % 7)
            last = number
            q = end
    if last < 0:
        return p, fault
    octets = last // 7 + 1
    for k in range(octets - 1):
        out[p + k] |= 1
    spare = longest - octets
    if spare > 0:
        for k in range(p + octets, q - spare):
            out[k] = out[k + spare]
    return q - spare, fault


@kernel
def put_record(out: Bytes, p: Whole, row: Whole, t: Tables, given: Given, scratch: Bytes) -> tuple[Whole, Whole]:
    """Write one record at `p`; return where it ends and the field at fault (-1 = none)."""
    items, fields, lsb = t.items, t.fields, t.lsb
    f8, i1, i4, i8, wire = given.f8, given.i1, given.i4, given.i8, given.wire
    first, count = np.int64(t.layouts[0, FIRST]), np.int64(t.layouts[0, COUNT])
    octets = (count + 6) // 7
    for k in range(octets):
        out[p + k] = 0
    used: Whole = 0
    last, fault = -1, -1
    for number in range(count):
        item: Whole = first + number
        kind = items[item, KIND]
        if kind < 0:
            continue
        if kind == COMPOUND:
            end, why = put_compound(scratch, used, item, row, items, fields, lsb, f8, i1, i4, i8, wire)
        else:
            end, why = put_item(scratch, used, item, row, items, fields, lsb, f8, i1, i4, i8, wire)
        fault = why if why >= 0 else fault
        if end > used:
            out[p + number // 7] |= 1 << (7 - number % 7)
            last = number
            used = end
    if last < 0:
        return p, fault
    head = last // 7 + 1
    for k in range(head - 1):
        out[p + k] |= 1
    for k in range(used):
        out[p + head + k] = scratch[k]
    return p + head + used, fault


@kernel
def put_blocks(
    out: Bytes, category: Whole, rows: Whole, most: Whole, t: Tables, given: Given, scratch: Bytes, sizes: Ints
) -> tuple[Whole, Whole, Whole]:
    """Write all records as blocks of at most `most` bytes; return the bytes, and row and field of a fault (-1 = none).

    `sizes` takes the length of each record; a field of -2 says that the record fits into no block. A record without any
    item is left out.
    """
    p, block = 0, 0
    for row in range(rows):
        begin = p if p > block else p + 3
        end, fault = put_record(out, begin, row, t, given, scratch)
        if fault >= 0:
            return p, row, fault
        sizes[row] = end - begin
        if end == begin:
            continue
        if end - begin + 3 > MOST_BLOCK:
            return p, row, -2
        if p > block and end - block > most:
            for k in range(end - 1, begin - 1, -1):
                out[k + 3] = out[k]
            out[block + 1], out[block + 2] = (p - block) >> 8, (p - block) & 255
            block = p
            end += 3
        out[block] = category
        p = end
    if p > block:
        out[block + 1], out[block + 2] = (p - block) >> 8, (p - block) & 255
    return p, -1, -1

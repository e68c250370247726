"""The compiled passes of the reader: bytes and flat tables in, places of records and filled columns out.

`walk` steps through the blocks, checks every record to its last item and notes where each begins; what does not parse
is noted as lost. `extract` fills the columns of one category from records that `walk` has checked. Both have plain
Python twins in `tests/unit/test_unit_asterix_kernels.py`.
"""

# Long because a kernel may call only kernels of its own file.

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

# Codes of layout.py and compiled.py; a test compares them.
UNDEFINED, FIXED, EXTENDED, REPEATED, REPEATED_FX, COMPOUND, EXPLICIT, RFS = -1, 0, 1, 2, 3, 4, 5, 6
F8, I1, I4, I8 = 0, 1, 2, 3
OCTAL = 3
NOT_READ = -1  # a published category without a layout; -2 is one that is not published
FIRST, COUNT, SWITCH = 0, 1, 2
KIND, SIZE, FIELD, FIELDS, SUB, SUBS, RAW_AT, RAW_SIZE = 0, 1, 2, 3, 4, 5, 6, 7
END, MASK, SIGN, FORM, STORE, COLUMN = 0, 1, 2, 3, 4, 5
WORD = 8  # bytes: no item that has fields is longer

# Why bytes were lost: codes of report.REASONS, as negative results.
BAD_LENGTH, CUT_RECORD, UNDEFINED_ITEM, EMPTY_RECORD, NO_BLOCK = 1, 2, 3, 4, 5

MOST_RECORDS = 32_768  # of one block
BATCH = 256  # records whose items are listed together
ENOUGH_RECORDS = 64  # that show that a block is one
LOOK_AHEAD = 720_896  # bytes that a decision may look at: eleven of the longest blocks


# The places of the set bits among the upper seven of an octet, and how many there are, by the octet halved.
SET_BITS = np.array(
    [[k for k in range(7) if (half >> (6 - k)) & 1] + [0] * (7 - half.bit_count()) for half in range(128)], np.int64
)
SET_COUNT = np.array([half.bit_count() for half in range(128)], np.int64)


class Found(NamedTuple):
    """What `walk` fills; one row for each record, block and loss."""

    record_at: Ints
    block_at: Ints
    block_span: Ints
    block_records: NDArray[np.int32]
    loss_at: Ints
    loss_size: Ints
    loss_reason: NDArray[np.int8]


class State(NamedTuple):
    """Where `walk` stands, in arrays of one element, so that it can be called again."""

    span: Ints
    at: Ints
    lost_since: Ints  # -1 = not searching
    reason: Ints
    hint: Ints  # where the block that was lost said that it ends
    wary: Ints  # how far its records went: up to there only whole blocks are believed
    records: Ints
    blocks: Ints
    losses: Ints


@inline
def simple_end(data: Bytes, p: Whole, end: Whole, item: Whole, items: Ints32) -> Whole:
    """Return where an item that is no compound ends, or minus the reason why it does not."""
    kind = items[item, KIND]
    if kind == FIXED:
        q = p + items[item, SIZE]
    elif kind in (EXTENDED, REPEATED_FX):
        width = 1 if kind == EXTENDED else items[item, SIZE]
        q = p + width
        while q <= end and data[q - 1] & 1:
            q += width
    elif kind == REPEATED:
        if p >= end:
            return -CUT_RECORD
        q = p + 1 + np.int64(data[p]) * items[item, SIZE]
    elif kind == EXPLICIT:
        if p >= end or data[p] == 0:
            return -CUT_RECORD
        q = p + np.int64(data[p])
    else:
        return -UNDEFINED_ITEM
    return q if q <= end else -CUT_RECORD


@inline
def item_end(data: Bytes, p: Whole, end: Whole, item: Whole, items: Ints32) -> Whole:
    """Return where an item that is no RFS list ends, or minus the reason why it does not."""
    if items[item, KIND] != COMPOUND:
        return simple_end(data, p, end, item, items)
    q = p
    while q < end and data[q] & 1:
        q += 1
    if q >= end:
        return -CUT_RECORD
    q += 1
    sub, last = items[item, SUB], items[item, SUBS]
    number = 0
    for at in range(p, q):
        for bit in range(7, 0, -1):
            if (data[at] >> bit) & 1:
                if number >= last:
                    return -UNDEFINED_ITEM
                q = simple_end(data, q, end, sub + number, items)
                if q < 0:
                    return q
            number += 1
    return q


@kernel
def rfs_end(data: Bytes, p: Whole, end: Whole, first: Whole, count: Whole, items: Ints32) -> Whole:
    """Return where a list of items in random order ends, or minus the reason why it does not."""
    if p >= end:
        return -CUT_RECORD
    q = p + 1
    for _ in range(data[p]):
        if q >= end:
            return -CUT_RECORD
        number = np.int64(data[q]) - 1
        if number < 0 or number >= count:
            return -UNDEFINED_ITEM
        q = item_end(data, q + 1, end, first + number, items)
        if q < 0:
            return q
    return q


@kernel
def record_end(data: Bytes, p: Whole, end: Whole, layout: Whole, layouts: Ints32, items: Ints32) -> Whole:
    """Return where the record at `p` ends, or minus the reason why it does not end before its block does."""
    d = p
    while d < end and data[d] & 1:
        d += 1
    if d >= end:
        return -CUT_RECORD
    last = d
    d += 1
    first, count = layouts[layout, FIRST], layouts[layout, COUNT]
    switch = layouts[layout, SWITCH]
    base = 0
    empty = True
    for at in range(p, last + 1):
        half = data[at] >> 1
        for k in range(SET_COUNT[half]):
            number = base + SET_BITS[half, k]
            empty = False
            if number >= count:
                return -UNDEFINED_ITEM
            if number == 1 and switch >= 0 and d < end and data[d] & 0x80:
                first, count = layouts[switch, FIRST], layouts[switch, COUNT]
            item = first + number
            if items[item, KIND] == FIXED:
                d += items[item, SIZE]
                if d > end:
                    return -CUT_RECORD
            elif items[item, KIND] == RFS:
                d = rfs_end(data, d, end, first, count, items)
            else:
                d = item_end(data, d, end, item, items)
            if d < 0:
                return d
        base += 7
    return -EMPTY_RECORD if empty else d


@inline
def size_at(data: Bytes, p: Whole, end: Whole) -> Whole:
    """Return the length of the block whose header is at `p`, or 0 where none can be."""
    if p + 3 > end:
        return 0
    size = (np.int64(data[p + 1]) << 8) | np.int64(data[p + 2])
    return size if size >= 4 and p + size <= end else 0


@kernel
def confirmed(data: Bytes, p: Whole, end: Whole, gap: Whole, exact: bool, t: Tables) -> bool:
    """Return whether a block that is read begins at `p`: its records fill it exactly.

    Of a long block the first records are enough if a header that can be follows it, so that a search stays linear;
    where `exact`, they are not.
    """
    categories, layouts, items = t.categories, t.layouts, t.items
    size = size_at(data, p, end)
    if size == 0 or categories[data[p]] < 0:
        return False
    q = p + 3
    for _ in range(ENOUGH_RECORDS):
        q = record_end(data, q, p + size, categories[data[p]], layouts, items)
        if q < 0:
            return False
        if q == p + size:
            return True
    if exact:
        return False
    after = p + size + gap
    return after >= end or (size_at(data, after, end) > 0 and categories[data[after]] >= NOT_READ)


@kernel
def chained(data: Bytes, p: Whole, end: Whole, gap: Whole, t: Tables) -> bool:
    """Return whether a block that is not read begins at `p`: headers of published categories lead on from it.

    The chain ends well at a block that is confirmed, at the end of the span, or after eight blocks. A category that is
    not published needs one of its own kind, or a confirmed block, behind it.
    """
    categories = t.categories
    size = size_at(data, p, end)
    if size == 0:
        return False
    after = p + size + gap
    if after >= end or confirmed(data, after, end, gap, False, t):
        return True
    if categories[data[p]] < NOT_READ:
        return data[after] == data[p] and size_at(data, after, end) > 0
    for _ in range(8):
        p = after
        size = size_at(data, p, end)
        if size == 0 or categories[data[p]] != NOT_READ:
            return False
        after = p + size + gap
        if after >= end or confirmed(data, after, end, gap, False, t):
            return True
    return True


@kernel
def walk(
    data: Bytes, span_at: Ints, span_end: Ints, gap: Whole, final: bool, t: Tables, found: Found, state: State
) -> None:
    """Find the blocks and records of spans of bytes; return early where `found` is full or more bytes are needed."""
    categories, layouts, items = t.categories, t.layouts, t.items
    record_at, block_at, block_span, block_records = (
        found.record_at,
        found.block_at,
        found.block_span,
        found.block_records,
    )
    loss_at, loss_size, loss_reason = found.loss_at, found.loss_size, found.loss_reason
    s, i, since = state.span[0], state.at[0], state.lost_since[0]
    reason, hint, wary = state.reason[0], state.hint[0], state.wary[0]
    n, blocks, losses = 0, 0, 0
    full = False
    while s < len(span_at):
        end = span_end[s]
        while i < end:
            if n + MOST_RECORDS > len(record_at) or blocks >= len(block_at):
                full = True
            if full or losses + 4 >= len(loss_at) or (not final and end - i < LOOK_AHEAD):
                full = True
                break
            if since >= 0:
                if not confirmed(data, i, end, gap, i < wary, t) and not (i == hint and chained(data, i, end, gap, t)):
                    i += 1
                    continue
                loss_at[losses], loss_size[losses] = since, i - since
                loss_reason[losses] = reason
                losses += 1
                since = -1
            size = size_at(data, i, end)
            layout = categories[data[i]]
            why = 0
            begun = n
            if size == 0:
                why = BAD_LENGTH
            elif layout < 0:
                why = 0 if chained(data, i, end, gap, t) else NO_BLOCK
            else:
                q = i + 3
                while q < i + size:
                    wary = q
                    record_at[n] = q
                    n += 1
                    q = record_end(data, q, i + size, layout, layouts, items)
                    if q < 0:
                        why = -q
                        n = begun
                        break
            if why:
                # The length may be what is wrong: what stands at its end is believed more than at other places only.
                since, reason = i, why
                hint = i + size + gap if size > 0 else -1
                i += 1
                continue
            block_at[blocks], block_span[blocks] = i, s
            block_records[blocks] = n - begun
            blocks += 1
            i += size + gap
        if full:
            break
        if since >= 0:
            loss_at[losses], loss_size[losses], loss_reason[losses] = since, end - since, reason
            losses += 1
            since = -1
        s += 1
        if s < len(span_at):
            i = span_at[s]
    state.span[0], state.at[0], state.lost_since[0], state.reason[0] = s, i, since, reason
    state.hint[0], state.wary[0] = hint, wary
    state.records[0], state.blocks[0], state.losses[0] = n, blocks, losses


@inline
def word_at(data: Bytes, p: Whole) -> Whole:
    """Return the eight bytes at `p`, the first in the highest bits."""
    at = np.uintp(p)
    word: Whole = np.uint64(data[at])
    for k in range(1, WORD):
        word = (word << np.uint64(8)) | np.uint64(data[at + np.uintp(k)])
    return word


@kernel
def extract(
    data: Bytes,
    record_at: Ints,
    layout: Whole,
    base: Whole,
    t: Tables,
    f8: NDArray[np.float64],
    i1: NDArray[np.int8],
    i4: NDArray[np.int32],
    i8: Ints,
) -> None:
    """Fill the columns of one category from records that `walk` found; `base` is added to the places of raw items.

    `data` has eight bytes more than the records need. Records go in batches: first the items of all of them are listed
    by kind of item, then each field is read from all its items in a loop without branches.
    """
    layouts, items, fields, lsb = t.layouts, t.items, t.fields, t.lsb
    size = len(data)
    count_of = np.zeros(len(items), np.int64)
    rows, places = np.empty((len(items), BATCH), np.int64), np.empty((len(items), BATCH), np.int64)
    sizes, words = np.empty((len(items), BATCH), np.int64), np.empty((len(items), BATCH), np.uint64)
    for batch in range(0, len(record_at), BATCH):
        count_of[:] = 0
        for row in range(batch, min(batch + BATCH, len(record_at))):
            p = record_at[row]
            d = p
            while data[d] & 1:
                d += 1
            d += 1
            last = d
            first, count = layouts[layout, FIRST], layouts[layout, COUNT]
            switch = layouts[layout, SWITCH]
            first_number = 0
            for at in range(p, last):
                half = data[at] >> 1
                for bit in range(SET_COUNT[half]):
                    number = first_number + SET_BITS[half, bit]
                    if number == 1 and switch >= 0 and data[d] & 0x80:
                        first, count = layouts[switch, FIRST], layouts[switch, COUNT]
                    item = np.int64(first + number)
                    kind = items[item, KIND]
                    if kind == COMPOUND:
                        q = d
                        while data[q] & 1:
                            q += 1
                        q += 1
                        sub = np.int64(items[item, SUB])
                        for mask_at in range(d, q):
                            mask = data[mask_at] >> 1
                            for mask_bit in range(SET_COUNT[mask]):
                                which = sub + SET_BITS[mask, mask_bit]
                                k = count_of[which]
                                count_of[which] = k + 1
                                rows[which, k], places[which, k], words[which, k] = row, q, word_at(data, q)
                                end = simple_end(data, q, size, which, items)
                                sizes[which, k] = end - q
                                q = end
                            sub += 7
                    elif kind == RFS:
                        q = rfs_end(data, d, size, first, count, items)
                    else:
                        k = count_of[item]
                        count_of[item] = k + 1
                        rows[item, k], places[item, k], words[item, k] = row, d, word_at(data, d)
                        q = simple_end(data, d, size, item, items)
                        sizes[item, k] = q - d
                    d = q
                first_number += 7
        for each in range(len(items)):
            item = np.int64(each)
            n: Whole = count_of[item]
            if n == 0:
                continue
            if items[item, RAW_AT] >= 0:
                for k in range(n):
                    i8[items[item, RAW_AT], rows[item, k]] = base + places[item, k]
                    i4[items[item, RAW_SIZE], rows[item, k]] = sizes[item, k]
            for f in range(items[item, FIELD], items[item, FIELD] + items[item, FIELDS]):
                stop = fields[f, END]
                shift, bits = np.uint64(8 * WORD - stop), np.uint64(fields[f, MASK])
                store, column = fields[f, STORE], fields[f, COLUMN]
                sign, unit = fields[f, SIGN], lsb[f]
                for k in range(n):
                    if 8 * sizes[item, k] >= stop:
                        value = np.int64((words[item, k] >> shift) & bits)
                        at_row = np.uintp(rows[item, k])
                        if store == F8:
                            f8[column, at_row] = ((value ^ sign) - sign) * unit
                        elif store == I1:
                            i1[column, at_row] = value
                        elif store == I8:
                            i8[column, at_row] = value
                        elif fields[f, FORM] == OCTAL:
                            tens = ((value >> 6) & 7) * 100 + ((value >> 3) & 7) * 10
                            i4[column, at_row] = (value >> 9) * 1000 + tens + (value & 7)
                        else:
                            i4[column, at_row] = value


@kernel
def unwrap(time_s: NDArray[np.float64], turn_s: float, near_s: float, patience: Whole) -> NDArray[np.float64]:
    """Return times with whole turns added, so that each lies within half a turn of the time before it.

    A jump of more than `near_s` does not move the reference until `patience` times in a row have followed it, so that
    single wrong times shift nobody else's day. NaN stays NaN.
    """
    out = np.empty(len(time_s))
    reference = np.nan
    other, agreed = np.nan, 0
    for row in range(len(time_s)):
        time = time_s[row]
        if np.isnan(reference):
            reference = time
        time += np.rint((reference - time) / turn_s) * turn_s
        out[row] = time
        if np.isnan(time):
            continue
        if abs(time - reference) <= near_s:
            reference = time
            agreed = 0
            continue
        agreed = agreed + 1 if abs(time - other) <= near_s else 1
        other = time
        if agreed >= patience:
            reference = time
            agreed = 0
    return out

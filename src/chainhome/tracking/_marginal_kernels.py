"""The compiled marginals of association: a sparse graph of tracks and plots in, probabilities of its pairs out.

A joint association gives each track at most one plot and each plot to at most one track; its probability is
proportional to the product of the weights of its pairs, of `missed` of the tracks without a plot and of `other` of the
plots without a track. A plot that only one track can take exchanges nothing, so it is folded into that track's
`missed`. What remains falls apart into clusters (union-find). Each cluster is solved exactly by dynamic programming
over the subsets of a moving frontier, or, where that costs more than `budget`, by loopy belief propagation
[williams_lau2014], whose messages run over that cluster's pairs only.

The frontier: tracks are taken one after another, and the state is which of the *open* plots are gone; a plot opens with
its first track and closes with its last. Or plots are taken one after another and tracks open and close, if that is
cheaper. The cost is the number of states times pairs, not 2 to the number of plots, so long chains stay exact.

Where exact ends is measured (`benchmarks/bench_association.py`; 8 to 20 tracks about 3 standard deviations apart, half
as many to as many clutter plots). Up to a budget of 16,384 a cluster takes about as long as by propagation: 18 us,
at most 34, against 12; up to 65,536 it takes 47 us, at most 64, against 21; up to 262,144 163 us, at most 260, against
25. Propagation is wrong by 0.03 to 0.06, at most 0.10, in the worst pair of such a cluster. So the default is 65,536.

All sums are of positive terms, so nothing cancels. Rows are scaled by their largest entry. Where conflicts make even
the best association tiny (below 1e-200), its dual prices scale rows and columns, so that it weighs 1, and the sweep is
repeated. The best association itself, global nearest neighbour, is a kernel of this file, too.
"""

# Long because a kernel may only call kernels of its own file.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Table = NDArray[np.int64]  # (INT_ROWS, slot), slot > n, m and k
Columns = NDArray[np.float64]  # (FLOAT_ROWS, slot)

MAX_WIDTH = 12
STORE = 1 << 16
GRID = STORE + (2 << MAX_WIDTH)
MAX_STAGES = 64
_SMALLEST_SUM = 1e-200
_TINY = 1e-300
_SMALLEST_DIVISOR = 1e-290  # the compiler may divide by way of the reciprocal
_NEVER = 1 << 60
_IMPOSSIBLE = 1e5  # loss of a track that cannot go without a plot, but must
_BY_TRACKS, _BY_PLOTS, _SCALED, _PROPAGATE = 0, 1, 2, 3

# Work columns of whole numbers, one row of `ints` each. Of the whole graph:
PARENT = 0  # of each track: union-find
DEGREE = 1  # of each plot: how many tracks can take it; 0 once its cluster is loaded
NUMBER = 2  # of each plot: its first track, then its number in its cluster
ROOT = 3  # of each track: representative of its cluster
PLACE = 4  # of each representative: where its next track goes in MEMBERS
MEMBERS = 5  # tracks, cluster by cluster
FIRST = 6  # where each cluster begins in MEMBERS
# Of the cluster at hand, its tracks and plots numbered from 0:
ROW = 7  # where each track's shared pairs begin
PLOT = 8  # plot of each pair
PAIR = 9  # place of each pair in the caller's arrays
COLUMN = 10  # where each plot's pairs begin in the order by plot
TRACK = 11  # track of each pair in the order by plot
ENTRY = 12  # place of each in the order by track
PLOTS = 13  # place of each plot in the caller's arrays
ORDER_TRACKS = 14
ORDER_PLOTS = 15
# Of the sweep over stages (tracks or plots), whose states are the subsets of the open items (plots or tracks):
TOTAL = 16  # pairs of each item
PENDING = 17  # of these, still to come
POSITION = 18  # bit of each open item
ACTIVE = 19  # open items, by bit
BIT = 20  # bit of each pair in its stage, or -1 if no other stage has the item
CLOSED = 21  # bits in the order of closing
CLOSED_ITEM = 22
CLOSINGS = 23  # where each stage's closings begin
OFFSET = 24  # where each stage's states begin in `grid`
WIDTH = 25  # how many bits they have
# Of the best association of the cluster at hand:
TAKEN = 26  # of each track: its plot, or -1
MATE = 27  # of each plot: its track, or -1
VIA = 28  # of each plot: the track that reaches it on the shortest path
SEEN = 29  # of each plot: -1 not reached, 0 reached, 1 scanned
REACHED = 30  # plots reached
INT_ROWS = 31

# Work columns of numbers, one row of `floats` each.
SCALED = 0  # of each pair: weight / other, each row divided by its largest entry
ALONE = 1  # of each track: `missed`, scaled like its row
ROW_NONE = 2  # of each track: the same plus the plots folded into it
ROW_IDLE = 3  # of each track: P(no shared plot)
NONE = 4  # ROW_NONE of the cluster at hand
IDLE = 5  # its ROW_IDLE
VALUE = 6  # of each shared pair
RESULT = 7  # its marginal
TO_PLOT = 8  # messages
TO_TRACK = 9
COLUMN_SUM = 10  # of each plot: 1 + its incoming messages
UNUSED = 11  # of each item: its weight if nobody takes it
STAGE_VALUE = 12  # of each pair, scaled by its stage
STAGE_NONE = 13
STAGE_RESULT = 14
STAGE_IDLE = 15
LOSS = 16  # of each shared pair: minus the logarithm of weight / other
LOSS_NONE = 17  # of each track of the cluster: the same of no shared plot
PRICE_TRACK = 18  # dual variables
PRICE_PLOT = 19
DISTANCE = 20  # of each plot on the shortest path
FLOAT_ROWS = 21


@lean
def _root(ints: Table, i: int) -> int:
    """Return the representative of track `i`, halving the path on the way."""
    while ints[PARENT, i] != i:
        ints[PARENT, i] = ints[PARENT, ints[PARENT, i]]
        i = ints[PARENT, i]
    return i


@lean
def _scale_row(
    start: int, stop: int, plot: Ints, weight: Floats, missed: float, other: Floats, floats: Columns
) -> float:
    """Fill weight / other of a row and return `missed`, all divided by the largest; 0 in all if none is possible."""
    top, low = missed, 1.0
    for e in range(start, stop):
        x = weight[e] / other[plot[e]]
        floats[SCALED, e] = x
        top = max(top, x)
        if x < 1e-290 and weight[e] > 0.0:
            low = 0.0
    if low > 0.0 and 1e-290 < top < 1e290:
        for e in range(start, stop):
            floats[SCALED, e] /= top
        return missed / top
    # Beyond the range of floats: by logarithms.
    top = math.log(missed)
    for e in range(start, stop):
        floats[SCALED, e] = math.log(weight[e]) - math.log(other[plot[e]])
        top = max(top, floats[SCALED, e])
    if top == -math.inf:
        for e in range(start, stop):
            floats[SCALED, e] = 0.0
        return 0.0
    for e in range(start, stop):
        floats[SCALED, e] = math.exp(floats[SCALED, e] - top)
    return math.exp(math.log(missed) - top)


@lean
def _fold(ptr: Ints, plot: Ints, weight: Floats, missed: Floats, other: Floats, ints: Table, floats: Columns) -> None:
    """Scale the rows, fold the plots of one track into its `none`, and join the tracks that share a plot."""
    n, m = len(ptr) - 1, len(other)
    for j in range(m):
        ints[DEGREE, j] = 0
        ints[NUMBER, j] = -1
    for e in range(len(plot)):
        ints[DEGREE, plot[e]] += 1
    for i in range(n):
        ints[PARENT, i] = i
    for i in range(n):
        start, stop = ptr[i], ptr[i + 1]
        floats[ROW_IDLE, i] = 1.0
        none = 1.0 if start == stop else _scale_row(start, stop, plot, weight, missed[i], other, floats)
        floats[ALONE, i] = none
        for e in range(start, stop):
            j = plot[e]
            if ints[DEGREE, j] == 1:
                none += floats[SCALED, e]
            elif ints[NUMBER, j] < 0:
                ints[NUMBER, j] = i
            else:
                a, b = _root(ints, i), _root(ints, ints[NUMBER, j])
                ints[PARENT, max(a, b)] = min(a, b)
        floats[ROW_NONE, i] = none


@lean
def _group(n: int, ints: Table) -> int:
    """Sort the tracks that share plots by cluster into `members`, `first`; return the number of clusters."""
    for i in range(n):
        ints[ROOT, i] = _root(ints, i)
        ints[PLACE, i] = 0
    for i in range(n):
        ints[PLACE, ints[ROOT, i]] += 1
    clusters = at = 0
    for i in range(n):
        # A representative is the smallest of its cluster, so it is met first.
        if ints[ROOT, i] == i:
            count = ints[PLACE, i]
            ints[PLACE, i] = -1
            if count > 1:
                ints[PLACE, i] = at
                ints[FIRST, clusters] = at
                clusters += 1
                at += count
    ints[FIRST, clusters] = at
    for i in range(n):
        at = ints[PLACE, ints[ROOT, i]]
        if at >= 0:
            ints[MEMBERS, at] = i
            ints[PLACE, ints[ROOT, i]] = at + 1
    return clusters


@lean
def _load(first: int, tracks: int, ptr: Ints, plot: Ints, ints: Table, floats: Columns) -> int:
    """Copy the shared pairs of a cluster into its own rows and columns; return its number of plots."""
    plots = pairs = 0
    ints[ROW, 0] = 0
    for t in range(tracks):
        i = ints[MEMBERS, first + t]
        floats[NONE, t] = floats[ROW_NONE, i]
        for e in range(ptr[i], ptr[i + 1]):
            j = plot[e]
            if ints[DEGREE, j] == 1:
                continue
            if ints[DEGREE, j] > 0:
                ints[NUMBER, j] = plots
                ints[COLUMN, plots] = ints[DEGREE, j]
                ints[PLOTS, plots] = j
                ints[DEGREE, j] = 0
                plots += 1
            ints[PLOT, pairs] = ints[NUMBER, j]
            floats[VALUE, pairs] = floats[SCALED, e]
            ints[PAIR, pairs] = e
            pairs += 1
        ints[ROW, t + 1] = pairs
    at = 0
    for j in range(plots):
        at += ints[COLUMN, j]
        ints[COLUMN, j] = at
    ints[COLUMN, plots] = at
    for t in range(tracks - 1, -1, -1):
        for e in range(ints[ROW, t + 1] - 1, ints[ROW, t] - 1, -1):
            j = ints[PLOT, e]
            ints[COLUMN, j] -= 1
            ints[TRACK, ints[COLUMN, j]] = t
            ints[ENTRY, ints[COLUMN, j]] = e
    return plots


@lean
def _plan(row: int, item: int, order: int, stages: int, limit: int, ints: Table) -> int:
    """Order the stages so that few items are open at a time; return states times pairs, or _NEVER above `limit`."""
    if stages > MAX_STAGES:
        return _NEVER
    for s in range(stages):
        ints[order, s] = s
        for e in range(ints[row, s], ints[row, s + 1]):
            ints[PENDING, ints[item, e]] = ints[TOTAL, ints[item, e]]
    width = cost = store = 0
    for t in range(stages):
        best, best_score, best_opens, best_closes = t, _NEVER, 0, 0
        for c in range(t, stages):
            s = ints[order, c]
            opens = closes = 0
            for e in range(ints[row, s], ints[row, s + 1]):
                j = ints[item, e]
                if ints[TOTAL, j] > 1:
                    opens += 1 if ints[PENDING, j] == ints[TOTAL, j] else 0
                    closes += 1 if ints[PENDING, j] == 1 else 0
            if 2 * opens - closes < best_score:
                best, best_score, best_opens, best_closes = c, 2 * opens - closes, opens, closes
        s = ints[order, best]
        ints[order, best] = ints[order, t]
        ints[order, t] = s
        store += 1 << width
        width += best_opens
        if width > MAX_WIDTH or store > STORE - (1 << MAX_WIDTH):
            return _NEVER
        cost += (ints[row, s + 1] - ints[row, s] + 2) << width
        if cost > limit:
            return _NEVER
        width -= best_closes
        for e in range(ints[row, s], ints[row, s + 1]):
            ints[PENDING, ints[item, e]] -= 1
    return cost


@inline
def _close(
    item: int, start: int, stop: int, bits: int, count: int, ints: Table, floats: Columns, one: Floats
) -> tuple[int, int]:
    """Sum out of `one` the items whose last pair this stage was; return the bits and closings after that."""
    for e in range(start, stop):
        j = ints[item, e]
        if ints[BIT, e] < 0:
            continue
        ints[PENDING, j] -= 1
        if ints[PENDING, j] > 0:
            continue
        p, unused = ints[POSITION, j], floats[UNUSED, j]
        step, half = 1 << p, 0
        for high in range(0, 1 << bits, 2 << p):
            for low in range(high, high + step):
                one[half] = unused * one[low] + one[low + step]
                half += 1
        bits -= 1
        for q in range(p, bits):
            moved = ints[ACTIVE, q + 1]
            ints[ACTIVE, q] = moved
            ints[POSITION, moved] = q
        ints[CLOSED, count] = p
        ints[CLOSED_ITEM, count] = j
        count += 1
    return bits, count


@lean
def _forward(row: int, item: int, order: int, stages: int, ints: Table, floats: Columns, grid: Floats) -> float:
    """Fill the states before each stage; return the sum over all associations, or 0 where it is below the range."""
    one = grid[STORE : STORE + (1 << MAX_WIDTH)]
    grid[0] = 1.0
    ints[OFFSET, 0] = ints[WIDTH, 0] = 0
    bits = count = 0
    scale = 1.0
    for t in range(stages):
        s = ints[order, t]
        size = 1 << bits
        state = grid[ints[OFFSET, t] : ints[OFFSET, t] + size]
        none = floats[STAGE_NONE, s]
        for e in range(ints[row, s], ints[row, s + 1]):
            j = ints[item, e]
            ints[BIT, e] = -1
            if ints[TOTAL, j] == 1:
                none += floats[STAGE_VALUE, e]
                continue
            if ints[PENDING, j] == ints[TOTAL, j]:
                ints[POSITION, j] = bits
                ints[ACTIVE, bits] = j
                bits += 1
            ints[BIT, e] = ints[POSITION, j]
        floats[STAGE_IDLE, s] = none
        for x in range(size):
            one[x] = none * state[x]
        for x in range(size, 1 << bits):
            one[x] = 0.0
        for e in range(ints[row, s], ints[row, s + 1]):
            if ints[BIT, e] >= 0:
                step, value = 1 << ints[BIT, e], floats[STAGE_VALUE, e]
                for high in range(0, size, 2 * step):
                    for low in range(high, min(high + step, size)):
                        one[low + step] += value * state[low]
        ints[CLOSINGS, t] = count
        bits, count = _close(item, ints[row, s], ints[row, s + 1], bits, count, ints, floats, one)
        top = 0.0
        for x in range(1 << bits):
            top = max(top, one[x])
        scale *= top
        if not scale > _SMALLEST_SUM:
            return 0.0
        ints[OFFSET, t + 1] = ints[OFFSET, t] + size
        ints[WIDTH, t + 1] = bits
        for x in range(1 << bits):
            grid[ints[OFFSET, t + 1] + x] = one[x] / top
    ints[CLOSINGS, stages] = count
    return scale


@lean
def _backward(row: int, order: int, stages: int, ints: Table, floats: Columns, grid: Floats) -> None:
    """Fill the marginals of each stage's pairs, and of no pair, from the states of `_forward`."""
    one, two = grid[STORE : STORE + (1 << MAX_WIDTH)], grid[STORE + (1 << MAX_WIDTH) :]
    one[0] = 1.0
    for t in range(stages - 1, -1, -1):
        s = ints[order, t]
        bits = ints[WIDTH, t + 1]
        for c in range(ints[CLOSINGS, t + 1] - 1, ints[CLOSINGS, t] - 1, -1):
            p, unused = ints[CLOSED, c], floats[UNUSED, ints[CLOSED_ITEM, c]]
            step = 1 << p
            bits += 1
            for high in range((1 << bits) - (2 << p), -1, -(2 << p)):
                half = high >> 1
                for low in range(step):
                    x = one[half + low]
                    one[high + step + low] = x
                    one[high + low] = unused * x
        size = 1 << ints[WIDTH, t]
        state = grid[ints[OFFSET, t] : ints[OFFSET, t] + size]
        none = floats[STAGE_IDLE, s]
        idle = 0.0
        for x in range(size):
            idle += state[x] * one[x]
            two[x] = none * one[x]
        sum_all = none * idle
        for e in range(ints[row, s], ints[row, s + 1]):
            value, together = floats[STAGE_VALUE, e], 0.0
            if ints[BIT, e] < 0:
                floats[STAGE_RESULT, e] = value * idle
                continue
            step = 1 << ints[BIT, e]
            for high in range(0, size, 2 * step):
                for low in range(high, min(high + step, size)):
                    together += state[low] * one[low + step]
                    two[low] += value * one[low + step]
            floats[STAGE_RESULT, e] = value * together
            sum_all += value * together
        for e in range(ints[row, s], ints[row, s + 1]):
            floats[STAGE_RESULT, e] /= sum_all
        floats[STAGE_IDLE, s] = floats[STAGE_NONE, s] * idle / sum_all
        top = 0.0
        for x in range(size):
            top = max(top, two[x])
        for x in range(size):
            one[x] = two[x] / top


@lean
def _losses(
    first: int,
    tracks: int,
    ptr: Ints,
    plot: Ints,
    weight: Floats,
    missed: Floats,
    other: Floats,
    largest: bool,
    ints: Table,
    floats: Columns,
) -> None:
    """Fill LOSS and LOSS_NONE, which includes the plots of one track: their sum, or with `largest` the likeliest."""
    shared = 0
    for t in range(tracks):
        i = ints[MEMBERS, first + t]
        top = math.log(missed[i]) if missed[i] > 0.0 else -_IMPOSSIBLE
        for turn in range(2):
            total = math.exp(math.log(missed[i]) - top) if missed[i] > 0.0 else 0.0
            for e in range(ptr[i], ptr[i + 1]):
                if ints[DEGREE, plot[e]] == 1 and weight[e] > 0.0:
                    loss = math.log(other[plot[e]]) - math.log(weight[e])
                    top = max(top, -loss)
                    total += math.exp(-loss - top)
            if turn == 1:
                floats[LOSS_NONE, t] = -top if largest or total == 0.0 else -top - math.log(total)
        for e in range(ptr[i], ptr[i + 1]):
            if ints[DEGREE, plot[e]] != 1:
                lost = weight[e] > 0.0
                floats[LOSS, shared] = math.log(other[plot[e]]) - math.log(weight[e]) if lost else math.inf
                shared += 1


@lean
def _shortest(start: int, ints: Table, floats: Columns) -> tuple[int, int, int]:
    """Grow the shortest path from track `start`; return its last track, its free plot or -1, and the plots reached."""
    i, reached = start, 0
    low, end_low, end = 0.0, math.inf, start
    while True:
        price = floats[PRICE_TRACK, i]
        if low + floats[LOSS_NONE, i] - price < end_low:
            end_low, end = low + floats[LOSS_NONE, i] - price, i
        for e in range(ints[ROW, i], ints[ROW, i + 1]):
            j = ints[PLOT, e]
            length = low + floats[LOSS, e] - price - floats[PRICE_PLOT, j]
            if ints[SEEN, j] == 1 or length == math.inf:
                continue
            if ints[SEEN, j] < 0:
                ints[SEEN, j] = 0
                ints[REACHED, reached] = j
                reached += 1
                floats[DISTANCE, j] = math.inf
            if length < floats[DISTANCE, j]:
                floats[DISTANCE, j] = length
                ints[VIA, j] = i
        nearest, distance = -1, end_low
        for x in range(reached):
            j = ints[REACHED, x]
            if ints[SEEN, j] == 0 and floats[DISTANCE, j] < distance:
                nearest, distance = j, floats[DISTANCE, j]
        low = distance
        if nearest < 0 or ints[MATE, nearest] < 0:
            break
        ints[SEEN, nearest] = 1
        i = ints[MATE, nearest]
    floats[PRICE_TRACK, start] += low
    for x in range(reached):
        j = ints[REACHED, x]
        if ints[SEEN, j] == 1:
            floats[PRICE_TRACK, ints[MATE, j]] += low - floats[DISTANCE, j]
            floats[PRICE_PLOT, j] -= low - floats[DISTANCE, j]
    return end, nearest, reached


@lean
def _match(tracks: int, plots: int, ints: Table, floats: Columns) -> None:
    """Find the association of the least loss, and its dual prices, by shortest augmenting paths [crouse2016].

    With these prices, loss - price of track - price of plot is 0 on the best association and nowhere negative.
    """
    for j in range(plots):
        ints[MATE, j] = ints[SEEN, j] = -1
        floats[PRICE_PLOT, j] = 0.0
    for t in range(tracks):
        ints[TAKEN, t] = -1
        floats[PRICE_TRACK, t] = 0.0
    for t in range(tracks):
        i, j, reached = _shortest(t, ints, floats)
        for x in range(reached):
            ints[SEEN, ints[REACHED, x]] = -1
        if j < 0:
            j = ints[TAKEN, i]
            ints[TAKEN, i] = -1
            if i == t:
                continue
        while True:
            i = ints[VIA, j]
            before = ints[TAKEN, i]
            ints[TAKEN, i], ints[MATE, j] = j, i
            if i == t:
                break
            j = before


@lean
def _prepare(mode: int, tracks: int, plots: int, ints: Table, floats: Columns) -> bool:
    """Fill the sweep's values for this mode, scale each stage; False where a stage has no possible choice."""
    if mode == _BY_PLOTS:
        row, item, stages = COLUMN, TRACK, plots
        for t in range(tracks):
            ints[TOTAL, t] = ints[ROW, t + 1] - ints[ROW, t]
            floats[UNUSED, t] = 1.0
            if floats[NONE, t] < 1e-280:
                return False
        for j in range(plots):
            floats[STAGE_NONE, j] = 1.0
        for c in range(ints[COLUMN, plots]):
            floats[STAGE_VALUE, c] = floats[VALUE, ints[ENTRY, c]] / floats[NONE, ints[TRACK, c]]
    else:
        row, item, stages = ROW, PLOT, tracks
        for j in range(plots):
            ints[TOTAL, j] = ints[COLUMN, j + 1] - ints[COLUMN, j]
            floats[UNUSED, j] = math.exp(floats[PRICE_PLOT, j]) if mode == _SCALED else 1.0
        for t in range(tracks):
            floats[STAGE_NONE, t] = floats[NONE, t]
            if mode == _SCALED:
                floats[STAGE_NONE, t] = math.exp(floats[PRICE_TRACK, t] - floats[LOSS_NONE, t])
            for e in range(ints[ROW, t], ints[ROW, t + 1]):
                floats[STAGE_VALUE, e] = floats[VALUE, e]
                if mode == _SCALED:
                    price = floats[PRICE_TRACK, t] + floats[PRICE_PLOT, ints[PLOT, e]]
                    floats[STAGE_VALUE, e] = math.exp(price - floats[LOSS, e])
    for s in range(stages):
        top = floats[STAGE_NONE, s]
        for e in range(ints[row, s], ints[row, s + 1]):
            top = max(top, floats[STAGE_VALUE, e])
            ints[PENDING, ints[item, e]] = ints[TOTAL, ints[item, e]]
        if not top > _SMALLEST_DIVISOR:
            return False
        floats[STAGE_NONE, s] /= top
        for e in range(ints[row, s], ints[row, s + 1]):
            floats[STAGE_VALUE, e] /= top
    return True


@lean
def _take_over(mode: int, tracks: int, plots: int, ints: Table, floats: Columns) -> None:
    """Copy the sweep's marginals into the cluster's order by track."""
    if mode != _BY_PLOTS:
        for e in range(ints[ROW, tracks]):
            floats[RESULT, e] = floats[STAGE_RESULT, e]
        for t in range(tracks):
            floats[IDLE, t] = floats[STAGE_IDLE, t]
        return
    for c in range(ints[COLUMN, plots]):
        floats[RESULT, ints[ENTRY, c]] = floats[STAGE_RESULT, c]
    for t in range(tracks):
        taken = 0.0
        for e in range(ints[ROW, t], ints[ROW, t + 1]):
            taken += floats[RESULT, e]
        floats[IDLE, t] = max(0.0, 1.0 - taken)


@lean
def _propagate(tracks: int, plots: int, tolerance: float, max_iterations: int, ints: Table, floats: Columns) -> int:
    """Pass messages over a cluster's pairs until they settle, fill `result` and `idle`; return the iterations.

    Each excluded sum is the sum before plus the sum after, not the whole minus one: nothing cancels.
    """
    for e in range(ints[ROW, tracks]):
        floats[TO_TRACK, e] = 1.0
    before = 1.0
    iteration = 0
    while iteration < max_iterations:
        iteration += 1
        for t in range(tracks):
            start, stop = ints[ROW, t], ints[ROW, t + 1]
            total = floats[NONE, t]
            for e in range(start, stop):
                floats[TO_PLOT, e] = total
                total += floats[VALUE, e] * floats[TO_TRACK, e]
            total = _TINY
            for e in range(stop - 1, start - 1, -1):
                share = floats[VALUE, e] * floats[TO_TRACK, e]
                floats[TO_PLOT, e] = floats[VALUE, e] / (floats[TO_PLOT, e] + total)
                total += share
        worst = 0.0
        for j in range(plots):
            start, stop = ints[COLUMN, j], ints[COLUMN, j + 1]
            total = 1.0
            for c in range(start, stop):
                floats[RESULT, c] = total
                total += floats[TO_PLOT, ints[ENTRY, c]]
            floats[COLUMN_SUM, j] = total
            total = 0.0
            for c in range(stop - 1, start - 1, -1):
                e = ints[ENTRY, c]
                now = 1.0 / (floats[RESULT, c] + total)
                change = abs(now - floats[TO_TRACK, e])
                if change > worst * now:
                    worst = change / now
                floats[TO_TRACK, e] = now
                total += floats[TO_PLOT, e]
        # The changes shrink like a geometric series; what is left of it must be small, too.
        rate = worst / before
        if worst <= tolerance and worst * rate <= tolerance * (1.0 - rate):
            break
        before = worst
    for t in range(tracks):
        total = floats[NONE, t]
        for e in range(ints[ROW, t], ints[ROW, t + 1]):
            floats[RESULT, e] = floats[VALUE, e] * floats[TO_TRACK, e]
            total += floats[RESULT, e]
        lift = 1e200 if total < 1e-100 else 1.0
        total *= lift
        for e in range(ints[ROW, t], ints[ROW, t + 1]):
            floats[RESULT, e] = lift * floats[RESULT, e] / total if total > 0.0 else 0.0
        floats[IDLE, t] = lift * floats[NONE, t] / total if total > 0.0 else 1.0
    return iteration


@lean
def _choose(tracks: int, plots: int, budget: int, ints: Table) -> tuple[bool, bool]:
    """Order both kinds of stages; return whether plots should be the stages, and whether tracks can be."""
    by_tracks = by_plots = _NEVER
    for side in range(2):
        row, item, order = (COLUMN, TRACK, ORDER_PLOTS) if side == 1 else (ROW, PLOT, ORDER_TRACKS)
        other, items, stages = (ROW, tracks, plots) if side == 1 else (COLUMN, plots, tracks)
        for j in range(items):
            ints[TOTAL, j] = ints[other, j + 1] - ints[other, j]
        by_plots = _plan(row, item, order, stages, min(budget, by_tracks - 1), ints)
        if side == 0:
            by_tracks, by_plots = by_plots, _NEVER
            # A cluster as small as this gains nothing from a second plan.
            if by_tracks <= 16 * ints[ROW, tracks]:
                break
    return by_plots < _NEVER, by_tracks < _NEVER


@lean
def _collect(
    first: int, tracks: int, plots: int, iterations: int, beta: Floats, free: Floats, ints: Table, floats: Columns
) -> None:
    """Copy a cluster's marginals into the caller's arrays."""
    for t in range(tracks):
        floats[ROW_IDLE, ints[MEMBERS, first + t]] = floats[IDLE, t]
    for e in range(ints[ROW, tracks]):
        beta[ints[PAIR, e]] = floats[RESULT, e]
        free[ints[PLOTS, ints[PLOT, e]]] -= floats[RESULT, e]
    for j in range(plots):
        q = ints[PLOTS, j]
        free[q] = 1.0 / floats[COLUMN_SUM, j] if iterations > 0 else max(0.0, free[q])


@lean
def _finish(
    ptr: Ints, plot: Ints, beta: Floats, beta_missed: Floats, free: Floats, ints: Table, floats: Columns
) -> None:
    """Share each track's probability of no shared plot among no plot and the plots that were folded into it."""
    for i in range(len(beta_missed)):
        if not floats[ROW_NONE, i] > 0.0:
            beta_missed[i] = floats[ROW_IDLE, i]
            for e in range(ptr[i], ptr[i + 1]):
                if ints[DEGREE, plot[e]] == 1:
                    beta[e] = 0.0
            continue
        idle, none = floats[ROW_IDLE, i], floats[ROW_NONE, i]
        lift = 1e200 if none < 1e-100 else 1.0
        none *= lift
        beta_missed[i] = idle * (lift * floats[ALONE, i] / none)
        for e in range(ptr[i], ptr[i + 1]):
            if ints[DEGREE, plot[e]] == 1:
                beta[e] = idle * (lift * floats[SCALED, e] / none)
                free[plot[e]] = max(0.0, 1.0 - beta[e])


@lean
def marginals_kernel(
    ptr: Ints,
    plot: Ints,
    weight: Floats,
    missed: Floats,
    other: Floats,
    beta: Floats,
    beta_missed: Floats,
    free: Floats,
    counts: Ints,
    ints: Table,
    floats: Columns,
    grid: Floats,
    tolerance: float,
    max_iterations: int,
    budget: int,
) -> None:
    """Fill `beta`, `beta_missed`, `free` and `counts`; flat arguments: unpacking a tuple costs more than the work.

    `counts` (4,): exact clusters, clusters of belief propagation, its iterations, clusters at their cap of iterations;
    clusters of one track are not counted.
    """
    _fold(ptr, plot, weight, missed, other, ints, floats)
    counts[:] = 0
    free[:] = 1.0
    for c in range(_group(len(missed), ints)):
        first = ints[FIRST, c]
        tracks = ints[FIRST, c + 1] - first
        plots = _load(first, tracks, ptr, plot, ints, floats)
        plots_first, possible = _choose(tracks, plots, budget, ints)
        mode = _BY_PLOTS if plots_first else _BY_TRACKS if possible else _PROPAGATE
        iterations = 0
        while True:
            if mode == _PROPAGATE:
                iterations = _propagate(tracks, plots, tolerance, max_iterations, ints, floats)
                break
            if mode == _SCALED:
                _losses(first, tracks, ptr, plot, weight, missed, other, False, ints, floats)
                _match(tracks, plots, ints, floats)
            swap = mode == _BY_PLOTS
            row, item, order = (COLUMN, TRACK, ORDER_PLOTS) if swap else (ROW, PLOT, ORDER_TRACKS)
            stages = plots if swap else tracks
            if (
                _prepare(mode, tracks, plots, ints, floats)
                and _forward(row, item, order, stages, ints, floats, grid) > 0.0
            ):
                _backward(row, order, stages, ints, floats, grid)
                _take_over(mode, tracks, plots, ints, floats)
                break
            mode = _SCALED if possible and mode != _SCALED else _PROPAGATE
        _collect(first, tracks, plots, iterations, beta, free, ints, floats)
        counts[0] += 1 if iterations == 0 else 0
        counts[1] += 1 if iterations > 0 else 0
        counts[2] += iterations
        counts[3] += 1 if iterations == max_iterations else 0
    _finish(ptr, plot, beta, beta_missed, free, ints, floats)


@lean
def assignment_kernel(
    ptr: Ints,
    plot: Ints,
    weight: Floats,
    missed: Floats,
    other: Floats,
    chosen: Ints,
    ints: Table,
    floats: Columns,
) -> None:
    """Fill `chosen` (n,): the pair of each track in the likeliest joint association, or -1; cluster by cluster."""
    _fold(ptr, plot, weight, missed, other, ints, floats)
    clusters = _group(len(missed), ints)
    for i in range(len(missed)):
        # The plots that no other track can take: here only the likeliest counts.
        chosen[i], best = -1, floats[ALONE, i]
        for e in range(ptr[i], ptr[i + 1]):
            if ints[DEGREE, plot[e]] == 1 and floats[SCALED, e] > best:
                chosen[i], best = e, floats[SCALED, e]
    for c in range(clusters):
        first = ints[FIRST, c]
        tracks = ints[FIRST, c + 1] - first
        plots = _load(first, tracks, ptr, plot, ints, floats)
        _losses(first, tracks, ptr, plot, weight, missed, other, True, ints, floats)
        _match(tracks, plots, ints, floats)
        for t in range(tracks):
            for e in range(ints[ROW, t], ints[ROW, t + 1]):
                if ints[PLOT, e] == ints[TAKEN, t]:
                    chosen[ints[MEMBERS, first + t]] = ints[PAIR, e]

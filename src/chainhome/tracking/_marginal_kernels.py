"""The compiled marginals of association: a sparse graph of tracks and plots in, probabilities of its pairs out.

A joint association gives each track at most one plot and each plot to at most one track; its probability is
proportional to the product of the weights of its pairs, of `missed` of the tracks without a plot and of `other` of the
plots without a track. A plot that only one track can take exchanges nothing, so it is folded into that track's
`missed`. What remains falls apart into clusters (union-find). Two tracks are solved in closed form. Each other cluster
is solved exactly by dynamic programming over the subsets of a moving frontier, or, where that costs more than `budget`,
by loopy belief propagation [williams_lau2014], whose messages run over that cluster's pairs only, and only from the
tracks and plots that heard something new: after some five iterations that is a small part of a large cluster.

The frontier: tracks are taken one after another, and the state is which of the *open* plots are gone; a plot opens with
its first track and closes with its last. Or plots are taken one after another and tracks open and close, if that is
cheaper. The cost is the number of states times pairs, not 2 to the number of plots, so long chains stay exact.

Where exact ends is measured (`benchmarks/bench_association.py`; 8 to 20 tracks about 3 standard deviations apart, half
as many to as many clutter plots). Up to a budget of 16,384 a cluster takes no longer than by propagation: 13 us,
at most 23, against 16; up to 65,536 it takes 43 us, at most 58, against 28; up to 262,144 178 us, at most 275, against
34. Propagation is wrong by 0.03 to 0.06, at most 0.10, in the worst pair of such a cluster. So the default is 65,536.

All sums are of positive terms, so nothing cancels. Rows near the ends of the range of floats are scaled by their
largest entry. Where conflicts make even the best association tiny (below 1e-200), its dual prices scale rows and
columns, so that it weighs 1, and the sweep is repeated. The best association itself, global nearest neighbour, is a
kernel of this file, too.
"""

# Long because a kernel may only call kernels of its own file. A call costs as much as a small cluster: so an
# ordinary row is scaled without one, and a cluster of two tracks is solved by one.

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
ONE = STORE  # two grids of states at work stand behind those kept
TWO = ONE + (1 << MAX_WIDTH)
GRID = TWO + (1 << MAX_WIDTH)
MAX_STAGES = 64
_SMALLEST_SUM = 1e-200
_TINY = 1e-280  # what `_LARGEST_TOP` may be divided by
_QUIET = 0.01  # messages that change by less than this share of the tolerance are not sent
_SMALLEST_TOP, _LARGEST_TOP = 1e-20, 1e20  # a row whose largest entry is between stays as it is
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
# Of the plan, and of propagation:
SCORE = 31  # of each stage: twice the items it would open less those it would close
PLACE_BY_PLOT = 32  # place of each pair in the order by plot
QUEUE_TRACKS = 33  # tracks that heard something new
QUEUE_PLOTS = 34
QUEUED_TRACK = 35  # of each track: 1 if in the queue
QUEUED_PLOT = 36
INT_ROWS = 37

# Work columns of numbers, one row of `floats` each.
SCALED = 0  # of each pair: weight / other, in range
ALONE = 1  # of each track: `missed`, scaled like its row
ROW_NONE = 2  # of each track: the same plus the plots folded into it
ROW_IDLE = 3  # of each track: P(no shared plot)
NONE = 4  # ROW_NONE of the cluster at hand
IDLE = 5  # its ROW_IDLE
VALUE = 6  # of each shared pair
RESULT = 7  # its marginal
TO_PLOT = 8  # messages as the plots hear them, in the order by plot
TO_TRACK = 9  # messages as the tracks hear them, in the order by track, times the pair's value
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
SAID_TRACK = 21  # messages as the tracks sent them, in the order by track
SAID_PLOT = 22  # messages as the plots sent them, in the order by plot
BEFORE = 23  # of each pair of the row at hand
FLOAT_ROWS = 24


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
    """Refill a row beyond the range of floats by logarithms, its largest entry 1, or 0 in all; return its `missed`."""
    top = math.log(missed)
    for e in range(start, stop):
        floats[SCALED, e] = math.log(weight[e]) - math.log(other[plot[e]])
        top = max(top, floats[SCALED, e])
    if top == -math.inf:
        top = 0.0
    for e in range(start, stop):
        floats[SCALED, e] = math.exp(floats[SCALED, e] - top)
    return math.exp(math.log(missed) - top)


@lean
def _fold(ptr: Ints, plot: Ints, weight: Floats, missed: Floats, other: Floats, ints: Table, floats: Columns) -> None:
    """Scale the rows, fold the plots of one track into its `none`, and join the tracks that share a plot."""
    for j in range(len(other)):
        ints[DEGREE, j] = 0
        ints[NUMBER, j] = -1
    for e in range(len(plot)):
        ints[DEGREE, plot[e]] += 1
    for i in range(len(missed)):
        ints[PARENT, i] = i
        start, stop = ptr[i], ptr[i + 1]
        none = missed[i] if stop > start else 1.0
        top, low = none, 1.0
        for e in range(start, stop):
            x = weight[e] / other[plot[e]]
            floats[SCALED, e] = x
            top = x if x > top else top
            low = 0.0 if x < 1e-290 and weight[e] > 0.0 else low
        if not _SMALLEST_TOP < top < _LARGEST_TOP or low == 0.0:
            none = _scale_row(start, stop, plot, weight, missed[i], other, floats)
        floats[ALONE, i] = none
        floats[ROW_IDLE, i] = 1.0
        root = i
        for e in range(start, stop):
            j = plot[e]
            if ints[DEGREE, j] == 1:
                none += floats[SCALED, e]
                continue
            if ints[NUMBER, j] >= 0:
                a, b = _root(ints, ints[NUMBER, j]), root
                root = min(a, b)
                ints[PARENT, max(a, b)] = root
            ints[NUMBER, j] = root
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
def _plan(
    row: int, item: int, other: int, back: int, order: int, stages: int, items: int, limit: int, ints: Table
) -> int:
    """Order the stages so that few items are open at a time; return states times pairs, or _NEVER above `limit`.

    Next comes the stage of the least score: twice the items it opens less those it closes.
    """
    for j in range(items):
        ints[TOTAL, j] = ints[other, j + 1] - ints[other, j]
        ints[PENDING, j] = ints[TOTAL, j]
    for s in range(stages):
        ints[order, s] = s
        ints[SCORE, s] = 0
        for e in range(ints[row, s], ints[row, s + 1]):
            ints[SCORE, s] += 2 if ints[TOTAL, ints[item, e]] > 1 else 0
    width = cost = store = t = 0
    while t < stages and cost <= limit:
        best = t
        for c in range(t + 1, stages):
            best = c if ints[SCORE, ints[order, c]] < ints[SCORE, ints[order, best]] else best
        s = ints[order, best]
        ints[order, best] = ints[order, t]
        ints[order, t] = s
        t += 1
        store += 1 << width
        closes = 0
        for e in range(ints[row, s], ints[row, s + 1]):
            j = ints[item, e]
            gain = 0
            if ints[PENDING, j] == ints[TOTAL, j] > 1:
                width += 1
                gain = 2
            ints[PENDING, j] -= 1
            if ints[PENDING, j] == 1:
                gain += 1
            if ints[PENDING, j] == 0 and ints[TOTAL, j] > 1:
                closes += 1
            if gain > 0:
                for x in range(ints[other, j], ints[other, j + 1]):
                    ints[SCORE, ints[back, x]] -= gain
        if width > MAX_WIDTH or store > STORE - (1 << MAX_WIDTH):
            cost = _NEVER
        else:
            cost += (ints[row, s + 1] - ints[row, s] + 2) << width
        width -= closes
    return cost if cost <= limit else _NEVER


@inline
def _close(
    item: int, start: int, stop: int, bits: int, count: int, ints: Table, floats: Columns, grid: Floats
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
        step = 1 << p
        bits -= 1
        for h in range(1 << bits):
            low = h + (h & -step)
            grid[ONE + h] = unused * grid[ONE + low] + grid[ONE + low + step]
        for q in range(p, bits):
            moved = ints[ACTIVE, q + 1]
            ints[ACTIVE, q] = moved
            ints[POSITION, moved] = q
        ints[CLOSED, count] = p
        ints[CLOSED_ITEM, count] = j
        count += 1
    return bits, count


@lean
def _forward(
    row: int, item: int, order: int, stages: int, idle: int, ints: Table, floats: Columns, grid: Floats
) -> float:
    """Fill the states before each stage; return the sum over all associations, or 0 where it is below the range.

    The states without bit p are h + (h & -2**p), h = 0, 1, 2, ...: a zero put in at p.
    """
    grid[0] = 1.0
    ints[OFFSET, 0] = ints[WIDTH, 0] = 0
    bits = count = t = 0
    scale = 1.0
    while t < stages and scale > _SMALLEST_SUM:
        s = ints[order, t]
        size, at = 1 << bits, ints[OFFSET, t]
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
        floats[idle, s] = none
        for x in range(size):
            grid[ONE + x] = none * grid[at + x]
        for x in range(size, 1 << bits):
            grid[ONE + x] = 0.0
        for e in range(ints[row, s], ints[row, s + 1]):
            if ints[BIT, e] >= 0:
                step, value = 1 << ints[BIT, e], floats[STAGE_VALUE, e]
                for h in range(size if step >= size else size >> 1):
                    low = h + (h & -step)
                    grid[ONE + low + step] += value * grid[at + low]
        ints[CLOSINGS, t] = count
        bits, count = _close(item, ints[row, s], ints[row, s + 1], bits, count, ints, floats, grid)
        top = 0.0
        for x in range(1 << bits):
            top = max(top, grid[ONE + x])
        scale *= top
        t += 1
        ints[OFFSET, t] = at + size
        ints[WIDTH, t] = bits
        for x in range(1 << bits):
            grid[at + size + x] = grid[ONE + x] / top
    ints[CLOSINGS, stages] = count
    return scale if scale > _SMALLEST_SUM else 0.0


@lean
def _backward(
    row: int,
    order: int,
    stages: int,
    idle: int,
    result: int,
    ints: Table,
    floats: Columns,
    grid: Floats,
) -> None:
    """Fill the marginals of each stage's pairs, and of no pair, from the states of `_forward`."""
    grid[ONE + 0] = 1.0
    for t in range(stages - 1, -1, -1):
        s = ints[order, t]
        half = 1 << ints[WIDTH, t + 1]
        for c in range(ints[CLOSINGS, t + 1] - 1, ints[CLOSINGS, t] - 1, -1):
            step, unused = 1 << ints[CLOSED, c], floats[UNUSED, ints[CLOSED_ITEM, c]]
            for h in range(half - 1, -1, -1):
                low = h + (h & -step)
                x = grid[ONE + h]
                grid[ONE + low + step] = x
                grid[ONE + low] = unused * x
            half *= 2
        size, at = 1 << ints[WIDTH, t], ints[OFFSET, t]
        none, together = floats[idle, s], 0.0
        for x in range(size):
            together += grid[at + x] * grid[ONE + x]
            grid[TWO + x] = none * grid[ONE + x]
        free, sum_all = together, none * together
        for e in range(ints[row, s], ints[row, s + 1]):
            value, together = floats[STAGE_VALUE, e], 0.0
            if ints[BIT, e] < 0:
                floats[result, e] = value * free
                continue
            step = 1 << ints[BIT, e]
            for h in range(size if step >= size else size >> 1):
                low = h + (h & -step)
                together += grid[at + low] * grid[ONE + low + step]
                grid[TWO + low] += value * grid[ONE + low + step]
            floats[result, e] = value * together
            sum_all += value * together
        for e in range(ints[row, s], ints[row, s + 1]):
            floats[result, e] /= sum_all
        floats[idle, s] = floats[STAGE_NONE, s] * free / sum_all
        top = 0.0
        for x in range(size):
            top = max(top, grid[TWO + x])
        for x in range(size):
            grid[ONE + x] = grid[TWO + x] / top


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
        lost = math.log(missed[i])
        top = max(lost, -_IMPOSSIBLE)
        for e in range(ptr[i], ptr[i + 1]):
            floats[BEFORE, e - ptr[i]] = math.log(weight[e]) - math.log(other[plot[e]])
            if ints[DEGREE, plot[e]] == 1:
                top = max(top, floats[BEFORE, e - ptr[i]])
        total = math.exp(lost - top)
        for e in range(ptr[i], ptr[i + 1]):
            if ints[DEGREE, plot[e]] == 1:
                total += math.exp(floats[BEFORE, e - ptr[i]] - top)
            else:
                floats[LOSS, shared] = -floats[BEFORE, e - ptr[i]]
                shared += 1
        floats[LOSS_NONE, t] = -top if largest or total == 0.0 else -top - math.log(total)


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
def _take_over(tracks: int, plots: int, ints: Table, floats: Columns) -> None:
    """Copy the marginals of a sweep by plots into the cluster's order by track."""
    for c in range(ints[COLUMN, plots]):
        floats[RESULT, ints[ENTRY, c]] = floats[STAGE_RESULT, c]
    for t in range(tracks):
        taken = 0.0
        for e in range(ints[ROW, t], ints[ROW, t + 1]):
            taken += floats[RESULT, e]
        floats[IDLE, t] = max(0.0, 1.0 - taken)


@lean
def _tell(plots_tell: int, count: int, quiet: float, ints: Table, floats: Columns) -> tuple[int, float]:
    """Let the `count` nodes of one side that heard something new tell their neighbours; return how many and the change.

    A node tells each neighbour the pair's value / (its own weight of no pair + what the others told it). What differs
    from what it told before by less than `quiet`, as a share, it keeps to itself.
    """
    row, item, place, queue, told = ROW, PLOT, PLACE_BY_PLOT, QUEUE_TRACKS, QUEUE_PLOTS
    none, value, heard, said, hears = NONE, VALUE, TO_TRACK, SAID_TRACK, TO_PLOT
    mine, theirs = QUEUED_TRACK, QUEUED_PLOT
    if plots_tell == 1:
        row, item, place, queue, told = COLUMN, TRACK, ENTRY, QUEUE_PLOTS, QUEUE_TRACKS
        none, value, heard, said, hears = UNUSED, STAGE_VALUE, TO_PLOT, SAID_PLOT, TO_TRACK
        mine, theirs = QUEUED_PLOT, QUEUED_TRACK
    worst = 0.0
    waiting = 0
    for x in range(count):
        s = ints[queue, x]
        ints[mine, s] = 0
        start, stop = ints[row, s], ints[row, s + 1]
        total = floats[none, s]
        for e in range(start, stop):
            floats[BEFORE, e - start] = total
            total += floats[heard, e]
        total = _TINY
        for e in range(stop - 1, start - 1, -1):
            now = floats[value, e] / (floats[BEFORE, e - start] + total)
            total += floats[heard, e]
            change = abs(now - floats[said, e])
            if change <= quiet * now:
                continue
            if change > worst * now:
                worst = change / now
            floats[said, e] = now
            floats[hears, ints[place, e]] = now
            if ints[theirs, ints[item, e]] == 0:
                ints[theirs, ints[item, e]] = 1
                ints[told, waiting] = ints[item, e]
                waiting += 1
    return waiting, worst


@lean
def _propagate(tracks: int, plots: int, tolerance: float, max_iterations: int, ints: Table, floats: Columns) -> int:
    """Pass messages over a cluster's pairs until they settle, fill `result` and `idle`; return the iterations.

    Each excluded sum is the sum before plus the sum after, not the whole minus one: nothing cancels.
    """
    for j in range(plots):
        floats[UNUSED, j] = 1.0
        ints[QUEUED_PLOT, j] = 0
    for t in range(tracks):
        ints[QUEUE_TRACKS, t] = t
    for c in range(ints[COLUMN, plots]):
        e = ints[ENTRY, c]
        ints[PLACE_BY_PLOT, e] = c
        floats[STAGE_VALUE, c] = floats[SAID_PLOT, c] = floats[TO_TRACK, e] = floats[VALUE, e]
        floats[SAID_TRACK, e] = -1.0
    before, worst = 1.0, 0.0
    iteration = 0
    waiting = tracks
    while iteration < max_iterations:
        iteration += 1
        for side in range(2):
            waiting, worst = _tell(side, waiting, _QUIET * tolerance, ints, floats)
        # The changes shrink like a geometric series; what is left of it must be small, too.
        rate = worst / before
        if worst <= tolerance and worst * rate <= tolerance * (1.0 - rate):
            break
        before = worst
    for j in range(plots):
        total = 1.0
        for c in range(ints[COLUMN, j], ints[COLUMN, j + 1]):
            total += floats[TO_PLOT, c]
        floats[COLUMN_SUM, j] = total
    for t in range(tracks):
        total = floats[NONE, t]
        for e in range(ints[ROW, t], ints[ROW, t + 1]):
            total += floats[TO_TRACK, e]
        lift = 1e200 if total < 1e-100 else 1.0
        total *= lift
        for e in range(ints[ROW, t], ints[ROW, t + 1]):
            floats[RESULT, e] = lift * floats[TO_TRACK, e] / total if total > 0.0 else 0.0
        floats[IDLE, t] = lift * floats[NONE, t] / total if total > 0.0 else 1.0
    return iteration


@lean
def _choose(tracks: int, plots: int, budget: int, ints: Table) -> tuple[bool, bool]:
    """Order both kinds of stages; return whether plots should be the stages, and whether tracks can be."""
    by_tracks = by_plots = _NEVER
    for side in range(2):
        limit = budget
        row, item, other, back, order, stages, items = ROW, PLOT, COLUMN, TRACK, ORDER_TRACKS, tracks, plots
        if side == 1:
            row, item, other, back, order, stages, items = COLUMN, TRACK, ROW, PLOT, ORDER_PLOTS, plots, tracks
            by_tracks, limit = by_plots, min(budget, by_plots - 1)
            by_plots = _NEVER
            # A cluster as small as this gains nothing from a second plan.
            if by_tracks <= 16 * ints[ROW, tracks]:
                break
        if stages <= MAX_STAGES:
            by_plots = _plan(row, item, other, back, order, stages, items, limit, ints)
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
        idle, none = floats[ROW_IDLE, i], floats[ROW_NONE, i]
        lift = 1e200 if none < 1e-100 else 1.0
        none *= lift
        beta_missed[i] = idle * (lift * floats[ALONE, i] / none) if none > 0.0 else idle
        for e in range(ptr[i], ptr[i + 1]):
            if ints[DEGREE, plot[e]] == 1:
                beta[e] = idle * (lift * floats[SCALED, e] / none) if none > 0.0 else 0.0
                free[plot[e]] = max(0.0, 1.0 - beta[e])


@lean
def _two(first: int, ptr: Ints, plot: Ints, beta: Floats, free: Floats, ints: Table, floats: Columns) -> bool:
    """Solve a cluster of two tracks in closed form, in the caller's arrays; False, if its sum is below the range."""
    total = 0.0
    for turn in range(2):
        i, k = ints[MEMBERS, first + turn], ints[MEMBERS, first + 1 - turn]
        alone = floats[ROW_NONE, k]
        for f in range(ptr[k], ptr[k + 1]):
            alone += floats[SCALED, f] if ints[DEGREE, plot[f]] != 1 else 0.0
        floats[ROW_IDLE, i] = total = alone * floats[ROW_NONE, i]
        for e in range(ptr[i], ptr[i + 1]):
            if ints[DEGREE, plot[e]] != 1:
                beside = floats[ROW_NONE, k]
                for f in range(ptr[k], ptr[k + 1]):
                    if ints[DEGREE, plot[f]] != 1 and plot[f] != plot[e]:
                        beside += floats[SCALED, f]
                beta[e] = beside * floats[SCALED, e]
                total += beta[e]
    if total > _SMALLEST_SUM:
        for turn in range(2):
            i = ints[MEMBERS, first + turn]
            floats[ROW_IDLE, i] /= total
            for e in range(ptr[i], ptr[i + 1]):
                if ints[DEGREE, plot[e]] != 1:
                    beta[e] /= total
                    free[plot[e]] = max(0.0, free[plot[e]] - beta[e])
    return total > _SMALLEST_SUM


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
    for x in range(4):
        counts[x] = 0
    for j in range(len(other)):
        free[j] = 1.0
    for c in range(_group(len(missed), ints)):
        first = ints[FIRST, c]
        tracks = ints[FIRST, c + 1] - first
        if tracks == 2 and budget > 0 and _two(first, ptr, plot, beta, free, ints, floats):
            counts[0] += 1
            continue
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
            stages, idle, result = (plots, STAGE_IDLE, STAGE_RESULT) if swap else (tracks, IDLE, RESULT)
            if (
                _prepare(mode, tracks, plots, ints, floats)
                and _forward(row, item, order, stages, idle, ints, floats, grid) > 0.0
            ):
                _backward(row, order, stages, idle, result, ints, floats, grid)
                if swap:
                    _take_over(tracks, plots, ints, floats)
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

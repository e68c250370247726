"""The compiled k best assignments of a small cost matrix: n rows, q >= n columns, each row gets its own column.

Murty's partition [murty1968] in the form of Miller, Stone and Cox [miller1997]: each solution on the list brings its
dual prices, so that a subproblem (some rows fixed, some columns forbidden to the next) costs one shortest augmenting
path [crouse2016] and not an assignment from scratch. The columns that no row takes belong to one idle row that takes
any column for nothing: so a column that becomes free is offered to all rows, as optimality demands.

A kernel that handles several global hypotheses can be added below; it may call `solve_from_scratch`, `k_best_kernel`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_COLUMNS = 62
"""The columns forbidden to a row are the bits of one int64."""
_IDLE = -2

# Rows of `marks` (MARK_ROWS, q).
MATE = 0  # row of each column, or -1
VIA = 1  # row from which the shortest path reaches each column, or _IDLE
DONE = 2  # 0 open, 1 scanned, 2 taken by a fixed row
MARK_ROWS = 3


@kernel
def _flip(start: int, end: int, through: int, taken: Ints, marks: Ints) -> None:
    """Give each row on the path from `start` to the column `end` its new column; `through` leaves the idle row."""
    i, j = -1, end
    while i != start:
        i = marks[VIA, j]
        if i == _IDLE:
            marks[MATE, j] = -1
            j = through
            i = marks[VIA, j]
        before = taken[i]
        taken[i] = j
        marks[MATE, j] = i
        j = before


@kernel
def _augment(
    start: int,
    target: int,
    forbidden: int,
    limit: float,
    cost: Floats,
    taken: Ints,
    row_price: Floats,
    column_price: Floats,
    marks: Ints,
    distance: Floats,
) -> bool:
    """Give row `start` a column along the shortest path to `target`, or to any free column if that is -1.

    `forbidden` are the columns that `start` must not take, as bits. Updates `taken`, MATE and the prices; False, and
    nothing changed, if there is no path shorter than `limit`.
    """
    n, q = cost.shape
    i, low, through, through_low = start, 0.0, -1, 0.0
    for j in range(q):
        distance[j] = math.inf
    while True:
        for j in range(q):
            if marks[DONE, j] != 0 or (i == start and (forbidden >> j) & 1):
                continue
            length = low - column_price[j]
            if i != _IDLE:
                length += cost[i, j] - row_price[i]
            if length < distance[j]:
                distance[j] = length
                marks[VIA, j] = i
        nearest, low = -1, limit
        for j in range(q):
            if marks[DONE, j] == 0 and distance[j] < low:
                nearest, low = j, distance[j]
        if nearest < 0:
            return False
        if nearest == target or (target < 0 and marks[MATE, nearest] < 0):
            break
        marks[DONE, nearest] = 1
        i = marks[MATE, nearest]
        if i < 0:
            # All free columns are as near as this one, so the idle row is passed through once.
            i = _IDLE
            if through < 0:
                through, through_low = nearest, low
    row_price[start] += low
    for j in range(q):
        if marks[DONE, j] == 1:
            column_price[j] -= low - distance[j]
            if marks[MATE, j] >= 0:
                row_price[marks[MATE, j]] += low - distance[j]
    if through >= 0:
        # The idle row's price is 0 again, and all differences are as they were.
        for j in range(q):
            column_price[j] += low - through_low
        for row in range(n):
            row_price[row] -= low - through_low
    _flip(start, nearest, through, taken, marks)
    return True


@kernel
def solve_from_scratch(
    cost: Floats, taken: Ints, row_price: Floats, column_price: Floats, marks: Ints, distance: Floats
) -> bool:
    """Fill `taken` (n,), the column of each row at the least sum, and the dual prices; False if there is none."""
    n, q = cost.shape
    for j in range(q):
        column_price[j] = 0.0
        marks[MATE, j] = -1
    for i in range(n):
        row_price[i] = 0.0
        taken[i] = -1
    for i in range(n):
        for j in range(q):
            marks[DONE, j] = 0
        if not _augment(i, -1, 0, math.inf, cost, taken, row_price, column_price, marks, distance):
            return False
    return True


@kernel
def _branch(
    parent: int,
    child: int,
    first: int,
    row: int,
    limit: float,
    cost: Floats,
    nodes: Ints,
    prices: Floats,
    marks: Ints,
    distance: Floats,
) -> float:
    """Fill node `child`: the best of `parent`'s part with rows before `row` kept and `row` changed; return its sum.

    That is inf if there is none, or if it exceeds the parent's by `limit` or more.
    """
    n, q = cost.shape
    forbidden = 1 << nodes[parent, row]
    if row == first:
        forbidden |= nodes[parent, n + 1]
    taken, row_price, column_price = nodes[child, :n], prices[child, :n], prices[child, n : n + q]
    for j in range(q):
        column_price[j] = prices[parent, n + j]
        marks[MATE, j] = -1
        marks[DONE, j] = 0
    for i in range(n):
        taken[i] = nodes[parent, i]
        row_price[i] = prices[parent, i]
        marks[MATE, taken[i]] = i
        if i < row:
            marks[DONE, taken[i]] = 2
    target = taken[row]
    marks[MATE, target] = -1
    taken[row] = -1
    if not _augment(row, target, forbidden, limit, cost, taken, row_price, column_price, marks, distance):
        return math.inf
    total = 0.0
    for i in range(n):
        total += cost[i, taken[i]]
    nodes[child, n] = row
    nodes[child, n + 1] = forbidden
    prices[child, n + q] = total
    return total


@kernel
def _insert(child: int, total: float, waiting: int, full: bool, sums: int, prices: Floats, queue: Ints) -> int:
    """Put `child`, which stands just behind the queue, in its place; return how many wait. If full, the worst goes."""
    if full:
        worst = queue[0]
        for x in range(waiting - 1):
            queue[x] = queue[x + 1]
        waiting -= 1
        queue[waiting + 1] = worst
    at = waiting
    while at > 0 and prices[queue[at - 1], sums] < total:
        queue[at] = queue[at - 1]
        at -= 1
    queue[at] = child
    return waiting + 1


@kernel
def k_best_kernel(
    cost: Floats,
    k: int,
    columns: Ints,
    sums: Floats,
    nodes: Ints,
    prices: Floats,
    queue: Ints,
    marks: Ints,
    distance: Floats,
) -> int:
    """Fill `columns` (k, n) and `sums` (k,) with the k assignments of least sum, best first; return how many exist.

    Work arrays: `nodes` (k + 2, n + 2), `prices` (k + 2, n + q + 1), `queue` (k + 2,), `marks` (MARK_ROWS, q),
    `distance` (q,). A forbidden pair costs inf.
    """
    n, q = cost.shape
    # The queue holds nodes in the order of their sums, best last; behind them the unused nodes.
    for x in range(k + 2):
        queue[x] = x
    if not solve_from_scratch(cost, nodes[0, :n], prices[0, :n], prices[0, n : n + q], marks, distance):
        return 0
    total = 0.0
    for i in range(n):
        total += cost[i, nodes[0, i]]
    nodes[0, n], nodes[0, n + 1], prices[0, n + q] = 0, 0, total
    waiting, found = 1, 0
    while waiting > 0 and found < k:
        waiting -= 1
        parent = queue[waiting]
        sums[found] = prices[parent, n + q]
        for i in range(n):
            columns[found, i] = nodes[parent, i]
        found += 1
        if found == k:
            break
        # The parent stays out of reach, at the very end, until its parts are made.
        queue[waiting], queue[k + 1] = queue[k + 1], parent
        for row in range(nodes[parent, n], n):
            child = queue[waiting]
            full = waiting >= k - found
            limit = prices[queue[0], n + q] - prices[parent, n + q] if full else math.inf
            total = _branch(parent, child, nodes[parent, n], row, limit, cost, nodes, prices, marks, distance)
            if total == math.inf:
                continue
            waiting = _insert(child, total, waiting, full, n + q, prices, queue)
    return found

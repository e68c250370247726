"""Which estimate stands for which truth: candidate pairs and what each is worth in, the best one-to-one choice out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def groups_of(i: Ints, j: Ints, rows: int, columns: int) -> Ints:
    """Return for each candidate pair the number of its group: pairs that share no point, even by way of others, differ.

    >>> groups_of(np.array([0, 1, 1]), np.array([0, 1, 2]), 2, 3).tolist()
    [0, 1, 1]
    """
    if not len(i):
        return np.zeros(0, np.int64)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = rows + columns
    graph = coo_array((np.ones(len(i), np.int8), (i, rows + j)), shape=(size, size))
    label = connected_components(graph, directed=False)[1][i]
    return np.asarray(np.unique(label, return_inverse=True)[1], np.int64)


def best_pairs(i: Ints, j: Ints, cost: Floats, rows: int, columns: int) -> Bools:
    """Return which of the candidate pairs (i, j) to keep, so that no i or j is kept twice and the costs sum to least.

    Costs are negative (a pair left out costs nothing); each (i, j) stands once. Pairs that compete with no other and
    groups around one point are chosen at once; only the others are assigned group by group.

    >>> best_pairs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([-5.0, -4.0, -3.0]), 2, 2).tolist()
    [False, True, True]
    """
    group = groups_of(i, j, rows, columns)
    order = np.lexsort([cost, group])
    size = np.bincount(group)
    first = np.cumsum(size) - size
    kept = np.zeros(len(i), np.bool_)
    # A group around one point keeps its cheapest pair.
    star = _all_equal(i[order], first) | _all_equal(j[order], first)
    kept[order[first[star]]] = True
    for start, end in zip(first[~star], (first + size)[~star], strict=True):
        pairs = order[start:end]
        kept[pairs[_assign(i[pairs], j[pairs], cost[pairs])]] = True
    return kept


def _all_equal(values: Ints, first: Ints) -> Bools:
    """Return whether all values of each run are equal; the runs begin at `first`."""
    if not len(first):
        return np.zeros(0, np.bool_)
    return np.asarray(np.minimum.reduceat(values, first) == np.maximum.reduceat(values, first), np.bool_)


def _assign(i: Ints, j: Ints, cost: Floats) -> Ints:
    """Return the places of the pairs of one group to keep."""
    from scipy.optimize import linear_sum_assignment

    row, column = np.unique(i, return_inverse=True)[1], np.unique(j, return_inverse=True)[1]
    shape = int(row.max()) + 1, int(column.max()) + 1
    table = np.zeros(shape)
    table[row, column] = cost
    place = np.full(shape, -1, np.int64)
    place[row, column] = np.arange(len(i))
    chosen = place[linear_sum_assignment(table)]
    return chosen[chosen >= 0]

"""Joint hypotheses of a cluster of tracks as plain tables: products, their k best children of a look, equal names.

A table has g hypotheses of n tracks: a weight for each, and for each track the row (what it would be) that holds in it.
Nothing here knows what a row is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._assignment_kernels import MARK_ROWS, MAX_COLUMNS, k_best_kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NONE = -1


class Table(NamedTuple):
    """g hypotheses of n tracks, the likeliest first."""

    weight: Floats
    """(g,) their sum is 1."""
    row: Ints
    """(g, n) the row of each track; -1 = the track does not exist in this hypothesis."""


def pruned(weight: Floats, row: Ints, most: int, least: float) -> Table:
    """Return the likeliest hypotheses, equal ones made one: at most `most`, each at least `least` of the likeliest.

    >>> pruned(np.array([0.2, 0.4, 0.4]), np.array([[0, 1], [2, 3], [0, 1]]), 10, 0.0)
    Table(weight=array([0.6, 0.4]), row=array([[0, 1],
           [2, 3]]))
    """
    if len(weight) > 1:
        row, place = np.unique(row, axis=0, return_inverse=True)
        weight = np.asarray(np.bincount(place.ravel(), weight, len(row)), np.float64)
        order = np.argsort(-weight, kind="stable")
        row, weight = row[order], weight[order]
        keep = min(int(((weight >= least * weight[0]) & (weight > 0.0)).sum()), most)
        row, weight = row[:keep], weight[:keep]
    return Table(weight / weight.sum(), row)


def product(tables: list[Table], most: int, least: float) -> Table:
    """Return the joint hypotheses of clusters that knew nothing of each other."""
    weight, row = tables[0]
    for other in tables[1:]:
        both = (weight[:, None] * other.weight).ravel()
        one, two = np.divmod(np.arange(len(both)), len(other.weight))
        weight, row = pruned(both, np.concatenate([row[one], other.row[two]], axis=1), most, least)
    return Table(weight, row)


def children(table: Table, cost: Floats, missed: Floats, most: int, least: float) -> tuple[Floats, Ints, Ints]:
    """Return weights (f,), rows (f, n) and plots (f, n), -1 = missed, of the likeliest hypotheses after a look.

    `cost` (rows, plots) is minus the logarithm of how much likelier a plot is if it comes from a row, inf outside its
    gate; `missed` (rows,) that of a row that gave no plot. A hypothesis has a number of children in proportion to its
    weight, found by Murty's method [murty1968].
    """
    n, plots = table.row.shape[1], cost.shape[1]
    # The row behind the last is that of a track which does not exist.
    cost = np.concatenate([cost, np.full((1, plots), np.inf)])
    missed = np.append(missed, 0.0)
    ways = 1.0 + np.isfinite(cost).sum(axis=1)
    wanted = np.minimum(np.ceil(most * table.weight), ways[table.row].prod(axis=1)).astype(np.int64)
    k = int(wanted.max())
    q = min(plots + n, MAX_COLUMNS)
    column, total = np.empty((k, n), np.int64), np.empty(k)
    nodes, prices = np.empty((k + 2, n + 2), np.int64), np.empty((k + 2, n + q + 1))
    marks, queue, distance = np.empty((MARK_ROWS, q), np.int64), np.empty(k + 2, np.int64), np.empty(q)
    matrix = np.full((n, q), np.inf)
    own = np.arange(n)
    # Over the limit of Murty's kernel, each hypothesis keeps the plots that fit best.
    limited = plots + n > q
    weights, rows, taken = [], [], []
    log_weight = np.log(table.weight)
    chosen = np.arange(q - n)
    for g, row in enumerate(table.row):
        here = cost[row]
        if limited:
            chosen = np.sort(np.argsort(here.min(axis=0), kind="stable")[: q - n])
            here = here[:, chosen]
        matrix[:, : q - n] = here
        matrix[own, q - n + own] = missed[row]
        found = k_best_kernel(matrix, wanted[g], column, total, nodes, prices, queue, marks, distance)
        took = column[:found].copy()
        weights.append(log_weight[g] - total[:found])
        rows.append(np.broadcast_to(row, (found, n)))
        taken.append(np.where(took < q - n, np.append(chosen, NONE)[np.minimum(took, q - n)], NONE))
    weight = np.concatenate(weights)
    weight = np.exp(weight - weight.max())
    order = np.argsort(-weight, kind="stable")[:most]
    order = order[(weight[order] >= least) & (weight[order] > 0.0)]
    weight = weight[order]
    return weight / weight.sum(), np.concatenate(rows)[order], np.concatenate(taken)[order]


def renamed(kind: Ints) -> Ints:
    """Return the kinds (g, n) of rows in which tracks have changed names to be those of the first hypothesis.

    Two hypotheses that differ only in which track has which of the same states say the same about where objects are;
    so each hypothesis gives a kind that the first one has, too, to the track that has it there.

    >>> renamed(np.array([[0, 1, 2], [1, 0, 2], [3, 0, 1]]))
    array([[0, 1, 2],
           [0, 1, 2],
           [0, 1, 3]])
    """
    kind = kind.copy()
    first = kind[0]
    present = set(first.tolist()) - {NONE}
    for other in kind[1:]:
        for t in np.flatnonzero(other != first):
            # Whatever comes to t in exchange may have its own place, too.
            while other[t] != first[t] and int(other[t]) in present:
                places = np.flatnonzero((first == other[t]) & (other != first))
                if not len(places):
                    break
                other[t], other[places[0]] = other[places[0]], other[t]
    return kind


def parted(near: NDArray[np.bool_]) -> list[Ints]:
    """Return the connected parts of n things, `near` (n, n) being symmetric.

    >>> [part.tolist() for part in parted(np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], bool))]
    [[0, 2], [1]]
    """
    label = np.arange(len(near))
    while True:
        lower = np.where(near | np.eye(len(near), dtype=np.bool_), label, len(near)).min(axis=1, initial=len(near))
        if (lower == label).all():
            break
        label = lower
    return [np.flatnonzero(label == one) for one in np.unique(label)]

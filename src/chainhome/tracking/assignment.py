"""The likeliest joint associations: a graph or a cost matrix in, the best one or the k best out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError
from chainhome.tracking.marginals import Graph, Workspace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def best_association(graph: Graph, *, workspace: Workspace | None = None) -> Ints:
    """Return the pair of each track (n,) in the likeliest joint association, or -1 where the track gets no plot.

    The sum of log(weight / (missed * other)) is largest, found exactly, cluster by cluster, by shortest augmenting
    paths [crouse2016]. This is global nearest neighbour. A track with `missed` 0 gets a plot if at all possible.

    >>> from chainhome.tracking.marginals import make_graph
    >>> best_association(make_graph([0, 2, 3], [0, 1, 0], [9.0, 8.0, 7.0], [0.1, 0.1], [1.0, 1.0]))
    array([1, 2])
    """
    from chainhome.tracking._marginal_kernels import assignment_kernel

    n, m, k = len(graph.missed), len(graph.other), len(graph.plot)
    chosen = np.empty(n, np.int64)
    ints, floats, _ = (workspace or Workspace()).reserve(n, m, k)
    columns = graph.ptr, graph.plot, graph.weight, graph.missed, graph.other
    assignment_kernel(*columns, chosen, ints, floats)
    return chosen


def k_best(cost: ArrayLike, k: int) -> tuple[Ints, Floats]:
    """Return the `k` assignments of least sum, best first: columns (f, n) and sums (f,), f <= k if there are fewer.

    `cost` (n, q), q >= n: row i may take column j at cost[i, j], inf forbids. Murty's method with dual prices kept
    [murty1968; miller1997]. Raises UseError for a NaN, for fewer columns than rows or for more than 62.

    >>> columns, sums = k_best([[1.0, 2.0, 9.0], [1.0, 4.5, 3.0]], 3)
    >>> columns.tolist(), sums.tolist()
    ([[1, 0], [0, 2], [1, 2]], [3.0, 4.0, 5.0])
    """
    from chainhome.tracking._assignment_kernels import MARK_ROWS, MAX_COLUMNS, k_best_kernel

    matrix = np.ascontiguousarray(cost, np.float64)
    if matrix.ndim != 2 or not matrix.shape[0] <= matrix.shape[1] <= MAX_COLUMNS:
        expected = f"two dimensions, columns at least as many as rows and at most {MAX_COLUMNS}"
        raise UseError(f"k_best: a cost of shape {matrix.shape} given, {expected} expected")
    if np.isnan(matrix).any() or (matrix == -np.inf).any():
        raise UseError("k_best: the cost must not be NaN or minus infinity; plus infinity forbids a pair")
    if k < 1:
        raise UseError(f"k_best: k = {k} must be 1 or more")
    n, q = matrix.shape
    columns, sums = np.empty((k, n), np.int64), np.empty(k)
    nodes, prices = np.empty((k + 2, n + 2), np.int64), np.empty((k + 2, n + q + 1))
    marks, queue = np.empty((MARK_ROWS, q), np.int64), np.empty(k + 2, np.int64)
    found = k_best_kernel(matrix, k, columns, sums, nodes, prices, queue, marks, np.empty(q))
    return columns[:found], sums[:found]


def cost_matrix(graph: Graph) -> Floats:
    """Return the cost (n, m + n) of a small graph for `k_best`: -log(weight / other), then -log(missed) per track.

    The sum of an assignment is minus the logarithm of its probability, up to a constant: the same for every track set
    over the same plots, so global hypotheses can be compared. Column m + i is track i without a plot.

    >>> from chainhome.tracking.marginals import make_graph
    >>> cost_matrix(make_graph([0, 1, 2], [0, 0], [1.0, 1.0], [1.0, 1.0], [1.0]))
    array([[ 0.,  0., inf],
           [ 0., inf,  0.]])
    """
    n, m = len(graph.missed), len(graph.other)
    cost = np.full((n, m + n), np.inf)
    track = np.repeat(np.arange(n), np.diff(graph.ptr))
    with np.errstate(divide="ignore"):
        cost[track, graph.plot] = np.log(graph.other[graph.plot]) - np.log(graph.weight)
        cost[np.arange(n), m + np.arange(n)] = -np.log(graph.missed)
    return np.asarray(cost + 0.0, np.float64)

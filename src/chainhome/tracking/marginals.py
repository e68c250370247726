"""Marginals of association: a sparse graph of tracks and plots in, the probability of each pair out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXACT_BUDGET = 65_536
"""States times pairs up to which a cluster is solved exactly."""


@dataclass(frozen=True, eq=False)
class Graph:
    """k gated pairs of n tracks and m plots, in rows: the pairs of track i are `ptr[i]` to `ptr[i + 1]`."""

    ptr: Ints
    """(n + 1,) where the pairs of each track begin."""
    plot: Ints
    """(k,) plot of each pair, ascending within a track."""
    weight: Floats
    """(k,) existence times detection probability times likelihood, in the unit of `other`."""
    missed: Floats
    """(n,) weight of no plot: 1 - existence times detection probability."""
    other: Floats
    """(m,) density of clutter and of new objects at each plot, above 0."""


def make_graph(ptr: ArrayLike, plot: ArrayLike, weight: ArrayLike, missed: ArrayLike, other: ArrayLike) -> Graph:
    """Return the checked graph of an association problem.

    Raises UseError if lengths disagree, a plot is out of range or out of order, a weight is negative or not finite, or
    `other` is not positive.

    >>> make_graph([0, 2, 3], [0, 1, 1], [5.0, 1.0, 2.0], [0.1, 0.5], [1e-3, 1e-3]).plot
    array([0, 1, 1])
    """
    p, j = np.ascontiguousarray(ptr, np.int64), np.ascontiguousarray(plot, np.int64)
    w, a, o = (np.ascontiguousarray(column, np.float64) for column in (weight, missed, other))
    if not (p.ndim == j.ndim == w.ndim == a.ndim == o.ndim == 1):
        raise UseError("association: every column must have one dimension")
    if len(p) != len(a) + 1 or p[0] != 0 or p[-1] != len(j) or (np.diff(p) < 0).any():
        raise UseError(f"association: ptr must rise from 0 to {len(j)} in {len(a) + 1} steps, one more than tracks")
    if len(w) != len(j):
        raise UseError(f"association: {len(w)} weights for {len(j)} pairs")
    if len(j) and not (j.min() >= 0 and j.max() < len(o)):
        raise UseError(f"association: plots {j.min()} to {j.max()} given, 0 to {len(o) - 1} expected")
    inside = np.ones(max(len(j) - 1, 0), np.bool_)
    inside[p[1:-1][(p[1:-1] > 0) & (p[1:-1] < len(j))] - 1] = False
    if (np.diff(j)[inside] <= 0).any():
        raise UseError("association: the plots of each track must ascend")
    for name, column, low in (("weight", w, True), ("missed", a, True), ("other", o, False)):
        if not (np.isfinite(column).all() and (column >= 0 if low else column > 0).all()):
            raise UseError(f"association: {name} must be finite and {'not negative' if low else 'positive'}")
    return Graph(p, j, w, a, o)


class Workspace:
    """Work arrays that the calls of one thread share, so that a call allocates nothing; they grow as needed."""

    def __init__(self) -> None:
        """Start empty; the first call reserves."""
        self.ints = np.empty((0, 0), np.int64)
        self.floats = np.empty((0, 0), np.float64)
        self.grid = np.empty(0, np.float64)

    def reserve(self, n: int, m: int, k: int) -> tuple[Ints, Floats, Floats]:
        """Return the work arrays `(ints, floats, grid)` of the kernel for n tracks, m plots and k pairs."""
        from chainhome.tracking._marginal_kernels import FLOAT_ROWS, GRID, INT_ROWS

        slot = max(n, m, k) + 1
        if self.ints.shape[1] < slot:
            self.ints = np.empty((INT_ROWS, 2 * slot), np.int64)
            self.floats = np.empty((FLOAT_ROWS, 2 * slot), np.float64)
            self.grid = np.empty(GRID, np.float64)
        return self.ints, self.floats, self.grid


@dataclass(frozen=True, eq=False)
class Marginals:
    """What is probable, all joint associations weighed together."""

    beta: Floats
    """(k,) probability that the pair's track gave the pair's plot."""
    beta_missed: Floats
    """(n,) probability that the track gave no plot; with its `beta` it sums to 1."""
    free: Floats
    """(m,) probability that no track gave the plot."""
    exact_clusters: int
    """Clusters of two or more tracks solved exactly."""
    propagated_clusters: int
    """Clusters solved by belief propagation."""
    iterations: int
    """Iterations of belief propagation, all clusters together."""
    unsettled_clusters: int
    """Clusters whose messages had not settled after `max_iterations`."""


def marginals(
    graph: Graph,
    *,
    tolerance: float = 1e-6,
    max_iterations: int = 1_000,
    budget: int = EXACT_BUDGET,
    workspace: Workspace | None = None,
) -> Marginals:
    """Return the probability of each pair: exact on small clusters, by belief propagation [williams_lau2014] above.

    `tolerance` is the relative change of the messages at which propagation stops, `budget` the number of states times
    pairs up to which a cluster is solved exactly: 0 propagates everywhere.

    >>> found = marginals(make_graph([0, 1, 2], [0, 0], [3.0, 3.0], [1.0, 1.0], [1.0]))
    >>> found.beta.round(4), found.free.round(4)
    (array([0.4286, 0.4286]), array([0.1429]))
    """
    from chainhome.tracking._marginal_kernels import marginals_kernel

    n, m, k = len(graph.missed), len(graph.other), len(graph.plot)
    beta, beta_missed, free, counts = np.empty(k), np.empty(n), np.empty(m), np.empty(4, np.int64)
    work = (workspace or Workspace()).reserve(n, m, k)
    columns = graph.ptr, graph.plot, graph.weight, graph.missed, graph.other
    marginals_kernel(*columns, beta, beta_missed, free, counts, *work, tolerance, max_iterations, budget)
    return Marginals(beta, beta_missed, free, *counts.tolist())

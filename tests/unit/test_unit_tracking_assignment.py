"""The best association against SciPy, the k best against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from chainhome.errors import UseError
from chainhome.tracking.assignment import best_association, cost_matrix, k_best
from chainhome.tracking.marginals import Graph, Workspace, make_graph, marginals

ROUNDING = 1e-9


def random_graph(rng: np.random.Generator, n: int, m: int, share: float) -> Graph:
    gated = rng.random((n, m)) < share
    k = int(gated.sum())
    return make_graph(
        np.append(0, np.cumsum(gated.sum(axis=1))),
        np.nonzero(gated)[1],
        10.0 ** rng.uniform(-3.0, 3.0, k),
        10.0 ** rng.uniform(-3.0, 0.0, n),
        10.0 ** rng.uniform(-2.0, 2.0, m),
    )


def loss(graph: Graph, chosen: np.ndarray) -> float:
    cost, m = cost_matrix(graph), len(graph.other)
    return sum(cost[i, graph.plot[e] if e >= 0 else m + i] for i, e in enumerate(chosen))


def every_sum(cost: np.ndarray) -> list[float]:
    n, q = cost.shape
    sums = (sum(cost[i, j] for i, j in enumerate(columns)) for columns in itertools.permutations(range(q), n))
    return sorted(float(s) for s in sums if np.isfinite(s))


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_the_best_association_is_as_good_as_scipys(share: float) -> None:
    rng = np.random.default_rng(1)
    shared = Workspace()
    for n, m in ((0, 0), (1, 1), (3, 2), (5, 9), (12, 12), (40, 60), (60, 40)):
        graph = random_graph(rng, n, m, share)
        chosen = best_association(graph, workspace=shared)
        cost = cost_matrix(graph)
        assert loss(graph, chosen) == pytest.approx(cost[linear_sum_assignment(cost)].sum(), abs=ROUNDING)
        plots = graph.plot[chosen[chosen >= 0]]
        assert len(np.unique(plots)) == len(plots)
        mine = chosen >= 0
        assert ((graph.ptr[:-1] <= chosen) & (chosen < graph.ptr[1:]))[mine].all()


def test_a_track_gets_no_plot_when_that_is_likelier() -> None:
    graph = make_graph([0, 1, 2], [0, 1], [0.9, 1.1], [1.0, 1.0], [1.0, 1.0])
    assert best_association(graph).tolist() == [-1, 1]


def test_the_likeliest_of_the_plots_that_nobody_else_can_take_stands_for_them() -> None:
    """Ten private plots of 0.3 are together likelier than one shared of 2, but no single one of them is."""
    graph = make_graph([0, 11, 12], [*range(11), 10], [*[0.3] * 10, 2.0, 0.1], [0.5, 1.0], np.ones(11))
    assert best_association(graph).tolist() == [10, -1]


def test_tracks_that_cannot_go_without_a_plot_get_one_if_there_is_one() -> None:
    graph = make_graph([0, 1, 3], [0, 0, 1], [5.0, 9.0, 1e-9], [0.0, 1.0], [1.0, 1.0])
    assert best_association(graph).tolist() == [0, -1]
    conflict = make_graph([0, 1, 2], [0, 0], [5.0, 9.0], [0.0, 0.0], [1.0])
    assert best_association(conflict).tolist() == [-1, 1]


@pytest.mark.parametrize("kind", ["dense", "gaps", "ties", "own columns"])
def test_the_k_best_equal_the_enumeration_in_order(kind: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        n = int(rng.integers(1, 5))
        cost = 5.0 * rng.normal(size=(n, int(rng.integers(n, 7))))
        if kind == "ties":
            cost = np.round(cost / 4.0)
        if kind == "gaps":
            cost[rng.random(cost.shape) < 0.4] = np.inf
        if kind == "own columns":
            cost = np.hstack([cost[:, :4], np.where(np.eye(n) > 0, rng.normal(size=(n, n)), np.inf)])
        expected = every_sum(cost)
        for k in (1, 2, 7, 40, 3_000):
            columns, sums = k_best(cost, k)
            assert len(sums) == min(k, len(expected))
            assert np.allclose(sums, expected[:k], rtol=0.0, atol=ROUNDING)
            assert len({tuple(row) for row in columns}) == len(columns)
            assert np.allclose(cost[np.arange(n), columns].sum(axis=1), sums, rtol=0.0, atol=ROUNDING)
            assert all(len(set(row)) == n for row in columns.tolist())


def test_the_k_best_associations_of_a_graph_weigh_as_the_model_says() -> None:
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 3, 4, 0.8)
    columns, sums = k_best(cost_matrix(graph), 10_000)
    weight = np.exp(-sums) / np.exp(-sums).sum()
    missed = [(weight * (columns[:, i] == 4 + i)).sum() for i in range(3)]
    assert np.allclose(missed, marginals(graph).beta_missed, rtol=0.0, atol=ROUNDING)


def test_at_the_size_of_a_difficult_cluster_the_first_is_scipys_and_the_sums_rise() -> None:
    rng = np.random.default_rng(4)
    cost = np.hstack([3.0 * rng.normal(size=(12, 24)), np.where(np.eye(12) > 0, 2.0, np.inf)])
    columns, sums = k_best(cost, 200)
    assert sums[0] == pytest.approx(cost[linear_sum_assignment(cost)].sum(), abs=ROUNDING)
    assert (np.diff(sums) >= -ROUNDING).all()
    assert len({tuple(row) for row in columns}) == 200


def test_without_rows_there_is_one_assignment_and_without_a_way_none() -> None:
    columns, sums = k_best(np.zeros((0, 3)), 5)
    assert columns.shape == (1, 0)
    assert sums.tolist() == [0.0]
    columns, sums = k_best(np.full((2, 3), np.inf), 5)
    assert (len(columns), len(sums)) == (0, 0)


@pytest.mark.parametrize(
    ("cost", "k", "said"),
    [
        (np.zeros((3, 2)), 1, "columns at least as many as rows"),
        (np.zeros((1, 63)), 1, "at most 62"),
        (np.zeros(3), 1, "two dimensions"),
        ([[np.nan]], 1, "must not be NaN"),
        ([[-np.inf]], 1, "must not be NaN or minus infinity"),
        ([[1.0]], 0, "must be 1 or more"),
    ],
)
def test_a_wrong_cost_is_refused_with_what_is_wrong(cost: np.ndarray, k: int, said: str) -> None:
    with pytest.raises(UseError, match=said):
        k_best(cost, k)

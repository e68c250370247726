"""What must hold for any graph of tracks and plots: probabilities, sums, and no dependence on the order."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from chainhome.tracking.assignment import best_association, cost_matrix, k_best
from chainhome.tracking.marginals import Graph, make_graph, marginals

ROUNDING = 1e-9
SETTLED = 1e-5


@st.composite
def graphs(draw: Any, most: int = 12, decades: int = 30) -> Graph:
    """Empty rows, lonely plots, one cluster or many, ties and zeros."""
    n, m = draw(st.integers(0, most)), draw(st.integers(0, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gated = rng.random((n, m)) < draw(st.sampled_from([0.05, 0.15, 0.4, 1.0]))
    span = draw(st.integers(0, decades))
    columns = [10.0 ** rng.uniform(-span, top, size) for top, size in ((span, int(gated.sum())), (0, n), (span, m))]
    if draw(st.booleans()):
        columns[0][rng.random(len(columns[0])) < 0.2] = 0.0
    ptr = np.append(0, np.cumsum(gated.sum(axis=1)))
    return make_graph(ptr, np.nonzero(gated)[1], *columns)


def shuffled(graph: Graph, tracks: np.ndarray, plots: np.ndarray) -> tuple[Graph, np.ndarray]:
    """The graph with track `tracks[i]` at i and plot `plots[j]` at j, and where each of its pairs was."""
    n, m = len(tracks), len(plots)
    number = np.full((n, m), -1)
    number[np.repeat(np.arange(n), np.diff(graph.ptr)), graph.plot] = np.arange(len(graph.plot))
    number = number[tracks][:, plots]
    rows, columns = np.nonzero(number >= 0)
    pair = number[rows, columns]
    ptr = np.append(0, np.cumsum(np.bincount(rows, minlength=n)))
    return make_graph(ptr, columns, graph.weight[pair], graph.missed[tracks], graph.other[plots]), pair


@given(graphs(decades=200), st.sampled_from([0, 100, 65_536]))
def test_marginals_are_probabilities_whose_rows_sum_to_one(graph: Graph, budget: int) -> None:
    found = marginals(graph, budget=budget)
    for column in (found.beta, found.beta_missed, found.free):
        assert ((column >= 0.0) & (column <= 1.0 + ROUNDING)).all()
    track = np.repeat(np.arange(len(graph.missed)), np.diff(graph.ptr))
    rows = np.bincount(track, found.beta, len(graph.missed)) + found.beta_missed
    assert np.allclose(rows, 1.0, rtol=0.0, atol=ROUNDING)
    if found.propagated_clusters == 0:
        columns = np.bincount(graph.plot, found.beta, len(graph.other)) + found.free
        assert np.allclose(columns, 1.0, rtol=0.0, atol=ROUNDING)


@given(graphs(), st.sampled_from([0, 65_536]), st.integers(0, 2**32 - 1))
def test_the_order_of_tracks_and_plots_does_not_matter(graph: Graph, budget: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks, plots = rng.permutation(len(graph.missed)), rng.permutation(len(graph.other))
    other, pair = shuffled(graph, tracks, plots)
    one, two = marginals(graph, budget=budget), marginals(other, budget=budget)
    allowed = SETTLED if one.propagated_clusters + two.propagated_clusters else ROUNDING
    if one.unsettled_clusters + two.unsettled_clusters == 0:
        assert np.allclose(two.beta, one.beta[pair], rtol=0.0, atol=allowed)
        assert np.allclose(two.beta_missed, one.beta_missed[tracks], rtol=0.0, atol=allowed)
        assert np.allclose(two.free, one.free[plots], rtol=0.0, atol=allowed)


@given(graphs(decades=3), st.floats(1e-6, 1e6))
def test_the_unit_of_the_densities_does_not_matter(graph: Graph, unit: float) -> None:
    scaled = Graph(graph.ptr, graph.plot, graph.weight * unit, graph.missed, graph.other * unit)
    assert np.allclose(marginals(graph).beta, marginals(scaled).beta, rtol=0.0, atol=ROUNDING)


@given(graphs(decades=3))
def test_a_plot_that_more_clutter_explains_is_likelier_free(graph: Graph) -> None:
    if len(graph.other) and marginals(graph).propagated_clusters == 0:
        other = graph.other.copy()
        other[0] *= 2.0
        dirtier = Graph(graph.ptr, graph.plot, graph.weight, graph.missed, other)
        assert marginals(dirtier).free[0] >= marginals(graph).free[0] - ROUNDING


@given(graphs(decades=8))
def test_no_association_beats_the_best_one(graph: Graph) -> None:
    chosen, cost, m = best_association(graph), cost_matrix(graph), len(graph.other)
    ours = sum(cost[i, graph.plot[e] if e >= 0 else m + i] for i, e in enumerate(chosen))
    assert np.isclose(ours, cost[linear_sum_assignment(cost)].sum(), rtol=1e-12, atol=ROUNDING)
    assert len(np.unique(graph.plot[chosen[chosen >= 0]])) == (chosen >= 0).sum()


@settings(max_examples=50)
@given(graphs(most=5, decades=3))
def test_the_k_best_associations_add_up_to_the_marginals(graph: Graph) -> None:
    n, m = len(graph.missed), len(graph.other)
    columns, sums = k_best(cost_matrix(graph), 2_000)
    probability = np.exp(sums[0] - sums)
    probability /= probability.sum()
    taken = np.zeros((n, m + n))
    for i in range(n):
        np.add.at(taken[i], columns[:, i], probability)
    track = np.repeat(np.arange(n), np.diff(graph.ptr))
    assert len(sums) < 2_000
    assert np.allclose(taken[track, graph.plot], marginals(graph).beta, rtol=0.0, atol=ROUNDING)

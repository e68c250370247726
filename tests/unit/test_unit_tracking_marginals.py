"""Association probabilities against enumeration, and belief propagation against a plain dense reference."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from chainhome.errors import UseError
from chainhome.tracking.marginals import Graph, Workspace, make_graph, marginals

Floats = NDArray[np.float64]

ROUNDING = 1e-12
ENUMERATION = 1e-9
SETTLED = 1e-6


def random_graph(rng: np.random.Generator, n: int, m: int, share: float, decades: float) -> Graph:
    gated = rng.random((n, m)) < share
    k = int(gated.sum())
    return make_graph(
        np.append(0, np.cumsum(gated.sum(axis=1))),
        np.nonzero(gated)[1],
        10.0 ** rng.uniform(-decades, decades, k),
        10.0 ** rng.uniform(-decades, 0.0, n),
        10.0 ** rng.uniform(-0.5 * decades, 0.5 * decades, m),
    )


def joined(graphs: list[Graph]) -> Graph:
    """Several problems side by side."""
    pairs, plots = np.cumsum([0, *(len(g.plot) for g in graphs)]), np.cumsum([0, *(len(g.other) for g in graphs)])
    return make_graph(
        np.concatenate([g.ptr[:-1] + p for g, p in zip(graphs, pairs, strict=False)] + [pairs[-1:]]),
        np.concatenate([g.plot + p for g, p in zip(graphs, plots, strict=False)]),
        *(np.concatenate([getattr(g, name) for g in graphs]) for name in ("weight", "missed", "other")),
    )


def enumerated(graph: Graph) -> tuple[Floats, Floats, Floats]:
    """Every joint association with its logarithmic weight, one by one."""
    with np.errstate(divide="ignore"):
        log_weight, log_missed, log_other = np.log(graph.weight), np.log(graph.missed), np.log(graph.other)
    logs: list[float] = []
    choices: list[list[int]] = []

    def extend(i: int, used: list[int], pairs: list[int], log: float) -> None:
        if i == len(graph.missed):
            logs.append(log + sum(log_other[j] for j in range(len(log_other)) if j not in used))
            choices.append(pairs)
            return
        extend(i + 1, used, pairs, log + log_missed[i])
        for e in range(graph.ptr[i], graph.ptr[i + 1]):
            if graph.plot[e] not in used:
                extend(i + 1, [*used, graph.plot[e]], [*pairs, e], log + log_weight[e])

    extend(0, [], [], 0.0)
    probability = np.exp(np.array(logs) - max(logs))
    probability /= probability.sum()
    beta, missed, free = np.zeros(len(graph.plot)), np.zeros(len(graph.missed)), np.zeros(len(graph.other))
    track = np.repeat(np.arange(len(missed)), np.diff(graph.ptr))
    for p, pairs in zip(probability, choices, strict=True):
        beta[pairs] += p
        missed[np.setdiff1d(np.arange(len(missed)), track[pairs])] += p
        free[np.setdiff1d(np.arange(len(free)), graph.plot[pairs])] += p
    return beta, missed, free


def williams_lau(graph: Graph, iterations: int = 20_000) -> tuple[Floats, Floats]:
    """Figure 2 of the paper on a dense matrix: `beta` of the pairs and `missed`."""
    n, m = len(graph.missed), len(graph.other)
    track = np.repeat(np.arange(n), np.diff(graph.ptr))
    psi = np.zeros((n, m))
    psi[track, graph.plot] = graph.weight / (graph.missed[track] * graph.other[graph.plot])
    to_track = np.ones((n, m))
    for _ in range(iterations):
        product = psi * to_track
        to_plot = psi / (1.0 + product.sum(axis=1, keepdims=True) - product)
        new = 1.0 / (1.0 + to_plot.sum(axis=0, keepdims=True) - to_plot)
        change, to_track = np.abs(new - to_track).max(), new
        if change < 1e-15:
            break
    product = psi * to_track
    total = 1.0 + product.sum(axis=1, keepdims=True)
    return (product / total)[track, graph.plot], 1.0 / total[:, 0]


@pytest.mark.parametrize("decades", [1.0, 5.0, 30.0, 200.0])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_small_clusters_equal_the_enumeration_of_all_associations(decades: float, share: float) -> None:
    rng = np.random.default_rng(1)
    shared = Workspace()
    clusters = 0
    for _ in range(40):
        graph = random_graph(rng, int(rng.integers(0, 6)), int(rng.integers(0, 6)), share, decades)
        found = marginals(graph, workspace=shared)
        for ours, plain in zip((found.beta, found.beta_missed, found.free), enumerated(graph), strict=True):
            assert np.allclose(ours, plain, rtol=0.0, atol=ENUMERATION)
        assert found.propagated_clusters == found.iterations == 0
        clusters += found.exact_clusters
    assert clusters > 0


def test_many_tracks_on_few_plots_and_few_tracks_on_many_plots_are_exact_too() -> None:
    rng = np.random.default_rng(2)
    for n, m in ((8, 3), (3, 9), (2, 14), (9, 2)):
        graph = random_graph(rng, n, m, 0.95, 3.0)
        found = marginals(graph)
        for ours, plain in zip((found.beta, found.beta_missed, found.free), enumerated(graph), strict=True):
            assert np.allclose(ours, plain, rtol=0.0, atol=ENUMERATION)
        assert found.exact_clusters == 1


def test_a_chain_of_forty_tracks_is_exact_since_few_plots_are_open_at_a_time() -> None:
    """On a chain, a graph without loops, belief propagation is exact and serves as the second opinion."""
    rng = np.random.default_rng(3)
    n = 40
    plot = np.stack([np.arange(n), np.arange(n) + 1], axis=1).ravel()
    graph = make_graph(
        np.arange(0, 2 * n + 1, 2), plot, 10.0 ** rng.uniform(-1, 3, 2 * n), rng.uniform(0.01, 1.0, n), np.ones(n + 1)
    )
    exact, messages = marginals(graph), marginals(graph, budget=0, tolerance=1e-14)
    assert (exact.exact_clusters, messages.propagated_clusters) == (1, 1)
    assert np.allclose(exact.beta, messages.beta, rtol=0.0, atol=ENUMERATION)
    assert np.allclose(exact.free, messages.free, rtol=0.0, atol=ENUMERATION)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_belief_propagation_equals_a_plain_reference(share: float) -> None:
    rng = np.random.default_rng(4)
    for n, m in ((2, 2), (3, 5), (10, 10), (20, 40), (40, 20)):
        graph = random_graph(rng, n, m, share, 2.0)
        found = marginals(graph, budget=0)
        beta, missed = williams_lau(graph)
        assert np.allclose(found.beta, beta, rtol=0.0, atol=SETTLED)
        assert np.allclose(found.beta_missed, missed, rtol=0.0, atol=SETTLED)
        assert found.unsettled_clusters == 0
        assert found.exact_clusters == 0


def test_a_cluster_above_the_budget_is_propagated_and_its_neighbour_stays_exact() -> None:
    rng = np.random.default_rng(5)
    large, small = random_graph(rng, 25, 25, 1.0, 1.0), random_graph(rng, 3, 3, 1.0, 1.0)
    found = marginals(joined([large, small]))
    assert (found.exact_clusters, found.propagated_clusters) == (1, 1)
    assert found.iterations > 1
    assert np.allclose(found.beta[: len(large.plot)], williams_lau(large)[0], rtol=0.0, atol=SETTLED)
    assert np.allclose(found.beta[len(large.plot) :], enumerated(small)[0], rtol=0.0, atol=ENUMERATION)


def test_messages_that_are_sent_only_where_something_changed_settle_where_all_of_them_do() -> None:
    """A long band of loops: most of it is quiet long before the last of it has settled."""
    rng = np.random.default_rng(8)
    for n in (60, 120):
        plot = (np.arange(n)[:, None] + np.arange(4)).ravel()
        graph = make_graph(
            np.arange(0, 4 * n + 1, 4),
            plot,
            10.0 ** rng.uniform(-2, 3, 4 * n),
            rng.uniform(0.05, 1.0, n),
            np.ones(n + 3),
        )
        found = marginals(graph, budget=0)
        beta, missed = williams_lau(graph)
        assert (found.propagated_clusters, found.unsettled_clusters) == (1, 0)
        assert np.allclose(found.beta, beta, rtol=0.0, atol=SETTLED)
        assert np.allclose(found.beta_missed, missed, rtol=0.0, atol=SETTLED)


def test_two_tracks_and_any_plots_equal_the_enumeration() -> None:
    """Beside a third track that shares nothing, and with sums that only the scaled sweep can form."""
    rng = np.random.default_rng(9)
    for decades in (1.0, 30.0, 150.0):
        for m in range(1, 8):
            graph = joined([random_graph(rng, 2, m, 0.8, decades), random_graph(rng, 1, 1, 1.0, decades)])
            found = marginals(graph)
            for ours, plain in zip((found.beta, found.beta_missed, found.free), enumerated(graph), strict=True):
                assert np.allclose(ours, plain, rtol=0.0, atol=ENUMERATION)
            assert found.propagated_clusters == 0


def test_a_cap_on_the_iterations_is_kept_and_reported() -> None:
    graph = random_graph(np.random.default_rng(6), 10, 10, 1.0, 2.0)
    found = marginals(graph, budget=0, max_iterations=3)
    assert (found.iterations, found.unsettled_clusters) == (3, 1)
    assert np.isclose(found.beta_missed[0] + found.beta[: graph.ptr[1]].sum(), 1.0)


def test_ties_of_equal_claims_are_shared_equally_at_any_strength() -> None:
    for weight in (1e-200, 1.0, 1e17, 1e200):
        found = marginals(make_graph([0, 2, 4], [0, 1, 0, 1], np.full(4, weight), [0.1, 0.1], [1e-7, 1e-7]))
        against = 1e-8 / weight
        expected = (against + 1.0) / (against * against + 4.0 * against + 2.0) if weight > 1e-100 else weight / 1e-8
        assert np.allclose(found.beta, expected, rtol=ROUNDING)


def test_a_conflict_of_twelve_certain_tracks_over_one_plot_goes_by_what_a_miss_costs() -> None:
    """The best association has weight 1e-240 beside that of every track taking the plot, out of reach unscaled."""
    n = 12
    missed = np.full(n, 1e-20)
    missed[3] = 1e-22
    found = marginals(make_graph(np.arange(n + 1), np.zeros(n), np.ones(n), missed, [1.0]))
    assert np.allclose(found.beta, np.where(np.arange(n) == 3, 100.0, 1.0) / (n - 1 + 100.0), rtol=ROUNDING)
    assert found.exact_clusters == 1


def test_conflicts_out_of_the_range_of_floats_equal_the_enumeration() -> None:
    """More tracks than plots, each all but certain of a plot: unscaled sums would underflow, on some before the end."""
    rng = np.random.default_rng(7)
    for _ in range(60):
        easy = random_graph(rng, 6, 3, 0.6, 3.0)
        graph = Graph(easy.ptr, easy.plot, 1e60 * easy.weight, 10.0 ** rng.uniform(-125.0, -120.0, 6), easy.other)
        found = marginals(graph)
        for ours, plain in zip((found.beta, found.beta_missed, found.free), enumerated(graph), strict=True):
            assert np.allclose(ours, plain, rtol=0.0, atol=ENUMERATION)
        assert found.propagated_clusters == 0


def test_what_is_impossible_never_becomes_nan() -> None:
    both_must = marginals(make_graph([0, 1, 2], [0, 0], [3.0, 1.0], [0.0, 0.0], [1.0]))
    assert np.allclose(both_must.beta, [0.75, 0.25])
    nothing = marginals(make_graph([0, 1], [0], [0.0], [0.0], [1.0]))
    assert (nothing.beta[0], nothing.beta_missed[0], nothing.free[0]) == (0.0, 1.0, 1.0)
    for budget in (0, 1_000):
        found = marginals(make_graph([0, 2, 4], [0, 1, 0, 1], np.zeros(4), np.zeros(2), np.ones(2)), budget=budget)
        for column in (found.beta, found.beta_missed, found.free):
            assert np.isfinite(column).all()


def test_tracks_and_plots_without_pairs_keep_to_themselves() -> None:
    found = marginals(make_graph([0, 0, 1, 1], [2], [4.0], [0.3, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]))
    assert np.allclose(found.beta_missed, [1.0, 0.2, 1.0])
    assert np.allclose(found.free, [1.0, 1.0, 0.2, 1.0])
    empty = marginals(make_graph([0], [], [], [], []))
    assert (len(empty.beta), len(empty.beta_missed), len(empty.free)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ptr": [0, 1]}, "ptr must rise from 0 to 2 in 3 steps"),
        ({"ptr": [0, 3, 2]}, "ptr must rise"),
        ({"weight": [1.0]}, "1 weights for 2 pairs"),
        ({"plot": [0, 7]}, "plots 0 to 7 given, 0 to 1 expected"),
        ({"ptr": [0, 2, 2], "plot": [1, 0]}, "must ascend"),
        ({"weight": [1.0, np.nan]}, "weight must be finite and not negative"),
        ({"missed": [1.0, -0.1]}, "missed must be finite"),
        ({"other": [1.0, 0.0]}, "other must be finite and positive"),
        ({"other": [[1.0, 1.0]]}, "one dimension"),
    ],
)
def test_a_wrong_graph_is_refused_with_what_is_wrong(change: dict[str, object], said: str) -> None:
    columns: dict[str, object] = {
        "ptr": [0, 1, 2],
        "plot": [0, 1],
        "weight": [1.0, 1.0],
        "missed": [1.0, 1.0],
        "other": [1.0, 1.0],
    }
    with pytest.raises(UseError, match=said):
        make_graph(**{**columns, **change})  # type: ignore[arg-type]

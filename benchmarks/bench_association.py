"""Association per call on one core: exact and propagated marginals, the best association, and the k best.

Run `python benchmarks/bench_association.py`. Every case is an area of tracks with clutter between, gated at 99.9 %;
the ways take turns in one run and the best CPU time of each counts. SciPy's `linear_sum_assignment` on the dense matrix
is the peer of the best association; the matrix is not built inside its time. The last table decides up to which size a
cluster is solved exactly.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment

from chainhome.tracking._assignment_kernels import MARK_ROWS, k_best_kernel
from chainhome.tracking._marginal_kernels import assignment_kernel, marginals_kernel
from chainhome.tracking.assignment import cost_matrix
from chainhome.tracking.marginals import EXACT_BUDGET, Graph, Workspace

ROUNDS = 15
DETECTED = 0.9
GATE = 13.8  # chi-square of two dimensions at 99.9 %


def area(rng: np.random.Generator, tracks: int, clutter: int, side: float) -> Graph:
    """Tracks of unit-variance error in a square of `side`, each detected with 0.9, and even clutter."""
    from scipy.spatial import cKDTree

    at = rng.uniform(0.0, side, (tracks, 2))
    seen = at[rng.random(tracks) < DETECTED]
    plots = np.concatenate([seen + rng.normal(size=seen.shape), rng.uniform(-3.0, side + 3.0, (clutter, 2))])
    variance = 2.0
    near = [sorted(row) for row in cKDTree(plots).query_ball_point(at, math.sqrt(GATE * variance))]
    ptr = np.append(0, np.cumsum([len(row) for row in near])).astype(np.int64)
    plot = np.array([j for row in near for j in row], np.int64)
    away = at[np.repeat(np.arange(tracks), np.diff(ptr))] - plots[plot]
    weight = DETECTED * np.exp(-0.5 * (away**2).sum(axis=1) / variance) / (2.0 * math.pi * variance)
    density = max(clutter, 1) / (side + 6.0) ** 2
    return Graph(ptr, plot, weight, np.full(tracks, 1.0 - DETECTED), np.full(len(plots), density))


def calls(graph: Graph) -> tuple[dict[str, Callable[[], object]], np.ndarray]:
    n, m, k = len(graph.missed), len(graph.other), len(graph.plot)
    columns = graph.ptr, graph.plot, graph.weight, graph.missed, graph.other
    beta, missed, free = np.empty(k), np.empty(n), np.empty(m)
    counts, chosen = np.empty(4, np.int64), np.empty(n, np.int64)
    work = Workspace().reserve(n, m, k)
    tasks: dict[str, Callable[[], object]] = {
        "propagated": lambda: marginals_kernel(*columns, beta, missed, free, counts, *work, 1e-6, 1_000, 0),
        "exact": lambda: marginals_kernel(*columns, beta, missed, free, counts, *work, 1e-6, 1_000, EXACT_BUDGET),
        "best": lambda: assignment_kernel(*columns, chosen, work[0], work[1]),
    }
    if n <= 1_000:
        cost = cost_matrix(graph)
        tasks["SciPy best"] = lambda: linear_sum_assignment(cost)
    return tasks, counts


def best_us(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    best = dict.fromkeys(tasks, math.inf)
    for task in tasks.values():
        task()
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            started = time.thread_time()
            task()
            best[name] = min(best[name], 1e6 * (time.thread_time() - started))
    return best


def sparse_and_dense() -> None:
    rng = np.random.default_rng(1)
    print("tracks plots pairs | clusters: exact, propagated | microseconds a call")
    sizes = [(n, n // 2, 6.0 * math.sqrt(n)) for n in (10, 50, 200, 1_000, 5_000)]
    for tracks, clutter, side in [*sizes, (20, 20, 15.0), (20, 22, 8.0), (200, 200, 40.0)]:
        graph = area(rng, tracks, clutter, side)
        tasks, counts = calls(graph)
        times = best_us(tasks)
        tasks["exact"]()
        shown = "  ".join(f"{name} {us:.1f}" for name, us in times.items())
        print(f"{tracks:5d} {len(graph.other):5d} {len(graph.plot):5d} | {counts[0]:4d} {counts[1]:3d} | {shown}")


def limit() -> None:
    rng = np.random.default_rng(2)
    rows = []
    for tracks, clutter, side in ((8, 4, 8.0), (12, 6, 11.0), (16, 8, 13.0), (20, 10, 16.0), (20, 20, 16.0)):
        for _ in range(12):
            graph = area(rng, tracks, clutter, side)
            columns = graph.ptr, graph.plot, graph.weight, graph.missed, graph.other
            n, m, k = len(graph.missed), len(graph.other), len(graph.plot)
            beta, missed, free, counts = np.empty((2, k)), np.empty(n), np.empty(m), np.empty(4, np.int64)
            work = Workspace().reserve(n, m, k)

            def run(
                row: int, budget: int, given: tuple[object, ...] = (columns, beta, missed, free, counts, work)
            ) -> object:
                c, b, *rest, w = given
                return marginals_kernel(*c, b[row], *rest, *w, 1e-6, 1_000, budget)  # type: ignore[index,misc]

            budget = 256
            while run(0, budget) is None and counts[1] > 0 and budget < 1 << 21:
                budget *= 2
            if counts[1] == 0:
                times = best_us({"exact": lambda b=budget, f=run: f(0, b), "bp": lambda f=run: f(1, 0)})
                rows.append((budget, times["exact"], times["bp"], np.abs(beta[0] - beta[1]).max()))
    table = np.array(rows)
    print("\nbudget needed | problems | exact: median, largest us | propagated: median us | its error: median, largest")
    for budget in np.unique(table[:, 0]):
        _, exact, propagated, error = table[table[:, 0] == budget].T
        print(
            f"{budget:13.0f} | {len(exact):8d} | {np.median(exact):7.1f} {exact.max():7.1f} | "
            f"{np.median(propagated):7.1f} | {np.median(error):.3f} {error.max():.3f}"
        )


def k_best() -> None:
    rng = np.random.default_rng(3)
    print("\nrows x plots, k | microseconds a call | a solution")
    for n, m, k in ((4, 8, 10), (4, 8, 100), (4, 8, 200), (8, 16, 200), (12, 24, 200)):
        q = m + n
        cost = np.hstack([3.0 * rng.normal(size=(n, m)), np.where(np.eye(n) > 0, 2.0, np.inf)])
        results = np.empty((k, n), np.int64), np.empty(k)
        nodes, prices = np.empty((k + 2, n + 2), np.int64), np.empty((k + 2, n + q + 1))
        scratch = np.empty(k + 2, np.int64), np.empty((MARK_ROWS, q), np.int64), np.empty(q)
        given = cost, k, *results, nodes, prices, *scratch
        us = best_us({"k best": lambda given=given: k_best_kernel(*given)})["k best"]
        print(f"{n:4d} x {m:2d}, {k:4d} | {us:8.1f} | {us / k_best_kernel(*given):.2f}")


def main() -> None:
    started = time.perf_counter()
    calls(area(np.random.default_rng(0), 5, 5, 5.0))[0]["exact"]()
    print(f"first call, with compilation if not cached: {time.perf_counter() - started:.2f} s")
    sparse_and_dense()
    k_best()
    limit()


if __name__ == "__main__":
    main()

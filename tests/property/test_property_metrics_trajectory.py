"""What trajectory GOSPA must do: agree with the whole program, stay under the best of all assignments, add up."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from chainhome.metrics import TrajectoryGospa, gospa_over_time, trajectory_gospa
from chainhome.metrics.trajectory_links import best_shares

SOLVER = 1e-6
ROUNDING = 1e-9
CUT = 10.0


class Scene(NamedTuple):
    """Positions on a line of trajectories (n, k) at k steps; NaN = not there."""

    estimates: np.ndarray
    truths: np.ndarray


def walks(rng: np.random.Generator, most: int, k: int) -> np.ndarray:
    """Trajectories that keep near each other, each there from its first to its last step but for some gaps."""
    states = np.cumsum(rng.normal(0.0, 2.0, (int(rng.integers(1, most + 1)), k)), axis=1) + rng.normal(0.0, 3.0)
    states[rng.random(states.shape) < 0.15] = np.nan
    return states


@st.composite
def scenes(draw: st.DrawFn, most: int = 3, steps: int = 4) -> Scene:
    k = draw(st.integers(1, steps))
    if draw(st.booleans()):
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        return Scene(walks(rng, most, k), walks(rng, most, k))
    there = st.one_of(st.floats(-12.0, 12.0, allow_nan=False), st.just(np.nan))
    sets = [
        np.array(draw(st.lists(st.lists(there, min_size=k, max_size=k), max_size=most)), float).reshape(-1, k)
        for _ in range(2)
    ]
    return Scene(*sets)


def scored(scene: Scene, gamma: float, p: float = 2.0, most_cells: int | None = None) -> TrajectoryGospa:
    tables = []
    for states in scene:
        which, step = np.nonzero(~np.isnan(states))
        tables += [step.astype(float), which, states[which, step][:, None]]
    return trajectory_gospa(*tables, c=CUT, gamma=gamma, p=p, times_s=np.arange(scene.truths.shape[1]),
                            most_cells=most_cells)  # fmt: skip


def costs(scene: Scene, p: float) -> np.ndarray:
    """The cost (k, truths + 1, estimates + 1) of each pair; the last row and column stand for nobody."""
    n, m, k = len(scene.truths), len(scene.estimates), scene.truths.shape[1]
    cost = np.zeros((k, n + 1, m + 1))
    for step, i, j in product(range(k), range(n + 1), range(m + 1)):
        y = scene.truths[i, step] if i < n else np.nan
        x = scene.estimates[j, step] if j < m else np.nan
        alone = int(np.isnan(x)) + int(np.isnan(y))
        cost[step, i, j] = (min(abs(x - y), CUT) ** p, CUT**p / 2.0, 0.0)[alone]
    return cost


def by_whole_program(scene: Scene, gamma: float, p: float) -> float:
    """The definition: every pair at every step, one with nobody included, and a bound of each change of each share."""
    cost = costs(scene, p)
    k, rows, columns = cost.shape
    n, m = rows - 1, columns - 1
    if not n + m:
        return 0.0
    cost[:, n, m] = 0.0
    number = np.arange(cost.size).reshape(cost.shape)
    change = cost.size + np.arange((k - 1) * n * m).reshape(k - 1, n, m)
    size = cost.size + change.size
    equal, bound = [], []
    for step in range(k):
        for i in range(n):
            equal.append(np.isin(np.arange(size), number[step, i]).astype(float))
        for j in range(m):
            equal.append(np.isin(np.arange(size), number[step, :, j]).astype(float))
    for step, i, j in product(range(k - 1), range(n), range(m)):
        for sign in (1.0, -1.0):
            row = np.zeros(size)
            row[[number[step + 1, i, j], number[step, i, j], change[step, i, j]]] = sign, -sign, -1.0
            bound.append(row)
    weights = np.append(cost.ravel(), np.full(change.size, gamma**p / 2.0))
    limits = {"A_ub": np.array(bound), "b_ub": np.zeros(len(bound))} if bound else {}
    return float(linprog(weights, A_eq=np.array(equal), b_eq=np.ones(len(equal)), **limits).fun)


def by_all_assignments(scene: Scene, gamma: float, p: float) -> float:
    """The metric over whole assignments: dynamic programming over every one-to-one choice at every step."""
    cost = costs(scene, p)
    n, m = cost.shape[1] - 1, cost.shape[2] - 1
    choices = [
        choice
        for choice in product(range(-1, m), repeat=n)
        if len({j for j in choice if j >= 0}) == sum(j >= 0 for j in choice)
    ]

    def at(step: int, choice: tuple[int, ...]) -> float:
        alone = sum(cost[step, n, j] for j in range(m) if j not in choice)
        return float(sum(cost[step, i, j] for i, j in enumerate(choice)) + alone)  # j = -1 is nobody's column

    def switch(one: tuple[int, ...], other: tuple[int, ...]) -> float:
        changed = sum((a >= 0) + (b >= 0) for a, b in zip(one, other, strict=True) if a != b)
        return gamma**p / 2.0 * changed

    best = {choice: at(0, choice) for choice in choices}
    for step in range(1, len(cost)):
        best = {
            choice: at(step, choice) + min(value + switch(before, choice) for before, value in best.items())
            for choice in choices
        }
    return min(best.values())


gammas = st.sampled_from([0.0, 1.0, 3.0, 8.0, 30.0])
powers = st.sampled_from([1.0, 2.0])


@settings(max_examples=80)
@given(scenes(), gammas, powers)
def test_leaving_out_far_pairs_and_solving_by_groups_changes_nothing(scene: Scene, gamma: float, p: float) -> None:
    whole = by_whole_program(scene, gamma, p)
    assert scored(scene, gamma, p).distance ** p == pytest.approx(whole, rel=SOLVER, abs=SOLVER)


@settings(max_examples=80)
@given(scenes(), gammas, powers)
def test_it_never_exceeds_the_best_of_all_assignments(scene: Scene, gamma: float, p: float) -> None:
    best = by_all_assignments(scene, gamma, p)
    assert scored(scene, gamma, p).distance ** p <= best * (1.0 + SOLVER) + SOLVER


@settings(max_examples=80)
@given(scenes(steps=8), gammas, powers, st.integers(1, 12))
def test_cut_in_time_it_is_too_large_by_no_more_than_it_says(
    scene: Scene, gamma: float, p: float, most_cells: int
) -> None:
    cut, whole = scored(scene, gamma, p, most_cells), scored(scene, gamma, p)
    rounding = SOLVER * (1.0 + whole.distance**p)
    assert cut.distance**p - cut.at_cuts <= whole.distance**p + rounding
    assert whole.distance**p <= cut.distance**p + rounding
    assert (whole.cuts, whole.at_cuts) == (0, 0.0)


def test_crowds_are_cut_and_what_is_paid_at_the_cuts_is_little() -> None:
    rng = np.random.default_rng(3)
    truths = rng.normal(0.0, 6.0, (6, 1)) + 4.0 * np.sin(0.1 * np.arange(120) + 6.0 * rng.random((6, 1)))
    seen = truths + rng.normal(0.0, 1.0, truths.shape)
    scene = Scene(np.where(np.arange(120) < 70, seen, seen[::-1]), truths)
    cut, whole = scored(scene, 3.0, most_cells=300), scored(scene, 3.0)
    assert cut.cuts > 5
    assert whole.switch_count > 1.0
    five_percent = 0.05  # cut every eighth step
    assert 0.0 <= cut.distance - whole.distance < five_percent * whole.distance
    assert cut.switches_at.sum() == pytest.approx(cut.switches)


def test_on_paths_that_cross_it_equals_the_whole_program_and_most_often_the_best_assignments() -> None:
    rng, equal, switching = np.random.default_rng(6), 0, 0
    for _ in range(60):
        scene, gamma = Scene(walks(rng, 3, 5), walks(rng, 3, 5)), float(rng.uniform(0.5, 4.0))
        found = scored(scene, gamma)
        assert found.distance**2 == pytest.approx(by_whole_program(scene, gamma, 2.0), rel=SOLVER)
        best = by_all_assignments(scene, gamma, 2.0)
        assert found.distance**2 <= best * (1.0 + SOLVER)
        equal += abs(found.distance**2 - best) < SOLVER * best
        switching += found.switches > 0.0
    assert (equal, switching) > (50, 30)


def price(shares: np.ndarray, gain: np.ndarray, half_switch: float) -> float:
    return float((shares * gain).sum() + half_switch * np.abs(np.diff(shares, axis=1)).sum())


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_the_pairs_of_one_trajectory_are_chosen_as_by_trying_every_course(seed: int, half_switch: float) -> None:
    rng = np.random.default_rng(seed)
    pairs, steps = 3, 5
    gain = -rng.random((pairs, steps)) * (rng.random((pairs, steps)) < 0.6)
    gain[:, 0] -= 1e-9  # no pair without any gain
    held = np.eye(pairs + 1)[:, :pairs]  # the last state is none of the pairs
    best = min(price(held[list(course)].T, gain, half_switch) for course in product(range(pairs + 1), repeat=steps))
    for i, j in ((np.zeros(pairs, np.int64), np.arange(pairs)), (np.arange(pairs), np.zeros(pairs, np.int64))):
        found = best_shares(i, j, gain, half_switch)
        assert found.sum(axis=0).max() <= 1.0
        assert price(found, gain, half_switch) == pytest.approx(best, abs=ROUNDING)


@settings(max_examples=80)
@given(scenes(most=1), gammas, powers)
def test_with_one_trajectory_a_side_it_is_the_best_of_all_assignments(scene: Scene, gamma: float, p: float) -> None:
    best = by_all_assignments(scene, gamma, p)
    assert scored(scene, gamma, p).distance ** p == pytest.approx(best, rel=ROUNDING, abs=ROUNDING)


@settings(max_examples=60)
@given(scenes(), scenes(), gammas)
def test_one_truth_against_many_tracks_is_the_best_of_all_assignments(one: Scene, other: Scene, gamma: float) -> None:
    scene = Scene(one.estimates, one.truths[:1])
    best = by_all_assignments(scene, gamma, 2.0)
    assert scored(scene, gamma).distance ** 2 == pytest.approx(best, rel=ROUNDING, abs=ROUNDING)


@settings(max_examples=60)
@given(scenes(), gammas)
def test_the_parts_add_up_at_each_step_and_in_all(scene: Scene, gamma: float) -> None:
    score = scored(scene, gamma)
    parts = score.localisation + score.missed + score.false + score.switches
    assert parts == pytest.approx(score.distance**2, rel=ROUNDING, abs=ROUNDING)
    for name in ("localisation", "missed", "false", "switches"):
        at = getattr(score, f"{name}_at")
        assert at.sum() == pytest.approx(getattr(score, name), rel=ROUNDING, abs=ROUNDING)
        assert (at > -SOLVER).all()


@settings(max_examples=60)
@given(scenes(), gammas)
def test_it_is_symmetric_and_zero_for_equal_sets(scene: Scene, gamma: float) -> None:
    score, back = scored(scene, gamma), scored(Scene(scene.truths, scene.estimates), gamma)
    assert score.distance**2 == pytest.approx(back.distance**2, rel=SOLVER, abs=SOLVER)
    assert scored(Scene(scene.truths, scene.truths), gamma).distance ** 2 == pytest.approx(0.0, abs=SOLVER)


@settings(max_examples=60)
@given(st.data(), gammas)
def test_the_way_round_by_a_third_set_is_never_shorter(data: st.DataObject, gamma: float) -> None:
    first, second = data.draw(scenes(steps=3)), data.draw(scenes(steps=3))
    k = min(first.truths.shape[1], second.truths.shape[1])
    x, y, z = first.estimates[:, :k], first.truths[:, :k], second.truths[:, :k]
    direct, to, onward = (scored(Scene(a, b), gamma).distance for a, b in ((x, y), (x, z), (z, y)))
    root_of_the_solvers_tolerance = 1e-4
    assert direct <= to + onward + root_of_the_solvers_tolerance


@settings(max_examples=60)
@given(scenes())
def test_where_a_switch_is_free_it_is_gospa_summed_over_the_steps(scene: Scene) -> None:
    tables = []
    for states in scene:
        which, step = np.nonzero(~np.isnan(states))
        tables += [step.astype(float), states[which, step][:, None]]
    series = gospa_over_time(*tables, c=CUT)
    assert scored(scene, 0.0).distance ** 2 == pytest.approx((series.distance**2).sum(), rel=SOLVER, abs=SOLVER)

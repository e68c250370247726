"""What any GOSPA must do: be a metric, not mind the order, add up, and agree with trying every assignment."""

from __future__ import annotations

from itertools import combinations, permutations
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chainhome.metrics import gospa, gospa_over_time
from chainhome.metrics.matching import best_pairs

ROUNDING = 1e-9
COORDINATE = st.floats(-100.0, 100.0, allow_nan=False)


def points(most: int = 5) -> st.SearchStrategy[np.ndarray]:
    return st.integers(0, most).flatmap(lambda n: arrays(np.float64, (n, 2), elements=COORDINATE))


def by_trying_all(x: np.ndarray, y: np.ndarray, c: float, p: float, alpha: float) -> float:
    """The definition itself: the smaller set is assigned in every possible way, the surplus pays c^p / alpha."""
    few, many = (x, y) if len(x) <= len(y) else (y, x)
    best = min(
        sum(min(float(np.hypot(*(few[i] - many[j]))), c) ** p for i, j in enumerate(order))
        for order in permutations(range(len(many)), len(few))
    )
    return (best + c**p / alpha * (len(many) - len(few))) ** (1 / p)


@settings(deadline=None, max_examples=60)
@given(points(4), points(4), st.floats(1.0, 80.0), st.sampled_from([1.0, 2.0, 3.0]), st.sampled_from([0.5, 1.0, 2.0]))
def test_it_equals_the_best_of_all_assignments(x: np.ndarray, y: np.ndarray, c: float, p: float, alpha: float) -> None:
    assert gospa(x, y, c=c, p=p, alpha=alpha).distance == pytest.approx(
        by_trying_all(x, y, c, p, alpha), abs=1e-6, rel=ROUNDING
    )


@settings(deadline=None, max_examples=60)
@given(points(), points(), points(), st.floats(1.0, 80.0))
def test_it_is_a_metric(x: np.ndarray, y: np.ndarray, z: np.ndarray, c: float) -> None:
    to_y, back = gospa(x, y, c=c).distance, gospa(y, x, c=c).distance
    assert to_y == pytest.approx(back, abs=ROUNDING)
    assert gospa(x, x, c=c).distance == 0.0
    assert to_y <= gospa(x, z, c=c).distance + gospa(z, y, c=c).distance + ROUNDING


@settings(deadline=None, max_examples=60)
@given(points(), points(), st.floats(1.0, 80.0), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_parts_add_up(x: np.ndarray, y: np.ndarray, c: float, shuffle: object) -> None:
    order = list(range(len(x)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    score, again = gospa(x, y, c=c), gospa(x[order], y, c=c)
    assert score.distance == pytest.approx(again.distance, abs=ROUNDING)
    assert score.localisation + score.missed + score.false == pytest.approx(
        score.distance**2, abs=ROUNDING, rel=ROUNDING
    )
    paired = (score.assignment >= 0).sum()
    assert score.missed == pytest.approx((len(y) - paired) * c**2 / 2)
    assert score.false == pytest.approx((len(x) - paired) * c**2 / 2)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(points(3), points(3)), max_size=4))
def test_over_time_each_moment_has_its_own_score(moments: list[tuple[np.ndarray, np.ndarray]]) -> None:
    times = np.arange(len(moments), dtype=float)
    x = np.concatenate([np.zeros((0, 2)), *(a for a, _ in moments)])
    y = np.concatenate([np.zeros((0, 2)), *(b for _, b in moments)])
    x_time = np.repeat(times, [len(a) for a, _ in moments])
    y_time = np.repeat(times, [len(b) for _, b in moments])
    flip = slice(None, None, -1)
    series = gospa_over_time(x_time[flip], x[flip], y_time, y, c=20.0, times_s=times)
    assert series.distance.tolist() == pytest.approx([gospa(a, b, c=20.0).distance for a, b in moments], abs=ROUNDING)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(points(7), points(7)), max_size=4),
    st.floats(1.0, 120.0),
    st.sampled_from([1.0, 2.0, 3.0]),
    st.sampled_from([0.5, 1.0, 2.0]),
)
def test_the_groups_of_near_pairs_give_what_the_whole_table_gives(
    moments: list[tuple[np.ndarray, np.ndarray]], c: float, p: float, alpha: float
) -> None:
    times = np.arange(len(moments), dtype=float)
    tables = [np.concatenate([np.zeros((0, 2)), *(pair[side] for pair in moments)]) for side in (0, 1)]
    steps = [np.repeat(times, [len(pair[side]) for pair in moments]) for side in (0, 1)]
    series = gospa_over_time(steps[0], tables[0], steps[1], tables[1], c=c, p=p, alpha=alpha, times_s=times)
    whole = [gospa(x, y, c=c, p=p, alpha=alpha) for x, y in moments]
    for name in ("distance", "localisation", "missed", "false"):
        expected = [getattr(one, name) for one in whole]
        assert getattr(series, name).tolist() == pytest.approx(expected, rel=ROUNDING, abs=1e-6)
    if alpha < 2:
        fewer = [min(len(x), len(y)) for x, y in moments]
        assert series.missed_count.tolist() == [len(y) - few for (_, y), few in zip(moments, fewer, strict=True)]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(points(5), points(5)), max_size=5), st.integers(1, 40))
def test_taking_fewer_steps_together_changes_nothing(
    moments: list[tuple[np.ndarray, np.ndarray]], pairs_at_once: int
) -> None:
    tables = [np.concatenate([np.zeros((0, 2)), *(pair[side] for pair in moments)]) for side in (0, 1)]
    steps = [np.repeat(np.arange(float(len(moments))), [len(pair[side]) for pair in moments]) for side in (0, 1)]
    whole = gospa_over_time(steps[0], tables[0], steps[1], tables[1], c=60.0)
    with mock.patch("chainhome.metrics.gospa._PAIRS_AT_ONCE", pairs_at_once):
        parts = gospa_over_time(steps[0], tables[0], steps[1], tables[1], c=60.0)
    assert parts.distance.tolist() == pytest.approx(whole.distance.tolist(), abs=ROUNDING)
    assert parts.missed_count.tolist() == whole.missed_count.tolist()


@settings(deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.floats(-9.0, -0.1)), max_size=10))
def test_the_best_pairs_are_the_best_of_all_choices(drawn: list[tuple[int, int, float]]) -> None:
    pairs = list({(i, j): (i, j, cost) for i, j, cost in drawn}.values())
    i, j = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    cost = np.array([pair[2] for pair in pairs])
    kept = best_pairs(i, j, cost, 5, 5)
    assert len(set(i[kept])) == len(set(j[kept])) == kept.sum()
    best = min(
        sum(pair[2] for pair in chosen)
        for size in range(6)
        for chosen in combinations(pairs, size)
        if len({pair[0] for pair in chosen}) == len({pair[1] for pair in chosen}) == size
    )
    assert cost[kept].sum() == pytest.approx(best, abs=ROUNDING)

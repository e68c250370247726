"""Trajectory GOSPA on stories with a closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.metrics import TrajectoryGospa, trajectory_gospa

CUT, GAMMA = 10.0, 2.0
STEPS = np.arange(5.0)
ROUNDING = 1e-9


def line(height: float, steps: Any = STEPS) -> list[list[float]]:
    return [[float(step), height] for step in steps]


def score(tracks: list[tuple[int, Any, list[list[float]]]], truths: list[float], **options: Any) -> TrajectoryGospa:
    """Score tracks (id, steps, points) against truths that fly along at their heights."""
    ids = np.concatenate([np.full(len(steps), number) for number, steps, _ in tracks] or [np.zeros(0, int)])
    times = np.concatenate([np.asarray(steps, float) for _, steps, _ in tracks] or [np.zeros(0)])
    points = np.concatenate([np.array(points) for _, _, points in tracks] or [np.zeros((0, 2))])
    truth = np.array([point for height in truths for point in line(height)]).reshape(-1, 2)
    numbers, truth_times = np.repeat(np.arange(len(truths)), len(STEPS)), np.tile(STEPS, len(truths))
    given = {"c": CUT, "gamma": GAMMA} | options
    return trajectory_gospa(times, ids, points, truth_times, numbers, truth, **given)


def test_a_truth_that_changes_its_track_pays_for_the_switch_and_for_the_gap() -> None:
    """Offsets 3 and 3, a step missed, then 4 and 4 by another track: 18 + 32, c^2 / 2, and two half switches."""
    found = score([(1, [0, 1], line(3.0, [0, 1])), (2, [3, 4], line(4.0, [3, 4]))], [0.0])
    assert (found.localisation, found.missed, found.false, found.switches) == (50.0, 50.0, 0.0, 4.0)
    assert found.distance == pytest.approx(104.0**0.5)
    assert found.distance_per_step == pytest.approx((104.0 / 5) ** 0.5)
    assert found.switch_count == 1.0
    assert found.missed_at.tolist() == [0.0, 0.0, 50.0, 0.0, 0.0]


def test_two_tracks_that_exchange_their_numbers_cost_two_switches() -> None:
    heights, early, late = (0.0, 5.0), [0, 1], [2, 3, 4]
    swapped = [(1, early, line(heights[0], early)), (2, early, line(heights[1], early))]
    swapped += [(2, late, line(heights[0], late)), (1, late, line(heights[1], late))]
    found = score(swapped, list(heights))
    assert found.distance == pytest.approx((2.0 * GAMMA**2) ** 0.5)
    assert (found.switch_count, found.localisation) == (pytest.approx(2.0), pytest.approx(0.0))
    assert found.switches_at.tolist() == pytest.approx([0.0, 0.0, 2.0 * GAMMA**2, 0.0, 0.0])


def test_where_a_switch_costs_more_than_the_wrong_track_nothing_switches() -> None:
    """Five metres apart for three steps cost 2 x 3 x 25 = 150 with the wrong number, a switch 2 x 10^2 = 200."""
    early, late = [0, 1], [2, 3, 4]
    swapped = [(1, early, line(0.0, early)), (2, early, line(5.0, early))]
    swapped += [(2, late, line(0.0, late)), (1, late, line(5.0, late))]
    found = score(swapped, [0.0, 5.0], gamma=10.0)
    # Keeping the numbers of the late steps is cheaper still: two steps wrong.
    assert found.distance**2 == pytest.approx(2 * 2 * 25.0)
    assert found.switches == pytest.approx(0.0)


def test_a_false_track_and_a_missed_truth_cost_half_the_cut_off_at_each_step() -> None:
    found = score([(9, STEPS, line(500.0))], [0.0])
    assert (found.localisation, found.missed, found.false, found.switches) == (0.0, 250.0, 250.0, 0.0)


def test_nothing_against_nothing_is_no_distance() -> None:
    nothing = score([], [])
    assert nothing.distance == 0.0
    assert np.isnan(nothing.distance_per_step)
    named = score([], [], times_s=STEPS)
    assert (named.distance, named.distance_per_step, named.missed_at.tolist()) == (0.0, 0.0, [0.0] * 5)


def test_rows_at_other_times_than_those_named_do_not_count() -> None:
    found = score([(1, STEPS, line(3.0))], [0.0], times_s=[1.0, 2.0])
    assert found.localisation == pytest.approx(18.0)
    assert found.time_s.tolist() == [1.0, 2.0]


def test_half_shares_are_allowed_by_the_relaxation_and_never_cost_more() -> None:
    """Fifteen aircraft that cross: no dearer than to keep the numbers, and as many missed as false."""
    rng = np.random.default_rng(8)
    tracks, steps = 15, np.arange(20)
    paths = rng.uniform(-20, 20, (tracks, 1, 2)) + rng.normal(0.0, 1.0, (tracks, 1, 2)) * steps[None, :, None]
    seen = paths + rng.normal(0.0, 2.0, paths.shape)
    numbers = np.repeat(np.arange(tracks), len(steps))
    tables = [
        np.tile(steps, tracks),
        numbers,
        seen.reshape(-1, 2),
        np.tile(steps, tracks),
        numbers,
        paths.reshape(-1, 2),
    ]
    found = trajectory_gospa(*tables, c=CUT, gamma=GAMMA)
    same_numbers = ((seen - paths) ** 2).sum(axis=2)
    kept = np.minimum(same_numbers, CUT**2).sum()
    assert 0.0 < found.distance**2 <= kept * (1.0 + ROUNDING)
    assert found.false == pytest.approx(found.missed, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"c": 0.0}, "c > 0"), ({"gamma": -1.0}, "gamma >= 0"), ({"p": 0.5}, "p >= 1")],
)
def test_what_has_no_distance_is_refused(options: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        score([(1, STEPS, line(3.0))], [0.0], **options)


def test_an_id_that_stands_twice_at_one_time_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"id 4 stands more than once among the estimates at 2\.0 s"):
        score([(4, [2, 2], line(0.0, [2, 2]))], [0.0])
    with pytest.raises(ValueError, match="2 estimates at 1 times"):
        trajectory_gospa([0.0], [1], [[0.0], [1.0]], [0.0], [1], [[0.0]], c=CUT, gamma=GAMMA)

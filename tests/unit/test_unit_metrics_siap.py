"""What SIAP does with little, with much, and with what cannot be; which object is nearest."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.metrics import TrackSamples, nearest_truth, siap
from chainhome.tables import Truth

NOBODY = TrackSamples(np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros((0, 3)))


def truth(times: list[float], target: int = 5, height: float = 0.0) -> Truth:
    return Truth.make(time_s=times, target_id=target, x_m=0.0, y_m=0.0, z_m=height, vx_mps=0.0, vy_mps=0.0, vz_mps=0.0)


def shown(times: list[float], track: int = 1, x: float = 0.0) -> TrackSamples:
    n = len(times)
    return TrackSamples(np.array(times), np.full(n, track), np.tile([x, 0.0, 0.0], (n, 1)), np.zeros((n, 3)))


def test_where_there_is_nothing_there_is_no_share() -> None:
    nothing = siap(truth([]), NOBODY, [])
    assert np.isnan([nothing.completeness, nothing.ambiguity, nothing.spuriousness, nothing.longest_track_share]).all()
    untracked = siap(truth([0.0, 1.0]), NOBODY, [])
    assert (untracked.completeness, untracked.longest_track_share) == (0.0, 0.0)
    assert np.isnan([untracked.ambiguity, untracked.position_error_rms_m, untracked.track_number_changes_per_s]).all()
    false_only = siap(truth([]), shown([0.0, 1.0]), [-1, -1])
    assert false_only.spuriousness == 1.0
    assert np.isnan(false_only.completeness)


def test_a_track_of_an_object_that_is_not_there_stands_for_none() -> None:
    score = siap(truth([0.0, 1.0]), shown([0.0, 1.0, 2.0]), [5, 5, 5])
    assert (score.completeness, score.spuriousness) == (1.0, pytest.approx(1 / 3))
    assert score.longest_track_share == 1.0


def test_height_is_left_out_of_the_horizontal_error() -> None:
    given = truth([0.0], height=400.0), shown([0.0], x=300.0), [5]
    assert siap(*given).position_error_rms_m == 500.0
    assert siap(*given, horizontal=True).position_error_rms_m == 300.0


def test_rows_that_stand_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="an object of the truth stands more than once"):
        siap(truth([0.0, 0.0]), shown([0.0]), [5])
    with pytest.raises(ValueError, match="a track stands more than once"):
        siap(truth([0.0]), shown([0.0, 0.0]), [5, 5])
    with pytest.raises(ValueError, match="2 truth ids for 1 rows"):
        siap(truth([0.0]), shown([0.0]), [5, 5])


def test_a_track_lost_and_found_again_counts_as_a_change_and_its_parts_add_up() -> None:
    """Ten samples; the track stands at 0 to 3 s and 6 to 9 s: one change in six seconds, six of nine seconds."""
    times = [float(t) for t in range(10)]
    score = siap(truth(times), shown(times), [5] * 4 + [-1] * 2 + [5] * 4)
    assert score.track_number_changes_per_s == pytest.approx(1 / 6)
    assert score.longest_track_share == pytest.approx(6 / 9)


def test_as_in_stone_soup_the_track_that_stands_latest_in_the_end_is_taken_even_if_lost_sooner() -> None:
    """Track 1 stands at 0 to 3 and 8 to 9 s, track 2 at 0 to 6 s: 1, 2 and 1 make two changes in seven seconds."""
    times = [float(t) for t in range(10)]
    both = [shown(times), shown(times, track=2)]
    columns = [np.concatenate([getattr(one, name) for one in both]) for name in vars(both[0])]
    named = [5] * 4 + [-1] * 4 + [5] * 2 + [5] * 7 + [-1] * 3
    score = siap(truth(times), TrackSamples(*columns), named)
    assert score.track_number_changes_per_s == pytest.approx(2 / 7)
    assert score.longest_track_share == pytest.approx(6 / 9)


def test_each_track_takes_the_nearest_object_of_its_own_time() -> None:
    objects = Truth.concat([truth([0.0, 1.0]), truth([0.0], target=6, height=90.0)])
    tracks = TrackSamples(
        np.array([0.0, 0.0, 1.0, 1.0]),
        np.array([1, 2, 1, 2]),
        np.array([[0.0, 0.0, 40.0], [0.0, 0.0, 60.0], [0.0, 0.0, 40.0], [0.0, 0.0, 260.0]]),
        np.zeros((4, 3)),
    )
    assert nearest_truth(objects, tracks, near_m=100.0).tolist() == [5, 6, 5, -1]
    assert nearest_truth(objects, NOBODY, near_m=100.0).tolist() == []

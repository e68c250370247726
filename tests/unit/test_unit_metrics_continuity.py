"""Continuity on tracks whose story is known, and tracks sampled at common times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.metrics import continuity, tracks_at
from chainhome.tables import Detections, Tracks

TENTATIVE, CONFIRMED, ENDED = 0, 1, 2
STILL: dict[str, Any] = {"y_m": 0.0, "z_m": 0.0, "vx_mps": 0.0, "vy_mps": 0.0, "vz_mps": 0.0}
TIMES = np.arange(0.0, 100.0, 10.0)


def row(track: int, times: Any, plots: Any, status: Any = CONFIRMED, x: float = 0.0) -> Tracks:
    return Tracks.make(time_s=times, track_id=track, detection_id=plots, status=status, x_m=x, **STILL)


def test_a_target_lost_and_found_again_under_another_number_shows_a_break_and_a_switch() -> None:
    tracks = Tracks.concat([row(1, [10.0, 20.0, 30.0], [1, 2, 3]), row(2, [60.0, 70.0, 80.0, 90.0], [6, 7, 8, 9])])
    plots = Detections.make(detection_id=np.arange(10), target_id=4)
    scores = continuity(tracks, plots, sample_time_s=TIMES, sample_target_id=[4] * 10, max_age_s=10.0)
    assert scores.target_id.tolist() == [4]
    assert scores.first_confirmed_s.tolist() == [10.0]
    assert scores.completeness.tolist() == [0.8]
    assert (scores.breaks.tolist(), scores.id_switches.tolist()) == ([1], [1])
    assert scores.longest_s.tolist() == [30.0]
    assert scores.track_target_id.tolist() == [4, 4]


def test_a_track_belongs_to_the_target_of_most_of_its_plots_and_a_swap_costs_purity() -> None:
    tracks = Tracks.concat([row(1, TIMES, np.arange(10)), row(2, TIMES, 10 + np.arange(10))])
    target = np.array([5] * 7 + [6] * 3 + [6] * 7 + [5] * 3)
    plots = Detections.make(detection_id=np.arange(20), target_id=target)
    samples = {"sample_time_s": np.tile(TIMES, 2), "sample_target_id": np.repeat([5, 6], 10)}
    scores = continuity(tracks, plots, max_age_s=10.0, **samples)
    assert scores.track_target_id.tolist() == [5, 6]
    assert scores.purity.tolist() == [0.7, 0.7]
    assert scores.id_switches.tolist() == [1, 1]
    assert scores.completeness.tolist() == [1.0, 1.0]


def test_a_track_of_false_alarms_belongs_to_nobody_and_a_target_without_a_track_scores_nothing() -> None:
    tracks = row(1, [0.0, 10.0, 20.0], [0, 1, 2])
    plots = Detections.make(detection_id=[0, 1, 2], target_id=[-1, -1, 3])
    scores = continuity(tracks, plots, sample_time_s=TIMES, sample_target_id=[3] * 10, max_age_s=10.0)
    assert scores.track_target_id.tolist() == [-1]
    assert scores.completeness.tolist() == [0.0]
    assert np.isnan(scores.first_confirmed_s).tolist() == [True]
    assert scores.longest_s.tolist() == [0.0]


def test_tentative_rows_count_for_nothing() -> None:
    tracks = row(1, [0.0, 10.0, 20.0], [0, 1, 2], [TENTATIVE, TENTATIVE, CONFIRMED])
    plots = Detections.make(detection_id=[0, 1, 2], target_id=3)
    scores = continuity(tracks, plots, sample_time_s=TIMES[:3], sample_target_id=[3] * 3, max_age_s=10.0)
    assert scores.first_confirmed_s.tolist() == [20.0]
    assert scores.completeness.round(3).tolist() == [0.333]
    never = continuity(tracks[:2], plots, sample_time_s=TIMES[:3], sample_target_id=[3] * 3, max_age_s=10.0)
    assert len(never.track_id) == 0


def test_in_a_recording_a_track_belongs_to_the_nearest_target() -> None:
    tracks = Tracks.concat([row(1, TIMES, np.arange(10), x=100.0), row(2, TIMES, 10 + np.arange(10), x=90e3)])
    plots = Detections.make(detection_id=np.arange(20))
    position = np.zeros((20, 3))
    position[10:, 0] = 1_000.0
    samples = {"sample_time_s": np.tile(TIMES, 2), "sample_target_id": np.repeat([5, 6], 10), "max_age_s": 10.0}
    scores = continuity(tracks, plots, sample_position_m=position, **samples)
    assert scores.track_target_id.tolist() == [5, -1]
    assert scores.completeness.tolist() == [1.0, 0.0]
    assert np.isnan(scores.purity).all()
    nowhere = continuity(tracks, plots, **samples)
    assert nowhere.track_target_id.tolist() == [-1, -1]
    assert nowhere.completeness.tolist() == [0.0, 0.0]


def test_in_a_recording_of_two_targets_equally_near_the_track_belongs_to_the_smaller_number() -> None:
    position = np.zeros((20, 3))
    position[:10, 0], position[10:, 0] = 200.0, -200.0
    samples = {"sample_time_s": np.tile(TIMES, 2), "sample_target_id": np.repeat([6, 5], 10), "max_age_s": 10.0}
    plots = Detections.make(detection_id=np.arange(10))
    scores = continuity(row(1, TIMES, np.arange(10)), plots, sample_position_m=position, **samples)
    assert scores.track_target_id.tolist() == [5]


def test_a_track_of_a_plot_that_nobody_reported_is_refused() -> None:
    with pytest.raises(ValueError, match="not in the detections"):
        continuity(row(1, [0.0], [9]), Detections.make(1), sample_time_s=[0.0], sample_target_id=[1], max_age_s=1.0)


def test_no_tracks_at_all_is_a_score_of_nothing() -> None:
    plots = Detections.make(detection_id=[0], target_id=3)
    scores = continuity(Tracks.make(0), plots, sample_time_s=TIMES, sample_target_id=[3] * 10, max_age_s=10.0)
    assert scores.completeness.tolist() == [0.0]
    assert scores.breaks.tolist() == [0]


def test_a_track_is_shown_from_its_last_row_on_until_it_ends_or_grows_old() -> None:
    rows = Tracks.make(
        time_s=[0.0, 10.0, 20.0, 5.0],
        track_id=[1, 1, 1, 2],
        status=[CONFIRMED, CONFIRMED, ENDED, CONFIRMED],
        x_m=[0.0, 1_100.0, 0.0, 7.0],
        **(STILL | {"vx_mps": 100.0}),
    )
    samples = tracks_at(rows, [30.0, 4.0, 12.0, 19.0, 20.0], max_age_s=14.0)
    assert samples.time_s.tolist() == [4.0, 12.0, 12.0, 19.0, 19.0]
    assert samples.track_id.tolist() == [1, 1, 2, 1, 2]
    assert samples.position_m[:, 0].tolist() == [400.0, 1_300.0, 707.0, 2_000.0, 1_407.0]

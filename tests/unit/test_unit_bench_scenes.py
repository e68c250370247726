"""The scenes of the tracking benchmark: same seed same bytes, honest flight, stated statistics, fair scores."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from tracking import flights, meeting, scenes, scoring

GRAVITY_MPS2 = 9.80665
FOUR_STANDARD_ERRORS = 4.0
ROUNDING_M = 1e-6


@pytest.fixture(scope="module")
def crowd() -> scenes.Scene:
    return scenes.main_scene(200, 7)


def paths(scene: scenes.Scene) -> list[np.ndarray]:
    """The states (k, 6) of each aircraft, scan by scan."""
    return [scene.truth[scene.truth[:, 1] == who, 2:] for who in np.unique(scene.truth[:, 1])]


@pytest.mark.parametrize(
    "build",
    [
        lambda seed: scenes.main_scene(10, seed, scans=30),
        lambda seed: scenes.dense_scene(seed, scans=30),
        lambda seed: scenes.formation_scene(seed, scans=30),
        lambda seed: scenes.scale_scene(40, seed, quarters=2, scans=30),
    ],
    ids=["main", "dense", "formation", "scale"],
)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(build) -> None:
    assert build(3).digest() == build(3).digest()
    assert build(3).digest() != build(4).digest()


def test_half_are_fighters_a_third_late_and_a_fifth_gone_early(crowd: scenes.Scene) -> None:
    of_each = [crowd.truth[crowd.truth[:, 1] == who] for who in range(200)]
    speeds = np.array([np.hypot(rows[0, 5], rows[0, 6]) for rows in of_each])
    assert ((speeds[::2] >= 200.0) & (speeds[::2] <= 400.0)).all()
    assert ((speeds[1::2] >= 150.0) & (speeds[1::2] <= 260.0)).all()
    assert sum(rows[0, 0] > 0 for rows in of_each) == 60
    assert sum(rows[-1, 0] < crowd.scans - 1 for rows in of_each) <= 40
    assert min(len(rows) for rows in of_each) >= scenes.LEAST_LIFE_SCANS


def test_no_turn_is_harder_than_its_class_allows(crowd: scenes.Scene) -> None:
    # Over a chord of 5 s the mean acceleration is never more than the greatest on the way.
    hardest = [
        np.hypot(*np.diff(path[:, 3:5], axis=0).T).max() / crowd.period_s / GRAVITY_MPS2 for path in paths(crowd)
    ]
    rounding_g = 1e-9
    assert max(hardest[::2]) <= 4.0 + rounding_g
    assert max(hardest[1::2]) <= 0.4 + rounding_g
    assert max(hardest[::2]) > 2.0, "no fighter turns hard"
    assert max(hardest[1::2]) > 0.2, "no airliner turns"


def test_speed_is_constant_and_position_follows_velocity(crowd: scenes.Scene) -> None:
    for path in paths(crowd):
        speed = np.hypot(path[:, 3], path[:, 4])
        assert np.ptp(speed) < ROUNDING_M
        step = np.diff(path[:, :2], axis=0)
        assert (np.hypot(*step.T) <= speed[0] * crowd.period_s + ROUNDING_M).all()
        middle = 0.5 * (path[1:, 3:5] + path[:-1, 3:5]) * crowd.period_s
        # Trapezoid against arc: with |a| <= a_max throughout, they differ by at most a_max T² / 4.
        most = 4.0 * GRAVITY_MPS2 * crowd.period_s**2 / 4.0
        assert (np.hypot(*(step - middle).T) <= most).all()


def test_an_arc_is_the_circle_of_its_speed_and_rate() -> None:
    circling = flights.FIGHTER._replace(speed_mps=(300.0, 300.0), turn_g=(1.0, 1.0), turn_rad=(1e3, 1e3), leg_s=(0, 0))
    rng = np.random.default_rng(1)
    path = flights.fly([circling], np.zeros(1, np.int64), scenes.ALL_ROUND, 40, 5.0, rng)[0, 1:]
    radius_m = 300.0**2 / GRAVITY_MPS2
    left = np.sign(path[0, 3] * path[1, 4] - path[0, 4] * path[1, 3])
    inward = left * np.column_stack([-path[:, 4], path[:, 3]]) / 300.0
    centres = path[:, :2] + radius_m * inward
    assert np.ptp(centres, axis=0).max() < ROUNDING_M


def test_aircraft_stay_in_range_and_between_sensible_heights(crowd: scenes.Scene) -> None:
    reach = scenes.polar(crowd.truth[:, 2:5])[:, 0]
    assert reach.min() >= 5_000.0 - scenes.ANTENNA_M
    assert reach.max() <= 400_000.0
    overshoot_m = 5.0
    assert crowd.truth[:, 4].min() >= 500.0 - overshoot_m
    assert crowd.truth[:, 4].max() <= 12_000.0 + overshoot_m
    dense = scenes.dense_scene(1, scans=40)
    assert scenes.DENSE.inside(dense.truth[:, 2], dense.truth[:, 3]).all()


def test_plots_have_the_stated_noise_detection_probability_and_clutter(crowd: scenes.Scene) -> None:
    truth = {(row[0], row[1]): row[2:5] for row in crowd.truth}
    real = crowd.plot_truth >= 0
    keys = zip(crowd.plots[real, 0], crowd.plot_truth[real], strict=True)
    error = crowd.plots[real, 1:] - scenes.polar(np.array([truth[key] for key in keys]))
    error[:, 1] = (error[:, 1] + np.pi) % (2.0 * np.pi) - np.pi
    scaled, n = error / crowd.sigma, len(error)
    assert np.abs(scaled.mean(axis=0)).max() < FOUR_STANDARD_ERRORS / np.sqrt(n)
    assert np.abs(scaled.std(axis=0) - 1.0).max() < FOUR_STANDARD_ERRORS / np.sqrt(2.0 * n)
    share = n / len(crowd.truth)
    assert abs(share - 0.9) < FOUR_STANDARD_ERRORS * np.sqrt(0.9 * 0.1 / len(crowd.truth))
    false = crowd.plots[~real]
    assert abs(len(false) / crowd.scans - 100.0) < FOUR_STANDARD_ERRORS * np.sqrt(100.0 / crowd.scans)
    spans = np.array([crowd.region.range_m, crowd.region.azimuth_rad, crowd.clutter_elevation_rad])
    evenly = (false[:, 1:] - spans[:, 0]) / (spans[:, 1] - spans[:, 0])
    assert ((evenly >= 0.0) & (evenly <= 1.0)).all()
    assert np.abs(evenly.mean(axis=0) - 0.5).max() < FOUR_STANDARD_ERRORS / np.sqrt(12.0 * len(false))
    assert crowd.clutter_density == pytest.approx(100.0 / np.prod(spans[:, 1] - spans[:, 0]))


def test_formations_keep_1500_m_while_they_turn() -> None:
    scene = scenes.formation_scene(2, scans=60)
    flown = paths(scene)
    for first in range(0, len(flown), 4):
        members = np.array(flown[first : first + 4])[:, :, :2]
        apart = np.linalg.norm(members[:, None] - members[None], axis=3)
        apart[np.arange(4), np.arange(4)] = np.inf
        assert np.abs(apart.min(axis=1) - 1_500.0).max() < ROUNDING_M
    assert any(np.ptp(np.arctan2(path[:, 3], path[:, 4])) > 0.5 for path in flown)


def test_four_quarters_have_the_density_of_one() -> None:
    one, four = scenes.scale_scene(50, 1, quarters=1, scans=21), scenes.scale_scene(200, 1, quarters=4, scans=21)
    assert one.clutter_density == pytest.approx(four.clutter_density)
    azimuth = scenes.polar(four.truth[:, 2:5])[:, 1]
    born = np.array([azimuth[four.truth[:, 1] == who][0] for who in range(200)])
    assert np.histogram(born, 4, (0.0, 2.0 * np.pi))[0].tolist() == [50, 50, 50, 50]
    speed = np.hypot(*np.diff(paths(four)[170][:, :2], axis=0).T) / four.period_s
    assert (speed <= 400.0).all(), "position and velocity turn together"
    for path in paths(four):
        assert np.sum(np.diff(path[:, :2], axis=0) * path[:-1, 3:5]) > 0.0


def test_four_targets_meet_in_the_middle_as_published() -> None:
    truths = np.array([meeting.truth(seed) for seed in range(200)])
    assert truths.shape == (200, 81, 4, 4)
    middle = truths[:, 40, 1:].reshape(-1, 4) - [150.0, 0.0, 150.0, 0.0]
    n = len(middle)
    assert np.abs(middle.mean(axis=0)).max() < FOUR_STANDARD_ERRORS * np.sqrt(0.1 / n)
    assert np.abs(middle.var(axis=0) / 0.1 - 1.0).max() < FOUR_STANDARD_ERRORS * np.sqrt(2.0 / n)
    assert np.isfinite(truths[:, :40]).all(), "all four are alive from step 1"
    assert np.isnan(truths[:, 40:, 0]).all(), "target 1 dies at step 41"
    assert np.isfinite(truths[:, 40:, 1:]).all()
    F, Q = meeting.motion()
    noise = (truths[:, 1:, 1:] - truths[:, :-1, 1:] @ F.T).reshape(-1, 4)
    scatter = noise.T @ noise / len(noise)
    assert np.abs(scatter - Q).max() < FOUR_STANDARD_ERRORS * Q.max() * np.sqrt(2.0 / len(noise))


def test_measurement_sets_of_one_meeting_share_its_truth() -> None:
    one, other = meeting.meeting(3, 0), meeting.meeting(3, 1)
    assert one.truth.tobytes() == other.truth.tobytes()
    assert any(a.shape != b.shape for a, b in zip(one.measurements, other.measurements, strict=True))
    counts = [len(m) for k in range(20) for m in meeting.meeting(3, k).measurements]
    expected = 10.0 + 0.9 * (40 * 4 + 41 * 3) / 81
    assert abs(np.mean(counts) - expected) < FOUR_STANDARD_ERRORS * np.sqrt(10.4 / len(counts))
    perfect = [s[np.isfinite(s[:, 0])][:, [0, 2]] for s in one.truth]
    assert meeting.rms_gospa(one, perfect) == 0.0


def test_the_truth_itself_scores_perfectly_and_each_fault_is_counted() -> None:
    scene = scenes.main_scene(6, 1, scans=40)
    perfect = scoring.score(scene, scene.truth)
    assert (perfect.gospa_2d_m, perfect.gospa_3d_m) == (0.0, 0.0)
    assert (perfect.completeness, perfect.completeness_from_birth, perfect.first_shown_scans) == (1.0, 1.0, 0.0)
    assert (perfect.switches, perfect.false_tracks, perfect.tracks) == (0, 0, 6)
    renamed = scene.truth.copy()
    renamed[(renamed[:, 0] >= 30) & (renamed[:, 1] == 0), 1] = 77
    lived = ((scene.truth[:, 1] == 0) & (scene.truth[:, 0] >= 30)).any()
    assert scoring.score(scene, renamed).switches == int(lived) == 1
    ghost = np.column_stack([np.arange(10.0), np.full(10, 99.0), np.tile([9e5, 9e5, 0, 0, 0, 0], (10, 1))])
    haunted = scoring.score(scene, np.concatenate([scene.truth, ghost]))
    assert (haunted.false_tracks, haunted.tracks) == (1, 7)
    assert haunted.gospa_2d_m == pytest.approx(np.sqrt(10 / 40 * 5_000.0**2 / 2))
    late = scene.truth[scene.truth[:, 0] >= 2]
    delayed = scoring.score(scene, late)
    assert delayed.completeness == 1.0
    assert delayed.completeness_from_birth < 1.0


def test_a_scene_is_plain_data_that_can_be_changed() -> None:
    scene = scenes.main_scene(4, 1, scans=30)
    assert replace(scene, detection_probability=0.5).digest() != scene.digest()
    assert sum(len(scene.plots_at(scan)) for scan in range(scene.scans)) == len(scene.plots)

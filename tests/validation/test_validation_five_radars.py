"""Real flights seen by five simulated radars, written as CAT048, read back, registered and tracked: a small part.

The benchmark `benchmarks/bench_five_radars.py` runs all of it. The flights come out of the wheel of the `traffic`
library, fetched with pip; where that is not possible these tests are skipped.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from chainhome import earth
from chainhome.tables import Truth
from five_radars import flights, radars, score, trial

SEED = 2
SECONDS = 1200.0
LEAST_PURITY, LEAST_COMPLETENESS = 0.99, 0.98
# The goal of the whole benchmark, in sigma. It holds here for a third of an hour already.
MOST_BIAS_SIGMAS = 0.2
MOST_TIME_ERROR_S = 0.05
SAMPLE = "quickstart"


class Small(NamedTuple):
    flown: flights.Flights
    seen: radars.Seen
    found: Any
    plots: Any
    scores: dict[bool, score.Score]


@cache
def small() -> Small:
    """Return the first part of the flights about Paris, seen, registered, and tracked with and without replies."""
    try:
        flown = flights.flights_of(SAMPLE, last_s=SECONDS)
    except flights.NotFetchedError as error:
        pytest.skip(str(error))
    network = radars.NETWORKS[SAMPLE]
    seen = radars.observe(flown, network, SEED)
    watch = trial.watch_of(network, flown)
    plots, _ = trial.through_asterix(seen, watch)
    recording = trial.recording_of(plots, watch)
    found, _ = trial.registered(recording)
    scores = {
        hidden: score.score(flown, network, seen, trial.tracked(recording, found, hide_address=hidden))
        for hidden in (True, False)
    }
    return Small(flown, seen, found, plots, scores)


@pytest.mark.parametrize("hidden", [True, False], ids=["replies hidden", "replies used"])
def test_real_flights_are_whole_and_pure_tracks(hidden: bool) -> None:
    found = small().scores[hidden]
    assert found.flights > 20
    assert found.tracked == found.flights
    assert found.purity >= LEAST_PURITY
    assert found.completeness >= LEAST_COMPLETENESS


def test_the_biases_of_all_five_radars_are_found_also_of_the_one_that_hears_no_replies() -> None:
    errors = score.bias_errors(radars.NETWORKS[SAMPLE], small().seen, small().found)
    assert np.abs(errors.before[:, :2]).min() >= 1.0
    assert errors.worst <= MOST_BIAS_SIGMAS
    assert np.abs(errors.value[:, 2]).max() <= MOST_TIME_ERROR_S


def test_flights_are_cleaned() -> None:
    truth = small().flown.truth
    within = np.diff(truth.target_id) == 0
    step = np.diff(truth.time_s)[within]
    speed = np.hypot(truth.vx_mps, truth.vy_mps)
    assert (speed <= flights.MOST_SPEED_MPS).all()
    moved = np.hypot(np.diff(truth.x_m), np.diff(truth.y_m))[within]
    # Nothing jumps: what was flown between two rows is what the greatest speed allows.
    assert (moved <= flights.MOST_SPEED_MPS * step).all()
    assert step.max() <= flights.ANOTHER_FLIGHT_S


def test_a_radar_passes_over_a_flight_once_a_turn_also_where_its_beam_points_north() -> None:
    radar = radars.Radar("Alone", 47.0, 8.0, 500.0, 10.0, 50.0, 0.1, 1.0, 0.0, 250e3)
    world = earth.enu_frame(np.radians(47.0), np.radians(8.0), 0.0)
    time = np.arange(0.0, 300.0)
    # Due north of the radar, from 15 km east of the meridian to 15 km west of it: azimuth goes through 0.
    x = 15e3 - 100.0 * time
    position = np.column_stack([x, np.full(300, 80e3), np.full(300, 9e3)])
    lat, lon, height = earth.enu_to_geodetic(world, position)
    truth = Truth.make(
        **dict(zip(("x_m", "y_m", "z_m"), position.T, strict=True)),
        vx_mps=-100.0,
        vy_mps=0.0,
        vz_mps=0.0,
        time_s=time,
        target_id=0,
        lat_deg=np.degrees(lat),
        lon_deg=np.degrees(lon),
        altitude_m=height,
    )
    flown = flights.Flights(truth, np.array([0xABCDEF]), world, {})
    seen = radars.observe(flown, (radar,), seed=1)
    turn_to_turn = np.diff(seen.look_time_s)
    assert 29 <= len(seen.look_time_s) <= 31
    # The aircraft moves against the beam by 0.7 degrees in a turn: 20 ms.
    assert np.abs(turn_to_turn - radar.period_s).max() < 0.05
    assert len(seen.plots) == len(seen.look_time_s)
    assert seen.look_detected.all()


def test_what_the_radars_gave_comes_back_out_of_cat048() -> None:
    plots, seen = small().plots, small().seen
    one_bit_s, one_bit_rad = 1.0 / 128.0, 2.0 * np.pi / 65_536.0
    assert np.abs(plots.time_s - seen.plots.time_s).max() <= 0.51 * one_bit_s
    turned = (plots.azimuth_rad - seen.plots.azimuth_rad + np.pi) % (2.0 * np.pi) - np.pi
    assert np.abs(turned).max() <= 0.51 * one_bit_rad
    for name in ("mode_s_address", "mode_3a", "kind"):
        np.testing.assert_array_equal(getattr(plots, name), getattr(seen.plots, name))
    np.testing.assert_allclose(plots.flight_level_m, seen.plots.flight_level_m, atol=1e-6)


def test_the_scores_of_flawless_tracks_are_one() -> None:
    part = small()
    network = radars.NETWORKS[SAMPLE]
    real = part.seen.plots[part.seen.plots.target_id >= 0]
    plots, tracks = perfect(real)
    done = trial.Tracked(plots, tracks, None, 1.0)  # type: ignore[arg-type]
    found = score.score(part.flown, network, part.seen, done)
    assert found.purity == 1.0
    # Only a flight that comes into view again after a pause is without a row for some seconds.
    assert found.completeness > 0.995
    assert (found.switches, found.false_tracks, found.tracks) == (0, 0, found.flights)


def perfect(real: Any) -> tuple[Any, Any]:
    """Return plots numbered in their order, and one confirmed track for each flight that takes all of them."""
    from dataclasses import replace

    from chainhome.metrics.ownership import CONFIRMED
    from chainhome.tables import Tracks

    plots = replace(real, detection_id=np.arange(len(real)))
    tracks = Tracks.make(
        time_s=plots.time_s, track_id=plots.target_id, detection_id=plots.detection_id, status=CONFIRMED
    )
    return plots, tracks


def test_a_false_plot_in_a_track_and_a_change_of_tracks_cost_what_they_should() -> None:
    part = small()
    network = radars.NETWORKS[SAMPLE]
    real = part.seen.plots[part.seen.plots.target_id >= 0]
    plots, tracks = perfect(real)
    from dataclasses import replace

    row = len(plots) // 2
    owner = int(plots.target_id[row])
    wrong = plots.target_id.copy()
    wrong[row] = -1
    done = trial.Tracked(replace(plots, target_id=wrong), tracks, None, 1.0)  # type: ignore[arg-type]
    assert score.score(part.flown, network, part.seen, done).plots_pure == len(plots) - 1
    later = (tracks.track_id == owner) & (np.arange(len(plots)) > row)
    renamed = replace(tracks, track_id=np.where(later, 999_999, tracks.track_id))
    found = score.score(part.flown, network, part.seen, trial.Tracked(plots, renamed, None, 1.0))  # type: ignore[arg-type]
    assert found.switches == 1
    assert found.purity == 1.0

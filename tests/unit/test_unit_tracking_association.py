"""The gate, and the densities that plots are weighed against."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chainhome.earth import enu_frame, polar_to_world
from chainhome.tables import Detections, Sensors
from chainhome.tracking import TrackerParams, initial_state
from chainhome.tracking.association import assign, evenly_spread, gated_pairs, new_object_density
from chainhome.tracking.measurement import Plots, plots_of

WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
RADAR = Sensors.make(
    sensor_id=[0], range_sigma_m=1.0, azimuth_sigma_rad=1e-5, elevation_sigma_rad=1e-5, doppler_sigma_mps=2.0
)
PARAMS = TrackerParams()
AZIMUTH, ELEVATION, RANGE = 0.7, 0.1, 100e3


def plots(**columns: object) -> Plots:
    detections = Detections.make(detection_id=[0], time_s=0.0, **columns)
    return plots_of(detections, RADAR, np.ones(len(detections)), 150.0, 50.0)


def gate_for(slots: int) -> float:
    from scipy.stats import chi2

    return float(chi2.isf(1.0 - PARAMS.gate_probability, slots))


@pytest.mark.parametrize("direction", [0, 1, 2], ids=["range", "azimuth", "elevation"])
@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_a_pair_is_kept_up_to_the_gate_and_not_beyond(direction: int, factor: float) -> None:
    polar = np.array([RANGE, AZIMUTH, ELEVATION])
    mean = np.zeros(6)
    mean[:3] = polar_to_world(*polar[:, None], WORLD, WORLD)[0]
    small = np.array([1.0, 1e-5, 1e-5])
    ahead = polar.copy()
    ahead[direction] += small[direction]
    way = polar_to_world(*ahead[:, None], WORLD, WORLD)[0] - mean[:3]
    way /= np.linalg.norm(way)
    # All uncertainty along one direction: there the bound of the coarse gate is as tight as it can be.
    deviation = 20.0
    covariance = np.eye(6) * 1e-4
    covariance[:3, :3] += deviation**2 * np.outer(way, way)
    scale = np.array([1.0, 1.0 / (RANGE * np.cos(ELEVATION)), 1.0 / RANGE])[direction]
    off = factor * np.sqrt(gate_for(3)) * np.hypot(deviation * scale, small[direction])
    seen = polar.copy()
    seen[direction] += off
    state = replace(
        initial_state(),
        mean=mean[None, None],
        covariance=covariance[None, None],
        time_s=np.zeros(1),
        existence=np.ones(1),
        track_id=np.zeros(1, np.int64),
        mode_s_address=np.full(1, -1),
        mode_3a=np.full(1, -1),
    )
    plot = plots(range_m=seen[0], azimuth_rad=seen[1], elevation_rad=seen[2])
    found = gated_pairs(state, plot, np.zeros(1), WORLD, WORLD, PARAMS)
    assert (found is not None and len(found.track) == 1) == (factor < 1)


def test_new_objects_summed_over_a_scan_are_as_many_as_the_setting_says() -> None:
    r, step = np.linspace(50.0, 400e3 - 50.0, 4_000), 100.0
    flat = plots_of(
        Detections.make(detection_id=range(len(r)), range_m=r, azimuth_rad=0.0), RADAR, np.ones(len(r)), 150.0, 50.0
    )
    disc = np.pi * 400e3**2
    assert (new_object_density(flat, PARAMS) * step * 2 * np.pi).sum() == pytest.approx(PARAMS.births_per_m2 * disc)
    elevation = np.linspace(0.0, np.pi / 2, 1_000)
    solid = plots_of(
        Detections.make(detection_id=range(1_000), range_m=RANGE, azimuth_rad=0.0, elevation_rad=elevation),
        RADAR,
        np.ones(1_000),
        150.0,
        50.0,
    )
    shell = 2 * np.pi * RANGE**2
    per_metre = (new_object_density(solid, PARAMS) * (elevation[1] - elevation[0]) * 2 * np.pi).sum()
    per_cube = PARAMS.births_per_m2 / PARAMS.birth_height_span_m
    assert per_metre == pytest.approx(per_cube * shell, rel=2e-3)
    position = plots(x_m=1.0, y_m=2.0, z_m=3.0)
    assert new_object_density(position, PARAMS)[0] == pytest.approx(per_cube)
    assert new_object_density(plots(x_m=1.0, y_m=2.0), PARAMS)[0] == pytest.approx(PARAMS.births_per_m2)


def test_range_rate_and_flight_level_thin_out_false_plots_evenly() -> None:
    doppler = plots(range_m=RANGE, azimuth_rad=0.0, elevation_rad=0.0, doppler_mps=-40.0)
    level = plots(range_m=RANGE, azimuth_rad=0.0, flight_level_m=9e3)
    assert evenly_spread(doppler, PARAMS).tolist() == [1 / PARAMS.doppler_span_mps]
    assert evenly_spread(level, PARAMS).tolist() == [1 / PARAMS.birth_height_span_m]


def test_the_pairing_with_the_largest_sum_wins_over_the_nearest_pair() -> None:
    """Track 0 is a little nearer to plot 0, but track 1 has only plot 0: together they are worth more the other way."""
    pairs = type("Pairs", (), {})()
    pairs.track, pairs.plot = np.array([0, 0, 1]), np.array([0, 1, 0])
    pairs.log_likelihood = np.array([10.0, 9.0, 8.0])
    state = replace(initial_state(), existence=np.full(2, 0.9))
    settings = replace(PARAMS, use_replies=False)
    several = plots_of(
        Detections.make(detection_id=[0, 1], range_m=RANGE, azimuth_rad=0.0), RADAR, np.ones(2), 150.0, 50.0
    )
    chosen = assign(pairs, state, several, np.full(2, 0.9), np.ones(2), settings)
    assert sorted(chosen.tolist()) == [1, 2]
    pairs.log_likelihood = np.array([10.0, 9.0, -8.0])
    assert assign(pairs, state, several, np.full(2, 0.9), np.ones(2), settings).tolist() == [0]

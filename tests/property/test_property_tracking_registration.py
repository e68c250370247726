"""What must hold for any recording: order and longitude do not matter, a bias that is added is a bias that is found."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.earth import enu_frame, measure
from chainhome.earth.geodesy import destination, geodetic_to_enu
from chainhome.tables import Detections, Sensors
from chainhome.tracking.registration import Biases, estimate_biases, without_bias

RANGE_SIGMA_M, AZIMUTH_SIGMA_RAD = 50.0, 1.5e-3
SITES = ((39.5, -0.7, 900.0), (40.6, 0.4, 300.0), (39.9, 1.1, 1200.0))
UNIT = np.array([RANGE_SIGMA_M, AZIMUTH_SIGMA_RAD, 0.25])


@cache
def recording(seed: int, east_deg: float = 0.0, flights: int = 12) -> tuple[Detections, Sensors, Any]:
    """Three unbiased radars and some straight flights over five minutes, all of it `east_deg` further east."""
    rng = np.random.default_rng(seed)
    world = enu_frame(np.radians(40.0), np.radians(east_deg), 0.0)
    lat, lon = np.radians(40.0) + rng.uniform(-0.015, 0.015, flights), rng.uniform(-0.02, 0.02, flights)
    course, speed, height = (
        rng.uniform(0, 6.28, flights),
        rng.uniform(150, 260, flights),
        rng.uniform(3e3, 1e4, flights),
    )
    parts = []
    for s, (site_lat, site_lon, site_height) in enumerate(SITES):
        period = (5.0, 7.3, 10.0)[s]
        time = ((np.arange(int(300 / period)) + rng.random((flights, 1))) * period).ravel()
        flight = np.repeat(np.arange(flights), len(time) // flights)
        place = destination(lat[flight], lon[flight] + np.radians(east_deg), course[flight], speed[flight] * time)
        site = enu_frame(np.radians(site_lat), np.radians(site_lon + east_deg), site_height)
        r, azimuth, _ = measure(geodetic_to_enu(world, *place, height[flight]), site, world)
        parts.append(
            Detections.make(
                time_s=time,
                sensor_id=s,
                range_m=r + RANGE_SIGMA_M * rng.normal(size=len(time)),
                azimuth_rad=(azimuth + AZIMUTH_SIGMA_RAD * rng.normal(size=len(time))) % (2 * np.pi),
                flight_level_m=height[flight],
                mode_s_address=flight,
            )
        )
    lon_deg = [(site[1] + east_deg + 180.0) % 360.0 - 180.0 for site in SITES]
    sensors = Sensors.make(
        sensor_id=np.arange(3),
        lat_deg=[site[0] for site in SITES],
        lon_deg=lon_deg,
        height_m=[site[2] for site in SITES],
        range_sigma_m=RANGE_SIGMA_M,
        azimuth_sigma_rad=AZIMUTH_SIGMA_RAD,
    )
    return Detections.concat(parts), sensors, world


def found(biases: Biases) -> Any:
    return np.column_stack([biases.range_bias_m, biases.azimuth_bias_rad, biases.time_bias_s])


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 20), st.integers(0, 2**32 - 1))
def test_the_order_of_the_plots_does_not_matter(seed: int, shuffle: int) -> None:
    plots, sensors, world = recording(seed)
    mixed = plots[np.random.default_rng(shuffle).permutation(len(plots))]
    one, other = estimate_biases(plots, sensors, world), estimate_biases(mixed, sensors, world)
    assert np.array_equal(found(one), found(other))
    assert np.array_equal(one.covariance, other.covariance)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 20), st.sampled_from([90.0, 179.5, -179.9, 180.0]))
def test_the_antimeridian_is_a_place_like_any_other(seed: int, east_deg: float) -> None:
    here = found(estimate_biases(*recording(seed)))
    there = found(estimate_biases(*recording(seed, east_deg)))
    thousandth_of_a_sigma = 1e-3
    assert np.abs((here - there) / UNIT).max() < thousandth_of_a_sigma


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 20),
    st.lists(st.floats(-4.0, 4.0), min_size=6, max_size=6),
    st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3),
)
def test_a_bias_that_is_added_is_found(seed: int, sigmas: list[float], late_s: list[float]) -> None:
    plots, sensors, world = recording(seed)
    added = np.column_stack([np.array(sigmas).reshape(3, 2) * UNIT[:2], late_s])
    off = added[plots.sensor_id]
    moved = replace(
        plots,
        range_m=plots.range_m + off[:, 0],
        azimuth_rad=(plots.azimuth_rad + off[:, 1]) % (2 * np.pi),
        time_s=plots.time_s + off[:, 2],
    )
    before, after = estimate_biases(plots, sensors, world), estimate_biases(moved, sensors, world)
    added[:, 2] -= added[:, 2].mean()
    sigma = np.sqrt(np.diag(before.covariance)).reshape(3, 3)
    # Windows begin elsewhere and plots are weighed anew: a part of the noise, not of the bias.
    one_sigma = 1.0
    assert (np.abs(found(after) - found(before) - added) < one_sigma * sigma).all()


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 20), st.sampled_from([-2, -1, 1, 3]))
def test_azimuths_may_be_off_by_whole_turns(seed: int, turns: int) -> None:
    plots, sensors, world = recording(seed)
    straight = estimate_biases(plots, sensors, world)
    whole = replace(plots, azimuth_rad=plots.azimuth_rad + 2 * np.pi * turns)
    rounding = 1e-6
    assert np.abs((found(estimate_biases(whole, sensors, world)) - found(straight)) / UNIT).max() < rounding


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 20), st.integers(1, 10**6))
def test_the_names_of_aircraft_do_not_matter(seed: int, step: int) -> None:
    plots, sensors, world = recording(seed)
    names = step * (37 - plots.mode_s_address)
    one = found(estimate_biases(plots, sensors, world))
    other = found(estimate_biases(plots, sensors, world, aircraft=names))
    rounding = 1e-6
    assert np.abs((one - other) / UNIT).max() < rounding


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 20), st.floats(-300.0, 300.0), st.floats(-7.0, 7.0), st.floats(-1.0, 1.0))
def test_removing_biases_undoes_adding_them(seed: int, range_m: float, azimuth_rad: float, late_s: float) -> None:
    plots, sensors, world = recording(seed)
    known = estimate_biases(plots, sensors, world)
    each = np.ones(3)
    biases = replace(known, range_bias_m=range_m * each, azimuth_bias_rad=azimuth_rad * each, time_bias_s=late_s * each)
    moved = replace(
        plots,
        range_m=plots.range_m + range_m,
        azimuth_rad=plots.azimuth_rad + azimuth_rad,
        time_s=plots.time_s + late_s,
    )
    back = without_bias(moved, biases)
    rounding = 1e-9
    assert ((back.azimuth_rad >= 0) & (back.azimuth_rad < 2 * np.pi)).all()
    assert np.abs(back.range_m - plots.range_m).max() < rounding
    assert np.abs(back.time_s - plots.time_s).max() < rounding
    assert np.abs(np.exp(1j * back.azimuth_rad) - np.exp(1j * plots.azimuth_rad)).max() < rounding

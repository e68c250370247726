"""Polar measurement against an independent library, and where it degenerates."""

from __future__ import annotations

import numpy as np
import pymap3d

from chainhome import earth

WORLD = earth.enu_frame(np.radians(39.0), np.radians(30.0), 0.0)
SENSOR = earth.enu_frame(np.radians(40.0789), np.radians(32.5656), 867.0)


def test_measurements_of_a_distant_sensor_equal_pymap3d() -> None:
    one_micrometre, one_nanoradian = 1e-6, 1e-9
    rng = np.random.default_rng(1940)
    lat, lon, height = rng.uniform(0.6, 0.78, 100), rng.uniform(0.4, 0.8, 100), rng.uniform(0.0, 2e4, 100)
    azimuth, elevation, slant_m = pymap3d.geodetic2aer(
        lat, lon, height, SENSOR.lat_rad, SENSOR.lon_rad, SENSOR.height_m, deg=False
    )
    ours = earth.measure(earth.geodetic_to_enu(WORLD, lat, lon, height), SENSOR, WORLD)
    assert np.abs(ours[0] - slant_m).max() < one_micrometre
    assert np.abs(np.sin(ours[1] - azimuth)).max() < one_nanoradian
    assert np.abs(ours[2] - elevation).max() < one_nanoradian


def test_azimuth_counts_from_the_sensors_own_north_and_not_from_the_worlds() -> None:
    one_microradian = 1e-6
    north_lat, north_lon = earth.destination(SENSOR.lat_rad, SENSOR.lon_rad, 0.0, 100_000.0)
    point = earth.geodetic_to_enu(WORLD, north_lat, north_lon, 1000.0)
    _, azimuth, _ = earth.measure(point[None], SENSOR, WORLD)
    assert abs(np.sin(azimuth[0])) < one_microradian
    convergence_rad = abs(np.arctan2(*(point - earth.to_enu(WORLD, SENSOR.ecef))[:2]))
    assert convergence_rad > np.radians(1.0)


def test_azimuth_never_reaches_a_full_turn() -> None:
    _, azimuth, _ = earth.measure([[-1e-30, 1.0, 0.0], [-1.0, 1.0, 0.0]], WORLD, WORLD)
    assert azimuth[0] == 0.0
    assert abs(azimuth[1] - 7 * np.pi / 4) < 1e-12


def test_straight_above_the_sensor_only_range_has_a_derivative() -> None:
    axes = earth.enu_frame(0.0, 0.0, 0.0)  # its rotation has no rounding, so that the vertical is met exactly
    jacobian = earth.measure_jacobian([[0.0, 0.0, 500.0]], axes, axes)[0]
    assert jacobian[0].tolist() == [0.0, 0.0, 1.0]
    assert np.isnan(jacobian[1:]).all()
    assert np.isnan(earth.range_rate([[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]], axes, axes)).all()

"""Geodesy against an independent library, a published geodesic, and its edges."""

from __future__ import annotations

import numpy as np
import pymap3d
from pymap3d import vincenty

from chainhome import earth

RNG = np.random.default_rng(1940)
LAT, LON = RNG.uniform(-1.5, 1.5, 200), RNG.uniform(-np.pi, np.pi, 200)
HEIGHT_M = RNG.uniform(-10e3, 1000e3, 200)
NANOMETRES = 1e-8
ONE_MILLIMETRE = 1e-3


def sexagesimal(degrees: int, minutes: int, seconds: float) -> float:
    return float(np.radians(degrees + minutes / 60.0 + seconds / 3600.0))


def test_ecef_equals_pymap3d() -> None:
    theirs = np.stack(pymap3d.geodetic2ecef(LAT, LON, HEIGHT_M, deg=False), axis=-1)
    assert np.abs(earth.geodetic_to_ecef(LAT, LON, HEIGHT_M) - theirs).max() < NANOMETRES


def test_a_local_frame_equals_pymap3d() -> None:
    frame = earth.enu_frame(0.7, 0.57, 843.0)
    theirs = np.stack(pymap3d.geodetic2enu(LAT, LON, HEIGHT_M, 0.7, 0.57, 843.0, deg=False), axis=-1)
    assert np.abs(earth.geodetic_to_enu(frame, LAT, LON, HEIGHT_M) - theirs).max() < NANOMETRES


def test_the_poles_come_back_with_their_height() -> None:
    lat, lon, height = earth.ecef_to_geodetic(earth.geodetic_to_ecef([np.pi / 2, -np.pi / 2], 0.0, [-1e4, 1e6]))
    assert np.abs(np.abs(lat) - np.pi / 2).max() < 1e-15
    assert lon.tolist() == [0.0, 0.0]
    assert np.abs(height - [-1e4, 1e6]).max() < NANOMETRES


def test_the_flinders_peak_to_buninyong_line_is_the_published_one() -> None:
    """Geocentric Datum of Australia Technical Manual; GRS 80 and WGS 84 differ by a micrometre here."""
    last_digit_rad = np.radians(0.5e-2 / 3600.0)
    flinders = -sexagesimal(37, 57, 3.72030), sexagesimal(144, 25, 29.52440)
    buninyong = -sexagesimal(37, 39, 10.15610), sexagesimal(143, 55, 35.38390)
    distance_m, bearing_rad = earth.inverse(*flinders, *buninyong)
    assert abs(distance_m - 54_972.271) < ONE_MILLIMETRE
    assert abs(bearing_rad - sexagesimal(306, 52, 5.37)) < last_digit_rad
    assert abs(earth.inverse(*buninyong, *flinders)[1] - sexagesimal(127, 10, 25.07)) < last_digit_rad


def test_geodesics_equal_pymap3d() -> None:
    distance_m = RNG.uniform(1.0, 9e6, 200)
    bearing = RNG.uniform(0.0, 2 * np.pi, 200)
    lat, lon = earth.destination(LAT, LON, bearing, distance_m)
    theirs_lat, theirs_lon = vincenty.vreckon(LAT, LON, distance_m, bearing, deg=False)
    one_millimetre_rad = ONE_MILLIMETRE / 6.4e6
    assert np.abs(lat - theirs_lat).max() < one_millimetre_rad
    assert np.abs(np.cos(lat) * np.sin(0.5 * (lon - theirs_lon))).max() < one_millimetre_rad
    ours_m, ours_bearing = earth.inverse(LAT, LON, lat, lon)
    theirs_m, theirs_bearing = vincenty.vdist(LAT, LON, lat, lon, deg=False)
    assert np.abs(ours_m - theirs_m).max() < ONE_MILLIMETRE
    assert np.abs(np.sin(ours_bearing - theirs_bearing)).max() * distance_m.max() < 10.0


def test_a_meridian_quadrant_has_its_known_length() -> None:
    distance_m, bearing = earth.inverse(0.0, 0.3, np.pi / 2, 0.3)
    assert abs(distance_m - 10_001_965.729) < ONE_MILLIMETRE
    assert bearing == 0.0


def test_antipodes_are_nan_and_a_point_to_itself_is_zero() -> None:
    distance_m, bearing = earth.inverse([0.0, 0.5, 0.5], [0.0, 0.1, 0.1], [0.0, 0.5, -0.5], [3.1415, 0.1, 3.24])
    assert np.isnan(distance_m[[0, 2]]).all()
    assert np.isnan(bearing[[0, 2]]).all()
    assert (float(distance_m[1]), float(bearing[1])) == (0.0, 0.0)


def test_the_shorter_way_crosses_the_date_line() -> None:
    distance_m, bearing = earth.inverse(0.0, np.radians(179.5), 0.0, np.radians(-179.5))
    assert abs(distance_m - 111_319.491) < ONE_MILLIMETRE
    assert abs(bearing - np.pi / 2) < 1e-12
    _, lon = earth.destination(0.0, np.radians(179.5), np.pi / 2, 111_319.491)
    assert abs(np.degrees(lon) + 179.5) < 1e-8


def test_arguments_broadcast() -> None:
    lat, lon = earth.destination(0.7, 0.57, np.zeros(3)[:, None], np.array([1e3, 2e3]))
    assert lat.shape == lon.shape == (3, 2)
    assert earth.inverse(0.7, 0.57, lat, lon)[0].shape == (3, 2)
    assert earth.geodetic_to_ecef(lat, lon, 0.0).shape == (3, 2, 3)

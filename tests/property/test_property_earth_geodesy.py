"""Round trips and derivatives of geodesy and polar measurement, and the packing of terrain."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainhome import earth
from chainhome.earth import terrain

LATITUDES = st.floats(-np.pi / 2, np.pi / 2)
LONGITUDES = st.floats(-np.pi, np.pi)
HEIGHTS_M = st.floats(-10e3, 1000e3)
FRAMES = st.builds(earth.enu_frame, LATITUDES, LONGITUDES, st.floats(-400.0, 5000.0))
OFFSETS_M = st.tuples(*[st.floats(-5e5, 5e5)] * 2, st.floats(-1e4, 1e5))
COORDINATE_ROUNDING_M = 5e-9  # a coordinate of 7000 km has steps of one nanometre


@given(LATITUDES, LONGITUDES, HEIGHTS_M)
def test_geodetic_to_ecef_and_back_is_the_same_point(lat: float, lon: float, height: float) -> None:
    ecef = earth.geodetic_to_ecef(lat, lon, height)
    back = earth.ecef_to_geodetic(ecef)
    assert np.abs(earth.geodetic_to_ecef(*back) - ecef).max() < COORDINATE_ROUNDING_M
    assert abs(back[2] - height) < COORDINATE_ROUNDING_M
    assert abs(back[0] - lat) * 7e6 < COORDINATE_ROUNDING_M


@given(FRAMES, OFFSETS_M)
def test_a_frame_keeps_lengths_and_returns_the_point(frame: earth.Frame, enu: tuple[float, float, float]) -> None:
    ecef = earth.from_enu(frame, enu)
    assert np.abs(earth.to_enu(frame, ecef) - enu).max() < COORDINATE_ROUNDING_M
    assert abs(np.linalg.norm(ecef - frame.ecef) - np.linalg.norm(enu)) < COORDINATE_ROUNDING_M
    assert np.abs(earth.geodetic_to_enu(frame, *earth.enu_to_geodetic(frame, enu)) - enu).max() < COORDINATE_ROUNDING_M


@given(FRAMES, FRAMES)
def test_turning_into_a_frame_and_back_changes_nothing(one: earth.Frame, other: earth.Frame) -> None:
    there, back = earth.frame_rotation(one, other), earth.frame_rotation(other, one)
    assert np.abs(back @ there - np.eye(3)).max() < 1e-14
    assert abs(np.linalg.det(there) - 1.0) < 1e-14


@given(st.floats(-1.5, 1.5), LONGITUDES, st.floats(0.0, 2 * np.pi, exclude_max=True), st.floats(1.0, 1e7))
def test_the_geodesic_to_a_destination_has_its_distance_and_bearing(
    lat: float, lon: float, bearing: float, distance_m: float
) -> None:
    vincenty_m = 1e-3
    found_m, found_bearing = earth.inverse(lat, lon, *earth.destination(lat, lon, bearing, distance_m))
    assert abs(found_m - distance_m) < vincenty_m
    assert abs(np.sin(found_bearing - bearing)) * min(distance_m, 1e6) < vincenty_m


@given(FRAMES, OFFSETS_M, OFFSETS_M)
def test_measuring_and_placing_is_the_same_point(
    world: earth.Frame, place: tuple[float, float, float], site: tuple[float, float, float]
) -> None:
    one_micrometre = 1e-6
    sensor = earth.enu_frame(*(float(value) for value in earth.enu_to_geodetic(world, site)))
    back = earth.polar_to_world(*earth.measure([place], sensor, world), sensor, world)
    assert np.abs(back - place).max() < one_micrometre


@given(FRAMES, st.floats(1e3, 5e5), st.floats(0.1, 6.2), st.floats(-0.2, 1.4), OFFSETS_M)
def test_the_jacobian_and_the_range_rate_are_the_derivatives_of_the_measurement(
    world: earth.Frame, range_m: float, azimuth: float, elevation: float, site: tuple[float, float, float]
) -> None:
    relative = 1e-5
    sensor = earth.enu_frame(*(float(value) for value in earth.enu_to_geodetic(world, site)))
    place = earth.polar_to_world([range_m], [azimuth], [elevation], sensor, world)
    step_m = 1e-3 * range_m
    nudged = place + step_m * np.concatenate([np.eye(3), -np.eye(3)])
    measured = np.stack(earth.measure(nudged, sensor, world), axis=-1)
    slopes = (measured[:3] - measured[3:]).T / (2 * step_m)
    jacobian = earth.measure_jacobian(place, sensor, world)[0]
    scale = np.array([1.0, 1.0 / (range_m * np.cos(elevation)), 1.0 / range_m])[:, None]
    assert np.abs((jacobian - slopes) / scale).max() < relative / np.cos(elevation) ** 2
    velocity = np.array([120.0, -230.0, 15.0])
    assert abs(earth.range_rate(place, [velocity], sensor, world)[0] - jacobian[0] @ velocity) < 1e-9


@given(hnp.arrays(np.int16, st.tuples(st.integers(1, 6), st.integers(1, 6))))
def test_packed_terrain_unpacks_to_the_same_heights(heights: np.ndarray) -> None:
    path = Path(__file__).parents[2] / "tools" / "make_terrain.py"
    spec = importlib.util.spec_from_file_location("make_terrain", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert np.array_equal(terrain._unpacked(tool.packed(heights)), heights)

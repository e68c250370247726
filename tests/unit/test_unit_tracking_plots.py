"""Detections of any kind as plots of five slots: what is taken, what is refused, and what they are weighed against."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tracking_scenes import ADS_B, WORLD, radars

from chainhome import constants
from chainhome.earth import enu_to_geodetic, measure, polar_to_world
from chainhome.tables import Detections, Sensors
from chainhome.tracking import Setup, TrackerParams, prepare, uniform_clutter_density
from chainhome.tracking.measurement import Plots, plots_of

PARAMS = TrackerParams()
SENSORS = Sensors.concat(
    [
        radars(40.2, 32.9, 700.0, doppler_sigma_mps=2.0),
        Sensors.make(sensor_id=[7], kind=ADS_B, period_s=1.0),
        Sensors.make(sensor_id=[8], kind=ADS_B, range_sigma_m=25.0),
    ]
)
SETUP = prepare(SENSORS, WORLD, clutter_density={0: 3e-6, 7: 1e-12, 8: 2e-12})
RADAR, RECEIVER, SHARP = 0, 7, 8


def plots(sensor_id: Any, setup: Setup = SETUP, **columns: Any) -> Plots:
    return plots_of(Detections.make(detection_id=[31], time_s=0.0, sensor_id=sensor_id, **columns), setup)


def test_what_was_measured_stands_in_its_slot_and_what_was_not_is_missing() -> None:
    solid = plots(RADAR, range_m=5e4, azimuth_rad=1.0, elevation_rad=0.1, doppler_mps=-40.0, flight_level_m=9e3)
    # A radar that measures height leaves the weather's pressure altitude alone.
    assert np.array_equal(solid.value, [[5e4, 1.0, 0.1, -40.0, np.nan]], equal_nan=True)
    assert np.array_equal(solid.variance, [[50.0**2, 2e-3**2, 3e-3**2, 2.0**2, 1.0]])
    flat = plots(RADAR, range_m=5e4, azimuth_rad=1.0, flight_level_m=9e3)
    assert np.array_equal(flat.value, [[5e4, 1.0, np.nan, np.nan, 9e3]], equal_nan=True)
    assert flat.variance[0, 4] == PARAMS.flight_level_sigma_m**2
    report = plots(RECEIVER, x_m=1e4, y_m=2e4, z_m=3e3, doppler_mps=5.0, flight_level_m=9e3)
    assert np.array_equal(report.value, [[1e4, 2e4, 3e3, np.nan, np.nan]], equal_nan=True)
    low = plots(RECEIVER, x_m=1e4, y_m=2e4, flight_level_m=9e3)
    assert np.array_equal(low.value, [[1e4, 2e4, np.nan, np.nan, 9e3]], equal_nan=True)


def test_a_plots_own_standard_deviation_comes_before_the_sensors_and_that_before_the_setting() -> None:
    at = {"x_m": 1e4, "y_m": 2e4, "z_m": 3e3}
    assert plots(RECEIVER, **at).variance[0, :3].tolist() == [PARAMS.position_sigma_m**2] * 3
    assert plots(SHARP, **at).variance[0, :3].tolist() == [25.0**2] * 3
    assert plots(SHARP, **at, range_sigma_m=9.0).variance[0, :3].tolist() == [81.0] * 3
    own = plots(RADAR, range_m=5e4, azimuth_rad=1.0, elevation_rad=0.1, azimuth_sigma_rad=0.01)
    assert np.allclose(own.variance[0, :3], [2_500.0, 1e-4, 9e-6])


@pytest.mark.parametrize("turns", [-1, 0, 1, 3])
def test_an_azimuth_of_any_turn_is_the_same_direction(turns: int) -> None:
    one = plots(RADAR, range_m=5e4, azimuth_rad=6.0 + 2.0 * np.pi * turns, elevation_rad=0.1)
    assert one.value[0, 1] == pytest.approx(6.0 - 2.0 * np.pi, abs=1e-12)


@pytest.mark.parametrize(
    ("sensor", "columns", "message"),
    [
        (RADAR, {"range_m": 5e3}, "detection_id 31: expected range and azimuth of a radar, x and y of a report"),
        (RADAR, {"azimuth_rad": 1.0}, "expected range and azimuth"),
        (RECEIVER, {"x_m": 5e3}, "expected range and azimuth of a radar, x and y of a report"),
        (RECEIVER, {"range_m": 5e3, "azimuth_rad": 1.0}, "x and y of a report"),
        (RADAR, {"range_m": 5e3, "azimuth_rad": 1.0, "range_sigma_m": -1.0}, "31: expected a positive standard"),
        (5, {"range_m": 5e3, "azimuth_rad": 1.0}, "detections of sensor_id 5, which is not in sensors"),
    ],
)
def test_a_plot_that_cannot_be_used_is_refused_by_its_number(
    sensor: int, columns: dict[str, float], message: str
) -> None:
    if columns.get("range_sigma_m", 0.0) < 0.0:
        columns = columns | {"range_sigma_m": 0.0}
    with pytest.raises(ValueError, match=message):
        plots(sensor, **columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"range_m": 0.0, "azimuth_rad": 1.0, "elevation_rad": 0.1},
        {"range_m": -5.0, "azimuth_rad": 1.0, "elevation_rad": 0.1},
        {"range_m": np.inf, "azimuth_rad": 1.0, "elevation_rad": 0.1},
        {"range_m": 1e5, "azimuth_rad": np.inf, "elevation_rad": 0.1},
        {"range_m": 1e5, "azimuth_rad": 1.0, "elevation_rad": np.inf},
        {"range_m": 1e5, "azimuth_rad": 1.0, "flight_level_m": np.inf},
    ],
    ids=lambda columns: " ".join(f"{name} {value}" for name, value in columns.items() if value in (0.0, -5.0, np.inf)),
)
def test_a_plot_that_no_sensor_can_have_made_is_refused_by_its_number(columns: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="detection_id 31: expected"):
        plots(RADAR, **columns)


def test_a_radar_without_standard_deviations_is_refused_with_its_first_plot() -> None:
    bare = prepare(Sensors.make(sensor_id=[0], lat_deg=40.0, lon_deg=32.0, height_m=0.0), WORLD)
    with pytest.raises(ValueError, match="detection_id 31: expected a positive standard deviation"):
        plots(0, bare, range_m=5e3, azimuth_rad=1.0)


def test_false_plots_are_thinned_by_range_rate_flight_level_and_reply() -> None:
    at = {"range_m": 5e4, "azimuth_rad": 1.0}
    assert plots(RADAR, **at).clutter_density.tolist() == [3e-6]
    assert plots(RADAR, **at, doppler_mps=-40.0).clutter_density == pytest.approx([3e-6 / PARAMS.doppler_span_mps])
    level = plots(RADAR, **at, flight_level_m=9e3)
    assert level.clutter_density == pytest.approx([3e-6 / PARAMS.birth_height_span_m])
    assert plots(RADAR, **at, mode_3a=1234).clutter_density == pytest.approx([3e-6 * PARAMS.false_reply_share])
    own = plots_of(
        Detections.make(detection_id=[31], time_s=0.0, sensor_id=RADAR, **at), SETUP, clutter_density=np.array([5e-4])
    )
    assert own.clutter_density.tolist() == [5e-4]
    with pytest.raises(ValueError, match="clutter_density must not be negative"):
        plots_of(Detections.make(detection_id=[31], sensor_id=RADAR, **at), SETUP, clutter_density=np.array([-1.0]))


def test_new_objects_summed_over_a_scan_are_as_many_as_there_are_on_the_ground() -> None:
    """One object on a square metre of ground, summed over all that a sensor can measure of it: the disc's area."""
    step = 100.0
    r = np.arange(0.5 * step, 400e3, step)
    disc = np.pi * 400e3**2
    flat = plots_of(Detections.make(detection_id=range(len(r)), sensor_id=RADAR, range_m=r, azimuth_rad=0.0), SETUP)
    assert (flat.new_density * step * 2 * np.pi).sum() == pytest.approx(disc, rel=1e-6)
    # With elevation, a volume: the shell of one metre at a range, over the span of heights.
    elevation = (np.arange(1_000) + 0.5) * np.pi / 2_000.0
    solid = plots_of(
        Detections.make(
            detection_id=range(1_000), sensor_id=RADAR, range_m=1e5, azimuth_rad=0.0, elevation_rad=elevation
        ),
        SETUP,
    )
    shell = 2.0 * np.pi * 1e5**2
    summed = (solid.new_density * (elevation[1] - elevation[0]) * 2.0 * np.pi).sum()
    assert summed == pytest.approx(shell / PARAMS.birth_height_span_m, rel=1e-5)
    assert plots(RECEIVER, x_m=1.0, y_m=2.0).new_density.tolist() == [1.0]
    assert plots(RECEIVER, x_m=1.0, y_m=2.0, z_m=3.0).new_density.tolist() == [1.0 / PARAMS.birth_height_span_m]


def test_clutter_spread_evenly_is_counted_again_by_its_density() -> None:
    density = uniform_clutter_density(20.0, 400e3, 2.0 * np.pi, 0.5)
    assert density * 400e3 * 2.0 * np.pi * 0.5 == pytest.approx(20.0)
    assert uniform_clutter_density(20.0, 400e3, 2.0 * np.pi) == pytest.approx(0.5 * density)


def test_the_cell_of_a_plot_is_where_it_is_on_the_ground() -> None:
    grid = SETUP.grid
    x, y = 61e3, -35e3
    cell = int(plots(RECEIVER, x_m=x, y_m=y, z_m=5e3).cell[0])
    row, column = divmod(cell, grid.shape[1])
    assert grid.x_m + column * grid.cell_m <= x < grid.x_m + (column + 1) * grid.cell_m
    assert grid.y_m + row * grid.cell_m <= y < grid.y_m + (row + 1) * grid.cell_m


def first_track(**columns: Any) -> tuple[np.ndarray, np.ndarray]:
    """The state that one plot tells of."""
    plot = plots(columns.pop("sensor_id"), **columns)
    row, column = np.tril_indices(6)
    covariance = np.empty((6, 6))
    covariance[row, column] = covariance[column, row] = plot.triangle[0]
    return plot.mean[0], covariance


def test_a_new_track_stands_where_its_plot_was_as_sure_as_the_plot() -> None:
    r, azimuth, elevation = 90e3, 2.0, 0.06
    mean, covariance = first_track(sensor_id=RADAR, range_m=r, azimuth_rad=azimuth, elevation_rad=elevation)
    frame = SETUP.watchers[0].frame

    def at(*polar: float) -> np.ndarray:
        return polar_to_world(*(np.array([value]) for value in polar), frame, WORLD)[0]

    assert np.allclose(mean[:3], at(r, azimuth, elevation), atol=1e-6)
    assert mean[3:].tolist() == [0.0, 0.0, 0.0]
    small, columns = np.array([1.0, 1e-6, 1e-6]), []
    for axis in range(3):
        step = np.eye(3)[axis] * small
        polar = np.array([r, azimuth, elevation])
        columns.append((at(*(polar + step)) - at(*(polar - step))) / (2.0 * small[axis]))
    turn = np.array(columns).T * [50.0, 2e-3, 3e-3]
    assert np.allclose(covariance[:3, :3], turn @ turn.T, rtol=1e-5, atol=1e-3)
    speeds = [PARAMS.birth_speed_sigma_mps, PARAMS.birth_speed_sigma_mps, PARAMS.birth_climb_sigma_mps]
    assert np.allclose(np.sqrt(np.diag(covariance)[3:]), speeds)


@pytest.mark.parametrize(("range_m", "sigma_m"), [(100e3, 4_000.0), (6e3, 3_000.0)])
def test_a_new_track_without_height_is_unsure_of_it_by_the_prior_or_half_the_range(
    range_m: float, sigma_m: float
) -> None:
    mean, covariance = first_track(sensor_id=RADAR, range_m=range_m, azimuth_rad=0.0)
    along = (mean[:3] - SETUP.watchers[0].origin_m) / range_m
    assert np.linalg.norm(along) == pytest.approx(1.0, rel=1e-9)
    assert np.sqrt(covariance[2, 2]) == pytest.approx(sigma_m, rel=0.02)
    assert np.sqrt(along @ covariance[:3, :3] @ along) == pytest.approx(50.0, rel=0.02)


@pytest.mark.parametrize("told", [np.nan, 9_000.0])
@pytest.mark.parametrize("place", [(150e3, -200e3), (0.0, 0.0), (-300e3, 50e3)])
def test_a_new_track_at_a_reported_position_without_height_gets_the_prior_or_the_flight_level(
    place: tuple[float, float], told: float
) -> None:
    mean, covariance = first_track(sensor_id=RECEIVER, x_m=place[0], y_m=place[1], flight_level_m=told)
    height, sigma = (6_000.0, 4_000.0) if np.isnan(told) else (told, PARAMS.flight_level_sigma_m)
    one_metre = 1.0
    assert abs(enu_to_geodetic(WORLD, mean[:3])[2] - height) < one_metre
    assert mean[:2].tolist() == list(place)
    assert np.sqrt(covariance[2, 2]) == pytest.approx(sigma, rel=0.01)


@pytest.mark.parametrize("rate", [-240.0, 0.0, 310.0])
def test_a_range_rate_shapes_the_velocity_of_a_new_track_along_the_line_of_sight_alone(rate: float) -> None:
    mean, covariance = first_track(
        sensor_id=RADAR, range_m=120e3, azimuth_rad=0.8, elevation_rad=0.05, doppler_mps=rate
    )
    sight = (mean[:3] - SETUP.watchers[0].origin_m) / 120e3
    prior = np.diag([PARAMS.birth_speed_sigma_mps, PARAMS.birth_speed_sigma_mps, 30.0]) ** 2.0
    gain = prior @ sight / (sight @ prior @ sight + 2.0**2)
    assert np.allclose(mean[3:], gain * rate, atol=1e-6)
    assert np.allclose(covariance[3:, 3:], prior - np.outer(gain, sight @ prior), atol=1e-5)


def test_a_flight_level_becomes_the_elevation_at_which_the_range_meets_it() -> None:
    r, height = np.array([20e3, 100e3, 380e3]), np.array([9e3, 500.0, 12e3])
    flat = Detections.make(detection_id=range(3), sensor_id=RADAR, range_m=r, azimuth_rad=1.0, flight_level_m=height)
    elevation = measure(plots_of(flat, SETUP).mean[:, :3], SETUP.watchers[0].frame, WORLD)[2]
    # On the mean sphere: the law of cosines back.
    a = constants.EARTH_MEAN_RADIUS_M + 700.0
    met = np.sqrt(a**2 + r**2 + 2.0 * a * r * np.sin(elevation)) - constants.EARTH_MEAN_RADIUS_M
    one_centimetre = 0.01
    assert np.abs(met - height).max() < one_centimetre

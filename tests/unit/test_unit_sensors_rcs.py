"""Radar cross section by aspect: published lobes, scaling to the nose, unit-mean spread."""

import math

import numpy as np
import pytest

from chainhome import draws
from chainhome.errors import UseError
from chainhome.sensors import rcs


def test_the_large_uav_has_the_published_peaks_and_floor() -> None:
    one_hundredth_db = 0.01
    model = rcs.large_uav()
    for azimuth_deg, elevation_deg, peak_db in ((0, 0, 1.02), (90, 0, 7.43), (180, 0, 3.99), (-90, 0, 7.43)):
        got = float(rcs.pattern_db(model, math.radians(azimuth_deg), math.radians(elevation_deg)))
        assert abs(got - peak_db) < one_hundredth_db
    half_width_rad = math.radians(7.13 / 2.0)
    assert abs(float(rcs.pattern_db(model, math.pi / 2 + half_width_rad, 0.0)) - (7.43 - 3.0)) < one_hundredth_db
    assert abs(float(rcs.pattern_db(model, math.radians(45.0), 0.0)) + 6.87) < one_hundredth_db
    assert abs(float(rcs.pattern_db(model, 1.0, -math.pi / 2)) - 13.55) < one_hundredth_db


@pytest.mark.parametrize("shape", [rcs.fighter, rcs.airliner, rcs.missile, rcs.flat])
def test_the_given_figure_is_the_mean_over_the_nose_sector(shape: type[rcs.RcsModel]) -> None:
    model = shape(3.0)
    azimuth = np.random.default_rng(1).uniform(-math.pi / 4, math.pi / 4, 200_000)
    assert abs(float(rcs.rcs_m2(model, azimuth).mean()) - 3.0) < 0.02


@pytest.mark.parametrize("shape", [rcs.fighter, rcs.airliner, rcs.missile])
def test_left_and_right_look_the_same_and_no_seam_shows_at_the_tail(shape: type[rcs.RcsModel]) -> None:
    azimuth = np.linspace(0.0, math.pi, 500)
    elevation = np.linspace(-1.5, 1.5, 500)
    model = shape(3.0)
    assert np.allclose(rcs.rcs_m2(model, azimuth, elevation), rcs.rcs_m2(model, -azimuth, elevation))
    assert np.allclose(rcs.rcs_m2(model, math.pi - 1e-9), rcs.rcs_m2(model, -math.pi + 1e-9))


def test_the_spread_has_unit_mean_and_the_stated_deviation() -> None:
    factors = rcs.spread_factor(draws.key(1, np.arange(400_000)), 7, 3.74)
    db = 10.0 * np.log10(factors)
    assert abs(float(factors.mean()) - 1.0) < 0.01
    assert abs(float(db.std()) - 3.74) < 0.02
    assert abs(float(db.mean()) + math.log(10.0) / 20.0 * 3.74**2) < 0.02


def test_the_spread_of_a_target_is_drawn_once_for_each_aspect_cell() -> None:
    keys = draws.key(1, np.arange(50))[:, None]
    first = rcs.spread_factor(keys, np.arange(4), 3.0)
    assert np.array_equal(first, rcs.spread_factor(keys, np.arange(4), 3.0))
    assert len(np.unique(first)) == first.size
    assert np.all(rcs.spread_factor(keys, 0, 0.0) == 1.0)


def test_aspect_cells_tile_the_sphere() -> None:
    azimuth = np.radians(np.arange(-179.0, 180.0, 2.0))[:, None]
    elevation = np.radians(np.arange(-89.0, 90.0, 2.0))
    cells = rcs.aspect_cell(azimuth, elevation)
    columns, rows = rcs.aspect_cells()
    numbers, counts = np.unique(cells, return_counts=True)
    assert np.array_equal(numbers, np.arange(columns * rows))
    assert np.all(counts == 25)
    assert int(rcs.aspect_cell(math.pi, math.pi / 2)) == columns * rows - 1


def test_the_aspect_follows_the_body_and_not_the_ground() -> None:
    up = np.array([[0.0, 0.0, 1.0]])
    east = np.array([[1.0, 0.0, 0.0]])
    azimuth, elevation = rcs.aspect_angles(east, np.array([[300.0, 0.0, 0.0]]), up)
    assert abs(float(azimuth[0])) < 1e-12
    azimuth, elevation = rcs.aspect_angles(east, np.array([[0.0, 0.0, -900.0]]) + 1e-9 * east, up)
    assert abs(abs(float(elevation[0])) - math.pi / 2) < 1e-6, "a diving missile shows its back or its belly"
    azimuth, elevation = rcs.aspect_angles(-up, np.array([[200.0, 0.0, 0.0]]), up)
    assert abs(float(elevation[0]) + math.pi / 2) < 1e-12
    azimuth, elevation = rcs.aspect_angles(east, np.zeros((1, 3)), up)
    assert (float(azimuth[0]), float(elevation[0])) == (0.0, 0.0)


def test_level_flight_agrees_with_the_azimuth_and_heading_form() -> None:
    rng = np.random.default_rng(3)
    bearing, heading = rng.uniform(-math.pi, math.pi, (2, 300))
    flat = np.zeros(300)
    to_radar = np.stack([np.sin(bearing), np.cos(bearing), flat], axis=1)
    velocity = 200.0 * np.stack([np.sin(heading), np.cos(heading), flat], axis=1)
    azimuth, elevation = rcs.aspect_angles(to_radar, velocity, np.stack([flat, flat, flat + 1.0], axis=1))
    assert np.allclose(azimuth, rcs.aspect_azimuth_rad(bearing, heading), atol=1e-9)
    assert np.allclose(elevation, 0.0)


def test_impossible_targets_are_refused() -> None:
    with pytest.raises(UseError, match="did you mean fighter"):
        rcs.shaped("fightr", 2.0)
    with pytest.raises(UseError, match="expected a positive number"):
        rcs.fighter(0.0)
    with pytest.raises(ValueError, match="differ in length"):
        rcs.RcsModel(1.0, 0.0, peak_db=(1.0,))

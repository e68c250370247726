"""Visibility over made-up and shipped terrain, and what is read out of a fan."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome import earth
from chainhome.earth import terrain as terrain_
from chainhome.earth import visibility
from chainhome.errors import UseError

RADIUS_M = earth.four_thirds_radius_m()
ALMOST_FLAT_M = 1e12
TENTH_DEGREE_M = 11_131.949  # on the equator
MURTED = tuple(np.radians([40.0789, 32.5656]))


def ridge(height_m: int) -> terrain_.Terrain:
    """Return a sea with one narrow ridge along the meridian of 0.1 degrees east."""
    heights = np.zeros((101, 101), np.int16)
    heights[:, 60] = height_m
    return terrain_.Terrain("ridge", heights, north_deg=0.5, west_deg=-0.5, step_deg=0.01, note="", source="")


def east_of_the_ridge(height_m: int, antenna_m: float, radius_m: float = ALMOST_FLAT_M) -> earth.Fan:
    return earth.fan(
        ridge(height_m), 0.0, 0.0, antenna_m,
        radius_m=radius_m, range_max_m=4 * TENTH_DEGREE_M, bearings_rad=[np.pi / 2], range_step_m=TENTH_DEGREE_M / 10,
    )  # fmt: skip


def test_the_shadow_of_a_ridge_widens_by_similar_triangles() -> None:
    """The ridge is a tent one terrain cell to either side; the grid's cells, an eighth of those, may miss its top."""
    fan = east_of_the_ridge(500, 20.0)
    lowest_m = fan.lowest_visible_m[0]
    half_a_grid_cell_down_the_tent_m = 500.0 / 16.0
    assert (lowest_m[:9] == fan.ground_m[0, :9]).all()
    assert abs(lowest_m[9] - 500.0) < half_a_grid_cell_down_the_tent_m
    behind = 20.0 + 480.0 * fan.ranges_m[10:] / TENTH_DEGREE_M
    share = (lowest_m[10:] - 20.0) / (behind - 20.0)
    assert (share < 1.0 + 1e-3).all()
    assert (share > 1.0 - half_a_grid_cell_down_the_tent_m / 480.0).all()
    assert np.ptp(share[1:]) < 1e-3
    assert fan.ground_visible[0, :9].all()
    assert not fan.ground_visible[0, 10:].any()


def test_a_ridge_below_the_antenna_hides_only_what_lies_near_behind_it() -> None:
    fan = east_of_the_ridge(50, 100.0)
    hidden = ~fan.ground_visible[0]
    assert hidden[10:19].all()
    assert not hidden[20:].any()
    assert (fan.lowest_visible_m[0, 20:] == 0.0).all()


def test_terrain_at_the_site_lifts_the_antenna_unless_a_height_is_given() -> None:
    kwargs = {"radius_m": RADIUS_M, "range_max_m": 10e3, "bearings_rad": [0.0, 1.0]}
    from_grid = earth.fan(terrain_.load(), *MURTED, 24.0, **kwargs)
    given = earth.fan(terrain_.load(), *MURTED, 24.0, site_ground_m=843.0, **kwargs)
    assert abs(from_grid.site_ground_m - 836.4) < 0.1
    assert abs(from_grid.antenna_msl_m - 860.4) < 0.1
    assert (given.site_ground_m, given.antenna_msl_m) == (843.0, 867.0)


def test_samples_outside_the_terrain_are_sea_and_are_counted() -> None:
    fan = earth.fan(ridge(300), 0.0, 0.0, 20.0, radius_m=RADIUS_M, range_max_m=111_000.0, bearings_rad=[0.0, np.pi / 2])
    beyond = fan.ranges_m > 5.1 * TENTH_DEGREE_M
    assert (fan.ground_m[:, beyond] == 0.0).all()
    assert abs(fan.outside_share - beyond.mean()) < 0.01


def test_a_site_outside_the_terrain_needs_its_height() -> None:
    vienna = np.radians([48.2, 16.4])
    kwargs = {"radius_m": RADIUS_M, "range_max_m": 10e3, "bearings_rad": [0.0]}
    with pytest.raises(UseError, match=r'site 48\.2000 N, 16\.4000 E lies outside the terrain "anatolia"'):
        earth.fan(terrain_.load(), *vienna, 24.0, **kwargs)
    assert earth.fan(terrain_.load(), *vienna, 24.0, site_ground_m=170.0, **kwargs).outside_share == 1.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"range_max_m": -5.0}, "range_max_m = -5"), ({"radius_m": np.inf}, "radius_m"), ({"range_step_m": 0.0}, "step")],
)
def test_lengths_that_cannot_be_are_refused(wrong: dict[str, float], message: str) -> None:
    given = {"radius_m": RADIUS_M, "range_max_m": 1e4, "range_step_m": 500.0, **wrong}
    with pytest.raises(UseError, match=message):
        earth.fan(None, 0.7, 0.5, 24.0, bearings_rad=[0.0], **given)


@pytest.mark.parametrize("bearings", [[], [1.0, 0.5], [0.0, 2 * np.pi], [-0.1, 0.1]])
def test_bearings_must_increase_within_a_turn(bearings: list[float]) -> None:
    with pytest.raises(ValueError, match="increases within"):
        earth.fan(None, 0.7, 0.5, 24.0, radius_m=RADIUS_M, range_max_m=1e4, bearings_rad=bearings)
    with pytest.raises(UseError, match="antenna height = -1 m"):
        earth.fan(None, 0.7, 0.5, -1.0, radius_m=RADIUS_M, range_max_m=1e4, bearings_rad=[0.0])


@pytest.mark.parametrize("site", [MURTED, (1.5705, 0.3), (0.2, np.pi - 1e-4)])
def test_samples_lie_on_the_geodesic(site: tuple[float, float]) -> None:
    one_micrometre = 1e-6
    bearings, ranges = np.linspace(0.0, 6.2, 25), np.linspace(0.5e3, 600e3, 50)
    lat, lon = visibility._geodesic_samples(*site, bearings, ranges)
    exact = earth.geodetic_to_ecef(*earth.destination(*site, bearings[:, None], ranges), 0.0)
    assert np.linalg.norm(earth.geodetic_to_ecef(lat, lon, 0.0) - exact, axis=-1).max() < one_micrometre


def test_points_are_read_between_bearings_across_north_and_between_samples() -> None:
    smooth = earth.fan(None, 0.7, 0.5, 24.0, radius_m=RADIUS_M, range_max_m=1000.0, bearings_rad=[0.5, 3.0, 6.0])
    lowest = np.array([[100.0, 300.0], [0.0, 0.0], [500.0, 700.0]])
    fan = earth.Fan(**{**vars(smooth), "lowest_visible_m": lowest, "site_ground_m": 50.0})
    across_north = 0.5 * (0.5 + 6.0 - 2 * np.pi)
    expected = {
        (0.5, 500.0): 100.0, (0.5, 1000.0): 300.0, (0.5, 750.0): 200.0, (0.5, 250.0): 75.0, (0.5, 0.0): 50.0,
        (1.75, 1000.0): 150.0, (across_north, 500.0): 300.0, (6.0 - 4 * np.pi, 1000.0): 700.0,
    }  # fmt: skip
    azimuth, ground_range = np.array(list(expected)).T
    height = np.array(list(expected.values()))
    assert earth.visible(fan, azimuth, ground_range, height + 1e-6).all()
    assert not earth.visible(fan, azimuth, ground_range, height - 1e-6).any()


def test_nothing_is_seen_beyond_the_fan_or_at_a_range_that_is_not_a_number() -> None:
    fan = earth.fan(None, 0.7, 0.5, 24.0, radius_m=RADIUS_M, range_max_m=1000.0, bearings_rad=[0.0])
    assert earth.visible(fan, 1.0, [1000.0, 1000.1, -1.0, np.nan], 1e4).tolist() == [True, False, False, False]
    assert not earth.visible(fan, np.nan, 500.0, 1e4)


def test_the_fan_reaches_the_range_asked_for() -> None:
    def last_m(range_max_m: float) -> float:
        fan = earth.fan(None, 0.7, 0.5, 24.0, radius_m=RADIUS_M, range_max_m=range_max_m, bearings_rad=[0.0])
        return float(fan.ranges_m[-1])

    assert [last_m(range_max_m) for range_max_m in (1000.0, 1001.0, 3.0)] == [1000.0, 1500.0, 500.0]


def test_a_loss_counts_when_it_is_longer_than_the_gap() -> None:
    ranges_m = 1000.0 * np.arange(1, 11)
    seen = np.array([list(map(int, row)) for row in ("1110000011", "1110000001", "0000001111", "1111111100", "0" * 10)])
    assert earth.first_lost_m(seen, ranges_m).tolist() == [10_000.0, 3_000.0, 0.0, 8_000.0, 0.0]
    assert earth.first_lost_m(seen, ranges_m, gap_m=500.0).tolist() == [3_000.0, 3_000.0, 0.0, 8_000.0, 0.0]
    assert earth.farthest_m(seen, ranges_m).tolist() == [10_000.0, 10_000.0, 10_000.0, 8_000.0, 0.0]


def test_hills_around_murted_hide_a_low_target_that_a_smooth_earth_would_show() -> None:
    bearings = np.radians(np.arange(0.0, 360.0, 5.0))
    kwargs = {"radius_m": RADIUS_M, "range_max_m": 150e3, "bearings_rad": bearings}
    real = earth.fan(terrain_.load(), *MURTED, 24.0, **kwargs)
    lost_m = earth.first_lost_m(real.ground_m + 100.0 >= real.lowest_visible_m, real.ranges_m)
    assert np.median(lost_m) < 0.5 * earth.horizon_range_m(24.0, 100.0)


def test_a_fan_on_a_larger_grid_is_the_same_to_its_own_range() -> None:
    kwargs = {"radius_m": RADIUS_M, "bearings_rad": [0.0, 1.0, 4.0]}
    grid = earth.fan_grid(terrain_.load(), *MURTED, 80e3)
    long = earth.fan(terrain_.load(), *MURTED, 24.0, range_max_m=80e3, grid=grid, **kwargs)
    short = earth.fan(terrain_.load(), *MURTED, 24.0, range_max_m=40e3, grid=grid, **kwargs)
    ten_metres = 10.0  # of hidden ground: fewer rays are followed over a smaller grid
    assert np.abs(short.ground_m - long.ground_m[:, :80]).max() < 1e-6
    assert np.abs(short.lowest_visible_m - long.lowest_visible_m[:, :80]).max() < ten_metres


def test_the_ground_of_a_fan_cannot_be_written() -> None:
    """It is shared by fans over the same ground."""
    fan = earth.fan(terrain_.load(), *MURTED, 24.0, radius_m=RADIUS_M, range_max_m=5e3, bearings_rad=[0.0])
    with pytest.raises(ValueError, match="read-only"):
        fan.ground_m[0, 0] = 1.0

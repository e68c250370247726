"""The fan: the surface along bearings, over a smooth earth its closed form; more never shows less."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome import earth
from chainhome.earth.terrain import Terrain
from chainhome.earth.terrain import height_m as terrain_height_m

RADIUS_M = earth.four_thirds_radius_m()
ROUNDING_M = 1e-5  # of heights on a sphere of 8.5e6 m, after division by a short range
SINGLE_PRECISION_M = 0.05  # of rises of the ground near the antenna, seen from 80 km
BEARINGS = np.linspace(0.1, 6.1, 7)

SEEDS = st.integers(0, 2**32 - 1)
ANTENNAS_M = st.floats(0.0, 200.0)


def rough(seed: int, relief_m: int = 1500) -> Terrain:
    heights = np.random.default_rng(seed).integers(0, relief_m, (25, 25)).astype(np.int16)
    return Terrain("rough", heights, north_deg=40.6, west_deg=31.9, step_deg=0.05, note="", source="")


def fan_over(terrain: Terrain | None, antenna_m: float, **options: float) -> earth.Fan:
    return earth.fan(
        terrain, np.radians(40.0), np.radians(32.5), antenna_m,
        **{"radius_m": RADIUS_M, "range_max_m": 80e3, "bearings_rad": BEARINGS, "range_step_m": 2000.0, **options},
    )  # fmt: skip


@settings(max_examples=15)
@given(SEEDS, ANTENNAS_M)
def test_the_fan_is_the_surface_along_its_bearings(seed: int, antenna_m: float) -> None:
    terrain = rough(seed)
    fan = fan_over(terrain, antenna_m)
    grid = earth.fan_grid(terrain, fan.lat_rad, fan.lon_rad, 80e3)
    surface = earth.surface(grid, antenna_m, radius_m=RADIUS_M, site_ground_m=fan.site_ground_m)
    both = [replace(surface, lowest_visible_m=v) for v in (surface.lowest_visible_m, grid.heights_m)]
    lowest, ground = (earth.lowest_at(each, BEARINGS[:, None], fan.ranges_m) for each in both)
    assert np.abs(fan.lowest_visible_m - fan.ground_m - (lowest - ground)).max() < SINGLE_PRECISION_M
    east, north = fan.ranges_m * np.sin(BEARINGS[:, None]), fan.ranges_m * np.cos(BEARINGS[:, None])
    for row in range(BEARINGS.size):
        lat, lon = earth.grid_positions(fan.lat_rad, fan.lon_rad, east[row], north[row])
        own = terrain_height_m(terrain, np.diagonal(lat), np.diagonal(lon))
        assert np.abs(fan.ground_m[row] - np.nan_to_num(own)).max() < ROUNDING_M


@given(st.floats(1.0, 300.0), st.floats(100.0, 1000.0), st.floats(8.0e6, 2e7))
def test_over_a_smooth_earth_the_fan_is_the_closed_form_horizon(
    antenna_m: float, step_m: float, radius_m: float
) -> None:
    fan = fan_over(None, antenna_m, range_max_m=600e3, range_step_m=step_m, radius_m=radius_m)
    closed_m = earth.lowest_visible_altitude_m(fan.ranges_m, antenna_m, radius_m)
    assert np.abs(closed_m - fan.lowest_visible_m).max() < ROUNDING_M


@given(ANTENNAS_M, st.floats(0.0, 3000.0))
def test_a_raised_plain_is_a_larger_sea(antenna_m: float, site_m: float) -> None:
    """Ranges are counted at mean sea level: under a plain they are shorter than on it, by the ratio of the radii."""
    larger = 1.0 + site_m / RADIUS_M
    plain = fan_over(None, antenna_m, site_ground_m=site_m)
    sea = fan_over(None, antenna_m, radius_m=RADIUS_M * larger, range_max_m=80e3 * larger, range_step_m=2e3 * larger)
    assert np.abs(plain.lowest_visible_m - site_m - sea.lowest_visible_m).max() < ROUNDING_M


@given(SEEDS, ANTENNAS_M, st.floats(0.0, 200.0))
def test_a_higher_antenna_never_sees_less(seed: int, antenna_m: float, more_m: float) -> None:
    low, high = fan_over(rough(seed), antenna_m), fan_over(rough(seed), antenna_m + more_m)
    assert (high.lowest_visible_m <= low.lowest_visible_m + SINGLE_PRECISION_M).all()


@given(SEEDS, ANTENNAS_M, st.floats(0.0, 1.0))
def test_lower_terrain_never_hides_more(seed: int, antenna_m: float, share: float) -> None:
    rugged = rough(seed)
    softened = (share * rugged.heights_m).astype(np.int16)
    gentle = Terrain("gentle", softened, rugged.north_deg, rugged.west_deg, rugged.step_deg, "", "")
    hidden, open_ = (fan_over(terrain, antenna_m, site_ground_m=800.0) for terrain in (rugged, gentle))
    assert (open_.lowest_visible_m <= hidden.lowest_visible_m + SINGLE_PRECISION_M).all()


@given(SEEDS, st.floats(-7.0, 7.0), st.floats(0.0, 90e3), st.floats(0.0, 9e3), st.floats(0.0, 9e3))
def test_a_higher_target_is_never_lost(seed: int, azimuth: float, range_m: float, one_m: float, other_m: float) -> None:
    fan = fan_over(rough(seed), 24.0)
    low, high = earth.visible(fan, azimuth, range_m, sorted([one_m, other_m]))
    assert high or not low


@given(SEEDS, ANTENNAS_M)
def test_the_ground_that_is_seen_is_the_lowest_visible_altitude(seed: int, antenna_m: float) -> None:
    fan = fan_over(rough(seed), antenna_m)
    lit = fan.ground_visible
    assert (fan.lowest_visible_m >= fan.ground_m).all()
    assert (fan.lowest_visible_m[lit] - fan.ground_m[lit] < ROUNDING_M).all()
    assert (fan.lowest_visible_m[~lit] > fan.ground_m[~lit]).all()


@given(SEEDS, st.floats(0.0, 20e3))
def test_first_lost_is_never_beyond_the_farthest_seen(seed: int, gap_m: float) -> None:
    seen = np.random.default_rng(seed).random((5, 40)) < 0.5
    ranges_m = 1000.0 * np.arange(1, 41)
    first, farthest = earth.first_lost_m(seen, ranges_m, gap_m), earth.farthest_m(seen, ranges_m)
    assert (first <= farthest).all()
    assert (first <= earth.first_lost_m(seen, ranges_m, gap_m + 1000.0)).all()

"""The lowest visible altitude: against exact rays, closed forms and bent rays, wherever the antenna stands."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from chainhome import earth
from chainhome.earth import bending as bending_
from chainhome.errors import UseError
from surface.fractal import fractal_heights
from surface.rays import lowest_by_rays

MURTED = tuple(np.radians([40.0789, 32.5656]))
RADIUS_M = earth.four_thirds_radius_m()
CELL_M = 90.0
HALF = 260
NEAR_ROWS = 128  # up to which all the ground counts
# The sweep finds the highest ground between two rows, these rays sample it: what lies between samples, seen from afar.
BETWEEN_SAMPLES_M = 0.5
SAMPLES = 16


def grid_of(heights: np.ndarray, cell_m: float = CELL_M) -> earth.SiteGrid:
    return earth.SiteGrid(*MURTED, cell_m, heights.astype(np.float32), 0, 0, "made up", "", "")


@pytest.fixture(scope="module")
def rough() -> earth.SiteGrid:
    return grid_of(fractal_heights(2 * HALF + 1, 5, relief_m=1500.0))


def by_rays(surface: earth.Surface, rows: np.ndarray, columns: np.ndarray, near_rows: int | None = None) -> np.ndarray:
    return lowest_by_rays(
        surface.grid.heights_m, rows, columns, cell_m=surface.grid.cell_m,
        antenna_m=surface.antenna_msl_m, radius_m=surface.radius_m, samples=SAMPLES, near_rows=near_rows,
    )  # fmt: skip


def ring(k: int) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of some 32 cells on each side of the square k cells away from the site."""
    along = np.arange(-k, k + 1, max(1, k // 16))
    side = np.full_like(along, k)
    rows = np.concatenate([side, -side, along, along])
    return HALF + rows, HALF + np.concatenate([along, along, side, -side])


@pytest.mark.parametrize("antenna_m", [0.0, 24.0, 3000.0])
def test_axes_and_diagonals_equal_exact_rays(rough: earth.SiteGrid, antenna_m: float) -> None:
    surface = earth.surface(rough, antenna_m)
    away = np.arange(1, HALF + 1, 3)
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        rows, columns = HALF + down * away, HALF + across * away
        exact = by_rays(surface, rows, columns, near_rows=NEAR_ROWS)
        assert np.abs(surface.lowest_visible_m[rows, columns] - exact).max() < BETWEEN_SAMPLES_M
    assert surface.lowest_visible_m[HALF, HALF] == rough.heights_m[HALF, HALF]


@pytest.mark.parametrize("k", [1, 2, 4, 32, 128, 256])
def test_cells_that_rays_meet_equal_exact_rays(rough: earth.SiteGrid, k: int) -> None:
    surface = earth.surface(rough, 10.0)
    rows, columns = ring(k)
    difference = surface.lowest_visible_m[rows, columns] - by_rays(surface, rows, columns, near_rows=NEAR_ROWS)
    assert np.abs(difference).max() < BETWEEN_SAMPLES_M


def test_nearly_all_cells_are_within_metres_of_exact_rays(rough: earth.SiteGrid) -> None:
    """Between rays, and beyond the rows between which all ground counts, the sweep is not exact."""
    surface = earth.surface(rough, 20.0)
    rows, columns = np.random.default_rng(1).integers(0, 2 * HALF + 1, (2, 500))
    exact = by_rays(surface, rows, columns)
    error = np.abs(surface.lowest_visible_m[rows, columns] - exact)
    hidden = exact > rough.heights_m[rows, columns] + 0.01
    half_the_cells_m, all_but_a_hundredth_m = 0.1, 5.0
    assert hidden.mean() > 0.5
    assert np.median(error[hidden]) < half_the_cells_m
    assert np.quantile(error, 0.99) < all_but_a_hundredth_m


def test_a_steep_octant_is_the_same_in_all_eight_places() -> None:
    heights = fractal_heights(2 * HALF + 1, 6)
    lowest = earth.surface(grid_of(heights), 15.0).lowest_visible_m
    for turned in (lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a.T, lambda a: a[::-1, ::-1].T):
        again = earth.surface(grid_of(np.ascontiguousarray(turned(heights))), 15.0).lowest_visible_m
        assert np.array_equal(turned(lowest), again)


@pytest.mark.parametrize("refraction", earth.REFRACTIONS)
def test_any_number_of_threads_gives_the_same_bytes(rough: earth.SiteGrid, refraction: str) -> None:
    alone = earth.surface(rough, 24.0, refraction=refraction).lowest_visible_m
    with ThreadPoolExecutor(3) as executor:
        together = earth.surface(rough, 24.0, refraction=refraction, executor=executor).lowest_visible_m
    assert alone.tobytes() == together.tobytes()


@pytest.mark.parametrize(("refraction", "radius_m"), [("standard", RADIUS_M), ("none", 6_371_008.8)])
def test_over_a_smooth_earth_the_surface_is_the_closed_form(refraction: str, radius_m: float) -> None:
    five_centimetres = 0.05  # single precision and the horizon between two cells, at up to 280 km
    grid = earth.site_grid(None, *MURTED, range_max_m=200e3, cell_m=125.0)
    along = grid.cell_m * np.arange(-grid.half, grid.half + 1)
    for antenna_m in (1.0, 24.0, 2000.0, 12_000.0):
        surface = earth.surface(grid, antenna_m, refraction=refraction)
        closed = earth.lowest_visible_altitude_m(np.hypot(along, along[:, None]), antenna_m, radius_m)
        assert np.abs(surface.lowest_visible_m - closed).max() < five_centimetres


def test_a_raised_plain_is_a_larger_sea() -> None:
    one_centimetre = 0.01
    plain = earth.surface(grid_of(np.full((401, 401), 2000.0)), 24.0)
    larger = 1.0 + 2000.0 / RADIUS_M
    sea = earth.surface(grid_of(np.zeros((401, 401)), CELL_M * larger), 24.0, radius_m=RADIUS_M * larger)
    assert np.abs(plain.lowest_visible_m - 2000.0 - sea.lowest_visible_m).max() < one_centimetre


def test_a_radar_below_sea_level_is_one_on_a_smaller_sea() -> None:
    one_centimetre = 0.01
    shore = earth.surface(grid_of(np.full((401, 401), -430.0)), 10.0)
    smaller = 1.0 - 430.0 / RADIUS_M
    sea = earth.surface(grid_of(np.zeros((401, 401)), CELL_M * smaller), 10.0, radius_m=RADIUS_M * smaller)
    assert shore.antenna_msl_m == -420.0
    assert np.abs(shore.lowest_visible_m + 430.0 - sea.lowest_visible_m).max() < one_centimetre


def test_from_a_pit_only_the_sky_over_its_rim_is_seen() -> None:
    half, rim_cells, depth_m, mast_m = 100, 5, 300.0, 20.0
    heights = np.full((2 * half + 1, 2 * half + 1), 1000.0)
    along = np.arange(-half, half + 1)
    heights[np.maximum(np.abs(along), np.abs(along)[:, None]) < rim_cells] -= depth_m
    surface = earth.surface(grid_of(heights), mast_m, radius_m=1e12)
    ten_centimetres = 0.1
    away = np.arange(rim_cells, half + 1)
    over_the_rim = surface.antenna_msl_m + (depth_m - mast_m) * away / rim_cells
    assert np.abs(surface.lowest_visible_m[half, half + away] - over_the_rim).max() < ten_centimetres
    # On the diagonal the ground up to the corner of the rim is a parabola, which looks highest before it ends.
    share = np.linspace(0.0, 1.0, 100_001)
    steepest = ((depth_m - mast_m - depth_m * (1.0 - share) ** 2) / (rim_cells - 1 + share)).max()
    corners = surface.lowest_visible_m[half + away, half + away]
    assert np.abs(corners - surface.antenna_msl_m - steepest * away)[1:].max() < ten_centimetres


def test_what_no_height_can_rise_over_is_infinitely_far() -> None:
    heights = np.zeros((41, 41))
    heights[20, 21] = 40_000.0  # a wall right beside the antenna, on a small earth
    surface = earth.surface(grid_of(heights, 1000.0), 0.0, radius_m=1e5)
    assert np.isinf(surface.lowest_visible_m[20, -1])
    assert np.isfinite(surface.lowest_visible_m[20, :20]).all()
    assert earth.lowest_at(surface, np.pi / 2, 20e3) == np.inf
    assert not earth.surface_visible(surface, np.pi / 2, 20e3, 1e9)


def test_a_given_height_of_the_site_lifts_the_antenna_and_not_the_ground(rough: earth.SiteGrid) -> None:
    surface = earth.surface(rough, 24.0, site_ground_m=5000.0)
    assert (surface.site_ground_m, surface.antenna_msl_m) == (5000.0, 5024.0)
    assert surface.lowest_visible_m[HALF, HALF] == rough.heights_m[HALF, HALF]
    beside = (HALF, HALF + 1)
    assert surface.lowest_visible_m[beside] == rough.heights_m[beside]


def test_points_are_read_between_cells() -> None:
    surface = earth.surface(grid_of(np.zeros((7, 7)), 1000.0), 10.0)
    east, north = np.meshgrid(np.arange(-3, 4), -np.arange(-3, 4))
    plane = replace(surface, lowest_visible_m=(100.0 * east + 10.0 * north).astype(np.float32))
    x, y = np.array([0.0, 1000.0, -2500.0, 2999.9]), np.array([0.0, -500.0, 1250.0, 2999.9])
    read = earth.lowest_at(plane, np.arctan2(x, y), np.hypot(x, y))
    assert np.abs(read - (0.1 * x + 0.01 * y)).max() < 1e-3
    beyond = earth.lowest_at(plane, [0.0, np.pi / 4, 1.0, np.nan], [3001.0, 4300.0, np.nan, 10.0])
    assert np.isinf(beyond).all()
    assert earth.surface_visible(plane, np.pi / 2, 1500.0, [149.0, 151.0]).tolist() == [False, True]


def test_bent_rays_equal_those_of_the_ray_tracer() -> None:
    """Behind a ridge at which a bent ray passes, the shadow ends on that ray."""
    cell_m, ten_centimetres = 500.0, 0.1
    for elevation_deg, antenna_m in ((0.0, 24.0), (0.2, 24.0), (1.0, 500.0)):
        low, high = earth.refracted_ray([300.0 + antenna_m, 6000.0 + antenna_m], antenna_m, np.radians(elevation_deg))[
            3
        ]
        cell_m = float(low) / round(float(low) / 400.0)
        half = int(np.ceil(high / cell_m)) + 1
        heights = np.full((2 * half + 1, 2 * half + 1), -400.0)
        heights[half, half + round(float(low) / cell_m)] = 300.0 + antenna_m
        surface = earth.surface(grid_of(heights, cell_m), antenna_m, refraction="crpl", site_ground_m=0.0)
        found = earth.lowest_at(surface, np.pi / 2, high)
        between_cells_m = 0.05
        assert abs(found - (6000.0 + antenna_m)) < ten_centimetres + between_cells_m


def test_heights_made_straight_and_bent_again_are_the_same() -> None:
    five_centimetres = 0.05
    table = bending_.bending(860.0, 600e3, -430.0)
    heights = table.low_m + table.span_m * np.linspace(0.0, 1.0, table.bend.shape[1]) ** 2
    seen = (heights > -430.0) & (heights < 30e3)
    for straighten, bend in zip(table.straighten, table.bend, strict=True):
        straight = heights + straighten
        back = straight + np.interp(straight, heights, bend)
        assert np.abs(back - heights)[seen].max() < five_centimetres


def test_finer_tables_of_bending_change_little(monkeypatch: pytest.MonkeyPatch) -> None:
    fifteen_centimetres = 0.15
    table = bending_.bending(24.0, 600e3, 0.0)
    monkeypatch.setattr(bending_, "_TRACED", (129, 257))
    monkeypatch.setattr(bending_, "_STEPS", 512)
    finer = bending_.bending(24.0, 600e3, 0.0)
    heights = table.low_m + table.span_m * np.linspace(0.0, 1.0, table.bend.shape[1]) ** 2
    seen = (heights > 0.0) & (heights < 30e3)
    assert np.abs(table.straighten - finer.straighten)[:, seen].max() < fifteen_centimetres


def test_several_sites_see_what_the_best_of_them_sees() -> None:
    one_metre = 1.0  # reading between cells of 1 km, and single precision
    sites = [earth.site_grid(None, 0.7, lon, range_max_m=100e3, cell_m=1000.0) for lon in (0.57, 0.58, 0.59)]
    surfaces = [earth.surface(site, antenna) for site, antenna in zip(sites, (10.0, 24.0, 100.0), strict=True)]
    both = earth.merged(surfaces, range_max_m=120e3, cell_m=2000.0)
    along = 2000.0 * np.arange(-60, 61)
    lat, lon = earth.grid_positions(both.lat_rad, both.lon_rad, along, -along)
    single = []
    for surface in surfaces:
        distance, bearing = earth.inverse(surface.grid.lat_rad, surface.grid.lon_rad, lat, lon)
        single.append(earth.lowest_at(surface, bearing, distance))
    expected = np.sort(single, axis=0)
    seen = np.isfinite(expected)
    assert np.array_equal(np.isfinite(both.lowest_visible_m), seen)
    assert np.abs(both.lowest_visible_m[seen] - expected[seen]).max() < one_metre
    counts = earth.sites_in_view(both, 500.0)
    assert set(np.unique(counts)) == {0, 1, 2, 3}
    assert np.array_equal(counts, (both.lowest_visible_m <= 500.0).sum(axis=0))


def test_merged_surfaces_cross_the_date_line_and_hold_all_their_grids() -> None:
    sites = [earth.site_grid(None, -0.3, lon, range_max_m=50e3, cell_m=1000.0) for lon in (3.14, -3.14)]
    both = earth.merged([earth.surface(site, 24.0) for site in sites])
    assert abs(abs(both.lon_rad) - np.pi) < 1e-9
    assert np.isfinite(both.lowest_visible_m[0]).sum() >= 1.15 * 101 * 101
    one = earth.merged([earth.surface(sites[0], 24.0)])
    assert (one.lat_rad, one.lon_rad, one.cell_m) == (-0.3, 3.14, 1000.0)
    with pytest.raises(UseError, match="at least one surface"):
        earth.merged([])
    with pytest.raises(UseError, match="cell_m = -1"):
        earth.merged([earth.surface(sites[0], 24.0)], cell_m=-1.0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"refraction": "standart"}, 'refraction "standart" is not known.*did you mean standard'),
        ({"radius_m": -1.0}, "radius_m = -1 must be positive"),
        ({"radius_m": 8e6, "refraction": "crpl"}, "cannot be given with the CRPL atmosphere"),
        ({"radius_m": 1000.0}, "the sweep reaches 0 km over an earth of this radius"),
        ({"site_ground_m": np.nan}, "the antenna's altitude = nan m"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UseError, match=message):
        earth.surface(grid_of(np.zeros((21, 21))), 24.0, **wrong)


def test_antennas_in_the_ground_and_voids_are_refused() -> None:
    heights = np.zeros((5, 5))
    with pytest.raises(UseError, match="antenna height = -1 m"):
        earth.surface(grid_of(heights), -1.0)
    heights[0, 0] = np.nan
    with pytest.raises(UseError, match='the grid "made up" has heights that are not numbers'):
        earth.surface(grid_of(heights), 24.0)


def test_the_smallest_grid_has_a_ring_of_cells_that_is_all_seen() -> None:
    heights = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 900.0]])
    surface = earth.surface(grid_of(heights), 1.0)
    assert np.array_equal(surface.lowest_visible_m, heights)

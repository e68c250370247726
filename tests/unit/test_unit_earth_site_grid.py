"""The square grid round a site: exact ranges and bearings anywhere on the earth, heights as the terrain has them."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome import earth
from chainhome.earth import terrain as terrain_
from chainhome.earth.site_grid import cropped
from chainhome.errors import UseError

MURTED = tuple(np.radians([40.0789, 32.5656]))
SINGLE_PRECISION_M = 1e-3  # of heights up to some kilometres
# Near the poles, across the date line, in the south, and where the polynomial changes from angles to vectors.
PLACES = {
    "murted": MURTED,
    "the north pole": (np.pi / 2, 0.3),
    "near the south pole": tuple(np.radians([-89.99, 10.0])),
    "on the date line": tuple(np.radians([71.0, 180.0])),
    "west of the date line": tuple(np.radians([-17.0, 179.99])),
    "high latitude": tuple(np.radians([75.0, -179.0])),
}


def sloping(north_deg: float, west_deg: float, rows: int, columns: int, step_deg: float = 0.1) -> terrain_.Terrain:
    """Return a terrain whose heights are linear in row and column, so that bilinear reading is exact."""
    heights = 3 * np.arange(rows)[:, None] + 2 * np.arange(columns)
    return terrain_.Terrain("slope", heights.astype(np.int16), north_deg, west_deg, step_deg, "made up", "nobody")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("reach_m", [50e3, 600e3])
def test_cells_lie_at_their_range_and_bearing(place: tuple[float, float], reach_m: float) -> None:
    ten_micrometres = 1e-5
    along = np.linspace(-reach_m, reach_m, 41)
    lat, lon = earth.grid_positions(*place, along, -along)
    east, north = np.meshgrid(along, -along)
    exact = earth.destination(*place, np.arctan2(east, north), np.hypot(east, north))
    apart = earth.geodetic_to_ecef(lat, lon, 0.0) - earth.geodetic_to_ecef(*exact, 0.0)
    assert np.linalg.norm(apart, axis=-1).max() < ten_micrometres
    assert ((lon >= -np.pi) & (lon < np.pi)).all()


def test_rows_run_from_north_and_columns_from_west() -> None:
    lat, lon = earth.grid_positions(*MURTED, [-1000.0, 0.0, 1000.0], [1000.0, 0.0, -1000.0])
    assert (np.diff(lat, axis=0) < 0.0).all()
    assert (np.diff(lon, axis=1) > 0.0).all()
    assert abs(lat[1, 1] - MURTED[0]) < 1e-12
    assert abs(lon[1, 1] - MURTED[1]) < 1e-12


def test_heights_are_those_of_the_terrain_at_every_cell() -> None:
    grid = earth.site_grid(terrain_.load(), *MURTED, range_max_m=60e3, cell_m=731.0)
    along = 731.0 * np.arange(-grid.half, grid.half + 1)
    by_place = terrain_.height_m(terrain_.load(), *earth.grid_positions(*MURTED, along, -along))
    assert grid.half == 83
    assert grid.heights_m.shape == (167, 167)
    two_metres_aside_on_a_slope_m = 0.2  # between the positions that are computed, places are a few metres off at most
    assert np.abs(grid.heights_m - by_place).max() < two_metres_aside_on_a_slope_m
    assert (grid.outside_cells, grid.void_cells) == (0, 0)
    assert (grid.name, grid.note, grid.source) == ("anatolia", terrain_.load().note, terrain_.load().source)


def test_cells_beyond_the_edge_of_the_data_are_sea_and_counted() -> None:
    terrain = sloping(41.0, 32.0, 21, 21)
    site = tuple(np.radians([40.0, 33.98]))  # by the eastern edge
    grid = earth.site_grid(terrain, *site, range_max_m=20e3, cell_m=1000.0)
    along = 1000.0 * np.arange(-20, 21)
    inside = terrain_.contains(terrain, *earth.grid_positions(*site, along, -along))
    assert 0 < inside.sum() < inside.size
    assert grid.outside_cells == (~inside).sum()
    assert (grid.heights_m[~inside] == 0.0).all()
    assert (grid.heights_m[inside] > 0.0).all()


@pytest.mark.parametrize("turns", [0, 1, -1])
def test_a_grid_crosses_the_date_line_with_its_terrain(turns: int) -> None:
    terrain = sloping(1.0, 179.0 + 360.0 * turns, 21, 21)
    grid = earth.site_grid(terrain, 0.0, np.radians(-179.99), range_max_m=50e3, cell_m=5000.0)
    assert grid.outside_cells == 0
    middle = grid.heights_m[grid.half]
    metres_per_cell = 2.0 * 5000.0 / 11_131.95
    assert np.abs(np.diff(middle) - metres_per_cell).max() < SINGLE_PRECISION_M


def test_a_grid_reaches_over_the_pole() -> None:
    cap = terrain_.Terrain("cap", np.full((21, 360), 7, np.int16), 90.0, -180.0, 1.0, "", "")
    grid = earth.site_grid(cap, np.radians(89.5), 0.0, range_max_m=500e3, cell_m=10e3)
    assert grid.outside_cells == 0
    assert (grid.heights_m == 7.0).all()


def test_no_terrain_is_a_smooth_earth_at_a_height() -> None:
    grid = earth.site_grid(None, *MURTED, range_max_m=1000.0, cell_m=300.0, smooth_m=843.0)
    assert grid.half == 4
    assert (grid.heights_m == 843.0).all()
    assert grid.heights_m.dtype == np.float32


def test_a_site_outside_the_terrain_is_refused_unless_it_may_be() -> None:
    vienna = tuple(np.radians([48.2, 16.4]))
    size = {"range_max_m": 1e4, "cell_m": 1e3}
    with pytest.raises(UseError, match=r'the site 48\.2000 N, 16\.4000 E lies outside the terrain "anatolia"'):
        earth.site_grid(terrain_.load(), *vienna, **size)
    assert earth.site_grid(terrain_.load(), *vienna, **size, site_anywhere=True).outside_cells == 21 * 21


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"range_max_m": 0.0}, "range_max_m = 0 must be positive"),
        ({"cell_m": np.nan}, "cell_m = nan must be positive"),
        ({"cell_m": 1.0}, "6.4e\\+11 cells of 1 m within 400 km are more than"),
    ],
)
def test_lengths_that_cannot_be_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(UseError, match=message):
        earth.site_grid(None, *MURTED, **{"range_max_m": 400e3, "cell_m": 1e3, **wrong})


@pytest.mark.parametrize("place", [(40.08, 32.57), (0.7, np.inf)])
def test_degrees_for_radians_are_refused(place: tuple[float, float]) -> None:
    with pytest.raises(UseError, match="is not a latitude and longitude"):
        earth.site_grid(None, *place, range_max_m=1e4, cell_m=1e3)


def test_the_middle_of_a_grid_is_the_grid_of_a_shorter_range() -> None:
    whole = earth.site_grid(terrain_.load(), *MURTED, range_max_m=20e3, cell_m=1000.0)
    middle = cropped(whole, 7_500.0)
    own = earth.site_grid(terrain_.load(), *MURTED, range_max_m=7_500.0, cell_m=1000.0)
    one_decimetre = 0.1  # places between those that are computed differ by a metre or two
    assert middle.half == own.half == 8
    assert np.abs(middle.heights_m - own.heights_m).max() < one_decimetre
    assert cropped(whole, 20e3) is whole
    assert cropped(whole, 50e3) is whole

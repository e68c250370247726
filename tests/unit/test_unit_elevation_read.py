"""Elevation files on the grid round a site: every cell has the height of its own place on the earth."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elevation_files import grid_places, ramp, rasterio, srtm_tile, waves, write

from chainhome import earth
from chainhome.formats.elevation import data_share, read_site_grid

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "terrain" / "anatolia_60s.tif"
STEP = 1.0 / 1200.0
LAT, LON = 40.5, 32.5


def read(path: Path, lat_deg: float = LAT, lon_deg: float = LON, **asked: Any) -> earth.SiteGrid:
    return read_site_grid(path, *np.radians([lat_deg, lon_deg]), **({"range_max_m": 20e3, "cell_m": 200.0} | asked))


def worst_m(grid: earth.SiteGrid, land: Any = waves) -> float:
    assert (grid.outside_cells, grid.void_cells) == (0, 0)
    return float(np.abs(grid.heights_m - land(*grid_places(grid))).max())


def test_a_geotiff_is_read_at_the_places_of_the_cells(tmp_path: Path) -> None:
    grid = read(write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200)))
    curvature_of_the_hills_m = 0.1  # two metres of misplacement
    assert worst_m(grid) < curvature_of_the_hills_m
    assert grid.heights_m.shape == (201, 201)
    assert grid.heights_m.dtype == np.float32
    assert (grid.lat_rad, grid.lon_rad, grid.cell_m) == (*np.radians([LAT, LON]), 200.0)
    assert grid.name == "land.tif"
    assert "the user's own data: land.tif, 1 file (EPSG:4326)" in grid.source


@pytest.mark.parametrize("name", ["N40E032.hgt", "n40.dt1", "cog.tif", "N40E032.SRTMGL3.hgt.zip"])
def test_files_of_every_kind_give_the_same_heights(tmp_path: Path, name: str) -> None:
    if name.endswith(".dt1"):
        written = write(
            tmp_path / name, west=32 - STEP / 2, north=41 + STEP / 2, step=STEP, shape=(1201, 1201), dtype="int16",
            driver="DTED",
        )  # fmt: skip
    elif name == "cog.tif":
        written = write(tmp_path / name, west=32.0, north=41.0, step=STEP, shape=(1200, 1200), driver="COG")
    else:
        written = srtm_tile(tmp_path / "N40E032.hgt", 40, 32)
    if name.endswith(".zip"):
        import zipfile

        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.write(written, "N40E032.hgt")
        written.unlink()
        written = tmp_path / name
    whole_metres = 0.51
    assert worst_m(read(written)) < whole_metres


PLACES = {
    "at 60 N": (60.3, 25.2),
    "on the date line": (52.5, 180.0),
    "just west of the date line": (-17.5, 179.95),
    "on the equator and the first meridian": (0.0, 0.0),
    "in the south and west": (-33.4, -70.6),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_cell_is_misplaced_wherever_the_site_lies(tmp_path: Path, place: str) -> None:
    lat, lon = PLACES[place]
    west, north, land = round(lon) - 1.5, round(lat) + 1.0, ramp(lat, lon)
    file = write(tmp_path / "land.tif", west=west, north=north, step=0.01, shape=(200, 300), land=land)
    a_hundredth_of_a_cell_m = 0.01 * 500.0 / 111.0  # on a slope of 1000 m for each degree
    assert worst_m(read(file, lat, lon, cell_m=500.0), land) < a_hundredth_of_a_cell_m


@pytest.mark.parametrize("lat", [89.6, 90.0, -90.0])
def test_a_pole_is_a_place_like_any_other(tmp_path: Path, lat: float) -> None:
    north = 90.0 if lat > 0.0 else -87.0
    file = write(tmp_path / "land.tif", west=-180.0, north=north, step=0.05, shape=(60, 7200), land=cap)
    grid = read(file, lat, 15.0, cell_m=500.0)
    there, _ = grid_places(grid)
    wrong_m = np.abs(grid.heights_m - cap(there, 0.0))
    outermost = np.abs(there) > 90.0 - 0.025  # no centres lie beyond the last ones, and these count there
    a_hundredth_of_a_cell_m = 0.01 * 500.0 / 111.0
    assert wrong_m[~outermost].max() < a_hundredth_of_a_cell_m
    assert wrong_m.max() <= 25.01
    assert grid.outside_cells == 0


def cap(lat_deg: Any, lon_deg: Any) -> Any:
    """A cone round the pole, which a bilinear grid of latitude and longitude gives exactly."""
    return 1000.0 + 1000.0 * (np.abs(lat_deg) - 89.0)


def test_two_files_on_either_side_of_the_date_line_are_one(tmp_path: Path) -> None:
    write(tmp_path / "east.tif", west=179.0, north=53.0, step=STEP, shape=(1200, 1200))
    write(tmp_path / "west.tif", west=-180.0, north=53.0, step=STEP, shape=(1200, 1200))
    curvature_of_the_hills_m = 0.15  # of means over 2 x 3 cells
    for lon in (180.0, -180.0, 179.99, -179.99):
        assert worst_m(read(tmp_path, 52.5, lon)) < curvature_of_the_hills_m


def test_a_file_of_the_whole_world_has_no_seam_at_its_edge(tmp_path: Path) -> None:
    world = write(tmp_path / "world.tif", west=-180.0, north=90.0, step=0.5, shape=(360, 720), land=band)
    rounding_m = 0.05
    assert worst_m(read(world, 0.0, 180.0, range_max_m=200e3, cell_m=5000.0), band) < rounding_m


def band(lat_deg: Any, lon_deg: Any) -> Any:
    return 1000.0 + 10.0 * lat_deg


@pytest.mark.parametrize("crs", ["EPSG:32636", "EPSG:3857", "EPSG:3035", "EPSG:4258"])
def test_other_coordinate_systems_are_projected_back(tmp_path: Path, crs: str) -> None:
    west, south, east, north = rasterio.warp.transform_bounds("EPSG:4326", crs, 32.0, 40.0, 33.0, 41.0)
    step = (north - south) / 1200.0
    shape = (1200, int((east - west) / step))
    grid = read(write(tmp_path / "land.tif", west=west, north=north, step=step, shape=shape, crs=crs))
    curvature_of_the_hills_m = 0.1
    assert worst_m(grid) < curvature_of_the_hills_m


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 180.0, 300.0])
def test_a_raster_that_lies_south_up_or_askew_is_turned(tmp_path: Path, angle_deg: float) -> None:
    sin, cos = STEP * np.sin(np.radians(angle_deg)), STEP * np.cos(np.radians(angle_deg))
    column, row = np.meshgrid(np.arange(1200) + 0.5, np.arange(1200) + 0.5)
    west, south = LON - 600 * (cos - sin), LAT - 600 * (sin + cos)  # the site is in the middle of the raster
    x, y = west + column * cos - row * sin, south + column * sin + row * cos
    path = tmp_path / "land.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=1200, height=1200, count=1, dtype="float32", crs="EPSG:4326",
        transform=rasterio.Affine(cos, -sin, west, sin, cos, south),
    ) as file:  # fmt: skip
        file.write(waves(y, x).astype(np.float32), 1)
    curvature_of_the_hills_m = 0.1  # two metres of misplacement
    assert worst_m(read(path)) < curvature_of_the_hills_m


def test_tiles_of_a_folder_leave_no_seam_though_neither_shares_a_cell(tmp_path: Path) -> None:
    (tmp_path / "nested").mkdir()
    for lat, lon in ((40, 32), (40, 33), (41, 32), (41, 33)):
        write(tmp_path / "nested" / f"N{lat}E{lon}.tif", west=lon, north=lat + 1, step=STEP, shape=(1200, 1200))
    (tmp_path / "README.txt").write_text("not a tile")
    (tmp_path / "N40E032_WBM.tif").write_text("a mask that Copernicus puts beside the heights")
    grid = read(tmp_path, 41.0, 33.0)
    curvature_of_the_hills_m = 0.1  # two metres of misplacement
    assert worst_m(grid) < curvature_of_the_hills_m
    assert "4 files" in grid.source


def test_tiles_as_copernicus_cuts_them_meet_where_their_cells_change_width(tmp_path: Path) -> None:
    for lat, step_east in ((49, STEP), (50, 1.5 * STEP)):
        for lon in (10, 11):
            columns = round(1.0 / step_east)
            x = lon + np.arange(columns) * step_east  # centres of the first cells lie on whole degrees
            y = lat + 1 - np.arange(1200) * STEP
            corner = (lon - step_east / 2, lat + 1 + STEP / 2)
            name = f"Copernicus_DSM_COG_30_N{lat}_00_E0{lon}_00_DEM.tif"
            with rasterio.open(
                tmp_path / name, "w", driver="GTiff", width=columns, height=1200, count=1, dtype="float32",
                crs="EPSG:4326", transform=rasterio.Affine(step_east, 0, corner[0], 0, -STEP, corner[1]),
            ) as file:  # fmt: skip
                file.write(waves(*np.meshgrid(y, x, indexing="ij")).astype(np.float32), 1)
    grid = read(tmp_path, 50.0, 11.0, cell_m=100.0)
    lat, lon = grid_places(grid)
    wrong_m = np.abs(grid.heights_m - waves(lat, lon))
    curvature_of_the_hills_m, half_a_cell_of_slope_m = 0.05, 0.5 * 93.0 * 0.05
    assert np.median(wrong_m) < curvature_of_the_hills_m
    assert wrong_m.max() < half_a_cell_of_slope_m
    assert (grid.outside_cells, grid.void_cells) == (0, 0)


def test_a_folder_may_mix_kinds_cells_and_coordinate_systems_and_the_finest_counts(tmp_path: Path) -> None:
    write(tmp_path / "A-coarse.tif", west=31.0, north=42.0, step=0.1, shape=(20, 20), land=lambda y, x: 0.0 * y + 5.0)
    srtm_tile(tmp_path / "N40E032.hgt", 40, 32)
    grid = read(tmp_path, LAT, 32.05)
    lat, lon = grid_places(grid)
    here = lon > 32.0 + STEP
    whole_metres = 0.51
    assert np.abs(grid.heights_m - waves(lat, lon))[here].max() < whole_metres
    assert (grid.heights_m[lon < 32.0 - STEP] == 5.0).all()
    assert grid.outside_cells == 0


def test_large_cells_take_means_and_not_single_points_of_fine_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    heights = waves(np.full((1200, 1200), 40.0), np.full((1200, 1200), 32.0)) + rng.normal(0.0, 100.0, (1200, 1200))
    file = write(tmp_path / "rough.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), heights=heights)
    fine, coarse = read(file, cell_m=90.0), read(file, cell_m=1000.0)
    assert 60.0 < fine.heights_m.std() < 75.0  # bilinear between independent heights
    assert coarse.heights_m.std() < 12.0  # means over 10 x 14 of them
    assert "means of 10 x 14 of them" in coarse.note


def test_without_a_cell_size_the_grid_takes_the_datas_own(tmp_path: Path) -> None:
    file = write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200))
    grid = read(file, cell_m=None)
    a_metre = 1.0
    assert abs(grid.cell_m - np.sqrt(92.53 * 70.6)) < a_metre
    assert grid.half * grid.cell_m >= 20e3


def test_without_a_cell_size_the_grid_never_outgrows_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainhome.formats.elevation.read.MOST_CELLS", 10_000)
    grid = read(write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200)), cell_m=None)
    assert 9000 < grid.heights_m.size <= 10_000
    assert grid.half * grid.cell_m >= 20e3


def test_blocks_and_quarters_of_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200))
    whole = read(file).heights_m
    monkeypatch.setattr("chainhome.formats.elevation.read.BLOCK", 37)
    monkeypatch.setattr("chainhome.formats.elevation.read._WINDOW_CELLS", 900)
    error_of_the_mesh_m = 0.01
    assert np.abs(read(file).heights_m - whole).max() < error_of_the_mesh_m


def test_cells_outside_are_sea_and_counted(tmp_path: Path) -> None:
    file = write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200))
    grid = read(file, LAT, 32.05)
    _, lon = grid_places(grid)
    assert grid.outside_cells == int((lon < 32.0).sum())
    assert (grid.heights_m[lon < 32.0] == 0.0).all()
    assert (grid.heights_m[lon > 32.0] > 400.0).all()
    assert f"{grid.outside_cells:,} cells lie outside the data and are taken as sea" in grid.note


@pytest.mark.parametrize(
    ("void", "declared"), [(-32768, -32768), (-32768, None), (-9999, None), (1234, 1234), (np.nan, None), (1e20, None)]
)
def test_voids_are_filled_from_their_neighbours_and_counted(tmp_path: Path, void: float, declared: float) -> None:
    heights = np.full((1200, 1200), 700.0)
    heights[590:600, 600:605] = void
    file = write(
        tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), heights=heights, nodata=declared
    )
    grid = read(file, cell_m=90.0)
    assert (grid.heights_m == 700.0).all()
    cells_of_the_hole = 10 * 92.5 * 5 * 70.6 / 90.0**2
    assert abs(grid.void_cells - cells_of_the_hole) < 12  # half a cell along its edge
    assert f"{grid.void_cells} cells are voids, {grid.void_cells} filled from their neighbours, 0 taken as" in grid.note


def test_a_void_too_deep_for_its_neighbours_is_sea_in_the_middle_and_said(tmp_path: Path) -> None:
    heights = np.full((1200, 1200), 700.0)
    heights[500:700, 500:700] = np.nan
    file = write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), heights=heights)
    grid = read(file, cell_m=200.0)
    sea = int((grid.heights_m == 0.0).sum())
    assert 0 < sea < grid.void_cells
    assert set(np.unique(grid.heights_m)) == {0.0, 700.0}
    assert f"{grid.void_cells - sea:,} filled from their neighbours, {sea:,} taken as sea" in grid.note


@pytest.mark.parametrize("step", [STEP, 0.01])
def test_another_file_of_the_folder_fills_voids_first(tmp_path: Path, step: float) -> None:
    heights = np.full((1200, 1200), 700.0)
    heights[500:700, 500:700] = np.nan
    write(tmp_path / "a.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), heights=heights)
    size = round(1.0 / step)
    write(tmp_path / "b.tif", west=32.0, north=41.0, step=step, shape=(size, size), land=lambda y, x: 0.0 * y + 300.0)
    grid = read(tmp_path, cell_m=90.0)
    assert grid.void_cells == 0
    assert grid.heights_m[grid.half, grid.half] == 300.0
    assert (grid.heights_m == 700.0).mean() > 0.5
    assert grid.heights_m.min() == 300.0


def test_a_file_whose_void_value_is_zero_marks_the_sea_with_it(tmp_path: Path) -> None:
    heights = np.full((1200, 1200), 700.0)
    heights[:, :600] = 0.0
    file = write(
        tmp_path / "a.tif",
        west=32.0,
        north=41.0,
        step=STEP,
        shape=(1200, 1200),
        heights=heights,
        nodata=0,
        dtype="int16",
    )
    grid = read(file)
    assert grid.void_cells == 0
    assert (grid.heights_m[:, :90] == 0.0).all()


def test_depths_of_the_sea_are_its_surface_and_dry_land_below_it_stays(tmp_path: Path) -> None:
    dead_sea = write(
        tmp_path / "low.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), land=lambda y, x: 0.0 * y - 430.0
    )
    assert read(dead_sea).heights_m.max() == -430.0
    ocean = write(
        tmp_path / "sea.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200),
        land=lambda y, x: 4000.0 * (x - 32.5),
    )  # fmt: skip
    grid = read(ocean, range_max_m=30e3)
    assert grid.heights_m.min() == 0.0
    assert grid.heights_m.max() > 1000.0
    assert "depths of the sea" in grid.note


FEET = [("ft", 0.3048), ("US survey foot", 1200.0 / 3937.0), ("metre", 1.0), ("", 1.0)]


@pytest.mark.parametrize(("unit", "metres"), FEET)
def test_heights_in_feet_become_metres(tmp_path: Path, unit: str, metres: float) -> None:
    file = write(
        tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), units=unit,
        land=lambda y, x: 0.0 * y + 5000.0,
    )  # fmt: skip
    rounding_m = 1e-3
    assert np.abs(read(file).heights_m - 5000.0 * metres).max() < rounding_m


def test_a_grid_projected_in_feet_is_read_where_it_says_its_unit_of_height(tmp_path: Path) -> None:
    lon, lat = (v[0] for v in rasterio.warp.transform("EPSG:2263", "EPSG:4326", [1000e3], [200e3]))
    land = ramp(lat, lon)
    file = write(
        tmp_path / "new-york.tif", west=900e3, north=300e3, step=1000.0, shape=(200, 200), crs="EPSG:2263",
        units="US survey foot", land=lambda y, x: land(y, x) / (1200.0 / 3937.0),
    )  # fmt: skip
    bilinear_of_a_plane_m = 0.05
    assert worst_m(read(file, lat, lon), land) < bilinear_of_a_plane_m


def test_scale_and_offset_of_a_band_are_applied(tmp_path: Path) -> None:
    file = write(
        tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200), dtype="int16",
        land=lambda y, x: 0.0 * y + 5000.0,
    )  # fmt: skip
    with rasterio.open(file, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.1,), (20.0,)
    rounding_m = 1e-3
    assert np.abs(read(file).heights_m - 520.0).max() < rounding_m


def test_progress_goes_from_little_to_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainhome.formats.elevation.read.BLOCK", 100)
    file = write(tmp_path / "land.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200))
    told: list[tuple[str, float]] = []
    read(file, progress=lambda stage, share: told.append((stage, share)))
    assert [stage for stage, _ in told] == ["terrain"] * 9
    assert told[-1][1] == 1.0
    assert all(a[1] < b[1] for a, b in pairwise(told))


@pytest.mark.skipif(not SHARED.exists(), reason="the GeoTIFF of Anatolia lies beside the checkout and is not here")
@pytest.mark.parametrize(("place", "cell_m"), [((40.0789, 32.5656), 1000.0), ((36.2, 36.2), 500.0)])
def test_the_geotiff_of_anatolia_gives_the_heights_of_the_shipped_terrain(
    tmp_path: Path, place: tuple[float, float], cell_m: float
) -> None:
    shutil.copy(SHARED, tmp_path / "anatolia.tif")
    ours = read(tmp_path, *place, range_max_m=300e3, cell_m=cell_m)
    shipped = earth.site_grid(earth.load_terrain(), *np.radians(place), range_max_m=300e3, cell_m=cell_m)
    error_of_the_mesh_m, error_of_the_chords_m = 0.2, 0.4  # the shipped grid is straight between every few cells
    exact = earth.terrain_height_m(earth.load_terrain(), *np.radians(grid_places(ours)))
    inside = np.isfinite(exact)
    assert np.abs(ours.heights_m - exact)[inside].max() < error_of_the_mesh_m
    assert np.abs(ours.heights_m - shipped.heights_m).max() < error_of_the_chords_m
    edge_cells = 2 * ours.heights_m.shape[0]
    assert abs(ours.outside_cells - shipped.outside_cells) <= edge_cells * (shipped.outside_cells > 0)


def test_the_share_of_a_disc_that_files_cover_is_the_share_of_its_area(tmp_path: Path) -> None:
    one_hundredth = 0.01
    write(tmp_path / "a.tif", west=32.0, north=41.0, step=STEP, shape=(1200, 1200))
    write(tmp_path / "b.tif", west=410_000.0, north=4_560_000.0, step=100.0, shape=(600, 600), crs="EPSG:32636")
    place = (*np.radians([LAT, LON]),)
    assert data_share(tmp_path, *place, 20e3) == 1.0
    far_m = 300e3
    square_m2 = np.diff(np.sin(np.radians([40.0, 41.0])))[0] * np.radians(1.0) * 6_371e3**2
    found = data_share(tmp_path / "a.tif", *place, far_m)
    assert found == pytest.approx(square_m2 / (np.pi * far_m**2), abs=one_hundredth)
    west_half = data_share(tmp_path / "a.tif", place[0], np.radians(33.0), 30e3)
    assert west_half == pytest.approx(0.5, abs=one_hundredth)

"""Grids written as GeoTIFF: GDAL reads the value of each cell at its own latitude and longitude."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elevation_files import grid_places, rasterio

from chainhome import earth
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.elevation import read_site_grid, write_geotiff, write_surface_geotiff

GDAL = pytest.mark.skipif(shutil.which("gdallocationinfo") is None, reason="gdal-bin is not installed")


def numbered(lat_deg: float, lon_deg: float, half: int = 40, cell_m: float = 2500.0) -> earth.SiteGrid:
    """A grid whose cells' heights are their own numbers, so that a value tells from which cell it came."""
    size = 2 * half + 1
    heights = np.arange(size * size, dtype=np.float32).reshape(size, size)
    return earth.SiteGrid(
        *np.radians([lat_deg, lon_deg]), cell_m, heights, 3, 4, "test land", "a note: Mürted", "a source"
    )


def write(grid: earth.SiteGrid, path: Path, **more: Any) -> Path:
    write_geotiff(path, grid.heights_m, grid, unit="m", description="numbers of cells", **more)
    return path


PLACES = [(40.0789, 32.5656), (60.0, 25.0), (0.0, 0.0), (52.0, 179.99), (-45.0, -180.0), (89.7, 10.0), (90.0, 0.0)]


@GDAL
@pytest.mark.parametrize("place", PLACES)
def test_gdal_finds_each_cell_at_its_place(tmp_path: Path, place: tuple[float, float]) -> None:
    grid = numbered(*place)
    path = write(grid, tmp_path / "grid.tif")
    lat, lon = grid_places(grid)
    rng = np.random.default_rng(7)
    rows, columns = rng.integers(0, 81, (2, 60))
    asked = "".join(f"{lon[i, j]:.9f} {lat[i, j]:.9f}\n" for i, j in zip(rows, columns, strict=True))
    command = ["gdallocationinfo", "-wgs84", "-valonly", str(path)]
    said = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout.split()
    assert [float(word) for word in said] == grid.heights_m[rows, columns].tolist()


@GDAL
def test_gdalinfo_tells_the_projection_the_unit_and_the_site(tmp_path: Path) -> None:
    path = write(numbered(40.0789, 32.5656), tmp_path / "grid.tif", tags={"ANTENNA_MSL_M": "860"})
    said = subprocess.run(["gdalinfo", str(path)], capture_output=True, text=True, check=True).stdout
    for expected in (
        "Size is 81, 81",
        "Azimuthal Equidistant",
        '"Latitude of natural origin",40.0789',
        '"Longitude of natural origin",32.5656',
        "Pixel Size = (2500.000000000000000,-2500.000000000000000)",
        "COMPRESSION=DEFLATE",
        "Block=256x256 Type=Float32",
        "Description = numbers of cells",
        "NoData Value=nan",
        "Unit Type: m",
        "SITE_LATITUDE_DEG=40.07890000",
        "TERRAIN=test land",
        "TERRAIN_NOTE=a note: Mürted",
        "TERRAIN_VOID_CELLS=4",
        "ANTENNA_MSL_M=860",
        "TIFFTAG_SOFTWARE=chainhome",
    ):
        assert expected in said, expected
    assert [entry.name for entry in tmp_path.iterdir()] == ["grid.tif"]


def test_what_is_written_is_read_back_as_elevation_at_the_same_places(tmp_path: Path) -> None:
    grid = numbered(40.0, 32.0)
    back = read_site_grid(
        write(grid, tmp_path / "grid.tif"), grid.lat_rad, grid.lon_rad, range_max_m=100e3, cell_m=2500.0
    )
    error_of_the_mesh_m = 0.0002 * 82.0
    assert back.half == grid.half
    assert np.abs(back.heights_m - grid.heights_m).max() <= error_of_the_mesh_m
    assert (back.outside_cells, back.void_cells) == (0, 0)


@pytest.mark.parametrize("nodata", [math.nan, -32768.0])
def test_what_is_not_finite_is_no_data(tmp_path: Path, nodata: float) -> None:
    grid = numbered(40.0, 32.0)
    values = grid.heights_m.copy()
    values[0, :3] = [np.inf, -np.inf, np.nan]
    write_geotiff(tmp_path / "a.tif", values, grid, unit="m", description="holes", nodata=nodata)
    with rasterio.open(tmp_path / "a.tif") as file:
        back = file.read(1, masked=True)
    assert np.argwhere(np.ma.getmaskarray(back)).tolist() == [[0, 0], [0, 1], [0, 2]]
    assert np.array_equal(back.filled(0.0)[1:], values[1:])


def test_a_file_that_is_there_is_replaced_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_text("precious")
    with pytest.raises(UseError, match=r"a\.tif exists already; choose another name"):
        write(numbered(40.0, 32.0), path)
    assert path.read_text() == "precious"
    write(numbered(40.0, 32.0), path, replace=True)
    with rasterio.open(path) as file:
        assert file.shape == (81, 81)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(numbered(40.0, 32.0), tmp_path / "a.tif")
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(ChainhomeError, match=r"cannot write .*a\.tif: disk full"):
        write(numbered(40.0, 32.0), path, replace=True)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.tif"]
    with pytest.raises(ChainhomeError, match=r"cannot write .*b\.tif"):
        write(numbered(40.0, 32.0), tmp_path / "no" / "such" / "b.tif")


def test_values_of_another_shape_are_refused(tmp_path: Path) -> None:
    grid = numbered(40.0, 32.0)
    with pytest.raises(UseError, match=r"values of shape \(2, 3\) do not lie on a grid of \(81, 81\) cells"):
        write_geotiff(tmp_path / "a.tif", np.zeros((2, 3)), grid, unit="m", description="")


def test_without_rasterio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(ChainhomeError, match=r"chainhome\[geo\]"):
        write(numbered(40.0, 32.0), tmp_path / "a.tif")


@dataclass(frozen=True)
class MadeUpSurface:
    """What `write_surface_geotiff` reads of a surface."""

    grid: earth.SiteGrid
    radius_m: float = 8_494_677.0
    refraction: str = "standard"
    site_ground_m: float = 836.0
    antenna_msl_m: float = 860.0

    @property
    def lowest_visible_m(self) -> Any:
        return self.grid.heights_m + np.float32(10.0)


def test_a_surface_says_whose_antenna_and_which_refraction(tmp_path: Path) -> None:
    surface: Any = MadeUpSurface(numbered(40.0, 32.0))
    write_surface_geotiff(surface, tmp_path / "s.tif")
    with rasterio.open(tmp_path / "s.tif") as file:
        assert np.array_equal(file.read(1), surface.lowest_visible_m)
        assert file.descriptions == ("lowest visible altitude, metres above mean sea level",)
        assert file.units == ("m",)
        said = file.tags()
    assert (said["ANTENNA_MSL_M"], said["SITE_GROUND_M"], said["REFRACTION"]) == ("860.00", "836.00", "standard")
    assert said["EFFECTIVE_EARTH_RADIUS_M"] == "8494677.0"
    with pytest.raises(UseError, match="exists already"):
        write_surface_geotiff(surface, tmp_path / "s.tif")

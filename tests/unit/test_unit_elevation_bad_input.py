"""What cannot be used as elevation data is refused with one sentence: the file, what was found, what is expected."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elevation_files import ramp, rasterio, write

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.elevation import read_site_grid, tiles

STEP = 0.01
SITE = np.radians([40.5, 32.5])
HERE: dict[str, Any] = {"west": 32.0, "north": 41.0, "step": STEP, "shape": (100, 100)}


def plain(value: float) -> Callable[[Any, Any], Any]:
    return lambda lat, lon: 0.0 * lat + value


def text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def cut(path: Path, share: float, **more: Any) -> Path:
    write(path, **HERE | more)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


def folder(path: Path, *make: Callable[[Path], Any]) -> Path:
    path.mkdir()
    for number, one in enumerate(make):
        one(path / f"tile{number}.tif")
    return path


def picture(path: Path) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=100, height=100, count=3, dtype="uint8", crs="EPSG:4326",
        transform=rasterio.Affine(STEP, 0, 32, 0, -STEP, 41),
    ):  # fmt: skip
        return path


def local(path: Path) -> Path:
    return write(
        path, **HERE, crs=rasterio.crs.CRS.from_wkt('LOCAL_CS["my yard",UNIT["metre",1]]'), heights=[[0] * 100] * 100
    )


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no such file": (lambda d: d / "none.tif", r"none\.tif: no such file or folder"),
    "an empty file": (lambda d: text(d / "a.tif", ""), r"a\.tif: is empty; expected an elevation file"),
    "not a raster": (
        lambda d: text(d / "a.tif", "dear diary, " * 50),
        r"a\.tif: is not a raster that can be read, or is cut off; expected an elevation file such as a GeoTIFF",
    ),
    "no coordinate system": (
        lambda d: write(d / "a.tif", **HERE, crs=None),
        r"a\.tif: has no coordinate system, .*expected one in the file .*rio edit-info --crs EPSG:4326 a\.tif",
    ),
    "a text grid without its projection file": (
        lambda d: text(d / "a.asc", "ncols 2\nnrows 2\nxllcorner 32\nyllcorner 40\ncellsize 1\n1 2\n3 4\n"),
        r"a\.asc: has no coordinate system",
    ),
    "a local coordinate system": (lambda d: local(d / "a.tif"), r"a\.tif: its coordinate system is neither"),
    "a picture": (lambda d: picture(d / "a.tif"), r"a\.tif: has 3 bands of bytes, which is a picture"),
    "one cell": (
        lambda d: write(d / "a.tif", **HERE | {"shape": (1, 1)}),
        r"a\.tif: is a grid of 1 x 1 cells; expected at least 2 x 2",
    ),
    "a site outside": (
        lambda d: write(d / "a.tif", **HERE | {"west": 20.0}),
        r"a\.tif: the site 40\.5000 N, 32\.5000 E lies outside; the data cover 40 to 41 N, 20 to 21 E$",
    ),
    "a site outside a projected grid": (
        lambda d: write(d / "a.tif", west=500e3, north=5500e3, step=1000.0, shape=(50, 50), crs="EPSG:32633"),
        r"a\.tif: the site .* lies outside; the data cover 49\.\d+ to 49\.\d+ N, 15 to 15\.\d+ E",
    ),
    "latitude and longitude changed over": (
        lambda d: write(d / "a.tif", west=40.0, north=33.0, step=STEP, shape=(100, 100)),
        r"the data cover 32 to 33 N, 40 to 41 E; are latitude and longitude changed over, in the site or in the file",
    ),
    "latitudes that are none": (
        lambda d: write(d / "a.tif", west=32.0, north=140.0, step=STEP, shape=(100, 100)),
        r"its latitudes go from 139 to 140; expected -90 to 90 \(are latitude and longitude changed over in it\?\)",
    ),
    "voids and nothing else": (
        lambda d: write(d / "a.tif", **HERE, heights=np.full((100, 100), -32768), dtype="int16", nodata=-32768),
        r"a\.tif: has no height within 20 km of the site, only voids",
    ),
    "projected in feet": (
        lambda d: write(
            d / "a.tif", west=900e3, north=300e3, step=1e3, shape=(200, 200), crs="EPSG:2263", land=plain(9.0)
        ),
        r"a\.tif: is projected in feet \(US survey foot\) and does not say whether its heights are in feet or in m",
    ),
    "heights in feet that do not say so": (
        lambda d: write(d / "a.tif", **HERE, land=plain(16_854.0)),
        r"a\.tif: holds a height of 16,854 m, and none on earth is over 9,000 m; are its heights in feet\?",
    ),
    "heights in an unknown unit": (
        lambda d: write(d / "a.tif", **HERE, units="fathom"),
        r'a\.tif: its heights are in "fathom"; expected metres or feet',
    ),
    "a file cut off in its data": (
        lambda d: cut(d / "a.tif", 0.5, tiled=True, blockxsize=16, blockysize=16),
        r"a\.tif: (cannot be read near row \d+, column \d+ of 100 x 100; the file is damaged|is not a raster)",
    ),
    "a cut .hgt": (
        lambda d: text(d / "N40E032.hgt", "x" * 1000),
        r"N40E032\.hgt: is not a raster that can be read, or is cut off",
    ),
    "an empty folder": (
        lambda d: folder(d / "tiles"),
        r"tiles: holds no elevation file; expected files that end in \.tif, \.tiff, \.hgt",
    ),
    "a folder with one bad tile": (
        lambda d: folder(d / "tiles", lambda p: write(p, **HERE), lambda p: text(p, "dear diary")),
        r"tile1\.tif: is not a raster",
    ),
    "a folder in which the site lies between the tiles": (
        lambda d: folder(
            d / "tiles", lambda p: write(p, **HERE | {"west": 30.0}), lambda p: write(p, **HERE | {"west": 34.0})
        ),
        r"tiles: the site .* lies outside; the data cover 40 to 41 N, 30 to 35 E",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", BAD)
def test_each_mistake_has_one_clear_sentence(tmp_path: Path, mistake: str, caplog: pytest.LogCaptureFixture) -> None:
    make, expected = BAD[mistake]
    with pytest.raises(UseError, match=expected) as caught:
        read_site_grid(make(tmp_path), *SITE, range_max_m=20e3, cell_m=500.0)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value).replace(str(tmp_path), "")) < 320


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"range_max_m": -1.0}, "range_max_m = -1 must be positive"),
        ({"range_max_m": np.nan}, "range_max_m = nan must be positive"),
        ({"cell_m": 0.0}, "cell_m = 0 must be positive"),
        ({"cell_m": 0.01}, "cells of 0.01 m within 20 km are more than"),
    ],
)
def test_lengths_that_cannot_be_are_refused(tmp_path: Path, asked: dict[str, float], expected: str) -> None:
    file = write(tmp_path / "a.tif", **HERE)
    with pytest.raises(UseError, match=re.escape(expected)):
        read_site_grid(file, *SITE, **{"range_max_m": 20e3, "cell_m": 500.0} | asked)
    with pytest.raises(UseError, match="is not a latitude and longitude"):
        read_site_grid(file, 2.0, 0.5, range_max_m=20e3)


def test_without_rasterio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "a.tif", **HERE, land=ramp(40.5, 32.5))
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(ChainhomeError, match=re.escape('pip install "chainhome[geo]"')) as caught:
        read_site_grid(file, *SITE, range_max_m=20e3)
    assert not isinstance(caught.value, UseError)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "tile.tif", **HERE)
    locked, scan = tmp_path / "locked", os.scandir
    locked.mkdir()

    def scandir(path: Any) -> Any:
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(locked))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(UseError, match=re.escape(f"{locked}: cannot be read (Permission denied)")):
        read_site_grid(tmp_path, *SITE, range_max_m=5_000.0)


def test_a_folder_of_far_too_many_files_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "MOST_FILES", 2)
    for number in range(3):
        text(tmp_path / f"{number}.txt", "")
    with pytest.raises(UseError, match="holds more than 2 files; name the folder that holds the tiles"):
        read_site_grid(tmp_path, *SITE, range_max_m=5_000.0)

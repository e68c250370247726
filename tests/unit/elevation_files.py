"""Small files of heights for the tests: an analytic landscape in any coordinate system, and files with mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from chainhome import earth

rasterio = pytest.importorskip("rasterio", reason="the extra geo is not installed")
pytest.importorskip("rasterio.warp", reason="the extra geo is not installed")

Floats = NDArray[np.float64]
Land = Callable[[Floats, Floats], Floats]


def ramp(lat_0_deg: float, lon_0_deg: float) -> Land:
    """Heights that say where they are: 1000 m, and 1000 m more for each degree north and 100 m for each east."""

    def land(lat_deg: Floats, lon_deg: Floats) -> Floats:
        east = np.remainder(lon_deg - lon_0_deg + 180.0, 360.0) - 180.0
        return 3000.0 + 1000.0 * (lat_deg - lat_0_deg) + 100.0 * east

    return land


def waves(lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Hills 20 km across and 600 m high: a misplaced metre is 5 cm, and bilinear heights of 3" cells are as good."""
    return 800.0 + 300.0 * np.sin(np.radians(1000.0 * lat_deg)) * np.cos(np.radians(900.0 * lon_deg))


def write(
    path: Path,
    *,
    west: float,
    north: float,
    step: float,
    shape: tuple[int, int],
    land: Land = waves,
    crs: Any = "EPSG:4326",
    dtype: str = "float32",
    heights: Any = None,
    units: str | None = None,
    **profile: Any,
) -> Path:
    """Write a raster whose cells' heights are those of `land` at their centres; west and north are the outer corner."""
    rows, columns = shape
    if heights is None:
        x = west + (np.arange(columns) + 0.5) * step
        y = north - (np.arange(rows) + 0.5) * step
        x, y = np.meshgrid(x, y)
        if crs is not None and str(crs) != "EPSG:4326":
            there = rasterio.warp.transform(crs, "EPSG:4326", x.ravel(), y.ravel())
            x, y = (np.reshape(part, shape) for part in there)
        heights = land(y, x)
    heights = np.round(heights) if dtype.startswith("int") else heights
    settings = {"driver": "GTiff", "count": 1, "dtype": dtype, "crs": crs} | profile
    with rasterio.open(
        path, "w", width=columns, height=rows, transform=rasterio.Affine(step, 0.0, west, 0.0, -step, north),
        **settings,
    ) as file:  # fmt: skip
        file.write(np.asarray(heights, dtype), 1)
        if units is not None:
            file.units = (units,)
    return path


def srtm_tile(path: Path, lat_deg: int, lon_deg: int, land: Land = waves, **more: Any) -> Path:
    """Write an SRTM tile of 3": 1201 x 1201 points, the outer ones on the whole degrees."""
    step = 1.0 / 1200.0
    return write(
        path, west=lon_deg - step / 2, north=lat_deg + 1 + step / 2, step=step, shape=(1201, 1201), land=land,
        dtype="int16", driver="SRTMHGT", nodata=-32768, **more,
    )  # fmt: skip


def grid_places(grid: earth.SiteGrid) -> tuple[Floats, Floats]:
    """Return latitude and longitude (degrees) of every cell, each by its own geodesic."""
    along = grid.cell_m * np.arange(-grid.half, grid.half + 1.0)
    east, north = np.meshgrid(along, -along)
    lat, lon = earth.destination(grid.lat_rad, grid.lon_rad, np.arctan2(east, north), np.hypot(east, north))
    return np.degrees(lat), np.degrees(lon)

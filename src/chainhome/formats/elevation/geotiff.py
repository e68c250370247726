"""Grids round a site as GeoTIFF: float32, tiled, compressed, in the azimuthal-equidistant projection of the site.

In: an array on a `SiteGrid`, or a computed surface. Out: one file that QGIS and GDAL place. It appears whole or not at
all, and takes the place of an earlier one only where that is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainhome import earth
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.text_file import replacing

# Well-known text as GDAL 1 wrote it, which every reader of GeoTIFF knows.
_PROJECTION = (
    'PROJCS["Azimuthal equidistant round {lat:.6f}, {lon:.6f}",GEOGCS["WGS 84",DATUM["WGS_1984",'
    'SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]],'
    'PROJECTION["Azimuthal_Equidistant"],PARAMETER["latitude_of_center",{lat!r}],'
    'PARAMETER["longitude_of_center",{lon!r}],PARAMETER["false_easting",0],PARAMETER["false_northing",0],'
    'UNIT["metre",1]]'
)
_ROWS = 256  # one row of the file's tiles at a time


def write_geotiff(
    path: Path,
    array: ArrayLike,
    grid: earth.SiteGrid,
    *,
    unit: str,
    description: str,
    nodata: float = math.nan,
    tags: Mapping[str, str] | None = None,
    replace: bool = False,
) -> None:
    """Write values (n, n) on the cells of `grid` as a GeoTIFF, with the unit and what they are; not finite = `nodata`.

    `tags` become metadata of the file, beside the site, the terrain and its source. Raises UseError for another shape
    or where the file exists and `replace` is not set, ChainhomeError where it cannot be written or without the extra
    `geo`.
    """
    from chainhome.formats.elevation.tiles import rasterio

    path, values = Path(path), np.asarray(array)
    if values.shape != grid.heights_m.shape:
        raise UseError(f"{path}: values of shape {values.shape} do not lie on a grid of {grid.heights_m.shape} cells")
    if path.exists() and not replace:
        raise UseError(f"{path} exists already; choose another name")
    package = rasterio()
    with replacing(path) as partial:
        try:
            _write_rows(package, partial, values, grid, nodata, unit=unit, description=description, tags=tags or {})
        except package.errors.RasterioError as error:
            raise ChainhomeError(f"cannot write {path}: {_first_line(error)}") from error


def _write_rows(
    package: Any,
    path: Path,
    values: Any,
    grid: earth.SiteGrid,
    nodata: float,
    *,
    unit: str,
    description: str,
    tags: Mapping[str, str],
) -> None:
    with package.Env(GDAL_PAM_ENABLED=False), package.open(path, "w", **_profile(package, grid, nodata)) as file:
        for first in range(0, values.shape[0], _ROWS):
            rows = np.asarray(values[first : first + _ROWS], np.float32)
            rows = np.where(np.isfinite(rows), rows, np.float32(nodata))
            file.write(rows, 1, window=package.windows.Window(0, first, rows.shape[1], rows.shape[0]))
        file.set_band_description(1, description)
        file.units = (unit,)
        file.update_tags(**_grid_tags(grid), **tags)


def write_surface_geotiff(surface: earth.Surface, path: Path, *, replace: bool = False) -> None:
    """Write the lowest visible altitude (m above mean sea level) of one antenna as a GeoTIFF on the surface's grid."""
    tags = {
        "ANTENNA_MSL_M": f"{surface.antenna_msl_m:.2f}",
        "SITE_GROUND_M": f"{surface.site_ground_m:.2f}",
        "REFRACTION": surface.refraction,
        "EFFECTIVE_EARTH_RADIUS_M": f"{surface.radius_m:.1f}",
    }
    write_geotiff(
        path,
        surface.lowest_visible_m,
        surface.grid,
        unit="m",
        description="lowest visible altitude, metres above mean sea level",
        tags=tags,
        replace=replace,
    )


def _profile(package: Any, grid: earth.SiteGrid, nodata: float) -> dict[str, Any]:
    size, edge_m = grid.heights_m.shape[0], (grid.half + 0.5) * grid.cell_m
    lat_deg, lon_deg = math.degrees(grid.lat_rad), math.degrees(grid.lon_rad)
    return {
        "driver": "GTiff",
        "width": size,
        "height": size,
        "count": 1,
        "dtype": "float32",
        "crs": package.crs.CRS.from_wkt(_PROJECTION.format(lat=lat_deg, lon=lon_deg)),
        "transform": package.Affine(grid.cell_m, 0.0, -edge_m, 0.0, -grid.cell_m, edge_m),
        "nodata": nodata,
        "tiled": True,
        "blockxsize": _ROWS,
        "blockysize": _ROWS,
        "compress": "deflate",
        "zlevel": 6,
        "predictor": 3,
        "bigtiff": "if_safer",
    }


def _grid_tags(grid: earth.SiteGrid) -> dict[str, str]:
    from importlib.metadata import version

    return {
        "TIFFTAG_SOFTWARE": f"chainhome {version('chainhome')}",
        "SITE_LATITUDE_DEG": f"{math.degrees(grid.lat_rad):.8f}",
        "SITE_LONGITUDE_DEG": f"{math.degrees(grid.lon_rad):.8f}",
        "TERRAIN": grid.name,
        "TERRAIN_NOTE": grid.note,
        "TERRAIN_SOURCE": grid.source,
        "TERRAIN_OUTSIDE_CELLS": str(grid.outside_cells),
        "TERRAIN_VOID_CELLS": str(grid.void_cells),
    }


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:160]

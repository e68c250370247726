"""Where the cells of a site's grid lie on the lattice of a sheet.

In: a sheet, a site and places east and north of it. Out: rows and columns. The exact positions (geodesics, then the
sheet's projection) cost too much for each of 80 million cells, and between points a kilometre apart they are as good as
linear: so a mesh is computed exactly, halved until it foretells its own midpoints, and the rest is interpolated.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome.earth import grid_positions
from chainhome.formats.elevation.sheets import Sheet
from chainhome.formats.elevation.tiles import Tile, rasterio

Floats = NDArray[np.float64]

_INTERVAL = 32  # cells between the nodes of the first mesh
_MESH_ERROR = 0.0002  # of a cell of the file


def exact_positions(
    sheet: Sheet, lat_rad: float, lon_rad: float, east_m: Floats, north_m: Floats
) -> tuple[Floats, Floats]:
    """Return row and column (n, e) on a sheet's lattice of the points at `north_m` (n,) by `east_m` (e,) of a site."""
    return sheet.positions(*grid_positions(lat_rad, lon_rad, east_m, north_m))


def lattice_mesh(
    sheet: Sheet, lat_rad: float, lon_rad: float, east_m: Floats, north_m: Floats
) -> tuple[Floats, Floats]:
    """Return row and column (k, m) on an even mesh over evenly spaced places, from the first to the last each way.

    Linear between its nodes, the mesh errs by less than 0.0002 of a cell; where a projection is less smooth than that,
    the mesh has a node for each place. NaN where the sheet's projection ends.
    """
    most = max(east_m.size, north_m.size)
    intervals = max(1, math.ceil((most - 1) / _INTERVAL))
    while 2 * intervals < most - 1:
        east, north = (np.linspace(v[0], v[-1], 2 * intervals + 1) for v in (east_m, north_m))
        row, column = exact_positions(sheet, lat_rad, lon_rad, east, north)
        # The finer mesh errs by a quarter of what the one with every other node errs.
        if _midpoint_error(row) <= 4.0 * _MESH_ERROR and _midpoint_error(column) <= 4.0 * _MESH_ERROR:
            return row, column
        intervals *= 2
    east, north = (np.repeat(v, 2) if v.size == 1 else v for v in (east_m, north_m))
    return exact_positions(sheet, lat_rad, lon_rad, east, north)


def extent_text(sheets: list[Sheet]) -> str:
    """Return in words which latitudes and longitudes the sheets cover."""
    package = rasterio()
    south, north, west, east = math.inf, -math.inf, math.inf, -math.inf
    for sheet in sheets:
        for placed in sheet.placed:
            box = _box(placed.tile)
            if not sheet.wgs84:
                box = package.warp.transform_bounds(sheet.crs, "EPSG:4326", *box)
            west, east = min(west, box[0]), max(east, box[2])
            south, north = min(south, box[1]), max(north, box[3])
    return f"{south:.4g} to {north:.4g} N, {west:.4g} to {east:.4g} E"


def _box(tile: Tile) -> tuple[float, float, float, float]:
    """Return the least and greatest x and y of a tile's corners: left, bottom, right, top."""
    a, b, c, d, e, f = tile.transform
    corners = [(column, row) for column in (0, tile.columns) for row in (0, tile.rows)]
    x, y = [a * u + b * v + c for u, v in corners], [d * u + e * v + f for u, v in corners]
    return min(x), min(y), max(x), max(y)


def _midpoint_error(mesh: Floats) -> float:
    """Return how far the odd nodes of a mesh (odd sizes) lie from the bilinear interpolation of the even ones."""
    along = 0.5 * (mesh[::2, :-2:2] + mesh[::2, 2::2])
    upright = 0.5 * (mesh[:-2:2, ::2] + mesh[2::2, ::2])
    middle = 0.5 * (along[:-1] + along[1:])
    errors = (mesh[::2, 1::2] - along, mesh[1::2, ::2] - upright, mesh[1::2, 1::2] - middle)
    return max(float(np.abs(error).max()) for error in errors)

"""Terrain: a regular grid of heights in latitude and longitude, and heights read from it.

In: the name of a shipped grid and positions in radians. Out: heights above mean sea level in metres, by bilinear
interpolation between cell centres, NaN outside the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import ChainhomeError, UseError, nearest

Floats = NDArray[np.float64]

_SHIPPED = {"anatolia": "anatolia_60s.npz"}


@dataclass(frozen=True, eq=False)
class Terrain:
    """A grid of heights: rows from north to south, columns from west to east.

    `north_deg` and `west_deg` are the CENTRE of the first (north-western) cell, `step_deg` the distance between
    centres; the grid covers the cells' full area, half a step beyond the outermost centres. `note` says what the data
    do badly, `source` whose they are; every map shows both.
    """

    name: str
    heights_m: NDArray[np.int16]
    north_deg: float
    west_deg: float
    step_deg: float
    note: str
    source: str


def load(name: str = "anatolia") -> Terrain:
    """Return a shipped terrain by name [srtm30plus]; a second call returns the same record.

    Raises UseError for a name that is not shipped, ChainhomeError where the file is missing from the installation.

    >>> load("anatolia").heights_m.shape
    (720, 1320)
    """
    if name not in _SHIPPED:
        known = ", ".join(_SHIPPED)
        raise UseError(f'terrain "{name}" is not shipped; known: {known}{nearest(name, list(_SHIPPED))}')
    return _read(name)


def height_m(terrain: Terrain, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Floats:
    """Return terrain heights above mean sea level (m) at positions (radians) that broadcast; NaN outside the grid.

    Bilinear between cell centres; in the outer half cell the nearest centres count.

    >>> float(height_m(load(), *np.radians([40.0789, 32.5656])).round(0))
    836.0
    """
    row, column = _grid_place(terrain, lat_rad, lon_rad)
    rows, columns = terrain.heights_m.shape
    inside = _covers(terrain, row, column)
    # Positions outside are pulled to the edge so that indexing stays valid, and blanked at the end.
    row = np.clip(np.where(np.isfinite(row), row, 0.0), 0.0, rows - 1.0)
    column = np.clip(np.where(np.isfinite(column), column, 0.0), 0.0, columns - 1.0)
    top = np.minimum(row.astype(np.intp), max(rows - 2, 0))
    left = np.minimum(column.astype(np.intp), max(columns - 2, 0))
    south, east = row - top, column - left
    flat, first = terrain.heights_m.ravel(), top * columns + left
    right, below = int(columns > 1), columns * int(rows > 1)
    upper = flat[first] * (1.0 - east) + flat[first + right] * east
    lower = flat[first + below] * (1.0 - east) + flat[first + below + right] * east
    return np.where(inside, upper + (lower - upper) * south, np.nan)


def contains(terrain: Terrain, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.bool_]:
    """Return whether positions (radians, broadcast) lie on the grid.

    >>> [bool(contains(load(), *np.radians(place))) for place in ([40.0, 32.5], [48.2, 16.4])]
    [True, False]
    """
    return _covers(terrain, *_grid_place(terrain, lat_rad, lon_rad))


@lru_cache(maxsize=4)
def _read(name: str) -> Terrain:
    from importlib.resources import files

    try:
        with files("chainhome.earth").joinpath("_data", _SHIPPED[name]).open("rb") as file, np.load(file) as data:
            north, west, step = (float(value) for value in data["grid_deg"])
            return Terrain(name, _unpacked(data["planes"]), north, west, step, str(data["note"]), str(data["source"]))
    except FileNotFoundError as error:
        raise ChainhomeError(f'terrain "{name}": its file {_SHIPPED[name]} is missing from the installation') from error


def _unpacked(planes: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return heights (rows, cols) from the form of `tools/make_terrain.py`, which zip makes 40 % smaller than the grid.

    `planes` (2, rows, cols) hold the low and the high bytes of the differences along rows and then columns, with the
    sign in the lowest bit. Sums wrap in int16 as the differences did.
    """
    folded = planes[0].astype(np.uint16) | (planes[1].astype(np.uint16) << np.uint16(8))
    magnitude, negative = (folded >> np.uint16(1)).astype(np.int16), (folded & np.uint16(1)).astype(np.int16)
    differences = magnitude ^ -negative
    heights = np.cumsum(np.cumsum(differences, axis=0, dtype=np.int16), axis=1, dtype=np.int16)
    heights.flags.writeable = False
    return heights


def _grid_place(terrain: Terrain, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Floats, Floats]:
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64))
    east = np.degrees(lon) - terrain.west_deg
    # Longitudes may come from any turn; what lies less than 3/4 step west of the first centre stays west of it.
    east = np.mod(east + 0.75 * terrain.step_deg, 360.0) - 0.75 * terrain.step_deg
    return (terrain.north_deg - np.degrees(lat)) / terrain.step_deg, east / terrain.step_deg


def _covers(terrain: Terrain, row: Floats, column: Floats) -> NDArray[np.bool_]:
    rows, columns = terrain.heights_m.shape
    slack = 1e-9  # a position on the very edge, after rounding
    return np.asarray(
        (row >= -0.5 - slack)
        & (row <= rows - 0.5 + slack)
        & (column >= -0.5 - slack)
        & (column <= columns - 0.5 + slack)
    )

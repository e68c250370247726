"""Tiles joined to sheets: rasters on one lattice of cells become one, however many files it takes.

In: tiles and a site. Out: `Sheet` records that know where positions lie on their lattice and that assemble windows of
it from their tiles, so that neighbouring tiles leave no seam. Tiles of other cells or other coordinate systems are
sheets of their own.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.formats.elevation._sample_kernels import OUTSIDE
from chainhome.formats.elevation.tiles import Heights, Tile, rasterio, read_window

Floats = NDArray[np.float64]
Affine = tuple[float, float, float, float, float, float]

_ON_LATTICE = 0.01  # of a cell: tiles of one product differ by rounding only
_OPEN_FILES = 64


@dataclass(frozen=True, eq=False)
class Placed:
    """A tile whose first cell is (row, column) of its sheet; a world-wide one is placed again at the next turn."""

    tile: Tile
    row: int
    column: int


@dataclass(frozen=True, eq=False)
class Sheet:
    """Tiles on one lattice. `transform` leads from (column, row) to the coordinates of `crs`, cell corners at whole
    numbers; longitudes are those within half a turn of the site's.
    """

    crs: Any
    wgs84: bool
    site_lon_deg: float
    transform: Affine
    placed: tuple[Placed, ...]

    def positions(self, lat_rad: Floats, lon_rad: Floats) -> tuple[Floats, Floats]:
        """Return row and column on the lattice (cell corners at whole numbers) of positions in radians; NaN = none."""
        x, y = np.degrees(lon_rad), np.degrees(lat_rad)
        if not self.wgs84:
            shape, package = x.shape, rasterio()
            there = package.warp.transform("EPSG:4326", self.crs, x.ravel(), y.ravel())
            x, y = (np.asarray(part, np.float64).reshape(shape) for part in there[:2])
            x, y = (np.where(np.isfinite(part), part, np.nan) for part in (x, y))
        if self.crs.is_geographic:
            x = self.site_lon_deg + np.remainder(x - self.site_lon_deg + 180.0, 360.0) - 180.0
        a, b, c, d, e, f = self.transform
        determinant = a * e - b * d
        across, down = x - c, y - f
        return (a * down - d * across) / determinant, (e * across - b * down) / determinant

    def covers(self, lat_rad: float, lon_rad: float) -> bool:
        """Return whether a position (radians) lies on a tile."""
        row, column = (float(v[0]) for v in self.positions(np.array([lat_rad]), np.array([lon_rad])))
        return bool(self.on_tiles(row, column))

    def on_tiles(self, row: ArrayLike, column: ArrayLike) -> NDArray[np.bool_]:
        """Return which places on the lattice, as `positions` gives them, lie on a tile."""
        row, column, slack = np.asarray(row), np.asarray(column), 1e-6
        found = np.zeros(np.broadcast(row, column).shape, np.bool_)
        for p in self.placed:
            down = (row >= p.row - slack) & (row <= p.row + p.tile.rows + slack)
            found |= down & (column >= p.column - slack) & (column <= p.column + p.tile.columns + slack)
        return found

    def touched(self, first_row: int, first_column: int, rows: int, columns: int) -> list[Placed]:
        """Return the tiles that a window of the lattice touches."""
        return [
            p
            for p in self.placed
            if p.row < first_row + rows
            and p.row + p.tile.rows > first_row
            and p.column < first_column + columns
            and p.column + p.tile.columns > first_column
        ]


class Files:
    """The open files, not more than a few at a time."""

    def __init__(self) -> None:
        """Begin with none open."""
        self._open: OrderedDict[Any, Any] = OrderedDict()

    def dataset(self, tile: Tile) -> Any:
        """Return a tile's open file."""
        if tile.path not in self._open:
            self._open[tile.path] = rasterio().open(tile.path)
        self._open.move_to_end(tile.path)
        if len(self._open) > _OPEN_FILES:
            self._open.popitem(last=False)[1].close()
        return self._open[tile.path]

    def close(self) -> None:
        """Close all."""
        while self._open:
            self._open.popitem()[1].close()


def join_tiles(tiles: list[Tile], lon_rad: float) -> list[Sheet]:
    """Return the sheets that tiles make for a site at this longitude, those with the finest cells first."""
    site_lon_deg = math.degrees(lon_rad)
    groups: list[tuple[Tile, list[Placed]]] = []
    for tile in tiles:
        group = next((g for g in groups if _on_lattice(g[0], tile)), None)
        if group is None:
            group = (tile, [])
            groups.append(group)
        group[1].extend(_placements(group[0], tile, site_lon_deg))
    sheets = [
        Sheet(
            crs=first.crs,
            wgs84=bool(first.crs.is_geographic and first.crs.to_epsg() == 4326),
            site_lon_deg=site_lon_deg,
            transform=first.transform,
            placed=tuple(placed),
        )
        for first, placed in groups
    ]
    return sorted(sheets, key=_cell_size)


def window(sheet: Sheet, files: Files, first_row: int, first_column: int, rows: int, columns: int) -> Heights:
    """Return a window of the lattice: heights (m), NaN for voids, minus infinity where no tile lies.

    Where tiles overlap, the first with a height counts.
    """
    heights = np.full((rows, columns), OUTSIDE, np.float32)
    for placed in sheet.touched(first_row, first_column, rows, columns):
        tile = placed.tile
        top, left = max(first_row, placed.row), max(first_column, placed.column)
        bottom = min(first_row + rows, placed.row + tile.rows)
        right = min(first_column + columns, placed.column + tile.columns)
        shape = (bottom - top, right - left)
        read = read_window(files.dataset(tile), tile, top - placed.row, left - placed.column, shape)
        there = heights[top - first_row : bottom - first_row, left - first_column : right - first_column]
        # What is a height stays; a void gives way to a height, and a place outside to either.
        np.copyto(there, read, where=(there == OUTSIDE) | (np.isnan(there) & ~np.isnan(read)))
    return heights


def _on_lattice(first: Tile, tile: Tile) -> bool:
    if first.crs != tile.crs:
        return False
    one, other = np.array(first.transform), np.array(tile.transform)
    steps, size = [0, 1, 3, 4], max(tile.rows, tile.columns)
    if not np.allclose(one[steps] * size, other[steps] * size, rtol=0.0, atol=_ON_LATTICE * np.abs(one[steps]).max()):
        return False
    row, column = _origin_on(first, tile, 0.0)
    return max(abs(row - round(row)), abs(column - round(column))) < _ON_LATTICE


def _placements(first: Tile, tile: Tile, site_lon_deg: float) -> list[Placed]:
    """Return where a tile lies on the lattice of `first`: within half a turn of the site, if longitudes are its x."""
    if not tile.crs.is_geographic:
        return [_placed(first, tile, 0.0)]
    a, b, c = tile.transform[:3]
    corners = [c, c + a * tile.columns, c + b * tile.rows, c + a * tile.columns + b * tile.rows]
    turns = range(
        math.ceil((site_lon_deg - 180.0 - max(corners)) / 360.0),
        math.floor((site_lon_deg + 180.0 - min(corners)) / 360.0) + 1,
    )
    return [_placed(first, tile, 360.0 * turn) for turn in turns]


def _placed(first: Tile, tile: Tile, shift: float) -> Placed:
    row, column = _origin_on(first, tile, shift)
    return Placed(tile, round(row), round(column))


def _origin_on(first: Tile, tile: Tile, shift: float) -> tuple[float, float]:
    a, b, c, d, e, f = first.transform
    across, down = tile.transform[2] + shift - c, tile.transform[5] - f
    determinant = a * e - b * d
    return (a * down - d * across) / determinant, (e * across - b * down) / determinant


def _cell_size(sheet: Sheet) -> float:
    """Return the area of a cell in square metres at the equator or on the map, to order sheets by."""
    a, b, _, d, e, _ = sheet.transform
    unit = 111_319.5 if sheet.crs.is_geographic else float(sheet.crs.linear_units_factor[1])
    return abs(a * e - b * d) * unit * unit

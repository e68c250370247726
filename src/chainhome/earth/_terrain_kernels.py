"""The compiled reading of a terrain grid: rows and columns of many places in, bilinear heights out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]


class Lattice(NamedTuple):
    """Where a terrain's cells lie: degrees of the first centre, and between centres; see `terrain.Terrain`."""

    north_deg: float
    west_deg: float
    step_deg: float


@inline
def _height(terrain: NDArray[Any], lattice: Lattice, lat_rad: float, lon_rad: float) -> tuple[float, bool]:
    rows, columns = terrain.shape
    slack = 1e-9  # a position on the very edge, after rounding
    degrees, per_degree = 180.0 / np.pi, 1.0 / lattice.step_deg
    turn = 360.0 * per_degree
    row = (lattice.north_deg - lat_rad * degrees) * per_degree
    column = (lon_rad * degrees - lattice.west_deg) * per_degree
    if column < -0.75 or column >= turn - 0.75:
        column -= turn * np.floor((column + 0.75) / turn)
    inside = (-0.5 - slack <= row <= rows - 0.5 + slack) & (-0.5 - slack <= column <= columns - 0.5 + slack)
    row, column = min(max(row, 0.0), rows - 1.0), min(max(column, 0.0), columns - 1.0)
    top, left = min(int(row), max(rows - 2, 0)), min(int(column), max(columns - 2, 0))
    below, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
    south, east = row - top, column - left
    upper = terrain[top, left] * (1.0 - east) + terrain[top, right] * east
    lower = terrain[below, left] * (1.0 - east) + terrain[below, right] * east
    return (upper + (lower - upper) * south if inside else 0.0), inside


@kernel
def fill_heights(
    terrain: NDArray[Any],
    lattice: Lattice,
    lat_rad: Floats,
    lon_rad: Floats,
    stride: int,
    heights: NDArray[np.float32],
) -> int:
    """Write bilinear heights (n, m), 0 outside the grid, from positions at every `stride`-th row and column of them.

    Between those, latitudes and longitudes are bilinear too; longitudes may come from any turn. In the outer half cell
    of the terrain the nearest centres count. Return how many heights are outside.
    """
    share, outside = 1.0 / stride, 0
    for i in range(heights.shape[0]):
        above = i // stride
        below = min(above + 1, lat_rad.shape[0] - 1)
        down = (i - above * stride) * share
        for left in range((heights.shape[1] - 1) // stride + 1):
            right = min(left + 1, lat_rad.shape[1] - 1)
            lat = lat_rad[above, left] + (lat_rad[below, left] - lat_rad[above, left]) * down
            lon = lon_rad[above, left] + (lon_rad[below, left] - lon_rad[above, left]) * down
            lat_step = (lat_rad[above, right] + (lat_rad[below, right] - lat_rad[above, right]) * down - lat) * share
            lon_step = (lon_rad[above, right] + (lon_rad[below, right] - lon_rad[above, right]) * down - lon) * share
            first = left * stride
            for j in range(min(stride, heights.shape[1] - first)):
                height, inside = _height(terrain, lattice, lat + j * lat_step, lon + j * lon_step)
                heights[i, first + j] = height
                outside += not inside
    return outside

"""Exact ray casting over a square grid of heights, the slow and obviously right way, in double precision.

In: heights, a site at the grid's centre, an antenna and cells. Out: the lowest altitude in view over each of the cells,
from fine samples of the bilinear ground along the straight line to it, by the sine rule of the spherical earth.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def lowest_by_rays(
    heights_m: NDArray[np.float32],
    rows: Ints,
    columns: Ints,
    *,
    cell_m: float,
    antenna_m: float,
    radius_m: float,
    samples: int = 8,
    near_rows: int | None = None,
) -> Floats:
    """Return the lowest visible altitude (k,) over the cells (rows, columns) (k,) of heights (n, n).

    Samples stand wherever the line crosses a row or a column of the grid, and `samples` - 1 times between two such
    crossings. The ring of cells round the site hides nothing. With `near_rows`, ground counts as in chainhome's sweep:
    farther than that many rows (columns, towards east and west) and between the last two rows only on the rows.
    """
    half = heights_m.shape[0] // 2
    return np.array(
        [
            _one(heights_m, row - half, column - half, cell_m, antenna_m, radius_m, samples, near_rows)
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
    )


def _one(
    heights_m: NDArray[np.float32],
    down: int,
    across: int,
    cell_m: float,
    antenna_m: float,
    radius_m: float,
    samples: int,
    near_rows: int | None,
) -> float:
    half, long = heights_m.shape[0] // 2, max(abs(down), abs(across))
    ground = float(heights_m[half + down, half + across])
    share = _places(abs(down), abs(across), samples)
    if near_rows is not None:
        rows_away = share * long
        between = rows_away <= min(near_rows, long - 1)
        share = share[between | (np.abs(rows_away - np.round(rows_away)) < 1e-9)]
    share = share[(share * long >= 1.0 - 1e-9) & (share < 1.0 - 1e-9)]
    if share.size == 0:
        return ground
    arc = share * (cell_m * np.hypot(down, across) / radius_m)
    height = _bilinear(heights_m, half + share * down, half + share * across)
    # atan2 of what lies up and across in the plane of the ray, seen from the antenna
    up = (radius_m + height) * np.cos(arc) - (radius_m + antenna_m)
    steepest = np.arctan2(up, (radius_m + height) * np.sin(arc)).max()
    end = cell_m * np.hypot(down, across) / radius_m
    if steepest + end >= 0.5 * np.pi:
        return float(np.inf)
    sight = (radius_m + antenna_m) * np.cos(steepest) / np.cos(steepest + end) - radius_m
    return max(ground, float(sight))


def _places(down: int, across: int, samples: int) -> Floats:
    """Return the shares of the way at which the line crosses rows and columns, and `samples` - 1 between each two."""
    crossings = [np.arange(0, count + 1) / count for count in (down, across) if count]
    ends = np.unique(np.concatenate(crossings))
    between = np.linspace(0.0, 1.0, samples, endpoint=False)
    return np.append((ends[:-1, None] + np.diff(ends)[:, None] * between).ravel(), 1.0)


def _bilinear(heights_m: NDArray[np.float32], row: Floats, column: Floats) -> Floats:
    last = heights_m.shape[0] - 2
    # A place on a row, after rounding, lies on it and not a hair beside it in the cell before.
    row, column = np.round(row, 9), np.round(column, 9)
    top, left = np.minimum(row.astype(np.intp), last), np.minimum(column.astype(np.intp), last)
    south, east = row - top, column - left
    upper = heights_m[top, left] * (1.0 - east) + heights_m[top, left + 1] * east
    lower = heights_m[top + 1, left] * (1.0 - east) + heights_m[top + 1, left + 1] * east
    return np.asarray(upper * (1.0 - south) + lower * south)

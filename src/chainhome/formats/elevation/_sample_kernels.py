"""The compiled passes from cells of a file to cells of a site's grid: averaging, bilinear sampling, filling of voids.

Two values that are no heights travel with the heights: NaN is a void of the data, minus infinity a place that no file
covers. `tests/unit/test_unit_elevation_kernels.py` holds the plain twins.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Floats = NDArray[np.float64]
Heights = NDArray[np.float32]

OUTSIDE = -math.inf
_EDGE = -0.5 - 1e-6  # a place on the very edge of the outermost cell, after rounding


@kernel
def averaged(fine: Heights, coarse: Heights) -> None:
    """Fill `coarse` (r, c) with the means of the heights in equal blocks of `fine` (r * down, c * across).

    A block without a height is a void where the data cover any of it, else outside.
    """
    rows, columns = coarse.shape
    down, across = fine.shape[0] // rows, fine.shape[1] // columns
    for row in range(rows):
        for column in range(columns):
            total, heights, covered = 0.0, 0, False
            for i in range(row * down, (row + 1) * down):
                for j in range(column * across, (column + 1) * across):
                    value = fine[i, j]
                    if value > OUTSIDE:
                        total += value
                        heights += 1
                    elif math.isnan(value):
                        covered = True
            if heights > 0:
                coarse[row, column] = total / heights
            else:
                coarse[row, column] = math.nan if covered else OUTSIDE


@kernel
def sampled(source: Heights, row: Floats, column: Floats, out: Heights) -> None:
    """Fill the cells of `out` (r, c) that have no height yet with heights of `source`, bilinear between its centres.

    `row` and `column` (k, m) are places in `source`, whole numbers at the centres of its cells, on an even mesh over
    `out` from its first cell to its last, and linear between; two nodes each way at least. The nearest of four cells
    decides whether there is a height, a void (NaN) or nothing; those of the four without a height do not count.
    """
    rows, columns = source.shape
    nodes_down, nodes_across = row.shape
    line_y, line_x = np.empty(nodes_across), np.empty(nodes_across)
    per_row = (nodes_down - 1) / max(out.shape[0] - 1, 1)
    per_column = (nodes_across - 1) / max(out.shape[1] - 1, 1)
    exact = nodes_down == out.shape[0] and nodes_across == out.shape[1]  # there a node may lie nowhere (NaN)
    for i in range(out.shape[0]):
        upper = min(int(i * per_row), nodes_down - 2)
        share = i * per_row - upper
        for node in range(nodes_across):
            line_y[node] = row[upper, node] + share * (row[upper + 1, node] - row[upper, node])
            line_x[node] = column[upper, node] + share * (column[upper + 1, node] - column[upper, node])
        for j in range(out.shape[1]):
            if out[i, j] > OUTSIDE:
                continue
            node = min(int(j * per_column), nodes_across - 2)
            share = j * per_column - node
            y = row[i, j] if exact else line_y[node] + share * (line_y[node + 1] - line_y[node])
            x = column[i, j] if exact else line_x[node] + share * (line_x[node + 1] - line_x[node])
            if not (y >= _EDGE and x >= _EDGE and y <= rows - 1 - _EDGE and x <= columns - 1 - _EDGE):
                continue
            top, left = math.floor(y), math.floor(x)
            south, east = y - top, x - left
            k, m = top + int(south >= 0.5), left + int(east >= 0.5)
            nearest = source[min(max(k, 0), rows - 1), min(max(m, 0), columns - 1)]
            if not nearest > OUTSIDE:
                if math.isnan(nearest):
                    out[i, j] = math.nan
                continue
            total, weights = 0.0, 0.0
            for down in range(2):
                for across in range(2):
                    k, m = top + down, left + across
                    if 0 <= k < rows and 0 <= m < columns and source[k, m] > OUTSIDE:
                        weight = (south if down else 1.0 - south) * (east if across else 1.0 - east)
                        total += weight * source[k, m]
                        weights += weight
            out[i, j] = total / weights


@kernel
def fill_once(heights: Heights, waiting: NDArray[np.bool_]) -> int:
    """Give each void that touches heights their mean, in place; return how many voids were filled.

    All eight neighbours count alike, as they were before the pass. `waiting` (n,) tells which rows may hold voids and
    is brought up to date.
    """
    rows, columns = heights.shape
    above, here = np.empty(columns, np.float32), np.empty(columns, np.float32)
    filled, kept = 0, -2  # `above` and `here` hold old rows kept - 1 and kept
    for i in range(rows):
        if not waiting[i]:
            continue
        if i > 0:
            if kept == i - 1:
                for j in range(columns):
                    above[j] = here[j]
            else:
                for j in range(columns):
                    above[j] = heights[i - 1, j]
        for j in range(columns):
            here[j] = heights[i, j]
        kept = i
        left = False
        for j in range(columns):
            if not math.isnan(here[j]):
                continue
            total, count = 0.0, 0
            for across in range(max(j - 1, 0), min(j + 2, columns)):
                if i > 0 and above[across] > OUTSIDE:
                    total += above[across]
                    count += 1
                if here[across] > OUTSIDE:
                    total += here[across]
                    count += 1
                if i + 1 < rows and heights[i + 1, across] > OUTSIDE:
                    total += heights[i + 1, across]
                    count += 1
            if count > 0:
                heights[i, j] = total / count
                filled += 1
            else:
                left = True
        waiting[i] = left
    return filled


@kernel
def counted(heights: Heights, waiting: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Return how many cells are voids and how many outside, and the lowest height; mark rows of voids."""
    voids, outside, lowest = 0, 0, math.inf
    for i in range(heights.shape[0]):
        before = voids
        for j in range(heights.shape[1]):
            value = heights[i, j]
            if value > OUTSIDE:
                lowest = min(lowest, float(value))
            elif math.isnan(value):
                voids += 1
            else:
                outside += 1
        waiting[i] = voids > before
    return voids, outside, lowest


@kernel
def without_gaps(heights: Heights, sea_below_zero: bool) -> None:
    """Put the sea (0 m) where there is no height, in place, and over all depths if asked."""
    for i in range(heights.shape[0]):
        for j in range(heights.shape[1]):
            if not heights[i, j] > OUTSIDE or (sea_below_zero and heights[i, j] < 0.0):
                heights[i, j] = 0.0

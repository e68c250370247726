"""The compiled sweep of `surface`: heights round a site in, the lowest visible altitude of every cell out.

The octant between an axis and a diagonal is swept row by row away from the site. Straight rays leave the site and
carry the steepest sight line so far; each row first reads its cells' lowest visible altitude between the two rays
beside it, then lifts the rays over its ground. Near the site the ground between the rows counts too, as the exact ray
over bilinear ground would meet it.

The curvature is exact: with w = (z - H) R / (R + z) for a height z and an antenna at H, and v = R (1 - cos a) for the
arc a = d / R, a sight line has the tangent (w - v) / (R sin a). Back, w = tangent R sin a + v and
z = (H + w) / (1 - w / R). Rays carry the tangent as the rise for each row, linear from ray to ray over a plane.

Loops are of two kinds, because the compiler does not vectorise look-ups that may alias what is written: `_take_pairs`
only looks up, the others only compute.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

OCTANTS = 8
_CHUNK = 512  # rays or cells at a time, whose numbers stay in the nearest cache
_BLOCK_ROWS = 64  # rows at a time copied to and from the grid, so that columns are read in long pieces
_PLACE_BITS = 32  # of a place, a whole number: below them the share of the way to the next cell or ray, above which one
_TILE = 8  # columns of a block copied side by side
_SHARE = 1.0 / (1 << _PLACE_BITS)
_NOTHING_SEEN = np.float32(-1e9)  # a rise for each row below every other

_ONE, _HALF = np.float32(1.0), np.float32(0.5)
_SINE_2, _SINE_4 = np.float32(1.0 / 6.0), np.float32(1.0 / 120.0)
_SECANT_2, _SECANT_4 = np.float32(1.0 / 6.0), np.float32(7.0 / 360.0)
_VERSINE_2, _VERSINE_4 = np.float32(1.0 / 12.0), np.float32(1.0 / 360.0)


class View(NamedTuple):
    """What an octant is swept with; `surface.surface` fills it."""

    antenna_m: np.float32  # above mean sea level
    radius_m: np.float32
    cell_arc2: np.float32  # square of the arc of one cell, rad²
    rays: int  # from one ray to the next, of slopes 0 on the axis to 1 on the diagonal
    near_rows: int  # rows between which the ground counts


class Shift(NamedTuple):
    """A table by ground range and height, see `bending.Bending`."""

    table_m: Singles  # (ranges, heights)
    range_step_m: float
    low_m: float
    span_m: float


class Scratch(NamedTuple):
    """Four buffers of a chunk."""

    a: Singles
    b: Singles
    c: Singles
    d: Singles


@kernel
def _step(cells: int, to: int) -> int:
    """Return the places that `cells` cells make in each of `to` steps, rounded up, so that the last is never short."""
    return -(-(cells << _PLACE_BITS) // to)


@kernel
def _take_pairs(
    first: Singles, second: Singles, place: int, step: int, count: int, left: Singles, right: Singles
) -> None:
    """Copy first[u] and second[u] for `count` places from `place` on, u being the cell or ray of each."""
    at, step_ = np.uint64(place), np.uint64(step)
    for i in range(count):
        u = at >> np.uint64(_PLACE_BITS)
        left[i] = first[u]
        right[i] = second[u]
        at += step_


@kernel
def _see_part(
    ground: Singles, lowest: Singles, place: int, step: int, first: int, k: int, view: View, ends: Scratch
) -> None:
    """Write the lowest visible altitude of a chunk of row k's cells, from the rays left and right of each."""
    radius, antenna, arc2 = view.radius_m, view.antenna_m, view.cell_arc2
    row, flat, half = np.float32(k), _ONE / radius, _HALF * radius
    row2 = row * row
    unit, place_, step_ = np.float32(_SHARE), np.uint32(place), np.uint32(step)
    left, right = ends.a, ends.b
    for j in range(ground.size):
        across = np.float32(np.int32(first + j))
        share = np.float32(np.uint32(place_ + np.uint32(j) * step_)) * unit
        rise = left[j] + share * (right[j] - left[j])
        x = (row2 + across * across) * arc2
        versine = half * x * (_ONE - x * (_VERSINE_2 - x * _VERSINE_4))
        w = row * rise * (_ONE - x * (_SINE_2 - x * _SINE_4)) + versine
        facing = _ONE - w * flat
        sight = (antenna + w) / facing
        sight = sight if facing > np.float32(0.0) else np.float32(np.inf)
        lowest[j] = max(ground[j], sight)


@kernel
def _see_row(ground: Singles, lowest: Singles, rays: Singles, k: int, view: View, ends: Scratch) -> None:
    """Write the lowest visible altitude of the cells 0 to k of row k."""
    step = _step(view.rays, k)
    for j in range(0, k + 1, _CHUNK):
        count = min(_CHUNK, k + 1 - j)
        _take_pairs(rays, rays[1:], j * step, step, count, ends.a, ends.b)
        _see_part(ground[j : j + count], lowest[j : j + count], j * step, step, j, k, view, ends)


@kernel
def _lift_part(rays: Singles, slant2: Singles, place: int, step: int, k: int, view: View, ends: Scratch) -> None:
    """Lift a chunk of rays over the ground of row k, linear between the cells left and right of each ray."""
    radius, antenna = view.radius_m, view.antenna_m
    row, flat, half = np.float32(k), _ONE / radius, _HALF * radius
    per_row, row2 = _ONE / row, row * row
    unit, place_, step_ = np.float32(_SHARE), np.uint32(place), np.uint32(step)
    left, right = ends.a, ends.b
    for i in range(rays.size):
        share = np.float32(np.uint32(place_ + np.uint32(i) * step_)) * unit
        z = left[i] + share * (right[i] - left[i])
        x = row2 * slant2[i]
        versine = half * x * (_ONE - x * (_VERSINE_2 - x * _VERSINE_4))
        high = z * flat
        w = (z - antenna) * (_ONE - high * (_ONE - high))
        rise = (w - versine) * per_row * (_ONE + x * (_SECANT_2 + x * _SECANT_4))
        rays[i] = max(rays[i], rise)


@kernel
def _lift_row(ground: Singles, rays: Singles, slant2: Singles, k: int, view: View, ends: Scratch) -> None:
    """Lift every ray over row k."""
    step = _step(k, view.rays)
    for i in range(0, view.rays + 1, _CHUNK):
        some = min(_CHUNK, view.rays + 1 - i)
        _take_pairs(ground, ground[1:], i * step, step, some, ends.a, ends.b)
        _lift_part(rays[i : i + some], slant2[i : i + some], i * step, step, k, view, ends)


@kernel
def _lift_between_part(
    rays: Singles, slant2: Singles, first: int, step: int, k: int, nearer: int, view: View, ends: Scratch
) -> None:
    """Lift a chunk of rays over the highest ground between rows k - 1 and k in one cell.

    A ray that crosses a column there leaves the cell nearer to the axis (`nearer` = 1) for the next (0). Along a ray,
    bilinear ground is a parabola z0 + (z1 - z0) s + bend s (s - 1), which looks highest from the antenna at the root of
    level / bend, where `level` is the parabola's height at the site above the antenna.
    """
    radius, antenna = view.radius_m, view.antenna_m
    last_row, flat, half = np.float32(k - 1), _ONE / radius, _HALF * radius
    unit, step_, per_ray = np.float32(_SHARE), np.uint32(step), np.float32(1.0 / view.rays)
    nearer_, zero = np.float32(nearer), np.float32(0.0)
    low_0, low_1, high_0, high_1 = ends.a, ends.b, ends.c, ends.d
    for i in range(rays.size):
        slope = np.float32(np.int32(first + i)) * per_ray
        over = np.float32(np.uint32(np.uint32(first + i) * step_)) * unit
        crosses = over < slope
        crossing = _ONE - over / max(slope, per_ray)
        crossing = crossing if crosses else zero
        share = over + nearer_
        low, high = low_1[i] - low_0[i], high_1[i] - high_0[i]
        z0 = low_0[i] + (share - slope) * low
        climb = high_0[i] + share * high - z0
        bend = slope * (high - low)
        level = z0 - climb * last_row + bend * last_row * (last_row + _ONE) - antenna
        top = math.sqrt(max(level / min(bend, np.float32(-1e-6)), zero)) - last_row
        top = top if (bend < zero) & (level < zero) else crossing
        s = min(max(top, (_ONE - nearer_) * crossing), _ONE - nearer_ * (_ONE - crossing))
        z = z0 + climb * s + bend * s * (s - _ONE)
        row = last_row + s
        x = row * row * slant2[i]
        versine = half * x * (_ONE - x * (_VERSINE_2 - x * _VERSINE_4))
        up = z * flat
        w = (z - antenna) * (_ONE - up * (_ONE - up))
        rise = (w - versine) / row * (_ONE + x * (_SECANT_2 + x * _SECANT_4))
        rise = rise if crosses | (nearer_ < _HALF) else rays[i]
        rays[i] = max(rays[i], rise)


@kernel
def _lift_between(
    before: Singles, now: Singles, rays: Singles, slant2: Singles, k: int, view: View, ends: Scratch
) -> None:
    """Lift every ray over the ground between rows k - 1 and k, which begin one place before the axis."""
    step = _step(k, view.rays)
    for i in range(0, view.rays + 1, _CHUNK):
        some = min(_CHUNK, view.rays + 1 - i)
        for nearer in range(2):
            shift = 1 - nearer
            _take_pairs(before[shift:], before[shift + 1 :], i * step, step, some, ends.a, ends.b)
            _take_pairs(now[shift:], now[shift + 1 :], i * step, step, some, ends.c, ends.d)
            _lift_between_part(rays[i : i + some], slant2[i : i + some], i, step, k, nearer, view, ends)


@kernel
def _copy(source: Singles, target: Singles) -> None:
    """Copy all numbers; to compile what the assignment of a slice can say of wrong lengths takes two seconds."""
    for i in range(target.size):
        target[i] = source[i]


@kernel
def _load(grid: Singles, block: Singles, width: int, start: int, away: int, across: int, rows: int, cells: int) -> None:
    """Copy `rows` rows of `cells` cells into a block, one place after each row's beginning.

    The octant's cell (row, j) is grid[start + row * away + j * across]; indices are unsigned, so that none is taken for
    one from the end.
    """
    if across * across == 1:
        for r in range(rows):
            line = block[r * width + 1 : r * width + 1 + cells]
            if across == 1:
                _copy(grid[start + r * away : start + r * away + cells], line)
            else:
                _copy(grid[start + r * away - cells + 1 : start + r * away + 1], line[::-1])
        return
    step = np.uint64(across)
    for j in range(0, cells - cells % _TILE, _TILE):
        for r in range(rows):
            at, to = np.uint64(start + r * away + j * across), np.uint64(r * width + 1 + j)
            for t in range(_TILE):
                block[to + np.uint64(t)] = grid[at + np.uint64(t) * step]
    for j in range(cells - cells % _TILE, cells):
        for r in range(rows):
            block[np.uint64(r * width + 1 + j)] = grid[np.uint64(start + r * away + j * across)]


@kernel
def _store(
    grid: Singles, block: Singles, width: int, start: int, away: int, across: int, rows: int, first: int, diagonal: bool
) -> None:
    """Copy a block's rows, the first of which is row `first` of the octant, back to the grid.

    The axis belongs to the octant to its right or below it, the diagonal to those of north and south, so that each cell
    is written once.
    """
    begin, lag = 0 if across > 0 else 1, 0 if diagonal else 1
    if across * across == 1:
        for r in range(rows):
            cells = first + r + 1 - lag
            line, at = block[r * width + 1 + begin : r * width + 1 + cells], start + r * away
            if across == 1:
                _copy(line, grid[at : at + cells])
            else:
                _copy(line, grid[at - cells + 1 : at + 1 - begin][::-1])
        return
    step, whole = np.uint64(across), first + 1 - lag  # cells that every row of the block has
    tiled = begin + (whole - begin) // _TILE * _TILE
    for j in range(begin, tiled, _TILE):
        for r in range(rows):
            to, source = np.uint64(start + r * away + j * across), np.uint64(r * width + 1 + j)
            for t in range(_TILE):
                grid[to + np.uint64(t) * step] = block[source + np.uint64(t)]
    for j in range(tiled, first + rows - lag):
        for r in range(max(0, j + lag - first), rows):
            grid[np.uint64(start + r * away + j * across)] = block[np.uint64(r * width + 1 + j)]


@kernel
def sweep_octant(heights: Singles, lowest: Singles, half: int, octant: int, view: View) -> None:
    """Write the lowest visible altitude of one octant (0 to 7) into `lowest`, both flat (n * n,), n = 2 half + 1."""
    n = 2 * half + 1
    away, across = (n, 1) if octant < 4 else (1, n)
    away, across = (away if octant & 1 else -away), (across if octant & 2 else -across)
    rays = np.full(view.rays + 2, _NOTHING_SEEN, np.float32)
    slant2 = np.empty(rays.size - 1, np.float32)
    for i in range(slant2.size):
        slant2[i] = view.cell_arc2 * np.float32(1.0 + (i / (slant2.size - 1)) ** 2)
    width = (half + 3) // 32 * 32 + 48  # never a multiple of a page, whose columns would compete for the same cache
    block, seen = np.zeros(_BLOCK_ROWS * width, np.float32), np.empty(_BLOCK_ROWS * width, np.float32)
    before = np.zeros(width, np.float32)
    ends = Scratch(
        np.empty(_CHUNK, np.float32), np.empty(_CHUNK, np.float32),
        np.empty(_CHUNK, np.float32), np.empty(_CHUNK, np.float32),
    )  # fmt: skip
    for first in range(1, half + 1, _BLOCK_ROWS):
        rows = min(_BLOCK_ROWS, half + 1 - first)
        start = half * n + half + first * away
        cells = min(first + rows + 1, half + 1)  # of the last row, and one beyond its diagonal
        _load(heights, block, width, start, away, across, rows, cells)
        for r in range(rows):
            k, padded = first + r, block[r * width : (r + 1) * width]
            rays[rays.size - 1] = rays[rays.size - 2]
            _see_row(padded[1:], seen[r * width + 1 : (r + 1) * width], rays, k, view, ends)
            if 1 < k <= view.near_rows:
                _lift_between(before, padded, rays, slant2, k, view, ends)
            _lift_row(padded[1:], rays, slant2, k, view, ends)
            if k < view.near_rows:
                _copy(padded, before)
        _store(lowest, seen, width, start, away, across, rows, first, octant < 4)


@kernel
def shift_rows(heights: Singles, shifted: Singles, half: int, cell_m: float, first: int, last: int, by: Shift) -> None:
    """Write the heights of the rows `first` to `last` of the grid, shifted by the table; both flat (n * n,).

    Bilinear in the range and in the root of the height; beyond the table's top the shift stays as it is there.
    """
    n = 2 * half + 1
    ranges, columns = by.table_m.shape
    per_cell, per_metre = np.float32(cell_m / by.range_step_m), np.float32(1.0 / by.span_m)
    low, scale, zero = np.float32(by.low_m), np.float32(columns - 1), np.float32(0.0)
    for i in range(first, last):
        north2 = np.float32((half - i) * (half - i))
        ground, out = heights[i * n : (i + 1) * n], shifted[i * n : (i + 1) * n]
        for j in range(n):
            east = np.float32(j - half)
            r = min(math.sqrt(north2 + east * east) * per_cell, np.float32(ranges - 1))
            c = min(math.sqrt(min(max((ground[j] - low) * per_metre, zero), _ONE)) * scale, scale)
            row, column = min(int(r), ranges - 2), min(int(c), columns - 2)
            beyond, above = r - np.float32(row), c - np.float32(column)
            near = by.table_m[row, column] * (_ONE - above) + by.table_m[row, column + 1] * above
            far = by.table_m[row + 1, column] * (_ONE - above) + by.table_m[row + 1, column + 1] * above
            out[j] = ground[j] + near * (_ONE - beyond) + far * beyond


@kernel
def read_between(table: Singles, row: Floats, column: Floats, out: Floats) -> None:
    """Write the table (n, n) bilinear between its cells at rows and columns (m,); inf outside, and beside an inf."""
    last = table.shape[0] - 1
    slack = 1e-6  # of a cell, after rounding
    for i in range(out.size):
        r, c = row[i], column[i]
        if not ((r >= -slack) & (r <= last + slack) & (c >= -slack) & (c <= last + slack)):
            out[i] = np.inf
            continue
        r, c = min(max(r, 0.0), float(last)), min(max(c, 0.0), float(last))
        top, left = min(int(r), last - 1), min(int(c), last - 1)
        south, east = r - top, c - left
        upper = table[top, left] * (1.0 - east) + table[top, left + 1] * east
        lower = table[top + 1, left] * (1.0 - east) + table[top + 1, left + 1] * east
        between = upper * (1.0 - south) + lower * south
        out[i] = np.inf if math.isnan(between) else between  # 0 times inf

"""The compiled passes of the surface against plain twins, one cell at a time, in double precision."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainhome import earth
from chainhome.earth import _surface_kernels as kernels
from chainhome.earth import _terrain_kernels as terrain_kernels
from chainhome.earth import terrain as terrain_

RADIUS_M = earth.four_thirds_radius_m()
CELL_M = 200.0
SINGLE_PRECISION_M = 0.02  # of some kilometres, carried forty times as far away


def rough(half: int, seed: int) -> np.ndarray:
    heights = np.random.default_rng(seed).uniform(0.0, 600.0, (2 * half + 1, 2 * half + 1))
    return heights.astype(np.float32)


def between(line: list[float], place: float) -> float:
    left = min(math.floor(place + 1e-9), len(line) - 2)
    return line[left] + (line[left + 1] - line[left]) * (place - left)


def northward_octant(heights: np.ndarray, antenna_m: float, rays: int) -> dict[tuple[int, int], float]:
    """Sweep the octant between north and north-east, ground on the rows only: {(row, column): lowest altitude}."""
    half = heights.shape[0] // 2
    steepest = [-math.inf] * (rays + 1)
    found = {}
    for k in range(1, half + 1):
        line = [float(heights[half - k, half + j]) for j in range(min(k + 2, half + 1))]
        for j in range(k + 1):
            i = min(math.floor(j * rays / k + 1e-9), rays - 1)
            share = j * rays / k - i
            ends = [steepest[i], steepest[i + 1]]
            rise = -math.inf if -math.inf in ends else ends[0] * (1.0 - share) + ends[1] * share
            lowest = line[j]
            if rise > -math.inf:
                arc = CELL_M * math.hypot(k, j) / RADIUS_M
                tangent = rise / math.hypot(k, j) * k
                sight = (RADIUS_M + antenna_m) / (math.cos(arc) - tangent * math.sin(arc)) - RADIUS_M
                lowest = max(lowest, sight)
            found[half - k, half + j] = lowest
        for i in range(rays + 1):
            slope = i / rays
            arc = CELL_M * k * math.hypot(1.0, slope) / RADIUS_M
            height = between(line, slope * k) if slope * k < len(line) - 1 else line[-1]
            tangent = (math.cos(arc) - (RADIUS_M + antenna_m) / (RADIUS_M + height)) / math.sin(arc)
            # Rises for each row are linear from ray to ray, tangents for each metre are not.
            steepest[i] = max(steepest[i], tangent * math.hypot(1.0, slope))
    return found


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("antenna_m", [50.0, 900.0])
def test_an_octant_equals_a_plain_sweep(seed: int, antenna_m: float) -> None:
    half, rays = 40, 64
    heights = rough(half, seed)
    view = kernels.View(
        np.float32(antenna_m), np.float32(RADIUS_M), np.float32((CELL_M / RADIUS_M) ** 2), rays, near_rows=0
    )
    lowest = np.full(heights.size, -1.0, np.float32)
    for octant in range(kernels.OCTANTS):
        kernels.sweep_octant(heights.reshape(-1), lowest, half, octant, view)
    lowest = lowest.reshape(heights.shape)
    plain = northward_octant(heights, antenna_m, rays)
    assert max(abs(float(lowest[place]) - by_hand) for place, by_hand in plain.items()) < SINGLE_PRECISION_M


def test_octants_write_every_cell_but_the_site_once() -> None:
    half = 70
    heights = rough(half, 3).reshape(-1)
    view = kernels.View(np.float32(700.0), np.float32(RADIUS_M), np.float32((CELL_M / RADIUS_M) ** 2), 256, 128)
    written = np.zeros(heights.size, np.int64)
    for octant in range(kernels.OCTANTS):
        lowest = np.full(heights.size, -1.0, np.float32)
        kernels.sweep_octant(heights, lowest, half, octant, view)
        written += lowest != -1.0
    site = half * (2 * half + 1) + half
    assert written[site] == 0
    assert (np.delete(written, site) == 1).all()


def test_reading_between_cells_equals_a_plain_twin() -> None:
    rounding = 1e-9
    rng = np.random.default_rng(4)
    table = rng.uniform(0.0, 1000.0, (9, 9)).astype(np.float32)
    table[4, 4] = np.inf
    rows, columns = rng.uniform(-1.0, 9.0, (2, 2000))
    found = np.empty(2000)
    kernels.read_between(table, rows, columns, found)
    for row, column, value in zip(rows, columns, found, strict=True):
        if not (0.0 <= row <= 8.0 and 0.0 <= column <= 8.0):
            assert value == np.inf
            continue
        top, left = min(math.floor(row), 7), min(math.floor(column), 7)
        corners = [(i, j) for i in (top, top + 1) for j in (left, left + 1)]
        weights = [(1.0 - abs(row - i)) * (1.0 - abs(column - j)) for i, j in corners]
        by_hand = sum(w * float(table[place]) for w, place in zip(weights, corners, strict=True))
        assert value == by_hand or abs(value - by_hand) < rounding * 1000.0


def test_shifting_heights_equals_a_plain_twin() -> None:
    half, cell_m, low_m, span_m, step_m = 6, 1000.0, -500.0, 20e3, 2500.0
    heights = rough(half, 5)
    table = np.random.default_rng(6).uniform(-50.0, 50.0, (5, 33)).astype(np.float32)
    shifted = np.empty(heights.size, np.float32)
    shift = kernels.Shift(table, step_m, low_m, span_m)
    for first in (0, 5):
        kernels.shift_rows(heights.reshape(-1), shifted, half, cell_m, first, min(first + 8, 13), shift)
    for i in range(2 * half + 1):
        for j in range(2 * half + 1):
            r = min(cell_m * math.hypot(i - half, j - half) / step_m, 4.0)
            c = math.sqrt((float(heights[i, j]) - low_m) / span_m) * 32.0
            row = min(int(r), 3)
            near, far = (between(table[k].astype(float).tolist(), c) for k in (row, row + 1))
            by_hand = float(heights[i, j]) + near + (far - near) * (r - row)
            assert abs(float(shifted[i * (2 * half + 1) + j]) - by_hand) < SINGLE_PRECISION_M


@pytest.mark.parametrize("stride", [1, 4])
def test_heights_of_a_terrain_equal_its_own_reading(stride: int) -> None:
    tenth_of_a_millimetre = 1e-4
    terrain = terrain_.load()
    lattice = terrain_kernels.Lattice(terrain.north_deg, terrain.west_deg, terrain.step_deg)
    # Positions that are linear in row and column, the last ones beyond the terrain's eastern edge.
    lat = np.radians(np.linspace(40.0, 39.0, 21))[:, None] + np.zeros(21)
    lon = np.zeros((21, 1)) + np.radians(np.linspace(45.0, 46.5, 21) + 360.0)
    cells = terrain.heights_m.view()
    heights = np.empty((21, 21), np.float32)
    outside = terrain_kernels.fill_heights(
        cells, lattice, lat[::stride, ::stride], lon[::stride, ::stride], stride, heights
    )
    own = terrain_.height_m(terrain, lat, lon)
    assert outside == np.isnan(own).sum() > 0
    assert np.abs(heights - np.nan_to_num(own)).max() < tenth_of_a_millimetre

"""The compiled passes over heights against plain twins, with voids (NaN) and places outside (minus infinity)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from chainhome.formats.elevation import _sample_kernels as kernels

Heights = NDArray[np.float32]
OUTSIDE = kernels.OUTSIDE
ROUNDING_M = 1e-3

CELL = st.one_of(st.floats(-400, 8000, width=32), st.just(math.nan), st.just(OUTSIDE))


def heights(rows: Any, columns: Any) -> st.SearchStrategy[Heights]:
    return st.tuples(rows, columns).flatmap(lambda shape: hnp.arrays(np.float32, shape, elements=CELL))


def same(one: Heights, other: Heights) -> bool:
    return bool(np.allclose(one, other, rtol=1e-6, atol=ROUNDING_M, equal_nan=True))


def plain_average(fine: Heights, down: int, across: int) -> Heights:
    out = np.empty((fine.shape[0] // down, fine.shape[1] // across), np.float32)
    for i, j in np.ndindex(out.shape):
        block = fine[i * down : (i + 1) * down, j * across : (j + 1) * across].astype(float)
        known = block[np.isfinite(block)]
        out[i, j] = known.mean() if known.size else (np.nan if np.isnan(block).any() else OUTSIDE)
    return out


@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.data()
)  # fmt: skip
def test_means_of_blocks_leave_out_what_is_no_height(
    rows: int, columns: int, down: int, across: int, data: Any
) -> None:
    fine = data.draw(heights(st.just(rows * down), st.just(columns * across)))
    coarse = np.empty((rows, columns), np.float32)
    kernels.averaged(fine, coarse)
    assert same(coarse, plain_average(fine, down, across))


def plain_sample(source: Heights, y: float, x: float) -> float:
    """The height at a place by its four neighbours with a height; the nearest of the four decides if there is one."""
    rows, columns = source.shape
    if not (-0.5 <= y <= rows - 0.5 and -0.5 <= x <= columns - 0.5):
        return OUTSIDE
    nearest = source[min(max(math.floor(y + 0.5), 0), rows - 1), min(max(math.floor(x + 0.5), 0), columns - 1)]
    if not np.isfinite(nearest):
        return float(nearest)
    values, weights = [], []
    for k in (math.floor(y), math.floor(y) + 1):
        for m in (math.floor(x), math.floor(x) + 1):
            if 0 <= k < rows and 0 <= m < columns and np.isfinite(source[k, m]):
                values.append(float(source[k, m]))
                weights.append((1.0 - abs(y - k)) * (1.0 - abs(x - m)))
    return float(np.average(values, weights=weights))


@given(heights(st.integers(1, 6), st.integers(1, 6)), st.data())
def test_sampling_is_bilinear_and_the_nearest_cell_decides_what_is_there(source: Heights, data: Any) -> None:
    # Tenths that are no halves: on a half, rounding alone would say which cell is nearest.
    tenth = st.integers(-9, 69).filter(lambda n: n % 10 != 5).map(lambda n: n / 10.0)
    shape = data.draw(st.tuples(st.integers(2, 5), st.integers(2, 5)))
    row, column = (data.draw(hnp.arrays(np.float64, shape, elements=tenth)) for _ in range(2))
    out = np.full(shape, OUTSIDE, np.float32)
    kernels.sampled(source, row, column, out)
    expected = [plain_sample(source, y, x) for y, x in zip(row.ravel(), column.ravel(), strict=True)]
    assert same(out, np.reshape(np.array(expected, np.float32), shape))


def test_a_mesh_is_linear_between_its_nodes() -> None:
    rng = np.random.default_rng(5)
    source = rng.uniform(0.0, 1000.0, (40, 40)).astype(np.float32)
    y, x = np.meshgrid(np.linspace(3.0, 30.0, 49), np.linspace(5.0, 21.0, 33), indexing="ij")
    turned_y, turned_x = y + 0.1 * x, x - 0.1 * y
    whole, meshed = (np.full(y.shape, OUTSIDE, np.float32) for _ in range(2))
    kernels.sampled(source, turned_y, turned_x, whole)
    kernels.sampled(source, turned_y[::16, ::16].copy(), turned_x[::16, ::16].copy(), meshed)
    assert same(whole, meshed)
    assert np.isfinite(whole).all()


def test_a_cell_that_has_a_height_keeps_it_and_a_node_that_lies_nowhere_spoils_no_other() -> None:
    source = np.full((4, 4), 50.0, np.float32)
    out = np.array([[7.0, np.nan], [OUTSIDE, OUTSIDE]], np.float32)
    place = np.array([[1.0, 1.0], [1.0, np.nan]])
    kernels.sampled(source, place, place, out)
    assert out.tolist() == [[7.0, 50.0], [50.0, OUTSIDE]]


def plain_fill(values: Heights) -> Heights:
    out = values.copy()
    for i, j in np.argwhere(np.isnan(values)):
        around = values[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].astype(float)
        known = around[np.isfinite(around)]
        if known.size:
            out[i, j] = known.mean()
    return out


@given(heights(st.integers(1, 8), st.integers(1, 8)))
def test_voids_take_the_mean_of_the_neighbours_of_before(values: Heights) -> None:
    ours, plain = values.copy(), values
    waiting = np.zeros(values.shape[0], np.bool_)
    voids, outside, lowest = kernels.counted(ours, waiting)
    assert (voids, outside) == (int(np.isnan(values).sum()), int((values == OUTSIDE).sum()))
    known = values[np.isfinite(values)]
    assert lowest == (float(known.min()) if known.size else math.inf)
    for _ in range(3):
        left = int(np.isnan(ours).sum())
        filled = kernels.fill_once(ours, waiting)
        plain = plain_fill(plain)
        assert same(ours, plain)
        assert filled == left - int(np.isnan(ours).sum())
    kernels.without_gaps(ours, False)
    assert same(ours, np.where(np.isfinite(plain), plain, np.float32(0.0)))
    kernels.without_gaps(ours, True)
    assert ours.min(initial=0.0) >= 0.0


@pytest.mark.parametrize("size", [(1, 5), (5, 1), (1, 1)])
def test_thin_parts_of_a_grid_are_sampled_too(size: tuple[int, int]) -> None:
    source = np.full((9, 9), 50.0, np.float32)
    out = np.full(size, OUTSIDE, np.float32)
    kernels.sampled(source, np.full((2, 2), 4.0), np.full((2, 2), 4.0), out)
    assert (out == 50.0).all()

"""The surface: more antenna, more target height, more sites or less terrain never loses coverage."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome import earth

HALF = 40
CELL_M = 500.0
# Rises of the ground are found between rows to the order of this, and carried outwards in single precision: a relative
# error of 1e-7 of some kilometres, forty times as far away.
SINGLE_PRECISION_M = 0.05

SEEDS = st.integers(0, 2**32 - 1)
ANTENNAS_M = st.floats(0.0, 300.0)
REFRACTIONS = st.sampled_from(earth.REFRACTIONS[::2])


def rough(seed: int, relief_m: float = 1500.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-100.0, relief_m, (2 * HALF + 1, 2 * HALF + 1)).astype(np.float32)


def lowest(heights: np.ndarray, antenna_m: float, refraction: str = "standard", **options: float) -> np.ndarray:
    grid = earth.SiteGrid(0.7, 0.57, CELL_M, heights, 0, 0, "rough", "", "")
    return earth.surface(grid, antenna_m, refraction=refraction, **options).lowest_visible_m


@settings(max_examples=40)
@given(SEEDS, ANTENNAS_M, st.floats(0.0, 2000.0), REFRACTIONS)
def test_a_higher_antenna_never_sees_less(seed: int, antenna_m: float, more_m: float, refraction: str) -> None:
    heights = rough(seed)
    low, high = lowest(heights, antenna_m, refraction), lowest(heights, antenna_m + more_m, refraction)
    assert (high <= low + SINGLE_PRECISION_M).all()


@settings(max_examples=40)
@given(SEEDS, ANTENNAS_M, st.floats(0.0, 1.0), REFRACTIONS)
def test_lower_terrain_never_hides_more(seed: int, antenna_m: float, share: float, refraction: str) -> None:
    heights = rough(seed)
    cut = np.minimum(heights, share * 1500.0).astype(np.float32)
    hidden, open_ = (lowest(ground, antenna_m, refraction, site_ground_m=800.0) for ground in (heights, cut))
    assert (open_ <= hidden + SINGLE_PRECISION_M).all()


@settings(max_examples=40)
@given(SEEDS, ANTENNAS_M, REFRACTIONS)
def test_nothing_is_seen_below_the_ground_and_the_nearest_ring_is_all_seen(
    seed: int, antenna_m: float, refraction: str
) -> None:
    heights = rough(seed)
    found = lowest(heights, antenna_m, refraction)
    assert (found >= heights).all()
    ring = np.s_[HALF - 1 : HALF + 2, HALF - 1 : HALF + 2]
    assert np.array_equal(found[ring], heights[ring])


@settings(max_examples=40)
@given(SEEDS, st.floats(-7.0, 7.0), st.floats(0.0, 30e3), st.floats(0.0, 9e3), st.floats(0.0, 9e3))
def test_a_higher_target_is_never_lost(seed: int, azimuth: float, range_m: float, one_m: float, other_m: float) -> None:
    grid = earth.SiteGrid(0.7, 0.57, CELL_M, rough(seed), 0, 0, "rough", "", "")
    low, high = earth.surface_visible(earth.surface(grid, 24.0), azimuth, range_m, sorted([one_m, other_m]))
    assert high or not low


@settings(max_examples=25)
@given(SEEDS, st.floats(0.0, 1000.0))
def test_more_sites_never_see_less(seed: int, altitude_m: float) -> None:
    surfaces = [
        earth.surface(earth.SiteGrid(0.7, lon, CELL_M, rough(seed + k), 0, 0, "rough", "", ""), 24.0)
        for k, lon in enumerate((0.57, 0.571))
    ]
    both = earth.merged(surfaces)
    assert (np.diff(both.lowest_visible_m[:, np.isfinite(both.lowest_visible_m[1])], axis=0) >= 0.0).all()
    counts = earth.sites_in_view(both, altitude_m)
    assert np.array_equal(counts > 0, both.lowest_visible_m[0] <= altitude_m)

"""Coverage over any ground: what helps the defender never loses a cell."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome import coverage, earth
from chainhome.scenario import Place
from coverage_questions import catalogue, question

HALF, CELL_M = 24, 4_000.0
# The surface is held in single precision, 1 mm at 10 km; a cell may turn by that much either way.
ROUNDING_M = 0.01

grounds = st.integers(0, 2**32 - 1).flatmap(
    lambda seed: st.floats(0.0, 3_000.0).map(lambda relief: hills(np.random.default_rng(seed), relief))
)
antennas = st.floats(2.0, 200.0)
heights = st.floats(3_200.0, 20_000.0)  # above mean sea level, above all ground


def hills(rng: np.random.Generator, relief_m: float) -> np.ndarray:
    """Ground of one relief that rolls over a few cells, and a site in it that is not the highest place."""
    rough = rng.random((2 * HALF + 1, 2 * HALF + 1))
    smooth = (rough + np.roll(rough, 1, 0) + np.roll(rough, 1, 1) + np.roll(rough, (1, 1), (0, 1))) / 4.0
    return (relief_m * smooth).astype(np.float32)


def covered(
    ground_m: np.ndarray, antenna_m: float, height_m: float, target: str = "airliner", **asked: object
) -> coverage.Layer:
    """The layer over a ground, at a height above mean sea level."""

    def source(lat_rad: float, lon_rad: float, range_max_m: float) -> earth.SiteGrid:
        return earth.SiteGrid(lat_rad, lon_rad, CELL_M, ground_m, 0, 0, "hills", "", "")

    place = Place("hills", 0.7, 0.57, float(ground_m[HALF, HALF]))
    about = question(target=target, grid=source, above_sea=True, altitudes_m=(height_m,), range_max_m=HALF * CELL_M)
    site = replace(about.sites[0], place=place, antenna_m=antenna_m)
    return coverage.cover(replace(about, sites=(site,), **asked), catalogue()).sites[0].layers[0]


def hidden(layer: coverage.Layer) -> np.ndarray:
    return np.isin(layer.limit, [coverage.LIMITS.index("horizon"), coverage.LIMITS.index("terrain")])


@settings(max_examples=25)
@given(grounds, antennas, antennas, heights)
def test_a_higher_antenna_never_loses_a_cell_from_view(
    ground: np.ndarray, one: float, other: float, height: float
) -> None:
    low, high = sorted((one, other))
    assert not np.any(hidden(covered(ground, high, height + ROUNDING_M)) & ~hidden(covered(ground, low, height)))


@settings(max_examples=25)
@given(grounds, antennas, heights, heights)
def test_a_higher_target_is_never_lost_from_view(ground: np.ndarray, antenna: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert not np.any(hidden(covered(ground, antenna, high)) & ~hidden(covered(ground, antenna, low)))


@settings(max_examples=25)
@given(grounds, antennas, heights, st.integers(0, 2**32 - 1))
def test_less_terrain_never_hides_more(ground: np.ndarray, antenna: float, height: float, seed: int) -> None:
    """Ground is taken away anywhere but beneath the antenna."""
    less = (ground * np.random.default_rng(seed).random(ground.shape)).astype(np.float32)
    less[HALF, HALF] = ground[HALF, HALF]
    assert not np.any(hidden(covered(less, antenna, height + ROUNDING_M)) & ~hidden(covered(ground, antenna, height)))


@settings(max_examples=25)
@given(grounds, antennas, heights, st.floats(1e-3, 100.0), st.floats(1e-3, 100.0))
def test_a_larger_cross_section_never_loses_a_cell(
    ground: np.ndarray, antenna: float, height: float, one: float, other: float
) -> None:
    small, large = (with_rcs(rcs) for rcs in sorted((one, other)))
    fewer, more = (covered(ground, antenna, height, aircraft=aircraft) for aircraft in (small, large))
    assert not np.any(fewer.detected & ~more.detected)
    assert not np.any(fewer.detected_low & ~more.detected_low)
    assert not np.any(fewer.detected_high & ~more.detected_high)
    assert np.all(more.pd >= fewer.pd)
    assert np.all(more.cumulative_pd >= fewer.cumulative_pd - np.float32(1e-6))


def with_rcs(rcs_m2: float) -> object:
    drone = catalogue().aircraft("one-way-drone")
    claim = replace(drone.claims["rcs"], value=rcs_m2, low=0.5 * rcs_m2, high=2.0 * rcs_m2)
    return replace(drone, claims={**drone.claims, "rcs": claim})


@settings(max_examples=15)
@given(grounds, antennas, heights, st.floats(0.1, 0.98), st.floats(0.1, 0.98))
def test_more_certainty_never_covers_more(
    ground: np.ndarray, antenna: float, height: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    sure, likely = (
        covered(ground, antenna, height, target="one-way-drone", detection_probability=pd) for pd in (high, low)
    )
    assert not np.any(sure.detected & ~likely.detected)
    assert np.array_equal(sure.pd, likely.pd), "what is asked for changes no probability"


@settings(max_examples=15)
@given(grounds, antennas, heights, st.sampled_from(["f-16", "one-way-drone"]))
def test_every_layer_is_whole(ground: np.ndarray, antenna: float, height: float, target: str) -> None:
    layer = covered(ground, antenna, height, target)
    assert sum(layer.share_by_limit.values()) == pytest.approx(1.0)
    assert np.all((layer.pd >= 0.0) & (layer.pd <= 1.0))
    assert np.all((layer.cumulative_pd >= 0.0) & (layer.cumulative_pd <= 1.0))
    assert np.array_equal(layer.detected, layer.limit == 0)
    assert np.all(layer.pd[layer.detected] >= 0.5 - 1e-6)
    assert np.all(layer.pd[~layer.detected] < 0.5)
    assert np.all(layer.detected_low <= layer.detected)
    assert np.all(layer.detected <= layer.detected_high)

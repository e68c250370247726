"""`reach`: what helps the defender never costs range, over a smooth earth and over any ground."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome import earth
from chainhome.catalogue import load as load_catalogue
from chainhome.reach.approach import level_approach
from chainhome.reach.detect import detect
from chainhome.reach.track import HITS, WINDOW, advance
from chainhome.scenario.reading import radar_figures, target_figures

CATALOGUE = load_catalogue()
RADAR = radar_figures(CATALOGUE.system("s-400").radars["91n6e"], "value")
TARGET = target_figures(CATALOGUE.aircraft("f-16"), "value")
ROUNDING_M = 1e-6
FANS = {
    height: earth.fan(
        earth.load_terrain(),
        *np.radians([40.0789, 32.5656]),
        height,
        radius_m=earth.four_thirds_radius_m(),
        range_max_m=500e3,
        bearings_rad=np.arange(12) * np.pi / 6,
    )
    for height in (6.0, 24.0, 39.0)
}


def ranges(rcs_m2: float, height_m: float, pd: float, antenna_m: float = 24.0, speed_mps: float = 250.0) -> np.ndarray:
    fan = FANS[antenna_m]
    target = replace(TARGET, rcs_m2=rcs_m2, speed_mps=speed_mps)
    return detect(RADAR, level_approach(height_m, False, target, fan), fan, pd=pd, end="value", smooth=False).range_m


rcs = st.floats(1e-4, 100.0)
height = st.floats(10.0, 15_000.0)
probability = st.floats(0.1, 0.95)


@settings(max_examples=25, deadline=None)
@given(rcs, rcs, height, probability)
def test_a_larger_target_is_never_lost_sooner(one: float, other: float, h: float, pd: float) -> None:
    small, large = sorted((one, other))
    assert np.all(ranges(large, h, pd) >= ranges(small, h, pd) - ROUNDING_M)


@settings(max_examples=25, deadline=None)
@given(rcs, height, probability, probability)
def test_more_certainty_never_gives_more_range(sigma: float, h: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert np.all(ranges(sigma, h, high) <= ranges(sigma, h, low) + ROUNDING_M)


@settings(max_examples=15, deadline=None)
@given(height, probability)
def test_a_higher_mast_never_loses_a_large_target(h: float, pd: float) -> None:
    short, tall = (ranges(50.0, h, pd, antenna) for antenna in (6.0, 39.0))
    air_m = 2_000.0  # a taller mast shortens the path through the densest air by a trifle, and so does it for nobody
    assert np.all(tall >= short - air_m)


@settings(max_examples=25, deadline=None)
@given(st.floats(20.0, 300.0), st.floats(20.0, 300.0))
def test_a_faster_target_is_never_better_hidden_by_clutter(one: float, other: float) -> None:
    slow, fast = sorted((one, other))
    assert np.all(ranges(0.05, 200.0, 0.5, speed_mps=fast) >= ranges(0.05, 200.0, 0.5, speed_mps=slow) - ROUNDING_M)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9))
def test_the_chain_confirms_as_often_as_all_patterns_of_hits_do(pds: list[float]) -> None:
    """The plain twin: enumerate every pattern of hits and misses."""
    state = np.zeros((1, 2 ** (WINDOW - 1)))
    state[0, 0] = 1.0
    confirmed = 0.0
    for pd in pds:
        state, newly = advance(state, np.array([pd]))
        confirmed += float(newly[0])
    total = 0.0
    for pattern in range(2 ** len(pds)):
        hits = [bool(pattern >> scan & 1) for scan in range(len(pds))]
        weight = float(np.prod([pd if hit else 1.0 - pd for pd, hit in zip(pds, hits, strict=True)]))
        if any(sum(hits[max(0, end - WINDOW) : end]) >= HITS for end in range(1, len(hits) + 1)):
            total += weight
    assert abs(confirmed - total) < 1e-12
    assert abs(state.sum() + confirmed - 1.0) < 1e-12

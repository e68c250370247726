import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome import engagement
from chainhome.engagement import Interceptor, earliest_intercept_m, reach
from chainhome.tables import LIMITS

FEW = settings(max_examples=150, deadline=None)
RANGES = st.floats(0.0, 500e3)
SPEEDS = st.floats(10.0, 2_000.0)
PROBABILITIES = st.floats(0.0, 1.0)


@FEW
@given(RANGES, st.floats(0.0, 50e3), SPEEDS, SPEEDS, st.floats(0.0, 60.0), st.floats(0.0, 30e3))
def test_seeing_earlier_or_reacting_faster_never_brings_the_intercept_nearer(
    track: float, more: float, target: float, interceptor: float, reaction: float, height: float
) -> None:
    base = earliest_intercept_m(track, target, reaction, interceptor, height)
    assert earliest_intercept_m(track + more, target, reaction, interceptor, height) >= base - 1e-6
    assert earliest_intercept_m(track, target, reaction / 2, interceptor, height) >= base - 1e-6
    assert earliest_intercept_m(track, target, reaction, interceptor * 1.5, height) >= base - 1e-6
    assert earliest_intercept_m(track, target * 1.5, reaction, interceptor, height) <= base + 1e-6
    assert 0.0 <= base <= track


@FEW
@given(RANGES, SPEEDS, st.floats(0.0, 40e3), st.floats(5e3, 400e3), st.floats(0.0, 5e3), st.floats(5e3, 40e3))
def test_reach_is_never_more_than_any_limit_and_always_names_one(
    track: float, target: float, altitude: float, most: float, least: float, ceiling: float
) -> None:
    sam = Interceptor(most, 900.0, 8.0, min_range_m=least, ceiling_m=ceiling)
    horizon = LIMITS.index("horizon")
    met = reach(track, horizon, sam, target_speed_mps=target, altitude_m=altitude, site_m=500.0)
    limit = LIMITS[met.limit[0]]
    assert met.range_m[0] <= min(met.timeline_m[0], met.interceptor_m[0])
    assert limit in ("timeline", "interceptor", "ceiling")
    assert (limit == "ceiling") == (altitude > ceiling)
    assert (met.driven_by[0] == horizon) == (limit == "timeline")
    if met.range_m[0] > 0:
        slant = engagement.ground_to_slant_m(met.range_m[0], 500.0, altitude)
        one_millimetre = 1e-3
        assert least - one_millimetre <= slant <= most + one_millimetre


@FEW
@given(st.floats(0.0, 600e3), st.floats(0.0, 5e3), st.floats(0.0, 100e3))
def test_slant_and_ground_ranges_invert_each_other(ground: float, low: float, high: float) -> None:
    slant = engagement.ground_to_slant_m(ground, low, high)
    back = engagement.slant_to_ground_m(slant, low, high)
    # Near the vertical the slant hardly depends on the ground range, so compare slants.
    one_millimetre = 1e-3
    assert abs(engagement.ground_to_slant_m(back, low, high) - slant) < one_millimetre


@FEW
@given(PROBABILITIES, st.integers(0, 30), st.integers(0, 15))
def test_leakers_are_between_none_and_all_and_even_fire_is_the_best_single_look(
    p: float, magazine: int, raid: int
) -> None:
    even = float(engagement.even_fire_leakers(p, magazine, raid))
    assert -1e-9 <= even <= raid + 1e-9
    for salvo in (1, 2, 3):
        assert even <= float(engagement.salvo_fire_leakers(p, magazine, raid, salvo)) + 1e-9


@FEW
@given(PROBABILITIES, st.integers(1, 8), st.integers(0, 12))
def test_a_leaker_distribution_sums_to_one_and_agrees_with_no_leakers(p: float, rounds: int, raid: int) -> None:
    weights = engagement.leaker_distribution(p, rounds, raid)
    rounding = 1e-9
    assert abs(weights.sum() - 1.0) < rounding
    assert abs(weights[0] - engagement.no_leaker_probability(p, rounds, raid)) < rounding
    assert np.all(weights >= 0)

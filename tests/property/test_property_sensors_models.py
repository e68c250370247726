"""What must hold of gas, clutter, plot errors, aspects and scan times for any input."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.sensors import attenuation, clutter, noise, rcs, scan

FOUR_THIRDS_M = 8_494_678.0


@given(st.floats(1e3, 5e5), st.floats(10.0, 3e3), st.floats(10.0, 2e4))
@settings(deadline=None, max_examples=50)
def test_a_path_loses_the_same_both_ways_and_more_when_longer(ground_m: float, low_m: float, high_m: float) -> None:
    there, back, farther = attenuation.gas_loss_db(
        3e9, [low_m, high_m, low_m], [high_m, low_m, high_m], [ground_m, ground_m, 1.05 * ground_m], FOUR_THIRDS_M
    )
    assert abs(float(there - back)) < 1e-6
    assert 0.0 < float(there) < float(farther)


@given(st.floats(1e-4, 1e3), st.floats(0.0, 900.0), st.floats(1e3, 5e5), st.floats(1.0, 5.0))
def test_more_speed_or_cross_section_never_hides_a_target_in_clutter(
    rcs_m2: float, speed_mps: float, range_m: float, more: float
) -> None:
    ratio_db = float(clutter.signal_to_clutter_db(rcs_m2, speed_mps, range_m))
    assert float(clutter.signal_to_clutter_db(rcs_m2, more * speed_mps, range_m)) >= ratio_db
    assert float(clutter.signal_to_clutter_db(rcs_m2, -speed_mps, range_m)) == ratio_db
    assert float(clutter.signal_to_clutter_db(more * rcs_m2, speed_mps, range_m)) >= ratio_db - 1e-9
    assert float(clutter.signal_to_clutter_db(rcs_m2, speed_mps, more * range_m)) <= ratio_db + 1e-9


@given(st.floats(0.0, 1e6), st.floats(1.0, 10.0), st.floats(0.0, 1e4))
def test_more_signal_never_makes_a_plot_worse(snr: float, more: float, sigma: float) -> None:
    weak, strong = noise.measurement_sigma(sigma, [snr, more * snr])
    assert sigma <= strong <= weak


@given(st.floats(-10.0, 10.0), st.floats(-1.5, 1.5), st.floats(0.01, 100.0))
@settings(deadline=None)
def test_a_cross_section_stays_between_floor_and_peak_and_scales(azimuth: float, elevation: float, mean: float) -> None:
    model, unit = rcs.fighter(mean), rcs.fighter(1.0)
    pattern = float(rcs.pattern_db(model, azimuth, elevation))
    assert -5.0 - 1e-9 <= pattern <= 10.0 + 1e-9
    scaled = float(rcs.rcs_m2(model, azimuth, elevation)) / float(rcs.rcs_m2(unit, azimuth, elevation))
    assert math.isclose(scaled, mean, rel_tol=1e-9)


@given(st.floats(1.0, 20.0), st.floats(0.0, 6.28), st.floats(0.0, 6.28), st.floats(-0.1, 0.1), st.integers(0, 1000))
def test_the_beam_is_on_the_target_at_the_time_of_its_look(
    period_s: float, phase_rad: float, start_rad: float, rate: float, number: int
) -> None:
    def azimuth(t: np.ndarray) -> np.ndarray:
        return phase_rad + start_rad + rate * t

    time_s = scan.look_times([number], period_s, phase_rad, azimuth)
    off_rad = scan.wrap(phase_rad + 2.0 * math.pi * time_s / period_s - azimuth(time_s))
    assert abs(float(off_rad[0])) * period_s / (2.0 * math.pi) < 1e-3

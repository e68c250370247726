"""What must hold of detection and of the range equation for any radar."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.sensors import detection, range_equation

CASES = st.integers(0, 4)
PFAS = st.floats(1e-10, 1e-2)
PULSES = st.integers(1, 40)
ROUNDING = 1e-12


@given(CASES, PFAS, PULSES)
@settings(max_examples=40, deadline=None)
def test_more_signal_never_lowers_the_probability_of_detection(swerling: int, pfa: float, pulses: int) -> None:
    snr = 10.0 ** (np.linspace(-30.0, 60.0, 200) / 10.0)
    pd = detection.detection_probability(snr, pfa, swerling, pulses)
    assert np.all(np.diff(pd) >= -ROUNDING)
    assert np.all((pd >= pfa * (1.0 - 1e-9)) & (pd <= 1.0))


@given(CASES, PFAS, PULSES, st.floats(0.0, 1.0))
@settings(max_examples=40, deadline=None)
def test_required_signal_undoes_the_probability_of_detection(
    swerling: int, pfa: float, pulses: int, share: float
) -> None:
    pd = 2.0 * pfa + share * (0.999 - 2.0 * pfa)
    snr_db = detection.required_snr_db(pd, pfa, swerling, pulses)
    back = float(detection.detection_probability(10.0 ** (snr_db / 10.0), pfa, swerling, pulses))
    assert abs(back / pd - 1.0) < 1e-10


@given(PFAS, PULSES)
@settings(max_examples=20, deadline=None)
def test_without_signal_only_false_alarms_are_detected(pfa: float, pulses: int) -> None:
    for swerling in range(5):
        pd = float(detection.detection_probability(0.0, pfa, swerling, pulses))
        assert abs(pd / pfa - 1.0) < 1e-9


@given(
    st.floats(1e2, 1e7),
    st.floats(1e8, 4e10),
    st.floats(0.0, 50.0),
    st.floats(1e-4, 1e3),
    st.floats(-20.0, 40.0),
    st.floats(1e-7, 1e-3),
    st.floats(0.0, 20.0),
)
def test_range_and_power_undo_the_signal_to_noise_ratio(
    power_w: float, hz: float, gain_db: float, rcs_m2: float, want_db: float, width_s: float, loss_db: float
) -> None:
    range_m = range_equation.radar_range_m(
        power_w, hz, gain_db, gain_db, rcs_m2, want_db, pulse_width_s=width_s, loss_db=loss_db
    )
    got_db = range_equation.snr_db(
        power_w, hz, gain_db, gain_db, rcs_m2, range_m, bandwidth_hz=1.0 / width_s, loss_db=loss_db
    )
    got_w = range_equation.radar_power_w(
        hz, gain_db, gain_db, rcs_m2, range_m, want_db, pulse_width_s=width_s, loss_db=loss_db
    )
    assert abs(float(got_db) - want_db) < 1e-9
    assert abs(float(got_w) / power_w - 1.0) < 1e-9


@given(st.floats(1e-4, 100.0), st.floats(1e-4, 100.0), st.floats(1.0, 600e3))
def test_the_reference_form_puts_every_cross_section_at_its_own_range_on_the_same_ratio(
    rcs_m2: float, reference_rcs_m2: float, reference_range_m: float
) -> None:
    range_m = range_equation.reference_range_m(reference_range_m, reference_rcs_m2, rcs_m2)
    got_db = range_equation.reference_snr_db(range_m, rcs_m2, reference_range_m, reference_rcs_m2, 12.772)
    assert abs(float(got_db) - 12.772) < 1e-9

"""The exact probability of detection against independent ways to compute it."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from chainhome.errors import UseError
from chainhome.sensors import detection

STATED_RELATIVE_ERROR = 1e-9


@pytest.mark.parametrize("pulses", [1, 3, 10, 100, 1000])
def test_a_steady_target_follows_the_noncentral_chi_square_law_in_both_tails(pulses: int) -> None:
    for pfa in (1e-12, 1e-6, 1e-2):
        snr = 10.0 ** (np.arange(-40.0, 25.0, 2.5) / 10.0)
        twice = 2.0 * detection.detection_threshold(pfa, pulses)
        ours = detection.detection_probability(snr, pfa, 0, pulses)
        oracle = stats.ncx2.sf(twice, 2 * pulses, 2.0 * pulses * snr)
        missed = stats.ncx2.cdf(twice, 2 * pulses, 2.0 * pulses * snr)
        assert np.allclose(ours, oracle, rtol=STATED_RELATIVE_ERROR, atol=0.0)
        assert np.allclose(1.0 - ours, missed, rtol=1e-6, atol=1e-13)


@pytest.mark.parametrize("pulses", [2, 10, 100, 1000])
def test_swerling_1_equals_the_closed_form_for_many_pulses(pulses: int) -> None:
    snr = 10.0 ** (np.arange(-5.0, 60.0, 5.0) / 10.0)
    t = detection.detection_threshold(1e-6, pulses)
    gain = 1.0 + 1.0 / (pulses * snr)
    grown = np.exp((pulses - 1) * np.log(gain) - t / (1.0 + pulses * snr))
    closed = special.gammaincc(pulses - 1.0, t) + grown * special.gammainc(pulses - 1.0, t / gain)
    ours = detection.detection_probability(snr, 1e-6, 1, pulses)
    assert np.allclose(ours, closed, rtol=STATED_RELATIVE_ERROR, atol=0.0)


def test_swerling_3_equals_the_closed_form_for_one_pulse() -> None:
    snr = 10.0 ** (np.arange(-20.0, 60.0, 5.0) / 10.0)
    t, half = detection.detection_threshold(1e-8), snr / 2.0
    closed = np.exp(-t / (1.0 + half)) * (1.0 + t * half / (1.0 + half) ** 2)
    assert np.allclose(detection.detection_probability(snr, 1e-8, 3), closed, rtol=STATED_RELATIVE_ERROR, atol=0.0)


@pytest.mark.parametrize(("swerling", "degrees"), [(1, 1.0), (2, 10.0), (3, 2.0), (4, 20.0)])
def test_a_fluctuating_target_is_the_mean_over_steady_ones(swerling: int, degrees: float) -> None:
    pulses, snr = 10, 3.0

    def weighted(share: float) -> float:
        steady = float(detection.detection_probability(snr * share, 1e-6, 0, pulses))
        return steady * float(stats.gamma.pdf(share, degrees, scale=1.0 / degrees))

    mean, _ = integrate.quad(weighted, 0.0, 60.0, points=[0.5, 1.0, 2.0, 6.0], limit=200)
    ours = float(detection.detection_probability(snr, 1e-6, swerling, pulses))
    assert abs(ours - mean) < 1e-7


def test_swerling_4_agrees_with_drawing_the_echoes_pulse_by_pulse() -> None:
    rng, pulses, snr, looks = np.random.default_rng(1), 6, 2.0, 200_000
    echo = rng.gamma(2.0, snr / 2.0, (looks, pulses))
    noise = rng.normal(0.0, np.sqrt(0.5), (2, looks, pulses))
    power = (np.sqrt(echo) + noise[0]) ** 2 + noise[1] ** 2
    drawn = float((power.sum(axis=1) > detection.detection_threshold(1e-3, pulses)).mean())
    exact = float(detection.detection_probability(snr, 1e-3, 4, pulses))
    four_standard_errors = 4.0 * np.sqrt(exact * (1.0 - exact) / looks)
    assert abs(drawn - exact) < four_standard_errors


@pytest.mark.parametrize(("swerling", "pulses"), [(0, 1), (1, 1), (2, 10), (3, 10), (4, 100), (0, 1000)])
def test_the_table_errs_by_less_than_it_states(swerling: int, pulses: int) -> None:
    table = detection.detection_table(1e-6, swerling, pulses)
    off_the_grid_db = np.random.default_rng(2).uniform(table.first_db - 1.0, table.snr_db[-1] + 1.0, 3000)
    exact = detection.detection_probability(10.0 ** (off_the_grid_db / 10.0), 1e-6, swerling, pulses)
    stated = 1.05e-6  # the ends are cut where 1e-6 is left, and 5 % covers pfa itself
    assert np.max(np.abs(table(off_the_grid_db) - exact)) < stated


def test_nan_stays_nan_and_infinite_signal_is_always_seen() -> None:
    for swerling in range(5):
        pd = detection.detection_probability([np.nan, np.inf], 1e-6, swerling, 10)
        assert np.isnan(pd[0])
        assert pd[1] == 1.0


def test_wrong_use_says_what_was_given() -> None:
    with pytest.raises(UseError, match="Swerling case is 5"):
        detection.detection_probability(1.0, 1e-6, 5)
    with pytest.raises(UseError, match=r"false alarm is 1\.5"):
        detection.detection_probability(1.0, 1.5, 0)
    with pytest.raises(UseError, match="not dB"):
        detection.detection_probability(-3.0, 1e-6, 0)
    with pytest.raises(UseError, match="above pfa"):
        detection.required_snr_db(1e-7, 1e-6, 1)
    with pytest.raises(UseError, match="number of pulses is 0"):
        detection.required_snr_db(0.5, 1e-6, 1, 0)

"""Gas along a path, clutter near the ground, and the errors of a plot."""

import math

import numpy as np
import pytest
from scipy import integrate

from chainhome.errors import UseError
from chainhome.sensors import attenuation, clutter, detection, noise

FOUR_THIRDS_M = 8_494_678.0
STATED_PATH_ERROR_DB = 1e-3


def path_by_fine_steps_db(hz: float, antenna_m: float, target_m: float, ground_m: float) -> float:
    """Integrate along the straight ray in Cartesian coordinates, adaptively, without the table of heights."""
    start = np.array([0.0, FOUR_THIRDS_M + antenna_m])
    angle = ground_m / FOUR_THIRDS_M
    end = (FOUR_THIRDS_M + target_m) * np.array([math.sin(angle), math.cos(angle)])
    length_m = float(np.linalg.norm(end - start))

    def rate(share: float) -> float:
        height_m = float(np.linalg.norm(start + share * (end - start))) - FOUR_THIRDS_M
        hpa, kelvin, vapour = attenuation.standard_atmosphere(height_m)
        dry_hpa = hpa - vapour * kelvin / 216.7
        return float(attenuation.gas_db_per_km(hz, dry_hpa, kelvin, vapour))

    mean, _ = integrate.quad(rate, 0.0, 1.0, points=[0.02, 0.1, 0.3], epsabs=1e-10, epsrel=1e-8, limit=200)
    return 2.0 * mean * length_m / 1e3


@pytest.mark.parametrize(
    ("hz", "antenna_m", "target_m", "ground_m"),
    [
        (3e9, 24.0, 100.0, 40e3),
        (3e9, 867.0, 10_000.0, 300e3),
        (10e9, 24.0, 12_000.0, 400e3),
        (10e9, 10.0, 20_000.0, 600e3),
        (10e9, 2000.0, 50.0, 150e3),
        (1.3e9, 24.0, 30_000.0, 1_000.0),
    ],
)
def test_the_gas_on_a_path_is_the_integral_along_the_ray(
    hz: float, antenna_m: float, target_m: float, ground_m: float
) -> None:
    ours_db = float(attenuation.gas_loss_db(hz, antenna_m, target_m, ground_m, FOUR_THIRDS_M))
    assert abs(ours_db - path_by_fine_steps_db(hz, antenna_m, target_m, ground_m)) < STATED_PATH_ERROR_DB


def test_above_the_air_a_longer_path_costs_no_more() -> None:
    """The part of a steep ray above 40 km carries less than a thousandth of a decibel."""
    loss_db = attenuation.gas_loss_db(3e9, 0.0, [60e3, 200e3], [30e3, 100e3], 1e12)
    assert abs(float(loss_db[1] - loss_db[0])) < STATED_PATH_ERROR_DB
    assert float(loss_db[0]) > 0.05


def test_no_path_no_loss_and_wrong_frequencies_are_refused() -> None:
    assert float(attenuation.gas_loss_db(3e9, 24.0, 24.0, 0.0, FOUR_THIRDS_M)) == 0.0
    with pytest.raises(UseError, match="between 1e6 and 1e12"):
        attenuation.gas_db_per_km(0.0)
    with pytest.raises(UseError, match="must not be negative"):
        attenuation.rain_db_per_km(3e9, -1.0)


def test_a_slow_low_drone_is_lost_in_clutter_at_seventy_kilometres_and_not_at_a_hundred_and_thirty() -> None:
    required_db = float(detection.required_snr_db(0.5, 1e-6, 1))
    drone_m = float(clutter.clutter_limited_range_m(0.05, 50.0, required_db))
    assert 68e3 < drone_m < 76e3
    assert float(clutter.clutter_limited_range_m(0.05, 50.0, required_db, clutter.HARSH_CLUTTER)) < 10e3
    assert float(clutter.clutter_limited_range_m(0.05, 50.0, required_db, clutter.KIND_CLUTTER)) > 390e3
    at_range_db = float(clutter.signal_to_clutter_db(0.05, 50.0, drone_m))
    assert abs(at_range_db - required_db) < 1e-9


def test_clutter_hides_what_the_canceller_takes_for_ground() -> None:
    assert float(clutter.signal_to_clutter_db(100.0, 14.9, 1e3)) == -math.inf
    assert np.isfinite(float(clutter.signal_to_clutter_db(0.01, -15.0, 1e3)))
    still = clutter.ClutterModel(minimum_speed_mps=0.0)
    assert float(clutter.improvement_db(0.0, still)) == -math.inf
    assert math.isnan(float(clutter.improvement_db(math.nan)))


def test_the_double_notch_falls_by_twelve_decibels_for_each_halving_of_speed() -> None:
    fast_db, slow_db = clutter.improvement_db([80.0, 40.0])
    assert abs(float(fast_db - slow_db) - 40.0 * math.log10(2.0)) < 1e-12


def test_noise_and_clutter_add_as_powers() -> None:
    assert abs(float(clutter.signal_to_interference(10.0, 40.0)) - 8.0) < 1e-12
    assert float(clutter.signal_to_interference(10.0, 0.0)) == 0.0


def test_impossible_clutter_is_refused() -> None:
    with pytest.raises(UseError, match=r"range_cell_m = 0\.0 must be positive"):
        clutter.ClutterModel(range_cell_m=0.0)
    with pytest.raises(UseError, match="must be positive"):
        clutter.signal_to_clutter_db(0.0, 50.0, 1e3)


def test_the_error_of_a_plot_follows_the_square_root_law_and_stops_at_the_published_figure() -> None:
    sigma = noise.measurement_sigma(30.0, np.array([1e6, 100.0, 50.0, 25.0]))
    assert np.allclose(sigma, [30.0, 30.0, 30.0 * math.sqrt(2.0), 60.0])
    weakest = 30.0 * math.sqrt(noise.PUBLISHED_AT_SNR / noise.LEAST_DETECTED_SNR)
    assert abs(float(noise.measurement_sigma(30.0, 0.0)) - weakest) < 1e-9
    assert math.isnan(float(noise.measurement_sigma(math.nan, 100.0)))
    with pytest.raises(UseError, match="must not be negative"):
        noise.measurement_sigma(-1.0, 100.0)


def test_the_least_detected_signal_is_the_threshold_less_the_noise() -> None:
    assert abs(detection.detection_threshold(1e-6) - 1.0 - noise.LEAST_DETECTED_SNR) < 0.05

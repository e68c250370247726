"""Published numbers of horizon, refraction and effective-earth geometry."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome import earth

ONE_TENTH_KM = 100.0
LAST_PRINTED_METRE = 0.5
LAST_PRINTED_DIGIT = 0.5

ANTENNAS_M = (3.0, 6.0, 10.0, 24.0, 39.0)
HORIZON_KM = {
    30.0: (29.7, 32.7, 35.6, 42.8, 48.3),
    100.0: (48.4, 51.3, 54.3, 61.4, 67.0),
    1_000.0: (137.5, 140.4, 143.4, 150.5, 156.1),
    5_000.0: (298.5, 301.5, 304.4, 311.6, 317.1),
    10_000.0: (419.1, 422.1, 425.0, 432.2, 437.7),
}


@pytest.mark.parametrize("target_m", HORIZON_KM)
def test_a_target_rises_over_a_smooth_four_thirds_earth_where_the_table_says(target_m: float) -> None:
    ours_m = earth.horizon_range_m(ANTENNAS_M, target_m)
    assert np.abs(ours_m - 1000.0 * np.array(HORIZON_KM[target_m])).max() < ONE_TENTH_KM


def test_the_lowest_visible_altitude_at_402_km_is_the_published_one() -> None:
    ours_m = earth.lowest_visible_altitude_m(402_000.0, [5.0, 10.0, 24.0, 39.0])
    assert np.abs(ours_m - [9_089.0, 8_913.0, 8_588.0, 8_340.0]).max() < LAST_PRINTED_METRE


def test_a_24_m_antenna_sees_the_published_share_of_a_400_km_disc() -> None:
    share_percent = 100.0 * (earth.horizon_range_m(24.0, [50.0, 300.0, 3_000.0]) / 400_000.0) ** 2
    assert np.all(np.abs(share_percent - [1.5, 5.2, 38.0]) < [0.05, 0.05, LAST_PRINTED_DIGIT])


def test_both_effective_radii_are_the_published_ones() -> None:
    assert abs(earth.four_thirds_radius_m() - 8_494_700.0) < ONE_TENTH_KM
    assert abs(earth.gradient_radius_m() - 8_477_400.0) < ONE_TENTH_KM


def test_height_from_range_is_the_mathworks_example() -> None:
    one_tenth_m = 0.1
    height_m = earth.target_height_m(300_000.0, np.radians(0.5), 10.0, earth.gradient_radius_m())
    assert abs(height_m - 7_932.5) < one_tenth_m


def test_slant_and_ground_range_from_height_are_the_mathworks_example() -> None:
    radius_m, elevation_rad = earth.gradient_radius_m(), np.radians(2.0)
    slant_m = earth.slant_range_m(1_000.0, elevation_rad, 10.0, radius_m)
    assert abs(slant_m - 27_125.0) < LAST_PRINTED_METRE
    assert abs(earth.ground_range_m(slant_m, elevation_rad, 10.0, radius_m) - 27_106.0) < LAST_PRINTED_METRE


def test_refraction_exponents_are_the_published_ones() -> None:
    last_digit_per_km = 0.5e-4
    ours_per_km = earth.exponent_per_km([200.0, 313.0, 450.0])
    assert np.abs(ours_per_km - [0.1184, 0.1439, 0.2233]).max() < last_digit_per_km


def test_a_ray_through_the_crpl_atmosphere_is_the_mathworks_example() -> None:
    last_digit_deg = 0.5e-4
    propagated_m, slant_m, elevation_rad, ground_m = earth.refracted_ray(1_000.0, 10.0, np.radians(2.0))
    assert abs(propagated_m - 27_171.0) < LAST_PRINTED_METRE
    assert abs(slant_m - 27_163.0) < LAST_PRINTED_METRE
    assert abs(np.degrees(elevation_rad) - 1.9666) < last_digit_deg
    assert abs(ground_m - 27_143.0) < LAST_PRINTED_METRE

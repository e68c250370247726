"""The radar equation against published numbers: MathWorks radareqrng, radareqpow and NRL SIMDIS."""

import pytest

from chainhome.sensors import range_equation

PRINTED_DIGIT_OF_RANGE_M = 0.06
PRINTED_DIGIT_OF_POWER_W = 6.0
SIMDIS_TOLERANCE_DB = 0.05
HALF_A_KILOMETRE_M = 500.0


@pytest.mark.parametrize(
    ("gain_db", "rcs_m2", "loss_db", "published_m"), [(20.0, 1.0, 0.0, 41_056.6), (40.0, 0.1, 3.0, 194_259.7)]
)
def test_the_range_of_a_radar_is_the_published_one(
    gain_db: float, rcs_m2: float, loss_db: float, published_m: float
) -> None:
    ours_m = range_equation.radar_range_m(
        1e6, 10e9, gain_db, gain_db, rcs_m2, 6.0, pulse_width_s=10e-6, loss_db=loss_db
    )
    assert abs(float(ours_m) - published_m) < PRINTED_DIGIT_OF_RANGE_M


def test_the_power_of_a_radar_is_the_published_one() -> None:
    plain_w = float(range_equation.radar_power_w(1e9, 20.0, 20.0, 1.0, 50e3, 6.0, pulse_width_s=1e-6))
    assert abs(plain_w - 2.1996e5) < PRINTED_DIGIT_OF_POWER_W
    lossy_w = float(
        range_equation.radar_power_w(
            10e9, 30.0, 30.0, 0.5, 50e3, 10.0, pulse_width_s=1e-6, noise_temperature_k=300.0, loss_db=3.0
        )
    )
    assert abs(lossy_w - 2.2809e6) < 10 * PRINTED_DIGIT_OF_POWER_W


def test_the_received_power_is_that_of_the_simdis_test() -> None:
    ours_dbw = float(range_equation.received_power_dbw(10e3, 5e9, 45.0, 40.0, 9.0, 31e3, loss_db=5.0))
    assert abs(ours_dbw + 107.52) < SIMDIS_TOLERANCE_DB


@pytest.mark.parametrize(("rcs_m2", "published_m"), [(1.0, 276e3), (0.0015, 54e3), (4.0, 390e3)])
def test_a_published_range_scales_with_the_fourth_root_of_the_cross_section(rcs_m2: float, published_m: float) -> None:
    assert abs(float(range_equation.reference_range_m(390e3, 4.0, rcs_m2)) - published_m) < HALF_A_KILOMETRE_M

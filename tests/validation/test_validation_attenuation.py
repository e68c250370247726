"""Gas and rain against the validation examples of ITU-R Study Group 3."""

import numpy as np
import pytest

from chainhome.sensors import attenuation

HALF_A_PRINTED_DIGIT = 0.5


@pytest.mark.parametrize(
    ("ghz", "published", "digit"),
    [
        (1, 0.005440, 1e-6),
        (3, 0.007539, 1e-6),
        (5, 0.008714, 1e-6),
        (10, 0.014199, 1e-6),
        (15, 0.029058, 1e-6),
        (60, 14.778, 1e-3),
    ],
)
def test_gas_attenuates_as_the_recommendation_prints(ghz: float, published: float, digit: float) -> None:
    assert abs(float(attenuation.gas_db_per_km(ghz * 1e9)) - published) <= HALF_A_PRINTED_DIGIT * digit


def test_rain_attenuates_as_the_recommendation_prints() -> None:
    elevation_rad = np.radians(31.077)
    one_part_in_a_million = 1e-6
    k, alpha = attenuation.rain_coefficients(14.25e9, elevation_rad)
    assert abs(float(k) / 0.03975488 - 1.0) < one_part_in_a_million
    assert abs(float(alpha) / 1.12418043 - 1.0) < one_part_in_a_million
    loss_db = float(attenuation.rain_db_per_km(14.25e9, 26.48052, elevation_rad))
    assert abs(loss_db / 1.58130839 - 1.0) < one_part_in_a_million


def test_the_standard_atmosphere_is_the_published_one() -> None:
    """U.S. Standard Atmosphere 1976, table I, at 5, 20 and 40 km of geometric height."""
    pressure_hpa, temperature_k, _ = attenuation.standard_atmosphere(np.array([5e3, 20e3, 40e3]))
    assert np.allclose(pressure_hpa, [540.48, 55.293, 2.8714], rtol=1e-4)
    assert np.allclose(temperature_k, [255.676, 216.650, 250.350], atol=2e-3)

"""Two-ray lobing for any geometry: bounds, reciprocity, scale, and lobes that alternate with nulls."""

import math

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from chainhome import sensors
from chainhome.constants import SPEED_OF_LIGHT_MPS
from chainhome.sensors.lobing import POLARISATIONS, SURFACES

ROUNDING = 1e-9
FLAT_M = 1e13

antennas = st.floats(1.0, 200.0)
targets = st.floats(1.0, 20_000.0)
ranges = st.floats(200.0, 500e3)
frequencies = st.floats(100e6, 10e9)
surfaces = st.sampled_from(SURFACES)
polarisations = st.sampled_from(POLARISATIONS)


@given(antennas, targets, ranges, frequencies, surfaces, polarisations, st.floats(0.0, 3.0))
def test_the_factor_lies_between_one_less_and_one_more_than_what_is_reflected(
    antenna: float, target: float, range_m: float, hz: float, surface: str, polarisation: str, rough: float
) -> None:
    words = {"surface": surface, "polarisation": polarisation}
    factor = float(sensors.propagation_factor(hz, antenna, target, range_m, roughness_m=rough, **words))  # type: ignore[arg-type]
    at = sensors.reflection(antenna, target, range_m)
    if not np.isfinite(at.grazing_rad):
        assert factor == 0.0
        return
    reflected = abs(complex(sensors.reflection_coefficient(hz, at.grazing_rad, **words))) * float(at.divergence)  # type: ignore[arg-type]
    reflected *= float(sensors.roughness_factor(hz, at.grazing_rad, rough))
    assert 0.0 <= reflected <= 1.0 + ROUNDING
    if float(at.difference_m) < 0.25 * SPEED_OF_LIGHT_MPS / hz:
        assert 0.0 <= factor <= 1.0 + reflected + ROUNDING, "near the horizon diffraction leaves less than two rays"
        return
    assert 1.0 - reflected - ROUNDING <= factor <= 1.0 + reflected + ROUNDING


@given(antennas, targets, ranges, frequencies)
def test_the_factor_is_the_same_both_ways(antenna: float, target: float, range_m: float, hz: float) -> None:
    """Reciprocity. The phase of a path difference of 200 m in waves of 3 cm has four digits less than the path."""
    there = sensors.reflection(antenna, target, range_m)
    back = sensors.reflection(target, antenna, range_m)
    assert np.isnan(there.grazing_rad) == np.isnan(back.grazing_rad)
    assume(np.isfinite(there.grazing_rad) and float(there.grazing_rad) > 1e-4)
    assert math.isclose(float(there.difference_m), float(back.difference_m), rel_tol=1e-6)
    one, other = (
        float(sensors.propagation_factor(hz, *ends, range_m)) for ends in ((antenna, target), (target, antenna))
    )
    phase_error = 2.0 * math.pi * hz / SPEED_OF_LIGHT_MPS * float(there.difference_m) * 1e-6
    assert abs(one - other) <= 2.0 * phase_error + 1e-6


@given(st.floats(1.0, 50.0), st.floats(10.0, 500.0), st.floats(2e3, 50e3), st.floats(100e6, 1e9), st.floats(0.5, 4.0))
def test_a_flat_world_in_larger_wavelengths_is_the_same_world(
    antenna: float, target: float, range_m: float, hz: float, scale: float
) -> None:
    one = sensors.propagation_factor(hz, antenna, target, range_m, radius_m=FLAT_M)
    other = sensors.propagation_factor(hz / scale, scale * antenna, scale * target, scale * range_m, radius_m=FLAT_M)
    left_of_the_curvature = 1e-4
    assert abs(float(one) - float(other)) < left_of_the_curvature


@given(st.floats(5.0, 60.0), st.floats(100e6, 500e6))
def test_lobes_and_nulls_take_turns_at_even_steps_of_the_sine(antenna: float, hz: float) -> None:
    """Flat and of a mirror: lobe k at (2k - 1) wavelength / 4 h, null k at k wavelength / 2 h, twice and not at all."""
    step = SPEED_OF_LIGHT_MPS / hz / (4.0 * antenna)
    count = int(min(0.5 / step, 12))
    assume(count >= 2)
    elevation = np.arcsin(step * np.arange(1, count + 1))
    reach = sensors.vertical_coverage_m(hz, antenna, 100e3, elevation, radius_m=math.inf)
    assert np.allclose(reach[::2], 200e3)
    assert np.all(reach[1::2] < 1.0)


@given(antennas, targets, ranges, frequencies, st.floats(0.0, 2.0), st.floats(0.0, 2.0))
def test_a_rougher_surface_never_deepens_lobes_or_nulls(
    antenna: float, target: float, range_m: float, hz: float, one: float, other: float
) -> None:
    smoother, rougher = sorted((one, other))
    from_one = [
        abs(float(sensors.propagation_factor(hz, antenna, target, range_m, roughness_m=rough)) - 1.0)
        for rough in (smoother, rougher)
    ]
    at = sensors.reflection(antenna, target, range_m)
    assume(float(at.difference_m) >= 0.25 * SPEED_OF_LIGHT_MPS / hz)
    # What is left of the reflection bounds the departure from free space; at the quarter points both may vanish.
    left = float(sensors.roughness_factor(hz, at.grazing_rad, rougher) * at.divergence)
    assert from_one[1] <= left + ROUNDING
    assert left <= float(sensors.roughness_factor(hz, at.grazing_rad, smoother) * at.divergence) + ROUNDING

"""Two-ray lobing: the place of the reflection, Fresnel, roughness, and the factor against plain forms."""

import math

import numpy as np
import pytest

from chainhome import earth, sensors
from chainhome.constants import SPEED_OF_LIGHT_MPS
from chainhome.errors import UseError
from chainhome.sensors.lobing import ROUGHNESS_LAWS, SURFACES, horizon_factor

FLAT_M = 1e13
FOUR_THIRDS_M = 4.0 / 3.0 * 6_371_008.7714
ROUNDING = 1e-9
LOW = 20.0
HEIGHTS_M = np.array([5.0, 20.0, 300.0, 3_000.0, 12_000.0])
RANGES_M = np.array([500.0, 10e3, 40e3, 120e3, 380e3])


def test_both_rays_meet_the_sphere_at_equal_angles_and_the_legs_are_those_of_the_triangle() -> None:
    """Checked in plain Cartesian coordinates, where the reflection's law is that of a plane tangent to the sphere."""
    one_microradian = 1e-6
    height, ground = (array.reshape(-1) for array in np.meshgrid(HEIGHTS_M, RANGES_M))
    at = sensors.reflection(LOW, height, ground)
    there = np.isfinite(at.grazing_rad)
    assert 10 < there.sum() < height.size
    radius = FOUR_THIRDS_M
    antenna = np.array([0.0, radius + LOW])
    for h, d, foot, grazing, longer in zip(
        height[there], ground[there], at.ground_m[there], at.grazing_rad[there], at.difference_m[there], strict=True
    ):
        target = (radius + h) * np.array([math.sin(d / radius), math.cos(d / radius)])
        normal = np.array([math.sin(foot / radius), math.cos(foot / radius)])
        point = radius * normal
        to_antenna, to_target = antenna - point, target - point
        legs = [float(np.linalg.norm(v)) for v in (to_antenna, to_target)]
        angles = [math.asin(float(v @ normal) / leg) for v, leg in zip((to_antenna, to_target), legs, strict=True)]
        assert angles[0] == pytest.approx(angles[1], abs=one_microradian)
        assert angles[0] == pytest.approx(grazing, abs=one_microradian)
        # The difference of three lengths of up to 400 km loses seven digits.
        assert sum(legs) - float(np.linalg.norm(target - antenna)) == pytest.approx(longer, rel=1e-3, abs=1e-6)


def test_the_reflection_lies_the_other_way_round_when_the_ends_change_places() -> None:
    there = sensors.reflection(LOW, 900.0, RANGES_M)
    back = sensors.reflection(900.0, LOW, RANGES_M)
    seen = np.isfinite(there.grazing_rad)
    assert seen.sum() == 4
    for one, other in (
        (there.ground_m + back.ground_m, RANGES_M),
        (there.difference_m, back.difference_m),
        (there.divergence, back.divergence),
    ):
        assert np.allclose(one[seen], other[seen], rtol=ROUNDING)
    assert np.array_equal(np.isnan(there.grazing_rad), np.isnan(back.grazing_rad))


def test_over_a_flat_surface_the_factor_is_the_textbook_sine() -> None:
    """|2 sin(2 pi h1 h2 / (wavelength d))| where the range is far longer than the heights [skolnik2008]."""
    frequency = 3e9
    far = np.linspace(20e3, 200e3, 5_000)
    ours = sensors.propagation_factor(frequency, 10.0, 50.0, far, radius_m=FLAT_M)
    textbook = np.abs(2.0 * np.sin(2.0 * math.pi * 10.0 * 50.0 * frequency / SPEED_OF_LIGHT_MPS / far))
    small_angle = 3e-5  # and what the curve of so large a sphere leaves near grazing
    assert np.abs(ours - textbook).max() < small_angle


def test_nothing_arrives_beyond_the_horizon_and_the_last_lobe_ends_before_it() -> None:
    """There the sphere spreads the reflection away and diffraction leaves ever less: no lobes."""
    horizon = float(earth.horizon_range_m(24.0, 100.0))
    factor = sensors.propagation_factor(3e9, 24.0, 100.0, horizon * np.array([0.9, 0.95, 0.99, 0.999, 1.001]))
    assert np.all(np.diff(factor[:4]) < 0.0)
    assert factor[3] < 1.0
    assert factor[4] == 0.0


def test_the_sphere_spreads_what_it_reflects() -> None:
    at = sensors.reflection(LOW, 1_000.0, np.linspace(1e3, 130e3, 50))
    divergence = at.divergence[np.isfinite(at.divergence)]
    assert np.all((divergence > 0.0) & (divergence <= 1.0))
    assert np.all(np.diff(divergence) < 0.0), "the nearer the horizon, the more"


def after_reflection(antenna: np.ndarray, down_rad: float) -> tuple[np.ndarray, np.ndarray]:
    """Where a ray that leaves an antenna so far below its horizontal strikes the sphere, and which way it goes on."""
    way = np.array([math.cos(down_rad), -math.sin(down_rad)])
    along = float(antenna @ way)
    square = float(antenna @ antenna) - FOUR_THIRDS_M**2
    point = antenna + way * (square / (-along + math.sqrt(along**2 - square)))
    normal = point / np.linalg.norm(point)
    return point, way - 2.0 * float(way @ normal) * normal


@pytest.mark.parametrize(
    ("antenna_m", "target_m", "ground_m"), [(20.0, 300.0, 75e3), (300.0, 300.0, 100e3), (500.0, 8_000.0, 300e3)]
)
def test_the_divergence_is_the_spread_of_two_neighbouring_rays(
    antenna_m: float, target_m: float, ground_m: float
) -> None:
    """Plain ray tracing: power spreads over width times height of a bundle, against a sphere of the same path length.

    Across, the bundle is as wide as it is far from the vertical through the antenna; in the plane, by a difference.
    """
    two_percent = 0.02
    at = sensors.reflection(antenna_m, target_m, ground_m)
    antenna = np.array([0.0, FOUR_THIRDS_M + antenna_m])
    down = -float(at.reflected_elevation_rad)
    arc = ground_m / FOUR_THIRDS_M
    target = (FOUR_THIRDS_M + target_m) * np.array([math.sin(arc), math.cos(arc)])
    off = []
    for nudge in (-1e-7, 1e-7):
        point, way = after_reflection(antenna, down + nudge)
        apart = target - point
        off.append(float(apart[0] * way[1] - apart[1] * way[0]))
    per_rad = abs(off[1] - off[0]) / 2e-7
    length = float(np.linalg.norm(after_reflection(antenna, down)[0] - antenna))
    length += float(np.linalg.norm(target - after_reflection(antenna, down)[0]))
    spread = math.sqrt(length**2 * math.cos(down) / (target[0] * per_rad))
    assert 0.3 < spread < 0.95
    assert float(at.divergence) == pytest.approx(spread, rel=two_percent)


@pytest.mark.parametrize("surface", SURFACES)
def test_at_grazing_every_surface_is_a_mirror_that_turns_the_wave_round(surface: str) -> None:
    for polarisation in ("horizontal", "vertical"):
        coefficient = complex(sensors.reflection_coefficient(1.3e9, 1e-7, surface, polarisation))  # type: ignore[arg-type]
        assert coefficient == pytest.approx(-1.0, abs=1e-4)


def test_vertical_polarisation_is_hardly_reflected_at_brewsters_angle() -> None:
    """tan(grazing) = 1 / sqrt(permittivity) for a surface that does not conduct; land of 15 hardly does."""
    grazing = np.radians(np.linspace(5.0, 40.0, 3_501))
    size = np.abs(sensors.reflection_coefficient(3e9, grazing, "land", "vertical"))
    tenth_of_a_degree = 0.1
    assert np.degrees(grazing[size.argmin()]) == pytest.approx(
        np.degrees(np.arctan(1.0 / np.sqrt(15.0))), abs=tenth_of_a_degree
    )
    assert size.min() < 0.02
    horizontal = np.abs(sensors.reflection_coefficient(3e9, grazing, "land", "horizontal"))
    assert np.all(horizontal > size)


def test_straight_down_fresnel_is_the_jump_of_the_refractive_index() -> None:
    """(1 - n) / (1 + n) either way, for n² = 15 - 60 i sigma wavelength."""
    n = np.sqrt(15.0 - 60.0j * 0.035 * SPEED_OF_LIGHT_MPS / 3e9)
    for polarisation, sign in (("horizontal", 1.0), ("vertical", -1.0)):
        ours = complex(sensors.reflection_coefficient(3e9, 0.5 * np.pi, "land", polarisation))  # type: ignore[arg-type]
        assert ours == pytest.approx(sign * (1.0 - n) / (1.0 + n), abs=1e-12)


@pytest.mark.parametrize("law", ROUGHNESS_LAWS)
def test_a_rougher_surface_reflects_less_and_a_smooth_one_all(law: str) -> None:
    factors = sensors.roughness_factor(3e9, np.radians(1.0), np.linspace(0.0, 3.0, 40), law)
    assert factors[0] == 1.0
    assert np.all(np.diff(factors) < 0.0)
    assert factors[-1] < 0.1


def test_miller_and_brown_leave_more_than_ament_and_agree_with_it_on_ripples() -> None:
    roughness = np.array([0.01, 0.5, 2.0])
    ament, miller = (sensors.roughness_factor(3e9, np.radians(1.0), roughness, law) for law in ROUGHNESS_LAWS[::-1])
    assert ament[0] == pytest.approx(miller[0], abs=1e-4)
    assert np.all(miller[1:] > ament[1:])


def test_a_very_rough_surface_leaves_free_space() -> None:
    ranges = np.linspace(3e3, 20e3, 500)
    factor = sensors.propagation_factor(3e9, 30.0, 2_000.0, ranges, roughness_m=20.0, roughness_law="ament")
    assert np.abs(factor - 1.0).max() < 1e-6


def test_a_beam_that_does_not_light_the_surface_has_no_lobes() -> None:
    def upwards(elevation_rad: np.ndarray) -> np.ndarray:
        return np.where(elevation_rad > 0.0, 1.0, 0.0)

    factor = sensors.propagation_factor(3e9, 24.0, 3_000.0, np.linspace(20e3, 100e3, 50), pattern=upwards)
    assert np.all(factor == 1.0)
    angles = np.radians([1.0, 2.0])
    for radius in (math.inf, FOUR_THIRDS_M):
        chart = sensors.vertical_coverage_m(3e9, 24.0, 100e3, angles, radius_m=radius, pattern=upwards)
        assert chart == pytest.approx(np.full(2, 100e3), rel=1e-6)


def test_over_the_round_earth_blakes_lobes_lie_a_little_lower_and_reach_a_little_less() -> None:
    """The surface at the reflection of a low ray is tilted away, and the sphere spreads what it reflects."""
    degrees = np.arange(1.0, 12.0, 0.004)
    flat, round_ = (
        sensors.vertical_coverage_m(100e6, 20.0, 100e3, np.radians(degrees), radius_m=radius)
        for radius in (math.inf, FOUR_THIRDS_M)
    )
    tops = [degrees[np.flatnonzero((r[1:-1] > r[:-2]) & (r[1:-1] >= r[2:])) + 1] for r in (flat, round_)]
    wide = [top[np.diff(top, prepend=0.0) > 1.5] for top in tops]
    one_hundredth_degree = 0.01
    assert np.all(wide[1][:3] <= wide[0][:3])
    assert np.abs(wide[0][:3] - wide[1][:3]).max() < one_hundredth_degree
    assert 0.99 * flat.max() < round_.max() < flat.max()


@pytest.mark.parametrize("hz", [150e6, 1.3e9, 3e9, 9.5e9])
@pytest.mark.parametrize("target_m", [100.0, 1_000.0, 10_000.0])
def test_towards_the_horizon_the_field_falls_to_what_diffraction_leaves(hz: float, target_m: float) -> None:
    """Without diffraction two rays climb back to 1 where the sphere spreads the reflection away."""
    horizon = float(earth.horizon_range_m(24.0, target_m, FOUR_THIRDS_M))
    ranges = horizon * (1.0 - np.geomspace(0.9, 1e-6, 4_000))
    at = sensors.reflection(24.0, target_m, ranges)
    factor = sensors.propagation_factor(hz, 24.0, target_m, ranges)
    within = at.difference_m < 0.25 * SPEED_OF_LIGHT_MPS / hz
    assert within.sum() > 100
    never_up = 1e-9
    assert np.all(np.diff(factor[within]) <= never_up)
    one_percent = 0.01
    edge = float(horizon_factor(hz, 24.0, target_m, FOUR_THIRDS_M))
    assert factor[-1] == pytest.approx(edge, rel=one_percent)
    # No step where the rule begins: as near as its neighbours on a fine grid.
    first = int(np.argmax(within))
    assert abs(factor[first] - factor[first - 1]) < 2.0 * abs(factor[first - 1] - factor[first - 2]) + one_percent


def test_at_the_horizon_the_first_term_of_diffraction_is_left() -> None:
    """The steps of the recommendation by hand, 3 GHz, 24 m and 1 km: X = 11.4, Y = 2.3 and 98 [itu_p526]."""
    last_digit = 0.005
    assert float(horizon_factor(3e9, 24.0, 1_000.0, FOUR_THIRDS_M)) == pytest.approx(0.22, abs=last_digit)
    a, wavelength = FOUR_THIRDS_M, SPEED_OF_LIGHT_MPS / 3e9
    x = (math.sqrt(2 * a * 24.0) + math.sqrt(2 * a * 1_000.0)) * (math.pi / (wavelength * a * a)) ** (1 / 3)
    low, high = (2.0 * h * (math.pi**2 / (wavelength**2 * a)) ** (1 / 3) for h in (24.0, 1_000.0))
    db = 11.0 + 10.0 * math.log10(x) - 17.6 * x
    assert low > 2.0
    for y in (low, high):
        db += 17.6 * math.sqrt(y - 1.1) - 5.0 * math.log10(y - 1.1) - 8.0
    assert float(horizon_factor(3e9, 24.0, 1_000.0, a)) == pytest.approx(10.0 ** (db / 20.0), rel=1e-9)


def test_over_a_flat_world_two_rays_stay_two_rays() -> None:
    """2 sin(pi difference / wavelength), though the paths differ by less than a quarter wavelength."""
    one_in_a_thousand = 1e-3
    ranges = np.array([15e3, 30e3, 60e3])
    at = sensors.reflection(10.0, 100.0, ranges, 1e13)
    assert np.all(at.difference_m < 0.25 * SPEED_OF_LIGHT_MPS / 300e6)
    expected = 2.0 * np.sin(math.pi * at.difference_m * 300e6 / SPEED_OF_LIGHT_MPS)
    factor = sensors.propagation_factor(300e6, 10.0, 100.0, ranges, radius_m=1e13)
    assert factor == pytest.approx(expected, rel=one_in_a_thousand)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UseError, match="target_m = 0 must be positive"):
        sensors.reflection(10.0, 0.0, 1e3)
    with pytest.raises(UseError, match='surface "snow"'):
        sensors.reflection_coefficient(1e9, 0.1, "snow")  # type: ignore[arg-type]
    with pytest.raises(UseError, match='roughness law "none" is unknown'):
        sensors.roughness_factor(1e9, 0.1, 1.0, "none")
    with pytest.raises(UseError, match="must not be negative"):
        sensors.roughness_factor(1e9, 0.1, -1.0)
    with pytest.raises(UseError, match="frequency_hz = 0"):
        sensors.propagation_factor(0.0, 10.0, 100.0, 1e3)
    with pytest.raises(UseError, match="must be positive"):
        sensors.vertical_coverage_m(1e9, 0.0, 1e5, [0.1])

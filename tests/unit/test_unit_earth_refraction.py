"""Refraction: limits, degenerate rays, and a plain twin of the ray integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from chainhome import earth
from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.earth import refraction


def traced(target_m: float, antenna_m: float, elevation_rad: float, n_s: float) -> tuple[float, float]:
    """Return propagated and ground range by stepping the ray's differential equations along its length."""
    decay = float(earth.exponent_per_km(n_s)) * 1e-3

    def change(_: float, state: np.ndarray) -> list[float]:
        height, angle, _, _ = state
        excess = 1e-6 * n_s * np.exp(-decay * height)
        r, n = EARTH_MEAN_RADIUS_M + height, 1.0 + excess
        bending = np.cos(angle) * (1.0 / r - decay * excess / n)
        return [np.sin(angle), bending, np.cos(angle) * EARTH_MEAN_RADIUS_M / r, n]

    def arrived(_: float, state: np.ndarray) -> float:
        return float(state[0] - target_m)

    arrived.terminal = True  # type: ignore[attr-defined]
    start = [antenna_m, elevation_rad, 0.0, 0.0]
    ray = solve_ivp(change, (0.0, 2e6), start, method="DOP853", events=arrived, rtol=1e-11, atol=1e-9)
    return float(ray.y[3, -1]), float(ray.y[2, -1])


@pytest.mark.parametrize("case", [(1e3, 10.0, 2.0, 313.0), (1e4, 24.0, 0.0, 313.0), (6e4, 1e3, 0.01, 400.0)])
def test_the_ray_integral_equals_stepping_the_ray(case: tuple[float, float, float, float]) -> None:
    one_millimetre = 1e-3
    target_m, antenna_m, elevation_deg, n_s = case
    elevation_rad = np.radians(elevation_deg)
    propagated_m, _, _, ground_m = earth.refracted_ray(target_m, antenna_m, elevation_rad, n_s)
    assert np.allclose([propagated_m, ground_m], traced(target_m, antenna_m, elevation_rad, n_s), 0.0, one_millimetre)


def test_twice_the_nodes_change_no_range_by_a_tenth_of_a_millimetre(monkeypatch: pytest.MonkeyPatch) -> None:
    tenth_millimetre = 1e-4
    elevations = np.array([0.0, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, np.pi / 2])
    heights, air = np.array([1.0, 100.0, 1e4, 6e4, 4e5])[:, None, None], np.array([200.0, 313.0, 450.0])[:, None]
    coarse = earth.refracted_ray(heights, 0.0, elevations, air)
    monkeypatch.setattr(refraction, "_RAY_NODES", 2 * refraction._RAY_NODES)
    fine = earth.refracted_ray(heights, 0.0, elevations, air)
    assert all(np.abs(a - b).max() < tenth_millimetre for a, b in zip(coarse, fine, strict=True))


def test_above_the_air_the_ray_is_the_straight_one_over_the_true_earth() -> None:
    one_micrometre = 1e-6
    propagated_m, slant_m, _, ground_m = earth.refracted_ray(600e3, 400e3, 0.01)
    straight_m = earth.slant_range_m(600e3, 0.01, 400e3, EARTH_MEAN_RADIUS_M)
    assert abs(propagated_m - straight_m) < one_micrometre
    assert abs(slant_m - straight_m) < one_micrometre
    assert abs(ground_m - earth.ground_range_m(straight_m, 0.01, 400e3, EARTH_MEAN_RADIUS_M)) < one_micrometre


def test_refractivities_without_a_fit_give_nan() -> None:
    assert np.isnan(earth.exponent_per_km([-1.0, 0.0, 5.0, 1000.0])).all()
    assert np.isnan(earth.refracted_ray(1000.0, 10.0, 0.1, 5.0)).all()


def test_what_the_ray_cannot_reach_is_nan_and_a_target_at_the_antenna_is_at_range_zero() -> None:
    below, downwards, ducted = (
        earth.refracted_ray(5.0, 10.0, 0.1),
        earth.refracted_ray(50.0, 10.0, -0.001),
        earth.refracted_ray(50.0, 10.0, 0.001, 550.0),
    )
    assert all(np.isnan(value) for ray in (below, downwards, ducted) for value in ray)
    assert [float(value) for value in earth.refracted_ray(10.0, 10.0, 0.1)] == [0.0, 0.0, 0.1, 0.0]


def test_a_duct_has_no_effective_radius() -> None:
    with pytest.raises(ValueError, match="must be below"):
        earth.gradient_radius_m(157e-9)
    assert earth.gradient_radius_m(0.0) == EARTH_MEAN_RADIUS_M


def test_heights_below_the_surface_have_no_horizon() -> None:
    assert np.isnan(earth.horizon_range_m(-1.0, 100.0))
    assert np.isnan(earth.lowest_visible_altitude_m(1e5, -1.0))


def test_the_lowest_visible_altitude_is_zero_before_the_horizon_and_infinite_round_the_earth() -> None:
    assert earth.lowest_visible_altitude_m(10_000.0, 24.0) == 0.0
    assert earth.lowest_visible_altitude_m(0.6 * np.pi * earth.four_thirds_radius_m(), 24.0) == np.inf


def test_a_ray_that_points_down_meets_a_lower_height_first_on_the_near_side() -> None:
    one_metre = 1.0
    near_m = earth.slant_range_m(0.0, np.radians(-30.0), 1_000.0)
    assert abs(near_m - 2_000.0) < one_metre
    assert np.isnan(earth.slant_range_m(0.0, np.radians(-0.1), 1_000.0))
    assert np.isnan(earth.slant_range_m(0.0, np.radians(0.1), 1_000.0))

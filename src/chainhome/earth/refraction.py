"""The bent ray over the round earth: effective-radius geometry in closed form, and rays through the CRPL atmosphere.

In: antenna and target heights above a smooth earth (m), ranges (m), elevations (radians). Out: the missing one of
height, slant range and ground range; horizons. Ground ranges are arcs along the surface. Two effective radii are in
use: 4/3 of the earth's radius (8494.7 km), and the one of a refractivity gradient of -39 N-units per km (8477.4 km,
which MathWorks calls 4/3); every caller says which.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M

Floats = NDArray[np.float64]

_FOUR_THIRDS_RADIUS_M = 4.0 / 3.0 * EARTH_MEAN_RADIUS_M
_RAY_NODES = 96  # a test shows that twice as many change no range by a tenth of a millimetre


def four_thirds_radius_m() -> float:
    """Return 4/3 of the earth's mean radius, in metres [skolnik].

    >>> round(four_thirds_radius_m())
    8494678
    """
    return _FOUR_THIRDS_RADIUS_M


def gradient_radius_m(gradient_per_m: float = 39e-9) -> float:
    """Return the effective earth radius (m) of a refractive index that falls by `gradient_per_m` [mathworks_radar].

    Raises ValueError from the gradient on at which a level ray follows the earth (157e-9 per metre: a duct).

    >>> round(gradient_radius_m())
    8477377
    """
    bend = gradient_per_m * EARTH_MEAN_RADIUS_M
    if not bend < 1.0:
        raise ValueError(f"gradient_per_m = {gradient_per_m:g} must be below {1 / EARTH_MEAN_RADIUS_M:.4g} per metre")
    return EARTH_MEAN_RADIUS_M / (1.0 - bend)


def horizon_range_m(antenna_m: ArrayLike, target_m: ArrayLike, radius_m: float = _FOUR_THIRDS_RADIUS_M) -> Floats:
    """Return the ground range (m) at which a target rises over a smooth earth, exact arc form [skolnik].

    NaN for a height below the surface.

    >>> float(horizon_range_m(24.0, 30.0).round(-2))
    42800.0
    """
    return radius_m * (_dip_rad(antenna_m, radius_m) + _dip_rad(target_m, radius_m))


def lowest_visible_altitude_m(
    ground_range_m: ArrayLike, antenna_m: ArrayLike, radius_m: float = _FOUR_THIRDS_RADIUS_M
) -> Floats:
    """Return the lowest altitude (m) in view at a ground range over a smooth earth: the inverse of `horizon_range_m`.

    0 nearer than the antenna's own horizon; inf a quarter of the circle or more beyond it.

    >>> float(lowest_visible_altitude_m(402_000.0, 24.0).round())
    8588.0
    """
    beyond = np.maximum(np.asarray(ground_range_m, np.float64) / radius_m - _dip_rad(antenna_m, radius_m), 0.0)
    with np.errstate(divide="ignore"):
        rise = 2.0 * radius_m * np.sin(0.5 * beyond) ** 2 / np.maximum(np.cos(beyond), 0.0)
    return np.where(beyond < 0.5 * np.pi, rise, np.where(np.isnan(beyond), np.nan, np.inf))


def target_height_m(
    slant_range_m: ArrayLike, elevation_rad: ArrayLike, antenna_m: ArrayLike, radius_m: float = _FOUR_THIRDS_RADIUS_M
) -> Floats:
    """Return the height (m) above the surface of a point at a slant range and elevation [mathworks_radar].

    >>> float(target_height_m(300e3, np.radians(0.5), 10.0, gradient_radius_m()).round(1))
    7932.5
    """
    r, elevation, antenna = (np.asarray(v, np.float64) for v in (slant_range_m, elevation_rad, antenna_m))
    centre = radius_m + antenna
    # (centre + h - antenna)² = centre² + q, solved without taking the difference of two large numbers.
    q = r * (r + 2.0 * centre * np.sin(elevation))
    return np.asarray(antenna + q / (np.sqrt(np.maximum(centre**2 + q, 0.0)) + centre))


def slant_range_m(
    height_m: ArrayLike, elevation_rad: ArrayLike, antenna_m: ArrayLike, radius_m: float = _FOUR_THIRDS_RADIUS_M
) -> Floats:
    """Return the slant range (m) at which a ray of an elevation meets a height [mathworks_radar].

    For heights below the antenna the first of the two crossings; NaN where the ray never meets the height. Whether
    the surface is in the way is not asked.

    >>> float(slant_range_m(1000.0, np.radians(2.0), 10.0, gradient_radius_m()).round())
    27125.0
    """
    height, elevation, antenna = (np.asarray(v, np.float64) for v in (height_m, elevation_rad, antenna_m))
    q = (height - antenna) * (2.0 * radius_m + height + antenna)
    lead = (radius_m + antenna) * np.sin(elevation)
    with np.errstate(invalid="ignore", divide="ignore"):
        root = np.sqrt(lead**2 + q)
        above = np.where(lead > 0.0, q / (lead + root), root - lead)
        below = np.where(lead < 0.0, q / (lead - root), np.nan)
    return np.where(height >= antenna, above, below)


def ground_range_m(
    slant_range_m: ArrayLike, elevation_rad: ArrayLike, antenna_m: ArrayLike, radius_m: float = _FOUR_THIRDS_RADIUS_M
) -> Floats:
    """Return the arc (m) along the surface beneath a slant range and elevation [mathworks_radar].

    >>> float(ground_range_m(27_125.35, np.radians(2.0), 10.0, gradient_radius_m()).round())
    27106.0
    """
    r, elevation, antenna = (np.asarray(v, np.float64) for v in (slant_range_m, elevation_rad, antenna_m))
    across, along = r * np.cos(elevation), radius_m + antenna + r * np.sin(elevation)
    return np.asarray(radius_m * np.arctan2(across, along))


def exponent_per_km(surface_refractivity: ArrayLike) -> Floats:
    """Return the decay (1/km) of the CRPL exponential atmosphere of a surface refractivity (N-units) [bean_thayer1959].

    N(h) = Ns exp(-c h) with c such that N falls over the first kilometre by 7.32 exp(0.005577 Ns). Tabulated for 200
    to 450 N-units; NaN where the formula has no solution (below 8 and above 853).

    >>> exponent_per_km([200.0, 313.0, 450.0]).round(4).tolist()
    [0.1184, 0.1439, 0.2233]
    """
    n_s = np.asarray(surface_refractivity, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(-np.log1p(-7.32 * np.exp(0.005577 * n_s) / np.where(n_s > 0.0, n_s, np.nan)))


def refracted_ray(
    target_height_m: ArrayLike,
    antenna_m: ArrayLike,
    elevation_rad: ArrayLike,
    surface_refractivity: ArrayLike = 313.0,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Trace rays through the CRPL exponential atmosphere over the true earth [bean_thayer1959], [mathworks_radar].

    Takes heights above the surface (m), the apparent elevation at the antenna (radians) and the surface refractivity
    (N-units), which broadcast. Returns the propagated range (m; the integral of the refractive index along the ray,
    what a radar times), the true slant range (m), the true elevation (radians) and the ground range (m). NaN for a
    target below the antenna, a ray that starts downwards, and air that ducts (from 524 N-units at sea level).

    >>> ray = refracted_ray(1000.0, 10.0, np.radians(2.0))
    >>> [float(ray[0].round()), float(ray[1].round()), float(np.degrees(ray[2]).round(4))]
    [27171.0, 27163.0, 1.9666]
    """
    target, antenna, elevation, n_s = np.broadcast_arrays(
        *(np.asarray(v, np.float64) for v in (target_height_m, antenna_m, elevation_rad, surface_refractivity))
    )
    fits = (target >= antenna) & (elevation >= 0.0) & (elevation <= 0.5 * np.pi)
    fits &= _relative_curvature_per_m(antenna, n_s) > 0.0
    climb = np.where(fits, target - antenna, 0.0)
    sin_0 = np.where(fits, np.sin(elevation), 1.0)
    propagated, arc = _integrate_ray(climb, antenna, sin_0, n_s)
    centre = EARTH_MEAN_RADIUS_M + antenna
    up = climb - 2.0 * (centre + climb) * np.sin(0.5 * arc) ** 2
    across = (centre + climb) * np.sin(arc)
    found = propagated, np.hypot(across, up), np.arctan2(up, across), EARTH_MEAN_RADIUS_M * arc
    range_m, slant, true_elevation, ground = (np.where(fits, value, np.nan) for value in found)
    return range_m, slant, np.where(climb > 0.0, true_elevation, np.where(fits, elevation, np.nan)), ground


def _integrate_ray(climb: Floats, antenna: Floats, sin_0: Floats, n_s: Floats) -> tuple[Floats, Floats]:
    """Return the propagated range (m) and the angle at the earth's centre (rad) of rays that climb from the antenna.

    By Snell's law on spheres, n r cos(elevation) is constant. The variable of integration is the range over the
    effective earth that fits the air at the antenna, h = x sin(e) + x²/2a: with it the integrand of the length starts
    as 1 at any elevation, 0 included, so that Gauss's rule converges fast.
    """
    x, weight = np.polynomial.legendre.leggauss(_RAY_NODES)
    sin_0, climb, antenna, n_s = (np.asarray(v)[..., None] for v in (sin_0, climb, antenna, n_s))
    with np.errstate(divide="ignore"):
        a = 1.0 / np.maximum(_relative_curvature_per_m(antenna, n_s), np.finfo(float).tiny)
    end = 2.0 * climb / (sin_0 + np.sqrt(sin_0**2 + 2.0 * climb / a) + np.finfo(float).tiny)
    along = 0.5 * end * (x + 1.0)
    height = along * (sin_0 + 0.5 * along / a)
    decay = exponent_per_km(n_s) * 1e-3
    excess_0 = 1e-6 * n_s * np.exp(-decay * antenna)
    lost = excess_0 * np.expm1(-decay * height)  # n(h) - n(antenna)
    n_0, r_0 = 1.0 + excess_0, EARTH_MEAN_RADIUS_M + antenna
    n, r = n_0 + lost, r_0 + height
    gain = (n * height + r_0 * lost) / (n * r)  # 1 - n0 r0 / (n r), free of cancellation
    sin2 = sin_0**2 + (1.0 - sin_0**2) * gain * (2.0 - gain)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = 0.5 * end * weight * (sin_0 + along / a) / np.sqrt(sin2)
    step = np.where(climb > 0.0, step, 0.0)
    cosine = np.sqrt(1.0 - sin_0**2) * (1.0 - gain)
    return np.sum(n * step, axis=-1), np.sum(cosine / r * step, axis=-1)


def _relative_curvature_per_m(antenna: Floats, n_s: Floats) -> Floats:
    """Return how much more the earth curves than a level ray at the antenna (1/m), the inverse effective radius."""
    decay = exponent_per_km(n_s) * 1e-3
    excess = 1e-6 * n_s * np.exp(-decay * antenna)
    return np.asarray(1.0 / (EARTH_MEAN_RADIUS_M + antenna) - decay * excess / (1.0 + excess))


def _dip_rad(height_m: ArrayLike, radius_m: float) -> Floats:
    """Return arccos(a / (a + h)), in a form that keeps its digits for small heights."""
    height = np.asarray(height_m, np.float64)
    height = np.where(height >= 0.0, height, np.nan)
    return np.arctan2(np.sqrt(height * (2.0 * radius_m + height)), radius_m)

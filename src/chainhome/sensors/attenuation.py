"""Loss on the way through gas and rain: frequency and path in, decibels out.

Gas is ITU-R P.676-12, line by line, through the mean atmosphere of the world of ITU-R P.835; rain is ITU-R P.838-3.
Specific attenuations are one way and per kilometre, as the Recommendations state them; `gas_loss_db` is two way.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError

Floats = NDArray[np.float64]

_GEOPOTENTIAL_RADIUS_KM = 6356.766  # [itu_p835]
_HYDROSTATIC_K_PER_KM = 34.1632  # g0 M / R* [itu_p835]
# Base of each layer: geopotential height in km, temperature in K, gradient in K/km, pressure in hPa [itu_p835].
_LAYERS = (
    (0.0, 288.15, -6.5, 1013.25),
    (11.0, 216.65, 0.0, 226.3226),
    (20.0, 216.65, 1.0, 54.74980),
    (32.0, 228.65, 2.8, 8.680422),
    (47.0, 270.65, 0.0, 1.109106),
)
_SURFACE_VAPOUR_G_M3 = 7.5  # [itu_p835]
_VAPOUR_SCALE_KM = 2.0  # [itu_p835]
_TOP_M = 40_000.0  # what lies above adds less than 1e-3 dB at any radar frequency below 50 GHz
_HEIGHT_STEP_M = 25.0
_NODES = 32


@cache
def _lines() -> tuple[Floats, Floats]:
    """Return the oxygen and the water vapour lines: frequency in GHz and six coefficients, one line in each row."""
    from importlib.resources import files

    text = (files("chainhome.sensors") / "_data" / "p676_lines.csv").read_text("utf-8")
    rows = [line.split(",") for line in text.splitlines()[1:]]
    oxygen, vapour = (np.array([row[1:] for row in rows if row[0] == gas], np.float64) for gas in ("oxygen", "vapour"))
    return oxygen, vapour


def _line_sum(f: Floats, strength: Floats, centre: Floats, width: Floats, mixing: Floats | float) -> Floats:
    """Return the sum of line strength times shape (equation 5 of the Recommendation); lines on the last axis."""
    f = f[..., None]
    below = (width - mixing * (centre - f)) / ((centre - f) ** 2 + width**2)
    above = (width - mixing * (centre + f)) / ((centre + f) ** 2 + width**2)
    return np.asarray((strength * f / centre * (below + above)).sum(axis=-1))


def _refractivity_ppm(f: Floats, p: Floats, e: Floats, theta: Floats) -> Floats:
    """Return the imaginary part of the complex refractivity; GHz, hPa, hPa, 300 K / T (equations 2 to 9)."""
    oxygen, vapour = _lines()
    pp, ee, tt = p[..., None], e[..., None], theta[..., None]
    f0, a1, a2, a3, a4, a5, a6 = oxygen.T
    width = a3 * 1e-4 * (pp * tt ** (0.8 - a4) + 1.1 * ee * tt)
    width = np.sqrt(width**2 + 2.25e-6)  # Zeeman splitting
    mixing = (a5 + a6 * tt) * 1e-4 * (pp + ee) * tt**0.8
    lines = _line_sum(f, a1 * 1e-7 * pp * tt**3 * np.exp(a2 * (1.0 - tt)), f0, width, mixing)
    f0, b1, b2, b3, b4, b5, b6 = vapour.T
    width = b3 * 1e-4 * (pp * tt**b4 + b5 * ee * tt**b6)
    width = 0.535 * width + np.sqrt(0.217 * width**2 + 2.1316e-12 * f0**2 / tt)  # Doppler broadening
    lines = lines + _line_sum(f, b1 * 1e-1 * ee * tt**3.5 * np.exp(b2 * (1.0 - tt)), f0, width, 0.0)
    d = 5.6e-4 * (p + e) * theta**0.8
    debye = 6.14e-5 / (d * (1.0 + (f / d) ** 2)) + 1.4e-12 * p * theta**1.5 / (1.0 + 1.9e-5 * f**1.5)
    return np.asarray(lines + f * p * theta**2 * debye)


def gas_db_per_km(
    frequency_hz: ArrayLike,
    pressure_hpa: ArrayLike = 1013.25,
    temperature_k: ArrayLike = 288.15,
    vapour_g_m3: ArrayLike = 7.5,
) -> Floats:
    """Return the specific attenuation of oxygen and water vapour in dB/km, one way [itu_p676].

    Line by line, valid from 1 to 1,000 GHz; arguments broadcast. `pressure_hpa` is that of the dry air.
    A frequency outside of 1 MHz to 1,000 GHz is a `UseError`.

    >>> np.round(gas_db_per_km([3e9, 10e9, 60e9]), 6).tolist()
    [0.007539, 0.014199, 14.778317]
    """
    f_hz = np.asarray(frequency_hz, np.float64)
    if np.any((f_hz < 1e6) | (f_hz > 1e12)):
        raise UseError(f"frequency_hz = {f_hz.tolist()} must lie between 1e6 and 1e12")
    f, p, t, rho = np.broadcast_arrays(f_hz / 1e9, pressure_hpa, temperature_k, vapour_g_m3)
    t = np.asarray(t, np.float64)
    e = rho * t / 216.7
    return np.asarray(0.1820 * f * _refractivity_ppm(f, np.asarray(p, np.float64), e, 300.0 / t))


def standard_atmosphere(height_m: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return total pressure in hPa, temperature in K and water vapour in g/m3 of the mean atmosphere [itu_p835].

    The vapour falls by e each 2 km from 7.5 g/m3 at the surface; the pressure is hydrostatic in layers, which near the
    ground is close to a fall by e each 8 km. Heights above mean sea level, any shape, valid from -1 to 70 km.

    >>> [round(float(x), 2) for x in standard_atmosphere(10_000.0)]
    [265.0, 223.25, 0.05]
    """
    z_km = np.asarray(height_m, np.float64) / 1e3
    h_km = _GEOPOTENTIAL_RADIUS_KM * z_km / (_GEOPOTENTIAL_RADIUS_KM + z_km)
    base, base_k, gradient, base_hpa = (np.array(column) for column in zip(*_LAYERS, strict=True))
    layer = np.maximum(np.searchsorted(base, h_km, side="right") - 1, 0)
    above_km, t0, slope, p0 = h_km - base[layer], base_k[layer], gradient[layer], base_hpa[layer]
    temperature_k = t0 + slope * above_km
    isothermal = slope == 0.0
    exponent = _HYDROSTATIC_K_PER_KM / np.where(isothermal, 1.0, slope)
    falling = np.exp(-_HYDROSTATIC_K_PER_KM * above_km / t0)
    pressure_hpa = p0 * np.where(isothermal, falling, (t0 / temperature_k) ** exponent)
    vapour_g_m3 = _SURFACE_VAPOUR_G_M3 * np.exp(-z_km / _VAPOUR_SCALE_KM)
    return pressure_hpa, temperature_k, vapour_g_m3


@lru_cache(maxsize=32)
def _attenuation_by_height(frequency_hz: float) -> tuple[Floats, Floats]:
    heights_m = np.arange(-1000.0, _TOP_M + _HEIGHT_STEP_M, _HEIGHT_STEP_M)
    pressure_hpa, temperature_k, vapour_g_m3 = standard_atmosphere(heights_m)
    dry_hpa = pressure_hpa - vapour_g_m3 * temperature_k / 216.7
    return heights_m, gas_db_per_km(frequency_hz, dry_hpa, temperature_k, vapour_g_m3)


def gas_loss_db(
    frequency_hz: float,
    antenna_m: ArrayLike,
    target_m: ArrayLike,
    ground_range_m: ArrayLike,
    radius_m: float,
) -> Floats:
    """Return the two-way gas loss in dB between an antenna and targets [itu_p676] [itu_p835].

    Heights above mean sea level and range along the ground, which broadcast; `radius_m` is the effective radius of the
    earth, over which the ray is straight. 32 Gauss-Legendre points along the part of the path below 40 km: within
    1e-3 dB of the limit of a fine step up to 600 km and 10 GHz. A single `frequency_hz`.

    >>> round(float(gas_loss_db(3e9, 24.0, 10_000.0, 300e3, 8_494_678.0)), 2)
    2.33
    """
    a, z, s = np.broadcast_arrays(
        *(np.asarray(x, np.float64)[..., None] for x in (antenna_m, target_m, ground_range_m))
    )
    # In the plane through the centre of the earth, with the antenna at (0, radius + a):
    east_m = (radius_m + z) * np.sin(s / radius_m)
    up_m = (z - a) - 2.0 * (radius_m + z) * np.sin(0.5 * s / radius_m) ** 2
    slant_m = np.hypot(east_m, up_m)
    sine = np.divide(up_m, slant_m, out=np.ones_like(up_m), where=slant_m > 0.0)
    foot = (radius_m + a) * sine
    to_top_m = -foot + np.sqrt(np.maximum(foot**2 + (_TOP_M - a) * (2.0 * radius_m + _TOP_M + a), 0.0))
    path_m = np.minimum(slant_m, np.maximum(to_top_m, 0.0))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    along_m = path_m * 0.5 * (nodes + 1.0)
    # Written so that the large radius does not cancel.
    rise_m2 = along_m**2 + 2.0 * along_m * foot
    height_m = a + rise_m2 / (radius_m + a + np.sqrt((radius_m + a) ** 2 + rise_m2))
    table_m, db_per_km = _attenuation_by_height(float(frequency_hz))
    mean_db_per_km = 0.5 * np.multiply(np.interp(height_m, table_m, db_per_km), weights).sum(axis=-1)
    return np.asarray(2.0 * mean_db_per_km * path_m[..., 0] / 1e3)


_RAIN = {
    "k_h": (
        (-5.33980, -0.35351, -0.23789, -0.94158),
        (-0.10008, 1.26970, 0.86036, 0.64552),
        (1.13098, 0.45400, 0.15354, 0.16817),
        (-0.18961, 0.71147),
    ),
    "k_v": (
        (-3.80595, -3.44965, -0.39902, 0.50167),
        (0.56934, -0.22911, 0.73042, 1.07319),
        (0.81061, 0.51059, 0.11899, 0.27195),
        (-0.16398, 0.63297),
    ),
    "alpha_h": (
        (-0.14318, 0.29591, 0.32177, -5.37610, 16.1721),
        (1.82442, 0.77564, 0.63773, -0.96230, -3.29980),
        (-0.55187, 0.19822, 0.13164, 1.47828, 3.43990),
        (0.67849, -1.95537),
    ),
    "alpha_v": (
        (-0.07771, 0.56727, -0.20238, -48.2991, 48.5833),
        (2.33840, 0.95545, 1.14520, 0.791669, 0.791459),
        (-0.76284, 0.54039, 0.26809, 0.116226, 0.116479),
        (-0.053739, 0.83433),
    ),
}


def _rain_fit(log_ghz: Floats, name: str) -> Floats:
    a, b, c, (slope, offset) = (np.array(x) for x in _RAIN[name])
    bells = a * np.exp(-(((log_ghz[..., None] - b) / c) ** 2))
    return np.asarray(bells.sum(axis=-1) + slope * log_ghz + offset)


def rain_coefficients(
    frequency_hz: ArrayLike, elevation_rad: ArrayLike = 0.0, tilt_rad: ArrayLike = 0.0
) -> tuple[Floats, Floats]:
    """Return k and alpha of the rain law k R^alpha, one way [itu_p838]; arguments broadcast.

    `tilt_rad` is the tilt of the polarisation: 0 horizontal, pi/2 vertical, pi/4 circular. Valid from 1 to 1,000 GHz.

    >>> [round(float(x), 8) for x in rain_coefficients(14.25e9, np.radians(31.07699124))]
    [0.03975488, 1.12418043]
    """
    log_ghz = np.log10(np.asarray(frequency_hz, np.float64) / 1e9)
    k_h, k_v = 10.0 ** _rain_fit(log_ghz, "k_h"), 10.0 ** _rain_fit(log_ghz, "k_v")
    alpha_h, alpha_v = _rain_fit(log_ghz, "alpha_h"), _rain_fit(log_ghz, "alpha_v")
    mix = np.cos(elevation_rad) ** 2 * np.cos(2.0 * np.asarray(tilt_rad, np.float64))
    k = 0.5 * (k_h + k_v + (k_h - k_v) * mix)
    alpha = (k_h * alpha_h + k_v * alpha_v + (k_h * alpha_h - k_v * alpha_v) * mix) / (2.0 * k)
    return np.asarray(k), np.asarray(alpha)


def rain_db_per_km(
    frequency_hz: ArrayLike, rain_mm_per_h: ArrayLike, elevation_rad: ArrayLike = 0.0, tilt_rad: ArrayLike = 0.0
) -> Floats:
    """Return the specific attenuation of rain in dB/km, one way [itu_p838]; arguments broadcast.

    Angles as in `rain_coefficients`. A negative rain rate is a `UseError`.

    >>> round(float(rain_db_per_km(14.25e9, 26.48052, np.radians(31.07699124))), 6)
    1.581308
    """
    rate = np.asarray(rain_mm_per_h, np.float64)
    if np.any(rate < 0.0):
        raise UseError(f"rain_mm_per_h = {np.min(rate)} must not be negative")
    k, alpha = rain_coefficients(frequency_hz, elevation_rad, tilt_rad)
    return np.asarray(k * rate**alpha)

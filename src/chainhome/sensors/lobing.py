"""Two-ray lobing: what the echo off a smooth surface does to the signal, Blake's pattern-propagation factor.

In: a frequency, heights above a smooth sphere of effective radius, ranges along it, and what the surface is like. Out:
the factor F by which field strength at the target differs from free space; a radar's echo changes by F^4, that is by
40 log10 F dB. Between the direct ray and the one off the surface stand a path difference, the surface's reflection
coefficient, the divergence of a bundle of rays that a sphere reflects, and the loss to a rough surface [blake1970].

What it does not hold. The surface is one sphere, smooth but for its roughness: over rough terrain it says little, and a
hill before or behind the reflection changes everything. Near the horizon, where the paths differ by less than a
quarter of a wavelength, two rays are not the field: as the sphere spreads the reflection away, F would climb back to 1.
There log F goes, by as much as the reflection is spread, linearly in the path difference to what diffraction over the
smooth sphere leaves at the horizon [itu_p526], about 0.1 to 0.2; beyond the horizon F is taken as 0. The scattered
(diffuse) part of a rough surface is left out, so that lobes and nulls come out a little too deep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M, SPEED_OF_LIGHT_MPS
from chainhome.errors import UseError

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]
Pattern = Callable[[Floats], Floats]
"""Voltage gain of an antenna relative to its maximum, by elevation (radians)."""

Surface = Literal["sea", "land", "mirror"]
Polarisation = Literal["horizontal", "vertical"]
SURFACES: tuple[Surface, ...] = ("sea", "land", "mirror")
POLARISATIONS: tuple[Polarisation, ...] = ("horizontal", "vertical")
ROUGHNESS_LAWS = ("miller-brown", "ament")

_FOUR_THIRDS_RADIUS_M = 4.0 / 3.0 * EARTH_MEAN_RADIUS_M
_FREE_SPACE_OHM_M_PER_WAVELENGTH = 60.0  # 1 / (2 pi eps0 c), rounded as usual
_LAND_PERMITTIVITY, _LAND_CONDUCTIVITY_S_M = 15.0, 0.035  # medium dry ground at 1 GHz [itu_p527]
_NEWTON_STEPS = 8
_CHART_RANGES, _NEAREST_SHARE = 512, 1e-3


@dataclass(frozen=True, eq=False)
class Reflection:
    """Where a smooth sphere reflects: all arrays as the question broadcasts; NaN where the sphere is in the way.

    `ground_m` is the arc from the antenna to the reflection, `grazing_rad` the angle there, `difference_m` by how much
    the reflected path is longer than the direct one, `divergence` the factor on the reflected field. The elevations
    are those of both rays at the antenna, the reflected one below the horizontal.
    """

    ground_m: Floats
    grazing_rad: Floats
    difference_m: Floats
    divergence: Floats
    direct_elevation_rad: Floats
    reflected_elevation_rad: Floats


def reflection(
    antenna_m: ArrayLike, target_m: ArrayLike, ground_range_m: ArrayLike, radius_m: float = _FOUR_THIRDS_RADIUS_M
) -> Reflection:
    """Return where and how a smooth sphere reflects between two heights above it, exactly [kerr1951].

    The start is the root of Kerr's cubic; Newton's steps then make both grazing angles equal on the sphere. Lengths in
    metres, which broadcast; heights and ranges that are not positive are a `UseError`.

    >>> at = reflection(20.0, 1_000.0, 10_000.0, radius_m=1e12)  # flat: as the heights 20 : 1000
    >>> round(float(at.ground_m), 1), round(float(at.difference_m), 3)
    (196.1, 3.98)
    """
    low, high, ground = (np.asarray(v, np.float64) for v in (antenna_m, target_m, ground_range_m))
    low, high, ground = np.broadcast_arrays(low, high, ground)
    for name, values in (("antenna_m", low), ("target_m", high), ("ground_range_m", ground)):
        if np.any(values <= 0.0):
            raise UseError(f"reflection: {name} = {np.nanmin(values):g} must be positive")
    arc = ground / radius_m
    near = _near_arc(low, high, arc, radius_m)
    far = arc - near
    up_1, across_1 = _from_foot(low, near, radius_m)
    up_2, across_2 = _from_foot(high, far, radius_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        grazing = np.arctan2(up_1, across_1)
        grazing = np.where((grazing > 0.0) & (near > 0.0) & (far > 0.0), grazing, np.nan)
        leg_1, leg_2 = np.hypot(up_1, across_1), np.hypot(up_2, across_2)
        direct = _chord(low, high, arc, radius_m)
        sine = np.sin(grazing)
        difference = 4.0 * leg_1 * leg_2 * sine**2 / (leg_1 + leg_2 + direct)
        divergence = 1.0 / np.sqrt(1.0 + 2.0 * near * far / ((near + far) * sine))
    return Reflection(
        np.where(np.isnan(grazing), np.nan, near * radius_m),
        grazing,
        difference,
        divergence,
        _elevation(low, high, arc, radius_m),
        -(grazing + near),
    )


def reflection_coefficient(
    frequency_hz: ArrayLike,
    grazing_rad: ArrayLike,
    surface: Surface = "sea",
    polarisation: Polarisation = "horizontal",
) -> Complexes:
    """Return Fresnel's complex reflection coefficient of the sea, of land or of a mirror (-1); arguments broadcast.

    The sea as in [blake1970] (0.1 to 10 GHz); land is medium dry ground near 1 GHz [itu_p527]. An unknown word is a
    `UseError`.

    >>> round(abs(complex(reflection_coefficient(100e6, np.radians(2.0), "sea"))), 3)
    0.998
    """
    if surface not in SURFACES or polarisation not in POLARISATIONS:
        known = f"{', '.join(SURFACES)} and {', '.join(POLARISATIONS)}"
        raise UseError(f'surface "{surface}" with polarisation "{polarisation}" is unknown; known: {known}')
    grazing = np.asarray(grazing_rad, np.float64)
    frequency = np.asarray(frequency_hz, np.float64)
    if surface == "mirror":
        return np.full(np.broadcast_shapes(grazing.shape, frequency.shape), -1.0 + 0.0j)
    epsilon = _permittivity(frequency, surface)
    sine = np.sin(grazing)
    root = np.sqrt(epsilon - np.cos(grazing) ** 2)
    one = sine if polarisation == "horizontal" else epsilon * sine
    with np.errstate(invalid="ignore"):  # NaN where there is no reflection
        return np.asarray((one - root) / (one + root))


def roughness_factor(
    frequency_hz: ArrayLike, grazing_rad: ArrayLike, roughness_m: ArrayLike, law: str = "miller-brown"
) -> Floats:
    """Return what a rough surface leaves of the mirror's reflection; `roughness_m` is the standard deviation of height.

    With g = roughness sin(grazing) / wavelength, Ament's exp(-8 pi^2 g^2) [ament1953], or Miller and Brown's, which
    multiplies it by I0(8 pi^2 g^2) and fits measurements of the sea better [miller_brown1984]. Broadcasts.

    >>> [round(float(roughness_factor(3e9, np.radians(1.0), 1.0, law)), 3) for law in ("ament", "miller-brown")]
    [0.09, 0.276]
    """
    from scipy.special import i0e

    if law not in ROUGHNESS_LAWS:
        raise UseError(f'roughness law "{law}" is unknown; known: {", ".join(ROUGHNESS_LAWS)}')
    roughness = np.asarray(roughness_m, np.float64)
    if np.any(roughness < 0.0):
        raise UseError(f"roughness_m = {np.min(roughness):g} must not be negative")
    per_wavelength = roughness * np.sin(grazing_rad) * np.asarray(frequency_hz, np.float64) / SPEED_OF_LIGHT_MPS
    exponent = 8.0 * math.pi**2 * per_wavelength**2
    # i0e(x) = exp(-x) I0(x)
    return np.asarray(np.exp(-exponent) if law == "ament" else i0e(exponent))


def propagation_factor(
    frequency_hz: float,
    antenna_m: ArrayLike,
    target_m: ArrayLike,
    ground_range_m: ArrayLike,
    *,
    radius_m: float = _FOUR_THIRDS_RADIUS_M,
    surface: Surface = "mirror",
    polarisation: Polarisation = "horizontal",
    roughness_m: float = 0.0,
    roughness_law: str = "miller-brown",
    pattern: Pattern | None = None,
) -> Floats:
    """Return F, field strength at the target over that of free space in the beam's middle [blake1970]; broadcasts.

    Between 0 and 2 without a pattern; 0 where the smooth sphere hides the target. The signal-to-noise ratio of a radar
    changes by 40 log10 F. `pattern` gives the antenna's voltage by elevation; without it both rays are alike.

    >>> low_earth = propagation_factor(100e6, 20.0, [7_500.0, 15_000.0], 199_860.0, radius_m=1e12)
    >>> np.round(low_earth, 1).tolist()
    [2.0, 0.0]
    """
    if not (math.isfinite(frequency_hz) and frequency_hz > 0.0):
        raise UseError(f"frequency_hz = {frequency_hz:g} must be positive and finite")
    at = reflection(antenna_m, target_m, ground_range_m, radius_m)
    phase = 2.0 * math.pi * frequency_hz / SPEED_OF_LIGHT_MPS * at.difference_m
    coefficient = reflection_coefficient(frequency_hz, at.grazing_rad, surface, polarisation)
    coefficient = (
        coefficient * at.divergence * roughness_factor(frequency_hz, at.grazing_rad, roughness_m, roughness_law)
    )
    direct, reflected = np.ones_like(phase), np.ones_like(phase)
    if pattern is not None:
        direct, reflected = pattern(at.direct_elevation_rad), pattern(at.reflected_elevation_rad)
    factor = np.abs(direct + reflected * coefficient * np.exp(-1j * phase))
    rest = np.abs(direct + reflected * coefficient * np.exp(-0.5j * math.pi))
    edge = direct * horizon_factor(frequency_hz, antenna_m, target_m, radius_m)
    factor = _towards_the_horizon(factor, rest, edge, phase / (0.5 * math.pi), at.divergence)
    return np.asarray(np.where(np.isnan(phase), 0.0, factor))


def horizon_factor(frequency_hz: float, antenna_m: ArrayLike, target_m: ArrayLike, radius_m: float) -> Floats:
    """Return F at the horizon of a smooth sphere by its first diffraction term; heights broadcast [itu_p526].

    For horizontal polarisation, which over land and above 300 MHz over the sea is also the vertical one.

    >>> float(horizon_factor(3e9, 24.0, 1_000.0, _FOUR_THIRDS_RADIUS_M).round(2))
    0.22
    """
    low, high = np.asarray(antenna_m, np.float64), np.asarray(target_m, np.float64)
    wavelength = SPEED_OF_LIGHT_MPS / frequency_hz
    far = np.sqrt(2.0 * radius_m * low) + np.sqrt(2.0 * radius_m * high)
    x = far * (math.pi / (wavelength * radius_m**2)) ** (1.0 / 3.0)
    db = np.where(x < 1.6, -20.0 * np.log10(x) - 5.6488 * x**1.425, 11.0 + 10.0 * np.log10(x) - 17.6 * x)
    for height in (low, high):
        y = 2.0 * height * (math.pi**2 / (wavelength**2 * radius_m)) ** (1.0 / 3.0)
        above = np.maximum(y - 1.1, 0.9)
        db = db + np.where(
            y > 2.0, 17.6 * np.sqrt(above) - 5.0 * np.log10(above) - 8.0, 20.0 * np.log10(y + 0.1 * y**3)
        )
    return np.asarray(10.0 ** (db / 20.0))


def _towards_the_horizon(factor: Floats, rest: Floats, edge: Floats, share: Floats, divergence: Floats) -> Floats:
    """Return F within a quarter wavelength of path difference of the horizon, `share` of it; elsewhere as given.

    A surface that spreads nothing (divergence 1, a flat world) leaves two rays as they are.
    """
    within = share < 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        line = (1.0 - share) * np.log(edge) + share * np.log(rest)
        mixed = np.exp(divergence * np.log(np.maximum(factor, 1e-12)) + (1.0 - divergence) * line)
    return np.where(within, mixed, factor)


def vertical_coverage_m(
    frequency_hz: float,
    antenna_m: float,
    free_space_range_m: float,
    elevation_rad: ArrayLike,
    *,
    radius_m: float = _FOUR_THIRDS_RADIUS_M,
    surface: Surface = "mirror",
    polarisation: Polarisation = "horizontal",
    roughness_m: float = 0.0,
    roughness_law: str = "miller-brown",
    pattern: Pattern | None = None,
) -> Floats:
    """Return Blake's chart: the slant range (n,) out to which a target is seen, by its elevation (n,) [blake1970].

    The farthest R at which `free_space_range_m` F(elevation, R) reaches R; between two lobes a target may be seen
    again nearer in. 0 at and below the horizon. With `radius_m` = inf the surface is flat and the rays to the target
    are parallel: lobes at sin(elevation) = (2k - 1) wavelength / 4 h reach twice the free-space range of a mirror.

    >>> chart = vertical_coverage_m(100e6, 20.0, 100e3, np.radians([2.148, 4.298]), radius_m=math.inf)
    >>> np.round(chart / 1e3).tolist()
    [200.0, 0.0]
    """
    elevation = np.asarray(elevation_rad, np.float64)
    if not (free_space_range_m > 0.0 and antenna_m > 0.0):
        raise UseError(f"antenna_m = {antenna_m:g} and free_space_range_m = {free_space_range_m:g} must be positive")
    if math.isinf(radius_m):
        phase = 4.0 * math.pi * frequency_hz / SPEED_OF_LIGHT_MPS * antenna_m * np.sin(elevation)
        coefficient = reflection_coefficient(frequency_hz, elevation, surface, polarisation)
        coefficient = coefficient * roughness_factor(frequency_hz, elevation, roughness_m, roughness_law)
        direct, reflected = (np.ones_like(phase),) * 2 if pattern is None else (pattern(elevation), pattern(-elevation))
        factor = np.abs(direct + reflected * coefficient * np.exp(-1j * phase))
        return np.asarray(np.where(elevation > 0.0, free_space_range_m * factor, 0.0))
    shares = np.geomspace(_NEAREST_SHARE, 2.0, _CHART_RANGES)
    slant = shares * free_space_range_m
    height, ground = _point(antenna_m, elevation[..., None], slant, radius_m)
    factor = propagation_factor(
        frequency_hz,
        antenna_m,
        np.maximum(height, 1e-3),
        ground,
        radius_m=radius_m,
        surface=surface,
        polarisation=polarisation,
        roughness_m=roughness_m,
        roughness_law=roughness_law,
        pattern=pattern,
    )
    excess = np.log(np.where(height > 0.0, factor, 0.0) + 1e-12) - np.log(shares)
    return np.asarray(_last_crossing(excess, np.log(slant)))


def _last_crossing(excess: Floats, log_range: Floats) -> Floats:
    """Return exp of the last place at which `excess` (..., k) falls through zero, linear between samples; 0 if none."""
    above = excess >= 0.0
    last = np.where(above.any(axis=-1), above.shape[-1] - 1 - np.argmax(above[..., ::-1], axis=-1), -1)
    k = np.clip(last, 0, above.shape[-1] - 2)[..., None]
    here, after = np.take_along_axis(excess, k, -1)[..., 0], np.take_along_axis(excess, k + 1, -1)[..., 0]
    share = np.clip(here / np.where(here > after, here - after, 1.0), 0.0, 1.0)
    k = k[..., 0]
    return np.where(last >= 0, np.exp(log_range[k] + share * (log_range[k + 1] - log_range[k])), 0.0)


def _permittivity(frequency_hz: Floats, surface: Surface) -> Complexes:
    """Return the complex relative permittivity, eps - i 60 sigma wavelength."""
    wavelength = SPEED_OF_LIGHT_MPS / frequency_hz
    if surface == "land":
        epsilon, sigma = np.full_like(wavelength, _LAND_PERMITTIVITY), np.full_like(wavelength, _LAND_CONDUCTIVITY_S_M)
    else:
        mhz = frequency_hz / 1e6
        epsilon = np.interp(mhz, [1500.0, 3000.0, 10_000.0], [80.0, 69.0, 69.0 - 0.00243 * 7000.0])
        sigma = np.interp(mhz, [1500.0, 3000.0, 10_000.0], [4.3, 6.52, 6.52 + 0.001314 * 7000.0])
    return np.asarray(epsilon - 1j * _FREE_SPACE_OHM_M_PER_WAVELENGTH * sigma * wavelength)


def _from_foot(height_m: Floats, arc: Floats, radius_m: float) -> tuple[Floats, Floats]:
    """Return how far up and across a height stands, seen from the surface an arc away."""
    up = height_m - 2.0 * (radius_m + height_m) * np.sin(0.5 * arc) ** 2
    return up, (radius_m + height_m) * np.sin(arc)


def _chord(low_m: Floats, high_m: Floats, arc: Floats, radius_m: float) -> Floats:
    product = (radius_m + low_m) * (radius_m + high_m)
    return np.asarray(np.sqrt((high_m - low_m) ** 2 + 4.0 * product * np.sin(0.5 * arc) ** 2))


def _elevation(low_m: Floats, high_m: Floats, arc: Floats, radius_m: float) -> Floats:
    up = (high_m - low_m) - 2.0 * (radius_m + high_m) * np.sin(0.5 * arc) ** 2
    return np.asarray(np.arctan2(up, (radius_m + high_m) * np.sin(arc)))


def _point(antenna_m: float, elevation: Floats, slant: Floats, radius_m: float) -> tuple[Floats, Floats]:
    """Return the height above the sphere and the arc along it of points at an elevation and a slant range."""
    across, along = slant * np.cos(elevation), radius_m + antenna_m + slant * np.sin(elevation)
    square = slant * (slant + 2.0 * (radius_m + antenna_m) * np.sin(elevation))
    height = antenna_m + square / (np.sqrt((radius_m + antenna_m) ** 2 + square) + radius_m + antenna_m)
    return height, radius_m * np.arctan2(across, along)


def _near_arc(low: Floats, high: Floats, arc: Floats, radius_m: float) -> Floats:
    """Return the arc from the antenna to the reflection: Kerr's cubic, then Newton on equal grazing angles."""
    ground = arc * radius_m
    p = 2.0 / math.sqrt(3.0) * np.sqrt(radius_m * (low + high) + (0.5 * ground) ** 2)
    swing = np.arcsin(np.clip(2.0 * radius_m * ground * (high - low) / p**3, -1.0, 1.0))
    near = np.clip(0.5 * ground - p * np.sin(swing / 3.0), 1e-9 * ground, (1.0 - 1e-9) * ground) / radius_m
    for _ in range(_NEWTON_STEPS):
        up_1, across_1 = _from_foot(low, near, radius_m)
        up_2, across_2 = _from_foot(high, arc - near, radius_m)
        unequal = np.arctan2(up_1, across_1) - np.arctan2(up_2, across_2)
        slope = 2.0 + radius_m * (up_1 / (up_1**2 + across_1**2) + up_2 / (up_2**2 + across_2**2))
        near = np.clip(near + unequal / slope, 1e-9 * arc, (1.0 - 1e-9) * arc)
    return np.asarray(near)

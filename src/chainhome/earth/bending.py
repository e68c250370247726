"""Rays through the CRPL atmosphere made straight: how far each height must move so that straight lines hide the same.

In: an antenna's altitude, how far and which heights. Out: a `Bending`, two small tables of the difference between the
height of a point over the earth and the height at which the straight ray over a 4/3 earth, launched at the same angle
as the bent ray through the point, passes the same vertical. Heights moved by the one table can be swept with straight
rays; what comes out is moved back by the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.earth.refraction import exponent_per_km, four_thirds_radius_m

Floats = NDArray[np.float64]

_TRACED = 65, 129  # rays that are traced, by range and height; cubic splines make the finer table from them
_TABLE = 257, 1025
_STEPS = 128  # of a ray
_TOP_M = 150e3  # above this the difference grows no more, so that heights there are a thousandth out


@dataclass(frozen=True, eq=False)
class Bending:
    """Differences of height (ranges, heights) in metres.

    Row i stands for the ground range i * range_step_m, column j for the height low_m + span_m * (j / (heights - 1))².
    `straighten` is to be added to a true height, `bend` to the height of a straight ray.
    """

    range_step_m: float
    low_m: float
    span_m: float
    straighten: Floats
    bend: Floats


def bending(antenna_m: float, range_max_m: float, lowest_m: float, surface_refractivity: float = 313.0) -> Bending:
    """Return the tables for an antenna (m above mean sea level), ranges (m) to the given one, heights from `lowest_m`.

    The atmosphere is N(h) = Ns exp(-c h) over the mean sphere, as in `refracted_ray` [bean_thayer1959]; unlike there,
    rays may start downwards and points may lie below the antenna. A straight ray that passes 402 km away at 8,588 m is
    a bent one at 8,645 m.

    >>> table = bending(24.0, 402e3, 0.0)
    >>> heights = table.low_m + table.span_m * np.linspace(0.0, 1.0, table.bend.shape[1]) ** 2
    >>> float((8588.0 + np.interp(8588.0, heights, table.bend[-1])).round())
    8645.0
    """
    from scipy.interpolate import RectBivariateSpline

    low_m = min(lowest_m, antenna_m) - 500.0
    span_m = _TOP_M - low_m
    place = np.linspace(0.0, 1.0, _TRACED[1])
    ranges, heights = range_max_m * np.linspace(0.0, 1.0, _TRACED[0]), low_m + span_m * place**2
    ranges[0] = 1e-3 * ranges[1]  # stands for 0, where the difference has a limit
    difference = _bent_height(antenna_m, ranges[:, None], heights, surface_refractivity) - heights
    fine_ranges, fine_place = (np.linspace(0.0, 1.0, count) for count in _TABLE)
    bend = RectBivariateSpline(ranges, place, difference)(range_max_m * fine_ranges, fine_place)
    straight = low_m + span_m * fine_place**2
    straighten = np.stack([np.interp(straight, straight + row, -row) for row in bend])
    return Bending(range_max_m / (_TABLE[0] - 1), low_m, span_m, straighten, bend)


def _bent_height(antenna_m: float, range_m: Floats, straight_m: Floats, surface_refractivity: float) -> Floats:
    """Return the heights (ranges, heights) of bent rays where the straight ones of equal launch pass `straight_m`.

    With the angle t at the earth's centre as the variable, dr/dt = r tan(e), and by Snell's law on spheres the
    elevation follows de/dt = 1 + r n'/n, which no turning point upsets; solved by Runge and Kutta's fourth order.
    """
    radius, n_s = four_thirds_radius_m(), 1e-6 * surface_refractivity
    arc = range_m / radius
    slope = (np.cos(arc) - (radius + antenna_m) / (radius + straight_m)) / np.sin(arc)
    decay = float(exponent_per_km(surface_refractivity)) * 1e-3
    step = np.broadcast_to(range_m / EARTH_MEAN_RADIUS_M / _STEPS, slope.shape)

    def rates(h: Floats, e: Floats) -> tuple[Floats, Floats]:
        excess = n_s * np.exp(-decay * np.maximum(h, -5000.0))  # no air is denser than 5 km below the sea
        r = EARTH_MEAN_RADIUS_M + h
        return r * np.tan(e), 1.0 - r * decay * excess / (1.0 + excess)

    h, e = np.full(slope.shape, antenna_m), np.arctan(slope)
    for _ in range(_STEPS):
        h_1, e_1 = rates(h, e)
        h_2, e_2 = rates(h + 0.5 * step * h_1, e + 0.5 * step * e_1)
        h_3, e_3 = rates(h + 0.5 * step * h_2, e + 0.5 * step * e_2)
        h_4, e_4 = rates(h + step * h_3, e + step * e_3)
        h = h + step / 6.0 * (h_1 + 2.0 * h_2 + 2.0 * h_3 + h_4)
        e = e + step / 6.0 * (e_1 + 2.0 * e_2 + 2.0 * e_3 + e_4)
    return h

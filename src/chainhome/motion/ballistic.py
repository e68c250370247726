"""Ballistic flight: the free arc of a missile from burnout to impact, as a Kepler ellipse over a spherical earth.

Ground range (and, if it is known, burnout speed) go in; time and ground distance to impact, altitude, speed and flight
path angle along the arc come out. Left out: the boost, the earth's rotation, and the drag of re-entry, so speeds in the
last 30 km or so are too high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from chainhome.constants import EARTH_GRAVITATIONAL_PARAMETER_M3PS2, EARTH_MEAN_RADIUS_M
from chainhome.errors import UseError
from chainhome.tables import Floats

_MU, _RADIUS_M = EARTH_GRAVITATIONAL_PARAMETER_M3PS2, EARTH_MEAN_RADIUS_M


@final
@dataclass(frozen=True, eq=False)
class BallisticArc:
    """An arc from burnout (first row) to impact at altitude 0 (last row); the flight path angle is positive upward.

    `apogee_m` is the highest altitude of the arc, which may lie between two rows.
    """

    time_to_impact_s: Floats
    distance_to_impact_m: Floats
    altitude_m: Floats
    speed_mps: Floats
    path_angle_rad: Floats
    apogee_m: float


def minimum_burnout_speed_mps(range_m: float, burnout_height_m: float = 0.0) -> float:
    """Return the least speed at burnout that reaches a ground range, the minimum-energy arc [bate1971].

    >>> round(minimum_burnout_speed_mps(300e3))  # flat earth and constant gravity: sqrt(g R) = 1715
    1696
    """
    chord, r1 = _chord_and_radius(range_m, burnout_height_m)
    return float(np.sqrt(_MU * (2 / r1 - 4 / (r1 + _RADIUS_M + chord))))


def ballistic_arc(
    range_m: float,
    burnout_speed_mps: float | None = None,
    burnout_height_m: float = 0.0,
    *,
    lofted: bool = False,
    steps: int = 1001,
) -> BallisticArc:
    """Return the free-flight arc over a ground range from burnout to impact, `steps` rows at equal ground distances.

    Without a speed it is the minimum-energy arc. With more speed than that two arcs arrive: the depressed one, or with
    `lofted` the high one. Two-body motion about a spherical earth that does not turn [bate1971]. Raises UseError for a
    range that is not between 0 and half the earth's circumference, or a speed that cannot reach it above ground.

    >>> arc = ballistic_arc(300e3)
    >>> round(arc.apogee_m), round(float(arc.time_to_impact_s[0]))  # a quarter of the range, and a little less
    (74110, 251)
    """
    if steps < 2:
        raise ValueError(f"steps = {steps}, expected at least 2")
    least = minimum_burnout_speed_mps(range_m, burnout_height_m)
    speed = least if burnout_speed_mps is None else float(burnout_speed_mps)
    r1 = _RADIUS_M + burnout_height_m
    if not least <= speed < np.sqrt(2 * _MU / r1):
        raise UseError(
            f"burnout speed = {speed:.0f} m/s cannot give a ballistic range of {range_m / 1e3:.0f} km from "
            f"{burnout_height_m / 1e3:.0f} km; expected {least:.0f} m/s to less than escape speed, "
            f"{np.sqrt(2 * _MU / r1):.0f} m/s"
        )
    arc = _along(range_m, r1, speed, _burnout_slope(range_m / _RADIUS_M, r1, speed, lofted), steps)
    if arc.altitude_m.min() < -1.0:
        raise UseError(
            f"burnout speed = {speed:.0f} m/s is so high that the depressed arc over {range_m / 1e3:.0f} km passes "
            f"below the ground; expected a speed nearer to {least:.0f} m/s, or the lofted arc"
        )
    return arc


def _chord_and_radius(range_m: float, burnout_height_m: float) -> tuple[float, float]:
    half_way_round = np.pi * _RADIUS_M
    if not 0 < range_m < half_way_round:
        raise UseError(
            f"ballistic range = {range_m / 1e3:g} km, expected more than 0 and less than {half_way_round / 1e3:.0f} km"
        )
    if burnout_height_m < 0:
        raise UseError(f"burnout height = {burnout_height_m:g} m must not be negative")
    r1 = _RADIUS_M + burnout_height_m
    across = 4 * r1 * _RADIUS_M * np.sin(range_m / (2 * _RADIUS_M)) ** 2
    return float(np.sqrt(burnout_height_m**2 + across)), r1


def _burnout_slope(angle: float, r1: float, speed: float, lofted: bool) -> float:
    """Return the tangent of the flight path angle at burnout: the orbit that passes the impact point, a quadratic.

    With x = tan(gamma) and A = (1 - cos angle) / (r1 v² / mu): A x² - sin(angle) x + A + cos(angle) - r1 / R = 0.
    """
    versine = 2 * np.sin(angle / 2) ** 2
    a = versine * _MU / (r1 * speed**2)
    c = a - versine - (r1 - _RADIUS_M) / _RADIUS_M
    root = np.sqrt(max(np.sin(angle) ** 2 - 4 * a * c, 0.0))
    high = (np.sin(angle) + root) / (2 * a)
    # The product of the roots is c / a: the low root without a difference of near equals.
    return float(high if lofted else c / (a * high))


def _along(range_m: float, r1: float, speed: float, slope: float, steps: int) -> BallisticArc:
    cos_gamma, sin_gamma = 1 / np.hypot(1, slope), slope / np.hypot(1, slope)
    theta = np.linspace(0.0, range_m / _RADIUS_M, steps)
    h = r1 * speed * cos_gamma  # angular momentum
    p = h**2 / _MU
    semi_major = 1 / (2 / r1 - speed**2 / _MU)
    e_cos, e_sin = p / r1 - 1, h * speed * sin_gamma / _MU  # e cos(nu), e sin(nu) at burnout
    versine = 2 * np.sin(theta / 2) ** 2
    r = p / (p / r1 - e_cos * versine - e_sin * np.sin(theta))
    radial = _MU / h * (e_sin * np.cos(theta) + e_cos * np.sin(theta))
    # Kepler's equation, forward: M = E - e sin E, with e cos E = 1 - r / a and e sin E = r dr/dt / sqrt(mu a).
    e_sin_e = r * radial / np.sqrt(_MU * semi_major)
    eccentric = np.unwrap(np.arctan2(e_sin_e, 1 - r / semi_major))
    time = (eccentric - e_sin_e) * np.sqrt(semi_major**3 / _MU)
    passes_apogee = radial[0] > 0 > radial[-1]
    apogee = semi_major * (1 + np.hypot(e_cos, e_sin)) if passes_apogee else float(r.max())
    return BallisticArc(
        time_to_impact_s=time[-1] - time,
        distance_to_impact_m=range_m - theta * _RADIUS_M,
        altitude_m=r - _RADIUS_M,
        speed_mps=np.sqrt(radial**2 + (h / r) ** 2),
        path_angle_rad=np.arctan2(radial, h / r),
        apogee_m=float(apogee - _RADIUS_M),
    )

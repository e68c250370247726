"""The height profile of a route: linear along each leg, each corner rounded by a parabola the load factor allows.

Heights and the pieces of the path go in; height and slope at any distance flown come out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chainhome.constants import STANDARD_GRAVITY_MPS2
from chainhome.errors import UseError
from chainhome.motion.path import Pieces
from chainhome.tables import Floats


class Profile(NamedTuple):
    """Height over distance flown: corners (k,) at `knot_m`, joined by legs (k - 1,) of constant slope.

    `bend` is the change of slope at each corner, rounded over `half_m` before and after it. `period_m` is the length of
    a repeated path, infinite for one that is flown once.
    """

    knot_m: Floats
    level_m: Floats
    slope: Floats
    bend: Floats
    half_m: Floats
    period_m: float


def profile(
    height_m: Floats,
    speed_mps: Floats,
    laid: Pieces,
    repeat: bool,
    max_load_factor: float,
    max_climb_mps: float,
) -> Profile:
    """Lay the heights (n,) of waypoints over their path; a corner sits in the middle of the turn at its waypoint.

    Raises UseError naming the leg that climbs too fast or the waypoint whose corner is too sharp.
    """
    straight, arc = laid.length_m[0::2], laid.length_m[1::2]
    knot = np.cumsum(straight + arc) - arc / 2
    knot = np.concatenate([[-arc[-1] / 2 if repeat else 0.0], knot])
    waypoint = np.arange(len(knot)) % len(height_m)
    level, speed = height_m[waypoint], speed_mps[waypoint]
    leg_m = np.diff(knot)
    slope = np.diff(level) / leg_m
    fastest = np.maximum(speed[:-1], speed[1:])
    for leg in np.flatnonzero(np.abs(slope) * fastest > max_climb_mps):
        raise UseError(
            f"leg from waypoint {leg + 1} to {waypoint[leg + 1] + 1}: from {level[leg]:.0f} to {level[leg + 1]:.0f} m "
            f"within {leg_m[leg] / 1e3:.1f} km takes {abs(slope[leg]) * fastest[leg]:.0f} m/s of climb or descent, "
            f"expected at most {max_climb_mps:g} m/s"
        )
    ends = (slope[-1:], slope[:1]) if repeat else (slope[:1], slope[-1:])
    before, after = np.concatenate([ends[0], slope]), np.concatenate([slope, ends[1]])
    bend = after - before
    fast = np.maximum(np.concatenate([fastest[-1:], fastest]), np.concatenate([fastest, fastest[:1]]))
    half = np.abs(bend) * fast**2 / (2 * (max_load_factor - 1) * STANDARD_GRAVITY_MPS2)
    room = np.minimum(np.concatenate([leg_m[-1:], leg_m]), np.concatenate([leg_m, leg_m[:1]])) / 2
    for corner in np.flatnonzero((bend != 0) & (half > room)):
        raise UseError(
            f"waypoint {waypoint[corner] + 1}: to go from {before[corner] * fast[corner]:.0f} to "
            f"{after[corner] * fast[corner]:.0f} m/s of climb takes {half[corner]:.0f} m before and after it, "
            f"more than half of the shorter leg ({room[corner]:.0f} m); move the waypoints apart or allow "
            "a higher load factor"
        )
    return Profile(knot, level, slope, bend, half, float(laid.length_m.sum()) if repeat else np.inf)


def height(laid: Profile, along_m: Floats) -> tuple[Floats, Floats]:
    """Return height in metres above sea level and slope (metres per metre flown) at the distances (m,) flown.

    >>> columns = ([0, 1e3, 2e3], [0, 0, 100], [0, 0.1], [0, 0.1, 0], [0, 200, 0])
    >>> level_then_climbing = Profile(*map(np.array, columns), np.inf)
    >>> height(level_then_climbing, np.array([800.0, 1000.0, 1200.0]))[0].round(6).tolist()
    [0.0, 5.0, 20.0]
    """
    past_last = along_m > laid.knot_m[-1]
    along = np.where(past_last & np.isfinite(laid.period_m), along_m - np.minimum(laid.period_m, 1e300), along_m)
    leg = np.clip(np.searchsorted(laid.knot_m, along, side="right") - 1, 0, len(laid.slope) - 1)
    level = laid.level_m[leg] + laid.slope[leg] * (along - laid.knot_m[leg])
    slope = laid.slope[leg]
    # At most one of the two corners of a leg is near, because each is rounded over less than half of its legs.
    for corner, sign in ((leg, -1.0), (leg + 1, 1.0)):
        half = np.maximum(laid.half_m[corner], 1e-9)
        into = np.maximum(half - np.abs(along - laid.knot_m[corner]), 0.0)
        level = level + laid.bend[corner] * into**2 / (4 * half)
        slope = slope + sign * laid.bend[corner] * into / (2 * half)
    return level, slope

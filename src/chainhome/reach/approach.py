"""How the target comes in: level flight at a height, or a ballistic arc that ends at the site."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, motion
from chainhome.reach.detect import Approach
from chainhome.scenario.reading import TargetFigures

Floats = NDArray[np.float64]


def level_approach(height_m: float, above_sea: bool, target: TargetFigures, fan: earth.Fan) -> Approach:
    """Return a target that flies straight in at a height above the ground beneath it, or above mean sea level."""
    if above_sea:
        altitude = np.full((1, fan.ranges_m.size), height_m)
        above_site, typical = height_m - fan.site_ground_m, altitude[0]
    else:
        altitude = fan.ground_m + height_m
        above_site, typical = height_m, _median_ground(fan) + height_m
    to_go = fan.ranges_m / target.speed_mps
    return Approach(altitude, to_go, target.speed_mps, target.rcs_m2, height_m, above_site, typical)


@lru_cache(maxsize=3)
def _median_ground(fan: earth.Fan) -> Floats:
    """Return the ground (r,) on the median bearing; every altitude at the three ends asks for it."""
    return np.asarray(np.median(fan.ground_m, axis=0))


def ballistic_approach(target: TargetFigures, fan: earth.Fan) -> Approach:
    """Return a ballistic missile on its minimum-energy arc to the site, of the published range of its class."""
    arc = motion.ballistic_arc(target.flight_range_m)
    order = np.argsort(arc.distance_to_impact_m)
    distance = arc.distance_to_impact_m[order]
    altitude = np.interp(fan.ranges_m, distance, arc.altitude_m[order], right=-np.inf) + fan.site_ground_m
    to_go = np.interp(fan.ranges_m, distance, arc.time_to_impact_s[order])
    return Approach(altitude[None, :], to_go, float(arc.speed_mps[-1]), target.rcs_m2, None, 0.0, altitude)

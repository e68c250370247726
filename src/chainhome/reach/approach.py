"""How the target comes in: level flight at a height, or a ballistic arc that ends at the site."""

from __future__ import annotations

import numpy as np

from chainhome import earth, motion
from chainhome.reach.detect import Approach
from chainhome.scenario.reading import TargetFigures


def level_approach(height_m: float, above_sea: bool, target: TargetFigures, fan: earth.Fan) -> Approach:
    """Return a target that flies straight in at a height above the ground beneath it, or above mean sea level."""
    if above_sea:
        altitude = np.full((1, fan.ranges_m.size), height_m)
        above_site = height_m - fan.site_ground_m
    else:
        altitude = fan.ground_m + height_m
        above_site = height_m
    return Approach(altitude, fan.ranges_m / target.speed_mps, target.speed_mps, target.rcs_m2, height_m, above_site)


def ballistic_approach(target: TargetFigures, fan: earth.Fan) -> Approach:
    """Return a ballistic missile on its minimum-energy arc to the site, of the published range of its class."""
    arc = motion.ballistic_arc(target.flight_range_m)
    order = np.argsort(arc.distance_to_impact_m)
    distance = arc.distance_to_impact_m[order]
    altitude = np.interp(fan.ranges_m, distance, arc.altitude_m[order], right=-np.inf) + fan.site_ground_m
    to_go = np.interp(fan.ranges_m, distance, arc.time_to_impact_s[order])
    return Approach(altitude[None, :], to_go, float(arc.speed_mps[-1]), target.rcs_m2, None, 0.0)

"""Lobes over a smooth surface: Blake's analytic case, and where its maxima and nulls lie."""

from __future__ import annotations

import math

import numpy as np

from chainhome import sensors
from chainhome.verify.rows import Check

SUBJECT = "lobing"
FREQUENCY_HZ, ANTENNA_M, FREE_SPACE_M = 100e6, 20.0, 100e3
MAXIMA_DEG = (2.148, 6.455, 10.799)
NULL_DEG = 4.298
STEP_DEG = 1e-4
# Blake's case, computed and not printed by him.
TWO_RAYS = "two rays, ρ = −1"


def checks() -> list[Check]:
    """Return the rows of this subject: the chart is searched for its turning points, no formula for them is used."""
    degrees = np.arange(0.5, 12.0, STEP_DEG)
    reach = sensors.vertical_coverage_m(FREQUENCY_HZ, ANTENNA_M, FREE_SPACE_M, np.radians(degrees), radius_m=math.inf)
    inner = reach[1:-1]
    tops = np.flatnonzero((inner > reach[:-2]) & (inner >= reach[2:])) + 1
    bottoms = np.flatnonzero((inner < reach[:-2]) & (inner <= reach[2:])) + 1
    digit, source = "last printed digit", TWO_RAYS
    found = []
    for number, (published, top) in enumerate(zip(MAXIMA_DEG, tops, strict=False), start=1):
        name = f"Blake, 100 MHz, antenna 20 m: elevation of lobe {number}"
        found.append(Check(SUBJECT, name, published, float(degrees[top]), 5e-4 + STEP_DEG, digit, "°", source))
        name = f"the same: reach of lobe {number}, 100 km in free space"
        found.append(Check(SUBJECT, name, 200.0, float(reach[top]) / 1e3, 0.05, "twice free space", "km", source))
    null = float(degrees[bottoms[0]])
    return [
        *found,
        Check(SUBJECT, "the same: elevation of the null", NULL_DEG, null, 5e-4 + STEP_DEG, digit, "°", source),
    ]

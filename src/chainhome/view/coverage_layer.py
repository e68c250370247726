"""The visibility surface under the page's altitude slider: what a radar can see at all, coarse enough to send.

In: a site, an antenna and terrain. Out: for every bearing and range the height of the ground and how far above it the
lowest visible point lies, as small integers. The page thresholds them at the height of its slider; `seen` and
`contour_m` do the same here, so that both can be compared. Refraction: earth of 4/3 radius.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome import earth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BEARINGS = 240
FAN_STEP_M = 500.0
# Where samples stand: (up to, apart), in steps of the fan. Fine near the radar, where low flight is decided.
SPACING = ((40, 1), (160, 2), (400, 5), (10_000, 12))
GROUND_STEP_M = 20.0
ROOT_STEP = 8.0  # clearance = (code / ROOT_STEP) squared metres: 2.5 m apart at 100 m, 25 m at 10 km
NEVER = 4000  # code of what no height is high enough for
GAP_M = 5_000.0  # a target counts as held over shorter gaps, as in reading rule "range-end"


@dataclass(frozen=True, eq=False)
class CoverageLayer:
    """Codes of ground height and clearance (b bearings, r ranges) about one antenna, as the page gets them."""

    ranges_m: Floats
    ground: Ints
    clearance: Ints
    antenna_msl_m: float
    site_ground_m: float
    outside_share: float
    terrain: bool

    @property
    def ground_m(self) -> Floats:
        """Height of the ground above mean sea level."""
        return np.asarray(self.ground * GROUND_STEP_M, np.float64)

    @property
    def clearance_m(self) -> Floats:
        """How high above the ground the lowest visible point lies; inf = nowhere."""
        height = (self.clearance / ROOT_STEP) ** 2
        return np.where(self.clearance >= NEVER, np.inf, height)


def coverage_layer(
    terrain: earth.Terrain | None,
    lat_deg: float,
    lon_deg: float,
    site_ground_m: float,
    antenna_m: float,
    range_max_m: float,
) -> CoverageLayer:
    """Return the surface about an antenna `antenna_m` above its ground, out to `range_max_m`; no terrain, smooth earth.

    >>> layer = coverage_layer(None, 40.0, 32.5, 0.0, 24.0, 400e3)
    >>> radius_m = contour_m(layer, 300.0, above_ground=True)
    >>> round(float(radius_m[0]) / 1e3)
    91
    """
    fan = earth.fan(
        terrain, float(np.radians(lat_deg)), float(np.radians(lon_deg)), antenna_m,
        radius_m=earth.four_thirds_radius_m(), range_max_m=range_max_m,
        bearings_rad=np.arange(BEARINGS) * 2.0 * np.pi / BEARINGS, range_step_m=FAN_STEP_M, site_ground_m=site_ground_m,
    )  # fmt: skip
    kept = _kept(fan.ranges_m.size)
    ground, lowest = fan.ground_m[:, kept], fan.lowest_visible_m[:, kept]
    with np.errstate(invalid="ignore"):
        root = np.ceil(ROOT_STEP * np.sqrt(np.maximum(lowest - ground, 0.0)) - 1e-9)
    code = np.where(np.isfinite(root), np.minimum(root, NEVER), NEVER)
    return CoverageLayer(
        fan.ranges_m[kept], np.round(ground / GROUND_STEP_M).astype(np.int64), code.astype(np.int64),
        fan.antenna_msl_m, fan.site_ground_m, fan.outside_share, terrain is not None,
    )  # fmt: skip


def _kept(count: int) -> Ints:
    """Return which samples of the fan are sent."""
    kept: list[int] = []
    at = 0
    for end, step in SPACING:
        while at + step <= min(end, count):
            at += step
            kept.append(at - 1)
    if not kept or kept[-1] != count - 1:
        kept.append(count - 1)
    return np.array(kept, np.int64)


def needed_m(layer: CoverageLayer, *, above_ground: bool) -> Floats:
    """Return the lowest height (b, r) that is seen, in the height that the slider sets."""
    return layer.clearance_m if above_ground else layer.clearance_m + layer.ground_m


def seen(layer: CoverageLayer, height_m: float, *, above_ground: bool) -> Bools:
    """Return where (b, r) a target at a height is above what hides it."""
    return np.asarray(needed_m(layer, above_ground=above_ground) <= height_m)


def contour_m(layer: CoverageLayer, height_m: float, *, above_ground: bool, limit_m: float = np.inf) -> Floats:
    """Return for each bearing (b,) how far a target is held, bridging gaps of up to GAP_M, and no farther than a limit.

    Between the last sample that sees it and the next the range is interpolated where the needed height reaches its own.
    """
    needed = needed_m(layer, above_ground=above_ground)
    ranges, last = layer.ranges_m, layer.ranges_m.size - 1
    out = np.zeros(len(needed))
    for row, need in enumerate(needed):
        held, at = 0.0, -1
        for k in range(last + 1):
            if need[k] <= height_m:
                held, at = ranges[k], k
            elif ranges[k] - held > GAP_M:
                break
        if 0 <= at < last and np.isfinite(need[at + 1]) and need[at + 1] > height_m:
            held += (ranges[at + 1] - ranges[at]) * (height_m - need[at]) / (need[at + 1] - need[at])
        out[row] = min(held, limit_m)
    return out

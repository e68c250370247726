"""The first compiled pass of a look: which tracks the sensor passes over, when, and how likely it sees them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TWO_PI = 2.0 * math.pi
_TENTATIVE = 0  # as in tables.TRACK_STATUSES; a test compares it
_LOWEST_M = -3_000.0  # a track whose height has drifted below this follows nothing
# World Geodetic System 1984; a test compares them with constants.
_SEMI_MAJOR_M = 6378137.0
_SEMI_MINOR_M = 6356752.314245179
_LEAST_SHARE = 1e-3  # of a look that concerns a track: four standard deviations beside the beam


class Sight(NamedTuple):
    """Where the sensor is, and which part of its period a look is."""

    origin_m: Floats  # (3,) in the world frame
    rotation: Floats  # (3, 3) world to the sensor's east, north, up
    earth_m: Floats  # (3,) the world's origin from the earth's centre
    earth_rotation: Floats  # (3, 3) east, north, up of the world as rows
    polar: bool
    max_range_m: float
    start_s: float
    end_s: float
    mid_s: float  # the moment of the look, where nothing better is known of a track
    swept_s: float  # a moment at which the beam points north; NaN = it does not rotate
    period_s: float  # NaN = none
    share_before: float  # share of the period's looks that this one begins and ends with, where it does not rotate
    share_after: float


@inline
def _ahead(x: float) -> float:
    """Share of a normal distribution below x, by the logistic function: within 0.01."""
    return 1.0 / (1.0 + math.exp(-1.702 * x))


@inline
def _height(x: float, y: float, z: float, earth_m: Floats, rotation: Floats) -> float:
    """Height above the ellipsoid of a place in the world, within 0.1 m below 18 km."""
    gx = earth_m[0] + rotation[0, 0] * x + rotation[1, 0] * y + rotation[2, 0] * z
    gy = earth_m[1] + rotation[0, 1] * x + rotation[1, 1] * y + rotation[2, 1] * z
    gz = earth_m[2] + rotation[0, 2] * x + rotation[1, 2] * y + rotation[2, 2] * z
    axial2 = gx * gx + gy * gy
    ratio = _SEMI_MAJOR_M / _SEMI_MINOR_M
    r = math.sqrt(axial2 + gz * gz)
    return r - _SEMI_MAJOR_M * r / math.sqrt(axial2 + gz * gz * ratio * ratio)


@kernel
def in_view(
    n: int,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    existence: Floats,
    share: Floats,
    status: NDArray[np.int8],
    time_s: Floats,
    last_seen_s: Floats,
    sensor: int,
    probability: Floats,
    young: float,
    noise_m2ps3: float,
    azimuth_sigma_rad: float,
    sight: Sight,
    worst_m: float,
    least: float,
    rotates: bool,
    stage: NDArray[np.int8],
    row: Ints,
    seen: Floats,
    blamed: Floats,
    moment_s: Floats,
    lost: NDArray[np.bool_],
) -> tuple[int, int, int, int]:
    """Fill `row`, `seen`, `blamed`, `moment_s` with those of n tracks that the look may have seen, and `lost`.

    `probability` (n,), or (1,) for all, is that of detection in a whole period. A look that is a part of a period sees
    its share of it: the share of the track's azimuths that the beam has passed since the look before, given that
    nothing was seen yet.
    A plot from where none is expected is weighed with `least`; nothing is blamed on a track there. `lost` are tracks
    whose position has become less certain than `worst_m`, or that went below ground.
    Tracks come in the order of their `stage`, which is filled: 0 are grown tracks, 1 young ones (tentative and less
    likely than `young`), 2 those of one plot, which have no models yet. Returned are the numbers of those of stage 0,
    of 0 and 1, and of all, and how many of the n are one of several hypotheses.
    """
    parts = 0
    for t in range(n):
        stage[t] = 1 if status[t] == _TENTATIVE and existence[t] < young else 0
        if mean.shape[1] > 1 and weight[t, 1] == 0.0:
            stage[t] = 2
        parts += 1 if share[t] < 1.0 else 0
    count = 0
    rotating = rotates and sight.swept_s == sight.swept_s
    whole = sight.share_before <= 0.0 and sight.share_after >= 1.0
    turn = _TWO_PI / sight.period_s if rotating else 0.0
    grown, parted = 0, 0
    for sweep in range(3):
        for t in range(n):
            if stage[t] != sweep:
                continue
            best = 0
            for j in range(1, mean.shape[1]):
                if weight[t, j] > weight[t, best]:
                    best = j
            dt = sight.mid_s - time_s[t]
            unsure = 0.0
            for c in range(2):
                # Of the lower triangle: variance of the coordinate, of its speed, and between them.
                own, fast, both = (0, 9, 6) if c == 0 else (2, 14, 11)
                p = covariance[t, best, own] + 2.0 * dt * covariance[t, best, both]
                p += dt * dt * covariance[t, best, fast] + noise_m2ps3 * abs(dt * dt * dt) / 3.0
                unsure = max(unsure, p)
            x = mean[t, best, 0] + dt * mean[t, best, 3]
            y = mean[t, best, 1] + dt * mean[t, best, 4]
            z = mean[t, best, 2] + dt * mean[t, best, 5]
            height = _height(x, y, z, sight.earth_m, sight.earth_rotation)
            lost[t] = unsure > worst_m * worst_m or height < _LOWEST_M
            pd = probability[t if len(probability) > 1 else 0]
            if lost[t]:
                continue
            # Another pass of the same beam cannot come before half a period.
            if rotating and not whole and sight.mid_s - last_seen_s[t, sensor] < 0.5 * sight.period_s:
                continue
            x, y, z = x - sight.origin_m[0], y - sight.origin_m[1], z - sight.origin_m[2]
            r2 = x * x + y * y + z * z
            reach = sight.max_range_m + 3.0 * math.sqrt(unsure)
            if r2 > reach * reach:
                continue
            when = sight.mid_s
            likely = max(pd, least)
            if rotating:
                east = sight.rotation[0, 0] * x + sight.rotation[0, 1] * y + sight.rotation[0, 2] * z
                north = sight.rotation[1, 0] * x + sight.rotation[1, 1] * y + sight.rotation[1, 2] * z
                # Turns of the beam from the middle of the look to the track.
                turns = (math.atan2(east, north) - turn * (sight.mid_s - sight.swept_s)) / _TWO_PI
                turns -= math.floor(turns + 0.5)
                when = sight.mid_s + turns * sight.period_s
                if not whole:
                    level = max(math.sqrt(east * east + north * north), 1.0)
                    sigma = (math.sqrt(unsure) / level + azimuth_sigma_rad) / turn + 1e-3
                    before = _ahead((sight.start_s - when) / sigma)
                    after = _ahead((sight.end_s - when) / sigma)
                    pd = pd * (after - before) / max(1.0 - pd * before, 1e-9)
                    likely = likely * (after - before) / max(1.0 - likely * before, 1e-9)
                when = min(max(when, sight.start_s), sight.end_s)
            elif not whole:
                part = sight.share_after - sight.share_before
                if last_seen_s[t, sensor] >= sight.start_s - (sight.share_before + 1e-6) * sight.period_s:
                    pd = 0.0  # seen in this period already: silence says nothing more
                pd = pd * part / max(1.0 - pd * sight.share_before, 1e-9)
                likely = likely * part / max(1.0 - likely * sight.share_before, 1e-9)
            if likely < _LEAST_SHARE:
                continue
            row[count] = t
            seen[count] = likely
            blamed[count] = pd
            moment_s[count] = when
            count += 1
        if sweep == 0:
            grown = count
        elif sweep == 1:
            parted = count
    return grown, parted, count, parts

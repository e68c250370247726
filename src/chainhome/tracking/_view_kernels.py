"""The first compiled pass of a look: which tracks the sensor passes over, when, and how likely it sees them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

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


@lean
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


@inline
def _chained(
    n: int, parts: int, track_id: Ints, share: Floats, top: Ints, following: Ints, last: Ints, head: Ints
) -> None:
    """Link the rows of each track of several hypotheses, in their order, by a hash table of names: `top` is the first,
    `following` the next or -1. `last` of a first row becomes its last one.
    """
    mask = 1
    while mask < 2 * parts:
        mask *= 2
    mask -= 1
    for h in range(mask + 1):
        head[h] = -1
    for t in range(n):
        if share[t] >= 1.0:
            continue
        h = (track_id[t] * 40503) & mask
        while head[h] >= 0 and track_id[head[h]] != track_id[t]:
            h = (h + 1) & mask
        following[t] = -1
        if head[h] < 0:
            head[h] = t
        else:
            following[last[head[h]]] = t
        top[t] = head[h]
        last[head[h]] = t


@lean
def made_whole(
    n: int,
    parts: int,
    grown: int,
    seen: int,
    mid_s: float,
    track_id: Ints,
    share: Floats,
    rank: NDArray[np.int8],
    time_s: Floats,
    stage: NDArray[np.int8],
    lost: NDArray[np.bool_],
    row: Ints,
    likely: Floats,
    blamed: Floats,
    moment_s: Floats,
    top: Ints,
    following: Ints,
    last: Ints,
    place: Ints,
    head: Ints,
    spare: Ints,
    spare_likely: Floats,
    spare_blamed: Floats,
    spare_moment_s: Floats,
    group_first: Ints,
) -> tuple[int, int]:
    """Bring all hypotheses of a grown track into view if one is, side by side, and let them be lost together.

    `row`, `likely`, `blamed` and `moment_s` are those of `in_view`, with room for all n rows, `parts` of which are one
    of several hypotheses; a hypothesis that the beam does not pass has no part in the look. The hypotheses of track g
    become the rows group_first[g] to group_first[g + 1]. Returns how many rows come into view, and how many tracks.
    """
    _chained(n, parts, track_id, share, top, following, last, head)
    for t in range(n):
        if share[t] >= 1.0:
            continue
        place[t] = -1
        if top[t] == t:
            ended, u = False, t
            while u >= 0:
                ended = ended or (lost[u] and rank[u] == 0)
                u = following[u]
            u = t
            while u >= 0:
                lost[u] = ended
                u = following[u]
    for a in range(grown):
        if share[row[a]] < 1.0:
            place[row[a]] = a
    count, groups = 0, 0
    for a in range(grown):
        t = row[a]
        alone = share[t] >= 1.0
        if not alone and last[top[t]] < 0:
            continue  # came with another of its track
        group_first[groups] = count
        groups += 1
        u = t if alone else top[t]
        if not alone:
            last[u] = -1
        while u >= 0:
            at = a if alone else place[u]
            if at >= 0:
                spare[count], spare_likely[count] = u, likely[at]
                spare_blamed[count], spare_moment_s[count] = blamed[at], moment_s[at]
                count += 1
            elif not lost[u] and stage[u] == 0:
                spare[count], spare_likely[count] = u, 0.0
                spare_blamed[count], spare_moment_s[count] = 0.0, max(time_s[u], mid_s)
                count += 1
            u = -1 if alone else following[u]
    group_first[groups] = count
    more = count - grown
    for a in range(seen - 1, grown - 1, -1):
        row[a + more], likely[a + more] = row[a], likely[a]
        blamed[a + more], moment_s[a + more] = blamed[a], moment_s[a]
    for a in range(count):
        row[a], likely[a] = spare[a], spare_likely[a]
        blamed[a], moment_s[a] = spare_blamed[a], spare_moment_s[a]
    return more, groups

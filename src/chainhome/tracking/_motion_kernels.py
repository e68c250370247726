"""The compiled pass that moves tracks to the moment of a look, and says what the sensor should measure of them.

Tracks come as rows of (track, model, state) arrays. They are taken in blocks of lanes: every step is a loop over the
lanes of a block, without branches, so that the compiler works on several tracks at once. A symmetric matrix is its
lower triangle, row by row, 21 numbers. `tests/unit/test_unit_tracking_twins.py` holds the plain twin.
"""

# Long because a kernel may only call kernels of its own file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel
from chainhome.tracking._view_kernels import Sight

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANES = 32
# Codes of measurement slots; a test compares them with tracking.slots.
RANGE, AZIMUTH, ELEVATION, DOPPLER, HEIGHT = 0, 1, 2, 3, 4
# World Geodetic System 1984; a test compares them with constants.
_SEMI_MAJOR_M = 6378137.0
_SEMI_MINOR_M = 6356752.314245179


class Models(NamedTuple):
    """k motion models: white acceleration along, across and above the track, a turn rate, and how long each holds."""

    along_m2ps3: Floats
    across_m2ps3: Floats
    vertical_m2ps3: Floats
    turn_radps: Floats
    hold_s: Floats
    start: Floats  # probability of each for a new track


class Moved(NamedTuple):
    """a tracks in view, at the moment of the look; k models; s slots."""

    row: Ints  # (a,) row of the state
    seen: Floats  # (a,) probability of a plot in this look if the object exists, for weighing plots
    blamed: Floats  # (a,) the same, for weighing that there was none
    time_s: Floats  # (a,) at which the sensor passes over
    lag_s: Floats  # (a,) how much older that is than the state, which then stays where it is
    existence: Floats  # (a,) probability that the track exists and this hypothesis of it is true
    weight: Floats  # (a, k)
    mean: Floats  # (a, k, 6)
    covariance: Floats  # (a, k, 6, 6)
    measured: Floats  # (a, k, s)
    rate: Floats  # (a, k, s) change of what is measured, by time
    cross: Floats  # (a, k, 6, s) covariance of state and measurement
    spread: Floats  # (a, k, s, s) covariance of the measurement without its own noise


class Lanes(NamedTuple):
    """Room for one block of tracks, every number of the models as LANES lanes in a row."""

    dt_s: Floats
    lag_s: Floats
    mean: Floats  # (k, 6) as they come
    spread: Floats  # (k, 21)
    pool_mean: Floats  # (6,)
    pool_spread: Floats  # (21,)
    pool_weight: Floats
    mixed_mean: Floats  # (6,) of one model
    mixed_spread: Floats  # (21,)
    moved_mean: Floats
    moved_spread: Floats
    weight: Floats  # (k,)
    mixed_weight: Floats
    left: Floats  # (k,) share of each model in the pool
    from_pool: Floats  # (k,) share of the pool in each mixed model
    total: Floats  # (3,)
    local: Floats  # (5,) east, north, up, level distance squared, distance
    cross: Floats  # (6,) of one slot: its covariance with the state
    slopes: Floats  # (s, 6)
    value: Floats  # (s,)
    rate: Floats  # (s,)


@inline
def _atan2(y: float, x: float) -> float:
    """Return atan2 without a branch, so that loops over it vectorise; within 1e-15 of exact [moshier1989]."""
    a, b = abs(y), abs(x)
    steep = a > b
    t = (b if steep else a) / ((a if steep else b) + 1e-300)
    folded = t > 0.66
    s = (t - 1.0) / (t + 1.0) if folded else t
    z = s * s
    p = (((-8.750608600031904e-1 * z - 1.615753718733365e1) * z - 7.500855792314705e1) * z - 1.2288666844901362e2) * z
    q = (((z + 2.485846490142306e1) * z + 1.650270098316989e2) * z + 4.328810604912903e2) * z + 4.853903996359137e2
    angle = s + s * z * (p - 6.485021904942025e1) / (q * z + 1.945506571482614e2)
    angle = angle + (0.25 * math.pi if folded else 0.0)
    angle = 0.5 * math.pi - angle if steep else angle
    angle = math.pi - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


@kernel
def _load(
    m: int,
    k: int,
    base: int,
    row: Ints,
    moment_s: Floats,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    time_s: Floats,
    lanes: Lanes,
) -> bool:
    """Fill the lanes with the tracks from `base` on; return if any lags."""
    w = LANES
    late = False
    for lane in range(m):
        a = base + lane
        t = row[a]
        ahead = moment_s[a] - time_s[t]
        lanes.dt_s[lane] = max(ahead, 0.0)
        lanes.lag_s[lane] = max(-ahead, 0.0)
        late = late or ahead < 0.0
        for i in range(k):
            lanes.weight[i * w + lane] = weight[t, i]
            for c in range(6):
                lanes.mean[(i * 6 + c) * w + lane] = mean[t, i, c]
            q = i * 21
            for c in range(6):
                for d in range(c + 1):
                    lanes.spread[q * w + lane] = covariance[t, i, c, d]
                    q += 1
    return late


@kernel
def _switch(m: int, k: int, models: Models, lanes: Lanes) -> None:
    """Fill the weights after switching, and how much of each mixed model comes out of the pool of those that left.

    A model is left at a rate of one in `hold_s`, for a model drawn as at a track's start: so the mixing of the
    interacting multiple model [blom1988] needs one pool for all, and not every pair of models.
    """
    w = LANES
    total = lanes.pool_weight
    for lane in range(m):
        total[lane] = 0.0
    for i in range(k):
        o = i * w
        rate = -1.0 / models.hold_s[i] if k > 1 else 0.0
        for lane in range(m):
            leave = lanes.weight[o + lane] * (1.0 - math.exp(rate * lanes.dt_s[lane]))
            lanes.left[o + lane] = leave
            total[lane] += leave
    for i in range(k):
        o = i * w
        for lane in range(m):
            pooled = models.start[i] * total[lane]
            whole = lanes.weight[o + lane] - lanes.left[o + lane] + pooled
            lanes.mixed_weight[o + lane] = whole
            lanes.from_pool[o + lane] = pooled / (whole + 1e-300)
            lanes.left[o + lane] /= total[lane] + 1e-300


@kernel
def _pool(m: int, k: int, lanes: Lanes) -> None:
    """Fill the mean and covariance of the pool: what left its model, matched in moments."""
    w = LANES
    x, p, left = lanes.mean, lanes.spread, lanes.left
    for c in range(6):
        mean = lanes.pool_mean[c * w : (c + 1) * w]
        for lane in range(m):
            mean[lane] = 0.0
        for i in range(k):
            part, share = x[(i * 6 + c) * w : (i * 6 + c + 1) * w], left[i * w : (i + 1) * w]
            for lane in range(m):
                mean[lane] += share[lane] * part[lane]
    q = 0
    for c in range(6):
        for d in range(c + 1):
            spread = lanes.pool_spread[q * w : (q + 1) * w]
            one, other = lanes.pool_mean[c * w : (c + 1) * w], lanes.pool_mean[d * w : (d + 1) * w]
            for lane in range(m):
                spread[lane] = 0.0
            for i in range(k):
                part, share = p[(i * 21 + q) * w : (i * 21 + q + 1) * w], left[i * w : (i + 1) * w]
                x1, x2 = x[(i * 6 + c) * w : (i * 6 + c + 1) * w], x[(i * 6 + d) * w : (i * 6 + d + 1) * w]
                for lane in range(m):
                    apart = (x1[lane] - one[lane]) * (x2[lane] - other[lane])
                    spread[lane] += share[lane] * (part[lane] + apart)
            q += 1


@kernel
def _mix(m: int, j: int, lanes: Lanes) -> None:
    """Fill the mixed mean and covariance of one model: its own and the pool's, matched in moments."""
    w = LANES
    x, p, xp, pp, share = lanes.mean, lanes.spread, lanes.pool_mean, lanes.pool_spread, lanes.from_pool
    xm, pm, apart = lanes.mixed_mean, lanes.mixed_spread, lanes.cross
    s = j * w
    for c in range(6):
        f, o = (j * 6 + c) * w, c * w
        for lane in range(m):
            apart[o + lane] = xp[o + lane] - x[f + lane]
            xm[o + lane] = x[f + lane] + share[s + lane] * apart[o + lane]
    q = 0
    for c in range(6):
        for d in range(c + 1):
            f, o, oc, od = (j * 21 + q) * w, q * w, c * w, d * w
            for lane in range(m):
                a = share[s + lane]
                pm[o + lane] = p[f + lane] + a * (
                    pp[o + lane] - p[f + lane] + (1.0 - a) * apart[oc + lane] * apart[od + lane]
                )
            q += 1


@kernel
def _move(m: int, j: int, models: Models, lanes: Lanes) -> None:
    """Move one model on by dt >= 0 seconds of (nearly) constant velocity or turn [barshalom2001, 6.2, 11.7]."""
    w = LANES
    x, p, xo, po, dts = lanes.mixed_mean, lanes.mixed_spread, lanes.moved_mean, lanes.moved_spread, lanes.dt_s
    b, f = 0, 0
    along, across, above, turn = (
        models.along_m2ps3[j],
        models.across_m2ps3[j],
        models.vertical_m2ps3[j],
        models.turn_radps[j],
    )
    for lane in range(m):
        t = dts[lane]
        # sin and cos of the angle turned, to 1e-16 within half a turn; s1, c1: the same over the turn rate.
        a = turn * t
        n = math.floor(a * (2.0 / math.pi) + 0.5)
        r = (a - n * 1.5707963267948966) - n * 6.123233995736766e-17
        z = r * r
        sr = r + r * z * (
            (
                (
                    ((1.58962301576546568060e-10 * z - 2.50507477628578072866e-8) * z + 2.75573136213857245213e-6) * z
                    - 1.98412698295895385996e-4
                )
                * z
                + 8.33333333332211858878e-3
            )
            * z
            - 1.66666666666666307295e-1
        )
        cr = (
            1.0
            - 0.5 * z
            + z
            * z
            * (
                (
                    (
                        ((-1.13585365213876817300e-11 * z + 2.08757008419747316778e-9) * z - 2.75573141792967388112e-7)
                        * z
                        + 2.48015872888517045348e-5
                    )
                    * z
                    - 1.38888888888730564116e-3
                )
                * z
                + 4.16666666666665929218e-2
            )
        )
        quarter = n - 4.0 * math.floor(n * 0.25)
        s0 = sr if quarter == 0.0 else (cr if quarter == 1.0 else (-sr if quarter == 2.0 else -cr))
        c0 = cr if quarter == 0.0 else (-sr if quarter == 1.0 else (-cr if quarter == 2.0 else sr))
        straight = turn == 0.0
        over = 1.0 if straight else turn
        s1 = t if straight else s0 / over
        c1 = 0.0 if straight else (1.0 - c0) / over
        vx, vy = x[b + 3 * w + lane], x[b + 4 * w + lane]
        vz = x[b + 5 * w + lane]
        # A positive turn rate is to the right, as azimuth counts.
        xo[b + lane] = x[b + lane] + s1 * vx + c1 * vy
        xo[b + w + lane] = x[b + w + lane] + s1 * vy - c1 * vx
        xo[b + 2 * w + lane] = x[b + 2 * w + lane] + t * vz
        ux, uy = c0 * vx + s0 * vy, c0 * vy - s0 * vx
        xo[b + 3 * w + lane] = ux
        xo[b + 4 * w + lane] = uy
        xo[b + 5 * w + lane] = vz
        p00, p10, p11 = p[f + lane], p[f + w + lane], p[f + 2 * w + lane]
        p20, p21, p22 = p[f + 3 * w + lane], p[f + 4 * w + lane], p[f + 5 * w + lane]
        p30, p31, p32, p33 = p[f + 6 * w + lane], p[f + 7 * w + lane], p[f + 8 * w + lane], p[f + 9 * w + lane]
        p40, p41, p42, p43 = p[f + 10 * w + lane], p[f + 11 * w + lane], p[f + 12 * w + lane], p[f + 13 * w + lane]
        p44 = p[f + 14 * w + lane]
        p50, p51, p52, p53 = p[f + 15 * w + lane], p[f + 16 * w + lane], p[f + 17 * w + lane], p[f + 18 * w + lane]
        p54, p55 = p[f + 19 * w + lane], p[f + 20 * w + lane]
        # Positions with velocities, the positions moved: rows 0 to 2 of F P, columns 3 to 5.
        a03, a04, a05 = p30 + s1 * p33 + c1 * p43, p40 + s1 * p43 + c1 * p44, p50 + s1 * p53 + c1 * p54
        a13, a14, a15 = p31 + s1 * p43 - c1 * p33, p41 + s1 * p44 - c1 * p43, p51 + s1 * p54 - c1 * p53
        a23, a24, a25 = p32 + t * p53, p42 + t * p54, p52 + t * p55
        # Half as far known as the direction is: an unsure heading takes the mean of both densities.
        speed2 = vx * vx + vy * vy
        b33 = c0 * c0 * p33 + 2.0 * c0 * s0 * p43 + s0 * s0 * p44
        b44 = c0 * c0 * p44 - 2.0 * c0 * s0 * p43 + s0 * s0 * p33
        b43 = c0 * s0 * (p44 - p33) + (c0 * c0 - s0 * s0) * p43
        sure = 1.0 / (speed2 + b33 + b44 + 1e-300)
        half, apart = 0.5 * (along + across), 0.5 * (along - across) * sure
        q00, q11 = half + apart * (ux * ux - uy * uy), half - apart * (ux * ux - uy * uy)
        q01 = apart * 2.0 * ux * uy
        d2, d3 = t * t / 2.0, t * t * t / 3.0
        po[f + lane] = p00 + s1 * p30 + c1 * p40 + s1 * a03 + c1 * a04 + q00 * d3
        po[f + w + lane] = p10 + s1 * p31 + c1 * p41 + s1 * a04 - c1 * a03 + q01 * d3
        po[f + 2 * w + lane] = p11 + s1 * p41 - c1 * p31 + s1 * a14 - c1 * a13 + q11 * d3
        po[f + 3 * w + lane] = p20 + s1 * p32 + c1 * p42 + t * a05
        po[f + 4 * w + lane] = p21 + s1 * p42 - c1 * p32 + t * a15
        po[f + 5 * w + lane] = p22 + t * p52 + t * a25 + above * d3
        po[f + 6 * w + lane] = c0 * a03 + s0 * a04 + q00 * d2
        po[f + 7 * w + lane] = c0 * a13 + s0 * a14 + q01 * d2
        po[f + 8 * w + lane] = c0 * a23 + s0 * a24
        po[f + 9 * w + lane] = b33 + q00 * t
        po[f + 10 * w + lane] = c0 * a04 - s0 * a03 + q01 * d2
        po[f + 11 * w + lane] = c0 * a14 - s0 * a13 + q11 * d2
        po[f + 12 * w + lane] = c0 * a24 - s0 * a23
        po[f + 13 * w + lane] = b43 + q01 * t
        po[f + 14 * w + lane] = b44 + q11 * t
        po[f + 15 * w + lane] = a05
        po[f + 16 * w + lane] = a15
        po[f + 17 * w + lane] = a25 + above * d2
        po[f + 18 * w + lane] = c0 * p53 + s0 * p54
        po[f + 19 * w + lane] = c0 * p54 - s0 * p53
        po[f + 20 * w + lane] = p55 + above * t


@kernel
def _place_sight(m: int, sight: Sight, lanes: Lanes) -> None:
    """Fill where each track stands from the sensor, `lag_s` ago: east, north, up, and the length of the way."""
    w = LANES
    x, lags, local = lanes.moved_mean, lanes.lag_s, lanes.local
    m00, m01, m02 = sight.rotation[0, 0], sight.rotation[0, 1], sight.rotation[0, 2]
    m10, m11, m12 = sight.rotation[1, 0], sight.rotation[1, 1], sight.rotation[1, 2]
    m20, m21, m22 = sight.rotation[2, 0], sight.rotation[2, 1], sight.rotation[2, 2]
    ox, oy, oz = sight.origin_m[0], sight.origin_m[1], sight.origin_m[2]
    for lane in range(m):
        lag = lags[lane]
        px = x[lane] - lag * x[3 * w + lane] - ox
        py = x[w + lane] - lag * x[4 * w + lane] - oy
        pz = x[2 * w + lane] - lag * x[5 * w + lane] - oz
        e = m00 * px + m01 * py + m02 * pz
        n = m10 * px + m11 * py + m12 * pz
        u = m20 * px + m21 * py + m22 * pz
        level2 = max(e * e + n * n, 1.0)
        local[lane] = e
        local[w + lane] = n
        local[2 * w + lane] = u
        local[3 * w + lane] = level2
        local[4 * w + lane] = math.sqrt(level2 + u * u)


@kernel
def _polar(m: int, slot: int, s: int, sight: Sight, lanes: Lanes) -> None:
    """Fill value, rate and slopes of range, azimuth, elevation or range rate."""
    w = LANES
    local, d = lanes.local, lanes.total
    if slot == AZIMUTH:
        for lane in range(m):
            e, n, level2 = local[lane], local[w + lane], local[3 * w + lane]
            lanes.value[s * w + lane] = _atan2(e, n)
            d[lane] = n / level2
            d[w + lane] = -e / level2
            d[2 * w + lane] = 0.0
    elif slot == ELEVATION:
        for lane in range(m):
            e, n, u = local[lane], local[w + lane], local[2 * w + lane]
            level2, r = local[3 * w + lane], local[4 * w + lane]
            level, r2 = math.sqrt(level2), r * r
            lanes.value[s * w + lane] = _atan2(u, level)
            d[lane] = -e * u / (level * r2)
            d[w + lane] = -n * u / (level * r2)
            d[2 * w + lane] = level / r2
    else:
        for lane in range(m):
            r = local[4 * w + lane]
            lanes.value[s * w + lane] = r
            d[lane] = local[lane] / r
            d[w + lane] = local[w + lane] / r
            d[2 * w + lane] = local[2 * w + lane] / r
    _turn_slopes(m, slot == DOPPLER, s, sight, lanes)


@kernel
def _turn_slopes(m: int, doppler: bool, s: int, sight: Sight, lanes: Lanes) -> None:
    """Turn slopes by east, north, up into slopes by the state; of the range into those of the range rate."""
    w = LANES
    x, lags, h, d = lanes.moved_mean, lanes.lag_s, lanes.slopes, lanes.total
    rate = lanes.rate
    m00, m01, m02 = sight.rotation[0, 0], sight.rotation[0, 1], sight.rotation[0, 2]
    m10, m11, m12 = sight.rotation[1, 0], sight.rotation[1, 1], sight.rotation[1, 2]
    m20, m21, m22 = sight.rotation[2, 0], sight.rotation[2, 1], sight.rotation[2, 2]
    g = s * 6 * w
    east, north, up = d[:w], d[w : 2 * w], d[2 * w : 3 * w]
    vx, vy, vz = x[3 * w : 4 * w], x[4 * w : 5 * w], x[5 * w : 6 * w]
    h0, h1, h2 = h[g : g + w], h[g + w : g + 2 * w], h[g + 2 * w : g + 3 * w]
    along_sight = rate[s * w : (s + 1) * w]
    for lane in range(m):
        h0[lane] = east[lane] * m00 + north[lane] * m10 + up[lane] * m20
        h1[lane] = east[lane] * m01 + north[lane] * m11 + up[lane] * m21
        h2[lane] = east[lane] * m02 + north[lane] * m12 + up[lane] * m22
        along_sight[lane] = h0[lane] * vx[lane] + h1[lane] * vy[lane] + h2[lane] * vz[lane]
    for c in range(3):
        slope, by_speed = h[g + c * w : g + (c + 1) * w], h[g + (3 + c) * w : g + (4 + c) * w]
        for lane in range(m):
            by_speed[lane] = -lags[lane] * slope[lane]
    if doppler:
        for lane in range(m):
            r, along = lanes.local[4 * w + lane], rate[s * w + lane]
            lanes.value[s * w + lane] = along
            rate[s * w + lane] = 0.0
            for c in range(3):
                sight_c = h[g + c * w + lane]
                across = (x[(3 + c) * w + lane] - sight_c * along) / r
                h[g + c * w + lane] = across
                h[g + (3 + c) * w + lane] = sight_c - lags[lane] * across


@kernel
def _cartesian(m: int, slot: int, s: int, sight: Sight, lanes: Lanes) -> None:
    """Fill value, rate and slopes of a coordinate, or of height above the ellipsoid (within 0.1 m below 18 km)."""
    w = LANES
    x, lags, value, rate, h = lanes.moved_mean, lanes.lag_s, lanes.value, lanes.rate, lanes.slopes
    e = sight.earth_rotation
    b, g = 0, s * 6 * w
    ratio2 = (_SEMI_MAJOR_M / _SEMI_MINOR_M) ** 2
    for lane in range(m):
        lag = lags[lane]
        vx, vy, vz = x[b + 3 * w + lane], x[b + 4 * w + lane], x[b + 5 * w + lane]
        px, py, pz = x[b + lane] - lag * vx, x[b + w + lane] - lag * vy, x[b + 2 * w + lane] - lag * vz
        gx = sight.earth_m[0] + e[0, 0] * px + e[1, 0] * py + e[2, 0] * pz
        gy = sight.earth_m[1] + e[0, 1] * px + e[1, 1] * py + e[2, 1] * pz
        gz = sight.earth_m[2] + e[0, 2] * px + e[1, 2] * py + e[2, 2] * pz
        axial2 = gx * gx + gy * gy
        r = math.sqrt(axial2 + gz * gz)
        # Up to the ellipsoid along the line to the earth's centre.
        ground = _SEMI_MAJOR_M * r / math.sqrt(axial2 + gz * gz * ratio2)
        high = slot == HEIGHT
        d0 = (e[0, 0] * gx + e[0, 1] * gy + e[0, 2] * gz) / r if high else (1.0 if slot == 0 else 0.0)
        d1 = (e[1, 0] * gx + e[1, 1] * gy + e[1, 2] * gz) / r if high else (1.0 if slot == 1 else 0.0)
        d2 = (e[2, 0] * gx + e[2, 1] * gy + e[2, 2] * gz) / r if high else (1.0 if slot == 2 else 0.0)
        value[s * w + lane] = r - ground if high else (px if slot == 0 else (py if slot == 1 else pz))
        rate[s * w + lane] = d0 * vx + d1 * vy + d2 * vz
        h[g + lane] = d0
        h[g + w + lane] = d1
        h[g + 2 * w + lane] = d2
        h[g + 3 * w + lane] = -lag * d0
        h[g + 4 * w + lane] = -lag * d1
        h[g + 5 * w + lane] = -lag * d2


@inline
def _place(c: int, d: int) -> int:
    """Where an element of a symmetric matrix stands in its lower triangle."""
    return c * (c + 1) // 2 + d if c >= d else d * (d + 1) // 2 + c


@kernel
def _dot(m: int, a: Floats, a0: int, a1: int, a2: int, b: Floats, b0: int, out: Floats, o: int, more: bool) -> None:
    """Fill lanes o of `out` with the product of three rows of lanes of `a` and three following rows of `b`."""
    w = LANES
    x, y, z = a[a0 * w : (a0 + 1) * w], a[a1 * w : (a1 + 1) * w], a[a2 * w : (a2 + 1) * w]
    u, v, t = b[b0 * w : (b0 + 1) * w], b[(b0 + 1) * w : (b0 + 2) * w], b[(b0 + 2) * w : (b0 + 3) * w]
    to = out[o * w : (o + 1) * w]
    if more:
        for lane in range(m):
            to[lane] += x[lane] * u[lane] + y[lane] * v[lane] + z[lane] * t[lane]
    else:
        for lane in range(m):
            to[lane] = x[lane] * u[lane] + y[lane] * v[lane] + z[lane] * t[lane]


@kernel
def _project(m: int, j: int, base: int, ns: int, reach: int, late_m2ps3: float, lanes: Lanes, out: Moved) -> None:
    """Fill the covariance of state and measurement, and that of the measurement without its own noise.

    Only the first `reach` components of the state count in the slopes: 3 where no velocity does.
    """
    w = LANES
    p, h, u, total = lanes.moved_spread, lanes.slopes, lanes.cross, lanes.total
    for s in range(ns):
        for c in range(6):
            for d in range(0, reach, 3):
                _dot(m, p, _place(c, d), _place(c, d + 1), _place(c, d + 2), h, s * 6 + d, u, c, d > 0)
            for lane in range(m):
                out.cross[base + lane, j, c, s] = u[c * w + lane]
        for s2 in range(s, ns):
            for d in range(0, reach, 3):
                _dot(m, u, d, d + 1, d + 2, h, s2 * 6 + d, total, 0, d > 0)
            if reach > 3:
                for d in range(3):
                    g, g2 = (s * 6 + d) * w, (s2 * 6 + d) * w
                    for lane in range(m):
                        lag = lanes.lag_s[lane]
                        total[lane] += late_m2ps3 * lag * lag * lag / 3.0 * h[g + lane] * h[g2 + lane]
            for lane in range(m):
                out.spread[base + lane, j, s, s2] = total[lane]
                out.spread[base + lane, j, s2, s] = total[lane]
        for lane in range(m):
            out.measured[base + lane, j, s] = lanes.value[s * w + lane]
            out.rate[base + lane, j, s] = lanes.rate[s * w + lane]


@kernel
def _store(m: int, j: int, base: int, lanes: Lanes, out: Moved) -> None:
    w = LANES
    for lane in range(m):
        a = base + lane
        out.weight[a, j] = lanes.mixed_weight[j * w + lane]
        for c in range(6):
            out.mean[a, j, c] = lanes.moved_mean[c * w + lane]
        q = 0
        for c in range(6):
            for d in range(c + 1):
                out.covariance[a, j, c, d] = lanes.moved_spread[q * w + lane]
                out.covariance[a, j, d, c] = lanes.moved_spread[q * w + lane]
                q += 1


@kernel
def moved(
    parted: int,
    count: int,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    existence: Floats,
    share: Floats,
    time_s: Floats,
    life_s: float,
    models: Models,
    sight: Sight,
    slots: Ints,
    out: Moved,
    lanes: Lanes,
) -> None:
    """Fill `out` for its first `count` rows: states at the moment of the look, and what the sensor should measure.

    Tracks from `parted` on have one plot only and no velocity: their models are still one, the first.

    A track that is already newer than that moment stays, and is measured in its past: its velocity carries the lag,
    and the unknown acceleration since counts as noise, algorithm C of [barshalom2002] without the correlation.
    """
    ns = len(slots)
    base = 0
    while base < count:
        k, end = (weight.shape[1], parted) if base < parted else (1, count)
        some = min(LANES, end - base)
        late = _load(some, k, base, out.row, out.time_s, mean, covariance, weight, time_s, lanes)
        _switch(some, k, models, lanes)
        _pool(some, k, lanes)
        reach = 6 if late else 3
        for s in range(ns):
            reach = 6 if slots[s] == DOPPLER else reach
        for j in range(k):
            _mix(some, j, lanes)
            _move(some, j, models, lanes)
            if sight.polar:
                _place_sight(some, sight, lanes)
            for s in range(ns):
                if sight.polar and slots[s] != HEIGHT:
                    _polar(some, slots[s], s, sight, lanes)
                else:
                    _cartesian(some, slots[s], s, sight, lanes)
            _store(some, j, base, lanes, out)
            restless = max(models.along_m2ps3[j], models.across_m2ps3[j])
            _project(some, j, base, ns, reach, restless, lanes, out)
        for lane in range(some):
            a = base + lane
            for j in range(k, weight.shape[1]):
                out.weight[a, j] = 0.0
            out.lag_s[a] = lanes.lag_s[lane]
            out.existence[a] = existence[out.row[a]] * share[out.row[a]] * math.exp(-lanes.dt_s[lane] / life_s)
        base += some


def lanes_for(models: int, slots: int) -> Lanes:
    """Return room for one block of tracks."""
    k, s = models, slots
    sizes = (1, 1, 6 * k, 21 * k, 6, 21, 1, 6, 21, 6, 21, k, k, k, k, 3, 5, 6, 6 * s, s, s)
    return Lanes(*(np.zeros(size * LANES) for size in sizes))

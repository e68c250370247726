"""The compiled pass that moves tracks to the moment of a look, and says what the sensor should measure of them.

Tracks come as rows of (track, model, state) arrays. They are taken in blocks of lanes: every step is a loop over the
lanes of a block, without branches, so that the compiler works on several tracks at once. All numbers of a block stand
in one buffer, in rows of lanes: handing a tuple of arrays to a kernel costs as much as the work of some tracks. A
symmetric matrix is its lower triangle, row by row, 21 numbers. `tests/unit/test_unit_tracking_twins.py` holds the plain
twin.
"""

# Long because a kernel may only call kernels of its own file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean
from chainhome.tracking._view_kernels import Sight

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LANES = 32
VECTOR = 8  # lanes that the processor works on at once
# Codes of measurement slots; a test compares them with tracking.slots.
RANGE, AZIMUTH, ELEVATION, DOPPLER, HEIGHT = 0, 1, 2, 3, 4
# World Geodetic System 1984; a test compares them with constants.
_SEMI_MAJOR_M = 6378137.0
_SEMI_MINOR_M = 6356752.314245179
_ONE_OVER_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)

# Rows of the buffer of a block, each of LANES numbers.
DT_S = 0
LAG_S = 1
POOL_WEIGHT = 2
POOL = 3  # mean (6,) and covariance (21,) of what left its model
STATE = 30  # the same of one model, mixed and moved
LOCAL = 57  # east, north, up, level distance squared, distance
VALUE = 62  # of each slot
RATE = 67
SLOPES = 72  # (s, 6) of slots by the state
CROSS = 102  # (s, 6) covariance of slot and state
TOTAL = 132  # (s, s) covariance of slots, or how to whiten them
PEAK = 157  # density of a plot right there
BOX = 158  # what the gate's box is made of: see _widen
WIDE = 165  # of three slots: the largest variance of any model
SWIFT = 168  # of three slots: the fastest rate
OWN = 171  # of three slots: the variance of what is measured, without the plot's own
WIDEST = 174  # squared distance that a plot may have
STRONGEST = 175  # of the peaks of all models
MODELS = 176  # from here on, of each model:
MEAN, SPREAD, WEIGHT, MIXED, LEFT, FROM_POOL, MODEL_ROWS = 0, 6, 27, 28, 29, 30, 31
# WEIGHT is before switching, MIXED after; LEFT its share of the pool, FROM_POOL the share of the pool in it.


class Models(NamedTuple):
    """k motion models: white acceleration along, across and above the track, a turn rate, and how long each holds."""

    along_m2ps3: Floats
    across_m2ps3: Floats
    vertical_m2ps3: Floats
    turn_radps: Floats
    hold_s: Floats
    start: Floats  # probability of each for a new track


class Moved(NamedTuple):
    """a tracks in view, which stand at the moment of the look; k models; s slots."""

    row: Ints  # (a,) row of the state
    seen: Floats  # (a,) probability of a plot in this look if the object exists, for weighing plots
    blamed: Floats  # (a,) the same, for weighing that there was none
    time_s: Floats  # (a,) at which the sensor passes over
    lag_s: Floats  # (a,) how much older that is than the state, which then stays where it is
    existence: Floats  # (a,) probability that the track exists and this hypothesis of it is true
    measured: Floats  # (a, k, s)
    rate: Floats  # (a, k, s) change of what is measured, by time
    cross: Floats  # (a, k, s, 6) covariance of measurement and state; of a look of equal plots the whitened gain
    spread: Floats  # (a, k, s, s) lower triangle: covariance of the measurement without its own noise; of a look of
    # equal plots the Cholesky root with it, the diagonal inverted
    peak: Floats  # (a, k) density of a plot just where it is expected, in a look of equal plots
    widest: Floats  # (a,) squared distance that a plot may have in a look of equal plots; not positive: none may be
    box: Floats  # (a, 7) in which all plots inside the gate lie: slot 0 from, to; centre of slot 1, and from, to
    # relative to it; slot 2 from, to


class Spread(NamedTuple):
    """How far the plots of a look may lie from where they are expected."""

    equal: bool  # all plots have all slots, and the same variances
    variance: Floats  # (s,) the largest of any plot
    widest: float  # squared distance that a plot with all slots may have
    widest_first: float  # the same from a track of one plot
    faint: float  # density of a young track's plot below which it makes no track
    slack_s: float  # how far the time of a plot may lie from the moment at which its track was expected
    turn_radps: float  # of the beam; 0 = it does not rotate


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


@lean
def _gathered(
    m: int,
    k: int,
    base: int,
    row: Ints,
    moment_s: Floats,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    time_s: Floats,
    lanes: Floats,
) -> bool:
    """Fill the lanes with the tracks from `base` on; return if any lags."""
    w = LANES
    late = False
    for lane in range(m):
        a = base + lane
        t = row[a]
        ahead = moment_s[a] - time_s[t]
        lanes[DT_S * w + lane] = max(ahead, 0.0)
        lanes[LAG_S * w + lane] = max(-ahead, 0.0)
        late = late or ahead < 0.0
        for i in range(k):
            f = (MODELS + i * MODEL_ROWS) * w + lane
            for c in range(6):
                lanes[f + (MEAN + c) * w] = mean[t, i, c]
            for q in range(21):
                lanes[f + (SPREAD + q) * w] = covariance[t, i, q]
            lanes[f + WEIGHT * w] = weight[t, i]
    return late


@lean
def _switch(m: int, k: int, hold_s: Floats, start: Floats, lanes: Floats) -> None:
    """Fill the weights after switching, and how much of each mixed model comes out of the pool of those that left.

    A model is left at a rate of one in `hold_s`, for a model drawn as at a track's start: so the mixing of the
    interacting multiple model [blom1988] needs one pool for all, and not every pair of models.
    """
    w = LANES
    dt, total = lanes[DT_S * w : (DT_S + 1) * w], lanes[POOL_WEIGHT * w : (POOL_WEIGHT + 1) * w]
    for lane in range(m):
        total[lane] = 0.0
    for i in range(k):
        o = lanes[(MODELS + i * MODEL_ROWS) * w : (MODELS + (i + 1) * MODEL_ROWS) * w]
        rate = -1.0 / hold_s[i] if k > 1 else 0.0
        for lane in range(m):
            leave = o[WEIGHT * w + lane] * (1.0 - math.exp(rate * dt[lane]))
            o[LEFT * w + lane] = leave
            total[lane] += leave
    for i in range(k):
        o = lanes[(MODELS + i * MODEL_ROWS) * w : (MODELS + (i + 1) * MODEL_ROWS) * w]
        for lane in range(m):
            pooled = start[i] * total[lane]
            whole = o[WEIGHT * w + lane] - o[LEFT * w + lane] + pooled
            o[MIXED * w + lane] = whole
            o[FROM_POOL * w + lane] = pooled / (whole + 1e-300)
            o[LEFT * w + lane] /= total[lane] + 1e-300


@lean
def _pool(m: int, k: int, lanes: Floats) -> None:
    """Fill the mean and covariance of the pool: what left its model, matched in moments."""
    w = LANES
    pool = POOL * w
    for lane in range(27 * w):
        lanes[pool + lane] = 0.0
    for i in range(k):
        o = (MODELS + i * MODEL_ROWS) * w
        for lane in range(m):
            s = lanes[o + LEFT * w + lane]
            lanes[pool + lane] += s * lanes[o + lane]
            lanes[pool + w + lane] += s * lanes[o + w + lane]
            lanes[pool + 2 * w + lane] += s * lanes[o + 2 * w + lane]
            lanes[pool + 3 * w + lane] += s * lanes[o + 3 * w + lane]
            lanes[pool + 4 * w + lane] += s * lanes[o + 4 * w + lane]
            lanes[pool + 5 * w + lane] += s * lanes[o + 5 * w + lane]
    for i in range(k):
        o = (MODELS + i * MODEL_ROWS) * w
        for lane in range(m):
            s = lanes[o + LEFT * w + lane]
            d0 = lanes[o + lane] - lanes[pool + lane]
            d1 = lanes[o + w + lane] - lanes[pool + w + lane]
            d2 = lanes[o + 2 * w + lane] - lanes[pool + 2 * w + lane]
            d3 = lanes[o + 3 * w + lane] - lanes[pool + 3 * w + lane]
            d4 = lanes[o + 4 * w + lane] - lanes[pool + 4 * w + lane]
            d5 = lanes[o + 5 * w + lane] - lanes[pool + 5 * w + lane]
            lanes[pool + 6 * w + lane] += s * (lanes[o + 6 * w + lane] + d0 * d0)
            lanes[pool + 7 * w + lane] += s * (lanes[o + 7 * w + lane] + d1 * d0)
            lanes[pool + 8 * w + lane] += s * (lanes[o + 8 * w + lane] + d1 * d1)
            lanes[pool + 9 * w + lane] += s * (lanes[o + 9 * w + lane] + d2 * d0)
            lanes[pool + 10 * w + lane] += s * (lanes[o + 10 * w + lane] + d2 * d1)
            lanes[pool + 11 * w + lane] += s * (lanes[o + 11 * w + lane] + d2 * d2)
            lanes[pool + 12 * w + lane] += s * (lanes[o + 12 * w + lane] + d3 * d0)
            lanes[pool + 13 * w + lane] += s * (lanes[o + 13 * w + lane] + d3 * d1)
            lanes[pool + 14 * w + lane] += s * (lanes[o + 14 * w + lane] + d3 * d2)
            lanes[pool + 15 * w + lane] += s * (lanes[o + 15 * w + lane] + d3 * d3)
            lanes[pool + 16 * w + lane] += s * (lanes[o + 16 * w + lane] + d4 * d0)
            lanes[pool + 17 * w + lane] += s * (lanes[o + 17 * w + lane] + d4 * d1)
            lanes[pool + 18 * w + lane] += s * (lanes[o + 18 * w + lane] + d4 * d2)
            lanes[pool + 19 * w + lane] += s * (lanes[o + 19 * w + lane] + d4 * d3)
            lanes[pool + 20 * w + lane] += s * (lanes[o + 20 * w + lane] + d4 * d4)
            lanes[pool + 21 * w + lane] += s * (lanes[o + 21 * w + lane] + d5 * d0)
            lanes[pool + 22 * w + lane] += s * (lanes[o + 22 * w + lane] + d5 * d1)
            lanes[pool + 23 * w + lane] += s * (lanes[o + 23 * w + lane] + d5 * d2)
            lanes[pool + 24 * w + lane] += s * (lanes[o + 24 * w + lane] + d5 * d3)
            lanes[pool + 25 * w + lane] += s * (lanes[o + 25 * w + lane] + d5 * d4)
            lanes[pool + 26 * w + lane] += s * (lanes[o + 26 * w + lane] + d5 * d5)


@lean
def _advance(m: int, j: int, along: float, across: float, above: float, turn: float, lanes: Floats) -> None:
    """Mix one model with the pool, matched in moments, and move it on by dt >= 0 seconds of (nearly) constant velocity
    or turn [barshalom2001, 6.2, 11.7].
    """
    w = LANES
    pool, to, o = POOL * w, STATE * w, (MODELS + j * MODEL_ROWS) * w
    for lane in range(m):
        t = lanes[DT_S * w + lane]
        # sin and cos of the angle turned, to 1e-16 within half a turn; s1, c1: the same over the turn rate.
        angle = turn * t
        n = math.floor(angle * (2.0 / math.pi) + 0.5)
        r = (angle - n * 1.5707963267948966) - n * 6.123233995736766e-17
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
        a = lanes[o + FROM_POOL * w + lane]
        rest = 1.0 - a
        d0 = lanes[pool + lane] - lanes[o + lane]
        d1 = lanes[pool + w + lane] - lanes[o + w + lane]
        d2 = lanes[pool + 2 * w + lane] - lanes[o + 2 * w + lane]
        d3 = lanes[pool + 3 * w + lane] - lanes[o + 3 * w + lane]
        d4 = lanes[pool + 4 * w + lane] - lanes[o + 4 * w + lane]
        d5 = lanes[pool + 5 * w + lane] - lanes[o + 5 * w + lane]
        px, py, pz = lanes[o + lane] + a * d0, lanes[o + w + lane] + a * d1, lanes[o + 2 * w + lane] + a * d2
        vx, vy, vz = (
            lanes[o + 3 * w + lane] + a * d3,
            lanes[o + 4 * w + lane] + a * d4,
            lanes[o + 5 * w + lane] + a * d5,
        )
        # A positive turn rate is to the right, as azimuth counts.
        ux, uy = c0 * vx + s0 * vy, c0 * vy - s0 * vx
        lanes[to + lane] = px + s1 * vx + c1 * vy
        lanes[to + w + lane] = py + s1 * vy - c1 * vx
        lanes[to + 2 * w + lane] = pz + t * vz
        lanes[to + 3 * w + lane] = ux
        lanes[to + 4 * w + lane] = uy
        lanes[to + 5 * w + lane] = vz
        p00 = lanes[o + 6 * w + lane] + a * (lanes[pool + 6 * w + lane] - lanes[o + 6 * w + lane] + rest * d0 * d0)
        p10 = lanes[o + 7 * w + lane] + a * (lanes[pool + 7 * w + lane] - lanes[o + 7 * w + lane] + rest * d1 * d0)
        p11 = lanes[o + 8 * w + lane] + a * (lanes[pool + 8 * w + lane] - lanes[o + 8 * w + lane] + rest * d1 * d1)
        p20 = lanes[o + 9 * w + lane] + a * (lanes[pool + 9 * w + lane] - lanes[o + 9 * w + lane] + rest * d2 * d0)
        p21 = lanes[o + 10 * w + lane] + a * (lanes[pool + 10 * w + lane] - lanes[o + 10 * w + lane] + rest * d2 * d1)
        p22 = lanes[o + 11 * w + lane] + a * (lanes[pool + 11 * w + lane] - lanes[o + 11 * w + lane] + rest * d2 * d2)
        p30 = lanes[o + 12 * w + lane] + a * (lanes[pool + 12 * w + lane] - lanes[o + 12 * w + lane] + rest * d3 * d0)
        p31 = lanes[o + 13 * w + lane] + a * (lanes[pool + 13 * w + lane] - lanes[o + 13 * w + lane] + rest * d3 * d1)
        p32 = lanes[o + 14 * w + lane] + a * (lanes[pool + 14 * w + lane] - lanes[o + 14 * w + lane] + rest * d3 * d2)
        p33 = lanes[o + 15 * w + lane] + a * (lanes[pool + 15 * w + lane] - lanes[o + 15 * w + lane] + rest * d3 * d3)
        p40 = lanes[o + 16 * w + lane] + a * (lanes[pool + 16 * w + lane] - lanes[o + 16 * w + lane] + rest * d4 * d0)
        p41 = lanes[o + 17 * w + lane] + a * (lanes[pool + 17 * w + lane] - lanes[o + 17 * w + lane] + rest * d4 * d1)
        p42 = lanes[o + 18 * w + lane] + a * (lanes[pool + 18 * w + lane] - lanes[o + 18 * w + lane] + rest * d4 * d2)
        p43 = lanes[o + 19 * w + lane] + a * (lanes[pool + 19 * w + lane] - lanes[o + 19 * w + lane] + rest * d4 * d3)
        p44 = lanes[o + 20 * w + lane] + a * (lanes[pool + 20 * w + lane] - lanes[o + 20 * w + lane] + rest * d4 * d4)
        p50 = lanes[o + 21 * w + lane] + a * (lanes[pool + 21 * w + lane] - lanes[o + 21 * w + lane] + rest * d5 * d0)
        p51 = lanes[o + 22 * w + lane] + a * (lanes[pool + 22 * w + lane] - lanes[o + 22 * w + lane] + rest * d5 * d1)
        p52 = lanes[o + 23 * w + lane] + a * (lanes[pool + 23 * w + lane] - lanes[o + 23 * w + lane] + rest * d5 * d2)
        p53 = lanes[o + 24 * w + lane] + a * (lanes[pool + 24 * w + lane] - lanes[o + 24 * w + lane] + rest * d5 * d3)
        p54 = lanes[o + 25 * w + lane] + a * (lanes[pool + 25 * w + lane] - lanes[o + 25 * w + lane] + rest * d5 * d4)
        p55 = lanes[o + 26 * w + lane] + a * (lanes[pool + 26 * w + lane] - lanes[o + 26 * w + lane] + rest * d5 * d5)
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
        half, lean = 0.5 * (along + across), 0.5 * (along - across) * sure
        q00, q11 = half + lean * (ux * ux - uy * uy), half - lean * (ux * ux - uy * uy)
        q01 = lean * 2.0 * ux * uy
        d2, d3 = t * t / 2.0, t * t * t / 3.0
        lanes[to + 6 * w + lane] = p00 + s1 * p30 + c1 * p40 + s1 * a03 + c1 * a04 + q00 * d3
        lanes[to + 7 * w + lane] = p10 + s1 * p31 + c1 * p41 + s1 * a04 - c1 * a03 + q01 * d3
        lanes[to + 8 * w + lane] = p11 + s1 * p41 - c1 * p31 + s1 * a14 - c1 * a13 + q11 * d3
        lanes[to + 9 * w + lane] = p20 + s1 * p32 + c1 * p42 + t * a05
        lanes[to + 10 * w + lane] = p21 + s1 * p42 - c1 * p32 + t * a15
        lanes[to + 11 * w + lane] = p22 + t * p52 + t * a25 + above * d3
        lanes[to + 12 * w + lane] = c0 * a03 + s0 * a04 + q00 * d2
        lanes[to + 13 * w + lane] = c0 * a13 + s0 * a14 + q01 * d2
        lanes[to + 14 * w + lane] = c0 * a23 + s0 * a24
        lanes[to + 15 * w + lane] = b33 + q00 * t
        lanes[to + 16 * w + lane] = c0 * a04 - s0 * a03 + q01 * d2
        lanes[to + 17 * w + lane] = c0 * a14 - s0 * a13 + q11 * d2
        lanes[to + 18 * w + lane] = c0 * a24 - s0 * a23
        lanes[to + 19 * w + lane] = b43 + q01 * t
        lanes[to + 20 * w + lane] = b44 + q11 * t
        lanes[to + 21 * w + lane] = a05
        lanes[to + 22 * w + lane] = a15
        lanes[to + 23 * w + lane] = a25 + above * d2
        lanes[to + 24 * w + lane] = c0 * p53 + s0 * p54
        lanes[to + 25 * w + lane] = c0 * p54 - s0 * p53
        lanes[to + 26 * w + lane] = p55 + above * t


@lean
def _place_sight(m: int, origin_m: Floats, rotation: Floats, lanes: Floats) -> None:
    """Fill where each track stands from the sensor, `lag_s` ago: east, north, up, and the length of the way."""
    w = LANES
    x, lags, local = (
        lanes[STATE * w : (STATE + 6) * w],
        lanes[LAG_S * w : (LAG_S + 1) * w],
        lanes[LOCAL * w : VALUE * w],
    )
    m00, m01, m02 = rotation[0, 0], rotation[0, 1], rotation[0, 2]
    m10, m11, m12 = rotation[1, 0], rotation[1, 1], rotation[1, 2]
    m20, m21, m22 = rotation[2, 0], rotation[2, 1], rotation[2, 2]
    ox, oy, oz = origin_m[0], origin_m[1], origin_m[2]
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


@lean
def _polar(m: int, slot: int, s: int, rotation: Floats, lanes: Floats) -> None:
    """Fill value, rate and slopes by the state of range, azimuth, elevation or range rate."""
    w = LANES
    v, lags, local = (
        lanes[(STATE + 3) * w : (STATE + 6) * w],
        lanes[LAG_S * w : (LAG_S + 1) * w],
        lanes[LOCAL * w : VALUE * w],
    )
    value, rate = lanes[(VALUE + s) * w : (VALUE + s + 1) * w], lanes[(RATE + s) * w : (RATE + s + 1) * w]
    h = lanes[(SLOPES + 6 * s) * w : (SLOPES + 6 * s + 6) * w]
    m00, m01, m02 = rotation[0, 0], rotation[0, 1], rotation[0, 2]
    m10, m11, m12 = rotation[1, 0], rotation[1, 1], rotation[1, 2]
    m20, m21, m22 = rotation[2, 0], rotation[2, 1], rotation[2, 2]
    if slot == AZIMUTH:
        for lane in range(m):
            e, n, level2 = local[lane], local[w + lane], local[3 * w + lane]
            value[lane] = _atan2(e, n)
            h[lane] = n / level2
            h[w + lane] = -e / level2
            h[2 * w + lane] = 0.0
    elif slot == ELEVATION:
        for lane in range(m):
            e, n, u = local[lane], local[w + lane], local[2 * w + lane]
            level2, r = local[3 * w + lane], local[4 * w + lane]
            level, r2 = math.sqrt(level2), r * r
            value[lane] = _atan2(u, level)
            h[lane] = -e * u / (level * r2)
            h[w + lane] = -n * u / (level * r2)
            h[2 * w + lane] = level / r2
    else:
        for lane in range(m):
            r = local[4 * w + lane]
            value[lane] = r
            h[lane] = local[lane] / r
            h[w + lane] = local[w + lane] / r
            h[2 * w + lane] = local[2 * w + lane] / r
    # From slopes by east, north and up to slopes by the state.
    for lane in range(m):
        lag, east, north, up = lags[lane], h[lane], h[w + lane], h[2 * w + lane]
        h0 = east * m00 + north * m10 + up * m20
        h1 = east * m01 + north * m11 + up * m21
        h2 = east * m02 + north * m12 + up * m22
        rate[lane] = h0 * v[lane] + h1 * v[w + lane] + h2 * v[2 * w + lane]
        h[lane], h[3 * w + lane] = h0, -lag * h0
        h[w + lane], h[4 * w + lane] = h1, -lag * h1
        h[2 * w + lane], h[5 * w + lane] = h2, -lag * h2
    if slot == DOPPLER:
        for c in range(3):
            for lane in range(m):
                r, along, sight_c = local[4 * w + lane], rate[lane], h[c * w + lane]
                across = (v[c * w + lane] - sight_c * along) / r
                h[c * w + lane] = across
                h[(3 + c) * w + lane] = sight_c - lags[lane] * across
        for lane in range(m):
            value[lane] = rate[lane]
            rate[lane] = 0.0


@lean
def _cartesian(m: int, slot: int, s: int, earth_m: Floats, e: Floats, lanes: Floats) -> None:
    """Fill value, rate and slopes of a coordinate, or of height above the ellipsoid (within 0.1 m below 18 km)."""
    w = LANES
    x, lags = lanes[STATE * w : (STATE + 6) * w], lanes[LAG_S * w : (LAG_S + 1) * w]
    value, rate = lanes[(VALUE + s) * w : (VALUE + s + 1) * w], lanes[(RATE + s) * w : (RATE + s + 1) * w]
    h = lanes[(SLOPES + 6 * s) * w : (SLOPES + 6 * s + 6) * w]
    ratio2 = (_SEMI_MAJOR_M / _SEMI_MINOR_M) ** 2
    for lane in range(m):
        lag = lags[lane]
        vx, vy, vz = x[3 * w + lane], x[4 * w + lane], x[5 * w + lane]
        px, py, pz = x[lane] - lag * vx, x[w + lane] - lag * vy, x[2 * w + lane] - lag * vz
        gx = earth_m[0] + e[0, 0] * px + e[1, 0] * py + e[2, 0] * pz
        gy = earth_m[1] + e[0, 1] * px + e[1, 1] * py + e[2, 1] * pz
        gz = earth_m[2] + e[0, 2] * px + e[1, 2] * py + e[2, 2] * pz
        axial2 = gx * gx + gy * gy
        r = math.sqrt(axial2 + gz * gz)
        # Up to the ellipsoid along the line to the earth's centre.
        ground = _SEMI_MAJOR_M * r / math.sqrt(axial2 + gz * gz * ratio2)
        high = slot == HEIGHT
        d0 = (e[0, 0] * gx + e[0, 1] * gy + e[0, 2] * gz) / r if high else (1.0 if slot == 0 else 0.0)
        d1 = (e[1, 0] * gx + e[1, 1] * gy + e[1, 2] * gz) / r if high else (1.0 if slot == 1 else 0.0)
        d2 = (e[2, 0] * gx + e[2, 1] * gy + e[2, 2] * gz) / r if high else (1.0 if slot == 2 else 0.0)
        value[lane] = r - ground if high else (px if slot == 0 else (py if slot == 1 else pz))
        rate[lane] = d0 * vx + d1 * vy + d2 * vz
        h[lane] = d0
        h[w + lane] = d1
        h[2 * w + lane] = d2
        h[3 * w + lane] = -lag * d0
        h[4 * w + lane] = -lag * d1
        h[5 * w + lane] = -lag * d2


@lean
def _project(m: int, ns: int, fast: bool, late_m2ps3: float, lanes: Floats) -> None:
    """Fill the covariances of measurement and state, and that of the measurement without its own noise.

    Only where `fast` does velocity count in the slopes.
    """
    w = LANES
    p, lags = lanes[(STATE + 6) * w : LOCAL * w], lanes[LAG_S * w : (LAG_S + 1) * w]
    for s in range(ns):
        h = lanes[(SLOPES + 6 * s) * w : (SLOPES + 6 * s + 6) * w]
        u = lanes[(CROSS + 6 * s) * w : (CROSS + 6 * s + 6) * w]
        for lane in range(m):
            h0, h1, h2 = h[lane], h[w + lane], h[2 * w + lane]
            u[lane] = p[lane] * h0 + p[w + lane] * h1 + p[3 * w + lane] * h2
            u[w + lane] = p[w + lane] * h0 + p[2 * w + lane] * h1 + p[4 * w + lane] * h2
            u[2 * w + lane] = p[3 * w + lane] * h0 + p[4 * w + lane] * h1 + p[5 * w + lane] * h2
            u[3 * w + lane] = p[6 * w + lane] * h0 + p[7 * w + lane] * h1 + p[8 * w + lane] * h2
            u[4 * w + lane] = p[10 * w + lane] * h0 + p[11 * w + lane] * h1 + p[12 * w + lane] * h2
            u[5 * w + lane] = p[15 * w + lane] * h0 + p[16 * w + lane] * h1 + p[17 * w + lane] * h2
        if fast:
            for lane in range(m):
                h3, h4, h5 = h[3 * w + lane], h[4 * w + lane], h[5 * w + lane]
                u[lane] += p[6 * w + lane] * h3 + p[10 * w + lane] * h4 + p[15 * w + lane] * h5
                u[w + lane] += p[7 * w + lane] * h3 + p[11 * w + lane] * h4 + p[16 * w + lane] * h5
                u[2 * w + lane] += p[8 * w + lane] * h3 + p[12 * w + lane] * h4 + p[17 * w + lane] * h5
                u[3 * w + lane] += p[9 * w + lane] * h3 + p[13 * w + lane] * h4 + p[18 * w + lane] * h5
                u[4 * w + lane] += p[13 * w + lane] * h3 + p[14 * w + lane] * h4 + p[19 * w + lane] * h5
                u[5 * w + lane] += p[18 * w + lane] * h3 + p[19 * w + lane] * h4 + p[20 * w + lane] * h5
        for s2 in range(s + 1):
            o = lanes[(SLOPES + 6 * s2) * w : (SLOPES + 6 * s2 + 6) * w]
            total = lanes[(TOTAL + s * ns + s2) * w : (TOTAL + s * ns + s2 + 1) * w]
            for lane in range(m):
                both = u[lane] * o[lane] + u[w + lane] * o[w + lane]
                total[lane] = both + u[2 * w + lane] * o[2 * w + lane]
            if fast:
                for lane in range(m):
                    both = u[3 * w + lane] * o[3 * w + lane] + u[4 * w + lane] * o[4 * w + lane]
                    near = h[lane] * o[lane] + h[w + lane] * o[w + lane] + h[2 * w + lane] * o[2 * w + lane]
                    unsure = late_m2ps3 * lags[lane] * lags[lane] * lags[lane] / 3.0
                    total[lane] += both + u[5 * w + lane] * o[5 * w + lane] + unsure * near
        if s < 3:
            own, total = lanes[(OWN + s) * w : (OWN + s + 1) * w], lanes[(TOTAL + s * ns + s) * w :]
            for lane in range(m):
                own[lane] = total[lane]


@lean
def _whiten(m: int, ns: int, variance: Floats, lanes: Floats) -> None:
    """Turn the covariance of what is measured into its root with the plots' own variances, the diagonal inverted, and
    the covariances with the state into the whitened gain; fill the peak of the density.
    """
    w = LANES
    peak = lanes[PEAK * w : (PEAK + 1) * w]
    for lane in range(m):
        peak[lane] = 1.0
    for s in range(ns):
        u = lanes[(CROSS + 6 * s) * w : (CROSS + 6 * s + 6) * w]
        own = lanes[(TOTAL + s * ns + s) * w : (TOTAL + s * ns + s + 1) * w]
        noise = variance[s]
        for lane in range(m):
            own[lane] += noise
        for s2 in range(s):
            o = lanes[(CROSS + 6 * s2) * w : (CROSS + 6 * s2 + 6) * w]
            root = lanes[(TOTAL + s * ns + s2) * w : (TOTAL + s * ns + s2 + 1) * w]
            inverse = lanes[(TOTAL + s2 * ns + s2) * w : (TOTAL + s2 * ns + s2 + 1) * w]
            for d in range(s2):
                one = lanes[(TOTAL + s * ns + d) * w : (TOTAL + s * ns + d + 1) * w]
                two = lanes[(TOTAL + s2 * ns + d) * w : (TOTAL + s2 * ns + d + 1) * w]
                for lane in range(m):
                    root[lane] -= one[lane] * two[lane]
            for lane in range(m):
                root[lane] *= inverse[lane]
                own[lane] = max(own[lane] - root[lane] * root[lane], 1e-12 * own[lane])
                for c in range(6):
                    u[c * w + lane] -= root[lane] * o[c * w + lane]
        for lane in range(m):
            inverse_root = 1.0 / math.sqrt(own[lane])
            own[lane] = inverse_root
            peak[lane] *= inverse_root * _ONE_OVER_ROOT_TWO_PI
            for c in range(6):
                u[c * w + lane] *= inverse_root


@lean
def _whiten_three(m: int, variance: Floats, lanes: Floats) -> None:
    """`_project` and `_whiten` in one, for three slots in whose slopes velocity does not count: the usual radar."""
    w = LANES
    # One buffer by its fixed places, not by slices of it: so the compiler sees that nothing overlaps.
    p, h, gain, root, own = (STATE + 6) * w, SLOPES * w, CROSS * w, TOTAL * w, OWN * w
    v0, v1, v2 = variance[0], variance[1], variance[2]
    for lane in range(m):
        a0, a1, a2 = lanes[h + lane], lanes[h + w + lane], lanes[h + 2 * w + lane]
        b0, b1, b2 = lanes[h + 6 * w + lane], lanes[h + 7 * w + lane], lanes[h + 8 * w + lane]
        c0, c1, c2 = lanes[h + 12 * w + lane], lanes[h + 13 * w + lane], lanes[h + 14 * w + lane]
        p00, p10, p11 = lanes[p + lane], lanes[p + w + lane], lanes[p + 2 * w + lane]
        p20, p21, p22 = lanes[p + 3 * w + lane], lanes[p + 4 * w + lane], lanes[p + 5 * w + lane]
        p30, p31, p32 = lanes[p + 6 * w + lane], lanes[p + 7 * w + lane], lanes[p + 8 * w + lane]
        p40, p41, p42 = lanes[p + 10 * w + lane], lanes[p + 11 * w + lane], lanes[p + 12 * w + lane]
        p50, p51, p52 = lanes[p + 15 * w + lane], lanes[p + 16 * w + lane], lanes[p + 17 * w + lane]
        x0, x1, x2 = p00 * a0 + p10 * a1 + p20 * a2, p10 * a0 + p11 * a1 + p21 * a2, p20 * a0 + p21 * a1 + p22 * a2
        x3, x4, x5 = p30 * a0 + p31 * a1 + p32 * a2, p40 * a0 + p41 * a1 + p42 * a2, p50 * a0 + p51 * a1 + p52 * a2
        y0, y1, y2 = p00 * b0 + p10 * b1 + p20 * b2, p10 * b0 + p11 * b1 + p21 * b2, p20 * b0 + p21 * b1 + p22 * b2
        y3, y4, y5 = p30 * b0 + p31 * b1 + p32 * b2, p40 * b0 + p41 * b1 + p42 * b2, p50 * b0 + p51 * b1 + p52 * b2
        z0, z1, z2 = p00 * c0 + p10 * c1 + p20 * c2, p10 * c0 + p11 * c1 + p21 * c2, p20 * c0 + p21 * c1 + p22 * c2
        z3, z4, z5 = p30 * c0 + p31 * c1 + p32 * c2, p40 * c0 + p41 * c1 + p42 * c2, p50 * c0 + p51 * c1 + p52 * c2
        s00, s10, s11 = x0 * a0 + x1 * a1 + x2 * a2, y0 * a0 + y1 * a1 + y2 * a2, y0 * b0 + y1 * b1 + y2 * b2
        s20, s21, s22 = z0 * a0 + z1 * a1 + z2 * a2, z0 * b0 + z1 * b1 + z2 * b2, z0 * c0 + z1 * c1 + z2 * c2
        lanes[own + lane], lanes[own + w + lane], lanes[own + 2 * w + lane] = s00, s11, s22
        r0 = 1.0 / math.sqrt(s00 + v0)
        l10, l20 = s10 * r0, s20 * r0
        r1 = 1.0 / math.sqrt(max(s11 + v1 - l10 * l10, 1e-12 * (s11 + v1)))
        l21 = (s21 - l20 * l10) * r1
        r2 = 1.0 / math.sqrt(max(s22 + v2 - l20 * l20 - l21 * l21, 1e-12 * (s22 + v2)))
        x0, x1, x2, x3, x4, x5 = x0 * r0, x1 * r0, x2 * r0, x3 * r0, x4 * r0, x5 * r0
        y0, y1, y2 = (y0 - l10 * x0) * r1, (y1 - l10 * x1) * r1, (y2 - l10 * x2) * r1
        y3, y4, y5 = (y3 - l10 * x3) * r1, (y4 - l10 * x4) * r1, (y5 - l10 * x5) * r1
        lanes[gain + lane], lanes[gain + w + lane], lanes[gain + 2 * w + lane] = x0, x1, x2
        lanes[gain + 3 * w + lane], lanes[gain + 4 * w + lane], lanes[gain + 5 * w + lane] = x3, x4, x5
        lanes[gain + 6 * w + lane], lanes[gain + 7 * w + lane], lanes[gain + 8 * w + lane] = y0, y1, y2
        lanes[gain + 9 * w + lane], lanes[gain + 10 * w + lane], lanes[gain + 11 * w + lane] = y3, y4, y5
        lanes[gain + 12 * w + lane] = (z0 - l20 * x0 - l21 * y0) * r2
        lanes[gain + 13 * w + lane] = (z1 - l20 * x1 - l21 * y1) * r2
        lanes[gain + 14 * w + lane] = (z2 - l20 * x2 - l21 * y2) * r2
        lanes[gain + 15 * w + lane] = (z3 - l20 * x3 - l21 * y3) * r2
        lanes[gain + 16 * w + lane] = (z4 - l20 * x4 - l21 * y4) * r2
        lanes[gain + 17 * w + lane] = (z5 - l20 * x5 - l21 * y5) * r2
        lanes[root + lane], lanes[root + 3 * w + lane], lanes[root + 4 * w + lane] = r0, l10, r1
        lanes[root + 6 * w + lane], lanes[root + 7 * w + lane], lanes[root + 8 * w + lane] = l20, l21, r2
        lanes[PEAK * w + lane] = r0 * r1 * r2 * (_ONE_OVER_ROOT_TWO_PI * _ONE_OVER_ROOT_TWO_PI * _ONE_OVER_ROOT_TWO_PI)


@lean
def _widen(m: int, j: int, ns: int, polar: bool, lanes: Floats) -> None:
    """Take one model into the box of its track: between the least and the greatest of each slot, and how uncertain and
    how fast it is at most. Slot 1 counts from the first model, as an angle where it is one.
    """
    w = LANES
    weight = lanes[(MODELS + j * MODEL_ROWS + MIXED) * w : (MODELS + j * MODEL_ROWS + MIXED + 1) * w]
    centre = lanes[(BOX + 2) * w : (BOX + 3) * w]
    if j == 0:
        for lane in range(m):
            centre[lane] = lanes[(VALUE + 1) * w + lane]
    for s in range(min(ns, 3)):
        row = BOX if s == 0 else BOX + 1 + 2 * s
        low, high = lanes[row * w : (row + 1) * w], lanes[(row + 1) * w : (row + 2) * w]
        value, rate = lanes[(VALUE + s) * w : (VALUE + s + 1) * w], lanes[(RATE + s) * w : (RATE + s + 1) * w]
        total = lanes[(OWN + s) * w : (OWN + s + 1) * w]
        wide, swift = lanes[(WIDE + s) * w : (WIDE + s + 1) * w], lanes[(SWIFT + s) * w : (SWIFT + s + 1) * w]
        if j == 0:
            for lane in range(m):
                low[lane] = math.inf
                high[lane] = -math.inf
                wide[lane] = 0.0
                swift[lane] = 0.0
        around = 2.0 * math.pi if polar and s == 1 else 0.0
        for lane in range(m):
            x = value[lane] - (centre[lane] if s == 1 else 0.0)
            x -= around * math.floor(x * (0.5 / math.pi) + 0.5)
            some = weight[lane] > 0.0
            low[lane] = min(low[lane], x) if some else low[lane]
            high[lane] = max(high[lane], x) if some else high[lane]
            wide[lane] = max(wide[lane], total[lane]) if some else wide[lane]
            swift[lane] = max(swift[lane], abs(rate[lane])) if some else swift[lane]
    peak, strongest = lanes[PEAK * w : (PEAK + 1) * w], lanes[STRONGEST * w : (STRONGEST + 1) * w]
    for lane in range(m):
        before = strongest[lane] if j > 0 else 0.0
        strongest[lane] = max(before, peak[lane]) if weight[lane] > 0.0 else before


@lean
def _close_box(m: int, ns: int, spread: Spread, lanes: Floats) -> None:
    """Widen the boxes of all models by the gate and by what moves while the beam meets a plot beside its track."""
    w = LANES
    low1, high1 = lanes[(BOX + 3) * w : (BOX + 4) * w], lanes[(BOX + 4) * w : (BOX + 5) * w]
    turning = 1.0 / spread.turn_radps if spread.turn_radps > 0.0 else math.inf
    # Slot 1 first: how long the beam takes over its reach says how far the others move.
    for n in range(min(ns, 3)):
        s = 1 - n if n < 2 else n
        row = BOX if s == 0 else BOX + 1 + 2 * s
        low, high = lanes[row * w : (row + 1) * w], lanes[(row + 1) * w : (row + 2) * w]
        wide, swift = lanes[(WIDE + s) * w : (WIDE + s + 1) * w], lanes[(SWIFT + s) * w : (SWIFT + s + 1) * w]
        slack, widest = lanes[(SWIFT + 1) * w : (SWIFT + 2) * w], lanes[WIDEST * w : (WIDEST + 1) * w]
        noise = spread.variance[s]
        for lane in range(m):
            reach = math.sqrt(widest[lane] * (wide[lane] + noise))
            fast = swift[lane]
            late = min(spread.slack_s, (reach + high1[lane] - low1[lane]) * turning) if s == 1 else slack[lane]
            slack[lane] = late if s == 1 else slack[lane]
            reach += fast * late
            low[lane] -= reach
            high[lane] += reach


@inline
def _let_out(
    m: int, j: int, base: int, ns: int, lanes: Floats, mean: Floats, covariance: Floats, weight: Floats, out: Moved
) -> None:
    """Write one model of a block out."""
    w = LANES
    for lane in range(m):
        a = base + lane
        t = out.row[a]
        weight[t, j] = lanes[(MODELS + j * MODEL_ROWS + MIXED) * w + lane]
        for c in range(6):
            mean[t, j, c] = lanes[(STATE + c) * w + lane]
        for q in range(21):
            covariance[t, j, q] = lanes[(STATE + 6 + q) * w + lane]
        for s in range(ns):
            out.measured[a, j, s] = lanes[(VALUE + s) * w + lane]
            out.rate[a, j, s] = lanes[(RATE + s) * w + lane]
            for c in range(6):
                out.cross[a, j, s, c] = lanes[(CROSS + s * 6 + c) * w + lane]
            for s2 in range(s + 1):
                out.spread[a, j, s, s2] = lanes[(TOTAL + s * ns + s2) * w + lane]
        out.peak[a, j] = lanes[PEAK * w + lane]


@lean
def moved(
    grown: int,
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
    spread: Spread,
    out: Moved,
    lanes: Floats,
) -> None:
    """Move the first `count` rows of `out` to the moment of the look, in place (`mean`, `covariance`, `weight` and
    `time_s`), and fill `out` with what the sensor should measure of them.

    Tracks from `grown` on are young, and those from `parted` on have one plot only and no velocity: their models are
    still one, the first.

    A track that is already newer than that moment stays, and is measured in its past: its velocity carries the lag,
    and the unknown acceleration since counts as noise, algorithm C of [barshalom2002] without the correlation.
    """
    ns = len(slots)
    blocks = (parted + LANES - 1) // LANES
    for block in range(blocks + (count - parted + LANES - 1) // LANES):
        k, end = (weight.shape[1], parted) if block < blocks else (1, count)
        base = block * LANES if block < blocks else parted + (block - blocks) * LANES
        some = min(LANES, end - base)
        fast = _gathered(some, k, base, out.row, out.time_s, mean, covariance, weight, time_s, lanes)
        for s in range(ns):
            fast = fast or slots[s] == DOPPLER
        # Lanes beyond the last track hold old numbers: full vectors are faster than a remainder.
        full = (some + VECTOR - 1) // VECTOR * VECTOR
        _switch(full, k, models.hold_s, models.start, lanes)
        _pool(full, k, lanes)
        for j in range(k):
            along, across = models.along_m2ps3[j], models.across_m2ps3[j]
            _advance(full, j, along, across, models.vertical_m2ps3[j], models.turn_radps[j], lanes)
            if sight.polar:
                _place_sight(full, sight.origin_m, sight.rotation, lanes)
            for s in range(ns):
                if sight.polar and slots[s] != HEIGHT:
                    _polar(full, slots[s], s, sight.rotation, lanes)
                else:
                    _cartesian(full, slots[s], s, sight.earth_m, sight.earth_rotation, lanes)
            if spread.equal and ns == 3 and not fast:
                _whiten_three(full, spread.variance, lanes)
            else:
                _project(full, ns, fast, max(along, across), lanes)
                if spread.equal:
                    _whiten(full, ns, spread.variance, lanes)
            _widen(full, j, ns, sight.polar, lanes)
            _let_out(some, j, base, ns, lanes, mean, covariance, weight, out)
        widest = spread.widest if block < blocks else spread.widest_first
        for lane in range(some):
            a = base + lane
            t = out.row[a]
            r = existence[t] * share[t] * math.exp(-lanes[DT_S * LANES + lane] / life_s)
            out.existence[a] = r
            lanes[WIDEST * LANES + lane] = widest
            if spread.equal and a >= grown and spread.faint > 0.0:
                # Further away the plot of a young track would be too faint to make a track.
                ratio = max(r * out.seen[a] * lanes[STRONGEST * LANES + lane] / spread.faint, 1.0)
                lanes[WIDEST * LANES + lane] = min(2.0 * math.log(ratio), widest)
        _close_box(full, ns, spread, lanes)
        for lane in range(some):
            a = base + lane
            t = out.row[a]
            out.lag_s[a], out.widest[a] = lanes[LAG_S * LANES + lane], lanes[WIDEST * LANES + lane]
            for c in range(7):
                out.box[a, c] = lanes[(BOX + c) * LANES + lane]
            time_s[t] = out.time_s[a] + out.lag_s[a]


def lanes_for(models: int) -> Floats:
    """Return room for one block of tracks."""
    return np.zeros((MODELS + models * MODEL_ROWS) * LANES)

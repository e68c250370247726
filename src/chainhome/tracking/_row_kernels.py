"""The compiled passes from rows as looks wrote them to the columns of the table of tracks.

Rows are ordered by time and track, then copied to their places, with full covariances and geodetic positions. The
geodesy takes blocks of lanes, always whole ones and without branches: the compiler works on several rows at once, and
what a row gets does not hang on what else is in the call.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean
from chainhome.tracking._settle_kernels import Rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

LANES = 64
LANE_ROWS = 3  # of the buffer: x, y, z, then what comes of them
MOST_BITS = 13  # of an id that are sorted at once: their counters fit the processor's cache
SWAPS = 8  # for each row, after which the order is left to another method
# World Geodetic System 1984; a test compares them with constants.
_SEMI_MAJOR_M = 6378137.0
_FLATTENING = 1.0 / 298.257223563
_SEMI_MINOR_M = _SEMI_MAJOR_M * (1.0 - _FLATTENING)
_E2 = _FLATTENING * (2.0 - _FLATTENING)
_EP2 = _E2 / (1.0 - _E2)
_BOWRING_STEPS = 3
_DEG = 180.0 / math.pi


class Columns(NamedTuple):
    """The columns of `tables.Tracks`, by their names there."""

    time_s: Floats
    track_id: Ints
    x_m: Floats
    y_m: Floats
    z_m: Floats
    vx_mps: Floats
    vy_mps: Floats
    vz_mps: Floats
    covariance: Floats  # (rows, 6, 6)
    existence: Floats
    mode_probability: Floats  # (rows, k)
    detection_id: Ints
    lat_deg: Floats
    lon_deg: Floats
    altitude_m: Floats
    status: Codes


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
def _dealt(n: int, key: Ints, keys: int, source: Ints, target: Ints, count: Ints) -> None:
    """Fill `target` with the rows of `source` by their key, 0 <= key < keys; equal ones stay in their order."""
    for c in range(keys + 1):
        count[c] = 0
    for i in range(n):
        count[key[source[i]] + 1] += 1
    for c in range(1, keys):
        count[c] += count[c - 1]
    for i in range(n):
        row = source[i]
        place = count[key[row]]
        target[place] = row
        count[key[row]] = place + 1


@lean
def _mended(n: int, time_s: Floats, track_id: Ints, order: Ints) -> bool:
    """Put nearly ordered rows in order, one by one; return False if that takes long."""
    left = SWAPS * n
    for i in range(1, n):
        row, j = order[i], i
        t, name = time_s[row], track_id[row]
        while j > 0:
            other = order[j - 1]
            if time_s[other] < t or (time_s[other] == t and track_id[other] <= name):
                break
            order[j] = other
            j -= 1
        order[j] = row
        left -= i - j
        if left < 0:
            return False
    return True


@lean
def ordered(
    n: int,
    time_s: Floats,
    track_id: Ints,
    least_s: float,
    least_id: int,
    order: Ints,
    spare: Ints,
    key: Ints,
    count: Ints,
) -> int:
    """Fill `order` with the rows that do not come before this time and track, by time, then track, then as they came.

    Rows are dealt out by their ids, some bits at a time, then into as many slices of time as there are rows, and what
    is still out of order inside a slice is mended. `spare` and `key` (n,) and `count` (at least n + 1, and 17) are work
    arrays. Returns how many rows there are; minus one less than that where it takes another method: where times lie so
    unevenly that mending would take long.
    """
    m, least, most, begin_s, end_s = 0, 0, 0, math.inf, -math.inf
    for row in range(n):
        t, name = time_s[row], track_id[row]
        if t > least_s or (t == least_s and name >= least_id):
            least, most = min(least, name) if m else name, max(most, name) if m else name
            begin_s, end_s = min(begin_s, t), max(end_s, t)
            order[m] = spare[m] = row
            m += 1
    if not end_s - begin_s < math.inf:
        return -1 - m
    at_once = 4
    while at_once < MOST_BITS and 2 << at_once < len(count):
        at_once += 1
    bits = 0
    while (most - least) >> bits:
        bits += 1
    passes = (bits + at_once - 1) // at_once
    width = (bits + passes - 1) // passes if passes else 0
    scale = m / (end_s - begin_s) if end_s - begin_s > 1e-9 else 0.0
    dealt = passes % 2 == 1  # the last pass ends in `spare`
    for number in range(passes):
        shift, keys = number * width, 1 << width
        for i in range(m):
            row = spare[i]
            key[row] = ((track_id[row] - least) >> shift) & (keys - 1)
        _dealt(m, key, keys, order if dealt else spare, spare if dealt else order, count)
        dealt = not dealt
    for i in range(m):
        row = spare[i]
        key[row] = min(int((time_s[row] - begin_s) * scale), m - 1)
    _dealt(m, key, m, spare, order, count)
    return m if _mended(m, time_s, track_id, order) else -1 - m


@lean
def _geodetic(frame: Floats, lanes: Floats) -> None:
    """Replace x, y, z in the frame by latitude, longitude (degrees) and height, by [bowring1976] in a few steps."""
    w = LANES
    r00, r01, r02, r10, r11, r12 = frame[0], frame[1], frame[2], frame[3], frame[4], frame[5]
    r20, r21, r22, ox, oy, oz = frame[6], frame[7], frame[8], frame[9], frame[10], frame[11]
    for lane in range(w):
        e, n, u = lanes[lane], lanes[w + lane], lanes[2 * w + lane]
        x = r00 * e + r10 * n + r20 * u + ox
        y = r01 * e + r11 * n + r21 * u + oy
        z = r02 * e + r12 * n + r22 * u + oz
        axial = math.sqrt(x * x + y * y)
        top, bottom = z * _SEMI_MAJOR_M, axial * _SEMI_MINOR_M
        scale = 1.0 / math.sqrt(top * top + bottom * bottom)
        for _ in range(_BOWRING_STEPS):
            sin, cos = top * scale, bottom * scale
            top = z + _EP2 * _SEMI_MINOR_M * sin * sin * sin
            bottom = axial - _E2 * _SEMI_MAJOR_M * cos * cos * cos
            rise = (1.0 - _FLATTENING) * top
            scale = 1.0 / math.sqrt(rise * rise + bottom * bottom)
            top, last = rise, top
        scale = 1.0 / math.sqrt(last * last + bottom * bottom)
        sin, cos = last * scale, bottom * scale
        lanes[lane] = _atan2(last, bottom) * _DEG
        lanes[w + lane] = _atan2(y, x) * _DEG
        lanes[2 * w + lane] = axial * cos + z * sin - _SEMI_MAJOR_M * math.sqrt(1.0 - _E2 * sin * sin)


@inline
def _raised(source: int, target: int, k: int, columns: Columns) -> None:
    """Copy a row of the table to another place."""
    columns.time_s[target] = columns.time_s[source]
    columns.track_id[target] = columns.track_id[source]
    columns.x_m[target] = columns.x_m[source]
    columns.y_m[target] = columns.y_m[source]
    columns.z_m[target] = columns.z_m[source]
    columns.vx_mps[target] = columns.vx_mps[source]
    columns.vy_mps[target] = columns.vy_mps[source]
    columns.vz_mps[target] = columns.vz_mps[source]
    for b in range(6):
        for c in range(6):
            columns.covariance[target, b, c] = columns.covariance[source, b, c]
    columns.existence[target] = columns.existence[source]
    for j in range(k):
        columns.mode_probability[target, j] = columns.mode_probability[source, j]
    columns.detection_id[target] = columns.detection_id[source]
    columns.lat_deg[target] = columns.lat_deg[source]
    columns.lon_deg[target] = columns.lon_deg[source]
    columns.altitude_m[target] = columns.altitude_m[source]
    columns.status[target] = columns.status[source]


@lean
def tabled(
    n: int, order: Ints, rows: Rows, written: int, frame: Floats, lanes: Floats, place: Ints, columns: Columns
) -> None:
    """Put n rows, in this order, into the columns of the table, among the rows that are `written` there already.

    It goes from the last row to the first, and what was written and comes later makes room. `frame` (12,) is the
    rotation of the world's frame, row by row, and its origin; `lanes` and `place` are work arrays.
    """
    w, k = LANES, columns.mode_probability.shape[1]
    left = n
    while left > 0:
        m = min(w, left)
        left -= m
        for lane in range(m - 1, -1, -1):
            i = left + lane
            r = order[i]
            t, name = rows.time_s[r], rows.track_id[r]
            while written > 0:
                last = written - 1
                if columns.time_s[last] < t or (columns.time_s[last] == t and columns.track_id[last] <= name):
                    break
                _raised(last, written + i, k, columns)
                written = last
            at = written + i
            place[lane] = at
            columns.time_s[at] = t
            columns.track_id[at] = name
            columns.existence[at] = rows.existence[r]
            columns.detection_id[at] = rows.detection_id[r]
            columns.status[at] = rows.status[r]
            for c in range(3):
                lanes[c * w + lane] = rows.state[r, c]
            columns.x_m[at] = rows.state[r, 0]
            columns.y_m[at] = rows.state[r, 1]
            columns.z_m[at] = rows.state[r, 2]
            columns.vx_mps[at] = rows.state[r, 3]
            columns.vy_mps[at] = rows.state[r, 4]
            columns.vz_mps[at] = rows.state[r, 5]
            for j in range(k):
                columns.mode_probability[at, j] = rows.state[r, 27 + j]
            q = 6
            for b in range(6):
                for c in range(b + 1):
                    value = rows.state[r, q]
                    columns.covariance[at, b, c] = value
                    columns.covariance[at, c, b] = value
                    q += 1
        _geodetic(frame, lanes)
        for lane in range(m):
            columns.lat_deg[place[lane]] = lanes[lane]
            columns.lon_deg[place[lane]] = lanes[w + lane]
            columns.altitude_m[place[lane]] = lanes[2 * w + lane]

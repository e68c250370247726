"""The compiled passes of `looks`: flat columns of one radar's looks in, filled columns out; block by block.

A block of looks is copied into rows of one flat buffer that stays in the nearest cache. Every pass is a loop of fixed
length over those rows, without branches and with polynomials in place of the C library, so all of them vectorise and
a look's bits do not depend on its place in a block; only look-ups in tables go one by one. The polynomials are exact to
rounding, so the columns equal a NumPy evaluation to rounding; `tests/unit/test_unit_sensors_looks.py` holds the twin.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCK = 256  # looks of a block; its rows take 59 KB
ROWS = 29
# Where the rows of a block begin in the buffer: first what comes in, then the columns that go out, then the rest.
_X, _Y, _Z, _VX, _VY, _VZ, _ALTITUDE, _LOSS = (BLOCK * row for row in range(8))
_RANGE, _AZIMUTH, _ELEVATION, _RATE, _RCS, _SNR_DB, _PD, _LIMIT = (BLOCK * row for row in range(8, 16))
_GROUND, _EAST, _NORTH, _OVER, _SNR, _SPREAD, _INDEX, _SHARE, _SHARE_2 = (BLOCK * row for row in range(16, 25))
_CORNER, _CORNER_2, _CORNER_3, _CORNER_4 = (BLOCK * row for row in range(25, 29))

_TURN = 2.0 * math.pi
_LOG2_E = 1.4426950408889634
_LN2 = math.log(2.0)
_TEN_OVER_LN10 = 10.0 / math.log(10.0)
_LN10_OVER_TEN = math.log(10.0) / 10.0
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
_MANTISSA_BITS, _EXPONENT_BIAS = np.int64(52), np.int64(1023)
_BITS_OF_ROOT_HALF = np.int64(0x3FE6A09E667F3BCD)

_ON_MAP = 0.5 + 1e-6  # from the middle of a cell; the rest is rounding at the edge of the surface

# Codes of tables.LIMITS; a test compares them.
NO_LIMIT, INSTRUMENTED, SENSITIVITY, CLUTTER, SECTOR = 0.0, 1.0, 2.0, 3.0, 6.0


class Radar(NamedTuple):
    """The numbers of a radar and its clutter, as the passes need them; `looks.evaluate_looks` fills it."""

    snr_at_one_metre: float  # of 1 m2, a ratio
    log_pfa: float
    closed_form: bool
    min_range_m: float
    max_range_m: float
    sector_centre_rad: float
    sector_half_width_rad: float
    earth_centre_m: float  # distance from the centre of the earth to the sensor
    curvature_north: float  # of the ellipsoid at the sensor, 1/m
    curvature_east: float
    height_m: float  # of the sensor above mean sea level
    cell_m: float  # of the surface of lowest visible altitudes
    hidden_limit: float
    clutter_m: float  # sigma0 times beam width times range cell: clutter is this times range
    improvement: float
    full_speed_mps: float
    minimum_speed_mps: float
    tan_clear_elevation: float  # minus infinity where the ground does not return
    table_first_db: float
    table_step_db: float


class Inputs(NamedTuple):
    """One row for each look."""

    position_m: Floats  # (3, n)
    velocity_mps: Floats  # (3, n)
    altitude_m: Floats
    extra_loss_db: Floats  # (n,), or (1,) for all
    target: Ints
    keys: NDArray[np.uint64]


class Tables(NamedTuple):
    """What the passes look up."""

    rcs_m2: Singles  # (model, azimuth, elevation)
    model: Ints  # of each target
    spread: Singles  # (target, azimuth cell, elevation cell)
    lowest_visible_m: Singles  # (k, k), row 0 north, the sensor in the middle
    detection: Floats


class Columns(NamedTuple):
    """The columns that are filled, named as in `tables.Looks`."""

    range_m: Floats
    azimuth_rad: Floats
    elevation_rad: Floats
    radial_speed_mps: Floats
    rcs_m2: Floats
    snr_db: Floats
    detection_probability: Floats
    limit: NDArray[np.int8]
    detected: NDArray[np.bool_]


@inline
def _uniform(key: np.uint64) -> float:
    """Return `draws.uniform(key)` of lane 0, to the bit."""
    x = key + _GOLDEN
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    x = x ^ (x >> _S31)
    return (np.float64(np.int64(x >> _S11)) + 0.5) * 2.0**-53


@inline
def _atan2(y: float, x: float) -> float:
    """Return atan2 with one division and a polynomial on +-tan(pi/8); within 1e-15 of exact."""
    a, b = abs(y), abs(x)
    small, large = min(a, b), max(a, b)
    folded = small > 0.4142135623730951 * large
    s = (small - large if folded else small) / ((small + large if folded else large) + 1e-300)
    z = s * s
    p = 0.02278595416503159 * z - 0.044861286876648976
    p = (p * z + 0.05737252065442155) * z - 0.06649776846408355
    p = (p * z + 0.07691071874280789) * z - 0.09090853533289445
    p = (p * z + 0.11111109665541082) * z - 0.14285714266368915
    p = (p * z + 0.19999999999895424) * z - 0.3333333333333322
    angle = s + s * z * p + (0.25 * math.pi if folded else 0.0)
    angle = 0.5 * math.pi - angle if a > b else angle
    angle = math.pi - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


@inline
def _exp(x: float) -> float:
    """Return exp(x) for x in +-700, beyond which the end counts, to 1e-15 + 4e-17 |x| of itself; NaN stays NaN."""
    x = -700.0 if x < -700.0 else x
    x = 700.0 if x > 700.0 else x
    k = math.floor(x * _LOG2_E + 0.5)
    f = x - k * _LN2
    p = 2.677469198566871e-08 * f + 2.7621807677727547e-07
    p = (p * f + 2.755244307160658e-06) * f + 2.4801516255080096e-05
    p = (p * f + 0.00019841274347072509) * f + 0.0013888888929782033
    p = (p * f + 0.00833333333188259) * f + 0.04166666666649937
    p = (p * f + 0.16666666666667912) * f + 0.5000000000000032
    p = (p * f + 1.0) * f + 1.0
    exponent = np.int64(k if k > -1023.0 else -1023.0)  # of a NaN any exponent does
    return p * np.int64((exponent + _EXPONENT_BIAS) << _MANTISSA_BITS).view(np.float64)


@inline
def _log(x: float) -> float:
    """Return log(x) of a positive, normal, finite x to 1e-15 of itself, or 1e-15 near 1; of others it is a number."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - _BITS_OF_ROOT_HALF) >> _MANTISSA_BITS
    mantissa = np.int64(bits - (exponent << _MANTISSA_BITS)).view(np.float64)  # sqrt(1/2) to sqrt(2)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    p = 0.14576327267050493 * z + 0.15335679293185125
    p = (p * z + 0.18182738657537187) * z + 0.22222213874797808
    p = (p * z + 0.2857142860209888) * z + 0.39999999999983293
    p = p * z + 0.6666666666666663
    return np.float64(exponent) * _LN2 + (2.0 * s + s * z * p)


@inline
def _cell(place: float, count: float) -> float:
    """Return the cell of 0 to count - 1 in which a place lies; of NaN the first."""
    return math.floor(min(place, count - 1.0)) if place > 0.0 else 0.0


@kernel
def _copy_in(start: int, n: int, inputs: Inputs, w: Floats) -> None:
    """Fill the rows of a block with its looks; each loop reads one array, so that it is a plain copy."""
    for axis in range(3):
        for i in range(n):
            w[_X + axis * BLOCK + i] = inputs.position_m[axis, start + i]
        for i in range(n):
            w[_VX + axis * BLOCK + i] = inputs.velocity_mps[axis, start + i]
    for i in range(n):
        w[_ALTITUDE + i] = inputs.altitude_m[start + i]
    if len(inputs.extra_loss_db) > 1:
        for i in range(n):
            w[_LOSS + i] = inputs.extra_loss_db[start + i]
    else:
        for i in range(BLOCK):
            w[_LOSS + i] = inputs.extra_loss_db[0]


@kernel
def _geometry(radar: Radar, w: Floats) -> None:
    """Fill range, azimuth, elevation, radial speed, and the place on the ground: range, and east and north on the map.

    The map is the azimuthal-equidistant one round the sensor. The ground range is the arc over a circle of the
    ellipsoid's curvature in the target's direction, which is within 4 m of the geodesic for 450 km and 7 m for 600 km.
    """
    for i in range(BLOCK):
        x, y, z = w[_X + i], w[_Y + i], w[_Z + i]
        flat2 = x * x + y * y
        flat, reach = math.sqrt(flat2), math.sqrt(flat2 + z * z)
        azimuth = _atan2(x, y)
        w[_RANGE + i] = reach
        w[_AZIMUTH + i] = azimuth + _TURN if azimuth < 0.0 else azimuth
        w[_ELEVATION + i] = _atan2(z, flat)
        w[_RATE + i] = (x * w[_VX + i] + y * w[_VY + i] + z * w[_VZ + i]) / (reach + 1e-300)
        radius = flat2 / (radar.curvature_north * y * y + radar.curvature_east * x * x + 1e-300)
        ground = radius * _atan2(flat, radius + radar.height_m + z)
        stretch = ground / (flat + 1e-300)
        w[_GROUND + i], w[_EAST + i], w[_NORTH + i] = ground, stretch * x, stretch * y


@kernel
def _aspect(radar: Radar, sizes: tuple[float, float, float, float], w: Floats) -> None:
    """Fill where the aspect lies in the table of cross sections, with shares of its cell, and in that of spreads."""
    most_a, most_e, cells_a, cells_e = sizes
    for i in range(BLOCK):
        x, y, z, vx, vy, vz = w[_X + i], w[_Y + i], w[_Z + i], w[_VX + i], w[_VY + i], w[_VZ + i]
        # Body axes: f along the velocity, right = f x local vertical (x, y, up), top = right x f. The radar's direction
        # along all three is times |f| |right|, which no angle needs.
        up = radar.earth_centre_m + z
        rx, ry, rz = vy * up - vz * y, vz * x - vx * up, vx * y - vy * x
        tx, ty, tz = ry * vz - rz * vy, rz * vx - rx * vz, rx * vy - ry * vx
        ahead = -(x * vx + y * vy + z * vz) * (math.sqrt(rx * rx + ry * ry + rz * rz) + 1e-300)
        abeam = -(x * rx + y * ry + z * rz) * math.sqrt(vx * vx + vy * vy + vz * vz)
        above = -(x * tx + y * ty + z * tz)
        turn = (_atan2(abeam, ahead) + math.pi) / _TURN
        lift = (_atan2(above, math.sqrt(ahead * ahead + abeam * abeam)) + 0.5 * math.pi) / math.pi
        a, e = turn * most_a, lift * most_e
        ia, ie = _cell(a, most_a), _cell(e, most_e)
        w[_SHARE + i], w[_SHARE_2 + i] = a - ia, e - ie
        w[_INDEX + i] = ia * (most_e + 1.0) + ie
        w[_SPREAD + i] = _cell(turn * cells_a, cells_a) * cells_e + _cell(lift * cells_e, cells_e)


@kernel
def _look_up_cross_section(start: int, n: int, inputs: Inputs, tables: Tables, w: Floats) -> None:
    """Fill the cross section: bilinear in the table of the target's model, times the spread of its aspect cell."""
    rcs, spread = tables.rcs_m2.ravel(), tables.spread.ravel()
    row = tables.rcs_m2.shape[2]
    table, cells = tables.rcs_m2.shape[1] * row, tables.spread.shape[1] * tables.spread.shape[2]
    for i in range(n):
        target = inputs.target[start + i]
        k = tables.model[target] * table + np.int64(w[_INDEX + i])
        w[_SPREAD + i] = spread[target * cells + np.int64(w[_SPREAD + i])]
        w[_CORNER + i], w[_CORNER_2 + i] = rcs[k], rcs[k + 1]
        w[_CORNER_3 + i], w[_CORNER_4 + i] = rcs[k + row], rcs[k + row + 1]
    for i in range(BLOCK):
        a, e = w[_SHARE + i], w[_SHARE_2 + i]
        low = (1.0 - a) * w[_CORNER + i] + a * w[_CORNER_3 + i]
        high = (1.0 - a) * w[_CORNER_2 + i] + a * w[_CORNER_4 + i]
        w[_RCS + i] = ((1.0 - e) * low + e * high) * w[_SPREAD + i]


@kernel
def _look_up_lowest(n: int, radar: Radar, lowest: Singles, w: Floats) -> None:
    """Fill the height of the target over the lowest visible altitude there, bilinear in the surface."""
    flat, cells = lowest.ravel(), np.float64(lowest.shape[0])
    half = 0.5 * (cells - 1.0)
    for i in range(BLOCK):
        column, row = half + w[_EAST + i] / radar.cell_m, half - w[_NORTH + i] / radar.cell_m
        j, k = _cell(column, cells - 1.0), _cell(row, cells - 1.0)
        w[_SHARE + i], w[_SHARE_2 + i] = column - j, row - k
        w[_INDEX + i] = k * cells + j
    for i in range(n):
        cell = np.int64(w[_INDEX + i])
        w[_CORNER + i], w[_CORNER_2 + i] = flat[cell], flat[cell + 1]
        w[_CORNER_3 + i], w[_CORNER_4 + i] = flat[cell + len(lowest)], flat[cell + len(lowest) + 1]
    for i in range(BLOCK):
        east, south = w[_SHARE + i], w[_SHARE_2 + i]
        north_edge = w[_CORNER + i] + east * (w[_CORNER_2 + i] - w[_CORNER + i])
        south_edge = w[_CORNER_3 + i] + east * (w[_CORNER_4 + i] - w[_CORNER_3 + i])
        over = w[_ALTITUDE + i] - (north_edge + south * (south_edge - north_edge))
        on_map = (abs(east - 0.5) <= _ON_MAP) & (abs(south - 0.5) <= _ON_MAP)
        w[_OVER + i] = over if on_map else -math.inf


@kernel
def _hidden(radar: Radar, w: Floats) -> None:
    """Fill the limit that hides a look, or sensitivity."""
    for i in range(BLOCK):
        reach = w[_RANGE + i]
        off = w[_AZIMUTH + i] - radar.sector_centre_rad
        off = abs(off - _TURN * math.floor(off / _TURN + 0.5))
        limit = SENSITIVITY if w[_OVER + i] >= 0.0 else radar.hidden_limit
        limit = INSTRUMENTED if (reach > radar.max_range_m) | (reach < radar.min_range_m) else limit
        limit = SECTOR if off > radar.sector_half_width_rad else limit
        w[_LIMIT + i] = limit if reach >= 0.0 else NO_LIMIT


@kernel
def _signal(radar: Radar, w: Floats) -> None:
    """Fill the signal-to-interference ratio, plain and in dB, and name clutter where it binds."""
    for i in range(BLOCK):
        reach, rcs, speed, limit = w[_RANGE + i], w[_RCS + i], abs(w[_RATE + i]), w[_LIMIT + i]
        squared = reach * reach
        snr = radar.snr_at_one_metre * rcs / (squared * squared) * _exp(-_LN10_OVER_TEN * w[_LOSS + i])
        share = min(speed / radar.full_speed_mps, 1.0)
        share *= share
        over_clutter = rcs * radar.improvement * share * share / (radar.clutter_m * reach)
        inside = limit == SENSITIVITY
        low = inside & (w[_OVER + i] < radar.tan_clear_elevation * w[_GROUND + i])
        slow = low & ((speed < radar.minimum_speed_mps) | (speed == 0.0))
        w[_LIMIT + i] = CLUTTER if slow | (low & (over_clutter < snr)) else limit
        snr = snr * over_clutter / (snr + over_clutter) if low else snr
        snr = snr if inside else math.nan
        w[_SNR + i] = math.nan if slow else snr
    for i in range(BLOCK):
        snr = w[_SNR + i]
        db = _TEN_OVER_LN10 * _log(snr)
        db = -math.inf if snr < 1e-300 else db
        w[_SNR_DB + i] = db if snr < 1e300 else snr  # infinity and NaN stay


@kernel
def _probability(radar: Radar, detection: Floats, w: Floats) -> None:
    """Fill the probability of detection, in closed form or from the table."""
    if radar.closed_form:
        for i in range(BLOCK):
            w[_PD + i] = _exp(radar.log_pfa / (1.0 + w[_SNR + i]))
    else:
        last = len(detection) - 1
        for i in range(BLOCK):
            step = (w[_SNR_DB + i] - radar.table_first_db) / radar.table_step_db
            cell = _cell(step, np.float64(last))
            w[_INDEX + i], w[_SHARE + i] = cell, min(max(step - cell, 0.0), 1.0)
        for i in range(BLOCK):
            k = np.int64(w[_INDEX + i])
            w[_CORNER + i], w[_CORNER_2 + i] = detection[k], detection[k + 1]
        for i in range(BLOCK):
            w[_PD + i] = w[_CORNER + i] + w[_SHARE + i] * (w[_CORNER_2 + i] - w[_CORNER + i])
    for i in range(BLOCK):
        pd = w[_PD + i] if w[_SNR + i] > 0.0 else 0.0
        w[_PD + i] = pd if w[_RANGE + i] >= 0.0 else math.nan


@kernel
def _copy(source: Floats, target: Floats) -> None:
    # Slices, because a kernel is compiled again for each number, such as a row's, that is written in its call.
    for i in range(target.size):
        target[i] = source[i]


@kernel
def _copy_out(start: int, n: int, keys: NDArray[np.uint64], out: Columns, w: Floats) -> None:
    """Fill the columns from the rows of a block, and draw the decisions."""
    end = start + n
    for i in range(n):
        w[_CORNER + i] = _uniform(keys[start + i])
    for i in range(n):
        out.detected[start + i] = w[_CORNER + i] < w[_PD + i]
    for i in range(n):
        out.limit[start + i] = np.int8(w[_LIMIT + i])
    _copy(w[_RANGE : _RANGE + n], out.range_m[start:end])
    _copy(w[_AZIMUTH : _AZIMUTH + n], out.azimuth_rad[start:end])
    _copy(w[_ELEVATION : _ELEVATION + n], out.elevation_rad[start:end])
    _copy(w[_RATE : _RATE + n], out.radial_speed_mps[start:end])
    _copy(w[_RCS : _RCS + n], out.rcs_m2[start:end])
    _copy(w[_SNR_DB : _SNR_DB + n], out.snr_db[start:end])
    _copy(w[_PD : _PD + n], out.detection_probability[start:end])


@kernel
def fill(inputs: Inputs, radar: Radar, tables: Tables, out: Columns, w: Floats) -> None:
    """Run all passes over all looks; `w` is (ROWS * BLOCK,) and finite."""
    sizes = (
        tables.rcs_m2.shape[1] - 1.0,
        tables.rcs_m2.shape[2] - 1.0,
        np.float64(tables.spread.shape[1]),
        np.float64(tables.spread.shape[2]),
    )
    for start in range(0, len(inputs.altitude_m), BLOCK):
        n = min(BLOCK, len(inputs.altitude_m) - start)
        _copy_in(start, n, inputs, w)
        _geometry(radar, w)
        _aspect(radar, sizes, w)
        _look_up_cross_section(start, n, inputs, tables, w)
        _look_up_lowest(n, radar, tables.lowest_visible_m, w)
        _hidden(radar, w)
        _signal(radar, w)
        _probability(radar, tables.detection, w)
        _copy_out(start, n, inputs.keys, out, w)

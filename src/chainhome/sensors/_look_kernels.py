"""The compiled passes of `looks`: flat columns of one radar's looks in, filled columns out; block by block.

Each pass is an explicit loop over a block that stays in the cache. The arc tangent is a rational function that is
exact to rounding, logarithms and exponentials are the C library's, so the columns equal a NumPy evaluation to rounding;
`tests/unit/test_unit_sensors_looks.py` holds the twin.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]

BLOCK = 512
_TEN_OVER_LN10 = 10.0 / math.log(10.0)
_LN10_OVER_TEN = math.log(10.0) / 10.0
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)

# Codes of tables.LIMITS; a test compares them.
NO_LIMIT, INSTRUMENTED, SENSITIVITY, CLUTTER, SECTOR = 0, 1, 2, 3, 6


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
    earth_radius_m: float
    bearing_first_rad: float
    bearing_step_rad: float
    range_first_m: float
    range_step_m: float
    masked_limit: int
    clutter: bool
    clutter_m: float  # sigma0 times beam width times range cell: clutter is this times range
    improvement: float
    full_speed_mps: float
    minimum_speed_mps: float
    tan_clear_elevation: float
    table_first_db: float
    table_step_db: float


class Inputs(NamedTuple):
    """One row for each look."""

    position_m: Floats  # (3, n)
    velocity_mps: Floats  # (3, n)
    altitude_m: Floats
    extra_loss_db: Floats
    target: NDArray[np.int64]
    keys: NDArray[np.uint64]


class Tables(NamedTuple):
    """What the passes look up."""

    rcs_m2: Floats  # (model, azimuth, elevation)
    model: NDArray[np.int64]  # of each target
    spread: Floats  # (target, azimuth cell, elevation cell)
    lowest_visible_m: Floats  # (bearing, range)
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
def _geometry(start: int, stop: int, inputs: Inputs, radar: Radar, out: Columns, work: Floats) -> None:
    """Fill range, azimuth, elevation and radial speed, and into `work` ground range and the aspect angles."""
    xs, ys, zs = inputs.position_m[0, start:stop], inputs.position_m[1, start:stop], inputs.position_m[2, start:stop]
    us, vs = inputs.velocity_mps[0, start:stop], inputs.velocity_mps[1, start:stop]
    ws = inputs.velocity_mps[2, start:stop]
    reaches, azimuths = out.range_m[start:stop], out.azimuth_rad[start:stop]
    elevations, rates = out.elevation_rad[start:stop], out.radial_speed_mps[start:stop]
    grounds, aspects_a, aspects_e = work[0], work[1], work[2]
    centre, radius = radar.earth_centre_m, radar.earth_radius_m
    for i in range(stop - start):
        x, y, z, vx, vy, vz = xs[i], ys[i], zs[i], us[i], vs[i], ws[i]
        flat2 = x * x + y * y
        flat, reach = math.sqrt(flat2), math.sqrt(flat2 + z * z)
        along = x * vx + y * vy + z * vz
        azimuth = _atan2(x, y)
        reaches[i] = reach
        azimuths[i] = azimuth + 2.0 * math.pi if azimuth < 0.0 else azimuth
        elevations[i] = _atan2(z, flat)
        rates[i] = along / (reach + 1e-300)
        up = centre + z
        grounds[i] = radius * _atan2(flat, up)
        # Body axes: f along the velocity, right = f x local vertical (x, y, up), top = right x f.
        rx, ry, rz = vy * up - vz * y, vz * x - vx * up, vx * y - vy * x
        speed = math.sqrt(vx * vx + vy * vy + vz * vz) + 1e-300
        right = math.sqrt(rx * rx + ry * ry + rz * rz) + 1e-300
        tx, ty, tz = ry * vz - rz * vy, rz * vx - rx * vz, rx * vy - ry * vx
        ahead = -along / speed
        abeam = -(x * rx + y * ry + z * rz) / right
        above = -((x * tx + y * ty + z * tz) / right) / speed
        aspects_a[i] = _atan2(abeam, ahead)
        aspects_e[i] = _atan2(above, math.sqrt(ahead * ahead + abeam * abeam))


@kernel
def _cross_section(start: int, stop: int, inputs: Inputs, tables: Tables, out: Columns, work: Floats) -> None:
    """Fill the cross section: bilinear in the table of the target's model, times the spread of its aspect cell."""
    most_a, most_e = tables.rcs_m2.shape[1] - 1, tables.rcs_m2.shape[2] - 1
    cells_a, cells_e = tables.spread.shape[1], tables.spread.shape[2]
    for i in range(start, stop):
        turn = (work[1, i - start] + math.pi) / (2.0 * math.pi)
        lift = (work[2, i - start] + 0.5 * math.pi) / math.pi
        if not (turn >= 0.0 and lift >= 0.0):
            out.rcs_m2[i] = math.nan
            continue
        target = inputs.target[i]
        model = tables.model[target]
        a, e = turn * most_a, lift * most_e
        ia, ie = min(int(a), most_a - 1), min(int(e), most_e - 1)
        fa, fe = a - ia, e - ie
        low = (1.0 - fa) * tables.rcs_m2[model, ia, ie] + fa * tables.rcs_m2[model, ia + 1, ie]
        high = (1.0 - fa) * tables.rcs_m2[model, ia, ie + 1] + fa * tables.rcs_m2[model, ia + 1, ie + 1]
        ca, ce = min(int(turn * cells_a), cells_a - 1), min(int(lift * cells_e), cells_e - 1)
        out.rcs_m2[i] = ((1.0 - fe) * low + fe * high) * tables.spread[target, ca, ce]


@kernel
def _hidden(start: int, stop: int, inputs: Inputs, radar: Radar, tables: Tables, out: Columns, work: Floats) -> None:
    """Fill the limit that hides a look, if any, and into `work` the height over the lowest visible altitude."""
    bearings, last = tables.lowest_visible_m.shape[0], tables.lowest_visible_m.shape[1] - 1
    for i in range(start, stop):
        reach, azimuth, ground = out.range_m[i], out.azimuth_rad[i], work[0, i - start]
        if not (reach >= 0.0):
            out.limit[i] = NO_LIMIT
            work[3, i - start] = math.nan
            continue
        bearing = (azimuth - radar.bearing_first_rad) / radar.bearing_step_rad + 0.5
        b = math.floor(bearing) % bearings
        step = min(max((ground - radar.range_first_m) / radar.range_step_m, 0.0), float(last))
        r = min(int(step), last - 1)
        share = step - r
        near, far = tables.lowest_visible_m[b, r], tables.lowest_visible_m[b, r + 1]
        lowest = near if share == 0.0 else near + share * (far - near)
        over = inputs.altitude_m[i] - lowest
        work[3, i - start] = over
        off = azimuth - radar.sector_centre_rad
        off = abs(off - 2.0 * math.pi * math.floor(off / (2.0 * math.pi) + 0.5))
        limit = SENSITIVITY
        if not (over >= 0.0):
            limit = radar.masked_limit
        if reach > radar.max_range_m or reach < radar.min_range_m:
            limit = INSTRUMENTED
        if off > radar.sector_half_width_rad:
            limit = SECTOR
        out.limit[i] = limit


@kernel
def _signal(start: int, stop: int, inputs: Inputs, radar: Radar, out: Columns, work: Floats) -> None:
    """Fill the signal-to-interference ratio in dB, name clutter where it binds, and leave the ratio in `work`."""
    for i in range(start, stop):
        limit = out.limit[i]
        reach = out.range_m[i]
        if limit != SENSITIVITY:
            out.snr_db[i] = math.nan
            work[0, i - start] = math.nan
            continue
        squared = reach * reach
        snr = radar.snr_at_one_metre * out.rcs_m2[i] / (squared * squared)
        loss = inputs.extra_loss_db[i]
        if loss != 0.0:
            snr *= math.exp(-loss * _LN10_OVER_TEN)
        ground = work[0, i - start]
        if radar.clutter and work[3, i - start] < radar.tan_clear_elevation * ground:
            speed = abs(out.radial_speed_mps[i])
            share = min(speed / radar.full_speed_mps, 1.0)
            share *= share
            over_clutter = out.rcs_m2[i] * radar.improvement * share * share / (radar.clutter_m * reach)
            if speed < radar.minimum_speed_mps or speed == 0.0:
                snr = math.nan
                out.limit[i] = CLUTTER
            else:
                if over_clutter < snr:
                    out.limit[i] = CLUTTER
                snr = snr * over_clutter / (snr + over_clutter)
        out.snr_db[i] = _TEN_OVER_LN10 * math.log(snr)
        work[0, i - start] = snr


@kernel
def _decide(start: int, stop: int, inputs: Inputs, radar: Radar, tables: Tables, out: Columns, work: Floats) -> None:
    """Fill the probability of detection, closed form or table, and draw."""
    last = len(tables.detection) - 1
    for i in range(start, stop):
        snr = work[0, i - start]
        if not (snr > 0.0):
            pd = math.nan if not (out.range_m[i] >= 0.0) else 0.0
        elif radar.closed_form:
            pd = math.exp(radar.log_pfa / (1.0 + snr))
        else:
            step = (out.snr_db[i] - radar.table_first_db) / radar.table_step_db
            step = min(max(step, 0.0), float(last))
            k = min(int(step), last - 1)
            pd = tables.detection[k] + (step - k) * (tables.detection[k + 1] - tables.detection[k])
        out.detection_probability[i] = pd
        out.detected[i] = _uniform(inputs.keys[i]) < pd


@kernel
def fill(inputs: Inputs, radar: Radar, tables: Tables, out: Columns, work: Floats) -> None:
    """Run all passes over all looks; `work` is (4, BLOCK)."""
    n = len(inputs.altitude_m)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        _geometry(start, stop, inputs, radar, out, work)
        _cross_section(start, stop, inputs, tables, out, work)
        _hidden(start, stop, inputs, radar, tables, out, work)
        _signal(start, stop, inputs, radar, out, work)
        _decide(start, stop, inputs, radar, tables, out, work)

"""The compiled pass of radar registration: windows of plots in, normal equations of the biases out.

A window holds the plots of one aircraft over some tens of seconds. Its motion is a polynomial of first, second or third
degree on a frame of its own, its height is given up to an offset. Range, azimuth and time of every plot are linearised
about the present estimate; motion and offset are eliminated in the window, the aircraft's own height error after its
last window; what is left are the normal equations of the biases [zhou1999]. The twin stands in
`tests/unit/test_unit_tracking_registration.py`.
"""

# Long because a kernel may call only kernels of its own file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Columns of a window's normal equations: position, velocity, height offset, then the second and the third degree
# (east and north each); the aircraft's height error, the scale of pressure altitude, the measured value, the sensors.
HEIGHT, AIRCRAFT, SCALE, VALUE, FIRST_SENSOR = 4, 9, 10, 11, 12
MOTION = 9
# Global unknowns: common height error of aircraft with and without flight level, scale, then three for each sensor.
COMMON = 3

# A window takes a higher degree if chi-square falls by more than it would by chance in one case of a hundred.
_FALL_OF_TWO, _FALL_OF_FOUR = 9.21, 13.28
# Three-part weights of a plot's normalised distance, after Hampel: full, falling, none beyond.
_FULL, _NONE = 3.5, 7.0
_FEWEST_MEASURED = 7
_WINDOW_GATE = 6.0  # standard deviations of a window's chi-square above its mean
_SPEED_MPS, _ACCELERATION_MPS2, _JERK_MPS3 = 500.0, 20.0, 2.0  # so wide that they only keep the pivots positive


class Plots(NamedTuple):
    """One row for each plot, in the order of windows."""

    time_s: Floats
    range_m: Floats
    azimuth_rad: Floats
    ecef: Floats
    """(n, 3) about where the plot lies; what was reported, for a position report."""
    height_m: Floats
    inverse_sigma: Floats
    """(n, 2) of range and azimuth, or of east and north; 0 = not measured."""
    sensor: Ints
    polar: Bools


class Windows(NamedTuple):
    """One row for each window, in the order of aircraft, with its state from pass to pass."""

    start: Ints
    stop: Ints
    aircraft: Ints
    middle_s: Floats
    half_s: Floats
    origin: Floats
    rotation: Floats
    radius_m: Floats
    """(w, 2) of curvature, east-west and north-south."""
    height_sigma_m: Floats
    motion: Floats
    """(w, 9) coefficients in metres, time in half windows: e0 n0 e1 n1, height offset, e2 n2 e3 n3."""
    degree: Ints
    chi_square: Floats
    used: Bools


class Aircraft(NamedTuple):
    """One row for each aircraft."""

    sigma_m: Floats
    common: Ints
    """Which global unknown its common height error is: 0 with flight level, 1 without."""
    height_error_m: Floats
    scaled: Floats
    """1 if the height is a pressure altitude, 0 otherwise."""
    cross: Floats
    """(a, p) out: coupling of its height error with the global unknowns."""
    own: Floats
    """(a, 2) out: information on its height error, and gradient."""


class Sites(NamedTuple):
    """One row for each sensor."""

    ecef: Floats
    rotation: Floats
    estimated: Bools
    """False for a reference, whose biases are zero."""


class Work(NamedTuple):
    """What the pass writes over."""

    normal: Floats
    """(12 + 3 s, 12 + 3 s) equations of a window."""
    small: Floats
    """(10, 10) the part of them that tells the degree of motion."""
    rows: Floats
    """(2 m, 15) of the largest window: columns 0 to 11 and the three of the sensor, times the root of the weight."""
    slot: Ints
    """(s,) first column of a sensor in the window, -1 for a reference, -2 outside the loop."""
    column: Ints
    """(12 + 3 s,) which global unknown a column of the window is."""
    line: Floats
    coupling: Floats
    """(p,) of an aircraft's height error with the global unknowns."""
    gradient: Floats
    """(p,) what an aircraft says of the global unknowns."""
    own: Floats
    """(2,) information on an aircraft's height error, and gradient."""


class Sums(NamedTuple):
    """What the pass adds up."""

    normal: Floats
    gradient: Floats
    meat: Floats
    """(p, p) sum over aircraft of the gradient times itself."""
    square: Floats
    """(s, 2) weighted squared residuals."""
    redundancy: Floats
    """(s, 2) degrees of freedom that belong to them."""


class Options(NamedTuple):
    """How strict the pass is."""

    loosen: float
    """Factor on the limits of the weights; the biases are in the residuals of the first passes."""
    gate_windows: bool
    measure_noise: bool
    keep_choice: bool
    """Whether weights, degrees and windows stay as the last pass chose them."""


@kernel
def _window_rows(
    w: int,
    plots: Plots,
    windows: Windows,
    sites: Sites,
    biases: Floats,
    height_scale: float,
    height_offset_m: float,
    rows: Floats,
    line: Floats,
) -> None:
    """Write two rows for each plot of window w, linearised about its present motion and divided by sigma."""
    c, rotation, origin = windows.motion[w], windows.rotation[w], windows.origin[w]
    start, half = windows.start[w], windows.half_s[w]
    for i in range(start, windows.stop[w]):
        s = plots.sensor[i]
        base = COMMON + 3 * s
        tau = (plots.time_s[i] - biases[base + 2] - windows.middle_s[w]) / half
        east = c[0] + tau * (c[2] + tau * (c[5] + tau * c[7]))
        north = c[1] + tau * (c[3] + tau * (c[6] + tau * c[8]))
        east_rate = (c[2] + tau * (2.0 * c[5] + tau * 3.0 * c[7])) / half
        north_rate = (c[3] + tau * (2.0 * c[6] + tau * 3.0 * c[8])) / half
        # Height above the ellipsoid, along the vertical of the window's origin: exact to millimetres within 20 km.
        height = plots.height_m[i] * height_scale + height_offset_m
        across, along = windows.radius_m[w, 0] + height, windows.radius_m[w, 1] + height
        up = height - east * east / (2.0 * across) - north * north / (2.0 * along)
        if plots.polar[i]:
            site = sites.rotation[s]
            for x in range(3):
                line[x] = rotation[0, x] * east + rotation[1, x] * north + rotation[2, x] * up
                line[x] += origin[x] - sites.ecef[s, x]
            le = site[0, 0] * line[0] + site[0, 1] * line[1] + site[0, 2] * line[2]
            ln = site[1, 0] * line[0] + site[1, 1] * line[1] + site[1, 2] * line[2]
            level2 = le * le + ln * ln + 1.0e-6
            r = math.sqrt(line[0] * line[0] + line[1] * line[1] + line[2] * line[2] + 1.0e-6)
            value_1 = plots.range_m[i] - biases[base] - r
            value_2 = plots.azimuth_rad[i] - biases[base + 1] - math.atan2(le, ln)
            value_2 -= 2.0 * math.pi * math.floor(value_2 / (2.0 * math.pi) + 0.5)
            # Derivatives by earth-centred position, then along the axes of the window.
            for x in range(3):
                line[x] /= r
                line[3 + x] = (ln * site[0, x] - le * site[1, x]) / level2
            r_u = line[0] * rotation[2, 0] + line[1] * rotation[2, 1] + line[2] * rotation[2, 2]
            r_e = line[0] * rotation[0, 0] + line[1] * rotation[0, 1] + line[2] * rotation[0, 2] - r_u * east / across
            r_n = line[0] * rotation[1, 0] + line[1] * rotation[1, 1] + line[2] * rotation[1, 2] - r_u * north / along
            a_u = line[3] * rotation[2, 0] + line[4] * rotation[2, 1] + line[5] * rotation[2, 2]
            a_e = line[3] * rotation[0, 0] + line[4] * rotation[0, 1] + line[5] * rotation[0, 2] - a_u * east / across
            a_n = line[3] * rotation[1, 0] + line[4] * rotation[1, 1] + line[5] * rotation[1, 2] - a_u * north / along
            bias = 1.0
        else:
            for x in range(3):
                line[x] = plots.ecef[i, x] - origin[x]
            value_1 = rotation[0, 0] * line[0] + rotation[0, 1] * line[1] + rotation[0, 2] * line[2] - east
            value_2 = rotation[1, 0] * line[0] + rotation[1, 1] * line[1] + rotation[1, 2] * line[2] - north
            r_e, r_n, r_u, a_e, a_n, a_u, bias = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0
        at = 2 * (i - start)
        for q in range(2):
            row = rows[at + q]
            scale = plots.inverse_sigma[i, q]
            # A measurement that is missing may hold NaN.
            value = value_1 if q == 0 else value_2
            row[VALUE] = scale * value if scale > 0.0 else 0.0
            row[0] = scale * (r_e if q == 0 else a_e)
            row[1] = scale * (r_n if q == 0 else a_n)
            row[HEIGHT] = scale * (r_u if q == 0 else a_u)
            row[2], row[3] = tau * row[0], tau * row[1]
            row[5], row[6] = tau * row[2], tau * row[3]
            row[7], row[8] = tau * row[5], tau * row[6]
            row[AIRCRAFT] = row[HEIGHT]
            row[SCALE] = row[HEIGHT] * plots.height_m[i]
            row[12] = scale * bias if q == 0 else 0.0
            row[13] = scale * bias if q == 1 else 0.0
            row[14] = -(row[0] * east_rate + row[1] * north_rate)


@kernel
def _add(rows: Floats, plots: Plots, start: int, stop: int, slot: Ints, normal: Floats) -> None:
    """Add the products of the rows of a window to its normal equations; below the diagonal they are never read."""
    for i in range(start, stop):
        at = slot[plots.sensor[i]]
        one, two = rows[2 * (i - start)], rows[2 * (i - start) + 1]
        for p in range(12):
            target, f, g = normal[p], one[p], two[p]
            for q in range(12):
                target[q] += f * one[q] + g * two[q]
            if at >= 0:
                for q in range(3):
                    target[at + q] += f * one[12 + q] + g * two[12 + q]
        if at >= 0:
            for p in range(3):
                for q in range(3):
                    normal[at + p, at + q] += one[12 + p] * one[12 + q] + two[12 + p] * two[12 + q]


@kernel
def _eliminate(normal: Floats, first: int, last: int, size: int) -> None:
    """Eliminate the unknowns first to last - 1 from the symmetric system, upper triangle, in place."""
    for p in range(first, last):
        pivot = normal[p]
        inverse = 1.0 / pivot[p]
        for i in range(p + 1, size):
            f = pivot[i] * inverse
            if f != 0.0:
                target = normal[i]
                for j in range(i, size):
                    target[j] -= f * pivot[j]


@kernel
def _chosen_degree(normal: Floats, small: Floats, measured: int) -> int:
    """Return the degree of motion that the values of a window ask for."""
    for p in range(9):
        for q in range(p, 9):
            small[p, q] = normal[p, q]
        small[p, 9] = normal[p, VALUE]
    small[9, 9] = normal[VALUE, VALUE]
    _eliminate(small, 0, 5, 10)
    one = small[9, 9]
    if measured < 9:
        return 1
    _eliminate(small, 5, 7, 10)
    two = small[9, 9]
    if measured < 11:
        return 2 if one - two > _FALL_OF_TWO else 1
    _eliminate(small, 7, 9, 10)
    three = small[9, 9]
    if two - three > _FALL_OF_TWO:
        return 3
    if one - two > _FALL_OF_TWO:
        return 2
    return 3 if one - three > _FALL_OF_FOUR else 1


@kernel
def _weight(distance2: float, loosen: float) -> float:
    """Return the weight of a plot at a squared normalised distance from the window's motion."""
    full, none = _FULL * loosen, _NONE * loosen
    if distance2 <= full * full:
        return 1.0
    if distance2 >= none * none:
        return 0.0
    return full / math.sqrt(distance2)


@kernel
def _add_noise(
    rows: Floats,
    plots: Plots,
    weight: Floats,
    start: int,
    stop: int,
    last: int,
    normal: Floats,
    motion: Floats,
    sums: Sums,
) -> None:
    """Add the squared residuals of a window by sensor, and what is left of each after the motion took its part."""
    for i in range(start, stop):
        if weight[i] == 0.0:
            continue
        s = plots.sensor[i]
        for q in range(2):
            if plots.inverse_sigma[i, q] == 0.0:
                continue
            row = rows[2 * (i - start) + q]
            left = row[VALUE]
            for p in range(last):
                left -= row[p] * motion[p]
            leverage = 0.0
            for p in range(last):
                f = row[p] / normal[p, p]
                leverage += f * row[p]
                for j in range(p + 1, last):
                    row[j] -= f * normal[p, j]
            sums.square[s, q] += left * left
            sums.redundancy[s, q] += weight[i] - leverage


@kernel
def _sensor_columns(w: int, plots: Plots, windows: Windows, sites: Sites, work: Work) -> int:
    """Give the sensors of a window the columns after VALUE, clear the equations and return their number."""
    size = FIRST_SENSOR
    for i in range(windows.start[w], windows.stop[w]):
        s = plots.sensor[i]
        if work.slot[s] == -2:
            work.slot[s] = -1
            if sites.estimated[s]:
                work.slot[s] = size
                for q in range(3):
                    work.column[size + q] = COMMON + 3 * s + q
                size += 3
    work.column[SCALE] = 2
    for p in range(size):
        for q in range(size):
            work.normal[p, q] = 0.0
    return size


@kernel
def _weigh(
    w: int, windows: Windows, weight: Floats, inverse_sigma: Floats, rows: Floats, scaled: float, options: Options
) -> int:
    """Weigh the plots of a window by their residuals, and return how many measurements take part."""
    motion, start = windows.motion[w], windows.start[w]
    measured = 0
    for i in range(start, windows.stop[w]):
        at = 2 * (i - start)
        if not options.keep_choice:
            weight[i] = _weight(
                rows[at, VALUE] * rows[at, VALUE] + rows[at + 1, VALUE] * rows[at + 1, VALUE], options.loosen
            )
        root = math.sqrt(weight[i])
        for q in range(2):
            row = rows[at + q]
            if weight[i] > 0.0 and inverse_sigma[i, q] > 0.0:
                measured += 1
            # The motion is solved for as a whole, so that a degree can be dropped.
            for p in range(MOTION):
                row[VALUE] += row[p] * motion[p]
            row[SCALE] *= scaled
            for p in range(15):
                row[p] *= root
    return measured


@kernel
def _solve_motion(
    w: int, windows: Windows, normal: Floats, small: Floats, size: int, measured: int, keep_choice: bool
) -> int:
    """Eliminate the motion of a window from its equations, renew it, and return the number of its unknowns."""
    half = windows.half_s[w]
    normal[HEIGHT, HEIGHT] += 1.0 / windows.height_sigma_m[w] ** 2
    for q in range(2):
        normal[2 + q, 2 + q] += 1.0 / (_SPEED_MPS * half) ** 2
        normal[5 + q, 5 + q] += 1.0 / (_ACCELERATION_MPS2 * half**2) ** 2
        normal[7 + q, 7 + q] += 1.0 / (_JERK_MPS3 * half**3) ** 2
    if not keep_choice:
        windows.degree[w] = _chosen_degree(normal, small, measured)
    last = int(3 + 2 * windows.degree[w])
    # What is not solved for must not be touched by the elimination.
    for p in range(last, MOTION):
        for q in range(size):
            normal[p, q] = 0.0
            normal[q, p] = 0.0
    # A position that nothing measures stays where the window's origin is.
    normal[0, 0] += 1e-12
    normal[1, 1] += 1e-12
    _eliminate(normal, 0, last, size)
    motion = windows.motion[w]
    motion[last:] = 0.0
    for p in range(last - 1, -1, -1):
        value = normal[p, VALUE]
        for q in range(p + 1, last):
            value -= normal[p, q] * motion[q]
        motion[p] = value / normal[p, p]
    windows.chi_square[w] = normal[VALUE, VALUE]
    return last


@kernel
def _add_reduced(normal: Floats, size: int, column: Ints, work: Work, sums: Sums) -> None:
    """Add what a window says of its aircraft's height error, of the scale of pressure altitude and of its sensors."""
    work.own[0] += normal[AIRCRAFT, AIRCRAFT]
    work.own[1] += normal[AIRCRAFT, VALUE]
    for p in range(SCALE, size):
        if p != VALUE:
            one = column[p]
            work.coupling[one] += normal[AIRCRAFT, p]
            # The column of the values is the gradient.
            work.gradient[one] += normal[p, VALUE] if p < VALUE else normal[VALUE, p]
            sums.normal[one, one] += normal[p, p]
            for q in range(p + 1, size):
                if q != VALUE:
                    other = column[q]
                    sums.normal[one, other] += normal[p, q]
                    sums.normal[other, one] += normal[p, q]


@kernel
def _close_aircraft(a: int, aircraft: Aircraft, work: Work, sums: Sums) -> None:
    """Eliminate the height error of an aircraft after its last window; the common one has the same column."""
    unknowns, common = len(sums.gradient), aircraft.common[a]
    coupling, gradient = work.coupling, work.gradient
    precision = 1.0 / aircraft.sigma_m[a] ** 2
    information = work.own[0] + precision
    slope = work.own[1] - precision * aircraft.height_error_m[a]
    for p in range(unknowns):
        sums.normal[common, p] += coupling[p]
        sums.normal[p, common] += coupling[p]
    sums.normal[common, common] += work.own[0]
    coupling[common] = work.own[0]
    gradient[common] = work.own[1]
    for p in range(unknowns):
        f = coupling[p] / information
        gradient[p] -= f * slope
        aircraft.cross[a, p] = coupling[p]
        for q in range(unknowns):
            sums.normal[p, q] -= f * coupling[q]
    for p in range(unknowns):
        sums.gradient[p] += gradient[p]
        for q in range(unknowns):
            sums.meat[p, q] += gradient[p] * gradient[q]
    aircraft.own[a, 0] = information
    aircraft.own[a, 1] = slope
    coupling[:] = 0.0
    gradient[:] = 0.0
    work.own[:] = 0.0


@kernel
def registration_pass(
    plots: Plots,
    windows: Windows,
    aircraft: Aircraft,
    sites: Sites,
    biases: Floats,
    weight: Floats,
    work: Work,
    sums: Sums,
    options: Options,
) -> None:
    """Linearise every window about its present state, renew the state, and add its equations to `sums`."""
    normal, rows = work.normal, work.rows
    windows_given = len(windows.start)
    for w in range(windows_given):
        start, stop, a = windows.start[w], windows.stop[w], windows.aircraft[w]
        size = _sensor_columns(w, plots, windows, sites, work)
        scale = 1.0 + aircraft.scaled[a] * biases[2]
        offset = biases[aircraft.common[a]] + aircraft.height_error_m[a] + windows.motion[w, HEIGHT]
        _window_rows(w, plots, windows, sites, biases, scale, offset, rows, work.line)
        measured = _weigh(w, windows, weight, plots.inverse_sigma, rows, aircraft.scaled[a], options)
        _add(rows, plots, start, stop, work.slot, normal)
        last = _solve_motion(w, windows, normal, work.small, size, measured, options.keep_choice)
        if not options.keep_choice:
            freedom = measured - last + 1.0
            limit = freedom + _WINDOW_GATE * math.sqrt(2.0 * max(freedom, 1.0))
            fits = (not options.gate_windows) or windows.chi_square[w] < limit
            windows.used[w] = measured >= _FEWEST_MEASURED and fits
        if windows.used[w]:
            if options.measure_noise:
                _add_noise(rows, plots, weight, start, stop, last, normal, windows.motion[w], sums)
            _add_reduced(normal, size, work.column, work, sums)
        for i in range(start, stop):
            work.slot[plots.sensor[i]] = -2
        if w == windows_given - 1 or windows.aircraft[w + 1] != a:
            _close_aircraft(a, aircraft, work, sums)


@kernel
def first_motion(plots: Plots, windows: Windows, weight: Floats) -> None:
    """Start every window from a straight line through the plots' places, in least squares, reweighted five times."""
    for w in range(len(windows.start)):
        start, stop = windows.start[w], windows.stop[w]
        origin, rotation, motion = windows.origin[w], windows.rotation[w], windows.motion[w]
        for step in range(6):
            s0 = s1 = s2 = 0.0
            e0 = e1 = n0 = n1 = 0.0
            for i in range(start, stop):
                x, y, z = plots.ecef[i, 0] - origin[0], plots.ecef[i, 1] - origin[1], plots.ecef[i, 2] - origin[2]
                if math.isnan(x):
                    continue
                tau = (plots.time_s[i] - windows.middle_s[w]) / windows.half_s[w]
                e = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z
                n = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z
                f = weight[i]
                if step > 0:
                    off = (e - motion[0] - tau * motion[2]) ** 2 + (n - motion[1] - tau * motion[3]) ** 2
                    f /= math.sqrt(1.0 + f * off)
                s0 += f
                s1 += f * tau
                s2 += f * tau * tau
                e0 += f * e
                e1 += f * e * tau
                n0 += f * n
                n1 += f * n * tau
            # A speed of nothing is assumed with a weight of a thousandth of the plots'.
            s2 = s2 * 1.001 + 1e-12
            s0 += 1e-15
            det = s0 * s2 - s1 * s1
            motion[0] = (s2 * e0 - s1 * e1) / det
            motion[2] = (s0 * e1 - s1 * e0) / det
            motion[1] = (s2 * n0 - s1 * n1) / det
            motion[3] = (s0 * n1 - s1 * n0) / det

"""The compiled pass from detections to plots and to the states of tracks that begin with them: columns in and out.

A plot with all three coordinates gives its position and covariance directly, one without height takes a prior of
height; the velocity is unknown but for what the range rate says.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Codes of measurement slots; a test compares them with tracking.slots.
RANGE, AZIMUTH, ELEVATION, DOPPLER, HEIGHT = 0, 1, 2, 3, 4
# Columns of the table of sensors: five variances of the slots, three of the origin, nine of the rotation.
POLAR, VARIANCE, CLUTTER, SENSOR_HEIGHT, ORIGIN, ROTATION, SENSOR_COLUMNS = 0, 1, 6, 7, 8, 11, 20
# Numbers of the settings.
SPEED_VARIANCE, CLIMB_VARIANCE, PRIOR_HEIGHT, PRIOR_SIGMA, DOPPLER_SPAN, HEIGHT_SPAN, FALSE_REPLIES = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
)
GRID_X, GRID_Y, CELL, GRID_COLUMNS, GRID_ROWS, SETTINGS = 7, 8, 9, 10, 11, 12

_TURN = 2.0 * math.pi
_STEEPEST = 0.98  # sine of the steepest elevation that a height is turned into
# World Geodetic System 1984, and the mean radius; a test compares them with constants.
_SEMI_MAJOR_M = 6378137.0
_SEMI_MINOR_M = 6356752.314245179
_MEAN_RADIUS_M = 6371008.77


@inline
def _wrapped(angle: float) -> float:
    """Bring an angle to [-pi, pi)."""
    near = angle - _TURN if angle >= math.pi else (angle + _TURN if angle < -math.pi else angle)
    return near if -math.pi <= near < math.pi else (angle + math.pi) % _TURN - math.pi


@inline
def _direction(angle: float) -> tuple[float, float]:
    """Sine and cosine to 3e-16, of an angle in +-pi by polynomials of its half."""
    if abs(angle) > 3.2:
        return math.sin(angle), math.cos(angle)
    h = 0.5 * angle
    z = h * h
    s = (2.73144475909634e-15 * z - 7.643970296165793e-13) * z + 1.6058977312444268e-10
    s = ((s * z - 2.5052107616995878e-08) * z + 2.755731921916323e-06) * z - 0.00019841269841254974
    s = h + h * z * ((s * z + 0.008333333333333316) * z - 0.16666666666666666)
    c = (4.6276759700711356e-14 * z - 1.1464689884521268e-11) * z + 2.087663086738545e-09
    c = ((c * z - 2.755731776731995e-07) * z + 2.4801587292446207e-05) * z - 0.0013888888888860709
    c = 1.0 + z * ((c * z + 0.04166666666666634) * z - 0.5)
    return 2.0 * s * c, 1.0 - 2.0 * s * s


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


@inline
def _of_radar(
    i: int,
    row: int,
    r: float,
    azimuth: float,
    elevation: tuple[float, float],
    r_v: float,
    azimuth_v: float,
    elevation_v: float,
    sensors: Floats,
    mean: Floats,
    triangle: Floats,
) -> tuple[float, float, float]:
    """Fill the place of a track that begins with a radar's plot, and its covariance; return the line of sight.

    `elevation` by its sine and cosine; variances end in `_v`.
    """
    m = ROTATION  # rows east, north, up
    e0, e1, e2 = sensors[row, m], sensors[row, m + 1], sensors[row, m + 2]
    n0, n1, n2 = sensors[row, m + 3], sensors[row, m + 4], sensors[row, m + 5]
    u0, u1, u2 = sensors[row, m + 6], sensors[row, m + 7], sensors[row, m + 8]
    sa, ca = _direction(azimuth)
    se, ce = elevation
    # Ahead over the ground; then the derivatives of the place by range, azimuth and elevation.
    f0, f1, f2 = sa * e0 + ca * n0, sa * e1 + ca * n1, sa * e2 + ca * n2
    a0, a1, a2 = ce * f0 + se * u0, ce * f1 + se * u1, ce * f2 + se * u2
    flat = r * ce
    b0, b1, b2 = flat * (ca * e0 - sa * n0), flat * (ca * e1 - sa * n1), flat * (ca * e2 - sa * n2)
    c0, c1, c2 = r * (ce * u0 - se * f0), r * (ce * u1 - se * f1), r * (ce * u2 - se * f2)
    mean[i, 0] = sensors[row, ORIGIN] + r * a0
    mean[i, 1] = sensors[row, ORIGIN + 1] + r * a1
    mean[i, 2] = sensors[row, ORIGIN + 2] + r * a2
    triangle[i, 0] = r_v * a0 * a0 + azimuth_v * b0 * b0 + elevation_v * c0 * c0
    triangle[i, 1] = r_v * a1 * a0 + azimuth_v * b1 * b0 + elevation_v * c1 * c0
    triangle[i, 2] = r_v * a1 * a1 + azimuth_v * b1 * b1 + elevation_v * c1 * c1
    triangle[i, 3] = r_v * a2 * a0 + azimuth_v * b2 * b0 + elevation_v * c2 * c0
    triangle[i, 4] = r_v * a2 * a1 + azimuth_v * b2 * b1 + elevation_v * c2 * c1
    triangle[i, 5] = r_v * a2 * a2 + azimuth_v * b2 * b2 + elevation_v * c2 * c2
    return a0, a1, a2


@inline
def _moving(
    i: int,
    rate: float,
    rate_v: float,
    near: float,
    sight: tuple[float, float, float],
    settings: Floats,
    mean: Floats,
    triangle: Floats,
) -> None:
    """Let a range rate shape the velocity of a new track along the line of sight; below 1 m that counts for less."""
    speed_v, climb_v = settings[SPEED_VARIANCE], settings[CLIMB_VARIANCE]
    x, y, z = sight
    gx, gy, gz = speed_v * near * x, speed_v * near * y, climb_v * near * z
    part = 1.0 / (near * (gx * x + gy * y + gz * z) + rate_v)
    mean[i, 3], mean[i, 4], mean[i, 5] = gx * rate * part, gy * rate * part, gz * rate * part
    triangle[i, 9], triangle[i, 14], triangle[i, 20] = (
        speed_v - gx * gx * part,
        speed_v - gy * gy * part,
        climb_v - gz * gz * part,
    )
    triangle[i, 13], triangle[i, 18], triangle[i, 19] = -gx * gy * part, -gx * gz * part, -gy * gz * part


@inline
def _elevation(r: float, height: float, above: float) -> tuple[float, float]:
    """Sine and cosine of the elevation at which a slant range meets a height above the mean sphere."""
    a, rise = _MEAN_RADIUS_M + above, height - above
    sine = min(max((rise * (2.0 * a + rise) - r * r) / (2.0 * a * r), -_STEEPEST), _STEEPEST)
    return sine, math.sqrt(1.0 - sine * sine)


@inline
def _fits(value: float, variance: float) -> bool:
    """Say whether a slot is finite and has a positive, finite variance, or is not measured."""
    return ((abs(value) < math.inf) & (variance > 0.0) | (value != value)) & (variance != math.inf)


@lean
def fill_plots(
    sensor_id: Ints,
    range_m: Floats,
    azimuth_rad: Floats,
    elevation_rad: Floats,
    doppler_mps: Floats,
    x_m: Floats,
    y_m: Floats,
    z_m: Floats,
    flight_level_m: Floats,
    range_sigma_m: Floats,
    azimuth_sigma_rad: Floats,
    elevation_sigma_rad: Floats,
    mode_3a: Ints,
    mode_s_address: Ints,
    density: Floats,
    ids: Ints,
    sensors: Floats,
    earth_m: Floats,
    earth_rotation: Floats,
    settings: Floats,
    sensor: Ints,
    value: Floats,
    variance: Floats,
    clutter_density: Floats,
    new_density: Floats,
    cell: Ints,
    mean: Floats,
    triangle: Floats,
) -> bool:
    """Fill the columns of `Plots`; return whether all plots can be used.

    `density` (m,), or empty, stands in for the clutter density of the sensors. Of a plot that cannot be used only slots
    and variances are filled, and where nobody knows its sensor only that, as -1.
    """
    usable = True
    row = 0
    rate_share, height_share = 1.0 / settings[DOPPLER_SPAN], 1.0 / settings[HEIGHT_SPAN]
    for i in range(len(sensor_id)):
        if ids[row] != sensor_id[i]:
            row = 0
            while row < len(ids) - 1 and ids[row] != sensor_id[i]:
                row += 1
            if ids[row] != sensor_id[i]:
                sensor[i], row, usable = -1, 0, False
                continue
        sensor[i] = row
        polar = sensors[row, POLAR] != 0.0
        q3, q4 = sensors[row, VARIANCE + 3], sensors[row, VARIANCE + 4]
        v3 = math.nan
        if polar:
            v0, v1, v2 = range_m[i], azimuth_rad[i], elevation_rad[i]
            if q3 == q3:
                v3 = doppler_mps[i]
            s0, s1, s2 = range_sigma_m[i], azimuth_sigma_rad[i], elevation_sigma_rad[i]
        else:
            v0, v1, v2 = x_m[i], y_m[i], z_m[i]
            s0 = s1 = s2 = range_sigma_m[i]
        flat = v2 != v2
        v4 = flight_level_m[i] if flat else math.nan
        q0 = s0 * s0 if s0 == s0 else sensors[row, VARIANCE]
        q1 = s1 * s1 if s1 == s1 else sensors[row, VARIANCE + 1]
        q2 = s2 * s2 if s2 == s2 else sensors[row, VARIANCE + 2]
        d = density[i] if len(density) else sensors[row, CLUTTER]
        fits = _fits(v0, q0) & _fits(v1, q1) & _fits(v2, q2) & _fits(v3, q3) & _fits(v4, q4) & (v0 == v0) & (v1 == v1)
        if not (fits & (d >= 0.0) & ((v0 > 0.0) | (not polar))):
            value[i, 0], value[i, 1], value[i, 2], value[i, 3], value[i, 4] = v0, v1, v2, v3, v4
            variance[i, 0], variance[i, 1], variance[i, 2], variance[i, 3], variance[i, 4] = q0, q1, q2, q3, q4
            usable = False
            continue
        q2 = 1.0 if flat else q2
        told, rated = v4 == v4, v3 == v3
        q3 = q3 if rated else 1.0
        q4 = q4 if told else 1.0
        for k in range(3, 6):
            mean[i, k] = 0.0
        for k in range(6, 21):
            triangle[i, k] = 0.0
        triangle[i, 9] = triangle[i, 14] = settings[SPEED_VARIANCE]
        triangle[i, 20] = settings[CLIMB_VARIANCE]
        size = 1.0
        if polar:
            v1 = _wrapped(v1)
            elevation, up_v = _direction(0.0 if flat else v2), q2
            if flat:
                above = sensors[row, SENSOR_HEIGHT]
                # Within the prior's own height the prior says only "not below": half the range is taken for both.
                height = v4 if told else min(settings[PRIOR_HEIGHT], above + 0.5 * v0)
                elevation = _elevation(v0, height, above)
                unsure = math.sqrt(q4) if told else min(settings[PRIOR_SIGMA], 0.5 * v0)
                up_v = (unsure / (v0 * elevation[1])) ** 2
            sight = _of_radar(i, row, v0, v1, elevation, q0, q1, up_v, sensors, mean, triangle)
            size = v0 if flat else v0 * v0 * elevation[1]
            if rated:
                _moving(i, v3, q3, min(v0, 1.0), sight, settings, mean, triangle)
        else:
            up, up_v = v2, q2
            if flat:
                height = v4 if told else settings[PRIOR_HEIGHT]
                up_v = q4 if told else settings[PRIOR_SIGMA] * settings[PRIOR_SIGMA]
                up = 0.0
                # The vertical leans by 9 mrad in 58 km: each step leaves less than 1 % of the error.
                for _ in range(3):
                    up += height - _height(v0, v1, up, earth_m, earth_rotation)
            mean[i, 0], mean[i, 1], mean[i, 2] = v0, v1, up
            triangle[i, 0], triangle[i, 1], triangle[i, 2] = q0, 0.0, q1
            triangle[i, 3], triangle[i, 4], triangle[i, 5] = 0.0, 0.0, up_v
        value[i, 0], value[i, 1], value[i, 2], value[i, 3], value[i, 4] = v0, v1, v2, v3, v4
        variance[i, 0], variance[i, 1], variance[i, 2], variance[i, 3], variance[i, 4] = q0, q1, q2, q3, q4
        thin = (rate_share if rated else 1.0) * (height_share if told else 1.0)
        replied = (mode_3a[i] >= 0) | (mode_s_address[i] >= 0)
        clutter_density[i] = d * thin * (settings[FALSE_REPLIES] if replied else 1.0)
        new_density[i] = size * thin * (1.0 if flat else height_share)
        east, north = (mean[i, 0] - settings[GRID_X]) / settings[CELL], (mean[i, 1] - settings[GRID_Y]) / settings[CELL]
        column = int(min(max(east, 0.0), settings[GRID_COLUMNS] - 1.0))
        cell[i] = int(min(max(north, 0.0), settings[GRID_ROWS] - 1.0)) * int(settings[GRID_COLUMNS]) + column
    return usable

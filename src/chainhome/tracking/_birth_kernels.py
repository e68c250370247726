"""The compiled pass that turns single plots into the states of tracks that begin with them.

A plot with all three coordinates gives its position and covariance directly, one without height takes a prior of
height; the velocity is unknown but for what the range rate says.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Codes of measurement slots; a test compares them with tracking.slots.
RANGE, AZIMUTH, ELEVATION, DOPPLER, HEIGHT = 0, 1, 2, 3, 4
_STEEPEST = 0.98  # sine of the steepest elevation that a height is turned into
# World Geodetic System 1984, and the mean radius; a test compares them with constants.
_SEMI_MAJOR_M = 6378137.0
_SEMI_MINOR_M = 6356752.314245179
_MEAN_RADIUS_M = 6371008.77


class Place(NamedTuple):
    """Where the sensor and the world are."""

    origin_m: Floats  # (3,) of the sensor in the world
    rotation: Floats  # (3, 3) world to the sensor's east, north, up
    earth_m: Floats  # (3,) of the world's origin from the earth's centre
    earth_rotation: Floats  # (3, 3) east, north, up of the world as rows
    polar: bool
    sensor_height_m: float


class Prior(NamedTuple):
    """What is supposed of a new track where its plot says nothing."""

    speed_sigma_mps: float
    climb_sigma_mps: float
    height_m: float
    height_sigma_m: float


@inline
def _elevation(r: float, height: float, above: float) -> float:
    """Geometric elevation at which a slant range meets a height above mean sea level, on the mean sphere."""
    a, z = _MEAN_RADIUS_M + above, _MEAN_RADIUS_M + height
    sine = (z * z - a * a - r * r) / (2.0 * a * r)
    return math.asin(min(max(sine, -_STEEPEST), _STEEPEST))


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
def _of_radar(v: Floats, variance: Floats, place: Place, prior: Prior, axes: Floats, mean: Floats, p: Floats) -> None:
    along, side, upward = axes[0], axes[1], axes[2]
    r, azimuth, elevation = v[RANGE], v[AZIMUTH], v[ELEVATION]
    elevation_variance = variance[ELEVATION]
    if elevation != elevation:
        told = v[HEIGHT] == v[HEIGHT]
        above = place.sensor_height_m
        # Within the prior's own height the prior says nothing but "not below": half the range is taken for both.
        height = v[HEIGHT] if told else min(prior.height_m, above + 0.5 * r)
        unsure = math.sqrt(variance[HEIGHT]) if told else min(prior.height_sigma_m, 0.5 * r)
        elevation = _elevation(r, height, above)
        elevation_variance = (unsure / (r * math.cos(elevation))) ** 2
    ce, se, ca, sa = math.cos(elevation), math.sin(elevation), math.cos(azimuth), math.sin(azimuth)
    m = place.rotation
    for b in range(3):
        along[b] = ce * sa * m[0, b] + ce * ca * m[1, b] + se * m[2, b]
        side[b] = r * ce * (ca * m[0, b] - sa * m[1, b])
        upward[b] = r * (-se * sa * m[0, b] - se * ca * m[1, b] + ce * m[2, b])
        mean[b] = place.origin_m[b] + r * along[b]
    for b in range(3):
        for c in range(b + 1):
            p[b, c] = variance[RANGE] * along[b] * along[c] + variance[AZIMUTH] * side[b] * side[c]
            p[b, c] += elevation_variance * upward[b] * upward[c]


@inline
def _of_report(v: Floats, variance: Floats, place: Place, prior: Prior, mean: Floats, p: Floats) -> None:
    mean[0], mean[1], mean[2] = v[0], v[1], v[2]
    up_variance = variance[2]
    if v[2] != v[2]:
        told = v[HEIGHT] == v[HEIGHT]
        height = v[HEIGHT] if told else prior.height_m
        up_variance = variance[HEIGHT] if told else prior.height_sigma_m * prior.height_sigma_m
        mean[2] = 0.0
        # The vertical leans by 9 mrad in 58 km: each step leaves less than 1 % of the error.
        for _ in range(3):
            mean[2] += height - _height(mean[0], mean[1], mean[2], place.earth_m, place.earth_rotation)
    p[0, 0], p[1, 1], p[2, 2] = variance[0], variance[1], up_variance


@kernel
def beginnings(
    rows: Ints, value: Floats, variance: Floats, place: Place, prior: Prior, mean: Floats, triangle: Floats
) -> None:
    """Fill means (m, 6) and covariances (m, 21), as lower triangles, of tracks that begin with plots of some rows."""
    p, axes = np.zeros((6, 6)), np.zeros((3, 3))
    for i in rows:
        v, x = value[i], mean[i]
        for c in range(6):
            x[c] = 0.0
            for d in range(6):
                p[c, d] = 0.0
        if place.polar:
            _of_radar(v, variance[i], place, prior, axes, x, p)
        else:
            _of_report(v, variance[i], place, prior, x, p)
        p[3, 3] = p[4, 4] = prior.speed_sigma_mps * prior.speed_sigma_mps
        p[5, 5] = prior.climb_sigma_mps * prior.climb_sigma_mps
        if v[DOPPLER] == v[DOPPLER]:
            dx, dy, dz = x[0] - place.origin_m[0], x[1] - place.origin_m[1], x[2] - place.origin_m[2]
            r = max(math.sqrt(dx * dx + dy * dy + dz * dz), 1.0)
            cx, cy, cz = p[3, 3] * dx / r, p[4, 4] * dy / r, p[5, 5] * dz / r
            total = (cx * dx + cy * dy + cz * dz) / r + variance[i, DOPPLER]
            x[3] += cx * v[DOPPLER] / total
            x[4] += cy * v[DOPPLER] / total
            x[5] += cz * v[DOPPLER] / total
            p[3, 3] -= cx * cx / total
            p[4, 4] -= cy * cy / total
            p[5, 5] -= cz * cz / total
            p[4, 3] = -cx * cy / total
            p[5, 3] = -cx * cz / total
            p[5, 4] = -cy * cz / total
        q = 0
        for c in range(6):
            for d in range(c + 1):
                triangle[i, q] = p[c, d]
                q += 1

"""How a track begins: plots that belong to no track in, tentative tracks with honest uncertainty out (the initiator).

A plot without height gets a height prior; a new track has no velocity but what its range rate says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.earth.geodesy import Frame, enu_to_geodetic
from chainhome.earth.polar import measure_jacobian, polar_to_world
from chainhome.tables import TRACK_STATUSES
from chainhome.tracking.filter import update
from chainhome.tracking.measurement import DOPPLER, ELEVATION, HEIGHT, RANGE, Plots, linearise, upward
from chainhome.tracking.params import TrackerParams
from chainhome.tracking.state import TrackerState

Floats = NDArray[np.float64]

_STEEPEST = 0.98  # sine of the steepest elevation that a height is turned into


def born(
    plots: Plots,
    existence: Floats,
    sensor: Frame,
    world: Frame,
    params: TrackerParams,
    *,
    first_track_id: int,
    clock_s: float,
) -> TrackerState:
    """Return one tentative track for each plot (m,), with the given probability of existence (m,)."""
    count = len(plots)
    position, spread = _positions(plots, sensor, world, params)
    speed = params.birth_speed_sigma_mps**2
    mean, covariance = np.zeros((count, 6)), np.zeros((count, 6, 6))
    mean[:, :3], covariance[:, :3, :3] = position, spread
    covariance[:, range(3, 6), range(3, 6)] = speed, speed, params.birth_climb_sigma_mps**2
    if not np.isnan(plots.value[:, DOPPLER]).all():
        innovation, jacobian = linearise(mean, plots, sensor, world)
        row = slice(DOPPLER, DOPPLER + 1)
        mean, covariance = update(mean, covariance, innovation[:, row], jacobian[:, row], np.ones((count, 1, 1)))
    return TrackerState(
        clock_s=clock_s,
        next_track_id=first_track_id + count,
        mean=mean[:, None],
        covariance=covariance[:, None],
        mode_probability=np.ones((count, 1)),
        existence=existence,
        track_id=first_track_id + np.arange(count, dtype=np.int64),
        time_s=plots.time_s,
        born_s=plots.time_s,
        last_detection_id=plots.detection_id,
        status=np.full(count, TRACK_STATUSES.index("tentative"), np.int8),
        mode_s_address=plots.mode_s_address,
        mode_3a=plots.mode_3a,
    )


def _positions(plots: Plots, sensor: Frame, world: Frame, params: TrackerParams) -> tuple[Floats, Floats]:
    value, sigma = plots.value.copy(), plots.sigma.copy()
    told = ~np.isnan(value[:, HEIGHT])
    height = np.where(told, value[:, HEIGHT], params.birth_height_m)
    height_sigma = np.where(told, sigma[:, HEIGHT], params.birth_height_sigma_m)
    flat = np.isnan(value[:, ELEVATION])
    polar, cartesian = np.flatnonzero(~plots.cartesian), np.flatnonzero(plots.cartesian)
    position, spread = np.empty((len(plots), 3)), np.zeros((len(plots), 3, 3))

    low = flat & ~plots.cartesian
    r = value[low, RANGE]
    # Within the prior's own height the prior says nothing but "not below": half the range is then taken for both.
    supposed = np.where(told[low], height[low], np.minimum(height[low], sensor.height_m + 0.5 * r))
    unsure = np.where(told[low], height_sigma[low], np.minimum(height_sigma[low], 0.5 * r))
    value[low, ELEVATION] = elevation = elevation_of_height(r, supposed, sensor.height_m)
    sigma[low, ELEVATION] = unsure / (r * np.cos(elevation))
    position[polar] = polar_to_world(value[polar, 0], value[polar, 1], value[polar, 2], sensor, world)
    turn = np.linalg.inv(measure_jacobian(position[polar], sensor, world)) * sigma[polar, None, :3]
    spread[polar] = turn @ np.swapaxes(turn, 1, 2)

    position[cartesian] = value[cartesian, :3]
    spread[cartesian[:, None], range(3), range(3)] = sigma[cartesian, :3] ** 2
    low = flat & plots.cartesian
    if low.any():
        level = np.column_stack([value[low, :2], np.zeros(low.sum())])
        for _ in range(3):  # the vertical leans by 9 mrad in 58 km: each step leaves less than 1 % of the error
            lat, lon, above = enu_to_geodetic(world, level)
            level[:, 2] += height[low] - above
        position[low] = level
        lean = upward(lat, lon, world)
        spread[low, 2, 2] = (height_sigma[low] / lean[:, 2]) ** 2
    return position, spread


def elevation_of_height(range_m: Floats, height_m: Floats, sensor_height_m: float) -> Floats:
    """Return the geometric elevation (n,) in radians at which a slant range meets a height above mean sea level.

    On the mean sphere, without refraction; steeper than 78.5 degrees is never answered.

    >>> round(float(np.degrees(elevation_of_height(np.array([100e3]), np.array([10e3]), 0.0))[0]), 3)
    5.292
    """
    a, z = EARTH_MEAN_RADIUS_M + sensor_height_m, EARTH_MEAN_RADIUS_M + height_m
    sine = (z * z - a * a - range_m * range_m) / (2.0 * a * range_m)
    return np.asarray(np.arcsin(np.clip(sine, -_STEEPEST, _STEEPEST)), np.float64)

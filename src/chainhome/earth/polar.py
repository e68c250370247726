"""What a sensor measures: range, azimuth, elevation and range rate, their derivatives, and the way back.

In: positions (n, 3) in the world frame, in metres, and the frames of the sensor and of the world. Out: slant range,
azimuth clockwise from true north at the sensor, elevation above the sensor's horizontal plane. Angles are geometric:
refraction counts as removed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.earth.geodesy import Frame, frame_rotation, to_enu

Floats = NDArray[np.float64]


def measure(position_enu: ArrayLike, sensor: Frame, world: Frame) -> tuple[Floats, Floats, Floats]:
    """Return range (m), azimuth in [0, 2 pi) and elevation (radians), each (n,), of world positions (n, 3).

    Straight above the sensor the azimuth is 0; at the sensor itself the elevation is 0 too.

    >>> from chainhome.earth.geodesy import enu_frame
    >>> world = enu_frame(0.7, 0.6, 0.0)
    >>> [float(value[0].round(6)) for value in measure([[3000.0, 0.0, 4000.0]], world, world)]
    [5000.0, 1.570796, 0.927295]
    """
    local = _seen_from(position_enu, sensor, world)
    east, north, up = local[..., 0], local[..., 1], local[..., 2]
    level = np.hypot(east, north)
    azimuth = np.mod(np.arctan2(east, north), 2.0 * np.pi)
    # A rounding error west of north comes out of mod as 2 pi itself.
    azimuth = np.where(azimuth >= 2.0 * np.pi, 0.0, azimuth)
    return np.asarray(np.hypot(level, up)), azimuth, np.asarray(np.arctan2(up, level))


def measure_jacobian(position_enu: ArrayLike, sensor: Frame, world: Frame) -> Floats:
    """Return the derivatives (n, 3, 3) of (range, azimuth, elevation) by world position: m/m, rad/m, rad/m.

    Towards the sensor's vertical the row of azimuth grows without limit; on it, azimuth and elevation are NaN.

    >>> from chainhome.earth.geodesy import enu_frame
    >>> world = enu_frame(0.7, 0.6, 0.0)
    >>> (measure_jacobian([[0.0, 1000.0, 0.0]], world, world)[0].round(6) + 0.0).tolist()
    [[0.0, 1.0, 0.0], [0.001, 0.0, 0.0], [0.0, 0.0, 0.001]]
    """
    local = _seen_from(position_enu, sensor, world)
    e, n, u = local[..., 0], local[..., 1], local[..., 2]
    level2 = e * e + n * n
    r2 = level2 + u * u
    jacobian = np.empty((*local.shape[:-1], 3, 3))
    with np.errstate(invalid="ignore", divide="ignore"):
        r, level = np.sqrt(r2), np.where(level2 > 0.0, np.sqrt(level2), np.nan)
        jacobian[..., 0, :] = local / r[..., None]
        jacobian[..., 1, :] = np.stack([n, -e, np.zeros_like(e)], axis=-1) / (level**2)[..., None]
        jacobian[..., 2, :] = np.stack([-e * u / level, -n * u / level, level], axis=-1) / r2[..., None]
    return np.asarray(jacobian @ frame_rotation(world, sensor))


def range_rate(position_enu: ArrayLike, velocity_enu: ArrayLike, sensor: Frame, world: Frame) -> Floats:
    """Return the range rate (n,) in m/s, positive outbound, of world positions and velocities (n, 3); NaN at range 0.

    >>> from chainhome.earth.geodesy import enu_frame
    >>> world = enu_frame(0.7, 0.6, 0.0)
    >>> range_rate([[3000.0, 0.0, 4000.0]], [[-100.0, 50.0, 0.0]], world, world).tolist()
    [-60.0]
    """
    local = _seen_from(position_enu, sensor, world)
    velocity = np.asarray(velocity_enu, np.float64) @ frame_rotation(world, sensor).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sum(local * velocity, axis=-1) / np.sqrt(np.sum(local * local, axis=-1)))


def polar_to_world(
    range_m: ArrayLike, azimuth_rad: ArrayLike, elevation_rad: ArrayLike, sensor: Frame, world: Frame
) -> Floats:
    """Return world positions (n, 3) in metres of measured ranges, azimuths and elevations (n,).

    >>> from chainhome.earth.geodesy import enu_frame
    >>> world = enu_frame(0.7, 0.6, 0.0)
    >>> polar_to_world([1000.0], [np.pi / 2], [0.0], world, world).round(6).astype(int).tolist()
    [[1000, 0, 0]]
    """
    r, azimuth, elevation = (np.asarray(value, np.float64) for value in (range_m, azimuth_rad, elevation_rad))
    level = r * np.cos(elevation)
    local = np.stack(
        np.broadcast_arrays(level * np.sin(azimuth), level * np.cos(azimuth), r * np.sin(elevation)), axis=-1
    )
    return np.asarray(local @ frame_rotation(sensor, world).T + to_enu(world, sensor.ecef))


def _seen_from(position_enu: ArrayLike, sensor: Frame, world: Frame) -> Floats:
    """Return world positions (n, 3) as seen from the sensor, along its own east, north and up."""
    apart = np.asarray(position_enu, np.float64) - to_enu(world, sensor.ecef)
    return np.asarray(apart @ frame_rotation(world, sensor).T)

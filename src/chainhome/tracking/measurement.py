"""What a sensor says of a state: plots of every kind brought to one form, and that form linearised about a state.

A plot has five slots: range, azimuth and elevation (or x, y, z where the sensor reports a position), range rate, and
the pressure altitude of a transponder. A slot that was not measured is NaN and takes no part, so a 2-D radar, a 3-D
radar, a Doppler radar and ADS-B pass through the same arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainhome.earth.geodesy import Frame, enu_to_geodetic
from chainhome.earth.polar import measure, measure_jacobian
from chainhome.tables import Detections, Sensors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

RANGE, AZIMUTH, ELEVATION, DOPPLER, HEIGHT = range(5)
SLOTS = 5


@dataclass(frozen=True, eq=False)
class Plots:
    """The plots of one look of one sensor, m rows in time order."""

    time_s: Floats
    value: Floats
    """(m, 5) range, azimuth, elevation (or x, y, z), range rate, height above mean sea level; NaN = not measured."""
    sigma: Floats
    """(m, 5) standard deviations of the slots; 1 where nothing was measured."""
    cartesian: Bools
    """(m,) whether the first three slots are x, y, z."""
    detection_id: Ints
    mode_3a: Ints
    mode_s_address: Ints
    clutter_density: Floats
    """(m,) false plots per look and unit of the plot's position slots: 1/(m rad rad), 1/(m rad), 1/m³ or 1/m²."""

    def __len__(self) -> int:
        """Return the number of plots."""
        return len(self.time_s)

    def __getitem__(self, rows: Any) -> Self:
        """Return the rows chosen by a mask, an index array or a slice."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def plots_of(
    detections: Detections,
    sensor: Sensors,
    clutter_density: Floats,
    flight_level_sigma_m: float,
    position_sigma_m: float,
) -> Plots:
    """Return the detections of one sensor (a table of one row) as plots, in an order that does not depend on theirs.

    A plot without its own standard deviation takes the sensor's. `range_sigma_m` of a reported position is the
    standard deviation of each axis, `position_sigma_m` where neither the plot nor the sensor gives one. A flight
    level is used only for a plot without any other height: pressure altitude has the weather's bias of 100 m and more.
    Raises ValueError for a plot that has neither range and azimuth nor x and y, or no standard deviation.
    """
    d = detections
    cartesian = np.isnan(d.range_m)
    value = np.column_stack([d.range_m, d.azimuth_rad, d.elevation_rad, d.doppler_mps, d.flight_level_m])
    value[cartesian, :3] = np.column_stack([d.x_m, d.y_m, d.z_m])[cartesian]
    value[~np.isnan(value[:, ELEVATION]), HEIGHT] = np.nan
    own = np.column_stack([d.range_sigma_m, d.azimuth_sigma_rad, d.elevation_sigma_rad])
    published = np.array([sensor.range_sigma_m[0], sensor.azimuth_sigma_rad[0], sensor.elevation_sigma_rad[0]])
    sigma = np.ones_like(value)
    sigma[:, :3] = np.where(np.isnan(own), published, own)
    axis_sigma = np.where(np.isnan(sigma[:, RANGE]), position_sigma_m, sigma[:, RANGE])
    sigma[cartesian, :3] = axis_sigma[cartesian, None]
    sigma[:, DOPPLER] = sensor.doppler_sigma_mps[0]
    value[np.isnan(sigma[:, DOPPLER]), DOPPLER] = np.nan
    sigma[:, HEIGHT] = flight_level_sigma_m
    present = ~np.isnan(value)
    _refuse(d, np.asarray(~present[:, :2].all(axis=1)), "expected range and azimuth, or x and y")
    _refuse(
        d, np.asarray((present & ~(sigma > 0)).any(axis=1)), "expected a positive standard deviation of plot or sensor"
    )
    sigma[~present] = 1.0
    order = np.lexsort([value[:, AZIMUTH], value[:, RANGE], d.detection_id, d.time_s])
    plots = Plots(d.time_s, value, sigma, cartesian, d.detection_id, d.mode_3a, d.mode_s_address, clutter_density)
    return plots[order]


def linearise(mean: Floats, plots: Plots, sensor: Frame, world: Frame) -> tuple[Floats, Floats]:
    """Return innovations (k, 5) and Jacobians (k, 5, 6), both divided by the plot's standard deviations, for k pairs.

    Row i holds state `mean[i]` (k, 6) against plot i; slots that were not measured are zero in both.
    """
    predicted, jacobian = np.zeros((len(mean), SLOTS)), np.zeros((len(mean), SLOTS, 6))
    polar = np.flatnonzero(~plots.cartesian)
    position, velocity = mean[polar, :3], mean[polar, 3:]
    predicted[polar, :3] = np.column_stack(measure(position, sensor, world))
    # Straight above the sensor azimuth has no derivative: there the plot is left to fail the gate.
    jacobian[polar, :3, :3] = np.nan_to_num(measure_jacobian(position, sensor, world))
    sight = jacobian[polar, RANGE, :3]
    speed = np.einsum("ki,ki->k", sight, velocity)
    predicted[polar, DOPPLER] = speed
    across = velocity - sight * speed[:, None]
    jacobian[polar, DOPPLER, :3] = across / predicted[polar, RANGE, None]
    jacobian[polar, DOPPLER, 3:] = sight
    cartesian = np.flatnonzero(plots.cartesian)
    predicted[cartesian, :3] = mean[cartesian, :3]
    jacobian[cartesian[:, None], range(3), range(3)] = 1.0
    high = np.flatnonzero(~np.isnan(plots.value[:, HEIGHT]))
    if len(high):
        lat, lon, predicted[high, HEIGHT] = enu_to_geodetic(world, mean[high, :3])
        jacobian[high, HEIGHT, :3] = upward(lat, lon, world)
    innovation = plots.value - predicted
    innovation[polar, AZIMUTH] = wrapped(innovation[polar, AZIMUTH])
    present = ~np.isnan(plots.value)
    innovation = np.where(present, innovation, 0.0) / plots.sigma
    jacobian *= (present / plots.sigma)[:, :, None]
    return innovation, jacobian


def upward(lat_rad: Floats, lon_rad: Floats, world: Frame) -> Floats:
    """Return the unit vectors (n, 3) in the world frame along which height above the ellipsoid grows."""
    cos_lat = np.cos(lat_rad)
    up = np.column_stack([cos_lat * np.cos(lon_rad), cos_lat * np.sin(lon_rad), np.sin(lat_rad)])
    return np.asarray(up @ world.rotation.T, np.float64)


def wrapped(angle_rad: Floats) -> Floats:
    """Return angles brought to [-pi, pi).

    >>> wrapped(np.array([3.5 * np.pi])).round(4).tolist()
    [-1.5708]
    """
    return np.asarray((angle_rad + np.pi) % (2.0 * np.pi) - np.pi, np.float64)


def _refuse(detections: Detections, bad: Bools, expected: str) -> None:
    if bad.any():
        raise ValueError(f"detection_id {detections.detection_id[bad][0]}: {expected}")

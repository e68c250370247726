"""What sensors say, brought to one form: detections of any kind in, plots of five slots out.

A plot has five slots: range, azimuth and elevation (or x, y, z where the sensor reports a position), range rate, and
the pressure altitude of a transponder. A slot that was not measured is NaN and takes no part, so a 2-D radar, a 3-D
radar, a Doppler radar and ADS-B pass through the same arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Detections
from chainhome.tracking.birth import beginnings
from chainhome.tracking.setup import Setup
from chainhome.tracking.slots import AZIMUTH, DOPPLER, ELEVATION, HEIGHT, RANGE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Plots:
    """m plots, in the order of their detections."""

    time_s: Floats
    sensor: Ints
    """(m,) row of the sensors."""
    value: Floats
    """(m, 5) range, azimuth, elevation (or x, y, z), range rate, height above mean sea level; NaN = not measured."""
    variance: Floats
    """(m, 5) of the slots; 1 where nothing was measured."""
    detection_id: Ints
    mode_3a: Ints
    mode_s_address: Ints
    clutter_density: Floats
    """(m,) false plots in a scan and unit of the plot's slots."""
    new_density: Floats
    """(m,) what one new object on a square metre of ground is in a unit of the plot's slots."""
    cell: Ints
    """(m,) cell of the grid of objects not yet seen, as a flat index."""
    mean: Floats
    """(m, 6) the state of a track that begins with the plot."""
    triangle: Floats
    """(m, 21) lower triangle of its covariance, row by row."""

    def __len__(self) -> int:
        """Return the number of plots."""
        return len(self.time_s)

    def __getitem__(self, rows: Any) -> Self:
        """Return the rows chosen by a mask, an index array or a slice."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def plots_of(detections: Detections, setup: Setup, clutter_density: Floats | None = None) -> Plots:
    """Return detections of any of the setup's sensors as plots.

    A plot without its own standard deviation takes the sensor's. `range_sigma_m` of a reported position is the
    standard deviation of each axis, `position_sigma_m` where neither the plot nor the sensor gives one. A flight
    level is used only for a plot without any other height: pressure altitude has the weather's bias of 100 m and more.
    `clutter_density` (m,) stands in for that of the sensors. Raises ValueError for a plot of a sensor that is not in
    the setup, that has neither range and azimuth nor x and y, or that has no standard deviation.
    """
    d, p = detections, setup.params
    sensor = _rows(d, setup)
    polar = np.array([w.polar for w in setup.watchers])[sensor]
    value = np.column_stack([d.range_m, d.azimuth_rad, d.elevation_rad, d.doppler_mps, d.flight_level_m])
    variance = np.array([w.sigma for w in setup.watchers])[sensor]
    own = np.column_stack([d.range_sigma_m, d.azimuth_sigma_rad, d.elevation_sigma_rad])
    if not polar.all():
        value[~polar, :3] = np.column_stack([d.x_m, d.y_m, d.z_m])[~polar]
        value[~polar, DOPPLER] = np.nan
        own[~polar] = d.range_sigma_m[~polar, None]
    value[~np.isnan(value[:, ELEVATION]), HEIGHT] = np.nan
    variance[:, :3] = np.where(np.isnan(own), variance[:, :3], own)
    value[np.isnan(variance[:, DOPPLER]), DOPPLER] = np.nan
    variance *= variance
    present = ~np.isnan(value)
    _refuse(d, np.asarray(~present[:, :2].all(axis=1)), "expected range and azimuth of a radar, x and y of a report")
    _refuse(
        d,
        np.asarray((present & ~(variance > 0)).any(axis=1)),
        "expected a positive standard deviation of plot or sensor",
    )
    _refuse(d, np.isinf(value).any(axis=1) | np.isinf(variance).any(axis=1), "expected finite values")
    _refuse(d, polar & ~(value[:, RANGE] > 0), "expected a range above 0")
    variance[~present] = 1.0
    value[polar, AZIMUTH] = wrapped(value[polar, AZIMUTH])
    mean, triangle = beginnings(value, variance, sensor, setup)
    clutter = (
        np.array([w.clutter_density for w in setup.watchers])[sensor] if clutter_density is None else clutter_density
    )
    if not (clutter >= 0).all():
        raise ValueError("clutter_density must not be negative or NaN")
    thin = np.where(present[:, DOPPLER], 1.0 / p.doppler_span_mps, 1.0)
    thin = thin * np.where(present[:, HEIGHT], 1.0 / p.birth_height_span_m, 1.0)
    replied = (d.mode_3a >= 0) | (d.mode_s_address >= 0)
    high = present[:, ELEVATION]
    r = value[:, RANGE]
    size = np.where(polar, r * np.where(high, r * np.cos(np.where(high, value[:, ELEVATION], 0.0)), 1.0), 1.0)
    new = size * np.where(high, 1.0 / p.birth_height_span_m, 1.0) * thin
    return Plots(
        time_s=d.time_s,
        sensor=sensor,
        value=value,
        variance=variance,
        detection_id=d.detection_id,
        mode_3a=d.mode_3a,
        mode_s_address=d.mode_s_address,
        clutter_density=np.asarray(clutter, np.float64) * thin * np.where(replied, p.false_reply_share, 1.0),
        new_density=new,
        cell=_cells(mean, setup),
        mean=mean,
        triangle=triangle,
    )


def wrapped(angle_rad: Floats) -> Floats:
    """Return angles brought to [-pi, pi).

    >>> wrapped(np.array([3.5 * np.pi])).round(4).tolist()
    [-1.5708]
    """
    return np.asarray((angle_rad + np.pi) % (2.0 * np.pi) - np.pi, np.float64)


def refuse_times(detections: Detections) -> None:
    """Raise ValueError for a plot whose time is not a finite number."""
    _refuse(detections, ~np.isfinite(detections.time_s), "expected a finite time_s")


def _cells(mean: Floats, setup: Setup) -> Ints:
    g = setup.grid
    rows, columns = g.shape
    x = np.clip((mean[:, 0] - g.x_m) / g.cell_m, 0, columns - 1).astype(np.int64)
    y = np.clip((mean[:, 1] - g.y_m) / g.cell_m, 0, rows - 1).astype(np.int64)
    return np.asarray(y * columns + x, np.int64)


def _rows(detections: Detections, setup: Setup) -> Ints:
    if not len(detections):
        return np.zeros(0, np.int64)
    if len(setup.watchers) == 1 and (detections.sensor_id == setup.watchers[0].sensor_id).all():
        return np.zeros(len(detections), np.int64)
    names, back = np.unique(detections.sensor_id, return_inverse=True)
    rows = [setup.row_of.get(name, -1) for name in names.tolist()]
    if min(rows) < 0:
        raise ValueError(f"detections of sensor_id {names[rows.index(-1)]}, which is not in sensors")
    return np.asarray(rows, np.int64)[back]


def _refuse(detections: Detections, bad: Bools, expected: str) -> None:
    if bad.any():
        raise ValueError(f"detection_id {detections.detection_id[bad][0]}: {expected}")

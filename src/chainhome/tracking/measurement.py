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
from chainhome.tracking._birth_kernels import fill_plots
from chainhome.tracking.birth import known
from chainhome.tracking.setup import Setup
from chainhome.tracking.slots import RANGE, SLOTS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The columns of detections that the compiled pass takes, in its order.
_COLUMNS = (
    "sensor_id",
    "range_m",
    "azimuth_rad",
    "elevation_rad",
    "doppler_mps",
    "x_m",
    "y_m",
    "z_m",
    "flight_level_m",
    "range_sigma_m",
    "azimuth_sigma_rad",
    "elevation_sigma_rad",
    "mode_3a",
    "mode_s_address",
)


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
    d, m = detections, len(detections)
    given = np.zeros(0)
    if clutter_density is not None:
        given = np.array(np.broadcast_to(np.asarray(clutter_density, np.float64), (m,)))
    plots = Plots(
        time_s=d.time_s,
        sensor=np.empty(m, np.int64),
        value=np.empty((m, SLOTS)),
        variance=np.empty((m, SLOTS)),
        detection_id=d.detection_id,
        mode_3a=d.mode_3a,
        mode_s_address=d.mode_s_address,
        clutter_density=np.empty(m),
        new_density=np.empty(m),
        cell=np.empty(m, np.int64),
        mean=np.empty((m, 6)),
        triangle=np.empty((m, 21)),
    )
    columns: list[Any] = [plain(getattr(d, name)) for name in _COLUMNS]
    columns += [given, *known(setup), plots.sensor, plots.value, plots.variance]
    columns += [plots.clutter_density, plots.new_density, plots.cell, plots.mean, plots.triangle]
    if not fill_plots(*columns):
        _refuse(d, setup, plots)
    return plots


def refuse_times(detections: Detections) -> None:
    """Raise ValueError for a plot whose time is not a finite number."""
    bad = ~np.isfinite(detections.time_s)
    if bad.any():
        raise ValueError(f"detection_id {detections.detection_id[bad][0]}: expected a finite time_s")


def refuse_strangers(detections: Detections, setup: Setup) -> None:
    """Raise ValueError for a plot of a sensor that is not in the setup: no look would ever name it."""
    if len(setup.watchers) == 1 and (detections.sensor_id == setup.watchers[0].sensor_id).all():
        return
    strange = detections.sensor_id[~np.isin(detections.sensor_id, list(setup.row_of))]
    if len(strange):
        raise ValueError(f"detections of sensor_id {strange.min()}, which is not in sensors")


def plain(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column as the compiled pass takes it: in one piece and read-only, as most are already."""
    flags = column.flags
    if flags.c_contiguous and not flags.writeable:
        return column
    column = np.ascontiguousarray(column).view()
    column.flags.writeable = False
    return column


def _refuse(detections: Detections, setup: Setup, plots: Plots) -> None:
    """Raise ValueError for the first reason that holds of any plot, with the first such plot."""
    refuse_strangers(detections, setup)
    value, variance = plots.value, plots.variance
    present, polar = ~np.isnan(value), np.array([w.polar for w in setup.watchers])[plots.sensor]
    for bad, expected in (
        (~present[:, :2].all(axis=1), "expected range and azimuth of a radar, x and y of a report"),
        ((present & ~(variance > 0)).any(axis=1), "expected a positive standard deviation of plot or sensor"),
        (np.isinf(value).any(axis=1) | np.isinf(variance).any(axis=1), "expected finite values"),
        (polar & ~(value[:, RANGE] > 0), "expected a range above 0"),
    ):
        if bad.any():
            raise ValueError(f"detection_id {detections.detection_id[bad][0]}: {expected}")
    raise ValueError("clutter_density must not be negative or NaN")

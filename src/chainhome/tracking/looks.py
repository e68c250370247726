"""How a recording becomes looks: detections of several sensors in, one batch for each scan of each sensor out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Detections, Sensors


class Look(NamedTuple):
    """One scan of one sensor: what one call of `step` takes."""

    time_s: float
    sensor_id: int
    rows: NDArray[np.int64]
    """Rows of the detections that the scan gave, maybe none."""


def looks_of(detections: Detections, sensors: Sensors, *, start_s: float, end_s: float) -> list[Look]:
    """Return every look of every sensor between two times, in the order of their ends, empty ones included.

    Scan k of a sensor holds the plots from `start_s` + k periods up to the next; the last one ends at or after
    `end_s`. Where the seam lies matters little: a target that two passes of the beam meet in one scan is meant to
    give two plots (see `step`). Raises ValueError for a sensor without a period or a plot outside the times.

    >>> plots = Detections.make(time_s=[1.0, 13.0], sensor_id=4)
    >>> radar = Sensors.make(sensor_id=[4], period_s=12.0)
    >>> [(look.time_s, look.rows.tolist()) for look in looks_of(plots, radar, start_s=0.0, end_s=30.0)]
    [(12.0, [0]), (24.0, [1]), (36.0, [])]
    """
    outside = ~((detections.time_s >= start_s) & (detections.time_s <= end_s))
    if outside.any():
        raise ValueError(f"a plot at {detections.time_s[outside][0]} s: expected {start_s} to {end_s} s")
    strangers = np.setdiff1d(detections.sensor_id, sensors.sensor_id)
    if len(strangers):
        raise ValueError(f"detections of sensor_id {strangers[0]}, which is not in sensors")
    looks: list[Look] = []
    for key, period in zip(sensors.sensor_id.tolist(), sensors.period_s.tolist(), strict=True):
        if not period > 0:
            raise ValueError(f"sensor_id {key}: period_s = {period}: expected a positive number")
        mine = np.flatnonzero(detections.sensor_id == key)
        scan = np.floor((detections.time_s[mine] - start_s) / period).astype(np.int64)
        count = max(int(np.ceil((end_s - start_s) / period)), int(scan.max(initial=-1)) + 1)
        order = np.argsort(scan, kind="stable")
        cuts = np.searchsorted(scan[order], np.arange(count + 1))
        ends = start_s + period * np.arange(1, count + 1)
        looks += [Look(float(ends[k]), key, mine[order[cuts[k] : cuts[k + 1]]]) for k in range(count)]
    return sorted(looks, key=lambda look: (look.time_s, look.sensor_id))

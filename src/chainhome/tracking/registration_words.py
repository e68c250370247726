"""Why a bias is not observable: who saw aircraft that others saw too in, a sentence for each radar out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Detections, Sensors

if TYPE_CHECKING:
    from chainhome.tracking.registration_windows import Prepared

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

QUANTITIES = ("range", "azimuth", "time")


def shared_aircraft(detections: Detections, sensors: Sensors, keys: Ints) -> Ints:
    """Return how many aircraft each sensor has plots of that another sensor has plots of too, at whatever time."""
    there = keys >= 0
    pairs = np.unique(np.column_stack([keys[there], detections.sensor_id[there]]), axis=0)
    _, flight, seen_by = np.unique(pairs[:, 0], return_inverse=True, return_counts=True)
    common = pairs[seen_by[flight] > 1, 1]
    return np.array([(common == sensor).sum() for sensor in sensors.sensor_id.tolist()], np.int64)


def met_aircraft(ready: Prepared, count: int) -> Ints:
    """Return how many aircraft each sensor has in windows with another sensor, whether their plots agree or not."""
    from chainhome.tracking.registration_windows import window_numbers

    flight = ready.windows.aircraft[window_numbers(ready)]
    pairs = np.unique(ready.plots.sensor + count * flight) % count
    return np.bincount(pairs, minlength=count)


def reason_of(alone: bool, hidden: Bools, met: int, shared: int) -> str:
    """Return in words why quantities of a sensor are not observable.

    `alone` says that nothing ties it to another sensor; `shared` aircraft were seen by another sensor too, `met` of
    them at the same time and often enough.

    >>> reason_of(True, np.ones(3, np.bool_), 0, 0)
    'no aircraft in common with another sensor'
    """
    if not hidden.any():
        return ""
    if alone and met:
        said = f"{met:,} aircraft in common with another sensor, whose plots do not agree"
        return f"{said}; check the radars' places (and clocks)"
    if alone and shared:
        return f"{shared:,} aircraft in common with another sensor, but too few plots of any at the same time"
    if alone:
        return "no aircraft in common with another sensor"
    names = ", ".join(name for name, one in zip(QUANTITIES, hidden, strict=True) if one)
    return f"{names}: not determined by the aircraft in common"

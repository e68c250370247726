"""How sure it is that a track follows something real: the existence recursion of integrated data association."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import TRACK_STATUSES
from chainhome.tracking.params import TrackerParams

Floats = NDArray[np.float64]

_TENTATIVE, _CONFIRMED, _ENDED = (TRACK_STATUSES.index(name) for name in ("tentative", "confirmed", "ended"))


def survived(existence: Floats, elapsed_s: float, mean_life_s: float) -> Floats:
    """Return existence after a time in which objects leave at a constant rate.

    >>> survived(np.array([1.0]), 36.0, 3600.0).round(4).tolist()
    [0.99]
    """
    return np.asarray(existence * np.exp(-max(elapsed_s, 0.0) / mean_life_s), np.float64)


def after_miss(existence: Floats, detection_probability: Floats, gate_probability: float) -> Floats:
    """Return existence after a look that gave no plot [musicki1994]; where nothing could be seen, it stays.

    >>> after_miss(np.array([0.5, 0.5]), np.array([0.9, 0.0]), 1.0).round(4).tolist()
    [0.0909, 0.5]
    """
    seen = detection_probability * gate_probability
    return np.asarray((1.0 - seen) * existence / (1.0 - seen * existence), np.float64)


def after_plot(existence: Floats, detection_probability: Floats, gate_probability: float, log_ratio: Floats) -> Floats:
    """Return existence after a plot whose density under the track is exp(`log_ratio`) times that of anything else.

    The recursion of [musicki1994] with the one assigned plot in the gate.

    >>> after_plot(np.array([0.5]), np.array([0.9]), 1.0, np.log([10.0])).round(4).tolist()
    [0.901]
    """
    seen = detection_probability * gate_probability
    weight = 1.0 - seen + detection_probability * np.exp(np.minimum(log_ratio, 600.0))
    return np.asarray(weight * existence / (1.0 - existence + weight * existence), np.float64)


def judged(status: NDArray[np.int8], existence: Floats, unsure_m: Floats, params: TrackerParams) -> NDArray[np.int8]:
    """Return the status (n,) of tracks given their existence and the deviation of their horizontal position."""
    confirmed = (status == _CONFIRMED) | (existence > params.confirm_existence)
    floor = np.where(confirmed, params.end_existence, params.drop_existence)
    ended = (existence < floor) | (unsure_m > params.max_position_sigma_m)
    return np.where(ended, _ENDED, np.where(confirmed, _CONFIRMED, _TENTATIVE)).astype(np.int8)

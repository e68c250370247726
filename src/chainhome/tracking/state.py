"""What the tracker remembers between two looks: a frozen record of arrays, one row for each living track."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

_SCALARS = ("clock_s", "next_track_id")


@dataclass(frozen=True, eq=False)
class TrackerState:
    """n living tracks with k motion models each (k = 1 in this version), and the tracker's clock."""

    clock_s: float
    """End of the last look that was taken in."""
    next_track_id: int
    mean: Floats
    """(n, k, 6) x, y, z, vx, vy, vz of each model in the world frame, at `time_s`."""
    covariance: Floats
    """(n, k, 6, 6)."""
    mode_probability: Floats
    """(n, k)."""
    existence: Floats
    """(n,) probability that the track follows a real object, at `clock_s`."""
    track_id: Ints
    time_s: Floats
    """(n,) time of the newest plot in the track; the state is not moved on by a look that missed it."""
    born_s: Floats
    last_detection_id: Ints
    status: Codes
    """(n,) index into `tables.TRACK_STATUSES`."""
    mode_s_address: Ints
    mode_3a: Ints

    def __len__(self) -> int:
        """Return the number of tracks."""
        return len(self.track_id)

    def __getitem__(self, rows: Any) -> Self:
        """Return the tracks chosen by a mask, an index array or a slice, with the same clock."""
        names = [f.name for f in fields(self) if f.name not in _SCALARS]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})


def initial_state(*, models: int = 1, first_track_id: int = 0) -> TrackerState:
    """Return a tracker that has seen nothing: no tracks, a clock before all time.

    >>> state = initial_state()
    >>> len(state), state.mean.shape, state.clock_s
    (0, (0, 1, 6), -inf)
    """
    number, key = np.zeros(0), np.zeros(0, np.int64)
    return TrackerState(
        clock_s=-np.inf,
        next_track_id=first_track_id,
        mean=np.zeros((0, models, 6)),
        covariance=np.zeros((0, models, 6, 6)),
        mode_probability=np.zeros((0, models)),
        existence=number,
        track_id=key,
        time_s=number,
        born_s=number,
        last_detection_id=key,
        status=np.zeros(0, np.int8),
        mode_s_address=key,
        mode_3a=key,
    )


def joined(first: TrackerState, second: TrackerState) -> TrackerState:
    """Return the tracks of both states, the first one's first, with the clock and ids of the second."""
    names = [f.name for f in fields(first) if f.name not in _SCALARS]
    columns: dict[str, Any] = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names}
    return replace(second, **columns)

"""Tracks at chosen times: the rows a tracker wrote in, what a display shows at a time out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.tables import TRACK_STATUSES, Tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrackSamples:
    """Confirmed tracks at common times, one row for each track and time: `position_m` (n, 3) in the world frame."""

    time_s: Floats
    track_id: Ints
    position_m: Floats


def tracks_at(tracks: Tracks, times_s: ArrayLike, *, max_age_s: float) -> TrackSamples:
    """Return where the confirmed tracks are said to be at each time: the last row, moved on by its velocity.

    Only rows up to the time count, as on a live display. A track is shown from its first confirmed row until the row
    that ends it, and never later than `max_age_s` after its last row. Rows come sorted by time, then track.

    >>> one = Tracks.make(time_s=[10.0], track_id=3, x_m=0.0, y_m=0.0, z_m=0.0, vx_mps=200.0, vy_mps=0.0, vz_mps=0.0,
    ...                   status=1)
    >>> tracks_at(one, [9.0, 12.0, 99.0], max_age_s=30.0).position_m.tolist()
    [[400.0, 0.0, 0.0]]
    """
    times = np.asarray(times_s, np.float64)
    rows = tracks.sorted_by("track_id", "time_s")
    confirmed = rows.status == TRACK_STATUSES.index("confirmed")
    same = np.append(rows.track_id[1:] == rows.track_id[:-1], False) if len(rows) else np.zeros(0, np.bool_)
    until = np.where(same, np.append(rows.time_s[1:], np.inf), np.inf)
    first = np.searchsorted(times_sorted := np.sort(times), rows.time_s, side="left")
    last = np.searchsorted(times_sorted, until, side="left")
    last = np.minimum(last, np.searchsorted(times_sorted, rows.time_s + max_age_s, side="right"))
    counts = np.where(confirmed, np.maximum(last - first, 0), 0)
    row = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    time = times_sorted[first[row] + within]
    position = np.column_stack([rows.x_m, rows.y_m, rows.z_m])[row]
    velocity = np.column_stack([rows.vx_mps, rows.vy_mps, rows.vz_mps])[row]
    order = np.lexsort([rows.track_id[row], time])
    moved = position + velocity * (time - rows.time_s[row])[:, None]
    return TrackSamples(time[order], rows.track_id[row][order], moved[order])

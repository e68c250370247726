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
    """Confirmed tracks at common times, one row for each track and time, in the world frame."""

    time_s: Floats
    track_id: Ints
    position_m: Floats
    """(n, 3) moved on by the velocity of the track's last row"""
    velocity_mps: Floats
    """(n, 3) of that row"""


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
    # Columns one by one: a whole table in another order would copy its covariances.
    order = np.lexsort([tracks.time_s, tracks.track_id])
    track, start = tracks.track_id[order], tracks.time_s[order]
    confirmed = tracks.status[order] == TRACK_STATUSES.index("confirmed")
    until = np.append(np.where(track[1:] == track[:-1], start[1:], np.inf), np.inf)[: len(start)]
    first = np.searchsorted(times_sorted := np.sort(times), start, side="left")
    last = np.searchsorted(times_sorted, until, side="left")
    last = np.minimum(last, np.searchsorted(times_sorted, start + max_age_s, side="right"))
    counts = np.where(confirmed, np.maximum(last - first, 0), 0)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    time = times_sorted[np.repeat(first, counts) + within]
    row = np.repeat(order, counts)
    sort = np.lexsort([tracks.track_id[row], time])
    time, row = time[sort], row[sort]
    position = np.column_stack([tracks.x_m[row], tracks.y_m[row], tracks.z_m[row]])
    velocity = np.column_stack([tracks.vx_mps[row], tracks.vy_mps[row], tracks.vz_mps[row]])
    moved = position + velocity * (time - tracks.time_s[row])[:, None]
    return TrackSamples(time, tracks.track_id[row], moved, velocity)


def shown_at(tracks: Tracks, owner: Ints, time_s: Floats, target: Ints, max_age_s: float) -> NDArray[np.bool_]:
    """Return whether a confirmed track of its own is shown for each target at each time, by the rule of `tracks_at`.

    `owner` (n,) is the target that each row's track belongs to (-1 = none); `time_s` and `target` (k,) are the
    questions.

    >>> row = Tracks.make(time_s=[10.0], track_id=3, status=1)
    >>> shown_at(row, np.array([5]), np.array([9.0, 12.0, 12.0]), np.array([5, 5, 6]), 30.0).tolist()
    [False, True, False]
    """
    order = np.lexsort([tracks.time_s, tracks.track_id])
    track, start, owner = tracks.track_id[order], tracks.time_s[order], owner[order]
    confirmed = tracks.status[order] == TRACK_STATUSES.index("confirmed")
    end = start + max_age_s
    same = track[1:] == track[:-1]
    # Until the next row of the track, that row's own moment left out.
    end[:-1] = np.where(same, np.minimum(end[:-1], np.nextafter(start[1:], -np.inf)), end[:-1])
    stands = confirmed & (owner >= 0) & (end >= start)
    start, end, owner = start[stands], end[stands], owner[stands]
    # Whole-number keys: target first, then the rank of the time, so that no rounding moves a boundary.
    names = np.unique(target)
    moments = np.unique(time_s)
    place, size = np.searchsorted(names, target), len(moments) + 1
    of = np.searchsorted(names, owner)
    of[of == len(names)] = 0
    real = names[of] == owner if len(names) else np.zeros(len(owner), np.bool_)
    begun = np.sort(of[real] * size + np.searchsorted(moments, start[real], side="left"))
    over = np.sort(of[real] * size + np.searchsorted(moments, end[real], side="right"))
    asked = place * size + np.searchsorted(moments, time_s)
    return np.asarray(
        np.searchsorted(begun, asked, side="right") > np.searchsorted(over, asked, side="right"), np.bool_
    )

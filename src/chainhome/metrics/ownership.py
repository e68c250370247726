"""Which target a track belongs to: the plots that fed it, or where it was, in; a target for each track out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.metrics.near import pairs_within
from chainhome.metrics.sampling import tracks_at
from chainhome.tables import TRACK_STATUSES, Detections, Tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONFIRMED = TRACK_STATUSES.index("confirmed")


def ever_confirmed(tracks: Tracks) -> Ints:
    """Return the sorted ids of the tracks that were ever confirmed.

    >>> ever_confirmed(Tracks.make(time_s=[2.0, 1.0, 1.0], track_id=[7, 7, 8], status=[1, 0, 0])).tolist()
    [7]
    """
    return np.unique(tracks.track_id[tracks.status == CONFIRMED])


def places(names: Ints, values: Ints) -> Ints:
    """Return where each value stands among the sorted names; -1 = nowhere.

    >>> places(np.array([3, 5]), np.array([5, 4, 3])).tolist()
    [1, -1, 0]
    """
    if not len(names):
        return np.full(len(values), -1)
    at = np.minimum(np.searchsorted(names, values), len(names) - 1)
    return np.asarray(np.where(names[at] == values, at, -1), np.int64)


def target_of(detection_id: Ints, detections: Detections, values: Ints | None = None) -> Ints:
    """Return the true target of each named plot, or its entry in `values` (one for each row of the detections).

    Raises ValueError where a plot is named that is not in the detections.

    >>> target_of(np.array([4]), Detections.make(detection_id=[3, 4], target_id=[-1, 9])).tolist()
    [9]
    """
    order = np.argsort(detections.detection_id, kind="stable")
    known = detections.detection_id[order]
    at = np.searchsorted(known, detection_id)
    if (at == len(known)).any() or (known[at] != detection_id).any():
        raise ValueError("a track names a detection_id that is not in the detections")
    return np.asarray((detections.target_id if values is None else values)[order][at], np.int64)


def majority(track_ids: Ints, fed_track: Ints, fed_target: Ints) -> Ints:
    """Return the target that most plots of each of the sorted `track_ids` came from; -1 = false alarms, or no plots.

    >>> majority(np.array([7, 8]), np.array([7, 7, 7]), np.array([2, -1, 2])).tolist()
    [2, -1]
    """
    order = np.lexsort([fed_target, fed_track])
    track, target = fed_track[order], fed_target[order]
    new = np.append(True, (track[1:] != track[:-1]) | (target[1:] != target[:-1]))[: len(track)]
    first = np.flatnonzero(new)
    votes = np.diff(np.append(first, len(track)))
    track, target = track[first], target[first]
    # Most votes last within each track; a tie goes to a real target before a false alarm, then to the smaller id.
    order = np.lexsort([-target, target >= 0, votes, track])
    winner = np.full(len(track_ids), -1, np.int64)
    winner[np.searchsorted(track_ids, track[order])] = target[order]
    return winner


def nearest_target(
    tracks: Tracks,
    track_ids: Ints,
    time: Floats,
    target: Ints,
    position: Floats | None,
    max_age_s: float,
    near_m: float,
) -> Ints:
    """Return the target whose samples each track is nearest to on average over their common times, within `near_m`.

    `track_ids` are those of the tracks that were ever confirmed, sorted; the samples (k,), (k,), (k, 3) are sorted by
    target, then time, each time once for a target. -1 = no target that near; without positions, none.

    >>> track = Tracks.make(time_s=[0.0], track_id=3, status=1, x_m=9.0, y_m=0.0, z_m=0.0, vx_mps=0.0, vy_mps=0.0,
    ...                     vz_mps=0.0)
    >>> nearest_target(track, np.array([3]), np.zeros(2), np.array([5, 6]), np.eye(2, 3), 1.0, 100.0).tolist()
    [5]
    """
    owner = np.full(len(track_ids), -1, np.int64)
    if position is None or not len(time):
        return owner
    times, step = np.unique(time, return_inverse=True)
    shown = tracks_at(tracks, times, max_age_s=max_age_s)
    shown_step = np.searchsorted(times, shown.time_s)
    which = np.searchsorted(track_ids, shown.track_id)
    names, place = np.unique(target, return_inverse=True)
    # A mean within near_m needs at least one distance within it: only such pairs are averaged.
    i, j, _ = pairs_within(shown.position_m, shown_step, position, step, near_m)
    pairs = np.unique(which[i] * len(names) + place[j])
    track, name = pairs // len(names), pairs % len(names)
    by_track = np.argsort(which, kind="stable")
    count = np.bincount(which, minlength=len(track_ids))
    begins = np.cumsum(count) - count
    pair = np.repeat(np.arange(len(pairs)), count[track])
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count[track]) - count[track], count[track])
    sample = by_track[begins[track][pair] + within]
    key = place * len(times) + step
    wanted = name[pair] * len(times) + shown_step[sample]
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    there = key[at] == wanted
    distance = np.linalg.norm(shown.position_m[sample[there]] - position[at[there]], axis=1)
    mean = np.bincount(pair[there], distance, len(pairs)) / np.bincount(pair[there], minlength=len(pairs))
    order = np.lexsort([-name, -mean, track])
    order = order[mean[order] < near_m]
    owner[track[order]] = names[name[order]]
    return owner

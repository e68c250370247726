"""How well each target was followed: tracks, plots and truth samples in, one row of scores for each target out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.sampling import tracks_at
from chainhome.tables import TRACK_STATUSES, Detections, Tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CONFIRMED = TRACK_STATUSES.index("confirmed")


@dataclass(frozen=True, eq=False)
class Continuity:
    """Continuity of n targets, and which target each of the t tracks that were ever confirmed belongs to."""

    target_id: Ints
    first_confirmed_s: Floats
    """(n,) time of the first confirmed row of a track that belongs to the target; NaN = never confirmed."""
    completeness: Floats
    """(n,) share of the target's samples at which a confirmed track of its own was shown."""
    breaks: Ints
    """(n,) times at which the target was lost while it could be seen, and found again later."""
    id_switches: Ints
    """(n,) times at which another confirmed track took over the target's plots."""
    purity: Floats
    """(n,) share of the plots in the target's tracks that came from the target; NaN = not known."""
    longest_s: Floats
    """(n,) time from the first to the last sample of the longest run without a loss."""
    track_id: Ints
    track_target_id: Ints
    """(t,) the target that most of the track's plots came from; -1 = a false track."""


def continuity(
    tracks: Tracks,
    detections: Detections,
    *,
    sample_time_s: ArrayLike,
    sample_target_id: ArrayLike,
    sample_position_m: ArrayLike | None = None,
    max_age_s: float,
    near_m: float = 5_000.0,
) -> Continuity:
    """Return how completely, how steadily and how purely each target was tracked (in the spirit of [votruba2001]).

    The samples (k rows: time, target, position (k, 3)) are the moments at which a target could be seen: inside its
    life and somebody's coverage, which the caller decides. A track belongs to the target that most of its plots came
    from (`detections.target_id`), false alarms included in the vote, so positions play no part. Only where no plot
    names a target, as in a recording, a track belongs to the target whose samples it is nearest to on average, if
    within `near_m`; without `sample_position_m` it then belongs to none. A track counts as shown until `max_age_s`
    after its last row.

    >>> track = Tracks.make(time_s=[0.0, 10.0], track_id=7, detection_id=[0, 1], status=1, x_m=0.0, y_m=0.0, z_m=0.0,
    ...                     vx_mps=0.0, vy_mps=0.0, vz_mps=0.0)
    >>> plots = Detections.make(detection_id=[0, 1], target_id=5)
    >>> scores = continuity(track, plots, sample_time_s=[0.0, 10.0, 20.0, 30.0], sample_target_id=[5] * 4,
    ...                     max_age_s=12.0)
    >>> scores.completeness.tolist(), scores.longest_s.tolist(), scores.purity.tolist()
    ([0.75], [20.0], [1.0])
    """
    time, target = np.asarray(sample_time_s, np.float64), np.asarray(sample_target_id, np.int64)
    position = None if sample_position_m is None else np.asarray(sample_position_m, np.float64)
    order = np.lexsort([time, target])
    time, target, position = time[order], target[order], None if position is None else position[order]
    ever = np.unique(tracks.track_id[tracks.status == _CONFIRMED])
    rows = tracks[np.isin(tracks.track_id, ever)].sorted_by("time_s", "track_id")
    fed = rows[rows.detection_id >= 0]
    fed_target = _target_of(fed.detection_id, detections)
    if (detections.target_id >= 0).any():
        owner = _majority(ever, fed.track_id, fed_target)
        purity_known = True
    else:
        owner = _nearest(rows, ever, time, target, position, max_age_s, near_m)
        fed_target, purity_known = owner[np.searchsorted(ever, fed.track_id)], False
    shown = _shown(rows, ever, owner, time, target, max_age_s)
    names = np.unique(target)
    runs = [_runs(time[target == name], shown[target == name]) for name in names]
    fed_owner = owner[np.searchsorted(ever, fed.track_id)]
    confirmed = fed.status == _CONFIRMED
    first = [fed.time_s[confirmed & (fed_owner == name)] for name in names]
    own = [fed_target[fed_owner == name] for name in names]
    steady = [fed.track_id[confirmed & (fed_target == name)] for name in names]
    return Continuity(
        target_id=names,
        first_confirmed_s=np.array([times[0] if len(times) else np.nan for times in first]),
        completeness=np.array([shown[target == name].mean() for name in names]),
        breaks=np.array([_breaks(time[target == name], shown[target == name], max_age_s) for name in names], np.int64),
        id_switches=np.array([(np.diff(ids) != 0).sum() for ids in steady], np.int64),
        purity=np.array(
            [(a == name).mean() if purity_known and len(a) else np.nan for a, name in zip(own, names, strict=True)]
        ),
        longest_s=np.array([run.max(initial=0.0) for run in runs]),
        track_id=ever,
        track_target_id=owner,
    )


def _target_of(detection_id: Ints, detections: Detections) -> Ints:
    order = np.argsort(detections.detection_id)
    known = detections.detection_id[order]
    at = np.searchsorted(known, detection_id)
    if (at == len(known)).any() or (known[at] != detection_id).any():
        raise ValueError("a track names a detection_id that is not in the detections")
    return np.asarray(detections.target_id[order][at], np.int64)


def _majority(track_ids: Ints, fed_track: Ints, fed_target: Ints) -> Ints:
    pairs, votes = np.unique(np.column_stack([fed_track, fed_target]), axis=0, return_counts=True)
    # Most votes last within each track; a tie goes to a real target before a false alarm, then to the smaller id.
    order = np.lexsort([-pairs[:, 1], pairs[:, 1] >= 0, votes, pairs[:, 0]])
    winner = np.full(len(track_ids), -1, np.int64)
    winner[np.searchsorted(track_ids, pairs[order, 0])] = pairs[order, 1]
    return winner


def _nearest(
    rows: Tracks, track_ids: Ints, time: Floats, target: Ints, position: Floats | None, max_age_s: float, near_m: float
) -> Ints:
    owner = np.full(len(track_ids), -1, np.int64)
    if position is None:
        return owner
    shown = tracks_at(rows, np.unique(time), max_age_s=max_age_s)
    best = np.full(len(track_ids), near_m)
    for name in np.unique(target):
        mine = target == name
        at = np.minimum(np.searchsorted(time[mine], shown.time_s), mine.sum() - 1)
        together = time[mine][at] == shown.time_s
        distance = np.linalg.norm(shown.position_m - position[mine][at], axis=1)[together]
        which = np.searchsorted(track_ids, shown.track_id[together])
        count = np.bincount(which, minlength=len(track_ids))
        mean = np.bincount(which, distance, len(track_ids)) / np.maximum(count, 1)
        nearer = (count > 0) & (mean < best)
        owner[nearer], best[nearer] = name, mean[nearer]
    return owner


def _shown(
    rows: Tracks, track_ids: Ints, owner: Ints, time: Floats, target: Ints, max_age_s: float
) -> NDArray[np.bool_]:
    times = np.unique(time)
    samples = tracks_at(rows, times, max_age_s=max_age_s)
    names = np.unique(target)
    of = owner[np.searchsorted(track_ids, samples.track_id)]
    real = np.isin(of, names)
    seen = np.zeros((len(names), len(times)), np.bool_)
    seen[np.searchsorted(names, of[real]), np.searchsorted(times, samples.time_s[real])] = True
    return seen[np.searchsorted(names, target), np.searchsorted(times, time)]


def _breaks(time: Floats, shown: NDArray[np.bool_], max_age_s: float) -> int:
    """Return how often a shown target was lost at its next sample, soon enough to be in view still, and found later."""
    found_later = np.flatnonzero(shown).max(initial=-1) > np.arange(len(shown))
    lost = shown[:-1] & ~shown[1:] & (np.diff(time) <= max_age_s) & found_later[1:]
    return int(lost.sum())


def _runs(time: Floats, shown: NDArray[np.bool_]) -> Floats:
    """Return the length in seconds of each unbroken run of shown samples, which are in time order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shown, [False]]).astype(np.int8)))
    return np.asarray(time[edges[1::2] - 1] - time[edges[::2]], np.float64)

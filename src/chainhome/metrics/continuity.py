"""How well each target was followed: tracks, plots and truth samples in, one row of scores for each target out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.ownership import CONFIRMED, ever_confirmed, majority, nearest_target, places, target_of
from chainhome.metrics.sampling import shown_at
from chainhome.tables import Detections, Tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


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

    def of_rows(self, track_id: Ints) -> Ints:
        """Return for each row's track the target that it belongs to; -1 = none, or never confirmed."""
        return np.append(self.track_target_id, -1)[places(self.track_id, track_id)]


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
    ever = ever_confirmed(tracks)
    fed = np.flatnonzero((tracks.detection_id >= 0) & np.isin(tracks.track_id, ever))
    fed = fed[np.lexsort([tracks.track_id[fed], tracks.time_s[fed]])]
    fed_target = target_of(tracks.detection_id[fed], detections)
    known = bool((detections.target_id >= 0).any())
    if known:
        owner = majority(ever, tracks.track_id[fed], fed_target)
    else:
        owner = nearest_target(tracks, ever, time, target, position, max_age_s, near_m)
        fed_target = owner[np.searchsorted(ever, tracks.track_id[fed])]
    names, place = np.unique(target, return_inverse=True)
    of_row = np.append(owner, -1)[places(ever, tracks.track_id)]
    shown = shown_at(tracks, of_row, time, target, max_age_s)
    first, purity, switches = _by_plots(tracks, fed, of_row[fed], fed_target, names)
    completeness, breaks, longest = _by_samples(time, place, shown, len(names), max_age_s)
    purity = purity if known else np.full(len(names), np.nan)
    return Continuity(names, first, completeness, breaks, switches, purity, longest, ever, owner)


def _by_plots(tracks: Tracks, fed: Ints, owner: Ints, target: Ints, names: Ints) -> tuple[Floats, Floats, Ints]:
    """Return what the rows `fed` by a plot tell of each target: first confirmation, purity, identity switches."""
    confirmed = tracks.status[fed] == CONFIRMED
    of_owner, of_target = places(names, owner), places(names, target)
    own = of_owner >= 0
    first = np.full(len(names), np.nan)
    rows = np.flatnonzero(own & confirmed)[::-1]
    first[of_owner[rows]] = tracks.time_s[fed[rows]]  # the earliest is written last, and stays
    plots = np.bincount(of_owner[own], minlength=len(names))
    pure = np.bincount(of_owner[own & (target == owner)], minlength=len(names))
    purity = np.divide(pure, plots, out=np.full(len(names), np.nan), where=plots > 0)
    rows = np.flatnonzero(confirmed & (of_target >= 0))
    rows = rows[np.argsort(of_target[rows], kind="stable")]
    changed = (np.diff(of_target[rows]) == 0) & (np.diff(tracks.track_id[fed[rows]]) != 0)
    switches = np.bincount(of_target[rows][1:][changed], minlength=len(names))
    return first, purity, switches


def _by_samples(time: Floats, place: Ints, shown: Bools, count: int, max_age_s: float) -> tuple[Floats, Ints, Floats]:
    """Return what the samples, sorted by target and time, tell: completeness, breaks, longest run without a loss."""
    completeness = np.bincount(place, shown, count) / np.maximum(np.bincount(place, minlength=count), 1)
    last = np.full(count, -1)
    seen = np.flatnonzero(shown)
    last[place[seen]] = seen  # the last of equal places stays
    same = place[1:] == place[:-1]
    # Lost at the next sample, soon enough to be in view still, and found again later.
    lost = same & shown[:-1] & ~shown[1:] & (np.diff(time) <= max_age_s) & (last[place[1:]] > np.arange(1, len(time)))
    breaks = np.bincount(place[1:][lost], minlength=count)
    begins = shown & np.append(True, ~(same & shown[:-1]))[: len(time)]
    ends = shown & np.append(~(same & shown[1:]), True)[: len(time)]
    longest = np.zeros(count)
    np.maximum.at(longest, place[begins], time[ends] - time[begins])
    return completeness, breaks, longest

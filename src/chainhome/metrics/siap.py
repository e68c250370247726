"""SIAP: true objects, tracks at common times and which stands for which in, the measures of the air picture out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.near import pairs_within
from chainhome.metrics.ownership import places
from chainhome.metrics.sampling import TrackSamples
from chainhome.tables import Truth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Siap:
    """The SIAP measures over all times, and at each of the k times; NaN where there is nothing to measure."""

    completeness: float
    """share of true objects with a track; best 1"""
    ambiguity: float
    """tracks for each object that has one; best 1"""
    spuriousness: float
    """share of tracks that stand for no object; best 0"""
    position_error_mean_m: float
    position_error_rms_m: float
    velocity_error_mean_mps: float
    velocity_error_rms_mps: float
    track_number_changes_per_s: float
    longest_track_share: float
    """share of the objects' lives for which the track that stood longest stood for them; best 1"""
    time_s: Floats
    completeness_at: Floats
    ambiguity_at: Floats
    spuriousness_at: Floats
    position_error_mean_at_m: Floats
    velocity_error_mean_at_mps: Floats


class _Pairs(NamedTuple):
    """Rows in which a track stands for an object, by object, track, time; `at` is the row of the sorted truth."""

    at: Ints
    shown: Ints
    track: Ints
    new: NDArray[np.bool_]
    """whether the track did not stand for this object at the object's sample before"""


def siap(truth: Truth, shown: TrackSamples, truth_id: ArrayLike, *, horizontal: bool = False) -> Siap:
    """Return the measures of the Single Integrated Air Picture [votruba2001].

    `truth` and `shown` (n rows, see `tracks_at`) stand at common times; `truth_id` (n,) names the object for which
    each shown row stands, -1 = none: what the plots say (`Continuity.of_rows`) or what is nearest (`nearest_truth`). A
    row that names an object without a sample at that time stands for none. Position and velocity errors are distances
    in 3-D, or in the horizontal plane; the mean is what Stone Soup 1.9.1 calls positional and velocity accuracy.
    Raises ValueError for an object or a track that stands twice at one time.

    >>> truth = Truth.make(time_s=[0.0, 1.0], target_id=5, x_m=0.0, y_m=0.0, z_m=0.0)
    >>> shown = TrackSamples(np.array([1.0]), np.array([7]), np.array([[3.0, 4.0, 0.0]]), np.zeros((1, 3)))
    >>> score = siap(truth, shown, [5])
    >>> score.completeness, score.ambiguity, score.spuriousness, score.position_error_mean_m
    (0.5, 1.0, 0.0, 5.0)
    """
    if len(named := np.asarray(truth_id, np.int64)) != len(shown.time_s):
        raise ValueError(f"{len(named)} truth ids for {len(shown.time_s)} rows of tracks; expected as many")
    order = np.lexsort([truth.time_s, truth.target_id])
    times, step = np.unique(np.concatenate([truth.time_s, shown.time_s]), return_inverse=True)
    truth_step, shown_step = step[: len(order)][order], step[len(order) :]
    names, place = np.unique(truth.target_id[order], return_inverse=True)
    _refuse_twice(place * len(times) + truth_step, "an object of the truth")
    tracks = np.unique(shown.track_id, return_inverse=True)[1]
    _refuse_twice(np.sort(tracks * len(times) + shown_step), "a track")
    pairs = _pairs(place * len(times) + truth_step, places(names, named), shown_step, tracks, len(times))
    position, velocity = _errors(truth, order[pairs.at], shown, pairs.shown, 2 if horizontal else 3)
    changes, tracked_s, longest_s, life_s = _lives(truth.time_s[order], place, pairs, len(names))
    # J, JT, N, NA: objects, objects with a track, tracks, tracks with an object, at each time.
    J, N, NA, JT = (
        np.bincount(steps, minlength=len(times))
        for steps in (truth_step, shown_step, shown_step[pairs.shown], truth_step[np.unique(pairs.at)])
    )
    sums = [np.bincount(shown_step[pairs.shown], error, len(times)) for error in (position, velocity)]
    return Siap(
        completeness=_ratio(JT.sum(), J.sum()),
        ambiguity=_ratio(NA.sum(), JT.sum()),
        spuriousness=_ratio((N - NA).sum(), N.sum()),
        position_error_mean_m=_ratio(position.sum(), len(position)),
        position_error_rms_m=_ratio((position**2).sum(), len(position)) ** 0.5,
        velocity_error_mean_mps=_ratio(velocity.sum(), len(velocity)),
        velocity_error_rms_mps=_ratio((velocity**2).sum(), len(velocity)) ** 0.5,
        track_number_changes_per_s=_ratio(changes, tracked_s),
        longest_track_share=_ratio(longest_s, life_s),
        time_s=times,
        completeness_at=_ratios(JT, J),
        ambiguity_at=_ratios(NA, JT),
        spuriousness_at=_ratios(N - NA, N),
        position_error_mean_at_m=_ratios(sums[0], NA),
        velocity_error_mean_at_mps=_ratios(sums[1], NA),
    )


def nearest_truth(truth: Truth, shown: TrackSamples, *, near_m: float) -> Ints:
    """Return for each row of the tracks the object that is nearest to it at its time; -1 = none nearer than `near_m`.

    Each row decides alone, so that two tracks may stand for one object, which SIAP calls ambiguous.

    >>> truth = Truth.make(time_s=[0.0, 0.0], target_id=[5, 6], x_m=[0.0, 9.0], y_m=0.0, z_m=0.0)
    >>> shown = TrackSamples(np.zeros(2), np.array([1, 2]), np.diag([8.0, 99.0, 0.0])[:2], np.zeros((2, 3)))
    >>> nearest_truth(truth, shown, near_m=5.0).tolist()
    [6, -1]
    """
    times = np.unique(np.concatenate([truth.time_s, shown.time_s]))
    points = np.column_stack([truth.x_m, truth.y_m, truth.z_m])
    row, at, distance = pairs_within(
        shown.position_m, np.searchsorted(times, shown.time_s), points, np.searchsorted(times, truth.time_s), near_m
    )
    found = np.full(len(shown.time_s), -1, np.int64)
    order = np.lexsort([truth.target_id[at], distance])[::-1]
    found[row[order]] = truth.target_id[at[order]]  # the nearest is written last, and stays
    return found


def _pairs(key: Ints, named: Ints, shown_step: Ints, tracks: Ints, steps: int) -> _Pairs:
    """Return the rows in which a track stands for an object; `key` (sorted) is each truth row's object and step."""
    wanted = named * steps + shown_step
    at = places(key, np.where(named >= 0, wanted, -1))
    rows = np.flatnonzero(at >= 0)
    rows = rows[np.lexsort([at[rows], tracks[rows], named[rows]])]
    at, track, of = at[rows], tracks[rows], named[rows]
    on = (np.diff(at) == 1) & (np.diff(track) == 0) & (np.diff(of) == 0)
    return _Pairs(at, rows, track, np.append(True, ~on)[: len(rows)])


def _errors(truth: Truth, rows: Ints, shown: TrackSamples, shown_rows: Ints, axes: int) -> tuple[Floats, Floats]:
    """Return the distances in position and in velocity of shown rows from rows of the truth, in the first axes."""
    errors = []
    for names, values in (
        (("x_m", "y_m", "z_m"), shown.position_m),
        (("vx_mps", "vy_mps", "vz_mps"), shown.velocity_mps),
    ):
        true = np.column_stack([getattr(truth, name)[rows] for name in names])
        errors.append(np.asarray(np.linalg.norm((values[shown_rows] - true)[:, :axes], axis=1), np.float64))
    return errors[0], errors[1]


def _lives(time: Floats, place: Ints, pairs: _Pairs, objects: int) -> tuple[int, float, float, float]:
    """Return track number changes, and seconds with a track, of the longest track and of life, over all objects.

    As in Stone Soup, an object is followed from run to run: at its next sample with a track, the track that stands for
    it until latest in the end is taken, to the end of this run; each run beyond the first is a change, so that a track
    that is lost and found again under the same number counts too.
    """
    ends = np.flatnonzero(np.append(np.diff(place) != 0, True))[:objects]
    life_s = float((time[ends] - time[np.append(0, ends[:-1] + 1)[:objects]]).sum())
    if not len(pairs.at):
        return 0, 0.0, 0.0, life_s
    begins = np.flatnonzero(pairs.new)
    start, end = pairs.at[begins], pairs.at[np.append(begins[1:], len(pairs.at)) - 1]
    of, track = place[start], pairs.track[begins]
    new_pair = np.append(True, (np.diff(of) != 0) | (np.diff(track) != 0))
    pair = np.cumsum(new_pair) - 1
    longest = np.zeros(objects)
    np.maximum.at(longest, of[new_pair], np.bincount(pair, time[end] - time[start]))
    held = np.unique(pairs.at[~pairs.new])
    tracked_s = float((time[held] - time[held - 1]).sum())
    last = end[np.append(np.flatnonzero(new_pair)[1:], len(pair)) - 1]
    run = np.cumsum(pairs.new) - 1
    # One row for each truth sample with a track: the end of the run that is taken there.
    order = np.lexsort([end[run], last[pair[run]], pairs.at])
    taken = np.append(np.diff(pairs.at[order]) != 0, True)
    at, until = pairs.at[order][taken], end[run[order]][taken]
    return _runs(place[at], at, until) - len(np.unique(of)), tracked_s, float(longest.sum()), life_s


def _runs(of: Ints, at: Ints, until: Ints) -> int:
    """Return how many runs are taken: each begins at the first row of its object after the run before."""
    after = np.searchsorted(at, until, side="right")
    here, runs = np.flatnonzero(np.append(True, np.diff(of) != 0)), 0
    while len(here):
        runs += len(here)
        here = here[after[here] < len(at)]
        here = after[here[of[after[here]] == of[here]]]
    return runs


def _refuse_twice(sorted_keys: Ints, what: str) -> None:
    if (np.diff(sorted_keys) == 0).any():
        raise ValueError(f"{what} stands more than once at one time; expected one row for each and time")


def _ratio(above: float, below: float) -> float:
    return float(above) / float(below) if below else np.nan


def _ratios(above: NDArray[np.generic], below: Ints) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0), np.float64)

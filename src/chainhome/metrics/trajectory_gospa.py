"""How far tracks are from the true paths: long tables of points with ids in, the trajectory GOSPA metric out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.near import pairs_within, points_of
from chainhome.metrics.trajectory_links import best_shares, cuts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrajectoryGospa:
    """One trajectory GOSPA distance; its four parts sum to `distance ** p`, each in metres to the power p."""

    distance: float
    distance_per_step: float
    """the p-th root of the sum of the parts divided by the number of steps: beside the rms of GOSPA, for p = 2"""
    localisation: float
    missed: float
    false: float
    switches: float
    switch_count: float
    """switches / gamma^p: a change from one track to another counts 1, a loss or a find within a life 1/2"""
    time_s: Floats
    localisation_at: Floats
    """(k,) the parts at each step; a switch counts at the step after it"""
    missed_at: Floats
    false_at: Floats
    switches_at: Floats
    cuts: int
    """at how many steps the time was cut, see `most_cells`"""
    at_cuts: float
    """part of `switches` that stands at the cuts: without them the sum of the parts would be smaller by at most this"""


class _Points(NamedTuple):
    step: Ints
    id: Ints
    position: Floats


class _Near(NamedTuple):
    """Pairs nearer than the cut-off, by step."""

    pair: Ints
    step: Ints
    distance: Floats


def trajectory_gospa(
    estimate_time_s: ArrayLike,
    estimate_id: ArrayLike,
    estimates: ArrayLike,
    truth_time_s: ArrayLike,
    truth_id: ArrayLike,
    truths: ArrayLike,
    *,
    c: float,
    gamma: float,
    p: float = 2.0,
    times_s: ArrayLike | None = None,
    most_cells: int | None = None,
) -> TrajectoryGospa:
    """Return the metric between two sets of trajectories, in its linear-programming form [garciafernandez2020].

    One row for each point: time (n,), track id (n,), position (n, d) in metres, and the same of the truths (m rows);
    the caller brings both to common times (see `tracks_at`). Its power p is that of GOSPA (alpha = 2, cut-off `c` in
    metres) summed over the steps, plus gamma^p wherever a truth passes from one track to another and gamma^p / 2 where
    it passes from a track to none or back; `gamma` in metres, 0 or more. `times_s` (k,) names the steps; without it,
    all times that occur. The value is at most that of the metric over whole assignments, and most often equal to it.
    With `most_cells`, time is cut until no linear program has more pairs times steps than that: each piece is solved
    alone and a change from one to the next is paid, so that the value is at most a little too large (`at_cuts`).
    Raises ValueError for c <= 0, p < 1, gamma < 0, or an id that stands twice at one time.

    >>> score = trajectory_gospa([0.0, 1.0, 2.0], [7, 8, 8], [[3.0], [3.0], [3.0]], [0.0, 1.0, 2.0], [1, 1, 1],
    ...                          [[0.0], [0.0], [0.0]], c=10.0, gamma=2.0)
    >>> score.localisation, score.switches, score.switch_count, round(score.distance, 4)
    (27.0, 4.0, 1.0, 5.5678)
    """
    if not (c > 0 and p >= 1 and gamma >= 0):
        raise ValueError(f"c = {c}, p = {p}, gamma = {gamma}: expected c > 0, p >= 1 and gamma >= 0")
    given = np.union1d(np.asarray(estimate_time_s, np.float64), np.asarray(truth_time_s, np.float64))
    steps = given if times_s is None else np.unique(np.asarray(times_s, np.float64))
    x = _trajectories(estimate_time_s, estimate_id, estimates, steps, "estimates")
    y = _trajectories(truth_time_s, truth_id, truths, steps, "truths")
    i, j, distance = pairs_within(x.position, x.step, y.position, y.step, c)
    localised = np.zeros((2, len(steps)))
    switches = np.zeros(len(steps))
    cuts = np.zeros(0, np.int64)
    if len(i):
        pair = x.id[i] * (int(y.id.max()) + 1) + y.id[j]
        order = np.argsort(y.step[j], kind="stable")
        near = _Near(pair[order], y.step[j][order], distance[order])
        cuts = cuts_of(near.pair, near.step, int(y.id.max()) + 1, len(steps), most_cells)
        _solve(near, int(y.id.max()) + 1, cuts, (c**p, gamma**p / 2.0, p), localised, switches)
    alone = [np.bincount(points.step, minlength=len(steps)) - localised[1] for points in (y, x)]
    missed, false = (count * (c**p / 2.0) for count in alone)
    return _scored(steps, localised[0], missed, false, switches, gamma, p, cuts)


def _solve(
    near: _Near, size: int, cuts: Ints, prices: tuple[float, float, float], localised: Floats, switches: Floats
) -> None:
    """Add what is localised, the shares that are held, and the switches, piece by piece; a pair is i * size + j."""
    cut_price, half_switch, p = prices
    steps = len(switches)
    bounds = np.concatenate([[0], cuts, [steps]])
    before, held_before = np.zeros(0, np.int64), np.zeros(0)
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        first, last = np.searchsorted(near.step, [start, stop])
        step, distance = near.step[first:last] - start, near.distance[first:last]
        # A pair that is never within c gains nothing at any step: leaving it out changes no optimum.
        names, pair = np.unique(near.pair[first:last], return_inverse=True)
        gain = np.zeros((len(names), stop - start))
        gain[pair, step] = distance**p - cut_price
        shares = best_shares(names // size, names % size, gain, half_switch)
        held = shares[pair, step]
        for row, weight in enumerate((held * distance**p, held)):
            localised[row, start:stop] = np.bincount(step, weight, stop - start)
        switches[start + 1 : stop] = np.abs(np.diff(shares, axis=1)).sum(axis=0) * half_switch
        if start:
            either = np.union1d(before, names)
            change = np.zeros(len(either))
            change[np.searchsorted(either, names)] = shares[:, 0]
            change[np.searchsorted(either, before)] -= held_before
            switches[start] = np.abs(change).sum() * half_switch
        before, held_before = names, shares[:, -1]


def _scored(
    steps: Floats,
    localisation: Floats,
    missed: Floats,
    false: Floats,
    switches: Floats,
    gamma: float,
    p: float,
    cuts: Ints,
) -> TrajectoryGospa:
    total = float((localisation + missed + false + switches).sum())
    return TrajectoryGospa(
        distance=total ** (1.0 / p),
        distance_per_step=(total / len(steps)) ** (1.0 / p) if len(steps) else np.nan,
        localisation=float(localisation.sum()),
        missed=float(missed.sum()),
        false=float(false.sum()),
        switches=float(switches.sum()),
        switch_count=float(switches.sum()) / gamma**p if gamma else np.nan,
        time_s=steps,
        localisation_at=localisation,
        missed_at=missed,
        false_at=false,
        switches_at=switches,
        cuts=len(cuts),
        at_cuts=float(switches[cuts].sum()),
    )


def _trajectories(time_s: ArrayLike, ids: ArrayLike, points: ArrayLike, steps: Floats, name: str) -> _Points:
    """Return the points at the steps, with ids numbered from 0."""
    time, number, position = np.asarray(time_s, np.float64), np.asarray(ids, np.int64), points_of(points, name)
    if not len(time) == len(number) == len(position):
        raise ValueError(f"{len(position)} {name} at {len(time)} times with {len(number)} ids")
    if not len(time) or not len(steps):
        return _Points(np.zeros(0, np.int64), np.zeros(0, np.int64), position[:0])
    at = np.minimum(np.searchsorted(steps, time), len(steps) - 1)
    there = steps[at] == time
    at, (names, number), position = at[there], np.unique(number[there], return_inverse=True), position[there]
    keys, count = np.unique(number * len(steps) + at, return_counts=True)
    if (count > 1).any():
        twice = int(keys[count > 1][0])
        at_s = steps[twice % len(steps)]
        raise ValueError(f"id {names[twice // len(steps)]} stands more than once among the {name} at {at_s} s")
    return _Points(at, number, position)

"""How far a set of estimates is from the truth: positions in, the GOSPA distance and what it is made of out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.matching import best_pairs
from chainhome.metrics.near import pairs_within, points_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# About 300 MB at worst.
_PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Gospa:
    """One GOSPA distance; `localisation + missed + false` is `distance ** p`, each part in metres to the power p."""

    distance: float
    localisation: float
    missed: float
    false: float
    assignment: Ints
    """(m,) the estimate that stands for each truth; -1 = the truth is missed."""


@dataclass(frozen=True, eq=False)
class GospaSeries:
    """GOSPA at k times: columns of k rows, the parts as in `Gospa`, and the counts behind them."""

    time_s: Floats
    distance: Floats
    localisation: Floats
    missed: Floats
    false: Floats
    missed_count: Ints
    false_count: Ints


def gospa(estimates: ArrayLike, truths: ArrayLike, *, c: float, p: float = 2.0, alpha: float = 2.0) -> Gospa:
    """Return the generalised optimal sub-pattern assignment distance of two sets of points.

    `estimates` (n, d) and `truths` (m, d) in metres; a pair is never worse than the cut-off `c` in metres, and each
    point left alone costs c^p / alpha. For alpha = 2 a pair at or beyond `c` counts as one missed and one false, which
    makes the parts add up [rahmathullah2017]; for a smaller alpha such a pair stays a pair, and `missed` and `false`
    hold the surplus of one set over the other. Raises ValueError for c <= 0, p < 1 or alpha outside (0, 2].

    >>> one_pair_and_one_missed = gospa([[0.0, 3.0]], [[0.0, 0.0], [90.0, 0.0]], c=10.0)
    >>> round(one_pair_and_one_missed.distance, 4), one_pair_and_one_missed.assignment.tolist()
    (7.6811, [0, -1])
    """
    _check(c, p, alpha)
    x, y = points_of(estimates, "estimates"), points_of(truths, "truths")
    assignment = np.full(len(y), -1, np.int64)
    localisation = 0.0
    if len(x) and len(y):
        from scipy.optimize import linear_sum_assignment

        if x.shape[1] != y.shape[1]:
            raise ValueError(f"estimates have {x.shape[1]} components and truths {y.shape[1]}; expected as many")
        distance = np.minimum(np.linalg.norm(y[:, None] - x[None], axis=2), c)
        cost = distance**p
        rows, columns = linear_sum_assignment(cost)
        near = distance[rows, columns] < c if alpha == 2 else np.ones(len(rows), np.bool_)
        rows, columns = rows[near], columns[near]
        assignment[rows] = columns
        localisation = float(cost[rows, columns].sum())
    paired = int((assignment >= 0).sum())
    missed, false = ((len(points) - paired) * c**p / alpha for points in (y, x))
    return Gospa((localisation + missed + false) ** (1.0 / p), localisation, missed, false, assignment)


def gospa_over_time(
    estimate_time_s: ArrayLike,
    estimates: ArrayLike,
    truth_time_s: ArrayLike,
    truths: ArrayLike,
    *,
    c: float,
    p: float = 2.0,
    alpha: float = 2.0,
    times_s: ArrayLike | None = None,
) -> GospaSeries:
    """Return GOSPA at each time of two long tables of points: one row for each point and time.

    `estimates` (n, d) with `estimate_time_s` (n,), `truths` (m, d) with `truth_time_s` (m,): the caller brings both to
    common times (see `tracks_at`); rows belong together where their times are equal. `times_s` (k,) names the times to
    score, so that a time with neither estimates nor truths counts as the zero it is; without it, all times that occur.
    Only pairs within `c` are looked at, and only those that compete for a point are assigned together.

    >>> series = gospa_over_time([0.0], [[3.0, 0.0]], [0.0, 1.0], [[0.0, 0.0], [0.0, 0.0]], c=10.0)
    >>> series.distance.round(4).tolist(), series.missed_count.tolist()
    ([3.0, 7.0711], [0, 1])
    """
    x, y = points_of(estimates, "estimates"), points_of(truths, "truths")
    x_time, y_time = np.asarray(estimate_time_s, np.float64), np.asarray(truth_time_s, np.float64)
    if len(x) != len(x_time) or len(y) != len(y_time):
        raise ValueError(f"{len(x)} estimates at {len(x_time)} times, {len(y)} truths at {len(y_time)} times")
    _check(c, p, alpha)
    times = np.union1d(x_time, y_time) if times_s is None else np.asarray(times_s, np.float64)
    steps, place = np.unique(times, return_inverse=True)
    x, x_step = _at_steps(x, x_time, steps)
    y, y_step = _at_steps(y, y_time, steps)
    x_count, y_count = np.bincount(x_step, minlength=len(steps)), np.bincount(y_step, minlength=len(steps))
    step, distance = _paired(x, x_step, y, y_step, c, p, x_count * y_count)
    localisation: Floats = np.bincount(step, distance**p, len(steps)).astype(np.float64)
    paired = np.bincount(step, minlength=len(steps))
    if alpha < 2:
        # Then a pair at the cut-off stays a pair, and the smaller set has no point left alone.
        fewer = np.minimum(x_count, y_count)
        localisation, paired = localisation + (fewer - paired) * c**p, fewer
    missed, false = ((count - paired) * (c**p / alpha) for count in (y_count, x_count))
    return GospaSeries(
        time_s=times,
        distance=((localisation + missed + false) ** (1.0 / p))[place],
        localisation=localisation[place],
        missed=missed[place],
        false=false[place],
        missed_count=(y_count - paired)[place],
        false_count=(x_count - paired)[place],
    )


def _check(c: float, p: float, alpha: float) -> None:
    if not (c > 0 and p >= 1 and 0 < alpha <= 2):
        raise ValueError(f"c = {c}, p = {p}, alpha = {alpha}: expected c > 0, p >= 1 and 0 < alpha <= 2")


def _paired(x: Floats, x_step: Ints, y: Floats, y_step: Ints, c: float, p: float, most: Ints) -> tuple[Ints, Floats]:
    """Return step and distance of the pairs of the best assignment; `most` is the number of pairs that a step can have.

    Steps are taken together up to a number of pairs, so that a crowd at every step does not fill the memory.
    """
    found = [(np.zeros(0, np.int64), np.zeros(0))]
    portion = np.cumsum(most) // _PAIRS_AT_ONCE
    first = np.flatnonzero(np.append(True, np.diff(portion) != 0))[: len(most)]
    x_cuts, y_cuts = (np.searchsorted(step, np.append(first, len(most))) for step in (x_step, y_step))
    for a, b, d, e in zip(x_cuts[:-1], x_cuts[1:], y_cuts[:-1], y_cuts[1:], strict=True):
        i, j, distance = pairs_within(x[a:b], x_step[a:b], y[d:e], y_step[d:e], c)
        kept = best_pairs(i, j, distance**p - c**p, b - a, e - d)
        found.append((y_step[d:e][j[kept]], distance[kept]))
    steps, distances = zip(*found, strict=True)
    return np.concatenate(steps), np.concatenate(distances)


def _at_steps(points: Floats, time_s: Floats, steps: Floats) -> tuple[Floats, Ints]:
    """Return the points at one of the sorted times `steps`, in the order of these, and the number of each one's."""
    if not len(steps) or not len(points):
        return points[:0], np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(steps, time_s), len(steps) - 1)
    there = np.flatnonzero(steps[at] == time_s)
    there = there[np.argsort(at[there], kind="stable")]
    return points[there], at[there]

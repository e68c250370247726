"""How far a set of estimates is from the truth: positions in, the GOSPA distance and what it is made of out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    if not (c > 0 and p >= 1 and 0 < alpha <= 2):
        raise ValueError(f"c = {c}, p = {p}, alpha = {alpha}: expected c > 0, p >= 1 and 0 < alpha <= 2")
    x, y = _points(estimates, "estimates"), _points(truths, "truths")
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

    >>> series = gospa_over_time([0.0], [[3.0, 0.0]], [0.0, 1.0], [[0.0, 0.0], [0.0, 0.0]], c=10.0)
    >>> series.distance.round(4).tolist(), series.missed_count.tolist()
    ([3.0, 7.0711], [0, 1])
    """
    x, y = _points(estimates, "estimates"), _points(truths, "truths")
    x_time, y_time = np.asarray(estimate_time_s, np.float64), np.asarray(truth_time_s, np.float64)
    if len(x) != len(x_time) or len(y) != len(y_time):
        raise ValueError(f"{len(x)} estimates at {len(x_time)} times, {len(y)} truths at {len(y_time)} times")
    times = np.union1d(x_time, y_time) if times_s is None else np.asarray(times_s, np.float64)
    x_order, y_order = np.argsort(x_time, kind="stable"), np.argsort(y_time, kind="stable")
    x_cuts = np.searchsorted(x_time[x_order], [times, np.nextafter(times, np.inf)])
    y_cuts = np.searchsorted(y_time[y_order], [times, np.nextafter(times, np.inf)])
    parts = [
        gospa(x[x_order[a:b]], y[y_order[d:e]], c=c, p=p, alpha=alpha)
        for a, b, d, e in zip(*x_cuts, *y_cuts, strict=True)
    ]
    paired = np.array([(part.assignment >= 0).sum() for part in parts], np.int64)
    columns = {
        name: np.array([getattr(part, name) for part in parts], np.float64)
        for name in ("distance", "localisation", "missed", "false")
    }
    return GospaSeries(
        time_s=times,
        **columns,
        missed_count=(y_cuts[1] - y_cuts[0]) - paired,
        false_count=(x_cuts[1] - x_cuts[0]) - paired,
    )


def _points(points: ArrayLike, name: str) -> Floats:
    array = np.asarray(points, np.float64)
    if array.size == 0:
        return array.reshape(0, array.shape[1] if array.ndim == 2 else 0)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(f"{name} of shape {array.shape}: expected finite rows (n, d)")
    return array

"""An air-traffic table: tracks, whose they are and the truth in, rms error, update probability, false share out.

The three limits are those that COMPASS's configuration states for EUROCAE ED-142 [compass_ed142]; how each quantity is
counted here is our reading, written at each function, and not the text of the standard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.intervals import wilson_interval
from chainhome.metrics.ownership import CONFIRMED
from chainhome.tables import Tracks, Truth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Limits:
    """What is asked: the update interval, and its limits; NaN = none is stated."""

    name: str
    period_s: float
    position_error_rms_m: float
    update_probability: float
    false_share: float


EN_ROUTE = Limits("en-route", 8.0, 350.0, 0.97, 0.001)
TERMINAL = Limits("terminal", 5.0, 150.0, np.nan, np.nan)


@dataclass(frozen=True)
class Requirement:
    """One row of the table: what was measured over n counts, its 95 % interval, what is asked, and if it is met."""

    name: str
    value: float
    low: float
    high: float
    """interval of a share; NaN for the rms error"""
    limit: float
    unit: str
    met: bool | None
    """None = nothing measured, or no limit stated"""
    n: int
    period_s: float


class _Spans(NamedTuple):
    """The truth by target and time, cut into spans: rows of one target no farther apart than the period."""

    time_s: Floats
    position_m: Floats
    span: Ints
    key: Ints
    names: Ints
    moments: Floats


def ed142(tracks: Tracks, owner: ArrayLike, truth: Truth, *, limits: Limits = EN_ROUTE) -> tuple[Requirement, ...]:
    """Return the rms horizontal error, the probability of update and the share of false updates [compass_ed142].

    `owner` (n,) names the target that each row's track belongs to, -1 = none (see `Continuity.of_rows`); `truth` holds
    the moments at which a target has to be tracked. An update is a row of a confirmed track that a plot fed; coasted
    rows are none. Truth rows of one target no more than the period apart make a span of its life; each whole period of
    a span, counted from its start and half open, is expected to hold an update. The error is the horizontal distance of
    an update from its target's truth on the straight line between two truth rows; updates outside every span have none.
    An update of a track without a target is false: its share is of all updates, so the truth has to be complete.

    >>> truth = Truth.make(time_s=[0.0, 8.0, 16.0], target_id=5, x_m=[0.0, 1_600.0, 3_200.0], y_m=0.0, z_m=0.0)
    >>> track = Tracks.make(time_s=[4.0], track_id=7, detection_id=1, status=1, x_m=830.0, y_m=40.0, z_m=0.0)
    >>> [(row.name, row.value, row.met, row.n) for row in ed142(track, [5], truth)]
    [('position_error_rms_m', 50.0, True, 1), ('update_probability', 0.5, False, 2), ('false_share', 0.0, True, 1)]
    """
    belongs = np.asarray(owner, np.int64)
    if len(belongs) != len(tracks):
        raise ValueError(f"{len(belongs)} owners for {len(tracks)} rows of tracks; expected as many")
    updates = np.flatnonzero((tracks.status == CONFIRMED) & (tracks.detection_id >= 0))
    of, time = belongs[updates], tracks.time_s[updates]
    spans = _spans(truth, limits.period_s)
    at, inside = _place(spans, of, time)
    found = np.column_stack([tracks.x_m[updates], tracks.y_m[updates]])[inside]
    error = np.linalg.norm(found - _between(spans, at, time[inside]), axis=1)
    expected, held = _intervals(spans, at, time[inside], limits.period_s)
    false = int((of < 0).sum())
    rms = float(np.sqrt((error**2).mean())) if len(error) else np.nan
    return (
        _row("position_error_rms_m", rms, len(error), limits.position_error_rms_m, limits),
        _share("update_probability", held, expected, limits.update_probability, limits),
        _share("false_share", false, len(updates), limits.false_share, limits),
    )


def _spans(truth: Truth, period_s: float) -> _Spans:
    order = np.lexsort([truth.time_s, truth.target_id])
    time, target = truth.time_s[order], truth.target_id[order]
    new = np.append(True, (np.diff(target) != 0) | (np.diff(time) > period_s))[: len(time)]
    names, place = np.unique(target, return_inverse=True)
    moments, rank = np.unique(time, return_inverse=True)
    position = np.column_stack([truth.x_m, truth.y_m])[order]
    return _Spans(time, position, np.cumsum(new) - 1, place * (len(moments) + 1) + rank + 1, names, moments)


def _place(spans: _Spans, owner: Ints, time: Floats) -> tuple[Ints, Ints]:
    """Return the truth row at or before each update that lies within a span of its target, and which updates do."""
    if not len(spans.names):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    place = np.minimum(np.searchsorted(spans.names, owner), len(spans.names) - 1)
    wanted = place * (len(spans.moments) + 1) + np.searchsorted(spans.moments, time, side="right")
    at = np.searchsorted(spans.key, wanted, side="right") - 1
    safe, after = np.maximum(at, 0), np.minimum(at + 1, len(spans.key) - 1)
    same = (at >= 0) & (spans.names[place] == owner) & (spans.key[safe] // (len(spans.moments) + 1) == place)
    within = (spans.time_s[safe] == time) | ((spans.span[after] == spans.span[safe]) & (after > safe))
    inside = np.flatnonzero(same & within)
    return at[inside], inside


def _between(spans: _Spans, at: Ints, time: Floats) -> Floats:
    """Return the position on the straight line from truth row `at` to the next of its span."""
    after = np.minimum(at + 1, len(spans.time_s) - 1)
    after = np.where(spans.span[after] == spans.span[at], after, at)
    step = spans.time_s[after] - spans.time_s[at]
    share = np.divide(time - spans.time_s[at], step, out=np.zeros(len(at)), where=step > 0)
    return spans.position_m[at] + share[:, None] * (spans.position_m[after] - spans.position_m[at])


def _intervals(spans: _Spans, at: Ints, time: Floats, period_s: float) -> tuple[int, int]:
    """Return how many whole periods the spans have, and how many of these hold an update."""
    if not len(spans.span):
        return 0, 0
    ends = np.flatnonzero(np.append(np.diff(spans.span) != 0, True))
    starts = np.append(0, ends[:-1] + 1)
    # A span of 24 s has three periods of 8 s, even where its ends are rounded.
    rounding = 1e-9
    whole = np.floor((spans.time_s[ends] - spans.time_s[starts]) / period_s + rounding).astype(np.int64)
    number = np.floor((time - spans.time_s[starts][spans.span[at]]) / period_s).astype(np.int64)
    counts = number < whole[spans.span[at]]
    most = int(whole.max()) + 1
    return int(whole.sum()), len(np.unique(spans.span[at][counts] * most + number[counts]))


def _share(name: str, count: int, n: int, limit: float, limits: Limits) -> Requirement:
    low, high = wilson_interval(count, n) if n else (np.nan, np.nan)
    return _row(name, count / n if n else np.nan, n, limit, limits, float(low), float(high))


def _row(
    name: str, value: float, n: int, limit: float, limits: Limits, low: float = np.nan, high: float = np.nan
) -> Requirement:
    unit = "m" if name.endswith("_m") else ""
    known = np.isfinite(value) and np.isfinite(limit)
    met = (value >= limit if name == "update_probability" else value <= limit) if known else None
    return Requirement(name, value, low, high, limit, unit, None if met is None else bool(met), n, limits.period_s)

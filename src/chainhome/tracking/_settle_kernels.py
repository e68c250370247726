"""The compiled pass that ends a look: tracks judged, their rows written, those that ended dropped.

The state's arrays are changed in place, and rows for the table of tracks are filled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean
from chainhome.tracking._update_kernels import Columns, Limits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

# Codes of tables.TRACK_STATUSES; a test compares them.
TENTATIVE, CONFIRMED, ENDED = 0, 1, 2
_NEWS = 0.25  # share of a detection that a look must have been worth to say that it missed a track
_SOONER = 0.9  # of a period: a sensor does not see the same object again sooner


class Rows(NamedTuple):
    """Rows for the table of tracks."""

    time_s: Floats
    track_id: Ints
    state: Floats  # (rows, 27 + k) mean, lower triangle of the covariance, weights of the models
    existence: Floats
    detection_id: Ints
    status: Codes


@lean
def _combine(t: int, k: int, weight: Floats, mean: Floats, covariance: Floats, at: int, state: Floats) -> None:
    """Write mean, covariance and weights of a track over its models, matched in moments."""
    # Number by number, so that all sums stay in the processor's registers: loops over them took a third longer.
    m0 = m1 = m2 = m3 = m4 = m5 = 0.0
    for j in range(k):
        w = weight[t, j]
        state[at, 27 + j] = w
        if w > 0.0:
            m0 += w * mean[t, j, 0]
            m1 += w * mean[t, j, 1]
            m2 += w * mean[t, j, 2]
            m3 += w * mean[t, j, 3]
            m4 += w * mean[t, j, 4]
            m5 += w * mean[t, j, 5]
    c0 = c1 = c2 = c3 = c4 = c5 = c6 = c7 = c8 = c9 = c10 = c11 = c12 = c13 = c14 = c15 = c16 = c17 = c18 = c19 = (
        c20
    ) = 0.0
    for j in range(k):
        w = weight[t, j]
        if w > 0.0:
            d0 = mean[t, j, 0] - m0
            d1 = mean[t, j, 1] - m1
            d2 = mean[t, j, 2] - m2
            d3 = mean[t, j, 3] - m3
            d4 = mean[t, j, 4] - m4
            d5 = mean[t, j, 5] - m5
            c0 += w * (covariance[t, j, 0] + d0 * d0)
            c1 += w * (covariance[t, j, 1] + d1 * d0)
            c2 += w * (covariance[t, j, 2] + d1 * d1)
            c3 += w * (covariance[t, j, 3] + d2 * d0)
            c4 += w * (covariance[t, j, 4] + d2 * d1)
            c5 += w * (covariance[t, j, 5] + d2 * d2)
            c6 += w * (covariance[t, j, 6] + d3 * d0)
            c7 += w * (covariance[t, j, 7] + d3 * d1)
            c8 += w * (covariance[t, j, 8] + d3 * d2)
            c9 += w * (covariance[t, j, 9] + d3 * d3)
            c10 += w * (covariance[t, j, 10] + d4 * d0)
            c11 += w * (covariance[t, j, 11] + d4 * d1)
            c12 += w * (covariance[t, j, 12] + d4 * d2)
            c13 += w * (covariance[t, j, 13] + d4 * d3)
            c14 += w * (covariance[t, j, 14] + d4 * d4)
            c15 += w * (covariance[t, j, 15] + d5 * d0)
            c16 += w * (covariance[t, j, 16] + d5 * d1)
            c17 += w * (covariance[t, j, 17] + d5 * d2)
            c18 += w * (covariance[t, j, 18] + d5 * d3)
            c19 += w * (covariance[t, j, 19] + d5 * d4)
            c20 += w * (covariance[t, j, 20] + d5 * d5)
    state[at, 0] = m0
    state[at, 1] = m1
    state[at, 2] = m2
    state[at, 3] = m3
    state[at, 4] = m4
    state[at, 5] = m5
    state[at, 6] = c0
    state[at, 7] = c1
    state[at, 8] = c2
    state[at, 9] = c3
    state[at, 10] = c4
    state[at, 11] = c5
    state[at, 12] = c6
    state[at, 13] = c7
    state[at, 14] = c8
    state[at, 15] = c9
    state[at, 16] = c10
    state[at, 17] = c11
    state[at, 18] = c12
    state[at, 19] = c13
    state[at, 20] = c14
    state[at, 21] = c15
    state[at, 22] = c16
    state[at, 23] = c17
    state[at, 24] = c18
    state[at, 25] = c19
    state[at, 26] = c20


@lean
def _with_next(n: int, at: int, late_s: float, part: float, state: Floats) -> None:
    """Make row `at` (n,) of `state` its mixture with, `part` of the sum, the next row moved on by `late_s`."""
    other = at + 1
    for b in range(3):
        state[other, b] += late_s * state[other, b + 3]
    q = 6
    for b in range(6):
        for c in range(b + 1):
            apart = (state[other, b] - state[at, b]) * (state[other, c] - state[at, c])
            state[at, q] += part * (state[other, q] - state[at, q] + (1.0 - part) * apart)
            q += 1
    for b in range(6):
        state[at, b] += part * (state[other, b] - state[at, b])
    for b in range(27, n):
        state[at, b] += part * (state[other, b] - state[at, b])


@inline
def _models_of(t: int, weight: Floats) -> int:
    """How many models a track has: one of one plot has only the first."""
    k: int = weight.shape[1]
    return 1 if k > 1 and weight[t, 1] == 0.0 else k


@lean
def _move(k: int, source: int, target: int, weight: Floats, mean: Floats, covariance: Floats) -> None:
    """Copy the models of a track to another row."""
    for j in range(k):
        weight[target, j] = weight[source, j]
    for j in range(_models_of(source, weight)):
        for b in range(6):
            mean[target, j, b] = mean[source, j, b]
        for q in range(21):
            covariance[target, j, q] = covariance[source, j, q]


@lean
def models_out(n: int, weight: Floats, mean: Floats, covariance: Floats, means: Floats, triangles: Floats) -> None:
    """Copy `mean` (n, k, 6) and `covariance` (n, k, 21) out, all models of a track of one plot as the first."""
    for t in range(n):
        models = _models_of(t, weight)
        for j in range(weight.shape[1]):
            source = min(j, models - 1)
            for b in range(6):
                means[t, j, b] = mean[t, source, b]
            for q in range(21):
                triangles[t, j, q] = covariance[t, source, q]


@inline
def _seen_apart(t: int, u: int, period: Floats, last_seen_s: Floats) -> bool:
    """Say whether a sensor saw both tracks within one of its periods, by different plots: one object gives it one."""
    two = False
    for s in range(len(period)):
        apart_s = abs(last_seen_s[t, s] - last_seen_s[u, s])
        two = two or (0.0 < apart_s < _SOONER * period[s])
    return two


@inline
def _reached(t: int, u: int, limits: Limits, columns: Columns) -> bool:
    """Say whether one aircraft can have got from where track u was last seen to where track t is."""
    k = columns.weight.shape[1]
    j, o = 0, 0
    for i in range(1, k):
        j = i if columns.weight[t, i] > columns.weight[t, j] else j
        o = i if columns.weight[u, i] > columns.weight[u, o] else o
    last_s = -math.inf
    for s in range(columns.last_seen_s.shape[1]):
        last_s = max(last_s, columns.last_seen_s[u, s])
    back = columns.time_s[u] - last_s
    dx = columns.mean[t, j, 0] - columns.mean[u, o, 0] + back * columns.mean[u, o, 3]
    dy = columns.mean[t, j, 1] - columns.mean[u, o, 1] + back * columns.mean[u, o, 4]
    reach = limits.same_m + limits.same_mps * abs(columns.time_s[t] - last_s)
    near: bool = dx * dx + dy * dy <= reach * reach
    return near


@inline
def _goes(t: int, u: int, took: int, given: int, period: Floats, limits: Limits, columns: Columns) -> int:
    """Return which of two tracks of one address, with the plots that they took of the look (-1 = none), is no other
    aircraft than the other track; -1 = neither.
    """
    known = columns.status[t] == CONFIRMED or columns.existence[t] > limits.confirm
    other_known = columns.status[u] == CONFIRMED or columns.existence[u] > limits.confirm
    stays, goes = t, u
    if took == given:
        first = columns.existence[t] > columns.existence[u]
        first = first or (columns.existence[t] == columns.existence[u] and columns.track_id[t] < columns.track_id[u])
        if other_known > known or (known == other_known and not first):
            stays, goes = u, t
    elif took < 0:
        stays, goes = u, t
    elif given >= 0:
        return -1
    if not (known if stays == t else other_known) or _seen_apart(t, u, period, columns.last_seen_s):
        return -1
    return goes if _reached(stays, goes, limits, columns) else -1


@inline
def _give_up(goes: int, stays: int, n: int, lost: NDArray[np.bool_], columns: Columns) -> None:
    """Let one track, with all its hypotheses, be lost to another, which goes on under its name if only it had one."""
    name, other = columns.track_id[goes], columns.track_id[stays]
    renamed = columns.status[goes] == CONFIRMED and columns.status[stays] != CONFIRMED
    for r in range(n):
        if columns.track_id[r] == name:
            lost[r], columns.plot_now[r] = True, -1
            if renamed:
                columns.existence[r] = -1.0
        elif renamed and columns.track_id[r] == other:
            columns.track_id[r], columns.status[r] = name, CONFIRMED


@lean
def _one_of_each_address(
    n: int,
    before: int,
    period: Floats,
    viewed: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    limits: Limits,
    columns: Columns,
    head: Ints,
    following: Ints,
) -> None:
    """Let one track be left of those that can only be the same aircraft, because they have one Mode S address.

    Of two such tracks the one that took a plot of the look stays, if it is confirmed; of two that took the same plot
    the confirmed, or else the likelier. The other is `lost`; if it was confirmed and the first one only becomes so now,
    the first one goes on under its name. Two stay two where a sensor saw both within a period, or where no aircraft
    gets from one to the other. `head` (a power of two) and `following` (n,) are a hash table of addresses.
    """
    address, size, took = columns.mode_s_address, 16, 0
    for t in range(n):
        if address[t] >= 0 and columns.plot_now[t] >= 0 and (t >= before or viewed[t]):
            took += 1
    if took == 0:
        return
    while size < 2 * took:
        size *= 2
    for h in range(size):
        head[h] = -1
    # First those that took plots, which stand in the table, then the others.
    for turn in range(2):
        for t in range(n):
            if address[t] < 0 or columns.rank[t] != 0 or columns.existence[t] < 0.0 or lost[t]:
                continue
            plot = columns.plot_now[t] if t >= before or viewed[t] else -1
            if (plot >= 0) == (turn > 0):
                continue
            h = (address[t] * 40503 >> 4) & (size - 1)
            u = head[h]
            while u >= 0 and not lost[t]:
                if address[u] == address[t] and not lost[u]:
                    goes = _goes(t, u, plot, columns.plot_now[u], period, limits, columns)
                    if goes >= 0:
                        _give_up(goes, t + u - goes, n, lost, columns)
                u = following[u]
            if turn == 0 and not lost[t]:
                following[t] = head[h]
                head[h] = t


@lean
def _without_ended(n: int, k: int, columns: Columns) -> int:
    """Move tracks from the end into the places of those that ended; return how many are left."""
    t = 0
    while t < n:
        if columns.existence[t] >= 0.0:
            t += 1
            continue
        n -= 1
        if columns.existence[n] < 0.0:
            continue
        _move(k, n, t, columns.weight, columns.mean, columns.covariance)
        columns.existence[t] = columns.existence[n]
        columns.share[t] = columns.share[n]
        columns.rank[t] = columns.rank[n]
        columns.plot_now[t] = columns.plot_now[n]
        columns.time_s[t] = columns.time_s[n]
        for s in range(columns.last_seen_s.shape[1]):
            columns.last_seen_s[t, s] = columns.last_seen_s[n, s]
        columns.track_id[t] = columns.track_id[n]
        columns.mode_s_address[t] = columns.mode_s_address[n]
        columns.mode_3a[t] = columns.mode_3a[n]
        columns.status[t] = columns.status[n]
        t += 1
    return n


@lean
def settled(
    n: int,
    before: int,
    seen: int,
    row: Ints,
    worth: Floats,
    clock_s: float,
    life_s: float,
    viewed: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    limits: Limits,
    columns: Columns,
    sibling: Ints,
    period: Floats,
    head: Ints,
    following: Ints,
    at: int,
    rows: Rows,
) -> tuple[int, int]:
    """Judge the n tracks, write the rows of those that the look changed, drop those that ended.

    The first `before` were there before the look, of which `lost` says which ended; the others are new or parts.
    row[:seen] were in view, `worth` (seen,) is the share of a detection that the look was to each; `viewed` is a work
    array. A negative existence marks what was merged into another. What is written of a track is its mean over all its
    hypotheses, whose rows `sibling` (n,) joins to a ring. Returns how many are left and where the next row goes.
    """
    k = columns.weight.shape[1]
    for t in range(before):
        viewed[t] = False
    # A track that the look hardly passed over, or that is hidden, has no news and no row.
    for a in range(seen):
        viewed[row[a]] = worth[a] >= _NEWS or columns.plot_now[row[a]] >= 0
    for t in range(before, n):
        lost[t] = False
    _one_of_each_address(n, before, period, viewed, lost, limits, columns, head, following)
    for t in range(n):
        status, r = columns.status[t], columns.existence[t]
        if r < 0.0:
            continue
        changed = t >= before or viewed[t]
        if not changed:
            r = r * math.exp(-max(clock_s - columns.time_s[t], 0.0) / life_s)
        if status == TENTATIVE and r > limits.confirm:
            status = CONFIRMED
        floor = limits.end if status == CONFIRMED else limits.drop
        ended = r < floor or r <= 0.0 or lost[t]
        known = status == CONFIRMED
        if ended:
            status = ENDED
        if (
            columns.rank[t] == 0
            and (changed or ended)
            and (ended if known and r < limits.show else known or (not ended and r >= limits.report))
        ):
            rows.time_s[at] = columns.time_s[t]
            rows.track_id[at] = columns.track_id[t]
            rows.existence[at] = r
            rows.status[at] = status
            rows.detection_id[at] = columns.plot_now[t] if changed else -1
            _combine(t, k, columns.weight, columns.mean, columns.covariance, at, rows.state)
            whole, u = columns.share[t], sibling[t]
            while u != t:
                # In the next row, which there is: every hypothesis has room for one.
                _combine(u, k, columns.weight, columns.mean, columns.covariance, at + 1, rows.state)
                whole += columns.share[u]
                _with_next(27 + k, at, columns.time_s[t] - columns.time_s[u], columns.share[u] / whole, rows.state)
                u = sibling[u]
            at += 1
        columns.status[t] = status
        if ended:
            columns.existence[t] = -1.0
    return _without_ended(n, k, columns), at

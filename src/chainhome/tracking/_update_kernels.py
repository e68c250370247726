"""The compiled passes that end a look: plots taken in, tracks begun, judged, written out and dropped.

In come the moved tracks, the pairs inside a gate and the marginal probabilities of those pairs; the state's arrays are
changed in place, and rows for the table of tracks are filled.
"""

# Long because a kernel may only call kernels of its own file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel
from chainhome.tracking._gate_kernels import Look
from chainhome.tracking._motion_kernels import Moved

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

_PI = math.pi
# Codes of tables.TRACK_STATUSES; a test compares them.
TENTATIVE, CONFIRMED, ENDED = 0, 1, 2
_LEAST_CLAIM = 0.03


class Columns(NamedTuple):
    """The tracks, with room for more."""

    mean: Floats  # (n, k, 6)
    covariance: Floats  # (n, k, 6, 6)
    weight: Floats  # (n, k)
    existence: Floats
    time_s: Floats
    born_s: Floats
    last_seen_s: Floats  # (n, sensors)
    track_id: Ints
    last_detection_id: Ints
    mode_s_address: Ints
    mode_3a: Ints
    status: Codes
    share: Floats  # of the track's existence that this row, one hypothesis of its plots, has
    rank: Codes  # 0 = the likeliest hypothesis of its track
    plot_now: Ints  # the plot of the look that the row stands for; -1 = it was missed


class Rows(NamedTuple):
    """Rows for the table of tracks."""

    time_s: Floats
    track_id: Ints
    mean: Floats  # (rows, 6)
    covariance: Floats  # (rows, 6, 6)
    existence: Floats
    weight: Floats  # (rows, k)
    detection_id: Ints
    status: Codes


class Limits(NamedTuple):
    """When a track is confirmed, ends, or is too unlikely to be kept or begun."""

    confirm: float
    end: float
    drop: float
    begin: float
    begin_at_most: float
    report: float
    show: float
    young: float


@inline
def _turned(angle: float) -> float:
    return angle - 2.0 * _PI * math.floor((angle + _PI) / (2.0 * _PI))


@kernel
def _white(
    value: Floats,
    variance: Floats,
    polar: bool,
    at: Floats,
    rate: Floats,
    late: float,
    spread: Floats,
    cross: Floats,
    white: Floats,
    root: Floats,
    gain: Floats,
) -> None:
    """Whitened innovation (s,) and whitened gain (6, s) of one plot under one model; slots not measured give zeros."""
    ns = len(value)
    for b in range(ns):
        z = value[b]
        if z != z:
            for c in range(ns):
                root[b, c] = 0.0
            root[b, b] = 1.0
            white[b] = 0.0
            for a in range(6):
                gain[a, b] = 0.0
            continue
        off = z - at[b] - rate[b] * late
        if polar and b == 1:
            off = _turned(off)
        for c in range(b):
            total = spread[b, c]
            if value[c] != value[c]:
                total = 0.0
            for d in range(c):
                total -= root[b, d] * root[c, d]
            root[b, c] = total / root[c, c]
        total = spread[b, b] + variance[b]
        floor = 1e-12 * total
        for d in range(b):
            total -= root[b, d] * root[b, d]
        pivot = math.sqrt(max(total, floor))
        root[b, b] = pivot
        for d in range(b):
            off -= root[b, d] * white[d]
        white[b] = off / pivot
        for a in range(6):
            total = cross[a, b]
            for d in range(b):
                total -= root[b, d] * gain[a, d]
            gain[a, b] = total / pivot


@inline
def _names(n: int, t: int, columns: Columns) -> None:
    """Give row n what row t is called."""
    columns.born_s[n] = columns.born_s[t]
    for s in range(columns.last_seen_s.shape[1]):
        columns.last_seen_s[n, s] = columns.last_seen_s[t, s]
    columns.track_id[n] = columns.track_id[t]
    columns.last_detection_id[n] = columns.last_detection_id[t]
    columns.mode_s_address[n] = columns.mode_s_address[t]
    columns.mode_3a[n] = columns.mode_3a[t]
    columns.status[n] = columns.status[t]


@inline
def _write_missed(n: int, a: int, models: int, moved: Moved, columns: Columns) -> None:
    """Make row n what track a of those in view is if the look missed it."""
    for j in range(models):
        columns.weight[n, j] = moved.weight[a, j]
        for b in range(6):
            columns.mean[n, j, b] = moved.mean[a, j, b]
            for c in range(6):
                columns.covariance[n, j, b, c] = moved.covariance[a, j, b, c]
    columns.time_s[n] = moved.time_s[a] + moved.lag_s[a]
    columns.plot_now[n] = -1


@inline
def _write_plot(
    n: int,
    a: int,
    i: int,
    e: int,
    models: int,
    sensor: int,
    polar: bool,
    moved: Moved,
    shown: Look,
    detection_id: Ints,
    likelihood: Floats,
    columns: Columns,
    white: Floats,
    root: Floats,
    gain: Floats,
) -> None:
    """Make row n what track a of those in view is if plot i, of pair e, came from it."""
    ns = shown.value.shape[1]
    late = shown.time_s[i] - moved.time_s[a]
    total = 0.0
    for j in range(models):
        total += moved.weight[a, j] * likelihood[e, j]
    for j in range(models):
        _white(
            shown.value[i],
            shown.variance[i],
            polar,
            moved.measured[a, j],
            moved.rate[a, j],
            late,
            moved.spread[a, j],
            moved.cross[a, j],
            white,
            root,
            gain,
        )
        # No model is ever quite impossible: it could not come back.
        columns.weight[n, j] = max(moved.weight[a, j] * likelihood[e, j] / total, 1e-9)
        for b in range(6):
            d = 0.0
            for s in range(ns):
                d += gain[b, s] * white[s]
            columns.mean[n, j, b] = moved.mean[a, j, b] + d
            for c in range(b + 1):
                less = 0.0
                for s in range(ns):
                    less += gain[b, s] * gain[c, s]
                both = moved.covariance[a, j, b, c] - less
                columns.covariance[n, j, b, c] = both
                columns.covariance[n, j, c, b] = both
    columns.time_s[n] = moved.time_s[a] + moved.lag_s[a]
    columns.last_seen_s[n, sensor] = shown.time_s[i]
    columns.last_detection_id[n] = detection_id[i]
    columns.plot_now[n] = detection_id[i]
    if shown.address[i] >= 0:
        columns.mode_s_address[n] = shown.address[i]
    if shown.code[i] >= 0:
        columns.mode_3a[n] = shown.code[i]


@kernel
def grouped(
    groups: int,
    group_first: Ints,
    first: Ints,
    plot: Ints,
    weight: Floats,
    at: Ints,
    stamp: Ints,
    out_first: Ints,
    out_plot: Ints,
    out_weight: Floats,
    of_pair: Ints,
) -> int:
    """Join the pairs of all hypotheses of a track, rows group_first[g] to group_first[g + 1]: one pair for each plot.

    `of_pair` says which joined pair each one went to; `at` and `stamp` (m,) are work arrays. Returns their number.
    """
    for i in range(len(stamp)):
        stamp[i] = -1
    n = 0
    for g in range(groups):
        out_first[g] = n
        for a in range(group_first[g], group_first[g + 1]):
            for e in range(first[a], first[a + 1]):
                i = plot[e]
                if stamp[i] != g:
                    stamp[i] = g
                    at[i] = n
                    out_plot[n] = i
                    out_weight[n] = 0.0
                    n += 1
                out_weight[at[i]] += weight[e]
                of_pair[e] = at[i]
        # The pairs of a track ascend by plot.
        for e in range(out_first[g] + 1, n):
            f = e
            while f > out_first[g] and out_plot[f - 1] > out_plot[f]:
                out_plot[f - 1], out_plot[f] = out_plot[f], out_plot[f - 1]
                out_weight[f - 1], out_weight[f] = out_weight[f], out_weight[f - 1]
                at[out_plot[f - 1]], at[out_plot[f]] = f - 1, f
                f -= 1
        for a in range(group_first[g], group_first[g + 1]):
            for e in range(first[a], first[a + 1]):
                of_pair[e] = at[plot[e]]
    out_first[groups] = n
    return n


@kernel
def taken_in(
    groups: int,
    group_first: Ints,
    n: int,
    moved: Moved,
    shown: Look,
    detection_id: Ints,
    first: Ints,
    plot: Ints,
    likelihood: Floats,
    pair_weight: Floats,
    of_pair: Ints,
    joined_weight: Floats,
    beta: Floats,
    beta_missed: Floats,
    polar: bool,
    sensor: int,
    least_share: float,
    columns: Columns,
    part_first: Ints,
    white: Floats,
    root: Floats,
    gain: Floats,
) -> int:
    """Part every grown track in view into "was missed" and "took this plot", each as likely as association says.

    `beta` and `beta_missed` are marginal probabilities of tracks and plots [williams2015]; a hypothesis of a track has
    its share of them. Each part is a row of its own, with its mass (share times existence) in `existence`; the new rows
    of track g are part_first[g] to part_first[g + 1]. Parts below `least_share` of their track are left out. Returns
    the number of rows.
    """
    k = columns.weight.shape[1]
    for g in range(groups):
        part_first[g] = n
        blame, total = 0.0, 0.0
        for a in range(group_first[g], group_first[g + 1]):
            blame += moved.existence[a] * moved.blamed[a]
        silent = beta_missed[g] / max(1.0 - blame, 1e-12)
        for a in range(group_first[g], group_first[g + 1]):
            total += silent * moved.existence[a] * (1.0 - moved.blamed[a])
            for e in range(first[a], first[a + 1]):
                total += beta[of_pair[e]] * pair_weight[e] / joined_weight[of_pair[e]]
        for a in range(group_first[g], group_first[g + 1]):
            t = moved.row[a]
            missed = silent * moved.existence[a] * (1.0 - moved.blamed[a])
            heir, most = -1, missed
            for e in range(first[a], first[a + 1]):
                mass = beta[of_pair[e]] * pair_weight[e] / joined_weight[of_pair[e]]
                if mass > most:
                    heir, most = e, mass
            for e in range(first[a], first[a + 1]):
                mass = beta[of_pair[e]] * pair_weight[e] / joined_weight[of_pair[e]]
                if e == heir or mass < least_share * total or mass <= 0.0:
                    continue
                _names(n, t, columns)
                _write_plot(
                    n,
                    a,
                    plot[e],
                    e,
                    k,
                    sensor,
                    polar,
                    moved,
                    shown,
                    detection_id,
                    likelihood,
                    columns,
                    white,
                    root,
                    gain,
                )
                columns.existence[n] = mass
                n += 1
            if heir >= 0 and missed >= least_share * total:
                _names(n, t, columns)
                _write_missed(n, a, k, moved, columns)
                columns.existence[n] = missed
                n += 1
            if heir >= 0:
                _write_plot(
                    t,
                    a,
                    plot[heir],
                    heir,
                    k,
                    sensor,
                    polar,
                    moved,
                    shown,
                    detection_id,
                    likelihood,
                    columns,
                    white,
                    root,
                    gain,
                )
            else:
                _write_missed(t, a, k, moved, columns)
            columns.existence[t] = most
    part_first[groups] = n
    return n


@kernel
def branched(
    begin_at: int,
    parted: int,
    count: int,
    n: int,
    next_id: int,
    moved: Moved,
    shown: Look,
    detection_id: Ints,
    first: Ints,
    plot: Ints,
    likelihood: Floats,
    pair_weight: Floats,
    scale: Floats,
    polar: bool,
    sensor: int,
    start: Floats,
    limits: Limits,
    columns: Columns,
    white: Floats,
    root: Floats,
    gain: Floats,
) -> tuple[int, int]:
    """Part every young track in view, those from `begin_at` on, into "was missed" and one track for each of its plots.

    A young track is a part of the Poisson field of what is not known yet: its possible plots do not exclude each other,
    and each makes a possible object of its own [williams2012]. Its share of a plot is its weight times `scale` (m,).
    The likeliest part keeps the name. Those from `parted` on had one plot and one model; with the second they part into
    all models, in the proportion of `start`. Returns the number of tracks and the next name.
    """
    k = columns.weight.shape[1]
    # The largest claim of a young track on each plot: claims that are small beside it are left out.
    claim = np.zeros(len(scale))
    for e in range(first[begin_at], first[count]):
        claim[plot[e]] = max(claim[plot[e]], pair_weight[e])
    for a in range(begin_at, count):
        t = moved.row[a]
        if columns.rank[t] != 0:
            # A hypothesis of a track that is young again is a possible object of its own.
            columns.track_id[t] = next_id
            next_id += 1
        columns.share[t] = 1.0
        columns.rank[t] = 0
        left = moved.existence[a] * (1.0 - moved.blamed[a])
        models = k if a < parted else 1
        heir, most = -1, left
        for e in range(first[a], first[a + 1]):
            if pair_weight[e] * scale[plot[e]] > most:
                heir, most = e, pair_weight[e] * scale[plot[e]]
        for e in range(first[a], first[a + 1]):
            mass = pair_weight[e] * scale[plot[e]]
            if mass < limits.begin or pair_weight[e] < _LEAST_CLAIM * claim[plot[e]]:
                continue
            _names(n, t, columns)
            _write_plot(
                n,
                a,
                plot[e],
                e,
                models,
                sensor,
                polar,
                moved,
                shown,
                detection_id,
                likelihood,
                columns,
                white,
                root,
                gain,
            )
            if models < k:
                for j in range(k):
                    columns.weight[n, j] = start[j]
                    for b in range(6):
                        columns.mean[n, j, b] = columns.mean[n, 0, b]
                        for c in range(6):
                            columns.covariance[n, j, b, c] = columns.covariance[n, 0, b, c]
            columns.existence[n] = min(mass, 1.0)
            columns.share[n] = 1.0
            columns.rank[n] = 0
            columns.status[n] = TENTATIVE
            if e != heir:
                columns.track_id[n] = next_id
                next_id += 1
            n += 1
        if heir >= 0:
            columns.track_id[t] = next_id
            next_id += 1
        _write_missed(t, a, models, moved, columns)
        columns.existence[t] = left
    return n, next_id


@kernel
def begun(
    n: int,
    next_id: int,
    sensor: int,
    existence: Floats,
    plots: Ints,
    mean: Floats,
    covariance: Floats,
    shown: Look,
    detection_id: Ints,
    limits: Limits,
    columns: Columns,
) -> int:
    """Begin a track from each plot that may be of a new object, the columns having room; return how many there are.

    The state of plot i is row plots[i] of `mean` and `covariance`.
    """
    k = columns.weight.shape[1]
    for i in range(len(existence)):
        r = min(existence[i], limits.begin_at_most)
        if r < limits.begin:
            continue
        for j in range(k):
            columns.weight[n, j] = 1.0 if j == 0 else 0.0
            for b in range(6):
                columns.mean[n, j, b] = mean[plots[i], b]
                for c in range(6):
                    columns.covariance[n, j, b, c] = covariance[plots[i], b, c]
        columns.existence[n] = r
        columns.share[n] = 1.0
        columns.rank[n] = 0
        columns.time_s[n] = shown.time_s[i]
        columns.born_s[n] = shown.time_s[i]
        for s in range(columns.last_seen_s.shape[1]):
            columns.last_seen_s[n, s] = -math.inf
        columns.last_seen_s[n, sensor] = shown.time_s[i]
        columns.track_id[n] = next_id
        columns.last_detection_id[n] = detection_id[i]
        columns.plot_now[n] = detection_id[i]
        columns.mode_s_address[n] = shown.address[i]
        columns.mode_3a[n] = shown.code[i]
        columns.status[n] = TENTATIVE
        next_id += 1
        n += 1
    return n


@inline
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
        for j in range(k):
            columns.weight[t, j] = columns.weight[n, j]
            for b in range(6):
                columns.mean[t, j, b] = columns.mean[n, j, b]
                for c in range(6):
                    columns.covariance[t, j, b, c] = columns.covariance[n, j, b, c]
        columns.existence[t] = columns.existence[n]
        columns.share[t] = columns.share[n]
        columns.rank[t] = columns.rank[n]
        columns.plot_now[t] = columns.plot_now[n]
        columns.time_s[t] = columns.time_s[n]
        _names(t, n, columns)
        t += 1
    return n


@kernel
def settled(
    n: int,
    before: int,
    clock_s: float,
    life_s: float,
    viewed: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    limits: Limits,
    columns: Columns,
    at: int,
    rows: Rows,
) -> tuple[int, int]:
    """Judge the n tracks, write the rows of those that the look changed, drop those that ended.

    The first `before` were there before the look, the others are new or parts; `viewed` and `lost` (n,). A negative
    existence marks what was merged into another. Returns how many are left and where the next row goes.
    """
    k = columns.weight.shape[1]
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
            _combine(columns, t, k, rows, at)
            at += 1
        columns.status[t] = status
        if ended:
            columns.existence[t] = -1.0
    return _without_ended(n, k, columns), at


@inline
def _combine(columns: Columns, t: int, k: int, rows: Rows, at: int) -> None:
    """Write the mean and covariance of a track over its models, matched in moments."""
    for b in range(6):
        total = 0.0
        for j in range(k):
            total += columns.weight[t, j] * columns.mean[t, j, b]
        rows.mean[at, b] = total
    for b in range(6):
        for c in range(b + 1):
            total = 0.0
            for j in range(k):
                apart = (columns.mean[t, j, b] - rows.mean[at, b]) * (columns.mean[t, j, c] - rows.mean[at, c])
                total += columns.weight[t, j] * (columns.covariance[t, j, b, c] + apart)
            rows.covariance[at, b, c] = total
            rows.covariance[at, c, b] = total
    for j in range(k):
        rows.weight[at, j] = columns.weight[t, j]

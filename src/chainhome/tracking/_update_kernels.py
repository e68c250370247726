"""The compiled pass that gives plots to tracks: parts of grown tracks, branches of young ones, tracks that begin.

In come the tracks, moved in place, the pairs inside a gate and the marginal probabilities of those pairs; the state's
arrays are changed in place. First it is decided which row takes which plot or none, then all are written. What follows,
the merging and the end of a look, stands in `_merge_kernels` and `_settle_kernels`.
"""

# Long because a kernel may only call kernels of its own file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean
from chainhome.tracking._gate_kernels import Look, Pairs
from chainhome.tracking._motion_kernels import Moved

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

_PI = math.pi
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
TENTATIVE = 0  # as in tables.TRACK_STATUSES; a test compares it
_LEAST_CLAIM = 0.03


class Columns(NamedTuple):
    """The tracks, with room for more."""

    mean: Floats  # (n, k, 6)
    covariance: Floats  # (n, k, 21) lower triangles
    weight: Floats  # (n, k)
    existence: Floats
    time_s: Floats
    last_seen_s: Floats  # (n, sensors)
    track_id: Ints
    mode_s_address: Ints
    mode_3a: Ints
    status: Codes
    share: Floats  # of the track's existence that this row, one hypothesis of its plots, has
    rank: Codes  # 0 = the likeliest hypothesis of its track
    plot_now: Ints  # the plot of the look that the row stands for; -1 = it was missed


class Limits(NamedTuple):
    """When a track is confirmed, ends, or is too unlikely to be kept or begun."""

    confirm: float
    end: float
    drop: float
    begin: float
    begin_at_most: float
    report: float
    show: float
    same_m: float
    same_mps: float


class Parts(NamedTuple):
    """Pairs of grown tracks as association sees them: the hypotheses of a track joined."""

    of_pair: Ints  # which joined pair each pair went to
    weight: Floats  # of the joined pairs
    beta: Floats  # marginal probability of each
    beta_missed: Floats  # of each track, that no plot is its own


class Scratch(NamedTuple):
    """Work arrays."""

    jobs: Ints  # (j, 3) what is to be written: row, track in view, pair or -1 for "was missed"
    claim: Floats  # of each plot, see `claimed`
    white: Floats  # (s,)
    root: Floats  # (s, s)
    gain: Floats  # (s, 6)


@inline
def _turned(angle: float) -> float:
    """An angle brought to [-pi, pi)."""
    return angle - 2.0 * _PI * math.floor((angle + _PI) / (2.0 * _PI))


@inline
def _white(
    i: int,
    a: int,
    j: int,
    ns: int,
    look: Look,
    polar: bool,
    measured: Floats,
    rate: Floats,
    late: float,
    spread: Floats,
    white: Floats,
    root: Floats,
) -> tuple[float, float, int]:
    """Squared distance of plot i from model j of track a, the density's divisor, and the number of slots.

    The whitened innovation stays in `white` (s,), the root of its covariance in `root`; slots not measured give zeros.
    """
    used = 0
    distance2, divisor = 0.0, 1.0
    for b in range(ns):
        z = look.value[i, b]
        if z != z:
            for c in range(b):
                root[b, c] = 0.0
            root[b, b] = 1.0
            white[b] = 0.0
            continue
        off = z - measured[a, j, b] - rate[a, j, b] * late
        if polar and b == 1:
            off = _turned(off)
        pivot = spread[a, j, b, b] + look.variance[i, b]
        floor = 1e-12 * pivot
        for c in range(b):
            total = spread[a, j, b, c]
            if look.value[i, c] != look.value[i, c]:
                total = 0.0
            for d in range(c):
                total -= root[b, d] * root[c, d]
            total /= root[c, c]
            root[b, c] = total
            pivot -= total * total
            off -= total * white[c]
        pivot = math.sqrt(max(pivot, floor))
        root[b, b] = pivot
        white[b] = off / pivot
        distance2 += white[b] * white[b]
        divisor *= pivot * _ROOT_TWO_PI
        used += 1
    return distance2, divisor, used


@inline
def _whitened_gain(i: int, a: int, j: int, ns: int, look: Look, cross: Floats, root: Floats, gain: Floats) -> None:
    """Whitened gain (s, 6) of plot i under model j of track a, after `_white`."""
    for b in range(ns):
        measured = look.value[i, b] == look.value[i, b]
        for c in range(6):
            total = cross[a, j, b, c] if measured else 0.0
            for d in range(b):
                total -= root[b, d] * gain[d, c]
            gain[b, c] = total / root[b, b]


@inline
def _equal_white(
    i: int,
    a: int,
    j: int,
    ns: int,
    look: Look,
    polar: bool,
    measured: Floats,
    rate: Floats,
    late: float,
    spread: Floats,
    cross: Floats,
    white: Floats,
    gain: Floats,
) -> None:
    """Whitened innovation and gain of plot i under model j of track a, in a look of equal plots."""
    for b in range(ns):
        off = look.value[i, b] - measured[a, j, b] - rate[a, j, b] * late
        if polar and b == 1:
            off = _turned(off)
        for c in range(b):
            off -= spread[a, j, b, c] * white[c]
        white[b] = off * spread[a, j, b, b]
        for c in range(6):
            gain[b, c] = cross[a, j, b, c]


@inline
def _copied(n: int, t: int, models: int, columns: Columns) -> None:
    """Make the models of row n those of row t."""
    for j in range(models):
        columns.weight[n, j] = columns.weight[t, j]
        for b in range(6):
            columns.mean[n, j, b] = columns.mean[t, j, b]
        for q in range(21):
            columns.covariance[n, j, q] = columns.covariance[t, j, q]


@inline
def _write_plot(
    n: int,
    a: int,
    i: int,
    e: int,
    models: int,
    ns: int,
    sensor: int,
    equal: bool,
    polar: bool,
    moved: Moved,
    shown: Look,
    detection_id: Ints,
    likelihood: Floats,
    columns: Columns,
    scratch: Scratch,
) -> None:
    """Make row n, which is a copy of track a of those in view or the track itself, what it is if plot i, of pair e,
    came from it.
    """
    white, root, gain = scratch.white, scratch.root, scratch.gain
    late = shown.time_s[i] - moved.time_s[a]
    total = 0.0
    for j in range(models):
        total += columns.weight[n, j] * likelihood[e, j]
    for j in range(models):
        if equal:
            _equal_white(
                i, a, j, ns, shown, polar, moved.measured, moved.rate, late, moved.spread, moved.cross, white, gain
            )
        else:
            _white(i, a, j, ns, shown, polar, moved.measured, moved.rate, late, moved.spread, white, root)
            _whitened_gain(i, a, j, ns, shown, moved.cross, root, gain)
        # No model is ever quite impossible: it could not come back.
        columns.weight[n, j] = max(columns.weight[n, j] * likelihood[e, j] / total, 1e-9)
        for s in range(ns):
            x, q = white[s], 0
            for b in range(6):
                g = gain[s, b]
                columns.mean[n, j, b] += g * x
                for c in range(b + 1):
                    columns.covariance[n, j, q] -= g * gain[s, c]
                    q += 1
    columns.last_seen_s[n, sensor] = shown.time_s[i]
    columns.plot_now[n] = detection_id[i]
    if shown.address[i] >= 0:
        columns.mode_s_address[n] = shown.address[i]
    if shown.code[i] >= 0:
        columns.mode_3a[n] = shown.code[i]


@inline
def _mass(e: int, pairs: Pairs, parts: Parts) -> float:
    """Probability that a hypothesis of a track is true and gave the plot of pair e: its share of the track's own."""
    joined = parts.of_pair[e]
    mass: float = parts.beta[joined] * pairs.weight[e] / parts.weight[joined]
    return mass


@inline
def _noted(job: int, n: int, a: int, e: int, jobs: Ints) -> int:
    jobs[job, 0], jobs[job, 1], jobs[job, 2] = n, a, e
    return job + 1


@inline
def _parted(
    begin: int,
    end: int,
    group_first: Ints,
    n: int,
    job: int,
    moved: Moved,
    first: Ints,
    pairs: Pairs,
    parts: Parts,
    least_share: float,
    columns: Columns,
    part_first: Ints,
    jobs: Ints,
) -> tuple[int, int]:
    """Part grown tracks `begin` to `end` into "was missed" and "took this plot", each as likely as association says.

    A hypothesis of a track has its share of the track's marginal probabilities [williams2015]. Each part is a row of
    its own, with its mass (share times existence) in `existence`; the new rows of track g are part_first[g] to
    part_first[g + 1]. Parts below `least_share` of their track are left out. Returns the numbers of rows and jobs.
    """
    for g in range(begin, end):
        part_first[g] = n
        blame, total = 0.0, 0.0
        for a in range(group_first[g], group_first[g + 1]):
            blame += moved.existence[a] * moved.blamed[a]
        silent = parts.beta_missed[g] / max(1.0 - blame, 1e-12)
        for a in range(group_first[g], group_first[g + 1]):
            total += silent * moved.existence[a] * (1.0 - moved.blamed[a])
        for e in range(first[group_first[g]], first[group_first[g + 1]]):
            total += _mass(e, pairs, parts)
        for a in range(group_first[g], group_first[g + 1]):
            t = moved.row[a]
            # Pair -1 stands for "was missed". The heaviest part is the heir.
            missed = silent * moved.existence[a] * (1.0 - moved.blamed[a])
            heir, most = -1, missed
            for e in range(first[a], first[a + 1]):
                mass = _mass(e, pairs, parts)
                if mass > most:
                    heir, most = e, mass
            for turn in range(first[a], first[a + 1] + 1):
                e, mass = -1, missed
                if turn < first[a + 1]:
                    e, mass = turn, _mass(turn, pairs, parts)
                if e == heir or mass < least_share * total or (e >= 0 and mass <= 0.0):
                    continue
                columns.track_id[n], columns.existence[n] = columns.track_id[t], mass
                job = _noted(job, n, a, e, jobs)
                n += 1
            # Into the track's own row at last: from it the others take what they are called.
            columns.existence[t] = most
            job = _noted(job, t, a, heir, jobs)
    part_first[end] = n
    return n, job


@lean
def claimed(begin: int, count: int, plots: int, first: Ints, pairs: Pairs, claim: Floats) -> int:
    """Fill `claim` (plots,) with the largest claim of a young track, those from `begin` to `count`, on each plot.

    Claims that are small beside it are left out; returns how many are not.
    """
    for i in range(plots):
        claim[i] = 0.0
    for e in range(first[begin], first[count]):
        claim[pairs.plot[e]] = max(claim[pairs.plot[e]], pairs.weight[e])
    rivals = 0
    for e in range(first[begin], first[count]):
        rivals += 1 if pairs.weight[e] >= _LEAST_CLAIM * claim[pairs.plot[e]] else 0
    return rivals


@inline
def _branched(
    begin_at: int,
    count: int,
    n: int,
    next_id: int,
    job: int,
    moved: Moved,
    first: Ints,
    pairs: Pairs,
    scale: Floats,
    limits: Limits,
    columns: Columns,
    claim: Floats,
    jobs: Ints,
) -> tuple[int, int, int]:
    """Part every young track in view, those from `begin_at` on, into "was missed" and one track for each of its plots.

    A young track is a part of the Poisson field of what is not known yet: its possible plots do not exclude each other,
    and each makes a possible object of its own [williams2012]. Its share of a plot is its weight times `scale` (m,);
    `claim` (m,) is as `claimed` fills it. The likeliest part keeps the name. Returns the number of tracks, the next
    name, and the number of jobs.
    """
    for a in range(begin_at, count):
        t = moved.row[a]
        if columns.rank[t] != 0:
            # A hypothesis of a track that is young again is a possible object of its own.
            columns.track_id[t] = next_id
            next_id += 1
        left = moved.existence[a] * (1.0 - moved.blamed[a])
        heir, most = -1, left
        for e in range(first[a], first[a + 1]):
            if pairs.weight[e] * scale[pairs.plot[e]] > most:
                heir, most = e, pairs.weight[e] * scale[pairs.plot[e]]
        name = columns.track_id[t]
        for e in range(first[a], first[a + 1] + 1):
            into, mass = t, left
            if e < first[a + 1]:
                into, mass = n, min(pairs.weight[e] * scale[pairs.plot[e]], 1.0)
                if mass < limits.begin or pairs.weight[e] < _LEAST_CLAIM * claim[pairs.plot[e]]:
                    continue
                n += 1
            if e == heir or (heir < 0 and into == t):
                columns.track_id[into] = name
            else:
                columns.track_id[into] = next_id
                next_id += 1
            columns.existence[into], columns.share[into], columns.rank[into] = mass, 1.0, 0
            job = _noted(job, into, a, e if into != t else -1, jobs)
    return n, next_id, job


@inline
def _written(
    count: int,
    parted: int,
    ns: int,
    moved: Moved,
    shown: Look,
    detection_id: Ints,
    pairs: Pairs,
    equal: bool,
    polar: bool,
    sensor: int,
    start: Floats,
    columns: Columns,
    scratch: Scratch,
) -> None:
    """Write what the first `count` jobs say.

    Tracks in view from `parted` on had one plot and one model; with the second they part into all models, in the
    proportion of `start`.
    """
    k = columns.weight.shape[1]
    for job in range(count):
        n, a, e = scratch.jobs[job, 0], scratch.jobs[job, 1], scratch.jobs[job, 2]
        t, models = moved.row[a], k if a < parted else 1
        if n != t:
            _copied(n, t, models, columns)
            columns.time_s[n] = columns.time_s[t]
            for s in range(columns.last_seen_s.shape[1]):
                columns.last_seen_s[n, s] = columns.last_seen_s[t, s]
            columns.mode_s_address[n] = columns.mode_s_address[t]
            columns.mode_3a[n] = columns.mode_3a[t]
            columns.status[n] = columns.status[t]
        if e < 0:
            columns.plot_now[n] = -1
            continue
        i = pairs.plot[e]
        _write_plot(
            n, a, i, e, models, ns, sensor, equal, polar, moved, shown, detection_id, pairs.likelihood, columns, scratch
        )
        if models < k:
            for j in range(k):
                columns.weight[n, j] = start[j]
                for b in range(6):
                    columns.mean[n, j, b] = columns.mean[n, 0, b]
                for q in range(21):
                    columns.covariance[n, j, q] = columns.covariance[n, 0, q]


@inline
def _begun(
    n: int,
    next_id: int,
    sensor: int,
    appearing: Floats,
    scale: Floats,
    mean: Floats,
    covariance: Floats,
    shown: Look,
    detection_id: Ints,
    limits: Limits,
    columns: Columns,
) -> int:
    """Begin a track from each plot that may be of a new object, the columns having room; return how many there are.

    `appearing` times `scale` (m,) is its probability, `mean` (m, 6) and `covariance` (m, 21) its state. A track of one
    plot has the first model only; what stands in the others means nothing, and is not written: it would be a tenth of
    the time of a full sky.
    """
    k = columns.weight.shape[1]
    for i in range(len(appearing)):
        r = min(appearing[i] * scale[i], limits.begin_at_most)
        if r < limits.begin:
            continue
        for j in range(k):
            columns.weight[n, j] = 1.0 if j == 0 else 0.0
        for b in range(6):
            columns.mean[n, 0, b] = mean[i, b]
        for q in range(21):
            columns.covariance[n, 0, q] = covariance[i, q]
        columns.existence[n] = r
        columns.share[n] = 1.0
        columns.rank[n] = 0
        columns.time_s[n] = shown.time_s[i]
        for s in range(columns.last_seen_s.shape[1]):
            columns.last_seen_s[n, s] = -math.inf
        columns.last_seen_s[n, sensor] = shown.time_s[i]
        columns.track_id[n] = next_id
        columns.plot_now[n] = detection_id[i]
        columns.mode_s_address[n] = shown.address[i]
        columns.mode_3a[n] = shown.code[i]
        columns.status[n] = TENTATIVE
        next_id += 1
        n += 1
    return n


@lean
def updated(
    runs: Ints,
    group_first: Ints,
    grown: int,
    parted: int,
    seen: int,
    n: int,
    next_id: int,
    moved: Moved,
    shown: Look,
    detection_id: Ints,
    first: Ints,
    pairs: Pairs,
    parts: Parts,
    scale: Floats,
    appearing: Floats,
    mean: Floats,
    covariance: Floats,
    ns: int,
    equal: bool,
    polar: bool,
    sensor: int,
    least_share: float,
    start: Floats,
    limits: Limits,
    columns: Columns,
    part_first: Ints,
    scratch: Scratch,
) -> tuple[int, int, int, int]:
    """Update the grown tracks of some `runs` (r, 2) of groups, branch the young ones, begin new ones; see each.

    `grown`, `parted` and `seen` are numbers of tracks in view: grown ones, these and young ones of several plots, all.
    Returns the number of rows after each of the three steps, and the next name.
    """
    job = 0
    for run in range(len(runs)):
        n, job = _parted(
            runs[run, 0], runs[run, 1], group_first, n, job, moved, first, pairs, parts, least_share, columns,
            part_first, scratch.jobs,
        )  # fmt: skip
    after, next_id, job = _branched(
        grown, seen, n, next_id, job, moved, first, pairs, scale, limits, columns, scratch.claim, scratch.jobs
    )
    _written(job, parted, ns, moved, shown, detection_id, pairs, equal, polar, sensor, start, columns, scratch)
    begun = _begun(after, next_id, sensor, appearing, scale, mean, covariance, shown, detection_id, limits, columns)
    return n, after, begun, next_id + begun - after

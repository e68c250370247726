"""The compiled passes that merge what is the same: possible objects, hypotheses of a track, rows of a cluster.

An object that is not sure yet can have several young tracks, one from each of its first plots, that share its
probability between them. Two such tracks are merged where their states agree and their probabilities of existence
fit into one object. Two real objects side by side have a sum of two and are never merged. Hypotheses of one track, and
rows in joint hypotheses, are merged where they are practically equal.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CELL_M = 2_000.0
_NEARLY_SURE = 0.9
_LATEST_S = 1.0  # apart in time by more than this, two states are not compared
_CONFIRMED = 1  # as in tables.TRACK_STATUSES; a test compares it
# Rows in joint hypotheses that differ by more in existence, or in the probability of a motion model, are not the same.
_EXISTENCE_APART, _MODES_APART = 0.1, 0.1
_SAME_TIME_S = 1e-6


@kernel
def _log_root(t: int, j: int, u: int, o: int, covariance: Floats, root: Floats) -> float:
    """Cholesky root of the mean of two covariances, 6 by 6, and the logarithm of its determinant."""
    det, q = 1.0, 0
    for a in range(6):
        for b in range(a + 1):
            s = 0.5 * (covariance[t, j, q] + covariance[u, o, q])
            q += 1
            for c in range(b):
                s -= root[a, c] * root[b, c]
            if a == b:
                root[a, a] = math.sqrt(max(s, 1e-12))
                det *= root[a, a]
            else:
                root[a, b] = s / root[b, b]
    return math.log(det)


@kernel
def _apart(
    t: int,
    j: int,
    u: int,
    o: int,
    dt: float,
    most: float,
    mean: Floats,
    covariance: Floats,
    root: Floats,
    white: Floats,
) -> float:
    """Bhattacharyya distance of model j of row t, moved by dt, and model o of row u; inf where plainly over `most`."""
    q = 0
    for a in range(6):
        q += a
        d = mean[t, j, a] - mean[u, o, a]
        if a < 3:
            d += dt * mean[t, j, a + 3]
        # One coordinate alone bounds the distance from below.
        if d * d > 8.0 * most * 0.5 * (covariance[t, j, q] + covariance[u, o, q]):
            return math.inf
        white[a] = d
        q += 1
    mean_log = _log_root(t, j, u, o, covariance, root)
    distance = 0.0
    for a in range(6):
        s = white[a]
        for b in range(a):
            s -= root[a, b] * white[b]
        white[a] = s / root[a, a]
        distance += white[a] * white[a]
    if distance > 8.0 * most:
        return math.inf
    one, other = _log_root(t, j, t, j, covariance, root), _log_root(u, o, u, o, covariance, root)
    return distance / 8.0 + mean_log - 0.5 * (one + other)


@inline
def _best(weight: Floats, t: int) -> int:
    # From the last on: the compiler makes a version of what it calls of its own for a number it knows, such as 0.
    best: int = weight.shape[1] - 1
    for j in range(best - 1, -1, -1):
        if weight[t, j] >= weight[t, best]:
            best = j
    return best


@kernel
def _mixed(t: int, u: int, share: float, mean: Floats, covariance: Floats, weight: Floats) -> None:
    """Make row t the mixture of t and, with its `share` of the sum, u, model by model, matched in moments."""
    for j in range(weight.shape[1]):
        a, b = (1.0 - share) * weight[t, j], share * weight[u, j]
        weight[t, j] = a + b
        s = b / (a + b) if a + b > 0.0 else 0.0
        q = 0
        for c in range(6):
            for d in range(c + 1):
                apart = (mean[u, j, c] - mean[t, j, c]) * (mean[u, j, d] - mean[t, j, d])
                more = covariance[u, j, q] - covariance[t, j, q] + (1.0 - s) * apart
                covariance[t, j, q] += s * more
                q += 1
        for c in range(6):
            mean[t, j, c] += s * (mean[u, j, c] - mean[t, j, c])


@inline
def _join(t: int, u: int, mean: Floats, covariance: Floats, weight: Floats, existence: Floats) -> None:
    """Make track t the mixture of t and u; u no longer exists."""
    total = existence[t] + existence[u]
    _mixed(t, u, existence[u] / total, mean, covariance, weight)
    existence[t] = min(total, 1.0)
    existence[u] = -1.0


@kernel
def merged(
    row: Ints,
    old: int,
    first: int,
    last: int,
    most: float,
    most_existence: float,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    existence: Floats,
    time_s: Floats,
    address: Ints,
    status: NDArray[np.int8],
    part: Floats,
    head: Ints,
    following: Ints,
    root: Floats,
    white: Floats,
) -> int:
    """Merge tracks among row[:old] and `first` to `last`, giving those that vanish an existence of -1; count them.

    The `old` ones are grown tracks: those that are nearly sure only wait to be found. Two tracks are merged if
    their Bhattacharyya distance is at most `most` and their existences sum to at most
    `most_existence`. The confirmed, or else the likelier, lends its name. `head` (a power of two) and `following`
    (count,) are a hash table of ground cells.
    """
    mask = len(head) - 1
    for h in range(len(head)):
        head[h] = -1
    gone = 0
    for i in range(old + last - first):
        t = row[i] if i < old else first + i - old
        if part[t] < 1.0 or existence[t] < 0.0:
            continue  # one of several hypotheses of its track
        j = _best(weight, t)
        cx = math.floor(mean[t, j, 0] / _CELL_M)
        cy = math.floor(mean[t, j, 1] / _CELL_M)
        alive = True
        for near in range(9 if i >= old or existence[t] < _NEARLY_SURE else 0):
            h = ((cx + near % 3 - 1) * 73856093 ^ (cy + near // 3 - 1) * 19349663) & mask
            k = head[h]
            while k >= 0 and alive:
                u = row[k] if k < old else first + k - old
                k = following[k]
                if existence[u] <= 0.0 or existence[t] + existence[u] > most_existence:
                    continue
                if address[t] >= 0 and address[u] >= 0 and address[t] != address[u]:
                    continue
                dt = time_s[u] - time_s[t]
                if abs(dt) > _LATEST_S:
                    continue
                o = _best(weight, u)
                if _apart(t, j, u, o, dt, most, mean, covariance, root, white) > most:
                    continue
                known, other = status[t] == _CONFIRMED, status[u] == _CONFIRMED
                if known > other or (known == other and existence[t] > existence[u]):
                    _join(t, u, mean, covariance, weight, existence)
                else:
                    _join(u, t, mean, covariance, weight, existence)
                    alive = False
                gone += 1
            if not alive:
                break
        if alive:
            h = (cx * 73856093 ^ cy * 19349663) & mask
            following[i] = head[h]
            head[h] = i
    return gone


@inline
def _reduced(
    g: int,
    group_first: Ints,
    row: Ints,
    part_first: Ints,
    most_parts: int,
    most: float,
    least_share: float,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    existence: Floats,
    share: Floats,
    rank: NDArray[np.int8],
    list_: Ints,
    root: Floats,
    white: Floats,
) -> None:
    """Bring the hypotheses of track g to at most `most_parts`."""
    count, total = 0, 0.0
    for a in range(group_first[g], group_first[g + 1]):
        list_[count] = row[a]
        count += 1
    for t in range(part_first[g], part_first[g + 1]):
        list_[count] = t
        count += 1
    for i in range(count):
        total += existence[list_[i]]
    if count > 1:
        # By mass, the heaviest first.
        for i in range(1, count):
            t, f = list_[i], i
            while f > 0 and existence[list_[f - 1]] < existence[t]:
                list_[f] = list_[f - 1]
                f -= 1
            list_[f] = t
        kept = 0
        for i in range(count):
            t = list_[i]
            if kept > 0 and existence[t] < least_share * total:
                existence[t] = -1.0
                continue
            into = -1
            j = _best(weight, t)
            for f in range(kept):
                u = list_[f]
                o = _best(weight, u)
                if most_parts == 1 or (_apart(t, j, u, o, 0.0, most, mean, covariance, root, white) <= most):
                    into = u
                    break
            if into < 0 and kept == most_parts:
                nearest = math.inf
                for f in range(kept):
                    u = list_[f]
                    o = _best(weight, u)
                    d = _apart(t, j, u, o, 0.0, 50.0, mean, covariance, root, white)
                    if d < nearest:
                        into, nearest = u, d
                if into < 0:
                    existence[t] = -1.0
                    continue
            if into >= 0:
                _join(into, t, mean, covariance, weight, existence)
            else:
                list_[kept] = t
                kept += 1
        count = kept
    mass = 0.0
    best = 0
    for i in range(count):
        mass += existence[list_[i]]
        if existence[list_[i]] > existence[list_[best]]:
            best = i
    for i in range(count):
        t = list_[i]
        share[t] = existence[t] / mass if count > 1 else 1.0
        existence[t] = min(total, 1.0)
        rank[t] = 0 if i == best else 1


@kernel
def reduced(
    runs: Ints,
    group_first: Ints,
    row: Ints,
    part_first: Ints,
    most_parts: int,
    most: float,
    least_share: float,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    existence: Floats,
    share: Floats,
    rank: NDArray[np.int8],
    list_: Ints,
    root: Floats,
    white: Floats,
) -> None:
    """Bring the hypotheses of every track in some `runs` (r, 2) of groups to at most `most_parts`, the likeliest first.

    The hypotheses of track g are the rows row[group_first[g]:group_first[g + 1]] and those from part_first[g] to
    part_first[g + 1], each with its mass in `existence`. Those that agree (Bhattacharyya distance at most `most`) are
    merged, then the lightest ones into their nearest. Then every row has the existence of its track and its share.
    """
    for run in range(len(runs)):
        for g in range(runs[run, 0], runs[run, 1]):
            if group_first[g + 1] - group_first[g] + part_first[g + 1] - part_first[g] == 1:
                # Most tracks have one hypothesis, and nothing to merge.
                t = row[group_first[g]]
                share[t], rank[t], existence[t] = 1.0, 0, min(existence[t], 1.0)
                continue
            _reduced(
                g, group_first, row, part_first, most_parts, most, least_share, mean, covariance, weight, existence,
                share, rank, list_, root, white,
            )  # fmt: skip


@inline
def _alike(
    t: int,
    u: int,
    most: float,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    time_s: Floats,
    address: Ints,
    root: Floats,
    white: Floats,
) -> bool:
    if abs(time_s[t] - time_s[u]) > _SAME_TIME_S:
        return False
    if address[t] >= 0 and address[u] >= 0 and address[t] != address[u]:
        return False
    for j in range(weight.shape[1]):
        if abs(weight[t, j] - weight[u, j]) > _MODES_APART:
            return False
    best = _best(weight, u)
    return _apart(t, best, u, best, 0.0, most, mean, covariance, root, white) <= most


@kernel
def sort_out(
    rows: Ints,
    mass: Floats,
    existence: Floats,
    most: float,
    mean: Floats,
    covariance: Floats,
    weight: Floats,
    time_s: Floats,
    address: Ints,
    kind: Ints,
    first: Ints,
    root: Floats,
    white: Floats,
) -> int:
    """Fill `kind` (n,), the class of each of `rows`, and `first`, the place of its first row; return the classes.

    Rows come by falling `mass`; one joins the first class whose first row, as it was given, lies within the
    Bhattacharyya distance `most` and has nearly its `existence`. Then each first row becomes the mixture of its class.
    """
    kinds = 0
    for i in range(len(rows)):
        kind[i] = -1
        for k in range(kinds):
            f = first[k]
            if abs(existence[i] - existence[f]) > _EXISTENCE_APART:
                continue
            if _alike(rows[i], rows[f], most, mean, covariance, weight, time_s, address, root, white):
                kind[i] = k
                break
        if kind[i] < 0:
            kind[i] = kinds
            first[kinds] = i
            kinds += 1
    for k in range(kinds):
        total = mass[first[k]]
        for i in range(first[k] + 1, len(rows)):
            if kind[i] == k and mass[i] > 0.0:
                total += mass[i]
                _mixed(rows[first[k]], rows[i], mass[i] / total, mean, covariance, weight)
    return kinds

"""The compiled passes that merge what is the same: possible objects, hypotheses of a track, rows of a cluster.

An object that is not sure yet can have several young tracks, one from each of its first plots, that share its
probability between them. Two such tracks are merged where their states agree and their probabilities of existence
fit into one object. Two real objects side by side have a sum of two and are never merged. Hypotheses of one track, and
rows in joint hypotheses, are merged where they are practically equal.
"""

# Long because a kernel calls kernels of its own file, and all merging asks how far apart two states are.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_CELL_M = 2_000.0
_NEARLY_SURE = 0.9
_LATEST_S = 1.0  # apart in time by more than this, two states are not compared
_CONFIRMED = 1  # as in tables.TRACK_STATUSES; a test compares it
# Rows in joint hypotheses that differ by more in existence, or in the probability of a motion model, are not the same.
_EXISTENCE_APART, _MODES_APART = 0.1, 0.1
_SAME_TIME_S = 1e-6
# A ground cell in one number, and beside it, in its low bits, the next row of its chain.
_COLUMN, _LINK_BITS = 1 << 20, 28
_LINK, _NO_CELL = (1 << _LINK_BITS) - 1, -(1 << 62)
_BLOCK = 32
_FARTHEST = 50.0  # Bhattacharyya distance beyond which a hypothesis is dropped rather than merged
_LEAST_PIVOT = 2e-12  # of the sum of two covariances


@lean
def _spread(t: int, j: int, u: int, o: int, dt: float, mean: Floats, covariance: Floats) -> tuple[float, float]:
    """Squared distance of two states in the sum of their covariances, and the determinant of that sum.

    Written out number by number (the sum is L D L', `p` its pivots): loops over arrays take two to four times as long.
    """
    p0 = max(covariance[t, j, 0] + covariance[u, o, 0], _LEAST_PIVOT)
    d0 = mean[t, j, 0] - mean[u, o, 0] + dt * mean[t, j, 3]
    l10 = (covariance[t, j, 1] + covariance[u, o, 1]) / p0
    p1 = max(covariance[t, j, 2] + covariance[u, o, 2] - l10 * l10 * p0, _LEAST_PIVOT)
    d1 = mean[t, j, 1] - mean[u, o, 1] + dt * mean[t, j, 4] - l10 * d0
    u20 = covariance[t, j, 3] + covariance[u, o, 3]
    u21 = covariance[t, j, 4] + covariance[u, o, 4] - u20 * l10
    l20, l21 = u20 / p0, u21 / p1
    p2 = max(covariance[t, j, 5] + covariance[u, o, 5] - u20 * l20 - u21 * l21, _LEAST_PIVOT)
    d2 = mean[t, j, 2] - mean[u, o, 2] + dt * mean[t, j, 5] - l20 * d0 - l21 * d1
    u30 = covariance[t, j, 6] + covariance[u, o, 6]
    u31 = covariance[t, j, 7] + covariance[u, o, 7] - u30 * l10
    u32 = covariance[t, j, 8] + covariance[u, o, 8] - u30 * l20 - u31 * l21
    l30, l31, l32 = u30 / p0, u31 / p1, u32 / p2
    p3 = max(covariance[t, j, 9] + covariance[u, o, 9] - u30 * l30 - u31 * l31 - u32 * l32, _LEAST_PIVOT)
    d3 = mean[t, j, 3] - mean[u, o, 3] - l30 * d0 - l31 * d1 - l32 * d2
    u40 = covariance[t, j, 10] + covariance[u, o, 10]
    u41 = covariance[t, j, 11] + covariance[u, o, 11] - u40 * l10
    u42 = covariance[t, j, 12] + covariance[u, o, 12] - u40 * l20 - u41 * l21
    u43 = covariance[t, j, 13] + covariance[u, o, 13] - u40 * l30 - u41 * l31 - u42 * l32
    l40, l41, l42, l43 = u40 / p0, u41 / p1, u42 / p2, u43 / p3
    p4 = max(covariance[t, j, 14] + covariance[u, o, 14] - u40 * l40 - u41 * l41 - u42 * l42 - u43 * l43, _LEAST_PIVOT)
    d4 = mean[t, j, 4] - mean[u, o, 4] - l40 * d0 - l41 * d1 - l42 * d2 - l43 * d3
    u50 = covariance[t, j, 15] + covariance[u, o, 15]
    u51 = covariance[t, j, 16] + covariance[u, o, 16] - u50 * l10
    u52 = covariance[t, j, 17] + covariance[u, o, 17] - u50 * l20 - u51 * l21
    u53 = covariance[t, j, 18] + covariance[u, o, 18] - u50 * l30 - u51 * l31 - u52 * l32
    u54 = covariance[t, j, 19] + covariance[u, o, 19] - u50 * l40 - u51 * l41 - u52 * l42 - u53 * l43
    l50, l51, l52, l53, l54 = u50 / p0, u51 / p1, u52 / p2, u53 / p3, u54 / p4
    p5 = max(
        covariance[t, j, 20] + covariance[u, o, 20] - u50 * l50 - u51 * l51 - u52 * l52 - u53 * l53 - u54 * l54,
        _LEAST_PIVOT,
    )
    d5 = mean[t, j, 5] - mean[u, o, 5] - l50 * d0 - l51 * d1 - l52 * d2 - l53 * d3 - l54 * d4
    distance = d0 * d0 / p0 + d1 * d1 / p1 + d2 * d2 / p2 + d3 * d3 / p3 + d4 * d4 / p4 + d5 * d5 / p5
    return distance, p0 * p1 * p2 * p3 * p4 * p5


@lean
def _apart(
    t: int,
    j: int,
    u: int,
    o: int,
    dt: float,
    most: float,
    mean: Floats,
    covariance: Floats,
) -> float:
    """Bhattacharyya distance of model j of row t, moved by dt, and model o of row u; inf where plainly over `most`."""
    q = 0
    for a in range(6):
        q += a
        d = mean[t, j, a] - mean[u, o, a]
        if a < 3:
            d += dt * mean[t, j, a + 3]
        # One coordinate alone bounds the distance from below.
        if d * d > 4.0 * most * (covariance[t, j, q] + covariance[u, o, q]):
            return math.inf
        q += 1
    distance, both = _spread(t, j, u, o, dt, mean, covariance)
    if distance > 4.0 * most:
        return math.inf
    _, one = _spread(t, j, t, j, 0.0, mean, covariance)
    _, other = _spread(u, o, u, o, 0.0, mean, covariance)
    return 0.25 * distance + 0.5 * math.log(both / math.sqrt(one * other))


@inline
def _best(weight: Floats, t: int) -> int:
    """The likeliest model of row t, of equal ones the first; without a branch, so that the next row is read early."""
    # From the last on: the compiler makes a version of what it calls of its own for a number it knows, such as 0.
    best: int = weight.shape[1] - 1
    most = weight[t, best]
    for j in range(best - 1, -1, -1):
        as_likely = weight[t, j] >= most
        best = j if as_likely else best
        most = weight[t, j] if as_likely else most
    return best


@lean
def _mixed(t: int, u: int, share: float, mean: Floats, covariance: Floats, weight: Floats) -> None:
    """Make row t the mixture of t and, with its `share` of the sum, u, model by model, matched in moments."""
    for j in range(weight.shape[1]):
        a, b = (1.0 - share) * weight[t, j], share * weight[u, j]
        weight[t, j] = a + b
        if not b > 0.0:
            continue  # as all models but the first of a track of one plot
        s = b / (a + b)
        if not a > 0.0:
            for c in range(6):
                mean[t, j, c] = mean[u, j, c]
            for q in range(21):
                covariance[t, j, q] = covariance[u, j, q]
            continue
        q = 0
        for c in range(6):
            for d in range(c + 1):
                apart = (mean[u, j, c] - mean[t, j, c]) * (mean[u, j, d] - mean[t, j, d])
                more = covariance[u, j, q] - covariance[t, j, q] + (1.0 - s) * apart
                covariance[t, j, q] += s * more
                q += 1
        for c in range(6):
            mean[t, j, c] += s * (mean[u, j, c] - mean[t, j, c])


@lean
def _join(t: int, u: int, mean: Floats, covariance: Floats, weight: Floats, existence: Floats) -> None:
    """Make track t the mixture of t and u; u no longer exists."""
    total = existence[t] + existence[u]
    _mixed(t, u, existence[u] / total, mean, covariance, weight)
    existence[t] = min(total, 1.0)
    existence[u] = -1.0


@inline
def _place(cell: int, mask: int) -> int:
    """Place of a cell in the hash table."""
    place: int = (cell * 1_640_531_527 >> 20) & mask
    return place


@lean
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
) -> int:
    """Merge tracks among row[:old] and `first` to `last`, giving those that vanish an existence of -1; count them.

    The `old` ones are grown tracks: those that are nearly sure only wait to be found. Two tracks are merged if
    their Bhattacharyya distance is at most `most` and their existences sum to at most
    `most_existence`. The confirmed, or else the likelier, lends its name. `head` (a power of two) and `following`
    (count,) are a hash table of ground cells; one meets those of the nine cells around it.
    """
    mask = len(head) - 1
    for h in range(len(head)):
        head[h] = -1
    # First the cell of each, in a loop that waits for nothing: the rows lie scattered in memory.
    for i in range(old + last - first):
        t = row[i] if i < old else first + i - old
        following[i] = _NO_CELL
        if part[t] >= 1.0 and existence[t] >= 0.0:  # else it is one of several hypotheses of its track, or gone
            j = _best(weight, t)
            following[i] = math.floor(mean[t, j, 0] / _CELL_M) * _COLUMN + math.floor(mean[t, j, 1] / _CELL_M)
    gone = 0
    for i in range(old + last - first):
        cell = following[i]
        if cell == _NO_CELL:
            continue
        t = row[i] if i < old else first + i - old
        alive = True
        for near in range(9 if i >= old or existence[t] < _NEARLY_SURE else 0):
            there = cell + (near % 3 - 1) * _COLUMN + near // 3 - 1
            k = head[_place(there, mask)]
            while k >= 0 and alive:
                u = row[k] if k < old else first + k - old
                other_cell = following[k] >> _LINK_BITS != there
                k = (following[k] & _LINK) - 1
                if other_cell or existence[u] <= 0.0 or existence[t] + existence[u] > most_existence:
                    continue
                if address[t] >= 0 and address[u] >= 0 and address[t] != address[u]:
                    continue
                dt = time_s[u] - time_s[t]
                if abs(dt) > _LATEST_S:
                    continue
                j, o = _best(weight, t), _best(weight, u)
                if _apart(t, j, u, o, dt, most, mean, covariance) > most:
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
            h = _place(cell, mask)
            following[i] = cell << _LINK_BITS | (head[h] + 1)
            head[h] = i
    return gone


@inline
def _reduced(
    begin: int,
    end: int,
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
    sibling: Ints,
) -> None:
    """Bring the hypotheses of a track, those from `begin` to `end` of `list_`, to at most `most_parts`."""
    total = 0.0
    for i in range(begin, end):
        # By mass, the heaviest first.
        t, f = list_[i], i
        total += existence[t]
        while f > begin and existence[list_[f - 1]] < existence[t]:
            list_[f] = list_[f - 1]
            f -= 1
        list_[f] = t
    kept = begin
    for i in range(begin, end):
        t = list_[i]
        j = rank[t] + 0
        if kept > begin and existence[t] < least_share * total:
            existence[t] = -1.0
            continue
        into = -1
        for f in range(begin, kept):
            u = list_[f]
            o = rank[u] + 0
            if most_parts == 1 or _apart(t, j, u, o, 0.0, most, mean, covariance) <= most:
                into = u
                break
        if into < 0 and kept - begin == most_parts:
            nearest = math.inf
            for f in range(begin, kept):
                u = list_[f]
                o = rank[u] + 0
                d = _apart(t, j, u, o, 0.0, min(nearest, _FARTHEST), mean, covariance)
                if d < nearest:
                    into, nearest = u, d
            if into < 0:
                existence[t] = -1.0
                continue
        if into >= 0:
            _join(into, t, mean, covariance, weight, existence)
            rank[into] = _best(weight, into)
        else:
            list_[kept] = t
            kept += 1
    mass = 0.0
    best = begin
    for i in range(begin, kept):
        mass += existence[list_[i]]
        if existence[list_[i]] > existence[list_[best]]:
            best = i
    for i in range(begin, kept):
        t = list_[i]
        share[t] = existence[t] / mass if kept > begin + 1 else 1.0
        existence[t] = min(total, 1.0)
        rank[t] = 0 if i == best else 1
        sibling[t] = list_[i + 1] if i + 1 < kept else list_[begin]


@lean
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
    sibling: Ints,
) -> None:
    """Bring the hypotheses of every track in some `runs` (r, 2) of groups to at most `most_parts`, the likeliest first.

    The hypotheses of track g are the rows row[group_first[g]:group_first[g + 1]] and those from part_first[g] to
    part_first[g + 1], each with its mass in `existence`. Those that agree (Bhattacharyya distance at most `most`) are
    merged, then the lightest ones into their nearest. Then every row has the existence of its track and its share, and
    `sibling` names the next row of its track: the rows of a track are a ring.
    """
    for run in range(len(runs)):
        for begin in range(runs[run, 0], runs[run, 1], _BLOCK):
            end = min(begin + _BLOCK, runs[run, 1])
            # What comparisons need is read first, in loops that wait for nothing: the rows lie scattered in memory.
            n = 0
            for g in range(begin, end):
                more = part_first[g + 1] - part_first[g]
                if group_first[g + 1] - group_first[g] + more == 1:
                    # Most tracks have one hypothesis, and nothing to merge.
                    t = row[group_first[g]]
                    share[t], rank[t], existence[t] = 1.0, 0, min(existence[t], 1.0)
                    sibling[t] = t
                    continue
                for a in range(group_first[g], group_first[g + 1]):
                    list_[n] = row[a]
                    n += 1
                for t in range(part_first[g], part_first[g + 1]):
                    list_[n] = t
                    n += 1
            for i in range(n):
                rank[list_[i]] = _best(weight, list_[i])
            for i in range(n):
                t, j = list_[i], rank[list_[i]] + 0
                # Of no use, but now all are in the cache.
                share[t] = mean[t, j, 0] + covariance[t, j, 0] + covariance[t, j, 9] + covariance[t, j, 20]
            n = 0
            for g in range(begin, end):
                count = group_first[g + 1] - group_first[g] + part_first[g + 1] - part_first[g]
                if count > 1:
                    _reduced(
                        n, n + count, most_parts, most, least_share, mean, covariance, weight, existence, share, rank,
                        list_, sibling,
                    )  # fmt: skip
                    n += count


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
) -> bool:
    if abs(time_s[t] - time_s[u]) > _SAME_TIME_S:
        return False
    if address[t] >= 0 and address[u] >= 0 and address[t] != address[u]:
        return False
    for j in range(weight.shape[1]):
        if abs(weight[t, j] - weight[u, j]) > _MODES_APART:
            return False
    best = _best(weight, u)
    return _apart(t, best, u, best, 0.0, most, mean, covariance) <= most


@lean
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
            if _alike(rows[i], rows[f], most, mean, covariance, weight, time_s, address):
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

"""The compiled pass that merges tracks which are the same possible object, begun from different plots.

An object that is not sure yet can have several young tracks, one from each of its first plots, that share its
probability between them. Two such tracks are merged where their states agree and their probabilities of existence
fit into one object. Two real objects side by side have a sum of two and are never merged.
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


@kernel
def _log_root(p: Floats, q: Floats, share: float, root: Floats) -> float:
    """Cholesky root of share * (p + q), 6 by 6, and the logarithm of its determinant."""
    total = 0.0
    for a in range(6):
        for b in range(a + 1):
            s = share * (p[a, b] + q[a, b])
            for c in range(b):
                s -= root[a, c] * root[b, c]
            if a == b:
                root[a, a] = math.sqrt(max(s, 1e-12))
                total += math.log(root[a, a])
            else:
                root[a, b] = s / root[b, b]
    return total


@kernel
def _apart(x: Floats, y: Floats, p: Floats, q: Floats, dt: float, most: float, root: Floats, white: Floats) -> float:
    """Bhattacharyya distance of two normal distributions, the first moved by dt; infinite where plainly over `most`."""
    for a in range(3):
        d = x[a] + dt * x[a + 3] - y[a]
        # One coordinate alone bounds the distance from below.
        if d * d > 8.0 * most * 0.5 * (p[a, a] + q[a, a]):
            return math.inf
        white[a] = d
        d = x[a + 3] - y[a + 3]
        if d * d > 8.0 * most * 0.5 * (p[a + 3, a + 3] + q[a + 3, a + 3]):
            return math.inf
        white[a + 3] = d
    mean = _log_root(p, q, 0.5, root)
    distance = 0.0
    for a in range(6):
        s = white[a]
        for b in range(a):
            s -= root[a, b] * white[b]
        white[a] = s / root[a, a]
        distance += white[a] * white[a]
    if distance > 8.0 * most:
        return math.inf
    one, other = _log_root(p, p, 0.5, root), _log_root(q, q, 0.5, root)
    return distance / 8.0 + mean - 0.5 * (one + other)


@inline
def _best(weight: Floats, t: int) -> int:
    best = 0
    for j in range(1, weight.shape[1]):
        if weight[t, j] > weight[t, best]:
            best = j
    return best


@kernel
def merged(
    rows: Ints,
    count: int,
    old: int,
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
    """Merge tracks among `rows[:count]`, giving those that vanish an existence of -1; return how many do.

    The first `old` rows are grown tracks: those that are nearly sure only wait to be found. Two tracks are merged if
    their Bhattacharyya distance is at most `most` and their existences sum to at most
    `most_existence`. The confirmed, or else the likelier, lends its name. `head` (a power of two) and `following`
    (count,) are a hash table of ground cells.
    """
    mask = len(head) - 1
    for h in range(len(head)):
        head[h] = -1
    gone = 0
    for i in range(count):
        t = rows[i]
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
                u = rows[k]
                k = following[k]
                if existence[u] <= 0.0 or existence[t] + existence[u] > most_existence:
                    continue
                if address[t] >= 0 and address[u] >= 0 and address[t] != address[u]:
                    continue
                dt = time_s[u] - time_s[t]
                if abs(dt) > _LATEST_S:
                    continue
                o = _best(weight, u)
                if _apart(mean[t, j], mean[u, o], covariance[t, j], covariance[u, o], dt, most, root, white) > most:
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
def _join(t: int, u: int, mean: Floats, covariance: Floats, weight: Floats, existence: Floats) -> None:
    """Make track t the mixture of t and u, model by model, matched in moments; u no longer exists."""
    total = existence[t] + existence[u]
    for j in range(weight.shape[1]):
        a, b = existence[t] * weight[t, j], existence[u] * weight[u, j]
        weight[t, j] = (a + b) / total
        share = b / (a + b) if a + b > 0.0 else 0.0
        for c in range(6):
            for d in range(c + 1):
                apart = (mean[u, j, c] - mean[t, j, c]) * (mean[u, j, d] - mean[t, j, d])
                both = covariance[t, j, c, d] + share * (covariance[u, j, c, d] - covariance[t, j, c, d])
                both += share * (1.0 - share) * apart
                covariance[t, j, c, d] = both
                covariance[t, j, d, c] = both
        for c in range(6):
            mean[t, j, c] += share * (mean[u, j, c] - mean[t, j, c])
    existence[t] = min(total, 1.0)
    existence[u] = -1.0


@kernel
def reduced(
    groups: int,
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
    """Bring the hypotheses of every track to at most `most_parts`, the likeliest first.

    The hypotheses of track g are the rows row[group_first[g]:group_first[g + 1]] and those from part_first[g] to
    part_first[g + 1], each with its mass in `existence`. Those that agree (Bhattacharyya distance at most `most`) are
    merged, then the lightest ones into their nearest. Then every row has the existence of its track and its share.
    """
    for g in range(groups):
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
                    if most_parts == 1 or (
                        _apart(mean[t, j], mean[u, o], covariance[t, j], covariance[u, o], 0.0, most, root, white)
                        <= most
                    ):
                        into = u
                        break
                if into < 0 and kept == most_parts:
                    nearest = math.inf
                    for f in range(kept):
                        u = list_[f]
                        o = _best(weight, u)
                        d = _apart(mean[t, j], mean[u, o], covariance[t, j], covariance[u, o], 0.0, 50.0, root, white)
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

"""The compiled part of joint hypotheses: which rows of a cluster are practically the same object, and their mixture.

In come rows of the tracks by falling weight; out goes the class of each row, and every class's state in its first row.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_EXISTENCE_APART = 0.1  # rows that differ by more in existence are not the same
_MODES_APART = 0.1  # the same for the probability of any motion model
_LATEST_S = 1e-6


@inline
def _log_root(p: Floats, q: Floats, root: Floats) -> float:
    """Cholesky root of (p + q) / 2, 6 by 6, and the logarithm of its determinant."""
    total = 0.0
    for a in range(6):
        for b in range(a + 1):
            s = 0.5 * (p[a, b] + q[a, b])
            for c in range(b):
                s -= root[a, c] * root[b, c]
            if a == b:
                root[a, a] = math.sqrt(max(s, 1e-12))
                total += math.log(root[a, a])
            else:
                root[a, b] = s / root[b, b]
    return total


@inline
def _apart(x: Floats, y: Floats, p: Floats, q: Floats, most: float, root: Floats, white: Floats) -> float:
    """Bhattacharyya distance of two normal distributions; infinity where it is plainly larger than `most`."""
    for a in range(6):
        d = x[a] - y[a]
        # One coordinate alone bounds the distance from below.
        if d * d > 8.0 * most * 0.5 * (p[a, a] + q[a, a]):
            return math.inf
    mean = _log_root(p, q, root)
    distance = 0.0
    for a in range(6):
        s = x[a] - y[a]
        for b in range(a):
            s -= root[a, b] * white[b]
        white[a] = s / root[a, a]
        distance += white[a] * white[a]
    if distance > 8.0 * most:
        return math.inf
    one, other = _log_root(p, p, root), _log_root(q, q, root)
    return distance / 8.0 + mean - 0.5 * (one + other)


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
    if abs(time_s[t] - time_s[u]) > _LATEST_S:
        return False
    if address[t] >= 0 and address[u] >= 0 and address[t] != address[u]:
        return False
    best = 0
    for j in range(weight.shape[1]):
        if abs(weight[t, j] - weight[u, j]) > _MODES_APART:
            return False
        if weight[u, j] > weight[u, best]:
            best = j
    return _apart(mean[t, best], mean[u, best], covariance[t, best], covariance[u, best], most, root, white) <= most


@inline
def _mixed(t: int, u: int, share: float, mean: Floats, covariance: Floats, weight: Floats) -> None:
    """Make row t the mixture of t and, with its `share` of the sum, u, model by model, matched in moments."""
    for j in range(weight.shape[1]):
        a, b = (1.0 - share) * weight[t, j], share * weight[u, j]
        weight[t, j] = a + b
        s = b / (a + b) if a + b > 0.0 else 0.0
        for c in range(6):
            for d in range(c + 1):
                apart = (mean[u, j, c] - mean[t, j, c]) * (mean[u, j, d] - mean[t, j, d])
                both = covariance[t, j, c, d] + s * (covariance[u, j, c, d] - covariance[t, j, c, d])
                both += s * (1.0 - s) * apart
                covariance[t, j, c, d] = both
                covariance[t, j, d, c] = both
        for c in range(6):
            mean[t, j, c] += s * (mean[u, j, c] - mean[t, j, c])


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

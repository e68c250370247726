"""How sure a score is: counts or samples in, confidence intervals out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def wilson_interval(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the score interval of a proportion [wilson1927]: close to its nominal coverage for small n too.

    `successes` and `n` broadcast; where n = 0 nothing is known and the interval is 0 to 1. Raises ValueError for
    counts that cannot be.

    >>> low, high = wilson_interval(8, 10)
    >>> round(float(low), 4), round(float(high), 4)
    (0.4902, 0.9433)
    """
    from scipy.special import ndtri

    k, count = _counts(successes, n)
    z2 = float(ndtri(0.5 + _checked(confidence) / 2.0)) ** 2
    share = k / np.maximum(count, 1.0)
    middle = share + z2 / (2.0 * np.maximum(count, 1.0))
    half = np.sqrt(z2 * (share * (1.0 - share) + z2 / (4.0 * np.maximum(count, 1.0))) / np.maximum(count, 1.0))
    scale = 1.0 + z2 / np.maximum(count, 1.0)
    low = np.where((count == 0) | (k == 0), 0.0, (middle - half) / scale)
    high = np.where((count == 0) | (k == count), 1.0, (middle + half) / scale)
    return low, high


def exact_interval(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the interval of a proportion that never covers less than its confidence [clopper1934]: wide, but safe.

    >>> low, high = exact_interval(0, 10)
    >>> float(low), round(float(high), 4)
    (0.0, 0.3085)
    """
    from scipy.special import betaincinv

    k, count = _counts(successes, n)
    tail = (1.0 - _checked(confidence)) / 2.0
    low = np.where(k == 0, 0.0, betaincinv(np.maximum(k, 1.0), count - k + 1.0, tail))
    high = np.where(k == count, 1.0, betaincinv(k + 1.0, np.maximum(count - k, 1.0), 1.0 - tail))
    return low, high


def mean_interval(samples: ArrayLike, confidence: float = 0.95) -> tuple[float, float, float]:
    """Return the mean of independent samples and its Student interval: (mean, low, high); NaN is left out.

    One sample has no interval: low and high are NaN.

    >>> tuple(round(value, 4) for value in mean_interval([1.0, 2.0, 3.0, 4.0, 5.0]))
    (3.0, 1.0368, 4.9632)
    """
    from scipy.special import stdtrit

    values = np.asarray(samples, np.float64)
    values = values[~np.isnan(values)]
    level = 0.5 + _checked(confidence) / 2.0
    if len(values) < 2:
        return (float(values[0]) if len(values) else np.nan), np.nan, np.nan
    mean, error = float(values.mean()), float(values.std(ddof=1)) / len(values) ** 0.5
    half = float(stdtrit(len(values) - 1, level)) * error
    return mean, mean - half, mean + half


def _checked(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence = {confidence}: expected a number between 0 and 1")
    return confidence


def _counts(successes: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    k, count = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    if not ((k >= 0) & (k <= count)).all():
        raise ValueError(f"successes = {k.tolist()} of n = {count.tolist()}: expected 0 <= successes <= n")
    return k, count

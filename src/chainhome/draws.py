"""Counter-based randomness: a draw is a pure function of a key, so order and threads cannot change it.

A key is mixed from (seed, replication, sensor, scan, target, ...) by the finaliser of SplitMix64 [steele2014]; the same
key gives the same draw for any number of workers, and two alternatives that share keys share their luck.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


def key(*parts: ArrayLike) -> NDArray[np.uint64]:
    """Mix integer parts (scalars or broadcastable arrays) into 64-bit keys; the order of the parts matters.

    >>> bool(key(1, 2) == key(2, 1))
    False
    >>> key(1, np.arange(3)).shape
    (3,)
    """
    state: NDArray[np.uint64] = np.zeros((), np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            word = np.asarray(part).astype(np.int64).view(np.uint64)
            state = np.asarray(_mix((state + _GOLDEN) ^ _mix(np.asarray(word + _GOLDEN))))
    return state


def uniform(keys: NDArray[np.uint64], lane: int = 0) -> NDArray[np.float64]:
    """Return uniform draws in (0, 1), one for each key; `lane` separates several draws of one key.

    >>> u = uniform(key(7, np.arange(100_000)))
    >>> bool(0.49 < u.mean() < 0.51 and 0 < u.min() and u.max() < 1)
    True
    """
    with np.errstate(over="ignore"):
        bits = _mix(np.asarray(keys + np.uint64(lane + 1) * _GOLDEN))
    return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def normal(keys: NDArray[np.uint64], lane: int = 0) -> NDArray[np.float64]:
    """Return standard normal draws, one for each key, by inversion of the distribution function."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniform(keys, lane)), np.float64)


def poisson(keys: NDArray[np.uint64], mean: ArrayLike, lane: int = 0) -> NDArray[np.int64]:
    """Return Poisson counts with the given mean (broadcast against the keys), by inversion.

    >>> counts = poisson(key(3, np.arange(100_000)), 4.0)
    >>> bool(abs(counts.mean() - 4.0) < 0.03 and abs(counts.var() - 4.0) < 0.1)
    True
    """
    from scipy.special import pdtrik

    u = uniform(keys, lane)
    mean_ = np.broadcast_to(np.asarray(mean, np.float64), u.shape)
    above: Any = np.ceil(pdtrik(u, np.maximum(mean_, 1e-12)))
    return np.where((mean_ <= 0) | (u <= np.exp(-mean_)), 0, np.maximum(above, 0)).astype(np.int64)

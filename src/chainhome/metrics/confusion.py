"""Who was taken for whom: true and declared allegiances in, a four-by-four table out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.tables import ALLEGIANCES


def confusion_table(
    true_codes: ArrayLike, declared_codes: ArrayLike, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the summed weight of each pair of true (rows) and declared (columns) allegiance, (4, 4).

    Codes (n,) index `tables.ALLEGIANCES`: unknown, friend, neutral, hostile. `weights` (n,) are finite and not
    negative, most often the seconds for which a declaration stood; without them each row counts one.
    Raises ValueError for other codes, weights or lengths.

    >>> confusion_table([1, 1, 3], [1, 0, 0], [60.0, 12.0, 30.0])[1].tolist()
    [12.0, 60.0, 0.0, 0.0]
    """
    true, declared = np.asarray(true_codes, np.int64), np.asarray(declared_codes, np.int64)
    weight = np.ones(len(true)) if weights is None else np.asarray(weights, np.float64)
    if not (true.shape == declared.shape == weight.shape) or true.ndim != 1:
        raise ValueError(f"lengths differ: {true.shape} true, {declared.shape} declared, {weight.shape} weights")
    size = len(ALLEGIANCES)
    for name, codes in (("true", true), ("declared", declared)):
        if ((codes < 0) | (codes >= size)).any():
            raise ValueError(f"{name} codes run from {codes.min()} to {codes.max()}, expected 0 to {size - 1}")
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError("weights must be finite and not negative")
    table = np.bincount(true * size + declared, weights=weight, minlength=size * size)
    return np.asarray(table, np.float64).reshape(size, size)


def shares(table: ArrayLike) -> NDArray[np.float64]:
    """Return each row of a confusion table as shares of its sum; a row without weight becomes NaN.

    >>> shares([[3.0, 1.0], [0.0, 0.0]]).tolist()
    [[0.75, 0.25], [nan, nan]]
    """
    counts = np.asarray(table, np.float64)
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0), np.float64)

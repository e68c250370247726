"""Whether a filter's covariances are honest: errors and covariances in, NEES or NIS and their 95 % bounds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Components of the state x y z vx vy vz of the table of tracks.
POSITION = (0, 1, 2)
HORIZONTAL = (0, 1)
VELOCITY = (3, 4, 5)


@dataclass(frozen=True)
class Consistency:
    """The mean of n squared normalised errors, and where it lies in 95 of 100 cases if the covariances are right."""

    mean: float
    per_degree_of_freedom: float
    """mean / degrees of freedom: 1 = honest, more = the covariances are too small"""
    low: float
    high: float
    """bounds of the mean, each crossed by chance with half of 1 - confidence"""
    n: int
    degrees_of_freedom: int
    left_out: int
    """values that were NaN"""

    @property
    def holds(self) -> bool:
        """Whether the mean lies within its bounds; NaN never does."""
        return self.low <= self.mean <= self.high


def nees(
    estimates: ArrayLike, truths: ArrayLike, covariances: ArrayLike, *, components: Sequence[int] | None = None
) -> Floats:
    """Return the normalised estimation error squared of each row, e' P^-1 e [barshalom2001].

    `estimates` and `truths` (n, d), `covariances` (n, d, d); `components` chooses some of the d (`POSITION`,
    `HORIZONTAL`, `VELOCITY`, or indices), with their own block of the covariance. A row with NaN in what is chosen
    gives NaN. Raises ValueError for shapes that do not fit and for a covariance that is not positive definite.

    >>> nees([[3.0, 8.0, 0.0]], [[0.0, 0.0, 0.0]], [np.diag([9.0, 16.0, 1.0])], components=HORIZONTAL).tolist()
    [5.0]
    """
    x, y = np.asarray(estimates, np.float64), np.asarray(truths, np.float64)
    if x.shape != y.shape or x.ndim != 2:
        raise ValueError(f"estimates of shape {x.shape} and truths of shape {y.shape}: expected both (n, d)")
    return _squared(x - y, np.asarray(covariances, np.float64), components, "covariances")


def nis(innovations: ArrayLike, covariances: ArrayLike, *, components: Sequence[int] | None = None) -> Floats:
    """Return the normalised innovation squared of each row, v' S^-1 v [barshalom2001]; shapes and errors as in `nees`.

    >>> nis([[2.0], [1.0]], [[[4.0]], [[4.0]]]).tolist()
    [1.0, 0.25]
    """
    v = np.asarray(innovations, np.float64)
    if v.ndim != 2:
        raise ValueError(f"innovations of shape {v.shape}: expected (n, d)")
    return _squared(v, np.asarray(covariances, np.float64), components, "innovation covariances")


def consistency(values: ArrayLike, degrees_of_freedom: int, *, confidence: float = 0.95) -> Consistency:
    """Return the mean of NEES or NIS values and its two-sided chi-square bounds [barshalom2001].

    The sum of n independent values has n times `degrees_of_freedom` degrees. Values of successive scans of one track
    are not independent (innovations of an ideal filter are): take one scan of many runs. NaN is left out and counted.

    >>> honest = consistency([1.2, 2.9, 0.4, 3.1], 2)
    >>> honest.mean, round(honest.low, 3), round(honest.high, 3), honest.holds
    (1.9, 0.545, 4.384, True)
    """
    from scipy.special import gammaincinv

    if degrees_of_freedom < 1 or not 0.0 < confidence < 1.0:
        raise ValueError(
            f"degrees_of_freedom = {degrees_of_freedom}, confidence = {confidence}: expected 1 or more, and 0 to 1"
        )
    given = np.asarray(values, np.float64)
    known = given[~np.isnan(given)]
    n = len(known)
    if not n:
        return Consistency(np.nan, np.nan, np.nan, np.nan, 0, degrees_of_freedom, len(given))
    tail = (1.0 - confidence) / 2.0
    low, high = (2.0 * float(gammaincinv(n * degrees_of_freedom / 2.0, q)) / n for q in (tail, 1.0 - tail))
    mean = float(known.mean())
    return Consistency(mean, mean / degrees_of_freedom, low, high, n, degrees_of_freedom, len(given) - n)


def _squared(error: Floats, covariance: Floats, components: Sequence[int] | None, name: str) -> Floats:
    n, d = error.shape
    if covariance.shape != (n, d, d):
        raise ValueError(f"{name} of shape {covariance.shape}: expected {(n, d, d)}")
    if components is not None:
        chosen = list(components)
        error, covariance = error[:, chosen], covariance[:, chosen][:, :, chosen]
    result = np.full(n, np.nan)
    known = np.flatnonzero(np.isfinite(error).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2)))
    try:
        lower = np.linalg.cholesky(covariance[known])
    except np.linalg.LinAlgError:
        least = np.linalg.eigvalsh(covariance[known])[:, 0]
        row = int(known[least.argmin()])
        raise ValueError(
            f"{name}: row {row} has the eigenvalue {least.min():.3g}, expected positive definite"
        ) from None
    whitened = np.linalg.solve(lower, error[known][:, :, None])[:, :, 0]
    result[known] = (whitened**2).sum(axis=1)
    return result

"""The extended Kalman filter: predicted states and linearised plots in, updated states and how well they fit out.

Innovations and Jacobians come divided by the plots' standard deviations, so the measurement noise is the identity; a
plot that is older than its track brings the noise of the time between.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking.model import process_noise, transition

Floats = NDArray[np.float64]


def brought_forward(
    jacobian: Floats, late_s: Floats, horizontal_m2ps3: float, vertical_m2ps3: float
) -> tuple[Floats, Floats]:
    """Return the Jacobian (k, s, 6) and noise (k, s, s) of plots that are `late_s` >= 0 seconds older than the state.

    Such a plot is an observation of the state moved back; the unknown acceleration since then counts as noise that
    is independent of the state. That leaves out their correlation: algorithm C of [barshalom2002], made cautious.
    """
    noise = np.broadcast_to(np.eye(jacobian.shape[1]), (len(jacobian), *(jacobian.shape[1],) * 2)).copy()
    late = np.flatnonzero(late_s > 0)
    if len(late):
        spread = process_noise(late_s[late], horizontal_m2ps3, vertical_m2ps3)
        noise[late] += jacobian[late] @ spread @ np.swapaxes(jacobian[late], 1, 2)
        jacobian = jacobian.copy()
        jacobian[late] = jacobian[late] @ transition(-late_s[late])
    return jacobian, noise


def fit(covariance: Floats, innovation: Floats, jacobian: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Return the squared Mahalanobis distance and the log-determinant of the innovation covariance, each (k,).

    A slot that was not measured has a zero row in the Jacobian and unit noise, so it adds nothing to either.
    """
    s = jacobian @ covariance @ np.swapaxes(jacobian, 1, 2) + noise
    root = np.linalg.cholesky(s)
    white = np.linalg.solve(root, innovation[:, :, None])[:, :, 0]
    return np.einsum("ki,ki->k", white, white), 2.0 * np.log(np.einsum("kii->ki", root)).sum(axis=1)


def update(
    mean: Floats, covariance: Floats, innovation: Floats, jacobian: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Return means (k, 6) and covariances (k, 6, 6) given the plots, in Joseph's form [barshalom2001, 5.2.3].

    Joseph's form is a sum of squares, so the covariance stays symmetric and positive definite in finite arithmetic.

    >>> prior, h = np.diag([4.0, 1, 1, 1, 1, 1])[None], np.eye(1, 6)[None]
    >>> mean, covariance = update(np.zeros((1, 6)), prior, np.array([[5.0]]), h, np.eye(1)[None])
    >>> mean[0, 0].item(), round(covariance[0, 0, 0].item(), 6)
    (4.0, 0.8)
    """
    p_ht = covariance @ np.swapaxes(jacobian, 1, 2)
    gain = np.swapaxes(np.linalg.solve(jacobian @ p_ht + noise, np.swapaxes(p_ht, 1, 2)), 1, 2)
    kept = np.eye(6) - gain @ jacobian
    spread = kept @ covariance @ np.swapaxes(kept, 1, 2) + gain @ noise @ np.swapaxes(gain, 1, 2)
    return mean + (gain @ innovation[:, :, None])[:, :, 0], 0.5 * (spread + np.swapaxes(spread, 1, 2))

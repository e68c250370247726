"""Smoothing of recorded fixes: the cubic Hermite curve that bends least while it keeps near what was measured.

Positions, velocities and their uncertainties go in; the positions and velocities of the best curve at the same times
come out. Between two fixes the curve is the cubic of `interpolate`, so nothing is lost by storing only its ends.
"""

from __future__ import annotations

import numpy as np

from chainhome.tables import Bools, Floats


def smooth(
    time_s: Floats,
    position_m: Floats,
    velocity_mps: Floats,
    position_precision: Floats,
    velocity_precision: Floats,
    *,
    linked: Bools,
    acceleration_density: float,
) -> tuple[Floats, Floats]:
    """Return smoothed positions (n, 3) and velocities (n, 3) of fixes at rising times (n,).

    The precisions (n, 3, 3) are inverse covariances in 1/m² and (s/m)²; zeros for what was not measured. The curve
    minimises the weighted misfits plus the integral of |acceleration|² / `acceleration_density` (m²/s³) over the
    intervals that are `linked` (n - 1,): the smoothing spline [reinsch1967], and the fixed-interval smoother of a
    target with white-noise acceleration [barshalom2001]. One banded solution, O(n).

    >>> t, x, v = np.array([0.0, 10.0]), np.zeros((2, 3)), np.zeros((2, 3))
    >>> x[1, 0], v[:, 0] = 1000.0, 100.0
    >>> sure = np.tile(np.eye(3), (2, 1, 1))
    >>> smooth(t, x, v, sure, sure, linked=np.array([True]), acceleration_density=1.0)[0][:, 0].round(6).tolist()
    [0.0, 1000.0]
    """
    from scipy.linalg import solveh_banded

    n = len(time_s)
    h = np.where(linked, np.diff(time_s), 1.0)
    weight = np.where(linked, 1.0 / acceleration_density, 0.0)
    # Cost of a link is e' W e, e = (p1 - p0 - h v0, v1 - v0): the integral of the cubic's squared acceleration.
    w_pp, w_pv, w_vv = 12 * weight / h**3, -6 * weight / h**2, 4 * weight / h
    eye = np.eye(3)
    after = _blocks(w_pp, w_pv, w_pv, w_vv, eye)
    cross = _blocks(-w_pp, -w_pv, -h * w_pp - w_pv, -h * w_pv - w_vv, eye)
    before = _blocks(w_pp, -w_pv, -w_pv, w_vv, eye)
    diagonal = np.zeros((n, 6, 6))
    diagonal[:, :3, :3], diagonal[:, 3:, 3:] = position_precision, velocity_precision
    diagonal[:-1] += before
    diagonal[1:] += after
    right = np.concatenate(
        [
            np.einsum("nij,nj->ni", position_precision, position_m),
            np.einsum("nij,nj->ni", velocity_precision, velocity_mps),
        ],
        axis=1,
    )
    solution = np.asarray(solveh_banded(_banded(diagonal, cross), right.ravel()), np.float64).reshape(n, 6)
    return solution[:, :3], solution[:, 3:]


def _blocks(pp: Floats, pv: Floats, vp: Floats, vv: Floats, eye: Floats) -> Floats:
    """Return (m, 6, 6) blocks, each entry times the identity of the three axes."""
    rows = np.stack([np.stack([pp, pv], -1), np.stack([vp, vv], -1)], -2)
    return np.asarray(np.einsum("mij,kl->mikjl", rows, eye).reshape(len(pp), 6, 6))


def _banded(diagonal: Floats, cross: Floats) -> Floats:
    """Return the upper banded form of a symmetric block-tridiagonal matrix of 6 x 6 blocks, as SciPy expects it."""
    band = np.zeros((12, 6 * len(diagonal)))
    for i in range(6):
        for j in range(6):
            if j >= i:
                band[11 + i - j, j::6] = diagonal[:, i, j]
            band[5 + i - j, 6 + j :: 6] = cross[:, i, j]
    return band

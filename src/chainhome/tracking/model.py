"""How an aircraft is expected to move between plots: states at one time in, states at another out.

One model in this version: nearly constant velocity, the acceleration of a manoeuvre taken as white noise. A state is
x, y, z, vx, vy, vz in the world frame, in metres and metres per second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def transition(dt_s: ArrayLike) -> Floats:
    """Return the matrices (n, 6, 6) that move a state on by `dt_s` (n,) seconds, which may be negative.

    >>> (transition([2.0])[0] @ [0.0, 0.0, 0.0, 100.0, 0.0, -5.0]).tolist()
    [200.0, 0.0, -10.0, 100.0, 0.0, -5.0]
    """
    dt = np.asarray(dt_s, np.float64)
    matrix = np.zeros((len(dt), 6, 6))
    matrix[:, range(6), range(6)] = 1.0
    matrix[:, range(3), range(3, 6)] = dt[:, None]
    return matrix


def process_noise(dt_s: ArrayLike, horizontal_m2ps3: float, vertical_m2ps3: float) -> Floats:
    """Return the covariances (n, 6, 6) that white acceleration adds in |`dt_s`| seconds [barshalom2001, 6.2.2].

    The densities are in m²/s³ for each axis: after 12 s a density of 100 leaves 240 m and 35 m/s.

    >>> noise = process_noise([12.0], 100.0, 1.0)[0]
    >>> round(float(noise[0, 0]) ** 0.5), round(float(noise[3, 3]) ** 0.5)
    (240, 35)
    """
    dt = np.abs(np.asarray(dt_s, np.float64))
    density = np.array([horizontal_m2ps3, horizontal_m2ps3, vertical_m2ps3])
    noise = np.zeros((len(dt), 6, 6))
    noise[:, range(3), range(3)] = density * (dt**3 / 3.0)[:, None]
    noise[:, range(3), range(3, 6)] = noise[:, range(3, 6), range(3)] = density * (dt**2 / 2.0)[:, None]
    noise[:, range(3, 6), range(3, 6)] = density * dt[:, None]
    return noise


def predict(
    mean: Floats, covariance: Floats, dt_s: ArrayLike, horizontal_m2ps3: float, vertical_m2ps3: float
) -> tuple[Floats, Floats]:
    """Return means (n, 6) and covariances (n, 6, 6) after `dt_s` (n,) >= 0 seconds of nearly constant velocity.

    >>> mean, covariance = predict(np.array([[0.0, 0, 0, 200, 0, 0]]), np.eye(6)[None], [10.0], 0.0, 0.0)
    >>> mean[0, 0].item(), covariance[0, 0, 0].item()
    (2000.0, 101.0)
    """
    dt = np.asarray(dt_s, np.float64)
    if (dt < 0).any():
        raise ValueError(f"dt_s = {dt.min()}: a prediction goes forward")
    moved = mean.copy()
    moved[:, :3] += dt[:, None] * mean[:, 3:]
    t = dt[:, None, None]
    spread = process_noise(dt, horizontal_m2ps3, vertical_m2ps3)
    spread += covariance
    spread[:, :3, 3:] += t * covariance[:, 3:, 3:]
    spread[:, 3:, :3] += t * covariance[:, 3:, 3:]
    cross = t * covariance[:, 3:, :3]
    spread[:, :3, :3] += cross + np.swapaxes(cross, 1, 2) + t * t * covariance[:, 3:, 3:]
    return moved, spread

"""How a track begins: the state that a single plot tells of, with honest uncertainty (the initiator).

A plot without height gets a height prior; a new track has no velocity but what its range rate says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._birth_kernels import Place, Prior
from chainhome.tracking._birth_kernels import beginnings as fill
from chainhome.tracking.setup import Setup

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def beginnings(value: Floats, variance: Floats, sensor: Ints, setup: Setup) -> tuple[Floats, Floats]:
    """Return the means (m, 6) and covariances (m, 21), as lower triangles, of tracks that begin with plots.

    Slots (m, 5) as in `Plots`.
    """
    p = setup.params
    prior = Prior(p.birth_speed_sigma_mps, p.birth_climb_sigma_mps, p.birth_height_m, p.birth_height_sigma_m)
    mean, triangle = np.empty((len(value), 6)), np.empty((len(value), 21))
    for row, watcher in enumerate(setup.watchers):
        mine = np.flatnonzero(sensor == row)
        if len(mine):
            place = Place(
                origin_m=watcher.origin_m,
                rotation=watcher.rotation,
                earth_m=setup.world.ecef,
                earth_rotation=setup.world.rotation,
                polar=watcher.polar,
                sensor_height_m=float(watcher.frame.height_m),
            )
            fill(mine, value, variance, place, prior, mean, triangle)
    return mean, triangle

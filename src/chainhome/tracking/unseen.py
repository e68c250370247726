"""Objects not seen yet: the Poisson field on the ground out of which plots make new tracks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._unseen_kernels import appeared
from chainhome.tracking.looks import Look
from chainhome.tracking.setup import Watcher
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def newcomers(work: Work, watcher: Watcher, look: Look, cell: Ints, density: Floats, clutter: Floats) -> Floats:
    """Return the density of new objects at each plot, and take what the look shows from the field of the unseen.

    How many objects there are to begin with, nobody knows: the first plots tell.
    """
    p = work.setup.params
    at_first = work.unseen_s != work.unseen_s
    new = np.empty(len(cell))
    if at_first and not len(cell):
        return new
    elapsed = 0.0 if at_first else max(look.end_s - work.unseen_s, 0.0)
    appeared(
        elapsed,
        at_first,
        look.share_after - look.share_before,
        p.mean_life_s,
        p.births_per_m2ps,
        p.unseen_per_m2,
        p.birth_cell_m**2,
        p.least_detection_probability,
        p.new_share_min,
        p.new_share_first,
        watcher.cell_probability.ravel(),
        cell,
        density,
        clutter,
        work.unseen.ravel(),
        new,
    )
    work.unseen_s = look.end_s if at_first else max(look.end_s, work.unseen_s)
    return new

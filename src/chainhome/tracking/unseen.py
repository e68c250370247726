"""Objects not seen yet: the Poisson field on the ground out of which plots make new tracks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking.looks import Look
from chainhome.tracking.setup import Watcher
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_DENSITY = 1e-30  # a sensor without false plots: the ratio stays finite
_LEVEL_STEPS = 20


def newcomers(work: Work, watcher: Watcher, look: Look, cell: Ints, density: Floats, clutter: Floats) -> Floats:
    """Return the density of new objects at each plot, and take what the look shows from the field of the unseen.

    How many objects there are to begin with, nobody knows: the first plots tell, see `_level`.
    """
    p = work.setup.params
    share = look.share_after - look.share_before
    if np.isnan(work.unseen_s) and not len(cell):
        return np.zeros(0)
    elapsed = 0.0 if np.isnan(work.unseen_s) else max(look.end_s - work.unseen_s, 0.0)
    work.unseen *= np.exp(-elapsed / p.mean_life_s)
    work.unseen += p.births_per_m2ps * elapsed
    before = work.unseen.copy()
    shown = work.unseen * np.maximum(watcher.cell_probability, p.least_detection_probability)
    new = shown.ravel()[cell] * density
    if np.isnan(work.unseen_s):
        expected = float((work.unseen * watcher.cell_probability).sum()) * share * p.birth_cell_m**2
        level = _level(new, clutter, expected)
        work.unseen *= level
        new *= level
    work.unseen_s = look.end_s if np.isnan(work.unseen_s) else max(look.end_s, work.unseen_s)
    work.unseen *= 1.0 - watcher.cell_probability * share
    # Where nothing was looked at yet, more of the plots are of objects than later.
    fresh = np.minimum(before.ravel()[cell] / p.unseen_per_m2, 1.0)
    floor = p.new_share_min + (p.new_share_first - p.new_share_min) * fresh
    return np.maximum(new, floor * clutter)


def _level(new: Floats, clutter: Floats, expected: float) -> float:
    """Return how many times more objects there are than supposed, from the first plots [dempster1977].

    The plots are a mixture of new objects, `expected` of them in all, and of false plots; the share of each that is
    new gives the level, the level the share. What was supposed counts as one object seen.
    """
    level = 1.0
    for _ in range(_LEVEL_STEPS):
        share = level * new / np.maximum(level * new + clutter, LEAST_DENSITY)
        level = (1.0 + float(share.sum())) / (1.0 + expected)
    return level

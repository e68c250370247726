"""The compiled pass over the objects not seen yet: how many appear at each plot, and what the look takes from them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_DENSITY = 1e-30  # a sensor without false plots: the ratio stays finite
_LEVEL_STEPS = 20


@inline
def _level(new: Floats, clutter: Floats, expected: float) -> float:
    """How many times more objects there are than supposed, from the first plots [dempster1977].

    The plots are a mixture of new objects, `expected` of them in all, and of false plots; the share of each that is
    new gives the level, the level the share. What was supposed counts as one object seen.
    """
    level = 1.0
    for _ in range(_LEVEL_STEPS):
        total = 0.0
        for i in range(len(new)):
            total += level * new[i] / max(level * new[i] + clutter[i], _LEAST_DENSITY)
        level = (1.0 + total) / (1.0 + expected)
    return level


@lean
def appeared(
    elapsed_s: float,
    at_first: bool,
    share: float,
    life_s: float,
    births_per_m2ps: float,
    supposed_per_m2: float,
    cell_m2: float,
    least: float,
    share_min: float,
    share_first: float,
    probability: Floats,
    cell: Ints,
    density: Floats,
    clutter: Floats,
    unseen: Floats,
    new: Floats,
) -> None:
    """Fill `new` (m,), the density of new objects at each plot, and take from `unseen` (cells,) what a look shows.

    `probability` (cells,) is that of detection in a whole period, of which the look is a `share`. The plots of the very
    first look tell how many objects there are.
    """
    stay, born = math.exp(-elapsed_s / life_s), births_per_m2ps * elapsed_s
    expected = 0.0
    for c in range(len(unseen)):
        unseen[c] = unseen[c] * stay + born
        expected += unseen[c] * probability[c]
    for i in range(len(new)):
        new[i] = unseen[cell[i]] * max(probability[cell[i]], least) * density[i]
    level = _level(new, clutter, expected * share * cell_m2) if at_first else 1.0
    for i in range(len(new)):
        # Where nothing was looked at yet, more of the plots are of objects than later.
        fresh = min(unseen[cell[i]] / supposed_per_m2, 1.0)
        new[i] = max(level * new[i], (share_min + (share_first - share_min) * fresh) * clutter[i])
    for c in range(len(unseen)):
        unseen[c] *= level * (1.0 - probability[c] * share)

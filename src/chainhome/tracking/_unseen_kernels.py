"""The compiled passes over the objects not seen yet: how many appear at each plot, and what the look takes from them.

Where one new object is, there may be others: a formation shows itself as several plots that no track explains, nearer
to each other than false plots are.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LEAST_DENSITY = 1e-30  # a sensor without false plots: the ratio stays finite
_LEVEL_STEPS = 20
_LEAST_SHARE = 0.1  # a plot that is less likely of a new object than this tells nothing of its neighbours


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


@inline
def _strip(x: float, low: float, width: float, strips: int) -> int:
    return min(max(int((x - low) / width), 0), strips - 1)


@lean
def accompanied(
    each_per_m2: float,
    reach_m: float,
    probability: Floats,
    least: float,
    first: int,
    cell: Ints,
    density: Floats,
    mean: Floats,
    appearing: Floats,
    scale: Floats,
    more: Floats,
    lists: Ints,
) -> None:
    """Raise `appearing` (m,), the density of new objects at each plot, where plots nearby may be of new ones, too.

    `appearing` times `scale` (m,) is the probability that a plot is of a new object, and each such object has others
    about it, `each_per_m2` within `reach_m` on the ground: a cluster process [neyman1958], of which one step is taken
    from each plot to its neighbours. `scale` falls where `appearing` rises, so that a plot is still of one thing only.
    `mean` (m, 6) says where the plots are, `cell` and `density` are those of all plots, of which these begin with
    `first`; `more` (m,) and `lists` (2, m) are work arrays.
    """
    m = len(appearing)
    west, east, south, north = math.inf, -math.inf, math.inf, -math.inf
    for i in range(m):
        if appearing[i] * scale[i] >= _LEAST_SHARE:
            west, east = min(west, mean[i, 0]), max(east, mean[i, 0])
            south, north = min(south, mean[i, 1]), max(north, mean[i, 1])
    if west > east:
        return
    # Squares of ground, as lists of the plots in them that tell of others.
    width = reach_m
    while (int((east - west) / width) + 1) * (int((north - south) / width) + 1) > m:
        width *= 2.0
    columns, rows = int((east - west) / width) + 1, int((north - south) / width) + 1
    for square in range(columns * rows):
        lists[0, square] = -1
    for i in range(m):
        more[i] = 0.0
        if appearing[i] * scale[i] >= _LEAST_SHARE:
            square = _strip(mean[i, 1], south, width, rows) * columns + _strip(mean[i, 0], west, width, columns)
            lists[1, i] = lists[0, square]
            lists[0, square] = i
    for i in range(m):
        x, y = mean[i, 0], mean[i, 1]
        outside = x < west - reach_m or x > east + reach_m or y < south - reach_m or y > north + reach_m
        if scale[i] <= 0.0 or outside:
            continue
        company = 0.0
        left, right = _strip(x - reach_m, west, width, columns), _strip(x + reach_m, west, width, columns)
        for row in range(_strip(y - reach_m, south, width, rows), _strip(y + reach_m, south, width, rows) + 1):
            for square in range(row * columns + left, row * columns + right + 1):
                j = lists[0, square]
                while j >= 0:
                    dx, dy = mean[j, 0] - x, mean[j, 1] - y
                    if j != i and dx * dx + dy * dy <= reach_m * reach_m:
                        company += appearing[j] * scale[j]
                    j = lists[1, j]
        more[i] = each_per_m2 * company * max(probability[cell[first + i]], least) * density[first + i]
    for i in range(m):
        appearing[i] += more[i]
        scale[i] /= 1.0 + more[i] * scale[i]

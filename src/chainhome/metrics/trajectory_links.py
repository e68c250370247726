"""Which estimate stands for which truth at each step, where a change has its price: gains in, shares of pairs out.

A pair of trajectories has a gain at each step (negative: better than leaving both alone). A share w between 0 and 1 of
each pair is chosen at each step, so that no trajectory gives away more than 1, and the gains plus `half_switch` times
every change of every share sum to least.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.metrics.matching import groups_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Pairs times steps that are looked at together where time is cut, whatever of them is a linear program.
_MOST_TABLE = 10_000_000


def best_shares(i: Ints, j: Ints, gain: Floats, half_switch: float) -> Floats:
    """Return the best shares (n, k) of the n pairs (i, j) at k steps; `gain` is (n, k), zero or less.

    Groups of pairs that share no trajectory are solved one by one: where all pairs of a group have one trajectory in
    common, exactly by dynamic programming; else by the linear program. Steps at which a group has nothing to gain
    change nothing, and are left out of it.

    >>> best_shares(np.array([0, 0]), np.array([0, 1]), np.array([[-9.0, -9.0, 0.0], [0.0, 0.0, -9.0]]), 2.0).tolist()
    [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    rows, columns = (int(ids.max(initial=-1)) + 1 for ids in (i, j))
    group = groups_of(i, j, rows, columns)
    order = np.argsort(group, kind="stable")
    count = np.bincount(group)
    first = np.cumsum(count) - count
    shares = np.zeros(gain.shape)
    stars: dict[int, list[Ints]] = {}
    for start, size in zip(first, count, strict=True):
        pairs = order[start : start + size]
        if len(np.unique(i[pairs])) == 1 or len(np.unique(j[pairs])) == 1:
            stars.setdefault(int(size), []).append(pairs)
        else:
            used = np.flatnonzero((gain[pairs] < 0).any(axis=0))
            found = _by_program(i[pairs], j[pairs], gain[np.ix_(pairs, used)], half_switch)
            # A step left out takes the shares of the step before, or of the first.
            held = np.maximum(np.searchsorted(used, np.arange(gain.shape[1]), side="right") - 1, 0)
            shares[pairs] = found[:, held]
    for alike in stars.values():
        pairs = np.stack(alike)
        shares[pairs] = _around_one(gain[pairs], half_switch)
    return shares


def cuts_of(pair: Ints, step: Ints, size: int, steps: int, most_cells: int | None) -> Ints:
    """Return the steps before which to cut time, so that no linear program has more than `most_cells` pairs * steps.

    `pair` (n,) is i * size + j and `step` (n,) the steps at which they are near, in order; None = no cut. Pieces that
    are too large are halved; a single step is never too large.

    >>> cuts_of(np.array([0, 1, 2, 3] * 4), np.repeat(np.arange(4), 4), 2, 4, 8).tolist()
    [2]
    """
    if most_cells is None:
        return np.zeros(0, np.int64)
    cuts, pieces = [], [(0, steps)]
    while pieces:
        start, stop = pieces.pop()
        first, last = np.searchsorted(step, [start, stop])
        if stop - start > 1 and _too_large(np.unique(pair[first:last]), size, stop - start, most_cells):
            middle = (start + stop) // 2
            cuts.append(middle)
            pieces += [(start, middle), (middle, stop)]
    return np.sort(np.array(cuts, np.int64))


def _too_large(names: Ints, size: int, steps: int, most_cells: int) -> bool:
    """Return whether the pairs of a piece make too large a table, or one group that is no star too large a program."""
    if len(names) * steps > _MOST_TABLE:
        return True
    i, j = names // size, names % size
    group = groups_of(i, j, int(i.max(initial=-1)) + 1, int(j.max(initial=-1)) + 1)
    count = np.bincount(group)
    star = np.zeros(len(count), np.bool_)
    for ids in (i, j):
        low, high = np.full(len(count), np.iinfo(np.int64).max), np.full(len(count), -1)
        np.minimum.at(low, group, ids)
        np.maximum.at(high, group, ids)
        star |= low == high
    return bool((count[~star] * steps > most_cells).any())


def _around_one(gain: Floats, half_switch: float) -> Floats:
    """Return the shares (g, m, k) of g groups of m pairs with one trajectory in common, from their gains (g, m, k).

    At each step one pair or none holds; from one pair to another goes by way of none, a half switch each way. The
    linear program has no better answer, since its changes of shares are a flow on this star.
    """
    groups, size, steps = gain.shape
    rows = np.arange(groups)
    pair, none = gain[:, :, 0].copy(), np.zeros(groups)
    stays = np.ones((steps, groups, size), np.bool_)
    before_none = np.full((steps, groups), -1)
    for k in range(1, steps):
        cheapest = pair.argmin(axis=1)
        left = pair[rows, cheapest] + half_switch
        before_none[k] = np.where(left < none, cheapest, -1)
        none = np.minimum(none, left)
        stays[k] = pair <= none[:, None] + half_switch
        pair = np.minimum(pair, none[:, None] + half_switch) + gain[:, :, k]
    state = np.where(pair.min(axis=1) < none, pair.argmin(axis=1), -1)
    shares = np.zeros(gain.shape)
    for k in range(steps - 1, -1, -1):
        held = state >= 0
        shares[rows[held], state[held], k] = 1.0
        state = np.where(held & stays[k, rows, state], state, before_none[k])
    return shares


def _by_program(i: Ints, j: Ints, gain: Floats, half_switch: float) -> Floats:
    """Return the shares (n, k) of one group of pairs by linear programming with HiGHS.

    The variables are the shares, then the rises and the falls between steps, each (n, k - 1).
    """
    from scipy.optimize import linprog
    from scipy.sparse import block_array, coo_array, eye_array, kron

    from chainhome.errors import ChainhomeError

    # The stubs of SciPy do not know that linprog takes sparse constraints.
    solve: Any = linprog

    n, steps = gain.shape
    unit = float(-gain.min())
    changes = n * (steps - 1)
    cost = np.concatenate([gain.ravel() / unit, np.full(2 * changes, half_switch / unit)])
    step = eye_array(steps - 1, steps, k=1) - eye_array(steps - 1, steps)
    level = kron(eye_array(n), step)
    change = eye_array(changes)
    one_each = []
    for ids in (i, j):
        number = np.unique(ids, return_inverse=True)[1]
        several = np.flatnonzero(np.bincount(number)[number] > 1)
        row = np.unique(number[several], return_inverse=True)[1]
        shape = int(row.max(initial=-1)) + 1, n
        one_each.append([coo_array((np.ones(len(several)), (row, several)), shape=shape)])
    limit: Any = coo_array(kron(block_array(one_each), eye_array(steps)))
    limit.resize(limit.shape[0], len(cost))
    solved = solve(
        cost,
        A_ub=limit,
        b_ub=np.ones(limit.shape[0]),
        A_eq=block_array([[level, -change, change]]) if changes else None,
        b_eq=np.zeros(changes) if changes else None,
        bounds=np.column_stack([np.zeros(len(cost)), np.append(np.ones(n * steps), np.full(2 * changes, np.inf))]),
        method="highs-ds",
    )
    if solved.x is None:
        raise ChainhomeError(f"the linear program of {n} pairs at {steps} steps was not solved: {solved.message}")
    return np.asarray(np.clip(solved.x[: n * steps].reshape(n, steps), 0.0, 1.0), np.float64)

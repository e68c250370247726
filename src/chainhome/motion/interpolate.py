"""Where targets are at any time: cubic Hermite interpolation between the rows of a Truth table.

A Truth table and any number of (target, time) questions go in; positions and velocities come out, NaN where the target
does not exist or where the recording has a gap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from chainhome.tables import Floats, Ints, Truth

GAP_S = 60.0
"""Rows of one target further apart than this are not joined: what happened between them is not known."""


@final
@dataclass(frozen=True, eq=False)
class TruthIndex:
    """A Truth table sorted by target and time, ready for questions: `target_id[k]` owns `first[k]:first[k + 1]`."""

    target_id: Ints
    first: Ints
    time_s: Floats
    position_m: Floats
    velocity_mps: Floats
    gap_s: float


def index(truth: Truth, *, gap_s: float = GAP_S) -> TruthIndex:
    """Sort truth by target and time, once, for `interpolate`; rows further apart than `gap_s` are not joined.

    >>> rows = Truth.make(time_s=[5.0, 0.0, 0.0], target_id=[4, 4, 9])
    >>> index(rows).target_id.tolist(), index(rows).first.tolist()
    ([4, 9], [0, 2, 3])
    """
    rows = truth.sorted_by("target_id", "time_s")
    target_id, first = np.unique(rows.target_id, return_index=True)
    return TruthIndex(
        target_id=target_id,
        first=np.append(first, len(rows)).astype(np.int64),
        time_s=rows.time_s,
        position_m=np.column_stack([rows.x_m, rows.y_m, rows.z_m]),
        velocity_mps=np.column_stack([rows.vx_mps, rows.vy_mps, rows.vz_mps]),
        gap_s=gap_s,
    )


def interpolate(truth: Truth | TruthIndex, target_ids: ArrayLike, times_s: ArrayLike) -> tuple[Floats, Floats]:
    """Return positions (n, 3) in metres and velocities (n, 3) in m/s of the targets at the times (both broadcast to n).

    The curve between two rows is the cubic that meets their positions and velocities (Hermite), so velocity is its
    derivative. NaN for an unknown target, before its first row, after its last, and inside a gap. Give a `TruthIndex`
    to ask more than once.

    >>> rows = Truth.make(time_s=[0.0, 2.0], target_id=1, x_m=[0, 400], y_m=0, z_m=0, vx_mps=200, vy_mps=0, vz_mps=0)
    >>> position, velocity = interpolate(rows, 1, [1.0, 3.0])
    >>> position[:, 0].tolist(), velocity[:, 0].tolist()
    ([200.0, nan], [200.0, nan])
    """
    table = truth if isinstance(truth, TruthIndex) else index(truth)
    ids, times = np.broadcast_arrays(np.atleast_1d(target_ids), np.atleast_1d(np.asarray(times_s, np.float64)))
    if ids.ndim != 1:
        raise ValueError(f"target_ids and times_s broadcast to {ids.shape}, expected (n,)")
    if not len(table.time_s):
        return np.full((len(ids), 3), np.nan), np.full((len(ids), 3), np.nan)
    owner = np.minimum(np.searchsorted(table.target_id, ids), len(table.target_id) - 1)
    start, stop = table.first[owner], table.first[owner + 1]
    row = _last_row_not_after(table.time_s, start, stop, times)
    alive = (table.target_id[owner] == ids) & (row >= start)
    row = np.maximum(row, start)
    after = np.minimum(row + 1, stop - 1)
    step = table.time_s[after] - table.time_s[row]
    offset = times - table.time_s[row]
    alive &= (offset == 0) | ((offset <= step) & (step <= table.gap_s))
    position, velocity = _hermite(table, row, after, np.where(step > 0, step, 1.0), offset)
    position[~alive] = np.nan
    velocity[~alive] = np.nan
    return position, velocity


def _last_row_not_after(time_s: Floats, start: Ints, stop: Ints, times: Floats) -> Ints:
    """Bisect each question inside its own target's rows: the last row with time <= t, or start - 1."""
    low, high = start.copy(), stop.copy()
    for _ in range(int(np.max(stop - start, initial=0)).bit_length()):
        middle = (low + high) // 2
        early = (low < high) & (time_s[np.minimum(middle, len(time_s) - 1)] <= times)
        low = np.where(early, middle + 1, low)
        high = np.where(early, high, np.minimum(middle, high))
    return low - 1


def _hermite(table: TruthIndex, row: Ints, after: Ints, step: Floats, offset: Floats) -> tuple[Floats, Floats]:
    # Questions outside a row's step become NaN later; clipped, they cannot overflow before.
    h, u = step[:, None], (np.clip(offset, 0.0, step) / step)[:, None]
    p0, p1 = table.position_m[row], table.position_m[after]
    m0, m1 = table.velocity_mps[row], table.velocity_mps[after]
    rise = p1 - p0
    # Written from the near row on, so that a question at a row returns that row to the last bit.
    position = p0 + u * (h * m0 + u * ((3 * rise - h * (2 * m0 + m1)) + u * (h * (m0 + m1) - 2 * rise)))
    velocity = m0 + u * (2 * (3 * rise / h - 2 * m0 - m1) + 3 * u * (m0 + m1 - 2 * rise / h))
    return position, velocity

"""The compiled pass that ends a look: tracks judged, their rows written, those that ended dropped.

The state's arrays are changed in place, and rows for the table of tracks are filled.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean
from chainhome.tracking._update_kernels import Columns, Limits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

# Codes of tables.TRACK_STATUSES; a test compares them.
TENTATIVE, CONFIRMED, ENDED = 0, 1, 2
_NEWS = 0.25  # share of a detection that a look must have been worth to say that it missed a track


class Rows(NamedTuple):
    """Rows for the table of tracks."""

    time_s: Floats
    track_id: Ints
    mean: Floats  # (rows, 6)
    covariance: Floats  # (rows, 6, 6), in full as the table has it
    existence: Floats
    weight: Floats  # (rows, k)
    detection_id: Ints
    status: Codes


@inline
def _without_ended(n: int, k: int, columns: Columns) -> int:
    """Move tracks from the end into the places of those that ended; return how many are left."""
    t = 0
    while t < n:
        if columns.existence[t] >= 0.0:
            t += 1
            continue
        n -= 1
        if columns.existence[n] < 0.0:
            continue
        for j in range(k):
            columns.weight[t, j] = columns.weight[n, j]
            for b in range(6):
                columns.mean[t, j, b] = columns.mean[n, j, b]
            for q in range(21):
                columns.covariance[t, j, q] = columns.covariance[n, j, q]
        columns.existence[t] = columns.existence[n]
        columns.share[t] = columns.share[n]
        columns.rank[t] = columns.rank[n]
        columns.plot_now[t] = columns.plot_now[n]
        columns.time_s[t] = columns.time_s[n]
        for s in range(columns.last_seen_s.shape[1]):
            columns.last_seen_s[t, s] = columns.last_seen_s[n, s]
        columns.track_id[t] = columns.track_id[n]
        columns.mode_s_address[t] = columns.mode_s_address[n]
        columns.mode_3a[t] = columns.mode_3a[n]
        columns.status[t] = columns.status[n]
        t += 1
    return n


@lean
def settled(
    n: int,
    before: int,
    seen: int,
    row: Ints,
    worth: Floats,
    clock_s: float,
    life_s: float,
    viewed: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    limits: Limits,
    columns: Columns,
    at: int,
    rows: Rows,
) -> tuple[int, int]:
    """Judge the n tracks, write the rows of those that the look changed, drop those that ended.

    The first `before` were there before the look, `lost` (before,) says which ended; the others are new or parts.
    row[:seen] were in view, `worth` (seen,) is the share of a detection that the look was to each; `viewed` is a work
    array. A negative existence marks what was merged into another. Returns how many are left and where the next row
    goes.
    """
    k = columns.weight.shape[1]
    for t in range(before):
        viewed[t] = False
    # A track that the look hardly passed over, or that is hidden, has no news and no row.
    for a in range(seen):
        viewed[row[a]] = worth[a] >= _NEWS or columns.plot_now[row[a]] >= 0
    for t in range(n):
        status, r = columns.status[t], columns.existence[t]
        if r < 0.0:
            continue
        changed = t >= before or viewed[t]
        if not changed:
            r = r * math.exp(-max(clock_s - columns.time_s[t], 0.0) / life_s)
        if status == TENTATIVE and r > limits.confirm:
            status = CONFIRMED
        floor = limits.end if status == CONFIRMED else limits.drop
        ended = r < floor or r <= 0.0 or (t < before and lost[t])
        known = status == CONFIRMED
        if ended:
            status = ENDED
        if (
            columns.rank[t] == 0
            and (changed or ended)
            and (ended if known and r < limits.show else known or (not ended and r >= limits.report))
        ):
            rows.time_s[at] = columns.time_s[t]
            rows.track_id[at] = columns.track_id[t]
            rows.existence[at] = r
            rows.status[at] = status
            rows.detection_id[at] = columns.plot_now[t] if changed else -1
            _combine(columns, t, k, rows, at)
            at += 1
        columns.status[t] = status
        if ended:
            columns.existence[t] = -1.0
    return _without_ended(n, k, columns), at


@inline
def _combine(columns: Columns, t: int, k: int, rows: Rows, at: int) -> None:
    """Write the mean and covariance of a track over its models, matched in moments."""
    for b in range(6):
        total = 0.0
        for j in range(k):
            total += columns.weight[t, j] * columns.mean[t, j, b]
        rows.mean[at, b] = total
    q = 0
    for b in range(6):
        for c in range(b + 1):
            total = 0.0
            for j in range(k):
                apart = (columns.mean[t, j, b] - rows.mean[at, b]) * (columns.mean[t, j, c] - rows.mean[at, c])
                total += columns.weight[t, j] * (columns.covariance[t, j, q] + apart)
            rows.covariance[at, b, c] = total
            rows.covariance[at, c, b] = total
            q += 1
    for j in range(k):
        rows.weight[at, j] = columns.weight[t, j]

"""The compiled backward pass over the rows of tracks: what later rows say about earlier ones.

Rows come track after track, each track in the order of time. A row is what the filter believed at its moment, all
motion models in one mean and covariance. `tests/unit/test_unit_tracking_smooth.py` holds the plain twin.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# A row further than this from what the one before foretells does not continue it, and smoothing begins anew: a squared
# distance of six components. That of turns that no model has stays below; jumps of a track to another aircraft do not.
BROKEN = 150.0
_LEAST_WEIGHT = 1e-4  # motion models less likely than this are left out of the prediction
_ROUNDING = 1e-9
_SWEEPS = 12


class Way(NamedTuple):
    """k motion models: white acceleration along, across and above the track, and a rate of turn."""

    along_m2ps3: Floats
    across_m2ps3: Floats
    vertical_m2ps3: Floats
    turn_radps: Floats


class Rows(NamedTuple):
    """n rows of what the filter believed."""

    time_s: Floats
    mean: Floats  # (n, 6)
    covariance: Floats  # (n, 6, 6)
    weight: Floats  # (n, k)
    seen: Bools  # (n,) with a plot


class Room(NamedTuple):
    """Scratch for one row."""

    mean: Floats  # (6,) smoothed, of the row that was taken last
    spread: Floats  # (6, 6)
    ahead: Floats  # (6,) predicted from the row before
    ahead_spread: Floats
    cross: Floats  # (6, 6) covariance of a row and of its prediction
    moved: Floats  # (k, 6)
    moved_spread: Floats  # (6, 6) of one model
    turned: Floats  # (k, 4) sine and cosine of the angle turned, and both over the rate
    share: Floats  # (k,)
    root: Floats  # (6, 6)
    gain: Floats  # (6, 6)
    change: Floats  # (6, 6)
    whole: Floats  # (6, 6)
    axes: Floats  # (6, 6)
    step: Floats  # (6,)


@kernel
def _cholesky(matrix: Floats, out: Floats) -> bool:
    """Fill the lower Cholesky factor; return whether the matrix is positive definite."""
    for i in range(6):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= out[i, k] * out[j, k]
            if i > j:
                out[i, j] = total / out[j, j]
            elif total > 0.0:
                out[i, i] = math.sqrt(total)
            else:
                return False
    return True


@kernel
def _shares(row: int, weight: Floats, share: Floats) -> None:
    """Fill how likely each model was on the way to `row`: what the filter believed there, with its plot."""
    k, total = len(share), 0.0
    for j in range(k):
        share[j] = weight[row, j] if weight[row, j] > _LEAST_WEIGHT else 0.0
        total += share[j]
    for j in range(k):
        share[j] = share[j] / total if total > 0.0 else 1.0 / k


@kernel
def _centres(mean: Floats, dt: float, way: Way, room: Room) -> None:
    """Fill where each model takes a mean, and the mean of that."""
    x, ahead = mean, room.ahead
    for c in range(6):
        ahead[c] = 0.0
    for j in range(len(room.share)):
        turn = way.turn_radps[j]
        s0, c0 = math.sin(turn * dt), math.cos(turn * dt)
        s1 = dt if turn == 0.0 else s0 / turn
        c1 = 0.0 if turn == 0.0 else (1.0 - c0) / turn
        to, t = room.moved[j], room.turned[j]
        t[0], t[1], t[2], t[3] = s0, c0, s1, c1
        to[0] = x[0] + s1 * x[3] + c1 * x[4]
        to[1] = x[1] + s1 * x[4] - c1 * x[3]
        to[2] = x[2] + dt * x[5]
        to[3] = c0 * x[3] + s0 * x[4]
        to[4] = c0 * x[4] - s0 * x[3]
        to[5] = x[5]
        for c in range(6):
            ahead[c] += room.share[j] * to[c]


@kernel
def _turn(p: Floats, by_rows: bool, dt: float, turned: Floats, to: Floats) -> None:
    """Fill F p (by rows) or p F' (by columns) for the transition F of one model."""
    s0, c0, s1, c1 = turned[0], turned[1], turned[2], turned[3]
    for i in range(6):
        a = p[0, i] if by_rows else p[i, 0]
        b = p[1, i] if by_rows else p[i, 1]
        c = p[2, i] if by_rows else p[i, 2]
        d = p[3, i] if by_rows else p[i, 3]
        e = p[4, i] if by_rows else p[i, 4]
        f = p[5, i] if by_rows else p[i, 5]
        u, v, w = a + s1 * d + c1 * e, b + s1 * e - c1 * d, c + dt * f
        d, e = c0 * d + s0 * e, c0 * e - s0 * d
        if by_rows:
            to[0, i], to[1, i], to[2, i], to[3, i], to[4, i], to[5, i] = u, v, w, d, e, f
        else:
            to[i, 0], to[i, 1], to[i, 2], to[i, 3], to[i, 4], to[i, 5] = u, v, w, d, e, f


@kernel
def _forward_of(row: int, dt: float, rows: Rows, way: Way, room: Room) -> None:
    """Fill mean and covariance of the prediction from `row`, over all models, and its covariance with the row."""
    p, spread, cross = rows.covariance[row], room.ahead_spread, room.cross
    for c in range(6):
        for d in range(6):
            spread[c, d] = 0.0
            cross[c, d] = 0.0
    d1, d2, d3 = dt, dt * dt / 2.0, dt * dt * dt / 3.0
    _centres(rows.mean[row], dt, way, room)
    for j in range(len(room.share)):
        a = room.share[j]
        if a == 0.0:
            continue
        part, whole, to = room.change, room.moved_spread, room.moved[j]
        _turn(p, False, dt, room.turned[j], part)
        _turn(part, True, dt, room.turned[j], whole)
        # As in the filter: half as far known as the direction is, the noise lies along and across the track.
        sure = 1.0 / (to[3] * to[3] + to[4] * to[4] + whole[3, 3] + whole[4, 4] + 1e-300)
        half = 0.5 * (way.along_m2ps3[j] + way.across_m2ps3[j])
        apart = 0.5 * (way.along_m2ps3[j] - way.across_m2ps3[j]) * sure
        even, odd = apart * (to[3] * to[3] - to[4] * to[4]), apart * 2.0 * to[3] * to[4]
        for c in range(3):
            for d in range(3):
                q = odd if c + d == 1 else 0.0
                q = half + even if c == 0 and d == 0 else (half - even if c == 1 and d == 1 else q)
                q = way.vertical_m2ps3[j] if c == 2 and d == 2 else q
                whole[c, d] += q * d3
                whole[c + 3, d] += q * d2
                whole[c, d + 3] += q * d2
                whole[c + 3, d + 3] += q * d1
        for c in range(6):
            for d in range(6):
                cross[c, d] += a * part[c, d]
                spread[c, d] += a * (whole[c, d] + (to[c] - room.ahead[c]) * (to[d] - room.ahead[d]))


@kernel
def _gain(room: Room) -> float:
    """Fill the gain, cross times the inverse of the predicted covariance; return the squared distance of the step."""
    if not _cholesky(room.ahead_spread, room.root):
        return math.inf
    low, white, distance = room.root, room.step, 0.0
    for i in range(6):
        total = room.mean[i] - room.ahead[i]
        for k in range(i):
            total -= low[i, k] * white[k]
        white[i] = total / low[i, i]
        distance += white[i] * white[i]
    for r in range(6):
        g = room.gain[r]
        for i in range(6):
            total = room.cross[r, i]
            for k in range(i):
                total -= low[i, k] * g[k]
            g[i] = total / low[i, i]
        for i in range(5, -1, -1):
            total = g[i]
            for k in range(i + 1, 6):
                total -= low[k, i] * g[k]
            g[i] = total / low[i, i]
    return distance


@kernel
def _limited(p: Floats, room: Room) -> None:
    """Take care that the smoothed covariance is positive definite and nowhere larger than the filtered one, `p`.

    In the coordinates in which `p` is the identity the eigenvalues are brought to 0 to 1, by Jacobi's rotations.
    """
    s, d, low, v = room.spread, room.whole, room.root, room.axes
    for i in range(6):
        for j in range(i + 1):
            d[i, j] = p[i, j] - s[i, j]
        d[i, i] += _ROUNDING * p[i, i]
    if _cholesky(s, low) and _cholesky(d, low):
        return
    if not _cholesky(p, low):
        for i in range(6):
            for j in range(6):
                s[i, j] = p[i, j]
        return
    # d = L^-1 s L^-T
    for c in range(6):
        for i in range(6):
            total = s[i, c]
            for k in range(i):
                total -= low[i, k] * d[k, c]
            d[i, c] = total / low[i, i]
    for r in range(6):
        for i in range(6):
            total = d[r, i]
            for k in range(i):
                total -= low[i, k] * d[r, k]
            d[r, i] = total / low[i, i]
    _diagonal(d, v)
    # s = (L V) clipped (L V)'
    for i in range(6):
        for c in range(6):
            total = 0.0
            for k in range(i + 1):
                total += low[i, k] * v[k, c]
            room.change[i, c] = total
    for i in range(6):
        for j in range(i + 1):
            total = 0.0
            for c in range(6):
                total += room.change[i, c] * room.change[j, c] * min(max(d[c, c], _ROUNDING), 1.0)
            s[i, j] = total
            s[j, i] = total


@kernel
def _diagonal(d: Floats, v: Floats) -> None:
    """Turn a symmetric matrix to a diagonal one, and fill the rotation that does it: Jacobi's method."""
    for i in range(6):
        for j in range(6):
            v[i, j] = 1.0 if i == j else 0.0
    for _ in range(_SWEEPS):
        off, size = 0.0, 0.0
        for i in range(6):
            size += d[i, i] * d[i, i]
            for j in range(i):
                off += d[i, j] * d[i, j]
        if off <= 1e-28 * size:
            return
        for i in range(1, 6):
            for j in range(i):
                if d[i, j] == 0.0:
                    continue
                slope = (d[i, i] - d[j, j]) / (2.0 * d[i, j])
                t = (1.0 if slope >= 0.0 else -1.0) / (abs(slope) + math.sqrt(1.0 + slope * slope))
                c = 1.0 / math.sqrt(1.0 + t * t)
                s = t * c
                for k in range(6):
                    a, b = d[k, j], d[k, i]
                    d[k, j], d[k, i] = c * a - s * b, s * a + c * b
                for k in range(6):
                    a, b = d[j, k], d[i, k]
                    d[j, k], d[i, k] = c * a - s * b, s * a + c * b
                for k in range(6):
                    a, b = v[k, j], v[k, i]
                    v[k, j], v[k, i] = c * a - s * b, s * a + c * b


@kernel
def _filtered(row: int, rows: Rows, room: Room) -> None:
    for c in range(6):
        room.mean[c] = rows.mean[row, c]
        for d in range(6):
            room.spread[c, d] = rows.covariance[row, c, d]


@kernel
def _back(row: int, rows: Rows, way: Way, room: Room) -> bool:
    """Replace the smoothed estimate of the row after, in `room`, by that of `row`; return whether they join."""
    _shares(row + 1, rows.weight, room.share)
    _forward_of(row, rows.time_s[row + 1] - rows.time_s[row], rows, way, room)
    # Not (distance <= BROKEN) also says no to NaN.
    if not _gain(room) <= BROKEN:
        _filtered(row, rows, room)
        return False
    g, p, t = room.gain, rows.covariance[row], room.change
    for i in range(6):
        room.step[i] = room.mean[i] - room.ahead[i]
        for j in range(6):
            total = 0.0
            for k in range(6):
                total += g[i, k] * (room.spread[k, j] - room.ahead_spread[k, j])
            t[i, j] = total
    for i in range(6):
        total = rows.mean[row, i]
        for k in range(6):
            total += g[i, k] * room.step[k]
        room.mean[i] = total
        for j in range(i + 1):
            total = p[i, j]
            for k in range(6):
                total += t[i, k] * g[j, k]
            room.spread[i, j] = total
            room.spread[j, i] = total
    _limited(p, room)
    return True


@kernel
def _store(row: int, room: Room, mean: Floats, covariance: Floats) -> None:
    for c in range(6):
        mean[row, c] = room.mean[c]
        for d in range(6):
            covariance[row, c, d] = room.spread[c, d]


@kernel
def smooth_rows(first: Ints, rows: Rows, way: Way, lag_s: float, mean: Floats, covariance: Floats, room: Room) -> int:
    """Fill mean and covariance of rows that have later rows of their track within `lag_s`; return how many do not join.

    `first` are the numbers of each track's first row, and the number of rows. Rows after a track's last plot stay.
    """
    broken = 0
    for g in range(len(first) - 1):
        begin, last = first[g], first[g + 1] - 1
        while last > begin and not rows.seen[last]:
            last -= 1
        if lag_s == math.inf:
            _filtered(last, rows, room)
            for row in range(last - 1, begin - 1, -1):
                broken += 0 if _back(row, rows, way, room) else 1
                _store(row, room, mean, covariance)
            continue
        end = begin
        for row in range(begin, last):
            end = max(end, row)
            while end < last and rows.time_s[end + 1] - rows.time_s[row] <= lag_s:
                end += 1
            _filtered(end, rows, room)
            joins = True
            for back in range(end - 1, row - 1, -1):
                joins = _back(back, rows, way, room)
            broken += 0 if joins else 1
            _store(row, room, mean, covariance)
    return broken


def room_for(models: int) -> Room:
    """Return scratch for so many motion models."""
    k = models
    sizes = (6, (6, 6), 6, (6, 6), (6, 6), (k, 6), (6, 6), (k, 4), k, *((6, 6),) * 5, 6)
    return Room(*(np.zeros(size) for size in sizes))

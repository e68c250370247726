"""The compiled passes that find which plots a track can have given: an index over the plots, gates, likelihoods.

Plots are sorted into square bins of their first two slots (range and azimuth, or east and north), so a track looks only
at the bins that its gate touches. Out go the pairs inside a gate in rows by track (a sparse graph).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PI = math.pi
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
_LEAST_DENSITY = 1e-30  # a sensor without false plots: the ratio stays finite


class Look(NamedTuple):
    """m plots of one look, with s slots each."""

    time_s: Floats
    value: Floats  # (m, s), NaN = not measured
    variance: Floats  # (m, s)
    address: Ints
    code: Ints


class Bins(NamedTuple):
    """Plots sorted by bin: those of bin b are order[first[b]:first[b + 1]]."""

    first: Ints
    order: Ints


class Replies(NamedTuple):
    """How much more likely than by chance a reply is, if a plot comes from a track."""

    use: bool
    same_address: float
    same_code: float
    other_code: float


class Pairs(NamedTuple):
    """Pairs inside a gate, one after another; a separate `first` says where those of each track begin."""

    plot: Ints
    likelihood: Floats  # (pairs, k) density of the plot under each model
    weight: Floats  # existence times probability of detection times density times what the replies say


@inline
def _sort_into_bins(look: Look, polar: bool, columns: int, rows: int, low: Floats, step: Floats, bins: Bins) -> None:
    """Fill `bins` and the grid's corner and step (2,): `columns` bins of the first slot, `rows` of the second."""
    m = len(look.time_s)
    for c in range(2):
        smallest, largest = math.inf, -math.inf
        for i in range(m):
            smallest = min(smallest, look.value[i, c])
            largest = max(largest, look.value[i, c])
        if c == 1 and polar:
            smallest, largest = -_PI, _PI
        low[c] = smallest
        step[c] = max((largest - smallest) / (columns if c == 0 else rows), 1e-9) * (1.0 + 1e-12)
    size = columns * rows
    for b in range(size + 1):
        bins.first[b] = 0
    for i in range(m):
        bins.first[_bin(look.value[i, 0], look.value[i, 1], polar, columns, rows, low, step) + 1] += 1
    for b in range(size):
        bins.first[b + 1] += bins.first[b]
    # Backwards, filling each bin from its end; `first` then stands at the beginnings again.
    for i in range(m - 1, -1, -1):
        b = _bin(look.value[i, 0], look.value[i, 1], polar, columns, rows, low, step)
        bins.first[b + 1] -= 1
        bins.order[bins.first[b + 1]] = i
    for b in range(size):
        bins.first[b] = bins.first[b + 1]
    bins.first[size] = m


@inline
def _bin(u: float, v: float, polar: bool, columns: int, rows: int, low: Floats, step: Floats) -> int:
    if polar:
        v = v - 2.0 * _PI * math.floor((v + _PI) / (2.0 * _PI))
    a: int = min(max(math.floor((u - low[0]) / step[0]), 0), columns - 1)
    b: int = min(max(math.floor((v - low[1]) / step[1]), 0), rows - 1)
    return b * columns + a


@inline
def _turned(angle: float) -> float:
    """An angle brought to [-pi, pi)."""
    return angle - 2.0 * _PI * math.floor((angle + _PI) / (2.0 * _PI))


@inline
def _white(
    i: int,
    a: int,
    j: int,
    look: Look,
    polar: bool,
    measured: Floats,
    rate: Floats,
    late: float,
    spread: Floats,
    white: Floats,
    root: Floats,
) -> tuple[float, float, int]:
    """Squared distance of plot i from model j of track a, the density's divisor, and the number of slots.

    The whitened innovation stays in `white` (s,), the root of its covariance in `root`; slots not measured give zeros.
    """
    used = 0
    distance2, divisor = 0.0, 1.0
    for b in range(look.value.shape[1]):
        z = look.value[i, b]
        if z != z:
            for c in range(b):
                root[b, c] = 0.0
            root[b, b] = 1.0
            white[b] = 0.0
            continue
        off = z - measured[a, j, b] - rate[a, j, b] * late
        if polar and b == 1:
            off = _turned(off)
        pivot = spread[a, j, b, b] + look.variance[i, b]
        floor = 1e-12 * pivot
        for c in range(b):
            total = spread[a, j, b, c]
            if look.value[i, c] != look.value[i, c]:
                total = 0.0
            for d in range(c):
                total -= root[b, d] * root[c, d]
            total /= root[c, c]
            root[b, c] = total
            pivot -= total * total
            off -= total * white[c]
        pivot = math.sqrt(max(pivot, floor))
        root[b, b] = pivot
        white[b] = off / pivot
        distance2 += white[b] * white[b]
        divisor *= pivot * _ROOT_TWO_PI
        used += 1
    return distance2, divisor, used


@kernel
def gated(
    count: int,
    row: Ints,
    seen: Floats,
    moment_s: Floats,
    existence: Floats,
    weight: Floats,
    measured: Floats,
    rate: Floats,
    spread: Floats,
    address: Ints,
    code: Ints,
    look: Look,
    mid_s: float,
    slack_s: float,
    turn_radps: float,
    polar: bool,
    side: int,
    low: Floats,
    step: Floats,
    bins: Bins,
    gates: Floats,
    replies: Replies,
    white: Floats,
    root: Floats,
    first: Ints,
    out: Pairs,
) -> int:
    """Fill `out` with the pairs inside a gate; return how many there are, or -1 where `out` is too small.

    Those of track a are the rows first[a]:first[a + 1].
    `gates[q]` is the squared distance that a plot with q measured slots may have under its best model; `slack_s` is how
    far the time of a plot may lie from the moment at which its track was expected (where the beam's rotation
    `turn_radps` is 0: from `mid_s`). `address` and `code` are those of all tracks, of which `row` (count,) are in view;
    the bins are `side` by `side`.
    """
    k = weight.shape[1]
    ns = look.value.shape[1]
    columns, rows = side, side
    _sort_into_bins(look, polar, columns, rows, low, step, bins)
    large_u, large_v, large_w = 0.0, 0.0, 0.0
    for i in range(len(look.time_s)):
        large_u, large_v = max(large_u, look.variance[i, 0]), max(large_v, look.variance[i, 1])
        if ns > 2:
            large_w = max(large_w, look.variance[i, 2])
        if turn_radps <= 0.0:
            slack_s = max(slack_s, abs(look.time_s[i] - mid_s))
    widest = gates[ns]
    n = 0
    room, short = len(out.plot), False
    for a in range(count):
        first[a] = n
        lo_u, hi_u, wide_u, wide_v, fast_u, fast_v = math.inf, -math.inf, 0.0, 0.0, 0.0, 0.0
        v0 = measured[a, 0, 1]
        lo_v, hi_v = 0.0, 0.0
        lo_w, hi_w, wide_w, fast_w = math.inf, -math.inf, 0.0, 0.0
        for j in range(k):
            if weight[a, j] <= 0.0:
                continue
            lo_u, hi_u = min(lo_u, measured[a, j, 0]), max(hi_u, measured[a, j, 0])
            dv = measured[a, j, 1] - v0
            if polar:
                dv = _turned(dv)
            lo_v, hi_v = min(lo_v, dv), max(hi_v, dv)
            wide_u, wide_v = max(wide_u, spread[a, j, 0, 0]), max(wide_v, spread[a, j, 1, 1])
            if ns > 2:
                lo_w, hi_w = min(lo_w, measured[a, j, 2]), max(hi_w, measured[a, j, 2])
                wide_w, fast_w = max(wide_w, spread[a, j, 2, 2]), max(fast_w, abs(rate[a, j, 2]))
            fast_u, fast_v = max(fast_u, abs(rate[a, j, 0])), max(fast_v, abs(rate[a, j, 1]))
        reach_u = math.sqrt(widest * (wide_u + large_u))
        reach_v = math.sqrt(widest * (wide_v + large_v))
        # The beam meets a plot beside the expected azimuth a little earlier or later.
        slack = min(slack_s, (reach_v + hi_v - lo_v) / turn_radps) if turn_radps > 0.0 else slack_s
        reach_u += fast_u * slack
        reach_v += fast_v * slack
        reach_w = math.sqrt(widest * (wide_w + large_w)) + fast_w * slack if ns > 2 else 0.0
        around = polar and hi_v - lo_v + 2.0 * reach_v >= _PI
        first_u = max(math.floor((lo_u - reach_u - low[0]) / step[0]), 0)
        last_u = min(math.floor((hi_u + reach_u - low[0]) / step[0]), columns - 1)
        if polar:
            span = hi_v - lo_v + 2.0 * reach_v
            if span >= 2.0 * _PI - 2.0 * step[1]:
                first_v, last_v = 0, rows - 1
            else:
                begin = _turned(v0 + lo_v - reach_v)
                first_v = math.floor((begin - low[1]) / step[1])
                last_v = math.floor((begin + span - low[1]) / step[1])
        else:
            first_v = max(math.floor((v0 + lo_v - reach_v - low[1]) / step[1]), 0)
            last_v = min(math.floor((v0 + hi_v + reach_v - low[1]) / step[1]), rows - 1)
        # A plot at the upper edge of the grid was put in its last bin.
        first_u = min(first_u, columns - 1)
        if not polar:
            first_v = min(first_v, rows - 1)
        for bin_v in range(first_v, last_v + 1):
            base = (bin_v % rows) * columns
            for s in range(bins.first[base + first_u], bins.first[base + last_u + 1] if last_u >= first_u else 0):
                i = bins.order[s]
                off_u = look.value[i, 0]
                if off_u < lo_u - reach_u or off_u > hi_u + reach_u:
                    continue
                off_v = look.value[i, 1] - v0
                if polar:
                    off_v = _turned(off_v)
                if not around and (off_v < lo_v - reach_v or off_v > hi_v + reach_v):
                    continue
                # A slot that was not measured compares as false: it forbids nothing.
                if ns > 2 and (look.value[i, 2] < lo_w - reach_w or look.value[i, 2] > hi_w + reach_w):
                    continue
                said = 1.0
                if replies.use:
                    t = row[a]
                    if address[t] >= 0 and look.address[i] >= 0:
                        if address[t] != look.address[i]:
                            continue
                        said = replies.same_address
                    elif code[t] >= 0 and look.code[i] >= 0:
                        said = replies.same_code if code[t] == look.code[i] else replies.other_code
                late = look.time_s[i] - moment_s[a]
                if n == room:
                    short = True
                    continue
                inside = False
                total = 0.0
                for j in range(k):
                    if weight[a, j] <= 0.0:
                        out.likelihood[n, j] = 0.0
                        continue
                    d2, divisor, used = _white(i, a, j, look, polar, measured, rate, late, spread, white, root)
                    inside = inside or d2 <= gates[used]
                    density = math.exp(-0.5 * d2) / divisor if d2 < 1200.0 else 0.0
                    out.likelihood[n, j] = density
                    total += weight[a, j] * density
                claim = existence[a] * seen[a] * total * said
                if inside and claim > 0.0:
                    out.plot[n] = i
                    out.weight[n] = claim
                    n += 1
        _ascending(out, first[a], n, k)
    first[count] = n
    return -1 if short else n


@inline
def _ascending(out: Pairs, first: int, last: int, k: int) -> None:
    """Bring the pairs of one track into the order of their plots."""
    for e in range(first + 1, last):
        f = e
        while f > first and out.plot[f - 1] > out.plot[f]:
            out.plot[f - 1], out.plot[f] = out.plot[f], out.plot[f - 1]
            out.weight[f - 1], out.weight[f] = out.weight[f], out.weight[f - 1]
            for j in range(k):
                kept = out.likelihood[f - 1, j]
                out.likelihood[f - 1, j] = out.likelihood[f, j]
                out.likelihood[f, j] = kept
            f -= 1


@kernel
def grouped(
    groups: int,
    group_first: Ints,
    first: Ints,
    plot: Ints,
    weight: Floats,
    at: Ints,
    stamp: Ints,
    out_first: Ints,
    out_plot: Ints,
    out_weight: Floats,
    of_pair: Ints,
) -> int:
    """Join the pairs of all hypotheses of a track, rows group_first[g] to group_first[g + 1]: one pair for each plot.

    `of_pair` says which joined pair each one went to; `at` and `stamp` (m,) are work arrays. Returns their number.
    """
    for i in range(len(stamp)):
        stamp[i] = -1
    n = 0
    for g in range(groups):
        out_first[g] = n
        for a in range(group_first[g], group_first[g + 1]):
            for e in range(first[a], first[a + 1]):
                i = plot[e]
                if stamp[i] != g:
                    stamp[i] = g
                    at[i] = n
                    out_plot[n] = i
                    out_weight[n] = 0.0
                    n += 1
                out_weight[at[i]] += weight[e]
                of_pair[e] = at[i]
        # The pairs of a track ascend by plot.
        for e in range(out_first[g] + 1, n):
            f = e
            while f > out_first[g] and out_plot[f - 1] > out_plot[f]:
                out_plot[f - 1], out_plot[f] = out_plot[f], out_plot[f - 1]
                out_weight[f - 1], out_weight[f] = out_weight[f], out_weight[f - 1]
                at[out_plot[f - 1]], at[out_plot[f]] = f - 1, f
                f -= 1
        for a in range(group_first[g], group_first[g + 1]):
            for e in range(first[a], first[a + 1]):
                of_pair[e] = at[plot[e]]
    out_first[groups] = n
    return n


@kernel
def weighed(
    groups: int,
    group_first: Ints,
    plot: Ints,
    weight: Floats,
    young_first: int,
    young_last: int,
    existence: Floats,
    seen: Floats,
    appearing: Floats,
    clutter: Floats,
    missed: Floats,
    other: Floats,
) -> None:
    """Fill `missed` (groups,), the weight of a grown track without a plot, and `other` (m,): what else a plot may be.

    A plot is of a grown track, of something young or new, or false; young tracks, whose pairs are `young_first` to
    `young_last`, are a Poisson field like the unseen.
    """
    for i in range(len(other)):
        other[i] = appearing[i] + clutter[i]
    for e in range(young_first, young_last):
        other[plot[e]] += weight[e]
    for i in range(len(other)):
        other[i] = max(other[i], _LEAST_DENSITY)
    for g in range(groups):
        total = 0.0
        for a in range(group_first[g], group_first[g + 1]):
            total += existence[a] * seen[a]
        missed[g] = 1.0 - total

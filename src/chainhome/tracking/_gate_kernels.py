"""The compiled passes that find which plots a track can have given: an index over the plots, gates, likelihoods.

Plots are sorted into square bins of their first two slots (range and azimuth, or east and north), so a track looks only
at the bins that its gate touches. Out go the pairs inside a gate in rows by track (a sparse graph).
"""

# Long because a kernel may only call kernels of its own file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

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
    place: Floats  # (m, 4) the first three slots and the time, in that order
    corner: Floats  # (4,) of the grid, and its bins by one unit of each


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
def _sort_into_bins(look: Look, m: int, ns: int, polar: bool, side: int, bins: Bins) -> None:
    """Fill `bins`: `side` bins of the first slot by as many of the second."""
    corner = bins.corner
    for c in range(2):
        smallest, largest = math.inf, -math.inf
        for i in range(m):
            smallest = min(smallest, look.value[i, c])
            largest = max(largest, look.value[i, c])
        if c == 1 and polar:
            smallest, largest = -_PI, _PI
        corner[c] = smallest
        corner[2 + c] = 1.0 / (max((largest - smallest) / side, 1e-9) * (1.0 + 1e-12))
    size = side * side
    for b in range(size + 1):
        bins.first[b] = 0
    for i in range(m):
        bins.first[_bin(look.value[i, 0], look.value[i, 1], polar, side, corner) + 1] += 1
    for b in range(size):
        bins.first[b + 1] += bins.first[b]
    # Backwards, filling each bin from its end; `first` then stands at the beginnings again.
    for i in range(m - 1, -1, -1):
        b = _bin(look.value[i, 0], look.value[i, 1], polar, side, corner)
        bins.first[b + 1] -= 1
        at = bins.first[b + 1]
        bins.order[at] = i
        bins.place[at, 0], bins.place[at, 1] = look.value[i, 0], look.value[i, 1]
        bins.place[at, 2], bins.place[at, 3] = look.value[i, 2] if ns > 2 else 0.0, look.time_s[i]
    for b in range(size):
        bins.first[b] = bins.first[b + 1]
    bins.first[size] = m


@inline
def _bin(u: float, v: float, polar: bool, side: int, corner: Floats) -> int:
    if polar:
        v = v - 2.0 * _PI * math.floor((v + _PI) / (2.0 * _PI))
    a: int = min(max(math.floor((u - corner[0]) * corner[2]), 0), side - 1)
    b: int = min(max(math.floor((v - corner[1]) * corner[3]), 0), side - 1)
    return b * side + a


@inline
def _turned(angle: float) -> float:
    """An angle brought to [-pi, pi)."""
    return angle - 2.0 * _PI * math.floor((angle + _PI) / (2.0 * _PI))


@inline
def _white(
    i: int,
    a: int,
    j: int,
    ns: int,
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
    for b in range(ns):
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


@inline
def _distances(
    a: int,
    k: int,
    ns: int,
    some: int,
    n: int,
    polar: bool,
    moment_s: float,
    weight: Floats,
    measured: Floats,
    rate: Floats,
    spread: Floats,
    look: Look,
    found: Ints,
    spot: Ints,
    place: Floats,
    white: Floats,
    out: Floats,
) -> None:
    """Fill the rows from n on of `out` with the squared distances of plots from the models of track a, in a look of
    equal plots; inf for a model without weight.
    """
    for j in range(k):
        if not weight[j] > 0.0:
            for f in range(some):
                out[n + f, j] = math.inf
        elif ns == 3:
            # The usual radar: number by number, and the plots from where they stand side by side.
            m0, m1, m2 = measured[a, j, 0], measured[a, j, 1], measured[a, j, 2]
            r0, r1, r2 = rate[a, j, 0], rate[a, j, 1], rate[a, j, 2]
            s00, s10, s11 = spread[a, j, 0, 0], spread[a, j, 1, 0], spread[a, j, 1, 1]
            s20, s21, s22 = spread[a, j, 2, 0], spread[a, j, 2, 1], spread[a, j, 2, 2]
            for f in range(some):
                s = spot[f]
                late = place[s, 3] - moment_s
                off = place[s, 1] - m1 - r1 * late
                if polar:
                    off = _turned(off)
                w0 = (place[s, 0] - m0 - r0 * late) * s00
                w1 = (off - s10 * w0) * s11
                w2 = (place[s, 2] - m2 - r2 * late - s20 * w0 - s21 * w1) * s22
                out[n + f, j] = w0 * w0 + w1 * w1 + w2 * w2
        else:
            for f in range(some):
                i = found[f]
                late, d2 = look.time_s[i] - moment_s, 0.0
                for b in range(ns):
                    off = look.value[i, b] - measured[a, j, b] - rate[a, j, b] * late
                    if polar and b == 1:
                        off = _turned(off)
                    for c in range(b):
                        off -= spread[a, j, b, c] * white[c]
                    white[b] = off * spread[a, j, b, b]
                    d2 += white[b] * white[b]
                out[n + f, j] = d2


@inline
def _candidates(
    a: int, ns: int, box: Floats, polar: bool, side: int, ordered: bool, bins: Bins, found: Ints, spot: Ints
) -> int:
    """Fill `found` with the plots in the box of track a, if `ordered` ascending, and `spot` with their places in the
    bins; return how many there are.
    """
    low_u, high_u, centre, low_v, high_v = box[a, 0], box[a, 1], box[a, 2], box[a, 3], box[a, 4]
    low_w, high_w = box[a, 5], box[a, 6]
    corner = bins.corner
    span = high_v - low_v
    around = polar and span >= _PI
    # A plot at the upper edge of the grid was put in its last bin.
    first_u = min(max(math.floor((low_u - corner[0]) * corner[2]), 0), side - 1)
    last_u = min(math.floor((high_u - corner[0]) * corner[2]), side - 1)
    if not polar:
        first_v = min(max(math.floor((centre + low_v - corner[1]) * corner[3]), 0), side - 1)
        last_v = min(math.floor((centre + high_v - corner[1]) * corner[3]), side - 1)
    elif span >= 2.0 * _PI - 2.0 / corner[3]:
        first_v, last_v = 0, side - 1
    else:
        begin = _turned(centre + low_v)
        first_v = math.floor((begin - corner[1]) * corner[3])
        last_v = math.floor((begin + span - corner[1]) * corner[3])
    n = 0
    for bin_v in range(first_v, last_v + 1):
        base = (bin_v if bin_v < side else bin_v - side) * side
        for s in range(bins.first[base + first_u], bins.first[base + last_u + 1] if last_u >= first_u else 0):
            u, off_v, w = bins.place[s, 0], bins.place[s, 1] - centre, bins.place[s, 2]
            if u < low_u or u > high_u:
                continue
            if polar:
                off_v = off_v - 2.0 * _PI if off_v > _PI else (off_v + 2.0 * _PI if off_v < -_PI else off_v)
            if not around and (off_v < low_v or off_v > high_v):
                continue
            # A slot that was not measured compares as false: it forbids nothing.
            if ns > 2 and (w < low_w or w > high_w):
                continue
            i, f = bins.order[s], n
            while ordered and f > 0 and found[f - 1] > i:
                found[f], spot[f] = found[f - 1], spot[f - 1]
                f -= 1
            found[f], spot[f] = i, s
            n += 1
    return n


@lean
def gated(
    count: int,
    grown: int,
    parted: int,
    ns: int,
    row: Ints,
    seen: Floats,
    moment_s: Floats,
    existence: Floats,
    weight: Floats,
    measured: Floats,
    rate: Floats,
    spread: Floats,
    peak: Floats,
    box: Floats,
    widest: Floats,
    faint: float,
    address: Ints,
    code: Ints,
    look: Look,
    plots: int,
    equal: bool,
    polar: bool,
    side: int,
    bins: Bins,
    gates: Floats,
    replies: Replies,
    found: Ints,
    spot: Ints,
    white: Floats,
    root: Floats,
    first: Ints,
    out: Pairs,
) -> int:
    """Fill `out` with the pairs inside a gate; return how many there are, or -1 where `out` is too small.

    Those of track a are the rows first[a]:first[a + 1], for the `grown` ones in the order of their plots. `gates[:, q]`
    is the squared distance that a plot with q measured slots may have under its best model, from a track and, from
    track `parted` on, from one of one plot; in a look of equal plots `widest` says it for each track. `box` holds all
    plots inside; a track whose `widest` is not positive has none. A pair of a young track, those from `grown` on, with
    less weight than `faint` makes no track and is left out.
    `weight`, `address` and `code` are those of all tracks, of which `row` (count,) are in view; the bins are `side` by
    `side`; `found` and `spot` (plots,) and the rest are work arrays. In a look of `equal` plots `spread` and `peak` are
    as such a look has them (see `Moved`).
    """
    k = weight.shape[1]
    _sort_into_bins(look, plots, ns, polar, side, bins)
    n = 0
    room = len(out.plot)
    for a in range(count):
        first[a] = n
        if not widest[a] > 0.0:
            continue
        some = _candidates(a, ns, box, polar, side, a < grown, bins, found, spot)
        if n + some > room:
            return -1
        t = row[a]
        kind = 0 if a < parted else 1
        begin = n
        if equal:
            # First the distances: most plots lie outside, and need no density.
            _distances(
                a, k, ns, some, n, polar, moment_s[a], weight[t], measured, rate, spread, look, found, spot,
                bins.place, white, out.likelihood,
            )  # fmt: skip
        for f in range(some):
            i = found[f]
            said = 1.0
            if replies.use:
                if address[t] >= 0 and look.address[i] >= 0:
                    if address[t] != look.address[i]:
                        continue
                    said = replies.same_address
                elif code[t] >= 0 and look.code[i] >= 0:
                    said = replies.same_code if code[t] == look.code[i] else replies.other_code
            inside = False
            total = 0.0
            if equal:
                nearest = math.inf
                for j in range(k):
                    nearest = min(nearest, out.likelihood[begin + f, j])
                if nearest > widest[a]:
                    continue
                inside = True
                for j in range(k):
                    d2 = out.likelihood[begin + f, j]
                    density = peak[a, j] * math.exp(-0.5 * d2) if d2 < 1200.0 else 0.0
                    out.likelihood[n, j] = density
                    total += weight[t, j] * density
            else:
                late = look.time_s[i] - moment_s[a]
                for j in range(k):
                    out.likelihood[n, j] = 0.0
                    if weight[t, j] > 0.0:
                        d2, divisor, used = _white(i, a, j, ns, look, polar, measured, rate, late, spread, white, root)
                        inside = inside or d2 <= gates[kind, used]
                        out.likelihood[n, j] = math.exp(-0.5 * d2) / divisor if d2 < 1200.0 else 0.0
                        total += weight[t, j] * out.likelihood[n, j]
            claim = existence[a] * seen[a] * total * said
            if inside and claim > 0.0 and (a < grown or claim >= faint):
                out.plot[n] = i
                out.weight[n] = claim
                n += 1
    first[count] = n
    return n


@lean
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


@lean
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

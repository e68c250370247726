"""One look, pass by pass: which tracks are in view, what they should show, which plots are theirs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._gate_kernels import Look as Shown
from chainhome.tracking._gate_kernels import gated, sort_into_bins
from chainhome.tracking._merge_kernels import merged, reduced
from chainhome.tracking._motion_kernels import Moved
from chainhome.tracking._update_kernels import begun, branched, grouped, settled, taken_in
from chainhome.tracking.joint import Seen, take_in_jointly
from chainhome.tracking.looks import Look
from chainhome.tracking.measurement import Plots
from chainhome.tracking.setup import Watcher
from chainhome.tracking.unseen import LEAST_DENSITY, newcomers
from chainhome.tracking.views import see
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST_PLOTS_IN_BINS = 32
_PLOTS_IN_A_BIN = 2
_NEWS = 0.25  # share of a detection that a look must have been worth to say that it missed a track


class _Taken(NamedTuple):
    """The plots of a look as the passes take them."""

    shown: Shown
    slots: Ints
    detection_id: Ints
    appearing: Floats
    clutter: Floats


class _Joined(NamedTuple):
    """Pairs of grown tracks and plots; `of_pair` says which one each pair of a hypothesis went to."""

    first: Ints
    plot: Ints
    weight: Floats
    of_pair: Ints


def take_in(work: Work, plots: Plots, look: Look, clock_s: float) -> None:
    """Take one look in, in place: predict, gate, weigh, update, begin, judge."""
    setup = work.setup
    watcher = setup.watchers[look.sensor]
    work.room_for_tracks(work.count + len(look.rows))
    taken = _taken(work, plots, look, watcher)
    before = work.count
    m, counts = see(work, look, watcher, taken.slots)
    grown, _, seen = counts
    work.first[: seen + 1] = 0
    if seen and len(look.rows):
        _gate(work, look, watcher, m, seen, taken.shown)
    groups = _groups(work, m, grown)
    joined = _join_pairs(work, groups, grown, len(look.rows))
    beta, free, other = _weigh(work, m, groups, counts, joined, taken)
    runs = [(0, len(groups) - 1)]
    if setup.params.association == "pmbm" and grown:
        runs, free = _careful(work, look, watcher, m, groups, joined, taken, beta, free, other)
    scale = free / other
    work.room_for_tracks(work.count + len(look.rows) + int(work.first[seen]) + grown)
    for run in runs:
        _update(work, look, watcher, m, groups, run, joined, taken, beta)
    parts = work.count
    _branch(work, look, watcher, m, counts, taken, scale)
    branches = work.count
    _begin(work, plots, look, taken, scale)
    _merge(work, m.row[:grown], parts, branches)
    work.viewed[:before] = False
    # A track that the look hardly passed over, or that is hidden, has no news and no row.
    work.viewed[m.row[:seen]] = (m.seen[:seen] >= _NEWS) | (work.columns.plot_now[m.row[:seen]] >= 0)
    work.lost[before : work.count] = False
    work.room_for_rows(work.count)
    written = work.row_count
    work.count, work.row_count = settled(
        work.count,
        before,
        clock_s,
        setup.params.mean_life_s,
        work.viewed,
        work.lost,
        setup.limits,
        work.columns,
        work.row_count,
        work.rows,
    )
    if work.shown:
        # What is written of a cluster is its likeliest joint hypothesis, and nothing of another.
        for row in range(written, work.row_count):
            work.rows.existence[row] = work.shown.get(int(work.rows.track_id[row]), work.rows.existence[row])
        work.shown.clear()


def _taken(work: Work, plots: Plots, look: Look, watcher: Watcher) -> _Taken:
    """Return the plots of the look: the slots that any of them has, and the densities of what else they may be."""
    rows = look.rows
    value = plots.value[rows]
    slots = np.flatnonzero((value == value).any(axis=0)) if len(rows) else np.arange(2)
    shown = Shown(
        time_s=plots.time_s[rows],
        value=np.ascontiguousarray(value[:, slots]),
        variance=np.ascontiguousarray(plots.variance[rows][:, slots]),
        address=plots.mode_s_address[rows],
        code=plots.mode_3a[rows],
    )
    clutter = plots.clutter_density[rows]
    appearing = newcomers(work, watcher, look, plots.cell[rows], plots.new_density[rows], clutter)
    return _Taken(shown, slots, plots.detection_id[rows], appearing, clutter)


def _gate(work: Work, look: Look, watcher: Watcher, m: Moved, seen: int, shown: Shown) -> None:
    """Fill the pairs of tracks and plots inside a gate."""
    count = len(shown.time_s)
    side = 1 if count < _FEWEST_PLOTS_IN_BINS else max(1, int(np.sqrt(count / _PLOTS_IN_A_BIN)))
    bins = work.bins_for(count, side * side)
    s = work.scratch
    sort_into_bins(shown, watcher.polar, side, side, s.low, s.step, bins)
    rows = m.row[:seen]
    address, code = work.columns.mode_s_address[rows], work.columns.mode_3a[rows]
    largest = shown.variance.max(axis=0)
    slack, turn = float(np.abs(shown.time_s - look.mid_s).max()), 0.0
    if not np.isnan(look.swept_s):
        slack, turn = look.end_s - look.start_s, 2.0 * np.pi / watcher.period_s
    setup = work.setup
    while True:
        pairs = gated(
            seen,
            m.seen,
            m.time_s,
            m.existence,
            m.weight,
            m.measured,
            m.rate,
            m.spread,
            address,
            code,
            shown,
            largest,
            slack,
            turn,
            watcher.polar,
            side,
            side,
            s.low,
            s.step,
            bins,
            setup.gates,
            setup.replies,
            s.white,
            s.root,
            work.first,
            work.pairs,
        )
        if pairs >= 0:
            return
        work.room_for_pairs()


def _groups(work: Work, m: Moved, grown: int) -> Ints:
    """Return where the hypotheses of each grown track begin, (groups + 1,)."""
    c = work.columns
    rows = m.row[:grown]
    if not (c.share[rows] < 1.0).any():
        return work.one_each[: grown + 1]
    names = c.track_id[rows]
    return np.concatenate([[0], np.flatnonzero(names[1:] != names[:-1]) + 1, [grown]]).astype(np.int64)


def _join_pairs(work: Work, groups: Ints, grown: int, plots: int) -> _Joined:
    """Return the pairs of grown tracks and plots, the hypotheses of a track taken together."""
    pairs = int(work.first[grown])
    plot, weight = work.pairs.plot[:pairs], work.pairs.weight[:pairs]
    count = len(groups) - 1
    if count == grown:
        return _Joined(work.first[: grown + 1], plot, weight, work.numbers(pairs))
    first, joined_plot, joined = np.zeros(count + 1, np.int64), np.zeros(pairs, np.int64), np.zeros(pairs)
    of_pair = np.zeros(pairs, np.int64)
    at, stamp = np.zeros(plots, np.int64), np.zeros(plots, np.int64)
    n = grouped(count, groups, work.first, plot, weight, at, stamp, first, joined_plot, joined, of_pair)
    return _Joined(first, joined_plot[:n], joined[:n], of_pair)


def _weigh(
    work: Work, m: Moved, groups: Ints, counts: tuple[int, int, int], joined: _Joined, taken: _Taken
) -> tuple[Floats, Floats, Floats]:
    """Return the probability of each pair of a grown track, that no such track gave a plot, and what else it may be.

    A plot is of a grown track, of something young or new, or false; young tracks are a Poisson field like the unseen.
    """
    grown, _, seen = counts
    pairs, all_pairs, tracks = int(work.first[grown]), int(work.first[seen]), len(groups) - 1
    count = len(taken.clutter)
    other = taken.appearing + taken.clutter
    if all_pairs > pairs:
        young = slice(pairs, all_pairs)
        other = other + np.bincount(work.pairs.plot[young], work.pairs.weight[young], count)
    other = np.maximum(other, LEAST_DENSITY)
    beta, free = np.zeros(len(joined.plot)), np.ones(count)
    work.beta_missed[:tracks] = 1.0
    if pairs:
        likely = m.existence[:grown] * m.seen[:grown]
        missed = 1.0 - (likely if tracks == grown else np.add.reduceat(likely, groups[:-1]))
        columns = (joined.first, joined.plot, joined.weight, missed, other, beta, work.beta_missed[:tracks], free)
        work.associate(*columns)
    return beta, free, other


def _careful(
    work: Work,
    look: Look,
    watcher: Watcher,
    m: Moved,
    groups: Ints,
    joined: _Joined,
    taken: _Taken,
    beta: Floats,
    free: Floats,
    other: Floats,
) -> tuple[list[tuple[int, int]], Floats]:
    """Take in the tracks that compete for plots; return the runs of groups that are left, and what plots are free."""
    shown, columns = taken.shown, (joined.first, joined.plot, joined.weight, beta)
    likely = m.existence[: groups[-1]] * m.seen[: groups[-1]]
    missed = 1.0 - np.add.reduceat(likely, groups[:-1])
    of_look = (shown, taken.detection_id, watcher.polar, look.sensor)
    mine, left = take_in_jointly(work, Seen(m, groups, *columns, missed, other, *of_look))
    if not mine.any():
        return [(0, len(mine))], free
    edges = np.flatnonzero(np.diff(mine.astype(np.int8), prepend=1, append=1))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)), left


def _update(
    work: Work,
    look: Look,
    watcher: Watcher,
    m: Moved,
    groups: Ints,
    run: tuple[int, int],
    joined: _Joined,
    taken: _Taken,
    beta: Floats,
) -> None:
    """Update the grown tracks of one run of groups."""
    s, p, c = work.scratch, work.setup.params, work.columns
    tracks, groups = run[1] - run[0], groups[run[0] : run[1] + 1]
    if not tracks:
        return
    part_first = work.part_first[run[0] : run[1] + 1]
    work.count = taken_in(
        tracks,
        groups,
        work.count,
        m,
        taken.shown,
        taken.detection_id,
        work.first,
        work.pairs.plot,
        work.pairs.likelihood,
        work.pairs.weight,
        joined.of_pair,
        joined.weight,
        beta,
        work.beta_missed[run[0] :],
        watcher.polar,
        look.sensor,
        p.hypothesis_share_min,
        c,
        part_first,
        s.white,
        s.root,
        s.gain,
    )
    reduced(
        tracks,
        groups,
        m.row,
        part_first,
        p.hypotheses,
        p.hypothesis_distance,
        p.hypothesis_share_min,
        c.mean,
        c.covariance,
        c.weight,
        c.existence,
        c.share,
        c.rank,
        work.list,
        s.root6,
        s.white6,
    )


def _branch(
    work: Work, look: Look, watcher: Watcher, m: Moved, counts: tuple[int, int, int], taken: _Taken, scale: Floats
) -> None:
    s = work.scratch
    work.count, work.next_id = branched(
        *counts,
        work.count,
        work.next_id,
        m,
        taken.shown,
        taken.detection_id,
        work.first,
        work.pairs.plot,
        work.pairs.likelihood,
        work.pairs.weight,
        scale,
        watcher.polar,
        look.sensor,
        work.setup.models.start,
        work.setup.limits,
        work.columns,
        s.white,
        s.root,
        s.gain,
    )


def _begin(work: Work, plots: Plots, look: Look, taken: _Taken, scale: Floats) -> None:
    rows = look.rows
    if not len(rows):
        return
    after = begun(
        work.count,
        work.next_id,
        look.sensor,
        taken.appearing * scale,
        rows,
        plots.mean,
        plots.covariance,
        taken.shown,
        taken.detection_id,
        work.setup.limits,
        work.columns,
    )
    work.next_id += after - work.count
    work.count = after


def _merge(work: Work, grown: Ints, first: int, last: int) -> None:
    """Merge grown tracks in view and the new branches, rows `first` to `last`, where they are one possible object."""
    p, c, s = work.setup.params, work.columns, work.scratch
    rows = np.concatenate([grown, np.arange(first, last)])
    if len(rows) < 2:
        return
    head, following = work.table_for(len(rows))
    merged(
        rows,
        len(rows),
        len(grown),
        p.merge_distance,
        p.merge_existence,
        c.mean,
        c.covariance,
        c.weight,
        c.existence,
        c.time_s,
        c.mode_s_address,
        c.status,
        c.share,
        head,
        following,
        s.root6,
        s.white6,
    )

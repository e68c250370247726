"""One look, pass by pass: which tracks are in view, what they should show, which plots are theirs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._gate_kernels import Look as Shown
from chainhome.tracking._gate_kernels import gated, grouped, weighed
from chainhome.tracking._merge_kernels import merged, reduced
from chainhome.tracking._motion_kernels import Moved
from chainhome.tracking._settle_kernels import settled
from chainhome.tracking._update_kernels import Parts, updated
from chainhome.tracking.joint import Seen, take_in_jointly
from chainhome.tracking.looks import Look
from chainhome.tracking.measurement import Plots
from chainhome.tracking.setup import Watcher
from chainhome.tracking.slots import SLOTS
from chainhome.tracking.unseen import newcomers
from chainhome.tracking.views import InView, see
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEWEST_PLOTS_IN_BINS = 32
_PLOTS_IN_A_BIN = 2
# The slots that are measured, by their set as bits; of an empty look the first two count.
_SLOTS = [np.flatnonzero([kinds >> slot & 1 for slot in range(SLOTS)]) for kinds in range(1 << SLOTS)]
_SLOTS[0] = np.arange(2)


class Given(NamedTuple):
    """The plots of a call as the passes take them: in memory of their own, so that a look can be a piece of each."""

    plots: Plots
    shown: Shown
    """Of all plots, with the slots that any of them has."""
    detection_id: Ints
    kinds: NDArray[np.uint8]
    """(m,) the measured slots of each plot, as bits."""
    all_kinds: int


class _Taken(NamedTuple):
    """The plots of a look as the passes take them."""

    rows: Ints
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


def given(plots: Plots) -> Given:
    """Return plots as `take_in` wants them."""
    present = ~np.isnan(plots.value)
    kinds = (present << np.arange(SLOTS)).sum(axis=1).astype(np.uint8)
    all_kinds = int(np.bitwise_or.reduce(kinds))
    columns = (plots.time_s, plots.value[:, _SLOTS[all_kinds]], plots.variance[:, _SLOTS[all_kinds]])
    time_s, value, variance = (np.array(column, np.float64, order="C") for column in columns)
    address, code, name = (
        np.array(column, np.int64) for column in (plots.mode_s_address, plots.mode_3a, plots.detection_id)
    )
    return Given(plots, Shown(time_s, value, variance, address, code), name, kinds, all_kinds)


def take_in(work: Work, plots: Given, look: Look, clock_s: float) -> None:
    """Take one look in, in place: predict, gate, weigh, update, begin, judge."""
    setup = work.setup
    watcher = setup.watchers[look.sensor]
    before, count = work.count, len(look.rows)
    work.room_for_tracks(before + count)
    taken = _taken(work, plots, look, watcher)
    m, view = see(work, look, watcher, taken.slots)
    work.first[: view.seen + 1] = 0
    if view.seen and count:
        _gate(work, look, watcher, m, view.seen, taken.shown)
    groups = _groups(work, m, view)
    joined = _join_pairs(work, groups, view.grown, count)
    beta, free, other, missed = _weigh(work, m, groups, view, joined, taken)
    runs = work.whole_run(len(groups) - 1)
    if setup.params.association == "pmbm" and view.grown:
        runs, free = _careful(work, look, watcher, m, groups, joined, taken, beta, free, other, missed)
    work.room_for_tracks(work.count + count + int(work.first[view.seen]) + view.grown)
    parts = Parts(joined.of_pair, joined.weight, beta, work.beta_missed)
    _update(work, plots.plots, look, watcher, m, groups, runs, view, taken, parts, free / other)
    work.room_for_rows(work.count)
    written = work.row_count
    work.count, work.row_count = settled(
        work.count,
        before,
        view.seen,
        m.row,
        m.seen,
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


def _taken(work: Work, plots: Given, look: Look, watcher: Watcher) -> _Taken:
    """Return the plots of the look: the slots that any of them has, and the densities of what else they may be."""
    rows: Ints | slice = look.rows
    count = len(look.rows)
    if count and look.rows[-1] - look.rows[0] == count - 1:
        rows = slice(int(look.rows[0]), int(look.rows[-1]) + 1)
    kinds = int(np.bitwise_or.reduce(plots.kinds[rows]))
    of_all = plots.shown
    shown = Shown(
        of_all.time_s[rows], of_all.value[rows], of_all.variance[rows], of_all.address[rows], of_all.code[rows]
    )
    slots = _SLOTS[kinds]
    if kinds != plots.all_kinds:
        chosen = np.searchsorted(_SLOTS[plots.all_kinds], slots)
        value, variance = (np.ascontiguousarray(column[:, chosen]) for column in (shown.value, shown.variance))
        shown = shown._replace(value=value, variance=variance)
    clutter = plots.plots.clutter_density[rows]
    appearing = newcomers(work, watcher, look, plots.plots.cell[rows], plots.plots.new_density[rows], clutter)
    return _Taken(look.rows, shown, slots, plots.detection_id[rows], appearing, clutter)


def _gate(work: Work, look: Look, watcher: Watcher, m: Moved, seen: int, shown: Shown) -> None:
    """Fill the pairs of tracks and plots inside a gate."""
    count = len(shown.time_s)
    side = 1 if count < _FEWEST_PLOTS_IN_BINS else max(1, int(np.sqrt(count / _PLOTS_IN_A_BIN)))
    bins = work.bins_for(count, side * side)
    s, c, setup = work.scratch, work.columns, work.setup
    slack, turn = 0.0, 0.0
    if look.swept_s == look.swept_s:
        slack, turn = look.end_s - look.start_s, 2.0 * np.pi / watcher.period_s
    while True:
        pairs = gated(
            seen,
            m.row,
            m.seen,
            m.time_s,
            m.existence,
            m.weight,
            m.measured,
            m.rate,
            m.spread,
            c.mode_s_address,
            c.mode_3a,
            shown,
            look.mid_s,
            slack,
            turn,
            watcher.polar,
            side,
            s.low,
            s.step,
            bins,
            setup.gates,
            setup.replies,
            s.update.white,
            s.update.root,
            work.first,
            work.pairs,
        )
        if pairs >= 0:
            return
        work.room_for_pairs()


def _groups(work: Work, m: Moved, view: InView) -> Ints:
    """Return where the hypotheses of each grown track begin, (groups + 1,)."""
    if not view.parts:
        return work.one_each[: view.grown + 1]
    names = work.columns.track_id[m.row[: view.grown]]
    return np.concatenate([[0], np.flatnonzero(names[1:] != names[:-1]) + 1, [view.grown]]).astype(np.int64)


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
    work: Work, m: Moved, groups: Ints, view: InView, joined: _Joined, taken: _Taken
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the probability of each pair of a grown track and that no such track gave a plot, and the weights of what
    else a plot may be and of a track without one.
    """
    pairs, tracks, count = int(work.first[view.grown]), len(groups) - 1, len(taken.clutter)
    missed, other = np.empty(tracks), np.empty(count)
    weighed(
        tracks,
        groups,
        work.pairs.plot,
        work.pairs.weight,
        pairs,
        int(work.first[view.seen]),
        m.existence,
        m.seen,
        taken.appearing,
        taken.clutter,
        missed,
        other,
    )
    beta, free = np.zeros(len(joined.plot)), np.ones(count)
    work.beta_missed[:tracks] = 1.0
    if pairs:
        columns = (joined.first, joined.plot, joined.weight, missed, other, beta, work.beta_missed[:tracks], free)
        work.associate(*columns)
    return beta, free, other, missed


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
    missed: Floats,
) -> tuple[Ints, Floats]:
    """Take in the tracks that compete for plots; return the runs of groups that are left, and what plots are free."""
    of_look = (taken.shown, taken.detection_id, watcher.polar, look.sensor)
    mine, left = take_in_jointly(
        work, Seen(m, groups, joined.first, joined.plot, joined.weight, beta, missed, other, *of_look)
    )
    if not mine.any():
        return work.whole_run(len(mine)), free
    edges = np.flatnonzero(np.diff(mine.astype(np.int8), prepend=1, append=1))
    return edges.reshape(-1, 2), left


def _update(
    work: Work,
    plots: Plots,
    look: Look,
    watcher: Watcher,
    m: Moved,
    groups: Ints,
    runs: Ints,
    view: InView,
    taken: _Taken,
    parts: Parts,
    scale: Floats,
) -> None:
    """Give the plots to tracks, old and new, and merge what is the same."""
    work.room_for_jobs(2 * view.seen + int(work.first[view.seen]), len(scale))
    s, p, c = work.scratch, work.setup.params, work.columns
    after, branches, work.count, work.next_id = updated(
        runs,
        groups,
        view.grown,
        view.parted,
        view.seen,
        work.count,
        work.next_id,
        m,
        taken.shown,
        taken.detection_id,
        work.first,
        work.pairs,
        parts,
        scale,
        taken.appearing,
        taken.rows,
        plots.mean,
        plots.triangle,
        watcher.polar,
        look.sensor,
        p.hypothesis_share_min,
        work.setup.models.start,
        work.setup.limits,
        c,
        work.part_first,
        s.update,
    )
    reduced(
        runs,
        groups,
        m.row,
        work.part_first,
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
    head, following = work.table_for(view.grown + branches - after)
    merged(
        m.row,
        view.grown,
        after,
        branches,
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

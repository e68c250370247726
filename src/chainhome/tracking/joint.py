"""Careful association: tracks that compete for plots keep joint hypotheses, a Poisson multi-Bernoulli mixture
[garciafernandez2018] of a few tracks; all others stay as they are.

A cluster is remembered in the state as a `Cluster`; its rows stand among those of the other tracks, with the share of
their track that the joint hypotheses give them. Where two hypotheses differ only in the names of practically equal
states they become one: that keeps their number small and names stable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking import _look_kernels as desk
from chainhome.tracking._gate_kernels import Look as Shown
from chainhome.tracking._gate_kernels import Pairs
from chainhome.tracking._merge_kernels import sort_out
from chainhome.tracking._update_kernels import Parts, updated
from chainhome.tracking.clusters import Member, Rivals, apart, joined, remembered, rivals_in, silent
from chainhome.tracking.hypotheses import NONE, Table, children, pruned, renamed
from chainhome.tracking.state import Cluster

if TYPE_CHECKING:
    from chainhome.tracking._look_kernels import Given, Looks
    from chainhome.tracking._motion_kernels import Moved
    from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_MOST_ROWS = 127  # of one track: `rank` is a small integer
_LEAST = 1e-12


class Seen(NamedTuple):
    """What the passes of a look found before association: grown tracks as `groups` of rows, their pairs with plots."""

    moved: Moved
    groups: Ints
    first: Ints
    """(groups + 1,) where the pairs of each group begin; in `plot`, `weight` and `beta`."""
    plot: Ints
    weight: Floats
    beta: Floats
    """Marginal probabilities, as if there were no joint hypotheses."""
    missed: Floats
    other: Floats
    """(m,) density of what else each plot may be."""
    shown: Shown
    detection_id: Ints
    slots: int
    equal: bool
    polar: bool
    sensor: int
    found: Ints
    """Where the pairs of each row in view begin, in `Work.pairs`."""
    free: Floats
    """(m,) probability that no grown track gave each plot."""


class _Rows(NamedTuple):
    """The h rows of a cluster before the look."""

    row: Ints
    """(h,) rows of the columns."""
    at: Ints
    """(h,) their places among the tracks in view, -1 = out of view."""
    weight: Floats
    """(h,) of the joint hypotheses that have each."""
    existence: Floats
    """(h,) given these hypotheses."""
    seen: Floats
    """(h,) probability of detection with which plots are weighed."""
    blamed: Floats
    """(h,) that with which silence is."""


class _Parts(NamedTuple):
    """What rows may have become: e parts, each a row taken to be missed or to have given a plot."""

    parent: Ints
    """(e,) local number of the row, in `_Rows`."""
    plot: Ints
    """(e,) local number of the plot, -1 = missed."""
    row: Ints
    """(e,) row of the columns that holds the part."""
    existence: Floats
    """(e,) given the joint hypotheses that have it."""
    weight: Floats
    """(e,) of these hypotheses."""


class _Kinds(NamedTuple):
    """Parts that are practically equal."""

    of_part: Ints
    """(e + 1,) the last one is that of no part: -1."""
    head: Ints
    """(kinds,) the row of the columns that holds the state."""
    existence: Floats


def seen_of(work: Work, given: Given, looks: Looks, look: int) -> Seen:
    """Return what the first half of a look left on the desk."""
    d, m, number = work.desk, work.moved, work.number.tolist()
    p, q = looks.first[look : look + 2].tolist()
    plots, groups, joined, sensor = q - p, number[desk.GROUPS], number[desk.JOINED], int(looks.sensor[look])
    packed = number[desk.PACKED] > 0
    value, variance = (d.value[:plots], d.variance[:plots]) if packed else (given.value[p:q], given.variance[p:q])
    of, about = d.of_track, d.about_track
    return Seen(
        moved=m,
        groups=of[desk.GROUP_FIRST, : groups + 1],
        first=of[desk.JOINED_FIRST, : groups + 1],
        plot=d.of_pair[desk.JOINED_PLOT, :joined],
        weight=d.about_pair[desk.JOINED_WEIGHT, :joined],
        beta=d.about_pair[desk.BETA, :joined],
        missed=about[desk.MISSED, :groups],
        other=d.about_plot[desk.OTHER, :plots],
        shown=Shown(given.time_s[p:q], value, variance, given.address[p:q], given.code[p:q]),
        detection_id=given.detection_id[p:q],
        slots=number[desk.SLOTS_USED],
        equal=number[desk.EQUAL] > 0,
        polar=bool(work.watch.figures[sensor, 0]),
        sensor=sensor,
        found=of[desk.FOUND_FIRST, : number[desk.SEEN] + 1],
        free=d.about_plot[desk.FREE, :plots],
    )


def take_in_jointly(work: Work, seen: Seen) -> tuple[Mask, Floats]:
    """Take in the grown tracks that compete for plots, in place.

    Returns which groups (groups,) were taken in here, and the probability (m,) that no grown track gave each plot.
    """
    names = work.columns.track_id[seen.moved.row[seen.groups[:-1]]]
    mine = np.zeros(len(names), np.bool_)
    of_pair = np.repeat(np.arange(len(names)), np.diff(seen.first))
    rivals = rivals_in(names[of_pair], seen.plot, seen.beta, work.setup.params.joint_claim_min)
    members = remembered(work)
    count = len(seen.other)
    free = np.ones(count)
    if not members and not rivals:
        work.clusters = []
        return mine, free
    kept: list[Cluster] = []
    lonely = np.bincount(seen.plot, seen.beta, count)
    for member in joined(work, members, rivals):
        inside = np.isin(names, member.track_id)
        if not inside.any():
            kept += apart(work, member.track_id, member.table, member.silence)
            continue
        mine |= inside
        own = inside[of_pair]
        lonely -= np.bincount(seen.plot[own], seen.beta[own], count)
        kept += _step(work, seen, member, rivals, _claimed(seen, of_pair, own, inside), free)
    work.clusters = kept
    return mine, free * np.clip(1.0 - lonely, 0.0, 1.0)


def _claimed(seen: Seen, of_pair: Ints, own: Mask, inside: Mask) -> Floats:
    """Return the density (m,) of what else a plot may be: also of the tracks that are not in the cluster.

    What a track outside claims is one message of belief propagation [williams_lau2014].
    """
    weight, plot = seen.weight[~own], seen.plot[~own]
    if not len(weight):
        return seen.other
    ratio = weight / seen.other[plot]
    whole = seen.missed + np.bincount(of_pair[~own], ratio, len(inside))
    rest = np.maximum(whole[of_pair[~own]] - ratio, np.maximum(seen.missed[of_pair[~own]], _LEAST))
    claim = weight / rest
    return np.asarray(seen.other + np.bincount(plot, claim, len(seen.other)))


def _step(work: Work, seen: Seen, member: Member, rivals: Rivals, other: Floats, free: Floats) -> list[Cluster]:
    """Take a look into one cluster, lower `free` for the plots it claims; return what is left of the cluster."""
    p = work.setup.params
    before = np.flatnonzero(np.isin(work.columns.track_id[: work.count], member.track_id))
    numbers, local = _numbered(member.table.row)
    rows = _rows_of(work, seen, numbers, Table(member.table.weight, local))
    plots, cost, pair = _costs(work, rows, other, seen.found)
    missed = -np.log(np.maximum(1.0 - rows.existence * rows.seen, _LEAST))
    weight, parent, plot = children(
        Table(member.table.weight, local), cost, missed, p.joint_hypotheses, p.joint_weight_min
    )
    for x in range(len(plots)):
        free[plots[x]] *= max(0.0, 1.0 - float(weight @ (plot == x).any(axis=1)))
    code, number = _numbered(np.where(parent == NONE, NONE, parent * (len(plots) + 1) + plot + 1))
    work.room_for_tracks(work.count + len(code) + parent.size)
    taken = code % (len(plots) + 1) - 1
    parts = _parts(work, rows, code // (len(plots) + 1), taken, _sums(weight, number, len(code)))
    _write(work, seen, rows, parts, pair)
    expected = np.array([rows.seen[column[column != NONE]].max(initial=0.0) for column in local.T])
    table = _settle(work, member.track_id, Table(weight, number), parts, before)
    return apart(work, member.track_id, table, silent(member, expected, rivals))


def _numbered(key: Ints) -> tuple[Ints, Ints]:
    """Return the different keys without -1, and which of them each key is; -1 stays."""
    different, number = np.unique(key, return_inverse=True)
    number = number.reshape(key.shape)
    return (different[1:], number - 1) if different[0] == NONE else (different, number)


def _rows_of(work: Work, seen: Seen, row: Ints, table: Table) -> _Rows:
    """Return what the look found of the cluster's rows."""
    c, m = work.columns, seen.moved
    grown = int(seen.groups[-1])
    place = np.full(work.count, NONE)
    place[m.row[:grown]] = np.arange(grown)
    at = place[row]
    weight = _sums(table.weight, table.row, len(row))
    mass = np.where(at != NONE, m.existence[at], c.existence[row] * c.share[row])
    seen_, blamed = (np.where(at != NONE, column[at], 0.0) for column in (m.seen, m.blamed))
    return _Rows(row, at, weight, np.clip(mass / weight, 0.0, 1.0), seen_, blamed)


def _parts(work: Work, rows: _Rows, parent: Ints, plot: Ints, weight: Floats) -> _Parts:
    """Return the parts with rows for them: those of a plot get new ones, what was missed keeps the row."""
    r, blamed = rows.existence[parent], rows.blamed[parent]
    r = np.where(plot != NONE, 1.0, r * (1.0 - blamed) / np.maximum(1.0 - r * blamed, _LEAST))
    row = rows.row[parent]
    fresh = np.flatnonzero(plot != NONE)
    row[fresh] = work.count + np.arange(len(fresh))
    work.count += len(fresh)
    return _Parts(parent, plot, row, r, weight)


def _sums(weight: Floats, row: Ints, count: int) -> Floats:
    """Return the weight (count,) of the hypotheses that have each row."""
    sums = np.bincount(row.ravel() + 1, np.repeat(weight, row.shape[1]), count + 1)[1:]
    return np.asarray(sums, np.float64)


def _costs(work: Work, rows: _Rows, other: Floats, found: Ints) -> tuple[Ints, Floats, Ints]:
    """Return the plots in the rows' gates (p,), what each costs each row (rows, p), and the number of each pair."""
    at = rows.at
    spans = [range(int(found[a]), int(found[a + 1])) if a != NONE else range(0) for a in at]
    pairs = np.array([e for span in spans for e in span], np.int64)
    owner = np.repeat(np.arange(len(at)), [len(span) for span in spans])
    plots, column = np.unique(work.pairs.plot[pairs], return_inverse=True)
    cost = np.full((len(at), len(plots)), np.inf)
    pair = np.full((len(at), len(plots)), NONE)
    with np.errstate(divide="ignore"):
        cost[owner, column] = np.log(other[plots[column]]) - np.log(work.pairs.weight[pairs] / rows.weight[owner])
    pair[owner, column] = pairs
    return plots, cost, pair


def _write(work: Work, seen: Seen, rows: _Rows, parts: _Parts, pair: Ints) -> None:
    """Write the parts in view into their rows: every part is given to the update as a track of its own."""
    fresh = rows.at[parts.parent] != NONE
    if not fresh.any():
        return
    c, m = work.columns, seen.moved
    into, parent, plot = parts.row[fresh], parts.parent[fresh], parts.plot[fresh]
    kept = ("mean", "covariance", "weight", "time_s", "last_seen_s", "track_id", "mode_s_address", "mode_3a", "status")
    for column in (getattr(c, name) for name in kept):
        column[into] = column[rows.row[parent]]
    count = len(into)
    chosen = rows.at[parent]
    columns: dict[str, Any] = {name: getattr(m, name)[chosen] for name in m._fields}
    moved = type(m)(**columns)._replace(row=into, existence=np.ones(count), blamed=np.zeros(count))
    took = plot != NONE
    pairs = pair[parent[took], plot[took]]
    first = np.append(0, np.cumsum(took))
    number = np.arange(count + 1)
    work.room_for_jobs(2 * count + len(pairs))
    sure = np.ones(len(pairs))
    updated(
        np.array([[0, count]]),
        number,
        count,
        count,
        count,
        work.count,
        0,
        moved,
        seen.shown,
        seen.detection_id,
        first,
        Pairs(work.pairs.plot[pairs], work.pairs.likelihood[pairs], sure),
        Parts(number[: len(pairs)], sure, sure, np.where(took, 0.0, 1.0)),
        np.zeros(0),
        np.zeros(0),
        np.zeros((0, 6)),
        np.zeros((0, 21)),
        seen.slots,
        seen.equal,
        seen.polar,
        seen.sensor,
        0.5,
        work.setup.models.start,
        work.setup.limits,
        c,
        np.zeros(count + 1, np.int64),
        work.desk.update,
    )


def _settle(work: Work, names: Ints, table: Table, parts: _Parts, before: Ints) -> Table:
    """Make rows that are practically equal one, change names, and give each row that is left its share of its track.

    Returns the hypotheses with rows of the columns; all other rows of the tracks are marked as gone.
    """
    p, c = work.setup.params, work.columns
    kinds = _kinds(work, parts)
    likeliest = table.row[0]
    table = pruned(table.weight, kinds.of_part[table.row], p.joint_hypotheses, p.joint_weight_min)
    table = _few_rows(pruned(table.weight, renamed(table.row), p.joint_hypotheses, p.joint_weight_min))
    order = np.argsort(-parts.weight, kind="stable")
    owner = c.track_id[parts.row]
    row = np.full(table.row.shape, NONE)
    for x, name in enumerate(names.tolist()):
        column = table.row[:, x]
        mine, place = np.unique(column, return_index=True)
        mine = mine[np.argsort(place)]
        mine = mine[mine != NONE]
        if not len(mine):
            continue
        work.shown[name] = float(kinds.existence[column[0]]) if column[0] != NONE else 0.0
        source = int(before[np.flatnonzero(c.track_id[before] == name)[0]])
        own = order[owner[order] == name]
        # What is written is what the likeliest hypothesis says, so that no plot is written twice.
        if likeliest[x] != NONE:
            own = np.append(likeliest[x], own)
        rows = np.array([_row_of(work, int(k), kinds, parts, own, source) for k in mine])
        weight = np.array([table.weight[column == k].sum() for k in mine]) * kinds.existence[mine]
        total = float(weight.sum())
        c.existence[rows] = min(total, 1.0)
        c.share[rows] = weight / total if total > 0.0 and len(rows) > 1 else 1.0
        c.rank[rows] = np.arange(len(rows))
        for k, t in zip(mine, rows, strict=True):
            row[column == k, x] = t
    c.existence[np.setdiff1d(np.concatenate([before, parts.row]), row)] = -1.0
    return Table(table.weight, row)


def _kinds(work: Work, parts: _Parts) -> _Kinds:
    """Return which parts are practically equal; the first of each kind becomes its mixture."""
    c = work.columns
    mass = parts.weight * parts.existence
    order = np.argsort(-mass, kind="stable")
    kind, first = np.empty(len(order), np.int64), np.empty(len(order), np.int64)
    count = sort_out(
        parts.row[order],
        mass[order],
        parts.existence[order],
        work.setup.params.joint_distance,
        c.mean,
        c.covariance,
        c.weight,
        c.time_s,
        c.mode_s_address,
        kind,
        first,
    )
    of_part = np.empty(len(order) + 1, np.int64)
    of_part[order], of_part[-1] = kind, NONE
    weight = np.bincount(of_part[:-1], parts.weight, count)
    return _Kinds(of_part, parts.row[order[first[:count]]], np.bincount(of_part[:-1], mass, count) / weight)


def _few_rows(table: Table) -> Table:
    """Return the likeliest hypotheses with which no track has more rows than `rank` can count."""
    keep = len(table.weight)
    for column in table.row.T:
        _, place = np.unique(column, return_index=True)
        if len(place) > _MOST_ROWS:
            keep = min(keep, int(np.sort(place)[_MOST_ROWS]))
    weight = table.weight[:keep]
    return Table(weight / weight.sum(), table.row[:keep])


def _row_of(work: Work, kind: int, kinds: _Kinds, parts: _Parts, own: Ints, source: int) -> int:
    """Return the row that holds the state of a kind for a track: its first `own` part of it, or else a copy.

    A copy is named like the row `source` of the track.
    """
    c, head = work.columns, int(kinds.head[kind])
    own = own[kinds.of_part[own] == kind]
    if len(own):
        t = int(parts.row[own[0]])
        if t != head:
            _copy(t, head, (c.mean, c.covariance, c.weight))
        return t
    t = work.count
    work.count += 1
    _copy(t, head, c)
    _copy(t, source, (c.track_id, c.status))
    return t


def _copy(into: int, row: int, columns: tuple[NDArray[Any], ...]) -> None:
    for column in columns:
        column[into] = column[row]

"""Which tracks compete for plots, and with which others they stand in a cluster: plain bookkeeping of the careful mode.

In come the pairs of a look and the clusters of the looks before; out go the clusters that this look concerns, their
hypotheses with rows of the columns, and at the end of the look what is left of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking.hypotheses import NONE, Table, parted, product, pruned
from chainhome.tracking.state import Cluster

if TYPE_CHECKING:
    from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rivals = list[tuple[float, int, int]]

_TENTATIVE = 0  # as in tables.TRACK_STATUSES; a test compares it
_MOST_TRACKS = 12  # of one cluster; ties beyond are left to the marginals
_NEVER = 1e9


class Member(NamedTuple):
    """Clusters and lonely tracks that become one cluster: the tracks and, as rows of the columns, their hypotheses."""

    track_id: Ints
    table: Table
    silence: Floats


def rivals_in(name: Ints, plot: Ints, beta: Floats, least: float) -> Rivals:
    """Return the pairs of tracks that each claim at least `least` of a plot, with how much, the strongest first.

    `name`, `plot` and `beta` (pairs,) say how likely which track gave which plot.

    >>> rivals_in(np.array([7, 8, 8, 9]), np.array([0, 0, 1, 1]), np.array([0.3, 0.6, 0.3, 1e-6]), 1e-4)
    [(0.3, 7, 8)]
    """
    strong = np.flatnonzero(beta >= least)
    strong = strong[np.argsort(plot[strong], kind="stable")]
    strength: dict[tuple[int, int], float] = {}
    for one in np.split(strong, np.flatnonzero(np.diff(plot[strong])) + 1):
        for x, a in enumerate(one):
            for b in one[x + 1 :]:
                pair = (int(name[a]), int(name[b]))
                strength[pair] = max(strength.get(pair, 0.0), float(min(beta[a], beta[b])))
    return sorted(((s, a, b) for (a, b), s in strength.items()), reverse=True)


def remembered(work: Work) -> list[Member]:
    """Return the clusters from the looks before, with the rows that are still there."""
    if not work.clusters:
        return []
    c = work.columns
    rows = np.flatnonzero(np.isin(c.track_id[: work.count], np.concatenate([one.track_id for one in work.clusters])))
    place = {(int(c.track_id[t]), int(c.rank[t])): int(t) for t in rows}
    members = []
    for one in work.clusters:
        row = np.full(one.rank.shape, NONE)
        for x, name in enumerate(one.track_id.tolist()):
            ranks, inverse = np.unique(one.rank[:, x], return_inverse=True)
            row[:, x] = np.array([place.get((name, rank), NONE) for rank in ranks.tolist()])[inverse.ravel()]
        alive = (row != NONE).any(axis=0)
        if alive.sum() > 1:
            table = pruned(one.weight, row[:, alive], len(row), 0.0)
            members.append(Member(one.track_id[alive], table, one.silence[np.ix_(alive, alive)]))
    return members


def _alone(work: Work, name: int) -> Member:
    """Return a lonely track as a cluster of one: each of its rows is a hypothesis, as likely as its share."""
    c = work.columns
    rows = np.flatnonzero(c.track_id[: work.count] == name)
    table = pruned(c.share[rows], rows[:, None], len(rows), 0.0)
    return Member(np.array([name]), table, np.zeros((1, 1)))


def joined(work: Work, members: list[Member], rivals: Rivals) -> list[Member]:
    """Return the clusters, those with rivals made one; the order does not depend on that of the rows."""
    p = work.setup.params
    home = {int(name): x for x, member in enumerate(members) for name in member.track_id}
    sets: list[list[Member]] = [[member] for member in members]
    for _, a, b in rivals:
        for name in (a, b):
            if name not in home:
                home[name] = len(sets)
                sets.append([_alone(work, name)])
        x, y = sorted((home[a], home[b]))
        if x == y or sum(len(member.track_id) for member in sets[x] + sets[y]) > _MOST_TRACKS:
            continue
        sets[x] += sets[y]
        sets[y] = []
        home = {name: x if at == y else at for name, at in home.items()}
    found = []
    for one in sets:
        if len(one) == 1 and len(one[0].track_id) > 1:
            found.append(one[0])
        elif len(one) > 1:
            names = np.concatenate([member.track_id for member in one])
            silence = np.full((len(names), len(names)), _NEVER)
            at = 0
            for member in one:
                n = len(member.track_id)
                silence[at : at + n, at : at + n] = member.silence
                at += n
            table = product([member.table for member in one], p.joint_hypotheses, p.joint_weight_min)
            found.append(Member(names, table, silence))
    return found


def silent(member: Member, expected: Floats, rivals: Rivals) -> Floats:
    """Return how many detections ago two tracks last competed: `expected` (n,) more of each, but none for `rivals`."""
    silence = member.silence + np.minimum(expected[:, None], expected)
    place = {int(name): x for x, name in enumerate(member.track_id)}
    for _, a, b in rivals:
        if a in place and b in place:
            silence[place[a], place[b]] = silence[place[b], place[a]] = 0.0
    return silence


def apart(work: Work, names: Ints, table: Table, silence: Floats) -> list[Cluster]:
    """Return the clusters that are left where tracks leave: sure ones, young ones, those that no longer compete."""
    p, c = work.setup.params, work.columns
    stays = (table.row != table.row[0]).any(axis=0)
    for x in np.flatnonzero((table.row != NONE).any(axis=0)):
        rows = np.unique(table.row[:, x])
        rows = rows[rows != NONE]
        best = rows[np.argmin(c.rank[rows])]
        if c.status[best] == _TENTATIVE and c.existence[best] < p.young_existence:
            c.existence[rows[rows != best]] = -1.0
            c.share[best] = 1.0
            stays[x] = False
    near = (silence <= p.joint_window) & stays & stays[:, None]
    clusters = []
    for part in parted(near):
        if len(part) > 1:
            kept = pruned(table.weight, table.row[:, part], len(table.weight), 0.0)
            rank = np.where(kept.row == NONE, NONE, c.rank[kept.row]).astype(np.int64)
            clusters.append(Cluster(names[part], kept.weight, rank, silence[np.ix_(part, part)]))
    return clusters

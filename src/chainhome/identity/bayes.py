"""Who a track is believed to be: evidence in, probabilities of friend, neutral and hostile and a declaration out.

Bayes' rule with log-likelihood ratios against neutral. Each kind of evidence counts once for each track, at the
weight of its strongest row: rows of one kind repeat each other. So beliefs depend neither on the order of the
evidence nor on how often it is told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError
from chainhome.tables import ALLEGIANCES, Evidence, Identities

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]

_EVEN = (1 / 3, 1 / 3, 1 / 3)
_RISE = 1e-9  # a probability has to rise above its prior by more than rounding
_UNKNOWN, _FRIEND, _NEUTRAL, _HOSTILE = (ALLEGIANCES.index(name) for name in ALLEGIANCES)


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What is known of n tracks (sorted by id): the weight of each of k kinds of evidence, 0 where there was none."""

    track_id: Ints
    kinds: tuple[str, ...]
    friend_by_kind: Floats
    """(n, k) log-likelihood ratio of friend against neutral."""
    hostile_by_kind: Floats
    """(n, k) log-likelihood ratio of hostile against neutral."""
    time_s: Floats
    """(n,) time of the newest evidence that changed the belief."""

    def __len__(self) -> int:
        """Return the number of tracks with evidence."""
        return len(self.track_id)


def no_beliefs() -> Beliefs:
    """Return what is known before any evidence: nothing of any track."""
    return Beliefs(np.zeros(0, np.int64), (), np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0))


def fresh(beliefs: Beliefs, evidence: Evidence) -> Bools:
    """Return which rows (r,) of the evidence change a belief: stronger than all of their track and kind before them.

    Among rows of one track and kind that arrive together only the strongest counts.
    """
    told = _strength(evidence.llr_friend, evidence.llr_hostile)
    known = _strength(*_known(beliefs, evidence))
    stronger = _exceeds(told, known)
    order = np.lexsort([*reversed(told), evidence.kind, evidence.track_id])
    last = np.ones(len(order), np.bool_)
    last[:-1] = (evidence.track_id[order][1:] != evidence.track_id[order][:-1]) | (
        evidence.kind[order][1:] != evidence.kind[order][:-1]
    )
    strongest = np.zeros(len(order), np.bool_)
    strongest[order[last]] = True
    return np.asarray(stronger & strongest)


def update(beliefs: Beliefs, evidence: Evidence) -> Beliefs:
    """Return the beliefs after more evidence; rows that only repeat a kind already counted change nothing.

    Raises ValueError for a time or a log-likelihood ratio that is not finite.

    >>> once = Evidence.make(track_id=[4], kind="secure_reply", llr_friend=9.0, llr_hostile=0.0, time_s=1.0)
    >>> twice = update(update(no_beliefs(), once), once)
    >>> twice.track_id.tolist(), twice.friend_by_kind.tolist()
    ([4], [[9.0]])
    """
    if not np.isfinite([evidence.time_s, evidence.llr_friend, evidence.llr_hostile]).all():
        raise ValueError("evidence with a time or a log-likelihood ratio that is not finite")
    rows = evidence[fresh(beliefs, evidence)]
    if not len(rows):
        return beliefs
    track_id = np.union1d(beliefs.track_id, rows.track_id)
    kinds = tuple(sorted({*beliefs.kinds, *rows.kind.tolist()}))
    friend, hostile = np.zeros((2, len(track_id), len(kinds)))
    time = np.full(len(track_id), -np.inf)
    old = np.searchsorted(track_id, beliefs.track_id)
    place = np.searchsorted(np.array(kinds), np.array(beliefs.kinds, np.str_))
    friend[np.ix_(old, place)], hostile[np.ix_(old, place)] = beliefs.friend_by_kind, beliefs.hostile_by_kind
    time[old] = beliefs.time_s
    new = np.searchsorted(track_id, rows.track_id)
    column = np.searchsorted(np.array(kinds), rows.kind)
    friend[new, column], hostile[new, column] = rows.llr_friend, rows.llr_hostile
    np.maximum.at(time, new, rows.time_s)
    return Beliefs(track_id, kinds, friend, hostile, time)


def probabilities(
    beliefs: Beliefs, track_id: ArrayLike, *, prior: tuple[float, float, float] = _EVEN
) -> tuple[Floats, Floats, Floats]:
    """Return P(friend), P(neutral) and P(hostile), each (n,), of tracks; the prior where nothing is known.

    `prior` is (friend, neutral, hostile), above 0, with sum 1; raises UseError otherwise.

    >>> twice_as_likely = Evidence.make(time_s=[0.0], track_id=4, kind="x", llr_friend=np.log(2.0), llr_hostile=0.0)
    >>> belief = update(no_beliefs(), twice_as_likely)
    >>> [p.tolist() for p in probabilities(belief, [4], prior=(0.25, 0.5, 0.25))]
    [[0.4], [0.4], [0.2]]
    """
    weights = _checked(prior)
    track = np.asarray(track_id, np.int64)
    logs = np.zeros((len(track), 3))
    if len(beliefs):
        at = np.minimum(np.searchsorted(beliefs.track_id, track), len(beliefs) - 1)
        known = beliefs.track_id[at] == track
        logs[:, 0] = np.where(known, beliefs.friend_by_kind.sum(axis=1)[at], 0.0)
        logs[:, 2] = np.where(known, beliefs.hostile_by_kind.sum(axis=1)[at], 0.0)
    scaled = weights * np.exp(logs - logs.max(axis=1, keepdims=True))
    friend, neutral, hostile = (scaled / scaled.sum(axis=1, keepdims=True)).T
    return friend, neutral, hostile


def declare(
    p_friend: ArrayLike,
    p_neutral: ArrayLike,
    p_hostile: ArrayLike,
    *,
    threshold: float = 0.9,
    prior: tuple[float, float, float] = _EVEN,
) -> Codes:
    """Return the allegiance (n,) to declare, as an index into `tables.ALLEGIANCES`; without enough evidence, unknown.

    An allegiance is declared if its probability reaches `threshold`, above one half, and evidence has raised it above
    its prior: a prior alone declares nothing, however strong. Raises UseError for a threshold outside (0.5, 1].

    >>> declare([0.95, 0.4], [0.04, 0.4], [0.01, 0.2]).tolist()
    [1, 0]
    """
    if not 0.5 < threshold <= 1.0:
        raise UseError(f"identity: threshold = {threshold}: expected a probability above 0.5, up to 1")
    p = np.stack([np.asarray(part, np.float64) for part in (p_friend, p_neutral, p_hostile)], axis=-1)
    sure = (p >= threshold) & (p > _checked(prior) + _RISE)
    code = np.select([sure[..., 0], sure[..., 1], sure[..., 2]], [_FRIEND, _NEUTRAL, _HOSTILE], _UNKNOWN)
    return np.asarray(code, np.int8)


def identities(
    beliefs: Beliefs,
    track_id: ArrayLike,
    time_s: ArrayLike,
    *,
    threshold: float = 0.9,
    prior: tuple[float, float, float] = _EVEN,
) -> Identities:
    """Return the rows of the identities table for tracks (n,) at a time, also for those that nothing is known of.

    >>> rows = identities(no_beliefs(), [12], 60.0)
    >>> rows.declared.tolist(), rows.p_hostile.round(3).tolist()
    ([0], [0.333])
    """
    track = np.asarray(track_id, np.int64)
    friend, neutral, hostile = probabilities(beliefs, track, prior=prior)
    return Identities.make(
        rows=len(track),
        time_s=np.broadcast_to(np.asarray(time_s, np.float64), track.shape),
        track_id=track,
        p_friend=friend,
        p_neutral=neutral,
        p_hostile=hostile,
        declared=declare(friend, neutral, hostile, threshold=threshold, prior=prior),
    )


def step(
    beliefs: Beliefs, evidence: Evidence, *, threshold: float = 0.9, prior: tuple[float, float, float] = _EVEN
) -> tuple[Beliefs, Identities]:
    """Return the beliefs after more evidence, and a row for each track whose belief it changed, at that time."""
    changed = np.unique(evidence.track_id[fresh(beliefs, evidence)])
    after = update(beliefs, evidence)
    when = after.time_s[np.searchsorted(after.track_id, changed)]
    return after, identities(after, changed, when, threshold=threshold, prior=prior)


def _strength(friend: Floats, hostile: Floats) -> tuple[Floats, Floats, Floats]:
    """Return a total order on evidence of one kind, most telling first; ties fall the same way in any order."""
    return np.abs(friend) + np.abs(hostile), friend, hostile


def _exceeds(first: tuple[Floats, ...], second: tuple[Floats, ...]) -> Bools:
    more, equal = np.zeros(len(first[0]), np.bool_), np.ones(len(first[0]), np.bool_)
    for one, other in zip(first, second, strict=True):
        more |= equal & (one > other)
        equal &= one == other
    return more


def _known(beliefs: Beliefs, evidence: Evidence) -> tuple[Floats, Floats]:
    friend, hostile = np.zeros(len(evidence)), np.zeros(len(evidence))
    if len(beliefs) and len(evidence):
        at = np.minimum(np.searchsorted(beliefs.track_id, evidence.track_id), len(beliefs) - 1)
        kinds = np.array(beliefs.kinds)
        column = np.minimum(np.searchsorted(kinds, evidence.kind), len(kinds) - 1)
        known = (beliefs.track_id[at] == evidence.track_id) & (kinds[column] == evidence.kind)
        friend = np.where(known, beliefs.friend_by_kind[at, column], 0.0)
        hostile = np.where(known, beliefs.hostile_by_kind[at, column], 0.0)
    return friend, hostile


def _checked(prior: tuple[float, float, float]) -> Floats:
    weights = np.asarray(prior, np.float64)
    if weights.shape != (3,) or not (weights > 0).all() or abs(weights.sum() - 1.0) > 1e-9:
        raise UseError(f"identity: prior = {prior}: expected friend, neutral, hostile above 0 with sum 1")
    return weights

"""The compiled pass that brings all hypotheses of a track into view with one of them, against plain Python."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome.tracking._view_kernels import made_whole

Ints = np.ndarray[Any, np.dtype[np.int64]]
Entry = tuple[int, float, float, float]  # row, how likely seen, what silence is blamed with, moment

MID_S = 100.0
UNTOUCHED = -7
ROOM = 3  # rows beyond the n of the state


class State(NamedTuple):
    """n rows, in no order of their tracks, and those of them that a look may have seen: grown ones first."""

    track_id: list[int]
    share: list[float]  # 1 = the only hypothesis of its track
    rank: list[int]  # 0 = the likeliest
    time_s: list[float]
    stage: list[int]
    lost: list[bool]
    grown: list[Entry]
    others: list[Entry]


class Whole(NamedTuple):
    """What comes of it; `groups` are the first places of the grown tracks, and their end."""

    entries: list[Entry]
    groups: list[int]
    lost: list[bool]


def by_kernel(s: State) -> Whole:
    n, seen = len(s.track_id), len(s.grown) + len(s.others)
    parts = sum(share < 1.0 for share in s.share)
    entries = np.full((n + ROOM, 4), float(UNTOUCHED))
    entries[:seen] = np.array([*s.grown, *s.others]).reshape(-1, 4)
    row, (likely, blamed, moment_s) = entries[:, 0].astype(np.int64), np.ascontiguousarray(entries[:, 1:].T)
    top, following, last, place, spare, group_first = np.full((6, n + ROOM), UNTOUCHED)
    head = np.full(2 * max(parts, 1) + 2 * n, UNTOUCHED)
    lost = np.array(s.lost, dtype=bool)
    more, groups = made_whole(
        n, parts, len(s.grown), seen, MID_S, np.array(s.track_id), np.array(s.share), np.array(s.rank, np.int8),
        np.array(s.time_s), np.array(s.stage, np.int8), lost, row, likely, blamed, moment_s, top, following, last,
        place, head, spare, *np.empty((3, n + ROOM)), group_first,
    )  # fmt: skip
    assert (row[seen + more :] == UNTOUCHED).all()
    assert (group_first[groups + 1 :] == UNTOUCHED).all()
    found = zip(row.tolist(), likely.tolist(), blamed.tolist(), moment_s.tolist(), strict=True)
    return Whole(list(found)[: seen + more], group_first[: groups + 1].tolist(), lost.tolist())


def plainly(s: State) -> Whole:
    """The same by dictionaries and lists."""
    n = len(s.track_id)

    def of_track(t: int) -> list[int]:
        """Rows of the track of row t, in their order."""
        if s.share[t] == 1.0:
            return [t]
        return [u for u in range(n) if s.share[u] < 1.0 and s.track_id[u] == s.track_id[t]]

    lost = [any(s.lost[u] and (s.share[t] == 1.0 or s.rank[u] == 0) for u in of_track(t)) for t in range(n)]
    in_view = {entry[0]: entry for entry in s.grown}
    entries: list[Entry] = []
    groups: list[int] = []
    done: set[int] = set()
    for t, *_ in s.grown:
        if t in done:
            continue
        groups.append(len(entries))
        for u in of_track(t):
            done.add(u)
            if u in in_view:
                entries.append(in_view[u])
            elif s.stage[u] == 0 and not lost[u]:
                entries.append((u, 0.0, 0.0, max(s.time_s[u], MID_S)))
    return Whole([*entries, *s.others], [*groups, len(entries)], lost)


def random_state(seed: int) -> State:
    """Tracks of one to five hypotheses, grown or young, lost or not, their rows shuffled; a third is not in view."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[int, float, int, float, int, bool]] = []
    # Names that are far apart may still meet in the table of names.
    names = rng.choice(rng.choice([20, 5_000, 2**40]), size=rng.integers(1, 13), replace=True)
    for name in np.unique(names).tolist():
        count = int(rng.choice([1, 1, 2, 3, 5]))
        stage = int(rng.choice([0, 0, 0, 1, 2]))
        sure = rng.random() < 0.7
        for rank in rng.permutation(count).tolist():
            share = 1.0 if count == 1 else float(rng.uniform(0.01, 0.99))
            rows.append(
                (name, share, rank, float(rng.uniform(90.0, 110.0)), stage, not sure and bool(rng.random() < 0.5))
            )
    rows = [rows[i] for i in rng.permutation(len(rows))]
    track_id, share_of, rank_of, time_s, stages, lost = (list(column) for column in zip(*rows, strict=True))
    seen = [t for t in range(len(rows)) if not lost[t] and rng.random() < 0.67]
    entry = {t: (t, *rng.random(2).tolist(), float(rng.uniform(95.0, 105.0))) for t in seen}
    # A hypothesis without models, beside grown ones of its track, is not in view.
    odd = [t for t in range(len(rows)) if t not in entry and share_of[t] < 1.0 and rng.random() < 0.3]
    stages = [2 if t in odd else stage for t, stage in enumerate(stages)]
    grown = [entry[t] for t in seen if stages[t] == 0]
    others = [entry[t] for sweep in (1, 2) for t in seen if stages[t] == sweep]
    return State(track_id, share_of, rank_of, time_s, stages, lost, grown, others)


def test_the_random_states_have_every_case() -> None:
    states = [random_state(seed) for seed in range(200)]
    whole = [plainly(s) for s in states]
    assert any(len(w.entries) > len(s.grown) + len(s.others) and s.others for s, w in zip(states, whole, strict=True))
    assert any(a and not b for s, w in zip(states, whole, strict=True) for a, b in zip(s.lost, w.lost, strict=True))
    assert any(b and not a for s, w in zip(states, whole, strict=True) for a, b in zip(s.lost, w.lost, strict=True))
    assert any(w.lost[row] for w in whole for row, *_ in w.entries)
    assert any(s.share[row] < 1.0 for s in states for row, *_ in s.others)
    assert any(not s.grown for s in states)


@pytest.mark.parametrize("block", range(10))
def test_the_compiled_pass_agrees_with_the_plain_one(block: int) -> None:
    for seed in range(100 * block, 100 * block + 100):
        state = random_state(seed)
        assert by_kernel(state) == plainly(state), f"seed {seed}"


@given(st.integers(0, 2**32 - 1))
def test_what_comes_into_view_is_whole_tracks_side_by_side(seed: int) -> None:
    s = random_state(seed)
    w = by_kernel(s)
    rows = [row for row, *_ in w.entries]
    assert len(set(rows)) == len(rows)
    assert {row for row, *_ in s.grown} <= set(rows[: w.groups[-1]])
    assert w.entries[w.groups[-1] :] == s.others
    tracks = [{s.track_id[t] for t in rows[p:q]} for p, q in zip(w.groups, w.groups[1:], strict=False)]
    assert all(len(names) == 1 for names in tracks)
    assert len({min(names) for names in tracks}) == len(tracks)
    for row, likely, blamed, moment_s in set(w.entries) - set(s.grown) - set(s.others):
        assert (likely, blamed, s.stage[row], w.lost[row]) == (0.0, 0.0, 0, False)
        assert moment_s >= max(s.time_s[row], MID_S)


def track(lost: list[bool], seen: list[int], stage: list[int]) -> State:
    """One track of up to three hypotheses, the first the likeliest, and another that is young and in view."""
    n = len(lost)
    return State(
        [4] * n + [9], [1.0 / n] * n + [1.0], [*range(n), 0], [*[98.0, 103.0, 99.0][:n], 99.0], [*stage, 1],
        [*lost, False], [(t, 0.9, 0.8, 101.0) for t in seen], [(n, 0.5, 0.4, 102.0)],
    )  # fmt: skip


def test_an_unlikely_hypothesis_in_view_brings_the_others_which_cannot_be_seen() -> None:
    w = by_kernel(track([False] * 3, [2], [0, 0, 0]))
    brought = [(0, 0.0, 0.0, MID_S), (1, 0.0, 0.0, 103.0)]
    assert w.entries == [*brought, (2, 0.9, 0.8, 101.0), (3, 0.5, 0.4, 102.0)]
    assert w.groups == [0, 3]


def test_a_row_without_models_is_not_brought() -> None:
    w = by_kernel(track([False] * 3, [0], [0, 2, 0]))
    assert [row for row, *_ in w.entries] == [0, 2, 3]


@pytest.mark.parametrize(("first", "others"), [(True, False), (False, True)])
def test_a_track_is_lost_where_its_likeliest_hypothesis_is(first: bool, others: bool) -> None:
    s = track([first, others, others], [] if others else [1], [0, 0, 0])
    w = by_kernel(s)
    assert w.lost == [first] * 3 + [False]
    assert [row for row, *_ in w.entries] == ([1, 3] if first else [3])


def test_where_nothing_is_in_view_nothing_comes() -> None:
    w = by_kernel(track([False] * 2, [], [0, 0]))
    assert w.entries == [(2, 0.5, 0.4, 102.0)]
    assert w.groups == [0]

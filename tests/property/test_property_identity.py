"""What no sequence of replies may ever do, and what no order of evidence may change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.identity import ReplyLikelihoods, evidence_from_replies, no_beliefs, probabilities, step, update
from chainhome.tables import ALLEGIANCES, SECURE_REPLIES, Detections, Evidence, Tracks

ROUNDING = 1e-9
HOSTILE, UNKNOWN = ALLEGIANCES.index("hostile"), ALLEGIANCES.index("unknown")
VALID = SECURE_REPLIES.index("valid")
SHARE = st.floats(0.01, 1.0)


@st.composite
def priors(draw: Any) -> tuple[float, float, float]:
    raw = np.array([draw(SHARE), draw(SHARE), draw(SHARE)])
    friend, neutral, hostile = (raw / raw.sum()).tolist()
    return friend, neutral, hostile


@st.composite
def likelihoods(draw: Any) -> ReplyLikelihoods:
    def one() -> tuple[float, float, float]:
        friend, neutral = draw(st.floats(1e-6, 1.0)), draw(st.floats(1e-6, 1.0))
        return friend, neutral, min(friend, neutral) * draw(st.floats(1e-3, 1.0))

    return ReplyLikelihoods(one(), one(), one())


@st.composite
def plots(draw: Any, secure: list[int], civil: bool) -> tuple[Detections, Tracks]:
    n = draw(st.integers(0, 12))
    column = st.lists(st.integers(-1, 3 if civil else -1), min_size=n, max_size=n)
    answers = st.lists(st.sampled_from(secure), min_size=n, max_size=n)
    detections = Detections.make(
        rows=n,
        detection_id=np.arange(n),
        time_s=12.0 * np.arange(n),
        sensor_id=0,
        secure_reply=np.array(draw(answers), np.int8),
        mode_3a=np.array(draw(column), np.int64),
        mode_s_address=np.array(draw(column), np.int64),
    )
    return detections, Tracks.make(
        rows=n, detection_id=np.arange(n), track_id=np.array(draw(column) if civil else [4] * n, np.int64) % 3
    )


@settings(deadline=None, max_examples=60)
@given(plots([code for code in range(len(SECURE_REPLIES)) if code != VALID], civil=False), priors())
def test_no_sequence_of_missing_replies_ever_moves_a_belief(
    silence: tuple[Detections, Tracks], prior: tuple[float, float, float]
) -> None:
    detections, tracks = silence
    beliefs = no_beliefs()
    for k in range(len(detections)):
        evidence = evidence_from_replies(detections[k : k + 1], tracks, known_civil_addresses=[1, 2])
        assert len(evidence) == 0
        beliefs, rows = step(beliefs, evidence, prior=prior)
        assert len(rows) == 0
    assert [p[0] for p in probabilities(beliefs, [4], prior=prior)] == pytest.approx(prior, rel=ROUNDING)


@settings(deadline=None, max_examples=80)
@given(plots(list(range(len(SECURE_REPLIES))), civil=True), priors(), likelihoods(), st.floats(0.51, 1.0))
def test_replies_alone_never_declare_hostile_whatever_the_prior_and_the_likelihoods(
    replies: tuple[Detections, Tracks], prior: tuple[float, float, float], given_: ReplyLikelihoods, threshold: float
) -> None:
    evidence = evidence_from_replies(*replies, likelihoods=given_, known_civil_addresses=[1, 2])
    _, rows = step(no_beliefs(), evidence, prior=prior, threshold=threshold)
    assert (rows.declared != HOSTILE).all()
    assert (rows.p_hostile <= prior[2] + ROUNDING).all()


EVIDENCE = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["a", "b", "c"]), st.floats(-5, 5), st.floats(-5, 5)), max_size=12
)


def table(rows: list[tuple[int, str, float, float]]) -> Evidence:
    track, kind, friend, hostile = ([row[i] for row in rows] for i in range(4))
    return Evidence.make(
        rows=len(rows),
        time_s=0.0,
        track_id=np.array(track, np.int64),
        kind=np.array(kind, np.str_),
        llr_friend=friend,
        llr_hostile=hostile,
    )


@settings(deadline=None, max_examples=80)
@given(EVIDENCE, st.randoms(use_true_random=False))
def test_order_pieces_and_repetition_of_evidence_do_not_matter(
    rows: list[tuple[int, str, float, float]], shuffle: Any
) -> None:
    at_once = update(no_beliefs(), table(rows))
    mixed = [*rows, *rows]
    shuffle.shuffle(mixed)
    one_by_one = no_beliefs()
    for row in mixed:
        one_by_one = update(one_by_one, table([row]))
    tracks = [0, 1, 2]
    for one, other in zip(probabilities(at_once, tracks), probabilities(one_by_one, tracks), strict=True):
        assert one == pytest.approx(other, rel=ROUNDING)


@settings(deadline=None, max_examples=80)
@given(EVIDENCE, priors())
def test_beliefs_equal_bayes_rule_written_out(
    rows: list[tuple[int, str, float, float]], prior: tuple[float, float, float]
) -> None:
    beliefs = update(no_beliefs(), table(rows))
    for track in range(3):
        strongest: dict[str, tuple[float, float, float]] = {}
        for _, kind, friend, hostile in (row for row in rows if row[0] == track):
            strongest[kind] = max(strongest.get(kind, (0.0, 0.0, 0.0)), (abs(friend) + abs(hostile), friend, hostile))
        weight = np.array(prior) * np.exp(
            [sum(f for _, f, _ in strongest.values()), 0.0, sum(h for *_, h in strongest.values())]
        )
        ours = [p[0] for p in probabilities(beliefs, [track], prior=prior)]
        assert ours == pytest.approx(weight / weight.sum(), rel=1e-6, abs=ROUNDING)

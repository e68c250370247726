"""What replies say, what silence does not, and what is declared."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.errors import UseError
from chainhome.identity import (
    ReplyLikelihoods,
    declare,
    evidence_from_replies,
    fresh,
    identities,
    no_beliefs,
    probabilities,
    step,
    update,
)
from chainhome.tables import ALLEGIANCES, SECURE_REPLIES, Detections, Evidence, Tracks

UNKNOWN, FRIEND, NEUTRAL, HOSTILE = range(4)
VALID, INVALID, NOT_ASKED = (SECURE_REPLIES.index(name) for name in ("valid", "invalid", "not_asked"))
TRACK = Tracks.make(detection_id=[0, 1, 2], track_id=8)


def told(known: list[int] | None = None, **columns: object) -> np.ndarray:
    plots = Detections.make(detection_id=[0, 1, 2], time_s=[0.0, 12.0, 24.0], sensor_id=3, **columns)
    beliefs = update(no_beliefs(), evidence_from_replies(plots, TRACK, known_civil_addresses=known))
    return np.array([p[0] for p in probabilities(beliefs, [8])])


def test_a_valid_secure_reply_makes_a_friend() -> None:
    friend, neutral, hostile = told(secure_reply=VALID)
    assert friend == pytest.approx(0.98 / (0.98 + 2e-4), rel=1e-9)
    assert declare([friend], [neutral], [hostile]).tolist() == [FRIEND]


def test_the_order_of_magnitude_of_each_reply_is_bayes_rule_on_its_likelihoods() -> None:
    given = ReplyLikelihoods()
    civil = np.array(given.civil) / sum(given.civil)
    assert told(mode_3a=7000) == pytest.approx(civil, rel=1e-9)
    listed = np.array(given.civil) * given.known
    assert told(mode_s_address=77, known=[77]) == pytest.approx(listed / listed.sum(), rel=1e-9)
    assert told(mode_s_address=77, known=[78]) == pytest.approx(civil, rel=1e-9)


def test_a_civil_reply_alone_declares_nothing_and_a_known_address_makes_a_neutral() -> None:
    assert declare(*told(mode_3a=7000, mode_s_address=77)[:, None]).tolist() == [UNKNOWN]
    assert declare(*told(mode_s_address=77, known=[77])[:, None]).tolist() == [NEUTRAL]


@pytest.mark.parametrize("answer", SECURE_REPLIES)
def test_only_a_valid_answer_is_evidence(answer: str) -> None:
    plots = Detections.make(detection_id=[0], secure_reply=SECURE_REPLIES.index(answer), time_s=0.0)
    assert len(evidence_from_replies(plots, TRACK)) == (1 if answer == "valid" else 0)


def test_a_plot_that_fed_no_track_is_evidence_for_none() -> None:
    plots = Detections.make(detection_id=[5, 6], secure_reply=VALID, time_s=0.0)
    assert len(evidence_from_replies(plots, TRACK)) == 0
    assert len(evidence_from_replies(plots, Tracks.make(detection_id=[-1], track_id=1))) == 0


def test_the_code_and_the_address_of_one_transponder_count_once() -> None:
    assert told(mode_3a=7000, mode_s_address=77) == pytest.approx(told(mode_3a=7000), rel=1e-12)


def test_a_hundred_replies_say_no_more_than_one() -> None:
    plots = Detections.make(detection_id=np.arange(100), time_s=np.arange(100.0), mode_3a=7000, sensor_id=1)
    tracks = Tracks.make(detection_id=np.arange(100), track_id=8)
    beliefs, rows = no_beliefs(), 0
    for k in range(100):
        beliefs, changed = step(beliefs, evidence_from_replies(plots[k : k + 1], tracks))
        rows += len(changed)
    assert rows == 1
    assert np.array([p[0] for p in probabilities(beliefs, [8])]) == pytest.approx(told(mode_3a=7000), rel=1e-12)


def test_the_source_and_the_time_of_the_first_reply_are_kept() -> None:
    plots = Detections.make(detection_id=[2, 1], time_s=[24.0, 12.0], sensor_id=[3, 4], secure_reply=VALID)
    rows = evidence_from_replies(plots, TRACK)
    assert (rows.time_s.tolist(), rows.source.tolist()) == ([12.0], ["sensor 4"])


def test_a_step_gives_a_row_for_each_track_whose_belief_changed() -> None:
    evidence = Evidence.make(
        time_s=[1.0, 2.0, 3.0],
        track_id=[5, 6, 5],
        kind=["secure_reply", "x", "y"],
        llr_friend=[9.0, 0.0, 0.1],
        llr_hostile=0.0,
    )
    beliefs, rows = step(no_beliefs(), evidence)
    assert fresh(no_beliefs(), evidence).tolist() == [True, False, True]
    assert (rows.track_id.tolist(), rows.time_s.tolist(), rows.declared.tolist()) == ([5], [3.0], [FRIEND])
    assert step(beliefs, evidence)[1].track_id.tolist() == []


def test_a_track_that_nothing_is_known_of_is_unknown_whatever_the_prior() -> None:
    for prior in ((0.01, 0.01, 0.98), (0.98, 0.01, 0.01), (0.01, 0.98, 0.01)):
        rows = identities(no_beliefs(), [1, 2], 5.0, prior=prior)
        assert rows.declared.tolist() == [UNKNOWN, UNKNOWN]
        assert rows.p_hostile.tolist() == pytest.approx([prior[2]] * 2)


def test_evidence_of_another_kind_can_make_a_hostile() -> None:
    seen = Evidence.make(time_s=[0.0], track_id=1, kind="hostile act", llr_friend=-3.0, llr_hostile=5.0)
    assert ALLEGIANCES[step(no_beliefs(), seen)[1].declared[0]] == "hostile"


def test_likelihoods_by_which_a_reply_would_speak_for_hostile_are_refused() -> None:
    with pytest.raises(UseError, match=r"civil = .*never speaks for hostile"):
        ReplyLikelihoods(civil=(0.1, 0.9, 0.5))


@pytest.mark.parametrize(
    ("given", "message"), [({"threshold": 0.5}, "above 0.5"), ({"prior": (0.5, 0.5, 0.5)}, "with sum 1")]
)
def test_rules_that_declare_nonsense_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(UseError, match=message):
        declare([0.9], [0.05], [0.05], **given)  # type: ignore[arg-type]


def test_evidence_without_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        update(no_beliefs(), Evidence.make(time_s=[0.0], track_id=1, kind="x"))

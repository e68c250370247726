"""Who can answer whom, and what silence means."""

import numpy as np
import pytest

from chainhome import draws, tables
from chainhome.errors import UseError
from chainhome.sensors.interrogation import (
    Interrogator,
    Transponder,
    replies,
    reply_probability,
    secure_reply,
    shared_modes,
)

NATO_GROUND = Interrogator(frozenset({"mode-3a", "mode-c", "mode-s", "mode-4", "mode-5"}), frozenset({"nato"}))
RUSSIAN_GROUND = Interrogator(frozenset({"mode-3a", "mode-c", "russian-secure"}), frozenset({"russia"}))
FIGHTER = Transponder(frozenset({"mode-3a", "mode-c", "mode-s", "mode-4", "mode-5"}), frozenset({"nato"}))
KEYS = draws.key(1, np.arange(20_000))


def names(codes: np.ndarray) -> set[str]:
    return {tables.SECURE_REPLIES[code] for code in codes}


def test_one_alliance_shares_secure_modes_and_two_share_civil_ones_only() -> None:
    assert "mode-5" in shared_modes(NATO_GROUND, FIGHTER)
    assert shared_modes(RUSSIAN_GROUND, FIGHTER) == {"mode-3a", "mode-c"}


def test_the_same_mode_without_a_common_key_is_never_answered() -> None:
    other_keys = Interrogator(frozenset({"mode-5"}), frozenset({"elsewhere"}))
    assert reply_probability(other_keys, FIGHTER, "mode-5") == 0.0
    assert not replies(other_keys, FIGHTER, "mode-5", KEYS).any()


def test_a_shared_mode_is_answered_as_often_as_stated() -> None:
    four_standard_errors = 4.0 * np.sqrt(0.9 * 0.1 / len(KEYS))
    share = float(replies(NATO_GROUND, FIGHTER, "mode-s", KEYS, p_reply=0.9).mean())
    assert abs(share - 0.9) < four_standard_errors


def test_silence_and_not_being_asked_are_different_and_neither_is_hostile() -> None:
    assert names(secure_reply(RUSSIAN_GROUND, FIGHTER, KEYS)) == {"none"}
    civil_only = Interrogator(frozenset({"mode-3a", "mode-s"}))
    assert names(secure_reply(civil_only, FIGHTER, KEYS)) == {"not_asked"}
    no_keys = Interrogator(frozenset({"mode-5"}))
    assert names(secure_reply(no_keys, FIGHTER, KEYS)) == {"not_asked"}
    assert names(secure_reply(NATO_GROUND, FIGHTER, KEYS)) == {"valid", "none"}
    assert "hostile" not in tables.SECURE_REPLIES


def test_a_national_system_answers_its_own_keys_only() -> None:
    own = Transponder(frozenset({"mode-3a", "russian-secure"}), frozenset({"russia"}))
    assert shared_modes(RUSSIAN_GROUND, own) == {"mode-3a", "russian-secure"}
    assert shared_modes(NATO_GROUND, own) == {"mode-3a"}


def test_a_broadcast_is_no_answer() -> None:
    receiver, sender = Interrogator(frozenset({"ads-b", "mode-s"})), Transponder(frozenset({"ads-b", "mode-s"}))
    assert shared_modes(receiver, sender) == {"mode-s"}
    assert reply_probability(receiver, sender, "ads-b") == 0.0


def test_a_transponder_that_is_off_answers_nothing() -> None:
    off = Transponder(FIGHTER.modes, FIGHTER.keys, on=False)
    assert shared_modes(NATO_GROUND, off) == frozenset()
    assert names(secure_reply(NATO_GROUND, off, KEYS)) == {"none"}


def test_the_secure_answer_does_not_depend_on_the_order_of_looks() -> None:
    order = np.random.default_rng(1).permutation(len(KEYS))
    straight = secure_reply(NATO_GROUND, FIGHTER, KEYS, p_reply=0.5)
    assert np.array_equal(straight[order], secure_reply(NATO_GROUND, FIGHTER, KEYS[order], p_reply=0.5))


def test_a_misspelt_mode_answers_with_the_nearest_one() -> None:
    with pytest.raises(UseError, match="did you mean mode-5"):
        Transponder(frozenset({"mode5"}))
    with pytest.raises(UseError, match="did you mean russian-secure"):
        Interrogator(frozenset({"rusian-secure"}))
    with pytest.raises(UseError, match="between 0 and 1"):
        reply_probability(NATO_GROUND, FIGHTER, "mode-s", 1.2)

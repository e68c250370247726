"""Secondary radar and IFF: the modes and keys of both sides in, replies out.

Two facts decide whether a transponder answers: both sides have the mode, and, for a secure mode, both hold keys of one
domain. Where they share none the probability of a reply is zero, however good the radar is. A missing reply says
nothing about whose aircraft it is: no transponder, a transponder that is off, fails, or cannot understand the question
all look the same. It means unknown, never hostile.

Left out: garbling and interference between replies, antenna lobing, and who may reply under which procedure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome import draws
from chainhome.errors import UseError, nearest
from chainhome.tables import SECURE_REPLIES

Codes = NDArray[np.int8]

CIVIL_MODES = frozenset({"mode-3a", "mode-c", "mode-s"})
MILITARY_OPEN_MODES = frozenset({"mode-1", "mode-2"})
SECURE_MODES = frozenset({"mode-4", "mode-5", "chinese-secure", "russian-secure", "turkish-secure"})
BROADCASTS = frozenset({"ads-b", "remote-id"})  # sent without being asked, so no interrogator asks for them
MODES = CIVIL_MODES | MILITARY_OPEN_MODES | SECURE_MODES | BROADCASTS

NONE, VALID, INVALID, NOT_ASKED = (SECURE_REPLIES.index(name) for name in ("none", "valid", "invalid", "not_asked"))


def _check(owner: str, modes: frozenset[str]) -> None:
    for mode in sorted(modes - MODES):
        known = sorted(MODES)
        raise UseError(f"{owner}: mode {mode!r} is not one of {', '.join(known)}{nearest(mode, known)}")


@dataclass(frozen=True)
class Interrogator:
    """What a ground station can ask: modes, and the key domains whose keys it holds (such as "nato")."""

    modes: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse modes that do not exist."""
        _check("interrogator", self.modes)


@dataclass(frozen=True)
class Transponder:
    """What an aircraft can answer: modes, key domains, and whether it is switched on."""

    modes: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    on: bool = True

    def __post_init__(self) -> None:
        """Refuse modes that do not exist."""
        _check("transponder", self.modes)


def shared_modes(interrogator: Interrogator, transponder: Transponder) -> frozenset[str]:
    """Return the modes in which the transponder can answer this interrogator; none if it is off [icao_a10].

    >>> nato = Transponder(frozenset({"mode-3a", "mode-s", "mode-5"}), frozenset({"nato"}))
    >>> sorted(shared_modes(Interrogator(frozenset({"mode-3a", "russian-secure"}), frozenset({"russia"})), nato))
    ['mode-3a']
    """
    if not transponder.on:
        return frozenset()
    common = (interrogator.modes & transponder.modes) - BROADCASTS
    return common if interrogator.keys & transponder.keys else common - SECURE_MODES


def reply_probability(interrogator: Interrogator, transponder: Transponder, mode: str, p_reply: float = 0.98) -> float:
    """Return the probability that one look of the interrogator brings a reply in a mode.

    Zero unless both have the mode and, for a secure mode, keys of one domain; else `p_reply`, ASSUMED 0.98.
    An unknown mode or a `p_reply` outside [0, 1] is a `UseError`.

    >>> airliner = Transponder(frozenset({"mode-3a", "mode-s"}))
    >>> ground = Interrogator(frozenset({"mode-s", "mode-5"}), frozenset({"nato"}))
    >>> reply_probability(ground, airliner, "mode-s"), reply_probability(ground, airliner, "mode-5")
    (0.98, 0.0)
    """
    _check("question", frozenset({mode}))
    if not 0.0 <= p_reply <= 1.0:
        raise UseError(f"p_reply = {p_reply} must lie between 0 and 1")
    return p_reply if mode in shared_modes(interrogator, transponder) else 0.0


def replies(
    interrogator: Interrogator,
    transponder: Transponder,
    mode: str,
    keys: NDArray[np.uint64],
    *,
    p_reply: float = 0.98,
    lane: int = 0,
) -> NDArray[np.bool_]:
    """Return whether each look, one for each draw key (n,), brings a reply in a mode.

    >>> ground, aircraft = Interrogator(frozenset({"mode-s"})), Transponder(frozenset({"mode-s"}))
    >>> round(float(replies(ground, aircraft, "mode-s", draws.key(1, np.arange(100_000))).mean()), 2)
    0.98
    """
    return np.asarray(draws.uniform(keys, lane) < reply_probability(interrogator, transponder, mode, p_reply))


def secure_reply(
    interrogator: Interrogator,
    transponder: Transponder,
    keys: NDArray[np.uint64],
    *,
    p_reply: float = 0.98,
    lane: int = 1,
) -> Codes:
    """Return the answer of each look (n,) to the secure question, as codes of `tables.SECURE_REPLIES`.

    `not_asked`: the interrogator has no secure mode, or no keys for one, so the look says nothing at all.
    `none`: it asked and heard nothing; this too is unknown, and never hostile. `valid`: both share a secure mode and a
    key domain, and the transponder answered. `invalid` never comes from this model, since a transponder that cannot
    read the question stays silent; it exists for recordings.

    >>> aircraft = Transponder(frozenset({"mode-5"}), frozenset({"nato"}))
    >>> battery = Interrogator(frozenset({"russian-secure"}), frozenset({"russia"}))
    >>> [SECURE_REPLIES[code] for code in secure_reply(battery, aircraft, draws.key(1, np.arange(2)))]
    ['none', 'none']
    """
    if not interrogator.keys or not interrogator.modes & SECURE_MODES:
        return np.full(keys.shape, NOT_ASKED, np.int8)
    # Several shared secure modes are one question more, not one more independent chance: a failed look fails them all.
    possible = sorted(shared_modes(interrogator, transponder) & SECURE_MODES)
    if not possible:
        return np.full(keys.shape, NONE, np.int8)
    answered = replies(interrogator, transponder, possible[0], keys, p_reply=p_reply, lane=lane)
    return np.where(answered, VALID, NONE).astype(np.int8)

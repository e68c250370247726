"""The chain of every input: plots in any pieces → tracks, evidence and identities.

`start`, `advance` piece by piece, `finished`. The state is passed in and out; nothing else is remembered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chainhome import identity, tracking
from chainhome.tables import SECURE_REPLIES, Detections, Evidence, Identities, Tracks

EvidenceModel = Callable[[Detections, Tracks], Evidence]


@dataclass(frozen=True, eq=False)
class Chain:
    """What does not change while a chain runs: who looks, where, how well, and which aircraft filed a plan."""

    tracker: tracking.Setup
    known_addresses: NDArray[np.int64]
    known_codes: NDArray[np.int64]
    evidence_models: tuple[EvidenceModel, ...] = ()
    """Further kinds of evidence than replies: each takes plots and the tracks of them and returns rows of evidence."""


@dataclass(frozen=True, eq=False)
class ChainState:
    """What a chain remembers, and the rows that it has made so far (as parts, put together by `finished`)."""

    tracker: tracking.TrackerState
    beliefs: identity.Beliefs
    told: frozenset[tuple[int, int]] = frozenset()
    """Tracks and kinds of reply (see `_kinds`) that have been heard: a transponder that repeats itself says no more."""
    tracks: tuple[Tracks, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    identities: tuple[Identities, ...] = ()


def start(chain: Chain) -> ChainState:
    """Return a chain that has seen nothing."""
    return ChainState(tracking.initial_state(chain.tracker), identity.no_beliefs())


def advance(chain: Chain, state: ChainState, detections: Detections, until_s: float) -> ChainState:
    """Take in plots of any sensors; all up to `until_s` have then been given (see `tracking.feed`)."""
    from chainhome.tracking.tracker import feed

    # Tracks also come of plots that were given before and had to wait.
    seen = Detections.concat([state.tracker.waiting, detections])
    tracker, tracks = feed(state.tracker, detections, chain.tracker, until_s=until_s)
    state = replace(state, tracker=tracker, tracks=(*state.tracks, tracks))
    heard = _heard(chain, seen, tracks)
    # Most scans only repeat what a transponder has told its track before.
    parts = [] if heard <= state.told else [identify(chain, seen, tracks)]
    parts += [model(seen, tracks) for model in chain.evidence_models]
    evidence = Evidence.concat([part for part in parts if len(part)])
    if not len(evidence):
        return state
    state = replace(state, told=state.told | heard)
    # What only repeats is no evidence: the table holds what changed a belief.
    evidence = evidence[identity.fresh(state.beliefs, evidence)]
    beliefs, identities = identity.step(state.beliefs, evidence)
    return replace(
        state,
        beliefs=beliefs,
        evidence=(*state.evidence, evidence),
        identities=(*state.identities, identities),
    )


def identify(chain: Chain, detections: Detections, tracks: Tracks) -> Evidence:
    """Return what the replies in the plots say about the tracks that took them in."""
    return identity.evidence_from_replies(
        detections, tracks, known_civil_addresses=chain.known_addresses, known_civil_codes=chain.known_codes
    )


def _heard(chain: Chain, detections: Detections, tracks: Tracks) -> frozenset[tuple[int, int]]:
    """Return (track, kinds of reply) of the plots that the tracks took in."""
    kinds = dict(zip(detections.detection_id.tolist(), _kinds(chain, detections).tolist(), strict=True))
    fed = zip(tracks.track_id.tolist(), tracks.detection_id.tolist(), strict=True)
    return frozenset((track, kinds[plot]) for track, plot in fed if kinds.get(plot))


def _kinds(chain: Chain, detections: Detections) -> NDArray[np.int64]:
    """Return for each plot (m,) which kinds of reply it carries, as bits: civil, filed in a plan, secure; 0 = none."""
    code, address = detections.mode_3a, detections.mode_s_address
    civil = (code >= 0) | (address >= 0)
    filed = civil & (np.isin(code, chain.known_codes) | np.isin(address, chain.known_addresses))
    secure = detections.secure_reply == SECURE_REPLIES.index("valid")
    return np.asarray(civil + 2 * filed + 4 * secure, np.int64)


def finished(state: ChainState) -> tuple[Tracks, Evidence, Identities]:
    """Return the tables of a chain in time order."""
    return (
        Tracks.concat(list(state.tracks)).sorted_by("time_s", "track_id"),
        Evidence.concat(list(state.evidence)).sorted_by("time_s", "track_id"),
        Identities.concat(list(state.identities)).sorted_by("time_s", "track_id"),
    )

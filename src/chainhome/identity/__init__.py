"""Identity: evidence in, who each track is believed to be out. No reply means unknown, never hostile."""

from __future__ import annotations

from chainhome.identity.bayes import Beliefs, declare, fresh, identities, no_beliefs, probabilities, step, update
from chainhome.identity.replies import ReplyLikelihoods, evidence_from_replies

__all__ = [
    "Beliefs",
    "ReplyLikelihoods",
    "declare",
    "evidence_from_replies",
    "fresh",
    "identities",
    "no_beliefs",
    "probabilities",
    "step",
    "update",
]

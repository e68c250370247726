"""What a transponder's answers say about its carrier: plots and tracks in, rows of evidence out.

A reply is evidence; the absence of one is not. An aircraft that does not answer may have no transponder, one that is
off or broken, or no mode and key in common with the interrogator: so no reply, no question and an answer that fails
its check all give no row, and nothing here can ever speak for hostile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError
from chainhome.tables import SECURE_REPLIES, Detections, Evidence, Tracks

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SECURE_REPLY = "secure_reply"
CIVIL_REPLY = "civil_reply"
FLIGHT_PLAN = "flight_plan"
_VALID = SECURE_REPLIES.index("valid")


@dataclass(frozen=True)
class ReplyLikelihoods:
    """How likely each kind of reply is from a friend, a neutral and a hostile aircraft.

    All assumed: no operator publishes such figures. What matters is their order: no kind may be likelier from a
    hostile aircraft than from the other two, so that replies alone can never make one hostile. Raises UseError.
    """

    secure: tuple[float, float, float] = (0.98, 1e-4, 1e-4)
    """A valid secure reply: the cryptographic check has to be passed by chance or by a stolen key."""
    civil: tuple[float, float, float] = (0.5, 0.98, 0.2)
    """A Mode 3/A code or Mode S address: nearly every civil aircraft gives one, military aircraft may keep silent on
    operations, a hostile one can pretend."""
    known: tuple[float, float, float] = (0.05, 0.9, 0.01)
    """A code or address on the caller's list of civil aircraft, such as filed flight plans, which can be wrong."""

    def __post_init__(self) -> None:
        """Refuse likelihoods that would let a reply speak for hostile."""
        for name in ("secure", "civil", "known"):
            friend, neutral, hostile = getattr(self, name)
            if not (0.0 < hostile <= min(friend, neutral) and max(friend, neutral) <= 1.0):
                raise UseError(
                    f"identity: {name} = {friend, neutral, hostile} (friend, neutral, hostile): expected probabilities "
                    "above 0, the one of hostile not above the others: a reply never speaks for hostile"
                )


_DEFAULT = ReplyLikelihoods()


def evidence_from_replies(
    detections: Detections,
    tracks: Tracks,
    *,
    likelihoods: ReplyLikelihoods = _DEFAULT,
    known_civil_addresses: ArrayLike | None = None,
    known_civil_codes: ArrayLike | None = None,
) -> Evidence:
    """Return what the replies in the plots say about the tracks that the plots updated (`tracks.detection_id`).

    One row for each track and kind, at the time of the first such reply: replies of one transponder repeat each other
    and are not new evidence (`update` counts each kind once). A code and an address come from the same box and are one
    kind. `known_civil_addresses` (24-bit addresses) and `known_civil_codes` (Mode 3/A), as filed flight plans give
    them, add the kind `flight_plan`.

    >>> plots = Detections.make(detection_id=[7, 8], time_s=[1.0, 2.0], sensor_id=3, secure_reply=[1, 0])
    >>> tracks = Tracks.make(detection_id=[7, 8], track_id=[0, 1])
    >>> rows = evidence_from_replies(plots, tracks)
    >>> rows.track_id.tolist(), rows.kind.tolist(), rows.llr_friend.round(2).tolist(), rows.source.tolist()
    ([0], ['secure_reply'], [9.19], ['sensor 3'])
    """
    track_id = _track_of(detections.detection_id, tracks)
    secure = detections.secure_reply == _VALID
    civil = (detections.mode_3a >= 0) | (detections.mode_s_address >= 0)
    addresses = np.asarray([] if known_civil_addresses is None else known_civil_addresses, np.int64)
    codes = np.asarray([] if known_civil_codes is None else known_civil_codes, np.int64)
    known = (detections.mode_s_address >= 0) & np.isin(detections.mode_s_address, addresses)
    known |= (detections.mode_3a >= 0) & np.isin(detections.mode_3a, codes)
    parts = [
        _rows(detections, track_id, said & (track_id >= 0), kind, likelihood)
        for kind, said, likelihood in (
            (SECURE_REPLY, secure, likelihoods.secure),
            (CIVIL_REPLY, civil, likelihoods.civil),
            (FLIGHT_PLAN, known, likelihoods.known),
        )
    ]
    return Evidence.concat(parts).sorted_by("time_s", "track_id", "kind")


def _track_of(detection_id: NDArray[np.int64], tracks: Tracks) -> NDArray[np.int64]:
    fed = np.flatnonzero(tracks.detection_id >= 0)
    if not len(fed):
        return np.full(len(detection_id), -1, np.int64)
    order = fed[np.argsort(tracks.detection_id[fed], kind="stable")]
    names = tracks.detection_id[order]
    at = np.minimum(np.searchsorted(names, detection_id), len(names) - 1)
    return np.where(names[at] == detection_id, tracks.track_id[order][at], -1)


def _rows(
    detections: Detections,
    track_id: NDArray[np.int64],
    said: Bools,
    kind: str,
    likelihood: tuple[float, float, float],
) -> Evidence:
    rows = np.flatnonzero(said)
    rows = rows[np.lexsort([detections.detection_id[rows], detections.time_s[rows]])]
    rows = rows[np.unique(track_id[rows], return_index=True)[1]]
    friend, neutral, hostile = likelihood
    return Evidence.make(
        rows=len(rows),
        time_s=detections.time_s[rows],
        track_id=track_id[rows],
        kind=kind,
        llr_friend=float(np.log(friend / neutral)),
        llr_hostile=float(np.log(hostile / neutral)),
        source=np.array([f"sensor {key}" for key in detections.sensor_id[rows].tolist()], np.str_),
    )

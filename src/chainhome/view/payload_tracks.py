"""Tracks and targets for the page: who they are, what was believed of them when, what fed them, and how they move.

In: the tables of a run. Out: descriptions for the header and columns of integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import (
    ALLEGIANCES,
    ORIGINS,
    TRACK_STATUSES,
    Detections,
    Evidence,
    Identities,
    Targets,
    Tracks,
    Truth,
)
from chainhome.view import encode_motion
from chainhome.view.payload_tables import Floats, Ints, Whereabouts, table

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

CONFIRMED = TRACK_STATUSES.index("confirmed")
TRUTH_HOLD_STEPS = 2.5
LEAST_HOLD_S, SCANS_HELD = 10.0, 3.0
MOST_EVIDENCE = 40_000
# What was believed, first as it was, then under the evidence that the scenario compares with.
BELIEFS = {"identities": "as fielded", "identities_shared_mode": "secure mode shared"}


@dataclass(frozen=True, eq=False)
class Moving:
    """What moves: pieces of motion, and the ids that `pieces.owner` are rows of."""

    ids: Ints
    pieces: encode_motion.Pieces


def hold_s(run: Run) -> float:
    """Return how long a track is shown without a row: three turns of its slowest radar."""
    from chainhome.tables import Sensors

    periods = table(run, Sensors).period_s
    known = periods[np.isfinite(periods) & (periods > 0.0)]
    return max(LEAST_HOLD_S, SCANS_HELD * float(known.max())) if known.size else 30.0


def moving_tracks(run: Run, where: Whereabouts) -> Moving:
    """Return the confirmed tracks as pieces of motion."""
    tracks = table(run, Tracks)
    tracks = tracks[tracks.status == CONFIRMED]
    lat, lon, alt = where.of(tracks)
    ids, owner = np.unique(tracks.track_id, return_inverse=True)
    return Moving(ids, encode_motion.cut(tracks.time_s, owner, lat, lon, alt, hold_s=hold_s(run)))


def moving_targets(run: Run, where: Whereabouts) -> Moving | None:
    """Return what truly flew as pieces of motion; None where the run has no truth."""
    truth, targets = table(run, Truth), table(run, Targets)
    if not len(truth):
        return None
    ids = targets.target_id if len(targets) else np.unique(truth.target_id)
    truth = truth[np.isin(truth.target_id, ids)]
    order = np.argsort(ids, kind="stable")
    owner = order[np.searchsorted(ids[order], truth.target_id)]
    lat, lon, alt = where.of(truth)
    rows = truth.sorted_by("target_id", "time_s")
    gaps = np.diff(rows.time_s)[np.diff(rows.target_id) == 0]
    usual = float(np.median(gaps[gaps > 0])) if np.any(gaps > 0) else 10.0
    return Moving(ids, encode_motion.cut(truth.time_s, owner, lat, lon, alt, hold_s=TRUTH_HOLD_STEPS * usual))


def describe_targets(run: Run, ids: Ints) -> list[dict[str, Any]]:
    """Return name, class, true allegiance (a code of ALLEGIANCES) and origin of each target."""
    targets = table(run, Targets)
    rows = {int(key): row for row, key in enumerate(targets.target_id.tolist())}
    found = []
    for key in ids.tolist():
        row = rows.get(key)
        if row is None:
            found.append({"id": key, "name": f"target {key}", "class": "", "side": 0, "origin": ""})
            continue
        found.append(
            {
                "id": key,
                "name": str(targets.name[row]),
                "class": str(targets.class_name[row]),
                "side": int(targets.allegiance[row]),
                "origin": ORIGINS[int(targets.origin[row])],
            }
        )
    return found


def describe_tracks(run: Run, ids: Ints, target_ids: Ints) -> dict[str, list[Any]]:
    """Return for each track its id, the row of its true target (-1 = none), its usual address and code (-1 = none)."""
    tracks, plots = table(run, Tracks), table(run, Detections)
    fed = tracks.detection_id >= 0
    order = np.argsort(plots.detection_id, kind="stable")
    keys = plots.detection_id[order]
    wanted = tracks.detection_id[fed]
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    found = keys[place] == wanted if len(keys) else np.zeros(len(wanted), np.bool_)
    track, plot = tracks.track_id[fed][found], order[place[found]] if len(keys) else np.zeros(0, np.int64)
    target = _most_common(track, plots.target_id[plot], ids)
    rows = {int(key): row for row, key in enumerate(target_ids.tolist())}
    return {
        "id": ids.tolist(),
        "target": [rows.get(int(key), -1) for key in target],
        "address": _most_common(track, plots.mode_s_address[plot], ids).tolist(),
        "code": _most_common(track, plots.mode_3a[plot], ids).tolist(),
    }


def _most_common(track: Ints, value: Ints, ids: Ints) -> Ints:
    """Return for each of `ids` its most common value that is not negative; -1 = none."""
    known = value >= 0
    pairs, counts = np.unique(np.column_stack([track[known], value[known]]), axis=0, return_counts=True)
    best = np.full(len(ids), -1, np.int64)
    if len(pairs) and len(ids):
        order = np.lexsort([counts, pairs[:, 0]])  # the last of each track is its most common
        row = np.minimum(np.searchsorted(ids, pairs[order, 0]), len(ids) - 1)
        fits = ids[row] == pairs[order, 0]
        best[row[fits]] = pairs[order, 1][fits]
    return best


def beliefs(run: Run, ids: Ints, name: str = "identities") -> dict[str, Ints]:
    """Return what was believed when: columns track (row of `ids`), time in 10 ms, declared, and three per mille."""
    found = run.tables.get(name)
    rows = found if isinstance(found, Identities) else Identities.make(0)
    rows = rows[np.isin(rows.track_id, ids)].sorted_by("track_id", "time_s")
    return {
        "track": np.searchsorted(ids, rows.track_id),
        "time": _hundredths(rows.time_s),
        "declared": rows.declared.astype(np.int64),
        "friend": _per_mille(rows.p_friend),
        "neutral": _per_mille(rows.p_neutral),
        "hostile": _per_mille(rows.p_hostile),
    }


def evidence(run: Run, ids: Ints) -> tuple[dict[str, Any], dict[str, Ints]]:
    """Return why beliefs changed: the words; columns track, time in 10 ms, kind, source, two ratios in hundredths."""
    rows = table(run, Evidence)
    rows = rows[np.isin(rows.track_id, ids)].sorted_by("track_id", "time_s")[:MOST_EVIDENCE]
    kinds, kind = np.unique(rows.kind, return_inverse=True)
    sources, source = np.unique(rows.source, return_inverse=True)
    columns = {
        "track": np.searchsorted(ids, rows.track_id),
        "time": _hundredths(rows.time_s),
        "kind": np.asarray(kind, np.int64).ravel(),
        "source": np.asarray(source, np.int64).ravel(),
        "friend": np.round(100.0 * np.nan_to_num(rows.llr_friend)).astype(np.int64),
        "hostile": np.round(100.0 * np.nan_to_num(rows.llr_hostile)).astype(np.int64),
    }
    return {"kinds": kinds.tolist(), "sources": sources.tolist()}, columns


def counts_at(run: Run, moving: Moving, time_s: float) -> dict[str, int]:
    """Return how many confirmed tracks of each declared allegiance the page shows at a time.

    >>> from chainhome.formats.run_folder import Run
    >>> from pathlib import Path
    >>> empty = Run(Path("x"), {}, "", {})
    >>> counts_at(empty, moving_tracks(empty, Whereabouts(None)), 0.0)
    {'unknown': 0, 'friend': 0, 'neutral': 0, 'hostile': 0}
    """
    owner, _, _, _ = encode_motion.at(moving.pieces, time_s)
    told = beliefs(run, moving.ids)
    side = np.zeros(len(moving.ids), np.int64)
    for row in np.flatnonzero(told["time"] <= round(100.0 * time_s)):
        side[told["track"][row]] = told["declared"][row]
    return {name: int(np.count_nonzero(side[owner] == code)) for code, name in enumerate(ALLEGIANCES)}


def _hundredths(time_s: Floats) -> Ints:
    return np.asarray(np.round(100.0 * time_s), np.int64)


def _per_mille(share: Floats) -> NDArray[np.int64]:
    return np.asarray(np.round(1000.0 * np.nan_to_num(share)), np.int64)

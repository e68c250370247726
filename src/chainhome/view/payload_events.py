"""Events, plots and shots for the page: what happened in words, what a scope shows, what was fired and how it ended.

In: the tables of a run. Out: descriptions for the header and columns of integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainhome.tables import SENSOR_KINDS, TRACK_STATUSES, Detections, Events, Sensors, Tracks
from chainhome.view import encode_motion
from chainhome.view.payload_tables import Floats, Ints, table
from chainhome.view.payload_tracks import Moving

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

MOST_PLOTS = 60_000
MOST_EVENTS = 20_000
AZIMUTH_STEPS = 4096  # of a turn: 0.09 degrees
RANGE_STEP_M = 100.0
BINS = 240
# What an event's kind says in words; {actor}, {target}, {track} and {range} are filled in.
WORDS = {
    "first_detection": "{actor}: first plot of {target}{range}",
    "track_confirmed": "{track} confirmed",
    "track_ended": "{track} ended",
    "declared_friend": "{track} declared friend",
    "declared_neutral": "{track} declared neutral",
    "declared_hostile": "{track} declared hostile",
    "declared_unknown": "{track} back to unknown",
    "launch": "{actor} fires at {what}",
    "hit": "{actor}: {what} hit",
    "miss": "{actor}: {what} missed",
    "leak": "{what} leaked through",
}
LAUNCHES = ("launch", "fire", "fired")
HITS, MISSES, LEAKS = ("hit", "kill", "intercept"), ("miss", "missed"), ("leak", "leaked")
MEANING = {"launch": LAUNCHES, "hit": HITS, "miss": MISSES, "leak": LEAKS}
TONES = {"declared_friend": "friend", "declared_neutral": "neutral", "declared_hostile": "hostile"}


def event_list(run: Run, track_ids: Ints, target_names: dict[int, str]) -> list[dict[str, Any]]:
    """Return the events in order of time, each with its words, its tone and the rows that it points to."""
    events = table(run, Events)
    if not len(events):
        events = _lives(table(run, Tracks))
    events = events.sorted_by("time_s")[:MOST_EVENTS]
    rows = {int(key): row for row, key in enumerate(track_ids.tolist())}
    targets = {key: row for row, key in enumerate(target_names)}
    found = []
    for k in range(len(events)):
        kind, track, target = str(events.kind[k]), int(events.track_id[k]), int(events.target_id[k])
        told = {
            "actor": str(events.actor[k]) or "somebody",
            "target": target_names.get(target, f"target {target}") if target >= 0 else "a target",
            "track": f"T{track}" if track >= 0 else "a track",
            "range": f" at {events.value[k] / 1e3:,.0f} km" if np.isfinite(events.value[k]) else "",
        }
        told["what"] = told["target"] if target >= 0 else told["track"]
        named = kind if kind in WORDS else next((base for base, same in MEANING.items() if kind in same), "")
        words = WORDS.get(named, kind.replace("_", " ").replace("{", "").replace("}", "") + ": {actor}, {what}")
        tone = TONES.get(kind, named if named in ("launch", "hit", "miss", "leak") else "")
        entry = {"t": round(float(events.time_s[k]), 3), "kind": kind, "text": words.format(**told), "tone": tone}
        entry |= {"track": rows.get(track, -1), "target": targets.get(target, -1)}
        found.append(entry)
    return found


def _lives(tracks: Tracks) -> Events:
    """Return when tracks were confirmed and when they ended, for a run that has no events."""
    parts = []
    for status in ("confirmed", "ended"):
        rows = tracks[tracks.status == TRACK_STATUSES.index(status)].sorted_by("track_id", "time_s")
        _, first = np.unique(rows.track_id, return_index=True)
        rows = rows[first]
        parts.append(
            Events.make(len(rows), time_s=rows.time_s, kind=f"track_{status}", actor="tracker", track_id=rows.track_id)
        )
    confirmed = set(parts[0].track_id.tolist())
    ended = parts[1][np.array([key in confirmed for key in parts[1].track_id.tolist()], np.bool_)]
    return Events.concat([parts[0], ended])


def shots(
    run: Run, sensors: list[dict[str, Any]], batteries: list[dict[str, Any]], tracks: Moving, truth: Moving | None
) -> list[dict[str, Any]]:
    """Return what was fired: from where, at what, from when to when, and how it ended ("" = not told)."""
    events = table(run, Events)
    places = {entry["name"]: entry for entry in [*sensors, *batteries] if entry.get("lat_deg") is not None}
    ends: dict[int, int] = {}
    for k in np.flatnonzero(events.cause >= 0):
        ends.setdefault(int(events.cause[k]), int(k))
    found = []
    for k in np.flatnonzero(np.isin(events.kind, LAUNCHES)):
        end = ends.get(int(k))
        start_s = float(events.time_s[k])
        end_s = float(events.time_s[end]) if end is not None else start_s
        kind = str(events.kind[end]) if end is not None else ""
        at = _whereabouts(int(events.target_id[k]), int(events.track_id[k]), end_s, tracks, truth)
        place = places.get(str(events.actor[k]))
        if place is None or at is None:
            continue
        outcome = "hit" if kind in HITS else "miss" if kind in MISSES else ""
        found.append({
            "t0": round(start_s, 3), "t1": round(end_s, 3), "outcome": outcome, "name": str(events.actor[k]),
            "from": [place["lat_deg"], place["lon_deg"]], "to": [round(at[0], 5), round(at[1], 5)],
        })  # fmt: skip
    return found


def _whereabouts(
    target: int, track: int, time_s: float, tracks: Moving, truth: Moving | None
) -> tuple[float, float] | None:
    """Return where a target, or else a track, is at a time."""
    for moving, key in ((truth, target), (tracks, track)):
        if moving is None or key < 0:
            continue
        owner, lat, lon, _ = encode_motion.at(moving.pieces, time_s)
        here = np.flatnonzero(moving.ids[owner] == key)
        if len(here):
            return float(lat[here[0]]), float(lon[here[0]])
    return None


def plot_columns(run: Run, track_ids: Ints) -> tuple[dict[str, Any], dict[str, Ints]]:
    """Return the plots that a scope shows, in order of time; a `MOST_PLOTS`-th of them where there are too many.

    Times are rounded up, so that no plot shows before the beam has passed.
    """
    plots = table(run, Detections)
    rows = {int(key): row for row, key in enumerate(table(run, Sensors).sensor_id.tolist())}
    polar = np.isfinite(plots.range_m) & np.isfinite(plots.azimuth_rad)
    polar &= np.isin(plots.sensor_id, list(rows)) if rows else False
    order = np.flatnonzero(polar)[np.argsort(plots.time_s[polar], kind="stable")]
    thinned = max(1, -(-len(order) // MOST_PLOTS))
    order = order[::thinned]
    chosen = plots[order]
    track = _track_of(table(run, Tracks), chosen, track_ids)
    turn = 2.0 * np.pi
    time = np.ceil(100.0 * chosen.time_s - 1e-6).astype(np.int64)
    columns = {
        "time": np.diff(time, prepend=0),
        "sensor": np.array([rows[key] for key in chosen.sensor_id.tolist()], np.int64),
        "range": np.clip(np.round(chosen.range_m / RANGE_STEP_M), 0, 65_535).astype(np.uint16),
        "azimuth": (np.round(np.mod(chosen.azimuth_rad, turn) / turn * AZIMUTH_STEPS) % AZIMUTH_STEPS).astype(
            np.uint16
        ),
        "kind": chosen.kind.astype(np.uint8),
        "track": track,
    }
    told = {"count": len(chosen), "thinned": thinned, "range_step_m": RANGE_STEP_M, "azimuth_steps": AZIMUTH_STEPS}
    return told | {"kinds": list(SENSOR_KINDS)}, columns


def _track_of(tracks: Tracks, plots: Detections, track_ids: Ints) -> Ints:
    """Return for each plot the row in `track_ids` of the track that it fed most, -1 for none."""
    fed = (tracks.detection_id >= 0) & np.isin(tracks.track_id, track_ids)
    keys, owner = tracks.detection_id[fed], np.searchsorted(track_ids, tracks.track_id[fed])
    order = np.argsort(keys, kind="stable")
    keys, owner = keys[order], owner[order]
    if not len(keys):
        return np.full(len(plots), -1, np.int64)
    place = np.minimum(np.searchsorted(keys, plots.detection_id), len(keys) - 1)
    return np.where(keys[place] == plots.detection_id, owner[place], -1)


def density(moving: Moving, start_s: float, end_s: float) -> list[int]:
    """Return how many tracks live in each of BINS equal parts of a span, at the part's middle."""
    at: Floats = start_s + (np.arange(BINS) + 0.5) * (end_s - start_s) / BINS
    begun = np.searchsorted(np.sort(moving.pieces.start_s), at, side="right")
    ended = np.searchsorted(np.sort(moving.pieces.end_s), at, side="left")
    return [int(value) for value in begun - ended]

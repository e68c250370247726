"""All that the page needs of a run, computed here so that the browser only interpolates and draws.

In: a run as `formats.read_run` gives it, of `chainhome run` or of `chainhome track`. Out: the bytes that the page
carries inside, or that a live server sends first.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.process.recording import TRACKED
from chainhome.tables import ALLEGIANCES
from chainhome.view import encode_motion, payload_events, payload_tracks, payload_words
from chainhome.view.coverage_layer import GAP_M, GROUND_STEP_M, NEVER, ROOT_STEP, CoverageLayer
from chainhome.view.encode import pack
from chainhome.view.ground_layer import lines_layer, shade_layer
from chainhome.view.payload_how import how_made
from chainhome.view.payload_sensors import Looking, looking
from chainhome.view.payload_tables import whereabouts
from chainhome.view.payload_tracks import Moving

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

Columns = dict[str, NDArray[Any]]
LEAST_REACH_M, MOST_REACH_M = 60_000.0, 2_000_000.0
MARGIN = 1.06


def payload(run: Run, *, motion: bool = True) -> bytes:
    """Return the container (`view.encode`) of a run; `motion=False` leaves out what moves, as a live session begins."""
    header, columns = parts(run, motion=motion)
    return pack(header, columns)


def parts(run: Run, *, motion: bool = True) -> tuple[dict[str, Any], Columns]:
    """Return header and columns of the payload; without `motion` nothing that a live session cannot know yet."""
    where = whereabouts(run)
    tracks = payload_tracks.moving_tracks(run, where)
    truth = payload_tracks.moving_targets(run, where)
    sees = looking(run, placed=where.frame is None)
    start_s, end_s = _span(run, tracks, truth)
    centre = _centre(run, sees, tracks, placed=where.frame is None)
    targets = payload_tracks.describe_targets(run, truth.ids) if truth and motion else []
    names = {entry["id"]: entry["name"] for entry in targets}
    header: dict[str, Any] = {
        "version": 1,
        "title": str(run.record.get("title") or "Run"),
        "subtitle": _subtitle(run, tracks if motion else None, targets, sees),
        "kind": "recording" if _recorded(run) else "simulation",
        "status": str(run.record.get("status") or ""),
        "epoch_ms": _epoch_ms(run),
        "start_s": start_s,
        "end_s": end_s,
        "placed": where.frame is None,
        "centre": centre,
        "sides": list(ALLEGIANCES),
        "targets": targets,
        "sensors": sees.sensors,
        "batteries": sees.batteries,
        "references": sees.references,
    }
    columns: Columns = {}
    _add_motion(header, columns, run, tracks if motion else None, truth if motion else None)
    header["events"] = payload_events.event_list(run, tracks.ids, names) if motion else []
    header["shots"] = payload_events.shots(run, sees.sensors, sees.batteries, tracks, truth) if motion else []
    header["density"] = payload_events.density(tracks, start_s, end_s) if motion else []
    if motion:
        header["plots"], found = payload_events.plot_columns(run, tracks.ids)
        columns |= {f"plots.{name}": values for name, values in found.items()}
    _add_surfaces(header, columns, sees.surfaces)
    _add_ground(header, columns, run, sees, tracks, truth, placed=where.frame is None)
    header["results"] = payload_words.results(run) if motion else []
    header["answers"] = payload_words.answers(run) if motion else []
    header["method"] = payload_words.method(run, how_made(run, header, tracks, sees))
    return header, columns


def _add_motion(
    header: dict[str, Any], columns: Columns, run: Run, tracks: Moving | None, truth: Moving | None
) -> None:
    header["tracks"] = header["truth"] = None
    if tracks is not None:
        header["tracks"], found = encode_motion.encode("tracks", tracks.pieces)
        columns |= found
        target_ids = truth.ids if truth else np.zeros(0, np.int64)
        header["tracks"] |= payload_tracks.describe_tracks(run, tracks.ids, target_ids)
        for number, table in enumerate(payload_tracks.BELIEFS):
            if number == 0 or table in run.tables:
                columns |= {
                    f"beliefs.{number}.{k}": v for k, v in payload_tracks.beliefs(run, tracks.ids, table).items()
                }
        header["beliefs"] = [words for table, words in payload_tracks.BELIEFS.items() if table in run.tables]
        header["evidence"], why = payload_tracks.evidence(run, tracks.ids)
        columns |= {f"evidence.{k}": v for k, v in why.items()}
    if truth is not None:
        header["truth"], found = encode_motion.encode("truth", truth.pieces)
        columns |= found


def _add_surfaces(header: dict[str, Any], columns: Columns, surfaces: list[CoverageLayer]) -> None:
    header["coverage"] = {
        "ground_step_m": GROUND_STEP_M,
        "root_step": ROOT_STEP,
        "never": NEVER,
        "gap_m": GAP_M,
        "surfaces": [],
    }
    for number, layer in enumerate(surfaces):
        bearings, ranges = layer.ground.shape
        header["coverage"]["surfaces"].append({
            "bearings": bearings, "ranges_m": [round(float(value)) for value in layer.ranges_m],
            "antenna_msl_m": round(layer.antenna_msl_m, 1), "site_ground_m": round(layer.site_ground_m, 1),
            "outside_share": round(layer.outside_share, 3), "count": ranges, "terrain": layer.terrain,
        })  # fmt: skip
        for name in ("ground", "clearance"):
            columns[f"coverage.{number}.{name}"] = np.diff(getattr(layer, name), axis=1, prepend=0).ravel()


def _add_ground(
    header: dict[str, Any],
    columns: Columns,
    run: Run,
    sees: Looking,
    tracks: Moving,
    truth: Moving | None,
    *,
    placed: bool,
) -> None:
    lat, lon = header["centre"]["lat_deg"], header["centre"]["lon_deg"]
    reach = _reach_m(lat, lon, sees, tracks, truth)
    header["reach_km"] = round(reach / 1000.0, 1)
    header["ground"] = {"step_deg": 1.0, "cities": [], "known": False}
    shade: dict[str, Any] = {"cells": 0, "half_km": 0.0}
    if placed:
        header["ground"], lines = lines_layer(lat, lon, reach)
        columns |= lines
        shade, image = shade_layer(earth.load_terrain(), lat, lon, reach)
        columns["ground.shade"] = image
    header["ground"]["shade"] = shade


def _reach_m(lat_deg: float, lon_deg: float, sees: Looking, tracks: Moving, truth: Moving | None) -> float:
    """Return how far from the centre the map has to go: all that moves, and the surfaces, if that is not too far."""
    parts_ = [moving.pieces for moving in (tracks, truth) if moving is not None]
    lat = np.concatenate([np.zeros(0), *(p.lat_deg[::7] for p in parts_)])
    lon = np.concatenate([np.zeros(0), *(p.lon_deg[::7] for p in parts_)])
    far = [LEAST_REACH_M]
    if len(lat):
        # On a sphere; a map's margin does not ask for more.
        half = np.sin(np.radians(lat - lat_deg) / 2) ** 2
        half += np.cos(np.radians(lat_deg)) * np.cos(np.radians(lat)) * np.sin(np.radians(lon - lon_deg) / 2) ** 2
        far.append(float(np.max(2 * 6_371_000.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))))
    far += [float(layer.ranges_m[-1]) for layer in sees.surfaces]
    return min(MARGIN * max(far), MOST_REACH_M)


def _span(run: Run, tracks: Moving, truth: Moving | None) -> tuple[float, float]:
    """Return when the replay begins and ends, seconds of the run."""
    ends = [(m.pieces.start_s, m.pieces.end_s) for m in (tracks, truth) if m is not None and len(m.pieces.start_s)]
    low = min((float(start.min()) for start, _ in ends), default=0.0)
    high = max((float(end.max()) for _, end in ends), default=float(run.record.get("length_s") or 60.0))
    start = 0.0 if 0.0 <= low < 120.0 else float(np.floor(low))
    return start, max(round(high, 2), start + 1.0)


def _centre(run: Run, sees: Looking, tracks: Moving, *, placed: bool) -> dict[str, Any]:
    """Return where the map's middle is: the run's origin, else the first sensor, else the middle of the tracks."""
    origin = run.record.get("origin") or {}
    if not placed:
        return {"lat_deg": 0.0, "lon_deg": 0.0, "name": "the radar", "height_m": 0.0}
    known = [entry for entry in sees.sensors if entry["lat_deg"] is not None and entry["lon_deg"] is not None]
    if "lat_deg" in origin:
        lat, lon = float(origin["lat_deg"]), float(origin["lon_deg"])
        name = origin.get("name") or (known[0]["name"] if len(known) == 1 else "the origin")
    elif known:
        lat, lon, name = float(known[0]["lat_deg"]), float(known[0]["lon_deg"]), known[0]["name"]
    elif len(tracks.pieces.lat_deg):
        lat, lon = float(np.median(tracks.pieces.lat_deg)), float(np.median(tracks.pieces.lon_deg))
        name = "the middle of the tracks"
    else:
        lat, lon, name = 0.0, 0.0, "the origin"
    return {"lat_deg": lat, "lon_deg": lon, "name": str(name), "height_m": float(origin.get("height_m") or 0.0)}


def _recorded(run: Run) -> bool:
    return run.record.get("kind") == TRACKED


def _epoch_ms(run: Run) -> int | None:
    try:
        start = datetime.fromisoformat(str(run.record["epoch_utc"]).replace("Z", "+00:00"))
    except (KeyError, ValueError):
        return None
    return round(1000.0 * start.timestamp())


def _subtitle(run: Run, tracks: Moving | None, targets: list[dict[str, Any]], sees: Looking) -> str:
    if _recorded(run):
        said = [str(run.record.get("input_kind") or "a recording")]
    else:
        said = [f"seed {run.record['seed']}" if "seed" in run.record else "a run"]
    if targets:
        said.append(f"{len(targets):,} aircraft")
    said.append(f"{len(sees.sensors):,} sensor{'s' if len(sees.sensors) != 1 else ''}")
    if tracks is not None:
        said.append(f"{len(tracks.ids):,} confirmed track{'s' if len(tracks.ids) != 1 else ''}")
    if run.record.get("status") != "complete":
        said.append("incomplete run")
    return " · ".join(said)

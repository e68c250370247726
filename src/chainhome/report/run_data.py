"""What the pictures of a run need from its tables: who is who, which plot fed which track, what was declared when.

In come the tables of a run; out come arrays and small records. Truth serves the report alone, never the tracker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.tables import (
    ALLEGIANCES,
    ORIGINS,
    SENSOR_KINDS,
    TRACK_STATUSES,
    Detections,
    Identities,
    Sensors,
    Table,
    Targets,
    Tracks,
    Truth,
)

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CONFIRMED = TRACK_STATUSES.index("confirmed")
RECORDED = ORIGINS.index("recorded")
NAMED_AT_MOST = 8
T = TypeVar("T", bound=Table)


@dataclass(frozen=True)
class Path:
    """The true flight of one target: times, places and heights, in order of time."""

    target_id: int
    name: str
    allegiance: str
    named: bool
    time_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    altitude_m: Floats


def table(run: Run, kind: type[T], name: str = "") -> T:
    """Return a table of the run by its kind, empty where the run has none; `name` picks a variant."""
    found = run.tables.get(name or kind.file_name)
    return found if isinstance(found, kind) else kind.make(0)


def summary(run: Run, part: str) -> Any:
    """Return one part of the summary in the run's record; an empty dictionary where it is missing."""
    return run.record.get("summary", {}).get(part) or {}


def clock(run: Run, time_s: float) -> str:
    """Write a time of the run as the UTC clock showed it, or as seconds where the record has no epoch."""
    from datetime import datetime, timedelta

    try:
        start = datetime.fromisoformat(str(run.record["epoch_utc"]).replace("Z", "+00:00"))
    except (KeyError, ValueError):
        return f"{time_s:.0f} s"
    return f"{start + timedelta(seconds=float(time_s)):%H:%M:%S}"


def paths(run: Run) -> list[Path]:
    """Return the true flights; those that the pictures name are friends, hostiles and recordings, the first few."""
    targets, truth = table(run, Targets), table(run, Truth)
    found: list[Path] = []
    room = NAMED_AT_MOST
    for row in range(len(targets)):
        mine = truth.target_id == targets.target_id[row]
        allegiance = ALLEGIANCES[targets.allegiance[row]]
        wanted = allegiance in ("friend", "hostile") or targets.origin[row] == RECORDED
        named = wanted and room > 0
        room -= named
        columns = (truth.time_s[mine], truth.lat_deg[mine], truth.lon_deg[mine], truth.altitude_m[mine])
        found.append(Path(int(targets.target_id[row]), str(targets.name[row]), allegiance, named, *columns))
    return found


def acquisition_sensor(run: Run) -> int | None:
    """Return the row of the sensor with the most plots among the all-round primary radars; None without sensors."""
    sensors, detections = table(run, Sensors), table(run, Detections)
    if not len(sensors):
        return None
    plots = np.array([np.count_nonzero(detections.sensor_id == key) for key in sensors.sensor_id])
    primary = np.isin(sensors.kind, [SENSOR_KINDS.index("primary"), SENSOR_KINDS.index("combined")])
    return int(np.argmax(plots + 1e9 * (primary & np.isnan(sensors.sector_width_rad))))


def ground_range_km(sensors: Sensors, row: int, lat_deg: ArrayLike, lon_deg: ArrayLike) -> Floats:
    """Return the length of the geodesic from a sensor, km, to each place in degrees."""
    from chainhome.earth.geodesy import inverse

    start = np.radians([sensors.lat_deg[row], sensors.lon_deg[row]])
    distance_m, _ = inverse(start[0], start[1], np.radians(lat_deg), np.radians(lon_deg))
    return np.asarray(distance_m) / 1000.0


def declared_at(tracks: Tracks, identities: Identities) -> NDArray[np.int8]:
    """Return for each row of tracks what was declared of it last; unknown before the first declaration."""
    declared = np.zeros(len(tracks), np.int8)
    for track_id in np.unique(tracks.track_id):
        mine = np.flatnonzero(identities.track_id == track_id)
        if not len(mine):
            continue
        mine = mine[np.argsort(identities.time_s[mine], kind="stable")]
        rows = np.flatnonzero(tracks.track_id == track_id)
        last = np.searchsorted(identities.time_s[mine], tracks.time_s[rows], side="right") - 1
        declared[rows] = np.where(last >= 0, identities.declared[mine[np.maximum(last, 0)]], 0)
    return declared


def target_of_track(tracks: Tracks, detections: Detections) -> dict[int, int]:
    """Return for each track the true target of most of its plots; a track without such a plot is left out."""
    order = np.argsort(detections.detection_id, kind="stable")
    keys = detections.detection_id[order]
    owner: dict[int, int] = {}
    for track_id in np.unique(tracks.track_id):
        fed = tracks.detection_id[(tracks.track_id == track_id) & (tracks.detection_id >= 0)]
        places = np.minimum(np.searchsorted(keys, fed), max(len(keys) - 1, 0))
        if not len(keys) or not len(fed):
            continue
        targets = detections.target_id[order[places[keys[places] == fed]]]
        names, counts = np.unique(targets[targets >= 0], return_counts=True)
        if len(names):
            owner[int(track_id)] = int(names[np.argmax(counts)])
    return owner


def score_series(run: Run, name: str) -> tuple[Floats, Floats]:
    """Return times and values of a score over time, in order of time; both empty where the run has none."""
    from chainhome.tables import Scores

    scores = table(run, Scores)
    mine = scores[(scores.name == name) & np.isfinite(scores.time_s)].sorted_by("time_s")
    return mine.time_s, mine.value

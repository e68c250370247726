"""What of a run has a place on the earth: radars, true flights, confirmed tracks, plots → records of arrays in degrees.

The files for globes and maps (`run_czml`, `run_kml`, `run_geojson`) are written from these, so that they agree. A track
is shown from its first confirmed estimate on; what was declared of it changes along it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainhome.errors import UseError
from chainhome.formats.run_folder import Run
from chainhome.tables import (
    ALLEGIANCES,
    ORIGINS,
    SENSOR_KINDS,
    TRACK_STATUSES,
    Codes,
    Detections,
    Floats,
    Identities,
    Ints,
    Sensors,
    Table,
    Targets,
    Tracks,
    Truth,
)

T = TypeVar("T", bound=Table)
CONFIRMED = TRACK_STATUSES.index("confirmed")
# Okabe and Ito's colours, as in the report: they stay apart for colour-blind readers.
SIDE_COLOURS = {"friend": "#0072b2", "neutral": "#00855f", "hostile": "#c8281e", "unknown": "#d79b00"}
RADAR_COLOUR = "#1f2430"
# Globes need a date; a run that does not know when it was begins here.
NO_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Mover:
    """One true flight or one track, n samples in order of time; `side` is a code of ALLEGIANCES at each sample."""

    kind: str
    number: int
    name: str
    time_s: Floats
    lon_deg: Floats
    lat_deg: Floats
    altitude_m: Floats
    side: Codes
    told: dict[str, Any]

    @property
    def key(self) -> str:
        """Return a name that no other mover of the run has."""
        return f"{self.kind}-{self.number}"


@dataclass(frozen=True)
class Site:
    """One radar or receiver that has a place."""

    number: int
    name: str
    lon_deg: float
    lat_deg: float
    height_m: float
    told: dict[str, Any]

    @property
    def key(self) -> str:
        """Return a name that nothing else of the run has."""
        return f"radar-{self.number}"


@dataclass(frozen=True, eq=False)
class Places:
    """Where plots were (n,), and which row of the table of detections each is; a height that is not known is NaN."""

    row: Ints
    lon_deg: Floats
    lat_deg: Floats
    altitude_m: Floats


def table(run: Run, kind: type[T]) -> T:
    """Return a table of the run by its kind, empty where the run has none."""
    found = run.tables.get(kind.file_name)
    return found if isinstance(found, kind) else kind.make(0)


def title(run: Run) -> str:
    """Return what the run is called."""
    return str(run.record.get("title") or run.folder.name)


def epoch(run: Run) -> tuple[datetime, bool]:
    """Return the instant at which the run's time is 0, in UTC, and whether the run states it; if not, NO_EPOCH."""
    try:
        stated = datetime.fromisoformat(str(run.record.get("epoch_utc") or "").replace("Z", "+00:00"))
    except ValueError:
        return NO_EPOCH, False
    return (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).astimezone(UTC), True


def check_placed(run: Run) -> None:
    """Raise UseError where nothing of the run has a latitude and longitude."""
    somewhere = np.concatenate([table(run, Sensors).lat_deg, table(run, Tracks).lat_deg, table(run, Truth).lat_deg])
    if len(somewhere) and not np.isfinite(somewhere).any():
        raise UseError(
            f"{run.folder} has no place on the earth: nobody said where its radar stands (lat and lon in the sensors "
            "file); only --html and --csv can be written"
        )


def sites(run: Run) -> list[Site]:
    """Return the radars of the run that have a place, in the order of the table."""
    sensors = table(run, Sensors)
    found = []
    for row in np.flatnonzero(np.isfinite(sensors.lat_deg) & np.isfinite(sensors.lon_deg)).tolist():
        told = {
            "sensor_kind": SENSOR_KINDS[sensors.kind[row]],
            "max_range_m": float(sensors.max_range_m[row]),
            "period_s": float(sensors.period_s[row]),
        }
        height = float(np.nan_to_num(sensors.height_m[row]))
        place = (float(sensors.lon_deg[row]), float(sensors.lat_deg[row]), height)
        found.append(Site(int(sensors.sensor_id[row]), str(sensors.name[row]), *place, told))
    return found


def flights(run: Run) -> Iterator[Mover]:
    """Yield the true flights, in the order of the table of targets."""
    targets, truth = table(run, Targets), table(run, Truth)
    rows = dict(_rows_by_key(truth.target_id, truth.time_s, np.isfinite(truth.lat_deg)))
    for row in range(len(targets)):
        mine = rows.get(int(targets.target_id[row]))
        if mine is None:
            continue
        told: dict[str, Any] = {
            "class_name": str(targets.class_name[row]),
            "origin": ORIGINS[targets.origin[row]],
        }
        if targets.icao_address[row] >= 0:
            told["icao_address"] = f"{targets.icao_address[row]:06x}"
        where = (truth.time_s[mine], truth.lon_deg[mine], truth.lat_deg[mine], truth.altitude_m[mine])
        side = np.full(len(mine), targets.allegiance[row], np.int8)
        yield Mover("target", int(targets.target_id[row]), str(targets.name[row]), *where, side, told)


def tracks(run: Run) -> Iterator[Mover]:
    """Yield the tracks that were ever confirmed, by number, with their confirmed estimates."""
    made = table(run, Tracks)
    declared = declared_at(made, table(run, Identities))
    shown = (made.status == CONFIRMED) & np.isfinite(made.lat_deg)
    for number, mine in _rows_by_key(made.track_id, made.time_s, shown):
        where = (made.time_s[mine], made.lon_deg[mine], made.lat_deg[mine], made.altitude_m[mine])
        told: dict[str, Any] = {
            "updates": int(np.count_nonzero(made.detection_id[mine] >= 0)),
            "existence": round(float(made.existence[mine[-1]]), 4),
        }
        yield Mover("track", number, f"Track {number}", *where, declared[mine], told)


def declared_at(tracks: Tracks, beliefs: Identities) -> Codes:
    """Return what was declared last of the track of each row (n,), a code; unknown before the first declaration."""
    believed = len(beliefs)
    key = np.concatenate([beliefs.track_id, tracks.track_id])
    time = np.concatenate([beliefs.time_s, tracks.time_s])
    # A belief of the same time comes before the estimate that it belongs to; then each row looks back.
    order = np.lexsort([np.arange(len(key)), time, key])
    latest = np.maximum.accumulate(np.where(order < believed, np.arange(len(order)), -1))
    source = order[np.maximum(latest, 0)]
    fits = (latest >= 0) & (key[source] == key[order])
    codes = np.zeros(len(key), np.int8)
    if believed:
        codes[order] = np.where(fits, beliefs.declared[np.minimum(source, believed - 1)], 0)
    return codes[believed:]


def spells(side: Codes) -> list[tuple[str, int, int]]:
    """Return the spells (side, first sample, last sample) in which the side stays the same.

    >>> spells(np.array([0, 0, 1], np.int8))
    [('unknown', 0, 1), ('friend', 2, 2)]
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(side)) + 1]).tolist()
    ends = [*(start - 1 for start in starts[1:]), len(side) - 1]
    return [(ALLEGIANCES[side[start]], start, end) for start, end in zip(starts, ends, strict=True)]


def plots(run: Run) -> Places:
    """Return where the plots of sensors with a place were, the others are left out.

    A plot with an elevation has its height. One without stands at its slant range over the ground along its azimuth,
    or, where it reported a pressure altitude, at the ground range that this gives; a pressure altitude counts as a
    height above mean sea level.
    """
    from chainhome import earth

    detections, sensors = table(run, Detections), table(run, Sensors)
    n = len(detections)
    lon, lat, height = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    world = _world(run)
    for row in np.flatnonzero(np.isfinite(sensors.lat_deg)).tolist():
        antenna = float(np.nan_to_num(sensors.height_m[row]))
        at = np.radians([sensors.lat_deg[row], sensors.lon_deg[row]])
        frame = earth.enu_frame(at[0], at[1], antenna)
        own = detections.sensor_id == sensors.sensor_id[row]
        with_height = np.flatnonzero(own & np.isfinite(detections.elevation_rad) & np.isfinite(detections.range_m))
        slant, azimuth = detections.range_m[with_height], detections.azimuth_rad[with_height]
        enu = earth.polar_to_world(slant, azimuth, detections.elevation_rad[with_height], frame, frame)
        _put((lat, lon, height), with_height, earth.enu_to_geodetic(frame, enu))
        flat = np.flatnonzero(own & np.isnan(detections.elevation_rad) & np.isfinite(detections.range_m))
        slant, level = detections.range_m[flat], detections.flight_level_m[flat]
        rise = np.nan_to_num(level - antenna)
        ground = np.sqrt(np.maximum(slant**2 - rise**2, 0.0))
        place = earth.destination(at[0], at[1], detections.azimuth_rad[flat], ground)
        _put((lat, lon, height), flat, (*place, level))
    if world is not None:
        told = np.flatnonzero(np.isnan(lat) & np.isfinite(detections.x_m) & np.isfinite(detections.y_m))
        known = np.isfinite(detections.z_m[told])
        enu = np.column_stack([detections.x_m[told], detections.y_m[told], np.nan_to_num(detections.z_m[told])])
        place_lat, place_lon, place_height = earth.enu_to_geodetic(world, enu)
        levels = np.where(known, place_height, detections.flight_level_m[told])
        _put((lat, lon, height), told, (place_lat, place_lon, levels))
    placed = np.flatnonzero(np.isfinite(lat) & np.isfinite(lon))
    return Places(placed, lon[placed], lat[placed], height[placed])


def _put(columns: tuple[Floats, Floats, Floats], rows: Ints, place: tuple[Floats, Floats, Floats]) -> None:
    lat, lon, height = columns
    lat[rows], lon[rows], height[rows] = np.degrees(place[0]), np.degrees(place[1]), place[2]


def _world(run: Run) -> Any:
    from chainhome import earth

    origin = run.record.get("origin")
    if not isinstance(origin, dict):
        return None
    lat, lon = np.radians([float(origin["lat_deg"]), float(origin["lon_deg"])])
    return earth.enu_frame(float(lat), float(lon), float(origin.get("height_m") or 0.0))


def _rows_by_key(key: Ints, time_s: Floats, wanted: NDArray[np.bool_]) -> Iterator[tuple[int, Ints]]:
    """Yield each key with its wanted rows in order of time; of several rows at one time the last counts."""
    rows = np.flatnonzero(wanted)
    rows = rows[np.lexsort([rows, time_s[rows], key[rows]])]
    if not len(rows):
        return
    again = np.append((np.diff(key[rows]) == 0) & (np.diff(time_s[rows]) == 0), False)
    rows = rows[~again]
    for mine in np.split(rows, np.flatnonzero(np.diff(key[rows])) + 1):
        yield int(key[mine[0]]), mine

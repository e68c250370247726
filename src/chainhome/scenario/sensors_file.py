"""Sensors file (TOML) ↔ who looked at a recording: the Sensors table, how well each detects, and the world frame.

In: `[[sensor]]` tables whose quantities carry their units. Out: SI, with every mistake told by file, sensor and key.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.errors import UseError, nearest
from chainhome.scenario.toml_file import parse_text, read_text
from chainhome.scenario.units import DIMENSIONS, quantity
from chainhome.tables import POSITION_KINDS, SENSOR_KINDS, Sensors

# What a radar must say, and what a sensor that reports positions must say.
RADAR_NEEDS = ("lat", "lon", "height", "sigma_range", "sigma_azimuth", "max_range")
POSITION_NEEDS = ("sigma_position",)
# key: column, dimension, least value (None = any).
_QUANTITIES: dict[str, tuple[str, str, float | None]] = {
    "height": ("height_m", "length", -500.0),
    "period": ("period_s", "time", 0.01),
    "sector": ("sector_width_rad", "angle", 1e-3),
    "boresight": ("sector_centre_rad", "angle", None),
    "sigma_range": ("range_sigma_m", "length", 1e-3),
    "sigma_azimuth": ("azimuth_sigma_rad", "angle", 1e-7),
    "sigma_elevation": ("elevation_sigma_rad", "angle", 1e-7),
    "sigma_doppler": ("doppler_sigma_mps", "speed", 1e-3),
    "sigma_position": ("range_sigma_m", "length", 1e-3),
    "max_range": ("max_range_m", "length", 1.0),
}
# A frame of unknown place lies here while it is computed in: heights differ by the ellipsoid's flattening only.
UNPLACED_LAT_DEG, UNPLACED_LON_DEG = 45.0, 0.0


@dataclass(frozen=True, eq=False)
class Watch:
    """Who looked: sensors, and for each `sensor_id` how often it detects and how many false plots it gives."""

    sensors: Sensors
    detection_probability: dict[int, float]
    clutter_per_scan: dict[int, float]
    world: earth.Frame
    placed: bool
    """Whether the frame's place on the earth is known; if not, latitudes and longitudes mean nothing."""
    text: str
    """The sensors file."""

    def stated(self) -> Sensors:
        """Return the sensors as far as they are known: without a place, without latitude and longitude."""
        if self.placed:
            return self.sensors
        unknown = np.full(len(self.sensors), np.nan)
        return replace(self.sensors, lat_deg=unknown, lon_deg=unknown)


def load_sensors(path: Path) -> Watch:
    """Read a sensors file; raises UseError for what does not fit, ChainhomeError where it cannot be read."""
    return parse_sensors(read_text(path, "sensors file"), path.name)


def parse_sensors(text: str, source: str) -> Watch:
    """Return who looked, from the text of a sensors file; `source` names it in messages.

    The world is the east-north-up frame at the first sensor that has a place, or at `[origin]`. A file with one radar
    and no `lat`, `lon` is tracked in that radar's own frame: metres are right, latitudes are not known.

    >>> watch = parse_sensors('''
    ... [[sensor]]
    ... name = "North"
    ... lat = 40.0
    ... lon = 32.5
    ... height = "900 m"
    ... period = "12 s"
    ... sigma_range = "50 m"
    ... sigma_azimuth = "0.15 deg"
    ... detection_probability = 0.9
    ... clutter_per_scan = 10
    ... max_range = "400 km"
    ... ''', "sensors.toml")
    >>> float(watch.sensors.max_range_m[0]), watch.detection_probability[0], watch.placed
    (400000.0, 0.9, True)
    """
    from pydantic import ValidationError

    from chainhome.scenario.sensor_words import SensorsWords

    document = parse_text(text, source)
    try:
        words = SensorsWords.model_validate(document)
    except ValidationError as error:
        raise UseError(_explain(error.errors()[0], document, source)) from error
    return _watch(words, text, source)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the sensors file, for editors."""
    from chainhome.scenario.sensor_words import SensorsWords

    schema = SensorsWords.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _watch(words: Any, text: str, source: str) -> Watch:
    alone = len(words.sensor) == 1 and words.origin is None and words.sensor[0].kind not in POSITION_KINDS
    placed = not (alone and words.sensor[0].lat is None and words.sensor[0].lon is None)
    rows = [_row(entry, index, source, placed) for index, entry in enumerate(words.sensor)]
    _check_twice(words.sensor, rows, source)
    world = _world(words, rows, source)
    lat, lon = (np.array([row[name] for row in rows]) for name in ("lat_deg", "lon_deg"))
    height = np.array([row["height_m"] for row in rows])
    x, y, z = earth.geodetic_to_enu(world, np.radians(lat), np.radians(lon), height).T
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    sensors = Sensors.make(**columns, x_m=x, y_m=y, z_m=z)
    ids = sensors.sensor_id.tolist()
    return Watch(
        sensors=sensors,
        detection_probability={key: entry.detection_probability for key, entry in zip(ids, words.sensor, strict=True)},
        clutter_per_scan={key: entry.clutter_per_scan for key, entry in zip(ids, words.sensor, strict=True)},
        world=world,
        placed=placed,
        text=text,
    )


def _row(entry: Any, index: int, source: str, placed: bool) -> dict[str, Any]:
    """Return one sensor's columns in SI; NaN where nothing is said."""
    where = f'{source}: sensor "{entry.name}"'
    reports_position = entry.kind in POSITION_KINDS
    needs = POSITION_NEEDS if reports_position else RADAR_NEEDS
    for key in needs:
        if getattr(entry, key) is None and (placed or key not in ("lat", "lon")):
            raise UseError(f"{where}: {key} is missing; a sensor of kind {entry.kind} needs it")
    if (entry.lat is None) != (entry.lon is None):
        raise UseError(f"{where}: {'lat' if entry.lat is None else 'lon'} is missing; a place needs both")
    if (entry.sac is None) != (entry.sic is None):
        raise UseError(f"{where}: {'sac' if entry.sac is None else 'sic'} is missing; ASTERIX names a sensor by both")
    unfit = ("sigma_range", "sigma_azimuth", "sigma_elevation", "sigma_doppler", "sector", "boresight")
    for key in unfit if reports_position else POSITION_NEEDS:
        if getattr(entry, key) is not None:
            raise UseError(f"{where}: {key} is not for a sensor of kind {entry.kind}; expected {', '.join(needs)}")
    row: dict[str, Any] = {column: math.nan for column, _, _ in _QUANTITIES.values()}
    for key, (column, dimension, least) in _QUANTITIES.items():
        if (given := getattr(entry, key)) is not None:
            row[column] = quantity(given, dimension, f"{where}: {key}", minimum=least)
    if row["sector_width_rad"] >= 2.0 * math.pi - 1e-9:
        row["sector_width_rad"] = math.nan
    if math.isfinite(row["sector_width_rad"]) and entry.boresight is None:
        raise UseError(f"{where}: boresight is missing; a sector needs the bearing of its middle")
    row["sector_centre_rad"] = row["sector_centre_rad"] % (2.0 * math.pi)
    unplaced = (math.nan, math.nan) if placed else (UNPLACED_LAT_DEG, UNPLACED_LON_DEG)
    return row | {
        "sensor_id": index if entry.id is None else entry.id,
        "name": entry.name,
        "kind": SENSOR_KINDS.index(entry.kind),
        "lat_deg": unplaced[0] if entry.lat is None else entry.lat,
        "lon_deg": unplaced[1] if entry.lon is None else entry.lon,
        "sac": -1 if entry.sac is None else entry.sac,
        "sic": -1 if entry.sic is None else entry.sic,
    }


def _world(words: Any, rows: list[dict[str, Any]], source: str) -> earth.Frame:
    if words.origin is not None:
        height_m = quantity(words.origin.height, "length", f"{source}: origin: height", minimum=-500.0)
        return earth.enu_frame(math.radians(words.origin.lat), math.radians(words.origin.lon), height_m)
    for row in rows:
        if math.isfinite(row["lat_deg"]):
            height_m = row["height_m"] if math.isfinite(row["height_m"]) else 0.0
            return earth.enu_frame(math.radians(row["lat_deg"]), math.radians(row["lon_deg"]), height_m)
    raise UseError(f"{source}: no sensor has a place; expected lat and lon, or [origin] with lat and lon")


def _check_twice(entries: list[Any], rows: list[dict[str, Any]], source: str) -> None:
    """Raise UseError where two sensors share a name, an id, or a SAC/SIC."""
    for what, keys in (
        ("name", [entry.name for entry in entries]),
        ("id", [row["sensor_id"] for row in rows]),
        ("SAC/SIC", [None if entry.sac is None else f"{entry.sac}/{entry.sic}" for entry in entries]),
    ):
        for index, key in enumerate(keys):
            if key is not None and key in keys[:index]:
                first, second = entries[keys.index(key)].name, entries[index].name
                between = f'sensor "{first}"' if what == "name" else f'sensors "{first}" and "{second}"'
                raise UseError(f"{source}: {between}: {what} {key} is there twice; expected one for each sensor")


def _explain(problem: Any, document: dict[str, Any], source: str) -> str:
    """Return one sentence for the first thing that is wrong with a document."""
    from chainhome.scenario.sensor_words import OriginWords, SensorsWords, SensorWords

    parts = list(problem["loc"])
    place, words = [source], SensorsWords.model_fields
    if parts[0] == "sensor" and len(parts) > 1 and isinstance(parts[1], int):
        entries = document["sensor"]
        entry = entries[parts[1]] if isinstance(entries, list) and parts[1] < len(entries) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        place.append(f'sensor "{name}"' if name and isinstance(name, str) else f"sensor [{parts[1] + 1}]")
        parts, words = parts[2:], SensorWords.model_fields
    elif parts[0] == "origin" and len(parts) > 1:
        place.append("origin")
        parts, words = parts[1:], OriginWords.model_fields
    where, key = ": ".join(place), ".".join(str(part) for part in parts)
    if problem["type"] == "missing":
        hint = "; expected at least one [[sensor]]" if key == "sensor" else ""
        return f"{where}: {key} is missing{hint}"
    if problem["type"] == "extra_forbidden":
        hint = nearest(key, tuple(words)) or f"; known are {', '.join(words)}"
        return f"{where}: {key} is not a key that a sensors file knows{hint}"
    if problem["type"] == "list_type" and key == "sensor":
        return f"{where}: sensor is one table; write [[sensor]] for each"
    given = problem.get("input")
    shown = f'"{given}"' if isinstance(given, str) else str(given)
    if problem["type"] == "string_type" and key in _QUANTITIES and isinstance(given, (int, float)):
        example = DIMENSIONS[_QUANTITIES[key][1]][1]
        return f'{where}: {key} = {shown} has no unit; expected a quantity in quotes such as "{example}"'
    message = str(problem["msg"]).removeprefix("Input should be ")
    if key == "origin":
        message = '"lat, lon" in degrees, or a table with lat, lon and height'
    return f"{where}: {key} = {shown}: expected {message}"


def sensors_text(
    sensors: Sensors,
    *,
    detection_probability: dict[int, float],
    clutter_per_scan: dict[int, float],
    origin: tuple[float, float, float] | None = None,
    remark: str = "",
) -> str:
    """Return a sensors file that says what a Sensors table says; `origin` is latitude, longitude (degrees), height (m).

    The way back of `parse_sensors`: SI units, written so that every number comes back as it was.
    """
    lines = [f"# {line}" for line in remark.splitlines()]
    if origin is not None:
        lat, lon, height = origin
        lines += ["[origin]", f"lat = {lat!r}", f"lon = {lon!r}", f'height = "{height!r} m"', ""]
    units = {"length": "m", "time": "s", "speed": "m/s", "angle": "rad"}
    for row, key in enumerate(sensors.sensor_id.tolist()):
        kind = SENSOR_KINDS[int(sensors.kind[row])]
        lines += ["[[sensor]]", f"name = {json.dumps(str(sensors.name[row]), ensure_ascii=False)}", f'kind = "{kind}"']
        lines.append(f"id = {key}")
        for name in ("sac", "sic"):
            if int(getattr(sensors, name)[row]) >= 0:
                lines.append(f"{name} = {int(getattr(sensors, name)[row])}")
        for name in ("lat", "lon"):
            if np.isfinite(value := float(getattr(sensors, f"{name}_deg")[row])):
                lines.append(f"{name} = {value!r}")
        for name, (column, dimension, _) in _QUANTITIES.items():
            value = float(getattr(sensors, column)[row])
            fits = kind in POSITION_KINDS if name == "sigma_position" else True
            if name == "sigma_range":
                fits = kind not in POSITION_KINDS
            if fits and np.isfinite(value):
                lines.append(f'{name} = "{value!r} {units[dimension]}"')
        lines.append(f"detection_probability = {detection_probability[key]!r}")
        lines += [f"clutter_per_scan = {clutter_per_scan[key]!r}", ""]
    return "\n".join(lines)

"""A sensors file to fill in, for a recording that does not say who looked: the sensors that it names, by their kind."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import numpy as np

from chainhome.formats.column_file import ColumnFile, batches, texts
from chainhome.formats.detections_file import SENSOR_NAME, read_detections
from chainhome.tables import POSITION_KINDS, Floats, Ints

# What the file asks for in angle brackets, and what it proposes for the rest.
ASKED_PLACE = {"lat": "<degrees north>", "lon": "<degrees east>", "height": '"<metres above mean sea level> m"'}
ASKED_OF_RADAR = {
    "period": '"<seconds of a turn> s"',
    "sigma_range": '"70 m"',
    "sigma_azimuth": '"0.08 deg"',
    "detection_probability": "0.9",
    "clutter_per_scan": "10",
    "max_range": '"400 km"',
}
ASKED_OF_REPORTS = {
    "period": '"<seconds between two reports of an aircraft> s"',
    "sigma_position": '"100 m"',
    "detection_probability": "0.9",
    "clutter_per_scan": "0.01",
}
_ORDER = (
    *("name", "kind", "id", "sac", "sic", "lat", "lon", "height", "period"),
    *("sigma_range", "sigma_azimuth", "sigma_elevation", "sigma_position"),
    *("detection_probability", "clutter_per_scan", "max_range"),
)
# Proposed where a radar has measured elevations.
SIGMA_ELEVATION = "0.2 deg"
# So much of a file is read to ask: some million plots.
BATCHES_TO_ASK = 100


def sensors_template(entries: list[dict[str, Any]]) -> str:
    """Return a sensors file to fill in, with what is known of each sensor; what is asked depends on its `kind`.

    >>> print(sensors_template([{"name": "Receiver", "kind": "ads_b"}]).partition("[[sensor]]")[2])
    <BLANKLINE>
    name = "Receiver"
    kind = "ads_b"
    period = "<seconds between two reports of an aircraft> s"
    sigma_position = "100 m"
    detection_probability = 0.9
    clutter_per_scan = 0.01
    <BLANKLINE>
    """
    lines = ["# Fill in what stands in angle brackets, and correct the rest.", ""]
    if all(_reports(entry) for entry in entries):
        lines += ["[origin]", *(f"{key} = {value}" for key, value in ASKED_PLACE.items()), ""]
    for entry in entries:
        rest = ASKED_OF_REPORTS if _reports(entry) else ASKED_PLACE | ASKED_OF_RADAR
        lines.append("[[sensor]]")
        shown = rest | {key: json.dumps(value, ensure_ascii=False) for key, value in entry.items()}
        lines += [f"{key} = {shown[key]}" for key in _ORDER if key in shown]
        lines.append("")
    return "\n".join(lines)


def _reports(entry: dict[str, Any]) -> bool:
    return entry.get("kind") in POSITION_KINDS


def sensors_of_plots(file: ColumnFile) -> list[dict[str, Any]]:
    """Return the sensors that a file of plots names, as keys of a sensors file.

    One whose plots have x and y but no range reports positions; one whose plots have elevations measures them.
    """
    by_name = _sensor_ids(file)
    named = {key: name for name, key in by_name.items()}
    everyone, polar, placed, high = set[int](), set[int](), set[int](), set[int]()
    for piece in islice(read_detections(file, sensor_ids=by_name, skip_undeclared=True), BATCHES_TO_ASK):
        d = piece.detections
        everyone |= set(d.sensor_id[d.sensor_id >= 0].tolist())
        polar |= _with(d.sensor_id, d.range_m)
        placed |= _with(d.sensor_id, d.x_m)
        high |= _with(d.sensor_id, d.elevation_rad)
    entries: list[dict[str, Any]] = []
    for key in sorted(everyone) or [0]:
        entry: dict[str, Any] = {"name": named.get(key, f"Sensor {key}"), "id": key}
        if key in placed - polar:
            entry["kind"] = "ads_b"
        elif key in high:
            entry["sigma_elevation"] = SIGMA_ELEVATION
        entries.append(entry)
    return entries


def _with(sensor_id: Ints, values: Floats) -> set[int]:
    """Return the sensors some of whose plots have a value."""
    return set(sensor_id[np.isfinite(values)].tolist())


def _sensor_ids(file: ColumnFile) -> dict[str, int]:
    """Return an id for each name in a file that names its sensors in the column `sensor`."""
    if SENSOR_NAME not in file.columns or "sensor_id" in file.columns:
        return {}
    found: dict[str, int] = {}
    for batch in islice(batches(file, {SENSOR_NAME}), BATCHES_TO_ASK):
        for name in dict.fromkeys(texts(batch.columns[SENSOR_NAME])) if batch.rows else ():
            if name:
                found.setdefault(name, len(found))
    return found

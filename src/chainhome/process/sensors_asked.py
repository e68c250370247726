"""A sensors file to fill in, for a recording that does not say who looked: the sensors that it names, by their kind."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import numpy as np

from chainhome.formats.column_file import ColumnFile, batches, texts
from chainhome.formats.detections_file import SENSOR_NAME, read_detections
from chainhome.tables import POSITION_KINDS, Detections, Floats, Ints

# What the file asks for in angle brackets, and what it proposes for the rest.
ASKED_PLACE = {"lat": "<degrees north>", "lon": "<degrees east>", "height": '"<metres above mean sea level> m"'}
ASKED_OF_RADAR = {
    "period": '"12 s"',
    "sigma_range": '"70 m"',
    "sigma_azimuth": '"0.08 deg"',
    "detection_probability": "0.9",
    "clutter_per_scan": "10",
    "max_range": '"400 km"',
}
MOST_HEARD = 0.9
ASKED_OF_REPORTS = {
    "period": '"1 s"',
    "sigma_position": '"100 m"',
    "detection_probability": f"{MOST_HEARD}",
    "clutter_per_scan": "0.01",
}
_ORDER = (
    *("name", "kind", "id", "sac", "sic", "lat", "lon", "height", "period"),
    *("sigma_range", "sigma_azimuth", "sigma_elevation", "sigma_position"),
    *("detection_probability", "clutter_per_scan", "max_range"),
)
# Proposed where a radar has measured elevations.
SIGMA_ELEVATION = "0.2 deg"
# A look is so short that it seldom holds two reports of one aircraft; aircraft send two positions a second.
SHORTEST_PERIOD_S, LONGEST_PERIOD_S = 0.4, 60.0
SHORT_INTERVALS_PERCENT = 10.0
# So much of a file is read to ask: some million plots.
BATCHES_TO_ASK = 100


def sensors_template(entries: list[dict[str, Any]]) -> str:
    """Return a sensors file to fill in, with what is known of each sensor; what is asked depends on its `kind`.

    >>> print(sensors_template([{"name": "Receiver", "kind": "ads_b"}]))
    # Fill in what stands in angle brackets, and correct the rest.
    <BLANKLINE>
    [origin]
    lat = <degrees north>
    lon = <degrees east>
    height = "<metres above mean sea level> m"
    <BLANKLINE>
    [[sensor]]
    name = "Receiver"
    kind = "ads_b"
    period = "1 s"
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
    first = Detections.make(0)
    for piece in islice(read_detections(file, sensor_ids=by_name, skip_undeclared=True), BATCHES_TO_ASK):
        d = piece.detections
        first = d if not len(first) else first
        everyone |= set(d.sensor_id[d.sensor_id >= 0].tolist())
        polar |= _with(d.sensor_id, d.range_m)
        placed |= _with(d.sensor_id, d.x_m)
        high |= _with(d.sensor_id, d.elevation_rad)
    entries: list[dict[str, Any]] = []
    for key in sorted(everyone) or [0]:
        entry: dict[str, Any] = {"name": named.get(key, f"Sensor {key}"), "id": key}
        if key in placed - polar:
            entry |= {"kind": "ads_b"} | _how_often(first[first.sensor_id == key])
        elif key in high:
            entry["sigma_elevation"] = SIGMA_ELEVATION
        entries.append(entry)
    return entries


def _how_often(reports: Detections) -> dict[str, Any]:
    """Return the period and the share heard of reported positions, where addresses tell them."""
    known = reports[reports.mode_s_address >= 0]
    if len(np.unique(known.mode_s_address)) == len(known):
        return {}
    period_s, usual_s = intervals_s(known.time_s, known.mode_s_address)
    return {"period": f"{period_s:g} s", "detection_probability": round(min(MOST_HEARD, period_s / usual_s), 2)}


def intervals_s(time_s: Floats, address: Ints) -> tuple[float, float]:
    """Return a time between two positions of one aircraft that few are below, in tenths of a second, and the median.

    >>> intervals_s(np.array([0.0, 0.1, 5.0, 5.1, 10.0, 20.0]), np.array([1, 2, 1, 2, 1, 1]))
    (5.0, 5.0)
    """
    order = np.lexsort([time_s, address])
    time, whose = time_s[order], address[order]
    steps = np.diff(time)[(whose[1:] == whose[:-1]) & (np.diff(time) > 0.0)]
    if not len(steps):
        return SHORTEST_PERIOD_S, SHORTEST_PERIOD_S
    short = float(np.floor(10.0 * np.percentile(steps, SHORT_INTERVALS_PERCENT) + 1e-6)) / 10.0
    return min(max(short, SHORTEST_PERIOD_S), LONGEST_PERIOD_S), float(np.median(steps))


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

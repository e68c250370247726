"""A run as GeoJSON for a GIS: its radars and, if asked, its plots as points, its flights and tracks as lines.

Each feature has the property `kind`: radar, target (a true flight), track or plot. Property names end with their unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.formats import geojson, run_geo
from chainhome.formats.czml import utc
from chainhome.formats.run_folder import Run
from chainhome.tables import ALLEGIANCES, SECURE_REPLIES, Detections


def write_run_geojson(run: Run, path: Path, *, plots: bool = False) -> None:
    """Write a run to `path` as one FeatureCollection; `plots` adds a point for each plot that has a place.

    Raises UseError where nothing of the run has a place on the earth, ChainhomeError where the file cannot be written.
    """
    run_geo.check_placed(run)
    geojson.write_features(path, _features(run, plots), title=run_geo.title(run))


def _features(run: Run, plots: bool) -> Iterator[dict[str, Any]]:
    for site in run_geo.sites(run):
        told = {"kind": "radar", "name": site.name, "height_m": site.height_m} | site.told
        yield geojson.feature(geojson.point(site.lon_deg, site.lat_deg, site.height_m), told, site.key)
    for mover in run_geo.flights(run):
        yield _line(run, mover, {"allegiance": ALLEGIANCES[mover.side[0]]})
    for mover in run_geo.tracks(run):
        yield _line(run, mover, {"declared": ALLEGIANCES[mover.side[-1]]} | _seconds_by_side(mover))
    if plots:
        yield from _plots(run)


def _line(run: Run, mover: run_geo.Mover, told: dict[str, Any]) -> dict[str, Any]:
    epoch, _ = run_geo.epoch(run)
    first, last = float(mover.time_s[0]), float(mover.time_s[-1])
    known = mover.altitude_m[np.isfinite(mover.altitude_m)]
    heights = (
        {"lowest_m": round(float(known.min()), 1), "highest_m": round(float(known.max()), 1)} if len(known) else {}
    )
    properties = {
        "kind": mover.kind,
        "number": mover.number,
        "name": mover.name,
        **told,
        "first_s": first,
        "last_s": last,
        "begin_utc": utc(epoch, first),
        "end_utc": utc(epoch, last),
        **heights,
        **mover.told,
    }
    return dict(geojson.feature(geojson.line(mover.lon_deg, mover.lat_deg, mover.altitude_m), properties, mover.key))


def _seconds_by_side(mover: run_geo.Mover) -> dict[str, float]:
    """Return for how long each side was declared, in s; a declaration holds until the next estimate."""
    held = {f"declared_{side}_s": 0.0 for side in ALLEGIANCES}
    for side, first, last in run_geo.spells(mover.side):
        end = mover.time_s[min(last + 1, len(mover.time_s) - 1)]
        held[f"declared_{side}_s"] += float(end - mover.time_s[first])
    return {name: round(seconds, 3) for name, seconds in held.items()}


def _plots(run: Run) -> Iterator[dict[str, Any]]:
    epoch, _ = run_geo.epoch(run)
    detections, places = run_geo.table(run, Detections), run_geo.plots(run)
    coordinates = geojson.positions(places.lon_deg, places.lat_deg, places.altitude_m)
    for row, place in zip(places.row.tolist(), coordinates, strict=True):
        time = float(detections.time_s[row])
        told: dict[str, Any] = {
            "kind": "plot",
            "number": int(detections.detection_id[row]),
            "time_s": time,
            "time_utc": utc(epoch, time) if np.isfinite(time) else None,
            "sensor_id": int(detections.sensor_id[row]),
            "snr_db": round(float(detections.snr_db[row]), 2),
        }
        if detections.mode_s_address[row] >= 0:
            told["mode_s_address"] = f"{detections.mode_s_address[row]:06x}"
        if detections.secure_reply[row]:
            told["secure_reply"] = SECURE_REPLIES[detections.secure_reply[row]]
        yield dict(geojson.feature({"type": "Point", "coordinates": place}, told, f"plot-{told['number']}"))

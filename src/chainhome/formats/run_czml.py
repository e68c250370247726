"""A run as CZML for the Cesium globe: radars, flights and tracks that move, with labels, trails and colours by side.

Heights in CZML are above the ellipsoid, which stands for the mean sea level in a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.formats import czml, run_geo
from chainhome.formats.run_folder import Run
from chainhome.tables import ALLEGIANCES, Floats

FOLDERS = {"radars": "Radars", "targets": "Flights (truth)", "tracks": "Tracks"}
TRAIL_S = 300.0
LINE_PX = 14
RING_COLOUR = "#ffffff"


def write_run_czml(run: Run, path: Path) -> None:
    """Write a run to `path` as CZML, its clock set to the run's time.

    Raises UseError where nothing of the run has a place on the earth, ChainhomeError where the file cannot be written.
    """
    run_geo.check_placed(run)
    czml.write_czml(path, _packets(run))


def _packets(run: Run) -> Iterator[dict[str, Any]]:
    epoch, _ = run_geo.epoch(run)
    movers = [*run_geo.flights(run), *run_geo.tracks(run)]
    first = min((float(mover.time_s[0]) for mover in movers), default=0.0)
    last = max((float(mover.time_s[-1]) for mover in movers), default=first)
    yield czml.document(run_geo.title(run), epoch, first, max(last, first + 1.0))
    for key, name in FOLDERS.items():
        yield {"id": key, "name": name}
    above: dict[tuple[float, float], int] = {}
    for site in run_geo.sites(run):
        place = (site.lon_deg, site.lat_deg)
        above[place] = above.get(place, 0) + 1
        yield _site(site, above[place])
    for mover in movers:
        yield _mover(mover, epoch)


def _site(site: run_geo.Site, above: int) -> dict[str, Any]:
    """Return a radar, its name so many lines above it: several may stand at one place."""
    packet = {
        "id": site.key,
        "name": site.name,
        "parent": "radars",
        "description": _rows({"kind": site.told["sensor_kind"], "antenna": f"{site.height_m:,.0f} m"}),
        "position": czml.place(site.lon_deg, site.lat_deg, site.height_m),
        "point": {"pixelSize": 10, "color": czml.colour(run_geo.RADAR_COLOUR), **_edge()},
        "label": _label(site.name, run_geo.RADAR_COLOUR, lines=-above),
    }
    reach = site.told["max_range_m"]
    if np.isfinite(reach) and reach > 0.0:
        ring = {"semiMajorAxis": reach, "semiMinorAxis": reach, "height": 0, "fill": False, "outline": True}
        packet["ellipse"] = ring | {"outlineColor": czml.colour(RING_COLOUR, 0.6)}
    return packet


def _mover(mover: run_geo.Mover, epoch: datetime) -> dict[str, Any]:
    followed = mover.kind == "track"
    tint = run_geo.SIDE_COLOURS[ALLEGIANCES[mover.side[-1]]]
    side = "declared" if followed else "allegiance"
    return {
        "id": mover.key,
        "name": mover.name,
        "parent": f"{mover.kind}s",
        "availability": czml.span(epoch, float(mover.time_s[0]), float(mover.time_s[-1])),
        "description": _rows({side: ALLEGIANCES[mover.side[-1]]} | mover.told),
        "position": czml.sampled(epoch, mover.time_s, mover.lon_deg, mover.lat_deg, _known(mover.altitude_m)),
        "point": {"pixelSize": 8 if followed else 4, "color": _colours(mover, epoch), **_edge()},
        "label": _label(mover.name, tint, lines=0 if followed else 1),
        "path": {
            "material": czml.solid(tint, 1.0 if followed else 0.5),
            "width": 2.5 if followed else 1.0,
            "leadTime": 0,
            "trailTime": TRAIL_S,
        },
        "properties": {"kind": mover.kind, "number": mover.number} | mover.told,
    }


def _known(altitude_m: Floats) -> Floats:
    """Return heights without gaps: one that is not known is that of the nearest sample before, or after, or 0."""
    rows = np.flatnonzero(np.isfinite(altitude_m))
    if not len(rows):
        return np.zeros(len(altitude_m))
    last = np.searchsorted(rows, np.arange(len(altitude_m)), side="right") - 1
    return np.asarray(altitude_m[rows[np.maximum(last, 0)]])


def _colours(mover: run_geo.Mover, epoch: datetime) -> Any:
    """Return the colour of a point: one, or one for each spell in which a side was declared."""
    spells = run_geo.spells(mover.side)
    if len(spells) == 1:
        return czml.colour(run_geo.SIDE_COLOURS[spells[0][0]])
    edges = [float(mover.time_s[first]) for _, first, _ in spells] + [float(mover.time_s[-1])]
    return [
        {"interval": czml.span(epoch, begin, end)} | czml.colour(run_geo.SIDE_COLOURS[side])
        for (side, _, _), begin, end in zip(spells, edges[:-1], edges[1:], strict=True)
    ]


def _label(text: str, tint: str, *, lines: int) -> dict[str, Any]:
    """Return a label so many lines below its point; a flight's is small, as its track is at nearly the same place."""
    return {
        "text": text,
        "font": "italic 10px sans-serif" if lines > 0 else "12px sans-serif",
        "style": "FILL_AND_OUTLINE",
        "fillColor": czml.colour("#ffffff"),
        "outlineColor": czml.colour(tint),
        "outlineWidth": 3,
        "horizontalOrigin": "LEFT",
        "pixelOffset": {"cartesian2": [10, LINE_PX * lines]},
    }


def _edge() -> dict[str, Any]:
    return {"outlineColor": czml.colour("#ffffff"), "outlineWidth": 1}


def _rows(told: dict[str, Any]) -> str:
    """Return what is told of a thing as the HTML table that Cesium shows; what comes from files stays text."""
    rows = (f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>" for name, value in told.items())
    return f"<table>{''.join(rows)}</table>"

"""A run as KML for Google Earth: radars, and flights and tracks that move with the time slider, coloured by side."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from chainhome.formats import run_geo
from chainhome.formats.czml import utc
from chainhome.formats.kml import Placemark, Point, Style, Track, write_kml
from chainhome.formats.run_folder import Run

FOLDERS = {"radar": "Radars", "target": "Flights (truth)", "track": "Tracks"}
RADAR = Style(icon=run_geo.RADAR_COLOUR, icon_scale=0.9)
TRACKS = {side: Style(line=tint, line_width=3.0, icon=tint) for side, tint in run_geo.SIDE_COLOURS.items()}
FLIGHTS = {
    side: Style(line=tint, line_width=1.2, line_opacity=0.6, icon=tint, icon_scale=0.5, label_scale=0.6)
    for side, tint in run_geo.SIDE_COLOURS.items()
}


def write_run_kml(run: Run, path: Path) -> None:
    """Write a run to `path` as KML: a folder each for radars, true flights and tracks.

    A track of which another side is declared on its way becomes one placemark for each spell, which share the place
    where one ends and the next begins. Raises UseError where nothing of the run has a place on the earth,
    ChainhomeError where the file cannot be written.
    """
    run_geo.check_placed(run)
    write_kml(path, run_geo.title(run), _placemarks(run))


def _placemarks(run: Run) -> Iterator[Placemark]:
    epoch, _ = run_geo.epoch(run)
    for site in run_geo.sites(run):
        place = Point(site.lon_deg, site.lat_deg, site.height_m)
        yield Placemark(site.name, place, folder=FOLDERS["radar"], style=RADAR, data=site.told)
    for movers, styles in ((run_geo.flights(run), FLIGHTS), (run_geo.tracks(run), TRACKS)):
        for mover in movers:
            yield from _spells(mover, epoch, styles)


def _spells(mover: run_geo.Mover, epoch: datetime, styles: dict[str, Style]) -> Iterator[Placemark]:
    for side, first, last in run_geo.spells(mover.side):
        rows = slice(first, min(last + 2, len(mover.time_s)))
        when = tuple(utc(epoch, time) for time in mover.time_s[rows].tolist())
        word = "declared" if mover.kind == "track" else "allegiance"
        yield Placemark(
            mover.name,
            Track(when, mover.lon_deg[rows], mover.lat_deg[rows], mover.altitude_m[rows]),
            folder=FOLDERS[mover.kind],
            style=styles[side],
            data={"number": mover.number, word: side} | mover.told,
        )

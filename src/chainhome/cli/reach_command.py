"""`chainhome reach`: the question from the command line, the answer as text, JSON, pictures and a page."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from chainhome import earth
from chainhome.catalogue import load as load_catalogue
from chainhome.cli.text import console, print_json, table
from chainhome.errors import ChainhomeError, UseError
from chainhome.reach import (
    DEFAULT_ALTITUDES_M,
    Question,
    ReachResult,
    VerbRange,
    distance_digits,
    distance_text,
    height_text,
    is_ballistic,
    reach,
    to_json,
)
from chainhome.scenario import Place, find_place, quantity

PAGE = "reach.html"
OURS = {PAGE, "map.png", "vertical.png", "verbs.png"}


def run(arguments: argparse.Namespace) -> int:
    """Answer one question."""
    catalogue = load_catalogue()
    system = catalogue.system(arguments.system)
    aircraft = catalogue.aircraft(arguments.target)
    out = _out_folder(arguments.out)
    terrain = None if arguments.smooth else earth.load_terrain()
    place = find_place(arguments.site, catalogue, terrain, "--site")
    outside = terrain is not None and not bool(earth.on_terrain(terrain, place.lat_rad, place.lon_rad))
    if outside:
        terrain = None
    altitudes = tuple(quantity(text, "length", "--altitude", bare_si=True) for text in arguments.altitude or ())
    question = Question(
        system=system,
        aircraft=aircraft,
        place=place,
        preset=arguments.preset,
        altitudes_m=altitudes or tuple(h for h in DEFAULT_ALTITUDES_M if not arguments.msl or h > place.ground_m),
        above_sea=arguments.msl,
        antenna_m=None
        if arguments.antenna is None
        else quantity(arguments.antenna, "length", "--antenna", bare_si=True, minimum=0.0, maximum=10e3),
        detection_probability=arguments.pd,
        terrain=terrain,
        vertical=out is not None,
    )
    result = reach(question, catalogue)
    if outside:
        _tell(
            f"{place.name} lies outside the shipped terrain (33-45 N, 24-46 E); going on with a smooth earth at "
            f"{place.ground_m:.0f} m{_swapped(place)}"
        )
    if is_ballistic(aircraft) and (arguments.altitude or arguments.msl):
        _tell("--altitude and --msl do not apply to a ballistic missile, which flies an arc")
    if arguments.msl and not altitudes and len(question.altitudes_m) < len(DEFAULT_ALTITUDES_M):
        _tell(f"the usual altitudes below the ground at {place.name} ({place.ground_m:.0f} m) are left out")
    # Files first: a reader such as head may close standard output early.
    written: list[Path] = []
    if out is not None:
        from chainhome.report import write_reach_report

        _make(out)
        written = write_reach_report(result, out)
    if arguments.json:
        print_json(to_json(result))
        return 0
    _print(result)
    for path in written:
        print(f"wrote {path}")
    return 0


def _tell(sentence: str) -> None:
    print(f"chainhome: {sentence}", file=sys.stderr)


def _swapped(place: Place) -> str:
    """Return a hint where latitude and longitude, changed over, lie on the shipped terrain."""
    if bool(earth.on_terrain(earth.load_terrain(), place.lon_rad, place.lat_rad)):
        return f"; did you mean {place.name.split(', ')[-1]}, {place.name.split(', ')[0]}? latitude comes first"
    return ""


def _out_folder(given: str | None) -> Path | None:
    """Return the folder for the pictures, which may hold an earlier answer and nothing else; it is made later."""
    if given is None:
        return None
    folder = Path(given)
    if not given or (folder.exists() and not folder.is_dir()):
        raise UseError(f'--out "{given}" is not a folder')
    if folder.is_dir():
        there = {path.name for path in folder.iterdir()}
        others = sorted(there - OURS) or sorted(there if PAGE not in there else ())
        if others:
            raise UseError(f"--out {folder} holds {others[0]}, which is not an answer of reach; choose a new folder")
    return folder


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChainhomeError(f"cannot make the folder {folder}: {error.strerror}") from error


def _verb(verb: VerbRange) -> str:
    """Return one cell: range, band, the limit that binds, and how it differs by bearing."""
    if not np.isfinite(verb.range_km):
        return "none"
    binding = verb.binding + (f" ← {verb.driven_by}" if verb.driven_by else "")
    text = f"{distance_text(verb.range_km)} [{distance_digits(verb.low_km)}–{distance_digits(verb.high_km)}]\n{binding}"
    if verb.bearing_p10_km != verb.bearing_p90_km:
        text += f"\nbearings {distance_digits(verb.bearing_p10_km)}–{distance_digits(verb.bearing_p90_km)}"
    return text


def _print(result: ReachResult) -> None:
    out = console()
    print(result.sentence)
    out.print(result.second_sentence)
    print()
    ground = f"smooth earth at {result.site_ground_m:.0f} m" if result.smooth else "over terrain"
    out.print(f"{result.system_name} at {result.site_name}, antenna {result.antenna_m:g} m above the ground, {ground}")
    sees = f"stares at {result.sector_deg:.0f}°" if result.sector_deg else "turns all round"
    radars = f"{result.search_radar_name} ({sees})"
    if result.engagement_radar_name != result.search_radar_name:
        radars += f", {result.engagement_radar_name}"
    out.print(f"preset {result.preset}: {radars}, interceptor {result.interceptor_name}; {result.preset_note}")
    out.print(
        f"claim: {result.claim_km:.0f} km (published {result.claim_low_km:.0f} to {result.claim_high_km:.0f} km); "
        f"single-scan Pd {result.detection_probability:g}"
    )
    trajectory = result.altitude_reference == "trajectory"
    heading = "path" if trajectory else f"height above {result.altitude_reference}"
    rows = table(heading, "detect", "track", "engage", ">farthest seen")
    for row in result.rows:
        rows.add_row(
            "its arc" if row.altitude_m is None else height_text(row.altitude_m),
            _verb(row.detect),
            _verb(row.track),
            _verb(row.engage),
            distance_text(row.detect.farthest_km),
            end_section=True,
        )
    out.print(rows)
    over_terrain = not result.smooth
    out.print(
        f"Each cell: the range{' on the median bearing' if over_terrain else ''}, in brackets with every claim at its "
        f"unfavourable and favourable end{' (terrain error not included)' if over_terrain else ''}; the limit that "
        "binds, and behind a timeline the detection limit that drives it"
        f"{'; the 10th to 90th percentile of bearings' if over_terrain else ''}."
    )
    for note in result.notes:
        out.print(f"• {note}")
    out.print(f"{len(result.rules)} reading rules were used: docs/reading-claims.md, or --out for the page.")
    keys = ", ".join(source.key for source in result.sources)
    out.print(f"sources: {keys} (chainhome catalogue {result.system_key})")

"""`chainhome reach`: the question from the command line, the answer as text, JSON, pictures and a page."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from chainhome import earth
from chainhome.catalogue import load as load_catalogue
from chainhome.cli.text import console, table
from chainhome.errors import ChainhomeError, UseError
from chainhome.reach import DEFAULT_ALTITUDES_M, Question, ReachResult, VerbRange, height_text, reach, to_json
from chainhome.scenario import find_place, quantity


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
        else quantity(arguments.antenna, "length", "--antenna", bare_si=True, minimum=0.0),
        detection_probability=arguments.pd,
        terrain=terrain,
        vertical=out is not None,
    )
    result = reach(question, catalogue)
    if outside:
        print(
            f"chainhome: {place.name} lies outside the shipped terrain (33-45 N, 24-46 E); "
            "going on with a smooth earth",
            file=sys.stderr,
        )
    if arguments.json:
        print(json.dumps(to_json(result), indent=2, ensure_ascii=False))
    else:
        _print(result)
    if out is not None:
        from chainhome.report import write_reach_report

        for path in write_reach_report(result, out):
            if not arguments.json:
                print(f"wrote {path}")
    return 0


def _out_folder(given: str | None) -> Path | None:
    """Return the folder for the pictures; it may hold an earlier answer, and nothing else."""
    if given is None:
        return None
    folder = Path(given)
    if folder.exists() and not folder.is_dir():
        raise UseError(f"--out {folder} is a file; expected a folder")
    ours = {"reach.html", "map.png", "vertical.png", "verbs.png"}
    if folder.is_dir():
        others = sorted({path.name for path in folder.iterdir()} - ours)
        if others:
            raise UseError(f"--out {folder} holds {others[0]}, which is not an answer of reach; choose a new folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChainhomeError(f"cannot make the folder {folder}: {error.strerror}") from error
    return folder


def _verb(verb: VerbRange, *, over_terrain: bool) -> str:
    """Return one cell: range, band, the limit that binds, and how it differs by bearing."""
    binding = verb.binding + (f" ← {verb.driven_by}" if verb.driven_by else "")
    text = f"{verb.range_km:.0f} km [{verb.low_km:.0f}–{verb.high_km:.0f}]\n{binding}"
    if over_terrain:
        text += f"\nbearings {verb.bearing_p10_km:.0f}–{verb.bearing_p90_km:.0f}"
    return text


def _print(result: ReachResult) -> None:
    over_terrain = not result.smooth
    print(result.sentence)
    print()
    ground = f"smooth earth at {result.site_ground_m:.0f} m" if result.smooth else "over terrain"
    print(f"{result.system_name} at {result.site_name}, antenna {result.antenna_m:g} m above the ground, {ground}")
    sees = f"stares at {result.sector_deg:.0f}°" if result.sector_deg else "turns all round"
    print(f"preset {result.preset}: {result.search_radar_name} ({sees}), {result.engagement_radar_name}, ", end="")
    print(f"{result.interceptor_name}; {result.preset_note}")
    print(
        f"the claim beside it: {result.claim_km:.0f} km "
        f"[{result.claim_low_km:.0f}–{result.claim_high_km:.0f}]; single-scan Pd {result.detection_probability:g}"
    )
    rows = table(f"height above {result.altitude_reference}", "detect", "track", "engage", ">farthest seen")
    for row in result.rows:
        rows.add_row(
            "on its arc" if row.altitude_m is None else height_text(row.altitude_m),
            _verb(row.detect, over_terrain=over_terrain),
            _verb(row.track, over_terrain=over_terrain),
            _verb(row.engage, over_terrain=over_terrain),
            f"{row.detect.farthest_km:.0f} km",
            end_section=True,
        )
    out = console()
    out.print(rows)
    print("range [low–high: every claim at its unfavourable or favourable end], the limit that binds", end="")
    print(", 10th–90th percentile of bearings" if over_terrain else "")
    for note in result.notes:
        out.print(f"• {note}", soft_wrap=False)
    print(f"rules: {', '.join(key for key, _ in result.rules)} (docs/reading-claims.md)")
    print(f"sources: {', '.join(source.key for source in result.sources)} (chainhome catalogue {result.system_key})")

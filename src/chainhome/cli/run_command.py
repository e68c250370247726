"""`chainhome run`: a scenario and a seed → a run folder, a report, and the two answers on the terminal."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.catalogue import Catalogue, content_hash
from chainhome.catalogue import load as load_catalogue
from chainhome.cli.folders import free_folder, given_path
from chainhome.cli.progress import Progress
from chainhome.cli.run_answers import answers, grouped
from chainhome.cli.text import console, print_json, table
from chainhome.errors import ChainhomeError
from chainhome.formats import RunWriter, is_complete
from chainhome.reach import distance_text
from chainhome.scenario import Scenario
from chainhome.scenario import load as load_scenario

STAGES = {
    "compile": "compiling, first run only",
    "fly": "flying the aircraft",
    "look": "radars looking",
    "track": "tracking and identifying",
    "score": "scoring",
    "write": "writing tables",
    "report": "drawing the report",
}
VERSIONED = ("chainhome", "numpy", "scipy", "numba", "pyarrow")


def run(arguments: argparse.Namespace) -> int:
    """Run one scenario."""
    given_path(arguments.scenario, "SCENARIO", "shipped scenario or .toml file")
    folder = _folder(arguments) if arguments.out is None else given_path(arguments.out, "--out", "folder")
    catalogue = load_catalogue()
    scenario = load_scenario(arguments.scenario, catalogue, preset=arguments.preset)
    record = _record(scenario, catalogue, arguments.seed)
    named = os.fsencode(arguments.scenario).decode("utf-8", "replace")
    record["command"] = f"chainhome run {named} --seed {arguments.seed}"
    writer = RunWriter(folder, scenario.text, record, replace=arguments.replace)
    try:
        with Progress(quiet=arguments.json) as progress:
            summary = _simulate_and_write(scenario, arguments, writer, _teller(progress))
    except KeyboardInterrupt:
        state = "is complete, but has no report" if writer.finished else "is marked incomplete"
        if not writer.finished and is_complete(folder):
            state = "holds the earlier run, as it was"
        print(f"chainhome: interrupted; {folder} {state}", file=sys.stderr)
        return 1
    finally:
        writer.close()
    if arguments.json:
        print_json(summary)
    else:
        _print(scenario, summary, folder, report=not arguments.no_report)
    return 0


def _simulate_and_write(
    scenario: Scenario, arguments: argparse.Namespace, writer: RunWriter, tell: Callable[[str, float], None]
) -> dict[str, Any]:
    from chainhome.formats import read_run
    from chainhome.simulate import simulate

    tables = simulate(scenario, seed=arguments.seed, progress=tell)
    tell("write", 0.0)
    for made in (
        tables.targets,
        tables.sensors,
        tables.truth,
        tables.looks,
        tables.detections,
        tables.tracks,
        tables.identities,
        tables.evidence,
        tables.events,
        tables.scores,
    ):
        writer.write(made)
    writer.write(tables.identities_shared_mode, "identities_shared_mode")
    absent = tables.targets.name[np.isnan(tables.targets.born_s)].tolist()
    summary = tables.summary | {"answers": answers(tables.summary), "absent": absent}
    writer.finish(summary=summary)
    tell("write", 1.0)
    if not arguments.no_report:
        tell("report", 0.0)
        from chainhome.report import write_run_report

        try:
            write_run_report(read_run(writer.folder), writer.folder / "report.html")
        except ChainhomeError as error:
            raise ChainhomeError(f"{error}; the run is complete, but has no report") from error
        tell("report", 1.0)
    return summary


def _folder(arguments: argparse.Namespace) -> Path:
    return free_folder(f"{Path(arguments.scenario).stem}-seed{arguments.seed}")


def _teller(progress: Progress) -> Callable[[str, float], None]:
    """Return what tells the stages of a run by their keys."""

    def tell(stage: str, share: float) -> None:
        if stage != "compile":
            progress.at(STAGES[stage], share)
        elif share == 0.0:
            progress.expect(STAGES[stage])
        else:
            progress.settled()

    return tell


def _record(scenario: Scenario, catalogue: Catalogue, seed: int) -> dict[str, Any]:
    """Return what the run's record says before anything is simulated."""
    from chainhome.catalogue import iter_claims

    keys: set[str] = set()
    for name in scenario.items:
        for _, claim in iter_claims(catalogue.find(name)):
            keys |= set(claim.sources)
    keys |= {"opensky", "schafer2014", "srtm30plus", "natural_earth"} & set(catalogue.names("source"))
    shown = [catalogue.source(key) for key in sorted(keys)]
    return {
        "title": scenario.title,
        "seed": seed,
        "epoch_utc": scenario.epoch.isoformat().replace("+00:00", "Z"),
        "length_s": scenario.length_s,
        "origin": {
            "name": scenario.origin.name,
            "lat_deg": _degrees(scenario.origin.lat_rad),
            "lon_deg": _degrees(scenario.origin.lon_rad),
            "height_m": scenario.origin.ground_m,
        },
        "preset": scenario.preset,
        "terrain": scenario.terrain,
        "versions": {name: version(name) for name in VERSIONED},
        "catalogue_hash": content_hash(),
        "comparison": scenario.comparison_name,
        "assumptions": list(scenario.notes),
        "sources": [
            {
                "key": s.key,
                "title": s.title,
                "publisher": s.publisher,
                "date": s.date,
                "address": s.address,
                "opinion": s.opinion,
            }
            for s in shown
        ],
    }


def _degrees(radians: float) -> float:
    from math import degrees

    return round(degrees(radians), 9)


def _print(scenario: Scenario, summary: dict[str, Any], folder: Path, *, report: bool) -> None:
    out = console()
    print(scenario.title)
    print()
    print("Do the radars work?")
    out.print(summary["answers"]["radars"])
    targets = {entry["target"]: entry for entry in summary["tracks"]}
    rows = table(
        "target",
        "radar",
        ">first detected",
        "hidden until then by",
        ">Pd measured",
        ">predicted",
        ">tracked in view",
        ">of flight",
    )
    for entry in grouped(summary):
        track = targets.get(entry["target"])
        flight = track["flight_s"] if track else 0.0
        first = entry.get("first_detection_km")
        seen = entry["looks"] > 0
        rows.add_row(
            entry["target"],
            entry["sensor"],
            entry.get("first") or ("never" if first is None else f"{distance_text(first)}"),
            "in view from its start" if entry["bound_before"] is None else entry["bound_before"] or "–",
            f"{entry['pd_measured']:.2f} [{entry['pd_low']:.2f}–{entry['pd_high']:.2f}]" if seen else "–",
            f"{entry['pd_predicted']:.2f}" if seen else "–",
            f"{track['completeness']:.0%}" if track else "–",
            f"{track['tracked_s'] / flight:.0%}" if track and flight > 0 else "–",
        )
    out.print(rows)
    gospa = summary["gospa"]
    out.print(
        f"Tracking error, GOSPA (p 2, c 5 km, 3-D): mean {gospa['mean_m']:.0f} m; "
        f"{gospa['localisation_per_target_m']:.0f} m rms a target, {gospa['mean_missed']:.2f} in view missed and "
        f"{gospa['mean_false']:.2f} false tracks at a time"
    )
    print()
    print("Can they tell friend from enemy?")
    out.print(summary["answers"]["identity"])
    confusion = summary["confusion"]
    for case, title in (("as_fielded", "as fielded"), ("shared_secure_mode", "with a shared secure mode")):
        if case not in confusion:
            continue
        shares = table("true", *(f">{label}" for label in confusion["labels_declared"]), title=f"declared, {title}")
        for label, line in zip(confusion["labels_true"], confusion[case], strict=True):
            total = sum(line)
            shares.add_row(label, *(f"{value / total:.0%} ({value / 60:.0f} min)" if total else "–" for value in line))
        out.print(shares)
    for name in summary["absent"]:
        out.print(f"• {name} does not fly within the time of the run.")
    for note in scenario.notes:
        out.print(f"• {note}")
    print(f"wrote {folder}" + (f" and {folder / 'report.html'}" if report else ""))

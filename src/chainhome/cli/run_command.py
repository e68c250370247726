"""`chainhome run`: a scenario and a seed → a run folder, a report, and the two answers on the terminal."""

from __future__ import annotations

import argparse
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.catalogue import Catalogue, content_hash
from chainhome.catalogue import load as load_catalogue
from chainhome.cli.text import console, print_json, table
from chainhome.formats import RunWriter, is_complete
from chainhome.metrics import wilson_interval
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
COMPILE_PATIENCE_S = 1.0
VERSIONED = ("chainhome", "numpy", "scipy", "numba", "pyarrow")


def run(arguments: argparse.Namespace) -> int:
    """Run one scenario."""
    catalogue = load_catalogue()
    scenario = load_scenario(arguments.scenario, catalogue, preset=arguments.preset)
    folder = Path(arguments.out) if arguments.out else _free_folder(arguments.scenario, arguments.seed)
    record = _record(scenario, catalogue, arguments.seed)
    record["command"] = f"chainhome run {arguments.scenario} --seed {arguments.seed}"
    writer = RunWriter(folder, scenario.text, record, replace=arguments.replace)
    try:
        with _Progress(quiet=arguments.json) as tell:
            summary = _simulate_and_write(scenario, arguments, writer, tell)
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
    scenario: Scenario, arguments: argparse.Namespace, writer: RunWriter, tell: Any
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

        write_run_report(read_run(writer.folder), writer.folder / "report.html")
        tell("report", 1.0)
    return summary


def _free_folder(scenario: str, seed: int) -> Path:
    """Return the first folder runs/NAME-seedN, runs/NAME-seedN-2, ... that does not exist."""
    base = Path("runs") / f"{Path(scenario).stem}-seed{seed}"
    number, folder = 1, base
    while folder.exists():
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    return folder


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
        "notes": list(scenario.notes),
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


class _Progress:
    """A progress bar on standard error: on a terminal one line that moves, elsewhere one line for each stage."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._last = ""
        self._bar: Any = None
        self._compiling = threading.Timer(0.0, lambda: None)

    def __enter__(self) -> Any:
        if self._quiet:
            return lambda stage, share: None
        if sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console(error=True)
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0)
        return self._tell

    def _tell(self, stage: str, share: float) -> None:
        if stage == "compile":
            # Compiled code is kept on disk, so most runs pass here at once and need not say anything.
            if share == 0.0:
                self._compiling = threading.Timer(COMPILE_PATIENCE_S, self._show, (stage, 0.0))
                self._compiling.daemon = True
                self._compiling.start()
            else:
                self._compiling.cancel()
            return
        self._show(stage, share)

    def _show(self, stage: str, share: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=f"{STAGES[stage]:<25}", completed=share)
        elif stage != self._last:
            print(f"{STAGES[stage]} …", file=sys.stderr, flush=True)
        self._last = stage

    def __exit__(self, *_: object) -> None:
        self._compiling.cancel()
        if self._bar is not None:
            self._bar.stop()


def answers(summary: dict[str, Any]) -> dict[str, str]:
    """Return the article's two questions, each answered in a sentence or two from the scores."""
    seen = [entry for entry in summary["radars"] if entry["looks"]]
    detected = sum(entry["detected"] for entry in seen)
    looks = sum(entry["looks"] for entry in seen)
    predicted = sum(entry["predicted"] for entry in seen)
    followed = summary["tracks"]
    lost = sum(entry["breaks"] for entry in followed)
    share = sum(entry["completeness"] for entry in followed) / len(followed) if followed else 0.0
    radars = (
        f"In this simulation yes, where they can see: {detected:,} of {looks:,} looks at targets in view gave a plot "
        f"(predicted {predicted:,.0f}); a confirmed track stood {share:.0%} of the time in view, with {lost} breaks. "
        "What they cannot see is behind the ground."
        if looks
        else "No target came into view of a radar."
    )
    confusion = summary["confusion"]
    parts = [f"As fielded, {_told(confusion['as_fielded'], confusion)}."]
    if "shared_secure_mode" in confusion:
        parts.append(f"With a secure mode and key in common, {_told(confusion['shared_secure_mode'], confusion)}.")
    parts.append("Interrogation can find friends; it cannot find enemies: silence is unknown, never hostile.")
    return {"radars": radars, "identity": " ".join(parts)}


def _told(matrix: list[list[float]], confusion: dict[str, Any]) -> str:
    """Return how much of the track time of each allegiance was declared as what it is."""
    columns = confusion["labels_declared"]
    parts = []
    for label, row in zip(confusion["labels_true"], matrix, strict=True):
        total = sum(row)
        if total > 0:
            right, unknown = row[columns.index(label)] / total, row[columns.index("unknown")] / total
            rest = f" and unknown {unknown:.0%}" if unknown >= 0.005 else ""
            parts.append(f"{label} aircraft are declared {label} {right:.0%}{rest} of their track time")
    return "; ".join(parts)


def _grouped(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the radar rows with the simulated civil traffic of each radar put together in one."""
    traffic = {e["target"] for e in summary["tracks"] if (e["allegiance"], e["origin"]) == ("neutral", "simulated")}
    rows = []
    for sensor in dict.fromkeys(entry["sensor"] for entry in summary["radars"]):
        mine = [entry for entry in summary["radars"] if entry["sensor"] == sensor]
        rows += [entry for entry in mine if entry["target"] not in traffic]
        civil = [entry for entry in mine if entry["target"] in traffic and entry["looks"]]
        if civil:
            looks, detected = (sum(entry[name] for entry in civil) for name in ("looks", "detected"))
            low, high = (float(end) for end in wilson_interval(detected, looks))
            rows.append(
                {
                    "target": f"civil traffic ({len(civil)} flights)",
                    "sensor": sensor,
                    "first_detection_km": max(entry["first_detection_km"] or 0.0 for entry in civil),
                    "bound_before": None,
                    "looks": looks,
                    "pd_measured": detected / looks,
                    "pd_low": low,
                    "pd_high": high,
                    "pd_predicted": sum(entry["predicted"] for entry in civil) / looks,
                }
            )
    return rows


def _print(scenario: Scenario, summary: dict[str, Any], folder: Path, *, report: bool) -> None:
    out = console()
    print(scenario.title)
    print()
    print("Do the radars work?")
    out.print(summary["answers"]["radars"])
    targets = {entry["target"]: entry for entry in summary["tracks"]}
    rows = table(
        "target", "radar", ">first detected", "held before by", ">Pd measured", ">predicted", ">tracked", ">breaks"
    )
    for entry in _grouped(summary):
        first = entry["first_detection_km"]
        track = targets.get(entry["target"])
        seen = entry["looks"] > 0
        rows.add_row(
            entry["target"],
            entry["sensor"],
            "never" if first is None else f"{first:.0f} km",
            entry["bound_before"] or "–",
            f"{entry['pd_measured']:.2f} [{entry['pd_low']:.2f}–{entry['pd_high']:.2f}]" if seen else "–",
            f"{entry['pd_predicted']:.2f}" if seen else "–",
            f"{track['completeness']:.0%}" if track else "–",
            str(track["breaks"]) if track else "–",
        )
    out.print(rows)
    gospa = summary["gospa"]
    print(
        f"GOSPA (p 2, c 5 km, 3-D): mean {gospa['mean_m']:.0f} m; {gospa['localisation_per_target_m']:.0f} m rms a "
        f"target, {gospa['mean_missed']:.2f} in view missed and {gospa['mean_false']:.2f} false tracks at a time"
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

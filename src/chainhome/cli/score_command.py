"""`chainhome score`: the tracks of a run against a truth from elsewhere, or against the addresses in its own plots."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.cli.folders import given_path
from chainhome.cli.text import console, print_json, table
from chainhome.errors import UseError
from chainhome.formats import read_table
from chainhome.formats.run_folder import RECORD, read_record
from chainhome.process.recording_input import epoch_of, open_recording, watch_of_run
from chainhome.process.score_recording import check_tables, score_against_truth, score_by_address
from chainhome.process.truth_file import TRUTH_LEFT, is_table, read_truth
from chainhome.tables import Detections, Tracks

METHODS = ("pmb", "pmbm", "gnn")


def run(arguments: argparse.Namespace) -> int:
    """Score one run."""
    folder = given_path(arguments.run, "RUN", "run folder")
    truth = None if arguments.truth is None else given_path(arguments.truth, "--truth", "file")
    record = read_record(folder)
    for name in ("detections", "tracks"):
        if not (folder / f"{name}.parquet").exists():
            raise UseError(f"{folder} has no table of {name}; a run that was not finished cannot be scored")
    told = {"run": str(folder), "complete": record["status"] == "complete"}
    if truth is None:
        recording = open_recording(folder)
        scores = score_by_address(recording, method=_method(folder, record))
    else:
        scores = _against_truth(folder, record, truth)
    if arguments.json:
        print_json(told | scores)
        return 0
    if not told["complete"]:
        print(f"{folder} is marked incomplete: what is there is scored")
    (_print_addresses if arguments.by_address else _print_truth)(scores)
    return 0


def _method(folder: Path, record: dict[str, Any]) -> str:
    """Return how the run was tracked; a simulated one does not say."""
    method = str(record.get("method", METHODS[0]))
    if method not in METHODS:
        raise UseError(f'{folder / RECORD} is damaged: method "{method}" is none of {", ".join(METHODS)}')
    return method


def _against_truth(folder: Path, record: dict[str, Any], path: Path) -> dict[str, Any]:
    watch, _ = watch_of_run(folder, record)
    world: earth.Frame | None = watch.world if watch.placed else None
    detections = read_table(Detections, folder / "detections.parquet")
    tracks = read_table(Tracks, folder / "tracks.parquet")
    check_tables(detections, tracks, str(folder))
    time_s = detections.time_s if len(detections) else np.full(1, np.nan)
    truth, left = read_truth(path, world, epoch_of(record), float(time_s.min() + time_s.max()) / 2.0)
    if not is_table(path):
        # The numbers of a centre's tracks are none of the targets that simulated plots name.
        detections = replace(detections, target_id=np.full(len(detections), -1))
    scores = score_against_truth(detections, tracks, truth, watch)
    told = {"truth": path.name, "truth_rows": len(truth), "truth_rows_left_out": left.total() - left["lost_bytes"]}
    return told | {"truth_left_out": dict(left)} | scores


def _text(value: float | None, unit: str = "") -> str:
    if value is None:
        return "–"
    return f"{value:,.0f} {unit}" if unit in ("m", "m/s") and abs(value) >= 100 else f"{value:.3g} {unit}".strip()


def _print_truth(scores: dict[str, Any]) -> None:
    targets, tracks = scores["targets"], scores["tracks"]
    print(f"{scores['samples']:,} samples of truth in cover, at {scores['moments']:,} moments")
    for name, count in scores["truth_left_out"].items():
        what = "" if name == "lost_bytes" else "rows of truth "
        print(f"  left out: {count:,} {what}{TRUTH_LEFT[name]}")
    rows = table("score", ">value", "what it is")
    rows.add_row(
        "targets tracked", f"{targets['tracked']} of {targets['count']}", "ever, by a confirmed track of their own"
    )
    rows.add_row(
        "completeness", _text(targets["completeness"]), "share of a target's time with such a track, mean of targets"
    )
    rows.add_row(
        "purity", _text(targets["purity"]), "share of a track's plots that are its target's; – = plots name no target"
    )
    rows.add_row("breaks", str(targets["breaks"]), "target lost and found again")
    rows.add_row("switches", str(targets["switches"]), "another track took over the target's plots")
    rows.add_row("false tracks", f"{tracks['false']} of {tracks['confirmed']}", "confirmed tracks of no target")
    for key, name in (("gospa", "GOSPA, mean"), ("gospa_horizontal", "  horizontal")):
        part = scores[key]
        said = f"p 2, c 5 km: {_text(part['localisation_per_target_m'], 'm')} rms a target, "
        said += f"{part['mean_missed']:.2f} missed and {part['mean_false']:.2f} false at a time"
        rows.add_row(name, _text(part["mean_m"], "m"), said)
    for key, name in (("trajectory_gospa", "trajectory GOSPA, rms"), ("trajectory_gospa_horizontal", "  horizontal")):
        part = scores[key]
        said = f"γ 2 km besides: {part['switches']:.3g} changes of track, {part['mean_missed']:.2f} missed and "
        rows.add_row(name, _text(part["rms_m"], "m"), said + f"{part['mean_false']:.2f} false at a time")
    for key, name in (("nees", "NEES"), ("nees_horizontal", "  horizontal")):
        rows.add_row(name, _text(scores[key]["mean"]), _honesty(scores[key]))
    siap = scores["siap"]
    for key, unit, words in (
        ("completeness", "", "share of targets' samples with a track"),
        ("ambiguity", "", "tracks for each target that is tracked; 1 is right"),
        ("spuriousness", "", "share of tracks that stand for nothing"),
        ("position_error_rms_m", "m", "in 3-D"),
        ("velocity_error_rms_mps", "m/s", "in 3-D"),
    ):
        rows.add_row(f"SIAP {key.rsplit('_m', 1)[0].replace('_', ' ')}", _text(siap[key], unit), words)
    console().print(rows)
    for sentence in _shortened(scores):
        print(f"  {sentence}")
    limits = table("in the style of ED-142, en-route 8 s", ">value", ">limit", "met", ">of")
    for row in scores["ed142"]:
        met = "–" if row["met"] is None else "yes" if row["met"] else "no"
        name = row["name"].removesuffix("_m").replace("_", " ")
        limits.add_row(name, _text(row["value"], row["unit"]), _text(row["limit"], row["unit"]), met, f"{row['n']:,}")
    console().print(limits)
    for row in scores["ed142"]:
        if row["why_no_limit"]:
            print(f"  – {row['name'].replace('_', ' ')}: {row['why_no_limit']}")


def _honesty(part: dict[str, Any]) -> str:
    """Return what a NEES is of, and between which bounds it lies if the covariances are right."""
    of = f"of {part['of']}"
    if part["mean"] is None:
        return f"{of}: no row of a track has a truth and a covariance"
    said = f"{of}; honest: {part['low']:.3g} to {part['high']:.3g} (95 % of {part['samples']:,} samples)"
    more = part["mean"] > part["high"]
    return said if part["holds"] else f"{said}: {'too sure' if more else 'too cautious'}"


def _shortened(scores: dict[str, Any]) -> list[str]:
    """Return in sentences what was done because trajectory GOSPA would have been too large."""
    told = []
    for key, name in (("trajectory_gospa", "trajectory GOSPA"), ("trajectory_gospa_horizontal", "its horizontal part")):
        part = scores[key]
        if part["every"] > 1:
            told.append(f"{name}: many tracks near many targets, so of {part['every']} moments one counts")
        if part["cuts"] and part["rms_at_least_m"] < part["rms_m"]:
            least = _text(part["rms_at_least_m"], "m")
            told.append(f"{name}: time was cut at {part['cuts']} moments; in one piece it would be {least} or more")
    return told


def _print_addresses(scores: dict[str, Any]) -> None:
    print("tracked again with Mode S addresses and Mode 3/A codes hidden; the addresses are the truth")
    rows = table("score", ">value", "what it is")
    rows.add_row(
        "addresses tracked", f"{scores['tracked']} of {scores['addresses']}", "by a confirmed track of their own"
    )
    rows.add_row("purity", _text(scores["purity"]), "share of the tracks' plots that have the track's address")
    rows.add_row("completeness", _text(scores["completeness"]), "share of the plots that a confirmed track took in")
    rows.add_row(
        "  from its first on",
        _text(scores["completeness_after"]),
        "the same from the first such plot, mean of addresses",
    )
    rows.add_row("switches", f"{scores['id_switches']:.0f}", "another track took in the next plot of the address")
    rows.add_row("breaks", f"{scores['breaks']:.0f}", "the address was lost and found again")
    rows.add_row("ambiguity", _text(scores["ambiguity_mean"]), "tracks for an address at a time; 1 is right")
    without = f"{scores['plots_without_address']:,} plots, {scores['tracks_without_address']:,} tracks"
    rows.add_row("left out", without, "without an address")
    console().print(rows)

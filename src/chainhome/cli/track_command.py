"""`chainhome track`: a recording → a run folder with its cleaned plots and its tracks, and a count of everything."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.cli.folders import free_folder, given_path
from chainhome.cli.progress import Progress
from chainhome.cli.run_command import VERSIONED
from chainhome.cli.text import console, print_json, table
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import is_complete, is_run
from chainhome.formats.run_stream import RunStream
from chainhome.process.cleaning import DROPPED, IGNORED
from chainhome.process.follow import Account, follow
from chainhome.process.recording import TRACKED, Recording, SensorsNeededError
from chainhome.process.recording_input import open_recording
from chainhome.process.register_recording import biases_of, told
from chainhome.report.track_map import Sketch, Words, write_track_map
from chainhome.tables import TRACK_STATUSES, Tracks

PICTURE = "tracks.png"
# Of so many rows that come too late, the user is told what helps. A radar of whose many plots none is further than
# this share of its instrumented range was given kilometres or miles: no radar sees so little of what it is built for.
LATE_SHARE = 0.01
NEAR_SHARE, NEAR_PLOTS = 1e-3, 100
STAGE, COMPILING = "reading and tracking", "still at the first plots; a first run also compiles"
CONFIRMED = TRACK_STATUSES.index("confirmed")


def run(arguments: argparse.Namespace) -> int:
    """Track one recording."""
    path = given_path(arguments.input, "INPUT", "recording")
    out = None if arguments.out is None else given_path(arguments.out, "--out", "folder")
    sensors = None if arguments.sensors is None else given_path(arguments.sensors, "--sensors", "file")
    if out is not None and out.resolve() == path.resolve():
        raise UseError(f"--out {out} is the recording itself; choose another folder")
    try:
        recording = open_recording(path, sensors, skip_undeclared=arguments.skip_undeclared)
    except SensorsNeededError as question:
        # The file to fill in goes where a shell can send it: chainhome track INPUT > sensors.toml.
        print(question.template)
        raise
    folder = free_folder(f"{_stem(path)}-track") if out is None else out
    writer = RunStream(folder, recording.watch.text, _record(recording, arguments), replace=arguments.replace)
    try:
        summary = _track_and_write(recording, arguments, writer)
    except KeyboardInterrupt:
        writer.settle()
        writer.abandon()
        print(f"chainhome: interrupted; {_left(folder, finished=writer.finished)}", file=sys.stderr)
        return 1
    except ChainhomeError:
        writer.abandon()
        raise
    finally:
        writer.close()
    for sentence in _hints(recording, summary):
        print(f"chainhome: {sentence}", file=sys.stderr)
    if arguments.json:
        print_json(summary)
    else:
        _print(recording, summary, folder)
    return 0


def _left(folder: Path, *, finished: bool) -> str:
    """Return what an interrupted command leaves."""
    if is_complete(folder):
        return f"{folder} {'is complete' if finished else 'holds the earlier run, as it was'}"
    return f"{folder} is marked incomplete" if is_run(folder) else "nothing was written"


def _track_and_write(recording: Recording, arguments: argparse.Namespace, writer: RunStream) -> dict[str, Any]:
    accounts: list[Account] = []
    tally = _Tally()
    watch = recording.watch
    sketch = Sketch(watch.sensors, watch.world, placed=watch.placed) if arguments.out else None
    biases = biases_of(recording, skip_undeclared=arguments.skip_undeclared) if arguments.register else None
    steps = follow(
        recording,
        method=arguments.method,
        hide_address=arguments.hide_address,
        skip_undeclared=arguments.skip_undeclared,
        smooth=arguments.smooth,
        biases=biases,
        done=accounts.append,
    )
    with Progress(quiet=arguments.json) as progress:
        progress.at(STAGE)
        progress.expect(COMPILING)
        for step in steps:
            if not tally.plots and len(step.detections):
                writer.write(recording.watch.stated())
                (writer.folder / PICTURE).unlink(missing_ok=True)
            if tally.plots or len(step.detections):
                writer.append(step.detections)
                writer.append(step.tracks)
            tally.add(step.detections, step.tracks)
            if sketch is not None:
                sketch.add(step.detections, step.tracks)
            progress.at(STAGE, detail=f"{tally.plots:,} plots, {tally.time_s:,.0f} s")
    account = accounts[0]
    if not tally.plots:
        raise ChainhomeError(_nothing(recording, account))
    writer.settle()
    summary = _summary(recording, account, tally)
    if biases is not None:
        summary["biases"] = told(biases, recording)
    if sketch is not None:
        write_track_map(sketch, _words(recording, arguments, summary), writer.folder / PICTURE)
    length_s = summary["last_s"] - summary["first_s"]
    writer.finish(epoch_utc=_utc(account.epoch_unix_s), length_s=length_s, summary=summary)
    return summary


def _words(recording: Recording, arguments: argparse.Namespace, summary: dict[str, Any]) -> Words:
    """Return what stands about the picture."""
    span_s = summary["last_s"] - summary["first_s"]
    span = f"{span_s / 60.0:,.0f} minutes" if span_s >= 600.0 else f"{span_s:,.0f} s"
    parts = [recording.what, span]
    if arguments.smooth:
        parts.append("smoothed")
    if arguments.hide_address:
        parts.append("addresses hidden from the tracker")
    named = os.fsencode(recording.path.name).decode("utf-8", "replace")
    told = ", ".join(parts)
    return Words(f"{named}: its tracks", told[:1].upper() + told[1:])


class _Tally:
    """Counts plots and tracks as they are written."""

    def __init__(self) -> None:
        self.plots, self.rows, self.time_s = 0, 0, 0.0
        self.begun: set[int] = set()
        self.confirmed: set[int] = set()
        self.farthest_m: dict[int, float] = {}

    def add(self, plots: Any, tracks: Tracks) -> None:
        """Take one step in."""
        self.plots += len(plots)
        ranged = plots[np.isfinite(plots.range_m)]
        for key in np.unique(ranged.sensor_id).tolist():
            farthest = float(ranged.range_m[ranged.sensor_id == key].max())
            self.farthest_m[key] = max(self.farthest_m.get(key, 0.0), farthest)
        self.rows += len(tracks)
        self.time_s = float(plots.time_s[-1]) if len(plots) else self.time_s
        self.begun |= set(np.unique(tracks.track_id).tolist())
        self.confirmed |= set(np.unique(tracks.track_id[tracks.status == CONFIRMED]).tolist())


def _nothing(recording: Recording, account: Account) -> str:
    """Return the sentence for a recording of which nothing can be tracked."""
    if not account.rows:
        cut = f" ({'; '.join(account.cuts)})" if account.cuts else ""
        return f"{recording.path} holds no plots{cut}"
    why = "; ".join(
        f"{count:,} {words[name]}"
        for words, counts in ((DROPPED, account.left_out), (IGNORED, account.ignored))
        for name, count in counts.items()
    )
    return f"{recording.path}: none of its {account.rows:,} rows can be tracked: {why}"


def _stem(path: Path) -> str:
    return path.resolve().name.split(".")[0] or "recording"


def _utc(unix_s: float) -> str | None:
    if not np.isfinite(unix_s):
        return None
    return datetime.fromtimestamp(unix_s, UTC).isoformat().replace("+00:00", "Z")


def _record(recording: Recording, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the run's record says before anything is tracked."""
    watch = recording.watch
    place = (float(np.degrees(watch.world.lat_rad)), float(np.degrees(watch.world.lon_rad)), watch.world.height_m)
    origin = dict(zip(("lat_deg", "lon_deg", "height_m"), (round(value, 9) for value in place), strict=True))
    named = os.fsencode(recording.path.name).decode("utf-8", "replace")
    return {
        "kind": TRACKED,
        "title": f"{named}, tracked",
        "input": named,
        "input_kind": recording.what,
        "method": arguments.method,
        "smoothed": arguments.smooth,
        "address_hidden": arguments.hide_address,
        "origin": origin if watch.placed else None,
        "versions": {name: version(name) for name in VERSIONED},
        "assumptions": list(recording.notes),
    }


def _summary(recording: Recording, account: Account, tally: _Tally) -> dict[str, Any]:
    watch = recording.watch
    names = dict(zip(watch.sensors.sensor_id.tolist(), watch.sensors.name.tolist(), strict=True))
    return {
        "rows": account.rows,
        "tracked": account.tracked,
        "left_out": account.left_out,
        "ignored": account.ignored,
        "cut": list(account.cuts),
        "first_s": account.first_s,
        "last_s": account.last_s,
        "sensors": [
            {"sensor": name, "plots": account.sensors.get(key, 0), "farthest_m": tally.farthest_m.get(key)}
            for key, name in names.items()
        ],
        "tracks": {"begun": len(tally.begun), "confirmed": len(tally.confirmed), "rows": tally.rows},
        "tracker": account.tracker,
        **({"smoothing": account.smoothing} if account.smoothing else {}),
    }


def _hints(recording: Recording, summary: dict[str, Any]) -> list[str]:
    """Return what the user should know of a recording that was tracked, but hardly as it was meant."""
    told = []
    late, rows = summary["left_out"].get("late", 0), summary["rows"]
    if late > LATE_SHARE * rows:
        told.append(
            f"{late:,} of {rows:,} rows came too late and were left out: {recording.path.name} is not in the order of "
            "time; sort it by time first"
        )
    reaches = dict(zip(recording.watch.sensors.name.tolist(), recording.watch.sensors.max_range_m, strict=True))
    for entry in summary["sensors"]:
        farthest, reach = entry["farthest_m"], float(reaches[entry["sensor"]])
        if entry["plots"] >= NEAR_PLOTS and farthest is not None and farthest <= NEAR_SHARE * reach:
            told.append(
                f'of {entry["plots"]:,} plots of sensor "{entry["sensor"]}" none is further than {farthest:,.0f} m, '
                "not a thousandth of its max_range; range_m is in metres: were these kilometres or miles?"
            )
    return told


def _print_biases(biases: list[dict[str, Any]]) -> None:
    rows = table("taken off", ">range", ">azimuth", ">time", ">aircraft used", "why not", title="biases of the radars")
    for entry in biases:
        shown = []
        for name, unit, digits in (("range_bias", "m", 1), ("azimuth_bias", "deg", 3), ("time_bias", "s", 3)):
            value, sigma = entry[f"{name}_{unit}"], entry[f"{name}_sigma_{unit}"]
            shown.append("–" if value is None else f"{value:.{digits}f} ± {sigma or 0.0:.{digits}f} {unit}")
        rows.add_row(entry["sensor"], *shown, f"{entry['aircraft']:,}", entry["reason"])
    console().print(rows)


def _print(recording: Recording, summary: dict[str, Any], folder: Path) -> None:
    print(f"{recording.path.name}: {recording.what}")
    span = summary["last_s"] - summary["first_s"]
    left = summary["rows"] - summary["tracked"]
    print(f"{summary['rows']:,} rows: {summary['tracked']:,} plots tracked, {left:,} left out; {span:,.0f} s")
    for words, counts in ((DROPPED, summary["left_out"]), (IGNORED, summary["ignored"])):
        for name, count in counts.items():
            verb = "left out" if words is DROPPED else "noted"
            print(f"  {verb}: {count:,} {words[name]}")
    for sentence in summary["cut"]:
        print(f"  damaged: {sentence}")
    if len(summary["sensors"]) > 1:
        rows = table("sensor", ">plots")
        for entry in summary["sensors"]:
            rows.add_row(entry["sensor"], f"{entry['plots']:,}")
        console().print(rows)
    if "biases" in summary:
        _print_biases(summary["biases"])
    print(f"{summary['tracks']['confirmed']:,} tracks confirmed")
    if "smoothing" in summary:
        print(f"{summary['smoothing']['rows']:,} rows of tracks smoothed by the plots after them")
    late = summary["tracker"].get("plots_late", 0)
    if late:
        print(f"  the tracker left out {late:,} plots that came late")
    if not recording.watch.placed:
        print(
            "• Nobody says where the radar stands: tracks have x, y and z in its own frame, no latitude and longitude."
        )
    for note in recording.notes:
        print(f"• {note}")
    print(f"wrote {folder}")

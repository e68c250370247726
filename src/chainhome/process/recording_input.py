"""A file that somebody recorded → plots piece by piece, and who looked: what `chainhome track` begins with.

Plots as CSV or Parquet, a run folder, ADS-B state vectors, raw Mode S frames, or ASTERIX. What the file is, its first
bytes, its column names and the end of its name tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import adsb, mode_s, read_table
from chainhome.formats.column_file import ColumnFile, is_parquet, open_columns, shown_columns
from chainhome.formats.detections_file import Piece, is_detections, read_detections
from chainhome.formats.run_folder import SCENARIO, read_record
from chainhome.process.cleaning import refuse_degrees
from chainhome.process.recording import TRACKED, Recording, SensorsNeededError
from chainhome.process.recording_adsb import assumed_receiver, of_positions
from chainhome.process.recording_asterix import open_asterix
from chainhome.process.sensors_asked import sensors_of_plots, sensors_template
from chainhome.scenario.sensors_file import Watch, load_sensors, parse_sensors, sensors_text
from chainhome.tables import Sensors

CSV_SUFFIXES = (".csv", ".csv.gz", ".txt")
# What is assumed of who looked, where nobody says: the notes of the run tell it.
ASSUMED_PD, ASSUMED_CLUTTER = 0.9, 8.0


def open_recording(path: Path, sensors: Path | None = None, *, skip_undeclared: bool = False) -> Recording:
    """Return a recording and who looked at it.

    Raises UseError for a file of no known kind and for sensors that do not fit it, SensorsNeededError where sensors
    have to be declared, ChainhomeError for an empty file.
    """
    watch = None if sensors is None else load_sensors(sensors)
    if path.is_dir():
        return _of_run(path, watch, skip_undeclared)
    if not path.exists():
        raise UseError(f"{path}: no such file; expected plots as CSV or Parquet, an ASTERIX recording, ADS-B, or a run")
    if not path.is_file():
        # A recording is read more than once, and a pipe only once.
        raise UseError(f"{path} is not an ordinary file; save what it gives as a file, and track that")
    if path.stat().st_size == 0:
        raise ChainhomeError(f"{path} is empty")
    name = path.name.lower()
    if name.endswith(mode_s.JSON_SUFFIXES):
        mode_s.check_json(path)
        return of_positions(path, "Mode S frames", watch, lambda: mode_s.read_frames(path))
    if is_parquet(path) or name.endswith((".parquet", *CSV_SUFFIXES)):
        if name.endswith(".parquet") and not is_parquet(path):
            raise UseError(f"{path}: not a Parquet file")
        return _of_columns(open_columns(path), watch, skip_undeclared)
    return open_asterix(path, watch, skip_undeclared, lambda source, read: assumed_receiver(source, read)[0])


def _of_columns(file: ColumnFile, watch: Watch | None, skip_undeclared: bool) -> Recording:
    if is_detections(file):
        if watch is None:
            raise _sensors_needed(file)
        return Recording(file.path, "plots", watch, lambda: _plots(file, watch, skip_undeclared))
    if adsb.is_state_vectors(file):
        adsb.dialect_of(file)
        return of_positions(file.path, "ADS-B state vectors", watch, lambda: adsb.read_state_vectors(file))
    if mode_s.is_frames(file):
        return of_positions(file.path, "Mode S frames", watch, lambda: mode_s.read_frames(file))
    raise UseError(
        f"{file.path}: neither plots (time_s, range_m, azimuth_rad), ADS-B state vectors (time, icao24, lat, lon) nor "
        f"Mode S frames (timestamp, frame); its columns are {shown_columns(file)}"
    )


def _plots(file: ColumnFile, watch: Watch, skip_undeclared: bool, epoch_unix_s: float = np.nan) -> Iterator[Piece]:
    names = dict(zip(watch.sensors.name.tolist(), watch.sensors.sensor_id.tolist(), strict=True))
    pieces = read_detections(file, sensor_ids=names, skip_undeclared=skip_undeclared, epoch_unix_s=epoch_unix_s)
    for number, piece in enumerate(pieces):
        if not number:
            refuse_degrees(piece.detections, str(file.path))
        yield piece


def _sensors_needed(file: ColumnFile) -> SensorsNeededError:
    """Return the question who looked, with the sensors that the plots name."""
    return SensorsNeededError(
        f"{file.path}: plots need to know who looked: give --sensors FILE (a file to fill in was printed)",
        sensors_template(sensors_of_plots(file)),
    )


def _of_run(folder: Path, watch: Watch | None, skip_undeclared: bool) -> Recording:
    """Return the plots of a run folder; who looked is in the folder too."""
    record = read_record(folder)
    notes: tuple[str, ...] = ()
    if watch is None:
        watch, notes = watch_of_run(folder, record)
    epoch, known = epoch_of(record), watch
    file = open_columns(folder / "detections.parquet")
    return Recording(
        folder, "plots of a run", known, lambda: _with_epoch(_plots(file, known, skip_undeclared), epoch), notes
    )


def _with_epoch(pieces: Iterator[Piece], epoch_unix_s: float) -> Iterator[Piece]:
    for piece in pieces:
        yield piece._replace(epoch_unix_s=epoch_unix_s)


def epoch_of(record: dict[str, Any]) -> float:
    """Return time zero of a run as Unix seconds; NaN where its record does not say."""
    said = record.get("epoch_utc")
    try:
        return float("nan") if said is None else datetime.fromisoformat(str(said)).astimezone(UTC).timestamp()
    except ValueError:
        return float("nan")


def watch_of_run(folder: Path, record: dict[str, Any]) -> tuple[Watch, tuple[str, ...]]:
    """Return who looked in a run, and what had to be assumed: a tracked run has its sensors file, others have not."""
    if record.get("kind") == TRACKED:
        return load_sensors(folder / SCENARIO), ()
    sensors = read_table(Sensors, folder / "sensors.parquet")
    keys = sensors.sensor_id.tolist()
    origin = record.get("origin") or {}
    place = tuple(float(origin[name]) for name in ("lat_deg", "lon_deg", "height_m")) if origin else None
    text = sensors_text(
        sensors,
        detection_probability=dict.fromkeys(keys, ASSUMED_PD),
        clutter_per_scan=dict.fromkeys(keys, ASSUMED_CLUTTER),
        origin=None if place is None else (place[0], place[1], place[2]),
        remark="The radars of a simulated run. Assumed: detection_probability, clutter_per_scan.",
    )
    told = f"Assumed of every sensor: detection probability {ASSUMED_PD}, {ASSUMED_CLUTTER:g} false plots in a scan."
    return parse_sensors(text, f"{folder}/sensors.parquet"), (told,)

"""A file that somebody recorded → plots piece by piece, and who looked: what `chainhome track` begins with.

Plots as CSV or Parquet, a run folder, ADS-B state vectors, raw Mode S frames, or ASTERIX. What the file is, its first
bytes, its column names and the end of its name tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
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
from chainhome.process.recording_asterix import open_asterix
from chainhome.process.sensors_asked import sensors_of_plots, sensors_template
from chainhome.scenario.sensors_file import Watch, load_sensors, parse_sensors, sensors_text
from chainhome.tables import SENSOR_KINDS, Sensors

CSV_SUFFIXES = (".csv", ".csv.gz", ".txt")
# What is assumed of who looked, where nobody says: the notes of the run tell it.
ASSUMED_PD, ASSUMED_CLUTTER = 0.9, 8.0
ADSB_PD, ADSB_CLUTTER, ADSB_SIGMA_M = 0.9, 0.01, 50.0
# A look is so short that it seldom holds two reports of one aircraft; aircraft send two positions a second.
SHORTEST_PERIOD_S, LONGEST_PERIOD_S = 0.4, 60.0
SHORT_INTERVALS_PERCENT = 10.0
BATCHES_TO_PLACE = 20


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
        return _of_positions(path, "Mode S frames", watch, lambda: mode_s.read_frames(path))
    if is_parquet(path) or name.endswith((".parquet", *CSV_SUFFIXES)):
        if name.endswith(".parquet") and not is_parquet(path):
            raise UseError(f"{path}: not a Parquet file")
        return _of_columns(open_columns(path), watch, skip_undeclared)
    return open_asterix(path, watch, skip_undeclared, _assumed_receiver)


def _of_columns(file: ColumnFile, watch: Watch | None, skip_undeclared: bool) -> Recording:
    if is_detections(file):
        if watch is None:
            raise _sensors_needed(file)
        return Recording(file.path, "plots", watch, lambda: _plots(file, watch, skip_undeclared))
    if adsb.is_state_vectors(file):
        adsb.dialect_of(file)
        return _of_positions(file.path, "ADS-B state vectors", watch, lambda: adsb.read_state_vectors(file))
    if mode_s.is_frames(file):
        return _of_positions(file.path, "Mode S frames", watch, lambda: mode_s.read_frames(file))
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


def _of_positions(path: Path, what: str, watch: Watch | None, read: Callable[[], Iterator[Any]]) -> Recording:
    """Return ADS-B positions as a recording of one sensor of kind ads_b."""
    notes: tuple[str, ...] = ()
    if watch is None:
        watch = _assumed_receiver(path, read)
        notes = (
            f"No sensors file: reported positions are taken as good to {ADSB_SIGMA_M:g} m on each axis; the origin of "
            "the frame is near the first one.",
        )
    receivers = np.flatnonzero(watch.sensors.kind == SENSOR_KINDS.index("ads_b"))
    if len(receivers) != 1:
        raise UseError(
            f'{path}: {what} are of one sensor of kind = "ads_b"; the sensors file has {len(receivers)} of that kind'
        )
    sensor_id, world = int(watch.sensors.sensor_id[receivers[0]]), watch.world

    def pieces() -> Iterator[Piece]:
        epoch = float("nan")
        for positions, counts, cut in read():
            made = adsb.plots_of_positions(positions, world, sensor_id=sensor_id, epoch_unix_s=epoch)
            epoch = made.epoch_unix_s
            told = dict(made.counts)
            for name, count in counts.items():
                told[name] = told.get(name, 0) + count
            yield made._replace(counts=told, cut=cut)

    return Recording(path, what, watch, pieces, notes)


def _assumed_receiver(path: Path, read: Callable[[], Iterator[Any]]) -> Watch:
    """Return one pseudo-sensor for reported positions, its frame near the first of them."""
    for positions, _, _ in islice(read(), BATCHES_TO_PLACE):
        if (place := adsb.first_place(positions)) is not None:
            period_s, usual_s = _intervals_s(positions)
            text = sensors_text(
                Sensors.make(
                    sensor_id=[0],
                    name=["ADS-B"],
                    kind=SENSOR_KINDS.index("ads_b"),
                    period_s=period_s,
                    range_sigma_m=ADSB_SIGMA_M,
                ),
                detection_probability={0: round(min(ADSB_PD, period_s / usual_s), 2)},
                clutter_per_scan={0: ADSB_CLUTTER},
                origin=(round(place[0], 1), round(place[1], 1), 0.0),
                remark="Made for a recording without a sensors file. Assumed: all but the period and the origin.",
            )
            return parse_sensors(text, path.name)
    raise ChainhomeError(f"{path} holds no position that could be tracked")


def _intervals_s(positions: adsb.Positions) -> tuple[float, float]:
    """Return a time between two positions of one aircraft that few are below, in tenths of a second, and the median."""
    order = np.lexsort([positions.unix_s, positions.address])
    time, address = positions.unix_s[order], positions.address[order]
    steps = np.diff(time)[(address[1:] == address[:-1]) & (np.diff(time) > 0.0)]
    if not len(steps):
        return SHORTEST_PERIOD_S, SHORTEST_PERIOD_S
    short = float(np.floor(10.0 * np.percentile(steps, SHORT_INTERVALS_PERCENT) + 1e-6)) / 10.0
    return min(max(short, SHORTEST_PERIOD_S), LONGEST_PERIOD_S), float(np.median(steps))

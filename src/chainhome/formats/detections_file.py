"""Plots as CSV or Parquet ↔ the Detections table: columns by the names of docs/data-dictionary.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.column_file import ColumnFile, addresses, batches, floats, shown_columns, texts, whole_numbers
from chainhome.formats.column_times import is_time_text, midnight_before, seconds, unix_times
from chainhome.tables import Detections, Floats, Ints

# Beside the columns of the table: other names for the time, the sensor's name, the address in hexadecimal.
TIMES = ("time_s", "time_utc", "timestamp", "time")
SENSOR_NAME = "sensor"
# No aircraft is lower or higher.
LEAST_HEIGHT_M, GREATEST_HEIGHT_M = -2_000.0, 60_000.0
HEX_ADDRESS = "icao24"


class Piece(NamedTuple):
    """Some plots in the order of their file, what was counted while reading, and a sentence if the file is cut off.

    `counts["rows"]` counts all that the file holds; every other count that takes a row away says why.
    """

    detections: Detections
    counts: dict[str, int]
    cut: str = ""
    epoch_unix_s: float = np.nan
    """Time zero as Unix seconds; NaN = the file counts seconds itself, from when it does not say."""


def is_detections(file: ColumnFile) -> bool:
    """Return whether a file has what a plot needs: a time, and range and azimuth or x and y."""
    names = set(file.columns)
    return bool(names & set(TIMES)) and ({"range_m", "azimuth_rad"} <= names or {"x_m", "y_m"} <= names)


def read_detections(
    file: ColumnFile,
    *,
    sensor_ids: Mapping[str, int] | None = None,
    skip_undeclared: bool = False,
    epoch_unix_s: float = np.nan,
) -> Iterator[Piece]:
    """Yield the plots of a file piece by piece. `sensor_ids` (name → id) serves a file with a column `sensor`.

    Times are seconds in `time_s`, or UTC instants (`time_s`, `time_utc`, `timestamp` or `time` as timestamps or ISO
    8601 text; numbers in the last three are Unix seconds), which become seconds since `epoch_unix_s`, by default the
    UTC midnight before the first plot. Missing columns have their missing value; without a sensor, sensor 0 is meant.
    Plots of one piece are numbered from 0; a column `detection_id` is not used. Raises UseError for a file without
    plots' columns or a sensor's name that is not known.
    """
    if not is_detections(file):
        raise UseError(
            f"{file.path}: no plots: expected the columns time_s, range_m and azimuth_rad (or x_m and y_m); "
            f"it has {shown_columns(file)}"
        )
    time_name = next(name for name in TIMES if name in file.columns)
    wanted = {time_name, SENSOR_NAME, HEX_ADDRESS, *Detections.columns()} - {"detection_id"}
    epoch = epoch_unix_s
    utc: bool | None = None if time_name == "time_s" else True
    for batch in batches(file, wanted):
        counts: Counter[str] = Counter(batch.counts)
        columns = dict(batch.columns)
        if not batch.rows:
            yield Piece(Detections.make(0), dict(counts), batch.cut, epoch)
            continue
        raw = columns.pop(time_name)
        utc = is_time_text(raw) if utc is None else utc
        if utc:
            # Numbers among instants in `time_s` could be anything; in the other columns they are Unix seconds.
            time = unix_times(raw, counts, f"{file.path.name}: {time_name}", numbers=time_name != "time_s")
            if np.isnan(epoch) and np.isfinite(time).any():
                epoch = midnight_before(float(time[np.isfinite(time)][0]))
            time = time - epoch
        else:
            time = seconds(raw, counts, f"{file.path.name}: {time_name}")
        if SENSOR_NAME in columns and "sensor_id" not in columns:
            ids = dict(sensor_ids or {})
            columns["sensor_id"] = _named(texts(columns[SENSOR_NAME]), ids, skip_undeclared, file.path)
        made = _detections(columns, time, batch.rows, counts, file.path.name)
        yield Piece(made, {name: count for name, count in counts.items() if count}, batch.cut, epoch)


def _detections(columns: dict[str, Any], time_s: Floats, rows: int, counts: Counter[str], source: str) -> Detections:
    given: dict[str, Any] = {"time_s": time_s, "detection_id": np.arange(rows)}
    for name, column in Detections.columns().items():
        if name not in columns:
            continue
        if name == "sensor_id" and isinstance(columns[name], np.ndarray):
            given[name] = columns[name]
        elif column.names:
            given[name] = _codes(columns[name], column.names, counts, f"{source}: {name}")
        else:
            read = whole_numbers if column.dtype == "i8" else floats
            given[name] = read(columns[name], counts, f"{source}: {name}")
    if HEX_ADDRESS in columns and "mode_s_address" not in columns:
        given["mode_s_address"] = addresses(columns[HEX_ADDRESS], counts, f"{source}: {HEX_ADDRESS}")
    given.setdefault("sensor_id", np.zeros(rows, np.int64))
    return Detections.make(rows, **given)


def _codes(array: Any, names: tuple[str, ...], counts: Counter[str], where: str) -> Ints:
    """Return an enum column, written as codes or as names; what is neither is 0 and counted."""
    own: Counter[str] = Counter()
    numbers = floats(array, own, where)
    if own["unreadable_cells"]:
        words = texts(array)
        for row in np.flatnonzero(np.isnan(numbers)).tolist():
            numbers[row] = names.index(words[row]) if words[row] in names else (-1.0 if words[row] else 0.0)
    numbers = np.where(np.isnan(numbers), 0.0, numbers)
    known = np.isin(numbers, np.arange(len(names)))
    counts["unreadable_cells"] += int((~known).sum())
    return np.where(known, numbers, 0).astype(np.int64)


def _named(words: list[str], sensor_ids: Mapping[str, int], skip: bool, path: Path) -> Ints:
    """Return ids of sensors by name; -1 where the cell is empty, or the name is not known and that is to be skipped."""
    known = dict(sensor_ids) | {"": -1}
    for word in set(words) - set(known):
        if skip:
            known[word] = -1
        else:
            listed = ", ".join(f'"{name}"' for name in sensor_ids) or "none"
            raise UseError(f'{path.name}: sensor "{word[:60]}" is not declared in the sensors file, which has {listed}')
    return np.array([known[word] for word in words], np.int64)


def write_detections_csv(detections: Detections, path: Path) -> None:
    """Write plots as CSV with the columns of the table; NaN is an empty cell. Numbers come back as they were."""
    import pyarrow as pa
    from pyarrow import csv

    columns = {}
    for name in detections.columns():
        values = getattr(detections, name)
        columns[name] = pa.array(values, from_pandas=True) if values.dtype.kind == "f" else pa.array(values)
    try:
        csv.write_csv(pa.table(columns), path)
    except OSError as error:
        raise ChainhomeError(f"cannot write {path}: {error}") from error

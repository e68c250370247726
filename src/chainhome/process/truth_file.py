"""A file that says where aircraft were → the truth that a run is scored against: CSV, Parquet, or ASTERIX CAT062."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.column_file import (
    GZIP,
    PACKED,
    batches,
    floats,
    is_parquet,
    open_columns,
    shown_columns,
    whole_numbers,
)
from chainhome.formats.column_times import is_time_text, seconds, unix_times
from chainhome.process.cleaning import FARTHEST_M, FASTEST_MPS
from chainhome.process.truth_asterix import is_binary, read_system_tracks
from chainhome.tables import Truth

VELOCITY = {"vx_mps", "vy_mps", "vz_mps"}
# Why rows of a truth are left out, in words that follow their number.
TRUTH_LEFT = {
    "incomplete": "without a time, target or position, or twice",
    "simulated": "simulated, as the record says of itself",
    "no_time": "without a time",
    "no_track_number": "without a track number",
    "no_position": "without a position",
    "other_centre": "of another centre than most",
    "tentative": "of tracks that the centre calls tentative",
    "only_cartesian": "with a position in the centre's own plane alone (I062/100)",
    "no_height": "without a height (I062/130, 135 or 136)",
    "lost_bytes": "bytes of the recording that cannot be read",
}


def read_truth(
    path: Path, world: earth.Frame | None, epoch_unix_s: float, middle_s: float = np.nan
) -> tuple[Truth, Counter[str]]:
    """Return a truth, sorted by target and time, and how many rows of its file were left out, by reason.

    A CSV or Parquet file has the columns `time_s` (or `time_utc`, `timestamp`, `time` as UTC), `target_id`, and
    `lat_deg`, `lon_deg`, `altitude_m` or else `x_m`, `y_m`, `z_m` in the run's world. An ASTERIX recording (raw blocks,
    pcap, `.gps`) has a centre's tracks, CAT062; one without a date lies on the day nearest to `middle_s`, the middle of
    the run. Rows with a gap are left out. Raises UseError where columns or CAT062 are missing, the file is neither, or
    UTC times meet a run that does not know when it was; ChainhomeError for a truth without rows.
    """
    table = is_table(path)
    if table:
        truth, left, rows = _of_table(path, world, epoch_unix_s)
    else:
        truth, left = read_system_tracks(path, world, epoch_unix_s, middle_s)
        rows = len(truth) + left.total() - left["lost_bytes"]
    place = np.abs(np.column_stack([truth.x_m, truth.y_m, truth.z_m]))
    whole = np.isfinite(truth.time_s) & (place <= FARTHEST_M).all(axis=1)
    kept = truth[whole & (truth.target_id >= 0)].sorted_by("target_id", "time_s")
    twice = np.append(False, (np.diff(kept.target_id) == 0) & (np.diff(kept.time_s) == 0))[: len(kept)]
    kept = kept[~twice]
    left["incomplete"] += len(truth) - len(kept)
    if not len(kept):
        odd = left["unreadable_cells"]
        why = f", {odd:,} cells of them no number or time that can be read" if odd else ""
        raise ChainhomeError(
            f"{path} holds no usable row of truth: {rows:,} rows{why}; expected a time, a target_id that is a whole "
            "number from 0 on, and a position in each"
            if table
            else f"{path} holds no usable track of a centre; of its {rows:,} records of CAT062: "
            + ", ".join(f"{left[name]:,} {words}" for name, words in TRUTH_LEFT.items() if left[name])
        )
    return kept, Counter({name: left[name] for name in TRUTH_LEFT if left[name]})


def is_table(path: Path) -> bool:
    """Return whether a truth is to be read as CSV or Parquet: by its first bytes, or packed by its name.

    What is no ordinary file counts as a table, and is refused as one: nothing is read of a pipe.
    """
    if not path.is_file() or is_parquet(path) or path.suffix.lower() in PACKED or not is_binary(path):
        return True
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def _of_table(path: Path, world: earth.Frame | None, epoch_unix_s: float) -> tuple[Truth, Counter[str], int]:
    """Return the truth in a CSV or Parquet file as it stands, what was odd in it, and its rows."""
    file = open_columns(path)
    names = set(file.columns)
    time_name = next((name for name in ("time_s", "time_utc", "timestamp", "time") if name in names), "")
    # Where both are there, latitude and longitude count: x, y, z of another run have another origin.
    world_columns = {"x_m", "y_m", "z_m"} <= names
    geodetic = not world_columns or ({"lat_deg", "lon_deg", "altitude_m"} <= names and world is not None)
    needs = {"target_id"} | ({"lat_deg", "lon_deg", "altitude_m"} if geodetic else {"x_m", "y_m", "z_m"})
    if not time_name or not needs <= names:
        raise UseError(
            f"{path}: no truth: expected the columns time_s, target_id and x_m, y_m, z_m (or lat_deg, lon_deg, "
            f"altitude_m); it has {shown_columns(file)}"
        )
    if geodetic and world is None:
        raise UseError(
            f"{path}: the run does not know where its frame lies; expected x_m, y_m, z_m, not lat_deg, lon_deg"
        )
    parts, rows = [], 0
    counts: Counter[str] = Counter()
    for batch in batches(file, {time_name, *needs, *VELOCITY}):
        rows += batch.counts.get("rows", 0)
        if batch.cut:
            raise ChainhomeError(f"{batch.cut}; a truth has to be whole")
        if batch.rows:
            parts.append(_truth_part(batch.columns, time_name, world if geodetic else None, epoch_unix_s, path, counts))
    truth = Truth.concat(parts)
    counts["incomplete"] = rows - len(truth)
    return truth, counts, rows


def _truth_part(
    columns: dict[str, Any],
    time_name: str,
    world: earth.Frame | None,
    epoch_unix_s: float,
    path: Path,
    counts: Counter[str],
) -> Truth:
    raw = columns[time_name]
    if time_name != "time_s" or is_time_text(raw):
        if np.isnan(epoch_unix_s):
            raise UseError(
                f"{path}: {time_name} is UTC, and the run does not say when it was; expected time_s in seconds"
            )
        time = unix_times(raw, counts, f"{path.name}: {time_name}", numbers=time_name != "time_s") - epoch_unix_s
    else:
        time = seconds(raw, counts, f"{path.name}: {time_name}")
    value = {
        name: floats(array, counts, f"{path.name}: {name}")
        for name, array in columns.items()
        if name not in (time_name, "target_id")
    }
    for name in VELOCITY & set(value):
        value[name] = np.where(np.abs(value[name]) <= FASTEST_MPS, value[name], np.nan)
    if world is not None:
        lat, lon = np.radians(value["lat_deg"]), np.radians(value["lon_deg"])
        there = (np.abs(value["lat_deg"]) <= 90.0) & (np.abs(value["lon_deg"]) <= 360.0)
        there &= np.abs(value["altitude_m"]) <= FARTHEST_M
        lat, lon, height = (np.where(there, given, np.nan) for given in (lat, lon, value["altitude_m"]))
        place = earth.geodetic_to_enu(world, lat, lon, height)
        value |= dict(zip(("x_m", "y_m", "z_m"), place.T, strict=True))
    ids = whole_numbers(columns["target_id"], counts, f"{path.name}: target_id")
    return Truth.make(len(time), time_s=time, target_id=ids, **value)

"""Raw Mode S frames (time and hexadecimal text, CSV, Parquet or JSON lines) → reported positions, through rs1090.

rs1090 is optional (`pip install "chainhome[adsb]"`). A position needs an even and an odd frame of one aircraft within
ten seconds, so each block of frames is decoded together with the last ten seconds before it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.constants import FOOT_M
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.adsb import Positions, no_positions
from chainhome.formats.column_file import ColumnFile, batches, texts
from chainhome.formats.column_times import unix_times
from chainhome.tables import Floats

TIMES = ("timestamp", "time", "mintime", "time_utc")
FRAMES = ("frame", "hex", "rawmsg", "raw", "message", "msg")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
BLOCK_FRAMES = 50_000
PAIR_S = 10.0
# The same frame again within this time is the same frame, heard by another receiver.
REPEAT_S = 0.1
MOST_BEFORE = 200_000
_FRAME = re.compile(r"(?:[0-9a-fA-F]{14}){1,2}")


def is_frames(file: ColumnFile) -> bool:
    """Return whether a file has a time and raw frames."""
    return all(any(name in file.columns for name in group) for group in (TIMES, FRAMES))


def read_frames(source: ColumnFile | Path) -> Iterator[tuple[Positions, dict[str, int], str]]:
    """Yield the airborne positions in a file of raw frames, what was counted, and a sentence if the file is cut off.

    Counted: `repeated_frames` (several receivers heard them), `not_a_frame` (not 14 or 28 hexadecimal digits, or no
    time), `frames_without_position` (what says no position or could not be decoded: most frames), `on_ground`.
    Raises ChainhomeError where rs1090 is not installed.
    """
    decode = _decoder()
    before: list[tuple[float, str]] = []
    difference_m: dict[str, float] = {}
    heard: dict[str, float] = {}
    for block, counts, cut in _blocks(source):
        read = [(time, text.lower()) for time, text in block if _FRAME.fullmatch(text) and np.isfinite(time)]
        counts["not_a_frame"] += len(block) - len(read)
        frames = _once(read, heard)
        counts["repeated_frames"] += len(read) - len(frames)
        if not frames:
            yield no_positions(), {name: count for name, count in counts.items() if count}, cut
            continue
        said = decode([text for _, text in before + frames], [time for time, _ in before + frames])
        fresh = _after(said, before, frames)
        found = _positions(fresh, difference_m, counts)
        counts["frames_without_position"] += len(frames) - len(found.unix_s) - counts["on_ground"]
        last = max(time for time, _ in frames)
        before = [(time, text) for time, text in before + frames if time >= last - PAIR_S][-MOST_BEFORE:]
        yield found, {name: count for name, count in counts.items() if count}, cut


def _once(frames: list[tuple[float, str]], heard: dict[str, float]) -> list[tuple[float, str]]:
    """Return frames without those that a second receiver heard too; `heard` remembers the last seconds."""
    kept = []
    for time, text in frames:
        if abs(time - heard.get(text, -np.inf)) > REPEAT_S:
            kept.append((time, text))
        heard[text] = time
    newest = max((time for time, _ in frames), default=np.inf)
    for text in [text for text, time in heard.items() if time < newest - PAIR_S]:
        del heard[text]
    return kept


def _decoder() -> Any:
    try:
        import rs1090
    except ImportError as error:
        raise ChainhomeError(
            'raw Mode S frames need the package rs1090, which is not installed: pip install "chainhome[adsb]"'
        ) from error
    return rs1090.decode


def _after(said: list[Any], before: list[tuple[float, str]], frames: list[tuple[float, str]]) -> list[Any]:
    """Return the messages that came of `frames`, not of those `before`: what cannot be decoded gave no message."""
    known = 0
    for row, (_, text) in enumerate(before + frames):
        if known < len(said) and row < len(before) and said[known]["frame"] == text:
            known += 1
    return said[known:]


def _positions(said: list[Any], difference_m: dict[str, float], counts: Counter[str]) -> Positions:
    """Return the airborne positions; the height above the ellipsoid from the aircraft's last difference to pressure."""
    rows = []
    for message in said:
        icao24, pressure = str(message.get("icao24", "")), message.get("altitude")
        apart = message.get("geo_minus_baro")
        if apart is not None and icao24:
            difference_m[icao24] = float(apart) * FOOT_M
        if message.get("latitude") is None or message.get("longitude") is None:
            continue
        if message.get("bds") == "06":
            counts["on_ground"] += 1
            continue
        height = np.nan if pressure is None else float(pressure) * FOOT_M
        if message.get("source") == "GNSS":
            pressure_m, geometric_m = np.nan, height
        else:
            pressure_m, geometric_m = height, height + difference_m.get(icao24, np.nan)
        place = float(message["latitude"]), float(message["longitude"])
        rows.append((float(message["timestamp"]), float(int(icao24, 16)), *place, pressure_m, geometric_m))
    table = np.array(rows, np.float64).reshape(-1, 6).T
    return Positions(
        unix_s=table[0],
        address=table[1].astype(np.int64),
        lat_deg=table[2],
        lon_deg=table[3],
        pressure_m=table[4],
        geometric_m=table[5],
        on_ground=np.zeros(len(rows), np.bool_),
    )


def _blocks(source: ColumnFile | Path) -> Iterator[tuple[list[tuple[float, str]], Counter[str], str]]:
    """Yield (time, text) of each row, in blocks, whatever the text is."""
    if isinstance(source, Path):
        yield from _json_blocks(source)
        return
    time_name = next(name for name in TIMES if name in source.columns)
    frame_name = next(name for name in FRAMES if name in source.columns)
    for batch in batches(source, (time_name, frame_name)):
        counts: Counter[str] = Counter(batch.counts)
        if not batch.rows:
            yield [], counts, batch.cut
            continue
        times: Floats = unix_times(batch.columns[time_name], counts, f"{source.path.name}: {time_name}")
        yield list(zip(times.tolist(), texts(batch.columns[frame_name]), strict=True)), counts, batch.cut


def _json_blocks(path: Path) -> Iterator[tuple[list[tuple[float, str]], Counter[str], str]]:
    block: list[tuple[float, str]] = []
    last = ""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            last = line
            if line.strip():
                block.append(_json_row(line))
            if len(block) >= BLOCK_FRAMES:
                yield block, Counter(rows=len(block)), ""
                block = []
    within = bool(last.strip()) and not last.endswith("\n") and np.isnan(_json_row(last)[0])
    yield block, Counter(rows=len(block)), f"{path.name} ends in the middle of a line" if within else ""


def _json_row(line: str) -> tuple[float, str]:
    """Return time and frame of a line such as {"timestamp": 1.5, "frame": "8d..."}; NaN and nothing if it is none."""
    try:
        row = json.loads(line)
        time = next(row[name] for name in TIMES if name in row)
        frame = next(row[name] for name in FRAMES if name in row)
        return float(time), str(frame)
    except (ValueError, TypeError, StopIteration):
        return float("nan"), ""


def check_json(path: Path) -> None:
    """Raise UseError for a file whose first line is no JSON object with a time and a frame."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        first = next((line for line in lines if line.strip()), "")
    if not first:
        raise ChainhomeError(f"{path} is empty")
    if not _json_row(first)[1]:
        raise UseError(
            f'{path}: expected a line for each frame such as {{"timestamp": 1714543200.5, "frame": "8d..."}}'
        )

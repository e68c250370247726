"""Columns of times in CSV and Parquet files → seconds: UTC instants in any of their spellings, or plain numbers."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np

from chainhome.errors import UseError
from chainhome.formats.column_file import floats, is_text, number
from chainhome.tables import Floats

DAY_S = 86_400.0
# Seconds from the year 1019 to 4980: a larger number counts milliseconds or less, or is no time at all.
EARLIEST_S, LATEST_S = -3e10, 9.5e10


def unix_times(array: Any, counts: Counter[str], where: str, *, numbers: bool = True) -> Floats:
    """Return UTC instants as seconds since 1970: timestamps, ISO 8601 text, or `numbers` that are Unix seconds.

    Cells that are none are NaN and counted. Raises UseError for numbers that cannot be seconds.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(array.type):
        return _seconds(pc.cast(array, pa.timestamp("ns", array.type.tz), safe=False))
    own: Counter[str] = Counter()
    values = floats(array, own, where)
    if not numbers:
        # Where there is text too, it is counted with what is no instant.
        counts["unreadable_cells"] += 0 if own["unreadable_cells"] else int((~np.isnan(values)).sum())
        values[:] = np.nan
    if own["unreadable_cells"]:
        values = _iso_seconds(array, values, counts)
    return _within(values, counts, f"{where}: {{}} for Unix seconds; expected seconds, or UTC text")


def seconds(array: Any, counts: Counter[str], where: str) -> Floats:
    """Return seconds from any moment; a cell that cannot be one is NaN and counted, UseError where most cannot be."""
    return _within(floats(array, counts, where), counts, f"{where}: {{}} for seconds; expected seconds")


def _within(values: Floats, counts: Counter[str], sentence: str) -> Floats:
    """Return times that can be true: a few others are read as missing, many are another unit."""
    known = np.isfinite(values)
    wild = known & ~((values >= EARLIEST_S) & (values <= LATEST_S))
    if 2 * int(wild.sum()) > int(known.sum()):
        first = float(values[wild][0])
        raise UseError(sentence.format(f"{first:.15g} is too {'large' if first > 0.0 else 'small'}"))
    counts["unreadable_cells"] += int(wild.sum())
    return np.where(wild, np.nan, values)


def _seconds(instants: Any) -> Floats:
    """Return timestamps in nanoseconds as Unix seconds, whole seconds and their parts apart to keep the digits."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = instants.is_null().to_numpy(zero_copy_only=False)
    ticks = pc.fill_null(pc.cast(instants, pa.int64()), 0).to_numpy(zero_copy_only=False)
    return np.where(missing, np.nan, ticks // 1_000_000_000 + (ticks % 1_000_000_000) / 1e9)


def _iso_seconds(array: Any, values: Floats, counts: Counter[str]) -> Floats:
    """Return text of the form 2024-05-01T06:00:00.25Z as Unix seconds, beside the numbers that were read already."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Arrow reads a text of one shape at once; the cells that differ are read one by one.
    plain = pc.replace_substring_regex(pc.utf8_trim_whitespace(array), "(Z|[+]00:?00| UTC)$", "")
    try:
        return _seconds(pc.cast(plain, pa.timestamp("ns")))
    except pa.ArrowInvalid:
        pass
    from datetime import UTC, datetime

    for row, text in enumerate(array.to_pylist()):
        if text is None or not np.isnan(values[row]):
            continue
        try:
            moment = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
            values[row] = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            counts["unreadable_cells"] += 1
    return values


def is_time_text(array: Any) -> bool:
    """Return whether a column holds UTC instants rather than numbers: a timestamp, or text that is no number."""
    import pyarrow as pa

    if pa.types.is_timestamp(array.type):
        return True
    if not is_text(array):
        return False
    first = next((text for text in array.drop_null().slice(0, 1).to_pylist()), "0")
    return bool(np.isnan(number(first)) and re.match(r"\s*\d{4}-\d{2}-\d{2}", first))


def midnight_before(unix_s: float) -> float:
    """Return the Unix time of the UTC midnight at or before an instant: time zero of a recording.

    >>> midnight_before(1_714_543_200.0 + 6 * 3600.0) == midnight_before(1_714_543_200.0)
    True
    """
    return float(np.floor(unix_s / DAY_S) * DAY_S)

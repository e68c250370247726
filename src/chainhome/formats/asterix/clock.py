"""Times of day to seconds since the midnight before the first record, across midnight in both directions.

All records of a recording that carry a full time of day make one line, in the order of the file; each lies within half
a day of the one before. A record that was sent late and lies before midnight again keeps its own day. CAT001 sends the
time modulo 512 s, or none: it takes the rest from the line, or from its radar's last CAT002 message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.formats.asterix.recording import Recording, Records

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86_400.0
TRUNCATED_S = 512.0
_NEAR_S = 3600.0  # a jump of more is believed when so many records in a row agree on it
_PATIENCE = 5
_FRESH_S = 60.0  # a CAT002 message that is older gives no time


class Clock(NamedTuple):
    """What the times of the next piece of a recording go on from."""

    reference_s: float = float("nan")
    service_s: Mapping[int, float] = {}  # last CAT002 time of each radar


class Times(NamedTuple):
    """Times of each record, in seconds since the midnight before the first record; NaN where there is none."""

    cat001: Floats
    cat002: Floats
    cat021: Floats
    cat034: Floats
    cat048: Floats
    cat062: Floats
    from_service: NDArray[np.bool_]  # CAT001 records whose time is that of their radar's last CAT002 message
    from_container: NDArray[np.bool_]  # CAT001 records whose time is that of their reception


def sensor_keys(records: Records) -> Ints:
    """Return SAC and SIC as one number, -1 where the record has none."""
    sac, sic = records["sac"].astype(np.int64), records["sic"].astype(np.int64)
    return np.where((sac < 0) | (sic < 0), -1, 256 * sac + sic)


def position_times(cat021: Records) -> Floats:
    """Return when the positions of ADS-B reports hold: time of applicability, else of reception, else of the report."""
    time = cat021["time_position_s"]
    for name in ("time_received_position_s", "time_transmitted_s"):
        time = np.where(np.isnan(time), cat021[name], time)
    return time


def times_of(recording: Recording, clock: Clock | None = None) -> tuple[Times, Clock]:
    """Return the times of all records, and the clock for the piece that follows."""
    from chainhome.formats.asterix._codec_kernels import unwrap

    clock = clock or Clock()
    full = {
        2: recording.cat002["time_of_day_s"],
        21: position_times(recording.cat021),
        34: recording.cat034["time_of_day_s"],
        48: recording.cat048["time_of_day_s"],
        62: recording.cat062["time_of_day_s"],
    }
    tables = {table.category: table for table in recording.tables()}
    place = np.concatenate([tables[category]["record_at"] for category in full])
    time = np.concatenate([*full.values()])
    if np.isnan(time).all():  # CAT001 alone: the container's time is all there is
        place, time = recording.cat001["record_at"], recording.cat001["received_s"]
    order = np.argsort(place, kind="stable")
    line = unwrap(np.append(clock.reference_s, time[order]), DAY_S, _NEAR_S, _PATIENCE)[1:]
    known = ~np.isnan(line)
    place_of_line, line = place[order][known], line[known]
    unwrapped: dict[int, Floats] = {}
    for category, times in full.items():
        unwrapped[category] = _on_line(times, tables[category]["record_at"], place_of_line, line, clock, DAY_S)
    first, by_service, by_container, service = _older(recording, unwrapped[2], place_of_line, line, clock)
    after = Clock(float(line[-1]) if len(line) else clock.reference_s, service)
    full_times = (unwrapped[2], unwrapped[21], unwrapped[34], unwrapped[48], unwrapped[62])
    return Times(first, *full_times, by_service, by_container), after


def _on_line(time: Floats, place: Ints, place_of_line: Ints, line: Floats, clock: Clock, turn_s: float) -> Floats:
    """Return times with the whole turns that bring them nearest to the line where they stand in the file."""
    before = np.searchsorted(place_of_line, place, side="right") - 1
    reference = np.full(len(place), clock.reference_s)
    if len(line):
        reference = np.where((before >= 0) | np.isnan(reference), line[np.maximum(before, 0)], reference)
    reference = np.where(np.isnan(reference), np.where(np.isnan(time), 0.0, time), reference)
    return np.asarray(time + np.rint((reference - time) / turn_s) * turn_s)


def _older(
    recording: Recording, service_s: Floats, place_of_line: Ints, line: Floats, clock: Clock
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_], dict[int, float]]:
    """Return the times of CAT001 records, which of them CAT002 or the container gave, and the last CAT002 times."""
    table = recording.cat001
    place = table["record_at"]
    time = _on_line(table["truncated_time_s"], place, place_of_line, line, clock, TRUNCATED_S)
    received = _on_line(table["received_s"], place, place_of_line, line, clock, DAY_S)
    now = _on_line(np.zeros(len(place)), place, place_of_line, line, clock, 1e-9)  # the line itself
    last: dict[int, float] = dict(clock.service_s)
    service = np.full(len(place), np.nan)
    keys, service_keys = sensor_keys(table), sensor_keys(recording.cat002)
    for key in np.unique(np.append(keys, service_keys)).tolist():
        theirs = (service_keys == key) & ~np.isnan(service_s)
        at = recording.cat002["record_at"][theirs]
        with_carry = np.append(last.get(key, np.nan), service_s[theirs])
        mine = keys == key
        service[mine] = with_carry[np.searchsorted(at, place[mine])]
        last[key] = float(with_carry[-1])
    fresh = np.abs(service - now) <= _FRESH_S
    by_service = np.isnan(time) & fresh
    time = np.where(by_service, service, time)
    by_container = np.isnan(time) & ~np.isnan(received)
    return np.where(by_container, received, time), by_service, by_container, last

"""The radars that a recording speaks of: `sensors_of`, with rotation periods and positions where it tells them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.formats.asterix.clock import sensor_keys, times_of
from chainhome.formats.asterix.recording import Recording
from chainhome.tables import SENSOR_KINDS, Sensors

Floats = NDArray[np.float64]

_NORTH_MARKER = 1
_SHORTEST_S, _LONGEST_S = 1.0, 60.0  # of a turn
_FEWEST = 3  # revisits that make an estimate
_KINDS = {"cat048": "combined", "cat001": "combined", "cat021": "ads_b"}


class Period(NamedTuple):
    """A radar's rotation period, and what told it."""

    period_s: float
    told_by: str  # "rotation item", "north markers", "revisits"
    samples: int


def periods_of(recording: Recording) -> dict[tuple[int, int], Period]:
    """Return the rotation period of each radar, by SAC and SIC.

    Told by the antenna rotation item (I034/041, I002/041), else by the times between north markers, else by the times
    between two plots of one address at one radar (three or more; the median, of those below 1.5 times the shortest,
    so that a missed turn does not count).
    """
    times, _ = times_of(recording)
    found: dict[tuple[int, int], Period] = {}
    plots = recording.cat048
    keys, address = sensor_keys(plots), plots["address"].astype(np.int64)
    rows = (keys >= 0) & (address >= 0) & ~np.isnan(times.cat048)
    for key in np.unique(keys[rows]).tolist():
        mine = rows & (keys == key)
        gaps = _gaps(times.cat048[mine], address[mine])
        if len(gaps) >= _FEWEST:
            once = gaps[gaps < 1.5 * np.percentile(gaps, 5.0)]
            found[divmod(key, 256)] = Period(float(np.median(once)), "revisits", len(once))
    for table, time_s in ((recording.cat002, times.cat002), (recording.cat034, times.cat034)):
        keys = sensor_keys(table)
        for key in np.unique(keys[keys >= 0]).tolist():
            mine = keys == key
            marks = np.sort(time_s[mine & (table["message_type"] == _NORTH_MARKER)])
            gaps = _gaps(marks[~np.isnan(marks)], np.zeros(int((~np.isnan(marks)).sum()), np.int64))
            told = table["rotation_s"][mine]
            told = told[told > 0.0]
            if len(told):
                found[divmod(key, 256)] = Period(float(np.median(told)), "rotation item", len(told))
            elif len(gaps):
                found[divmod(key, 256)] = Period(float(np.median(gaps)), "north markers", len(gaps))
    return found


def _gaps(time_s: Floats, group: NDArray[np.int64]) -> Floats:
    """Return the times between consecutive rows of one group, those that a turn can take."""
    order = np.lexsort([time_s, group])
    gaps, same = np.diff(time_s[order]), np.diff(group[order]) == 0
    gaps = gaps[same]
    return gaps[(gaps >= _SHORTEST_S) & (gaps <= _LONGEST_S)]


def sensors_of(recording: Recording) -> Sensors:
    """Return the sensors that a recording speaks of, one for each SAC and SIC, named "SAC/SIC".

    `sensor_id` counts from 0 in the order of SAC and SIC; kind is the most that its category can report; period is
    that of `periods_of`, position that of the last I034/120. What the recording does not tell is NaN.

    >>> from chainhome.formats.asterix import decode, encode_cat034
    >>> north = encode_cat034(sac=25, sic=1, message_type=[1], time_of_day_s=[7.0], rotation_s=[4.0])
    >>> table = sensors_of(decode(north))
    >>> table.name.tolist(), table.period_s.tolist()
    (['25/1'], [4.0])
    """
    periods = periods_of(recording)
    kinds: dict[int, str] = {}
    for table in (recording.cat002, recording.cat034):
        kinds |= dict.fromkeys(sensor_keys(table).tolist(), "combined")
    for name, kind in _KINDS.items():
        for key in np.unique(sensor_keys(getattr(recording, name))).tolist():
            kinds.setdefault(key, kind)
    kinds.pop(-1, None)
    codes = [divmod(key, 256) for key in sorted(kinds)]
    position = _positions(recording)
    nowhere = (float("nan"),) * 3
    lat, lon, height = zip(*(position.get(code, nowhere) for code in codes), strict=True) if codes else ((), (), ())
    return Sensors.make(
        len(codes),
        sensor_id=np.arange(len(codes)),
        name=[f"{sac}/{sic}" for sac, sic in codes] or np.empty(0, np.str_),
        kind=[SENSOR_KINDS.index(kinds[256 * sac + sic]) for sac, sic in codes],
        lat_deg=lat,
        lon_deg=lon,
        height_m=height,
        period_s=[periods[code].period_s if code in periods else float("nan") for code in codes],
        sac=[sac for sac, _ in codes],
        sic=[sic for _, sic in codes],
    )


def _positions(recording: Recording) -> dict[tuple[int, int], tuple[float, float, float]]:
    table = recording.cat034
    rows = np.flatnonzero(~np.isnan(table["lat_deg"]) & (sensor_keys(table) >= 0))
    columns = (table[name][rows].tolist() for name in ("lat_deg", "lon_deg", "height_m"))
    codes = [divmod(key, 256) for key in sensor_keys(table)[rows].tolist()]
    return dict(zip(codes, zip(*columns, strict=True), strict=True))

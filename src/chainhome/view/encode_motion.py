"""What moves, made ready for the browser: rows of positions in, pieces sampled on a clock as integer steps out.

A *piece* is a stretch of one object's life without a long gap. Its samples stand at its start, at every whole step of
the clock inside it, and at its end; between them the browser draws straight lines. Samples travel tick by tick (time
first), each as the difference from the one before of its piece, or as the change of that difference where that is
smaller: 1e-5 degrees (about a metre), and 10 m of height.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEGREE_STEP = 1e-5
HEIGHT_STEP_M = 10.0
TIME_STEP_S = 0.01
STEPS_S = (1.0, 2.0, 4.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0)
MOST_SAMPLES = 200_000
# Finer than FINE_STEP_S only where that costs few samples: a fighter's turn then bends by 20 m between two of them.
FINE_STEP_S, FEW_SAMPLES = 4.0, 24_000
UNKNOWN_HEIGHT = -1_000_000  # in steps of height: not known


@dataclass(frozen=True, eq=False)
class Pieces:
    """Stretches of motion: p pieces, s samples, piece after piece and in order of time.

    `first` (p + 1,) holds where each piece's samples begin; `owner` (p,) is the row of its object, `start_s` and
    `end_s` (p,) its life. Sample times are those that the browser computes again from start, end and `step_s`.
    """

    step_s: float
    owner: Ints
    start_s: Floats
    end_s: Floats
    first: Ints
    time_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    altitude_m: Floats


def choose_step_s(life_s: float, usual_gap_s: float) -> float:
    """Return how often motion is sampled: no finer than the rows are apart, and not more than MOST_SAMPLES in all.

    >>> choose_step_s(600_000.0, 2.0), choose_step_s(60_000.0, 12.0), choose_step_s(100.0, 2.0)
    (4.0, 4.0, 2.0)
    """
    needed = next((step for step in STEPS_S if life_s / step <= MOST_SAMPLES), STEPS_S[-1])
    cheap = next((step for step in STEPS_S if life_s / step <= FEW_SAMPLES), STEPS_S[-1])
    usual = max((step for step in STEPS_S if step <= usual_gap_s), default=STEPS_S[0])
    return max(needed, min(max(cheap, usual), FINE_STEP_S))


def cut(
    time_s: Floats,
    owner: Ints,
    lat_deg: Floats,
    lon_deg: Floats,
    altitude_m: Floats,
    *,
    hold_s: float,
    step_s: float = 0.0,
) -> Pieces:
    """Return rows (n,) as pieces: cut where an object has no row for more than `hold_s`; a lone row gives none.

    `owner` are rows of the caller's objects. `step_s` = 0 chooses. Longitudes are made continuous within a piece, so
    that nothing jumps around the globe at the date line.
    """
    whole = np.isfinite(time_s) & np.isfinite(lat_deg) & np.isfinite(lon_deg)
    order = np.flatnonzero(whole)[np.lexsort([time_s[whole], owner[whole]])]
    time, who = np.round(time_s[order] / TIME_STEP_S) * TIME_STEP_S, owner[order]
    gap = np.diff(time, prepend=-np.inf)
    new = np.append(True, who[1:] != who[:-1])[: len(who)] | (gap > hold_s)
    number = np.cumsum(new) - 1
    begin = np.flatnonzero(new)
    end = np.append(begin[1:], len(time)) - 1 if len(begin) else np.zeros(0, np.int64)
    lasting = time[end] > time[begin] if len(begin) else np.zeros(0, np.bool_)
    inner = gap[~new & (gap > 0)]
    if step_s <= 0.0:
        usual = float(np.median(inner)) if inner.size else STEPS_S[-1]
        step_s = choose_step_s(float((time[end] - time[begin])[lasting].sum()) if len(begin) else 0.0, usual)
    begin, end = begin[lasting], end[lasting]
    start_s, end_s = time[begin], time[end]
    ticks, first, piece = _ticks(start_s, end_s, step_s)
    at = np.clip(ticks * step_s, start_s[piece], end_s[piece])
    # One rising clock for all pieces, so that all are interpolated at once: each lives in its own stretch of it.
    span = float(time.max() - time.min()) + 1.0 if len(time) else 1.0
    own = np.flatnonzero(lasting)
    base = time.min() if len(time) else 0.0
    clock, wanted = number * span + (time - base), own[piece] * span + (at - base)
    lon = _continuous(lon_deg[order], new)
    lat, alt = lat_deg[order], altitude_m[order]
    if not len(wanted):
        clock, lat, lon, alt = np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1)
    return Pieces(
        step_s, who[begin] if len(who) else np.zeros(0, np.int64), start_s, end_s, first, at,
        np.interp(wanted, clock, lat), np.interp(wanted, clock, lon), np.interp(wanted, clock, alt),
    )  # fmt: skip


def _ticks(start_s: Floats, end_s: Floats, step_s: float) -> tuple[Ints, Ints, Ints]:
    """Return the tick of every sample, where each piece begins, and the piece of every sample."""
    low = np.floor(start_s / step_s + 1e-9).astype(np.int64)
    high = np.ceil(end_s / step_s - 1e-9).astype(np.int64)
    count = high - low + 1
    first = np.append(0, np.cumsum(count)).astype(np.int64)
    piece = np.repeat(np.arange(len(count)), count)
    return np.arange(int(first[-1])) - first[piece] + low[piece], first, piece


def _continuous(lon_deg: Floats, new: NDArray[np.bool_]) -> Floats:
    """Return longitudes without jumps of a turn inside a piece."""
    if not len(lon_deg):
        return lon_deg
    jump = np.round(np.diff(lon_deg, prepend=lon_deg[0]) / 360.0)
    jump[new] = 0.0
    turns = np.cumsum(jump)
    return np.asarray(lon_deg - 360.0 * (turns - turns[np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))]))


def encode(name: str, pieces: Pieces) -> tuple[dict[str, Any], dict[str, Ints]]:
    """Return the description and the columns, named after `name`, from which the browser builds pieces again."""
    ticks, _, piece = _ticks(pieces.start_s, pieces.end_s, pieces.step_s)
    time_major = np.lexsort([piece, ticks])
    begin = pieces.first[:-1]
    columns: dict[str, Ints] = {
        f"{name}.owner": pieces.owner,
        f"{name}.start": _steps(pieces.start_s, TIME_STEP_S),
        f"{name}.life": _steps(pieces.end_s, TIME_STEP_S) - _steps(pieces.start_s, TIME_STEP_S),
    }
    orders: dict[str, int] = {}
    known = np.where(np.isfinite(pieces.altitude_m), pieces.altitude_m, UNKNOWN_HEIGHT * HEIGHT_STEP_M)
    streams = (
        ("lat", pieces.lat_deg, DEGREE_STEP),
        ("lon", pieces.lon_deg, DEGREE_STEP),
        ("alt", known, HEIGHT_STEP_M),
    )
    for part, values, unit in streams:
        once = _differences(_steps(values, unit), begin)
        twice = _differences(once, begin)
        twice[begin + 1] = once[begin + 1]  # a piece's first step stays a step
        # The first difference of a piece is a whole speed; the measure is the typical size of the rest.
        steady = np.abs(twice).mean() < np.abs(once).mean() if len(once) else False
        orders[part] = 2 if steady else 1
        columns[f"{name}.{part}"] = (twice if steady else once)[time_major]
    return {"step_s": pieces.step_s, "pieces": len(pieces.owner), "samples": len(ticks), "orders": orders}, columns


def _steps(values: Floats, unit: float) -> Ints:
    return np.asarray(np.round(values / unit), np.int64)


def _differences(values: Ints, begin: Ints) -> Ints:
    """Return each value less the one before of its piece; the first of a piece stays."""
    out = np.diff(values, prepend=0)
    out[begin] = values[begin]
    return np.asarray(out)


def at(pieces: Pieces, time_s: float) -> tuple[Ints, Floats, Floats, Floats]:
    """Return owner, latitude, longitude and height (k,) of everything that lives at a time, as the browser shows it."""
    alive = np.flatnonzero((pieces.start_s <= time_s) & (time_s <= pieces.end_s))
    lat, lon, alt = np.empty(len(alive)), np.empty(len(alive)), np.empty(len(alive))
    unit = (
        (pieces.lat_deg, lat, DEGREE_STEP),
        (pieces.lon_deg, lon, DEGREE_STEP),
        (pieces.altitude_m, alt, HEIGHT_STEP_M),
    )
    for row, number in enumerate(alive):
        mine = slice(int(pieces.first[number]), int(pieces.first[number + 1]))
        for values, out, step in unit:
            told = np.round(values[mine] / step) * step
            out[row] = np.interp(time_s, pieces.time_s[mine], told)
    return pieces.owner[alive], lat, lon, alt

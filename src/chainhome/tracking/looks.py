"""How plots become looks: detections in any pieces and any order in, the looks that are over out, in time order.

A look is what is taken in at once: half a scan of a single radar; with several sensors a short part of each one's
scan, so that what one radar saw early is not taken in after what another saw late. Where the looks begin and end
depends on time alone, never on the pieces that the plots came in.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Detections
from chainhome.tracking.setup import Setup, Watcher
from chainhome.tracking.state import TrackerState

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A beam is taken to rotate where its plots agree on when it points north: their mean resultant, least weight, and by
# how much less than on the time of the look they may.
_AGREE, _LEAST_WEIGHT, _MARGIN = 0.95, 1.5, 1e-4
_MEMORY_PERIODS = 2.0
_REPEAT_SHARE = 0.01  # of a period that a second report of the same aircraft in one look counts for


class Look(NamedTuple):
    """A part of one sensor's period, or all of it, and its plots."""

    sensor: int
    """Row of the sensors."""
    start_s: float
    end_s: float
    mid_s: float
    swept_s: float
    """A moment at which the beam points north; NaN = it does not rotate, or nobody knows."""
    share_before: float
    share_after: float
    """Shares of the period that are over when the look begins and ends."""
    rows: Ints
    """Rows of the detections, maybe none."""


def looks_until(state: TrackerState, setup: Setup, until_s: float) -> tuple[list[Look], Detections, TrackerState]:
    """Return the looks that are over, the detections whose rows they name, and the state with the rest waiting.

    `until_s` says that all plots up to then have been given; infinity ends every look up to the last plot.
    """
    waiting = _in_order(state.waiting)
    begin, last = state.begin_s, state.last_s
    if len(waiting):
        last = max(last, float(waiting.time_s[-1]))
        if np.isnan(begin):
            begin = float(np.floor(waiting.time_s[0]))
    if np.isnan(begin) or until_s == -np.inf:
        return [], waiting, replace(state, waiting=waiting, last_s=last)
    looks: list[Look] = []
    phases = state.phases.copy()
    taken = np.zeros(len(waiting), np.bool_)
    for row, watcher in enumerate(setup.watchers):
        looks += _of_sensor(row, watcher, setup, waiting, begin, state.clock_s, until_s, last, phases, taken)
    looks.sort(key=lambda look: (look.end_s, look.sensor, look.start_s))
    if not looks:
        # Looks count from the first plot of all that are given before the first look is over.
        return looks, waiting, replace(state, waiting=waiting, last_s=last)
    rest = replace(state, waiting=waiting[~taken], phases=phases, begin_s=begin, last_s=last)
    return looks, waiting, rest


def _in_order(waiting: Detections) -> Detections:
    """Return plots in the order of time, and of their names and values where times are equal."""
    time, name = waiting.time_s, waiting.detection_id
    if (time[1:] > time[:-1]).all() or ((time[1:] >= time[:-1]).all() and (name[1:] > name[:-1]).all()):
        return waiting
    keys = (waiting.y_m, waiting.x_m, waiting.azimuth_rad, waiting.range_m, name, time)
    return waiting[np.lexsort(keys)]


def _length(watcher: Watcher, setup: Setup) -> float:
    """Return how long a look of the sensor lasts."""
    period, piece = watcher.period_s, setup.params.slice_s
    if not period > 0:
        return piece
    if len(setup.watchers) == 1 and watcher.polar:
        return period
    return period / max(1.0, float(np.ceil(period / piece)))


def _next_look(watcher: Watcher, setup: Setup, begin_s: float, clock_s: float) -> int:
    """Return the number of the sensor's first look that ends after the clock.

    An allowance of a billionth of a look keeps a clock that is a sum of lengths from counting one twice.
    """
    if np.isinf(clock_s):
        return 0
    return int(np.floor((clock_s - begin_s) / _length(watcher, setup) + 1e-9))


def next_start_s(watcher: Watcher, setup: Setup, state: TrackerState) -> float:
    """Return when the sensor's first look begins that is not over: an older plot is late."""
    number = _next_look(watcher, setup, state.begin_s, state.clock_s)
    return state.begin_s + number * _length(watcher, setup)


def _of_sensor(
    row: int,
    watcher: Watcher,
    setup: Setup,
    waiting: Detections,
    begin_s: float,
    clock_s: float,
    until_s: float,
    last_s: float,
    phases: Floats,
    taken: NDArray[np.bool_],
) -> list[Look]:
    length = _length(watcher, setup)
    period = watcher.period_s if watcher.period_s > 0 else length
    pieces = max(1, round(period / length))
    first = _next_look(watcher, setup, begin_s, clock_s)
    # Where no more is to come: the look of the newest plot of all.
    ended = until_s if until_s < np.inf else last_s + length
    last = int(np.floor((ended - begin_s) / length + 1e-9))
    if last <= first:
        return []
    mine = np.flatnonzero(waiting.sensor_id == watcher.sensor_id)
    edges = begin_s + length * np.arange(first, last + 1)
    cuts = np.searchsorted(waiting.time_s[mine], edges)
    looks = []
    for k in range(last - first):
        rows = mine[cuts[k] : cuts[k + 1]]
        taken[rows] = True
        share = ((first + k) % pieces) / pieces
        start, end = float(edges[k]), float(edges[k + 1])
        looks += _look(row, watcher, waiting, rows, start, end, period, share, pieces, phases[row])
    return looks


def _look(
    row: int,
    watcher: Watcher,
    waiting: Detections,
    rows: Ints,
    start_s: float,
    end_s: float,
    period_s: float,
    share: float,
    pieces: int,
    phase: Floats,
) -> list[Look]:
    times = waiting.time_s[rows]
    swept = math.nan
    if watcher.polar and watcher.period_s > 0:
        swept = _swept(phase, times, waiting.azimuth_rad[rows], period_s, end_s - start_s)
    if swept == swept:
        whole = Look(row, start_s, end_s, 0.5 * (start_s + end_s), swept, share, share + 1.0 / pieces, rows)
        return _halves(whole, times) if pieces == 1 else [whole]
    mid = float(np.add.reduce(times)) / len(rows) if len(rows) else 0.5 * (start_s + end_s)
    whole = Look(row, start_s, end_s, mid, swept, share, share + 1.0 / pieces, rows)
    address = waiting.mode_s_address[rows]
    return _by_repeats(whole, address, times) if np.maximum.reduce(address, initial=-1) >= 0 else [whole]


def _halves(look: Look, times: Floats) -> list[Look]:
    """Part a whole scan in two: an aircraft where the scan begins can be met at its beginning and again at its end."""
    middle = 0.5 * (look.start_s + look.end_s)
    early = times < middle
    first = look._replace(end_s=middle, mid_s=0.5 * (look.start_s + middle), share_after=0.5, rows=look.rows[early])
    second = look._replace(start_s=middle, mid_s=0.5 * (middle + look.end_s), share_before=0.5, rows=look.rows[~early])
    return [first, second]


def _by_repeats(look: Look, address: Ints, times: Floats) -> list[Look]:
    """Part a look in which an aircraft reports more than once: each part holds each aircraft at most once."""
    order = np.argsort(address, kind="stable")
    kept = address[order]
    first = np.flatnonzero(np.append(True, kept[1:] != kept[:-1]))
    number = np.empty(len(address), np.int64)
    number[order] = np.arange(len(address)) - np.repeat(first, np.diff(np.append(first, len(address))))
    number[address < 0] = 0
    parts = []
    for repeat in range(int(number.max(initial=0)) + 1):
        mine = number == repeat
        part = look._replace(rows=look.rows[mine])
        if repeat:
            part = part._replace(share_before=1.0 - _REPEAT_SHARE, share_after=1.0)
        parts.append(part._replace(mid_s=float(times[mine].mean())) if mine.any() else part)
    return parts


def _swept(phase: Floats, times: Floats, azimuth_rad: Floats, period_s: float, length_s: float) -> float:
    """Return when the beam points north, from all plots so far, the newest ones most; update `phase` (5,) in place.

    `phase` holds the weight of the plots, the sums of cosine and sine of the phase that each one tells, and those of
    its time in the period alone: a sensor that reports at one moment agrees better in time than in phase.
    """
    from chainhome.tracking._beam_kernels import phases_told

    phases_told(times, azimuth_rad, period_s, math.exp(-length_s / (_MEMORY_PERIODS * period_s)), phase)
    weight, north, east, cosine, sine = phase.tolist()
    agree, at_once = math.hypot(north, east), math.hypot(cosine, sine)
    if weight < _LEAST_WEIGHT or agree < _AGREE * weight or agree < at_once - _MARGIN * weight:
        return math.nan
    return math.atan2(east, north) / (2.0 * math.pi) * period_s

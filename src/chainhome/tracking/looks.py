"""How plots become looks: detections in any pieces and any order in, the looks that are over out, in time order.

A look is what is taken in at once: half a scan of a single radar; with several sensors a short part of each one's
scan, so that what one radar saw early is not taken in after what another saw late. Where the looks begin and end
depends on time alone, never on the pieces that the plots came in.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Detections
from chainhome.tracking.measurement import plain
from chainhome.tracking.setup import Setup, Watcher
from chainhome.tracking.state import TrackerState

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NOTHING = Detections.make(0)
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
        if math.isnan(begin):
            begin = float(math.floor(waiting.time_s[0]))
    if math.isnan(begin) or until_s == -math.inf:
        return [], waiting, replace(state, waiting=waiting, last_s=last)
    looks: list[Look] = []
    phases = state.phases.copy()
    taken = np.zeros(len(waiting), np.bool_)
    for row, watcher in enumerate(setup.watchers):
        looks += _of_sensor(row, watcher, setup, waiting, begin, state.clock_s, until_s, last, phases, taken)
    if not looks:
        # Looks count from the first plot of all that are given before the first look is over.
        return looks, waiting, replace(state, waiting=waiting, last_s=last)
    if len(setup.watchers) > 1:
        looks.sort(key=lambda look: (look.end_s, look.sensor, look.start_s))
    rest = _NOTHING if taken.all() else waiting[np.flatnonzero(~taken)]
    return looks, waiting, replace(state, waiting=rest, phases=phases, begin_s=begin, last_s=last)


def _in_order(waiting: Detections) -> Detections:
    """Return plots in the order of time, and of their names and values where times are equal."""
    from chainhome.tracking._beam_kernels import in_order

    time, name = waiting.time_s, waiting.detection_id
    if in_order(plain(time), plain(name)):
        return waiting
    order = np.lexsort((name, time))
    if not in_order(plain(time[order]), plain(name[order])):
        keys = (waiting.y_m, waiting.x_m, waiting.azimuth_rad, waiting.range_m, name, time)
        order = np.lexsort(keys)
    return waiting[order]


def _length(watcher: Watcher, setup: Setup) -> float:
    """Return how long a look of the sensor lasts."""
    period, piece = watcher.period_s, setup.params.slice_s
    if not period > 0:
        return piece
    if len(setup.watchers) == 1 and watcher.polar:
        return period
    return period / max(1.0, float(math.ceil(period / piece)))


def _next_look(watcher: Watcher, setup: Setup, begin_s: float, clock_s: float) -> int:
    """Return the number of the sensor's first look that ends after the clock.

    An allowance of a billionth of a look keeps a clock that is a sum of lengths from counting one twice.
    """
    if math.isinf(clock_s):
        return 0
    return math.floor((clock_s - begin_s) / _length(watcher, setup) + 1e-9)


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
    ended = until_s if until_s < math.inf else last_s + length
    last = math.floor((ended - begin_s) / length + 1e-9)
    if last <= first:
        return []
    mine = np.flatnonzero(waiting.sensor_id == watcher.sensor_id)
    edges = begin_s + length * np.arange(first, last + 1, dtype=np.float64)
    turning = watcher.period_s if watcher.polar and watcher.period_s > 0 else 0.0
    begins, middle, swept, mid, replied = _told(waiting, mine, edges, turning, phases[row])
    taken[mine[begins[0] : begins[-1]]] = True
    looks = []
    bounds = edges.tolist()
    for k in range(last - first):
        a, b = begins[k], begins[k + 1]
        start, end = bounds[k], bounds[k + 1]
        before = ((first + k) % pieces) / pieces
        if pieces == 1 and swept[k] == swept[k]:
            # In two halves: an aircraft where the scan begins can be met at its beginning and again at its end.
            half, c = 0.5 * (start + end), middle[k]
            looks.append(Look(row, start, half, 0.5 * (start + half), swept[k], 0.0, 0.5, mine[a:c]))
            looks.append(Look(row, half, end, 0.5 * (half + end), swept[k], 0.5, 1.0, mine[c:b]))
            continue
        look = Look(row, start, end, mid[k], swept[k], before, before + 1.0 / pieces, mine[a:b])
        if replied[k] and swept[k] != swept[k]:
            looks += _by_repeats(look, waiting.mode_s_address[look.rows], waiting.time_s[look.rows])
        else:
            looks.append(look)
    return looks


def _told(
    waiting: Detections, mine: Ints, edges: Floats, period_s: float, phase: Floats
) -> tuple[list[int], list[int], list[float], list[float], list[bool]]:
    """Return what the plots of a sensor tell of its looks (see `looks_told`), and update `phase` (5,) in place."""
    from chainhome.tracking._beam_kernels import looks_told

    columns: list[NDArray[Any]] = [waiting.time_s, waiting.azimuth_rad, waiting.mode_s_address]
    if len(mine) < len(waiting):
        columns = [column[mine] for column in columns]
    n = len(edges) - 1
    begins, middle, replied = np.empty(n + 1, np.int64), np.empty(n, np.int64), np.empty(n, np.bool_)
    swept, mid = np.empty(n), np.empty(n)
    time, azimuth, address = (plain(column) for column in columns)
    looks_told(time, azimuth, address, edges, period_s, phase, begins, middle, swept, mid, replied)
    return begins.tolist(), middle.tolist(), swept.tolist(), mid.tolist(), replied.tolist()


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

"""Looks, one after another, into the tracks: the compiled passes called with all they need.

In the fast modes a run of looks is one call of the compiled code. Between the two halves of a look stands Python only
where tracks keep joint hypotheses (`joint`), and before a look where the caller says by function how likely the sensor
sees each track.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._look_kernels import BEFORE, FIRST, GROUPS, GROWN, REST, WHOLE, Given, Looks, looks_taken
from chainhome.tracking.joint import seen_of, take_in_jointly
from chainhome.tracking.looks import Look
from chainhome.tracking.measurement import Plots
from chainhome.tracking.setup import probability_at
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NO_PROBABILITY = np.zeros(0)
_FEWEST_SLOTS = 2
_PLOTS_AT_ONCE = 65_536
_TRACKS_A_PLOT = 16  # as a rule, while everything is new


def pieces_of(looks: list[Look]) -> list[list[Look]]:
    """Return the looks in runs of not too many plots, so that these stay near the processor while they are needed."""
    pieces: list[list[Look]] = []
    plots = _PLOTS_AT_ONCE + 1
    for look in looks:
        plots += len(look.rows)
        if plots > _PLOTS_AT_ONCE:
            pieces.append([])
            plots = len(look.rows)
        pieces[-1].append(look)
    return pieces


def in_order_of(looks: list[Look]) -> Ints | slice:
    """Return the rows of the plots that the looks name, look by look: a slice where they follow one another."""
    rows = looks[0].rows if len(looks) == 1 else np.concatenate([look.rows for look in looks])
    if not len(rows):
        return slice(0, 0)
    if rows[-1] - rows[0] == len(rows) - 1 and (len(rows) == 1 or (rows[1:] - rows[:-1] == 1).all()):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def given(plots: Plots) -> Given:
    """Return plots, in the order of the looks, as the compiled passes take them: in memory of their own."""
    address, code, name = (
        np.array(column, np.int64) for column in (plots.mode_s_address, plots.mode_3a, plots.detection_id)
    )
    return Given(
        time_s=np.array(plots.time_s, np.float64),
        value=np.ascontiguousarray(plots.value),
        variance=np.ascontiguousarray(plots.variance),
        address=address,
        code=code,
        detection_id=name,
        clutter=np.array(plots.clutter_density, np.float64),
        new_density=np.ascontiguousarray(plots.new_density),
        cell=np.ascontiguousarray(plots.cell),
        mean=np.ascontiguousarray(plots.mean),
        triangle=np.ascontiguousarray(plots.triangle),
    )


def take_in(work: Work, plots: Given, looks: list[Look], clock_s: float) -> float:
    """Take the looks in, in place; return the clock after them. The plots are those of the looks, in their order."""
    sensor = np.array([look.sensor for look in looks], np.int64)
    first = np.zeros(len(looks) + 1, np.int64)
    np.cumsum([len(look.rows) for look in looks], out=first[1:])
    moment = np.array([(*look[1:7], look.end_s) for look in looks], np.float64)
    moment[:, 6] = np.maximum(np.maximum.accumulate(moment[:, 6]), clock_s)
    shown = Looks(sensor, first, moment)
    slots = int((~np.isnan(plots.value)).any(axis=0).sum())
    most = int(np.diff(first).max())
    work.room_for_plots(most, max(slots, _FEWEST_SLOTS))
    # Room that is not used costs nothing, growing does.
    work.room_for_tracks(_TRACKS_A_PLOT * most)
    work.room_to_move(_TRACKS_A_PLOT * most)
    careful = work.setup.params.association == "pmbm"
    callables = [callable(watcher.probability) for watcher in work.setup.watchers]
    at = 0
    while at < len(looks):
        probability, end = _NO_PROBABILITY, at + 1
        if callables[looks[at].sensor]:
            probability = _probability(work, looks[at])
        elif not careful:
            while end < len(looks) and not callables[looks[end].sensor]:
                end += 1
        at = (_carefully if careful else _call)(work, plots, shown, at, end, probability)
    return float(moment[-1, 6])


def _call(
    work: Work,
    plots: Given,
    looks: Looks,
    begin: int,
    end: int,
    probability: Floats,
    part: int = WHOLE,
    runs: Ints | None = None,
) -> int:
    """Take in looks until one needs more room than there is, which is then made; return the next look."""
    done: int = looks_taken(
        begin, end, part, work.rules.nearest or None, looks, plots, work.watch, work.rules, probability,
        work.one_run if runs is None else runs, work.columns, work.moved, work.pairs, work.rows, work.desk,
    )  # fmt: skip
    if done < end:
        work.make_room()
    return done


def _carefully(work: Work, plots: Given, looks: Looks, look: int, end: int, probability: Floats) -> int:
    """Take in one look, the tracks that compete for plots by joint hypotheses."""
    if _call(work, plots, looks, look, end, probability, FIRST) < end:
        return look
    groups = int(work.number[GROUPS])
    runs = np.array([[0, groups]])
    if work.number[GROWN]:
        seen = seen_of(work, plots, looks, look)
        mine, free = take_in_jointly(work, seen)
        if mine.any():
            edges = np.flatnonzero(np.diff(mine.astype(np.int8), prepend=1, append=1))
            runs = edges.reshape(-1, 2)
            seen.free[:] = free
    written = work.row_count
    # The clusters' rows come on top of what the look was said to need.
    work.make_room(more=work.count - int(work.number[BEFORE]))
    _call(work, plots, looks, look, end, probability, REST, runs)
    # What is written of a cluster is its likeliest joint hypothesis, and nothing of another.
    for row in range(written, work.row_count) if work.shown else ():
        work.rows.existence[row] = work.shown.get(int(work.rows.track_id[row]), work.rows.existence[row])
    work.shown.clear()
    return end


def _probability(work: Work, look: Look) -> Floats:
    """Return the probability with which a whole scan detects each track (n,), as the caller's function says."""
    c, n, watcher = work.columns, work.count, work.setup.watchers[look.sensor]
    assert callable(watcher.probability)
    if not n:
        return _NO_PROBABILITY
    # A track of one plot has its first model only.
    mean = np.einsum("nk,nki->ni", c.weight[:n], np.where(c.weight[:n, :, None] > 0.0, c.mean[:n], 0.0))
    where = mean[:, :3] + (look.mid_s - c.time_s[:n])[:, None] * mean[:, 3:]
    answer = probability_at(watcher.probability, where, watcher.sensor_id, look.mid_s)
    return np.minimum(answer, work.setup.params.greatest_detection_probability)

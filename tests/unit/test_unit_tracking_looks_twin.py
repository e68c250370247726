"""The compiled pass over a sensor's looks against the same look by look in plain NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracking_scenes import ADS_B, WORLD, radars

from chainhome.tables import Detections, Sensors
from chainhome.tracking import Setup, TrackerState, initial_state, prepare
from chainhome.tracking._beam_kernels import in_order, phases_told
from chainhome.tracking.looks import Look, looks_until

ROUNDING = 1e-9  # seconds
AGREE, LEAST_WEIGHT, MARGIN, MEMORY_PERIODS = 0.95, 1.5, 1e-4, 2.0
ONE = prepare(radars(), WORLD)
SEVERAL = prepare(
    Sensors.concat(
        [radars([40.0, 40.5], [32.5, 33.0], 0.0, [12.0, 9.7]), Sensors.make(sensor_id=[2], kind=ADS_B, period_s=5.0)]
    ),
    WORLD,
)
RECEIVER = prepare(Sensors.make(sensor_id=[0], kind=ADS_B, period_s=4.0), WORLD)


def some(setup: Setup, kind: str, seed: int, count: int = 300) -> Detections:
    """Plots over 100 s: of a rotating beam, of one that says all at once, or of none; with addresses in part."""
    rng = np.random.default_rng(seed)
    row = rng.integers(0, len(setup.watchers), count)
    period = np.array([w.period_s for w in setup.watchers])[row]
    time, azimuth = rng.uniform(0.0, 100.0, count), rng.uniform(0.0, 2.0 * np.pi, count)
    if kind == "rotating":
        azimuth = (2.0 * np.pi * (time - 1.3) / period + 1e-3 * rng.normal(size=count)) % (2.0 * np.pi)
    elif kind == "at once":
        time = np.floor(time / period) * period + 0.5
    return Detections.make(
        detection_id=rng.permutation(count),
        sensor_id=setup.sensors.sensor_id[row],
        time_s=time,
        azimuth_rad=azimuth,
        range_m=1e5,
        mode_s_address=np.where(rng.random(count) < 0.5, rng.integers(0, 9, count), -1) if seed % 2 else -1,
    )


def one_by_one(setup: Setup, plots: Detections, phases: Any, ends: list[tuple[int, float, float]]) -> list[Look]:
    """Each look by masks over all plots, which stand in the order of time; `ends` names sensor, start and end."""
    made = []
    for row, start, end in ends:
        watcher, phase = setup.watchers[row], phases[row]
        mine = np.flatnonzero((plots.sensor_id == watcher.sensor_id) & (plots.time_s >= start) & (plots.time_s < end))
        swept = np.nan
        if watcher.polar:
            turned = 2.0 * np.pi * plots.time_s[mine] / watcher.period_s
            north = np.exp(1j * (turned - plots.azimuth_rad[mine])).sum()
            at_once = np.exp(1j * turned).sum()
            phase *= np.exp(-(end - start) / (MEMORY_PERIODS * watcher.period_s))
            phase += [len(mine), north.real, north.imag, at_once.real, at_once.imag]
            agree, least = np.hypot(*phase[1:3]), np.hypot(*phase[3:]) - MARGIN * phase[0]
            if phase[0] >= LEAST_WEIGHT and agree >= AGREE * phase[0] and agree >= least:
                swept = np.arctan2(phase[2], phase[1]) / (2.0 * np.pi) * watcher.period_s
        made += parted(setup, plots, row, start, end, swept, mine)
    return made


def parted(setup: Setup, plots: Detections, row: int, start: float, end: float, swept: float, mine: Any) -> list[Look]:
    """A scan of a rotating beam in halves, any other look by how often an address was met in it before."""
    middle = 0.5 * (start + end)
    if swept == swept:
        if len(setup.watchers) > 1:
            return [Look(row, start, end, middle, swept, np.nan, np.nan, mine)]
        early = plots.time_s[mine] < middle
        sides = ((start, middle, 0.0, 0.5, mine[early]), (middle, end, 0.5, 1.0, mine[~early]))
        return [Look(row, a, b, 0.5 * (a + b), swept, c, d, rows) for a, b, c, d, rows in sides]
    met: dict[int, int] = {}
    rounds: list[list[int]] = [[]]
    for i in mine.tolist():
        address = int(plots.mode_s_address[i])
        turn = met.get(address, 0) if address >= 0 else 0
        met[address] = turn + 1
        rounds += [[]] * (turn >= len(rounds))
        rounds[turn] = [*rounds[turn], i]
    return [
        Look(row, start, end, float(plots.time_s[rows].mean()) if rows else middle, swept, np.nan, np.nan,
             np.array(rows, np.int64))
        for rows in rounds
    ]  # fmt: skip


def same_looks(one: list[Look], other: list[Look]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (a.sensor, a.rows.tolist()) == (b.sensor, b.rows.tolist())
        for name in ("start_s", "end_s", "mid_s", "swept_s", "share_before", "share_after"):
            there = getattr(b, name)
            if not (name.startswith("share") and np.isnan(there)):  # where the twin leaves them out
                assert getattr(a, name) == pytest.approx(there, abs=ROUNDING, nan_ok=True), name


@pytest.mark.parametrize("seed", [4, 5])
@pytest.mark.parametrize("kind", ["rotating", "at once", "anyhow"])
@pytest.mark.parametrize("setup", [ONE, SEVERAL, RECEIVER], ids=["one radar", "several sensors", "a receiver"])
def test_looks_are_what_masks_over_all_plots_say(setup: Setup, kind: str, seed: int) -> None:
    plots = some(setup, kind, seed)
    start = replace(initial_state(setup), waiting=plots)
    looks, waiting, state = looks_until(start, setup, 90.0)
    assert np.array_equal(waiting.time_s, np.sort(plots.time_s))
    spans = sorted({(look.sensor, look.start_s, look.end_s) for look in looks})
    if setup is ONE:  # whole scans, not their halves
        spans = [(0, begin, begin + 12.0) for begin in np.arange(state.begin_s, 90.0 - 12.0 + ROUNDING, 12.0)]
    phases = np.zeros_like(start.phases)
    plain = one_by_one(setup, waiting, phases, spans)
    same_looks(looks, sorted(plain, key=lambda look: (look.end_s, look.sensor, look.start_s)))
    np.testing.assert_allclose(state.phases, phases, atol=ROUNDING)
    if kind == "rotating" and setup is not RECEIVER:
        assert np.isfinite([look.swept_s for look in looks if look.sensor < 2]).sum() > 5
    taken = np.concatenate([look.rows for look in looks])
    left = np.setdiff1d(np.arange(len(waiting)), taken)
    assert len(np.unique(taken)) == len(taken)
    assert state.waiting.detection_id.tolist() == waiting.detection_id[left].tolist()
    assert (waiting.time_s[left] >= 90.0 - 12.0).all()


@pytest.mark.parametrize("setup", [ONE, SEVERAL, RECEIVER], ids=["one radar", "several sensors", "a receiver"])
def test_looks_asked_for_one_after_another_are_those_asked_for_at_once_to_the_bit(setup: Setup) -> None:
    whole = looks_until(replace(initial_state(setup), waiting=some(setup, "rotating", 7)), setup, np.inf)
    state: TrackerState = replace(initial_state(setup), waiting=some(setup, "rotating", 7))
    parts = []
    for until in (9.0, 13.0, 47.3, 80.0, np.inf):
        looks, waiting, state = looks_until(state, setup, until)
        parts += [(look[:7], waiting.detection_id[look.rows].tolist()) for look in looks]
        state = replace(state, clock_s=max([state.clock_s, *(look.end_s for look in looks)]))
    assert repr(parts) == repr([(look[:7], whole[1].detection_id[look.rows].tolist()) for look in whole[0]])
    assert np.array_equal(state.phases, whole[2].phases)
    assert len(state.waiting) == len(whole[2].waiting) == 0


def test_plots_at_one_time_are_ordered_by_their_names_and_where_these_are_equal_by_their_values() -> None:
    time, name = [3.0, 1.0, 1.0, 1.0, 2.0], [0, 5, 4, 4, 9]
    plots = Detections.make(detection_id=name, time_s=time, sensor_id=0, range_m=[1.0, 2.0, 4.0, 3.0, 5.0])
    given_in = looks_until(replace(initial_state(ONE), waiting=plots), ONE, -np.inf)[1]
    assert given_in.range_m.tolist() == [3.0, 4.0, 2.0, 5.0, 1.0]
    distinct = looks_until(replace(initial_state(ONE), waiting=plots[[0, 1, 2, 4]]), ONE, -np.inf)[1]
    assert distinct.range_m.tolist() == [4.0, 2.0, 5.0, 1.0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8))
@settings(deadline=None)
def test_plots_are_in_order_where_each_pair_of_time_and_name_is_above_the_one_before(
    rows: list[tuple[int, int]],
) -> None:
    time, name = np.array([t for t, _ in rows], np.float64), np.array([n for _, n in rows], np.int64)
    assert in_order(time, name) == (sorted(set(rows)) == rows)


@pytest.mark.parametrize("period", [0.8, 5.0, 11.9])
def test_directions_of_the_beam_keep_their_digits_over_a_day_and_more_than_a_turn(period: float) -> None:
    rng = np.random.default_rng(2)
    for time, azimuth in zip(rng.uniform(0.0, 86_400.0, 40), rng.uniform(-20.0, 20.0, 40), strict=True):
        phase = np.zeros(5)
        phases_told(np.array([time]), np.array([azimuth]), period, 0.5, phase)
        turned = 2.0 * np.pi * np.longdouble(time) / period
        plain = [1.0, np.cos(turned - azimuth), np.sin(turned - azimuth), np.cos(turned), np.sin(turned)]
        rounding_of_a_day = 2e-10  # radians, of the time in turns
        np.testing.assert_allclose(phase, np.array(plain, np.float64), atol=rounding_of_a_day)

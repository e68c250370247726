"""How plots become looks: in pieces of any size and any order, in scans and in slices, late ones left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tracking_scenes import ADS_B, CONFIRMED, LASTING, STEADY, WORLD, radars, reports, swept_plots, tracks_at, tracks_of

from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking import Setup, TrackerParams, TrackerState, combined, feed, initial_state, prepare, step
from chainhome.tracking.looks import Look, looks_until
from chainhome.tracking.params import ASSOCIATIONS

NOTHING = Detections.make(0)
FLIGHTS = [
    (np.array([60e3, 80e3, 7e3]), np.array([200.0, -100.0, 0.0])),
    (np.array([-70e3, 20e3, 9e3]), np.array([150.0, 120.0, 0.0])),
    (np.array([5e3, -90e3, 6e3]), np.array([-40.0, 220.0, 2.0])),
    (np.array([-3e3, 50e3, 8e3]), np.array([180.0, 10.0, 0.0])),
]


def one_radar(method: str = "pmb") -> tuple[Setup, Detections]:
    sensors = radars()
    setup = prepare(sensors, WORLD, clutter_density=1e-5, params=TrackerParams(association=method))
    plots = swept_plots(sensors, FLIGHTS, 12, rng=np.random.default_rng(1), detected=0.9, false_plots=8.0)
    return setup, plots


def several_sensors(method: str = "pmb") -> tuple[Setup, Detections]:
    """Two radars, whose periods do not divide each other, and a receiver that hears each aircraft now and then."""
    two = radars([40.0, 40.5], [32.5, 33.0], [0.0, 800.0], [12.0, 9.7])
    receiver = Sensors.make(sensor_id=[2], kind=ADS_B, period_s=5.0)
    sensors = Sensors.concat([two, receiver])
    density = {0: 1e-5, 1: 1e-5, 2: 1e-14}
    setup = prepare(sensors, WORLD, clutter_density=density, params=TrackerParams(association=method))
    parts = [
        swept_plots(
            sensors, FLIGHTS, 9, rng=np.random.default_rng(row), row=row, detected=0.9, false_plots=4.0,
            north_s=2.3 * row, first_id=1_000 * row,
        )
        for row in (0, 1)
    ]  # fmt: skip
    rng = np.random.default_rng(5)
    for number, (start, velocity) in enumerate(FLIGHTS):
        times = np.sort(rng.uniform(0.0, 100.0, 50))
        where = start + times[:, None] * velocity + 30.0 * rng.normal(size=(50, 3))
        parts.append(reports(where, times, 10_000 + 100 * number, 2, mode_s_address=number + 1))
    return setup, Detections.concat(parts)


def on_edges(method: str = "pmb") -> tuple[Setup, Detections]:
    """Plots at whole seconds: each begins a look, none ends one."""
    receiver = Sensors.make(sensor_id=[0], kind=ADS_B, period_s=4.0)
    setup = prepare(receiver, WORLD, clutter_density=1e-13, params=TrackerParams(association=method))
    times = np.arange(40.0)
    parts = [
        reports(start + times[:, None] * velocity, times, 100 * number)
        for number, (start, velocity) in enumerate(FLIGHTS)
    ]
    return setup, Detections.concat(parts)


SCENES = {"one radar": one_radar, "several sensors": several_sensors, "on the edges": on_edges}


def same(one: TrackerState, other: TrackerState) -> None:
    for name, value in vars(one).items():
        there = getattr(other, name)
        if isinstance(value, np.ndarray):
            assert np.array_equal(value, there, equal_nan=value.dtype.kind == "f"), name
    assert (one.next_track_id, dict(one.counts), one.clock_s) == (
        other.next_track_id,
        dict(other.counts),
        other.clock_s,
    )


def same_rows(one: Tracks, other: Tracks) -> None:
    assert len(one) == len(other)
    order = [np.lexsort([t.existence, t.detection_id, t.x_m, t.track_id, t.time_s]) for t in (one, other)]
    for name in Tracks.columns():
        a, b = getattr(one, name)[order[0]], getattr(other, name)[order[1]]
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name


def pieces(setup: Setup, plots: Detections, cuts: list[float], rng: np.random.Generator) -> tuple[TrackerState, Tracks]:
    """Feed the plots up to each cut, those of a piece in any order, some handed over before they are due."""
    state, rows, given = initial_state(setup), [], np.zeros(len(plots), bool)
    for until in [*cuts, np.inf]:
        due = (plots.time_s < until) & ~given
        early = (plots.time_s < until + 20.0) & ~given & (rng.random(len(plots)) < 0.2)
        part = np.flatnonzero(due | early)
        given[part] = True
        state, made = feed(state, plots[rng.permutation(part)], setup, until_s=until)
        rows.append(made)
    assert given.all()
    return state, Tracks.concat(rows)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("length", [0.7, 3.1, 12.0, 17.0, 500.0])
def test_plots_fed_in_pieces_of_any_size_and_order_give_the_same_tracks_to_the_bit(scene: str, length: float) -> None:
    setup, plots = SCENES[scene]()
    whole, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    assert len({*rows.track_id[rows.status == CONFIRMED].tolist()}) >= len(FLIGHTS)
    cuts = np.arange(length, plots.time_s.max(), length).tolist()
    parts, parts_rows = pieces(setup, plots, cuts, np.random.default_rng(7))
    same(whole, parts)
    same_rows(rows, parts_rows)
    assert whole.counts["plots_taken"] == len(plots)
    assert (whole.counts["plots_late"], len(whole.waiting)) == (0, 0)


def as_they_arrive(
    setup: Setup, plots: Detections, longest_s: float, rng: np.random.Generator
) -> tuple[TrackerState, Tracks]:
    """Feed the plots a handful at a time, each delayed by up to the longest delay, and wait for those on their way."""
    arrival = plots.time_s + rng.uniform(0.0, longest_s, len(plots))
    order, state, rows, start = np.argsort(arrival), initial_state(setup), [], 0
    while start < len(order):
        part = order[start : start + int(rng.integers(1, 40))]
        start += len(part)
        until = arrival[part[-1]] - longest_s if start < len(order) else np.inf
        state, made = feed(state, plots[part], setup, until_s=until)
        rows.append(made)
    return state, Tracks.concat(rows)


@pytest.mark.parametrize("method", ASSOCIATIONS)
@pytest.mark.parametrize("scene", SCENES)
def test_plots_that_arrive_late_and_in_any_order_give_the_same_tracks_in_every_method(scene: str, method: str) -> None:
    setup, plots = SCENES[scene](method)
    whole, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    assert len({*rows.track_id[rows.status == CONFIRMED].tolist()}) >= len(FLIGHTS)
    for longest_s in (0.0, 30.0):
        parts, parts_rows = as_they_arrive(setup, plots, longest_s, np.random.default_rng(int(longest_s)))
        same(whole, parts)
        same_rows(rows, parts_rows)
        assert parts.counts["plots_late"] == 0


def test_a_table_with_its_last_plots_first_gives_the_same_tracks() -> None:
    setup, plots = one_radar()
    whole, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    half = plots.time_s > 60.0
    state, early = feed(initial_state(setup), plots[half], setup, until_s=0.0)
    assert len(early) == 0
    state, _ = feed(state, plots[~half], setup, until_s=0.0)
    state, late = feed(state, NOTHING, setup, until_s=np.inf)
    same(whole, state)
    same_rows(rows, late)


def test_the_end_said_twice_is_no_further_miss() -> None:
    setup, plots = one_radar()
    whole, _ = feed(initial_state(setup), plots, setup, until_s=np.inf)
    again, rows = feed(whole, NOTHING, setup, until_s=np.inf)
    same(whole, again)
    assert len(rows) == 0
    up_to_the_edge, _ = feed(initial_state(setup), plots, setup, until_s=whole.clock_s)
    ended, _ = feed(up_to_the_edge, NOTHING, setup, until_s=np.inf)
    same(whole, ended)


def test_a_late_plot_is_left_out_and_counted() -> None:
    setup, plots = one_radar()
    late = (plots.time_s > 30.0) & (plots.time_s < 40.0) & (np.arange(len(plots)) % 2 == 0)
    assert late.sum() > 3
    without, _ = feed(initial_state(setup), plots[~late], setup, until_s=100.0)
    state, _ = feed(initial_state(setup), plots[~late & (plots.time_s < 80.0)], setup, until_s=80.0)
    state, _ = feed(state, plots[late | (plots.time_s >= 80.0)], setup, until_s=100.0)
    assert state.counts["plots_late"] == late.sum()
    assert state.counts["plots_taken"] == without.counts["plots_taken"]
    assert np.array_equal(state.mean, without.mean)
    assert np.array_equal(state.existence, without.existence)


def test_a_plot_is_late_by_the_looks_of_its_own_sensor() -> None:
    """The clock stands at 12 s; the second radar's look from 9.7 s on is not over."""
    setup, _ = several_sensors()
    state = initial_state(setup)
    first = Detections.make(detection_id=[0], sensor_id=0, time_s=0.0, range_m=1e5, azimuth_rad=0.0, elevation_rad=0.1)
    state, _ = feed(state, first, setup, until_s=12.0)
    behind = replace(first, detection_id=np.array([1]), sensor_id=np.array([1]), time_s=np.array([11.7]))
    older = replace(behind, detection_id=np.array([2]), time_s=np.array([11.5]))
    state, _ = feed(state, Detections.concat([behind, older]), setup, until_s=12.0)
    # Its looks last 0.97 s: the twelfth ends at 11.64 s, the thirteenth at 12.61 s.
    assert state.counts["plots_late"] == 1
    assert state.waiting.detection_id.tolist() == [1]


def looks_of(setup: Setup, plots: Detections, until_s: float) -> list[Look]:
    return looks_until(replace(initial_state(setup), waiting=plots), setup, until_s)[0]


def test_a_single_radar_is_looked_at_by_scans_and_a_plot_on_an_edge_belongs_to_the_later_one() -> None:
    setup = prepare(radars(), WORLD)
    plots = Detections.make(
        detection_id=range(5),
        sensor_id=0,
        time_s=[3.4, 14.9, 15.0, 26.9, 39.0],
        range_m=1e5,
        azimuth_rad=[0.0, 2.0, 4.0, 1.0, 3.0],
    )
    found = [(one.start_s, one.end_s, one.rows.tolist()) for one in looks_of(setup, plots, np.inf)]
    assert found == [(3.0, 15.0, [0, 1]), (15.0, 27.0, [2, 3]), (27.0, 39.0, []), (39.0, 51.0, [4])]
    assert [one.start_s for one in looks_of(setup, plots, 38.9)] == [3.0, 15.0]
    assert [one.start_s for one in looks_of(setup, plots, 39.0)] == [3.0, 15.0, 27.0]


def test_a_scan_of_a_rotating_beam_is_looked_at_in_two_halves() -> None:
    """An aircraft where the scan begins can be met at its beginning and again at its end."""
    setup = prepare(radars(), WORLD)
    time = np.array([3.4, 8.9, 9.0, 14.9, 27.0])
    azimuth = (time - 1.0) / 12.0 * 2.0 * np.pi
    plots = Detections.make(detection_id=range(5), sensor_id=0, time_s=time, range_m=1e5, azimuth_rad=azimuth)
    looks = looks_of(setup, plots, 33.0)
    found = [(one.start_s, one.end_s, one.rows.tolist()) for one in looks]
    assert found == [(3.0, 9.0, [0, 1]), (9.0, 15.0, [2, 3]), (15.0, 21.0, []), (21.0, 27.0, [])]
    assert [(one.share_before, one.share_after) for one in looks] == [(0.0, 0.5), (0.5, 1.0)] * 2
    assert [one.mid_s for one in looks] == [6.0, 12.0, 18.0, 24.0]
    assert np.array([one.swept_s for one in looks]) % 12.0 == pytest.approx([1.0] * 4)


def test_several_sensors_are_looked_at_in_slices_in_the_order_of_their_ends() -> None:
    setup = prepare(radars([40.0, 40.5], 32.5, 0.0, [3.0, 2.6]), WORLD, params=TrackerParams(slice_s=1.0))
    plots = Detections.make(detection_id=range(2), sensor_id=[0, 1], time_s=[0.0, 2.9], range_m=1e5, azimuth_rad=0.0)
    looks = looks_of(setup, plots, 3.0)
    # Periods of 3.0 and 2.6 s in pieces of at most 1 s: 1 s and 0.8667 s.
    ends = [(one.sensor, round(one.end_s, 4)) for one in looks]
    assert ends == [(1, 0.8667), (0, 1.0), (1, 1.7333), (0, 2.0), (1, 2.6), (0, 3.0)]
    shares = [(round(one.share_before, 4), round(one.share_after, 4)) for one in looks if one.sensor == 1]
    assert shares == [(0.0, 0.3333), (0.3333, 0.6667), (0.6667, 1.0)]


@pytest.mark.parametrize("period", [4.0, 11.9])
@pytest.mark.parametrize("north", [0.0, 3.3])
def test_the_moment_at_which_the_beam_points_north_is_told_by_the_plots(north: float, period: float) -> None:
    rng = np.random.default_rng(3)
    setup = prepare(radars(period_s=period), WORLD)
    azimuth = rng.uniform(0.0, 2.0 * np.pi, 40)
    scan = rng.integers(0, 9, 40)
    # A beam is a degree wide, so the time of a plot is not exactly that of its azimuth.
    time = north + (scan + azimuth / (2.0 * np.pi)) * period + 1e-3 * period * rng.normal(size=40)
    plots = Detections.make(detection_id=range(40), sensor_id=0, time_s=time, range_m=1e5, azimuth_rad=azimuth)
    swept = np.array([one.swept_s for one in looks_of(setup, plots, np.inf)])
    assert np.isfinite(swept[1:]).all()
    off = (swept[1:] - north + 0.5 * period) % period - 0.5 * period
    three_sigma = 3.0 * 1e-3 * period
    assert np.abs(off).max() < three_sigma
    assert np.abs(off[-1]) < three_sigma / 2.0


def test_a_beam_whose_plots_do_not_agree_is_not_taken_to_rotate() -> None:
    rng = np.random.default_rng(3)
    setup = prepare(radars(), WORLD)
    plots = Detections.make(
        detection_id=range(60),
        sensor_id=0,
        time_s=rng.uniform(0, 60, 60),
        range_m=1e5,
        azimuth_rad=rng.uniform(0, 6, 60),
    )
    assert all(np.isnan(one.swept_s) for one in looks_of(setup, plots, np.inf))


def test_a_look_is_parted_where_an_aircraft_reports_more_than_once() -> None:
    setup = prepare(Sensors.make(sensor_id=[0], kind=ADS_B, period_s=1.0), WORLD)
    plots = Detections.make(
        detection_id=range(6), sensor_id=0, time_s=[0.0, 0.1, 0.2, 0.3, 0.4, 0.5], x_m=0.0, y_m=0.0,
        mode_s_address=[7, 8, 7, -1, 7, 8],
    )  # fmt: skip
    looks = looks_of(setup, plots, np.inf)
    assert [one.rows.tolist() for one in looks] == [[0, 1, 3], [2, 5], [4]]


def test_every_report_of_an_aircraft_counts_and_each_makes_its_track_surer() -> None:
    receiver = Sensors.make(sensor_id=[0], kind=ADS_B, period_s=1.0)
    setup = prepare(receiver, WORLD, clutter_density=1e-13)
    start, velocity = FLIGHTS[0]
    sigmas = []
    for reports_a_second in (1, 4):
        times = np.arange(0.0, 10.0, 1.0 / reports_a_second)
        plots = reports(start + times[:, None] * velocity, times, 0, mode_s_address=9)
        state, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
        assert set(rows.track_id[rows.status == CONFIRMED].tolist()) == {rows.track_id[-1]}
        assert set(rows.detection_id[rows.track_id == rows.track_id[-1]].tolist()) >= set(range(len(times)))
        best = int(np.argmax(state.existence))
        sigmas.append(float(np.sqrt(state.covariance[best, 0, 0, 0])))
    assert sigmas[1] < 0.8 * sigmas[0]


def in_slices(count: int, swept_s: float, period: float) -> list[Look]:
    edges = np.linspace(0.0, period, count + 1)
    rows = np.zeros(0, np.int64)
    return [
        Look(0, a, b, 0.5 * (a + b), swept_s, k / count, (k + 1) / count, rows)
        for k, (a, b) in enumerate(pairwise(edges))
    ]


def lasting(detection_probability: float = 0.8) -> Setup:
    params = TrackerParams(models=(STEADY,), **LASTING)
    return prepare(radars(), WORLD, detection_probability=detection_probability, clutter_density=0.0, params=params)


@pytest.mark.parametrize("pieces", [2, 12])
@pytest.mark.parametrize("azimuth", [0.6, 2.0, 3.1, 4.7, 5.9])
@pytest.mark.parametrize("swept", [0.0, 5.0, np.nan], ids=["seam at north", "seam elsewhere", "not rotating"])
def test_a_scan_in_slices_is_one_opportunity_like_a_whole_one(swept: float, azimuth: float, pieces: int) -> None:
    setup, period = lasting(), 12.0
    sight = np.array([np.sin(azimuth), np.cos(azimuth)])
    mean = np.array([*(90e3 * sight), 6e3, 150.0, 50.0, 0.0])
    sure = np.diag([60.0, 60.0, 60.0, 5.0, 5.0, 5.0]) ** 2
    before = tracks_at(setup, [mean], [sure], [0.9])
    whole, _ = step(before, NOTHING, in_slices(1, swept, period), setup)
    sliced, _ = step(before, NOTHING, in_slices(pieces, swept, period), setup)
    expected = 0.9 * 0.2 / (1.0 - 0.9 * 0.8)
    assert whole.existence == pytest.approx([expected], rel=1e-9)
    two_in_a_hundred = 2e-2
    assert sliced.existence == pytest.approx([expected], rel=two_in_a_hundred)


def test_only_the_slice_in_which_the_beam_passes_blames_a_miss() -> None:
    setup = lasting()
    mean = np.array([90e3, 0.0, 6e3, 0.0, 150.0, 0.0])  # in the east: a quarter of the period after north
    before = tracks_at(setup, [mean], [np.diag([60.0, 60.0, 60.0, 5.0, 5.0, 5.0]) ** 2], [0.9])
    for k, look in enumerate(in_slices(12, 0.5, 12.0)):
        after, rows = step(before, NOTHING, [look], setup)
        if k == 3:  # north at 0.5 s, east at 3.5 s
            assert after.existence[0] == pytest.approx(0.9 * 0.2 / (1.0 - 0.9 * 0.8), rel=1e-2)
            assert rows.time_s == pytest.approx([3.5], abs=0.05)
        else:
            assert after.existence.tolist() == [0.9]


def test_a_track_that_this_pass_has_seen_is_not_blamed_for_the_rest_of_the_period() -> None:
    """A receiver hears an aircraft once in its period: the slices after it show nothing of it, and need not."""
    receiver = Sensors.make(sensor_id=[0], kind=ADS_B, period_s=5.0)
    setup = prepare(receiver, WORLD, clutter_density=1e-13, params=TrackerParams(slice_s=1.0))
    start, velocity = FLIGHTS[0]
    state = initial_state(setup)
    for k in range(4):
        plot = reports(start + 5.0 * k * velocity, 5.0 * k, k, mode_s_address=9)
        state, _ = feed(state, plot, setup, until_s=5.0 * k + 1.0)
        heard = tracks_of(state).existence.max()
        state, _ = feed(state, NOTHING, setup, until_s=5.0 * (k + 1))
        silent = tracks_of(state).existence.max()
        assert silent == pytest.approx(heard * np.exp(-4.0 / 3600.0), rel=1e-3)


@pytest.mark.parametrize("time", [np.nan, np.inf])
def test_a_plot_without_a_time_is_refused_by_its_number(time: float) -> None:
    setup, _ = one_radar()
    plot = Detections.make(detection_id=[31], sensor_id=0, time_s=time, range_m=1e5, azimuth_rad=1.0)
    with pytest.raises(ValueError, match="detection_id 31"):
        feed(initial_state(setup), plot, setup, until_s=np.inf)


def test_looks_out_of_order_or_before_the_clock_are_refused() -> None:
    setup = lasting()
    first, second = in_slices(2, np.nan, 12.0)
    with pytest.raises(ValueError, match="order of their ends"):
        step(initial_state(setup), NOTHING, [second, first], setup)
    state, _ = step(initial_state(setup), NOTHING, [first, second], setup)
    with pytest.raises(ValueError, match=r"a look ends at 6\.0 s, before the tracker's clock 12\.0 s"):
        step(state, NOTHING, [first], setup)


def test_counts_add_up() -> None:
    setup, plots = one_radar()
    state, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    assert state.counts["plots_taken"] == len(plots)
    assert state.counts["looks"] == 24
    assert state.counts["tracks_begun"] == state.next_track_id
    assert set(rows.track_id.tolist()) <= set(range(state.next_track_id))


@pytest.mark.parametrize("scene", SCENES)
def test_a_clock_that_counts_from_another_midnight_gives_the_same_tracks(scene: str) -> None:
    setup, plots = SCENES[scene]()
    day_s = 86_400.0
    _, today = feed(initial_state(setup), plots, setup, until_s=np.inf)
    _, tomorrow = feed(initial_state(setup), replace(plots, time_s=plots.time_s + day_s), setup, until_s=np.inf)
    # Two rows of one track at one time can have the same existence up to rounding, but not the same place.
    sure = [rows[rows.status == CONFIRMED].sorted_by("time_s", "track_id", "x_m") for rows in (today, tomorrow)]
    one_millionth, one_millimetre = 1e-6, 1e-3
    assert sure[0].track_id.tolist() == sure[1].track_id.tolist()
    assert np.abs(sure[1].time_s - day_s - sure[0].time_s).max() < one_millionth
    assert np.abs(sure[1].existence - sure[0].existence).max() < one_millionth
    assert np.abs(sure[1].x_m - sure[0].x_m).max() < one_millimetre


def test_a_radar_whose_clock_is_late_has_the_same_tracks_later() -> None:
    """The direction of the beam is told by the plots themselves, so a constant error of time does no harm."""
    setup, plots = one_radar()
    late_s, twenty_metres = 0.4, 20.0
    right, _ = feed(initial_state(setup), plots, setup, until_s=np.inf)
    late, _ = feed(initial_state(setup), replace(plots, time_s=plots.time_s + late_s), setup, until_s=np.inf)
    sure = [tracks_of(state)[tracks_of(state).existence > 0.5] for state in (right, late)]
    assert len(sure[0]) == len(sure[1]) == len(FLIGHTS)
    for track in range(len(sure[0])):
        other = int(np.argmin(np.abs(combined(sure[1])[0][:, :2] - combined(sure[0])[0][track, :2]).max(axis=1)))
        forward = sure[0].time_s[track] + late_s - sure[1].time_s[other]
        mean, again = combined(sure[0])[0][track], combined(sure[1])[0][other]
        assert np.abs(again[:3] + forward * again[3:] - mean[:3]).max() < twenty_metres

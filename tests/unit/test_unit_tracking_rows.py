"""From what a look writes to the table of tracks: the order, the columns, geodetic positions, and the judged tracks."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
import pytest
from tracking_scenes import WORLD as LEVEL
from tracking_scenes import radars, swept_plots

from chainhome import constants
from chainhome.earth import Frame, enu_frame, enu_to_geodetic
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking import TrackerParams, feed, initial_state, passes, prepare, work
from chainhome.tracking import _row_kernels as kernels
from chainhome.tracking._settle_kernels import (
    CONFIRMED,
    ENDED,
    TENTATIVE,
    Rows,
    _one_of_each_address,
    models_out,
    settled,
)
from chainhome.tracking._update_kernels import Columns, Limits
from chainhome.tracking.rows import Ledger, room_for_rows

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
A_PICORADIAN, A_MICROMETRE, ROUNDING = 1e-12, 1e-6, 1e-12
MODELS = 3
WORLD = enu_frame(np.radians(40.0), np.radians(32.0), 900.0)
RNG = np.random.default_rng(11)


def rows_at(time_s: Floats, track_id: Ints, where: Floats | None = None) -> Rows:
    """Rows with random states, somewhere or at given places."""
    n = len(time_s)
    rows = room_for_rows(n + 5, MODELS)
    rows.time_s[:n], rows.track_id[:n] = time_s, track_id
    rows.state[:] = RNG.normal(0.0, 1e5, rows.state.shape)
    if where is not None:
        rows.state[:n, :3] = where
    rows.existence[:], rows.status[:] = RNG.random(n + 5), RNG.integers(0, 3, n + 5)
    rows.detection_id[:] = RNG.integers(-1, 99, n + 5)
    return rows


def table_of(rows: Rows, n: int, world: Frame = WORLD) -> Tracks:
    """The table of the first rows, at once."""
    return Ledger(MODELS, world).closed(rows, n)


def orders(rows: Rows, n: int, least_s: float = -np.inf, least_id: int = 0) -> tuple[int, Ints]:
    order, spare, key = (np.full(n, -1) for _ in range(3))
    count = np.empty(max(n + 1, 17), np.int64)
    return kernels.ordered(n, rows.time_s, rows.track_id, least_s, least_id, order, spare, key, count), order


def same(one: Tracks, other: Tracks) -> None:
    """Both tables are equal to the bit."""
    for name in Tracks.columns():
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)


TIMES = {
    "none": np.zeros(0),
    "one": np.array([3.0]),
    "scans at once": np.repeat(np.arange(6) * 10.0, 80),
    "a beam that turns": np.repeat(np.arange(6) * 10.0, 80) + RNG.uniform(0.0, 10.0, 480),
    "two sensors, the same rows twice": np.repeat(np.arange(40) // 2 * 10.0, 12),
    "backwards": np.arange(90)[::-1] * 1.0,
    "a moment": np.full(300, 7.0),
    "negative": RNG.uniform(-5.0, 5.0, 100),
    "a hair apart": 7.0 + np.arange(9)[::-1] * 1e-15,
}
IDS = {"few": (0, 5), "many": (0, 10**6), "far": (2**40, 2**40 + 10**6), "as they are numbered": (-1, -1)}


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("times", TIMES)
def test_rows_come_by_time_then_track_and_equal_ones_as_they_were_written(times: str, ids: str) -> None:
    time_s = TIMES[times]
    n = len(time_s)
    low, high = IDS[ids]
    track_id = np.arange(n) % 80 if low < 0 else RNG.integers(low, high, n)
    rows = rows_at(time_s, track_id)
    done, order = orders(rows, n)
    plain = np.lexsort([track_id, time_s])
    assert done == n
    np.testing.assert_array_equal(order, plain)
    if n:
        cut = plain[n // 3]
        kept, order = orders(rows, n, time_s[cut], track_id[cut])
        later = [r for r in plain if (time_s[r], track_id[r]) >= (time_s[cut], track_id[cut])]
        np.testing.assert_array_equal(order[:kept], later)
    tracks = table_of(rows, n)
    np.testing.assert_array_equal(tracks.existence, rows.existence[:n][plain])
    np.testing.assert_array_equal(tracks.detection_id, rows.detection_id[:n][plain])


def test_times_that_lie_very_unevenly_are_ordered_by_another_method() -> None:
    time_s = np.append(RNG.random(400), 1e9)
    track_id = RNG.integers(0, 50, 401)
    rows = rows_at(time_s, track_id)
    assert orders(rows, 401)[0] == -402
    plain = np.lexsort([track_id, time_s])
    np.testing.assert_array_equal(table_of(rows, 401).existence, rows.existence[plain])


def in_pieces(ledger: Ledger, rows: Rows, cuts: list[int], room: Rows) -> Tracks:
    """The table of rows that come in pieces, in memory that serves each of them."""
    n, kept = len(rows.time_s), 0
    for begin, end in itertools.pairwise([0, *cuts, n]):
        for column, given in zip(room, rows, strict=True):
            column[kept : kept + end - begin] = given[begin:end]
        if end == n:
            return ledger.closed(room, kept + end - begin)
        kept = ledger.write(room, kept + end - begin, end - begin, n - end)
    raise AssertionError("the last piece ends with the rows")


@pytest.mark.parametrize("reach", [0, 7, 10**6])
@pytest.mark.parametrize("disorder_s", [0.0, 3.0, 30.0, 1e4], ids=["none", "a little", "a piece", "all"])
def test_rows_that_come_in_pieces_make_the_table_that_they_make_at_once(disorder_s: float, reach: int) -> None:
    n = 600
    time_s = np.floor(np.arange(n) / 10.0 - RNG.uniform(0.0, disorder_s, n) * (RNG.random(n) < 0.3))
    rows = Rows(*(column[:n] for column in rows_at(time_s, RNG.integers(0, 6, n))))
    assert len(np.unique(np.column_stack([rows.time_s, rows.track_id]), axis=0)) < n, "some rows only order tells apart"
    whole = table_of(rows, n)
    np.testing.assert_array_equal(whole.existence, rows.existence[np.lexsort([rows.track_id, rows.time_s])])
    ledger, room = Ledger(MODELS, WORLD, reach=reach), room_for_rows(n, MODELS)
    for cuts in ([300], [1, 2, 3], [0, 100, 100, 550, 600], list(range(40, 600, 40))):
        same(in_pieces(ledger, rows, cuts, room), whole)


def test_what_comes_late_is_put_in_between_and_what_comes_far_too_late_waits() -> None:
    rows, ledger = rows_at(np.arange(10) * 1.0, np.arange(10)), Ledger(MODELS, WORLD, reach=4)
    assert ledger.write(rows, 10, 10, 5) == 0
    rows.time_s[:4], rows.track_id[:4], rows.existence[:4] = (6.0, 4.9, 5.0, 99.0), (6, 50, 4, 51), (0.1, 0.2, 0.3, 0.4)
    assert ledger.write(rows, 4, 4, 1) == 2
    assert rows.track_id[:2].tolist() == [50, 4]
    tracks = ledger.closed(rows, 2)
    assert tracks.track_id.tolist() == [0, 1, 2, 3, 4, 50, 4, 5, 6, 6, 7, 8, 9, 51]
    np.testing.assert_array_equal(tracks.existence[[5, 6, 9, 13]], [0.2, 0.3, 0.1, 0.4])


def plots_of_three_radars() -> tuple[Sensors, Detections]:
    """Plots of aircraft that three radars see, one of them fewer, among false plots; two aircraft are soon gone."""
    rng = np.random.default_rng(3)
    sensors = radars([40.0, 40.3, 39.6], [32.5, 32.0, 33.0], period_s=[12.0, 9.0, 5.0])
    flights = [(rng.uniform(-70e3, 70e3, 3) * [1.0, 1.0, 0.0] + [0.0, 0.0, 7e3], [150.0, 90.0, 0.0]) for _ in range(12)]
    scans = [(0, flights, 10), (1, flights[:6], 12), (2, flights[:10], 20), (2, flights[10:], 4)]
    parts = [swept_plots(sensors, some, n, rng=rng, row=row, detected=0.9, false_plots=9.0) for row, some, n in scans]
    return sensors, Detections.concat(parts)


@pytest.mark.parametrize("association", ["pmb", "gnn", "pmbm"])
def test_looks_of_several_sensors_taken_in_in_pieces_make_the_table_that_they_make_at_once(
    association: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sensors, plots = plots_of_three_radars()
    made, kept, write = [], [], Ledger.write

    def watched(ledger: Ledger, *given: Any) -> int:
        kept.append(write(ledger, *given))
        return kept[-1]

    monkeypatch.setattr(Ledger, "write", watched)
    for plots_at_once, reach in ((10**6, 10**6), (50, 10**6), (50, 5), (1, 0)):
        monkeypatch.setattr(passes, "_PLOTS_AT_ONCE", plots_at_once)
        monkeypatch.setattr(work, "Ledger", functools.partial(Ledger, reach=reach))
        kept.clear()
        params = TrackerParams(association=association)
        setup = prepare(sensors, LEVEL, clutter_density=1e-6, params=params)
        made.append(feed(initial_state(setup), plots, setup, until_s=np.inf)[1])
        assert (len(kept) > 5, any(kept)) == (plots_at_once < len(plots), reach < 10), "pieces, and rows that wait"
    assert len(made[0]) > len(plots) / 2
    for tracks in made[1:]:
        same(tracks, made[0])


@pytest.mark.parametrize("ahead", [0, 1, 10**5], ids=["none", "too few", "far too many"])
def test_a_table_has_room_for_more_rows_than_were_expected(ahead: int) -> None:
    rows = rows_at(np.arange(900) * 1.0, np.arange(900))
    ledger = Ledger(MODELS, WORLD)
    for begin in range(0, 900, 100):
        assert ledger.write(Rows(*(column[begin:] for column in rows)), 100, 30, ahead) == 0
    same(ledger.closed(rows, 0), table_of(rows, 900))


def test_a_table_stays_as_it_is_when_the_next_one_is_written() -> None:
    first, second = (rows_at(RNG.uniform(0.0, 9.0, 50), np.arange(50)) for _ in range(2))
    ledger = Ledger(MODELS, WORLD)
    for count in (50, 0):
        made = ledger.closed(first, count)
        for column in first:
            column[:] = 0
        first = rows_at(first.time_s[:50], np.arange(50))
        kept = {name: getattr(made, name).copy() for name in Tracks.columns()}
        ledger.write(second, 50, 50, 50)
        assert len(ledger.closed(second, 3)) == 53
        for name, column in kept.items():
            np.testing.assert_array_equal(getattr(made, name), column)
        assert made.mode_probability.shape == (count, MODELS)


def test_columns_are_the_rows_numbers_in_the_types_of_the_schema() -> None:
    n = 130
    rows = rows_at(np.arange(n) * 1.0, np.arange(n))
    tracks = table_of(rows, n)
    assert list(kernels.Columns._fields) == list(Tracks.columns())
    for name, declared in Tracks.columns().items():
        column = getattr(tracks, name)
        assert column.dtype == declared.dtype, name
        assert column.flags.c_contiguous, name
        assert not column.flags.writeable, name
    names = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
    np.testing.assert_array_equal(np.column_stack([getattr(tracks, name) for name in names]), rows.state[:n, :6])
    row, column = np.tril_indices(6)
    np.testing.assert_array_equal(tracks.covariance[:, row, column], rows.state[:n, 6:27])
    np.testing.assert_array_equal(tracks.covariance, tracks.covariance.transpose(0, 2, 1))
    np.testing.assert_array_equal(tracks.mode_probability, rows.state[:n, 27:])
    np.testing.assert_array_equal(tracks.status, rows.status[:n])


@pytest.mark.parametrize("lat_deg", [-90.0, -52.0, 0.0, 40.0, 89.9, 90.0])
@pytest.mark.parametrize("lon_deg", [-180.0, -90.0, 0.0, 32.0, 179.9])
def test_geodetic_positions_are_those_of_the_earth_module(lat_deg: float, lon_deg: float) -> None:
    world = enu_frame(np.radians(lat_deg), np.radians(lon_deg), 500.0)
    n = 700
    where = np.column_stack([RNG.uniform(-1e6, 1e6, (n, 2)), RNG.uniform(-2e3, 1e5, n)])
    tracks = table_of(rows_at(np.arange(n) * 1.0, np.arange(n), where), n, world)
    lat, lon, height = enu_to_geodetic(world, where)
    turn = np.abs(np.radians(tracks.lon_deg) - lon)
    assert np.abs(np.radians(tracks.lat_deg) - lat).max() < A_PICORADIAN
    assert (np.minimum(turn, 2.0 * np.pi - turn) * np.cos(lat)).max() < A_PICORADIAN
    assert np.abs(tracks.altitude_m - height).max() < A_MICROMETRE


def test_a_row_gets_the_same_bits_whatever_else_is_in_the_call() -> None:
    n = 2 * kernels.LANES + 3
    rows = rows_at(np.arange(n) * 1.0, np.arange(n))
    whole = table_of(rows, n)
    for begin, end in [(0, 1), (5, 6), (7, 90), (kernels.LANES, n), (n - 1, n)]:
        piece = table_of(Rows(*(column[begin:] for column in rows)), end - begin)
        for name in Tracks.columns():
            np.testing.assert_array_equal(getattr(piece, name), getattr(whole, name)[begin:end], name)


def test_no_number_of_a_row_turns_that_of_another_into_none() -> None:
    rows = rows_at(np.arange(9) * 1.0, np.arange(9))
    clean = table_of(rows, 9)
    rows.state[4] = np.nan
    tracks = table_of(rows, 9)
    assert np.isnan([tracks.lat_deg[4], tracks.lon_deg[4], tracks.altitude_m[4]]).all()
    others = np.arange(9) != 4
    np.testing.assert_array_equal(tracks.lat_deg[others], clean.lat_deg[others])


def test_constants_of_the_kernels_are_those_of_the_package() -> None:
    assert kernels._SEMI_MAJOR_M == constants.WGS84_SEMI_MAJOR_M
    assert kernels._FLATTENING == constants.WGS84_FLATTENING


LIMITS = Limits(
    confirm=0.9, end=0.3, drop=0.05, begin=0.01, begin_at_most=0.5, report=0.1, show=0.4, same_m=60.0, same_mps=2.0
)
PERIOD_S = np.array([4.0, np.nan])
LIFE_S, CLOCK_S = 3600.0, 20.0


def some_tracks(n: int) -> Columns:
    spread = RNG.normal(0.0, 30.0, (n, MODELS, 6, 6))
    weight = RNG.random((n, MODELS))
    weight[RNG.random((n, MODELS)) < 0.2] = 0.0
    weight[weight[:, 1] == 0.0, 2:] = 0.0  # tracks of one plot
    weight[:, 0] += 1e-3
    row, column = np.tril_indices(6)
    return Columns(
        mean=1e5 + RNG.normal(0.0, 50.0, (n, MODELS, 6)),
        covariance=np.ascontiguousarray((spread @ spread.transpose(0, 1, 3, 2))[:, :, row, column]),
        weight=weight / weight.sum(axis=1, keepdims=True),
        existence=np.where(RNG.random(n) < 0.1, -1.0, RNG.random(n)),
        time_s=RNG.uniform(0.0, 20.0, n),
        last_seen_s=RNG.random((n, 2)),
        track_id=np.arange(n),
        mode_s_address=RNG.integers(-1, 9, n) + 10 * np.arange(n),
        mode_3a=RNG.integers(-1, 9, n),
        status=RNG.integers(TENTATIVE, CONFIRMED + 1, n).astype(np.int8),
        share=RNG.random(n),
        rank=(RNG.random(n) < 0.1).astype(np.int8),
        plot_now=RNG.integers(-1, 3, n),
    )


def test_a_look_ends_with_the_rows_and_tracks_that_a_plain_loop_leaves() -> None:
    n, before = 400, 300
    given = some_tracks(n)
    row, worth, lost = np.flatnonzero(RNG.random(before) < 0.7), RNG.random(before), RNG.random(before) < 0.05
    columns, rows = Columns(*(column.copy() for column in given)), room_for_rows(n + 2, MODELS)
    # What a model of no weight says does not matter.
    columns.covariance[columns.weight == 0.0] = np.nan
    # Some tracks have three hypotheses, whose rows are a ring.
    rings = RNG.permutation(n)[:120].reshape(40, 3).tolist()
    ring_of = {t: ring for ring in rings for t in ring}
    sibling = np.arange(n)
    for ring in rings:
        sibling[ring] = np.roll(ring, -1)
    lost_now, head, following = np.append(lost, np.ones(n - before, bool)), np.zeros(1024, np.int64), np.zeros(n, int)
    left, end = settled(
        n, before, len(row), row, worth, CLOCK_S, LIFE_S, np.zeros(n, np.bool_), lost_now, LIMITS, columns, sibling,
        PERIOD_S, head, following, 2, rows,
    )  # fmt: skip
    told = {int(t): worth[a] >= 0.25 or given.plot_now[t] >= 0 for a, t in enumerate(row)}
    at, kept, several = 2, [], 0
    for t in np.flatnonzero(given.existence >= 0.0):
        changed = t >= before or told.get(int(t), False)
        r = given.existence[t] * (1.0 if changed else np.exp(-(CLOCK_S - given.time_s[t]) / LIFE_S))
        known = bool(given.status[t] == CONFIRMED or r > LIMITS.confirm)
        ended = r < (LIMITS.end if known else LIMITS.drop) or (t < before and lost[t])
        if not ended:
            kept.append((int(t), CONFIRMED if known else TENTATIVE))
        shown = (known and (r >= LIMITS.show or ended)) or (not known and not ended and r >= LIMITS.report)
        if given.rank[t] == 0 and (changed or ended) and shown:
            assert rows.track_id[at] == t
            assert rows.status[at] == (ENDED if ended else CONFIRMED if known else TENTATIVE)
            assert rows.detection_id[at] == (given.plot_now[t] if changed else -1)
            assert abs(rows.existence[at] - r) < ROUNDING
            assert rows.time_s[at] == given.time_s[t]
            plain = in_moments(given, t, ring_of.get(int(t), [int(t)]))
            np.testing.assert_allclose(rows.state[at], plain, rtol=1e-11, atol=1e-6 if int(t) in ring_of else 1e-9)
            several += int(t) in ring_of
            at += 1
    assert (end, left) == (at, len(kept))
    assert 50 < at < left < n, "all cases occur"
    assert several > 10
    assert (rows.time_s[:2] == 0.0).all()
    assert (rows.time_s[at:] == 0.0).all()
    place = np.argsort(columns.track_id[:left])
    assert list(zip(columns.track_id[place], columns.status[place], strict=True)) == kept
    for name in set(Columns._fields) - {"status", "existence", "covariance"}:
        before_, after = getattr(given, name)[[t for t, _ in kept]], getattr(columns, name)[place]
        # A track of one plot has its first model only.
        has = given.weight[[t for t, _ in kept]] > 0.0 if name == "mean" else ...
        np.testing.assert_array_equal(after[has], before_[has], name)


def test_a_track_of_one_plot_leaves_with_all_models_as_the_first_and_others_with_their_own() -> None:
    given = some_tracks(60)
    one_plot = given.weight[:, 1] == 0.0
    assert 5 < one_plot.sum() < 55
    mean, covariance = given.mean.copy(), given.covariance.copy()
    mean[one_plot, 1:], covariance[one_plot, 1:] = np.nan, np.nan  # work arrays hold what stood there before
    means, triangles = np.empty_like(mean), np.empty_like(covariance)
    models_out(60, given.weight, mean, covariance, means, triangles)
    mean[one_plot, 1:], covariance[one_plot, 1:] = mean[one_plot, :1], covariance[one_plot, :1]
    np.testing.assert_array_equal(means, mean)
    np.testing.assert_array_equal(triangles, covariance)


def one_of_each_address(columns: Columns, before: int, viewed: Any, lost: Any) -> None:
    """Plain loops over all pairs: which tracks are lost to another of their address, and whose name goes on."""
    c, n = columns, len(columns.time_s)
    plot = np.where((np.arange(n) >= before) | viewed, c.plot_now, -1)
    kept: list[int] = []
    for t in sorted(range(n), key=lambda t: plot[t] < 0):
        if c.rank[t] or c.mode_s_address[t] < 0 or c.existence[t] < 0.0 or lost[t]:
            continue
        for u in reversed(kept):
            if lost[u] or lost[t] or c.mode_s_address[u] != c.mode_s_address[t]:
                continue
            known = {v: bool(c.status[v] == CONFIRMED or c.existence[v] > LIMITS.confirm) for v in (t, u)}
            if plot[t] >= 0 and plot[t] != plot[u]:
                continue  # each has a plot of its own
            stays = u
            if plot[t] == plot[u]:
                stays = max((t, u), key=lambda v: (known[v], c.existence[v], -c.track_id[v]))
            goes = t + u - stays
            if not known[stays]:
                continue
            with np.errstate(invalid="ignore"):
                apart_s = np.abs(c.last_seen_s[t] - c.last_seen_s[u])
            if ((apart_s > 0.0) & (apart_s < 0.9 * PERIOD_S)).any():
                continue
            last_s = c.last_seen_s[goes].max()
            j, o = int(np.argmax(c.weight[stays])), int(np.argmax(c.weight[goes]))
            there = c.mean[goes, o, :2] - (c.time_s[goes] - last_s) * c.mean[goes, o, 3:5]
            reach_m = LIMITS.same_m + LIMITS.same_mps * abs(c.time_s[stays] - last_s)
            if not np.hypot(*(c.mean[stays, j, :2] - there)) <= reach_m:
                continue
            renamed = c.status[goes] == CONFIRMED and c.status[stays] != CONFIRMED
            rows, others = c.track_id == c.track_id[goes], c.track_id == c.track_id[stays]
            lost[rows], c.plot_now[rows] = True, -1
            if renamed:
                c.existence[rows], c.track_id[others], c.status[others] = -1.0, c.track_id[goes], CONFIRMED
        if plot[t] >= 0 and not lost[t]:
            kept.append(t)


def test_of_the_tracks_of_one_address_those_are_left_that_plain_loops_leave() -> None:
    n, before = 400, 300
    given = some_tracks(n)
    given.mode_s_address[:] = RNG.integers(-1, 25, n)
    given.last_seen_s[:] = RNG.choice([-np.inf, 0.0, 3.0, 4.0, 8.0], (n, 2))
    given.mean[:, :, 3:] = RNG.normal(0.0, 3.0, (n, MODELS, 3))
    given.existence[:200] = RNG.choice([0.5, 0.95], 200)
    viewed = np.append(RNG.random(before) < 0.7, np.zeros(n - before, bool))
    lost = np.append(RNG.random(before) < 0.05, np.zeros(n - before, bool))
    # Some tracks have three hypotheses.
    for rows in RNG.permutation(n)[:240].reshape(80, 3):
        given.rank[rows], given.track_id[rows] = [0, 1, 1], given.track_id[rows[0]]
    columns, plain = (Columns(*(column.copy() for column in given)) for _ in range(2))
    plain_lost, at_first = lost.copy(), int(lost.sum())
    one_of_each_address(plain, before, viewed, plain_lost)
    _one_of_each_address(n, before, PERIOD_S, viewed, lost, LIMITS, columns, np.zeros(1024, int), np.zeros(n, int))
    np.testing.assert_array_equal(lost, plain_lost)
    for name in Columns._fields:
        np.testing.assert_array_equal(getattr(columns, name), getattr(plain, name), name)
    assert (columns.track_id != given.track_id).sum() > 3, "a track goes on under the name of another"
    assert 15 < lost.sum() - at_first < n - 50, "others are left"


def in_moments(columns: Columns, t: int, ring: list[int]) -> Floats:
    """Mean, lower triangle of the covariance, and weights of a track at the time of its row t, in NumPy.

    Each hypothesis is first brought to one normal distribution, whose mean is moved on.
    """
    share = columns.share[ring] / columns.share[ring].sum()
    means, covariances = [], []
    for u in ring:
        mean, covariance = matched(columns.weight[u], columns.mean[u], columns.covariance[u])
        mean[:3] += (columns.time_s[t] - columns.time_s[u]) * mean[3:]
        means.append(mean)
        covariances.append(covariance)
    return np.concatenate([*matched(share, np.array(means), np.array(covariances)), share @ columns.weight[ring]])


def matched(weight: Floats, mean: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Mean (6,) and lower triangle of the covariance (21,) of a mixture."""
    row, column = np.tril_indices(6)
    whole = weight @ mean
    apart = mean - whole
    return whole, weight @ covariance + weight @ (apart[:, row] * apart[:, column])


def test_a_long_table_begins_on_a_huge_page_and_its_columns_do_not_overlap() -> None:
    n = 9_001
    rows = rows_at(RNG.uniform(0.0, 600.0, n), RNG.integers(0, 300, n))
    tracks = table_of(rows, n)
    assert tracks.time_s.ctypes.data % 2**21 == 0
    spans = sorted(
        (c.ctypes.data, c.ctypes.data + c.nbytes) for c in (getattr(tracks, name) for name in Tracks.columns())
    )
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))
    np.testing.assert_array_equal(
        tracks.existence, rows.existence[:n][np.lexsort([rows.track_id[:n], rows.time_s[:n]])]
    )

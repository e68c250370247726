"""Which plot is of which track: the gate, pair by pair, and the association by probability or one to one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2
from tracking_scenes import (
    ADS_B,
    STEADY,
    WORLD,
    believed,
    point_setup,
    radars,
    reports,
    seen_by,
    tracks_at,
    tracks_of,
    whole_look,
)

from chainhome.earth import polar_to_world
from chainhome.tables import Detections, Sensors
from chainhome.tracking import TrackerParams, TrackerState, prepare, step
from chainhome.tracking._look_kernels import (
    EQUAL,
    FIRST,
    FOUND_FIRST,
    PARTED,
    SEEN,
    SLOTS_USED,
    Given,
    Looks,
    looks_taken,
)
from chainhome.tracking.looks import Look
from chainhome.tracking.measurement import plots_of
from chainhome.tracking.passes import given
from chainhome.tracking.setup import Setup
from chainhome.tracking.work import Work

HERE = np.array([50e3, 20e3, 6e3, 120.0, -80.0, 3.0])
SPREAD = np.diag([40.0, 40.0, 20.0, 5.0, 5.0, 2.0]) ** 2
AZIMUTH, ELEVATION, RANGE = 0.7, 0.1, 100e3


@pytest.mark.parametrize("direction", [0, 1, 2], ids=["range", "azimuth", "elevation"])
@pytest.mark.parametrize("factor", [0.98, 1.02])
@pytest.mark.parametrize("azimuth", [AZIMUTH, 0.0, np.pi], ids=["north-east", "north", "south"])
def test_a_plot_is_taken_up_to_the_gate_and_not_beyond(direction: int, factor: float, azimuth: float) -> None:
    sigma = np.array([1.0, 1e-5, 1e-5])
    radar = radars(range_sigma_m=sigma[0], azimuth_sigma_rad=sigma[1], elevation_sigma_rad=sigma[2], period_s=np.nan)
    setup = prepare(radar, WORLD, clutter_density=1e-12, params=TrackerParams(models=(STEADY,)))
    polar = np.array([RANGE, azimuth, ELEVATION])
    mean = np.zeros(6)
    mean[:3] = polar_to_world(*polar[:, None], WORLD, WORLD)[0]
    ahead = polar.copy()
    ahead[direction] += sigma[direction]
    way = polar_to_world(*ahead[:, None], WORLD, WORLD)[0] - mean[:3]
    way /= np.linalg.norm(way)
    # All uncertainty along one direction: there the bound of the coarse gate is as tight as it can be.
    deviation = 20.0
    covariance = np.eye(6) * 1e-4
    covariance[:3, :3] += deviation**2 * np.outer(way, way)
    scale = np.array([1.0, 1.0 / (RANGE * np.cos(ELEVATION)), 1.0 / RANGE])[direction]
    gate = float(chi2.isf(1.0 - TrackerParams().gate_probability, 3))
    seen = polar.copy()
    seen[direction] += factor * np.sqrt(gate) * np.hypot(deviation * scale, sigma[direction])
    # Among many others, so that the index over the plots is in use.
    others = np.arange(200)
    plots = Detections.make(
        detection_id=np.append(7, 100 + others), sensor_id=0, time_s=0.0,
        range_m=np.append(seen[0], 5e3 + 1.7e3 * others), azimuth_rad=np.append(seen[1], 3.0 + 0.017 * others),
        elevation_rad=np.append(seen[2], np.full(200, 0.3)),
    )  # fmt: skip
    state, _ = step(tracks_at(setup, [mean], [covariance], [0.99]), plots, [whole_look(0.0, plots)], setup)
    # At the gate a plot is some e^-13 of one at the middle, but there is next to no clutter.
    took = 7 in state[state.track_id == 0].plot_now.tolist()
    assert took == (factor < 1)


def crossing_scene(rng: np.random.Generator, tracks: int) -> tuple[TrackerState, Detections, Any]:
    """A crowd of tracks, and plots of most of them and of nothing, in one place."""
    setup = point_setup(clutter_density=1e-11, association="gnn")
    mean = HERE + rng.normal(size=(tracks, 6)) * [300.0, 300.0, 100.0, 5.0, 5.0, 1.0]
    there = np.concatenate([mean[: tracks - 1, :3] + 50.0 * rng.normal(size=(tracks - 1, 3)), mean[:3, :3] + 150.0])
    return tracks_at(setup, mean, [SPREAD] * tracks, np.full(tracks, 0.8)), reports(there, 0.0, 0), setup


@pytest.mark.parametrize("seed", range(6))
def test_nearest_neighbours_take_the_best_joint_assignment_and_each_plot_once(seed: int) -> None:
    from scipy.optimize import linear_sum_assignment
    from scipy.stats import multivariate_normal

    state, plots, setup = crossing_scene(np.random.default_rng(seed), 6)
    where = np.column_stack([plots.x_m, plots.y_m, plots.z_m])
    spread = SPREAD[:3, :3] + 30.0**2 * np.eye(3)
    n, m = len(state), len(plots)
    off = where[None] - state.mean[:, 0, None, :3]
    inside = np.einsum("nmi,ij,nmj->nm", off, np.linalg.inv(spread), off) <= setup.gates[0, 3]
    weight = 0.8 * 0.9 * multivariate_normal.pdf(off, np.zeros(3), spread)
    other = 1e-11 * (1.0 + setup.params.new_share_min)
    cost = np.full((n, m + n), np.inf)
    cost[:, :m] = np.where(inside, -np.log(np.where(inside, weight, 1.0) / other), np.inf)
    cost[np.arange(n), m + np.arange(n)] = -np.log(1.0 - 0.8 * 0.9)
    _, chosen = linear_sum_assignment(np.where(np.isinf(cost), 1e9, cost))
    after, _ = step(state, plots, [whole_look(0.0, plots)], setup)
    for track in range(n):
        mine = tracks_of(after)[tracks_of(after).track_id == track]
        expected = int(chosen[track]) if chosen[track] < m else -1
        assert mine.plot_now.tolist() == [expected]
        existence, mean, covariance = believed(after, track)
        if expected >= 0:
            gain = SPREAD[:, :3] @ np.linalg.inv(spread)
            assert existence == pytest.approx(1.0)
            assert np.allclose(mean, state.mean[track, 0] + gain @ off[track, expected], atol=1e-6)
            assert np.allclose(covariance, SPREAD - gain @ SPREAD[:3], rtol=1e-7, atol=1e-6)


def test_a_plot_between_two_tracks_is_shared_by_probability_but_goes_to_one_of_the_nearest_neighbours() -> None:
    mean = HERE + np.array([[-60.0, 0, 0, 0, 0, 0], [62.0, 0, 0, 0, 0, 0]])
    plot = reports(HERE[:3], 0.0, 7)
    moved = {}
    for association in ("pmb", "gnn"):
        setup = point_setup(clutter_density=1e-12, association=association)
        state, _ = step(tracks_at(setup, mean, [SPREAD] * 2, [0.9, 0.9]), plot, [whole_look(0.0, plot)], setup)
        moved[association] = [abs(believed(state, track)[1][0] - mean[track, 0]) for track in range(2)]
    assert min(moved["pmb"]) > 10.0
    assert (moved["gnn"][0] > 30.0, moved["gnn"][1]) == (True, 0.0)


def test_with_many_ambiguous_tracks_existence_is_neither_made_nor_lost() -> None:
    """Two tracks, two plots, all alike: two objects after as before, and both states are in between."""
    setup = point_setup(clutter_density=0.0)
    mean = HERE + np.array([[-30.0, 0, 0, 0, 0, 0], [30.0, 0, 0, 0, 0, 0]])
    plots = reports(HERE[:3] + np.array([[-10.0, 0, 0], [10.0, 0, 0]]), 0.0, 7)
    state, _ = step(tracks_at(setup, mean, [SPREAD] * 2, [0.9, 0.9]), plots, [whole_look(0.0, plots)], setup)
    assert sorted(set(state.track_id.tolist())) == [0, 1]
    assert tracks_of(state).existence == pytest.approx([1.0, 1.0])
    west, east = believed(state, 0)[1][0], believed(state, 1)[1][0]
    assert -30.0 < west - HERE[0] < 0.0 < east - HERE[0] < 30.0
    assert west + east == pytest.approx(2.0 * HERE[0])


def first_half(state: TrackerState, plots: Detections, look: Look, setup: Setup) -> tuple[Work, Given]:
    """The desk after the first half of a look: tracks moved, plots gated and weighed."""
    work, shown = Work(setup), given(plots_of(plots, setup))
    work.load(state)
    work.room_for_plots(len(plots), 5)
    moment = np.array([[*look[1:7], look.end_s]])
    looks = Looks(np.array([look.sensor]), np.array([0, len(plots)]), moment)
    none, runs = np.zeros(0), np.zeros((1, 2), np.int64)
    for _ in range(9):
        done = looks_taken(
            0, 1, FIRST, None, looks, shown, work.watch, work.rules, none, runs,
            work.columns, work.moved, work.pairs, work.rows, work.desk,
        )  # fmt: skip
        if done:
            return work, shown
        work.make_room()
    raise AssertionError("there is never enough room")


def covariance_of(root: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """What a look of equal plots keeps as a root, its diagonal inverted: without the plots' own variances."""
    lower = np.tril(root)
    lower[np.diag_indices(len(root))] = 1.0 / root.diagonal()
    return np.asarray(lower @ lower.T - np.diag(variance))


def brute_force(work: Work, shown: Given) -> dict[tuple[int, int], tuple[np.ndarray, float]]:
    """Every pair of a track and a plot inside the gate: its density under each model, and its weight."""
    m, c, number, found = work.moved, work.columns, work.number, {}
    slots = work.desk.slots[: number[SLOTS_USED]]
    value, variance = shown.value[:, slots], shown.variance[:, slots]
    replies, gates, count = work.rules.replies, work.rules.gates, len(slots)
    for a in range(number[SEEN]):
        t = m.row[a]
        models = np.flatnonzero(c.weight[t] > 0.0)
        whole = []
        for j in range(c.weight.shape[1]):
            lower = np.tril(m.spread[a, j, :count, :count])
            whole.append(lower + np.tril(lower, -1).T)
            if number[EQUAL]:
                whole[-1] = covariance_of(lower, variance[0]) if j in models else lower
        for i in range(len(value)):
            said, mine, its = 1.0, c.mode_s_address[t], shown.address[i]
            if replies.use and mine >= 0 and its >= 0:
                if mine != its:
                    continue
                said = replies.same_address
            elif replies.use and c.mode_3a[t] >= 0 and shown.code[i] >= 0:
                said = replies.same_code if c.mode_3a[t] == shown.code[i] else replies.other_code
            used = np.flatnonzero(~np.isnan(value[i]))
            late = shown.time_s[i] - m.time_s[a]
            density, inside = np.zeros(c.weight.shape[1]), False
            for j in models:
                off = (value[i] - m.measured[a, j, :count] - late * m.rate[a, j, :count])[used]
                if work.watch.figures[0, 0]:
                    off[1] = (off[1] + np.pi) % (2.0 * np.pi) - np.pi
                s = whole[j][np.ix_(used, used)] + np.diag(variance[i][used])
                d2 = off @ np.linalg.solve(s, off)
                inside |= d2 <= gates[int(a >= work.number[PARTED]), len(used)]
                density[j] = np.exp(-0.5 * (d2 + np.linalg.slogdet(s)[1] + len(used) * np.log(2.0 * np.pi)))
            if inside:
                found[a, i] = density, m.existence[a] * m.seen[a] * said * (c.weight[t] @ density)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["solid", "mixed", "near", "reports"])
def test_the_gate_finds_the_pairs_of_a_search_over_all_tracks_and_plots(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m, reach = 60, 90, 8e3 if kind == "near" else 40e3
    polar = kind != "reports"
    sensors = radars(doppler_sigma_mps=3.0) if polar else Sensors.make(sensor_id=[0], kind=ADS_B, range_sigma_m=60.0)
    setup = prepare(sensors, WORLD, clutter_density=1e-9, params=TrackerParams(birth_existence_min=0.5))
    mean = np.column_stack(
        [rng.uniform(-reach, reach, (n, 2)), rng.uniform(1e3, 9e3, n), rng.normal(size=(n, 3)) * 150]
    )
    root = rng.normal(size=(n, 6, 6)) * np.array([150.0, 150.0, 100.0, 20.0, 20.0, 5.0])[:, None]
    covariance = root @ np.swapaxes(root, 1, 2) + np.diag([1e3, 1e3, 1e3, 9.0, 9.0, 9.0])
    more = {name: rng.integers(-1, 3, n) for name in ("mode_s_address", "mode_3a")}
    state = tracks_at(setup, mean, covariance, rng.uniform(0.3, 1.0, n), **more)
    chosen = rng.integers(0, n, m)
    period = 12.0
    # Where the aircraft are when the beam passes, and the time of that.
    time, aside = np.full(m, 6.0), 400.0 * rng.normal(size=(m, 3))
    for _ in range(12 if polar else 0):
        where = mean[chosen, :3] + time[:, None] * mean[chosen, 3:] + aside
        time = np.arctan2(where[:, 0], where[:, 1]) % (2.0 * np.pi) / (2.0 * np.pi) * period
    where = mean[chosen, :3] + time[:, None] * mean[chosen, 3:] + aside
    replies = {name: rng.integers(-1, 3, m) for name in ("mode_s_address", "mode_3a")}
    if polar:
        away = np.abs(time - 6.0) < (5.0 if kind == "near" else 5.7)  # the seam of the scan has a test of its own
        plots = seen_by(sensors, 0, where[away], time[away], 0)
        flat = rng.random(len(plots)) < (0.5 if kind == "mixed" else 0.0)
        columns = {"elevation_rad": np.where(flat, np.nan, plots.elevation_rad)}
        if kind == "mixed":
            columns["flight_level_m"] = np.where(rng.random(len(plots)) < 0.5, where[away, 2], np.nan)
            columns["doppler_mps"] = np.where(rng.random(len(plots)) < 0.5, rng.normal(size=len(plots)) * 200, np.nan)
            columns["azimuth_sigma_rad"] = np.where(rng.random(len(plots)) < 0.5, 0.01, np.nan)
        plots = replace(plots, **columns, **{name: reply[away] for name, reply in replies.items()})
        look = whole_look(6.0, plots, start_s=0.0, end_s=period, swept_s=0.0)
    else:
        where[: m // 3, 2] = np.nan
        plots = reports(where, time + rng.uniform(-0.5, 0.5, m), 0, **replies)
        look = whole_look(6.0, plots)
    work, shown = first_half(state, plots, look, setup)
    assert bool(work.number[EQUAL]) == (kind in ("solid", "near"))
    plain, out, first = brute_force(work, shown), work.pairs, work.desk.of_track[FOUND_FIRST]
    pairs = [(a, int(out.plot[e])) for a in range(work.number[SEEN]) for e in range(first[a], first[a + 1])]
    assert pairs == sorted(plain)
    for e, pair in enumerate(pairs):
        assert np.allclose(out.likelihood[e], plain[pair][0], rtol=1e-7, atol=1e-300)
        assert out.weight[e] == pytest.approx(plain[pair][1], rel=1e-7)
    assert len(pairs) > 30

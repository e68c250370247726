"""What the tracker does with plots, from the first to the last, through its public face."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tracking_scenes import (
    ADS_B,
    CONFIRMED,
    ENDED,
    TENTATIVE,
    WORLD,
    beam_time_s,
    radars,
    reports,
    seen_by,
    swept_plots,
)

from chainhome.earth import enu_to_geodetic, geodetic_to_enu
from chainhome.errors import UseError
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking import (
    MotionModel,
    Setup,
    TrackerParams,
    TrackerState,
    combined,
    feed,
    initial_state,
    prepare,
    uniform_clutter_density,
)

PERIOD = 12.0
RADAR, FLAT = radars(), radars(elevation_sigma_rad=np.nan)
SOLID_DENSITY = uniform_clutter_density(20.0, 400e3, 2 * np.pi, 0.5)
FLAT_DENSITY = uniform_clutter_density(20.0, 400e3, 2 * np.pi)
ANCHOR = Detections.make(  # the scans count from its second: their seam lies at north
    detection_id=[9_000], sensor_id=0, time_s=[0.0], range_m=390e3, azimuth_rad=0.0, elevation_rad=0.3
)
START, VELOCITY = np.array([60e3, 80e3, 7_000.0]), np.array([200.0, -100.0, 0.0])


def setup_of(sensors: Sensors = RADAR, **more: Any) -> Setup:
    params = TrackerParams(**more.pop("params", {}))
    settings = {"detection_probability": 0.9, "clutter_density": SOLID_DENSITY} | more
    return prepare(sensors, WORLD, params=params, **settings)


def end_of(scan: int) -> float:
    """When so many scans are over: they count from the full second before the first plot, 1.2 s after north."""
    return 1.0 + PERIOD * scan


def straight(time_s: float) -> np.ndarray:
    return START + time_s * VELOCITY


def flight(scans: int, sensors: Sensors = RADAR, first: int = 0, **more: Any) -> Detections:
    """One aircraft, one exact plot in each scan, when the beam meets it."""
    times = [beam_time_s(sensors, 0, START, VELOCITY, k) for k in range(first, first + scans)]
    plots = [seen_by(sensors, 0, straight(t), t, first + k, **more) for k, t in enumerate(times)]
    return Detections.concat(plots)


def followed(scans: int, sensors: Sensors = RADAR, **more: Any) -> tuple[Setup, TrackerState, Tracks]:
    setup = setup_of(sensors, **more)
    state, rows = feed(initial_state(setup), flight(scans, sensors), setup, until_s=end_of(scans))
    return setup, state, rows


def names_of(rows: Tracks) -> set[int]:
    """The tracks that were ever confirmed."""
    return set(rows.track_id[rows.status == CONFIRMED].tolist())


def test_an_aircraft_in_straight_flight_is_confirmed_by_its_third_plot_and_keeps_its_number() -> None:
    _, _, rows = followed(3)
    assert names_of(rows) == {int(rows.track_id[rows.detection_id == 2][0])}
    _, state, rows = followed(8)
    assert len(names_of(rows)) == 1
    best = int(np.argmax(state.existence))
    assert state.existence[best] > 0.999
    mean, _ = combined(state)
    one_metre_per_second, ten_metres = 1.0, 10.0
    assert np.abs(mean[best, 3:] - VELOCITY).max() < one_metre_per_second
    assert np.abs(mean[best, :3] - straight(state.time_s[best])).max() < ten_metres


def test_a_row_tells_the_same_place_in_both_frames_and_the_plot_that_made_it() -> None:
    _, state, rows = followed(6)
    again = geodetic_to_enu(WORLD, np.radians(rows.lat_deg), np.radians(rows.lon_deg), rows.altitude_m)
    one_millimetre = 1e-3
    assert np.abs(again - np.column_stack([rows.x_m, rows.y_m, rows.z_m])).max() < one_millimetre
    sure = rows[rows.existence > 0.9]
    assert sure.detection_id.tolist() == list(range(6))[-len(sure) :]
    a_tenth_of_a_second = 0.1
    expected = [beam_time_s(RADAR, 0, START, VELOCITY, k) for k in sure.detection_id.tolist()]
    assert np.abs(sure.time_s - expected).max() < a_tenth_of_a_second
    mean, covariance = combined(state)
    last = np.flatnonzero(state.track_id == sure.track_id[-1])[0]
    state_of_row = [sure.x_m[-1], sure.y_m[-1], sure.z_m[-1], sure.vx_mps[-1], sure.vy_mps[-1], sure.vz_mps[-1]]
    assert np.allclose(mean[last], state_of_row, rtol=1e-9)
    assert np.allclose(covariance[last], sure.covariance[-1], rtol=1e-7, atol=1e-9)
    assert np.allclose(sure.mode_probability.sum(axis=1), 1.0, atol=1e-8)


def test_one_plot_never_confirms_even_where_there_is_no_clutter() -> None:
    setup = setup_of(clutter_density=0.0)
    _, rows = feed(initial_state(setup), flight(1), setup, until_s=np.inf)
    assert rows.status.tolist() == [TENTATIVE]
    assert rows.existence[0] == TrackerParams().birth_existence_max


def test_a_track_from_a_radar_without_height_is_unsure_of_it_and_confirmed_all_the_same() -> None:
    _, state, rows = followed(6, FLAT, clutter_density=FLAT_DENSITY)
    assert len(names_of(rows)) == 1
    best = int(np.argmax(state.existence))
    mean, covariance = combined(state)
    assert np.sqrt(covariance[best, 2, 2]) > 1_500.0
    five_sigma = 5.0 * np.sqrt(np.diag(covariance[best])[:3])
    assert (np.abs(mean[best, :3] - straight(state.time_s[best])) < five_sigma).all()


def test_a_flight_level_gives_height_to_a_radar_that_measures_none() -> None:
    plots = flight(6, FLAT)
    height = enu_to_geodetic(WORLD, np.array([straight(t) for t in plots.time_s]))[2]
    plots = Detections.concat(
        [
            seen_by(FLAT, 0, straight(t), t, k, flight_level_m=h)
            for k, (t, h) in enumerate(zip(plots.time_s, height, strict=True))
        ]
    )
    setup = setup_of(FLAT, clutter_density=FLAT_DENSITY)
    state, _ = feed(initial_state(setup), plots, setup, until_s=np.inf)
    best = int(np.argmax(state.existence))
    mean, covariance = combined(state)
    assert np.sqrt(covariance[best, 2, 2]) < TrackerParams().flight_level_sigma_m
    fifty_metres = 50.0
    assert np.abs(mean[best, :3] - straight(state.time_s[best])).max() < fifty_metres


CLOSING = np.array([150e3, 0.0, 3_000.0])  # in the east, met 3 s after north
DOPPLER = radars(doppler_sigma_mps=3.0)


def closing(scans: int, rate_mps: float) -> Detections:
    """An aircraft that comes straight in at 240 m/s, with what is said of its range rate."""
    coming = [
        seen_by(DOPPLER, 0, CLOSING - [2880.0 * k, 0.0, 0.0], PERIOD * k + 3.0, k, doppler_mps=rate_mps)
        for k in range(scans)
    ]
    return Detections.concat([ANCHOR, *coming])


def inbound(scans: int, rate_mps: float) -> tuple[float, float]:
    """Velocity east and its standard deviation just after the last plot."""
    setup = setup_of(DOPPLER)
    state, _ = feed(initial_state(setup), closing(scans, rate_mps), setup, until_s=PERIOD * scans)
    state = state[state.plot_now == scans - 1]
    best = int(np.argmax(state.existence))
    mean, covariance = combined(state)
    return float(mean[best, 3]), float(np.sqrt(covariance[best, 3, 3]))


def test_a_range_rate_tells_a_new_track_how_fast_it_closes() -> None:
    five_metres_per_second = 5.0
    velocity, sigma = inbound(1, -240.0)
    assert abs(velocity + 240.0) < five_metres_per_second
    assert sigma < five_metres_per_second
    assert inbound(1, np.nan) == pytest.approx((0.0, TrackerParams().birth_speed_sigma_mps), rel=0.01)


def test_the_range_rate_of_the_second_plot_counts_too() -> None:
    velocity, sigma = inbound(2, -240.0)
    ten_metres_per_second = 10.0
    assert abs(velocity + 240.0) < ten_metres_per_second
    assert sigma < ten_metres_per_second


def test_a_range_rate_makes_the_velocity_of_a_grown_track_surer() -> None:
    with_rate, without = inbound(6, -240.0), inbound(6, np.nan)
    assert with_rate[1] < 0.7 * without[1]
    assert abs(with_rate[0] + 240.0) < 3.0 * with_rate[1]


@pytest.mark.parametrize("with_height", [True, False])
def test_reported_positions_are_followed_like_plots(with_height: bool) -> None:
    receiver = Sensors.make(sensor_id=[3], kind=ADS_B, period_s=4.0)
    setup = setup_of(receiver, clutter_density=1e-16 if with_height else 1e-12)
    times = 4.0 * np.arange(6) + 0.5
    where = np.array([straight(t) for t in times])
    if not with_height:
        where[:, 2] = np.nan
    plots = reports(where, times, 0, 3, mode_s_address=0x4BA946, range_sigma_m=30.0)
    state, rows = feed(initial_state(setup), plots, setup, until_s=21.0)
    assert len(names_of(rows)) == 1
    best = int(np.argmax(state.existence))
    assert state.mode_s_address[best] == 0x4BA946
    mean, covariance = combined(state)
    assert np.abs(mean[best, 3:5] - VELOCITY[:2]).max() < 1.0
    assert (np.sqrt(covariance[best, 2, 2]) < 40.0) == with_height


def test_a_missed_aircraft_coasts_and_ends() -> None:
    setup, state, _ = followed(8)
    name = state.track_id[np.argmax(state.existence)]
    state, rows = feed(state, Detections.make(0), setup, until_s=end_of(14))
    mine = rows[rows.track_id == name]
    assert mine.status.tolist() == [CONFIRMED] * (len(mine) - 1) + [ENDED]
    assert (mine.detection_id == -1).all()
    assert 2 <= len(mine) <= 5
    assert (np.diff(mine.existence) < 0).all()
    assert name not in state.track_id
    # It coasts along its line and grows less sure.
    three_sigma = 3.0 * np.sqrt(mine.covariance[:, 0, 0])
    assert (np.abs(mine.x_m - (START[0] + VELOCITY[0] * mine.time_s)) < three_sigma).all()
    assert (np.diff(mine.covariance[:, 0, 0]) > 0).all()


def test_a_track_out_of_sight_coasts_without_blame_until_nobody_knows_where_it_is() -> None:
    _, state, _ = followed(8)
    blind = setup_of(detection_probability=0.0)
    sure, begin = float(state.existence.max()), float(state.time_s.max())
    soon, rows = feed(state, Detections.make(0), blind, until_s=end_of(9))
    assert len(rows) == 0  # nothing could have been seen: no news
    assert soon.existence.max() == pytest.approx(sure * np.exp(-(soon.time_s.max() - begin) / 3600.0), rel=1e-6)
    last, rows = feed(soon, Detections.make(0), blind, until_s=end_of(30))
    assert len(last) == 0
    assert rows.status.tolist() == [ENDED]
    limit = TrackerParams().max_position_sigma_m
    assert np.sqrt(np.einsum("nii->ni", rows.covariance)[:, :2]).max() > 0.5 * limit


def test_probability_of_detection_is_asked_for_where_the_track_will_be() -> None:
    asked = []

    def probability(position: np.ndarray, sensor_id: int, time_s: float) -> np.ndarray:
        asked.append((position, sensor_id, time_s))
        return np.full(len(position), 0.5)

    setup, state, _ = followed(6, detection_probability=probability)
    asked.clear()
    best = int(np.argmax(state.existence))
    feed(state, Detections.make(0), setup, until_s=end_of(7))
    position, sensor_id, time = asked[0]
    fifty_metres = 50.0
    assert (position.shape, sensor_id) == ((len(state), 3), 0)
    assert end_of(6) <= time <= end_of(7)
    assert np.abs(position[best] - straight(time)).max() < fifty_metres


def test_a_probability_that_is_none_is_refused() -> None:
    def probability(position: np.ndarray, *_: Any) -> np.ndarray:
        return np.full(len(position), 1.5 if len(position) == 1 else 0.5)

    setup = setup_of(detection_probability=probability)
    state, _ = feed(initial_state(setup), flight(1), setup, until_s=end_of(1))
    with pytest.raises(UseError, match=r"sensor_id 0: detection_probability gave 1\.5: expected a number from 0 to 1"):
        feed(state, Detections.make(0), setup, until_s=end_of(2))


def test_a_function_may_give_one_probability_for_all_places_but_no_other_number_of_them() -> None:
    one = feed(initial_state(setup_of()), flight(4), setup_of(detection_probability=lambda *_: 0.9), until_s=np.inf)[1]
    assert len(one) > 0
    with pytest.raises(
        UseError, match=r"gave an array \(2,\): expected a number from 0 to 1 for each of \d+ positions"
    ):
        setup_of(detection_probability=lambda *_: [0.5, 0.6])
    with pytest.raises(UseError, match="gave nan"):
        setup_of(detection_probability=lambda *_: np.nan)


def test_false_plots_alone_confirm_next_to_nothing() -> None:
    setup = setup_of()
    plots = swept_plots(RADAR, [], 60, rng=np.random.default_rng(3), false_plots=20.0)
    assert len(plots) > 1_000
    _, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    assert len(names_of(rows)) <= 1


def test_aircraft_among_many_false_plots_each_keep_one_track() -> None:
    flights = [
        (np.array([x, y, 8e3]), np.array([vx, vy, 0.0]))
        for x, y, vx, vy in [
            (60e3, 80e3, 200, -100),
            (-90e3, 40e3, 150, 150),
            (20e3, -120e3, -60, 230),
            (-150e3, -60e3, 240, 0),
        ]
    ]
    plots = swept_plots(RADAR, flights, 30, rng=np.random.default_rng(8), detected=0.9, false_plots=20.0)
    setup = setup_of()
    _, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    owner = {}
    target = dict(zip(plots.detection_id.tolist(), plots.target_id.tolist(), strict=True))
    for track, plot, status in zip(
        rows.track_id.tolist(), rows.detection_id.tolist(), rows.status.tolist(), strict=True
    ):
        if status == CONFIRMED and plot >= 0 and target[plot] >= 0:
            owner.setdefault(target[plot], set()).add(track)
    assert sorted(owner) == [0, 1, 2, 3]
    assert all(len(tracks) == 1 for tracks in owner.values())


def test_an_unlikely_newcomer_among_much_clutter_earns_its_existence() -> None:
    setup = setup_of(FLAT, clutter_density=uniform_clutter_density(200.0, 400e3, 2 * np.pi))
    state, grown = initial_state(setup), []
    for k in range(6):
        state, _ = feed(state, flight(1, FLAT, k), setup, until_s=end_of(k + 1))
        grown.append(float(state.existence.max()))
    assert grown[:4] == sorted(grown[:4])
    assert grown[0] < 0.2
    assert grown[5] > 0.95


@pytest.mark.parametrize(
    ("load", "period"), [(load, period) for load in (0.5, 1.0, 2.0, 3.0, 4.0) for period in (5.0, 12.0)][:-1]
)
def test_a_fighter_turning_back_within_a_scan_is_not_lost(load: float, period: float) -> None:
    speed, n, scans = 250.0, 12, 20
    turn = load * 9.80665 / speed
    start = 100.0 + period * np.arange(n) / n
    place, rng = 2 * np.pi * (np.arange(n) + 0.5) / n, np.random.default_rng(int(10 * load))
    centre = np.column_stack([150e3 * np.cos(place), 150e3 * np.sin(place), np.full(n, 5_000.0)])
    sensors, scans_of = radars(period_s=period), []
    for k in range(scans):
        position = centre
        for _ in range(6):  # until the beam is where the fighter is
            azimuth = np.arctan2(position[:, 0], position[:, 1]) % (2 * np.pi)
            time = period * (k + azimuth / (2 * np.pi))
            angle = np.clip((time - start) * turn, 0.0, np.pi)
            after = np.maximum(time - start - np.pi / turn, 0.0)
            x = speed * (np.minimum(time, start) - after) + speed / turn * np.sin(angle)
            position = centre + np.column_stack([x, speed / turn * (1 - np.cos(angle)), np.zeros(n)])
        exact = seen_by(sensors, 0, position, time, n * k)
        noise = rng.normal(size=(3, n)) * np.array([[50.0], [2e-3], [3e-3]])
        plots = Detections.make(
            detection_id=exact.detection_id,
            time_s=time,
            sensor_id=0,
            range_m=exact.range_m + noise[0],
            azimuth_rad=exact.azimuth_rad + noise[1],
            elevation_rad=exact.elevation_rad + noise[2],
        )
        scans_of.append(plots[rng.random(n) < 0.95])
    setup = setup_of(sensors)
    _, rows = feed(initial_state(setup), Detections.concat(scans_of), setup, until_s=np.inf)
    first, last = {}, {}
    fed = rows[(rows.detection_id >= 0) & (rows.status == CONFIRMED)]
    for track, plot in zip(fed.track_id.tolist(), fed.detection_id.tolist(), strict=True):
        first.setdefault(plot % n, track)
        last[plot % n] = track
    assert len(first) == n
    assert first == last


def test_a_target_that_crosses_north_in_mid_scan_keeps_its_track_when_plots_fall_on_either_side() -> None:
    setup = setup_of()
    state, rows = feed(initial_state(setup), ANCHOR, setup, until_s=0.5)
    for k in range(10):
        position = np.array([150.0 * (-1.0) ** k, 90e3 - 2_400.0 * k, 5e3])
        time = PERIOD * (k + 0.5) + (0.003 if k % 2 == 0 else -0.003)
        state, rows = feed(state, seen_by(RADAR, 0, position, time, k), setup, until_s=PERIOD * (k + 1))
    best = int(np.argmax(state.existence))
    assert state.existence[best] > 0.99
    assert names_of(rows) == {int(state.track_id[best])}
    azimuth_sigma_m, range_sigma_m = 2e-3 * position[1], 50.0
    mean, _ = combined(state)
    assert abs(mean[best, 0]) < 1.5 * azimuth_sigma_m
    assert abs(mean[best, 1] - position[1]) < 2.0 * range_sigma_m


@pytest.mark.parametrize("speed", [-120.0, 120.0], ids=["against the beam", "with the beam"])
def test_a_target_that_crosses_the_seam_of_the_scan_keeps_its_number(speed: float) -> None:
    """The scan begins and ends at north: near it a target is seen twice in one scan or not at all."""
    target = (np.array([-speed * 150.0, 60e3, 6e3]), np.array([speed, 0.0, 0.0]))
    plots = swept_plots(RADAR, [target], 25, rng=np.random.default_rng(5))
    setup = setup_of()
    state, rows = feed(initial_state(setup), Detections.concat([ANCHOR, plots]), setup, until_s=np.inf)
    assert len(names_of(rows)) == 1
    fed = rows[rows.status == CONFIRMED]
    assert fed.detection_id.max() >= 23
    assert state.existence.max() > 0.99


@pytest.mark.parametrize("seed", range(3))
def test_a_target_that_flies_along_the_seam_of_the_scan_keeps_its_number(seed: int) -> None:
    rng, n = np.random.default_rng(seed), 30
    azimuth = 2e-3 * rng.normal(size=n)
    time = PERIOD * (np.arange(n) + 1 + azimuth / (2 * np.pi))
    plots = Detections.make(
        detection_id=range(n),
        sensor_id=0,
        time_s=time,
        range_m=150e3 - 200.0 * time + 50.0 * rng.normal(size=n),
        azimuth_rad=azimuth % (2 * np.pi),
        elevation_rad=0.05 + 3e-3 * rng.normal(size=n),
    )
    setup = setup_of()
    state, rows = feed(initial_state(setup), Detections.concat([ANCHOR, plots]), setup, until_s=np.inf)
    assert len(names_of(rows)) == 1
    assert state.existence.max() > 0.9


def test_two_passes_of_the_beam_in_one_scan_feed_one_track() -> None:
    setup, state, rows = followed(6)
    name = names_of(rows)
    early, late = PERIOD * 6 + 0.1, PERIOD * 7 - 0.1
    both = Detections.concat([seen_by(RADAR, 0, straight(early), early, 6), seen_by(RADAR, 0, straight(late), late, 7)])
    state, rows = feed(state, both, setup, until_s=end_of(7))
    assert names_of(rows) == name
    state, rows = feed(state, flight(6, first=7), setup, until_s=end_of(13))
    assert names_of(rows) == name


def test_a_close_neighbour_in_the_same_pass_becomes_a_track_of_its_own() -> None:
    setup, state, _ = followed(6)
    for k in range(6, 12):
        time = beam_time_s(RADAR, 0, START, VELOCITY, k)
        pair = seen_by(RADAR, 0, [straight(time), straight(time) + np.array([1_500.0, 0.0, 0.0])], time, 2 * k)
        state, _ = feed(state, pair, setup, until_s=end_of(k + 1))
    assert (state.existence > 0.9).sum() == 2


def test_a_sure_track_takes_the_plot_of_its_turn_although_a_young_one_is_near() -> None:
    setup, state, rows = followed(6)
    (name,) = names_of(rows)
    time = beam_time_s(RADAR, 0, START, VELOCITY, 6)
    aside = np.array([0.0, 3_500.0, 0.0])
    state, _ = feed(
        state, seen_by(RADAR, 0, [straight(time), straight(time) + aside], time, 80), setup, until_s=end_of(7)
    )
    time = beam_time_s(RADAR, 0, START, VELOCITY, 7)
    turned = straight(time) + np.array([0.0, 1_200.0, 0.0])
    state, _ = feed(state, seen_by(RADAR, 0, turned, time, 90), setup, until_s=end_of(8))
    assert state.plot_now[state.track_id == name].tolist() == [90]


def test_a_track_remembers_its_address_when_a_plot_comes_without() -> None:
    setup = setup_of()
    plots = [flight(1, first=k, mode_s_address=address) for k, address in enumerate([-1, 0xABC, -1])]
    state, _ = feed(initial_state(setup), Detections.concat(plots), setup, until_s=np.inf)
    assert state.mode_s_address[np.argmax(state.existence)] == 0xABC


def pair_of_flights(scans: int, **replies: Any) -> tuple[Setup, TrackerState, np.ndarray]:
    here = np.array([[50e3, 50e3, 8e3], [50.6e3, 50e3, 8e3]])
    setup = setup_of()
    plots = [seen_by(RADAR, 0, here, PERIOD * k + 1.5, 2 * k, **replies) for k in range(scans)]
    state, _ = feed(initial_state(setup), Detections.concat(plots), setup, until_s=end_of(scans))
    return setup, state, here


def owners(state: TrackerState, column: str) -> dict[int, int]:
    sure = state[state.existence > 0.5]
    return dict(zip(getattr(sure, column).tolist(), sure.track_id.tolist(), strict=True))


def test_a_different_address_forbids_and_the_same_one_draws() -> None:
    _, state, here = pair_of_flights(6, mode_s_address=[11, 22])
    owner = owners(state, "mode_s_address")
    assert set(owner) == {11, 22}
    exchanged = seen_by(RADAR, 0, here, PERIOD * 6 + 1.5, 12, mode_s_address=[22, 11])
    trusting, ignoring = setup_of(), setup_of(params={"use_replies": False})
    trusted, _ = feed(state, exchanged, trusting, until_s=end_of(7))
    ignored, _ = feed(state, exchanged, ignoring, until_s=end_of(7))
    assert owners(trusted, "plot_now") == {12: owner[22], 13: owner[11]}
    assert owners(ignored, "plot_now") == {12: owner[11], 13: owner[22]}
    stranger, _ = feed(
        state, seen_by(RADAR, 0, here[0], PERIOD * 6 + 1.5, 12, mode_s_address=33), trusting, until_s=end_of(7)
    )
    assert {11, 22, 33} == set(stranger.mode_s_address.tolist())
    assert stranger.plot_now[stranger.mode_s_address == 33].tolist() == [12]


def test_a_code_decides_between_two_tracks_that_fit_alike() -> None:
    setup, state, here = pair_of_flights(6, mode_3a=[1234, 4321])
    for code in (1234, 4321):
        plot = seen_by(RADAR, 0, here.mean(axis=0), PERIOD * 6 + 1.5, 12, mode_3a=code)
        after, _ = feed(state, plot, setup, until_s=end_of(7))
        sure = after[after.existence > 0.5]
        assert set(sure.plot_now[(sure.mode_3a == code) & (sure.rank == 0)].tolist()) == {12}


def test_two_radars_with_different_periods_share_one_track_for_each_aircraft() -> None:
    both = radars([40.0, 40.5], [32.5, 33.0], [0.0, 800.0], [12.0, 10.0])
    setup = setup_of(both)
    flights = [
        (START + 50e3 * np.array([a, b, 0.0]), VELOCITY) for a, b in ((0, 0), (-2, 1), (1, -3), (-3, -3), (-1, -5))
    ]
    parts = [
        swept_plots(both, flights, scans, rng=np.random.default_rng(row), row=row, first_id=1_000 * row, north_s=1.0)
        for row, scans in ((0, 9), (1, 11))
    ]
    state, rows = feed(initial_state(setup), Detections.concat(parts), setup, until_s=np.inf)
    assert len(names_of(rows)) == len(flights)
    sure = state[state.existence > 0.9]
    assert (sure.last_seen_s > 90.0).all()
    mean, covariance = combined(sure)
    for start, velocity in flights:
        off = mean[:, :3] - start - sure.time_s[:, None] * velocity
        nearest = int(np.argmin(np.abs(off).max(axis=1)))
        five_sigma = 5.0 * np.sqrt(np.diag(covariance[nearest])[:3])
        assert (np.abs(off[nearest]) < five_sigma).all()


@pytest.mark.parametrize("association", ["pmb", "gnn"])
def test_targets_that_cross_keep_their_numbers(association: str) -> None:
    flights = [
        (np.array([40e3, 79e3, 7e3]), np.array([200.0, 10.0, 0.0])),
        (np.array([40e3, 81e3, 7e3]), np.array([200.0, -10.0, 0.0])),
    ]
    sensors = radars(azimuth_sigma_rad=1e-3)
    plots = swept_plots(sensors, flights, 18, rng=np.random.default_rng(2))
    setup = setup_of(sensors, params={"association": association})
    _, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    end = rows.time_s.max() - PERIOD
    last = rows[(rows.time_s > end) & (rows.status == CONFIRMED)]
    assert len(set(last.track_id.tolist())) == 2
    north = {}
    for name in set(last.track_id.tolist()):
        mine = rows[rows.track_id == name]
        north[name] = (mine.vy_mps[-1] > 0, mine.y_m[0] < 80e3)
    # Who came from the south still flies north.
    assert all(flies == came for flies, came in north.values())


def test_the_tracks_of_a_formation_keep_their_number() -> None:
    apart = 1_500.0
    flights = [
        (np.array([50e3 + apart * (k % 2), 60e3 + apart * (k // 2), 7e3]), np.array([180.0, -90.0, 0.0]))
        for k in range(4)
    ]
    plots = swept_plots(RADAR, flights, 25, rng=np.random.default_rng(4), detected=0.95, false_plots=5.0)
    setup = setup_of()
    _, rows = feed(initial_state(setup), plots, setup, until_s=np.inf)
    late = rows[(rows.time_s > 8 * PERIOD) & (rows.status == CONFIRMED)]
    target = dict(zip(plots.detection_id.tolist(), plots.target_id.tolist(), strict=True))
    near = np.hypot(late.x_m - 50e3 - 180.0 * late.time_s, late.y_m - 60e3 + 90.0 * late.time_s) < 10e3
    assert len(set(late.track_id[near].tolist())) == 4
    owner: dict[int, list[int]] = {}
    for track, plot in zip(late.track_id.tolist(), late.detection_id.tolist(), strict=True):
        if plot >= 0 and target[plot] >= 0:
            owner.setdefault(track, []).append(target[plot])
    main = {track: max(set(took), key=took.count) for track, took in owner.items() if len(took) > 3}
    assert sorted(main.values()) == [0, 1, 2, 3]
    assert all(took.count(main[t]) >= 0.9 * len(took) for t, took in owner.items() if t in main)


def test_a_feed_changes_nothing_that_it_was_given_and_repeats_itself() -> None:
    setup, state, _ = followed(4)
    kept = {name: np.copy(value) for name, value in vars(state).items() if isinstance(value, np.ndarray)}
    plot = flight(1, first=4, mode_s_address=5)
    (one, rows), (two, again) = (feed(state, plot, setup, until_s=end_of(5)) for _ in range(2))
    assert len(kept) > 10
    assert all(np.array_equal(value, getattr(state, name), equal_nan=True) for name, value in kept.items())
    assert np.array_equal(one.mean, two.mean)
    assert np.array_equal(rows.covariance, again.covariance)


def test_names_are_never_given_twice_and_begin_where_they_are_told() -> None:
    setup = setup_of()
    plots = swept_plots(RADAR, [(START, VELOCITY)], 12, rng=np.random.default_rng(6), false_plots=20.0)
    state, rows = feed(initial_state(setup, first_track_id=500), plots, setup, until_s=np.inf)
    assert rows.track_id.min() >= 500
    assert state.next_track_id > rows.track_id.max()
    assert len(set(state.track_id.tolist())) == len(state)
    assert state.counts["tracks_begun"] == state.next_track_id - 500
    at_once = np.column_stack([rows.time_s, rows.track_id])
    assert len(np.unique(at_once, axis=0)) == len(rows)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"sensor_id": 9, "range_m": 1e5, "azimuth_rad": 1.0}, "sensor_id 9, which is not in sensors"),
        ({"sensor_id": 0, "range_m": 1e5}, "detection_id 31: expected range and azimuth"),
        ({"sensor_id": 0, "x_m": 1e5, "y_m": 2e4}, "detection_id 31: expected range and azimuth"),
        (
            {"sensor_id": 0, "range_m": 1e5, "azimuth_rad": 1.0, "range_sigma_m": 0.0},
            "detection_id 31: expected a positive standard deviation",
        ),
    ],
)
def test_a_plot_that_cannot_be_used_is_refused_by_its_number(columns: dict[str, Any], message: str) -> None:
    setup = setup_of()
    plot = Detections.make(detection_id=[31], time_s=1.0, **columns)
    with pytest.raises(ValueError, match=message):
        feed(initial_state(setup), plot, setup, until_s=np.inf)


@pytest.mark.parametrize(
    "given",
    [
        {"gate_probability": 1.0},
        {"end_existence": 0.99},
        {"drop_existence": 0.5},
        {"mean_life_s": 0.0},
        {"births_per_m2ps": float("nan")},
        {"slice_s": -1.0},
        {"same_address_m": -1.0},
        {"same_address_mps": float("nan")},
        {"association": "jpda"},
        {"models": ()},
        {"models": (MotionModel("half", 1.0, 1.0, 1.0, 10.0, 0.5),)},
        {"models": (MotionModel("backwards", -1.0, 1.0, 1.0, 10.0, 1.0),)},
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(UseError, match="tracker: "):
        TrackerParams(**given)


@pytest.mark.parametrize(
    ("sensors", "more", "message"),
    [
        (radars()[:0], {}, "no sensors"),
        (Sensors.concat([radars(), radars()]), {}, "sensor_id 0 has 2 rows"),
        (radars(lat_deg=np.nan), {}, "sensor_id 0: lat, lon, height = .* expected the place"),
        (radars(), {"detection_probability": 1.5}, "detection_probability = 1.5: expected 0 to 1"),
        (radars(), {"clutter_density": -1.0}, "clutter_density = -1.0: expected 0 or more"),
    ],
)
def test_a_sensor_that_cannot_be_used_is_refused(sensors: Sensors, more: dict[str, Any], message: str) -> None:
    with pytest.raises(UseError, match=message):
        prepare(sensors, WORLD, **more)


def test_a_plot_that_may_be_new_by_the_least_share_alone_begins_a_track() -> None:
    """Among false plots so dense that births count for nothing, only `new_share_min` says that a plot may be new."""
    p = TrackerParams()
    assert p.birth_existence_min < p.new_share_min / (1.0 + p.new_share_min)
    setup = prepare(radars(), WORLD, clutter_density=1e3, params=replace(p, births_per_m2ps=1e-25))
    state = replace(initial_state(setup), unseen_per_m2=np.zeros(setup.grid.shape), unseen_s=0.0)
    plot = seen_by(radars(), 0, [[50e3, 20e3, 6e3]], 3.0, 0)
    after, _ = feed(state, plot, setup, until_s=np.inf)
    assert after.existence == pytest.approx([p.new_share_min / (1.0 + p.new_share_min)], rel=1e-6)

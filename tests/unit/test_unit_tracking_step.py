"""What the tracker does with plots, look by look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.earth import enu_frame, geodetic_to_enu, measure
from chainhome.errors import UseError
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking import TrackerParams, TrackerState, initial_state, looks_of, step, uniform_clutter_density

WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
PERIOD = 12.0
RADARS = Sensors.make(
    sensor_id=[0, 1, 2, 3],
    lat_deg=[40.0, 40.5, 40.0, 40.0],
    lon_deg=[32.5, 33.0, 32.5, 32.5],
    height_m=[0.0, 800.0, 0.0, 0.0],
    period_s=[PERIOD, 10.0, 4.0, PERIOD],
    range_sigma_m=[50.0, 60.0, 30.0, 50.0],
    azimuth_sigma_rad=2e-3,
    elevation_sigma_rad=[3e-3, 3e-3, np.nan, np.nan],
    doppler_sigma_mps=[np.nan, 3.0, np.nan, np.nan],
)
SITES = [
    enu_frame(np.radians(lat), np.radians(lon), h)
    for lat, lon, h in zip(RADARS.lat_deg, RADARS.lon_deg, RADARS.height_m, strict=True)
]
DENSITY = uniform_clutter_density(20.0, 400e3, 2 * np.pi, 0.5)
TENTATIVE, CONFIRMED, ENDED = 0, 1, 2


def seen_by(sensor: int, position: Any, time_s: float, detection_id: int, **more: Any) -> Detections:
    r, azimuth, elevation = measure(np.atleast_2d(position), SITES[sensor], WORLD)
    if np.isnan(RADARS.elevation_sigma_rad[sensor]):
        elevation = elevation * np.nan
    ids = detection_id + np.arange(len(r))
    return Detections.make(
        detection_id=ids,
        time_s=time_s,
        sensor_id=sensor,
        range_m=r,
        azimuth_rad=azimuth,
        elevation_rad=elevation,
        **more,
    )


def look(state: TrackerState, plots: Detections, time_s: float, **more: Any) -> tuple[TrackerState, Tracks]:
    settings = {"sensors": RADARS, "world": WORLD, "detection_probability": 0.9, "clutter_density": DENSITY} | more
    return step(state, plots, time_s=time_s, **settings)


def straight(time_s: float) -> np.ndarray:
    return np.array([60e3 + 200.0 * time_s, 80e3 - 100.0 * time_s, 7_000.0])


def followed(scans: int, sensor: int = 0, **more: Any) -> tuple[TrackerState, Tracks]:
    state, tracks = initial_state(), Tracks.make(0)
    for k in range(scans):
        time = PERIOD * k + 3.0
        state, tracks = look(
            state, seen_by(sensor, straight(time), time, k), PERIOD * (k + 1), sensor_id=sensor, **more
        )
    return state, tracks


def test_an_aircraft_in_straight_flight_is_confirmed_by_its_third_plot_and_keeps_its_number() -> None:
    state, tracks = followed(3)
    assert (tracks.track_id.tolist(), tracks.status.tolist()) == ([0], [CONFIRMED])
    state, tracks = followed(8)
    assert len(state) == 1
    assert tracks.track_id.tolist() == [0]
    one_metre_per_second, ten_metres = 1.0, 10.0
    assert np.abs(state.mean[0, 0, 3:] - [200.0, -100.0, 0.0]).max() < one_metre_per_second
    assert np.abs(state.mean[0, 0, :3] - straight(PERIOD * 7 + 3.0)).max() < ten_metres


def test_a_row_tells_the_same_place_in_both_frames() -> None:
    _, tracks = followed(5)
    again = geodetic_to_enu(WORLD, np.radians(tracks.lat_deg), np.radians(tracks.lon_deg), tracks.altitude_m)
    one_millimetre = 1e-3
    assert np.abs(again - np.column_stack([tracks.x_m, tracks.y_m, tracks.z_m])).max() < one_millimetre
    assert tracks.time_s.tolist() == [PERIOD * 4 + 3.0]
    assert tracks.detection_id.tolist() == [4]


def test_one_plot_never_confirms_even_where_there_is_no_clutter() -> None:
    _, tracks = look(initial_state(), seen_by(0, straight(3.0), 3.0, 0), PERIOD, clutter_density=0.0)
    assert tracks.status.tolist() == [TENTATIVE]
    assert tracks.existence[0] == TrackerParams().birth_existence_max


def test_a_plot_without_height_starts_a_track_of_unknown_height_that_is_confirmed_all_the_same() -> None:
    state, tracks = followed(6, sensor=3, clutter_density=uniform_clutter_density(20.0, 400e3, 2 * np.pi))
    assert tracks.status.tolist() == [CONFIRMED]
    assert np.sqrt(state.covariance[0, 0, 2, 2]) > 2_000.0
    five_sigma = 5.0 * np.sqrt(np.diag(state.covariance[0, 0])[:3])
    assert (np.abs(state.mean[0, 0, :3] - straight(PERIOD * 5 + 3.0)) < five_sigma).all()


@pytest.mark.parametrize(("range_m", "sigma_m"), [(100e3, 4_000.0), (6e3, 3_000.0)])
def test_a_new_track_without_height_is_unsure_of_it_by_the_prior_or_half_the_range(
    range_m: float, sigma_m: float
) -> None:
    plot = Detections.make(detection_id=[0], sensor_id=3, time_s=0.0, range_m=range_m, azimuth_rad=0.0)
    state, _ = look(initial_state(), plot, 1.0, clutter_density=1e-6)
    along = state.mean[0, 0, :3] / range_m
    spread = state.covariance[0, 0, :3, :3]
    assert np.sqrt(spread[2, 2]) == pytest.approx(sigma_m, rel=0.02)
    assert np.sqrt(along @ spread @ along) == pytest.approx(50.0, rel=0.02)
    assert np.linalg.norm(state.mean[0, 0, :3]) == pytest.approx(range_m, rel=1e-9)


def test_a_new_track_at_a_reported_position_without_height_gets_the_prior_height() -> None:
    from chainhome.earth import enu_to_geodetic

    plot = Detections.make(detection_id=[0], sensor_id=2, time_s=0.0, x_m=150e3, y_m=-200e3, range_sigma_m=30.0)
    state, _ = look(initial_state(), plot, 1.0, clutter_density=1e-12)
    one_metre = 1.0
    assert abs(enu_to_geodetic(WORLD, state.mean[0, 0, :3])[2] - 6_000.0) < one_metre
    assert np.sqrt(state.covariance[0, 0, 2, 2]) == pytest.approx(4_000.0, rel=0.01)


def test_a_flight_level_gives_height_to_a_radar_that_measures_none() -> None:
    state = initial_state()
    from chainhome.earth import enu_to_geodetic

    for k in range(6):
        time = PERIOD * k + 3.0
        height = enu_to_geodetic(WORLD, straight(time))[2]
        state, _ = look(state, seen_by(3, straight(time), time, k, flight_level_m=float(height)), PERIOD * (k + 1))
    assert np.sqrt(state.covariance[0, 0, 2, 2]) < TrackerParams().flight_level_sigma_m
    fifty_metres = 50.0
    assert np.abs(state.mean[0, 0, :3] - straight(PERIOD * 5 + 3.0)).max() < fifty_metres


def test_a_range_rate_tells_a_new_track_how_fast_it_closes() -> None:
    position = np.array([[0.0, 150e3, 3_000.0]])
    state, _ = look(initial_state(), seen_by(1, position, 3.0, 0, doppler_mps=-240.0), 10.0)
    sight = position[0] - geodetic_to_enu(WORLD, SITES[1].lat_rad, SITES[1].lon_rad, SITES[1].height_m)
    sight /= np.linalg.norm(sight)
    five_metres_per_second = 5.0
    assert abs(sight @ state.mean[0, 0, 3:] + 240.0) < five_metres_per_second
    assert sight @ state.covariance[0, 0, 3:, 3:] @ sight < five_metres_per_second**2


@pytest.mark.parametrize("with_height", [True, False])
def test_reported_positions_are_followed_like_plots(with_height: bool) -> None:
    state, tracks = initial_state(), Tracks.make(0)
    for k in range(5):
        x, y, z = straight(4.0 * k)
        given = {"x_m": x, "y_m": y, "z_m": z if with_height else np.nan, "range_sigma_m": 30.0}
        plot = Detections.make(detection_id=[k], time_s=4.0 * k, sensor_id=2, mode_s_address=0x4BA946, **given)
        state, tracks = look(state, plot, 4.0 * k + 1.0, clutter_density=1e-16 if with_height else 1e-12)
    assert tracks.status.tolist() == [CONFIRMED]
    assert state.mode_s_address.tolist() == [0x4BA946]
    assert np.abs(state.mean[0, 0, 3:5] - [200.0, -100.0]).max() < 1.0
    assert (np.sqrt(state.covariance[0, 0, 2, 2]) < 30.0) == with_height


def test_a_miss_lowers_existence_by_its_probability_and_leaves_the_estimate() -> None:
    before, _ = followed(6)
    state, tracks = look(before, Detections.make(0), PERIOD * 7, sensor_id=0, detection_probability=0.6)
    faded = before.existence * np.exp(-PERIOD / TrackerParams().mean_life_s)
    seen = 0.6 * TrackerParams().gate_probability
    assert state.existence == pytest.approx(faded * (1 - seen) / (1 - seen * faded), rel=1e-12)
    assert (tracks.detection_id.tolist(), tracks.time_s.tolist()) == ([-1], [PERIOD * 7])
    assert np.array_equal(state.mean, before.mean)
    assert state.time_s.tolist() == before.time_s.tolist()


def test_a_sure_track_lives_through_three_misses_and_ends_with_the_fourth() -> None:
    state, _ = followed(8)
    statuses = []
    for k in range(4):
        state, tracks = look(state, Detections.make(0), PERIOD * (9 + k), sensor_id=0, detection_probability=0.99)
        statuses += tracks.status.tolist()
    assert statuses == [CONFIRMED, CONFIRMED, CONFIRMED, ENDED]
    assert len(state) == 0


def test_a_track_out_of_sight_coasts_without_blame_until_nobody_knows_where_it_is() -> None:
    state, _ = followed(8)
    sure = state.existence[0]
    rows, scans = Tracks.make(0), 8
    while len(state):
        scans += 1
        state, rows = look(state, Detections.make(0), PERIOD * scans, sensor_id=0, detection_probability=0.0)
        if len(state):
            assert len(rows) == 0
            assert state.existence[0] == pytest.approx(sure * np.exp(-PERIOD * (scans - 8) / 3600.0), rel=1e-9)
    assert rows.status.tolist() == [ENDED]
    limit = TrackerParams().max_position_sigma_m
    assert np.sqrt(rows.covariance[0].diagonal()[:2].max()) > limit
    assert 24.0 < PERIOD * (scans - 8) < 120.0


def test_probability_of_detection_is_asked_for_where_the_track_will_be() -> None:
    asked = []

    def probability(position: np.ndarray, sensor_id: int, time_s: float) -> np.ndarray:
        asked.append((position, sensor_id, time_s))
        return np.full(len(position), 0.5)

    state, _ = followed(6)
    look(state, Detections.make(0), PERIOD * 7, sensor_id=0, detection_probability=probability)
    position, sensor_id, time = asked[0]
    fifty_metres = 50.0
    assert (position.shape, sensor_id, time) == ((1, 3), 0, PERIOD * 7)
    assert np.abs(position[0] - straight(PERIOD * 7)).max() < fifty_metres


def test_false_plots_alone_confirm_next_to_nothing() -> None:
    rng = np.random.default_rng(3)
    state, confirmed = initial_state(), set()
    for k in range(40):
        n = rng.poisson(20)
        azimuth = rng.uniform(0, 2 * np.pi, n)
        plots = Detections.make(
            detection_id=100 * k + np.arange(n),
            time_s=PERIOD * (k + azimuth / (2 * np.pi)),
            sensor_id=0,
            range_m=rng.uniform(1e3, 400e3, n),
            azimuth_rad=azimuth,
            elevation_rad=rng.uniform(0, 0.5, n),
        )
        state, tracks = look(state, plots, PERIOD * (k + 1), sensor_id=0)
        confirmed |= set(tracks.track_id[tracks.status == CONFIRMED].tolist())
    assert len(confirmed) <= 1


def test_a_young_track_takes_no_plot_from_a_sure_one_that_manoeuvres() -> None:
    state, _ = followed(6)
    time = PERIOD * 6 + 3.0
    aside = np.array([0.0, 3_500.0, 0.0])
    state, _ = look(state, seen_by(0, [straight(time), straight(time) + aside], time, 80), PERIOD * 7)
    assert state.status.tolist() == [CONFIRMED, TENTATIVE]
    time = PERIOD * 7 + 3.0
    turned = straight(time) + np.array([0.0, 2_500.0, 0.0])
    state, _ = look(state, seen_by(0, turned, time, 90), PERIOD * 8)
    assert state.last_detection_id[state.track_id == 0].tolist() == [90]


def test_an_unlikely_newcomer_among_much_clutter_earns_its_existence() -> None:
    state = initial_state()
    grown = []
    for k in range(5):
        time = PERIOD * k + 3.0
        density = uniform_clutter_density(200.0, 400e3, 2 * np.pi)
        state, _ = look(state, seen_by(3, straight(time), time, k), PERIOD * (k + 1), clutter_density=density)
        grown.append(float(state.existence[0]))
    assert len(state) == 1
    assert grown == sorted(grown)
    assert grown[0] < 2e-4
    assert grown[1] < 0.1
    assert grown[4] > 0.95


@pytest.mark.parametrize("load", [0.5, 1.0, 2.0, 3.0, 4.0])
def test_a_fighter_turning_back_inside_a_twelve_second_scan_is_not_lost(load: float) -> None:
    speed, n, scans = 250.0, 12, 20
    turn = load * 9.80665 / speed
    start = 100.0 + PERIOD * np.arange(n) / n
    place, rng = 2 * np.pi * np.arange(n) / n, np.random.default_rng(int(10 * load))
    centre = np.column_stack([150e3 * np.cos(place), 150e3 * np.sin(place), np.full(n, 5_000.0)])
    state, first, last = initial_state(), {}, {}
    for k in range(scans):
        time = PERIOD * k + 6.0
        angle = np.clip((time - start) * turn, 0.0, np.pi)
        after = np.maximum(time - start - np.pi / turn, 0.0)
        x = speed * (np.minimum(time, start) - after) + speed / turn * np.sin(angle)
        position = centre + np.column_stack([x, speed / turn * (1 - np.cos(angle)), np.zeros(n)])
        exact = seen_by(0, position, time, n * k)
        noise = rng.normal(size=(3, n)) * np.array([[50.0], [2e-3], [3e-3]])
        plots = Detections.make(
            detection_id=exact.detection_id,
            time_s=time,
            sensor_id=0,
            range_m=exact.range_m + noise[0],
            azimuth_rad=exact.azimuth_rad + noise[1],
            elevation_rad=exact.elevation_rad + noise[2],
        )[rng.random(n) < 0.95]
        state, tracks = look(state, plots, PERIOD * (k + 1))
        for track, plot, status in zip(
            tracks.track_id.tolist(), tracks.detection_id.tolist(), tracks.status.tolist(), strict=True
        ):
            if plot >= 0 and status == CONFIRMED:
                first.setdefault(plot % n, track)
                last[plot % n] = track
    assert first == last
    assert len(first) == n


def test_a_target_in_the_north_keeps_its_track_when_plots_fall_on_either_side() -> None:
    state = initial_state()
    for k in range(10):
        position = np.array([150.0 * (-1.0) ** k, 90e3 - 2_400.0 * k, 5e3])
        state, _ = look(state, seen_by(0, position, PERIOD * k, k), PERIOD * k + 1.0)
        assert (len(state), state.track_id.tolist()) == (1, [0])
        azimuth_sigma_m, range_sigma_m = 2e-3 * position[1], 50.0
        assert abs(state.mean[0, 0, 0] - position[0]) < azimuth_sigma_m
        assert abs(state.mean[0, 0, 1] - position[1]) < range_sigma_m


def test_a_track_remembers_its_address_when_a_plot_comes_without() -> None:
    state = initial_state()
    for k, address in enumerate([-1, 0xABC, -1]):
        state, _ = look(
            state, seen_by(0, straight(PERIOD * k), PERIOD * k, k, mode_s_address=address), PERIOD * k + 1.0
        )
    assert state.mode_s_address.tolist() == [0xABC]


def test_a_different_address_forbids_and_the_same_one_draws() -> None:
    state = initial_state()
    here, there = np.array([50e3, 50e3, 8e3]), np.array([50.6e3, 50e3, 8e3])
    for k in range(5):
        plots = seen_by(0, [here, there], PERIOD * k, 2 * k, mode_s_address=[11, 22])
        state, _ = look(state, plots, PERIOD * k + 6.0)
    owner = dict(zip(state.mode_s_address.tolist(), state.track_id.tolist(), strict=True))
    exchanged = seen_by(0, [here, there], PERIOD * 5, 10, mode_s_address=[22, 11])
    trusted, _ = look(state, exchanged, PERIOD * 5 + 6.0)
    ignored, _ = look(state, exchanged, PERIOD * 5 + 6.0, params=TrackerParams(use_replies=False))
    assert dict(zip(trusted.last_detection_id.tolist(), trusted.track_id.tolist(), strict=True)) == {
        10: owner[22],
        11: owner[11],
    }
    assert dict(zip(ignored.last_detection_id.tolist(), ignored.track_id.tolist(), strict=True)) == {
        10: owner[11],
        11: owner[22],
    }
    alone = seen_by(0, [here], PERIOD * 5, 10, mode_s_address=33)
    stranger, _ = look(state, alone, PERIOD * 5 + 6.0)
    assert stranger.mode_s_address.tolist() == [11, 22, 33]


def test_a_code_decides_between_two_tracks_that_fit_alike() -> None:
    state = initial_state()
    here, there = np.array([50e3, 50e3, 8e3]), np.array([50.6e3, 50e3, 8e3])
    for k in range(5):
        state, _ = look(state, seen_by(0, [here, there], PERIOD * k, 2 * k, mode_3a=[0o1234, 0o4321]), PERIOD * k + 6.0)
    for code in (0o1234, 0o4321):
        after, _ = look(state, seen_by(0, [(here + there) / 2], PERIOD * 5, 10, mode_3a=code), PERIOD * 5 + 6.0)
        assert after.last_detection_id[after.mode_3a == code].tolist() == [10]


def test_two_passes_of_the_beam_in_one_scan_feed_one_track() -> None:
    state, _ = followed(6)
    early, late = PERIOD * 6 + 0.1, PERIOD * 7 - 0.1
    both = Detections.concat([seen_by(0, straight(early), early, 6), seen_by(0, straight(late), late, 7)])
    alone = [look(state, both[[i]], PERIOD * 7)[0].existence[0] for i in (0, 1)]
    state, tracks = look(state, both, PERIOD * 7)
    assert len(state) == 1
    assert state.time_s.tolist() == [late]
    assert tracks.track_id.tolist() == [0]
    assert state.existence[0] in alone  # one look is one proof of existence


def test_a_close_neighbour_in_the_same_pass_becomes_a_track_of_its_own() -> None:
    state, _ = followed(6)
    time = PERIOD * 6 + 3.0
    pair = seen_by(0, [straight(time), straight(time) + np.array([500.0, 0.0, 0.0])], time, 6)
    state, _ = look(state, pair, PERIOD * 7)
    assert len(state) == 2


def test_two_radars_whose_scans_overlap_share_one_track() -> None:
    first = [(PERIOD * k + 9.0, PERIOD * (k + 1), 0) for k in range(6)]
    second = [(10.0 * k + 1.0, 10.0 * (k + 1), 1) for k in range(7)]
    state = initial_state()
    for number, (time, end, sensor) in enumerate(sorted(first + second, key=lambda row: row[1])):
        more = {"doppler_mps": np.nan}
        state, _ = look(state, seen_by(sensor, straight(time), time, number, **more), end, sensor_id=sensor)
    assert len(state) == 1
    ten_metres = 10.0
    assert np.abs(state.mean[0, 0, :3] - straight(state.time_s[0])).max() < ten_metres
    assert state.time_s.tolist() == [69.0]


def test_a_plot_twelve_seconds_older_than_its_track_sharpens_the_present_and_does_not_drag_it_back() -> None:
    before, _ = followed(6)
    now = before.time_s[0]
    after, rows = look(before, seen_by(1, straight(now - 12.0), now - 12.0, 90), PERIOD * 6 + 1.0)
    assert len(after) == 1
    assert after.last_detection_id.tolist() == [90]
    assert (rows.time_s.tolist(), rows.detection_id.tolist()) == ([now], [90])
    ten_metres = 10.0
    assert np.abs(after.mean[0, 0, :3] - straight(now)).max() < ten_metres
    assert np.trace(after.covariance[0, 0]) < np.trace(before.covariance[0, 0])


def test_estimation_errors_are_as_large_as_the_covariance_says() -> None:
    rng, runs, q = np.random.default_rng(11), 150, (50.0, 5.0)
    grid = 30e3 * np.stack(np.meshgrid(np.arange(15.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    truth = np.column_stack([grid, np.full(runs, 5e3), rng.normal(size=(runs, 3)) * [200.0, 200.0, 30.0]])
    params = TrackerParams(horizontal_noise_m2ps3=q[0], vertical_noise_m2ps3=q[1], gate_probability=1 - 1e-12)
    from chainhome.tracking.model import process_noise, transition

    move, root = transition([4.0])[0], np.linalg.cholesky(process_noise([4.0], *q)[0])
    state = initial_state()
    for k in range(12):
        if k:
            truth = truth @ move.T + rng.normal(size=(runs, 6)) @ root.T
        x, y, z = (truth[:, :3] + 30.0 * rng.normal(size=(runs, 3))).T
        plots = Detections.make(
            detection_id=runs * k + np.arange(runs),
            time_s=4.0 * k,
            sensor_id=2,
            x_m=x,
            y_m=y,
            z_m=z,
            mode_s_address=range(runs),
        )
        state, _ = look(state, plots, 4.0 * k, params=params, clutter_density=1e-20)
    assert state.mode_s_address.tolist() == list(range(runs))
    off = state.mean[:, 0] - truth
    nees = np.einsum("ni,nij,nj->n", off, np.linalg.inv(state.covariance[:, 0]), off)
    from scipy.stats import chi2

    low, high = chi2.ppf([0.025, 0.975], 6 * runs) / runs
    assert low < nees.mean() < high


def test_a_step_changes_nothing_that_it_was_given_and_repeats_itself() -> None:
    state, _ = followed(4)
    kept = {
        name: np.copy(getattr(state, name)) for name in ("mean", "covariance", "existence", "time_s", "mode_s_address")
    }
    plot = seen_by(0, straight(51.0), 51.0, 4, mode_s_address=5)
    (one, rows), (two, again) = look(state, plot, 60.0), look(state, plot, 60.0)
    assert all(np.array_equal(value, getattr(state, name)) for name, value in kept.items())
    assert np.array_equal(one.mean, two.mean)
    assert np.array_equal(rows.covariance, again.covariance)


def test_time_without_a_look_only_passes() -> None:
    state, _ = followed(4)
    after, rows = look(state, Detections.make(0), PERIOD * 4 + 6.0)
    assert len(rows) == 0
    assert after.existence[0] == pytest.approx(state.existence[0] * np.exp(-6.0 / 3600.0))


@pytest.mark.parametrize(
    ("plots", "more", "message"),
    [
        (Detections.make(sensor_id=[0, 1], time_s=49.0), {}, "one sensor"),
        (Detections.make(sensor_id=[9], time_s=49.0), {}, "sensor_id 9 has 0 rows"),
        (Detections.make(0), {"time_s": 10.0}, "before the tracker's clock"),
        (Detections.make(sensor_id=[0], time_s=99.0), {}, "after the end of its look"),
        (Detections.make(0), {"detection_probability": 1.5, "sensor_id": 0}, "between 0 and 1"),
        (Detections.make(sensor_id=[0], time_s=49.0), {"clutter_density": -1.0}, "must not be negative"),
        (Detections.make(sensor_id=[0], time_s=49.0), {"sensor_id": 1}, "one sensor"),
    ],
)
def test_what_cannot_be_a_look_is_refused(plots: Detections, more: dict[str, Any], message: str) -> None:
    state, _ = followed(4)
    with pytest.raises(ValueError, match=message):
        look(state, plots, **({"time_s": 60.0} | more))


def test_a_state_of_several_models_is_refused_by_this_engine() -> None:
    with pytest.raises(ValueError, match="2 motion models"):
        look(initial_state(models=2), Detections.make(0), 1.0)


@pytest.mark.parametrize(
    "given", [{"gate_probability": 1.0}, {"end_existence": 0.99}, {"drop_existence": 0.5}, {"mean_life_s": 0.0}]
)
def test_settings_that_cannot_work_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(UseError, match="tracker: "):
        TrackerParams(**given)  # type: ignore[arg-type]


def test_every_scan_of_every_sensor_is_one_look_in_the_order_of_the_ends() -> None:
    plots = Detections.make(time_s=[0.5, 3.0, 4.0, 11.9, 12.0], sensor_id=[0, 2, 2, 0, 0])
    looks = looks_of(plots, RADARS[[0, 2]], start_s=0.0, end_s=12.0)
    found = [(one.time_s, one.sensor_id, one.rows.tolist()) for one in looks]
    assert found == [(4.0, 2, [1]), (8.0, 2, [2]), (12.0, 0, [0, 3]), (12.0, 2, []), (24.0, 0, [4])]


@pytest.mark.parametrize(
    ("time", "sensor", "message"), [(-1.0, 0, "expected 0.0 to 12.0 s"), (1.0, 7, "sensor_id 7, which is not")]
)
def test_a_plot_that_belongs_to_no_look_is_refused(time: float, sensor: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        looks_of(Detections.make(time_s=[time], sensor_id=sensor), RADARS, start_s=0.0, end_s=12.0)

"""One radar and a few aircraft over a smooth earth: keys of draws, sectors, replies, heights and false alarms."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainhome import earth, motion, sensors
from chainhome.catalogue import load as load_catalogue
from chainhome.constants import FOOT_M
from chainhome.motion import thy1920
from chainhome.scenario import Scenario, parse
from chainhome.scenario.reading import gas_beyond_reference_db
from chainhome.sensors import Interrogator, Transponder
from chainhome.simulate import observe
from chainhome.simulate import run as engine
from chainhome.simulate.observe import Observer, false_alarms, look, look_keys, observer, plots_of
from chainhome.simulate.world import fly, sensors_table, world_frame
from chainhome.tables import (
    ALLEGIANCES,
    LIMITS,
    SECURE_REPLIES,
    TRACK_STATUSES,
    Detections,
    Floats,
    Identities,
    Looks,
    Tracks,
    Truth,
)

TEXT = """
title = "small"
start = 2019-11-25T09:00:00Z
length = "5 min"
origin = "39.0, 31.0"
terrain = "none"
false_alarms = 40

[[battery]]
name = "North"
system = "s-400"
site = "murted"
boresight = "300 deg"
engagement = { period = "6 s" }
interrogator = { modes = ["mode-3a", "mode-c", "mode-s"], keys = [] }

[[aircraft]]
name = "Airliner"
class = "airliner"
allegiance = "neutral"
iff = { modes = ["mode-3a", "mode-c", "mode-s"], code = "4301", address = "4B8401" }
route = [
  { lat = 40.5, lon = 32.0, height = "9000 m", speed = "230 m/s" },
  { lat = 41.5, lon = 31.0, height = "9000 m", speed = "230 m/s" },
]

[[aircraft]]
name = "Old"
class = "f-4"
allegiance = "friend"
iff = { modes = ["mode-3a", "mode-c"], keys = ["nato"], code = "4302" }
route = [
  { lat = 39.5, lon = 33.0, height = "6000 m", speed = "230 m/s" },
  { lat = 38.9, lon = 33.5, height = "6000 m", speed = "230 m/s" },
]

[[recording]]
file = "thy1920"
shift = 2019-11-25T09:01:00Z
"""
CATALOGUE = load_catalogue()
BOTH_RADARS = (0, 1)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return parse(TEXT, "small.toml", CATALOGUE)


class World(SimpleNamespace):
    """The tables before any radar looks."""


@pytest.fixture(scope="module")
def world(scenario: Scenario) -> World:
    frame = world_frame(scenario)
    targets, truth = fly(scenario, frame)
    return World(frame=frame, targets=targets, truth=truth, table=sensors_table(scenario, frame))


def watch(scenario: Scenario, world: World, number: int = 0, *, seed: int = 1, replication: int = 0) -> Observer:
    return observer(scenario, scenario.posts[number], world.table, world.targets, None, seed, replication)


def looks_of(watcher: Observer, world: World, end_s: float = 300.0) -> Looks:
    return look(watcher, motion.index(world.truth), world.frame, 0.0, end_s)[0]


def test_every_part_of_a_key_changes_the_draws_of_looks(scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world)
    scan, target = np.arange(50), np.zeros(50, np.int64)
    own = look_keys(watcher, scan, target)
    assert len(np.unique(own)) == 50
    others = [
        look_keys(replace(watcher, seed=2), scan, target),
        look_keys(replace(watcher, replication=1), scan, target),
        look_keys(watch(scenario, world, 1), scan, target),
        look_keys(watcher, scan, target + 1),
    ]
    for other in others:
        assert not np.isin(other, own).any()


def test_the_spread_of_cross_sections_is_drawn_from_seed_and_replication(scenario: Scenario, world: World) -> None:
    first = watch(scenario, world).rcs.spread
    np.testing.assert_array_equal(first, watch(scenario, world).rcs.spread)
    # It belongs to the target, so both radars see the same.
    np.testing.assert_array_equal(first, watch(scenario, world, 1).rcs.spread)
    assert (first != watch(scenario, world, seed=2).rcs.spread).mean() > 0.5
    assert (first != watch(scenario, world, replication=1).rcs.spread).mean() > 0.5


def test_false_alarms_depend_on_seed_replication_and_radar(scenario: Scenario, world: World) -> None:
    drawn = [
        false_alarms(watcher, 0.0, 300.0).range_m
        for watcher in (
            watch(scenario, world),
            watch(scenario, world, seed=2),
            watch(scenario, world, replication=1),
            watch(scenario, world, 1),
        )
    ]
    assert len(np.unique(drawn[0])) == len(drawn[0]) > 500
    for other in drawn[1:]:
        assert not np.isin(other, drawn[0]).any()


@pytest.mark.parametrize("number", BOTH_RADARS)
def test_false_alarms_fill_the_sector_evenly_and_nothing_else(number: int, scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world, number)
    false = false_alarms(watcher, 0.0, 1_200.0)
    centre, width = watcher.post.boresight_rad, watcher.post.figures.sector_width_rad
    if np.isnan(width):
        centre, width = np.pi, 2 * np.pi
    share = sensors.scan.wrap(false.azimuth_rad - centre) / width
    assert np.abs(share).max() <= 0.5 + 1e-9
    quarters = np.histogram(share, bins=4, range=(-0.5, 0.5))[0]
    four_sigma = 4 * np.sqrt(len(false) / 4)
    assert np.abs(quarters - len(false) / 4).max() < four_sigma
    scans = 1_200.0 / watcher.post.figures.period_s
    assert len(false) == pytest.approx(scans * watcher.post.false_alarms_per_scan, rel=0.15)
    assert np.all(false.range_m <= watcher.row.max_range_m[0])
    # The beam is where the false alarm is: the time within the scan is the share of the turn.
    turn = np.mod(false.time_s / watcher.post.figures.period_s, 1.0)
    assert np.allclose(turn, share + 0.5, atol=1e-9)


def test_a_radar_that_stares_looks_only_along_its_boresight(scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world, 1)
    seen = looks_of(watcher, world)
    assert 0 in seen.target_id
    assert 1 not in seen.target_id  # it flies to the south-east
    off = np.abs(sensors.scan.wrap(seen.azimuth_rad - np.radians(300.0)))
    assert off.max() <= 0.5 * watcher.post.figures.sector_width_rad + 1e-6
    assert set(looks_of(watch(scenario, world), world).target_id.tolist()) >= {0, 1}


def made_looks(limits: list[str], detected: list[bool], targets: list[int]) -> Looks:
    n = len(limits)
    return Looks.make(
        n,
        time_s=np.arange(n) * 1.0,
        sensor_id=0,
        scan=np.arange(n),
        target_id=targets,
        range_m=100e3,
        azimuth_rad=1.0,
        elevation_rad=0.05,
        snr_db=20.0,
        limit=[LIMITS.index(name) for name in limits],
        detected=detected,
    )


def test_a_transponder_behind_the_ground_or_outside_the_sector_is_not_heard(scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world)
    for name in ("terrain", "horizon", "sector", "instrumented"):
        hidden = made_looks([name] * 200, [False] * 200, [0] * 200)
        plots, heard = plots_of(watcher, hidden, np.full(200, 9_000.0), Interrogator())
        assert (len(plots), len(heard)) == (0, 0)
    weak = made_looks(["sensitivity"] * 200, [False] * 200, [0] * 200)
    plots, _ = plots_of(watcher, weak, np.full(200, 9_000.0), None)
    assert 180 < len(plots) <= 200
    assert np.isnan(plots.elevation_rad).all()  # a reply carries no elevation
    assert np.isnan(plots.elevation_sigma_rad).all()
    assert np.isnan(plots.snr_db).all()


def test_replies_carry_code_address_and_the_height_above_the_sea_in_steps(scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world)
    n = 400
    altitude = np.linspace(5_000.0, 9_000.0, n)
    modern, _ = plots_of(watcher, made_looks(["sensitivity"] * n, [True] * n, [0] * n), altitude, None)
    old, _ = plots_of(watcher, made_looks(["sensitivity"] * n, [True] * n, [1] * n), altitude, None)
    assert set(modern.mode_s_address.tolist()) == {-1, 0x4B8401}
    assert set(old.mode_s_address.tolist()) == {-1}
    assert (set(modern.mode_3a.tolist()), set(old.mode_3a.tolist())) == ({-1, 4301}, {-1, 4302})
    for plots, step_ft in ((modern[modern.mode_s_address >= 0], 25.0), (old[old.mode_3a >= 0], 100.0)):
        step_m = step_ft * FOOT_M
        true = altitude[plots.time_s.astype(int)]
        assert np.abs(plots.flight_level_m - true).max() <= 0.5 * step_m + 1e-6
        assert np.allclose(np.mod(plots.flight_level_m / step_m + 0.5, 1.0), 0.5, atol=1e-6)


def test_the_errors_of_a_plot_are_independent_and_as_large_as_it_says(scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world)
    n = 4_000
    looks = made_looks(["sensitivity"] * n, [True] * n, [1] * n)
    plots, _ = plots_of(watcher, looks, np.full(n, 6_000.0), None)
    errors = np.array(
        [
            (plots.range_m - 100e3) / plots.range_sigma_m,
            (plots.azimuth_rad - 1.0) / plots.azimuth_sigma_rad,
            (plots.elevation_rad - 0.05) / plots.elevation_sigma_rad,
        ]
    )
    rows = np.isfinite(errors).all(axis=1)
    errors = errors[rows]
    four_sigma = 4.0 / np.sqrt(n)
    assert np.abs(errors.mean(axis=1)).max() < four_sigma
    assert np.abs(errors.std(axis=1) - 1.0).max() < four_sigma
    # Neither among each other nor with what decides the look (lane 0) or its reply.
    keys = look_keys(watcher, looks.scan, looks.target_id)
    from chainhome import draws

    lanes = np.array([draws.normal(keys, lane) for lane in (observe.DECIDE, observe.SECURE, observe.MODE_A)])
    table = np.corrcoef(np.vstack([errors, lanes]))
    assert np.abs(table - np.eye(len(table))).max() < 1.2 * four_sigma


def test_the_lanes_of_a_look_are_all_different() -> None:
    names = ("DECIDE", "SECURE", "MODE_A", "MODE_S", "RANGE", "AZIMUTH", "ELEVATION")
    assert len({getattr(observe, name) for name in names}) == len(names)
    assert observe.DECIDE == 0  # the lane by which `evaluate_looks` decides
    assert len({observe.LOOK_KEY, observe.RCS_KEY, observe.FALSE_KEY}) == 3


def test_what_the_compared_interrogator_hears_is_its_own(scenario: Scenario, world: World) -> None:
    watcher = watch(scenario, world)
    nato = Interrogator(frozenset({"mode-5"}), frozenset({"nato"}))
    answers = (
        Transponder(frozenset({"mode-5"}), frozenset({"nato"})),
        Transponder(frozenset({"mode-5"}), frozenset({"x"})),
    )
    watcher = replace(watcher, transponders=answers)
    n = 300
    for target, expected in ((0, "valid"), (1, "none")):
        looks = made_looks(["sensitivity"] * n, [True] * n, [target] * n)
        plots, heard = plots_of(watcher, looks, np.full(n, 6_000.0), nato)
        assert set(plots.secure_reply.tolist()) == {SECURE_REPLIES.index("not_asked")}  # as fielded it has no keys
        assert (heard == SECURE_REPLIES.index(expected)).mean() > 0.95
        # The draw of the reply is not that of the detection.
        keys = look_keys(watcher, looks.scan, looks.target_id)
        from chainhome import draws

        if expected == "valid":
            quiet = heard != SECURE_REPLIES.index("valid")
            np.testing.assert_array_equal(quiet, draws.uniform(keys, observe.SECURE) >= 0.98)


def test_gas_costs_only_the_difference_from_the_reference_path(scenario: Scenario, world: World) -> None:
    """At the range and height of the claim the loss is nil; twice as far it is more, half as far less."""
    watcher = watch(scenario, world)
    reference_m = watcher.post.figures.reference_range_m
    ground = np.array([reference_m, 2.0 * reference_m, 0.5 * reference_m])
    altitude = np.full(3, watcher.surface.site_ground_m + 10_000.0)
    loss = gas_beyond_reference_db(watcher.post.figures, watcher.surface, altitude, ground)
    assert abs(loss[0]) < 1e-9
    assert loss[1] > 0.1
    assert loss[2] < -0.1


def test_a_sensor_stands_on_its_ground_in_the_world_of_the_origin(scenario: Scenario, world: World) -> None:
    place = scenario.posts[0].place
    np.testing.assert_allclose(world.table.height_m, place.ground_m + 24.0)
    at = earth.geodetic_to_enu(world.frame, place.lat_rad, place.lon_rad, place.ground_m + 24.0)
    got = np.column_stack([world.table.x_m, world.table.y_m, world.table.z_m])
    np.testing.assert_allclose(got, np.broadcast_to(at, got.shape), atol=1e-6)
    assert world.table.sector_centre_rad[1] == pytest.approx(np.radians(300.0))
    assert world.table.period_s.tolist()[1] == 6.0


def test_a_crossing_aircraft_has_the_range_rate_of_the_radar_s_own_north(scenario: Scenario, world: World) -> None:
    """The world's origin lies 180 km away, where north points one degree elsewhere: 4 m/s for one that crosses."""
    watcher = watch(scenario, world)
    time = np.arange(0.0, 41.0, 2.0)
    local = np.column_stack([250.0 * time - 5e3, 0 * time + 60e3, 0 * time + 8e3])
    place = earth.to_enu(world.frame, earth.from_enu(watcher.frame, local))
    names = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
    columns = [*place.T, *np.gradient(place, time, axis=0).T]
    truth = Truth.make(time_s=time, target_id=0, **dict(zip(names, columns, strict=True)))
    seen, _ = look(watcher, motion.index(truth), world.frame, 0.0, 40.0)
    assert len(seen) >= 3
    east = 250.0 * seen.time_s - 5e3
    one_tenth_mps = 0.1
    assert np.abs(seen.radial_speed_mps - 250.0 * east / seen.range_m).max() < one_tenth_mps


def test_a_recording_starts_when_the_scenario_says_and_answers_in_octal_digits(world: World) -> None:
    row = world.targets.name == "THY1920"
    assert world.targets.born_s[row][0] == pytest.approx(60.0, abs=2.0)
    assert world.targets.mode_3a[row].tolist() == [int(f"{thy1920.MODE_3A:o}")]
    assert world.targets.icao_address[row].tolist() == [thy1920.ICAO_ADDRESS]


def test_a_radar_reaches_its_instrumented_range_or_twice_the_published_one() -> None:
    from chainhome.simulate.world import _max_range_m

    assert (_max_range_m(400e3, 390e3), _max_range_m(np.nan, 390e3)) == (400e3, 780e3)


def test_combat_aircraft_pull_three_g_at_most(scenario: Scenario) -> None:
    calm, fast = scenario.flights
    assert calm.limits.max_load_factor == motion.FlightLimits().max_load_factor
    assert fast.limits.max_load_factor == 3.0


def chain_of(scenario: Scenario, world: World) -> Any:
    watchers = [watch(scenario, world, number) for number in BOTH_RADARS]
    return engine._chain(scenario, watchers, world.table, world.targets, world.frame), watchers


def test_the_flight_plans_name_neutral_aircraft_and_only_if_there_are_any(scenario: Scenario, world: World) -> None:
    chain, _ = chain_of(scenario, world)
    neutral = world.targets.allegiance == ALLEGIANCES.index("neutral")
    assert chain.known_addresses.tolist() == world.targets.icao_address[neutral].tolist()
    assert chain.known_codes.tolist() == world.targets.mode_3a[neutral].tolist()
    none, _ = chain_of(replace(scenario, flight_plans=False), world)
    assert (len(none.known_addresses), len(none.known_codes)) == (0, 0)


def test_the_tracker_expects_nothing_outside_sector_range_and_view(scenario: Scenario, world: World) -> None:
    chain, watchers = chain_of(scenario, world)
    frame = watchers[1].frame

    def expected(azimuth_deg: float, range_m: float, up_m: float, sensor_id: int) -> float:
        a = np.radians(azimuth_deg)
        local: Floats = np.array([[range_m * np.sin(a), range_m * np.cos(a), up_m]])
        place = earth.to_enu(world.frame, earth.from_enu(frame, local))
        probability = chain.tracker.watchers[chain.tracker.row_of[sensor_id]].probability
        assert callable(probability)
        return float(np.asarray(probability(place, sensor_id, 0.0))[0])

    assert expected(300.0, 60e3, 8_000.0, 1) > 0.8
    assert expected(120.0, 60e3, 8_000.0, 1) == 0.0
    assert expected(120.0, 60e3, 8_000.0, 0) > 0.8
    assert expected(300.0, 60e3, -1_000.0, 0) == 0.0
    assert expected(300.0, 5_000e3, 8_000.0, 0) == 0.0
    assert expected(300.0, 60e3, 8_000.0, 0) <= engine.BEST_EXPECTED_PD


def test_no_plot_falls_after_the_end_of_the_run(scenario: Scenario, world: World) -> None:
    watchers = [watch(scenario, world, number) for number in BOTH_RADARS]
    cut = replace(scenario, length_s=97.0)
    quiet: Any = lambda stage, share: None  # noqa: E731
    _, plots, heard = engine._sense(cut, watchers, motion.index(world.truth), world.frame, quiet)
    assert plots.time_s.max() < 97.0
    assert (plots.target_id == -1).sum() > 100
    assert len(heard) == len(plots)
    assert plots.detection_id.tolist() == list(range(len(plots)))
    level = plots[(plots.target_id == 0) & np.isfinite(plots.flight_level_m)].flight_level_m
    assert np.abs(level - 9_000.0).max() <= 50.0 * FOOT_M + 0.5


def test_events_tell_what_happened_first_and_what_changed(world: World) -> None:
    looks = Looks.make(
        time_s=[5.0, 1.0, 2.0, 3.0],
        sensor_id=[0, 0, 0, 1],
        target_id=[7, 7, 7, 7],
        range_m=[5.0, 1.0, 2.0, 3.0],
        detected=[True, False, True, True],
    )
    confirmed, ended = TRACK_STATUSES.index("confirmed"), TRACK_STATUSES.index("ended")
    tracks = Tracks.make(time_s=[4.0, 6.0, 9.0], track_id=3, status=[confirmed, confirmed, ended])
    friend, hostile = ALLEGIANCES.index("friend"), ALLEGIANCES.index("hostile")
    declared = Identities.make(time_s=[4.5, 5.5, 8.0], track_id=3, declared=[friend, friend, hostile])
    events = engine._events(world.targets, world.table, looks, tracks, declared)
    told = [(float(t), str(kind)) for t, kind in zip(events.time_s, events.kind, strict=True)]
    assert told == [
        (2.0, "first_detection"),
        (3.0, "first_detection"),
        (4.0, "track_confirmed"),
        (4.5, "declared_friend"),
        (8.0, "declared_hostile"),
        (9.0, "track_ended"),
    ]
    assert events.value[:2].tolist() == [2.0, 3.0]
    assert events.target_id[:2].tolist() == [7, 7]
    assert events.actor[:2].tolist() == world.table.name.tolist()
    assert events.track_id[2:].tolist() == [3, 3, 3, 3]


def test_a_chain_identifies_again_with_what_the_comparison_heard(scenario: Scenario, world: World) -> None:
    chain, _ = chain_of(scenario, world)
    plots = Detections.make(time_s=[1.0], detection_id=[0], sensor_id=0, secure_reply=SECURE_REPLIES.index("not_asked"))
    tracks = Tracks.make(time_s=[1.0], track_id=[4], detection_id=[0], status=TRACK_STATUSES.index("confirmed"))
    heard = np.array([SECURE_REPLIES.index("valid")], np.int8)
    again = engine._identify_again(chain, plots, heard, tracks)
    assert again.declared.tolist() == [ALLEGIANCES.index("friend")]

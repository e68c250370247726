import numpy as np
import pytest

from chainhome import earth
from chainhome.errors import UseError
from chainhome.motion import FlightLimits, Route, interpolate, route_truth, turn_radius_m
from chainhome.tables import Truth

WORLD = earth.enu_frame(np.radians(40.0789), np.radians(32.5656), 843.0)
KNOT = 1852.0 / 3600.0
G = 9.80665


def race_track(repeat: bool = True, speed: tuple[float, ...] = (231.0, 231.0, 231.0, 231.0)) -> Route:
    return Route(
        lat_rad=np.radians([40.95, 40.1, 39.4, 40.2]),
        lon_rad=np.radians([31.9, 32.6, 33.3, 33.6]),
        height_m=np.array([6096.0, 6096.0, 1000.0, 3000.0]),
        speed_mps=np.array(speed),
        repeat=repeat,
    )


def positions(truth: Truth) -> np.ndarray:
    return np.column_stack([truth.x_m, truth.y_m, truth.z_m])


def velocities(truth: Truth) -> np.ndarray:
    return np.column_stack([truth.vx_mps, truth.vy_mps, truth.vz_mps])


@pytest.mark.parametrize("repeat", [False, True])
def test_velocity_is_the_derivative_of_position(repeat: bool) -> None:
    step_s, strongest_mps2 = 0.1, 2 * G
    truth = route_truth(race_track(repeat), 1, WORLD, start_s=0.0, end_s=2500.0, step_s=step_s)
    velocity = velocities(truth)
    between = np.diff(positions(truth), axis=0) / np.diff(truth.time_s)[:, None]
    error = np.linalg.norm(between - (velocity[1:] + velocity[:-1]) / 2, axis=1)
    # Where two pieces meet the acceleration jumps; elsewhere the two agree to the curvature of a step.
    jump = strongest_mps2 * step_s / 4
    smooth_pieces = 1e-3
    assert error.max() < jump
    assert np.quantile(error, 0.98) < smooth_pieces


def test_an_aircraft_flies_through_points_on_its_legs_at_the_stated_speed_and_height() -> None:
    truth = route_truth(race_track(repeat=False), 1, WORLD, start_s=100.0, end_s=1e6)
    lat, lon = np.radians(truth.lat_deg), np.radians(truth.lon_deg)
    one_centimetre = 0.01
    assert truth.time_s[0] == 100.0
    assert earth.inverse(lat[0], lon[0], np.radians(40.95), np.radians(31.9))[0] < one_centimetre
    assert earth.inverse(lat[-1], lon[-1], np.radians(40.2), np.radians(33.6))[0] < one_centimetre
    assert truth.altitude_m[0] == pytest.approx(6096.0, abs=one_centimetre)
    assert truth.altitude_m[-1] == pytest.approx(3000.0, abs=one_centimetre)
    flown, _ = earth.inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
    one_millimetre_per_second, chord_of_an_arc = 1e-3, 2e-2
    speed = flown / np.diff(truth.time_s)
    assert np.median(np.abs(speed - 231.0)) < one_millimetre_per_second
    assert np.abs(speed - 231.0).max() < chord_of_an_arc


def test_a_leg_is_a_geodesic() -> None:
    route = Route(np.radians([40.0, 43.0]), np.radians([27.0, 44.0]), np.full(2, 9e3), np.full(2, 250.0))
    truth = route_truth(route, 1, WORLD, start_s=0.0, end_s=1e5, step_s=100.0)
    lat, lon = np.radians(truth.lat_deg), np.radians(truth.lon_deg)
    from_start, _ = earth.inverse(lat[0], lon[0], lat, lon)
    to_end, _ = earth.inverse(lat, lon, lat[-1], lon[-1])
    one_millimetre = 1e-3
    assert np.ptp(from_start + to_end) < one_millimetre
    assert np.abs(from_start[:-1] - 250.0 * truth.time_s[:-1]).max() < one_millimetre


def test_a_turn_is_a_level_arc_at_the_bank_limit() -> None:
    route = Route(np.radians([40.0, 40.0, 40.6]), np.radians([32.0, 33.0, 33.0]), np.full(3, 5e3), np.full(3, 200.0))
    truth = route_truth(route, 1, WORLD, start_s=0.0, end_s=1e5, step_s=0.5)
    velocity = velocities(truth)
    inner = truth.time_s < truth.time_s[-1] - 1
    acceleration = np.linalg.norm(np.gradient(velocity[inner], 0.5, axis=0), axis=1)
    turning = acceleration > 1.0
    share_of_a_percent = 0.01
    assert acceleration[turning].max() == pytest.approx(G * np.tan(np.radians(30)), rel=share_of_a_percent)
    quarter_circle_s = np.pi / 2 * float(turn_radius_m(200.0, np.radians(30))) / 200.0
    one_step_each_end = 1.5
    assert abs(turning.sum() * 0.5 - quarter_circle_s) < one_step_each_end
    assert np.ptp(truth.altitude_m) < 1e-6


def test_a_turn_passes_inside_its_waypoint_by_the_radius_times_the_secant() -> None:
    corner = np.radians([40.0, 33.0])
    route = Route(np.radians([40.0, 40.0, 40.6]), np.radians([32.0, 33.0, 33.0]), np.full(3, 5e3), np.full(3, 200.0))
    truth = route_truth(route, 1, WORLD, start_s=0.0, end_s=1e5, step_s=0.05)
    miss = earth.inverse(np.radians(truth.lat_deg), np.radians(truth.lon_deg), *corner)[0].min()
    legs = earth.inverse(*corner, np.radians([40.0, 40.6]), np.radians([32.0, 33.0]))[1]
    half_turn = (np.pi - abs((legs[1] - legs[0] + np.pi) % (2 * np.pi) - np.pi)) / 2
    one_metre = 1.0
    assert abs(miss - float(turn_radius_m(200.0, np.radians(30))) * (1 / np.cos(half_turn) - 1)) < one_metre


def test_left_and_right_turns_mirror_each_other() -> None:
    equator = earth.enu_frame(0.0, 0.0, 0.0)
    flown = []
    for side in (1.0, -1.0):
        lat = np.radians([0.0, 0.0, side * 0.5])
        route = Route(lat, np.radians([-1.0, 0.0, 0.3]), np.full(3, 5e3), np.full(3, 200.0))
        flown.append(route_truth(route, 1, equator, start_s=0.0, end_s=1e5))
    one_millimetre = 1e-3
    np.testing.assert_allclose(flown[0].y_m, -flown[1].y_m, atol=one_millimetre)
    np.testing.assert_allclose(flown[0].x_m, flown[1].x_m, atol=one_millimetre)


def test_speed_changes_at_constant_acceleration_between_the_turns() -> None:
    route = Route(np.radians([40.0, 40.9]), np.radians([33.0, 33.0]), np.full(2, 0.0), np.array([200.0, 300.0]))
    truth = route_truth(route, 1, WORLD, start_s=0.0, end_s=1e5)
    leg_m, _ = earth.inverse(*np.radians([40.0, 33.0, 40.9, 33.0]))
    speed = np.linalg.norm(velocities(truth), axis=1)
    one_millimetre_per_second = 1e-3
    assert truth.time_s[-1] == pytest.approx(2 * float(leg_m) / 500.0)
    expected = 200.0 + (300.0**2 - 200.0**2) / (2 * float(leg_m)) * truth.time_s
    assert np.abs(speed - expected).max() < one_millimetre_per_second


def test_a_repeated_route_closes_on_itself() -> None:
    truth = route_truth(race_track(), 1, WORLD, start_s=0.0, end_s=6000.0, step_s=1.0)
    away = np.linalg.norm(positions(truth) - positions(truth)[0], axis=1)
    near = int(np.argmin(np.where(truth.time_s > 500, away, np.inf)))
    period_s = truth.time_s[near] - (positions(truth)[near] - positions(truth)[0]) @ velocities(truth)[0] / 231.0**2
    climb_mps, one_metre = 20.0, 1.0
    one_step_m = np.hypot(231.0 * (1 + 6096.0 / 6.36e6), climb_mps)
    assert away[near] < one_step_m
    laps = interpolate(truth, 1, np.arange(0.0, 900.0, 50.0) + period_s)[0]
    assert np.linalg.norm(laps - interpolate(truth, 1, np.arange(0.0, 900.0, 50.0))[0], axis=1).max() < one_metre
    assert np.linalg.norm(np.diff(positions(truth), axis=0), axis=1).max() < one_step_m


def test_height_stays_between_the_waypoints_and_the_vertical_acceleration_within_the_load_factor() -> None:
    limits = FlightLimits(max_load_factor=1.2)
    truth = route_truth(race_track(), 1, WORLD, start_s=0.0, end_s=3000.0, step_s=0.1, limits=limits)
    assert truth.altitude_m.min() >= 1000.0
    assert truth.altitude_m.max() <= 6096.0
    climb = np.diff(truth.altitude_m) / 0.1
    rounding = 1e-3
    assert np.abs(np.diff(climb) / 0.1).max() <= 0.2 * G + rounding


def test_the_rows_do_not_depend_on_when_the_route_starts() -> None:
    early = route_truth(race_track(), 1, WORLD, start_s=0.0, end_s=500.0)
    late = route_truth(race_track(), 1, WORLD, start_s=250.0, end_s=750.0)
    np.testing.assert_array_equal(early.x_m, late.x_m)
    np.testing.assert_array_equal(early.time_s + 250.0, late.time_s)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lat_rad": np.radians([40.0, 40.0, 40.05])}, r"waypoint 2: a turn of 90° at 250 m/s .* add a waypoint"),
        ({"lon_rad": np.radians([32.0, 33.0, 32.0])}, "waypoint 2: the route turns back by 180°"),
        ({"lon_rad": np.radians([32.0, 32.0, 33.0])}, "waypoints 1 and 2 are the same place"),
        ({"height_m": np.array([0.0, 40e3, 40e3])}, r"leg from waypoint 1 to 2: .* expected at most 100 m/s"),
        (
            {"speed_mps": np.array([100.0, 250.0, 900.0])},
            r"leg from waypoint 2 to 3: from 250 to 900 m/s within .* takes 8\.4 m",
        ),
        ({"speed_mps": np.array([100.0, -5.0, 100.0])}, "waypoint 2: speed = -5 m/s must be positive"),
        ({"height_m": np.array([0.0, np.nan, 0.0])}, "waypoint 2: height_m is not a number"),
    ],
)
def test_a_route_that_cannot_be_flown_names_the_waypoint(change: dict[str, np.ndarray], words: str) -> None:
    columns = {
        "lat_rad": np.radians([40.0, 40.0, 40.5]),
        "lon_rad": np.radians([32.0, 33.0, 33.0]),
        "height_m": np.full(3, 5e3),
        "speed_mps": np.full(3, 250.0),
    }
    if "lon_rad" in change:
        columns["lat_rad"] = np.radians([40.0, 40.0, 40.0])
    with pytest.raises(UseError, match=words):
        route_truth(Route(**(columns | change)), 1, WORLD, start_s=0.0, end_s=1e4)


def test_a_corner_in_height_too_sharp_for_the_load_factor_names_the_waypoint() -> None:
    route = Route(np.radians([40.0, 40.1, 40.2]), np.radians([32.0] * 3), np.array([0.0, 4e3, 0.0]), np.full(3, 250.0))
    with pytest.raises(UseError, match="waypoint 2: to go from 90 to -90 m/s of climb"):
        route_truth(route, 1, WORLD, start_s=0.0, end_s=1e4, limits=FlightLimits(max_load_factor=1.16))


def test_a_route_of_one_waypoint_or_without_time_is_refused() -> None:
    one = np.ones(1)
    with pytest.raises(UseError, match="expected at least 2"):
        Route(one, one, one, one)
    with pytest.raises(UseError, match="has no rows"):
        route_truth(race_track(), 1, WORLD, start_s=5.0, end_s=5.0)
    with pytest.raises(UseError, match="leave no turn"):
        FlightLimits(max_load_factor=1.0)

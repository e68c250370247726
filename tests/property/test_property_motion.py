import numpy as np
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from chainhome import earth
from chainhome.constants import EARTH_GRAVITATIONAL_PARAMETER_M3PS2 as MU
from chainhome.constants import EARTH_MEAN_RADIUS_M as RADIUS
from chainhome.errors import UseError
from chainhome.motion import Route, ballistic_arc, index, interpolate, minimum_burnout_speed_mps, route_truth
from chainhome.tables import Truth

WORLD = earth.enu_frame(np.radians(40.0), np.radians(32.0), 800.0)
FEW = settings(max_examples=60, deadline=None)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    n = draw(st.integers(2, 6))
    course = np.cumsum(draw(st.lists(st.floats(-2.2, 2.2), min_size=n, max_size=n)))
    legs = np.array(draw(st.lists(st.floats(40e3, 120e3), min_size=n, max_size=n)))
    lat, lon = [WORLD.lat_rad], [WORLD.lon_rad]
    for bearing, leg in zip(course[1:], legs[1:], strict=True):
        to = earth.destination(lat[-1], lon[-1], bearing, leg)
        lat.append(float(to[0]))
        lon.append(float(to[1]))
    height = np.array(draw(st.lists(st.floats(100.0, 12e3), min_size=n, max_size=n)))
    speed = np.array(draw(st.lists(st.floats(150.0, 240.0), min_size=n, max_size=n)))
    return Route(np.array(lat), np.array(lon), height, speed)


@FEW
@given(routes())
def test_a_route_that_is_accepted_is_flown_without_jumps(route: Route) -> None:
    try:
        truth = route_truth(route, 1, WORLD, start_s=0.0, end_s=1e5, step_s=1.0)
    except UseError:
        reject()
    position = np.column_stack([truth.x_m, truth.y_m, truth.z_m])
    velocity = np.column_stack([truth.vx_mps, truth.vy_mps, truth.vz_mps])
    step = np.diff(truth.time_s)[:, None]
    error = np.linalg.norm(np.diff(position, axis=0) - step * (velocity[1:] + velocity[:-1]) / 2, axis=1)
    strongest_mps2 = 2 * 9.80665 + 3.0
    assert error.max() <= strongest_mps2 / 4
    speed = np.linalg.norm(velocity, axis=1)
    assert speed.max() <= np.hypot(route.speed_mps.max() * (1 + 12e3 / 6.35e6), 100.0)
    assert truth.altitude_m.min() >= route.height_m.min() - 1e-6
    assert truth.altitude_m.max() <= route.height_m.max() + 1e-6


@FEW
@given(routes(), st.floats(0.3, 5.0))
def test_the_step_of_sampling_does_not_change_the_flight(route: Route, step_s: float) -> None:
    try:
        fine = route_truth(route, 1, WORLD, start_s=10.0, end_s=400.0, step_s=step_s / 4)
    except UseError:
        reject()
    coarse = route_truth(route, 1, WORLD, start_s=10.0, end_s=400.0, step_s=step_s)
    there, _ = interpolate(index(fine), 1, coarse.time_s)
    one_centimetre = 0.01
    same = np.abs(there[:, 0] - coarse.x_m)
    assert np.nanmax(same) < one_centimetre + 20.0 * (step_s / 4) ** 2 / 8


@FEW
@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0.0, 100.0)), min_size=1, max_size=40, unique_by=lambda row: row),
    st.lists(st.tuples(st.integers(-1, 5), st.floats(-10.0, 110.0)), max_size=20),
)
def test_a_straight_flight_is_interpolated_exactly_and_lives_between_its_rows(
    rows: list[tuple[int, float]], asked: list[tuple[int, float]]
) -> None:
    ids, times = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    truth = Truth.make(time_s=times, target_id=ids, x_m=7.0 * times, y_m=ids, z_m=0, vx_mps=7.0, vy_mps=0, vz_mps=0)
    q_ids = np.array([a[0] for a in asked], int)
    q_times = np.array([a[1] for a in asked], float)
    position, velocity = interpolate(index(truth, gap_s=1e3), q_ids, q_times)
    for i, (target, time) in enumerate(asked):
        own = times[ids == target]
        alive = len(own) > 0 and own.min() <= time <= own.max()
        assert np.isfinite(position[i]).all() == alive
        if alive:
            np.testing.assert_allclose(position[i], [7.0 * time, target, 0.0], atol=1e-9)
            assert np.isfinite(velocity[i]).all()


@FEW
@given(st.floats(1e3, 15_000e3), st.floats(0.0, 300e3), st.floats(1.0, 1.05), st.booleans())
def test_energy_is_conserved_and_time_runs_down_on_every_ballistic_arc(
    range_m: float, height_m: float, more: float, lofted: bool
) -> None:
    speed = more * minimum_burnout_speed_mps(range_m, height_m)
    try:
        arc = ballistic_arc(range_m, speed, height_m, lofted=lofted, steps=101)
    except UseError:
        reject()
    energy = arc.speed_mps**2 / 2 - MU / (RADIUS + arc.altitude_m)
    rounding = 1e-9
    assert np.ptp(energy) <= rounding * MU / RADIUS
    assert np.all(np.diff(arc.time_to_impact_s) < 0)
    assert abs(arc.altitude_m[0] - height_m) < 1e-2
    assert abs(arc.altitude_m[-1]) < 1e-2

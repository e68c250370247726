"""The compiled passes against slow references that are plain to see: full matrices, numerical derivatives, loops."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, multivariate_normal
from tracking_scenes import (
    LASTING,
    STEADY,
    WORLD,
    point_setup,
    radars,
    reports,
    site,
    tracks_at,
    whole_look,
)

from chainhome import constants, tracking
from chainhome.earth import enu_frame, enu_to_geodetic, geodetic_to_enu, measure, range_rate
from chainhome.tables import TRACK_STATUSES, Detections, Sensors
from chainhome.tracking import AIRCRAFT, MotionModel, TrackerParams, TrackerState, combined, prepare, slots, step

Floats = np.ndarray[Any, np.dtype[np.float64]]
A_BILLIONTH, A_MILLIONTH = 1e-9, 1e-6
SPREAD = np.diag([300.0, 250.0, 200.0, 30.0, 25.0, 10.0]) ** 2
HERE = np.array([50e3, 20e3, 6e3, 120.0, -80.0, 3.0])
NOTHING = Detections.make(0)
TURNING = MotionModel("turn", 40.0, 700.0, 15.0, hold_s=20.0, start=0.3)
RIGHT = MotionModel("right", 5.0, 20.0, 2.0, hold_s=15.0, start=0.2, turn_radps=0.06)
LINE = replace(STEADY, start=0.5)


def moved(x: Floats, p: Floats, dt: float, model: MotionModel) -> tuple[Floats, Floats]:
    """One state moved on with its model, in matrices: turn, then noise along and across the new course."""
    w = model.turn_radps
    s, c = (np.sin(w * dt) / w, (1.0 - np.cos(w * dt)) / w) if w else (dt, 0.0)
    f = np.eye(6)
    f[:2, 3:5] = [[s, c], [-c, s]]
    f[2, 5] = dt
    f[3:5, 3:5] = [[np.cos(w * dt), np.sin(w * dt)], [-np.sin(w * dt), np.cos(w * dt)]]
    ahead, spread = f @ x, f @ p @ f.T
    speed2 = ahead[3] ** 2 + ahead[4] ** 2
    noise = np.diag([model.across_m2ps3, model.across_m2ps3, model.vertical_m2ps3])
    if model.along_m2ps3 != model.across_m2ps3:
        mean = 0.5 * (model.along_m2ps3 + model.across_m2ps3)
        sure = speed2 / (speed2 + spread[3, 3] + spread[4, 4])
        course = np.outer(ahead[3:5], ahead[3:5]) / speed2
        half = 0.5 * (model.along_m2ps3 - model.across_m2ps3) * sure
        noise[:2, :2] = mean * np.eye(2) + half * (2.0 * course - np.eye(2))
    return ahead, spread + np.kron([[dt**3 / 3.0, dt**2 / 2.0], [dt**2 / 2.0, dt]], noise)


def mixed(w: Floats, x: Floats, p: Floats, dt: float, models: tuple[MotionModel, ...]) -> tuple[Floats, Floats, Floats]:
    """The interaction of the models: each is left at its rate, for one drawn as at a track's start."""
    k = len(models)
    if k == 1:
        return w, x, p
    start = np.array([m.start for m in models])
    stay = np.exp(-dt / np.array([m.hold_s for m in models]))
    switch = np.diag(stay) + (1.0 - stay)[:, None] * start
    assert np.allclose(switch.sum(axis=1), 1.0)
    after = w @ switch
    share = w[:, None] * switch / after
    mean = share.T @ x
    apart = x[:, None] - mean[None]
    spread = np.einsum("ij,ijab->jab", share, p[:, None] + apart[..., :, None] * apart[..., None, :])
    return after, mean, spread


def interacting(
    w: Floats, x: Floats, p: Floats, dt: float, models: tuple[MotionModel, ...], measured: Any, z: Floats, r: Floats
) -> tuple[Floats, Floats, Floats]:
    """One cycle of the interacting multiple model filter; `measured(x)` gives what is expected and its derivatives."""
    w, x, p = mixed(w, x, p, dt, models)
    means, spreads, likelihood = [], [], []
    for j, model in enumerate(models):
        mean, spread = moved(x[j], p[j], dt, model)
        expected, h = measured(mean)
        s = h @ spread @ h.T + r
        gain = spread @ h.T @ np.linalg.inv(s)
        off = z - expected
        means.append(mean + gain @ off)
        spreads.append(spread - gain @ h @ spread)
        likelihood.append(multivariate_normal.pdf(off, np.zeros(len(off)), s))
    w = w * likelihood / (w @ likelihood)
    return np.maximum(w, 1e-9), np.array(means), np.array(spreads)


def worst_off(state: TrackerState, w: Floats, x: Floats, p: Floats) -> tuple[float, float, float]:
    """Largest difference of weights, of means in standard deviations, of covariances in their scale."""
    sigma = np.sqrt(np.einsum("kii->ki", p))
    return (
        float(np.abs(state.mode_probability[0] - w).max()),
        float(np.abs((state.mean[0] - x) / sigma).max()),
        float(np.abs((state.covariance[0] - p) / (sigma[:, :, None] * sigma[:, None, :])).max()),
    )


@pytest.mark.parametrize(
    "models",
    [(STEADY,), (replace(TURNING, start=1.0),), (LINE, replace(TURNING, start=0.5)), (LINE, TURNING, RIGHT), AIRCRAFT],
    ids=["one", "one that turns", "two", "three", "aircraft"],
)
def test_an_isolated_track_is_what_a_plain_interacting_filter_makes_of_it(models: tuple[MotionModel, ...]) -> None:
    """Reported positions: everything is linear, so with one model it is the Kalman filter."""
    rng = np.random.default_rng(3)
    setup = point_setup(models, gate_probability=1.0 - 1e-12)
    state = tracks_at(setup, [HERE], [SPREAD], [0.9999])
    k = len(models)
    w, x, p = np.array([m.start for m in models]), np.tile(HERE, (k, 1)), np.tile(SPREAD, (k, 1, 1))
    h = np.eye(3, 6)
    truth, before = HERE.copy(), 0.0
    for number, time in enumerate(np.cumsum(rng.uniform(0.5, 9.0, 15))):
        truth[:3] += (time - before) * truth[3:]
        truth[3:] += rng.normal(size=6)[3:] * [25.0, 25.0, 3.0]
        z = truth[:3] + 30.0 * rng.normal(size=3)
        plot = reports(z, time, number)
        state, _ = step(state, plot, [whole_look(time, plot)], setup)
        w, x, p = interacting(w, x, p, time - before, models, lambda m: (h @ m, h), z, 900.0 * np.eye(3))
        before = time
        assert len(state) == 1
        assert max(worst_off(state, w, x, p)) < 10.0 * A_BILLIONTH
    assert state.plot_now.tolist() == [14]
    if k == 1:
        assert max(worst_off(state, w, x, p)) < A_BILLIONTH


def slots_of(state: Floats, frame: Any) -> Floats:
    """What a radar measures of a state: range, azimuth, elevation, range rate, height."""
    r, azimuth, elevation = measure(state[None, :3], frame, WORLD)
    doppler = range_rate(state[None, :3], state[None, 3:], frame, WORLD)
    height = enu_to_geodetic(WORLD, state[None, :3])[2]
    return np.array([r[0], azimuth[0], elevation[0], doppler[0], height[0]])


def derivatives(state: Floats, frame: Any) -> Floats:
    columns = []
    for column in range(6):
        small = np.zeros(6)
        small[column] = 1.0 if column < 3 else 0.1
        apart = slots_of(state + small, frame) - slots_of(state - small, frame)
        apart[1] = (apart[1] + np.pi) % (2 * np.pi) - np.pi
        columns.append(apart / (2.0 * small[column]))
    return np.array(columns).T


NAMES = ("range_m", "azimuth_rad", "elevation_rad", "doppler_mps", "flight_level_m")


@pytest.mark.parametrize("lag", [0.0, 7.0], ids=["in time", "late"])
@pytest.mark.parametrize("used", [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 3], [0, 1, 4], [0, 1, 3, 4]], ids=str)
@pytest.mark.parametrize("place", [[120e3, -70e3, 8e3], [-3e3, 60e3, 6e3], [-2e5, -3e5, 11e3]], ids=["SE", "N", "far"])
def test_the_update_by_a_radar_is_the_textbook_one_for_every_kind_of_plot(
    place: list[float], used: list[int], lag: float
) -> None:
    rng = np.random.default_rng(5)
    radar = radars(40.6, 33.4, 900.0, np.nan, doppler_sigma_mps=2.0, max_range_m=600e3)
    frame = site(radar)
    model = replace(STEADY, along_m2ps3=6.0, across_m2ps3=6.0, vertical_m2ps3=2.0)
    params = TrackerParams(models=(model,), gate_probability=1.0 - 1e-12, **LASTING)
    setup = prepare(radar, WORLD, clutter_density=0.0, params=params)
    root = rng.normal(size=(6, 6)) * np.array([300, 300, 200, 30, 30, 10])[:, None]
    mean, covariance = np.array([*place, 180.0, -90.0, 6.0]), root @ root.T + np.diag([1e3, 1e3, 1e3, 9, 9, 9])
    dt = -lag if lag else 5.0
    ahead, spread = moved(mean, covariance, max(dt, 0.0), model)
    back = np.eye(6)
    back[:3, 3:] = -lag * np.eye(3)
    then = back @ ahead
    sigma = np.array([50.0, 2e-3, 3e-3, 2.0, params.flight_level_sigma_m])
    h = derivatives(then, frame) @ back
    extra = lag**3 / 3.0 * 6.0 * derivatives(then, frame)[:, :3] @ derivatives(then, frame)[:, :3].T
    s = (h @ spread @ h.T + extra + np.diag(sigma**2))[np.ix_(used, used)]
    z = slots_of(then, frame) + sigma * rng.normal(size=5)
    given = {name: z[slot] if slot in used else np.nan for slot, name in enumerate(NAMES)}
    plot = Detections.make(detection_id=[3], sensor_id=0, time_s=dt, **given)
    state, _ = step(tracks_at(setup, [mean], [covariance], [0.99], clock_s=-20.0), plot, [whole_look(dt, plot)], setup)
    gain = spread @ h[used].T @ np.linalg.inv(s)
    x = ahead + gain @ (z - slots_of(then, frame))[used]
    p = spread - gain @ h[used] @ spread
    assert state.plot_now.tolist() == [3]
    assert state.time_s.tolist() == [max(dt, 0.0)]
    # The height over the ellipsoid is within 0.1 m and its gradient within 0.2 degrees.
    allowed = 2e-2 if 4 in used else 10.0 * A_MILLIONTH
    assert max(worst_off(state, np.ones(1), x[None], p[None])) < allowed


def test_a_plot_beside_the_moment_of_its_look_is_taken_at_its_own_time() -> None:
    setup = point_setup(gate_probability=1.0 - 1e-12)
    before = tracks_at(setup, [HERE], [SPREAD], [0.99])
    z = HERE[:3] + np.array([40.0, -30.0, 20.0])
    on_time = reports(z + 4.0 * HERE[3:], 4.0, 1)
    early = reports(z + 3.6 * HERE[3:], 3.6, 1)
    plain, _ = step(before, on_time, [whole_look(4.0, on_time)], setup)
    shifted, _ = step(before, early, [whole_look(4.0, early)], setup)
    assert np.allclose(plain.mean, shifted.mean, rtol=A_BILLIONTH)


def test_a_late_plot_gives_what_it_would_have_given_in_time_if_nothing_manoeuvres() -> None:
    still = MotionModel("still", 0.0, 0.0, 0.0, hold_s=60.0, start=1.0)
    setup = point_setup((still,), gate_probability=1.0 - 1e-12)
    before = tracks_at(setup, [HERE], [SPREAD], [0.99])
    early = reports(HERE[:3] + 2.0 * HERE[3:] + [60.0, -80.0, 20.0], 2.0, 1)
    late = reports(HERE[:3] + 9.0 * HERE[3:] - [40.0, 10.0, 50.0], 9.0, 2)
    both = Detections.concat([early, late])
    looks = [whole_look(time, both, rows=np.array([row]), end_s=9.0) for row, time in enumerate((2.0, 9.0))]
    in_order, _ = step(before, both, looks, setup)
    retrodicted, _ = step(before, both, looks[::-1], setup)
    sigma = np.sqrt(np.diag(in_order.covariance[0, 0]))
    assert retrodicted.time_s.tolist() == in_order.time_s.tolist() == [9.0]
    assert np.abs((retrodicted.mean - in_order.mean) / sigma).max() < 10.0 * A_MILLIONTH
    assert np.allclose(retrodicted.covariance, in_order.covariance, rtol=1e-5)


def test_a_late_plot_weighs_less_the_more_can_have_happened_since() -> None:
    gained = []
    for noise in (0.0, 9.0, 900.0):
        setup = point_setup((MotionModel("one", noise, noise, noise, 60.0, 1.0),), gate_probability=1.0 - 1e-12)
        late = reports(HERE[:3] - 6.0 * HERE[3:] + 50.0, -6.0, 1)
        before = tracks_at(setup, [HERE], [SPREAD], [0.99], clock_s=-10.0)
        after, _ = step(before, late, [whole_look(-6.0, late)], setup)
        gained.append(float(np.abs(after.mean[0, 0] - HERE)[:3].sum()))
    assert gained[0] > 1.005 * gained[1]
    assert gained[1] > 1.2 * gained[2] > 0.0


@pytest.mark.parametrize("rate", [0.08, -0.03])
def test_a_coordinated_turn_stays_on_its_circle(rate: float) -> None:
    """Positive to the right: the course, counted like an azimuth, grows."""
    model = MotionModel("turn", 0.0, 0.0, 0.0, hold_s=60.0, start=1.0, turn_radps=rate)
    setup = point_setup((model,), detection_probability=0.0)
    speed, course, radius = 210.0, 0.7, 210.0 / rate
    state = tracks_at(setup, [[9e3, -4e3, 5e3, speed * np.sin(course), speed * np.cos(course), 2.0]], [SPREAD], [0.99])
    one_tenth_millimetre = 1e-4
    for time in (1.0, 13.0, 40.0, 130.0):
        state, _ = step(state, NOTHING, [whole_look(time)], setup)
        now = course + rate * time
        circle = [
            9e3 + radius * (np.cos(course) - np.cos(now)),
            -4e3 + radius * (np.sin(now) - np.sin(course)),
            5e3 + 2.0 * time,
            speed * np.sin(now),
            speed * np.cos(now),
            2.0,
        ]
        assert np.abs(state.mean[0, 0] - circle).max() < one_tenth_millimetre


def test_a_prediction_equals_many_small_ones_summed_by_hand() -> None:
    setup = point_setup(detection_probability=0.0)
    state, _ = step(tracks_at(setup, [HERE], [SPREAD], [0.99]), NOTHING, [whole_look(12.0)], setup)
    steps = 4_000
    f = np.eye(6)
    f[:3, 3:] = np.eye(3) * 12.0 / steps
    kick = np.diag([0.0, 0.0, 0.0, 9.0, 9.0, 1.0]) * 12.0 / steps
    x, p = HERE.copy(), SPREAD.copy()
    for _ in range(steps):
        x, p = f @ x, f @ p @ f.T + kick
    one_part_of_the_step = 2.0 / steps
    assert np.allclose(state.mean[0, 0], x, rtol=A_BILLIONTH)
    assert np.abs(state.covariance[0, 0] - p).max() < one_part_of_the_step * np.abs(p).max()


@pytest.mark.parametrize("lat_deg", [0.0, 40.0, -63.0, 89.0])
def test_height_over_the_ellipsoid_and_its_gradient_are_as_good_as_stated(lat_deg: float) -> None:
    """A nearly exact pressure height of where the track is already must not move it; one above moves it straight up."""
    world = enu_frame(np.radians(lat_deg), np.radians(10.0), 300.0)
    rng = np.random.default_rng(2)
    sensor = Sensors.make(sensor_id=[0], kind=3, range_sigma_m=1e7)
    params = TrackerParams(models=(STEADY,), flight_level_sigma_m=1e-3, **LASTING)
    setup = prepare(sensor, world, clutter_density=0.0, params=params)
    grid = 90e3 * np.stack(np.meshgrid(np.arange(-5, 6), np.arange(-5, 6)), axis=-1).reshape(-1, 2)
    height = rng.uniform(-400.0, 17e3, len(grid))
    position = np.column_stack([grid, np.zeros(len(grid))])
    for _ in range(4):
        position[:, 2] += height - enu_to_geodetic(world, position)[2]
    covariance = np.diag([1e3, 1e3, 1e3, 1.0, 1.0, 1.0]) ** 2
    mean = np.column_stack([position, np.zeros((len(grid), 3))])
    # Addresses keep each report with its track: their positions say next to nothing.
    address = np.arange(len(grid))
    state = tracks_at(setup, mean, [covariance] * len(grid), np.full(len(grid), 0.99), mode_s_address=address)
    there = position[:, :2]
    a_tenth, lean_rad = 0.1, np.radians(0.2)
    lat, lon, _ = enu_to_geodetic(world, position)
    up = geodetic_to_enu(world, lat, lon, height + 1_000.0) - position
    up /= np.linalg.norm(up, axis=1)[:, None]
    for above in (0.0, 500.0):
        plots = Detections.make(
            detection_id=address, sensor_id=0, time_s=0.0, x_m=there[:, 0], y_m=there[:, 1],
            flight_level_m=height + above, mode_s_address=address,
        )  # fmt: skip
        after, _ = step(state, plots, [whole_look(0.0, plots)], setup)
        assert after.plot_now.tolist() == address.tolist()
        shift = after.mean[:, 0, :3] - position
        if above:
            assert np.abs(np.linalg.norm(shift, axis=1) - above).max() < 2.0 * a_tenth
            assert (
                np.arccos(np.clip((shift * up).sum(axis=1) / np.linalg.norm(shift, axis=1), -1, 1)).max()
                < 1.1 * lean_rad
            )
        else:
            assert np.abs(shift).max() < a_tenth
            assert np.abs(shift).max() > 0.0


def test_constants_in_compiled_files_are_those_of_the_package() -> None:
    known = {
        "_SEMI_MAJOR_M": constants.WGS84_SEMI_MAJOR_M,
        "_SEMI_MINOR_M": constants.WGS84_SEMI_MAJOR_M * (1.0 - constants.WGS84_FLATTENING),
        "_MEAN_RADIUS_M": constants.EARTH_MEAN_RADIUS_M,
        **{name: getattr(slots, name) for name in ("RANGE", "AZIMUTH", "ELEVATION", "DOPPLER", "HEIGHT", "SLOTS")},
        **{name.upper(): code for code, name in enumerate(TRACK_STATUSES)},
        **{f"_{name.upper()}": code for code, name in enumerate(TRACK_STATUSES)},
    }
    found = set()
    for path in Path(tracking.__file__).parent.glob("*.py"):
        if path.stem == "__init__":
            continue
        module = importlib.import_module(f"chainhome.tracking.{path.stem}")
        for name in known.keys() & vars(module).keys():
            assert getattr(module, name) == known[name], f"{path.stem}.{name}"
            found.add(name)
    assert found >= {"_SEMI_MAJOR_M", "_SEMI_MINOR_M", "HEIGHT", "TENTATIVE", "CONFIRMED", "ENDED", "_CONFIRMED"}


def test_estimation_errors_are_as_large_as_the_covariance_says() -> None:
    """Matched and linear: truth drawn from the model of the tracker, every report seen, nothing false."""
    rng, runs, steps = np.random.default_rng(11), 200, 12
    model = MotionModel("drawn", 50.0, 50.0, 5.0, hold_s=60.0, start=1.0)
    setup = point_setup((model,), gate_probability=1.0 - 1e-12)
    p = setup.params
    grid = 40e3 * np.stack(np.meshgrid(np.arange(20.0), np.arange(10.0)), axis=-1).reshape(-1, 2)
    speeds = [p.birth_speed_sigma_mps, p.birth_speed_sigma_mps, p.birth_climb_sigma_mps]
    truth = np.column_stack([grid, np.full(runs, 5e3), rng.normal(size=(runs, 3)) * speeds])
    root = np.linalg.cholesky(moved(np.zeros(6), np.zeros((6, 6)), 4.0, model)[1])
    f = np.kron([[1.0, 4.0], [0.0, 1.0]], np.eye(3))
    state = tracking.initial_state(setup)
    nees = np.zeros((steps, runs))
    for k in range(steps):
        if k:
            truth = truth @ f.T + rng.normal(size=(runs, 6)) @ root.T
        plots = reports(
            truth[:, :3] + 30.0 * rng.normal(size=(runs, 3)), 4.0 * k, runs * k, mode_s_address=np.arange(runs)
        )
        state, _ = step(state, plots, [whole_look(4.0 * k, plots)], setup)
        assert state.mode_s_address.tolist() == list(range(runs))
        mean, covariance = combined(state)
        off = mean - truth
        nees[k] = np.einsum("ni,nij,nj->n", off, np.linalg.inv(covariance), off)
    low, high = chi2.ppf([0.025, 0.975], 6 * runs) / runs
    inside = (low < nees.mean(axis=1)) & (nees.mean(axis=1) < high)
    assert inside[-1]
    assert inside.sum() >= steps - 2  # each misses its bounds one time in twenty

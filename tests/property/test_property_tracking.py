"""What must hold for any plots: order does not matter, covariances stay positive definite, probabilities stay such."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.earth import enu_frame
from chainhome.tables import SENSOR_KINDS, Detections, Sensors, Tracks
from chainhome.tracking import (
    AIRCRAFT,
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

WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
KINDS = ("solid", "flat", "doppler", "flight level")
SENSORS = Sensors.make(
    sensor_id=[0, 1, 2],
    kind=[0, 2, SENSOR_KINDS.index("ads_b")],
    lat_deg=[40.0, 40.2, np.nan],
    lon_deg=[32.5, 32.0, np.nan],
    height_m=[100.0, 1_200.0, np.nan],
    period_s=[12.0, 9.0, 4.0],
    range_sigma_m=40.0,
    azimuth_sigma_rad=2e-3,
    elevation_sigma_rad=3e-3,
    doppler_sigma_mps=2.0,
    max_range_m=400e3,
)
SETUP = prepare(
    SENSORS,
    WORLD,
    detection_probability=lambda position, *_: np.where(position[:, 0] > -2e5, 0.9, 0.0),
    clutter_density={0: 1e-6, 1: 1e-6, 2: 1e-13},
)
TURNS = (
    *(replace(model, start=0.8 * model.start) for model in AIRCRAFT),
    MotionModel("right", 1.0, 1.0, 1.0, 10.0, start=0.1, turn_radps=0.1),
    MotionModel("left", 1.0, 1.0, 1.0, 10.0, start=0.1, turn_radps=-0.1),
)


def recording(seed: int, seconds: float = 50.0, targets: int = 4) -> Detections:
    """Plots of a handful of targets and of nothing, of every kind, with and without replies, at any times."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 60))
    sensor, kind, target = rng.integers(0, 3, n), rng.choice(KINDS, n), rng.integers(-1, targets, n)
    time = rng.uniform(0.0, seconds, n)
    grid = rng.random(n) < 0.2
    time[grid] = np.round(time[grid])  # on the edges of looks, and at once
    position = np.random.default_rng(seed + 1).uniform(-1e5, 1e5, (targets + 1, 3)) * [1.0, 1.0, 0.08]
    velocity = np.random.default_rng(seed + 2).normal(size=(targets + 1, 3)) * [150.0, 150.0, 5.0]
    where = position[target] + time[:, None] * velocity[target] + rng.normal(size=(n, 3)) * 50.0
    where[target < 0] = rng.uniform(-2e5, 2e5, (int((target < 0).sum()), 3)) * [1.0, 1.0, 0.05]
    r = np.linalg.norm(where, axis=1)
    report = sensor == 2
    return Detections.make(
        detection_id=np.arange(n),
        time_s=time,
        sensor_id=sensor,
        range_m=np.where(report, np.nan, r),
        azimuth_rad=np.arctan2(where[:, 0], where[:, 1]) % (2 * np.pi),
        elevation_rad=np.where(np.isin(kind, ["flat", "flight level"]), np.nan, np.arcsin(where[:, 2] / r)),
        doppler_mps=np.where(kind == "doppler", rng.normal(size=n) * 150.0, np.nan),
        flight_level_m=np.where(kind == "flight level", np.abs(where[:, 2]), np.nan),
        x_m=np.where(report, where[:, 0], np.nan),
        y_m=np.where(report, where[:, 1], np.nan),
        z_m=np.where(report & (kind != "flat"), where[:, 2], np.nan),
        mode_s_address=np.where(rng.random(n) < 0.3, target + 1, -1),
        mode_3a=np.where(rng.random(n) < 0.3, target + 1, -1),
    )


def same(one: TrackerState, other: TrackerState) -> bool:
    return one.next_track_id == other.next_track_id and all(
        np.array_equal(value, getattr(other, name), equal_nan=value.dtype.kind == "f")
        for name, value in vars(one).items()
        if isinstance(value, np.ndarray)
    )


def sorted_columns(rows: Tracks) -> dict[str, np.ndarray]:
    order = np.lexsort([rows.existence, rows.detection_id, rows.x_m, rows.track_id, rows.time_s])
    return {name: getattr(rows, name)[order] for name in Tracks.columns()}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.lists(st.floats(0.0, 60.0), max_size=8), st.randoms(use_true_random=False))
def test_any_pieces_in_any_order_give_the_same_tracks_to_the_bit(seed: int, cuts: list[float], shuffle: Any) -> None:
    plots = recording(seed)
    whole, rows = feed(initial_state(SETUP), plots, SETUP, until_s=np.inf)
    state, parts, given_so_far = initial_state(SETUP), [], np.zeros(len(plots), bool)
    # All is over by the last plot's look: a later cut would say that later looks saw nothing.
    for until in [*sorted(cut for cut in cuts if cut < plots.time_s.max()), np.inf]:
        part = np.flatnonzero((plots.time_s < until) & ~given_so_far).tolist()
        given_so_far[part] = True
        shuffle.shuffle(part)
        state, made = feed(state, plots[np.array(part, np.int64)], SETUP, until_s=until)
        parts.append(made)
    assert same(whole, state)
    assert whole.counts["plots_taken"] == len(plots)
    ours, theirs = sorted_columns(rows), sorted_columns(Tracks.concat(parts))
    assert all(np.array_equal(ours[name], theirs[name], equal_nan=ours[name].dtype.kind == "f") for name in ours)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.floats(1.0, 45.0))
def test_what_a_pause_has_to_keep_is_in_the_state_alone(seed: int, pause: float) -> None:
    plots = recording(seed)
    early = plots.time_s < pause
    state, _ = feed(initial_state(SETUP), plots[early], SETUP, until_s=pause)
    copied = {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in vars(state).items()}
    again, rows = feed(TrackerState(**copied), plots[~early], SETUP, until_s=np.inf)
    straight, expected = feed(state, plots[~early], SETUP, until_s=np.inf)
    assert same(straight, again)
    assert np.array_equal(rows.existence, expected.existence)


ROUNDING = 1e-12


def sound(covariance: np.ndarray) -> bool:
    """Symmetric and positive definite, where each axis is measured in its own standard deviation."""
    scale = np.sqrt(np.einsum("nii->ni", covariance))
    if not (np.isfinite(covariance).all() and (scale > 0.0).all()):
        return False
    unit = covariance / (scale[:, :, None] * scale[:, None, :])
    symmetric = np.allclose(unit, np.swapaxes(unit, 1, 2), rtol=0.0, atol=ROUNDING)
    return bool(symmetric and (np.linalg.eigvalsh(unit) > 0.0).all())


def check(setup: Setup, state: TrackerState, rows: Tracks) -> None:
    assert sound(state.covariance[state.mode_probability > 0.0])
    assert sound(combined(state)[1])
    assert sound(rows.covariance)
    for existence in (state.existence, rows.existence):
        assert ((existence >= 0.0) & (existence <= 1.0)).all()
    assert np.allclose(rows.mode_probability.sum(axis=1), 1.0, atol=1e-7)
    assert (state.mode_probability >= 0.0).all()
    assert np.isfinite(state.mean).all()
    assert (state.unseen_per_m2 >= 0.0).all()
    assert (state.existence >= setup.params.drop_existence * 0.999).all()
    tracks = state[state.rank == 0]
    assert len(set(tracks.track_id.tolist())) == len(tracks)
    assert set(state.track_id.tolist()) == set(tracks.track_id.tolist())
    # A hypothesis that is given up alone takes its share with it; the likeliest one is always there.
    share = {name: float(state.share[state.track_id == name].sum()) for name in tracks.track_id.tolist()}
    assert all(1.0 - ROUNDING < total < 1.0 + ROUNDING for total in share.values())


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31))
def test_covariances_stay_positive_definite_and_probabilities_stay_such_among_any_plots(seed: int) -> None:
    plots = recording(seed)
    state = initial_state(SETUP)
    for until in (10.0, 20.0, 33.3, np.inf):
        part = (plots.time_s < until) & (plots.time_s >= (0.0 if np.isnan(state.begin_s) else state.clock_s))
        state, rows = feed(state, plots[part], SETUP, until_s=until)
        check(SETUP, state, rows)


ODD = {
    "range_m": st.sampled_from([30.0, 300.0, 5e3, 80e3, 400e3]),
    "azimuth": st.sampled_from([0.0, 1e-9, 1.0, np.pi / 2, np.pi, 2 * np.pi - 1e-9]),
    "elevation": st.sampled_from([-0.02, 0.0, 0.3, 1.2, 1.5707]),
    "sigma_m": st.sampled_from([0.3, 5.0, 50.0, 1e3]),
    "sigma_rad": st.sampled_from([1e-4, 3e-3, 0.3]),
    "gap_s": st.sampled_from([0.01, 1.0, 12.0, 60.0]),
    "models": st.sampled_from([AIRCRAFT, AIRCRAFT[:1], TURNS]),
    "missing": st.sampled_from(["nothing", "elevation", "range rate", "both"]),
}


@settings(deadline=None, max_examples=60)
@given(st.fixed_dictionaries(ODD), st.integers(0, 2**31))
def test_covariances_stay_positive_definite_in_any_geometry(odd: dict[str, Any], seed: int) -> None:
    """Near the radar, overhead, at its edge; errors of a foot and of a kilometre; a second radar's late looks."""
    models = odd["models"]
    if len(models) == 1:
        models = (MotionModel("alone", 2.0, 2.0, 0.5, 60.0, 1.0),)
    sensors = Sensors.make(
        sensor_id=[0, 1],
        lat_deg=40.0,
        lon_deg=[32.5, 32.9],
        height_m=0.0,
        period_s=np.nan,
        range_sigma_m=[odd["sigma_m"], 50.0],
        azimuth_sigma_rad=[odd["sigma_rad"], 2e-3],
        elevation_sigma_rad=[odd["sigma_rad"], 3e-3],
        doppler_sigma_mps=1.0,
    )
    density = uniform_clutter_density(1.0, 400e3, 2 * np.pi, 0.5)
    setup = prepare(sensors, WORLD, clutter_density=density, params=TrackerParams(models=models))
    rng = np.random.default_rng(seed)
    state, time = initial_state(setup), 0.0
    for k in range(6):
        bare = odd["missing"]
        plot = Detections.make(
            detection_id=[2 * k, 2 * k + 1],
            sensor_id=[0, k % 2],
            time_s=[time, time + 0.3 * odd["gap_s"]],
            range_m=np.maximum(odd["range_m"] + odd["sigma_m"] * rng.normal(size=2), 1.0),
            azimuth_rad=odd["azimuth"] + odd["sigma_rad"] * rng.normal(size=2),
            elevation_rad=np.nan if bare in ("elevation", "both") else odd["elevation"],
            doppler_mps=np.nan if bare in ("range rate", "both") else 20.0 * rng.normal(size=2),
            mode_s_address=[5, -1],
        )
        time += odd["gap_s"]
        state, rows = feed(state, plot, setup, until_s=time if k < 5 else np.inf)
        check(setup, state, rows)

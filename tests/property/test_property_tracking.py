"""What must hold for any plots: order does not matter, covariances stay positive definite, no pair is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.earth import enu_frame
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking import TrackerParams, TrackerState, initial_state, looks_of, step

WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
KINDS = ("solid", "flat", "doppler", "position", "flight level")
RADAR = Sensors.make(
    sensor_id=[0, 1],
    lat_deg=[40.0, 40.2],
    lon_deg=[32.5, 32.0],
    height_m=[100.0, 1_200.0],
    period_s=[12.0, 9.0],
    range_sigma_m=40.0,
    azimuth_sigma_rad=2e-3,
    elevation_sigma_rad=3e-3,
    doppler_sigma_mps=2.0,
)


def scan(
    rng: np.random.Generator, sensor: int, start: float, first_id: int, kinds: tuple[str, ...], targets: int
) -> Detections:
    """Plots of a handful of targets and of nothing, of every kind, with and without replies."""
    n = targets + int(rng.integers(0, 4))
    kind = rng.choice(kinds, n)
    flat, position = np.isin(kind, ["flat", "flight level"]), kind == "position"
    time = start + rng.uniform(0.0, 9.0, n)
    fixed = np.random.default_rng(0)
    r = np.append(fixed.uniform(5e3, 3e5, targets), rng.uniform(5e3, 3e5, n - targets)) - 150.0 * time
    azimuth = np.append(fixed.uniform(0, 6.28, targets), rng.uniform(0, 6.28, n - targets)) + 2e-3 * rng.normal(size=n)
    elevation = np.append(fixed.uniform(0, 0.3, targets), rng.uniform(-0.01, 0.4, n - targets))
    r = np.maximum(r, 1_000.0)
    return Detections.make(
        detection_id=first_id + np.arange(n),
        time_s=time,
        sensor_id=sensor,
        range_m=np.where(position, np.nan, r),
        azimuth_rad=azimuth % (2 * np.pi),
        elevation_rad=np.where(flat, np.nan, elevation),
        doppler_mps=np.where(kind == "doppler", -150.0, np.nan),
        flight_level_m=np.where(kind == "flight level", 9_000.0, np.nan),
        x_m=np.where(position, r * np.sin(azimuth), np.nan),
        y_m=np.where(position, r * np.cos(azimuth), np.nan),
        z_m=np.where(position, r * elevation, np.nan),
        mode_s_address=np.where(rng.random(n) < 0.3, np.arange(n), -1),
        mode_3a=np.where(rng.random(n) < 0.3, np.arange(n) // 2, -1),
    )


def look(state: TrackerState, plots: Detections, sensor: int, end: float) -> tuple[TrackerState, Tracks]:
    return step(
        state,
        plots,
        sensors=RADAR,
        world=WORLD,
        time_s=end,
        sensor_id=sensor,
        detection_probability=lambda position, *_: np.where(position[:, 0] > -2e5, 0.9, 0.0),
        clutter_density=1e-6,
    )


def same(one: TrackerState, other: TrackerState) -> bool:
    return all(np.array_equal(value, getattr(other, name)) for name, value in vars(one).items())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_the_order_of_plots_in_a_look_does_not_matter(seed: int, shuffle: Any) -> None:
    rng, straight, mixed = np.random.default_rng(seed), initial_state(), initial_state()
    for k in range(4):
        plots = scan(rng, 0, 12.0 * k, 100 * k, KINDS, 5)
        order = list(range(len(plots)))
        shuffle.shuffle(order)
        straight, rows = look(straight, plots, 0, 12.0 * (k + 1))
        mixed, mixed_rows = look(mixed, plots[order], 0, 12.0 * (k + 1))
        assert same(straight, mixed)
        assert all(np.array_equal(getattr(rows, name), getattr(mixed_rows, name)) for name in Tracks.columns())


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_covariances_stay_symmetric_and_positive_definite_and_probabilities_stay_such(seed: int) -> None:
    rng, state = np.random.default_rng(seed), initial_state()
    looks = sorted([(12.0 * (k + 1), 0) for k in range(5)] + [(9.0 * (k + 1), 1) for k in range(6)])
    for number, (end, sensor) in enumerate(looks):
        state, tracks = look(state, scan(rng, sensor, end - 9.0, 100 * number, KINDS, 5), sensor, end)
        for covariance in (state.covariance[:, 0], tracks.covariance):
            assert np.array_equal(covariance, np.swapaxes(covariance, 1, 2))
            scale = np.sqrt(np.einsum("nii->ni", covariance))
            assert (np.linalg.eigvalsh(covariance / (scale[:, :, None] * scale[:, None, :])) > 0).all()
        assert ((state.existence >= TrackerParams().drop_existence) & (state.existence <= 1)).all()
        assert (state.time_s <= state.clock_s).all()
        assert len(np.unique(state.track_id)) == len(state)
        assert len(np.unique(tracks.track_id)) == len(tracks)


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_a_recording_fed_in_two_sittings_gives_what_it_gives_in_one(seed: int, pause: int) -> None:
    rng = np.random.default_rng(seed)
    plots = Detections.concat(
        [scan(rng, sensor, 12.0 * k, 1000 * k + 100 * sensor, KINDS, 4) for k in range(4) for sensor in (0, 1)]
    )
    looks = looks_of(plots, RADAR, start_s=0.0, end_s=48.0)

    def run(state: TrackerState, part: list[Any]) -> tuple[TrackerState, list[Tracks]]:
        rows = []
        for one in part:
            state, tracks = look(state, plots[one.rows], one.sensor_id, one.time_s)
            rows.append(tracks)
        return state, rows

    whole, rows = run(initial_state(), looks)
    stopped, early = run(initial_state(), looks[:pause])
    # What a pause has to keep is in the record alone: rebuild it from copies of its arrays.
    kept = TrackerState(**{name: np.copy(value) if np.ndim(value) else value for name, value in vars(stopped).items()})
    again, late = run(kept, looks[pause:])
    assert same(whole, again)
    assert np.array_equal(Tracks.concat(rows).existence, Tracks.concat(early + late).existence)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_coarse_gate_never_loses_a_pair(seed: int) -> None:
    from chainhome.tracking import association, tracker
    from chainhome.tracking.measurement import plots_of

    rng, state = np.random.default_rng(seed), initial_state()
    for k in range(2):
        state, _ = look(state, scan(rng, 0, 12.0 * k, 100 * k, KINDS, 5), 0, 12.0 * (k + 1))
    detections = scan(rng, 0, 18.0, 900, KINDS, 5)
    plots = plots_of(detections, RADAR[:1], np.ones(len(detections)), 150.0, 50.0)
    site = enu_frame(np.radians(40.0), np.radians(32.5), 100.0)
    params = TrackerParams(use_replies=False)
    near = association._near

    def everything(state: TrackerState, plots: Any, *_: Any) -> tuple[np.ndarray, np.ndarray]:
        track, plot = np.nonzero(np.ones((len(state), len(plots))))
        return track, plot

    coarse = tracker.gated_pairs(state, plots, np.zeros(len(state)), site, WORLD, params)
    association._near = everything
    try:
        full = tracker.gated_pairs(state, plots, np.zeros(len(state)), site, WORLD, params)
    finally:
        association._near = near
    assert full is not None
    found = set() if coarse is None else set(zip(coarse.track.tolist(), coarse.plot.tolist(), strict=True))
    assert found == set(zip(full.track.tolist(), full.plot.tolist(), strict=True))

"""What must hold for any rows: smoothed covariances are positive definite and never larger than filtered ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.tables import Floats, Tracks
from chainhome.tracking import MotionModel, TrackerParams
from chainhome.tracking.smooth import STATE, smoothed

PARAMS = TrackerParams(
    models=(
        MotionModel("straight", 2.0, 1.0, 20.0, hold_s=100.0, start=0.4),
        MotionModel("left", 60.0, 300.0, 30.0, hold_s=15.0, start=0.3, turn_radps=-0.07),
        MotionModel("right", 60.0, 300.0, 30.0, hold_s=15.0, start=0.3, turn_radps=0.07),
    )
)
LEAST, LARGEST = 0.0, 1.0 + 1e-7
SEEDS = st.integers(0, 2**32 - 1)


def rows(seed: int, *, calm: bool = False) -> Tracks:
    """Rows of three tracks, interleaved: any times, also equal ones, any covariances, plots or none.

    Calm ones move as their velocity says, so that every row continues the one before.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    track = rng.integers(0, 3, n)
    time = np.sort(np.round(rng.uniform(0.0, 60.0 if calm else 300.0, n), 0))
    size = np.array([300.0, 300.0, 800.0, 30.0, 30.0, 20.0]) * 10.0 ** rng.uniform(-1.5, 1.5, (n, 6))
    shape = rng.normal(size=(n, 6, 8))
    covariance = np.einsum("nij,nkj,ni,nk->nik", shape, shape, size, size) / 8.0 + 1e-6 * np.eye(6)
    covariance = 0.5 * (covariance + covariance.transpose(0, 2, 1))
    start = np.array([3e4, 2e4, 8e3, 150.0, -120.0, 5.0])
    mean = start + rng.normal(size=(n, 6)) * (0.3 * size if calm else [5e3, 5e3, 1e3, 100.0, 100.0, 20.0])
    mean[:, :3] += time[:, None] * start[3:]
    return Tracks.make(
        n,
        time_s=time,
        track_id=track,
        **dict(zip(STATE, mean.T, strict=True)),
        covariance=covariance,
        mode_probability=rng.dirichlet([1.0, 0.5, 0.5], n),
        detection_id=np.where(rng.uniform(size=n) < 0.8, np.arange(n), -1),
    )


def states(tracks: Tracks) -> Floats:
    return np.column_stack([getattr(tracks, name) for name in STATE])


def moved(tracks: Tracks, matrix: Floats, shift: Floats) -> Tracks:
    """The tracks in other coordinates."""
    mean = states(tracks) @ matrix.T + shift
    covariance = matrix @ tracks.covariance @ matrix.T
    covariance = 0.5 * (covariance + covariance.transpose(0, 2, 1))
    return replace(tracks, **dict(zip(STATE, mean.T.copy(), strict=True)), covariance=covariance)


@given(SEEDS, st.sampled_from([np.inf, 0.0, 7.0, 60.0]))
@settings(max_examples=150, deadline=None)
def test_smoothed_covariances_are_positive_definite_and_never_larger(seed: int, lag_s: float) -> None:
    tracks = rows(seed)
    found = smoothed(tracks, PARAMS, lag_s=lag_s)
    assert np.isfinite(states(found)).all()
    assert np.array_equal(found.covariance, found.covariance.transpose(0, 2, 1))
    low = np.linalg.cholesky(tracks.covariance)
    half = np.linalg.solve(low, found.covariance)
    shares = np.linalg.eigvalsh(np.linalg.solve(low, half.transpose(0, 2, 1)))
    assert shares.min() > LEAST
    assert shares.max() < LARGEST


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_smoothing_turns_and_shifts_with_the_map(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tracks = rows(seed, calm=True)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    matrix, shift = np.kron(np.eye(2), turn), np.array([*rng.uniform(-1e5, 1e5, 3), 0.0, 0.0, 0.0])
    there = smoothed(moved(tracks, matrix, shift), PARAMS)
    again = moved(smoothed(tracks, PARAMS), matrix, shift)
    millimetre = 1e-3
    assert np.abs(states(there) - states(again)).max() < millimetre
    assert np.allclose(there.covariance, again.covariance, rtol=1e-5, atol=1e-6 * np.abs(tracks.covariance).max())


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_a_track_is_smoothed_as_if_it_were_alone(seed: int) -> None:
    tracks = rows(seed)
    found = smoothed(tracks, PARAMS)
    for track_id in np.unique(tracks.track_id):
        mine = tracks.track_id == track_id
        assert np.array_equal(states(smoothed(tracks[mine], PARAMS)), states(found[mine]))


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_the_last_plot_of_a_track_and_what_follows_it_stay(seed: int) -> None:
    tracks = rows(seed)
    found = smoothed(tracks, PARAMS)
    for track_id in np.unique(tracks.track_id):
        mine = np.flatnonzero(tracks.track_id == track_id)
        plots = np.flatnonzero(tracks.detection_id[mine] >= 0)
        still = mine[plots[-1] :] if len(plots) else mine
        assert np.array_equal(states(found)[still], states(tracks)[still])

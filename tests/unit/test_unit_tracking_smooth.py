"""Smoothing: the textbook where it is exact, its plain twin elsewhere, smaller errors, and rows that must stay."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorded_plots import SENSORS, plots, truth
from tracking_scenes import WORLD, radars, seen_by

from chainhome.cli import main
from chainhome.earth import enu_to_geodetic
from chainhome.errors import UseError
from chainhome.formats import read_run, read_table, write_table
from chainhome.formats.detections_file import write_detections_csv
from chainhome.metrics.consistency import nees
from chainhome.tables import TRACK_STATUSES, Detections, Floats, Tracks
from chainhome.tracking import AIRCRAFT, MotionModel, TrackerParams, feed, initial_state, prepare
from chainhome.tracking.smooth import STATE, smooth, smoothed

CONFIRMED = TRACK_STATUSES.index("confirmed")
STEADY = MotionModel("steady", along_m2ps3=4.0, across_m2ps3=4.0, vertical_m2ps3=0.5, hold_s=60.0, start=1.0)
LINEAR = TrackerParams(models=(STEADY,))
TURNING = TrackerParams(
    models=(
        MotionModel("straight", 2.0, 1.0, 0.5, hold_s=100.0, start=0.5),
        MotionModel("left", 20.0, 60.0, 5.0, hold_s=15.0, start=0.25, turn_radps=-0.06),
        MotionModel("right", 20.0, 60.0, 5.0, hold_s=15.0, start=0.25, turn_radps=0.06),
    )
)
ROUNDING = 1e-9


def table(time_s: Floats, mean: Floats, covariance: Floats, weight: Floats, seen: Floats | None = None) -> Tracks:
    """One track."""
    n = len(time_s)
    seen = np.ones(n, bool) if seen is None else seen
    return Tracks.make(
        n,
        time_s=time_s,
        track_id=3,
        **dict(zip(STATE, mean.T, strict=True)),
        covariance=covariance,
        mode_probability=weight,
        detection_id=np.where(seen, np.arange(n), -1),
        existence=0.9,
        status=CONFIRMED,
    )


def states(tracks: Tracks) -> Floats:
    return np.column_stack([getattr(tracks, name) for name in STATE])


def transition(dt: float, turn: float) -> Floats:
    """Nearly constant velocity, or a turn to the right."""
    s0, c0 = np.sin(turn * dt), np.cos(turn * dt)
    s1, c1 = (dt, 0.0) if turn == 0.0 else (s0 / turn, (1.0 - c0) / turn)
    f = np.eye(6)
    f[:2, 3:5] = [[s1, c1], [-c1, s1]]
    f[2, 5] = dt
    f[3:5, 3:5] = [[c0, s0], [-s0, c0]]
    return f


def noise(dt: float, density: Floats) -> Floats:
    """Covariance of white acceleration of density (3, 3) over dt."""
    return np.kron(np.array([[dt**3 / 3.0, dt**2 / 2.0], [dt**2 / 2.0, dt]]), density)


def density_of(model: MotionModel, mean: Floats, covariance: Floats) -> Floats:
    """Density of a model's acceleration in the axes of the world, for a predicted state."""
    vx, vy = mean[3:5]
    sure = 1.0 / (vx * vx + vy * vy + covariance[3, 3] + covariance[4, 4])
    half, apart = 0.5 * (model.along_m2ps3 + model.across_m2ps3), 0.5 * (model.along_m2ps3 - model.across_m2ps3)
    level = half * np.eye(2) + apart * sure * np.array(
        [[vx * vx - vy * vy, 2 * vx * vy], [2 * vx * vy, vy * vy - vx * vx]]
    )
    out = np.zeros((3, 3))
    out[:2, :2], out[2, 2] = level, model.vertical_m2ps3
    return out


def filtered(seed: int, n: int = 60) -> tuple[Floats, Floats, Floats, Floats]:
    """Times, truths, means and covariances of a textbook Kalman filter of positions, at uneven times."""
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(1.0, 12.0, n))
    h, r = np.eye(3, 6), np.diag([900.0, 2500.0, 1e4])
    x = np.array([1e4, -2e4, 8e3, 150.0, 120.0, 2.0])
    m, p = x + rng.normal(size=6) * [500.0] * 3 + [0.0] * 6, np.diag([2.5e5] * 3 + [2.5e3] * 3)
    x = m + np.sqrt(np.diag(p)) * rng.normal(size=6)
    truths, means, covariances = [], [], []
    for k in range(n):
        if k:
            dt = time[k] - time[k - 1]
            f, q = transition(dt, 0.0), noise(dt, np.diag([4.0, 4.0, 0.5]))
            x = f @ x + np.linalg.cholesky(q) @ rng.normal(size=6)
            m, p = f @ m, f @ p @ f.T + q
        gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + r)
        m = m + gain @ (h @ (x - m) + np.sqrt(np.diag(r)) * rng.normal(size=3))
        p = (np.eye(6) - gain @ h) @ p @ (np.eye(6) - gain @ h).T + gain @ r @ gain.T
        truths.append(x), means.append(m), covariances.append(p)
    return time, np.array(truths), np.array(means), np.array(covariances)


def textbook(time: Floats, means: Floats, covariances: Floats) -> tuple[Floats, Floats]:
    """The smoother of Rauch, Tung and Striebel for one linear model, as in any textbook."""
    x, p = means.copy(), covariances.copy()
    for k in range(len(time) - 2, -1, -1):
        dt = time[k + 1] - time[k]
        f, q = transition(dt, 0.0), noise(dt, np.diag([4.0, 4.0, 0.5]))
        ahead = f @ covariances[k] @ f.T + q
        gain = covariances[k] @ f.T @ np.linalg.inv(ahead)
        x[k] = means[k] + gain @ (x[k + 1] - f @ means[k])
        p[k] = covariances[k] + gain @ (p[k + 1] - ahead) @ gain.T
    return x, p


def twin(tracks: Tracks, params: TrackerParams) -> tuple[Floats, Floats]:
    """The same with every model's step, matched in moments; without the care for covariances that grow."""
    m, p, w = states(tracks), tracks.covariance, tracks.mode_probability
    x, s = m.copy(), p.copy()
    for k in range(len(tracks) - 2, -1, -1):
        dt = tracks.time_s[k + 1] - tracks.time_s[k]
        moved = [transition(dt, model.turn_radps) for model in params.models]
        ahead = sum(w[k + 1, j] * f @ m[k] for j, f in enumerate(moved))
        cross, spread = np.zeros((6, 6)), np.zeros((6, 6))
        for j, (f, model) in enumerate(zip(moved, params.models, strict=True)):
            own = f @ p[k] @ f.T
            own = own + noise(dt, density_of(model, f @ m[k], own))
            cross += w[k + 1, j] * p[k] @ f.T
            spread += w[k + 1, j] * (own + np.outer(f @ m[k] - ahead, f @ m[k] - ahead))
        gain = cross @ np.linalg.inv(spread)
        x[k] = m[k] + gain @ (x[k + 1] - ahead)
        s[k] = p[k] + gain @ (s[k + 1] - spread) @ gain.T
    return x, s


@pytest.mark.parametrize("seed", range(5))
def test_with_one_linear_model_it_is_the_textbook_smoother(seed: int) -> None:
    time, _, means, covariances = filtered(seed)
    found = smoothed(table(time, means, covariances, np.ones((len(time), 1))), LINEAR)
    x, p = textbook(time, means, covariances)
    assert np.allclose(states(found), x, rtol=ROUNDING, atol=1e-6)
    assert np.allclose(found.covariance, p, rtol=ROUNDING, atol=ROUNDING * covariances.max())


def test_with_one_linear_model_the_smoothed_covariances_are_honest() -> None:
    runs = [filtered(seed) for seed in range(300)]
    row = 20
    found = [smoothed(table(t, m, p, np.ones((len(t), 1))), LINEAR)[row : row + 1] for t, _, m, p in runs]
    values = nees(
        np.concatenate([states(one) for one in found]),
        np.array([x[row] for _, x, _, _ in runs]),
        np.concatenate([one.covariance for one in found]),
    )
    four_standard_errors = 4.0 * np.sqrt(2.0 * 6.0 / len(runs))
    assert abs(values.mean() - 6.0) < four_standard_errors


@pytest.mark.parametrize("seed", range(5))
def test_with_turns_it_is_its_plain_twin(seed: int) -> None:
    time, _, means, covariances = filtered(seed)
    weight = np.random.default_rng(seed).dirichlet([2.0, 1.0, 1.0], len(time))
    # Filtered covariances small enough that the spread of the models never makes the smoothed ones larger.
    track = table(time, means, 0.5 * covariances, weight)
    found = smooth(track, TURNING)
    x, p = twin(track, TURNING)
    grows = np.linalg.eigvalsh(0.5 * covariances - p).min(axis=1) < 0.0
    assert found.broken == 0
    assert not grows[-15:].any()
    whole = len(time) if not grows.any() else len(time) - 1 - int(np.flatnonzero(grows)[-1])
    assert np.allclose(states(found.tracks)[-whole:], x[-whole:], rtol=1e-8, atol=1e-5)
    assert np.allclose(found.tracks.covariance[-whole:], p[-whole:], rtol=1e-7, atol=1e-8 * covariances.max())


def flight(seed: int) -> tuple[Floats, Floats]:
    """Times and states, every half second, of a flight of ten minutes with three turns of 1 to 3 g."""
    rng = np.random.default_rng([7, seed])
    fine = np.arange(0.0, 600.0, 0.5)
    turn = np.zeros(len(fine))
    for start in (120.0, 280.0, 440.0):
        start += rng.uniform(-40.0, 40.0)
        rate = rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 3.0) * 9.81 / 230.0
        turn[(fine >= start) & (fine < start + rng.uniform(0.4, 1.5) / abs(rate) * 2.0)] = rate
    course = rng.uniform(0.0, 2.0 * np.pi) + np.cumsum(turn) * 0.5
    v = 230.0 * np.column_stack([np.sin(course), np.cos(course), np.zeros(len(fine))])
    bearing = rng.uniform(0.0, 2.0 * np.pi)
    start_m = 90e3 * np.array([np.sin(bearing), np.cos(bearing), 0.0]) + [0.0, 0.0, 9e3]
    position = start_m + np.cumsum(v, axis=0) * 0.5
    return fine, np.column_stack([position, v])


def tracked(seed: int) -> tuple[Tracks, Floats]:
    """The confirmed rows that a radar's noisy plots of one flight give, without clutter, and the truth at each."""
    rng = np.random.default_rng([8, seed])
    time, x = flight(seed)
    radar = radars(period_s=5.0)
    seen = np.flatnonzero(rng.uniform(size=len(time) // 10) < 0.9) * 10
    exact = seen_by(radar, 0, x[seen, :3], time[seen], 0)
    noisy = replace(
        exact,
        range_m=exact.range_m + rng.normal(0.0, 50.0, len(exact)),
        azimuth_rad=(exact.azimuth_rad + rng.normal(0.0, 2e-3, len(exact))) % (2.0 * np.pi),
        elevation_rad=exact.elevation_rad + rng.normal(0.0, 3e-3, len(exact)),
    )
    setup = prepare(radar, WORLD, clutter_density=1e-10)
    _, tracks = feed(initial_state(setup), noisy, setup, until_s=np.inf)
    tracks = tracks[(tracks.track_id == np.bincount(tracks.track_id).argmax()) & (tracks.status == CONFIRMED)]
    tracks = tracks[tracks.time_s <= time[-1]]
    return tracks, np.column_stack([np.interp(tracks.time_s, time, column) for column in x.T])


def test_on_turning_flights_the_errors_shrink_and_the_covariances_stay_honest() -> None:
    before, after, values = [], [], []
    for seed in range(30):
        tracks, x = tracked(seed)
        assert len(tracks) > 60
        found = smoothed(tracks, TrackerParams(), WORLD)
        for errors, estimate in ((before, tracks), (after, found)):
            e = states(estimate) - x
            errors.append([np.mean(e[:, :2] ** 2), np.mean(e[:, 2] ** 2), np.mean(e[:, 3:5] ** 2)])
        values.append(nees(states(found), x, found.covariance).mean() / 6.0)
    ratio = np.sqrt(np.array(after) / np.array(before))
    whole = np.sqrt(np.mean(after, axis=0) / np.mean(before, axis=0))
    level, height, speed = 0.65, 0.70, 0.55
    assert (whole < [level, height, speed]).all(), whole
    assert (ratio[:, [0, 2]] < 1.0).mean() > 0.95, ratio
    cautious, bold = 0.5, 1.5
    assert cautious < np.mean(values) < bold


def test_a_longer_look_ahead_is_a_better_one() -> None:
    errors = []
    for lag_s in (0.0, 5.0, 20.0, np.inf):
        square = []
        for seed in range(12):
            tracks, x = tracked(seed)
            e = states(smoothed(tracks, TrackerParams(), lag_s=lag_s)) - x
            square.append(np.mean(e[:, 3:5] ** 2))
        errors.append(np.mean(square))
    assert (np.diff(errors) < 0.0).all(), errors


def test_with_a_lag_a_row_is_what_the_rows_until_then_make_of_it() -> None:
    time, _, means, covariances = filtered(7)
    track = table(time, means, covariances, np.ones((len(time), 1)))
    lag_s = 20.0
    found = smoothed(track, LINEAR, lag_s=lag_s)
    for row in range(len(time)):
        known = smoothed(track[time <= time[row] + lag_s], LINEAR)
        assert np.allclose(states(found)[row], states(known)[row], rtol=ROUNDING)
        assert np.allclose(found.covariance[row], known.covariance[row], rtol=ROUNDING, atol=1e-6)


def test_no_look_ahead_leaves_all_rows_as_they_are_and_an_endless_one_is_the_default() -> None:
    tracks, _ = tracked(1)
    none, longest = (smoothed(tracks, TrackerParams(), WORLD, lag_s=lag_s) for lag_s in (0.0, 1e9))
    assert np.array_equal(states(none), states(tracks))
    assert np.array_equal(none.covariance, tracks.covariance)
    assert np.array_equal(states(longest), states(smoothed(tracks, TrackerParams(), WORLD)))


def test_rows_of_one_moment_become_one_estimate() -> None:
    time, _, means, covariances = filtered(4)
    time, means, covariances = (np.insert(a, 31, a[30], axis=0) for a in (time, means, covariances))
    means[31] += 20.0
    covariances[31] *= 0.7
    found = smoothed(table(time, means, covariances, np.ones((len(time), 1))), LINEAR)
    assert np.allclose(states(found)[30], states(found)[31], rtol=ROUNDING)
    assert np.allclose(found.covariance[30], found.covariance[31], rtol=1e-6, atol=1e-6)


def test_rows_after_the_last_plot_stay_as_they_are_and_say_nothing_of_earlier_ones() -> None:
    time, _, means, covariances = filtered(5)
    seen = np.arange(len(time)) < 50
    weight = np.ones((len(time), 1))
    found = smoothed(table(time, means, covariances, weight, seen), LINEAR)
    short = smoothed(table(time[:50], means[:50], covariances[:50], weight[:50]), LINEAR)
    assert np.array_equal(states(found)[49:], means[49:])
    assert np.array_equal(states(found)[:50], states(short))


def test_a_track_without_any_plot_stays_as_it_is() -> None:
    time, _, means, covariances = filtered(5)
    track = table(time, means, covariances, np.ones((len(time), 1)), np.zeros(len(time), bool))
    assert smooth(track, LINEAR).rows == 0
    assert np.array_equal(states(smoothed(track, LINEAR)), means)


def test_where_a_track_jumps_smoothing_begins_anew() -> None:
    time, _, means, covariances = filtered(6)
    means[30:, 0] += 50e3
    found = smooth(table(time, means, covariances, np.ones((len(time), 1))), LINEAR)
    before = smoothed(table(time[:30], means[:30], covariances[:30], np.ones((30, 1))), LINEAR)
    assert found.broken == 1
    assert np.array_equal(states(found.tracks)[:30], states(before))


def test_where_the_filter_lost_sight_the_covariance_is_not_larger_than_before() -> None:
    time, _, means, covariances = filtered(9)
    covariances[40] *= 50.0  # as after a plot that could have been of anybody
    found = smoothed(table(time, means, covariances, np.ones((len(time), 1))), LINEAR)
    assert np.linalg.eigvalsh(covariances - found.covariance).min() > -1e-7 * covariances.max()
    assert np.linalg.eigvalsh(found.covariance).min() > 0.0


def test_tracks_do_not_depend_on_each_other_nor_on_the_order_of_rows() -> None:
    one, _ = tracked(2)
    other, _ = tracked(3)
    other = replace(other, track_id=np.full(len(other), 9))
    both = Tracks.concat([one, other])
    mixed = both[np.random.default_rng(1).permutation(len(both))]
    found = smoothed(mixed, TrackerParams(), WORLD)
    assert np.array_equal(found.detection_id, mixed.detection_id)
    again = found[found.track_id == 9].sorted_by("time_s")
    assert np.array_equal(states(again), states(smoothed(other, TrackerParams(), WORLD)))


def test_all_but_the_estimates_stays_and_places_follow_them() -> None:
    tracks, _ = tracked(2)
    found = smoothed(tracks, TrackerParams(), WORLD)
    for name in ("time_s", "track_id", "existence", "mode_probability", "detection_id", "status"):
        assert np.array_equal(getattr(found, name), getattr(tracks, name))
    lat, lon, height = enu_to_geodetic(WORLD, states(found)[:, :3])
    assert np.allclose(found.lat_deg, np.degrees(lat), rtol=1e-15)
    assert np.allclose(found.lon_deg, np.degrees(lon), rtol=1e-15)
    assert np.array_equal(found.altitude_m, height)
    assert np.isnan(smoothed(tracks, TrackerParams()).lat_deg).all()


def test_what_cannot_be_smoothed_is_refused() -> None:
    tracks, _ = tracked(2)
    with pytest.raises(UseError, match=r"lag_s = -1\.0: expected 0 or more"):
        smoothed(tracks, TrackerParams(), lag_s=-1.0)
    with pytest.raises(UseError, match="lag_s = nan"):
        smoothed(tracks, TrackerParams(), lag_s=np.nan)
    with pytest.raises(UseError, match=f"tracks of {len(AIRCRAFT)} motion models, expected the 1 of"):
        smoothed(tracks, LINEAR)
    assert len(smoothed(Tracks.make(0), LINEAR)) == 0


def test_the_command_smooths_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_detections_csv(plots(), tmp_path / "plots.csv")
    (tmp_path / "sensors.toml").write_text(SENSORS, encoding="utf-8")
    write_table(truth(), tmp_path / "truth.parquet")
    scores = []
    for name, more in (("plain", ()), ("smooth", ("--smooth",))):
        assert main(["track", "plots.csv", "--sensors", "sensors.toml", "--out", name, *more]) == 0
        assert ("rows of tracks smoothed" in capsys.readouterr().out) == (name == "smooth")
        assert main(["score", name, "--truth", "truth.parquet", "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out))
    plain, smooth_run = (read_run(tmp_path / name) for name in ("plain", "smooth"))
    assert (plain.record["smoothed"], smooth_run.record["smoothed"]) == (False, True)
    assert smooth_run.record["status"] == "complete"
    assert smooth_run.record["summary"]["smoothing"]["rows"] > 50
    assert "smoothing" not in plain.record["summary"]
    before, after = (read_table(Tracks, tmp_path / name / "tracks.parquet") for name in ("plain", "smooth"))
    assert np.array_equal(before.track_id, after.track_id)
    assert np.array_equal(before.time_s, after.time_s)
    seen = read_table(Detections, tmp_path / "smooth" / "detections.parquet")
    assert len(seen) == len(plots())
    errors = [score["siap"]["velocity_error_rms_mps"] for score in scores]
    two_thirds = 2.0 / 3.0
    assert errors[1] < two_thirds * errors[0]

from dataclasses import fields

import numpy as np
import pytest

from chainhome import earth
from chainhome.errors import UseError
from chainhome.motion import Fixes, Noise, index, interpolate, load_thy1920, recorded_truth, thy1920_fixes
from chainhome.motion.smooth import smooth

WORLD = earth.enu_frame(np.radians(40.0789), np.radians(32.5656), 843.0)
SPEED, RADIUS = 200.0, 20_000.0


def orbit(times: np.ndarray, *, speeds: bool = True) -> Fixes:
    """An aircraft on a circle around the origin at 9 km, seen without error."""
    angle = SPEED / RADIUS * times
    lat, lon = earth.destination(WORLD.lat_rad, WORLD.lon_rad, angle, RADIUS)
    unknown = np.full_like(times, np.nan)
    track = np.mod(earth.inverse(lat, lon, WORLD.lat_rad, WORLD.lon_rad)[1] - np.pi / 2, 2 * np.pi)
    return Fixes(
        times,
        lat,
        lon,
        np.full_like(times, 9_000.0),
        np.full_like(times, SPEED) if speeds else unknown,
        track if speeds else unknown,
        np.zeros_like(times) if speeds else unknown,
    )


def changed(fixes: Fixes, **columns: np.ndarray) -> Fixes:
    return Fixes(**({f.name: getattr(fixes, f.name).copy() for f in fields(fixes)} | columns))


@pytest.mark.parametrize("speeds", [True, False])
def test_a_clean_recording_is_followed(speeds: bool) -> None:
    truth, cleaning = recorded_truth(orbit(np.arange(0.0, 400.0, 10.0), speeds=speeds), 4, WORLD)
    assert (cleaning.given, cleaning.used, cleaning.gaps) == (40, 40, 0)
    exact = orbit(truth.time_s)
    off, _ = earth.inverse(np.radians(truth.lat_deg), np.radians(truth.lon_deg), exact.lat_rad, exact.lon_rad)
    inside = slice(20, -20)  # without speeds the ends of a curve are loose
    a_wing_span = 30.0
    assert off[inside].max() < a_wing_span
    assert np.abs(truth.altitude_m - 9_000.0)[inside].max() < a_wing_span
    assert set(truth.target_id.tolist()) == {4}


def test_velocity_is_the_derivative_of_position_in_a_recording_too() -> None:
    truth, _ = recorded_truth(orbit(np.arange(0.0, 400.0, 10.0)), 4, WORLD, step_s=0.1)
    position = np.column_stack([truth.x_m, truth.y_m, truth.z_m])
    velocity = np.column_stack([truth.vx_mps, truth.vy_mps, truth.vz_mps])
    error = np.diff(position, axis=0) / 0.1 - (velocity[1:] + velocity[:-1]) / 2
    curvature_of_a_step = 0.02
    assert np.abs(error).max() < curvature_of_a_step


def test_wild_fixes_are_left_out_and_do_not_bend_the_flight() -> None:
    clean = orbit(np.arange(0.0, 600.0, 10.0))
    lat = clean.lat_rad.copy()
    lat[20] += np.radians(0.5)
    lat[33:35] += np.radians(0.1)
    truth, cleaning = recorded_truth(changed(clean, lat_rad=lat), 1, WORLD)
    undisturbed, _ = recorded_truth(clean, 1, WORLD)
    assert cleaning.outliers == 3
    assert cleaning.used == 57
    a_wing_span = 30.0
    assert np.hypot(truth.x_m - undisturbed.x_m, truth.y_m - undisturbed.y_m).max() < a_wing_span


def test_order_does_not_matter_and_repeats_are_counted() -> None:
    times = np.arange(0.0, 300.0, 10.0)
    clean = orbit(times)
    again = np.concatenate([np.arange(30), [3, 7, 7]])
    shuffled = clean[np.random.default_rng(1).permutation(again)]
    truth, cleaning = recorded_truth(shuffled, 1, WORLD)
    assert cleaning.duplicates == 3
    np.testing.assert_array_equal(truth.x_m, recorded_truth(clean, 1, WORLD)[0].x_m)


def test_a_fix_that_stands_still_at_speed_is_a_repeat() -> None:
    clean = orbit(np.arange(0.0, 300.0, 10.0))
    lat, lon = clean.lat_rad.copy(), clean.lon_rad.copy()
    lat[11], lon[11] = lat[10], lon[10]
    assert recorded_truth(changed(clean, lat_rad=lat, lon_rad=lon), 1, WORLD)[1].duplicates == 1


def test_filled_fixes_are_left_out_unless_asked_for() -> None:
    times = np.arange(0.0, 300.0, 10.0)
    clean = orbit(times)
    lat, lon = clean.lat_rad.copy(), clean.lon_rad.copy()
    for column in (lat, lon):
        column[10:16] = np.linspace(column[10], column[15], 6)
    filled = changed(clean, lat_rad=lat, lon_rad=lon)
    assert recorded_truth(filled, 1, WORLD)[1].filled == 4
    assert recorded_truth(filled, 1, WORLD, keep_filled=True)[1].filled == 0


def test_a_gap_stays_empty_and_a_lonely_fix_is_left_out() -> None:
    times = np.concatenate([np.arange(0.0, 200.0, 10.0), [300.0], np.arange(400.0, 500.0, 10.0)])
    truth, cleaning = recorded_truth(orbit(times), 1, WORLD)
    assert (cleaning.isolated, cleaning.gaps) == (1, 1)
    assert not np.any((truth.time_s > 190.0) & (truth.time_s < 400.0))
    known = np.isfinite(interpolate(truth, 1, [190.0, 191.0, 300.0, 399.0, 400.0])[0][:, 0])
    assert known.tolist() == [True, False, False, False, True]


def test_incomplete_fixes_are_counted() -> None:
    clean = orbit(np.arange(0.0, 300.0, 10.0))
    altitude = clean.altitude_m.copy()
    altitude[[4, 9]] = np.nan
    assert recorded_truth(changed(clean, altitude_m=altitude), 1, WORLD)[1].incomplete == 2


def test_a_recording_without_two_usable_fixes_is_refused() -> None:
    with pytest.raises(UseError, match="no two usable ones within 60 s"):
        recorded_truth(orbit(np.array([0.0, 100.0, 200.0])), 1, WORLD)
    with pytest.raises(UseError, match="none with time, position and altitude"):
        recorded_truth(orbit(np.array([np.nan, np.nan])), 1, WORLD)


def test_time_stamps_that_are_off_are_smoothed_away_along_the_track() -> None:
    bins = np.arange(0.0, 900.0, 10.0)
    late = bins + np.random.default_rng(5).uniform(-5.0, 5.0, len(bins))
    stamped = changed(orbit(late), time_s=bins)
    noise = Noise(time_s=3.0, velocity_mps=8.0, acceleration_density=20.0)
    truth, cleaning = recorded_truth(stamped, 1, WORLD, noise=noise)
    exact = orbit(truth.time_s)
    off, _ = earth.inverse(np.radians(truth.lat_deg), np.radians(truth.lon_deg), exact.lat_rad, exact.lon_rad)
    raw_error = np.sqrt(np.mean((SPEED * (late - bins)) ** 2))
    assert cleaning.outliers == 0
    assert np.sqrt(np.mean(off**2)) < raw_error / 3


def test_the_banded_smoother_equals_a_dense_least_squares_solution() -> None:
    rng = np.random.default_rng(3)
    n, q = 7, 4.0
    time = np.cumsum(rng.uniform(1.0, 20.0, n))
    place, speed = rng.normal(size=(n, 3)) * 100, rng.normal(size=(n, 3)) * 10
    root_p, root_v = rng.normal(size=(n, 3, 3)), rng.normal(size=(n, 3, 3))
    linked = np.array([True, True, False, True, True, True])
    rows, right = [], []
    for i in range(n):
        for root, value, at in ((root_p[i], place[i], 0), (root_v[i], speed[i], 3)):
            row = np.zeros((3, 6 * n))
            row[:, 6 * i + at : 6 * i + at + 3] = root
            rows.append(row)
            right.append(root @ value)
    for i in np.flatnonzero(linked):
        h = time[i + 1] - time[i]
        spread = q * np.array([[h**3 / 3, h**2 / 2], [h**2 / 2, h]])
        whiten = np.linalg.inv(np.linalg.cholesky(spread))
        error = np.zeros((6, 6 * n))
        error[:, 6 * i : 6 * i + 6] = np.kron(-np.array([[1.0, h], [0.0, 1.0]]), np.eye(3))
        error[:, 6 * i + 6 : 6 * i + 12] = np.eye(6)
        rows.append(np.kron(whiten, np.eye(3)) @ error)
        right.append(np.zeros(6))
    dense = np.linalg.lstsq(np.vstack(rows), np.concatenate(right), rcond=None)[0].reshape(n, 6)
    precision_p = np.einsum("nki,nkj->nij", root_p, root_p)
    precision_v = np.einsum("nki,nkj->nij", root_v, root_v)
    got = smooth(time, place, speed, precision_p, precision_v, linked=linked, acceleration_density=q)
    np.testing.assert_allclose(np.hstack(got), dense, rtol=1e-7, atol=1e-7)


def test_the_shipped_flight_is_the_one_that_is_described() -> None:
    fixes = thy1920_fixes()
    distance, _ = earth.inverse(WORLD.lat_rad, WORLD.lon_rad, fixes.lat_rad, fixes.lon_rad)
    half_a_kilometre = 500.0
    assert len(fixes.time_s) == 917
    assert fixes.time_s[0] == 1_587_624_110
    assert set(np.diff(fixes.time_s).tolist()) == {10.0}
    assert abs(distance.min() - 24e3) < half_a_kilometre
    assert abs(distance.max() - 296e3) < half_a_kilometre


def test_the_shipped_flight_moves_like_an_airliner() -> None:
    truth, cleaning = load_thy1920(WORLD, 300.0, 9)
    velocity = np.column_stack([truth.vx_mps, truth.vy_mps, truth.vz_mps])
    together = np.diff(truth.time_s) == 1.0
    acceleration = np.linalg.norm(np.diff(velocity, axis=0), axis=1)[together]
    bank_35_degrees = 9.80665 * np.tan(np.radians(35.0))
    assert acceleration.max() < bank_35_degrees
    assert np.linalg.norm(velocity, axis=1).max() < 270.0
    assert (cleaning.used, cleaning.filled, cleaning.isolated, cleaning.outliers) == (250, 666, 1, 0)
    assert cleaning.gaps == 8


def test_the_shipped_flight_passes_its_own_fixes_within_the_time_error_and_a_runway_width() -> None:
    truth, _ = load_thy1920(WORLD, 0.0, 9)
    fixes = thy1920_fixes()
    lookup = index(truth)
    place, velocity = interpolate(lookup, 9, fixes.time_s - fixes.time_s[0])
    off = earth.geodetic_to_enu(WORLD, fixes.lat_rad, fixes.lon_rad, fixes.altitude_m) - place
    speed = np.linalg.norm(velocity, axis=1)
    along_s = np.einsum("ni,ni->n", off, velocity) / speed**2
    measured = np.isfinite(along_s)
    half_a_bin, runway = 5.5, 45.0
    sharp = measured & ~filled_rows(fixes)
    across = np.linalg.norm(off - along_s[:, None] * velocity, axis=1)
    assert sharp.sum() == 250
    assert np.abs(along_s[sharp]).max() < half_a_bin
    assert across[sharp].max() < runway


def filled_rows(fixes: Fixes) -> np.ndarray:
    flat = np.ones(len(fixes.time_s), bool)
    flat[[0, -1]] = False
    for angle in (fixes.lat_rad, fixes.lon_rad):
        flat[1:-1] &= np.abs(angle[2:] - 2 * angle[1:-1] + angle[:-2]) < 4e-11
    return flat


def test_the_first_hour_of_the_shipped_flight_has_no_gap() -> None:
    truth, _ = load_thy1920(WORLD, 0.0, 9)
    assert np.isfinite(interpolate(truth, 9, np.arange(0.0, 3600.0))[0]).all()

"""The compiled pass from detections to plots against the same in plain NumPy, column by column, and its refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tracking_scenes import ADS_B, WORLD, radars

from chainhome import constants
from chainhome.earth import enu_to_geodetic
from chainhome.tables import Detections, Sensors
from chainhome.tracking import Setup, TrackerParams, prepare, slots
from chainhome.tracking.birth import known
from chainhome.tracking.measurement import plots_of

Floats = np.ndarray[Any, np.dtype[np.float64]]
ROUNDING, A_BILLIONTH = 1e-13, 1e-9  # relative
ONE_MICROMETRE, ONE_METRE = 1e-6, 1.0
SENSORS = Sensors.concat(
    [
        replace(radars([40.2, 39.5], [32.9, 33.0], [700.0, 50.0]), doppler_sigma_mps=np.array([2.0, np.nan])),
        Sensors.make(sensor_id=[7], kind=ADS_B, period_s=1.0),
        Sensors.make(sensor_id=[8], kind=ADS_B, range_sigma_m=25.0),
    ]
)
SETUP = prepare(SENSORS, WORLD, clutter_density={0: 3e-6, 1: 1e-6, 7: 1e-12, 8: 2e-12})
STEEPEST = 0.98


def some(count: int, seed: int, sensors: tuple[int, ...] = (0, 1, 7, 8)) -> Detections:
    """Plots of all kinds: of each sensor, with and without each slot, with and without their own sigmas and replies."""
    rng = np.random.default_rng(seed)

    def now_and_then(value: Any) -> Floats:
        return np.where(rng.random(count) < 0.5, value, np.nan)

    return Detections.make(
        detection_id=rng.permutation(count),
        sensor_id=rng.choice(sensors, count),
        time_s=rng.uniform(0.0, 60.0, count),
        range_m=np.exp(rng.uniform(np.log(0.3), np.log(4e5), count)),
        azimuth_rad=rng.uniform(-12.0, 12.0, count),
        elevation_rad=now_and_then(rng.uniform(-0.2, 1.6, count)),
        doppler_mps=now_and_then(rng.uniform(-400.0, 400.0, count)),
        x_m=rng.uniform(-9e5, 9e5, count),
        y_m=rng.uniform(-9e5, 9e5, count),
        z_m=now_and_then(rng.uniform(0.0, 1e4, count)),
        flight_level_m=now_and_then(rng.uniform(0.0, 1e4, count)),
        range_sigma_m=now_and_then(rng.uniform(5.0, 90.0, count)),
        azimuth_sigma_rad=now_and_then(rng.uniform(1e-4, 1e-2, count)),
        elevation_sigma_rad=now_and_then(rng.uniform(1e-4, 1e-2, count)),
        mode_3a=np.where(rng.random(count) < 0.3, 1234, -1),
        mode_s_address=np.where(rng.random(count) < 0.3, 77, -1),
    )


def measured(d: Detections, setup: Setup) -> tuple[Floats, Floats, Floats]:
    """Slots and variances as they come, and whether the sensor is a radar."""
    row = np.array([setup.row_of[key] for key in d.sensor_id.tolist()])
    polar = np.array([w.polar for w in setup.watchers])[row]
    value = np.column_stack([d.range_m, d.azimuth_rad, d.elevation_rad, d.doppler_mps, d.flight_level_m])
    sigma = np.array([w.sigma for w in setup.watchers])[row]
    own = np.column_stack([d.range_sigma_m, d.azimuth_sigma_rad, d.elevation_sigma_rad])
    value[~polar, :3] = np.column_stack([d.x_m, d.y_m, d.z_m])[~polar]
    own[~polar] = d.range_sigma_m[~polar, None]
    sigma[:, :3] = np.where(np.isnan(own), sigma[:, :3], own)
    value[~polar | np.isnan(sigma[:, slots.DOPPLER]), slots.DOPPLER] = np.nan
    value[~np.isnan(value[:, slots.ELEVATION]), slots.HEIGHT] = np.nan
    return value, sigma * sigma, polar


def refusal(d: Detections, setup: Setup, density: Floats | None = None) -> str:
    """The words with which plots are refused: the first reason that holds of any, with the first plot of which."""
    strange = sorted(set(d.sensor_id.tolist()) - set(setup.row_of))
    if strange:
        return f"detections of sensor_id {strange[0]}, which is not in sensors"
    value, variance, polar = measured(d, setup)
    there = ~np.isnan(value)
    reasons = {
        "expected range and azimuth of a radar, x and y of a report": ~(there[:, 0] & there[:, 1]),
        "expected a positive standard deviation of plot or sensor": (there & ~(variance > 0)).any(axis=1),
        "expected finite values": np.isinf(np.column_stack([value, variance])).any(axis=1),
        "expected a range above 0": polar & ~(value[:, 0] > 0),
    }
    for expected, bad in reasons.items():
        if bad.any():
            return f"detection_id {d.detection_id[np.argmax(bad)]}: {expected}"
    return "" if density is None or (density >= 0).all() else "clutter_density must not be negative or NaN"


def beginning(value: Floats, variance: Floats, setup: Setup, row: int) -> tuple[Floats, Floats]:
    """The state of a track that begins with one plot: a mean, and a covariance out of numerical matrices."""
    p, watcher = setup.params, setup.watchers[row]
    mean, covariance = np.zeros(6), np.zeros((6, 6))
    covariance[3:, 3:] = np.diag([p.birth_speed_sigma_mps, p.birth_speed_sigma_mps, p.birth_climb_sigma_mps]) ** 2
    r, azimuth, elevation, rate, told = value
    if not watcher.polar:
        mean[:3] = value[:3]
        covariance[:3, :3] = np.diag(variance[:3])
        if np.isnan(elevation):
            height = p.birth_height_m if np.isnan(told) else told
            covariance[2, 2] = p.birth_height_sigma_m**2 if np.isnan(told) else variance[4]
            mean[2] = 0.0
            for _ in range(6):
                mean[2] += height - float(enu_to_geodetic(setup.world, mean[:3])[2])
        return mean, covariance
    sigma2 = variance[:3].copy()
    if np.isnan(elevation):
        above = watcher.frame.height_m
        height = min(p.birth_height_m, above + 0.5 * r) if np.isnan(told) else told
        unsure = min(p.birth_height_sigma_m, 0.5 * r) if np.isnan(told) else np.sqrt(variance[4])
        a, rise = constants.EARTH_MEAN_RADIUS_M + above, height - above
        elevation = np.arcsin(np.clip((rise * (2.0 * a + rise) - r * r) / (2.0 * a * r), -STEEPEST, STEEPEST))
        sigma2[2] = (unsure / (r * np.cos(elevation))) ** 2
    s, c, up, flat = np.sin(azimuth), np.cos(azimuth), np.sin(elevation), np.cos(elevation)
    sight = watcher.rotation.T @ [flat * s, flat * c, up]
    turn = np.column_stack(
        [sight, r * flat * watcher.rotation.T @ [c, -s, 0.0], r * watcher.rotation.T @ [-up * s, -up * c, flat]]
    )
    mean[:3] = watcher.origin_m + r * sight
    covariance[:3, :3] = turn @ np.diag(sigma2) @ turn.T
    if not np.isnan(rate):
        line = r * sight / max(r, 1.0)
        gain = covariance[3:, 3:] @ line / (line @ covariance[3:, 3:] @ line + variance[3])
        mean[3:] = gain * rate
        covariance[3:, 3:] -= np.outer(gain, covariance[3:, 3:] @ line)
    return mean, covariance


@pytest.mark.parametrize("own_density", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_plots_of_all_kinds_are_what_plain_numpy_says(seed: int, own_density: bool) -> None:
    d, p, grid = some(400, seed), SETUP.params, SETUP.grid
    density = np.random.default_rng(seed).random(400) if own_density else None
    plots = plots_of(d, SETUP, density)
    value, variance, polar = measured(d, SETUP)
    there = ~np.isnan(value)
    value[polar, slots.AZIMUTH] = (value[polar, slots.AZIMUTH] + np.pi) % (2.0 * np.pi) - np.pi
    variance[~there] = 1.0
    assert SENSORS.sensor_id[plots.sensor].tolist() == d.sensor_id.tolist()
    np.testing.assert_allclose(plots.value, value, rtol=ROUNDING, atol=1e-14)
    np.testing.assert_allclose(plots.variance, variance, rtol=ROUNDING)
    thin = np.where(there[:, 3], 1.0 / p.doppler_span_mps, 1.0) * np.where(
        there[:, 4], 1.0 / p.birth_height_span_m, 1.0
    )
    replied = np.where((d.mode_3a >= 0) | (d.mode_s_address >= 0), p.false_reply_share, 1.0)
    clutter = np.array([w.clutter_density for w in SETUP.watchers])[plots.sensor] if density is None else density
    np.testing.assert_allclose(plots.clutter_density, clutter * thin * replied, rtol=ROUNDING)
    solid = np.where(there[:, 2], value[:, 0] * np.cos(value[:, 2]), 1.0)
    new = np.where(polar, value[:, 0] * solid, 1.0) * np.where(there[:, 2], 1.0 / p.birth_height_span_m, 1.0) * thin
    np.testing.assert_allclose(plots.new_density, new, rtol=A_BILLIONTH)  # an elevation may be near the zenith
    row, column = np.tril_indices(6)
    for i in range(len(d)):
        mean, covariance = beginning(value[i], variance[i], SETUP, int(plots.sensor[i]))
        bound = ONE_MICROMETRE if polar[i] or there[i, 2] else ONE_METRE
        assert np.abs(plots.mean[i] - mean).max() < bound
        scale = np.sqrt(np.diag(covariance))
        apart = (plots.triangle[i] - covariance[row, column]) / (scale[row] * scale[column] + 1e-300)
        assert np.abs(apart).max() < A_BILLIONTH
    x = np.clip((plots.mean[:, 0] - grid.x_m) / grid.cell_m, 0, grid.shape[1] - 1).astype(int)
    y = np.clip((plots.mean[:, 1] - grid.y_m) / grid.cell_m, 0, grid.shape[0] - 1).astype(int)
    assert plots.cell.tolist() == (y * grid.shape[1] + x).tolist()
    assert {0, grid.shape[0] - 1} <= set(y.tolist()), "no plot lies beyond the grid"


def spoilt(seed: int) -> Detections:
    """Plots, some of which cannot be used, for one or more reasons."""
    rng, d = np.random.default_rng(seed), some(30, seed)
    columns = {name: getattr(d, name).copy() for name in Detections.columns()}
    names = ("range_m", "azimuth_rad", "elevation_rad", "x_m", "y_m", "z_m", "flight_level_m", "doppler_mps")
    sigmas = ("range_sigma_m", "azimuth_sigma_rad", "elevation_sigma_rad")
    for _ in range(rng.integers(0, 4)):
        name = rng.choice([*names, *sigmas])
        columns[name][rng.integers(30)] = rng.choice([np.nan, 0.0, -1.0, np.inf, -np.inf])
    if rng.random() < 0.1:
        columns["sensor_id"][rng.integers(0, 30, 2)] = [5, 3]
    return Detections(**columns)


def test_plots_are_refused_for_the_first_reason_of_all_in_the_same_words() -> None:
    found = set()
    for seed in range(300):
        d = spoilt(seed)
        density = np.full(30, 1e-6)
        if seed % 5 == 0:
            density[seed % 30] = [np.nan, -1.0][seed % 2]
        said = refusal(d, SETUP, density)
        found.add(re.sub("^detection_id [0-9]+: ", "", said))
        if said:
            with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
                plots_of(d, SETUP, density)
        else:
            assert len(plots_of(d, SETUP, density)) == 30
    assert len(found) == 7, "not every reason was met"


def test_columns_with_gaps_between_their_numbers_or_that_can_be_written_give_the_same_plots() -> None:
    d = some(60, 3)
    whole = plots_of(d, SETUP)
    for part, rows in ((d[::2], slice(None, None, 2)), (d[::-1], slice(None, None, -1))):
        for name, column in vars(plots_of(part, SETUP)).items():
            assert np.array_equal(column, getattr(whole, name)[rows], equal_nan=column.dtype.kind == "f"), name
    writable = object.__new__(Detections)
    vars(writable).update({name: getattr(d, name).copy() for name in Detections.columns()})
    assert np.array_equal(plots_of(writable, SETUP).triangle, whole.triangle)


def test_a_plot_is_the_same_alone_and_among_others() -> None:
    d = some(50, 4)
    whole = plots_of(d, SETUP)
    for i in (0, 17, 49):
        for name, column in vars(plots_of(d[i : i + 1], SETUP)).items():
            assert np.array_equal(column, getattr(whole, name)[i : i + 1], equal_nan=column.dtype.kind == "f"), name


def test_no_plots_are_no_plots() -> None:
    none = plots_of(Detections.make(0), SETUP)
    assert (len(none), none.value.shape, none.triangle.shape) == (0, (0, slots.SLOTS), (0, 21))


def test_what_is_known_of_a_setup_is_made_once_and_is_of_that_setup() -> None:
    other = prepare(SENSORS, WORLD, params=TrackerParams(birth_height_m=5_000.0))
    assert known(SETUP) is known(SETUP)
    assert known(other).settings[2] == 5_000.0
    assert known(SETUP).settings[2] == SETUP.params.birth_height_m

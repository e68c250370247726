"""Small scenes for the tests of the tracker: sensors, what they report of straight flights, looks made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainhome.earth import Frame, enu_frame, measure
from chainhome.tables import SENSOR_KINDS, TRACK_STATUSES, Detections, Sensors
from chainhome.tracking import MotionModel, Setup, TrackerParams, TrackerState, combined, initial_state, prepare
from chainhome.tracking.looks import Look

WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
ADS_B = SENSOR_KINDS.index("ads_b")
TENTATIVE, CONFIRMED, ENDED = range(len(TRACK_STATUSES))
STEADY = MotionModel("straight", along_m2ps3=9.0, across_m2ps3=9.0, vertical_m2ps3=1.0, hold_s=60.0, start=1.0)
# Objects that last for ever and a birth rate near nothing: what is left is the filter.
LASTING = {
    "mean_life_s": 1e15,
    "births_per_m2ps": 1e-25,
    "unseen_per_m2": 1e-25,
    "new_share_min": 0.01,
    "new_share_first": 0.01,
}
POINT_SENSOR = Sensors.make(sensor_id=[0], kind=ADS_B, range_sigma_m=30.0)
"""Reports positions; no period, so that every look is made by hand."""


def radars(lat_deg: Any = 40.0, lon_deg: Any = 32.5, height_m: Any = 0.0, period_s: Any = 12.0, **more: Any) -> Sensors:
    """Radars with a range of 400 km, numbered from 0; by default one in the middle of the world."""
    count = max(np.size(lat_deg), np.size(period_s))
    figures = {"range_sigma_m": 50.0, "azimuth_sigma_rad": 2e-3, "elevation_sigma_rad": 3e-3, "max_range_m": 400e3}
    return Sensors.make(
        sensor_id=np.arange(count),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        height_m=height_m,
        period_s=period_s,
        **(figures | more),
    )


def site(sensors: Sensors, row: int = 0) -> Frame:
    """The frame of one sensor."""
    return enu_frame(np.radians(sensors.lat_deg[row]), np.radians(sensors.lon_deg[row]), float(sensors.height_m[row]))


def seen_by(sensors: Sensors, row: int, position_m: Any, time_s: Any, detection_id: int, **more: Any) -> Detections:
    """What a radar measures of positions (n, 3) without any error; no elevation where it has no sigma for it."""
    r, azimuth, elevation = measure(np.atleast_2d(position_m), site(sensors, row), WORLD)
    columns = {"range_m": r, "azimuth_rad": azimuth, "elevation_rad": elevation} | more
    if np.isnan(sensors.elevation_sigma_rad[row]):
        columns["elevation_rad"] = np.nan
    return Detections.make(
        detection_id=detection_id + np.arange(len(r)), time_s=time_s, sensor_id=sensors.sensor_id[row], **columns
    )


def beam_time_s(sensors: Sensors, row: int, start_m: Any, velocity_mps: Any, scan: int, north_s: float = 0.0) -> float:
    """When the beam, north at `north_s`, meets a straight flight in its scan of that number."""
    period = float(sensors.period_s[row])
    time = north_s + scan * period
    for _ in range(6):
        azimuth = measure((np.asarray(start_m) + time * np.asarray(velocity_mps))[None], site(sensors, row), WORLD)[1]
        time = north_s + (scan + float(azimuth[0]) / (2.0 * np.pi)) * period
    return time


def swept_plots(
    sensors: Sensors,
    flights: list[tuple[Any, Any]],
    scans: int,
    *,
    rng: np.random.Generator,
    row: int = 0,
    detected: float = 1.0,
    false_plots: float = 0.0,
    north_s: float = 0.0,
    first_id: int = 0,
    **more: Any,
) -> Detections:
    """What a rotating radar reports of straight flights (start, velocity), with noise, misses and false plots."""
    period = float(sensors.period_s[row])
    sigma = np.array([sensors.range_sigma_m[row], sensors.azimuth_sigma_rad[row], sensors.elevation_sigma_rad[row]])
    times, values, targets = [], [], []
    for scan in range(scans):
        for target, (start, velocity) in enumerate(flights):
            time = beam_time_s(sensors, row, start, velocity, scan, north_s)
            where = np.array(
                measure((np.asarray(start) + time * np.asarray(velocity))[None], site(sensors, row), WORLD)
            )
            noise = rng.normal(size=3)
            if rng.random() < detected:
                times.append(time)
                values.append(where[:, 0] + np.nan_to_num(sigma) * noise)
                targets.append(target)
        for _ in range(rng.poisson(false_plots)):
            azimuth = rng.uniform(0.0, 2.0 * np.pi)
            times.append(north_s + (scan + azimuth / (2.0 * np.pi)) * period)
            values.append(np.array([rng.uniform(1e3, 400e3), azimuth, rng.uniform(0.0, 0.5)]))
            targets.append(-1)
    r, azimuth, elevation = np.array(values).reshape(-1, 3).T
    columns = {name: np.asarray(value)[np.array(targets)] for name, value in more.items()}
    return Detections.make(
        detection_id=first_id + np.arange(len(times)),
        time_s=times,
        sensor_id=sensors.sensor_id[row],
        range_m=r,
        azimuth_rad=azimuth % (2.0 * np.pi),
        elevation_rad=elevation * np.nan if np.isnan(sigma[2]) else elevation,
        target_id=targets,
        **columns,
    )


def reports(position_m: Any, time_s: Any, detection_id: int, sensor_id: int = 0, **more: Any) -> Detections:
    """Reported positions (n, 3)."""
    x, y, z = np.atleast_2d(position_m).T
    ids = detection_id + np.arange(len(x))
    return Detections.make(detection_id=ids, time_s=time_s, sensor_id=sensor_id, x_m=x, y_m=y, z_m=z, **more)


def whole_look(time_s: float, plots: Detections | None = None, sensor: int = 0, **more: Any) -> Look:
    """A look at one moment that takes in all plots."""
    rows = np.arange(0 if plots is None else len(plots))
    return Look(sensor, time_s, time_s, time_s, np.nan, 0.0, 1.0, rows)._replace(**more)


def tracks_of(state: TrackerState) -> TrackerState:
    """Each track once: its likeliest hypothesis."""
    return state[state.rank == 0]


def believed(state: TrackerState, track_id: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Existence, mean and covariance of a track over its hypotheses and motion models, matched in moments."""
    mine = state[state.track_id == track_id]
    mean, covariance = combined(mine)
    assert abs(mine.share.sum() - 1.0) < 1e-9
    whole = mine.share @ mean
    apart = mean - whole
    spread = covariance + apart[:, :, None] * apart[:, None, :]
    return float(mine.existence[mine.rank == 0][0]), whole, np.einsum("n,nij->ij", mine.share, spread)


def point_setup(models: tuple[MotionModel, ...] = (STEADY,), **more: Any) -> Setup:
    """A sensor that reports positions, for looks made by hand."""
    settings = {"detection_probability": 0.9, "clutter_density": 0.0} | {
        name: more.pop(name) for name in ("detection_probability", "clutter_density") if name in more
    }
    return prepare(POINT_SENSOR, WORLD, params=TrackerParams(models=models, **(LASTING | more)), **settings)


def tracks_at(
    setup: Setup, mean: Any, covariance: Any, existence: Any, time_s: float = 0.0, **more: Any
) -> TrackerState:
    """A state with tracks (n, 6) or (n, k, 6) at one time, confirmed where they are likely; nothing is unseen."""
    existence = np.asarray(existence, np.float64)
    n, k = len(existence), len(setup.params.models)
    mean, covariance = np.asarray(mean, np.float64), np.asarray(covariance, np.float64)
    if mean.ndim == 2:
        mean, covariance = np.repeat(mean[:, None], k, axis=1), np.repeat(covariance[:, None], k, axis=1)
    key = np.full(n, -1, np.int64)
    row, column = np.tril_indices(6)
    columns = {
        "mean": mean,
        "triangle": covariance[..., row, column],
        "mode_probability": np.tile([m.start for m in setup.params.models], (n, 1)),
        "existence": existence,
        "time_s": np.full(n, time_s),
        "last_seen_s": np.full((n, len(setup.sensors)), -np.inf),
        "track_id": np.arange(n),
        "mode_s_address": key,
        "mode_3a": key,
        "share": np.ones(n),
        "rank": np.zeros(n, np.int8),
        "plot_now": key,
        "status": np.where(existence > setup.params.confirm_existence, CONFIRMED, TENTATIVE).astype(np.int8),
        "unseen_s": time_s,
        "unseen_per_m2": np.zeros(setup.grid.shape),
        "clock_s": time_s,
        "begin_s": time_s,
        "last_s": time_s,
        "next_track_id": n,
    }
    return replace(initial_state(setup), **(columns | more))

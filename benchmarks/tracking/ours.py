"""Our side of the tracking benchmark: one scene in, the rows of the tracks that more likely exist than not out.

Some of these are tentative yet: after the very first scan many are of false plots.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from chainhome import tracking
from chainhome.earth import enu_frame
from chainhome.tables import SENSOR_KINDS, TRACK_STATUSES, Detections, Sensors, Tracks
from tracking.meeting import (
    BIRTH_MEAN,
    BIRTH_SIGMA,
    BIRTH_WEIGHT,
    CLUTTER_PER_STEP,
    DETECTION_PROBABILITY,
    INITIAL_WEIGHT,
    MEASUREMENT_SIGMA_M,
    NOISE,
    SIDE_M,
    STEPS,
    SURVIVAL_PROBABILITY,
    Meeting,
)
from tracking.scenes import Scene

Floats = NDArray[np.float64]

SENSOR = 0
_ENDED = TRACK_STATUSES.index("ended")
SHOWN = 0.5  # the estimate: every track that more likely exists than not
MEETING_SHOWN = 0.4  # the same where four targets meet; chosen on truths 501 to 520
_warm: set[str] = set()


def setup_of(scene: Scene, params: tracking.TrackerParams) -> tracking.Setup:
    """Return the tracker's setup: one radar at the origin, its figures and the density of its false plots."""
    radar = Sensors.make(
        sensor_id=[SENSOR],
        lat_deg=40.0,
        lon_deg=32.0,
        height_m=scene.antenna_m,
        period_s=scene.period_s,
        range_sigma_m=scene.sigma[0],
        azimuth_sigma_rad=scene.sigma[1],
        elevation_sigma_rad=scene.sigma[2],
        max_range_m=420e3,
    )
    world = enu_frame(np.radians(40.0), np.radians(32.0), 0.0)
    return tracking.prepare(
        radar,
        world,
        detection_probability=scene.detection_probability,
        clutter_density=scene.clutter_density,
        params=params,
    )


def detections_of(scene: Scene) -> list[Detections]:
    """Return the plots of each scan as a table."""
    tables = []
    for scan in range(scene.scans):
        rows = np.flatnonzero(scene.plots[:, 0] == scan)
        r, azimuth, elevation = scene.plots[rows, 1:].T
        tables.append(
            Detections.make(
                len(rows),
                detection_id=rows,
                sensor_id=SENSOR,
                time_s=scan * scene.period_s,
                range_m=r,
                azimuth_rad=azimuth,
                elevation_rad=elevation,
            )
        )
    return tables


def run_ours(
    scene: Scene, method: str = "pmb", params: tracking.TrackerParams | None = None, *, streamed: bool = False
) -> tuple[Floats, Floats]:
    """Return our tracks of a scene and the CPU seconds of each scan.

    Rows (m, 8) as in `Scene.truth`: scan, track id, x, y, z, vx, vy, vz of every track that exists after the scan. The
    plots are fed as a recording is, in one call, whose time is shared out evenly; or, `streamed`, scan by scan, with
    the same tracks. The clock (`time.process_time`) runs only while the tracker works; compilation comes before it.
    """
    params = replace(params or tracking.TrackerParams(), association=method)
    setup, tables = setup_of(scene, params), detections_of(scene)
    if method not in _warm:
        _warm.add(method)
        _follow(setup, tables[:6], scene.period_s)
    if not streamed:
        tables = [Detections.concat(tables)]
    tracks, seconds = _follow(setup, tables, scene.period_s * scene.scans / len(tables))
    shown = tracks[(tracks.existence >= SHOWN) & (tracks.status != _ENDED)]
    scan = np.round(shown.time_s / scene.period_s)
    columns = (shown.track_id, shown.x_m, shown.y_m, shown.z_m, shown.vx_mps, shown.vy_mps, shown.vz_mps)
    return np.column_stack([scan, *columns]), np.repeat(seconds, scene.scans / len(tables)) / scene.scans * len(tables)


def _follow(setup: tracking.Setup, tables: list[Detections], piece_s: float) -> tuple[Tracks, Floats]:
    state, made, seconds = tracking.initial_state(setup), [], []
    for number, table in enumerate(tables):
        started = time.process_time()
        state, tracks = tracking.feed(state, table, setup, until_s=(number + 1) * piece_s)
        seconds.append(time.process_time() - started)
        made.append(tracks)
    return Tracks.concat(made), np.array(seconds)


def run_meeting(one: Meeting, method: str = "pmb") -> tuple[list[Floats], float]:
    """Return our estimates of the four targets that meet, 81 arrays (n, 2) of x and y, and the CPU seconds of the run.

    `method` names the fast mode ("pmb") or the careful one ("pmbm"). The tracker is told what the recipe says: noise,
    detection, clutter, births, and where the first targets may be. The whole recording is fed in one call.
    """
    setup = _meeting_setup(method)
    state = _meeting_start(setup)
    at = np.concatenate(one.measurements)
    step = np.repeat(np.arange(STEPS), [len(scan) for scan in one.measurements])
    plots = Detections.make(
        len(at), detection_id=np.arange(len(at)), sensor_id=SENSOR, time_s=step, x_m=at[:, 0], y_m=at[:, 1]
    )
    if f"meeting {method}" not in _warm:
        _warm.add(f"meeting {method}")
        tracking.feed(state, plots, setup, until_s=float(STEPS))
    started = time.process_time()
    _, tracks = tracking.feed(state, plots, setup, until_s=float(STEPS))
    seconds = time.process_time() - started
    shown = tracks[(tracks.existence > MEETING_SHOWN) & (tracks.status != _ENDED)]
    where, scan = np.column_stack([shown.x_m, shown.y_m]), np.floor(shown.time_s)
    return [where[scan == number] for number in range(STEPS)], seconds


def _meeting_setup(method: str) -> tracking.Setup:
    """Return a sensor that reports positions once a second, with the figures of the recipe and of nothing else."""
    area_m2 = 2.0 * np.pi * BIRTH_SIGMA[0] * BIRTH_SIGMA[2]
    sensor = Sensors.make(
        sensor_id=[SENSOR],
        kind=SENSOR_KINDS.index("mlat"),
        lat_deg=40.0,
        lon_deg=32.0,
        height_m=0.0,
        period_s=1.0,
        range_sigma_m=MEASUREMENT_SIGMA_M,
        max_range_m=SIDE_M,
    )
    params = tracking.TrackerParams(
        association=method,
        models=(tracking.MotionModel("straight", NOISE, NOISE, 1e-6, hold_s=1e9, start=1.0),),
        mean_life_s=-1.0 / np.log(SURVIVAL_PROBABILITY),
        births_per_m2ps=BIRTH_WEIGHT / area_m2,
        unseen_per_m2=INITIAL_WEIGHT / area_m2,
        birth_cell_m=30.0,
        birth_speed_sigma_mps=BIRTH_SIGMA[1],
        birth_climb_sigma_mps=0.1,
        birth_height_sigma_m=1.0,
        birth_existence_max=0.999,
        birth_existence_min=1e-5,
        drop_existence=1e-5,
        report_existence=1e-3,
        new_share_min=0.0,
        new_share_first=0.0,
        merge_distance=0.0,
        max_position_sigma_m=100.0,
        slice_s=1.0,
    )
    world = enu_frame(np.radians(40.0), np.radians(32.0), 0.0)
    clutter = CLUTTER_PER_STEP / SIDE_M**2
    return tracking.prepare(
        sensor, world, detection_probability=DETECTION_PROBABILITY, clutter_density=clutter, params=params
    )


def _meeting_start(setup: tracking.Setup) -> tracking.TrackerState:
    """Return a tracker that has seen nothing and expects the first targets where the recipe says."""
    state, grid = tracking.initial_state(setup), setup.grid
    y, x = (
        start + grid.cell_m * (np.arange(n) + 0.5) for start, n in zip((grid.y_m, grid.x_m), grid.shape, strict=True)
    )
    off = [(a - mean) / sigma for a, mean, sigma in zip((x, y), BIRTH_MEAN[::2], BIRTH_SIGMA[::2], strict=True)]
    bell = np.exp(-0.5 * off[1][:, None] ** 2) * np.exp(-0.5 * off[0] ** 2)
    return replace(state, unseen_per_m2=setup.params.unseen_per_m2 * bell)

"""A small run for the tests of exports and of the server: two flights, three tracks, one radar with a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.formats.run_folder import Run, RunWriter
from chainhome.tables import ALLEGIANCES, TRACK_STATUSES, Detections, Identities, Sensors, Table, Targets, Tracks, Truth

HOSTILE_TEXT = "<img src=x onerror=alert(1)> & \"quoted\" 'text' ]]>"
ORIGIN = {"name": "Mürted", "lat_deg": 40.0, "lon_deg": 32.5, "height_m": 840.0}
EPOCH = "2019-11-25T09:00:00Z"
TIMES = np.arange(0.0, 120.0, 10.0)
TENTATIVE, CONFIRMED, ENDED = (TRACK_STATUSES.index(name) for name in ("tentative", "confirmed", "ended"))
UNKNOWN, FRIEND, NEUTRAL, HOSTILE = (ALLEGIANCES.index(name) for name in ("unknown", "friend", "neutral", "hostile"))


def record(**changes: Any) -> dict[str, Any]:
    """What the run's record says; a change that is None takes the entry away."""
    whole = {"title": HOSTILE_TEXT, "seed": 7, "epoch_utc": EPOCH, "length_s": 120.0, "origin": ORIGIN} | changes
    return {name: value for name, value in whole.items() if value is not None}


def path_of(number: int) -> dict[str, Any]:
    """Positions at TIMES: number 0 flies east, number 1 west of the radar north."""
    frame = earth.enu_frame(np.radians(ORIGIN["lat_deg"]), np.radians(ORIGIN["lon_deg"]), ORIGIN["height_m"])
    speed = (200.0, -150.0)[number % 2]
    enu = np.column_stack([speed * TIMES, 20_000.0 + 5_000.0 * number + 10.0 * TIMES, np.full(len(TIMES), 9_000.0)])
    lat, lon, height = earth.enu_to_geodetic(frame, enu)
    return {
        "time_s": TIMES, "x_m": enu[:, 0], "y_m": enu[:, 1], "z_m": enu[:, 2], "vx_mps": speed, "vy_mps": 10.0,
        "vz_mps": 0.0, "lat_deg": np.degrees(lat), "lon_deg": np.degrees(lon), "altitude_m": height,
    }  # fmt: skip


def tables() -> list[Table]:
    """Track 4 is confirmed from 20 s on and declared neutral from 50 s on; 5 all the time; 6 never."""
    truth = [Truth.make(target_id=number, **path_of(number)) for number in (0, 1)]
    status = np.where(TIMES < 20.0, TENTATIVE, CONFIRMED)
    status[-1] = ENDED
    parts = [
        Tracks.make(track_id=4, status=status, existence=0.9, detection_id=np.arange(12), **path_of(0)),
        Tracks.make(track_id=5, status=CONFIRMED, existence=0.8, **path_of(1)),
        Tracks.make(track_id=6, status=TENTATIVE, existence=0.1, **path_of(2)),
    ]
    return [
        Targets.make(
            target_id=[0, 1], name=[HOSTILE_TEXT, "=1+1"], class_name="f-16", allegiance=[FRIEND, HOSTILE],
            icao_address=[0x4B1234, -1],
        ),
        Sensors.make(
            sensor_id=[3], name=["North & South"], lat_deg=ORIGIN["lat_deg"], lon_deg=ORIGIN["lon_deg"],
            height_m=864.0, max_range_m=400_000.0, period_s=10.0,
        ),
        Truth.concat(truth).sorted_by("time_s", "target_id"),
        Detections.make(
            detection_id=[0, 1, 2, 3], time_s=[1.0, 2.0, 3.0, 4.0], sensor_id=[3, 3, 3, 9],
            range_m=[50_000.0, 50_000.0, 50_000.0, 1.0], azimuth_rad=[0.0, 0.0, np.pi / 2, 0.0],
            elevation_rad=[0.1, np.nan, np.nan, 0.0], flight_level_m=[np.nan, 10_864.0, np.nan, np.nan],
        ),
        Tracks.concat(parts).sorted_by("time_s", "track_id"),
        Identities.make(time_s=[0.0, 50.0], track_id=[4, 4], declared=[UNKNOWN, NEUTRAL], p_neutral=[0.3, 0.9]),
    ]  # fmt: skip


def run(folder: Path = Path("made"), **changes: Any) -> Run:
    """The run in memory."""
    return Run(folder, record(**changes), "", {table.file_name: table for table in tables()})


def write_run(folder: Path, *, finish: bool = True, **changes: Any) -> Path:
    """The run as a folder."""
    writer = RunWriter(folder, "", record(**changes))
    try:
        for table in tables():
            writer.write(table)
        if finish:
            writer.finish()
    finally:
        writer.close()
    return folder

"""A small recording for the tests: three aircraft, one radar, forty scans, false plots and Mode S addresses."""

from __future__ import annotations

import numpy as np

from chainhome import earth
from chainhome.tables import Detections, Truth

SENSORS = """
[[sensor]]
name = "North"
kind = "combined"
lat = 40.0
lon = 32.5
height = "900 m"
period = "5 s"
sigma_range = "50 m"
sigma_azimuth = "0.15 deg"
sigma_elevation = "0.3 deg"
detection_probability = 0.9
clutter_per_scan = 3
max_range = "200 km"
"""
WORLD = earth.enu_frame(np.radians(40.0), np.radians(32.5), 900.0)
SCANS, PERIOD_S = 40, 5.0
ADDRESSES = (0x4B1805, 0x3C6589, 0x400D01)
START_M = np.array([[60e3, 20e3, 9e3], [-70e3, 10e3, 7e3], [10e3, -90e3, 10e3]])
VELOCITY_MPS = np.array([[-200.0, 50.0, 0.0], [180.0, 100.0, 0.0], [40.0, 230.0, 0.0]])


def truth() -> Truth:
    """Where the aircraft are, every second."""
    times = np.arange(0.0, SCANS * PERIOD_S + 1.0)
    position = START_M[:, None] + VELOCITY_MPS[:, None] * times[None, :, None]
    x, y, z = position.reshape(-1, 3).T
    vx, vy, vz = np.repeat(VELOCITY_MPS, len(times), axis=0).T
    ids = np.repeat(np.arange(3), len(times))
    lat, lon, height = earth.enu_to_geodetic(WORLD, np.column_stack([x, y, z]))
    return Truth.make(
        time_s=np.tile(times, 3), target_id=ids, x_m=x, y_m=y, z_m=z, vx_mps=vx, vy_mps=vy, vz_mps=vz,
        lat_deg=np.degrees(lat), lon_deg=np.degrees(lon), altitude_m=height,
    ).sorted_by("time_s", "target_id")  # fmt: skip


def plots(seed: int = 1, *, addresses: bool = True) -> Detections:
    """What the radar reports of them, in the order of time."""
    rng = np.random.default_rng(seed)
    sigma = np.array([50.0, np.radians(0.15), np.radians(0.3)])
    rows = []
    for scan in range(SCANS):
        for target in range(3):
            bearing = np.arctan2(*(START_M + VELOCITY_MPS * scan * PERIOD_S)[target, :2]) % (2 * np.pi)
            time = (scan + bearing / (2 * np.pi)) * PERIOD_S
            if rng.random() > 0.9:
                continue
            where = np.column_stack(earth.measure((START_M[target] + VELOCITY_MPS[target] * time)[None], WORLD, WORLD))[
                0
            ]
            measured = where + sigma * rng.standard_normal(3)
            rows.append((time, *measured, target, ADDRESSES[target] if addresses else -1))
        for bearing in 2 * np.pi * rng.random(3):
            time = (scan + bearing / (2 * np.pi)) * PERIOD_S
            rows.append((time, 5e3 + 190e3 * rng.random(), bearing, 0.2 * rng.random(), -1, -1))
    table = np.array(sorted(rows)).T
    return Detections.make(
        time_s=table[0],
        detection_id=np.arange(len(rows)),
        sensor_id=0,
        kind=2,
        range_m=table[1],
        azimuth_rad=table[2] % (2 * np.pi),
        elevation_rad=table[3],
        target_id=table[4].astype(int),
        mode_s_address=table[5].astype(int),
    )

"""The dear kernels in two halves, so that two workers that begin with an empty cache do not both compile all of them.

Each half does something small through the public functions. Numba keeps the machine code beside the sources, where the
other worker finds it when its tests come to it. Where the code is there already, a half takes a second.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def tracks_and_smoothing() -> None:
    from chainhome import tracking
    from chainhome.tables import Tracks
    from chainhome.tracking.assignment import k_best
    from chainhome.tracking.smooth import smoothed

    tracking.warm_up()
    params = tracking.TrackerParams()
    models = len(params.models)
    covariance, weight = np.tile(np.eye(6), (2, 1, 1)), np.full((2, models), 1.0 / models)
    smoothed(Tracks.make(2, time_s=[0.0, 5.0], track_id=1, covariance=covariance, mode_probability=weight), params)
    k_best([[1.0, 2.0], [2.0, 1.0]], 2)


def asterix() -> None:
    from chainhome.formats.asterix import decode, encode_cat048

    decode(encode_cat048(sac=20, sic=[1, 2], time_of_day_s=[1.0, 2.0], typ=5, range_nm=7.0, azimuth_deg=1.0))


def looks_and_surface() -> None:
    from chainhome import sensors
    from coverage_questions import small_coverage

    sensors.warm_up()
    small_coverage(altitudes_m=(3_000.0,), cell_m=8_000.0)


def registration() -> None:
    from chainhome import earth
    from chainhome.tables import Detections, Sensors
    from chainhome.tracking.registration import estimate_biases

    world = earth.enu_frame(np.radians(40.0), np.radians(32.0), 0.0)
    radars = Sensors.make(
        2, sensor_id=[0, 1], kind=1, lat_deg=[40.0, 39.5], lon_deg=[32.0, 32.5], height_m=0.0,
        period_s=5.0, range_sigma_m=50.0, azimuth_sigma_rad=2e-3,
    )  # fmt: skip
    time = np.arange(0.0, 120.0, 2.5)
    seen = []
    for flight, start in enumerate(([-60e3, 40e3], [-40e3, -50e3], [20e3, 60e3])):
        position = np.column_stack(
            [*(np.array(start)[:, None] + np.outer([200.0, 50.0], time)), np.full(len(time), 9e3)]
        )
        height = earth.enu_to_geodetic(world, position)[2]
        for radar in (0, 1):
            lat, lon = np.radians([radars.lat_deg[radar], radars.lon_deg[radar]])
            range_m, azimuth, _ = earth.measure(position, earth.enu_frame(lat, lon, 0.0), world)
            seen.append(
                Detections.make(
                    time_s=time, sensor_id=radar, kind=2, range_m=range_m, azimuth_rad=azimuth,
                    flight_level_m=height, mode_s_address=flight + 1,
                )
            )  # fmt: skip
    estimate_biases(Detections.concat(seen).sorted_by("time_s"), radars, world)


HALVES: dict[str, tuple[Callable[[], None], ...]] = {
    "gw0": (tracks_and_smoothing,),
    "gw1": (asterix, looks_and_surface, registration),
}

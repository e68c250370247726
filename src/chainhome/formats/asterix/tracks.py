"""A centre's own tracks (CAT062) as the project's `Tracks`, so that they can be a yardstick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome.constants import FOOT_M
from chainhome.earth import Frame, enu_frame, geodetic_to_enu
from chainhome.formats.asterix.clock import Clock, sensor_keys, times_of
from chainhome.formats.asterix.recording import Recording, Records
from chainhome.formats.asterix.texts import callsigns
from chainhome.formats.asterix.to_tables import FLIGHT_LEVEL_M
from chainhome.tables import TRACK_STATUSES, Tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MINUTE_S = 60.0


@dataclass(frozen=True, eq=False)
class SystemTracks:
    """The tracks of a centre; the other columns have one value for each row of `tracks`."""

    tracks: Tracks
    centre: Ints  # 256 SAC + SIC of I062/010; -1 = none
    mode_s_address: Ints
    mode_3a: Ints
    flight_level_m: Floats  # measured by the transponder
    callsign: NDArray[np.str_]
    counts: dict[str, int]


def tracks_of(recording: Recording, frame: Frame | None = None, *, include_tests: bool = False) -> SystemTracks:
    """Return the system tracks in time order; time is seconds since the midnight before the recording's first record.

    Positions are those of I062/105 in the frame (the frame at the first of them, at height 0, where it is None); a
    track that has only the Cartesian I062/100 gets its x and y as they stand, in the centre's own plane, and no
    latitude. Height is the geometric altitude I062/130, else the barometric I062/135, else the measured flight level
    I062/136 taken for a height. Velocity is I062/185, east and north at the track, turned into the frame; climb is
    I062/220. The diagonal of the covariance is filled from I062/500 where it is sent. The counts: `records`, left out
    `simulated`, `no_time`, `no_position`, `no_track_number`, kept `tracks`, of which `only_cartesian` and `no_height`.

    >>> from chainhome.formats.asterix import decode, encode_cat062
    >>> sent = encode_cat062(time_of_day_s=[7.0], lat_deg=[52.0], lon_deg=4.5, track_number=7, flight_level_fl=100.0)
    >>> found = tracks_of(decode(sent))
    >>> found.tracks.track_id.tolist(), found.tracks.altitude_m.round(1).tolist()
    ([7], [3048.0])
    """
    return next(iter_tracks([recording], frame, include_tests=include_tests))


def iter_tracks(
    pieces: Iterable[Recording], frame: Frame | None = None, *, include_tests: bool = False
) -> Iterator[SystemTracks]:
    """Return the system tracks of each piece of a recording, as `tracks_of` does; times and the frame go on."""
    clock = Clock()
    for piece in pieces:
        times, clock = times_of(piece, clock)
        found, frame = _system_tracks(piece.cat062, times.cat062, frame, include_tests)
        yield found


def _system_tracks(
    table: Records, time_s: Floats, frame: Frame | None, include_tests: bool
) -> tuple[SystemTracks, Frame | None]:
    counts = {"records": len(table)}
    has_place = ~np.isnan(table["lat_deg"]) | ~np.isnan(table["x_m"])
    keep = np.ones(len(table), np.bool_)
    for name, excluded in (
        ("simulated", (table["sim"] == 1) & (not include_tests)),
        ("no_time", np.isnan(time_s)),
        ("no_track_number", table["track_number"] < 0),
        ("no_position", ~has_place),
    ):
        counts[name] = int((keep & excluded).sum())
        keep &= ~excluded
    rows = np.flatnonzero(keep)[np.argsort(time_s[keep], kind="stable")]
    chosen = table.rows(rows)
    height_m = _heights_m(chosen)
    counts["tracks"] = len(rows)
    counts["only_cartesian"] = int(np.isnan(chosen["lat_deg"]).sum())
    counts["no_height"] = int(np.isnan(height_m).sum())
    address, code = chosen["address"].astype(np.int64), chosen["mode_3a"].astype(np.int64)
    bad_code = (chosen["mode_3a_v"] == 1) | (chosen["mode_3a_g"] == 1)
    located = np.flatnonzero(~np.isnan(chosen["lat_deg"]))
    if frame is None and len(located):
        lat, lon = (float(np.radians(chosen[name][located[0]])) for name in ("lat_deg", "lon_deg"))
        frame = enu_frame(lat, lon, 0.0)
    found = SystemTracks(
        _tracks(chosen, time_s[rows], height_m, frame),
        sensor_keys(chosen),
        address,
        np.where(bad_code, -1, code),
        chosen["flight_level_fl"] * FLIGHT_LEVEL_M,
        callsigns(np.where(chosen["callsign"] >= 0, chosen["callsign"], chosen["aircraft_callsign"])),
        counts,
    )
    return found, frame


def _heights_m(chosen: Records) -> Floats:
    height_m = chosen["geometric_altitude_ft"] * FOOT_M
    for name in ("baro_altitude_fl", "flight_level_fl"):
        height_m = np.where(np.isnan(height_m), chosen[name] * FLIGHT_LEVEL_M, height_m)
    return height_m


def _tracks(chosen: Records, time_s: Floats, height_m: Floats, frame: Frame | None) -> Tracks:
    n = len(chosen)
    lat, lon = np.radians(chosen["lat_deg"]), np.radians(chosen["lon_deg"])
    located = np.flatnonzero(~np.isnan(lat))
    world, velocity = np.full((n, 3), np.nan), np.full((n, 3), np.nan)
    world[:, :2] = np.stack([chosen["x_m"], chosen["y_m"]], axis=1)
    climb = chosen["climb_ftpm"] * FOOT_M / _MINUTE_S
    velocity = np.stack([chosen["vx_mps"], chosen["vy_mps"], climb], axis=1)
    if frame is not None:
        flat = np.where(np.isnan(height_m), 0.0, height_m)[located]
        world[located] = geodetic_to_enu(frame, lat[located], lon[located], flat)
        velocity[located] = _turned(frame, lat[located], lon[located], velocity[located])
    world[np.isnan(height_m), 2] = np.nan
    status = np.full(n, TRACK_STATUSES.index("confirmed"))
    status[chosen["cnf"] == 1] = TRACK_STATUSES.index("tentative")
    status[chosen["tse"] == 1] = TRACK_STATUSES.index("ended")
    covariance = np.full((n, 6, 6), np.nan)
    sigmas = ("sigma_x_m", "sigma_y_m", "", "sigma_vx_mps", "sigma_vy_mps", "")
    for axis, name in enumerate(sigmas):
        if name:
            covariance[:, axis, axis] = chosen[name] ** 2
    return Tracks.make(
        n,
        time_s=time_s,
        track_id=chosen["track_number"],
        **dict(zip(("x_m", "y_m", "z_m"), world.T, strict=True)),
        **dict(zip(("vx_mps", "vy_mps", "vz_mps"), velocity.T, strict=True)),
        covariance=covariance,
        lat_deg=chosen["lat_deg"],
        lon_deg=chosen["lon_deg"],
        altitude_m=height_m,
        status=status,
    )


def _turned(frame: Frame, lat: Floats, lon: Floats, velocity: Floats) -> Floats:
    """Return velocities that are east, north and up at each place, in the frame; an unknown climb counts as none."""
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    zero = np.zeros(len(lat))
    east = np.stack([-sin_lon, cos_lon, zero], axis=1)
    north = np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], axis=1)
    up = np.stack([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat], axis=1)
    climb = np.where(np.isnan(velocity[:, 2:]), 0.0, velocity[:, 2:])
    ecef = velocity[:, :1] * east + velocity[:, 1:2] * north + climb * up
    turned = ecef @ frame.rotation.T
    turned[np.isnan(velocity[:, 2]), 2] = np.nan
    return np.asarray(turned)

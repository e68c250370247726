"""ADS-B → plots: state vectors as CSV or Parquet with the columns of the OpenSky Network or of `traffic`.

Positions become plots with x, y, z in the world frame, the pressure altitude and the 24-bit address. Raw frames are
decoded in `formats/mode_s.py` and come here as positions. Speeds and tracks that aircraft report are not used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.constants import EARTH_MEAN_RADIUS_M, FOOT_M
from chainhome.errors import UseError
from chainhome.formats.column_file import ColumnFile, addresses, batches, floats, shown_columns, texts
from chainhome.formats.column_times import midnight_before, unix_times
from chainhome.formats.detections_file import GREATEST_HEIGHT_M, LEAST_HEIGHT_M, Piece
from chainhome.tables import SENSOR_KINDS, Bools, Detections, Floats, Ints

# The time of the position comes first: a state vector repeats an old position with a new time.
TIMES = ("lastposupdate", "last_position", "time_position", "time", "timestamp")
ADDRESSES = ("icao24", "icao_address", "hex")
LATITUDES = ("lat", "latitude")
LONGITUDES = ("lon", "longitude")
GROUND = ("onground", "on_ground")
# Columns whose name tells the unit: those of OpenSky are metres, those of `traffic` feet.
PRESSURE_M = ("baroaltitude", "baro_altitude", "altitude_m")
PRESSURE_FT = ("altitude_ft", "altitude")
GEOMETRIC_M = ("geo_altitude", "geoaltitude_m")
GEOMETRIC_FT = ("geoaltitude_ft",)
# `geoaltitude` is metres at OpenSky and feet in `traffic`; `altitude` alone could be either. These tell which.
SIGNS_OF_OPENSKY = ("baroaltitude", "baro_altitude", "velocity", "heading", "vertrate", "true_track")
REPEATED_M = 50.0
SIGNS_OF_TRAFFIC = ("groundspeed", "vertical_rate")


@dataclass(frozen=True)
class Dialect:
    """Which columns of a file are what, and how many metres the heights' unit is."""

    time: str
    address: str
    lat: str
    lon: str
    ground: str
    pressure: str
    pressure_unit_m: float
    geometric: str
    geometric_unit_m: float


@dataclass(frozen=True, eq=False)
class Positions:
    """Reported positions, n rows."""

    unix_s: Floats
    address: Ints
    lat_deg: Floats
    lon_deg: Floats
    pressure_m: Floats
    """Pressure altitude, standard atmosphere; NaN = not reported."""
    geometric_m: Floats
    """Height above the ellipsoid; NaN = not reported."""
    on_ground: Bools


def is_state_vectors(file: ColumnFile) -> bool:
    """Return whether a file has what a state vector needs: a time, an address, latitude and longitude."""
    return all(any(name in file.columns for name in group) for group in (TIMES, ADDRESSES, LATITUDES, LONGITUDES))


def dialect_of(file: ColumnFile) -> Dialect:
    """Return how a file of state vectors is to be read; raises UseError where its units could be either."""
    names = set(file.columns)
    if not is_state_vectors(file):
        raise UseError(
            f"{file.path}: no state vectors: expected the columns time (or timestamp), icao24, lat and lon (or "
            f"latitude and longitude); it has {shown_columns(file)}"
        )

    def first(group: tuple[str, ...]) -> str:
        return next((name for name in group if name in names), "")

    opensky, traffic = bool(first(SIGNS_OF_OPENSKY)), bool(first(SIGNS_OF_TRAFFIC))
    for name in ("altitude", "geoaltitude"):
        if name in names and opensky == traffic:
            why = "columns of both" if opensky else "no column of either, such as velocity or groundspeed"
            raise UseError(
                f"{file.path}: {name} is metres in files of OpenSky and feet in those of traffic; this one has {why}; "
                f"name the column {name}_m or {name}_ft"
            )
    pressure, pressure_unit = first(PRESSURE_M), 1.0
    if not pressure:
        pressure, pressure_unit = first(PRESSURE_FT), FOOT_M
        if pressure == "altitude" and opensky:
            pressure_unit = 1.0
    geometric, geometric_unit = first(GEOMETRIC_M), 1.0
    if not geometric and "geoaltitude" in names:
        geometric, geometric_unit = "geoaltitude", 1.0 if opensky else FOOT_M
    elif not geometric:
        geometric, geometric_unit = first(GEOMETRIC_FT), FOOT_M
    return Dialect(
        time=first(TIMES),
        address=first(ADDRESSES),
        lat=first(LATITUDES),
        lon=first(LONGITUDES),
        ground=first(GROUND),
        pressure=pressure,
        pressure_unit_m=pressure_unit,
        geometric=geometric,
        geometric_unit_m=geometric_unit,
    )


def read_state_vectors(file: ColumnFile) -> Iterator[tuple[Positions, dict[str, int], str]]:
    """Yield the positions of a file of state vectors, what was counted, and a sentence if the file is cut off.

    Times are Unix seconds or UTC text; the time of the position (`lastposupdate`, `last_position`, `time_position`)
    goes before the time of the vector. A vector that repeats the last position of its aircraft says nothing new: it is
    left out and counted as `repeated_positions`. Raises UseError for a file that lacks columns or whose units cannot be
    told.
    """
    dialect = dialect_of(file)
    last: dict[int, tuple[float, float, float, float]] = {}
    named = (dialect.time, dialect.address, dialect.lat, dialect.lon)
    wanted = [name for name in (*named, dialect.ground, dialect.pressure, dialect.geometric) if name]
    for batch in batches(file, wanted):
        counts: Counter[str] = Counter(batch.counts)
        if not batch.rows:
            yield no_positions(), dict(counts), batch.cut
            continue
        column, nothing = batch.columns, np.full(batch.rows, np.nan)
        heights = [
            _height(floats(column[name], counts, f"{file.path.name}: {name}") * unit_m, counts) if name else nothing
            for name, unit_m in (
                (dialect.pressure, dialect.pressure_unit_m),
                (dialect.geometric, dialect.geometric_unit_m),
            )
        ]
        positions = Positions(
            unix_s=unix_times(column[dialect.time], counts, f"{file.path.name}: {dialect.time}"),
            address=addresses(column[dialect.address], counts, f"{file.path.name}: {dialect.address}"),
            lat_deg=floats(column[dialect.lat], counts, f"{file.path.name}: {dialect.lat}"),
            lon_deg=floats(column[dialect.lon], counts, f"{file.path.name}: {dialect.lon}"),
            pressure_m=heights[0],
            geometric_m=heights[1],
            on_ground=_truths(column[dialect.ground]) if dialect.ground else np.zeros(batch.rows, np.bool_),
        )
        again = _repeated(positions, last)
        counts["repeated_positions"] = int(again.sum())
        yield _only(positions, ~again), {name: count for name, count in counts.items() if count}, batch.cut


def _repeated(positions: Positions, last: dict[int, tuple[float, float, float, float]]) -> Bools:
    """Return which positions repeat the one before of an aircraft that must have moved on since.

    How fast it moves, the position before that one tells. `last` holds the last position of each address (latitude,
    longitude, its first time, and the speed on the way there) and takes note of new ones.
    """
    flying = np.flatnonzero(_on_globe(positions) & ~positions.on_ground & (positions.address >= 0))
    flying = flying[np.isfinite(positions.unix_s[flying])]
    again = np.zeros(len(positions.unix_s), np.bool_)
    if not len(flying):
        return again
    mine = flying[np.lexsort([positions.unix_s[flying], positions.address[flying]])]
    address = positions.address[mine]
    # What was last seen before stands in front of each aircraft's positions, as one of them.
    begins = np.flatnonzero(np.append(True, address[1:] != address[:-1]))
    nobody = (np.nan, np.nan, np.nan, np.nan)
    before = np.array([last.get(int(key), nobody) for key in address[begins]])
    place = begins + np.arange(len(begins))
    address = np.insert(address, begins, address[begins])
    lat = np.insert(positions.lat_deg[mine], begins, before[:, 0])
    lon = np.insert(positions.lon_deg[mine], begins, before[:, 1])
    time = np.insert(positions.unix_s[mine], begins, before[:, 2])
    head = np.zeros(len(address), np.bool_)
    head[place] = True
    new = head | np.append(True, (lat[1:] != lat[:-1]) | (lon[1:] != lon[:-1]))
    runs = np.flatnonzero(new)
    run = np.cumsum(new) - 1
    step = _steps_m(lat[runs], lon[runs])
    with np.errstate(invalid="ignore", divide="ignore"):
        speed = np.append(np.nan, step / np.diff(time[runs]))
    speed[head[runs]] = before[:, 3]
    age_s = time - time[runs][run]
    with np.errstate(invalid="ignore"):
        stale = ~new & (age_s > 0.0) & ~(speed[run] * age_s <= REPEATED_M)
    again[mine] = stale[~head]
    ends = np.append(place[1:], len(address)) - 1
    for i, k in zip(ends.tolist(), run[ends].tolist(), strict=True):
        last[int(address[i])] = (float(lat[i]), float(lon[i]), float(time[runs[k]]), float(speed[k]))
    return again


def _steps_m(lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Return how far each position is from the one before, on a sphere, for positions near each other."""
    east = ((np.diff(lon_deg) + 180.0) % 360.0 - 180.0) * np.cos(np.radians(lat_deg[1:]))
    return np.asarray(EARTH_MEAN_RADIUS_M * np.radians(np.hypot(np.diff(lat_deg), east)))


def _only(positions: Positions, keep: Bools) -> Positions:
    return Positions(*(getattr(positions, field.name)[keep] for field in fields(positions)))


def _height(values: Floats, counts: Counter[str]) -> Floats:
    """Return heights that an aircraft can have; others are NaN and counted."""
    odd = ~np.isnan(values) & ~((values >= LEAST_HEIGHT_M) & (values <= GREATEST_HEIGHT_M))
    counts["height_ignored"] += int(odd.sum())
    return np.where(odd, np.nan, values)


def no_positions() -> Positions:
    """Return positions without rows."""
    number = np.zeros(0)
    return Positions(number, np.zeros(0, np.int64), number, number, number, number, np.zeros(0, np.bool_))


def _truths(array: Any) -> Bools:
    return np.array([word.lower() in ("true", "1", "1.0", "t", "yes") for word in texts(array)], np.bool_)


def first_place(positions: Positions) -> tuple[float, float] | None:
    """Return latitude and longitude (degrees) of the first position that has both, or None."""
    there = np.flatnonzero(_on_globe(positions))
    return None if not len(there) else (float(positions.lat_deg[there[0]]), float(positions.lon_deg[there[0]]))


def _on_globe(positions: Positions) -> Bools:
    return np.asarray((np.abs(positions.lat_deg) <= 90.0) & (np.abs(positions.lon_deg) <= 180.0), np.bool_)


def plots_of_positions(
    positions: Positions, world: earth.Frame, *, sensor_id: int = 0, epoch_unix_s: float = np.nan
) -> Piece:
    """Return reported positions as plots of a sensor of kind ads_b, with time zero at a UTC midnight.

    The height is the geometric one where it is reported; else the pressure altitude stands for it, and is counted as
    `pressure_for_height`; without either (`no_height`) the plot has no z and lies on the ellipsoid. Left out and
    counted: `on_ground` and `without_position` (no latitude and longitude on the globe).

    >>> here = Positions(np.array([86_410.0]), np.array([0x4B1805]), np.array([40.0]), np.array([32.0]),
    ...                  np.array([np.nan]), np.array([1000.0]), np.array([False]))
    >>> plots = plots_of_positions(here, earth.enu_frame(np.radians(40.0), np.radians(32.0), 0.0)).detections
    >>> plots.time_s.tolist(), plots.z_m.round(3).tolist(), f"{plots.mode_s_address[0]:06x}"
    ([10.0], [1000.0], '4b1805')
    """
    on_globe = _on_globe(positions)
    keep = np.flatnonzero(on_globe & ~positions.on_ground)
    counts = Counter(without_position=int((~on_globe).sum()), on_ground=int((on_globe & positions.on_ground).sum()))
    times = positions.unix_s[np.isfinite(positions.unix_s)]
    if np.isnan(epoch_unix_s) and len(times):
        epoch_unix_s = midnight_before(float(times[0]))
    pressure, geometric = positions.pressure_m[keep], positions.geometric_m[keep]
    height = np.where(np.isnan(geometric), pressure, geometric)
    counts["pressure_for_height"] = int((np.isnan(geometric) & ~np.isnan(pressure)).sum())
    counts["no_height"] = int(np.isnan(height).sum())
    lat, lon = np.radians(positions.lat_deg[keep]), np.radians(positions.lon_deg[keep])
    place = earth.geodetic_to_enu(world, lat, lon, np.where(np.isnan(height), 0.0, height))
    plots = Detections.make(
        len(keep),
        detection_id=np.arange(len(keep)),
        time_s=positions.unix_s[keep] - epoch_unix_s,
        sensor_id=sensor_id,
        kind=SENSOR_KINDS.index("ads_b"),
        x_m=place[:, 0],
        y_m=place[:, 1],
        z_m=np.where(np.isnan(height), np.nan, place[:, 2]),
        flight_level_m=pressure,
        mode_s_address=positions.address[keep],
    )
    return Piece(plots, {name: count for name, count in counts.items() if count}, "", epoch_unix_s)

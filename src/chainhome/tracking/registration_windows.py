"""How a recording becomes windows for registration: plots with a key of their aircraft in, flat columns out.

A window holds the plots of one aircraft over 20 to 60 seconds, by at least two sensors. Plots that are in no window say
nothing of biases and are left out; so are exact duplicates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.constants import WGS84_FLATTENING, WGS84_SEMI_MAJOR_M
from chainhome.earth.geodesy import Frame, ecef_to_geodetic, enu_frame, from_enu, geodetic_to_ecef
from chainhome.earth.polar import polar_to_world
from chainhome.errors import UseError
from chainhome.tables import REPORTING, Detections, Sensors
from chainhome.tracking.registration_kernels import COMMON, MOTION, Aircraft, Plots, Sites, Windows

if TYPE_CHECKING:
    from chainhome.tracking.registration import RegistrationParams

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_PLOTS_IN_WINDOW = 14.0
_SHORTEST_S, _LONGEST_S = 20.0, 60.0
_FEWEST_PLOTS = 4
# How far a window's height error lies from its flight's, where the height rests on flight level, elevation or nothing.
# Nothing leaves 2 km, so that a climb finds room.
_WINDOW_SIGMA_M = np.array([15.0, 1_000.0, 2_000.0])
_ELEVATION_SIGMA_M = 500.0  # of a flight's height, where it rests on elevation


class Prepared(NamedTuple):
    """What the compiled pass works on; `row` tells from which detection each plot comes."""

    row: Ints
    key: Ints
    plots: Plots
    windows: Windows
    aircraft: Aircraft
    sites: Sites


def prepared(detections: Detections, sensors: Sensors, world: Frame, key: Ints, params: RegistrationParams) -> Prepared:
    """Return the windows of a recording; raises UseError for an unknown sensor or a plot without standard deviation."""
    sensor = _places(detections.sensor_id, sensors.sensor_id)
    frames = [
        enu_frame(np.radians(lat), np.radians(lon), height)
        for lat, lon, height in zip(sensors.lat_deg, sensors.lon_deg, sensors.height_m, strict=True)
    ]
    row = _usable(detections, sensor, key)
    height, height_class = _heights(detections, frames, world, sensor, key, row, params)
    window, half, middle = _window_of(detections.time_s[row], key[row])
    kept = _kept_windows(window, sensor[row])
    row, height_class = row[kept], height_class[kept]
    height, half, middle = height[kept], half[kept], middle[kept]
    _, window = np.unique(window[kept], return_inverse=True)
    d, s, count = detections[row], sensor[row], int(window[-1]) + 1 if len(window) else 0
    ecef = _about_where(d, height, frames, world, s)
    sites = _sites(sensors, frames)
    start = np.searchsorted(window, np.arange(count))
    names, flight = np.unique(key[row], return_inverse=True)
    of_flight = height_class[np.searchsorted(flight, np.arange(len(names)))]
    windows = Windows(
        start,
        np.append(start[1:], len(row)).astype(np.int64)[:count],
        flight[start],
        middle[start],
        half[start],
        *_tangent(_centres(window, count, ecef, sites.ecef[s[start]])),
        _WINDOW_SIGMA_M[height_class[start]],
        np.zeros((count, MOTION)),
        np.ones(count, np.int64),
        np.zeros(count),
        np.zeros(count, np.bool_),
    )
    aircraft = Aircraft(
        np.array([params.altimeter_sigma_m, _ELEVATION_SIGMA_M, params.unknown_height_sigma_m])[of_flight],
        (of_flight > 0).astype(np.int64),
        np.zeros(len(names)),
        (of_flight == 0).astype(np.float64),
        np.zeros((len(names), COMMON + 3 * len(sensors))),
        np.ones((len(names), 2)),
    )
    noise = _inverse_sigma(d, sensors, s, params)
    plots = Plots(d.time_s, d.range_m, d.azimuth_rad, ecef, height, noise, s, ~_reported(d))
    return Prepared(row, names, plots, windows, aircraft, sites)


def _centres(window: Ints, count: int, ecef: Floats, beside: Floats) -> Floats:
    """Return the mean places (w, 3) of the windows' plots; without any place, somewhere near the first sensor."""
    placed = ~np.isnan(ecef[:, 0])
    centre = np.zeros((count, 3))
    np.add.at(centre, window[placed], ecef[placed])
    found = np.bincount(window[placed], minlength=count)[:, None]
    return np.where(found > 0, centre / np.maximum(found, 1), beside + 1e4)


def _places(sensor_id: Ints, known: Ints) -> Ints:
    """Return the row in the sensors of every plot's sensor."""
    if not len(known):
        raise UseError("sensors: no rows given, expected one for each radar")
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known[order], sensor_id), len(known) - 1)
    strangers = known[order][at] != sensor_id
    if strangers.any():
        raise UseError(f"detections of sensor_id {sensor_id[strangers][0]}, which is not in sensors")
    return np.asarray(order[at], np.int64)


def _reported(d: Detections) -> Bools:
    """Return the plots that are position reports: without a range, with x and y."""
    return np.asarray(~np.isfinite(d.range_m) & np.isfinite(d.x_m) & np.isfinite(d.y_m))


def _usable(d: Detections, sensor: Ints, key: Ints) -> Ints:
    """Return the rows that measure the place of a keyed aircraft, by aircraft and time, duplicates once."""
    polar = np.isfinite(d.range_m) | np.isfinite(d.azimuth_rad)
    row = np.flatnonzero((key >= 0) & np.isfinite(d.time_s) & (polar | _reported(d)))
    columns = (d.x_m, d.azimuth_rad, d.range_m, sensor, d.time_s, key)
    # The last column sorts first; what is not measured sorts and compares as zero.
    sorted_by = [np.nan_to_num(column[row]) for column in columns]
    order = np.lexsort(sorted_by)
    same = np.ones(max(len(row) - 1, 0), np.bool_)
    for column in sorted_by:
        same &= np.diff(column[order]) == 0
    return np.asarray(row[order][np.append(True, ~same)[: len(row)]])


def _heights(
    d: Detections, frames: list[Frame], world: Frame, sensor: Ints, key: Ints, row: Ints, params: RegistrationParams
) -> tuple[Floats, Ints]:
    """Return heights (n,) in metres and what they rest on: 0 flight level, 1 elevation or position, 2 nothing."""
    measured = np.full(len(row), np.nan)
    for s, frame in enumerate(frames):
        mine = np.flatnonzero((sensor[row] == s) & np.isfinite(d.elevation_rad[row]) & np.isfinite(d.range_m[row]))
        r, elevation = d.range_m[row[mine]], d.elevation_rad[row[mine]]
        seen = polar_to_world(r, np.zeros_like(r), elevation, frame, frame)
        measured[mine] = ecef_to_geodetic(from_enu(frame, seen))[2]
    placed = np.flatnonzero(_reported(d)[row] & np.isfinite(d.z_m[row]))
    at = np.column_stack([d.x_m[row[placed]], d.y_m[row[placed]], d.z_m[row[placed]]])
    measured[placed] = ecef_to_geodetic(from_enu(world, at))[2]
    height = np.full(len(row), params.unknown_height_m)
    rests = np.full(len(row), 2, np.int64)
    # The better source comes last. Elevations scatter by kilometres, so more of them are taken together.
    for source, code, half_width in ((measured, 1, 6), (d.flight_level_m[row], 0, 2)):
        known = np.flatnonzero(np.isfinite(source))
        if not len(known):
            continue
        owner = key[row][known]
        value = _running_median(source[known], owner, half_width)
        # The keys are spread so far apart in time that nothing is interpolated from one aircraft to another.
        span = 10.0 * (np.ptp(d.time_s[row]) + 1.0)
        _, number = np.unique(key[row], return_inverse=True)
        when = d.time_s[row] - d.time_s[row].min() + span * number
        has = np.isin(key[row], owner)
        filled = np.interp(when[has], when[known], value)
        # Before the first and after the last known height of its own, an aircraft keeps that height.
        first, last = _ends(number[known], int(number.max()) + 1)
        low, high = first[number[has]], last[number[has]]
        filled = np.where(when[has] < when[known[low]], value[low], filled)
        filled = np.where(when[has] > when[known[high]], value[high], filled)
        height[has], rests[has] = filled, code
    return height, rests


def _ends(number: Ints, count: int) -> tuple[Ints, Ints]:
    """Return the first and the last place of every number in a sorted column; where there is none, any place."""
    last = len(number) - 1
    numbers = np.arange(count)
    first = np.minimum(np.searchsorted(number, numbers), last)
    return first, np.maximum(np.searchsorted(number, numbers, side="right") - 1, 0)


def _running_median(value: Floats, owner: Ints, half_width: int) -> Floats:
    """Return the median of the neighbours in the same aircraft: a garbled height does no harm."""
    place = np.arange(len(value))
    stack = np.repeat(value[:, None], 2 * half_width + 1, axis=1)
    for shift in range(1, half_width + 1):
        before, after = np.maximum(place - shift, 0), np.minimum(place + shift, len(value) - 1)
        # At the ends neighbours count in pairs, so that a climb keeps its place.
        both = (place >= shift) & (place + shift < len(value)) & (owner[before] == owner) & (owner[after] == owner)
        stack[:, half_width - shift] = np.where(both, value[before], -np.inf)
        stack[:, half_width + shift] = np.where(both, value[after], np.inf)
    return np.asarray(np.partition(stack, half_width, axis=1)[:, half_width])


def _window_of(time_s: Floats, key: Ints) -> tuple[Ints, Floats, Floats]:
    """Return each plot's window, and the window's half duration and middle, of plots sorted by aircraft and time."""
    if not len(time_s):
        return np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    _, start, flight, plots = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    first = time_s[start]
    lasting = np.maximum(time_s[start + plots - 1] - first, 1.0)
    duration = np.clip(_PLOTS_IN_WINDOW * lasting / plots, _SHORTEST_S, _LONGEST_S)[flight]
    place = np.floor((time_s - first[flight]) / duration)
    middle = first[flight] + (place + 0.5) * duration
    new = (np.diff(flight) != 0) | (np.diff(place) != 0)
    return np.append(0, np.cumsum(new)), duration / 2.0, middle


def _kept_windows(window: Ints, sensor: Ints) -> Bools:
    """Return the plots whose window has enough plots, of at least two sensors."""
    if not len(window):
        return np.zeros(0, np.bool_)
    start = np.searchsorted(window, np.arange(window[-1] + 1))
    several = np.minimum.reduceat(sensor, start) < np.maximum.reduceat(sensor, start)
    return np.asarray((several & (np.bincount(window) >= _FEWEST_PLOTS))[window])


def _inverse_sigma(d: Detections, sensors: Sensors, sensor: Ints, params: RegistrationParams) -> Floats:
    """Return 1 / sigma (n, 2) of range and azimuth, or of the axes of a reported position; 0 = not measured."""
    own = np.column_stack([d.range_sigma_m, d.azimuth_sigma_rad])
    stated = np.column_stack([sensors.range_sigma_m, sensors.azimuth_sigma_rad])[sensor]
    sigma = np.where(np.isnan(own), stated, own)
    place = _reported(d)
    axis = np.where(np.isnan(sigma[:, 0]), params.position_sigma_m, sigma[:, 0])
    sigma[place] = axis[place, None]
    measured = np.isfinite(np.column_stack([d.range_m, d.azimuth_rad])) | place[:, None]
    bad = (measured & ~(sigma > 0)).any(axis=1)
    if bad.any():
        raise UseError(
            f"detection_id {d.detection_id[bad][0]}: expected a positive standard deviation of plot or sensor"
        )
    return np.divide(1.0, sigma, out=np.zeros_like(sigma), where=measured)


def _about_where(d: Detections, height: Floats, frames: list[Frame], world: Frame, sensor: Ints) -> Floats:
    """Return earth-centred places (n, 3) of plots by range, azimuth and height over a sphere; NaN without either."""
    place = _reported(d)
    at = np.column_stack([d.x_m, d.y_m, np.nan_to_num(d.z_m)])
    ecef = np.where(place[:, None], from_enu(world, at), np.nan)
    for s, frame in enumerate(frames):
        mine = np.flatnonzero((sensor == s) & ~place)
        below = float(np.linalg.norm(frame.ecef))
        above, r = below + height[mine] - frame.height_m, np.maximum(d.range_m[mine], 1.0)
        sine = np.clip((above**2 - below**2 - r**2) / (2.0 * r * below), -0.2, 0.99)
        seen = polar_to_world(r, d.azimuth_rad[mine], np.arcsin(sine), frame, frame)
        ecef[mine] = from_enu(frame, seen)
    return ecef


def _tangent(ecef: Floats) -> tuple[Floats, Floats, Floats]:
    """Return origins on the ellipsoid (w, 3), rotations (w, 3, 3) to east, north, up, and radii of curvature (w, 2)."""
    lat, lon, _ = ecef_to_geodetic(ecef)
    zero, sin_lat, cos_lat, sin_lon, cos_lon = np.zeros_like(lat), np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    east = np.stack([-sin_lon, cos_lon, zero], axis=-1)
    north = np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], axis=-1)
    up = np.stack([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat], axis=-1)
    e2 = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
    vertical = WGS84_SEMI_MAJOR_M / np.sqrt(1.0 - e2 * sin_lat**2)
    meridian = vertical * (1.0 - e2) / (1.0 - e2 * sin_lat**2)
    return (
        geodetic_to_ecef(lat, lon, 0.0),
        np.stack([east, north, up], axis=1),
        np.stack([vertical, meridian], axis=-1),
    )


def _sites(sensors: Sensors, frames: list[Frame]) -> Sites:
    """Return the sensors' places; sensors that report positions are references without bias."""
    return Sites(
        np.array([frame.ecef for frame in frames]),
        np.array([frame.rotation for frame in frames]),
        ~np.isin(sensors.kind, REPORTING),
    )


def window_numbers(ready: Prepared) -> Ints:
    """Return for each plot the number of its window."""
    return np.repeat(np.arange(len(ready.windows.start)), ready.windows.stop - ready.windows.start)


def taking_part(ready: Prepared, weight: Floats) -> Bools:
    """Return the plots with a weight above zero in a window that counts."""
    return np.asarray((weight > 0.0) & ready.windows.used[window_numbers(ready)])


def tied_sensors(ready: Prepared, weight: Floats) -> Ints:
    """Return for each sensor the number of its group, tied by windows that count; -1 = tied to none."""
    part, sensors = taking_part(ready, weight), len(ready.sites.estimated)
    seen = np.zeros((len(ready.windows.start), sensors), np.float32)
    seen[window_numbers(ready)[part], ready.plots.sensor[part]] = 1.0
    tied = (seen.T @ seen) > 0
    group = np.full(sensors, -1, np.int64)
    for s in range(sensors):
        if group[s] < 0 and tied[s].sum() > 1:
            member = tied[s]
            while (grown := tied[member].any(axis=0)).sum() > member.sum():
                member = grown
            group[member] = group.max() + 1
    return group

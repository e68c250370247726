"""A recording to the project's tables: plots and ADS-B reports to `Detections`.

Slant ranges in NM become metres, azimuths radians, flight levels metres of pressure altitude in the standard
atmosphere (1 FL = 30.48 m). A Mode 3/A code or flight level that is flagged not validated or garbled is left out of
the row and counted. Radars are matched by SAC and SIC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M, FOOT_M, NAUTICAL_MILE_M
from chainhome.earth import Frame, enu_frame, geodetic_to_enu
from chainhome.formats.asterix.clock import Clock, Times, sensor_keys, times_of
from chainhome.formats.asterix.recording import Recording, Records
from chainhome.tables import SENSOR_KINDS, Detections, Sensors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Counts = dict[str, int]

FLIGHT_LEVEL_M = 100.0 * FOOT_M
PRIMARY, SECONDARY, COMBINED, ADS_B = (
    SENSOR_KINDS.index(name) for name in ("primary", "secondary", "combined", "ads_b")
)
# Kinds of I048/020 TYP: none, PSR, SSR, both, all-call, roll-call, each with PSR; and of I001/020.
_KIND_048 = np.array([-1, PRIMARY, SECONDARY, COMBINED, SECONDARY, SECONDARY, COMBINED, COMBINED])
_KIND_001 = np.array([-1, PRIMARY, SECONDARY, COMBINED])


def detections_of(
    recording: Recording, sensors: Sensors, frame: Frame | None = None, *, include_tests: bool = False
) -> tuple[Detections, Counts]:
    """Return the detections of CAT048, CAT001 and CAT021 in time order, and what was counted on the way.

    Times are seconds since the midnight before the first record. `frame` is the world frame for ADS-B positions (the
    one at the first sensor, where it is None). Test targets, simulated targets and fixed field monitors are left out
    unless `include_tests`. The counts: `records`; left out: `test`, `simulated`, `field_monitor`, `undeclared_sensor`,
    `no_detection` (a track update without a plot), `no_position`, `no_time`; kept: `detections`, of which
    `mode_3a_dropped` and `flight_level_dropped` lost a code that is garbled or not validated, `time_by_service` and
    `time_by_container` are CAT001 plots without a time of their own, `no_height` ADS-B reports without one, and
    `other_address` ADS-B reports whose address is none of ICAO's.

    >>> from chainhome.formats.asterix import decode, encode_cat048
    >>> plots = encode_cat048(sac=25, sic=1, time_of_day_s=[7.0], typ=2, range_nm=[10.0], azimuth_deg=[90.0])
    >>> radar = Sensors.make(1, sensor_id=[4], sac=[25], sic=[1])
    >>> found, counts = detections_of(decode(plots), radar)
    >>> found.range_m.tolist(), found.sensor_id.tolist(), counts["detections"]
    ([18520.0], [4], 1)
    """
    return next(iter_detections([recording], sensors, frame, include_tests=include_tests))


def iter_detections(
    pieces: Iterable[Recording], sensors: Sensors, frame: Frame | None = None, *, include_tests: bool = False
) -> Iterator[tuple[Detections, Counts]]:
    """Return the detections of each piece of a recording, as `detections_of` does; times and keys go on."""
    clock, next_id = Clock(), 0
    if frame is None and len(sensors) and not np.isnan(sensors.lat_deg[0]):
        height = 0.0 if np.isnan(sensors.height_m[0]) else float(sensors.height_m[0])
        frame = enu_frame(float(np.radians(sensors.lat_deg[0])), float(np.radians(sensors.lon_deg[0])), height)
    for piece in pieces:
        times, clock = times_of(piece, clock)
        counts: Counts = {}
        parts = [
            _plots(piece.cat048, times.cat048, _KIND_048[piece.cat048["typ"]], sensors, include_tests, counts),
            _older_plots(piece, times, sensors, include_tests, counts),
            _reports(piece.cat021, times.cat021, sensors, frame, include_tests, counts),
        ]
        found = Detections.concat(parts).sorted_by("time_s")
        columns = {name: getattr(found, name) for name in Detections.columns()}
        columns["detection_id"] = next_id + np.arange(len(found))
        next_id += len(found)
        counts["detections"] = len(found)
        yield Detections.make(len(found), **columns), counts


def _count(counts: Counts, name: str, rows: Bools) -> None:
    counts[name] = counts.get(name, 0) + int(rows.sum())


def _kept(records: Records, row_of_sensor: Ints, include_tests: bool, counts: Counts, **reasons: Bools) -> Bools:
    """Return the records that no mark, undeclared sensor or reason excludes; each is counted under its first."""
    rows = np.ones(len(records), np.bool_)
    _count(counts, "records", rows)
    marks = {"test": "tst", "simulated": "sim", "field_monitor": "rab"}
    first = {name: (records[item] == 1) & (not include_tests) for name, item in marks.items()}
    for name, excluded in (first | {"undeclared_sensor": row_of_sensor < 0} | reasons).items():
        _count(counts, name, rows & excluded)
        rows = rows & ~excluded
    return rows


def _sensor_rows(records: Records, sensors: Sensors) -> Ints:
    """Return the row of each record's sensor, -1 where none is declared."""
    keys = np.where((sensors.sac < 0) | (sensors.sic < 0), -2, 256 * sensors.sac + sensors.sic)
    if not len(keys):
        return np.full(len(records), -1, np.int64)
    order = np.argsort(keys, kind="stable")
    wanted = sensor_keys(records)
    at = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    return np.where(keys[order][at] == wanted, order[at], -1)


def _plots(
    records: Records, time_s: Floats, kind: Ints, sensors: Sensors, include_tests: bool, counts: Counts
) -> Detections:
    """Return the plots of CAT048 or CAT001."""
    row_of_sensor = _sensor_rows(records, sensors)
    no_type = records["typ"] < 0 if "typ" in records.columns else records["ssr_psr"] < 0
    keep = _kept(
        records,
        row_of_sensor,
        include_tests,
        counts,
        no_detection=(kind < 0) | no_type,
        no_position=np.isnan(records["range_nm"]),
        no_time=np.isnan(time_s),
    )
    chosen, row_of_sensor = records.rows(keep), row_of_sensor[keep]
    level, code = chosen["flight_level_fl"], chosen["mode_3a"]
    bad_level = (chosen["flight_level_v"] == 1) | (chosen["flight_level_g"] == 1)
    bad_code = (chosen["mode_3a_v"] == 1) | (chosen["mode_3a_g"] == 1)
    _count(counts, "flight_level_dropped", bad_level & ~np.isnan(level))
    _count(counts, "mode_3a_dropped", bad_code & (code >= 0))
    given: dict[str, Any] = {
        "time_s": time_s[keep],
        "sensor_id": sensors.sensor_id[row_of_sensor],
        "kind": kind[keep],
        "range_m": chosen["range_nm"] * NAUTICAL_MILE_M,
        "azimuth_rad": np.radians(chosen["azimuth_deg"]),
        "flight_level_m": np.where(bad_level, np.nan, level * FLIGHT_LEVEL_M),
        "mode_3a": np.where(bad_code, -1, code),
    }
    if records.category == 48:
        height_m = chosen["height_3d_ft"] * FOOT_M
        given["doppler_mps"] = np.where(chosen["doppler_doubtful"] == 1, np.nan, chosen["doppler_mps"])
        given["mode_s_address"] = chosen["address"]
        given["elevation_rad"] = elevation_rad(given["range_m"], height_m, sensors.height_m[row_of_sensor])
    else:
        given["doppler_mps"] = chosen["doppler_nmps"] * NAUTICAL_MILE_M
    return Detections.make(len(chosen), **given)


def _older_plots(piece: Recording, times: Times, sensors: Sensors, include_tests: bool, counts: Counts) -> Detections:
    before = counts.get("detections", 0)
    found = _plots(piece.cat001, times.cat001, _KIND_001[piece.cat001["ssr_psr"]], sensors, include_tests, counts)
    counts["detections"] = before
    _count(counts, "time_by_service", times.from_service)
    _count(counts, "time_by_container", times.from_container)
    return found


def _reports(
    records: Records, time_s: Floats, sensors: Sensors, frame: Frame | None, include_tests: bool, counts: Counts
) -> Detections:
    """Return the ADS-B reports of CAT021 as positions."""
    row_of_sensor = _sensor_rows(records, sensors)
    lat = np.where(np.isnan(records["lat_fine_deg"]), records["lat_deg"], records["lat_fine_deg"])
    lon = np.where(np.isnan(records["lon_fine_deg"]), records["lon_deg"], records["lon_fine_deg"])
    keep = _kept(
        records,
        row_of_sensor,
        include_tests,
        counts,
        no_position=np.isnan(lat) | np.isnan(lon),
        no_time=np.isnan(time_s),
    )
    chosen = records.rows(keep)
    level_m = chosen["flight_level_fl"] * FLIGHT_LEVEL_M
    height_m = chosen["geometric_height_ft"] * FOOT_M
    height_m = np.where(np.isnan(height_m), level_m, height_m)
    no_height = np.isnan(height_m)
    icao = chosen["atp"] <= 0  # an address type that is absent is taken for ICAO's
    _count(counts, "no_height", no_height)
    _count(counts, "other_address", ~icao)
    world = np.full((len(chosen), 3), np.nan)
    if frame is not None and len(chosen):
        world = geodetic_to_enu(frame, np.radians(lat[keep]), np.radians(lon[keep]), np.where(no_height, 0.0, height_m))
    return Detections.make(
        len(chosen),
        time_s=time_s[keep],
        sensor_id=sensors.sensor_id[row_of_sensor[keep]],
        kind=ADS_B,
        x_m=world[:, 0],
        y_m=world[:, 1],
        z_m=np.where(no_height, np.nan, world[:, 2]),
        flight_level_m=level_m,
        mode_3a=chosen["mode_3a"],
        mode_s_address=np.where(icao, chosen["address"], -1),
    )


def elevation_rad(range_m: Floats, height_m: Floats, sensor_height_m: Floats) -> Floats:
    """Return the geometric elevation of targets at a slant range and a height above the sea, over a round earth.

    The earth has its mean radius; refraction is left out, as in the column `elevation_rad`. NaN where a height is not
    known, or where no target at that range is that high.

    >>> one = np.array([1.0])
    >>> np.degrees(elevation_rad(20e3 * one, 10e3 * one, 0.0 * one)).round(2).tolist()
    [29.92]
    """
    mast = EARTH_MEAN_RADIUS_M + sensor_height_m
    rise = (height_m - sensor_height_m) * (2.0 * EARTH_MEAN_RADIUS_M + height_m + sensor_height_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        sine = (rise - range_m**2) / (2.0 * range_m * mast)
    return np.arcsin(np.where(np.abs(sine) <= 1.0, sine, np.nan))

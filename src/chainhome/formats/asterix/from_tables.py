"""The project's tables to bytes: `cat048_of`, for the round trip of a simulation."""

from __future__ import annotations

import numpy as np

from chainhome.constants import EARTH_MEAN_RADIUS_M, FOOT_M, NAUTICAL_MILE_M
from chainhome.errors import UseError
from chainhome.formats.asterix.clock import DAY_S
from chainhome.formats.asterix.encode import BLOCK_BYTES, encode_cat048
from chainhome.formats.asterix.to_tables import COMBINED, FLIGHT_LEVEL_M, PRIMARY, SECONDARY
from chainhome.tables import Detections, Sensors

_MOST_HEIGHT_FT = 25.0 * 8191


def cat048_of(detections: Detections, sensors: Sensors, *, block_bytes: int = BLOCK_BYTES) -> bytes:
    """Return polar plots as CAT048, in the order of their rows, rounded to the least significant bits.

    Written are time of day (1/128 s, modulo a day), range (1/256 NM), azimuth (360/65536 deg), kind, Mode 3/A, flight
    level (25 ft), address, Doppler (1 m/s) and, where a plot has an elevation, the height that it stands for (25 ft).
    Sensors need SAC and SIC. Raises UseError for a plot of no declared sensor, of another kind than primary, secondary
    or combined, without range, azimuth or time, or beyond the 255.996 NM of I048/040.

    >>> from chainhome.formats.asterix import decode, detections_of
    >>> radar = Sensors.make(1, sensor_id=[4], sac=[25], sic=[1])
    >>> plot = Detections.make(1, time_s=[7.0], sensor_id=4, kind=1, range_m=[18520.0], azimuth_rad=[1.0], mode_3a=7700)
    >>> again, _ = detections_of(decode(cat048_of(plot, radar)), radar)
    >>> again.range_m.tolist(), again.mode_3a.tolist(), again.azimuth_rad.round(4).tolist()
    ([18520.0], [7700], [1.0])
    """
    if not len(detections):
        return b""
    row = _rows_of_sensors(detections, sensors)
    typ = _types(detections)
    for name in ("time_s", "range_m", "azimuth_rad"):
        missing = np.isnan(getattr(detections, name))
        if missing.any():
            raise UseError(f"detections: {name} in row {int(missing.argmax())} is missing; a plot of CAT048 has it")
    return encode_cat048(
        block_bytes=block_bytes,
        sac=sensors.sac[row],
        sic=sensors.sic[row],
        time_of_day_s=np.rint(detections.time_s * 128.0) / 128.0 % DAY_S,
        typ=typ,
        range_nm=detections.range_m / NAUTICAL_MILE_M,
        azimuth_deg=np.degrees(detections.azimuth_rad),
        mode_3a=detections.mode_3a,
        flight_level_fl=detections.flight_level_m / FLIGHT_LEVEL_M,
        address=detections.mode_s_address,
        doppler_mps=detections.doppler_mps,
        height_3d_ft=_heights_ft(detections, sensors.height_m[row]),
    )


def _rows_of_sensors(detections: Detections, sensors: Sensors) -> np.ndarray:
    order = np.argsort(sensors.sensor_id, kind="stable")
    at = np.searchsorted(sensors.sensor_id[order], detections.sensor_id)
    row = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros(len(detections), np.int64)
    unknown = np.ones(len(row), np.bool_) if not len(order) else sensors.sensor_id[row] != detections.sensor_id
    if unknown.any():
        first = int(unknown.argmax())
        raise UseError(f"detections: sensor_id = {detections.sensor_id[first]} in row {first} is not among the sensors")
    codes = np.stack([sensors.sac[row], sensors.sic[row]])
    bad = ((codes < 0) | (codes > 255)).any(axis=0)
    if bad.any():
        which = sensors.sensor_id[row[int(bad.argmax())]]
        raise UseError(f"sensors: sensor_id = {which} has no SAC and SIC of 0 to 255, which ASTERIX needs")
    return np.asarray(row)


def _types(detections: Detections) -> np.ndarray:
    """Return I048/020 TYP: Mode S roll-call where there is an address."""
    kind, addressed = detections.kind, detections.mode_s_address >= 0
    bad = ~np.isin(kind, (PRIMARY, SECONDARY, COMBINED))
    if bad.any():
        raise UseError(
            f"detections: row {int(bad.argmax())} is no radar plot; CAT048 holds primary, secondary, combined"
        )
    return np.select([kind == PRIMARY, kind == SECONDARY], [1, np.where(addressed, 5, 2)], np.where(addressed, 7, 3))


def _heights_ft(detections: Detections, sensor_height_m: np.ndarray) -> np.ndarray:
    """Return the height above the sea that elevation and range stand for, within what I048/110 can hold."""
    mast = EARTH_MEAN_RADIUS_M + sensor_height_m
    slant, sine = detections.range_m, np.sin(detections.elevation_rad)
    height_m = np.sqrt(mast**2 + slant**2 + 2.0 * mast * slant * sine) - EARTH_MEAN_RADIUS_M
    return np.clip(height_m / FOOT_M, -_MOST_HEIGHT_FT, _MOST_HEIGHT_FT)

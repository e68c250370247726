"""The words of a sensors file: its keys, which of them are needed, and what each means. No unit is converted here.

The JSON Schema that editors use is made from these models (`chainhome schema sensors`).
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator

from chainhome.scenario.model import Quantity, Words

Kind = Literal["primary", "secondary", "combined", "ads_b", "mlat"]


_COORDINATES = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*,\s*([-+]?\d+(?:\.\d*)?)\s*")


class OriginWords(Words):
    """Origin of the world frame: a rigid east-north-up frame."""

    lat: float = Field(ge=-90, le=90, description="latitude in degrees, WGS-84")
    lon: float = Field(ge=-180, le=180, description="longitude in degrees, WGS-84")
    height: Quantity = Field(default="0 m", description="height above mean sea level")


class SensorWords(Words):
    """One radar or receiver. A radar needs its place and its sigmas; what reports positions, `sigma_position`."""

    name: str = Field(min_length=1, description="name in the tables; a column `sensor` of a plot file uses it")
    kind: Kind = Field(default="primary", description="what it reports; ads_b and mlat report positions")
    id: int | None = Field(
        default=None, ge=0, le=2**53, description="sensor_id in the plots; default: 0, 1, 2, ... in this file"
    )
    sac: int | None = Field(default=None, ge=0, le=255, description="ASTERIX system area code")
    sic: int | None = Field(default=None, ge=0, le=255, description="ASTERIX system identification code")
    lat: float | None = Field(default=None, ge=-90, le=90, description="latitude in degrees, WGS-84")
    lon: float | None = Field(default=None, ge=-180, le=180, description="longitude in degrees, WGS-84")
    height: Quantity | None = Field(default=None, description="height of the antenna above mean sea level")
    period: Quantity = Field(description="time between two looks in the same direction")
    sector: Quantity | None = Field(default=None, description="width of the sector that it watches; default: all round")
    boresight: Quantity | None = Field(default=None, description="bearing of the middle of the sector")
    sigma_range: Quantity | None = Field(default=None, description="standard deviation of range")
    sigma_azimuth: Quantity | None = Field(default=None, description="standard deviation of azimuth")
    sigma_elevation: Quantity | None = Field(
        default=None,
        description="standard deviation of elevation; left out: a 2-D radar, whose elevations are not used",
    )
    sigma_doppler: Quantity | None = Field(
        default=None, description="standard deviation of range rate; left out: range rates are not used"
    )
    sigma_position: Quantity | None = Field(
        default=None, description="standard deviation of each axis of a reported position (ads_b, mlat)"
    )
    detection_probability: float = Field(gt=0, le=1, description="share of looks at a target that give a plot")
    clutter_per_scan: float = Field(ge=0, le=1e6, description="mean number of false plots in a scan")
    max_range: Quantity | None = Field(default=None, description="instrumented range; plots beyond it are left out")


class SensorsWords(Words):
    """A sensors file: who looked."""

    origin: OriginWords | None = Field(default=None, description="origin of the world frame; default: the first sensor")
    sensor: list[SensorWords] = Field(min_length=1, description="radars and receivers")

    @field_validator("origin", mode="before")
    @classmethod
    def _of_coordinates(cls, given: Any) -> Any:
        """Take "lat, lon" for an origin at sea level, as a scenario does."""
        match = _COORDINATES.fullmatch(given) if isinstance(given, str) else None
        return {"lat": float(match[1]), "lon": float(match[2])} if match else given

"""The words of a scenario file: its keys, which of them are needed, and what each means. No unit is converted here.

The JSON Schema that editors use is made from these models (`chainhome schema`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Quantity = Annotated[str, Field(description='a number with its unit, such as "24 m" or "450 kt"')]
Role = Literal["friend", "neutral", "hostile"]


class Words(BaseModel):
    """A table of the scenario file; a key that is not declared is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InterrogatorWords(Words):
    """What an interrogator asks, and whose keys it holds."""

    modes: list[str] = Field(description="modes that it interrogates: mode-3a, mode-c, mode-s, mode-4, mode-5, ...")
    keys: list[str] = Field(default=[], description="key domains of the secure modes that it holds: nato, russia, ...")


class TransponderWords(Words):
    """What a transponder answers, and whose keys it holds. What is left out is as in the catalogue."""

    modes: list[str] | None = Field(default=None, description="modes that it answers; [] = it is silent")
    keys: list[str] | None = Field(default=None, description="key domains of its secure modes")
    code: str | None = Field(default=None, pattern="^[0-7]{4}$", description="Mode 3/A code, four octal digits")
    address: str | None = Field(default=None, pattern="^[0-9a-fA-F]{6}$", description="Mode S address, six hex digits")


class RadarWords(Words):
    """Figures of a radar in place of the catalogue's claims; what is left out stays as it is claimed."""

    instrumented_range: Quantity | None = Field(default=None, description="how far its timing and displays go")
    reference_range: Quantity | None = Field(default=None, description="range at which it detects the reference target")
    reference_rcs: Quantity | None = Field(default=None, description="radar cross section of the reference target")
    period: Quantity | None = Field(default=None, description="time between two looks in one direction")
    sector: Quantity | None = Field(default=None, description='width of the sector that it watches; "360 deg" = all')
    range_accuracy: Quantity | None = Field(default=None, description="standard deviation of range")
    azimuth_accuracy: Quantity | None = Field(default=None, description="standard deviation of azimuth")
    elevation_accuracy: Quantity | None = Field(default=None, description="standard deviation of elevation")


class BatteryWords(Words):
    """A fire unit with its search radar and its engagement radar, as the preset chooses them."""

    name: str = Field(min_length=1, description="name in the tables and pictures")
    system: str = Field(description="system of the catalogue")
    site: str = Field(description='site of the catalogue, or "lat, lon" in degrees')
    antenna: Quantity = Field(default="24 m", description="height of both antennas above the ground")
    boresight: Quantity = Field(default="0 deg", description="bearing that the engagement radar looks at")
    search: RadarWords = Field(default=RadarWords(), description="figures of the search radar, instead of the claims")
    engagement: RadarWords = Field(default=RadarWords(), description="figures of the engagement radar, likewise")
    status: Literal["testing", "operational", "delivered"] = Field(
        default="operational", description="what the unit may do; only an operational one engages"
    )
    interrogator: InterrogatorWords | None = Field(default=None, description="instead of the catalogue's")


class WaypointWords(Words):
    """A point of a route."""

    lat: float = Field(ge=-90, le=90, description="latitude in degrees, WGS-84")
    lon: float = Field(ge=-180, le=180, description="longitude in degrees, WGS-84")
    height: Quantity = Field(description="height of flight")
    above: Literal["sea", "ground"] = Field(default="sea", description="what the height is counted from")
    speed: Quantity = Field(description="ground speed at the point")


class AircraftWords(Words):
    """One or more aircraft of one class on one route."""

    name: str = Field(min_length=1, description="name in the tables and pictures")
    class_: str = Field(alias="class", description="aircraft class of the catalogue")
    allegiance: Role = Field(description="true allegiance, or the role that is flown in a trial")
    count: int = Field(default=1, ge=1, le=1000, description="how many fly the route")
    interval: Quantity = Field(default="60 s", description="time between two of them")
    start: Quantity = Field(default="0 s", description="when the first one starts, after the scenario's start")
    repeat: bool = Field(default=False, description="fly the route again and again")
    rcs: Quantity | None = Field(default=None, description="radar cross section seen from the front, not the claim's")
    spread_db: float | None = Field(default=None, ge=0, le=20, description="log-normal spread of the cross section")
    max_load_factor: float | None = Field(default=None, gt=1, le=15, description="g, instead of the claim's")
    iff: TransponderWords | None = Field(default=None, description="instead of the catalogue's")
    route: list[WaypointWords] = Field(min_length=2, description="where it flies")


class RecordingWords(Words):
    """A recorded flight, replayed as it was. It is tracked and identified, never assigned a weapon."""

    file: str = Field(description="thy1920, the flight that the package carries")
    shift: datetime = Field(strict=True, description="when its first fix happens in the scenario")
    class_: str = Field(default="airliner", alias="class", description="aircraft class of the catalogue")
    allegiance: Role = "neutral"


class ComparisonWords(Words):
    """A second interrogator that hears the same world: what would it have told?"""

    name: str = Field(default="shared secure mode", description="name of the comparison")
    interrogator: InterrogatorWords


class ScenarioWords(Words):
    """A scenario reads like an operations order."""

    title: str = Field(min_length=1, description="title of the run")
    start: datetime = Field(strict=True, description="UTC time at which the run starts")
    length: Quantity = Field(description="how long it lasts")
    origin: str = Field(description='site of the catalogue or "lat, lon": origin of the world frame')
    terrain: Literal["anatolia", "none"] = Field(default="anatolia", description="terrain that hides targets")
    preset: Literal["headline", "middle", "sceptic"] = Field(default="middle", description="how claims are chosen")
    false_alarms: float = Field(default=8.0, ge=0, le=10_000, description="false alarms in a scan of a search radar")
    flight_plans: bool = Field(
        default=True, description="whether the codes and addresses of neutral aircraft are known from flight plans"
    )
    notes: list[str] = Field(default=[], description="sentences for the report: what is assumed, what is borrowed")
    battery: list[BatteryWords] = Field(min_length=1, description="fire units")
    aircraft: list[AircraftWords] = Field(default=[], description="simulated aircraft")
    recording: list[RecordingWords] = Field(default=[], description="recorded flights")
    comparison: ComparisonWords | None = Field(default=None, description="a second interrogator")

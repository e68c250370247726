"""A scenario in SI units: what stands where, what flies where, who asks whom. Frozen records, nothing computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chainhome.motion import FlightLimits, Route
from chainhome.scenario.reading import RadarFigures, TargetFigures
from chainhome.sensors import Interrogator, Transponder


@dataclass(frozen=True)
class Place:
    """A point on the ground."""

    name: str
    lat_rad: float
    lon_rad: float
    ground_m: float


@dataclass(frozen=True)
class Post:
    """A radar in its place: what it can do, which way it looks, what it asks."""

    sensor_id: int
    name: str
    battery: str
    role: str
    place: Place
    antenna_m: float
    figures: RadarFigures
    boresight_rad: float
    false_alarms_per_scan: float
    interrogator: Interrogator | None
    may_engage: bool


@dataclass(frozen=True)
class Flight:
    """A simulated aircraft on its route."""

    target_id: int
    name: str
    figures: TargetFigures
    allegiance: int
    route: Route
    start_s: float
    limits: FlightLimits
    transponder: Transponder
    mode_3a: int
    icao_address: int


@dataclass(frozen=True)
class Replay:
    """A recorded flight that is flown again, shifted in time."""

    target_id: int
    name: str
    recording: str
    figures: TargetFigures
    allegiance: int
    first_fix_s: float
    transponder: Transponder


@dataclass(frozen=True)
class Scenario:
    """Everything that a run needs to know, in SI units."""

    title: str
    text: str
    epoch: datetime
    length_s: float
    origin: Place
    terrain: str | None
    preset: str
    posts: tuple[Post, ...]
    flights: tuple[Flight, ...]
    replays: tuple[Replay, ...]
    flight_plans: bool
    comparison_name: str
    comparison: Interrogator | None
    notes: tuple[str, ...]
    items: tuple[str, ...]

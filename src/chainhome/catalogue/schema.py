"""The shape of a catalogue's files as pydantic models: an unknown key, a missing key or a wrong type is refused.

Imports pydantic at the top, so it is imported only where files are checked.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from chainhome.catalogue.model import (
    CONFIDENCES,
    POSTING_CLAIMS,
    PRESETS,
    RADAR_ROLES,
    SOURCE_KINDS,
    STATUSES,
    UNITS,
)

Number = int | Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=1)]
Value = Number | Words


class _Shape(BaseModel):
    """A table of a file: nothing beyond its keys, no type bent to fit."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ReadingShape(_Shape):
    """One way to read a contested claim."""

    value: Value
    sources: list[str] = []
    note: Words


class ClaimShape(_Shape):
    """A claim; `check` looks at what its keys mean together."""

    value: Value
    low: Number | None = None
    high: Number | None = None
    unit: Literal[tuple(UNITS)] = ""  # type: ignore[valid-type]
    sources: list[str] = []
    date: str = ""
    confidence: Literal[CONFIDENCES]  # type: ignore[valid-type]
    contested: bool = False
    status: Literal[STATUSES]  # type: ignore[valid-type]
    note: str = ""
    readings: list[ReadingShape] = []


Claims = dict[str, ClaimShape]


class RadarShape(_Shape):
    """A radar of a system."""

    name: Words
    role: Literal[RADAR_ROLES]  # type: ignore[valid-type]
    claims: Claims


class InterceptorShape(_Shape):
    """An interceptor of a system."""

    name: Words
    claims: Claims


class PresetShape(_Shape):
    """Which radars and interceptor a preset picks."""

    search_radar: Words
    engagement_radar: Words | None = None
    interceptor: Words | None = None
    note: Words


class ItemShape(_Shape):
    """What every item's file begins with; aircraft and topics have no more than claims."""

    name: Words
    aliases: list[str] = []
    summary: Words
    claims: Claims


class SystemShape(ItemShape):
    """A file under systems/."""

    radars: dict[str, RadarShape]
    interceptors: dict[str, InterceptorShape] = {}
    presets: dict[Literal[PRESETS], PresetShape]  # type: ignore[valid-type]


class OccupationShape(_Shape):
    """A system at a site for a time."""

    system: Words
    operator: Words
    since: str
    until: str
    claim: ClaimShape


class SiteShape(ItemShape):
    """A file under sites/."""

    occupied: list[OccupationShape] = []


class EventShape(_Shape):
    """A dated step in a history."""

    system: Words
    type: Words
    since: str
    until: str = ""
    delivered: Number | None = None
    activated: bool | None = None
    claim: ClaimShape


class DeploymentShape(_Shape):
    """A system at a site, with a claim for each dated step."""

    group: Words
    name: Words
    system: Words
    system_name: str = ""
    site: Words
    owner: Words
    note: str = ""
    claims: dict[Literal[POSTING_CLAIMS], ClaimShape]  # type: ignore[valid-type]


class HistoryShape(_Shape):
    """A file under history/."""

    name: Words
    aliases: list[str] = []
    summary: Words
    events: dict[str, EventShape]
    deployments: dict[str, DeploymentShape] = {}


class SourceShape(_Shape):
    """A source in sources.toml."""

    title: Words
    publisher: Words
    date: str
    address: str
    kind: Literal[SOURCE_KINDS]  # type: ignore[valid-type]
    opinion: Words


class SourcesShape(RootModel[dict[str, SourceShape]]):
    """The file sources.toml."""


SHAPES: dict[str, type[BaseModel]] = {
    "systems": SystemShape,
    "aircraft": ItemShape,
    "topics": ItemShape,
    "sites": SiteShape,
    "history": HistoryShape,
    "sources.toml": SourcesShape,
}

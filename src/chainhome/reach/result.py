"""What `reach` answers: a row for each altitude, each with three verbs, their bands and the limit that binds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.catalogue import Claim, Source
from chainhome.reach.rules import RULES
from chainhome.tables import LIMITS

LIMIT_NAMES = LIMITS[1:]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class VerbRange:
    """How far one verb reaches, in km: the median bearing, its band, the limit that binds, all bearings."""

    range_km: float
    low_km: float
    high_km: float
    binding: str
    farthest_km: float
    bearing_p10_km: float
    bearing_p90_km: float
    by_bearing_km: Floats
    driven_by: str | None = None


@dataclass(frozen=True, eq=False)
class ReachRow:
    """One altitude (None: a trajectory): detect, track, engage, and every limit of the median bearing in km."""

    altitude_m: float | None
    detect: VerbRange
    track: VerbRange
    engage: VerbRange
    limits_km: dict[str, float | None]


@dataclass(frozen=True, eq=False)
class VerticalChart:
    """Share of bearings on which the target is detected, by altitude (a,) and ground range (r,)."""

    ground_range_km: Floats
    altitude_m: Floats
    seen_share: Floats


@dataclass(frozen=True, eq=False)
class Arc:
    """A ballistic missile's way: altitude above mean sea level (n,) by ground range from the site (n,)."""

    ground_range_km: Floats
    altitude_km: Floats
    ceiling_km: float
    """The interceptor's highest altitude against ballistic missiles; NaN where none is published."""


@dataclass(frozen=True, eq=False)
class ReachResult:
    """The whole answer, with all that it used."""

    system_key: str
    system_name: str
    target_key: str
    target_name: str
    preset: str
    preset_note: str
    search_radar_name: str
    engagement_radar_name: str
    interceptor_name: str
    site_name: str
    lat_deg: float
    lon_deg: float
    antenna_m: float
    site_ground_m: float
    altitude_reference: str
    smooth: bool
    detection_probability: float
    claim_km: float
    claim_low_km: float
    claim_high_km: float
    sector_deg: float | None
    bearings_rad: Floats
    rows: tuple[ReachRow, ...]
    vertical: VerticalChart | None
    arc: Arc | None
    rules: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    claims: tuple[tuple[str, Claim], ...]
    sentence: str
    second_sentence: str
    notes: tuple[str, ...]


def _km(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 2)


def _verb_json(verb: VerbRange, *, engage: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "range_km": _km(verb.range_km),
        "low_km": _km(verb.low_km),
        "high_km": _km(verb.high_km),
        "binding": verb.binding,
        "farthest_km": _km(verb.farthest_km),
        "bearing_p10_km": _km(verb.bearing_p10_km),
        "bearing_p90_km": _km(verb.bearing_p90_km),
    }
    return shown | {"driven_by": verb.driven_by} if engage else shown


def to_json(result: ReachResult) -> list[dict[str, Any]]:
    """Return the rows as plain objects for `--json`; a limit that does not apply is null."""
    rules = [f"{key}: {text}" for key, text in result.rules]
    sources = [{"key": s.key, "title": s.title, "date": s.date, "address": s.address} for s in result.sources]
    return [
        {
            "system": result.system_key,
            "target": result.target_key,
            "altitude_m": row.altitude_m,
            "altitude_reference": result.altitude_reference,
            "preset": result.preset,
            "claim_km": _km(result.claim_km),
            "detect": _verb_json(row.detect, engage=False),
            "track": _verb_json(row.track, engage=False),
            "engage": _verb_json(row.engage, engage=True),
            "limits_km": {name: _km(row.limits_km.get(name)) for name in LIMIT_NAMES},
            "rules": rules,
            "sources": sources,
        }
        for row in result.rows
    ]


def rule_texts(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return (key, sentence) of the rules used."""
    return tuple((key, RULES[key]) for key in keys)

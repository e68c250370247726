"""The words around the numbers: the first sentence, the notes, and the claims that an answer rests on."""

from __future__ import annotations

import numpy as np

from chainhome import earth
from chainhome.catalogue import Aircraft, Claim, Preset, System
from chainhome.reach.ends import Setting
from chainhome.reach.result import ReachRow

# The altitude that the first sentence speaks of, if it was asked: low flight is where headlines end.
TELLING_ALTITUDE_M = 100.0
SYSTEM_CLAIMS = ("headline_range", "reaction_time", "mast_height", "assessed_range")
AIRCRAFT_CLAIMS = ("rcs", "cruise_speed", "flight_range", "burnout_speed")
RADAR_CLAIMS = (
    "band",
    "frequency",
    "instrumented_range",
    "reference_range",
    "reference_rcs",
    "rotation_period",
    "revisit_period",
    "sector_width",
)
INTERCEPTOR_CLAIMS = (
    "max_range",
    "min_range",
    "min_altitude",
    "max_altitude",
    "average_speed",
    "ballistic_range",
    "ballistic_min_altitude",
    "ballistic_max_altitude",
)


def article(name: str) -> str:
    """Return "a" or "an", by how a name is said.

    >>> article("F-16"), article("Su-35"), article("MALE drone"), article("airliner"), article("one-way drone")
    ('an', 'a', 'a', 'an', 'a')
    """
    if name.lower().startswith("one"):
        return "a"
    spelt = len(name) > 1 and not name[1].isalpha()
    sounds = "AEFHILMNORSX" if spelt else "AEIOaeio"
    return "an" if name[:1] in sounds else "a"


def height_text(metres: float) -> str:
    """Return a height as people write it.

    >>> height_text(100.0), height_text(3000.0), height_text(9144.0)
    ('100 m', '3 km', '9144 m')
    """
    return f"{metres / 1e3:g} km" if metres >= 1e3 and metres % 100 == 0 else f"{metres:g} m"


def distance_text(km: float) -> str:
    """Return a distance with the digits that it deserves: one decimal below 20 km.

    >>> distance_text(61.4), distance_text(16.5), distance_text(float("nan"))
    ('61 km', '16.5 km', '–')
    """
    return f"{distance_digits(km)} km" if np.isfinite(km) else "–"


def distance_digits(km: float) -> str:
    """Return the number of a distance, rounded half up, with one decimal below 20 km.

    >>> distance_digits(16.5), distance_digits(17.45), distance_digits(115.5), distance_digits(0.0)
    ('16.5', '17.5', '116', '0')
    """
    if not np.isfinite(km):
        return "–"
    step = 10.0 if km < 19.95 else 1.0
    return f"{np.floor(km * step + 0.5 + 1e-9) / step:g}"


def second_sentence(rows: tuple[ReachRow, ...], claim_km: float) -> str:
    """Return what must stand beside the first sentence, so that the median bearing is not taken for all of them."""
    found = _telling(rows).detect
    claim = f"the claim is {distance_digits(claim_km)} km"
    if len(found.by_bearing_km) == 1 or found.bearing_p10_km == found.bearing_p90_km:
        return f"Beside it, {claim}."
    spread = f"{distance_digits(found.bearing_p10_km)} to {distance_digits(found.bearing_p90_km)} km"
    farthest = distance_text(found.farthest_km)
    beyond = f", and here and there it is seen to {farthest}" if found.farthest_km > found.bearing_p90_km + 0.5 else ""
    beside = f"That is the median bearing; most lie at {spread}{beyond}."
    return f"{beside} {claim.capitalize()}."


def _telling(rows: tuple[ReachRow, ...]) -> ReachRow:
    return next((row for row in rows if row.altitude_m == TELLING_ALTITUDE_M), rows[0])


def first_sentence(aircraft: Aircraft, system: System, rows: tuple[ReachRow, ...], sector_rad: float) -> str:
    """Return the one sentence that a reader takes away."""
    row = _telling(rows)
    found = row.detect
    name = aircraft.name
    subject = f"Against {article(name)} {name}"
    if row.altitude_m is not None:
        subject += f" at {height_text(row.altitude_m)}"
    inside = f" inside the radar's {np.degrees(sector_rad):.0f}° sector" if np.isfinite(sector_rad) else ""
    if found.range_km <= 0.0:
        return f"{subject}, nothing is detected{inside}; the {found.binding} limit binds."
    limit = {
        "horizon": "the horizon binds",
        "terrain": "the terrain binds",
        "sensitivity": "the radar's sensitivity binds",
        "instrumented": "the radar's instrumented range binds",
        "clutter": "ground clutter binds",
    }.get(found.binding, f"the {found.binding} binds")
    return f"{subject}, detection ends at {distance_text(found.range_km)}{inside}; {limit}."


def claims_used(system: System, preset: Preset, aircraft: Aircraft) -> tuple[tuple[str, Claim], ...]:
    """Return (path, claim) of every claim that an answer rests on, in the order of the chain."""
    used = [(f"{system.key}.{name}", system.claims[name]) for name in SYSTEM_CLAIMS if name in system.claims]
    radars = [preset.search_radar, preset.engagement_radar]
    for key in dict.fromkeys(key for key in radars if key):
        claims = system.radars[key].claims
        used += [(f"{system.key}.{key}.{name}", claims[name]) for name in RADAR_CLAIMS if name in claims]
    if preset.interceptor:
        claims = system.interceptors[preset.interceptor].claims
        used += [
            (f"{system.key}.{preset.interceptor}.{name}", claims[name]) for name in INTERCEPTOR_CLAIMS if name in claims
        ]
    used += [(f"{aircraft.key}.{name}", aircraft.claims[name]) for name in AIRCRAFT_CLAIMS if name in aircraft.claims]
    return tuple(used)


def notes(
    terrain: earth.Terrain | None,
    at_value: Setting,
    used: tuple[tuple[str, Claim], ...],
    *,
    ballistic: bool,
    mast: str = "",
) -> tuple[str, ...]:
    """Return the sentences that must stand under the numbers; `mast` is what is said of an assumed antenna height."""
    told = []
    second, interceptor = at_value.engagement, at_value.interceptor
    if interceptor is None:
        told.append("It has no interceptor: there is nothing to engage with.")
    elif second is not at_value.search and np.isfinite(second.sector_width_rad):
        width = np.degrees(second.sector_width_rad)
        told.append(f"{second.name} watches {width:.0f}° at a time: engagements are inside that sector only.")
    if interceptor is not None and ballistic and np.isnan(interceptor.ballistic_range_m):
        told.append(f"No range of {interceptor.name} against ballistic missiles is published, so it engages none.")
    if terrain is not None:
        told.append(terrain.note)
        share = at_value.fan.outside_share
        if share > 0.0:
            told.append(
                f"{share:.0%} of the disc lies outside the shipped terrain and counts as sea at 0 m: its hills "
                "are missing, and a target above its ground is taken too low."
            )
    unverified = [path for path, claim in used if claim.status == "unverified"]
    assumed = [path for path, claim in used if claim.status == "assumed"]
    if unverified:
        told.append(f"Unverified (no source found that supports it): {', '.join(unverified)}.")
    if assumed:
        told.append(f"Assumed, nobody has published it: {', '.join(assumed)}.")
    if mast:
        told.append(mast)
    told.append("No published range states its target, probability, height or place; the rules below fill these in.")
    return tuple(told)

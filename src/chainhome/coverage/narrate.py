"""The words that stand with a coverage: the claims that it rests on, its notes and the rules that it used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainhome.catalogue import Aircraft, Claim, Preset, System
from chainhome.coverage import rules
from chainhome.coverage.question import CoverageQuestion, CoverageSite
from chainhome.coverage.setting import SiteEnd
from chainhome.reach.ends import mast_note
from chainhome.reach.narrate import RADAR_CLAIMS, distance_text

SYSTEM_CLAIMS = ("headline_range", "mast_height", "assessed_range")
SHIPPED_TERRAIN = "anatolia"
FINE_CELL_M = 1_000.0
"""Larger cells see too much: docs/coverage.md has how much."""
AIRCRAFT_CLAIMS = ("rcs", "cruise_speed")


def claims_of(system: System, preset: Preset, aircraft: Aircraft) -> tuple[tuple[str, Claim], ...]:
    """Return (path, claim) of every claim that a coverage rests on."""
    radar = system.radars[preset.search_radar]
    groups = (
        (system.key, system.claims, SYSTEM_CLAIMS),
        (f"{system.key}.{radar.key}", radar.claims, RADAR_CLAIMS),
        (aircraft.key, aircraft.claims, AIRCRAFT_CLAIMS),
    )
    return tuple((f"{path}.{name}", claims[name]) for path, claims, names in groups for name in names if name in claims)


def rules_of(
    question: CoverageQuestion, value: SiteEnd, used: Sequence[tuple[str, Claim]], boresight_rad: float
) -> tuple[tuple[str, str], ...]:
    """Return (key, sentence) of the reading rules that were used."""
    keys = {"headline", "reference-path", "mean-rcs", "height-datum", "line-of-sight", "clutter", "preset"}
    keys |= {"coverage-cell", "coverage-limit", "coverage-share"} | set(value.radar.rules)
    keys |= {"cumulative"} if np.isfinite(value.radar.period_s) else set()
    keys |= {"boresight"} if np.isfinite(boresight_rad) else set()
    keys |= {"refraction"} if question.refraction != "standard" else set()
    keys |= {"lobing"} if question.lobing is not None else set()
    keys |= {"rain"} if question.rain_mm_per_h > 0.0 else set()
    keys |= {"horizon-or-terrain"} if question.grid is not None else set()
    keys |= {"terrain-grid"} if value.surface.grid.name == SHIPPED_TERRAIN else set()
    keys |= {"unverified"} if any(claim.status == "unverified" for _, claim in used) else set()
    return rules.in_order(keys)


def notes_of(
    question: CoverageQuestion,
    site: CoverageSite,
    value: SiteEnd,
    used: Sequence[tuple[str, Claim]],
    boresight_rad: float,
) -> tuple[str, ...]:
    """Return the sentences that must stand under the picture."""
    told = []
    radar, grid = value.radar, value.surface.grid
    if np.isfinite(radar.sector_width_rad):
        width = f"{np.degrees(radar.sector_width_rad):.0f}°"
        told.append(
            f"{radar.name} watches {width} at a time: here it looks to {np.degrees(boresight_rad) % 360.0:.0f}°."
            if np.isfinite(boresight_rad)
            else f"{radar.name} watches {width} at a time: this is what it sees wherever it is turned, not at once."
        )
    if not np.isfinite(radar.period_s):
        told.append(f"No scan period of {radar.name} is published, so there is no cumulative probability.")
    if grid.note:
        told.append(grid.note)
    if grid.outside_cells:
        share = grid.outside_cells / grid.heights_m.size
        told.append(
            f"{share:.0%} of the square lies outside the terrain and counts as sea at 0 m; where it is land, "
            "its hills are missing and the target is too low."
        )
    if grid.void_cells:
        told.append(f"{grid.void_cells:,} cells were voids of the terrain and were filled from around them.")
    if question.lobing is not None and question.grid is not None:
        told.append(
            "Lobing over terrain: only where the ground lies level with the site to a quarter wavelength, which is "
            "almost nowhere; elsewhere there is none."
        )
    if grid.cell_m > FINE_CELL_M and float(np.ptp(grid.heights_m)) > 0.0:
        told.append(
            f"Cells of {grid.cell_m / 1e3:g} km are coarse and see too much: take 500 m (--cell 500m) for figures."
        )
    if question.above_sea:
        told.append("Below ground is where the ground is higher than the target: no air there, and nothing to see.")
    if question.rain_mm_per_h > 0.0:
        told.append(f"Rain of {question.rain_mm_per_h:g} mm/h everywhere at once: no real front is so wide.")
    for status, words in (
        ("unverified", "Unverified (no source found that supports it)"),
        ("assumed", "Assumed, nobody has published it"),
    ):
        if paths := [path for path, claim in used if claim.status == status]:
            told.append(f"{words}: {', '.join(paths)}.")
    if mast := mast_note(site.system, site.antenna_m):
        told.append(mast)
    disc = distance_text(site.system.claims["headline_range"].si.value / 1e3)
    told.append(
        f"The band is that of the figures as they are read. The disc stays at {disc}; errors of the terrain and of the "
        "site are not in it, and they are larger."
    )
    told.append("No published range states its target, probability, height or place; the rules below fill these in.")
    return tuple(told)

"""The words and the table of a coverage: shares as people write them, one sentence to quote, rows for CSV and JSON.

In comes a `Coverage`; out come texts and plain objects. Nothing here draws.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from chainhome.coverage.result import LIMITS, cell_weights
from chainhome.reach.narrate import article, distance_digits, distance_text, height_text
from chainhome.report.coverage_status import status_of_all, switched_off

if TYPE_CHECKING:
    from chainhome.catalogue import Claim
    from chainhome.coverage.result import Coverage, Layer, SiteCoverage

HIDING = LIMITS[1:]
LIMIT_NAMES = {
    "detected": "seen",
    "horizon": "horizon",
    "terrain": "terrain",
    "clutter": "clutter",
    "sensitivity": "sensitivity",
    "instrumented": "instrumented range",
    "sector": "sector",
    "outside": "not computed",
    "ground": "below ground",
}
"""What the areas of a map and the columns of a table are called."""
LONG_NAMES = LIMIT_NAMES | {"terrain": "terrain (raised horizon)"}
"""The same where there is room."""
BLAMED = {
    "horizon": "the curve of the earth",
    "terrain": "the hills round the site",
    "clutter": "the ground's own echo",
    "sensitivity": "the radar's sensitivity",
    "instrumented": "the radar's instrumented range",
    "sector": "the edge of its sector",
    "outside": "the edge of the computed area",
    "ground": "ground higher than that",
}
VERBS = {"horizon": "hides", "terrain": "hide", "clutter": "drowns", "outside": "leaves out", "ground": "takes"}
BESIDE = "The claim names no height and no target."
"""To be read beside the sentence."""
COUNTED_ONCE = (
    "What is not seen is counted once, in the order: below ground, sector, instrumented range, horizon, terrain, then "
    "the weaker of sensitivity and clutter; several may hide one cell."
)
TELLING_HEIGHT_M = 100.0
WORTH_NAMING, WORTH_ADDING, LEAST_WRITTEN = 0.005, 0.05, 0.0005
FRACTIONS = (
    (1 / 10, "a tenth"), (1 / 5, "a fifth"), (1 / 4, "a quarter"), (1 / 3, "a third"), (2 / 5, "two fifths"),
    (1 / 2, "half"), (3 / 5, "three fifths"), (2 / 3, "two thirds"), (3 / 4, "three quarters"), (4 / 5, "four fifths"),
    (9 / 10, "nine tenths"),
)  # fmt: skip


def share_digits(share: float) -> str:
    """Return a share in per cent: one decimal below ten, and never a rounded 0 or 100 that is not one.

    >>> [share_digits(share) for share in (0.0, 0.0002, 0.0317, 0.0996, 0.42, 0.998, 1.0)]
    ['0', '<0.1', '3.2', '10', '42', '>99', '100']
    """
    percent = 100.0 * share
    if 0.0 < percent < 0.05:
        return "<0.1"
    if 99.5 <= percent < 100.0 - 1e-9:
        return ">99"
    return f"{percent:.1f}".removesuffix(".0") if percent < 9.95 else f"{np.floor(percent + 0.5):.0f}"


def share_text(share: float) -> str:
    """Return a share with its sign.

    >>> share_text(0.0317)
    '3.2 %'
    """
    return f"{share_digits(share)} %"


def band_text(layer: Layer) -> str:
    """Return what is seen, with its band in brackets."""
    low, high = share_digits(layer.share_low), share_digits(layer.share_high)
    return f"{share_text(layer.share)} [{low}–{high}]"


def smooth_text(layer: Layer) -> str:
    """Return what would be seen over a smooth earth; a dash for a target below the level of the site."""
    return share_text(layer.share_smooth) if np.isfinite(layer.share_smooth) else "–"


def layer_text(layer: Layer) -> str:
    """Return the height of a layer and what it is counted from."""
    return f"{height_text(layer.height_m)} above {'the sea' if layer.above_sea else 'the ground'}"


def telling_layer(site: SiteCoverage) -> Layer:
    """Return the layer that the sentence speaks of: 100 m if it was asked, else the lowest."""
    lowest = min(site.layers, key=lambda layer: layer.height_m)
    return next((layer for layer in site.layers if layer.height_m == TELLING_HEIGHT_M), lowest)


def sentence(coverage: Coverage) -> str:
    """Return the one sentence that a reader takes away."""
    site = coverage.sites[0]
    if len(coverage.sites) > 1:
        return _sentence_of_several(coverage)
    layer = telling_layer(site)
    target = f"{article(coverage.target_name)} {coverage.target_name} at {height_text(layer.height_m)}"
    disc = f"Of the disc of {distance_text(site.headline_m / 1e3)} that the claim draws"
    height = " above the sea" if layer.above_sea else ""
    seen = f"{disc}, {target}{height} {_seen(coverage)} in {share_text(layer.share)}{_band(layer)}"
    if over_smooth_earth(site):
        return f"{seen}; {_blame(layer)}."
    below = layer.share_by_limit.get("ground", 0.0)
    if below >= WORTH_NAMING:
        seen += f"; {share_text(below)} is ground higher than that"
    return f"{seen}.{_without_hills(layer)}{_besides(layer)}"


def unbroken(text: str) -> str:
    """Return a text whose numbers stay on one line with their units.

    >>> unbroken("0.6 % of 400 km").split(" ")
    ['0.6\\xa0%', 'of', '400\\xa0km']
    """
    return re.sub(r"(?<=\d) (?=(?:%|km|m|GHz|mm/h)(?![\w]))", "\u00a0", text)


def _seen(coverage: Coverage) -> str:
    """Return the verb of the sentence: what was not switched on would only have seen it."""
    if not switched_off(coverage):
        return "is seen"
    return f"would have been seen on {coverage.date}, had the radar been switched on,"


def over_smooth_earth(site: SiteCoverage) -> bool:
    """Tell whether the ground of a site is a smooth earth, so that no hill takes anything."""
    return float(np.ptp(site.surface.grid.heights_m)) == 0.0


def _band(layer: Layer) -> str:
    low, high = share_digits(layer.share_low), share_digits(layer.share_high)
    return f" ({low} to {high} % over the figures as they are read)" if low != high else ""


def _without_hills(layer: Layer) -> str:
    """Return the sentence on the same disc over a smooth earth; empty where the target would be below it."""
    smooth = layer.share_smooth
    if not np.isfinite(smooth) or smooth <= 0.0:
        return ""
    said = f" Over a smooth earth it would be {share_text(smooth)}"
    taken = 1.0 - layer.share / smooth
    if taken < -0.03:
        return f"{said}: the real ground lets it see more."
    if taken < 0.05:
        return f"{said}: the hills take next to nothing of that."
    if taken > 0.95:
        return f"{said}: the hills take nearly all of that."
    words = min(FRACTIONS, key=lambda pair: abs(pair[0] - taken))[1]
    return f"{said}: the hills take {words} of that."


def _besides(layer: Layer) -> str:
    """Return what takes much of the disc, or more than is seen, beside curve and hills, as counted after them."""
    others = [name for name in HIDING if name not in ("horizon", "terrain", "ground")]
    worst = max(others, key=lambda name: layer.share_by_limit.get(name, 0.0))
    share = layer.share_by_limit.get(worst, 0.0)
    if share < WORTH_ADDING and not share > max(layer.share, LEAST_WRITTEN):
        return ""
    blamed = BLAMED[worst]
    return f" {blamed[:1].upper()}{blamed[1:]} {VERBS.get(worst, 'costs')} {share_text(share)} of the disc."


def _blame(layer: Layer) -> str:
    lost = [(name, layer.share_by_limit.get(name, 0.0)) for name in HIDING]
    worst = sorted((pair for pair in lost if pair[1] >= WORTH_NAMING), key=lambda pair: -pair[1])[:2]
    if not worst:
        return "next to nothing is hidden"
    told = [f"{BLAMED[name]} {VERBS.get(name, 'costs')} {share_text(share)}" for name, share in worst]
    return " and ".join(told)


def _sentence_of_several(coverage: Coverage) -> str:
    layer = telling_layer(coverage.sites[0])
    index = coverage.sites[0].layers.index(layer)
    target = f"{article(coverage.target_name)} {coverage.target_name} at {height_text(layer.height_m)}"
    many = f"the {len(coverage.sites)} discs"
    text = f"Of the area of {many} that the claims draw, {target} {_seen(coverage)} in "
    counts = coverage.counts
    if counts is None:
        each = ", ".join(f"{share_text(site.layers[index].share)} ({site.name})" for site in coverage.sites)
        return f"Of the discs that the claims draw, {target} {_seen(coverage)} in {each}."
    both = counts.share(index, 2)
    twice = f"; by two sites or more in {share_text(both)}" if both > 0.0 else "; nowhere by two sites at once"
    return f"{text}{share_text(counts.share(index))}{twice}."


def cumulative_share(site: SiteCoverage, layer: Layer, detection_probability: float) -> float:
    """Return the share of the headline disc at which a flight straight in has been detected once, so probably.

    NaN where no scan period is published. It counts cells that are hidden if the flight was seen before it came there.
    """
    if not np.isfinite(site.period_s):
        return float("nan")
    grid = site.surface.grid
    weights = cell_weights(grid.half, grid.cell_m) * (site.range_m <= site.headline_m)
    found = layer.cumulative_pd >= detection_probability
    return float(weights[found].sum(dtype=np.float64) / weights.sum(dtype=np.float64))


def site_line(site: SiteCoverage) -> str:
    """Return what stands where, on one line."""
    ground = f"ground {site.surface.site_ground_m:.0f} m above the sea"
    return (
        f"{site.system_name} at {site.name}: {site.radar_name}, antenna {site.antenna_m:g} m above the ground "
        f"({ground}), preset {site.preset}"
    )


def claim_line(site: SiteCoverage) -> str:
    """Return the published range with its spread."""
    text = f"claim: {distance_text(site.headline_m / 1e3)}"
    if site.headline_high_m > site.headline_low_m:
        low, high = distance_digits(site.headline_low_m / 1e3), distance_text(site.headline_high_m / 1e3)
        text += f" (published {low} to {high})"
    return text


def sector_text(site: SiteCoverage) -> str:
    """Return how a radar that stares is taken; empty for one that turns."""
    if not np.isfinite(site.sector_width_rad):
        return ""
    width = f"The radar watches {np.degrees(site.sector_width_rad):.0f}° at a time"
    if not np.isfinite(site.boresight_rad):
        return f"{width}; all that it can be turned to is drawn, and only that much of it is seen at once."
    return f"{width}, about bearing {np.degrees(site.boresight_rad) % 360.0:.0f}°."


def unverified(claims: Iterable[tuple[str, Claim]]) -> int:
    """Return how many of the claims, by path, are unverified."""
    return sum(claim.status == "unverified" for claim in dict(claims).values())


def grid_text(site: SiteCoverage) -> str:
    """Return one line on the ground that a site's answer stands on."""
    grid = site.surface.grid
    cells = f"{grid.heights_m.shape[0]} x {grid.heights_m.shape[0]} cells of {grid.cell_m:g} m"
    if float(np.ptp(grid.heights_m)) == 0.0 and not grid.source:
        return f"smooth earth at {float(grid.heights_m.flat[0]):.0f} m, {cells}"
    told = [f"{grid.name}, {cells}"]
    if grid.outside_cells:
        told.append(f"{grid.outside_cells / grid.heights_m.size:.0%} of them outside the data, taken as sea")
    if grid.void_cells:
        told.append(f"{grid.void_cells:,} voids filled")
    return "; ".join(told)


def slug(text: str) -> str:
    """Return a text as part of a file name.

    >>> slug("Mürted air base, Ankara"), slug("39.93, 32.85"), slug("!")
    ('murted-air-base-ankara', '39.93-32.85', 'site')
    """
    from unicodedata import normalize

    plain = normalize("NFKD", text.replace("ı", "i")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")[:48] or "site"


def height_slug(layer: Layer) -> str:
    """Return a layer's height as part of a file name, as `100m` or `3000m-msl`."""
    return f"{layer.height_m:g}m{'-msl' if layer.above_sea else ''}"


def site_slugs(coverage: Coverage) -> list[str]:
    """Return for each site the part of file names that tells it from the others; a single site needs none."""
    if len(coverage.sites) == 1:
        return [""]
    made: list[str] = []
    for site in coverage.sites:
        name = slug(site.name.split(",")[0].split(" (")[0]) if not re.match(r"-?\d", site.name) else slug(site.name)
        number = 1 + sum(other == name or other.rpartition("-")[0] == name for other in made)
        made.append(name if number == 1 else f"{name}-{number}")
    return made


def rows(coverage: Coverage) -> list[dict[str, Any]]:
    """Return one row for each site and altitude: shares of the headline disc from 0 to 1."""
    out = []
    for site in coverage.sites:
        for layer in site.layers:
            row: dict[str, Any] = {
                "site": site.name,
                "system": site.system_key,
                "date": coverage.date or "",
                "status": site.status,
                "target": coverage.target_key,
                "altitude_m": layer.height_m,
                "altitude_reference": "sea level" if layer.above_sea else "ground",
                "headline_km": round(site.headline_m / 1e3, 3),
                "seen": _rounded(layer.share),
                "seen_low": _rounded(layer.share_low),
                "seen_high": _rounded(layer.share_high),
                "seen_over_smooth_earth": _known(layer.share_smooth),
                "seen_over_smooth_earth_low": _known(layer.share_smooth_low),
                "seen_over_smooth_earth_high": _known(layer.share_smooth_high),
                "seen_once_flying_in": _known(cumulative_share(site, layer, coverage.detection_probability)),
            }
            lost = {f"lost_to_{name}": _rounded(layer.share_by_limit.get(name, 0.0)) for name in HIDING}
            out.append(row | lost)
    return out


def count_rows(coverage: Coverage) -> list[dict[str, Any]]:
    """Return for each altitude the share of the area of all discs that at least k sites see; empty for one site."""
    counts = coverage.counts
    if counts is None:
        return []
    return [
        {"altitude_m": height, "seen_by_at_least": {
            str(k): _rounded(counts.share(index, k)) for k in range(1, len(coverage.sites) + 1)
        }}
        for index, height in enumerate(counts.heights_m)
    ]  # fmt: skip


def _known(share: float) -> float | None:
    return _rounded(share) if np.isfinite(share) else None


def _rounded(share: float) -> float:
    return round(float(share), 6)


def csv_text(coverage: Coverage) -> str:
    """Return the rows as CSV."""
    table = rows(coverage)
    out = StringIO()
    writer = csv.DictWriter(out, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue()


def to_json(coverage: Coverage) -> dict[str, Any]:
    """Return the whole answer, without its grids, as plain objects for `--json`."""
    sources = {source.key: source for site in coverage.sites for source in site.sources}
    rules = {key: text for site in coverage.sites for key, text in site.rules}
    return {
        "sentence": sentence(coverage),
        "date": coverage.date,
        "status": status_of_all(coverage),
        "beside": BESIDE,
        "target": coverage.target_key,
        "detection_probability": coverage.detection_probability,
        "refraction": coverage.refraction,
        "terrain": coverage.terrain_note,
        "surface_roughness_m": coverage.roughness_m,
        "rain_mm_per_h": coverage.rain_mm_per_h,
        "sites": [_site_json(site) for site in coverage.sites],
        "coverage": rows(coverage),
        "counts": count_rows(coverage),
        "rules": [f"{key}: {text}" for key, text in rules.items()],
        "sources": [
            {"key": s.key, "title": s.title, "date": s.date, "address": s.address} for _, s in sorted(sources.items())
        ],
    }


def _site_json(site: SiteCoverage) -> dict[str, Any]:
    grid = site.surface.grid
    return {
        "name": site.name,
        "system": site.system_key,
        "radar": site.radar_name,
        "preset": site.preset,
        "status": site.status,
        "lat_deg": round(float(np.degrees(site.lat_rad)), 6),
        "lon_deg": round(float(np.degrees(site.lon_rad)), 6),
        "antenna_m": round(site.antenna_m, 3),
        "ground_m": round(float(site.surface.site_ground_m), 2),
        "headline_km": round(site.headline_m / 1e3, 3),
        "headline_low_km": round(site.headline_low_m / 1e3, 3),
        "headline_high_km": round(site.headline_high_m / 1e3, 3),
        "cell_m": grid.cell_m,
        "cells_outside_the_terrain": grid.outside_cells,
        "voids_filled": grid.void_cells,
        "notes": list(site.notes),
    }

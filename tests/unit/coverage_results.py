"""Small made-up coverages for the tests of what is said and drawn of them; nothing is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.catalogue import Claim, Source
from chainhome.coverage.result import (
    CLUTTER,
    DETECTED,
    HORIZON,
    LIMITS,
    OUTSIDE,
    TERRAIN,
    Counts,
    Coverage,
    Layer,
    SiteCoverage,
)

CELL_M = 5_000.0
HALF = 60
HEADLINE_M = 250e3
MURTED = (40.0789, 32.5656)


def distances_m(half: int = HALF, cell_m: float = CELL_M) -> np.ndarray[Any, Any]:
    along = cell_m * np.arange(-half, half + 1.0)
    return np.hypot(along[:, None], along)


def layer(height_m: float, seen_m: float, *, above_sea: bool = False) -> Layer:
    """A disc that is seen, with a wedge of clutter in the north-east, hills round it and the horizon beyond."""
    range_m = distances_m()
    along = np.arange(-HALF, HALF + 1.0)
    wedge = (along[None, :] > 0) & (along[:, None] < 0) & (range_m > 0.5 * seen_m) & (range_m <= seen_m)
    limit = np.full(range_m.shape, OUTSIDE, np.int8)
    limit[range_m <= HEADLINE_M] = HORIZON
    limit[range_m <= min(1.5 * seen_m, HEADLINE_M)] = TERRAIN
    limit[range_m <= seen_m] = DETECTED
    limit[wedge] = CLUTTER
    seen = limit == DETECTED
    low, high = seen & (range_m <= 0.8 * seen_m), range_m <= 1.2 * seen_m
    disc = range_m <= HEADLINE_M
    shares = {name: float((limit[disc] == code).mean()) for code, name in enumerate(LIMITS)}
    smooth = (2.0 * shares["detected"], float(low[disc].mean()), float(high[disc].mean()))
    return Layer(
        height_m, above_sea, np.where(seen, 0.7, 0.0).astype(np.float32), np.where(seen, 0.9, 0.0).astype(np.float32),
        np.zeros(range_m.shape, np.float32), limit, seen, low, high, shares["detected"], float(low[disc].mean()),
        float(high[disc].mean()), shares, *smooth,
    )  # fmt: skip


def surface(lat_deg: float, lon_deg: float, *, flat: bool = False) -> earth.Surface:
    range_m = distances_m()
    heights = np.full(range_m.shape, 900.0) if flat else 900.0 + 300.0 * np.sin(range_m / 20e3)
    grid = earth.SiteGrid(
        float(np.radians(lat_deg)), float(np.radians(lon_deg)), CELL_M, heights.astype(np.float32), 0, 0,
        "smooth earth" if flat else "made-up hills", "" if flat else "Hills of a test.", "" if flat else "a test",
    )  # fmt: skip
    lowest = (heights + range_m / 100.0).astype(np.float32)
    return earth.Surface(grid, 8.5e6, "standard", float(heights[HALF, HALF]), float(heights[HALF, HALF]) + 24.0, lowest)


def site(name: str = "Mürted air base, Ankara", place: tuple[float, float] = MURTED, **changes: Any) -> SiteCoverage:
    lat, lon = (float(np.radians(part)) for part in place)
    made = SiteCoverage(
        name=name, system_key="s", system_name="System", radar_name="Search", preset="middle", preset_note="",
        lat_rad=lat, lon_rad=lon, antenna_m=24.0, headline_m=HEADLINE_M, headline_low_m=200e3, headline_high_m=250e3,
        range_max_m=HEADLINE_M, sector_width_rad=float("nan"), boresight_rad=float("nan"), period_s=10.0,
        target_speed_mps=250.0, surface=surface(*place), layers=(layer(100.0, 40e3), layer(3_000.0, 180e3)),
        notes=("Peaks are clipped.",), rules=(("headline", "a yardstick"),),
        claims=(("s.range", Claim("range", 250.0, 200.0, 250.0, "km", ("tass",), "2017", "high", True, "published")),),
        sources=(Source("tass", "A brochure", "TASS", "2017", "https://tass.com/x", "found", "No target is named."),),
    )  # fmt: skip
    return replace(made, **changes)


def coverage(*sites: SiteCoverage, **changes: Any) -> Coverage:
    found = sites or (site(),)
    made = Coverage(
        sites=found, target_key="f-16", target_name="F-16", detection_probability=0.5, refraction="standard",
        terrain_note="Hills of a test.", date=None, counts=None if len(found) == 1 else counts(found), roughness_m=None,
        rain_mm_per_h=0.0,
    )  # fmt: skip
    return replace(made, **changes)


def counts(sites: tuple[SiteCoverage, ...]) -> Counts:
    """Counts on the grid of the first site, as if all stood there: what matters is their number."""
    first = sites[0]
    by_layer = []
    for k, one in enumerate(first.layers):
        number = one.detected.astype(np.int8)
        number[:, : HALF + 1] += sites[1].layers[k].detected[:, : HALF + 1]
        by_layer.append(number)
    heights = tuple(one.height_m for one in first.layers)
    outside = distances_m() > HEADLINE_M
    return Counts(first.lat_rad, first.lon_rad, CELL_M, HALF, heights, tuple(by_layer), outside)

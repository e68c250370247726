"""`cover`: a system against a target over the ground as it is, cell by cell, at each altitude and end of the claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chainhome.catalogue import Catalogue
from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.coverage.cells import cumulative_pd, mark_detected, read_cells
from chainhome.coverage.counts import count_sites
from chainhome.coverage.narrate import claims_of, notes_of, rules_of
from chainhome.coverage.question import CoverageQuestion, CoverageSite, terrain_source
from chainhome.coverage.result import DETECTED, LIMITS, OUTSIDE, Bools, Coverage, Layer, SiteCoverage, cell_weights
from chainhome.coverage.setting import SiteEnd, range_to_cover_m, site_end, without_hills
from chainhome.errors import UseError
from chainhome.reach import is_ballistic
from chainhome.scenario.reading import ENDS, End

Floats = NDArray[np.float64]
Progress = Callable[[str, float], None]


def cover(question: CoverageQuestion, catalogue: Catalogue, *, progress: Progress | None = None) -> Coverage:
    """Answer a question: each site by itself, and how many of them detect at each place.

    `progress` is told the stage and how much of the whole is done. Raises UseError where it cannot be asked.
    """
    tell = progress or (lambda stage, share: None)
    if is_ballistic(question.aircraft):
        raise UseError(
            f"{question.aircraft.key} flies an arc and not at an altitude: ask for its ranges with chainhome reach"
        )
    for site in question.sites:
        _check(question, site)
    parts = 1.0 / len(question.sites)
    found = tuple(
        _cover_site(question, site, catalogue, lambda stage, share, k=k: tell(stage, (k + share) * parts))  # type: ignore[misc]
        for k, site in enumerate(question.sites)
    )
    counts = count_sites(found) if len(found) > 1 else None
    tell("done", 1.0)
    return Coverage(
        sites=found,
        target_key=question.aircraft.key,
        target_name=question.aircraft.name,
        detection_probability=question.detection_probability,
        refraction=question.refraction,
        terrain_note=found[0].surface.grid.note,
        date=question.date,
        counts=counts,
        roughness_m=question.lobing.roughness_m if question.lobing else None,
        rain_mm_per_h=question.rain_mm_per_h,
    )


def _check(question: CoverageQuestion, site: CoverageSite) -> None:
    if site.preset not in site.system.presets:
        raise UseError(f'{site.system.key} has no preset "{site.preset}"; known: {", ".join(site.system.presets)}')
    if site.antenna_m is not None and not 0.0 <= site.antenna_m <= 10e3:
        raise UseError(f"antenna height {site.antenna_m:g} m must lie between 0 and 10 km above the ground")
    if question.lobing is not None and site.antenna_m == 0.0:
        raise UseError("antenna height 0 m: lobing needs an antenna above the ground that reflects")


def _cover_site(question: CoverageQuestion, site: CoverageSite, catalogue: Catalogue, tell: Progress) -> SiteCoverage:
    tell("terrain", 0.0)
    place, preset = site.place, site.system.presets[site.preset]
    reach_m = range_to_cover_m(question, site)
    source = question.grid or terrain_source(None, question.cell_m, place.ground_m)
    grid = source(place.lat_rad, place.lon_rad, reach_m)
    reach_m = min(reach_m, grid.half * grid.cell_m)
    ends: dict[End, SiteEnd] = {}
    for k, end in enumerate(ENDS):
        tell("line of sight", 0.2 + 0.1 * k)
        ends[end] = site_end(question, site, grid, end)
    value = ends["value"]
    stares = np.isfinite(value.radar.sector_width_rad)
    boresight = site.boresight_rad if stares and site.boresight_rad is not None else float("nan")
    headline = site.system.claims["headline_range"].si
    disc = disc_of(grid.half, grid.cell_m, headline.value)
    flat: dict[End, SiteEnd] = {}
    if float(np.ptp(grid.heights_m)) > 0.0:
        flat = {end: without_hills(at, headline.value) for end, at in ends.items()}
    layers = []
    for k, height in enumerate(question.altitudes_m):
        tell("coverage", 0.5 + 0.5 * k / len(question.altitudes_m))
        layer = _layer(question, ends, height, boresight, reach_m, disc)
        layers.append(_with_smooth(layer, question, flat, boresight, reach_m, headline.value))
    used = claims_of(site.system, preset, question.aircraft)
    return SiteCoverage(
        name=site.name or place.name,
        system_key=site.system.key,
        system_name=site.system.name,
        radar_name=value.radar.name,
        preset=site.preset,
        preset_note=preset.note,
        lat_rad=place.lat_rad,
        lon_rad=place.lon_rad,
        antenna_m=value.surface.antenna_msl_m - value.surface.site_ground_m,
        headline_m=headline.value,
        headline_low_m=headline.low,
        headline_high_m=headline.high,
        range_max_m=reach_m,
        sector_width_rad=value.radar.sector_width_rad,
        boresight_rad=boresight,
        period_s=value.radar.period_s,
        target_speed_mps=value.targets[0].speed_mps,
        surface=value.surface,
        layers=tuple(layers),
        notes=(*question.notes, *notes_of(question, site, value, used, boresight)),
        rules=rules_of(question, value, used, boresight),
        claims=used,
        sources=tuple(catalogue.source(key) for key in sorted({k for _, claim in used for k in claim.sources})),
        status=site.status,
    )


def _layer(
    question: CoverageQuestion,
    ends: dict[End, SiteEnd],
    height_m: float,
    boresight_rad: float,
    reach_m: float,
    disc: Disc,
) -> Layer:
    value = ends["value"]
    read = read_cells(question, value, height_m, boresight_rad, reach_m)
    low, high = (mark_detected(question, ends[end], height_m, boresight_rad, reach_m) for end in ("low", "high"))
    by_limit = shares_by_limit(read.limit, disc)
    metres_per_scan = value.targets[0].speed_mps * value.radar.period_s
    return Layer(
        height_m=height_m,
        above_sea=question.above_sea,
        pd=read.pd,
        cumulative_pd=cumulative_pd(read.pd, value.surface.grid.cell_m, reach_m, metres_per_scan),
        snr_db=read.snr_db,
        limit=read.limit,
        detected=read.limit == DETECTED,
        detected_low=low,
        detected_high=high,
        share=by_limit["detected"],
        share_low=disc.share(low),
        share_high=disc.share(high),
        share_by_limit=by_limit,
        share_smooth=by_limit["detected"],
        share_smooth_low=disc.share(low),
        share_smooth_high=disc.share(high),
    )


def _with_smooth(
    layer: Layer,
    question: CoverageQuestion,
    flat: dict[End, SiteEnd],
    boresight_rad: float,
    reach_m: float,
    headline_m: float,
) -> Layer:
    """Return a layer with what would be seen without hills; over a smooth earth, where `flat` is empty, that is it."""
    if not flat:
        return layer
    grid = flat["value"].surface.grid
    if layer.above_sea and layer.height_m <= flat["value"].surface.site_ground_m:
        shares = dict.fromkeys(ENDS, float("nan"))
    else:
        disc = disc_of(grid.half, grid.cell_m, headline_m)
        shares = {
            end: disc.share(mark_detected(question, at, layer.height_m, boresight_rad, reach_m))
            for end, at in flat.items()
        }
    return replace(
        layer, share_smooth=shares["value"], share_smooth_low=shares["low"], share_smooth_high=shares["high"]
    )


@dataclass(frozen=True, eq=False)
class Disc:
    """The cells of a grid in the headline disc: which (n, n), their areas (m,), and the area that the grid lacks."""

    inside: Bools
    area: Floats
    missing: float

    def share(self, some: Bools) -> float:
        """Share of the disc's area in the cells (n, n) that are true."""
        return float(self.area[some[self.inside]].sum() / (self.area.sum() + self.missing))


def disc_of(half: int, cell_m: float, radius_m: float) -> Disc:
    """Return the disc of a radius on a grid of 2 * half + 1 cells each way; a cell belongs to it if its middle does.

    >>> disc = disc_of(100, 1000.0, 80_000.0)
    >>> disc.missing, round(float(disc.area.sum()) / (np.pi * 80.0**2), 4)
    (0.0, 0.9987)
    """
    along = np.arange(-half, half + 1.0)
    inside = along[:, None] ** 2 + along**2 <= (radius_m / cell_m) ** 2
    area = cell_weights(half, cell_m)[inside].astype(np.float64)
    # In units of a cell: 4 pi R² sin²(arc / 2).
    whole = 4.0 * np.pi * (EARTH_MEAN_RADIUS_M / cell_m * np.sin(0.5 * radius_m / EARTH_MEAN_RADIUS_M)) ** 2
    return Disc(inside, area, max(whole - float(area.sum()), 0.0) if radius_m > half * cell_m else 0.0)


def shares_by_limit(limit: NDArray[np.int8], disc: Disc) -> dict[str, float]:
    """Return the share of the disc's area for each of LIMITS, which sum to 1; what the grid lacks is "outside"."""
    sums = np.bincount(limit[disc.inside], weights=disc.area, minlength=len(LIMITS))
    sums[OUTSIDE] += disc.missing
    return {name: float(part / sums.sum()) for name, part in zip(LIMITS, sums, strict=True)}

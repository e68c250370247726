"""One site at one end of the claims: the figures, what its antenna can see, and how far it is worth computing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, sensors
from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.coverage.question import CoverageQuestion, CoverageSite
from chainhome.coverage.signal import signal_db
from chainhome.errors import UseError
from chainhome.reach.detect import CLUTTER_AT, SNR_RANGES_M
from chainhome.reach.ends import FARTHEST_RANGE_M, mast_m, variants
from chainhome.scenario.reading import (
    EARTH_FACTOR,
    FALSE_ALARM_PROBABILITY,
    FAN_BEARINGS,
    SWERLING_CASE,
    End,
    RadarFigures,
    TargetFigures,
    radar_figures,
)

Floats = NDArray[np.float64]

# A smooth earth is asked as finely as its curve needs: 1 mm.
SMOOTH_STEP_M = 250.0
SMOOTH_CELLS = 500
SAME_LEVEL_M = 0.01
# Lobes reach at most twice as far as free space.
LOBE_DB = 40.0 * np.log10(2.0)


@dataclass(frozen=True, eq=False)
class SmoothEarth:
    """What an antenna would see over a smooth earth at the level of its site, in the air of its view.

    `lowest_m` (k,) is the lowest altitude above mean sea level in view at `ranges_m` (k,): the level of the site out to
    the antenna's own horizon, rising from there on.
    """

    ranges_m: Floats
    lowest_m: Floats
    own_horizon_m: float


@dataclass(frozen=True, eq=False)
class SiteEnd:
    """Radar, targets and view at one end of the claims.

    `fan` holds the same view as `surface`, by bearing and range, for what `reach` computes along bearings.
    """

    end: End
    radar: RadarFigures
    targets: tuple[TargetFigures, ...]
    needed_db: float
    clutter: sensors.ClutterModel
    surface: earth.Surface
    fan: earth.Fan
    smooth: SmoothEarth


def site_end(question: CoverageQuestion, site: CoverageSite, grid: earth.SiteGrid, end: End) -> SiteEnd:
    """Read every claim at one end, and look round the antenna; UseError where too little is published."""
    radar = radar_figures(site.system.radars[site.system.presets[site.preset].search_radar], end)
    if not np.isfinite(radar.frequency_hz) and (question.lobing or question.rain_mm_per_h > 0.0):
        raise UseError(f"{radar.key}: no frequency of this radar is published, so rain and lobing cannot be computed")
    mast = site.antenna_m if site.antenna_m is not None else mast_m(site.system, end)
    crpl = question.refraction == "crpl" and end == "value"
    view = earth.surface(
        grid,
        mast,
        radius_m=None if crpl else earth_radius_m(question, end),
        refraction="crpl" if crpl else "standard",
        site_ground_m=site.place.ground_m,
    )
    return SiteEnd(
        end,
        radar,
        variants(question.aircraft, end),
        float(sensors.required_snr_db(question.detection_probability, FALSE_ALARM_PROBABILITY, SWERLING_CASE)),
        CLUTTER_AT[end],
        view,
        polar_fan(view),
        smooth_earth(view),
    )


def smooth_earth(view: earth.Surface) -> SmoothEarth:
    """Return what the antenna of a view would see over a smooth earth at the level of its site."""
    mast, ground, grid = view.antenna_msl_m - view.site_ground_m, view.site_ground_m, view.grid
    if view.refraction != "crpl":
        ranges: Floats = np.arange(0.0, (grid.half + 3.0) * grid.cell_m, min(grid.cell_m, SMOOTH_STEP_M))
        lowest = ground + earth.lowest_visible_altitude_m(ranges, mast, view.radius_m)
        return SmoothEarth(ranges, lowest, float(earth.horizon_range_m(mast, 0.0, view.radius_m)))
    half = min(grid.half, SMOOTH_CELLS)
    sea = np.full((2 * half + 1,) * 2, ground, np.float32)
    flat = replace(grid, cell_m=grid.cell_m * grid.half / half, heights_m=sea)
    lowest = earth.surface(flat, mast, refraction="crpl").lowest_visible_m[half, half:].astype(np.float64)
    ranges = flat.cell_m * np.arange(half + 1.0)
    level = int(np.count_nonzero(lowest <= float(sea[0, 0]) + SAME_LEVEL_M))
    return SmoothEarth(ranges, lowest, float(ranges[max(level - 1, 0)]))


def without_hills(at: SiteEnd, range_m: float) -> SiteEnd:
    """Return the same end with a smooth earth at the level of the site instead of its ground, out to a range."""
    grid = at.surface.grid
    half = min(grid.half, math.ceil(range_m / grid.cell_m))
    along = grid.cell_m * np.arange(-half, half + 1.0)
    away = np.hypot(along[:, None], along)
    level = np.full(away.shape, at.surface.site_ground_m, np.float32)
    lowest = np.maximum(np.interp(away, at.smooth.ranges_m, at.smooth.lowest_m).astype(np.float32), level)
    flat = replace(grid, heights_m=level, outside_cells=0, void_cells=0)
    view = replace(at.surface, grid=flat, lowest_visible_m=lowest)
    return replace(at, surface=view, fan=polar_fan(view))


def earth_radius_m(question: CoverageQuestion, end: End) -> float:
    """Return the effective radius of the earth at one end (line-of-sight); without refraction there is no band."""
    factor = 1.0 if question.refraction == "none" else EARTH_FACTOR[end]
    return factor * EARTH_MEAN_RADIUS_M


def range_to_cover_m(question: CoverageQuestion, site: CoverageSite) -> float:
    """Return the radius of the disc to compute: the headline, or what the most favourable end may detect."""
    headline_m = site.system.claims["headline_range"].si.value
    if question.range_max_m is not None:
        return question.range_max_m
    radar = radar_figures(site.system.radars[site.system.presets[site.preset].search_radar], "high")
    mast = site.antenna_m if site.antenna_m is not None else mast_m(site.system, "high")
    highest = max(question.altitudes_m) + (0.0 if question.above_sea else max(site.place.ground_m, 0.0))
    radius = earth_radius_m(question, "high")
    horizon_m = float(earth.horizon_range_m(max(site.place.ground_m, 0.0) + mast, highest, radius))
    nothing = np.zeros((1, 1))
    at_site = earth.Fan(
        site.place.lat_rad, site.place.lon_rad, radius, site.place.ground_m, site.place.ground_m + mast,
        np.zeros(1), np.ones(1), nothing, nothing, nothing > 0.0, 0.0,
    )  # fmt: skip
    target = variants(question.aircraft, "high")[0]
    snr = signal_db(radar, target.rcs_m2, np.full_like(SNR_RANGES_M, highest), at_site, SNR_RANGES_M)
    needed = float(sensors.required_snr_db(question.detection_probability, FALSE_ALARM_PROBABILITY, SWERLING_CASE))
    strong = SNR_RANGES_M[snr >= needed - (LOBE_DB if question.lobing else 0.0)]
    sensitive_m = float(strong[-1]) if strong.size else 0.0
    limits = (radar.instrumented_m, horizon_m, sensitive_m, FARTHEST_RANGE_M)
    return max(headline_m, float(np.nanmin(limits)))


def polar_fan(view: earth.Surface) -> earth.Fan:
    """Return what the cells nearest to points along bearings hold: the same view, as `reach` looks at it."""
    grid = view.grid
    bearings = np.arange(FAN_BEARINGS) * 2.0 * np.pi / FAN_BEARINGS
    rings: Floats = np.arange(1.0, grid.half + 1.0)
    rows = np.rint(grid.half - rings * np.cos(bearings)[:, None]).astype(np.intp)
    columns = np.rint(grid.half + rings * np.sin(bearings)[:, None]).astype(np.intp)
    ground = grid.heights_m[rows, columns].astype(np.float64)
    lowest = view.lowest_visible_m[rows, columns].astype(np.float64)
    outside_share = grid.outside_cells / grid.heights_m.size
    ranges: Floats = rings * grid.cell_m
    return earth.Fan(
        grid.lat_rad, grid.lon_rad, view.radius_m, view.site_ground_m, view.antenna_msl_m,
        bearings, ranges, ground, lowest, lowest <= ground, outside_share,
    )  # fmt: skip

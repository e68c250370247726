"""The cells of one site's grid at one altitude: view and signal in, limits and probabilities out, compiled."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainhome import engagement, sensors
from chainhome.coverage.question import CoverageQuestion
from chainhome.coverage.result import Bools, Singles
from chainhome.coverage.setting import SiteEnd
from chainhome.coverage.signal import NEAREST_M, lobing_table, signal_db
from chainhome.scenario.reading import FALSE_ALARM_PROBABILITY, TargetFigures

if TYPE_CHECKING:
    from chainhome.coverage import _cell_kernels

Floats = NDArray[np.float64]

ALL_ROUND = -2.0
# The tables over range are finer than the cells, and finer still than what the air changes over.
LARGEST_STEP_M = 250.0
NO_ECHO_DB = -1_000.0


@dataclass(frozen=True, eq=False)
class Read:
    """What `read_cells` fills, each (n, n)."""

    limit: NDArray[np.int8]
    pd: Singles
    snr_db: Singles


def read_cells(question: CoverageQuestion, at: SiteEnd, height_m: float, boresight_rad: float, reach_m: float) -> Read:
    """Return limit, probability of one scan and signal of every cell within `reach_m`, for the first target of an end.

    `boresight_rad` NaN: a sector looks whichever way it is turned.
    """
    from chainhome.coverage import _cell_kernels as kernels

    shape = at.surface.grid.heights_m.shape
    found = Read(np.empty(shape, np.int8), np.empty(shape, np.float32), np.empty(shape, np.float32))
    sight = sight_of(question, at, height_m, boresight_rad, reach_m)
    table = table_of(question, at, at.targets[0], height_m, reach_m)
    kernels.fill(*_arrays(at), table, sight, True, found.limit, found.pd, found.snr_db)
    return found


def mark_detected(
    question: CoverageQuestion, at: SiteEnd, height_m: float, boresight_rad: float, reach_m: float
) -> Bools:
    """Return the cells (n, n) that are detected at one end of the claims.

    By all variants of the target at the low end, by any of them at the high end.
    """
    from chainhome.coverage import _cell_kernels as kernels

    sight = sight_of(question, at, height_m, boresight_rad, reach_m)
    limit = np.empty(at.surface.grid.heights_m.shape, np.int8)
    unused = np.empty((0, 0), np.float32)
    detected: Bools | None = None
    for target in _different(at):
        table = table_of(question, at, target, height_m, reach_m)
        kernels.fill(*_arrays(at), table, sight, False, limit, unused, unused)
        by_this = limit == kernels.DETECTED
        if detected is None:
            detected = by_this
        else:
            detected = detected & by_this if at.end == "low" else detected | by_this
    assert detected is not None
    return detected


def cumulative_pd(pd: Singles, cell_m: float, reach_m: float, metres_per_scan: float) -> Singles:
    """Return the probability (n, n) of at least one detection on a level flight straight in from `reach_m` to a cell.

    Looks are independent; a flight of d metres holds d / `metres_per_scan` of them, whole or not, so the log of the
    probability to be missed is the integral of log(1 - pd) along the bearing. NaN where `metres_per_scan` is NaN, 0
    beyond `reach_m`.
    """
    from chainhome.coverage import _cell_kernels as kernels

    if not metres_per_scan > 0.0:
        return np.full(pd.shape, np.nan, np.float32)
    rings = min(int(reach_m / cell_m), (pd.shape[0] - 1) // 2)
    if rings < 1:
        return np.zeros(pd.shape, np.float32)
    # About one bearing for each cell of the circumference.
    bearings = max(360, math.ceil(2.0 * math.pi * rings))
    log_missed = np.empty((bearings, rings + 1))
    cumulative = np.empty(pd.shape, np.float32)
    kernels.flights_in(pd, cell_m, rings, cell_m / metres_per_scan, log_missed)
    kernels.gather(log_missed, rings, cumulative)
    # Where nothing has been seen, no minus zero.
    cumulative += np.float32(0.0)
    return cumulative


def sight_of(
    question: CoverageQuestion, at: SiteEnd, height_m: float, boresight_rad: float, reach_m: float
) -> _cell_kernels.Sight:
    """Return what the kernels need to know of one antenna and one altitude."""
    from chainhome.coverage._cell_kernels import Sight

    view, radar = at.surface, at.radar
    stares = np.isfinite(radar.sector_width_rad) and np.isfinite(boresight_rad)
    return Sight(
        cell_m=view.grid.cell_m,
        range_max_m=reach_m,
        radius_m=view.radius_m,
        site_ground_m=view.site_ground_m,
        antenna_msl_m=view.antenna_msl_m,
        height_m=height_m,
        above_ground=not question.above_sea,
        smooth=bool(np.ptp(view.grid.heights_m) == 0.0),
        own_horizon_m=at.smooth.own_horizon_m,
        instrumented_m=_instrumented_m(question, at, height_m),
        sector_cosine=math.cos(0.5 * radar.sector_width_rad) if stares else ALL_ROUND,
        sector_east=math.sin(boresight_rad) if stares else 0.0,
        sector_north=math.cos(boresight_rad) if stares else 0.0,
        tan_clear=math.tan(at.clutter.clear_elevation_rad),
        table_step_m=_table_step_m(question, at),
        lobing=question.lobing is not None,
        needed_db=at.needed_db,
        log_pfa=math.log(FALSE_ALARM_PROBABILITY),
    )


def table_of(question: CoverageQuestion, at: SiteEnd, target: TargetFigures, height_m: float, reach_m: float) -> Floats:
    """Return what the kernels read by ground range (7, k): ratios to noise and clutter, lobing, smooth earth."""
    view = at.surface
    step = _table_step_m(question, at)
    ranges: Floats = step * np.arange(math.ceil(reach_m / step) + 3.0)
    altitude = np.interp(ranges, at.fan.ranges_m, typical_altitude_m(question, at, height_m))
    table = np.zeros((7, ranges.size))
    table[0] = signal_db(at.radar, target.rcs_m2, altitude, at.fan, ranges, question.rain_mm_per_h)
    # A target too slow to be told from the ground has no echo left; the table is interpolated, so it stays finite.
    table[1] = max(clutter_db(at, target), NO_ECHO_DB) - 10.0 * np.log10(np.maximum(ranges, NEAREST_M))
    table[6] = np.interp(ranges, at.smooth.ranges_m, at.smooth.lowest_m)
    above = height_m - view.site_ground_m if question.above_sea else height_m
    # Below the level that reflects there is no second ray.
    if question.lobing is not None and above > 0.0:
        mast = view.antenna_msl_m - view.site_ground_m
        lobes = lobing_table(question.lobing, at.radar.frequency_hz, mast, above, view.radius_m, step, table[0])
        table[2:6] = lobes.gain_db, lobes.share, lobes.level_m, lobes.target_level_m
    return table


def _table_step_m(question: CoverageQuestion, at: SiteEnd) -> float:
    """Return the step of the table over range: fine, but with lobes the cell that they are averaged over."""
    cell = at.surface.grid.cell_m
    return cell if question.lobing is not None else min(cell, LARGEST_STEP_M)


def clutter_db(at: SiteEnd, target: TargetFigures) -> float:
    """Return the ratio of a target that flies straight in to clutter at one metre, as in `reach`."""
    return float(sensors.signal_to_clutter_db(target.rcs_m2, -target.speed_mps, 1.0, at.clutter))


def typical_altitude_m(question: CoverageQuestion, at: SiteEnd, height_m: float) -> Floats:
    """Return the altitude (r,) above sea level that stands for all bearings where the air is asked, as in `reach`."""
    if question.above_sea:
        return np.full(at.fan.ranges_m.shape, max(height_m, 0.0))
    return np.maximum(np.median(at.fan.ground_m + height_m, axis=0), 0.0)


def _instrumented_m(question: CoverageQuestion, at: SiteEnd, height_m: float) -> float:
    """Return the ground range of the instrumented range, as in `reach`; infinite where none is published."""
    slant = at.radar.instrumented_m
    if not np.isfinite(slant):
        return math.inf
    altitude = np.interp(slant, at.fan.ranges_m, typical_altitude_m(question, at, height_m))
    return float(engagement.slant_to_ground_m(slant, at.fan.antenna_msl_m, altitude))


def _different(at: SiteEnd) -> tuple[TargetFigures, ...]:
    """Return the variants that differ in what detection asks: the echo, and what clutter leaves of it."""
    return tuple({(target.rcs_m2, clutter_db(at, target)): target for target in at.targets}.values())


def _arrays(at: SiteEnd) -> tuple[Singles, Singles]:
    """Return heights and lowest visible altitudes in the one form that the kernels are compiled for."""
    return _plain(at.surface.grid.heights_m), _plain(at.surface.lowest_visible_m)


def _plain(cells: Singles) -> Singles:
    plain = np.ascontiguousarray(cells, np.float32)
    return plain if plain.flags.writeable else plain.copy()

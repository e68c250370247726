"""Compiled passes over the cells of a site's grid: which limit binds, the signal, and flights straight in."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, kernel

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# Indices of result.LIMITS (a test keeps them equal).
DETECTED, HORIZON, TERRAIN, CLUTTER, SENSITIVITY, INSTRUMENTED, SECTOR, OUTSIDE, GROUND = 0, 1, 2, 3, 4, 5, 6, 7, 8

_LN10_OVER_TEN = math.log(10.0) / 10.0
_TEN_OVER_LN10 = 10.0 / math.log(10.0)
_NEAREST_M = 1.0
_SEEN_WITHIN_M = 0.01
_SEEN_FOR_SURE = 1.0 - 1e-12


# Rows of the table over ground range.
SNR_DB, CLUTTER_DB, LOBING_DB, REFLECTION_SHARE, LEVEL_M, TARGET_LEVEL_M, SMOOTH_LOWEST_M = 0, 1, 2, 3, 4, 5, 6


class Sight(NamedTuple):
    """One antenna, one altitude and what a target needs; lengths in metres."""

    cell_m: float
    range_max_m: float
    radius_m: float
    site_ground_m: float
    antenna_msl_m: float
    height_m: float
    above_ground: bool
    smooth: bool
    own_horizon_m: float  # of the antenna over a smooth earth at the level of the site
    instrumented_m: float
    sector_cosine: float  # of half the sector's width; -2 for a radar that sees all round
    sector_east: float
    sector_north: float
    tan_clear: float
    table_step_m: float
    lobing: bool
    needed_db: float
    log_pfa: float


@inline
def _at(table: Floats, row: int, place: float) -> float:
    k = min(int(place), table.shape[1] - 2)
    between: float = table[row, k] + (place - k) * (table[row, k + 1] - table[row, k])
    return between


@inline
def _hides(range_m: float, cosine: float, ground: float, least: float, table: Floats, sight: Sight) -> int:
    """Return what keeps a cell from being looked at, whatever the signal; DETECTED for nothing."""
    altitude = sight.height_m + ground if sight.above_ground else sight.height_m
    limit = DETECTED
    if not altitude >= least:
        curve = sight.smooth
        if range_m >= sight.own_horizon_m:
            curve = curve or altitude < _at(table, SMOOTH_LOWEST_M, range_m / sight.table_step_m)
        limit = HORIZON if curve else TERRAIN
    if range_m > sight.instrumented_m:
        limit = INSTRUMENTED
    if cosine < sight.sector_cosine:
        limit = SECTOR
    if altitude < ground:
        limit = GROUND
    if range_m > sight.range_max_m:
        limit = OUTSIDE
    return limit


@inline
def _shares_beam(range_m: float, ground: float, least: float, sight: Sight) -> bool:
    """Return whether the target is less than the clear elevation above the ground that closes its horizon."""
    altitude = sight.height_m + ground if sight.above_ground else sight.height_m
    sine, cosine = math.sin(range_m / sight.radius_m), math.cos(range_m / sight.radius_m)
    centre = sight.radius_m + sight.antenna_msl_m
    target = (cosine - centre / (sight.radius_m + altitude)) / sine
    closes = (cosine - centre / (sight.radius_m + min(least, 1e7))) / sine
    # The tangent of the difference of the two elevations.
    below, apart = 1.0 + target * closes, target - closes
    return apart < sight.tan_clear * below if below > 0.0 else apart < 0.0


@kernel
def fill(heights: Singles, lowest: Singles, table: Floats, sight: Sight, exact: bool,
         limits: NDArray[np.int8], pds: Singles, snrs_db: Singles) -> None:  # fmt: skip
    """Fill the limit of every cell, and if `exact` the probability of detection and the ratio to noise.

    Unless `exact`, clutter is not asked for where it leaves enough. `pds` is that of one scan: Swerling 1, one pulse.
    """
    n = heights.shape[0]
    half = (n - 1) // 2
    for i in range(n):
        north = (half - i) * sight.cell_m
        for j in range(n):
            east = (j - half) * sight.cell_m
            range_m = max(math.sqrt(east * east + north * north), _NEAREST_M)
            cosine = (east * sight.sector_east + north * sight.sector_north) / range_m
            ground, least = np.float64(heights[i, j]), np.float64(lowest[i, j])
            limit = _hides(range_m, cosine, ground, least, table, sight)
            if limit != DETECTED:
                limits[i, j] = limit
                if exact:
                    pds[i, j] = 0.0
                    snrs_db[i, j] = math.nan
                continue
            place = range_m / sight.table_step_m
            snr = _at(table, SNR_DB, place)
            if sight.sector_cosine > -1.5:
                snr += 3.0 * _TEN_OVER_LN10 * math.log(max(cosine, 1e-12))
            if sight.lobing:
                share = _at(table, REFLECTION_SHARE, place)
                row, column = int(half + (i - half) * share + 0.5), int(half + (j - half) * share + 0.5)
                there = np.float64(heights[row, column])
                level = abs(there - sight.site_ground_m) <= _at(table, LEVEL_M, place)
                if sight.above_ground:
                    level = level and abs(ground - sight.site_ground_m) <= _at(table, TARGET_LEVEL_M, place)
                if level and lowest[row, column] <= there + _SEEN_WITHIN_M:
                    snr += _at(table, LOBING_DB, place)
            weaker = snr
            clutter = _at(table, CLUTTER_DB, place)
            if clutter < snr and (exact or clutter < sight.needed_db) and _shares_beam(range_m, ground, least, sight):
                weaker = clutter
            if not weaker >= sight.needed_db:
                limit = CLUTTER if weaker < snr else SENSITIVITY
            limits[i, j] = limit
            if exact:
                pds[i, j] = math.exp(sight.log_pfa / (1.0 + math.exp(_LN10_OVER_TEN * weaker)))
                snrs_db[i, j] = snr


@kernel
def flights_in(pds: Singles, cell_m: float, rings: int, scans_per_cell: float, log_missed: Floats) -> None:
    """Fill by bearing and ring (b, rings + 1) the log of the probability that a flight in has been missed so far.

    It starts at the outermost ring; looks at each ring are worth `scans_per_cell`, by the trapezoidal rule.
    """
    bearings = log_missed.shape[0]
    half = (pds.shape[0] - 1) // 2
    for b in range(bearings):
        azimuth = 2.0 * math.pi * b / bearings
        east, north = math.sin(azimuth), math.cos(azimuth)
        before, total = 0.0, 0.0
        for ring in range(rings, -1, -1):
            row, column = int(half - ring * north + 0.5), int(half + ring * east + 0.5)
            here = math.log(1.0 - min(np.float64(pds[row, column]), _SEEN_FOR_SURE))
            if ring < rings:
                total += 0.5 * (before + here) * scans_per_cell
            before = here
            log_missed[b, ring] = total


@kernel
def gather(log_missed: Floats, rings: int, cumulative: Singles) -> None:
    """Fill the probability of at least one detection on the way in to each cell, bilinear in bearing and range."""
    bearings = log_missed.shape[0]
    n = cumulative.shape[0]
    half = (n - 1) // 2
    for i in range(n):
        for j in range(n):
            north, east = float(half - i), float(j - half)
            ring = math.sqrt(north * north + east * east)
            if ring > rings:
                cumulative[i, j] = 0.0
                continue
            azimuth = math.atan2(east, north) * bearings / (2.0 * math.pi)
            whole = math.floor(azimuth)
            turn = azimuth - whole
            b = int(whole) % bearings
            after = (b + 1) % bearings
            k = min(int(ring), rings - 1)
            out = ring - k
            near = (1.0 - turn) * log_missed[b, k] + turn * log_missed[after, k]
            far = (1.0 - turn) * log_missed[b, k + 1] + turn * log_missed[after, k + 1]
            cumulative[i, j] = -math.expm1((1.0 - out) * near + out * far)

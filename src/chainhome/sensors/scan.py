"""When a radar looks: scan numbers and the targets' azimuths in, the times at which the beam is on them out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AzimuthOf = Callable[[Floats], Floats]

TURN = 2.0 * math.pi
_CONVERGED_S = 1e-5
_ITERATIONS = 60


def wrap(angle_rad: ArrayLike) -> Floats:
    """Return angles brought into [-pi, pi).

    >>> np.round(np.degrees(wrap(np.radians([350.0, 180.0, -190.0])))).tolist()
    [-10.0, -180.0, 170.0]
    """
    angle = np.asarray(angle_rad, np.float64)
    return np.asarray(np.mod(angle + math.pi, TURN) - math.pi)


def nearest_branch(azimuth_rad: ArrayLike, near_rad: ArrayLike) -> Floats:
    """Return azimuths plus the whole turns that bring them nearest to another, to make them continuous.

    >>> round(float(np.degrees(nearest_branch(np.radians(5.0), np.radians(725.0)))), 6)
    725.0
    """
    azimuth = np.asarray(azimuth_rad, np.float64)
    return np.asarray(azimuth + TURN * np.round((np.asarray(near_rad, np.float64) - azimuth) / TURN))


def _fixed_point(start_s: Floats, next_s: Callable[[Floats], Floats]) -> Floats:
    """Iterate times until they stand, each row by itself, so that a row does not depend on its company; else NaN."""
    time_s = start_s
    moving = np.ones(start_s.shape, np.bool_)
    for _ in range(_ITERATIONS):
        after_s = next_s(time_s)
        change_s = np.abs(after_s - time_s)
        time_s = np.where(moving, after_s, time_s)
        moving = moving & (change_s > _CONVERGED_S)
        if not moving.any():
            return time_s
    return np.where(moving, np.nan, time_s)


def look_times(scan_numbers: ArrayLike, period_s: float, phase_rad: float, azimuth_of: AzimuthOf) -> Floats:
    """Return when the beam of a turning antenna passes each target: one time for each row of target and scan.

    The beam stands at `phase_rad` + 2 pi t / `period_s`. `azimuth_of` maps times (n,) of the rows to the azimuths (n,)
    of their moving targets, continuous along each target (unwrapped, see `nearest_branch`; in [phase, phase + 2 pi)
    at time 0). Row i solves phase + 2 pi t / period = azimuth(t) + 2 pi scan_i, so that each pass of the beam has
    exactly one scan number, also where a target crosses the line on which scans begin: there two passes of the
    neighbouring scans are a little more or less than a period apart. Converges to 1e-5 s. NaN where the azimuth is
    NaN, and where the target goes around the radar as fast as the beam does. A period that is not positive is
    a `UseError`.

    >>> times = look_times([0, 1], 12.0, 0.0, lambda t: np.radians(90.0 + 0.5 * t))
    >>> np.round(times, 3).tolist()
    [3.051, 15.254]
    """
    if not period_s > 0.0:
        raise UseError(f"period_s = {period_s} must be positive")
    scans = np.asarray(scan_numbers, np.float64)

    def next_s(time_s: Floats) -> Floats:
        return np.asarray(period_s * (scans + (azimuth_of(time_s) - phase_rad) / TURN))

    return _fixed_point(period_s * scans, next_s)


def in_sector(azimuth_rad: ArrayLike, centre_rad: ArrayLike, width_rad: ArrayLike) -> NDArray[np.bool_]:
    """Return whether azimuths lie in a sector, its edges included; a NaN centre or width is all round. Broadcasts.

    >>> in_sector(np.radians([350.0, 40.0, 50.0]), 0.0, np.radians(90.0)).tolist()
    [True, True, False]
    """
    centre, width = np.asarray(centre_rad, np.float64), np.asarray(width_rad, np.float64)
    off_rad = np.abs(wrap(np.asarray(azimuth_rad, np.float64) - centre))
    return np.asarray(np.isnan(centre) | np.isnan(width) | (off_rad <= 0.5 * width))


def sector_look_times(
    scan_numbers: ArrayLike, period_s: float, centre_rad: float, width_rad: float, azimuth_of: AzimuthOf
) -> Floats:
    """Return when an array that stares at a sector looks at each target: one time for each row of target and scan.

    The raster runs through the sector clockwise once in each period, from its left edge: a look is at the scan's start
    plus the period times the share of the sector that lies left of the target. `azimuth_of` as in `look_times`, of any
    branch. NaN where the target is outside of the sector. A period or width that is not positive is a `UseError`.

    >>> sector_look_times([0, 1], 4.0, 0.0, np.radians(90.0), lambda t: np.zeros_like(t)).tolist()
    [2.0, 6.0]
    """
    if not period_s > 0.0 or not 0.0 < width_rad <= TURN:
        raise UseError(f"period_s = {period_s} and width_rad = {width_rad} must be positive, the width at most a turn")
    scans = np.asarray(scan_numbers, np.float64)

    def next_s(time_s: Floats) -> Floats:
        share = 0.5 + wrap(azimuth_of(time_s) - centre_rad) / width_rad
        return np.asarray(period_s * (scans + np.clip(share, 0.0, 1.0)))

    time_s = _fixed_point(period_s * (scans + 0.5), next_s)
    return np.where(in_sector(azimuth_of(time_s), centre_rad, width_rad), time_s, np.nan)


def array_scan_loss_db(off_boresight_rad: ArrayLike) -> Floats:
    """Return the two-way loss in dB of a flat array that looks off its boresight, cos^1.5 each way [skolnik2008].

    Infinite from 90 degrees on.

    >>> round(float(array_scan_loss_db(np.radians(60.0))), 2)
    9.03
    """
    cosine = np.cos(np.asarray(off_boresight_rad, np.float64))
    with np.errstate(divide="ignore"):
        return np.asarray(-30.0 * np.log10(np.where(cosine > 1e-12, cosine, 0.0)))

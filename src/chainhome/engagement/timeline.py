"""Reach of the interceptor: how far out a target can first be met, and what binds: time, the interceptor, the ceiling.

The range at which a track exists (m, by bearing) goes in; the range at which the first intercept can happen comes out.
The target flies straight at the site at constant speed and height; the interceptor, launched from the site after the
reaction time, flies a straight line at its average speed. Ranges are over ground unless they are called slant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.errors import UseError
from chainhome.tables import LIMITS, Codes, Floats

_NONE, _CEILING = LIMITS.index("none"), LIMITS.index("ceiling")
_INTERCEPTOR, _TIMELINE = LIMITS.index("interceptor"), LIMITS.index("timeline")


@final
@dataclass(frozen=True)
class Interceptor:
    """What is published of an interceptor and the crew behind it; NaN where nothing is published, which limits nothing.

    Ranges are slant ranges from the launcher. `floor_m` is a height above the ground beneath the target, `ceiling_m` an
    altitude above mean sea level. `speed_mps` is the average from launch to intercept, `reaction_s` the time from
    track to launch.
    """

    max_range_m: float
    speed_mps: float
    reaction_s: float
    min_range_m: float = 0.0
    floor_m: float = np.nan
    ceiling_m: float = np.nan

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("max_range_m", "speed_mps"):
            if getattr(self, name) <= 0:
                raise UseError(f"interceptor: {name} = {getattr(self, name):g} must be positive")
        for name in ("reaction_s", "min_range_m"):
            if getattr(self, name) < 0:
                raise UseError(f"interceptor: {name} = {getattr(self, name):g} must not be negative")
        for low, high in (("min_range_m", "max_range_m"), ("floor_m", "ceiling_m")):
            if getattr(self, low) > getattr(self, high):
                raise UseError(
                    f"interceptor: {low} = {getattr(self, low):g} must be below {high} = {getattr(self, high):g}"
                )


@final
@dataclass(frozen=True, eq=False)
class Reach:
    """Where a target can first be met, one array element for each bearing; ranges over ground in metres.

    `range_m` is 0 where it cannot be engaged at all. `limit` is the code in `tables.LIMITS` of what binds; where that
    is the timeline, `driven_by` is the code of the limit behind the track range, else that of "none". `timeline_m` and
    `interceptor_m` are the range that each would allow alone (`interceptor_m` is NaN where no maximum is published).
    """

    range_m: Floats
    limit: Codes
    driven_by: Codes
    timeline_m: Floats
    interceptor_m: Floats


def slant_to_ground_m(slant_m: ArrayLike, low_m: ArrayLike, high_m: ArrayLike) -> Floats:
    """Return the range over ground between two altitudes a straight distance apart; 0 where the distance is too short.

    The earth is a sphere of mean radius; all in metres, broadcast.

    >>> round(float(slant_to_ground_m(5000.0, 0.0, 3000.0)), 1)  # 3-4-5; the curvature takes off 0.9 m
    3999.1
    """
    slant, low, high = (np.asarray(a, np.float64) for a in (slant_m, low_m, high_m))
    square = np.maximum((slant - np.abs(high - low)) * (slant + np.abs(high - low)), 0.0)
    half_chord = np.sqrt(square / ((EARTH_MEAN_RADIUS_M + low) * (EARTH_MEAN_RADIUS_M + high))) / 2
    return np.asarray(2 * EARTH_MEAN_RADIUS_M * np.arcsin(np.minimum(half_chord, 1.0)))


def ground_to_slant_m(ground_m: ArrayLike, low_m: ArrayLike, high_m: ArrayLike) -> Floats:
    """Return the straight distance between two altitudes whose feet are a range over ground apart; metres, broadcast.

    >>> round(float(ground_to_slant_m(3999.1, 0.0, 3000.0)))
    5000
    """
    ground, low, high = (np.asarray(a, np.float64) for a in (ground_m, low_m, high_m))
    product = (EARTH_MEAN_RADIUS_M + low) * (EARTH_MEAN_RADIUS_M + high)
    return np.asarray(np.sqrt((high - low) ** 2 + 4 * product * np.sin(ground / (2 * EARTH_MEAN_RADIUS_M)) ** 2))


def earliest_intercept_m(
    track_range_m: ArrayLike,
    target_speed_mps: ArrayLike,
    reaction_s: ArrayLike,
    interceptor_speed_mps: ArrayLike,
    height_difference_m: ArrayLike = 0.0,
) -> Floats:
    """Return the range over ground at which an inbound target is first met; 0 where it passes overhead before that.

    In the reaction time the target flies on to L = track range - v t. Then interceptor and target meet at range x with
    sqrt(x² + h²) / v_i = (L - x) / v; at h = 0 this is L v_i / (v_i + v). Speeds in m/s, ranges and height difference h
    in metres, broadcast; range over ground is taken as straight, which is within 0.2 % to 400 km.

    >>> round(float(earliest_intercept_m(42_200.0, 240.0, 10.0, 900.0)))
    31421
    """
    left = np.maximum(np.asarray(track_range_m, np.float64) - np.multiply(target_speed_mps, reaction_s), 0.0)
    q = np.divide(target_speed_mps, interceptor_speed_mps)
    h = np.asarray(height_difference_m, np.float64)
    root = np.sqrt(np.maximum(left**2 + (1 - q**2) * h**2, 0.0))
    over = (left - q * np.abs(h)) * (left + q * np.abs(h))
    meets = np.divide(over, left + q * root, out=np.zeros(np.shape(over)), where=over > 0)
    return np.where(np.isnan(left + q + h), np.nan, meets)


def reach(
    track_range_m: ArrayLike,
    track_limit: ArrayLike,
    interceptor: Interceptor,
    *,
    target_speed_mps: float,
    altitude_m: ArrayLike,
    site_m: float,
    above_ground_m: ArrayLike | None = None,
) -> Reach:
    """Return where an inbound target can first be met, and what binds, for track ranges and limits by bearing (b,).

    The largest range that time and the interceptor both allow, if it lies between the interceptor's least and greatest
    slant range and the target between its floor and ceiling; otherwise 0. `altitude_m` of the target and `site_m` of
    the launcher are above mean sea level, `above_ground_m` of the target counts for the floor (default: above the
    launcher). Where the interceptor's speed or reaction is not published (NaN), the timeline is NaN and the track range
    stands in its place, with its own limit. NaN track ranges give NaN. Raises UseError for a negative speed or range.

    >>> sam = Interceptor(max_range_m=120e3, speed_mps=900.0, reaction_s=10.0, min_range_m=3e3)
    >>> horizon = LIMITS.index("horizon")
    >>> met = reach([42_200.0, 400e3], horizon, sam, target_speed_mps=240.0, altitude_m=50.0, site_m=0.0)
    >>> met.range_m.round(-2).tolist(), [LIMITS[code] for code in met.limit], [LIMITS[code] for code in met.driven_by]
    ([31400.0, 120000.0], ['timeline', 'interceptor'], ['horizon', 'none'])
    """
    tracked, behind, altitude = np.broadcast_arrays(np.atleast_1d(track_range_m), track_limit, altitude_m)
    if target_speed_mps < 0 or np.any(tracked < 0):
        raise UseError(f"target speed = {target_speed_mps:g} m/s and track ranges must not be negative")
    above = altitude - site_m if above_ground_m is None else np.asarray(above_ground_m, np.float64)
    in_time = earliest_intercept_m(
        tracked, target_speed_mps, interceptor.reaction_s, interceptor.speed_mps, altitude - site_m
    )
    in_range = slant_to_ground_m(interceptor.max_range_m, site_m, altitude)
    untimed = np.isnan(in_time)
    by_then = np.where(untimed, tracked, in_time)
    late = ~(by_then >= in_range)
    met = np.where(late, by_then, in_range)
    limit = np.where(late, np.where(untimed, behind, _TIMELINE), _INTERCEPTOR)
    outside = (altitude > interceptor.ceiling_m) | (above < interceptor.floor_m)
    limit = np.where(outside, _CEILING, limit)
    slant = ground_to_slant_m(met, site_m, altitude)
    out_of_reach = np.abs(altitude - site_m) > interceptor.max_range_m
    # Met in time, but nearer than the interceptor can: it is the interceptor that forbids it.
    too_near = (slant < interceptor.min_range_m) & (met > 0.0)
    limit = np.where((too_near | out_of_reach) & ~outside, _INTERCEPTOR, limit)
    nowhere = outside | (slant < interceptor.min_range_m) | out_of_reach
    limit = np.where(np.isnan(tracked), _NONE, limit).astype(np.int8)
    return Reach(
        range_m=np.where(np.isnan(tracked), np.nan, np.where(nowhere, 0.0, met)),
        limit=limit,
        driven_by=np.where(limit == _TIMELINE, behind, _NONE).astype(np.int8),
        timeline_m=in_time,
        interceptor_m=np.broadcast_to(in_range, tracked.shape).copy(),
    )


def first_intercept_on_path(
    time_s: ArrayLike,
    ground_m: ArrayLike,
    altitude_m: ArrayLike,
    interceptor: Interceptor,
    *,
    tracked_s: float,
    site_m: float = 0.0,
) -> int:
    """Return the first row (n,) of a path at which the interceptor can meet its target, or -1: for ballistic arcs.

    `time_s` rises; `ground_m` is the range over ground from the launcher and `altitude_m` is above mean sea level. A
    row can be met when launch at `tracked_s` + reaction and straight flight at the average speed bring the interceptor
    there in time, within its ranges, floor and ceiling. An unpublished speed or reaction counts as no delay.

    >>> sam = Interceptor(max_range_m=50e3, speed_mps=1000.0, reaction_s=5.0)
    >>> t = np.arange(101.0)
    >>> first_intercept_on_path(t, 100e3 - 1000 * t, 0 * t, sam, tracked_s=0.0)  # 52 or 53 s; by then within 50 km
    53
    """
    t, ground, altitude = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in (time_s, ground_m, altitude_m)))
    slant = ground_to_slant_m(ground, site_m, altitude)
    speed = np.inf if np.isnan(interceptor.speed_mps) else interceptor.speed_mps
    reaction = 0.0 if np.isnan(interceptor.reaction_s) else interceptor.reaction_s
    met = t >= tracked_s + reaction + slant / speed
    met &= ~(slant > interceptor.max_range_m) & ~(slant < interceptor.min_range_m)
    met &= ~(altitude > interceptor.ceiling_m) & ~(altitude - site_m < interceptor.floor_m)
    return int(np.argmax(met)) if met.any() else -1

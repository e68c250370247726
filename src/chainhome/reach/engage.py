"""Where an interceptor meets the target: the start of the chain by bearing, then the timeline of `engagement`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, engagement
from chainhome.reach.detect import Approach, Detection
from chainhome.scenario.reading import InterceptorFigures
from chainhome.tables import LIMITS

Floats = NDArray[np.float64]
Names = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Engaged:
    """The engagement by bearing (b,): range, limit that binds, detection limit behind a timeline, each limit alone."""

    range_m: Floats
    binding: Names
    driven_by: Names
    limits_m: dict[str, Floats]


def chain_start(track_m: Floats, search: Detection, second: Detection) -> tuple[Floats, Names]:
    """Return where the chain starts (b,) and the detection limit behind it: a track, and sight of both radars."""
    by_second = second.range_m < track_m
    return np.where(by_second, second.range_m, track_m), np.where(by_second, second.binding(), search.binding())


def engage(
    start_m: Floats, behind: Names, approach: Approach, fan: earth.Fan, figures: InterceptorFigures, reaction_s: float
) -> Engaged:
    """Return where the target is first met when the chain starts at `start_m` (b,), and what binds."""
    ballistic = approach.height_m is None
    if ballistic and np.isnan(figures.ballistic_range_m):
        return _not_against_ballistic(len(start_m))
    interceptor = engagement.Interceptor(
        max_range_m=figures.ballistic_range_m if ballistic else figures.max_range_m,
        speed_mps=figures.average_speed_mps,
        reaction_s=reaction_s,
        min_range_m=0.0 if np.isnan(figures.min_range_m) else figures.min_range_m,
        floor_m=figures.ballistic_min_altitude_m if ballistic else figures.min_altitude_m,
        ceiling_m=figures.ballistic_max_altitude_m if ballistic else figures.max_altitude_m,
    )
    if ballistic:
        return _on_arc(start_m, behind, approach, fan, interceptor)
    codes = np.array([LIMITS.index(str(name)) for name in behind], np.int8)
    met = engagement.reach(
        start_m,
        codes,
        interceptor,
        target_speed_mps=approach.speed_mps,
        altitude_m=fan.site_ground_m + approach.height_above_site_m,
        site_m=fan.site_ground_m,
        above_ground_m=approach.height_above_site_m,
    )
    names = np.array(LIMITS)
    by_ceiling = met.limit == LIMITS.index("ceiling")
    return Engaged(
        range_m=met.range_m,
        binding=names[met.limit],
        driven_by=names[met.driven_by],
        limits_m={
            "timeline": met.timeline_m,
            "interceptor": met.interceptor_m,
            "ceiling": np.where(by_ceiling, 0.0, np.nan),
        },
    )


def _not_against_ballistic(bearings: int) -> Engaged:
    """Return the answer of an interceptor for which no range against ballistic missiles is published."""
    zero = np.zeros(bearings)
    nothing = np.full(bearings, np.nan)
    names = np.full(bearings, "interceptor")
    return Engaged(
        zero, names, np.full(bearings, "none"), {"timeline": nothing, "interceptor": zero, "ceiling": nothing}
    )


def _on_arc(
    start_m: Floats, behind: Names, approach: Approach, fan: earth.Fan, interceptor: engagement.Interceptor
) -> Engaged:
    """Meet a ballistic missile on its way down: each limit alone, and all of them together."""
    # From the apogee on: what it passes on its way up is near its launcher, and not near the site.
    inward = np.arange(int(np.argmax(approach.altitude_m[0])), -1, -1)
    ground, altitude = fan.ranges_m[inward], approach.altitude_m[0, inward]
    clock = -approach.time_to_go_s[inward]
    started = np.interp(start_m, np.append(0.0, fan.ranges_m), np.append(0.0, approach.time_to_go_s))

    def first(start_s: float, able: engagement.Interceptor) -> float:
        row = engagement.first_intercept_on_path(
            clock, ground, altitude, able, tracked_s=-start_s, site_m=fan.site_ground_m
        )
        return float(ground[row]) if row >= 0 else 0.0

    early = float(approach.time_to_go_s[inward[0]]) + 1e4
    free = {"speed_mps": np.inf, "reaction_s": 0.0}
    ceiling = first(early, engagement.Interceptor(1e9, **free, ceiling_m=interceptor.ceiling_m))
    in_time = engagement.Interceptor(1e9, interceptor.speed_mps, interceptor.reaction_s)
    limits = {
        "timeline": np.array([first(float(start), in_time) for start in started]),
        "interceptor": np.full(len(start_m), first(early, engagement.Interceptor(interceptor.max_range_m, **free))),
        "ceiling": np.full(len(start_m), ceiling if ceiling < ground[0] else np.nan),
    }
    range_m = np.array([first(float(start), interceptor) for start in started])
    stack = np.array([np.where(np.isnan(limit), np.inf, limit) for limit in limits.values()])
    binding = np.array(list(limits))[np.argmin(stack, axis=0)]
    # Each alone would allow a meeting, and together they leave none: it is nearer or lower than the interceptor can.
    binding = np.where((range_m == 0.0) & (stack.min(axis=0) > 0.0), "interceptor", binding)
    return Engaged(range_m, binding, np.where(binding == "timeline", behind, "none"), limits)

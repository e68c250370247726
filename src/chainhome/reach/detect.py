"""How far one radar detects one target at one end of the claims: every limit by itself, and where they meet.

In: a radar, a target, a fan of lowest visible altitudes and an approach (altitude along every bearing). Out: for each
bearing the range at which each limit ends detection, and the signal-to-noise ratio along the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, engagement, sensors
from chainhome.scenario.reading import (
    FALSE_ALARM_PROBABILITY,
    SWERLING_CASE,
    End,
    RadarFigures,
    gas_beyond_reference_db,
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GAP_M = 5_000.0
# Where sensitivity is looked for: far beyond any horizon, so that the limit has a number of its own.
SNR_RANGES_M = np.concatenate([np.arange(1.0, 50.0, 1.0), np.arange(50.0, 3000.0, 5.0)]) * 1e3

CLUTTER_AT: dict[End, sensors.ClutterModel] = {
    "value": sensors.ClutterModel(),
    "low": sensors.HARSH_CLUTTER,
    "high": sensors.KIND_CLUTTER,
}


@dataclass(frozen=True, eq=False)
class Approach:
    """A target on its way to the site, along the ranges of a fan.

    `altitude_m` (b or 1, r) is above mean sea level, -inf where the target is not (yet) there; `time_to_go_s` (r,) is
    the time that it still needs to the site. `height_m` is the height above ground or sea level that was asked for,
    None for a trajectory; `height_above_site_m` is what it means above the ground of the site. `typical_m` (r,) is the
    altitude on the median bearing, at which signals are computed.
    """

    altitude_m: Floats
    time_to_go_s: Floats
    speed_mps: float
    rcs_m2: float
    height_m: float | None
    height_above_site_m: float
    typical_m: Floats


@dataclass(frozen=True, eq=False)
class Detection:
    """What one radar makes of one approach: the range of every limit by bearing (b,), NaN where it does not apply."""

    limits_m: dict[str, Floats]
    range_m: Floats
    farthest_m: Floats
    seen: Bools
    snr_db: Floats
    shares_beam: Bools | None
    """(b, r) where the target shares its beam with the ground; None where clutter ends nothing within the fan."""
    clutter_at_one_metre: float
    """Signal-to-clutter ratio of the target at 1 m; it falls as 1 / range where the beam is shared."""

    def binding(self) -> NDArray[np.str_]:
        """Return the name of the limit that ends each bearing."""
        names = np.array(list(self.limits_m))
        stack = np.array([np.where(np.isnan(limit), np.inf, limit) for limit in self.limits_m.values()])
        return np.asarray(names[np.argmin(stack, axis=0)])


@lru_cache(maxsize=16)
def _needed_db(detection_probability: float) -> float:
    """Return the signal-to-noise ratio (dB) that a probability needs; every altitude and end asks for the same few."""
    return float(sensors.required_snr_db(detection_probability, FALSE_ALARM_PROBABILITY, SWERLING_CASE))


def snr_along(radar: RadarFigures, rcs_m2: float, altitude_msl_m: Floats, fan: earth.Fan) -> Floats:
    """Return the mean signal-to-noise ratio in dB along SNR_RANGES_M."""
    return sensors.reference_snr_db(
        engagement.ground_to_slant_m(SNR_RANGES_M, fan.antenna_msl_m, altitude_msl_m),
        rcs_m2,
        radar.reference_range_m,
        radar.reference_rcs_m2,
        _needed_db(radar.reference_pd),
        extra_loss_db=gas_beyond_reference_db(radar, fan, altitude_msl_m, SNR_RANGES_M),
    )


def _last_above(snr_db: Floats, needed_db: float) -> float:
    """Return the ground range up to which the signal-to-noise ratio suffices, linear in dB between samples."""
    above = snr_db >= needed_db
    if not above.any():
        return 0.0
    last = int(np.flatnonzero(above)[-1])
    if last == len(snr_db) - 1:
        return float(SNR_RANGES_M[-1])
    return float(np.interp(-needed_db, -snr_db[last : last + 2], SNR_RANGES_M[last : last + 2]))


def _shares_beam(fan: earth.Fan, altitude_m: Floats, clutter: sensors.ClutterModel) -> Bools:
    """Return (b, r) whether the target stands so low over the ground that closes its horizon that both share a beam."""
    arc = fan.ranges_m / fan.radius_m

    def elevation(height_m: Floats) -> Floats:
        rise = np.cos(arc) - (fan.radius_m + fan.antenna_msl_m) / (fan.radius_m + height_m)
        return np.asarray(np.arctan2(rise, np.sin(arc)))

    lowest = np.minimum(fan.lowest_visible_m, 1e7)
    return sensors.shares_beam_with_ground(elevation(altitude_m), elevation(lowest), clutter)


def _line_of_sight(fan: earth.Fan, approach: Approach, smooth: bool) -> tuple[Bools, dict[str, Floats]]:
    """Return what is in view (b, r), and the horizon and terrain limits (b,)."""
    bearings = len(fan.bearings_rad)
    in_view = approach.altitude_m >= fan.lowest_visible_m
    lost = earth.first_lost_m(in_view, fan.ranges_m, GAP_M)
    none = np.full(bearings, np.nan)
    if approach.height_m is None:
        return in_view, {"horizon": lost, "terrain": none}
    mast = fan.antenna_msl_m - fan.site_ground_m
    horizon = np.full(bearings, float(earth.horizon_range_m(mast, approach.height_above_site_m, fan.radius_m)))
    if smooth:
        return in_view, {"horizon": horizon, "terrain": none}
    # The samples stand a step apart, so a range within one step of the smooth horizon is that horizon.
    by_terrain = lost < horizon - _step(fan)
    return in_view, {
        "horizon": np.where(by_terrain, horizon, np.maximum(lost, horizon)),
        # In view to the edge of the fan, which ends at the instrumented range: no ground ends that.
        "terrain": np.where(by_terrain & (lost < fan.ranges_m[-1]), lost, np.nan),
    }


def detect(radar: RadarFigures, approach: Approach, fan: earth.Fan, *, pd: float, end: End, smooth: bool) -> Detection:
    """Return where each limit ends the detection of an approach, and the nearest of them, by bearing."""
    bearings = len(fan.bearings_rad)
    needed = _needed_db(pd)
    typical_m = np.maximum(approach.typical_m, 0.0)
    on_grid = np.interp(SNR_RANGES_M, fan.ranges_m, typical_m)
    snr = snr_along(radar, approach.rcs_m2, on_grid, fan)
    in_view, sight = _line_of_sight(fan, approach, smooth)

    clutter = CLUTTER_AT[end]
    clutter_m = float(sensors.clutter_limited_range_m(approach.rcs_m2, -approach.speed_mps, needed, clutter))
    nowhere = np.full(bearings, np.nan)
    unmasked = np.ones_like(in_view)
    shares: Bools | None = None
    clutter_limit = nowhere
    if clutter_m < fan.ranges_m[-1]:
        shares = _shares_beam(fan, approach.altitude_m, clutter)
        masked = (fan.ranges_m > clutter_m) & shares
        unmasked = np.broadcast_to(~masked, in_view.shape)
        ends = earth.first_lost_m(unmasked, fan.ranges_m, GAP_M)
        # The samples stand a step apart; where clutter starts between two of them its own range is the limit.
        clutter_limit = np.where(
            ends < fan.ranges_m[-1], np.maximum(ends, np.minimum(clutter_m, ends + _step(fan))), np.nan
        )
    instrumented = nowhere
    if np.isfinite(radar.instrumented_m):
        at_edge = np.interp(radar.instrumented_m, fan.ranges_m, typical_m)
        instrumented = np.full(
            bearings, float(engagement.slant_to_ground_m(radar.instrumented_m, fan.antenna_msl_m, at_edge))
        )
    limits = {
        "instrumented": instrumented,
        "sensitivity": np.full(bearings, _last_above(snr, needed)),
        "clutter": clutter_limit,
        **sight,
    }
    cut = np.fmin(limits["instrumented"], limits["sensitivity"])
    range_m = np.fmin(np.fmin(cut, clutter_limit), np.fmin(sight["horizon"], sight["terrain"]))
    seen = in_view & unmasked & (fan.ranges_m <= cut[:, None])
    farthest = np.maximum(earth.farthest_m(seen, fan.ranges_m), range_m)
    ratio_db = float(sensors.signal_to_clutter_db(approach.rcs_m2, -approach.speed_mps, 1.0, clutter))
    return Detection(limits, range_m, farthest, seen, snr, shares, 10.0 ** (ratio_db / 10.0))


def _step(fan: earth.Fan) -> float:
    return float(fan.ranges_m[0])

"""Everything that a question needs at one end of the claims: figures, fan, and the variants of the target.

Which end of a target's speed, or of a missile's range, is the unfavourable one depends on what binds: a fast target
leaves less time, a slow one hides in clutter. So the ends "low" and "high" look at both and keep the worst or the best.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.catalogue import Aircraft, System
from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.scenario import Place
from chainhome.scenario.reading import (
    EARTH_FACTOR,
    ENDS,
    FAN_BEARINGS,
    FAN_STEP_M,
    End,
    InterceptorFigures,
    RadarFigures,
    TargetFigures,
    at,
    interceptor_figures,
    radar_figures,
    reaction_time_s,
    target_figures,
)

Floats = NDArray[np.float64]

FARTHEST_RANGE_M = 900_000.0
DEFAULT_MAST_M = 24.0


@dataclass(frozen=True, eq=False)
class Setting:
    """Radars, interceptor, reaction time, fan and target variants at one end of the claims."""

    end: End
    search: RadarFigures
    engagement: RadarFigures
    interceptor: InterceptorFigures | None
    targets: tuple[TargetFigures, ...]
    reaction_s: float
    fan: earth.Fan


def setting(
    system: System,
    preset_name: str,
    aircraft: Aircraft,
    place: Place,
    terrain: earth.Terrain | None,
    antenna_m: float | None,
    end: End,
    grid: earth.SiteGrid | None = None,
) -> Setting:
    """Read every claim at one end, and sweep the ground around the antenna, on the grid if one is given."""
    preset = system.presets[preset_name]
    search = radar_figures(system.radars[preset.search_radar], end)
    second = preset.engagement_radar
    engagement = search if second in (None, preset.search_radar) else radar_figures(system.radars[second], end)
    interceptor = interceptor_figures(system.interceptors[preset.interceptor], end) if preset.interceptor else None
    fan = earth.fan(
        terrain,
        place.lat_rad,
        place.lon_rad,
        antenna_m if antenna_m is not None else mast_m(system, end),
        radius_m=EARTH_FACTOR[end] * EARTH_MEAN_RADIUS_M,
        range_max_m=search_range_m(search),
        bearings_rad=np.arange(FAN_BEARINGS) * 2 * np.pi / FAN_BEARINGS if terrain is not None else np.zeros(1),
        range_step_m=FAN_STEP_M,
        site_ground_m=place.ground_m,
        grid=grid,
    )
    return Setting(end, search, engagement, interceptor, variants(aircraft, end), reaction_time_s(system, end), fan)


def common_grid(system: System, preset_name: str, place: Place, terrain: earth.Terrain) -> earth.SiteGrid:
    """Return one grid of heights round a site that reaches as far as the search radar at any end of its claims."""
    radar = system.radars[system.presets[preset_name].search_radar]
    farthest = max(search_range_m(radar_figures(radar, end)) for end in ENDS)
    return earth.fan_grid(terrain, place.lat_rad, place.lon_rad, FAN_STEP_M * np.ceil(farthest / FAN_STEP_M))


def search_range_m(search: RadarFigures) -> float:
    """Return how far the ground round a search radar is looked at."""
    return float(np.nanmin([search.instrumented_m, FARTHEST_RANGE_M]))


def mast_m(system: System, end: End) -> float:
    """Return the height of the system's published mast; where none is published, 24 m stands for every system."""
    mast = at(system.claims, "mast_height", end)
    return mast if np.isfinite(mast) else DEFAULT_MAST_M


def mast_note(system: System, antenna_m: float | None) -> str:
    """Return what must be said where neither the user nor a source gives the height of the antenna; else nothing.

    >>> from chainhome.catalogue import load
    >>> mast_note(load().system("s-500"), None)
    'Assumed: nobody has published how high the antenna of S-500 stands, so 24 m is taken.'
    >>> mast_note(load().system("s-400"), None), mast_note(load().system("s-500"), 12.0)
    ('', '')
    """
    if antenna_m is not None or np.isfinite(at(system.claims, "mast_height", "value")):
        return ""
    return (
        f"Assumed: nobody has published how high the antenna of {system.name} stands, so {DEFAULT_MAST_M:g} m is taken."
    )


def variants(aircraft: Aircraft, end: End) -> tuple[TargetFigures, ...]:
    """Return the target at its value, or with its slowest and fastest, shortest and longest flight."""
    figures = target_figures(aircraft, end)
    if end == "value":
        return (figures,)
    slow, fast = (target_figures(aircraft, other) for other in ("low", "high"))
    return tuple(
        replace(figures, speed_mps=extreme.speed_mps, flight_range_m=extreme.flight_range_m) for extreme in (slow, fast)
    )


def of_variants(end: End, ranges: list[Floats]) -> Floats:
    """Return by bearing the worst range of the variants at the low end, the best at the high end."""
    stack = np.array(ranges)
    return np.asarray(stack.min(axis=0) if end == "low" else stack.max(axis=0))

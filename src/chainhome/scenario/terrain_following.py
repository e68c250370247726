"""Routes at a height above ground: points are set close enough along the legs that the path follows the land."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.motion import Route

Floats = NDArray[np.float64]

# The terrain's cells are about 1.6 km; a point every 6 km over the highest ground of its surroundings clears them.
SPACING_M = 6_000.0
PROBES = 9


def follow_ground(
    lat_rad: Floats,
    lon_rad: Floats,
    height_m: Floats,
    speed_mps: Floats,
    above_ground: NDArray[np.bool_],
    terrain: earth.Terrain | None,
    *,
    repeat: bool,
) -> Route:
    """Return a route with all heights above mean sea level.

    A leg between two heights above ground gets points between, each above the highest ground within half a spacing; on
    a leg with one end above sea level only that end is converted. Without terrain the ground is sea level.
    """
    count = len(lat_rad)
    rows: list[tuple[float, float, float, float]] = []
    for here in range(count):
        there = (here + 1) % count
        ground = _highest(terrain, lat_rad[here], lon_rad[here], 0.0, 0.0) if above_ground[here] else 0.0
        rows.append((lat_rad[here], lon_rad[here], height_m[here] + ground, speed_mps[here]))
        if (there == 0 and not repeat) or not (above_ground[here] and above_ground[there]):
            continue
        length, bearing = earth.inverse(lat_rad[here], lon_rad[here], lat_rad[there], lon_rad[there])
        inner = max(0, int(length / SPACING_M) - 1)
        for share in (np.arange(inner) + 1) / (inner + 1):
            point = [float(part) for part in earth.destination(lat_rad[here], lon_rad[here], bearing, share * length)]
            course = float(earth.inverse(point[0], point[1], lat_rad[there], lon_rad[there])[1])
            above = height_m[here] + share * (height_m[there] - height_m[here])
            pace = speed_mps[here] + share * (speed_mps[there] - speed_mps[here])
            ground = _highest(terrain, point[0], point[1], course, SPACING_M / 2)
            rows.append((point[0], point[1], above + ground, pace))
    lat, lon, height, speed = np.array(rows).T
    return Route(lat, lon, height, speed, repeat=repeat)


def _highest(terrain: earth.Terrain | None, lat_rad: float, lon_rad: float, course_rad: float, reach_m: float) -> float:
    """Return the highest ground within `reach_m` ahead and behind along a course."""
    if terrain is None:
        return 0.0
    along = np.linspace(-reach_m, reach_m, PROBES)
    bearing = np.where(along < 0, course_rad + np.pi, course_rad)
    heights = earth.terrain_height_m(terrain, *earth.destination(lat_rad, lon_rad, bearing, np.abs(along)))
    return float(np.nanmax(heights, initial=0.0)) if np.isfinite(heights).any() else 0.0

"""The ground under the page's map: coast, borders, land, cities and the shading of the hills.

In: the centre of the map and how far it has to reach. Out: lines in steps of 0.001 degrees, simplified as far as a
screen allows, and one grey raster on the map's own plane. Nothing is known outside the shipped region [natural_earth].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.earth.shapes import load_cities, load_shapes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LINE_STEP_DEG = 0.001
SHADE_CELLS = 384
SHADE_LEVELS = 11
MOST_CITIES = 120
KNOTS = 49


def lines_layer(lat_deg: float, lon_deg: float, reach_m: float) -> tuple[dict[str, Any], dict[str, Ints]]:
    """Return coast, borders and land about a centre, steps of 0.001 degrees, and the cities; empty far from the region.

    A line keeps the points that move it by more than a four-hundredth part of what is shown.
    """
    shapes = load_shapes()
    box = _box(lat_deg, lon_deg, reach_m)
    tolerance = max(reach_m / 111_000.0 / 700.0, 0.002)
    columns: dict[str, Ints] = {}
    for name in ("coast", "borders", "land"):
        kept = [_simplified(line, tolerance) for line in getattr(shapes, name) if _touches(line, box)]
        if name == "land":
            kept = [_clipped(line, box) for line in kept]
        else:
            kept = [part for line in kept for part in _inside(line, box)]
        kept = [line for line in kept if len(line) > (2 if name == "land" else 1)]
        steps = [np.round(line / LINE_STEP_DEG).astype(np.int64) for line in kept]
        columns[f"ground.{name}.counts"] = np.array([len(line) for line in steps], np.int64)
        joined = [np.diff(line, axis=0, prepend=0).ravel() for line in steps]
        columns[f"ground.{name}"] = np.concatenate(joined) if joined else np.zeros(0, np.int64)
    cities = load_cities()
    west, east, south, north = box
    near = (cities.lon_deg > west) & (cities.lon_deg < east) & (cities.lat_deg > south) & (cities.lat_deg < north)
    rows = np.flatnonzero(near)[:MOST_CITIES]
    named = [
        [
            str(cities.name[row]),
            round(float(cities.lat_deg[row]), 3),
            round(float(cities.lon_deg[row]), 3),
            int(cities.rank[row]),
        ]
        for row in rows
    ]
    known = any(len(columns[f"ground.{name}"]) for name in ("coast", "borders", "land"))
    return {"step_deg": LINE_STEP_DEG, "cities": named, "known": known}, columns


def shade_layer(
    terrain: earth.Terrain | None, lat_deg: float, lon_deg: float, reach_m: float
) -> tuple[dict[str, Any], NDArray[np.uint8]]:
    """Return the shading of the hills (SHADE_CELLS squared, north row first) on the map's plane, lit from the NW.

    0 = no terrain or sea; 1 to SHADE_LEVELS = from the darkest slope to the brightest, the middle is flat.
    """
    if terrain is None:
        return {"cells": 0, "half_km": 0.0}, np.zeros(0, np.uint8)
    half_km = reach_m / 1000.0
    cell = 2.0 * half_km / SHADE_CELLS
    axis = -half_km + cell * (np.arange(SHADE_CELLS) + 0.5)
    lat, lon = _places(np.asarray(axis, np.float64), lat_deg, lon_deg)
    height = np.asarray(earth.terrain_height_m(terrain, lat, lon), np.float64)
    known = np.isfinite(height) & (np.nan_to_num(height) > 0.5)
    if not known.any():
        return {"cells": 0, "half_km": 0.0}, np.zeros(0, np.uint8)
    filled = np.where(np.isfinite(height), height, 0.0)
    north, east = np.gradient(filled, 1000.0 * cell)
    stretch = 9.0 * np.sqrt(cell / 0.5)
    light = (east - north) * stretch / np.sqrt(2.0)
    shade = light / np.sqrt(1.0 + light**2 + (north + east) ** 2 * stretch**2 / 2.0)
    middle = (SHADE_LEVELS + 1) // 2
    level = np.clip(np.round(middle + shade * (middle - 1)), 1, SHADE_LEVELS)
    image = np.where(known, level, 0).astype(np.uint8)[::-1]
    return {"cells": SHADE_CELLS, "half_km": half_km, "levels": SHADE_LEVELS}, np.ascontiguousarray(image)


def _places(axis_km: Floats, lat_deg: float, lon_deg: float) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes, radians, of a square grid on two axes: geodesics on knots, linear between."""
    knots = np.linspace(axis_km[0], axis_km[-1], KNOTS)
    east, north = np.meshgrid(knots, knots)
    lat, lon = earth.destination(
        np.radians(lat_deg), np.radians(lon_deg), np.arctan2(east, north), 1000.0 * np.hypot(east, north)
    )
    lon = np.unwrap(np.unwrap(np.asarray(lon), axis=1), axis=0)
    weights = np.array([np.interp(axis_km, knots, row) for row in np.eye(KNOTS)]).T
    return weights @ np.asarray(lat) @ weights.T, weights @ lon @ weights.T


def _box(lat_deg: float, lon_deg: float, reach_m: float) -> tuple[float, float, float, float]:
    """Return west, east, south and north of what may be shown, degrees, with a margin for wide screens."""
    high = 1.3 * reach_m / 111_000.0
    wide = min(1.9 * high / max(np.cos(np.radians(min(abs(lat_deg) + high, 85.0))), 0.05), 180.0)
    return lon_deg - wide, lon_deg + wide, lat_deg - high, lat_deg + high


def _touches(line: Floats, box: tuple[float, float, float, float]) -> bool:
    west, east, south, north = box
    low, high = line.min(axis=0), line.max(axis=0)
    return bool(low[0] < east and high[0] > west and low[1] < north and high[1] > south)


def _inside(line: Floats, box: tuple[float, float, float, float]) -> list[Floats]:
    """Return the parts of a line whose points lie in the box, each with one point beyond."""
    west, east, south, north = box
    within = (line[:, 0] >= west) & (line[:, 0] <= east) & (line[:, 1] >= south) & (line[:, 1] <= north)
    near = within.copy()
    near[1:] |= within[:-1]
    near[:-1] |= within[1:]
    cuts = np.flatnonzero(np.diff(near.astype(np.int8))) + 1
    return [part for part, mask in zip(np.split(line, cuts), np.split(near, cuts), strict=True) if mask[0]]


def _clipped(ring: Floats, box: tuple[float, float, float, float]) -> Floats:
    """Return a ring with its points pulled into the box: enough to fill it, and its edge lies outside of the screen."""
    west, east, south, north = box
    pulled = np.column_stack([np.clip(ring[:, 0], west, east), np.clip(ring[:, 1], south, north)])
    fresh = np.append(True, (np.diff(pulled, axis=0) != 0.0).any(axis=1))
    return np.asarray(pulled[fresh])


def _simplified(line: Floats, tolerance_deg: float) -> Floats:
    """Return the points of a line that matter to within a tolerance, by [douglas1973]."""
    keep = np.zeros(len(line), np.bool_)
    keep[0] = keep[-1] = True
    scale = np.array([np.cos(np.radians(float(line[:, 1].mean()))), 1.0])
    points = line * scale
    parts = [(0, len(line) - 1)]
    if len(line) > 3 and np.allclose(line[0], line[-1]):
        middle = len(line) // 2  # a ring has no chord from end to end
        keep[middle] = True
        parts = [(0, middle), (middle, len(line) - 1)]
    while parts:
        low, high = parts.pop()
        if high - low < 2:
            continue
        chord, from_low = points[high] - points[low], points[low + 1 : high] - points[low]
        length = float(np.hypot(*chord))
        if length > 0.0:
            away = np.abs(from_low[:, 0] * chord[1] - from_low[:, 1] * chord[0]) / length
        else:
            away = np.hypot(*from_low.T)
        far = int(np.argmax(away))
        if away[far] > tolerance_deg:
            middle = low + 1 + far
            keep[middle] = True
            parts += [(low, middle), (middle, high)]
    return line[keep]

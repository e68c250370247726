"""Outlines of what is seen: a mask on a site's square grid → polygons with holes, simplified, in metres or degrees.

In comes a mask (n, n), row 0 the northernmost, whose middle cell is the site. Out come polygons whose rings never
touch themselves or each other. An edge runs half way between a cell that is in and one that is out. It is simplified
by [douglas1973] to a third of a cell: edges of such a mask that do not follow each other lie at least 0.707 cells
apart, so moving each by at most a third lets none cross. That is what keeps the polygons valid, and a test proves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.earth.site_grid import grid_positions

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

TOLERANCE_CELLS = 1.0 / 3.0
"""How far a simplified edge may lie from the edge of the cells."""
SMALLEST_CELLS = 4.0
"""Islands and holes of a smaller area are left out and counted."""
LONGEST_SIDE_M = 10e3
"""Longer sides get points between: straight on the site's grid is not straight in latitude and longitude."""
DECIMALS = 5
"""Of a degree: about a metre."""
POLE_CLEARANCE_RAD = 1e-3
LEAST_RADIUS_M = 6_335_439.0
"""The ellipsoid's least radius of curvature, at the equator along the meridian [wgs84]."""
RING_POINTS = 361


@dataclass(frozen=True, eq=False)
class Area:
    """A polygon: its outer ring, counter-clockwise, and its holes, clockwise; rings (k, 2), the last point the first.

    East and north of the site in metres, or longitude and latitude in degrees.
    """

    outer: Floats
    holes: tuple[Floats, ...]

    @property
    def rings(self) -> tuple[Floats, ...]:
        """The outer ring and the holes."""
        return (self.outer, *self.holes)


def signed_area(ring: Floats) -> float:
    """Return the area inside a closed ring (k, 2), positive where it runs counter-clockwise.

    >>> signed_area(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0], [0.0, 0.0]]))
    2.0
    """
    x, y = (ring - ring[0]).T
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def areas(mask: Bools, cell_m: float, *, smallest_cells: float = SMALLEST_CELLS) -> tuple[Area, ...]:
    """Return the polygons of a mask (n, n), largest first, in metres east and north of its middle cell.

    >>> mask = np.zeros((9, 9), bool)
    >>> mask[2:7, 2:7] = True
    >>> [round(signed_area(area.outer) / 1e6, 2) for area in areas(mask, 1000.0)]
    [24.5]
    """
    from contourpy import FillType, contour_generator

    if not mask.any():
        return ()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]) - 1, int(columns[0]) - 1
    z = np.zeros((rows[-1] - top + 2, columns[-1] - left + 2), np.float32)
    z[1:-1, 1:-1] = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    generator = contour_generator(z=z, name="serial", fill_type=FillType.OuterOffset)
    outlines: Any = generator.filled(0.5, 2.0)
    half = mask.shape[0] // 2
    found = []
    for vertices, starts in zip(*outlines, strict=True):
        cells = np.column_stack([vertices[:, 0] + (left - half), (half - top) - vertices[:, 1]])
        rings = [cells[a:b] for a, b in pairwise(starts)]
        # The last point repeats the first, as GeoJSON wants it.
        sizes = [signed_area(ring) for ring in rings]
        if abs(sizes[0]) < smallest_cells:
            continue
        kept = [k for k, size in enumerate(sizes) if abs(size) >= smallest_cells]
        found.append([rings[k] if (sizes[k] > 0) == (k == 0) else rings[k][::-1] for k in kept])
    found.sort(key=lambda rings: -signed_area(rings[0]))
    flat = [ring for rings in found for ring in rings]
    simple = iter(_simplified(flat, TOLERANCE_CELLS)) if flat else iter(())
    out = []
    for rings in found:
        outer, *holes = (next(simple) * cell_m for _ in rings)
        out.append(Area(outer, tuple(holes)))
    return tuple(out)


def area_m2(polygons: tuple[Area, ...]) -> float:
    """Return the area of polygons in metres, holes taken off."""
    return sum(signed_area(ring) for polygon in polygons for ring in polygon.rings)


def _simplified(rings: list[Floats], tolerance: float) -> list[Floats]:
    """Return closed rings with the points that they need to stay within `tolerance`, all at once, level by level."""
    points = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings])
    starts = np.concatenate([[0], ends[:-1]])
    kept = np.zeros(len(points), bool)
    firsts, lasts = [], []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        away = np.sum((points[start:end] - points[start]) ** 2, axis=1)
        far = start + int(np.argmax(away))
        firsts += [start, far]
        lasts += [far, end - 1]
    first, last = np.array(firsts, np.intp), np.array(lasts, np.intp)
    kept[first] = kept[last] = True
    while len(first):
        open_ = last - first > 1
        first, last = first[open_], last[open_]
        if not len(first):
            break
        worst, distance = _worst_points(points, first, last)
        split = distance > tolerance
        kept[worst[split]] = True
        first, last = (
            np.concatenate([first[split], worst[split]]),
            np.concatenate([worst[split], last[split]]),
        )
    return [points[a:b][kept[a:b]] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


def _worst_points(points: Floats, first: Ints, last: Ints) -> tuple[Ints, Floats]:
    """Return, for each chain from `first` to `last`, its inner point farthest from the side that would replace it."""
    counts = last - first - 1
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]])
    owner = np.repeat(np.arange(len(first)), counts)
    index = np.arange(int(counts.sum())) - begins[owner] + first[owner] + 1
    start, side = points[first], points[last] - points[first]
    length2 = np.maximum(np.sum(side**2, axis=1), 1e-300)
    offset = points[index] - start[owner]
    along = np.clip(np.sum(offset * side[owner], axis=1) / length2[owner], 0.0, 1.0)
    distance = np.hypot(*(offset - along[:, None] * side[owner]).T)
    most = np.maximum.reduceat(distance, begins)
    at = np.flatnonzero(distance == most[owner])
    # Of equals the first: the result must not depend on anything else.
    _, one = np.unique(owner[at], return_index=True)
    return index[at[one]], most


def densified(ring: Floats, longest_m: float = LONGEST_SIDE_M) -> Floats:
    """Return a ring (k, 2) in metres with points added so that no side is longer than `longest_m`."""
    sides = np.hypot(*np.diff(ring, axis=0).T)
    parts = np.maximum(np.ceil(sides / longest_m), 1).astype(np.intp)
    if parts.max(initial=1) == 1:
        return ring
    at = np.repeat(np.arange(len(parts)), parts)
    begun = np.concatenate([[0], np.cumsum(parts)[:-1]])
    share = (np.arange(len(at)) - begun[at]) / parts[at]
    inner = ring[at] + share[:, None] * (ring[at + 1] - ring[at])
    return np.concatenate([inner, ring[-1:]])


def to_degrees(east_m: Floats, north_m: Floats, lat_rad: float, lon_rad: float) -> Floats:
    """Return longitude and latitude (n, 2) in degrees of points about a site; longitudes run on beyond 180 degrees.

    >>> to_degrees(np.array([0.0]), np.array([110_976.0]), np.radians(39.0), np.radians(32.0)).round(2).tolist()
    [[32.0, 40.0]]
    """
    lat, lon = earth.destination(lat_rad, lon_rad, np.arctan2(east_m, north_m), np.hypot(east_m, north_m))
    turned = np.mod(np.asarray(lon) - lon_rad + np.pi, 2.0 * np.pi) - np.pi + lon_rad
    return np.asarray(np.round(np.degrees(np.column_stack([turned, lat])), DECIMALS), np.float64)


def reaches_a_pole(lat_rad: float, radius_m: float) -> bool:
    """Tell whether a disc about a site holds a pole, so that outlines in latitude and longitude make no sense."""
    return bool(abs(lat_rad) + radius_m / LEAST_RADIUS_M > np.pi / 2 - POLE_CLEARANCE_RAD)


def crosses_date_line(lat_rad: float, lon_rad: float, radius_m: float) -> bool:
    """Tell whether a disc about a site, which holds no pole, reaches over 180 degrees of longitude."""
    sine = min(np.sin(radius_m / LEAST_RADIUS_M) / np.cos(lat_rad), 1.0)
    return bool(abs(lon_rad) + np.arcsin(sine) > np.pi)


def degree_areas(mask: Bools, cell_m: float, lat_rad: float, lon_rad: float) -> tuple[Area, ...]:
    """Return the polygons of a mask about a site in degrees, none of which crosses the date line [rfc7946].

    Along the date line polygons end up to a cell short of it. Where the mask holds a pole there are none.
    """
    half = mask.shape[0] // 2
    reach_m = np.sqrt(2.0) * (half + 1) * cell_m
    if reaches_a_pole(lat_rad, reach_m):
        return ()
    masks = [mask]
    if crosses_date_line(lat_rad, lon_rad, reach_m):
        masks = _halves(mask, cell_m, lat_rad, lon_rad)
    return tuple(_in_degrees(area, lat_rad, lon_rad) for part in masks for area in areas(part, cell_m) if part.any())


def _in_degrees(area: Area, lat_rad: float, lon_rad: float) -> Area:
    rings = []
    for ring in area.rings:
        dense = densified(ring)
        degrees = to_degrees(dense[:, 0], dense[:, 1], lat_rad, lon_rad)
        degrees[:, 0] -= 360.0 * np.floor((degrees[:, 0].mean() + 180.0) / 360.0)
        new = np.concatenate([[True], np.any(np.diff(degrees, axis=0) != 0.0, axis=1)])
        rings.append(degrees[new])
    return Area(rings[0], tuple(rings[1:]))


def _halves(mask: Bools, cell_m: float, lat_rad: float, lon_rad: float) -> list[Bools]:
    """Return the mask's cells on this and on the other side of the date line, without those within a cell of it."""
    half = mask.shape[0] // 2
    along = cell_m * np.arange(-half, half + 1.0)
    lat, lon = grid_positions(lat_rad, lon_rad, along, -along)
    beyond = np.mod(lon - lon_rad + np.pi, 2.0 * np.pi) - np.pi + lon_rad - np.copysign(np.pi, lon_rad)
    margin = cell_m / (LEAST_RADIUS_M * np.cos(lat))
    return [mask & (beyond < -margin), mask & (beyond > margin)]


def circle_degrees(lat_rad: float, lon_rad: float, radius_m: float) -> Floats:
    """Return a circle about a site, (361, 2): longitude and latitude in degrees, counter-clockwise from north.

    >>> circle_degrees(0.0, 0.0, 111_319.490793)[[0, 90]].round(3).tolist()
    [[0.0, 1.007], [-1.0, 0.0]]
    """
    bearing = np.linspace(0.0, -2.0 * np.pi, RING_POINTS)
    line = to_degrees(radius_m * np.sin(bearing), radius_m * np.cos(bearing), lat_rad, lon_rad)
    line[:, 0] = np.mod(line[:, 0] + 180.0, 360.0) - 180.0
    line[-1] = line[0]
    return np.round(line, DECIMALS) + 0.0

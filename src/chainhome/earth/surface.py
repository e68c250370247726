"""The lowest visible altitude round a site: one sweep over a grid of heights answers every target height.

In: a `SiteGrid` and an antenna height. Out: a `Surface`, the lowest altitude in view over every cell, over a sphere of
effective radius in the exact form (or through the CRPL atmosphere); altitudes looked up in it, and several surfaces
merged on one grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.earth import geodesy
from chainhome.earth.refraction import four_thirds_radius_m
from chainhome.earth.site_grid import SiteGrid, interpolated_on_square
from chainhome.errors import UseError, nearest

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from chainhome.earth.bending import Bending

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]

REFRACTIONS = ("standard", "crpl", "none")

# Rows round the site between which the ground counts too, not only on them: at 90 m cells over rough ground, 64 leave a
# hundredth of the cells wrong by more than 8 m, 128 by 2 m, 256 by 1.6 m (benchmarks/bench_surface.py).
_NEAR_ROWS = 128
# Rays of an octant for each cell of the grid's edge in it.
_RAYS_PER_CELL, _LEAST_RAYS = 0.65, 256
_ROWS_AT_ONCE = 512
_LARGEST_ARC_RAD = 0.45  # up to which the sweep's polynomials of sine and versine are exact to 1e-6


@dataclass(frozen=True, eq=False)
class Surface:
    """The lowest visible altitude of one antenna over the cells of a `SiteGrid`: (n, n) metres above mean sea level.

    Never below the ground; inf where nothing is in view at any height. `radius_m` is the effective earth radius;
    `refraction` is "standard" (4/3 of the earth's radius, or the radius that was given), "none" (the earth's own) or
    "crpl" (rays through the exponential atmosphere; `radius_m` is then the 4/3 radius that comes nearest).
    """

    grid: SiteGrid
    radius_m: float
    refraction: str
    site_ground_m: float
    antenna_msl_m: float
    lowest_visible_m: Singles


def surface(
    grid: SiteGrid,
    antenna_above_ground_m: float,
    *,
    radius_m: float | None = None,
    refraction: str = "standard",
    site_ground_m: float | None = None,
    executor: Executor | None = None,
) -> Surface:
    """Return the lowest visible altitude over every cell of a grid, for one antenna at its centre.

    `site_ground_m` replaces the grid's height beneath the antenna (not the ground that hides). A cell is hidden by what
    lies nearer on the straight line to the site: by the ground where that line crosses the grid's rows (columns, to
    east and west), and within 128 of those by all the ground between them too, except just before the cell itself.
    Between the lines that are followed, about one for each two cells at the edge, tangents are linear. The ground
    inside the ring of cells round the site hides nothing. `executor`, a pool of threads, sweeps octants side by side;
    the result has the same bytes. Raises UseError for a height, radius or refraction that cannot be.

    >>> from chainhome.earth.site_grid import site_grid
    >>> sea = surface(site_grid(None, 0.7, 0.57, range_max_m=402_000.0, cell_m=1000.0), 24.0)
    >>> float(lowest_at(sea, 0.0, 402_000.0).round())
    8588.0
    """
    if not (math.isfinite(antenna_above_ground_m) and antenna_above_ground_m >= 0.0):
        raise UseError(f"visibility: antenna height = {antenna_above_ground_m:g} m must be 0 or more above the ground")
    radius = _radius(radius_m, refraction)
    heights = np.ascontiguousarray(grid.heights_m, np.float32)
    ground_m = float(heights[grid.half, grid.half]) if site_ground_m is None else float(site_ground_m)
    antenna_m = ground_m + antenna_above_ground_m
    _check(heights, grid, antenna_m, radius)
    if refraction == "crpl":
        lowest = _swept_through_air(heights, grid, antenna_m, radius, executor)
    else:
        lowest = _swept(heights, grid, antenna_m, radius, executor)
    return Surface(grid, radius, refraction, ground_m, antenna_m, lowest)


def lowest_at(surface: Surface, azimuth_rad: ArrayLike, ground_range_m: ArrayLike) -> Floats:
    """Return the lowest visible altitude (m) at azimuths and ground ranges, which broadcast.

    Bilinear between the four cells round a point; inf beyond the grid, and where one of the four cells is inf.

    >>> from chainhome.earth.site_grid import site_grid
    >>> sea = surface(site_grid(None, 0.7, 0.57, range_max_m=100_000.0, cell_m=1000.0), 24.0)
    >>> lowest_at(sea, np.pi / 4, [10_000.0, 100_000.0, 150_000.0]).round().tolist()
    [0.0, 375.0, inf]
    """
    azimuth, ground_range = np.asarray(azimuth_rad, np.float64), np.asarray(ground_range_m, np.float64)
    cells = ground_range / surface.grid.cell_m
    half = float(surface.grid.half)
    return _bilinear(surface.lowest_visible_m, half - cells * np.cos(azimuth), half + cells * np.sin(azimuth))


def surface_visible(
    surface: Surface, azimuth_rad: ArrayLike, ground_range_m: ArrayLike, altitude_msl_m: ArrayLike
) -> Bools:
    """Return whether points at an azimuth, ground range and altitude above mean sea level (broadcast) are in view.

    >>> from chainhome.earth.site_grid import site_grid
    >>> sea = surface(site_grid(None, 0.7, 0.57, range_max_m=100_000.0, cell_m=1000.0), 24.0)
    >>> surface_visible(sea, 0.1, [61_000.0, 62_000.0, 161_000.0], 100.0).tolist()
    [True, False, False]
    """
    return np.asarray(np.asarray(altitude_msl_m, np.float64) >= lowest_at(surface, azimuth_rad, ground_range_m))


@dataclass(frozen=True, eq=False)
class MergedSurface:
    """Several antennas on one square azimuthal-equidistant grid (n, n) laid out as a `SiteGrid`.

    `lowest_visible_m[k - 1]` (sites, n, n) is the lowest altitude (m above mean sea level) in view of at least k of the
    sites at once: the first is the minimum over all; inf where fewer reach.
    """

    lat_rad: float
    lon_rad: float
    cell_m: float
    lowest_visible_m: Singles


def merged(
    surfaces: Sequence[Surface], *, cell_m: float | None = None, range_max_m: float | None = None
) -> MergedSurface:
    """Return what several antennas see together, on one grid in the middle of their sites.

    Each is read bilinearly; beyond its own grid it sees nothing. `cell_m` defaults to the largest cell of the surfaces,
    `range_max_m` to what holds all their grids. Raises UseError without a surface.

    >>> from chainhome.earth.site_grid import site_grid
    >>> sites = [site_grid(None, 0.7, lon, range_max_m=50_000.0, cell_m=1000.0) for lon in (0.57, 0.575)]
    >>> both = merged([surface(site, 24.0) for site in sites])
    >>> sites_in_view(both, 50.0).max()
    np.int64(2)
    """
    if not surfaces:
        raise UseError("merged surfaces: at least one surface is needed")
    lat, lon = _middle(surfaces)
    cell = max(each.grid.cell_m for each in surfaces) if cell_m is None else float(cell_m)
    away, _ = geodesy.inverse(lat, lon, [s.grid.lat_rad for s in surfaces], [s.grid.lon_rad for s in surfaces])
    corners = [s.grid.half * s.grid.cell_m for s in surfaces]
    reach = float(np.max(away + corners)) if range_max_m is None else float(range_max_m)
    if not (math.isfinite(cell) and cell > 0.0 and math.isfinite(reach) and reach > 0.0):
        raise UseError(f"merged surfaces: cell_m = {cell:g} and range_max_m = {reach:g} must be positive and finite")
    half = max(1, math.ceil(reach / cell - 1e-9))
    along = cell * np.arange(-half, half + 1.0)
    layers = np.empty((len(surfaces), along.size, along.size), np.float32)
    for layer, each in zip(layers, surfaces, strict=True):
        layer[:] = _on_common_grid(each, lat, lon, along)
    layers.sort(axis=0)
    return MergedSurface(lat, lon, cell, layers)


def sites_in_view(merged: MergedSurface, altitude_msl_m: ArrayLike) -> NDArray[np.int64]:
    """Return (n, n) how many sites see an altitude (m above mean sea level; one, or one for each cell (n, n)).

    >>> from chainhome.earth.site_grid import site_grid
    >>> one = merged([surface(site_grid(None, 0.7, 0.57, range_max_m=30_000.0, cell_m=10_000.0), 0.0)])
    >>> sites_in_view(one, 10.0)[3].tolist()
    [0, 0, 1, 1, 1, 0, 0]
    """
    return np.asarray((merged.lowest_visible_m <= np.asarray(altitude_msl_m)).sum(axis=0, dtype=np.int64))


def _radius(radius_m: float | None, refraction: str) -> float:
    if refraction not in REFRACTIONS:
        known = ", ".join(REFRACTIONS)
        raise UseError(f'refraction "{refraction}" is not known; known: {known}{nearest(refraction, REFRACTIONS)}')
    if radius_m is None:
        return EARTH_MEAN_RADIUS_M if refraction == "none" else four_thirds_radius_m()
    if refraction == "crpl":
        raise UseError(f"visibility: radius_m = {radius_m:g} cannot be given with the CRPL atmosphere")
    if not (math.isfinite(radius_m) and radius_m > 0.0):
        raise UseError(f"visibility: radius_m = {radius_m:g} must be positive and finite")
    return float(radius_m)


def _check(heights: Singles, grid: SiteGrid, antenna_m: float, radius_m: float) -> None:
    if not math.isfinite(antenna_m):
        raise UseError(f"visibility: the antenna's altitude = {antenna_m:g} m must be finite")
    flat = heights.reshape(-1)
    if not math.isfinite(float(np.dot(flat, flat))):
        raise UseError(f'visibility: the grid "{grid.name}" has heights that are not numbers; fill its voids first')
    corner = math.sqrt(2.0) * grid.half * grid.cell_m / radius_m
    if corner > _LARGEST_ARC_RAD:
        raise UseError(
            f"visibility: the grid's corners lie {corner * radius_m / 1e3:.0f} km from the site; the sweep reaches"
            f" {_LARGEST_ARC_RAD * radius_m / 1e3:.0f} km over an earth of this radius"
        )


def _swept(heights: Singles, grid: SiteGrid, antenna_m: float, radius_m: float, executor: Executor | None) -> Singles:
    from chainhome.earth import _surface_kernels as kernels

    if not heights.flags.writeable:
        heights = heights.copy()  # one compiled form serves all
    lowest = np.empty_like(heights)
    lowest[grid.half, grid.half] = heights[grid.half, grid.half]
    rays = max(_LEAST_RAYS, round(_RAYS_PER_CELL * grid.half))
    view = kernels.View(
        np.float32(antenna_m),
        np.float32(radius_m),
        np.float32((grid.cell_m / radius_m) ** 2),
        rays,
        _NEAR_ROWS,
    )

    def sweep(octant: int) -> None:
        kernels.sweep_octant(heights.reshape(-1), lowest.reshape(-1), grid.half, octant, view)

    octants = range(kernels.OCTANTS)[::-1]  # those that read columns take longest and go first
    for _ in (map if executor is None else executor.map)(sweep, octants):
        pass
    return lowest


def _swept_through_air(
    heights: Singles, grid: SiteGrid, antenna_m: float, radius_m: float, executor: Executor | None
) -> Singles:
    """Return the lowest visible altitude of bent rays: heights made straight, swept, and what comes out bent back."""
    from chainhome.earth.bending import bending

    corner = math.sqrt(2.0) * grid.half * grid.cell_m
    table = bending(antenna_m, corner, float(heights.min()))
    straight = _shifted(heights, grid, table.straighten, table, executor)
    lowest = _shifted(_swept(straight, grid, antenna_m, radius_m, executor), grid, table.bend, table, executor)
    return np.maximum(lowest, heights, out=lowest)


def _shifted(heights: Singles, grid: SiteGrid, by: Floats, table: Bending, executor: Executor | None) -> Singles:
    from chainhome.earth import _surface_kernels as kernels

    if not heights.flags.writeable:
        heights = heights.copy()
    shifted = np.empty_like(heights)
    shift = kernels.Shift(by.astype(np.float32), table.range_step_m, table.low_m, table.span_m)
    n = heights.shape[0]

    def some(first: int) -> None:
        last = min(first + _ROWS_AT_ONCE, n)
        kernels.shift_rows(heights.reshape(-1), shifted.reshape(-1), grid.half, grid.cell_m, first, last, shift)

    for _ in (map if executor is None else executor.map)(some, range(0, n, _ROWS_AT_ONCE)):
        pass
    return shifted


def _bilinear(table: Singles, row: Floats, column: Floats) -> Floats:
    """Return the table (n, n) between its cells at rows and columns that broadcast; inf outside, and beside an inf."""
    from chainhome.earth import _surface_kernels as kernels

    rows, columns = (np.array(place, np.float64) for place in np.broadcast_arrays(row, column))
    found = np.empty(rows.shape)
    table = np.ascontiguousarray(table, np.float32)
    if not table.flags.writeable:
        table = table.copy()  # one compiled form serves all
    kernels.read_between(table, rows.reshape(-1), columns.reshape(-1), found.reshape(-1))
    return found


def _middle(surfaces: Sequence[Surface]) -> tuple[float, float]:
    """Return the latitude and longitude (radians) in the middle of the sites, by the mean of their verticals."""
    lat = np.array([each.grid.lat_rad for each in surfaces])
    lon = np.array([each.grid.lon_rad for each in surfaces])
    if lat.size == 1:
        return float(lat[0]), float(lon[0])
    x, y, z = (float(v.sum()) for v in (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))
    return math.atan2(z, math.hypot(x, y)), math.atan2(y, x)


def _on_common_grid(each: Surface, lat_rad: float, lon_rad: float, along_m: Floats) -> Floats:
    """Return one surface's lowest visible altitude (n, n) on the grid whose rows and columns lie at `along_m`."""

    def place(lat: Floats, lon: Floats) -> tuple[Floats, ...]:
        distance, bearing = geodesy.inverse(each.grid.lat_rad, each.grid.lon_rad, lat, lon)
        return distance * np.sin(bearing), distance * np.cos(bearing)

    east, north = interpolated_on_square(lat_rad, lon_rad, along_m, -along_m, place)
    cell, half = each.grid.cell_m, float(each.grid.half)
    return _bilinear(each.lowest_visible_m, half - north / cell, half + east / cell)

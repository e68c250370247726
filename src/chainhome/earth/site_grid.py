"""The square grid of heights round one site, on which the radar's view is computed.

In: a terrain (or none), a site, how far and how fine. Out: a `SiteGrid` in the azimuthal-equidistant projection, in
which every straight line through the site is a geodesic and every range from the site is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.earth import geodesy
from chainhome.earth import terrain as terrain_
from chainhome.errors import UseError

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# Positions on the grid are an analytic function of east and north, so a polynomial through its exact values at these
# many Chebyshev points each way is exact to micrometres over 600 km (a test measures it).
_NODES = 20
# How much of the way to the pole the grid may reach for latitude and longitude themselves to be such functions.
_POLE_SHARE = 0.25
# Positions are computed at every so many rows and columns where what lies between them is straight to this share of a
# cell.
_STRIDE, _SAG_CELLS = 8, 0.005
_BLOCK_CELLS = 1 << 18
_MOST_CELLS = 1 << 30


@dataclass(frozen=True, eq=False)
class SiteGrid:
    """Heights (n, n) in metres above mean sea level on a square azimuthal-equidistant grid centred on a site.

    n = 2 * half + 1; row 0 is the northernmost, column 0 the westernmost, cell (half, half) the site itself. Cell
    (i, j) lies east = (j - half) * cell_m and north = (half - i) * cell_m; its geodesic distance from the site is
    hypot(east, north), its true bearing there atan2(east, north). `outside_cells` lie outside the data and were taken
    as sea (0 m), `void_cells` are voids of the data that were filled. `note` says what the data do badly, `source`
    whose they are.
    """

    lat_rad: float
    lon_rad: float
    cell_m: float
    heights_m: Singles
    outside_cells: int
    void_cells: int
    name: str
    note: str
    source: str

    @property
    def half(self) -> int:
        """How many cells lie between the site's cell and the edge of the grid."""
        return int(self.heights_m.shape[0] - 1) // 2


def site_grid(
    terrain: terrain_.Terrain | None,
    lat_rad: float,
    lon_rad: float,
    *,
    range_max_m: float,
    cell_m: float,
    smooth_m: float = 0.0,
    site_anywhere: bool = False,
) -> SiteGrid:
    """Return the heights round a site to at least `range_max_m` in every direction, a cell every `cell_m`.

    Heights are bilinear between the terrain's cells; cells outside it are taken as sea and counted. `terrain=None` is a
    smooth earth at the height `smooth_m`. Raises UseError for lengths that cannot be, and for a site outside the
    terrain unless `site_anywhere`.

    >>> grid = site_grid(terrain_.load(), *np.radians([40.0789, 32.5656]), range_max_m=10_000.0, cell_m=1000.0)
    >>> grid.half, grid.heights_m.shape, float(grid.heights_m[10, 10].round())
    (10, (21, 21), 836.0)
    """
    half = _checked_half(lat_rad, lon_rad, range_max_m, cell_m)
    shape = (2 * half + 1, 2 * half + 1)
    if terrain is None:
        heights = np.full(shape, smooth_m, np.float32)
        return SiteGrid(float(lat_rad), float(lon_rad), float(cell_m), heights, 0, 0, "smooth earth", "", "")
    if not (site_anywhere or terrain_.contains(terrain, lat_rad, lon_rad)):
        place = f"{math.degrees(lat_rad):.4f} N, {math.degrees(lon_rad):.4f} E"
        raise UseError(f'site grid: the site {place} lies outside the terrain "{terrain.name}"')
    heights, outside_cells = _filled(terrain, lat_rad, lon_rad, cell_m * np.arange(-half, half + 1.0))
    return SiteGrid(
        float(lat_rad), float(lon_rad), float(cell_m), heights,
        outside_cells, 0, terrain.name, terrain.note, terrain.source,
    )  # fmt: skip


def cropped(grid: SiteGrid, range_max_m: float) -> SiteGrid:
    """Return the middle of a grid, to at least `range_max_m`; the grid itself where it reaches no farther.

    The counts of cells outside the data and of voids stay those of the whole.

    >>> cropped(site_grid(None, 0.7, 0.5, range_max_m=10_000.0, cell_m=1000.0), 2500.0).heights_m.shape
    (7, 7)
    """
    half = _checked_half(grid.lat_rad, grid.lon_rad, range_max_m, grid.cell_m)
    if half >= grid.half:
        return grid
    middle = slice(grid.half - half, grid.half + half + 1)
    return replace(grid, heights_m=np.ascontiguousarray(grid.heights_m[middle, middle]))


def grid_positions(lat_rad: float, lon_rad: float, east_m: ArrayLike, north_m: ArrayLike) -> tuple[Floats, Floats]:
    """Return latitude and longitude (n, e), radians, of the points at `north_m` (n,) by `east_m` (e,) round a site.

    The azimuthal-equidistant projection on the WGS-84 ellipsoid: a point's geodesic distance is hypot(east, north), its
    bearing atan2(east, north). Near a pole computed through unit vectors, which no pole upsets.

    >>> lat, lon = grid_positions(0.0, np.pi, [-111_319.490793, 0.0], [0.0])
    >>> np.degrees(lon).round(6).tolist()
    [[179.0, -180.0]]
    """

    reach = max(float(np.abs(value).max(initial=0.0)) for value in (np.asarray(east_m), np.asarray(north_m)))
    if far_from_poles(lat_rad, reach):
        lat, lon = _angles(lat_rad, lon_rad, east_m, north_m)
        return lat, _wrapped(lon)

    def vector(lat: Floats, lon: Floats) -> tuple[Floats, ...]:
        # Longitudes count from the site's own, so that a cell on the site's meridian loses nothing by rounding.
        apart = lon - lon_rad
        return np.cos(lat) * np.cos(apart), np.cos(lat) * np.sin(apart), np.sin(lat)

    x, y, z = interpolated_on_square(lat_rad, lon_rad, east_m, north_m, vector)
    return np.arctan2(z, np.sqrt(x * x + y * y)), _wrapped(np.arctan2(y, x) + lon_rad)


def interpolated_on_square(
    lat_rad: float,
    lon_rad: float,
    east_m: ArrayLike,
    north_m: ArrayLike,
    function: Callable[[Floats, Floats], tuple[Floats, ...]],
) -> tuple[Floats, ...]:
    """Return smooth functions of latitude and longitude (radians) at `north_m` (n,) by `east_m` (e,), each (n, e).

    `function` is asked only at a few hundred exact positions in the square round the site, and a polynomial through its
    values stands for it between them.

    >>> (height,) = interpolated_on_square(0.0, 0.0, [0.0], [111e3], lambda lat, lon: (1000.0 * lat,))
    >>> float(height[0, 0].round(3)) == float((1000.0 * geodesy.destination(0.0, 0.0, 0.0, 111e3)[0]).round(3))
    True
    """
    east, north = np.atleast_1d(np.asarray(east_m, np.float64)), np.atleast_1d(np.asarray(north_m, np.float64))
    reach = max(float(np.abs(east).max(initial=0.0)), float(np.abs(north).max(initial=0.0)), 1.0)
    nodes = -np.cos(np.pi * np.arange(_NODES) / (_NODES - 1))
    at_east, at_north = np.meshgrid(nodes * reach, nodes * reach)
    lat, lon = geodesy.destination(lat_rad, lon_rad, np.arctan2(at_east, at_north), np.hypot(at_east, at_north))
    across, down = _lagrange_basis(nodes, east / reach).T, _lagrange_basis(nodes, north / reach)
    return tuple(down @ (values @ across) for values in function(lat, lon))


def far_from_poles(lat_rad: float, reach_m: float) -> bool:
    """Return whether latitudes and longitudes so far round a place are as smooth as positions are.

    >>> far_from_poles(0.7, 600e3), far_from_poles(1.5, 600e3)
    (True, False)
    """
    return reach_m < _POLE_SHARE * (0.5 * math.pi - abs(lat_rad)) * EARTH_MEAN_RADIUS_M


def _filled(terrain: terrain_.Terrain, lat_rad: float, lon_rad: float, along_m: Floats) -> tuple[Singles, int]:
    """Return the heights (n, n) on the grid whose columns lie at `along_m`, and how many cells are outside."""
    from chainhome.earth import _terrain_kernels as kernels

    cells = np.ascontiguousarray(terrain.heights_m).view()
    cells.flags.writeable = False  # one compiled form serves all
    lattice = kernels.Lattice(terrain.north_deg, terrain.west_deg, terrain.step_deg)
    cell_m, n = float(along_m[1] - along_m[0]), along_m.size
    plain = far_from_poles(lat_rad, float(along_m[-1]))
    # The chord of a parallel or meridian between two positions lies this far from it in the middle.
    sag_m = (_STRIDE * cell_m) ** 2 / (4.0 * EARTH_MEAN_RADIUS_M * math.cos(lat_rad)) if plain else math.inf
    stride = _STRIDE if sag_m < _SAG_CELLS * cell_m else 1
    positions = _angles if plain else grid_positions
    places = along_m[0] + stride * cell_m * np.arange(-(-(n - 1) // stride) + 1.0)
    heights, outside = np.empty((n, n), np.float32), 0
    rows = max(1, _BLOCK_CELLS // n // stride) * stride
    for first in range(0, n, rows):
        some = places[first // stride : (first + rows) // stride + 1]
        lat, lon = positions(lat_rad, lon_rad, places, -some)
        outside += kernels.fill_heights(cells, lattice, lat, lon, stride, heights[first : first + rows])
    return heights, outside


def _angles(lat_rad: float, lon_rad: float, east_m: ArrayLike, north_m: ArrayLike) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes as `grid_positions` does, far from the poles, longitudes not wrapped."""

    def offset(lat: Floats, lon: Floats) -> tuple[Floats, ...]:
        return lat, np.mod(lon - lon_rad + np.pi, 2.0 * np.pi) - np.pi

    lat, apart = interpolated_on_square(lat_rad, lon_rad, east_m, north_m, offset)
    return lat, apart + lon_rad


def _wrapped(longitude_rad: Floats) -> Floats:
    """Return longitudes in [-pi, pi), of such as lie less than a turn beside."""
    turn = 2.0 * np.pi
    longitude_rad[longitude_rad >= np.pi] -= turn
    longitude_rad[longitude_rad < -np.pi] += turn
    return longitude_rad


def _lagrange_basis(nodes: Floats, at: Floats) -> Floats:
    """Return the weights (m, k) of values at the k Chebyshev nodes in the polynomial's values at `at` (m,)."""
    index = np.arange(nodes.size)
    weights = np.where(index % 2 == 0, 1.0, -1.0) * np.where((index == 0) | (index == index[-1]), 0.5, 1.0)
    apart = at[:, None] - nodes
    exact = apart == 0.0
    terms = weights / np.where(exact, 1.0, apart)  # the barycentric form of Lagrange's polynomial [berrut2004]
    terms = np.where(exact.any(axis=1, keepdims=True), exact, terms)
    return np.asarray(terms / terms.sum(axis=1, keepdims=True))


def _checked_half(lat_rad: float, lon_rad: float, range_max_m: float, cell_m: float) -> int:
    for name, value in (("range_max_m", range_max_m), ("cell_m", cell_m)):
        if not (math.isfinite(value) and value > 0.0):
            raise UseError(f"site grid: {name} = {value:g} must be positive and finite")
    if not (math.isfinite(lon_rad) and abs(lat_rad) <= 0.5 * math.pi + 1e-12):
        place = f"{math.degrees(lat_rad):g}, {math.degrees(lon_rad):g}"
        raise UseError(f"site grid: {place} degrees is not a latitude and longitude")
    cells = (2.0 * range_max_m / cell_m + 1.0) ** 2
    if cells > _MOST_CELLS:
        raise UseError(
            f"site grid: {cells:.2g} cells of {cell_m:g} m within {range_max_m / 1e3:g} km are more than"
            f" {_MOST_CELLS:.2g}; take larger cells or a shorter range"
        )
    return max(1, math.ceil(range_max_m / cell_m - 1e-9))

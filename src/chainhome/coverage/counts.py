"""Several sites on one grid: how many of them detect at each place."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.coverage.result import Bools, Counts, SiteCoverage
from chainhome.earth.site_grid import interpolated_on_square
from chainhome.errors import UseError

Floats = NDArray[np.float64]

MOST_CELLS = 16_000_000
FARTHEST_APART_M = 5_000_000.0


def count_sites(sites: tuple[SiteCoverage, ...]) -> Counts:
    """Return how many of the sites detect, on a grid round their middle in cells of the coarsest site's size."""
    lat, lon = _middle(sites)
    away = [float(earth.inverse(lat, lon, site.lat_rad, site.lon_rad)[0]) for site in sites]
    if not max(away) < FARTHEST_APART_M:
        raise UseError(
            f"sites lie farther than {FARTHEST_APART_M / 1e3:g} km from their middle: ask for them one by one"
        )
    reach = max(far + max(site.range_max_m, site.headline_m) for far, site in zip(away, sites, strict=True))
    cell = max(site.surface.grid.cell_m for site in sites)
    cell *= max(1.0, math.ceil(2.0 * reach / cell / math.sqrt(MOST_CELLS)))
    half = math.ceil(reach / cell)
    n = 2 * half + 1
    layers = len(sites[0].layers)
    by_layer = tuple(np.zeros((n, n), np.int8) for _ in range(layers))
    outside = np.ones((n, n), np.bool_)
    for site in sites:
        row, column, inside, in_claim = _cells_of(site, lat, lon, cell, half)
        outside &= ~in_claim
        for count, layer in zip(by_layer, site.layers, strict=True):
            count += inside & layer.detected[row, column]
    return Counts(lat, lon, cell, half, tuple(layer.height_m for layer in sites[0].layers), by_layer, outside)


def _middle(sites: tuple[SiteCoverage, ...]) -> tuple[float, float]:
    lat, lon = (np.array([getattr(site, name) for site in sites]) for name in ("lat_rad", "lon_rad"))
    x, y, z = (np.cos(lat) * np.cos(lon)).sum(), (np.cos(lat) * np.sin(lon)).sum(), np.sin(lat).sum()
    return float(np.arctan2(z, np.hypot(x, y))), float(np.arctan2(y, x))


def _cells_of(
    site: SiteCoverage, lat_rad: float, lon_rad: float, cell_m: float, half: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Bools, Bools]:
    """Return for each cell of the common grid the row and column of the site's nearest, and whether it is there at all.

    "There" is within the disc that was computed (row and column are those of the site's own cell where it is not), and
    then within that of the headline.
    """
    east, north = site_coordinates(site.lat_rad, site.lon_rad, lat_rad, lon_rad, cell_m * np.arange(-half, half + 1.0))
    grid = site.surface.grid
    away = np.hypot(east, north)
    inside = away <= site.range_max_m
    row = np.where(inside, np.rint(grid.half - north / grid.cell_m), grid.half).astype(np.intp)
    column = np.where(inside, np.rint(grid.half + east / grid.cell_m), grid.half).astype(np.intp)
    return row, column, inside, away <= site.headline_m


def site_coordinates(
    site_lat_rad: float, site_lon_rad: float, lat_rad: float, lon_rad: float, along_m: Floats
) -> tuple[Floats, Floats]:
    """Return east and north (n, n) on the grid of a site of the cells of another grid, whose rows run from the north.

    `along_m` (n,) are the cells' distances from that grid's middle, west to east and south to north.
    """

    def place(lat: Floats, lon: Floats) -> tuple[Floats, ...]:
        distance, bearing = earth.inverse(site_lat_rad, site_lon_rad, lat, lon)
        return distance * np.sin(bearing), distance * np.cos(bearing)

    east, north = interpolated_on_square(lat_rad, lon_rad, along_m, -along_m, place)
    return east, north

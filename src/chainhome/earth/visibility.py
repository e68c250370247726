"""What an antenna can see: the lowest visible altitude along every bearing, over terrain or a smooth earth.

In: a terrain grid (or none), a site and an antenna height. Out: a `Fan`, the `Surface` of the site read along bearings
(over a smooth earth, its closed form). Ranges are along the ground, at mean sea level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.earth import geodesy
from chainhome.earth import terrain as terrain_
from chainhome.earth.refraction import lowest_visible_altitude_m
from chainhome.earth.site_grid import SiteGrid, cropped, far_from_poles, site_grid
from chainhome.earth.surface import lowest_at, surface
from chainhome.errors import UseError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# A geodesic is analytic, so a polynomial through its exact positions at these many Chebyshev points is exact to
# a micrometre over 600 km (a test measures it) and costs a tenth of solving it at every sample.
_GEODESIC_NODES = 16

# Cells of a fan's grid for each cell of the terrain, where its edge is not more cells away than the second number. To
# 400 km over the shipped terrain a fan is then nearer to exact rays than rays with a sample every 500 m are.
_CELLS_PER_STEP, _MOST_CELLS_TO_EDGE = 8.0, 1620


@dataclass(frozen=True, eq=False)
class Fan:
    """The lowest visible altitude (b bearings, r ground ranges) of one antenna.

    `ranges_m` are arc lengths along the ground at mean sea level. `ground_m` is the terrain, `lowest_visible_m` the
    lowest altitude in view in the same vertical (never below the ground), both above mean sea level; it may be inf.
    `outside_share` is the share of samples outside the terrain grid: those were taken as sea, so the fan is optimistic
    there.
    """

    lat_rad: float
    lon_rad: float
    radius_m: float
    site_ground_m: float
    antenna_msl_m: float
    bearings_rad: Floats
    ranges_m: Floats
    ground_m: Floats
    lowest_visible_m: Floats
    ground_visible: Bools
    outside_share: float


def fan(
    terrain: terrain_.Terrain | None,
    lat_rad: float,
    lon_rad: float,
    antenna_above_ground_m: float,
    *,
    radius_m: float,
    range_max_m: float,
    bearings_rad: ArrayLike,
    range_step_m: float = 500.0,
    site_ground_m: float | None = None,
    grid: SiteGrid | None = None,
) -> Fan:
    """Return the lowest visible altitudes around a site along b bearings, a sample every `range_step_m`.

    `terrain=None` is a smooth earth at the height `site_ground_m` (default 0). With terrain, `site_ground_m` replaces
    the grid's height at the site. `bearings_rad` (b,) must increase within [0, 2 pi). The ground is the terrain's own;
    how much above it a sample is hidden comes from the `surface` on `grid`, which defaults to `fan_grid` of the site.
    Raises UseError for lengths that cannot be, and for a site outside the terrain whose height is not given.

    >>> sea = fan(None, 0.7, 0.57, 24.0, radius_m=8_494_678.36, range_max_m=402_000.0, bearings_rad=[0.0])
    >>> float(sea.lowest_visible_m[0, -1].round(0))
    8588.0
    """
    bearings = _checked_bearings(bearings_rad)
    for name, value in (("radius_m", radius_m), ("range_max_m", range_max_m), ("range_step_m", range_step_m)):
        if not (math.isfinite(value) and value > 0.0):
            raise UseError(f"visibility: {name} = {value:g} must be positive and finite")
    if not (math.isfinite(antenna_above_ground_m) and antenna_above_ground_m >= 0.0):
        raise UseError(f"visibility: antenna height = {antenna_above_ground_m:g} m must be 0 or more above the ground")
    site_m = _site_height(terrain, lat_rad, lon_rad, site_ground_m)
    antenna_m = site_m + antenna_above_ground_m
    ranges = range_step_m * np.arange(1.0, math.ceil(range_max_m / range_step_m - 1e-9) + 1.0)
    if terrain is None:
        ground, outside_share = np.full((bearings.size, ranges.size), site_m), 0.0
        # A plain is a larger sea, on which the same angles at the earth's centre are longer arcs.
        larger = radius_m + site_m
        above = lowest_visible_altitude_m(ranges / radius_m * larger, antenna_above_ground_m, larger)
        hidden = np.broadcast_to(above, ground.shape)
    else:
        ground, outside_share = _ground(terrain, lat_rad, lon_rad, tuple(bearings.tolist()), range_step_m, ranges.size)
        grid = fan_grid(terrain, lat_rad, lon_rad, float(ranges[-1])) if grid is None else cropped(grid, ranges[-1])
        swept = surface(grid, antenna_above_ground_m, radius_m=radius_m, site_ground_m=site_m)
        depth = np.subtract(swept.lowest_visible_m, grid.heights_m, out=swept.lowest_visible_m)
        hidden = lowest_at(replace(swept, lowest_visible_m=depth), bearings[:, None], ranges)
    lowest, ground_visible = ground + hidden, hidden <= 0.0
    return Fan(
        float(lat_rad), float(lon_rad), float(radius_m), site_m, antenna_m,
        bearings, ranges, ground, lowest, ground_visible, outside_share,
    )  # fmt: skip


def fan_grid(terrain: terrain_.Terrain, lat_rad: float, lon_rad: float, range_max_m: float) -> SiteGrid:
    """Return the grid on which `fan` looks round a site: an eighth of the terrain's cells, or larger ones.

    >>> round(fan_grid(terrain_.load(), *np.radians([40.0789, 32.5656]), 10_000.0).cell_m)
    232
    """
    cell_m = math.radians(terrain.step_deg) * EARTH_MEAN_RADIUS_M / _CELLS_PER_STEP
    cell_m = max(cell_m, range_max_m / _MOST_CELLS_TO_EDGE)
    return site_grid(terrain, lat_rad, lon_rad, range_max_m=range_max_m, cell_m=cell_m, site_anywhere=True)


def visible(fan: Fan, azimuth_rad: ArrayLike, ground_range_m: ArrayLike, altitude_msl_m: ArrayLike) -> Bools:
    """Return whether points at an azimuth, ground range and altitude above mean sea level (broadcast) are in view.

    The fan's lowest visible altitude is taken bilinearly between its bearings and samples, and from the site's ground
    to the first sample; the fan should cover the circle, since the widest gap between bearings is interpolated too.
    Beyond the last sample nothing is in view.

    >>> sea = fan(None, 0.7, 0.57, 24.0, radius_m=8_494_678.36, range_max_m=100_000.0, bearings_rad=[0.0, 3.0])
    >>> visible(sea, 0.1, [61_000.0, 62_000.0, 101_000.0], 100.0).tolist()
    [True, False, False]
    """
    azimuth, ground_range, altitude = np.broadcast_arrays(
        *(np.asarray(value, np.float64) for value in (azimuth_rad, ground_range_m, altitude_msl_m))
    )
    place_b, row, next_row = _bearing_place(fan.bearings_rad, azimuth)
    last = fan.ranges_m.size - 1
    known = (ground_range >= 0.0) & (ground_range <= fan.ranges_m[last])
    place_r = np.where(known, ground_range, 0.0) / fan.ranges_m[0]  # 0 at the site, k + 1 at sample k
    far = np.minimum(place_r.astype(np.intp), last)
    near = np.maximum(far - 1, 0)
    table = fan.lowest_visible_m
    with np.errstate(invalid="ignore"):  # between two samples that nothing reaches: inf - inf, never in view
        at_near = table[row, near] + (table[next_row, near] - table[row, near]) * place_b
        at_far = table[row, far] + (table[next_row, far] - table[row, far]) * place_b
        at_near = np.where(far > 0, at_near, fan.site_ground_m)
        lowest = at_near + (at_far - at_near) * (place_r - far)
    return np.asarray(known & (altitude >= lowest))


def first_lost_m(seen: ArrayLike, ranges_m: ArrayLike, gap_m: float = 5000.0) -> Floats:
    """Return for each bearing (b,) the last range seen before the target is lost for more than `gap_m`.

    `seen` is (b, r), `ranges_m` (r,) increasing. Shorter gaps are bridged. Where it is never lost for so long, the
    farthest sample seen; where it is not seen from the start, 0. Ranges are those of samples: up to one step short.

    >>> seen = [[True, True, False, True, False, False, False, True]]
    >>> first_lost_m(seen, 1000.0 * np.arange(1, 9), gap_m=2000.0).tolist()
    [4000.0]
    """
    seen_, ranges = np.asarray(seen, np.bool_), np.asarray(ranges_m, np.float64)
    last_seen = np.maximum.accumulate(np.where(seen_, ranges, 0.0), axis=1)
    lost = ranges - last_seen > gap_m
    index = np.where(lost.any(axis=1), lost.argmax(axis=1), ranges.size - 1)
    return np.asarray(last_seen[np.arange(index.size), index])


def farthest_m(seen: ArrayLike, ranges_m: ArrayLike) -> Floats:
    """Return for each bearing (b,) the farthest range of `ranges_m` (r,) at which `seen` (b, r) is true; 0 = nowhere.

    >>> farthest_m([[True, False, True, False]], [1.0, 2.0, 3.0, 4.0]).tolist()
    [3.0]
    """
    return np.asarray(np.where(seen, np.asarray(ranges_m, np.float64), 0.0).max(axis=1, initial=0.0))


def _bearing_place(bearings: Floats, azimuth: Floats) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Return how far (0 to 1) each azimuth lies between two neighbouring bearings, and the rows of the two."""
    turn = 2.0 * np.pi
    azimuth = np.mod(azimuth, turn)
    after = np.searchsorted(bearings, azimuth, side="right")
    row, next_row = (after - 1) % bearings.size, after % bearings.size
    gap = np.mod(bearings[next_row] - bearings[row], turn)
    gap = np.where(gap > 0.0, gap, turn)  # a single bearing is its own neighbour
    return np.mod(azimuth - bearings[row], turn) / gap, row, next_row


def _checked_bearings(bearings_rad: ArrayLike) -> Floats:
    bearings = np.array(bearings_rad, np.float64, ndmin=1)
    fits = bearings.ndim == 1 and bearings.size and bearings[0] >= 0.0 and bearings[-1] < 2.0 * np.pi
    if not (fits and np.all(np.diff(bearings) > 0.0)):
        raise ValueError("bearings_rad must be a list of at least one angle that increases within [0, 2 pi)")
    return bearings


def _site_height(
    terrain: terrain_.Terrain | None, lat_rad: float, lon_rad: float, site_ground_m: float | None
) -> float:
    if site_ground_m is not None:
        return float(site_ground_m)
    if terrain is None:
        return 0.0
    height = float(terrain_.height_m(terrain, lat_rad, lon_rad))
    if math.isnan(height):
        place = f"{math.degrees(lat_rad):.4f} N, {math.degrees(lon_rad):.4f} E"
        raise UseError(f'visibility: site {place} lies outside the terrain "{terrain.name}"; give its height')
    return height


@lru_cache(maxsize=2)
def _ground(
    terrain: terrain_.Terrain, lat_rad: float, lon_rad: float, bearings: tuple[float, ...], step_m: float, samples: int
) -> tuple[Floats, float]:
    """Return the ground (b, samples) along bearings, and the share of it outside the terrain, which is sea.

    The ends of a claim ask for the same ground, so that of the last two questions is kept.
    """
    ranges = step_m * np.arange(1.0, samples + 1.0)
    ground = terrain_.height_m(terrain, *_geodesic_samples(lat_rad, lon_rad, np.array(bearings), ranges))
    outside = np.isnan(ground)
    ground[outside] = 0.0
    ground.flags.writeable = False
    return ground, float(outside.mean())


def _geodesic_samples(lat_rad: float, lon_rad: float, bearings: Floats, ranges: Floats) -> tuple[Floats, Floats]:
    """Return latitude and longitude (b, r) of samples along geodesics; near a pole through unit vectors."""
    index = np.arange(_GEODESIC_NODES)
    nodes = 0.5 * (1.0 - np.cos(np.pi * index / (_GEODESIC_NODES - 1)))
    weights = np.where(index % 2 == 0, 1.0, -1.0) * np.where((index == 0) | (index == index[-1]), 0.5, 1.0)
    apart = ranges[:, None] / ranges[-1] - nodes
    exact = apart == 0.0
    terms = weights / np.where(exact, 1.0, apart)  # the barycentric form of Lagrange's polynomial [berrut2004]
    terms = np.where(exact.any(axis=1, keepdims=True), exact, terms)
    basis = (terms / terms.sum(axis=1, keepdims=True)).T
    lat, lon = geodesy.destination(lat_rad, lon_rad, bearings[:, None], nodes * ranges[-1])
    if far_from_poles(lat_rad, float(ranges[-1])):
        apart = np.mod(lon - lon_rad + np.pi, 2.0 * np.pi) - np.pi
        return lat @ basis, apart @ basis + lon_rad
    x, y, z = (np.cos(lat) * np.cos(lon)) @ basis, (np.cos(lat) * np.sin(lon)) @ basis, np.sin(lat) @ basis
    return np.arctan2(z, np.sqrt(x * x + y * y)), np.arctan2(y, x)

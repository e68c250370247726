"""The ground under every map: land, hills, coast, borders, a scale bar, cities that give way to what matters more.

In come a centre, an extent and matplotlib axes; out come axes in kilometres east and north of the centre. The
projection is azimuthal equidistant about the centre: distances and bearings from it are true, because each point is
placed by the geodesic from the centre on the WGS-84 ellipsoid [snyder1987].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.report import labels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]
BLANK = "#fafaf8"  # where no ground is drawn
UNKNOWN = "#d9d9d7"
"""Ground of which no shapes are shipped."""
TERRAIN_LINE = "Terrain: SRTM30_PLUS at 1 arc-minute; it clips peaks by up to 1 km, so what hills hide is too little."


@dataclass(frozen=True)
class Extent:
    """What a map shows, in kilometres east and north of its centre."""

    west_km: float
    east_km: float
    south_km: float
    north_km: float


def polar_xy(bearing_rad: ArrayLike, distance_km: ArrayLike) -> tuple[Floats, Floats]:
    """Return kilometres east and north of a point at a bearing from true north and a distance, of any equal shape.

    >>> x, y = polar_xy(np.pi / 2, 100.0)
    >>> round(float(x), 6), round(float(y), 6)
    (100.0, 0.0)
    """
    b, d = np.asarray(bearing_rad, np.float64), np.asarray(distance_km, np.float64)
    return d * np.sin(b), d * np.cos(b)


def project(lat_deg: ArrayLike, lon_deg: ArrayLike, centre_deg: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return kilometres east and north on the map of points in degrees, shape (n,); centre is (lat, lon) [snyder1987].

    >>> x, y = project([41.0], [32.5], (40.0, 32.5))
    >>> round(float(x[0]), 6), round(float(y[0]), 1)
    (0.0, 111.0)
    """
    from chainhome.earth.geodesy import inverse

    lat0, lon0 = np.radians(centre_deg)
    distance_m, bearing = inverse(lat0, lon0, np.radians(lat_deg), np.radians(lon_deg))
    return polar_xy(bearing, np.where(np.asarray(distance_m) > 0, distance_m, 0.0) / 1000.0)


def unproject_grid(x_km: Floats, y_km: Floats, centre_deg: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return latitude and longitude in radians, shape (ny, nx), of a regular grid of map points.

    The geodesic is solved on 49 x 49 knots and interpolated: over 1,000 km the error stays below a terrain cell.
    """
    from chainhome.earth.geodesy import destination

    knots = 49
    kx, ky = np.linspace(x_km[0], x_km[-1], knots), np.linspace(y_km[0], y_km[-1], knots)
    gx, gy = np.meshgrid(kx, ky)
    lat0, lon0 = np.radians(centre_deg)
    lat, lon = destination(lat0, lon0, np.arctan2(gx, gy), 1000.0 * np.hypot(gx, gy))

    def weights(points: Floats, nodes: Floats) -> Floats:
        return np.array([np.interp(points, nodes, row) for row in np.eye(knots)]).T

    wx, wy = weights(x_km, kx), weights(y_km, ky)
    return wy @ np.asarray(lat) @ wx.T, wy @ np.asarray(lon) @ wx.T


def shaded_hills(extent: Extent, centre_deg: tuple[float, float], pixels: int = 760) -> Floats | None:
    """Return an RGBA image (rows, cols, 4) of the hills, south row first, lit from the north-west.

    Sea and places outside the terrain are transparent; where all are outside, None.
    """
    from chainhome.earth import terrain

    wide, high = extent.east_km - extent.west_km, extent.north_km - extent.south_km
    step = max(wide, high) / pixels
    x = np.arange(extent.west_km + step / 2, extent.east_km, step)
    y = np.arange(extent.south_km + step / 2, extent.north_km, step)
    height_m = np.asarray(terrain.height_m(terrain.load(), *unproject_grid(x, y, centre_deg)), np.float64)
    if not np.isfinite(height_m).any():
        return None
    return hill_shading(height_m, step)


def hill_shading(height_m: Floats, step_km: float) -> Floats:
    """Return an RGBA image (rows, cols, 4) of heights in metres, south row first, a cell every `step_km`.

    Lit from the north-west; transparent where a height is NaN and, as sea, where it is not above 0.5 m.
    """
    known = np.isfinite(height_m)
    filled = np.where(known, height_m, 0.0)
    north, east = np.gradient(filled, 1000.0 * step_km)
    exaggeration = 9.0 * np.sqrt(step_km / 0.5)
    light = (east - north) * exaggeration / np.sqrt(2.0)
    shade = light / np.sqrt(1.0 + light**2 + (north + east) ** 2 * exaggeration**2 / 2.0)
    image = np.zeros((*filled.shape, 4))
    image[..., :3] = np.where(shade[..., None] > 0, 1.0, np.array([0.33, 0.29, 0.24]))
    tint = 0.10 * np.clip(filled / 2500.0, 0.0, 1.0)
    image[..., 3] = np.where(shade > 0, 0.55 * shade, np.clip(-0.42 * shade + tint, 0.0, 0.6))
    image[..., 3] *= known & (filled > 0.5)
    return image


def shapes_cover(extent: Extent, centre_deg: tuple[float, float]) -> float:
    """Return the share of a map, 0 to 1, that lies where the shipped coast, borders and cities are.

    >>> everywhere = Extent(-400.0, 400.0, -400.0, 400.0)
    >>> shapes_cover(everywhere, (40.0, 32.5)), shapes_cover(everywhere, (64.0, -20.0))
    (1.0, 0.0)
    """
    from chainhome.earth.shapes import load_shapes
    from chainhome.earth.site_grid import grid_positions

    shapes = load_shapes()
    x, y = np.linspace(extent.west_km, extent.east_km, 33), np.linspace(extent.south_km, extent.north_km, 33)
    lat0, lon0 = np.radians(centre_deg)
    lat, lon = np.degrees(grid_positions(lat0, lon0, 1000.0 * x, 1000.0 * y))
    inside = (lat >= shapes.south_deg) & (lat <= shapes.north_deg)
    return float(np.mean(inside & (lon >= shapes.west_deg) & (lon <= shapes.east_deg)))


def region_sentence(extent: Extent, centre_deg: tuple[float, float]) -> str:
    """Return what to say of a map that reaches beyond the shipped shapes; empty where they cover all of it.

    >>> region_sentence(Extent(-50.0, 50.0, -50.0, 50.0), (64.0, -20.0))
    'No coast, borders or cities are drawn: the shipped shapes cover 28-50 N, 18-52 E.'
    """
    from chainhome.earth.shapes import load_shapes

    share = shapes_cover(extent, centre_deg)
    if share == 1.0:
        return ""
    shapes = load_shapes()
    region = f"{shapes.south_deg:.0f}-{shapes.north_deg:.0f} N, {shapes.west_deg:.0f}-{shapes.east_deg:.0f} E"
    if share == 0.0:
        return f"No coast, borders or cities are drawn: the shipped shapes cover {region}."
    return f"Grey: beyond the shipped coast, borders and cities ({region})."


def draw_known_region(axes: Axes, extent: Extent, centre_deg: tuple[float, float]) -> bool:
    """Draw the ground of a map that may reach beyond the shipped shapes, without hills; tell whether any are there.

    Where there are no shapes the map is grey, neither sea nor land.
    """
    from matplotlib.patches import Polygon

    from chainhome.earth.shapes import load_shapes

    share = shapes_cover(extent, centre_deg)
    draw_ground(axes, extent, centre_deg, hills=False, shapes=share > 0.0)
    if share < 1.0:
        axes.set_facecolor(UNKNOWN)
    if 0.0 < share < 1.0:
        shapes = load_shapes()
        lon = np.linspace(shapes.west_deg, shapes.east_deg, 100)
        lat = np.linspace(shapes.south_deg, shapes.north_deg, 100)
        edge_lon = np.concatenate([lon, np.full(100, lon[-1]), lon[::-1], np.full(100, lon[0])])
        edge_lat = np.concatenate([np.full(100, lat[0]), lat, np.full(100, lat[-1]), lat[::-1]])
        edge = np.column_stack(project(edge_lat, edge_lon, centre_deg))
        axes.add_patch(Polygon(edge, closed=True, facecolor=style.SEA, edgecolor="none", zorder=0.5))
    return share > 0.0


def draw_frame(axes: Axes, extent: Extent, colour: str = BLANK) -> None:
    """Fix the limits of a map without a scale on its edges, with nothing on it but a colour."""
    axes.set_facecolor(colour)
    axes.set_xlim(extent.west_km, extent.east_km)
    axes.set_ylim(extent.south_km, extent.north_km)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_edgecolor(style.FAINT)


def draw_ground(
    axes: Axes, extent: Extent, centre_deg: tuple[float, float], *, hills: bool = True, shapes: bool = True
) -> None:
    """Draw sea, land, hills, coast and borders (unless `shapes` is false) into the axes and fix their limits."""
    from matplotlib.collections import LineCollection, PolyCollection

    from chainhome.earth.shapes import load_shapes

    draw_frame(axes, extent, style.SEA)
    drawn = load_shapes() if shapes else None
    land = _projected(drawn.land, centre_deg) if drawn else []
    axes.add_collection(PolyCollection(land, facecolor=style.LAND, edgecolor="none", zorder=1), autolim=False)
    image = shaded_hills(extent, centre_deg) if hills else None
    if image is not None:
        box = (extent.west_km, extent.east_km, extent.south_km, extent.north_km)
        axes.imshow(image, extent=box, origin="lower", zorder=2, interpolation="bilinear", aspect="equal")
    coast = LineCollection(
        _projected(drawn.coast, centre_deg) if drawn else [], colors="#8fa3b3", linewidths=0.6, zorder=3
    )
    borders = LineCollection(
        _projected(drawn.borders, centre_deg) if drawn else [],
        colors="#8a8178",
        linewidths=0.7,
        linestyles=(0, (4, 2)),
        zorder=3,
    )
    axes.add_collection(coast, autolim=False)
    axes.add_collection(borders, autolim=False)


def _projected(lines: tuple[Floats, ...], centre_deg: tuple[float, float]) -> list[Floats]:
    if not lines:
        return []
    joined = np.concatenate(lines)
    points = np.column_stack(project(joined[:, 1], joined[:, 0], centre_deg))
    return list(np.split(points, np.cumsum([len(line) for line in lines])[:-1]))


def draw_scale_bar(axes: Axes, extent: Extent, taken: list[labels.Box]) -> None:
    """Draw a bar of a round length in the lower left corner."""
    wide = extent.east_km - extent.west_km
    length = max(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if step <= max(wide * 0.19, 1))
    x0 = extent.west_km + 0.035 * wide
    y0 = extent.south_km + 0.035 * wide
    axes.plot([x0, x0 + length], [y0, y0], color=style.INK, lw=2.4, zorder=9, solid_capstyle="butt")
    text = axes.text(x0, y0 + 0.012 * wide, f"{length} km", size=8, zorder=9, va="bottom", path_effects=style.halo())
    taken.append(labels.box_of(text))
    taken.append(labels.Box(*axes.transData.transform((x0, y0 - 5)), *axes.transData.transform((x0 + length, y0 + 5))))


def draw_cities(
    axes: Axes,
    extent: Extent,
    centre_deg: tuple[float, float],
    taken: list[labels.Box],
    lines: list[Floats],
    most: int = 16,
) -> None:
    """Name the most important cities that find a free place among the boxes and lines already drawn."""
    from matplotlib.transforms import IdentityTransform

    from chainhome.earth.shapes import load_cities

    cities = load_cities()
    x, y = project(cities.lat_deg, cities.lon_deg, centre_deg)
    margin = 0.02 * (extent.east_km - extent.west_km)
    inside = (x > extent.west_km + margin) & (x < extent.east_km - margin)
    inside &= (y > extent.south_km + margin) & (y < extent.north_km - margin)
    drawn = 0
    points = labels.line_points(axes, lines)
    for row in np.flatnonzero(inside):
        if drawn == most:
            break
        size = 8.0 if cities.rank[row] == 1 else 7.2
        box, anchor = labels.beside_point(axes, (x[row], y[row]), str(cities.name[row]), size, taken, points)
        if box is None:
            continue
        axes.plot(x[row], y[row], "o", ms=2.6, color=style.INK, mec="white", mew=0.5, zorder=6)
        axes.text(
            *anchor, cities.name[row], size=size, color="#3d4450", zorder=6, va="center", path_effects=style.halo(1.8),
            transform=IdentityTransform(),
        )  # fmt: skip
        taken.append(box)
        drawn += 1

"""The map of `reach`: one contour of detection for each height beside the ring of the published claim.

In comes a reach result; out comes a figure. A contour shows, bearing by bearing, where the target at that height is
first lost; it is drawn at the very ranges of the result, on a projection in which they are true (see `base_map`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.report import base_map, labels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.reach.result import ReachResult

Floats = NDArray[np.float64]
ZOOM_ASPECT = 1.9


class Ring(NamedTuple):
    """The contour of one height: text, colour, all of it, shape (k, 2), and the part that the radar watches."""

    text: str
    colour: str
    xy: Floats
    watched: Floats


def contour_xy(bearings_rad: Floats, by_bearing_km: Floats) -> Floats:
    """Return the contour, shape (b + 1, 2), closed if the bearings go all round; NaN where nothing is seen.

    >>> contour_xy(np.radians([0.0, 90.0, 180.0, 270.0]), np.array([10.0, 20.0, 10.0, 20.0])).round(3)[1].tolist()
    [20.0, 0.0]
    """
    points = np.column_stack(base_map.polar_xy(bearings_rad, by_bearing_km))
    steps = np.diff(bearings_rad)
    gap = 2 * np.pi - (bearings_rad[-1] - bearings_rad[0])
    closes = bool(len(steps)) and gap < 1.5 * float(np.median(steps))
    return np.concatenate([points, points[:1] if closes else np.full((1, 2), np.nan)])


def watched_xy(bearings_rad: Floats, by_bearing_km: Floats, sector_deg: float) -> Floats:
    """Return the part of a contour inside a sector about north, shape (k, 2), clockwise from edge to edge.

    >>> watched_xy(np.radians([0.0, 90.0, 180.0, 270.0]), np.array([10.0, 20.0, 30.0, 40.0]), 180.0).round(1).tolist()
    [[-40.0, 0.0], [0.0, 10.0], [20.0, 0.0]]
    """
    half = np.radians(sector_deg) / 2
    bearing = np.mod(bearings_rad + np.pi, 2 * np.pi) - np.pi
    inside = np.sort(bearing[np.abs(bearing) < half - 1e-9])
    at = np.concatenate([[-half], inside, [half]])
    return np.column_stack(base_map.polar_xy(at, np.interp(at, bearings_rad, by_bearing_km, period=2 * np.pi)))


def _ring(text: str, colour: str, bearings_rad: Floats, reach_km: Floats, sector_deg: float | None) -> Ring:
    if len(bearings_rad) == 1:  # over a smooth earth one bearing stands for all
        bearings_rad, reach_km = np.radians(np.arange(360.0)), np.full(360, reach_km[0])
    xy = contour_xy(bearings_rad, reach_km)
    return Ring(text, colour, xy, xy if sector_deg is None else watched_xy(bearings_rad, reach_km, sector_deg))


def _rings(result: ReachResult) -> list[Ring]:
    colours = style.height_colours(len(result.rows))
    rings = []
    for row, colour in zip(result.rows, colours, strict=True):
        reach = np.asarray(row.detect.by_bearing_km, np.float64)
        if not np.any(reach > 0):
            continue
        text = f"{style.height_text(row.altitude_m)}: {style.distance_text(row.detect.range_km)}"
        rings.append(_ring(text, colour, np.asarray(result.bearings_rad, np.float64), reach, result.sector_deg))
    return rings


def _extent(result: ReachResult, rings: list[Ring]) -> base_map.Extent:
    farthest = [float(np.nanmax(np.hypot(*ring.xy.T))) for ring in rings]
    claim = [float(value) for value in (result.claim_km, result.claim_high_km) if style.known(value)]
    half = 1.07 * max([*farthest, *claim, 20.0])
    return base_map.Extent(-half, half, -half, half)


def _draw_claim(axes: Axes, result: ReachResult) -> Ring:
    """Draw the headline ring and the band of the published figures; return the ring."""
    bearing = np.linspace(0.0, 2 * np.pi, 361)
    text = f"claim: {style.distance_text(result.claim_km)}"
    ring = _ring(text, style.CLAIM, bearing[:-1], np.full(360, result.claim_km), result.sector_deg)
    low, high = result.claim_low_km, result.claim_high_km
    if style.known(low) and style.known(high) and high - low > 1.0:
        outer = np.column_stack(base_map.polar_xy(bearing, np.full_like(bearing, high)))
        inner = np.column_stack(base_map.polar_xy(bearing[::-1], np.full_like(bearing, low)))
        axes.fill(*np.concatenate([outer, inner]).T, color="#3a3f4a", alpha=0.09, lw=0, zorder=3.5)
    axes.plot(*ring.xy.T, color="white", lw=3.2, zorder=4, alpha=0.8)
    axes.plot(*ring.xy.T, color=style.CLAIM, lw=1.5, ls=(0, (6, 2.5)), zorder=4.1)
    return ring


def _draw_sector(axes: Axes, result: ReachResult, rings: list[Ring]) -> list[Floats]:
    """Draw the edges of a sector about north, out to the claim or the farthest contour; return them."""
    if result.sector_deg is None:
        return []
    reach = [float(np.nanmax(np.hypot(*ring.xy.T))) for ring in rings]
    radius = max([*reach, result.claim_km if style.known(result.claim_km) else 0.0])
    half = np.radians(result.sector_deg) / 2
    edges = [np.column_stack(base_map.polar_xy(np.full(2, edge), np.array([0.0, radius]))) for edge in (-half, half)]
    for edge in edges:
        axes.plot(*edge.T, color=style.INK, lw=0.8, zorder=4.6)
    return edges


def _caption(result: ReachResult) -> str:
    place = {"ground": "above the ground beneath it", "sea level": "above sea level"}.get(result.altitude_reference)
    heights = f"at each height {place}" if place else "on its ballistic trajectory"
    target = style.with_article(result.target_name)
    about = (
        f"Solid lines: where {target} {heights} is first lost for more than 5 km, bearing by bearing, to "
        f"{result.search_radar_name}, preset {result.preset}, single-scan Pd {result.detection_probability:g}; the "
        f"number is the median over {'bearings' if result.sector_deg is None else 'all bearings'}."
    )
    if result.sector_deg is not None:
        about += (
            f" The radar watches {result.sector_deg:.0f}° at a time and sees nothing outside: it is drawn looking "
            "north; it can be turned, and the thin dashes show where each contour would lie if turned there."
        )
    if style.known(result.claim_km):
        about += " Black dashes: the published range, grey its published spread."
    ground = "Smooth earth, no terrain." if result.smooth else base_map.TERRAIN_LINE
    marks = "Distances and bearings from the site are true. Coast: Natural Earth."
    return f"{about} {ground} {marks} {style.source_line(result.sources)}"


def _draw_rings(axes: Axes, rings: list[Ring]) -> None:
    for ring in rings:
        if ring.watched is not ring.xy:
            axes.plot(*ring.xy.T, color=ring.colour, lw=0.7, ls=(0, (3, 2.5)), alpha=0.5, zorder=4.8)
        axes.plot(*ring.watched.T, color="white", lw=2.6, alpha=0.75, zorder=5)
        axes.plot(*ring.watched.T, color=ring.colour, lw=1.4, zorder=5.1)


def _write_rings(axes: Axes, rings: list[Ring], taken: list[labels.Box], edges: list[Floats]) -> None:
    """Write each ring's text where the radar watches, or on the rest of the ring where there is no room."""
    named = [(ring.text, ring.colour, ring.watched) for ring in rings]
    labels.write_on_lines(axes, named, taken, wholes=[ring.xy for ring in rings] if edges else (), obstacles=edges)


def _draw_site(axes: Axes) -> list[labels.Box]:
    axes.plot(0, 0, marker="^", ms=7, color=style.INK, mec="white", mew=0.8, zorder=7)
    x, y = axes.transData.transform((0.0, 0.0))
    return [labels.Box(x - 12, y - 12, x + 12, y + 12)]


def _near(rings: list[Ring], half_km: float) -> list[Ring]:
    """Return the rings too small to read on a map that reaches `half_km`: several small ones, or a very small one."""
    radii = [float(np.nanmedian(np.hypot(*ring.xy.T))) for ring in rings]
    near = [ring for ring, radius in zip(rings, radii, strict=True) if radius < 0.13 * half_km]
    return near if len(near) > 1 or (near and min(radii) < 0.07 * half_km) else []


def _near_extent(near: list[Ring]) -> base_map.Extent:
    """Return an extent twice as wide as high that holds nine tenths of the largest of the small rings."""
    high = 1.1 * max(float(np.nanpercentile(np.abs(ring.xy[:, 1]), 92)) for ring in near)
    wide = 1.1 * max(float(np.nanpercentile(np.abs(ring.xy[:, 0]), 92)) for ring in near)
    half = max(high, wide / ZOOM_ASPECT, 4.0)
    return base_map.Extent(-ZOOM_ASPECT * half, ZOOM_ASPECT * half, -half, half)


def _draw_whole(axes: Axes, result: ReachResult, rings: list[Ring], extent: base_map.Extent) -> None:
    centre = (float(result.lat_deg), float(result.lon_deg))
    base_map.draw_ground(axes, extent, centre, hills=not result.smooth)
    near = _near(rings, extent.east_km)
    named = [ring for ring in rings if all(ring is not other for other in near)]
    if style.known(result.claim_km):
        named.append(_draw_claim(axes, result))
    edges = _draw_sector(axes, result, rings)
    _draw_rings(axes, rings)
    taken = _draw_site(axes)
    lines = [*(ring.xy for ring in [*rings, *named]), *edges]
    if near:
        zoom = _near_extent(near)
        corners = np.array([[zoom.west_km, zoom.south_km], [zoom.east_km, zoom.north_km]])
        (x0, y0), (x1, y1) = corners
        axes.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=style.INK, lw=0.8, zorder=6)
        taken.append(labels.Box(*axes.transData.transform(corners).ravel()))
    base_map.draw_scale_bar(axes, extent, taken)
    _write_rings(axes, named, taken, edges)
    base_map.draw_cities(axes, extent, centre, taken, lines)


def _draw_zoom(axes: Axes, result: ReachResult, rings: list[Ring], half_km: float) -> None:
    near = _near(rings, half_km)
    extent = _near_extent(near)
    centre = (float(result.lat_deg), float(result.lon_deg))
    base_map.draw_ground(axes, extent, centre, hills=not result.smooth)
    edges = _draw_sector(axes, result, rings)
    _draw_rings(axes, rings)
    taken = _draw_site(axes)
    base_map.draw_scale_bar(axes, extent, taken)
    _write_rings(axes, near + [ring for ring in rings if all(ring is not other for other in near)], taken, edges)
    base_map.draw_cities(axes, extent, centre, taken, [*(ring.xy for ring in rings), *edges], most=6)


def draw_reach_map(result: ReachResult) -> Figure:
    """Return the map of a reach result: contours of detection by height, the claim, hills, coast and cities.

    Contours too small to read get a second, nearer map below the first.
    """
    rings = _rings(result)
    extent = _extent(result, rings)
    near = _near(rings, extent.east_km)
    inner = style.WIDTH_IN - 2 * style.MARGIN_IN
    zoom_in = inner / ZOOM_ASPECT if near else 0.0
    gap_in = 0.3 if near else 0.0
    with style.look():
        target = style.with_article(result.target_name)
        claimed = f", claimed {style.distance_text(result.claim_km)}" if style.known(result.claim_km) else ""
        title = f"{result.system_name}{claimed}: where it detects {target}"
        mast = f"antenna {result.antenna_m:.0f} m above the ground"
        subtitle = f"Site {result.site_name} ({result.lat_deg:.3f}°, {result.lon_deg:.3f}°), {mast}"
        frame = style.framed(title, subtitle, _caption(result), inner + gap_in + zoom_in)
        _draw_whole(frame.axes(0, zoom_in + gap_in, 0, 0), result, rings, extent)
        if near:
            axes = frame.axes(0, 0, 0, inner + gap_in)
            axes.set_title("The box above, nearer", loc="left", size=9, weight="bold", pad=4)
            _draw_zoom(axes, result, rings, extent.east_km)
        return frame.figure

"""The map of `reach`: one contour of detection for each height beside the ring of the published claim.

In comes a reach result; out comes a figure. A contour shows, bearing by bearing, where the target at that height is
first lost; it is drawn at the very ranges of the result, on a projection in which they are true (see `base_map`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainhome.report import base_map, labels, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.reach.result import ReachResult

Floats = NDArray[np.float64]
ZOOM_ASPECT = 1.9


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


def _rings(result: ReachResult) -> list[tuple[str, str, Floats]]:
    colours = style.height_colours(len(result.rows))
    rings = []
    for row, colour in zip(result.rows, colours, strict=True):
        reach = np.asarray(row.detect.by_bearing_km, np.float64)
        if not np.any(reach > 0):
            continue
        text = f"{style.height_text(row.altitude_m)}: {style.km_text(row.detect.range_km)}"
        rings.append((text, colour, contour_xy(np.asarray(result.bearings_rad), reach)))
    return rings


def _extent(result: ReachResult, rings: list[tuple[str, str, Floats]]) -> base_map.Extent:
    farthest = [float(np.nanmax(np.hypot(*xy.T))) for _, _, xy in rings]
    claim = [float(result.claim_km)] if style.known(result.claim_km) else []
    half = 1.07 * max([*farthest, *claim, 20.0])
    return base_map.Extent(-half, half, -half, half)


def _draw_claim(axes: Axes, result: ReachResult) -> Floats:
    """Draw the headline ring and the band of the published figures; return the ring."""
    bearing = np.linspace(0.0, 2 * np.pi, 361)
    ring = np.column_stack(base_map.polar_xy(bearing, np.full_like(bearing, result.claim_km)))
    low, high = result.claim_low_km, result.claim_high_km
    if style.known(low) and style.known(high) and high - low > 1.0:
        outer = np.column_stack(base_map.polar_xy(bearing, np.full_like(bearing, high)))
        inner = np.column_stack(base_map.polar_xy(bearing[::-1], np.full_like(bearing, low)))
        axes.fill(*np.concatenate([outer, inner]).T, color="#3a3f4a", alpha=0.09, lw=0, zorder=3.5)
    axes.plot(*ring.T, color="white", lw=3.2, zorder=4, alpha=0.8)
    axes.plot(*ring.T, color=style.CLAIM, lw=1.5, ls=(0, (6, 2.5)), zorder=4.1)
    return ring


def _draw_sector(axes: Axes, result: ReachResult, radius_km: float) -> None:
    if result.sector_deg is None:
        return
    seen = np.any([np.asarray(row.detect.by_bearing_km) > 0 for row in result.rows], axis=0)
    edges = np.flatnonzero(seen != np.roll(seen, 1))
    for edge in edges:
        x, y = base_map.polar_xy(result.bearings_rad[edge], np.array([0.0, radius_km]))
        axes.plot(x, y, color=style.QUIET, lw=0.8, ls=(0, (2, 2)), zorder=4)


def _caption(result: ReachResult) -> str:
    place = {"ground": "above the ground beneath it", "sea level": "above sea level"}.get(result.altitude_reference)
    heights = f"at each height {place}" if place else "on its ballistic trajectory"
    target = style.with_article(result.target_name)
    about = (
        f"Solid lines: where {target} {heights} is first lost for more than 5 km, bearing by bearing, to "
        f"{result.search_radar_name}, preset {result.preset}, single-scan Pd {result.detection_probability:g}; the "
        "number is the median over bearings. Dashed: the published range, grey its published spread."
    )
    if result.sector_deg is not None:
        about += f" The radar watches {result.sector_deg:.0f}° at a time and sees nothing outside that sector."
    ground = "Smooth earth, no terrain." if result.smooth else base_map.TERRAIN_LINE
    marks = "Distances and bearings from the site are true. Coast: Natural Earth."
    return f"{about} {ground} {marks} {style.source_line(result.sources)}"


def _draw_rings(axes: Axes, rings: list[tuple[str, str, Floats]]) -> None:
    for _, colour, xy in rings:
        axes.plot(*xy.T, color="white", lw=2.6, alpha=0.75, zorder=5)
        axes.plot(*xy.T, color=colour, lw=1.4, zorder=5.1)


def _draw_site(axes: Axes) -> list[labels.Box]:
    axes.plot(0, 0, marker="^", ms=7, color=style.INK, mec="white", mew=0.8, zorder=7)
    x, y = axes.transData.transform((0.0, 0.0))
    return [labels.Box(x - 12, y - 12, x + 12, y + 12)]


def _near(rings: list[tuple[str, str, Floats]], half_km: float) -> list[tuple[str, str, Floats]]:
    """Return the rings too small to read on a map that reaches `half_km`: several small ones, or a very small one."""
    radii = [float(np.nanmedian(np.hypot(*ring[2].T))) for ring in rings]
    near = [ring for ring, radius in zip(rings, radii, strict=True) if radius < 0.13 * half_km]
    return near if len(near) > 1 or (near and min(radii) < 0.07 * half_km) else []


def _near_extent(near: list[tuple[str, str, Floats]]) -> base_map.Extent:
    """Return an extent twice as wide as high that holds nine tenths of the largest of the small rings."""
    high = 1.1 * max(float(np.nanpercentile(np.abs(xy[:, 1]), 92)) for _, _, xy in near)
    wide = 1.1 * max(float(np.nanpercentile(np.abs(xy[:, 0]), 92)) for _, _, xy in near)
    half = max(high, wide / ZOOM_ASPECT, 4.0)
    return base_map.Extent(-ZOOM_ASPECT * half, ZOOM_ASPECT * half, -half, half)


def _draw_whole(axes: Axes, result: ReachResult, rings: list[tuple[str, str, Floats]], extent: base_map.Extent) -> None:
    centre = (float(result.lat_deg), float(result.lon_deg))
    base_map.draw_ground(axes, extent, centre, hills=not result.smooth)
    near = _near(rings, extent.east_km)
    named = [ring for ring in rings if all(ring is not other for other in near)]
    if style.known(result.claim_km):
        named.append((f"claim: {style.km_text(result.claim_km)}", style.CLAIM, _draw_claim(axes, result)))
    _draw_sector(axes, result, extent.east_km)
    _draw_rings(axes, rings)
    taken = _draw_site(axes)
    lines = [xy for _, _, xy in [*rings, *named]]
    if near:
        zoom = _near_extent(near)
        corners = np.array([[zoom.west_km, zoom.south_km], [zoom.east_km, zoom.north_km]])
        (x0, y0), (x1, y1) = corners
        axes.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=style.INK, lw=0.8, zorder=6)
        taken.append(labels.Box(*axes.transData.transform(corners).ravel()))
    base_map.draw_scale_bar(axes, extent, taken)
    labels.write_on_lines(axes, named, taken)
    base_map.draw_cities(axes, extent, centre, taken, lines)


def _draw_zoom(axes: Axes, result: ReachResult, rings: list[tuple[str, str, Floats]], half_km: float) -> None:
    near = _near(rings, half_km)
    extent = _near_extent(near)
    centre = (float(result.lat_deg), float(result.lon_deg))
    base_map.draw_ground(axes, extent, centre, hills=not result.smooth)
    _draw_sector(axes, result, extent.east_km)
    _draw_rings(axes, rings)
    taken = _draw_site(axes)
    base_map.draw_scale_bar(axes, extent, taken)
    labels.write_on_lines(axes, near + [ring for ring in rings if all(ring is not other for other in near)], taken)
    base_map.draw_cities(axes, extent, centre, taken, [xy for _, _, xy in rings], most=6)


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
        title = f"{result.system_name}, claimed {style.km_text(result.claim_km)}: where it detects {target}"
        mast = f"antenna {result.antenna_m:.0f} m above the ground"
        subtitle = f"Site {result.site_name} ({result.lat_deg:.3f}°, {result.lon_deg:.3f}°), {mast}"
        frame = style.framed(title, subtitle, _caption(result), inner + gap_in + zoom_in)
        _draw_whole(frame.axes(0, zoom_in + gap_in, 0, 0), result, rings, extent)
        if near:
            axes = frame.axes(0, 0, 0, inner + gap_in)
            axes.set_title("The box above, nearer", loc="left", size=9, weight="bold", pad=4)
            _draw_zoom(axes, result, rings, extent.east_km)
        return frame.figure

"""The maps of `coverage`: what is seen of the headline disc at one height, and what takes the rest.

In comes a coverage; out come figures in the site's own azimuthal-equidistant projection, in which the grid is drawn
cell by cell and every range and bearing from the site is true [snyder1987]. Blue is seen, in three depths: at both
ends of the claims, at their value, at the favourable end alone (striped). Every other colour is a limit that hides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainhome.report import base_map, labels, style
from chainhome.report.coverage_key import OUTLINE, bar_height_in, draw_bar, fills, write_areas
from chainhome.report.coverage_raster import Window, draw_image, hills, outlines, painted, softened, window_of
from chainhome.report.coverage_status import key_sources, status_text
from chainhome.report.coverage_words import (
    claim_line,
    layer_text,
    sector_text,
    share_text,
    unbroken,
    unverified,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.coverage.result import Coverage, Layer, SiteCoverage

Floats = NDArray[np.float64]

SMALLEST_OUTLINE = 2e-4
"""Of the headline disc; smaller patches are coloured but get no line."""
ZOOM_BELOW = 0.28
"""Of the headline range: where nine tenths of what is seen lie nearer, a nearer map is added."""
ZOOM_ASPECT = 1.9
PANEL_COLUMNS = 2
PANEL_GAP_IN, PANEL_HEAD_IN = 0.16, 0.27
PANEL_PIXELS, COARSE_PIXELS = 720, 280


def draw_layer(coverage: Coverage, site: SiteCoverage, layer: Layer) -> Figure:
    """Return the map of one height: the headline disc, what is seen of it, and which limit takes the rest.

    Where what is seen is small beside the disc, a nearer map is added.
    """
    inner = style.WIDTH_IN - 2 * style.MARGIN_IN
    entries = fills(layer)
    bar = bar_height_in(entries, layer, inner) + 0.08
    zoom = _zoom_extent(site, layer)
    zoom_in = inner / ZOOM_ASPECT + 0.3 if zoom else 0.0
    whole = _whole(site, (layer,))
    with style.look():
        target = style.with_article(coverage.target_name)
        title = f"{site.system_name}: where it {_sees(site)} {target} at {layer_text(layer)}{_had_it(site)}"
        text = caption(coverage, site, base_map.region_sentence(whole, _centre(site)))
        frame = style.framed(title, _subtitle(coverage, site), text, inner + zoom_in + bar)
        draw_bar(frame.axes(0, 0, 0, inner + zoom_in + 0.08), entries, layer)
        _draw_whole(frame.axes(0, zoom_in + bar, 0, 0), site, layer, whole, zoom)
        if zoom:
            axes = frame.axes(0, bar, 0, inner + 0.3)
            axes.set_title("The box above, nearer", loc="left", size=9, weight="bold", pad=4)
            _draw_zoom(axes, site, layer, zoom)
        return frame.figure


def draw_summary(coverage: Coverage, site: SiteCoverage) -> Figure:
    """Return all heights side by side, each over the same disc, each with its bar."""
    inner = style.WIDTH_IN - 2 * style.MARGIN_IN
    wide = (inner - PANEL_GAP_IN * (PANEL_COLUMNS - 1)) / PANEL_COLUMNS
    bar = max(bar_height_in(fills(layer), layer, wide) for layer in site.layers)
    lines = -(-len(site.layers) // PANEL_COLUMNS)
    high = PANEL_HEAD_IN + wide + 0.07 + bar + 0.1
    whole = _whole(site, site.layers)
    ground = hills(site, window_of(site, whole, PANEL_PIXELS))
    with style.look():
        target = style.with_article(coverage.target_name)
        title = f"{site.system_name}: how much of the claimed disc it {_sees(site)}, against {target}{_had_it(site)}"
        text = caption(coverage, site, base_map.region_sentence(whole, _centre(site)))
        frame = style.framed(title, _subtitle(coverage, site), text, lines * high)
        for index, layer in enumerate(site.layers):
            row, column = divmod(index, PANEL_COLUMNS)
            left, top = column * (wide + PANEL_GAP_IN), row * high + PANEL_HEAD_IN
            right, below = inner - left - wide, lines * high - top - wide
            axes = frame.axes(left, below, right, top)
            axes.set_title(f"{layer_text(layer)}: {share_text(layer.share)} seen", loc="left", size=9.2, weight="bold")
            _draw_panel(axes, site, layer, whole, ground)
            draw_bar(frame.axes(left, below - 0.07 - bar, right, top + wide + 0.07), fills(layer), layer)
        return frame.figure


def _whole(site: SiteCoverage, layers: tuple[Layer, ...]) -> base_map.Extent:
    """Return a map that holds the headline ring, and what is seen beyond it."""
    range_m = site.range_m
    seen = [float(np.max(range_m, where=layer.detected | layer.detected_high, initial=0.0)) for layer in layers]
    half = 1.05 * max(site.headline_m, min(max(seen), np.sqrt(2.0) * site.headline_m), 20e3) / 1000.0
    return base_map.Extent(-half, half, -half, half)


def _centre(site: SiteCoverage) -> tuple[float, float]:
    return float(np.degrees(site.lat_rad)), float(np.degrees(site.lon_rad))


def _draw_cells(
    axes: Axes, site: SiteCoverage, layer: Layer, extent: base_map.Extent, window: Window, ground: Floats | None
) -> bool:
    """Draw land, hills and the colour of each cell; tell whether there are coast and cities."""
    known = base_map.draw_known_region(axes, extent, _centre(site))
    draw_image(axes, painted(site, layer, window), window.box_km, 1.5)
    if ground is not None:
        draw_image(axes, softened(ground, layer, window), window.box_km, 2.0, smooth=True)
    return known


def _draw_whole(
    axes: Axes, site: SiteCoverage, layer: Layer, extent: base_map.Extent, near: base_map.Extent | None
) -> None:
    window = window_of(site, extent)
    known = _draw_cells(axes, site, layer, extent, window, hills(site, window))
    rings = outlines(layer.detected, site.surface.grid.cell_m, SMALLEST_OUTLINE * np.pi * site.headline_m**2)
    _draw_rings(axes, rings)
    ring = _draw_headline(axes, site)
    taken = _draw_site(axes)
    frame: list[Floats] = []
    if near is not None:
        corners = np.array([[near.west_km, near.south_km], [near.east_km, near.north_km]])
        (x0, y0), (x1, y1) = corners
        frame = [np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]])]
        axes.plot(*frame[0].T, color=style.INK, lw=0.9, zorder=6)
        taken.append(labels.Box(*axes.transData.transform(corners).ravel()))
    base_map.draw_scale_bar(axes, extent, taken)
    labels.write_on_lines(axes, [(_claim(site), style.CLAIM, ring)], taken, obstacles=rings)
    write_areas(axes, site, layer, window_of(site, extent, COARSE_PIXELS), taken)
    if known:
        base_map.draw_cities(axes, extent, _centre(site), taken, [ring, *frame], most=18)


def _claim(site: SiteCoverage) -> str:
    return f"claim: {style.distance_text(site.headline_m / 1e3)}"


def _zoom_extent(site: SiteCoverage, layer: Layer) -> base_map.Extent | None:
    """Return a near map that holds nine tenths of what is seen, where that is small beside the disc; else None."""
    rows, columns = np.nonzero(layer.detected)
    if not len(rows):
        return None
    grid = site.surface.grid
    cell_km = grid.cell_m / 1000.0
    away_km = np.hypot(rows - grid.half, columns - grid.half) * cell_km
    near = float(np.percentile(away_km, 92))
    if near > ZOOM_BELOW * site.headline_m / 1000.0:
        return None
    half = max(1.08 * near, 6.0, 8.0 * cell_km)
    return base_map.Extent(-ZOOM_ASPECT * half, ZOOM_ASPECT * half, -half, half)


def _draw_zoom(axes: Axes, site: SiteCoverage, layer: Layer, extent: base_map.Extent) -> None:
    window = window_of(site, extent)
    known = _draw_cells(axes, site, layer, extent, window, hills(site, window))
    rings = outlines(layer.detected, site.surface.grid.cell_m)
    _draw_rings(axes, rings, 0.8)
    taken = _draw_site(axes)
    base_map.draw_scale_bar(axes, extent, taken)
    write_areas(axes, site, layer, window_of(site, extent, COARSE_PIXELS), taken, least=0.0, shares=False)
    if known:
        base_map.draw_cities(axes, extent, _centre(site), taken, rings, most=7)


def _draw_panel(axes: Axes, site: SiteCoverage, layer: Layer, extent: base_map.Extent, ground: Floats | None) -> None:
    _draw_cells(axes, site, layer, extent, window_of(site, extent, PANEL_PIXELS), ground)
    smallest_m2 = SMALLEST_OUTLINE * np.pi * site.headline_m**2
    _draw_rings(axes, outlines(layer.detected, site.surface.grid.cell_m, smallest_m2), 0.4)
    ring = _draw_headline(axes, site, 1.2)
    taken = _draw_site(axes, 5.0)
    base_map.draw_scale_bar(axes, extent, taken)
    labels.write_on_lines(axes, [(_claim(site), style.CLAIM, ring)], taken, size_pt=7.4)
    write_areas(axes, site, layer, window_of(site, extent, COARSE_PIXELS), taken, 7.2)


def _draw_rings(axes: Axes, rings: list[Floats], width: float = 0.6) -> None:
    from matplotlib.collections import LineCollection

    axes.add_collection(LineCollection(rings, colors=OUTLINE, linewidths=width, zorder=4), autolim=False)


def _draw_headline(axes: Axes, site: SiteCoverage, width: float = 1.5) -> Floats:
    ring = np.column_stack(base_map.polar_xy(np.linspace(0.0, 2 * np.pi, 721), np.full(721, site.headline_m / 1e3)))
    axes.plot(*ring.T, color="white", lw=width + 1.7, zorder=4.4, alpha=0.85)
    axes.plot(*ring.T, color=style.CLAIM, lw=width, ls=(0, (6, 2.5)), zorder=4.5)
    return ring


def _draw_site(axes: Axes, size: float = 7.0) -> list[labels.Box]:
    axes.plot(0, 0, marker="^", ms=size, color=style.INK, mec="white", mew=0.8, zorder=7)
    x, y = axes.transData.transform((0.0, 0.0))
    return [labels.Box(x - 12, y - 12, x + 12, y + 12)]


def caption(coverage: Coverage, site: SiteCoverage, told: str) -> str:
    """Return what stands below a map: what the colours say, what is assumed, whose data it is."""
    target = style.with_article(coverage.target_name)
    about = (
        f"Blue: {target} is detected by {site.radar_name} with a single-scan probability of "
        f"{coverage.detection_probability:g} or more; dark where every claim at its unfavourable end still gives it, "
        "stripes where only the favourable end does. Other colours: what hides the rest of the "
        "headline disc, each cell counted once (horizon before terrain before the radar). Black dashes: the published "
        "range."
    )
    refraction = {
        "standard": "Standard refraction (earth of 4/3 radius).",
        "none": "No refraction.",
        "crpl": "Refraction of the CRPL exponential atmosphere.",
    }[coverage.refraction]
    grid = site.surface.grid
    ground = f"Smooth earth, no terrain; cells of {grid.cell_m:g} m."
    if grid.source or grid.note:
        whose = grid.source.split("(")[0].strip(" ,.")
        whose = whose[:1].lower() + whose[1:] if whose[1:2].islower() else whose
        named = f"{grid.name[:1].upper()}{grid.name[1:]}" if grid.name.isalpha() else grid.name
        named += f", {whose}" if whose else ""
        ground = f"Ground: {named}; cells of {grid.cell_m:g} m. {grid.note}".rstrip(". ") + "."
    coast = "" if told.startswith("No coast") else "Coast: Natural Earth."
    parts = [about, sector_text(site), refraction, _weather(coverage), ground, told, coast]
    named = key_sources(site.claims)
    return " ".join(part for part in [*parts, named, style.source_line(site.sources, unverified(site.claims))] if part)


def _weather(coverage: Coverage) -> str:
    told = []
    if coverage.roughness_m is not None:
        told.append(f"Lobes of a surface of {coverage.roughness_m:g} m roughness.")
    if coverage.rain_mm_per_h > 0:
        told.append(f"Rain of {coverage.rain_mm_per_h:g} mm/h everywhere.")
    return " ".join(told)


def _subtitle(coverage: Coverage, site: SiteCoverage) -> str:
    lat, lon = _centre(site)
    place = f"{abs(lat):.3f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.3f}° {'E' if lon >= 0 else 'W'}"
    if not site.name[:1].isdigit() and not site.name.startswith("-"):
        place = f"{site.name}, {place}"
    dated = f"; as of {coverage.date}" if coverage.date else ""
    if site.switched_off:
        dated = f"; {status_text(coverage, site)}: nothing was covered"
    return unbroken(f"{place}; antenna {site.antenna_m:.0f} m above the ground{dated}; {claim_line(site)}")


def _sees(site: SiteCoverage) -> str:
    return "would have seen" if site.switched_off else "sees"


def _had_it(site: SiteCoverage) -> str:
    return ", had it been switched on" if site.switched_off else ""

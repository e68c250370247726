"""The map of several sites: how many of them see the target at one height, on one grid that holds all their discs.

In comes a coverage of several sites; out comes a figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.report import base_map, contours, labels, style
from chainhome.report.coverage_raster import draw_image, rgba
from chainhome.report.coverage_status import key_sources, status_of_all, switched_off
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

    from chainhome.coverage.result import Counts, Coverage

COUNT_COLOURS = ("#7fb8dd", "#2f7fb9", "#0b4a86", "#062a52")
UNSEEN = "#d8d3cb"
MARK_PX, NAME_PT = 12.0, 8.4


def draw_counts(coverage: Coverage, index: int) -> Figure:
    """Return the map of how many sites see the target at the altitude of one layer; ValueError for a single site."""
    counts = coverage.counts
    if counts is None:
        raise ValueError("one site alone has no counts to draw")
    centre = (float(np.degrees(counts.lat_rad)), float(np.degrees(counts.lon_rad)))
    extent = _extent(counts)
    layer = coverage.sites[0].layers[index]
    inner = style.WIDTH_IN - 2 * style.MARGIN_IN
    entries = _entries([counts.share(index, k) for k in range(1, len(coverage.sites) + 1)])
    with style.look():
        systems = " and ".join(dict.fromkeys(site.system_name for site in coverage.sites))
        target = style.with_article(coverage.target_name)
        off = switched_off(coverage)
        see, had = ("would have seen", ", had they been switched on") if off else ("see", "")
        title = f"How many of {len(coverage.sites)} {systems} sites {see} {target} at {layer_text(layer)}{had}"
        claims = " and ".join(dict.fromkeys(claim_line(site) for site in coverage.sites))
        dated = f"; {status_of_all(coverage) or f'as of {coverage.date}'}" if coverage.date else ""
        subtitle = unbroken(f"{claims[:1].upper()}{claims[1:]}{dated}")
        frame = style.framed(title, subtitle, _caption(coverage, extent, centre), inner + 0.4)
        axes = frame.axes(0, 0.4, 0, 0)
        base_map.draw_known_region(axes, extent, centre)
        edge = (counts.half + 0.5) * counts.cell_m / 1000.0
        draw_image(axes, _painted(counts, index), (-edge, edge, -edge, edge), 1.5)
        if any(site.surface.grid.source for site in coverage.sites):
            hills = base_map.shaded_hills(extent, centre)
            if hills is not None:
                box = (extent.west_km, extent.east_km, extent.south_km, extent.north_km)
                # Shade would turn the blue of one site into that of two.
                hills[_on_discs(counts, index, extent, hills.shape[:2]), 3] = 0.0
                draw_image(axes, hills[::-1], box, 2.0, smooth=True)
        _draw_sites(axes, coverage, extent, centre)
        _draw_key(frame.axes(0, 0, 0, inner + 0.1), entries)
        return frame.figure


def _extent(counts: Counts) -> base_map.Extent:
    """Return a square map that holds the discs of all sites."""
    rows, columns = np.nonzero(~counts.outside)
    farthest = max(int(np.abs(part - counts.half).max(initial=1)) for part in (rows, columns))
    half = 1.04 * farthest * counts.cell_m / 1000.0
    return base_map.Extent(-half, half, -half, half)


def _painted(counts: Counts, index: int) -> NDArray[np.uint8]:
    """Return the image (n, n, 4) of the numbers of one layer."""
    palette = np.array([rgba(UNSEEN, 0.8), *(rgba(colour) for colour in COUNT_COLOURS), (0, 0, 0, 0)], np.uint8)
    codes = np.minimum(counts.by_layer[index].astype(np.intp), len(COUNT_COLOURS))
    return palette[np.where(counts.outside & (codes == 0), len(palette) - 1, codes)]


def _on_discs(counts: Counts, index: int, extent: base_map.Extent, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which pixels (rows, columns) of a map, south row first, lie where a number of sites is drawn."""
    drawn = ~counts.outside | (counts.by_layer[index] > 0)
    cell_km, size = counts.cell_m / 1000.0, len(drawn)
    x = extent.west_km + (np.arange(shape[1]) + 0.5) * (extent.east_km - extent.west_km) / shape[1]
    y = extent.south_km + (np.arange(shape[0]) + 0.5) * (extent.north_km - extent.south_km) / shape[0]
    column, row = (np.rint(part / cell_km).astype(np.intp) + counts.half for part in (x, -y))
    inside = ((row >= 0) & (row < size))[:, None] & (column >= 0) & (column < size)
    return np.asarray(inside & drawn[np.clip(row, 0, size - 1)[:, None], np.clip(column, 0, size - 1)])


def _entries(at_least: list[float]) -> list[tuple[str, str, float]]:
    """Return text, colour and share of each number of sites, from none on; the last colour stands for all above."""
    entries = [("none", UNSEEN, 1.0 - at_least[0])]
    for k, colour in enumerate(COUNT_COLOURS[: len(at_least)], start=1):
        last = k == len(COUNT_COLOURS) < len(at_least)
        share = at_least[k - 1] - (0.0 if last or k == len(at_least) else at_least[k])
        words = f"{k} or more sites" if last else f"{k} site{'s' if k > 1 else ''}"
        entries.append((words, colour, max(share, 0.0)))
    return entries


def _caption(coverage: Coverage, extent: base_map.Extent, centre: tuple[float, float]) -> str:
    sources = {source.key: source for site in coverage.sites for source in site.sources}
    parts = (
        "Colours: the number of sites that detect it with a single-scan probability of "
        f"{coverage.detection_probability:g} or more, and their shares of the area of the discs "
        "together. Black dashes: the published ranges. Distances and bearings from "
        "the middle of the map are true.",
        " ".join(dict.fromkeys(told for site in coverage.sites if (told := sector_text(site)))),
        coverage.terrain_note,
        base_map.region_sentence(extent, centre),
        "Coast: Natural Earth.",
        key_sources(pair for site in coverage.sites for pair in site.claims),
        style.source_line(sources.values(), unverified(pair for site in coverage.sites for pair in site.claims)),
    )
    return " ".join(part for part in parts if part)


def _draw_sites(axes: Axes, coverage: Coverage, extent: base_map.Extent, centre: tuple[float, float]) -> None:
    """Draw every site with its headline ring and its name, the scale bar and the cities."""
    rings, taken = [], []
    for site in coverage.sites:
        circle = contours.circle_degrees(site.lat_rad, site.lon_rad, site.headline_m)
        rings.append(np.column_stack(base_map.project(circle[:, 1], circle[:, 0], centre)))
        axes.plot(*rings[-1].T, color=style.CLAIM, lw=1.2, ls=(0, (6, 2.5)), zorder=4.5)
    lat, lon = np.degrees([[site.lat_rad, site.lon_rad] for site in coverage.sites]).T
    marks = np.column_stack(base_map.project(lat, lon, centre))
    axes.plot(*marks.T, ls="none", marker="^", ms=7, color=style.INK, mec="white", mew=0.8, zorder=7)
    pixels = axes.transData.transform(marks)
    taken += [labels.Box(x - MARK_PX, y - MARK_PX, x + MARK_PX, y + MARK_PX) for x, y in pixels]
    base_map.draw_scale_bar(axes, extent, taken)
    for site, (x, y) in zip(coverage.sites, pixels, strict=True):
        _write_name(axes, site.name.split(",")[0].split(" (")[0], float(x), float(y), taken)
    if base_map.shapes_cover(extent, centre) > 0:
        base_map.draw_cities(axes, extent, centre, taken, rings, most=14)


def _write_name(axes: Axes, name: str, x: float, y: float, taken: list[labels.Box]) -> None:
    """Write a site's name beside its mark at a pixel, on the first side that is free."""
    from matplotlib.transforms import IdentityTransform

    wide, high = labels.text_px(axes, name, NAME_PT, "bold")
    away = MARK_PX + 4.0
    starts = (
        (x + away, y),
        (x - away - wide, y),
        (x - wide / 2, y + away + high / 2),
        (x - wide / 2, y - away - high / 2),
    )
    for left, middle in starts:
        box = labels.Box(left, middle - high / 2, left + wide, middle + high / 2)
        if not any(labels.overlaps(box, other, gap=1.0) for other in taken):
            look: dict[str, Any] = {"size": NAME_PT, "weight": "bold", "va": "center", "path_effects": style.halo()}
            axes.text(left, middle, name, zorder=8, transform=IdentityTransform(), **look)
            taken.append(box)
            return


def _draw_key(axes: Axes, entries: list[tuple[str, str, float]]) -> None:
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    wide, dpi = axes.get_window_extent().width, axes.figure.dpi
    x, swatch = 0.0, 0.12 * dpi / wide
    for words, colour, share in entries:
        shown = f"{words} {share_text(share)}"
        axes.fill_between([x, x + swatch], 0.3, 0.75, color=colour, lw=0)
        axes.text(x + 1.5 * swatch, 0.52, shown, size=8.2, va="center")
        x += (style.text_size_in(shown, 8.2)[0] + 0.36) * dpi / wide
    axes.text(1.0, 0.52, "of the discs together", size=8.2, va="center", ha="right", color=style.QUIET)

"""The key of a coverage map: the disc as a bar with its shares, and the names written on the areas themselves.

In come a layer and axes; what is drawn is the same as in the table: what is seen with its band, then what each limit
takes of the headline disc.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.coverage.result import LIMITS
from chainhome.report import base_map, labels, style
from chainhome.report.coverage_raster import LIMIT_COLOURS, SECTOR_STRIPE, SEEN, SEEN_AT_VALUE, Window
from chainhome.report.coverage_words import LIMIT_NAMES, band_text, share_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainhome.coverage.result import Layer, SiteCoverage

Bools = NDArray[np.bool_]

OUTLINE = "#08306b"
LEAST_UNDER_TEXT = 0.62
"""Of the rectangle of an area's name; the rest may lie on its neighbours."""
LEAST_NAMED = 0.02
"""Of the headline disc."""
KEY_PT = 8.2
SMOOTH, MARK = "over a smooth earth", style.INK


class Fill(NamedTuple):
    """One entry of the bar and its key: what, its colour, its share of the disc."""

    text: str
    colour: str
    share: float


def fills(layer: Layer) -> list[Fill]:
    """Return what makes up the headline disc, what is seen first, then the limits by their share."""
    lost = [
        Fill(LIMIT_NAMES[name], LIMIT_COLOURS.get(code, base_map.UNKNOWN), layer.share_by_limit.get(name, 0.0))
        for code, name in enumerate(LIMITS)
        if code
    ]
    return [Fill("seen", SEEN_AT_VALUE, layer.share), *sorted((f for f in lost if f.share > 0), key=lambda f: -f.share)]


def keyed(entries: list[Fill], layer: Layer) -> list[Fill]:
    """Return the entries of the key: those of the bar, and the mark of what would be seen without hills."""
    known = np.isfinite(layer.share_smooth) and layer.share_smooth != layer.share
    return [*entries, Fill(SMOOTH, MARK, layer.share_smooth)] if known else entries


def draw_bar(axes: Axes, entries: list[Fill], layer: Layer) -> None:
    """Draw the disc as a bar: what is seen (dark: surely; striped: at best) and what each limit takes, and its key."""
    axes.set_axis_off()
    axes.set_xlim(0.0, 1.0)
    box = axes.get_window_extent()
    axes.set_ylim(0.0, box.height)
    dpi = axes.figure.dpi
    top, thick = box.height, 0.13 * dpi
    left = 0.0
    for entry in entries:
        look: dict[str, Any] = {"color": entry.colour}
        if entry.text == LIMIT_NAMES["sector"]:
            look = _swatches(entry)[0]
        axes.fill_between([left, left + entry.share], top - thick, top, lw=0, **look)
        left += entry.share
    axes.fill_between([0.0, min(layer.share_low, layer.share)], top - thick, top, color=SEEN, lw=0)
    axes.fill_between(
        [layer.share, layer.share_high], top - thick, top, facecolor="none", edgecolor=SEEN_AT_VALUE, lw=0,
        hatch="/" * 7,
    )  # fmt: skip
    axes.plot([layer.share] * 2, [top - thick, top], color=OUTLINE, lw=1.0, solid_capstyle="butt")
    axes.plot([0, 1, 1, 0, 0], [top - thick, top - thick, top, top, top - thick], color=style.QUIET, lw=0.6)
    shown = keyed(entries, layer)
    for entry, (line, at_in) in zip(shown, _places(entries, layer, box.width / dpi), strict=True):
        text, weight = _entry_text(entry, layer)
        x, y = at_in * dpi / box.width, top - thick - (0.13 + 0.17 * line) * dpi
        swatch = 0.11 * dpi
        edges = [x, x + swatch / box.width]
        if entry.text == SMOOTH:
            look = {"color": MARK, "lw": 1.3, "ls": (0, (1.5, 1.0)), "zorder": 5}
            axes.plot([entry.share] * 2, [top - 1.35 * thick, top], **look)
            axes.plot([sum(edges) / 2] * 2, [y - 0.7 * swatch, y + 0.7 * swatch], **look)
            axes.text(x + 1.5 * swatch / box.width, y, _entry_text(entry, layer)[0], size=KEY_PT, va="center")
            continue
        wide = swatch / box.width
        for k, look in enumerate(_swatches(entry)):
            axes.fill_between([x + k * wide, x + (k + 1) * wide], y - swatch / 2, y + swatch / 2, lw=0.4, **look)
        axes.text(x + (len(_swatches(entry)) + 0.5) * wide, y, text, size=KEY_PT, va="center", weight=weight)


def _swatches(entry: Fill) -> list[dict[str, Any]]:
    """Return the looks of an entry's colours: what is seen has three, surely, at the value and at best (striped)."""
    if entry.text == "seen":
        best = {"fc": "white", "ec": SEEN_AT_VALUE, "hatch": "/" * 7}
        return [{"fc": SEEN, "ec": style.QUIET}, {"fc": SEEN_AT_VALUE, "ec": style.QUIET}, best]
    if entry.text == LIMIT_NAMES["sector"]:
        return [{"fc": entry.colour, "ec": SECTOR_STRIPE, "hatch": "\\" * 5}]
    return [{"fc": entry.colour, "ec": style.QUIET}]


def _entry_text(entry: Fill, layer: Layer) -> tuple[str, str]:
    """Return what the key says of an entry, and how bold."""
    if entry.text == "seen":
        return f"seen {band_text(layer)}", "bold"
    return f"{entry.text} {share_text(entry.share)}", "normal"


def _places(entries: list[Fill], layer: Layer, width_in: float) -> list[tuple[int, float]]:
    """Return the line of the key, and the inches along it, at which each entry begins."""
    places, line, x = [], 0, 0.0
    for entry in keyed(entries, layer):
        wide = style.text_size_in(*_sized(entry, layer))[0]
        if x > 0 and x + 0.17 + 0.11 * (len(_swatches(entry)) - 1) + wide > width_in:
            line, x = line + 1, 0.0
        places.append((line, x))
        x += wide + 0.34 + 0.11 * (len(_swatches(entry)) - 1)
    return places


def _sized(entry: Fill, layer: Layer) -> tuple[str, float, str]:
    text, weight = _entry_text(entry, layer)
    return text, KEY_PT, weight


def bar_height_in(entries: list[Fill], layer: Layer, width_in: float) -> float:
    """Return the height that the bar and its key need."""
    return 0.22 + 0.17 * (1 + _places(entries, layer, width_in)[-1][0])


def write_areas(
    axes: Axes,
    site: SiteCoverage,
    layer: Layer,
    window: Window,
    taken: list[labels.Box],
    size_pt: float = 8.4,
    *,
    least: float = LEAST_NAMED,
    shares: bool = True,
) -> None:
    """Write on each area of at least that share of the disc what it is and, unless told otherwise, the share."""
    limit = layer.limit[window.rows, window.rows]
    inside = window.range_km <= site.headline_m / 1000.0
    wanted = [(layer.detected[window.rows, window.rows], "seen", layer.share, OUTLINE)]
    for code, colour in LIMIT_COLOURS.items():
        share = layer.share_by_limit.get(LIMITS[code], 0.0)
        wanted.append((inside & (limit == code), LIMIT_NAMES[LIMITS[code]], share, colour))
    for mask, name, share, colour in sorted(wanted, key=lambda entry: -entry[2]):
        if share < least or not mask.any():
            continue
        text = f"{name} {share_text(share)}" if shares else name
        wide, high = labels.text_px(axes, text, size_pt, "bold")
        place = _densest(axes, mask, window, (wide, high), taken)
        if place is None:
            continue
        plate = {"boxstyle": "round,pad=0.18", "fc": "white", "ec": "none", "alpha": 0.8}
        axes.text(
            *place, text, size=size_pt, weight="bold", ha="center", va="center", color=style.legible(colour),
            bbox=plate, zorder=8,
        )  # fmt: skip
        x, y = axes.transData.transform(place)
        taken.append(labels.Box(x - wide / 2 - 4, y - high / 2 - 4, x + wide / 2 + 4, y + high / 2 + 4))


def _densest(
    axes: Axes, mask: Bools, window: Window, size_px: tuple[float, float], taken: list[labels.Box]
) -> tuple[float, float] | None:
    """Return the place in km at which a text lies well inside a mask, and on nothing written; None if there is none."""
    from scipy.ndimage import uniform_filter

    coarse, at_km = mask.astype(np.float32), window.along_km
    wide, high = size_px
    (x0, y0), (x1, _) = axes.transData.transform([(0.0, 0.0), (1.0, 1.0)])
    per_cell = (x1 - x0) * window.step * window.cell_km
    box = (max(1, round(1.3 * high / per_cell)), max(1, round(1.1 * wide / per_cell)))
    share = uniform_filter(coarse, size=box, mode="constant")
    # Of places that carry the text, one with room about it.
    room = sum(uniform_filter(coarse, size=k * max(box), mode="constant") for k in (1, 2, 3))
    x, y = x0 + (x1 - x0) * at_km[None, :], y0 - (x1 - x0) * at_km[:, None]
    frame = axes.get_window_extent()
    free = (x > frame.x0 + wide / 2 + 8) & (x < frame.x1 - wide / 2 - 8)
    free = free & (y > frame.y0 + high) & (y < frame.y1 - high)
    for other in taken:
        beside = (x + wide / 2 + 8 < other.x0) | (x - wide / 2 - 8 > other.x1)
        free &= beside | (y + high + 4 < other.y0) | (y - high - 4 > other.y1)
    worth = np.where(free & (share >= LEAST_UNDER_TEXT), np.round(share + room, 3), -1.0)
    row, column = np.unravel_index(int(np.argmax(worth)), worth.shape)
    if worth[row, column] < 0.0:
        return None
    return float(at_km[column]), -float(at_km[row])

"""Where to write: places for labels on lines and beside points so that no two overlap.

In come axes, points and texts; out come places in pixels. The search is greedy and deterministic: each label tries its
candidates in a fixed order and takes the cheapest that hits nothing already written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

Floats = NDArray[np.float64]
# Baselines of a text on several lines are this far apart, in sizes of the typeface (matplotlib: 1.2 at spacing 1).
LINE_SPACING = 1.3


class Box(NamedTuple):
    """A rectangle in pixels."""

    x0: float
    y0: float
    x1: float
    y1: float


def overlaps(one: Box, other: Box, gap: float = 3.0) -> bool:
    """Tell whether two rectangles come nearer than `gap` pixels.

    >>> overlaps(Box(0, 0, 10, 10), Box(20, 0, 30, 10)), overlaps(Box(0, 0, 10, 10), Box(8, 8, 30, 30))
    (False, True)
    """
    return one.x0 < other.x1 + gap and other.x0 < one.x1 + gap and one.y0 < other.y1 + gap and other.y0 < one.y1 + gap


def box_of(text: Text) -> Box:
    """Return the rectangle of a text that is already in a figure."""
    found = text.get_window_extent()
    return Box(found.x0, found.y0, found.x1, found.y1)


def line_points(axes: Axes, lines: list[Any], spacing_px: float = 4.0) -> Floats:
    """Return points, shape (n, 2) in pixels, at most `spacing_px` apart along lines given as (k, 2) data arrays."""
    parts = [np.empty((0, 2))]
    for line in lines:
        pixels = axes.transData.transform(np.asarray(line, np.float64))
        pixels = pixels[np.isfinite(pixels).all(axis=1)]
        if len(pixels) < 2:
            parts.append(pixels)
            continue
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(pixels, axis=0).T))])
        at = np.linspace(0.0, along[-1], max(2, min(6000, int(along[-1] / spacing_px))))
        parts.append(np.column_stack([np.interp(at, along, pixels[:, 0]), np.interp(at, along, pixels[:, 1])]))
    return np.concatenate(parts)


def _hits(box: Box, points: Floats, gap: float = 2.0) -> int:
    x, y = points.T
    inside = (x > box.x0 - gap) & (x < box.x1 + gap) & (y > box.y0 - gap) & (y < box.y1 + gap)
    return int(np.count_nonzero(inside))


def _inside(box: Box, frame: Box, gap: float = 6.0) -> bool:
    return box.x0 > frame.x0 + gap and box.x1 < frame.x1 - gap and box.y0 > frame.y0 + gap and box.y1 < frame.y1 - gap


def _frame(axes: Axes) -> Box:
    found = axes.get_window_extent()
    return Box(found.x0, found.y0, found.x1, found.y1)


def text_px(axes: Axes, text: str, size_pt: float, weight: str = "normal") -> tuple[float, float]:
    """Return width and height in pixels of one line of text."""
    wide, high = style.text_size_in(text, size_pt, weight)
    dpi = axes.figure.dpi
    return wide * dpi, high * dpi


def on_line(
    axes: Axes,
    line: Floats,
    text: str,
    size_pt: float,
    taken: list[Box],
    other_points: Floats,
    *,
    from_middle: bool = False,
) -> tuple[float, float] | None:
    """Return the pixel at which a text centred on a line (k, 2) in data units disturbs least, or None.

    A place that hits a box in `taken` or leaves the axes is refused; each point of another line under it costs. Of
    equals the first on the line is taken, or the one nearest to its middle.
    """
    wide, high = text_px(axes, text, size_pt, "bold")
    frame = _frame(axes)
    pixels = axes.transData.transform(line)
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    if not len(pixels):
        return None
    candidates = pixels[np.linspace(0, len(pixels) - 1, min(len(pixels), 120)).astype(int)]
    if from_middle:
        candidates = candidates[np.argsort(np.abs(np.arange(len(candidates)) - len(candidates) / 2), kind="stable")]
    best: tuple[float, tuple[float, float]] | None = None
    for order, (x, y) in enumerate(candidates):
        box = Box(x - wide / 2 - 2, y - high / 2 - 2, x + wide / 2 + 2, y + high / 2 + 2)
        if not _inside(box, frame) or any(overlaps(box, other) for other in taken):
            continue
        cost = 1.0 * _hits(box, other_points) + 1e-3 * order
        if best is None or cost < best[0]:
            best = (cost, (float(x), float(y)))
    return None if best is None else best[1]


def beside_point(
    axes: Axes, point: tuple[float, float], text: str, size_pt: float, taken: list[Box], points: Floats
) -> tuple[Box | None, tuple[float, float]]:
    """Return the rectangle and the left-middle pixel of a text beside a point in data units; None if none is free."""
    wide, high = text_px(axes, text, size_pt)
    frame = _frame(axes)
    px, py = axes.transData.transform(point)
    gap = 0.03 * axes.figure.dpi
    starts = (
        (px + gap, py),
        (px - gap - wide, py),
        (px - wide / 2, py + gap + high / 2),
        (px - wide / 2, py - gap - high / 2),
    )
    for x, y in starts:
        box = Box(min(x, px - gap), min(y - high / 2, py - gap), max(x + wide, px + gap), max(y + high / 2, py + gap))
        free = not any(overlaps(box, other) for other in taken) and _hits(box, points) == 0
        if free and _inside(box, frame):
            return box, (float(x), float(y))
    return None, (0.0, 0.0)


def _crosses(one: Floats, other: Floats) -> bool:
    """Tell whether two segments, each (2, 2), cut each other."""

    def side(line: Floats, point: Floats) -> float:
        (x0, y0), (x1, y1) = line
        return float((x1 - x0) * (point[1] - y0) - (y1 - y0) * (point[0] - x0))

    apart = side(one, other[0]) * side(one, other[1]) > 0 or side(other, one[0]) * side(other, one[1]) > 0
    return not apart


def free_place(
    axes: Axes, point: Floats, text: str, size_pt: float, taken: list[Box], points: Floats, leaders: list[Floats]
) -> Box | None:
    """Return the rectangle nearest to a point in pixels in which a text (its lines) hits no box and no line, or None.

    The straight leader from the point to the rectangle must miss the boxes and the leaders, each (2, 2) in pixels,
    that are already there; it may cross lines.
    """
    sizes = [text_px(axes, line, size_pt) for line in text.split("\n")]
    wide = max(size[0] for size in sizes)
    high = sizes[0][1] + (len(sizes) - 1) * LINE_SPACING * size_pt / 72.0 * axes.figure.dpi
    frame = _frame(axes)
    spots = np.stack(np.meshgrid(np.arange(frame.x0, frame.x1, 8.0), np.arange(frame.y0, frame.y1, 8.0)), -1)
    corners = spots.reshape(-1, 2).tolist()
    boxes: list[Box] = [Box(x - 3.0, y - 3.0, x + wide + 3.0, y + high + 3.0) for x, y in corners]
    ends = [np.clip(point, [box.x0, box.y0], [box.x1, box.y1]) for box in boxes]
    away = np.array([float(np.hypot(*(end - point))) for end in ends])
    for index in np.argsort(away, kind="stable").tolist():
        box: Box = boxes[index]
        leader = np.array([point, ends[index]])
        if not _inside(box, frame) or any(overlaps(box, other) for other in taken) or _hits(box, points):
            continue
        way = point + np.linspace(0.0, 1.0, 50)[:, None] * (leader[1] - point)
        blocks = [other for other in taken if not _hits(other, point[None], 0.0)]
        if any(_hits(other, way) for other in blocks) or any(_crosses(leader, other) for other in leaders):
            continue
        return box
    return None


def write_on_lines(
    axes: Axes,
    named: Sequence[tuple[str, str, Floats]],
    taken: list[Box],
    size_pt: float = 8.2,
    wholes: Sequence[Floats] = (),
    obstacles: Sequence[Floats] = (),
) -> None:
    """Write each (text, colour, line (k, 2)) on its line where it disturbs least; add the places to `taken`.

    `wholes` are the lines of which those are parts: a text that finds no place on its part stands on the whole.
    `obstacles` are more lines (k, 2) that texts should not hide.
    """
    from matplotlib.transforms import IdentityTransform

    for index, (text, colour, line) in enumerate(named):
        others = line_points(axes, [*(other for k, (_, _, other) in enumerate(named) if k != index), *obstacles])
        place = on_line(axes, line, text, size_pt, taken, others, from_middle=bool(wholes))
        if place is None and index < len(wholes):
            place = on_line(axes, wholes[index], text, size_pt, taken, others)
        if place is None:
            continue
        wide, high = text_px(axes, text, size_pt, "bold")
        plate = {"boxstyle": "round,pad=0.18", "fc": "white", "ec": "none", "alpha": 0.86}
        look: dict[str, Any] = {"size": size_pt, "weight": "bold", "color": style.legible(colour), "bbox": plate}
        axes.text(*place, text, ha="center", va="center", zorder=8, transform=IdentityTransform(), **look)
        x, y = place
        taken.append(Box(x - wide / 2 - 4, y - high / 2 - 4, x + wide / 2 + 4, y + high / 2 + 4))

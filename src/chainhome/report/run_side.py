"""The side view of a run: true height against ground range from the acquisition radar, and each first detection.

In comes a run; out comes a figure. What bound a first detection is what the looks before it said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.report import labels, run_data, style
from chainhome.tables import Sensors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]
TEXT_PT = 8.0


class First(NamedTuple):
    """A first detection: ground range and height, what to say of it, its colour."""

    x_km: float
    y_km: float
    words: str
    colour: str


def first_detections(run: Run, sensor: str) -> dict[str, dict[str, Any]]:
    """Return the summary's entry of each target that the named sensor detected, by target."""
    entries = run_data.summary(run, "radars") or []
    found = [entry for entry in entries if entry.get("sensor") == sensor]
    return {str(entry["target"]): entry for entry in found if entry.get("first_detection_s") is not None}


def first_words(entry: dict[str, Any]) -> str:
    """Say where a target was first detected and what had hidden it until then.

    >>> first_words({"target": "F-4", "first_detection_km": 61.2, "bound_before": "horizon"})
    'F-4: 61 km\\nhidden by horizon until then'
    """
    before = entry.get("bound_before")
    words = f"\nhidden by {style.LIMIT_WORDS.get(before, before)} until then" if before and before != "none" else ""
    return f"{entry['target']}: {style.distance_text(entry.get('first_detection_km'))}{words}"


def _draw_horizon(axes: Axes, antenna_m: float, edge_km: float, top_km: float) -> tuple[labels.Box, Floats]:
    """Draw the level horizon and name it; return the place of the name and the line, shape (k, 2) in km."""
    from chainhome.earth.refraction import lowest_visible_altitude_m

    along = np.linspace(0.0, edge_km, 300)
    hidden = (antenna_m + lowest_visible_altitude_m(1000.0 * along, 0.0)) / 1000.0
    axes.fill_between(along, 0.0, np.minimum(hidden, top_km), color="#d9d2c5", alpha=0.6, lw=0, zorder=0)
    axes.plot(along, hidden, color="#7d735f", lw=0.8, zorder=1)
    text = axes.text(
        0.985, 0.03, "below the radar's level horizon", transform=axes.transAxes, size=8, color="#5d543f", ha="right",
        va="bottom", zorder=2,
    )  # fmt: skip
    return labels.box_of(text), np.column_stack([along, hidden])[hidden <= top_km]


def _write_firsts(axes: Axes, firsts: list[First], taken: list[labels.Box], lines: list[Floats]) -> None:
    """Mark each named first detection and write it in the nearest free place, at the end of a thin line."""
    for first in firsts:
        px, py = axes.transData.transform((first.x_km, first.y_km))
        taken.append(labels.Box(px - 9, py - 9, px + 9, py + 9))
        axes.plot(first.x_km, first.y_km, "o", ms=6.5, mfc="white", mec=first.colour, mew=1.8, zorder=7)
    points = labels.line_points(axes, lines)
    leaders: list[Floats] = []
    for first in firsts:
        point = axes.transData.transform((first.x_km, first.y_km))
        box = labels.free_place(axes, point, first.words, TEXT_PT, taken, points, leaders)
        if box is None:
            continue
        # The leader ends at the nearest point of the text's edge.
        end = np.clip(point, [box.x0, box.y0], [box.x1, box.y1])
        taken.append(box)
        leaders.append(np.array([point, end]))
        ends = axes.transData.inverted().transform(leaders[-1])
        axes.plot(*ends.T, color=first.colour, lw=0.6, zorder=6)
        place = axes.transData.inverted().transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
        ink = style.legible(first.colour)
        look: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": labels.LINE_SPACING / 1.2}
        axes.text(float(place[0]), float(place[1]), first.words, size=TEXT_PT, color=ink, zorder=8, **look)


def _draw_flights(axes: Axes, run: Run, sensors: Sensors, row: int) -> tuple[list[First], list[Floats]]:
    """Draw every flight; return the first detections of the named ones, and all lines (k, 2) in km."""
    firsts = first_detections(run, str(sensors.name[row]))
    named: list[First] = []
    lines: list[Floats] = []
    for path in run_data.paths(run):
        if not len(path.time_s):
            continue
        away = run_data.ground_range_km(sensors, row, path.lat_deg, path.lon_deg)
        colour = style.SIDE_COLOURS[path.allegiance] if path.named else "#a3a9b3"
        wide, order = (1.3, 4) if path.named else (0.5, 3)
        axes.plot(away, path.altitude_m / 1000.0, color=colour, lw=wide, alpha=0.9, zorder=order)
        lines.append(np.column_stack([away, path.altitude_m / 1000.0]))
        entry = firsts.get(path.name)
        if entry is None:
            continue
        at = float(entry["first_detection_s"])
        x, y = np.interp(at, path.time_s, away), np.interp(at, path.time_s, path.altitude_m) / 1000.0
        if path.named:
            named.append(First(float(x), float(y), first_words(entry), colour))
        else:
            axes.plot(x, y, "o", ms=3.6, mfc="white", mec="#6f7785", mew=0.9, zorder=5)
    return named, lines


def draw_side_view(run: Run) -> Figure | None:
    """Return height against ground range of every flight with its first detection; None without a radar."""
    row = run_data.acquisition_sensor(run)
    if row is None:
        return None
    sensors = run_data.table(run, Sensors)
    with style.look():
        caption = (
            "Rings: first detection of each aircraft, its slant range and the limit that hid it until then. Heights "
            "above mean sea level. Coloured: the flights that the trial is about, by true allegiance; grey: other "
            "traffic. The shaded ground is what a level ray from the antenna leaves dark over a smooth earth of 4/3 "
            "radius; hills hide more."
        )
        title = f"From the side: first detections by {sensors.name[row]}"
        frame = style.framed(title, str(run.record.get("title", "")), caption, 4.4)
        axes = frame.axes(0.55, 0.48, 0.1, 0.05)
        named, lines = _draw_flights(axes, run, sensors, row)
        edge, top = axes.dataLim.x1 * 1.03, axes.dataLim.y1 * 1.12
        edge, top = (edge, top) if np.isfinite(edge) and np.isfinite(top) else (100.0, 10.0)
        axes.set_xlim(0.0, edge)
        axes.set_ylim(0.0, top)
        name, horizon = _draw_horizon(axes, float(sensors.height_m[row]), edge, top)
        axes.set_xlabel("Ground range from the radar [km]")
        axes.set_ylabel("Height above mean sea level [km]")
        _write_firsts(axes, named, [name], [*lines, horizon])
        return frame.figure

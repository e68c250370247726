"""The side view of a run: true height against ground range from the acquisition radar, and each first detection.

In comes a run; out comes a figure. What bound a first detection is what the looks before it said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.report import labels, run_data, style
from chainhome.tables import Sensors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]


def first_detections(run: Run, sensor: str) -> dict[str, dict[str, Any]]:
    """Return the summary's entry of each target that the named sensor detected, by target."""
    entries = run_data.summary(run, "radars") or []
    found = [entry for entry in entries if entry.get("sensor") == sensor]
    return {str(entry["target"]): entry for entry in found if entry.get("first_detection_s") is not None}


def first_words(entry: dict[str, Any]) -> str:
    """Say where a target was first detected and what had hidden it until then.

    >>> first_words({"target": "F-4", "first_detection_km": 61.2, "bound_before": "horizon"})
    'F-4: 61 km, horizon before'
    """
    before = entry.get("bound_before")
    words = f", {style.LIMIT_WORDS.get(before, before)} before" if before and before != "none" else ""
    return f"{entry['target']}: {style.distance_text(entry.get('first_detection_km'))}{words}"


def _draw_horizon(axes: Axes, antenna_m: float, edge_km: float, top_km: float) -> None:
    from chainhome.earth.refraction import lowest_visible_altitude_m

    along = np.linspace(0.0, edge_km, 300)
    hidden = (antenna_m + lowest_visible_altitude_m(1000.0 * along, 0.0)) / 1000.0
    axes.fill_between(along, 0.0, np.minimum(hidden, top_km), color="#d9d2c5", alpha=0.6, lw=0, zorder=0)
    axes.plot(along, hidden, color="#7d735f", lw=0.8, zorder=1)
    x = 0.80 * edge_km
    y = (antenna_m + float(lowest_visible_altitude_m(1000.0 * x, 0.0))) / 1000.0
    axes.annotate(
        "below the radar's\nlevel horizon", (x, min(y, top_km)), xytext=(4, -12), textcoords="offset points", size=8,
        color="#5d543f", va="top", zorder=2,
    )  # fmt: skip


def _write_firsts(axes: Axes, firsts: list[tuple[float, float, str, str]]) -> None:
    """Mark each named first detection (x, y, words, colour) and write it where it covers no other."""
    taken: list[labels.Box] = []
    for x, y, _, _ in firsts:
        px, py = axes.transData.transform((x, y))
        taken.append(labels.Box(px - 9, py - 9, px + 9, py + 9))
    for x, y, words, colour in firsts:
        axes.plot(x, y, "o", ms=6.5, mfc="white", mec=colour, mew=1.8, zorder=7)
        wide, high = labels.text_px(axes, words, 8.0)
        px, py = axes.transData.transform((x, y))
        frame = axes.get_window_extent()
        for step in range(24):
            lift = (step // 2 + 1) * 1.4 * high * (1 if step % 2 == 0 else -1)
            left = min(max(px - wide / 2, frame.x0 + 4), frame.x1 - wide - 4)
            box = labels.Box(left, py + lift - high / 2, left + wide, py + lift + high / 2)
            inside = frame.y0 + 4 < box.y0 and box.y1 < frame.y1 - 2
            if inside and not any(labels.overlaps(box, other) for other in taken):
                taken.append(box)
                place = axes.transData.inverted().transform((left + wide / 2, py + lift))
                axes.annotate(
                    words, (x, y), xytext=tuple(place), size=8.0, color=style.legible(colour), ha="center", va="center",
                    zorder=8, path_effects=style.halo(3.0),
                    arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 4},
                )  # fmt: skip
                break


def _draw_flights(axes: Axes, run: Run, sensors: Sensors, row: int) -> list[tuple[float, float, str, str]]:
    """Draw every flight; return place, words and colour of the first detections of the named ones."""
    firsts = first_detections(run, str(sensors.name[row]))
    named: list[tuple[float, float, str, str]] = []
    for path in run_data.paths(run):
        if not len(path.time_s):
            continue
        away = run_data.ground_range_km(sensors, row, path.lat_deg, path.lon_deg)
        colour = style.SIDE_COLOURS[path.allegiance] if path.named else "#a3a9b3"
        wide, order = (1.3, 4) if path.named else (0.5, 3)
        axes.plot(away, path.altitude_m / 1000.0, color=colour, lw=wide, alpha=0.9, zorder=order)
        entry = firsts.get(path.name)
        if entry is None:
            continue
        at = float(entry["first_detection_s"])
        x, y = np.interp(at, path.time_s, away), np.interp(at, path.time_s, path.altitude_m) / 1000.0
        if path.named:
            named.append((float(x), float(y), first_words(entry), colour))
        else:
            axes.plot(x, y, "o", ms=3.6, mfc="white", mec="#6f7785", mew=0.9, zorder=5)
    return named


def draw_side_view(run: Run) -> Figure | None:
    """Return height against ground range of every flight with its first detection; None without a radar."""
    row = run_data.acquisition_sensor(run)
    if row is None:
        return None
    sensors = run_data.table(run, Sensors)
    with style.look():
        caption = (
            "Rings: first detection of each aircraft, with its slant range and the limit that hid it before. Heights "
            "above mean sea level. Coloured: the flights that the trial is about, by true allegiance; grey: other "
            "traffic. The shaded ground is what a level ray from the antenna leaves dark over a smooth earth of 4/3 "
            "radius; hills hide more."
        )
        title = f"From the side: first detections by {sensors.name[row]}"
        frame = style.framed(title, str(run.record.get("title", "")), caption, 4.4)
        axes = frame.axes(0.55, 0.48, 0.1, 0.05)
        named = _draw_flights(axes, run, sensors, row)
        edge, top = axes.dataLim.x1 * 1.03, axes.dataLim.y1 * 1.12
        edge, top = (edge, top) if np.isfinite(edge) and np.isfinite(top) else (100.0, 10.0)
        axes.set_xlim(0.0, edge)
        axes.set_ylim(0.0, top)
        _draw_horizon(axes, float(sensors.height_m[row]), edge, top)
        axes.set_xlabel("Ground range from the radar [km]")
        axes.set_ylabel("Height above mean sea level [km]")
        _write_firsts(axes, named)
        return frame.figure

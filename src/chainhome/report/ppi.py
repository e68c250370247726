"""The plan position indicator: what one rotating radar put on its screen, in its own range and azimuth.

In comes a run; out comes a figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.report import base_map, run_data, style
from chainhome.tables import SENSOR_KINDS, Detections, Sensors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]
BRIGHT_SCANS = 8
PLOT_MARKS: dict[str, dict[str, Any]] = {
    "primary": {"marker": "o", "ms": 4.2, "mfc": "#0b5d2a", "mec": "none", "mew": 0.0},
    "secondary": {"marker": "s", "ms": 5.0, "mfc": "none", "mec": "#5b2a86", "mew": 1.0},
    "combined": {"marker": "D", "ms": 4.8, "mfc": "#1a9a4b", "mec": "#5b2a86", "mew": 1.0},
}


def bright_window(time_s: Floats, width_s: float) -> tuple[float, float]:
    """Return the span of the given width that holds the most of the sorted times, the earliest of equals.

    >>> bright_window(np.array([0.0, 10.0, 11.0, 12.0, 40.0]), 5.0)
    (10.0, 15.0)
    """
    if not len(time_s):
        return 0.0, width_s
    count = np.searchsorted(time_s, time_s + width_s, side="right") - np.arange(len(time_s))
    start = float(time_s[int(np.argmax(count))])
    return start, start + width_s


def _draw_scope(axes: Axes, range_km: float) -> None:
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.set_xlim(-1.09 * range_km, 1.09 * range_km)
    axes.set_ylim(-1.09 * range_km, 1.09 * range_km)
    turn = np.linspace(0.0, 2.0 * np.pi, 361)
    axes.fill(*base_map.polar_xy(turn, np.full_like(turn, range_km)), color="#f3f6f2", lw=0, zorder=0)
    step = next(step for step in (10, 20, 50, 100, 200) if range_km / step <= 6 or step == 200)
    for ring in [*np.arange(step, 0.99 * range_km, step), range_km]:
        outer = ring == range_km
        axes.plot(
            *base_map.polar_xy(turn, np.full_like(turn, ring)),
            color="#7d8a80" if outer else "#c3ccc5",
            lw=0.8,
            zorder=1,
        )
        x, y = base_map.polar_xy(np.radians(22.0), ring)
        look: dict[str, Any] = {"size": 7.5, "color": style.QUIET, "path_effects": style.halo(2.0, "#f3f6f2")}
        axes.text(float(x), float(y), f"{ring:.0f} km", ha="center", va="center", zorder=6, **look)
    for degrees in range(0, 360, 30):
        x, y = base_map.polar_xy(np.full(2, np.radians(degrees)), np.array([0.0, range_km]))
        axes.plot(x, y, color="#dbe1dc", lw=0.6, zorder=1)
        x, y = base_map.polar_xy(np.radians(degrees), 1.045 * range_km)
        axes.text(float(x), float(y), f"{degrees:03d}°", size=8, ha="center", va="center", color=style.INK)


def _draw_plots(axes: Axes, plots: Detections, window: tuple[float, float]) -> None:
    x, y = base_map.polar_xy(plots.azimuth_rad, plots.range_m / 1000.0)
    real = plots.target_id >= 0
    bright = (plots.time_s >= window[0]) & (plots.time_s <= window[1])
    axes.plot(x[~real], y[~real], ls="none", marker="x", ms=2.2, color="#a08f6f", alpha=0.5, mew=0.4, zorder=2)
    axes.plot(x[real], y[real], ls="none", marker=".", ms=2.6, color="#6fae86", alpha=0.6, mew=0, zorder=3)
    scans_ago = np.floor((window[1] - plots.time_s) / (window[1] - window[0]) * BRIGHT_SCANS)
    for ago in range(1, BRIGHT_SCANS):  # the afterglow
        old = real & bright & (scans_ago == ago)
        axes.plot(
            x[old], y[old], ls="none", marker="o", ms=2.8, mew=0, color="#0b5d2a", alpha=0.9 - 0.09 * ago, zorder=4
        )
    for kind, mark in PLOT_MARKS.items():
        newest = real & bright & (scans_ago <= 0) & (plots.kind == SENSOR_KINDS.index(kind))
        axes.plot(x[newest], y[newest], ls="none", zorder=5, **mark)


def _draw_key(axes: Axes, kinds: list[str]) -> None:
    axes.set_axis_off()
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 1.0)
    place = 0.8
    named = [(f"{kind} plot", PLOT_MARKS[kind]) for kind in kinds]
    named.append(("afterglow", {"marker": "o", "ms": 2.8, "mfc": "#0b5d2a", "mec": "none", "alpha": 0.6}))
    named.append(("rest of the run", {"marker": "o", "ms": 3, "mfc": "#7fb893", "mec": "none"}))
    named.append(("false alarm", {"marker": "x", "ms": 4, "mec": "#a08f6f", "mew": 0.8}))
    for words, mark in named:
        axes.plot(place, 0.52, ls="none", **mark)
        axes.text(place + 1.6, 0.5, words, size=8.2, va="center")
        place += 5.0 + 100.0 * style.text_size_in(words, 8.2)[0] / (style.WIDTH_IN - 2 * style.MARGIN_IN)


def draw_ppi(run: Run) -> Figure | None:
    """Return the plots of the acquisition radar over the whole run, its busiest scans bright; None without a radar."""
    row = run_data.acquisition_sensor(run)
    if row is None:
        return None
    sensors, detections = run_data.table(run, Sensors), run_data.table(run, Detections)
    plots = detections[detections.sensor_id == sensors.sensor_id[row]].sorted_by("time_s")
    plots = plots[np.isfinite(plots.range_m) & np.isfinite(plots.azimuth_rad)]
    real = plots.target_id >= 0
    period = float(sensors.period_s[row]) if sensors.period_s[row] > 0 else 10.0
    window = bright_window(plots.time_s[real], BRIGHT_SCANS * period)
    farthest = float(plots.range_m[real].max()) / 1000.0 if real.any() else 100.0
    edge = float(np.ceil(1.05 * farthest / 50.0) * 50.0)
    outside = int(np.count_nonzero(plots.range_m > 1000.0 * edge))
    plots = plots[plots.range_m <= 1000.0 * edge]
    real = plots.target_id >= 0
    kinds = [kind for kind in PLOT_MARKS if np.any(plots.kind[real] == SENSOR_KINDS.index(kind))]
    span = f"{run_data.clock(run, window[0])} to {run_data.clock(run, window[1])} UTC"
    with style.look():
        caption = (
            f"{np.count_nonzero(real):,} plots of targets and {np.count_nonzero(~real):,} false alarms over the whole "
            f"run, one scan every {period:g} s; {outside:,} false alarms more lie farther out. Bright: the "
            f"{BRIGHT_SCANS} busiest scans, {span}, the newest with its symbol, the others fading with age. Range is "
            "slant range, azimuth from true north at the radar. Which plot is false is known to the simulation only."
        )
        title = f"On the scope: {sensors.name[row]}"
        frame = style.framed(title, str(run.record.get("title", "")), caption, 7.1)
        _draw_key(frame.axes(0, 6.84, 0, 0), kinds)
        axes = frame.axes(0, 0, 0, 0.28)
        _draw_scope(axes, edge)
        _draw_plots(axes, plots, window)
        return frame.figure

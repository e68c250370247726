"""Draw the tracks of a real radar recording: the picture of the README and of docs/track.md.

    python tools/make_track_picture.py 068test_bds30.gps docs/images/tracks-real-radar.png

In: the recording `bin/datos/068test_bds30.gps` of the repository ifsnop/reader_network (LGPL-3.0), which is not part
of this one: 79 minutes of one Mode S radar, two aircraft. It is tracked twice with the addresses hidden from the
tracker, as a live picture and smoothed; the addresses then tell which aircraft each track followed. Out: a PNG file.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.metrics import by_address
from chainhome.process.follow import follow
from chainhome.process.recording_input import open_recording
from chainhome.process.score_recording import greatest_age_s
from chainhome.report import base_map, labels, style
from chainhome.report.track_map import CONFIRMED, PLOT_COLOUR, draw_rings, plot_places
from chainhome.tables import Detections, Tracks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
COLOURS = ("#0072b2", "#c2500a")
LINES: tuple[Any, ...] = ("-", (0, (5, 1.2)))
NAMES = ("A", "B")
CLOSE_S = (1960.0, 2680.0)
"""Seconds from the first plot: two rounds of the holding pattern."""


@dataclass(frozen=True, eq=False)
class Flight:
    """One aircraft: its plots, and the rows of the confirmed tracks that followed it, live and smoothed."""

    time_s: Floats
    plots_km: Floats
    live: list[Tracks]
    smoothed: list[Tracks]


def flights(recording_path: Path) -> tuple[list[Flight], dict[str, Any]]:
    """Return the two aircraft and the scores of the tracker."""
    recording = open_recording(recording_path, None)
    found = []
    for smooth in (False, True):
        steps = list(follow(recording, hide_address=True, smooth=smooth))
        plots = Detections.concat([step.detections for step in steps])
        found.append(Tracks.concat([step.tracks for step in steps]))
    score = by_address(found[0], plots, max_age_s=greatest_age_s(recording.watch.sensors))
    place = plot_places(plots, recording.watch.sensors, recording.watch.world) / 1000.0
    start = plots.time_s.min()
    out = []
    for address in score.address[np.argsort(-score.plots)]:
        mine = plots.mode_s_address == address
        own = [int(key) for key in score.track_id[score.track_address == address]]
        out.append(Flight(plots.time_s[mine] - start, place[mine], _parts(found[0], own), _parts(found[1], own)))
    minutes = float(np.ptp(plots.time_s)) / 60.0
    return out, {**score.overall, "plots": len(plots), "minutes": minutes, "start_s": start}


def _parts(tracks: Tracks, keys: list[int]) -> list[Tracks]:
    """Return confirmed rows of each track, to its last plot."""
    parts = []
    for key in keys:
        part = tracks[(tracks.track_id == key) & (tracks.status == CONFIRMED)].sorted_by("time_s")
        parts.append(part[: int(np.flatnonzero(part.detection_id >= 0)[-1]) + 1])
    return sorted(parts, key=lambda part: float(part.time_s[0]))


def _ways(parts: list[Tracks]) -> list[Floats]:
    return [np.column_stack([part.x_m, part.y_m]) / 1000.0 for part in parts]


def _name(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", size=9.2, weight="bold", pad=4)


def draw_whole(axes: Axes, both: list[Flight], close: base_map.Extent) -> None:
    """Draw the whole recording: plots, smoothed tracks, rings of range about the radar, the frame of the close view."""
    points = np.concatenate([one.plots_km for one in both])
    low, high = points.min(axis=0) - 2.0, points.max(axis=0) + 2.0
    box = axes.get_window_extent()
    middle = (low + high) / 2.0
    half = max(0.5 * (high - low)[0], 0.5 * (high - low)[1] * box.width / box.height)
    tall = half * box.height / box.width
    extent = base_map.Extent(middle[0] - half, middle[0] + half, middle[1] - tall, middle[1] + tall)
    base_map.draw_frame(axes, extent)
    taken: list[labels.Box] = []
    base_map.draw_scale_bar(axes, extent, taken)
    for code, one in enumerate(both):
        axes.plot(*one.plots_km.T, ls="none", marker="o", ms=1.3, mew=0, color=PLOT_COLOUR, zorder=4)
        for way in _ways(one.smoothed):
            axes.plot(*way.T, color=COLOURS[code], ls=LINES[code], lw=0.9, zorder=5)
            axes.plot(*way[0], "o", ms=3.4, mfc="white", mec=COLOURS[code], mew=1.1, zorder=7)
    draw_rings(axes, extent, 0.0, 0.0, taken, [way for one in both for way in _ways(one.smoothed)])
    x = [close.west_km, close.east_km, close.east_km, close.west_km, close.west_km]
    y = [close.south_km, close.south_km, close.north_km, close.north_km, close.south_km]
    axes.plot(x, y, color=style.INK, lw=0.8, zorder=6)
    _to_radar(axes, extent)
    _name(axes, "The whole recording, smoothed tracks")


def _to_radar(axes: Axes, extent: base_map.Extent) -> None:
    """Draw an arrow that points at the radar from the upper left corner."""
    wide = extent.east_km - extent.west_km
    x, y = extent.west_km + 0.06 * wide, extent.north_km - 0.12 * wide
    way = -np.array([x, y]) / np.hypot(x, y) * 0.09 * wide
    arrow: dict[str, Any] = {"arrowstyle": "-|>", "color": style.INK, "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x + way[0], y + way[1]), (x, y), arrowprops=arrow, zorder=8)
    axes.text(x + 0.11 * wide, y + 0.045 * wide, "to the radar", size=8, va="center", path_effects=style.halo())


def _inside(time_s: Floats) -> NDArray[np.bool_]:
    return (time_s >= CLOSE_S[0]) & (time_s <= CLOSE_S[1])


def close_extent(both: list[Flight], shape: float) -> base_map.Extent:
    """Return the frame of the close view, `shape` times as high as wide."""
    points = np.concatenate([one.plots_km[_inside(one.time_s)] for one in both])
    low, high = points.min(axis=0), points.max(axis=0)
    middle, half = (low + high) / 2.0, float(max((high - low)[0], (high - low)[1] / shape)) * 0.53
    return base_map.Extent(middle[0] - half, middle[0] + half, middle[1] - shape * half, middle[1] + shape * half)


def draw_close(axes: Axes, both: list[Flight], extent: base_map.Extent, start_s: float) -> None:
    """Draw some minutes of the holding pattern with every plot, the live track and the smoothed one."""
    base_map.draw_frame(axes, extent)
    base_map.draw_scale_bar(axes, extent, [])
    for code, one in enumerate(both):
        now = _inside(one.time_s)
        axes.plot(*one.plots_km[now].T, ls="none", marker="o", ms=2.6, mew=0, color=PLOT_COLOUR, zorder=4)
        for parts, look in ((one.live, {"lw": 0.6, "alpha": 0.75}), (one.smoothed, {"lw": 1.5, "ls": LINES[code]})):
            for part, way in zip(parts, _ways(parts), strict=True):
                axes.plot(*way[_inside(part.time_s - start_s)].T, color=COLOURS[code], zorder=5, **look)  # type: ignore[arg-type]
    _name(axes, f"The box: {(CLOSE_S[1] - CLOSE_S[0]) / 60.0:.0f} minutes of the holding pattern")


def draw_speed(axes: Axes, one: Flight, start_s: float) -> None:
    """Draw the ground speed of the first aircraft, live and smoothed."""
    for parts, look in (
        (one.live, {"lw": 0.7, "alpha": 0.6}),
        (one.smoothed, {"lw": 1.5}),
    ):
        for part in parts:
            minute = (part.time_s - start_s) / 60.0
            axes.plot(minute, np.hypot(part.vx_mps, part.vy_mps), color=COLOURS[0], **look)  # type: ignore[arg-type]
    axes.set_xlim(CLOSE_S[0] / 60.0, CLOSE_S[1] / 60.0)
    axes.set_ylim(80.0, 140.0)
    axes.set_yticks([80.0, 100.0, 120.0, 140.0])
    axes.set_xlabel("time since the first plot, min", labelpad=2)
    axes.grid(axis="y", color="#e4e7eb", lw=0.6)
    _name(axes, "Ground speed of A there, m/s")


def draw_key(axes: Axes) -> None:
    """Say what points and lines are."""
    axes.set_axis_off()
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 1.0)
    axes.plot(1.0, 0.5, "o", ms=2.8, mew=0, color=PLOT_COLOUR)
    axes.text(2.6, 0.5, "plot", size=8.4, va="center")
    place = 10.0
    for code, name in enumerate(NAMES):
        axes.plot([place, place + 5.0], [0.5, 0.5], color=COLOURS[code], ls=LINES[code], lw=1.5)
        axes.text(place + 6.0, 0.5, f"aircraft {name}", size=8.4, va="center", color=COLOURS[code])
        place += 20.0
    axes.plot([place, place + 5.0], [0.5, 0.5], color=style.INK, lw=0.6, alpha=0.8)
    axes.text(place + 6.0, 0.5, "thin: live estimate", size=8.4, va="center")
    axes.plot(place + 27.0, 0.5, "o", ms=3.4, mfc="white", mec=style.INK, mew=1.1)
    axes.text(place + 28.6, 0.5, "a track begins", size=8.4, va="center")


def draw(both: list[Flight], facts: dict[str, Any]) -> Figure:
    """Return the picture."""
    tracks = sum(len(one.smoothed) for one in both)
    with style.look():
        frame = style.framed(
            f"Two aircraft, one radar, {facts['minutes']:.0f} minutes: a real recording tracked",
            f"{facts['plots']:,} plots of a Spanish Mode S radar (ASTERIX category 048), addresses hidden from the "
            f"tracker: purity {facts['purity']:.3f}, completeness {facts['completeness']:.3f}, {tracks} tracks",
            f"Plots at slant range and azimuth, north up; the recording does not say where the radar stands. Purity: "
            f"share of a track's plots that are of its aircraft, by the Mode S addresses that the tracker did not see; "
            f"completeness: share of plots that a confirmed track took in; breaks: {facts['breaks']:.0f}, changes of "
            f"track number: {facts['id_switches']:.0f}. Assumed: 70 m and 0.08° (one sigma), detection 0.9, five false "
            "plots a scan. Not shown: how near the tracks are to where the aircraft truly were, which nobody recorded; "
            "and dense traffic. Recording: ifsnop/reader_network.",
            5.2,
        )
        draw_key(frame.axes(0.0, 4.98, 0.0, 0.0))
        left, right = 3.3, 3.52
        upper = frame.axes(right, 1.95, 0.0, 0.5)
        extent = close_extent(both, float(upper.get_window_extent().height / upper.get_window_extent().width))
        draw_whole(frame.axes(0.0, 0.0, frame.width_in - left, 0.5), both, extent)
        draw_close(upper, both, extent, facts["start_s"])
        draw_speed(frame.axes(right + 0.32, 0.36, 0.0, 3.72), both[0], facts["start_s"])
        return frame.figure


def main() -> int:
    """Write the picture and say the scores in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("png", type=Path)
    given = parser.parse_args()
    both, facts = flights(given.recording)
    style.write_bytes(given.png, style.png(draw(both, facts)))
    sys.stdout.write(f"{given.png}: {facts}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

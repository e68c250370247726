"""The map of a run: true flights as thin lines, confirmed tracks in the colour and shape of what was declared of them.

In comes a run; out comes a figure on the projection of `base_map` about the run's origin.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.report import base_map, labels, run_data, style
from chainhome.tables import ALLEGIANCES, Detections, Identities, Sensors, Tracks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Shape

    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]
Pieces = list[tuple[int, Floats, bool]]


def side_shape(side: str) -> Shape:
    """Return the frame shape of an affiliation in the air, after APP-6: arch, square, peak or lobes [app6d]."""
    from matplotlib.path import Path as Shape

    angle = np.linspace(0.0, np.pi, 13)
    if side == "friend":
        points = np.column_stack([np.cos(angle), 1.6 * np.sin(angle) - 0.7])
    elif side == "neutral":
        points = np.array([[-0.9, -0.8], [0.9, -0.8], [0.9, 0.9], [-0.9, 0.9]])
    elif side == "hostile":
        points = np.array([[-0.95, -0.7], [0.95, -0.7], [0.95, 0.1], [0.0, 1.1], [-0.95, 0.1]])
    else:
        turn = np.linspace(0.0, 2.0 * np.pi, 49)
        radius = 0.72 + 0.38 * np.abs(np.cos(2.0 * turn))
        points = np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
    return Shape(np.concatenate([points, points[:1]]), closed=True)


def track_pieces(run: Run, centre_deg: tuple[float, float]) -> Pieces:
    """Return the pieces of confirmed track, each (code of what was declared, points (k, 2) in km, ends there)."""
    tracks = run_data.table(run, Tracks)
    tracks = tracks[tracks.status == run_data.CONFIRMED].sorted_by("track_id", "time_s")
    if not len(tracks):
        return []
    declared = run_data.declared_at(tracks, run_data.table(run, Identities))
    points = np.column_stack(base_map.project(tracks.lat_deg, tracks.lon_deg, centre_deg))
    new_track = np.diff(tracks.track_id) != 0
    starts = np.flatnonzero(new_track | (np.diff(declared) != 0)) + 1
    edges = [0, *starts.tolist(), len(tracks)]
    pieces: Pieces = []
    for first, end in pairwise(edges):
        joins = first > 0 and not new_track[first - 1]  # a change of mind, not a new track: no gap in the line
        ends = end == len(tracks) or bool(new_track[end - 1])
        pieces.append((int(declared[first]), points[first - joins : end], ends))
    return pieces


def _extent(lines: list[Floats]) -> base_map.Extent:
    points = np.concatenate([*lines, np.array([[0.0, 0.0]])])
    points = points[np.isfinite(points).all(axis=1)]
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * max(float((high - low).max()), 20.0)
    west, south = (low - margin).tolist()
    east, north = (high + margin).tolist()
    lack = 0.62 * (east - west) - (north - south)
    if lack > 0:
        south, north = south - lack / 2, north + lack / 2
    lack = 0.8 * (north - south) - (east - west)
    if lack > 0:
        west, east = west - lack / 2, east + lack / 2
    return base_map.Extent(west, east, south, north)


def _draw_tracks(axes: Axes, pieces: Pieces) -> None:
    from matplotlib.collections import LineCollection

    for code, side in enumerate(ALLEGIANCES):
        mine = [xy for declared, xy, _ in pieces if declared == code]
        if not mine:
            continue
        colour = style.SIDE_COLOURS[side]
        axes.add_collection(LineCollection(mine, colors="white", linewidths=2.6, alpha=0.75, zorder=4.9), autolim=False)
        axes.add_collection(LineCollection(mine, colors=colour, linewidths=1.5, zorder=5), autolim=False)
        ends = np.array([xy[-1] for declared, xy, last in pieces if last and declared == code]).reshape(-1, 2)
        shape: Any = side_shape(side)
        axes.plot(*ends.T, ls="none", marker=shape, ms=6.5, mfc=colour, mec="white", mew=0.7, zorder=6)


def _draw_key(axes: Axes) -> None:
    axes.set_axis_off()
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 1.0)
    axes.text(0.0, 0.5, "Confirmed track, declared", size=8.4, va="center")
    for side, place in zip(("friend", "neutral", "hostile", "unknown"), (28.0, 40.0, 53.5, 67.0), strict=True):
        shape: Any = side_shape(side)
        axes.plot([place, place + 2.6], [0.52, 0.52], color=style.SIDE_COLOURS[side], lw=1.5)
        axes.plot(place + 2.6, 0.52, marker=shape, ms=7, mfc=style.SIDE_COLOURS[side], mec="white", mew=0.6)
        axes.text(place + 4.2, 0.5, side, size=8.4, va="center", color=style.legible(style.SIDE_COLOURS[side]))
    axes.plot([82.0, 85.5], [0.52, 0.52], color=style.INK, lw=0.6)
    axes.text(86.5, 0.5, "true flight", size=8.4, va="center")


def _draw_sensors(axes: Axes, run: Run, centre_deg: tuple[float, float], taken: list[labels.Box]) -> None:
    sensors = run_data.table(run, Sensors)
    if not len(sensors):
        return
    x, y = base_map.project(sensors.lat_deg, sensors.lon_deg, centre_deg)
    axes.plot(x, y, ls="none", marker="^", ms=7, color=style.INK, mec="white", mew=0.8, zorder=7)
    for px, py in axes.transData.transform(np.column_stack([x, y])):
        taken.append(labels.Box(px - 12, py - 12, px + 12, py + 12))


def draw_run_map(run: Run) -> Figure:
    """Return the map of a run: truth, confirmed tracks by declared affiliation, sensors, hills, coast and cities."""
    origin = run.record["origin"]
    centre = (float(origin["lat_deg"]), float(origin["lon_deg"]))
    flights = run_data.paths(run)
    truth = [np.column_stack(base_map.project(path.lat_deg, path.lon_deg, centre)) for path in flights]
    pieces = track_pieces(run, centre)
    extent = _extent([*truth, *(xy for _, xy, _ in pieces)])
    inner = style.WIDTH_IN - 2 * style.MARGIN_IN
    high = inner * (extent.north_km - extent.south_km) / (extent.east_km - extent.west_km)
    plots = len(run_data.table(run, Detections))
    ground = base_map.TERRAIN_LINE if run.record.get("terrain", True) else "Radars over a smooth earth, no terrain."
    day = str(run.record.get("epoch_utc", ""))[:10]
    with style.look():
        caption = (
            f"{len(flights)} flight{'s' if len(flights) != 1 else ''}, {plots:,} plots. Thin lines: where the aircraft "
            "truly flew; gaps in the colour are gaps in the tracking. A symbol ends each track. Triangles: sensors. "
            f"Distances and bearings from {origin.get('name') or 'the origin'} are true. Coast: Natural Earth. {ground}"
        )
        title = f"{run.record.get('title', 'Run')}: what was tracked, and as what"
        frame = style.framed(
            title, f"From {day} {run_data.clock(run, 0.0)} UTC".replace("  ", " "), caption, high + 0.3
        )
        _draw_key(frame.axes(0, high + 0.04, 0, 0.0))
        axes = frame.axes(0, 0, 0, 0.3)
        base_map.draw_ground(axes, extent, centre)
        for path, xy in zip(flights, truth, strict=True):
            # A named flight is heavier, so that its shape stays whole where its tracks break.
            axes.plot(*xy.T, color=style.INK, lw=1.1 if path.named else 0.5, alpha=0.9, zorder=4.5)
        _draw_tracks(axes, pieces)
        taken: list[labels.Box] = []
        _draw_sensors(axes, run, centre, taken)
        base_map.draw_scale_bar(axes, extent, taken)
        named = [(path.name, style.INK, xy) for path, xy in zip(flights, truth, strict=True) if path.named and len(xy)]
        labels.write_on_lines(axes, named, taken, size_pt=7.6)
        base_map.draw_cities(axes, extent, centre, taken, [*truth, *(xy for _, xy, _ in pieces)], most=10)
        return frame.figure

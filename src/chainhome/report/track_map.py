"""The picture of a tracked recording: plots as grey points, confirmed tracks as lines in the colour of their height.

In come plots and tracks step by step, of which a bounded number of rows is kept; out comes a figure. Where the sensors'
places are known it stands on the map of `base_map`, else in the radar's own frame with rings of range about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.earth.geodesy import Frame, enu_frame, geodetic_to_enu
from chainhome.earth.polar import polar_to_world
from chainhome.report import base_map, labels, style
from chainhome.tables import TRACK_STATUSES, Detections, Sensors, Tracks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_ROWS, MOST_PLOTS = 200_000, 60_000
EARTH_M = 6_371_000.0
CONFIRMED = TRACK_STATUSES.index("confirmed")
COLOURS = 8  # of heights, at most
UNKNOWN_HEIGHT_M = 1_000.0  # a track less sure of its height than this has no colour
PLOT_COLOUR, PLAIN_COLOUR = "#8b939f", "#0072b2"


@dataclass(frozen=True)
class Words:
    """What the picture says about the recording."""

    title: str
    subtitle: str
    notes: tuple[str, ...] = ()


class Sketch:
    """Keeps what the picture needs while a recording is tracked: whole tracks, fewer of them as they become many."""

    def __init__(self, sensors: Sensors, world: Frame, *, placed: bool = True) -> None:
        """Begin without rows; `placed` tells whether the world's place on the earth is known."""
        self.sensors, self.world, self.placed = sensors, world, placed
        self.plot_count, self.one_plot_in, self.one_track_in = 0, 1, 1
        self.confirmed: set[int] = set()
        self._plots: list[Floats] = []
        self._rows: list[Floats] = []

    def add(self, plots: Detections, tracks: Tracks) -> None:
        """Take one step in."""
        numbers = self.plot_count + np.arange(len(plots))
        self.plot_count += len(plots)
        chosen = numbers % self.one_plot_in == 0
        self._plots.append(np.column_stack([numbers[chosen], plot_places(plots[chosen], self.sensors, self.world)]))
        self.confirmed |= set(np.unique(tracks.track_id[tracks.status == CONFIRMED]).tolist())
        # Rows with a plot are enough for a line, and end it at the last one.
        seen = (tracks.status == CONFIRMED) & (tracks.detection_id >= 0)
        tracks = tracks[seen & (tracks.track_id % self.one_track_in == 0)]
        height = np.where(tracks.covariance[:, 2, 2] < UNKNOWN_HEIGHT_M**2, tracks.altitude_m, np.nan)
        columns = (tracks.track_id, tracks.time_s, tracks.x_m, tracks.y_m, height)
        self._rows.append(np.column_stack(columns).astype(np.float64))
        while sum(map(len, self._plots)) > MOST_PLOTS:
            self.one_plot_in *= 2
            self._plots = [kept[kept[:, 0] % self.one_plot_in == 0] for kept in self._plots]
        while sum(map(len, self._rows)) > MOST_ROWS and len(np.unique(np.concatenate(self._rows)[:, 0])) > 1:
            self.one_track_in *= 2
            self._rows = [kept[kept[:, 0] % self.one_track_in == 0] for kept in self._rows]

    def plots(self) -> Floats:
        """Return kilometres east and north (n, 2) of the plots kept."""
        place = np.concatenate([np.empty((0, 3)), *self._plots])[:, 1:]
        return self._kilometres(place[np.isfinite(place).all(axis=1)])

    def lines(self) -> list[tuple[Floats, Floats]]:
        """Return for each track kept its way (k, 2) in kilometres and its height (k,) in metres, to its last plot."""
        rows = np.concatenate([np.empty((0, 5)), *self._rows])
        rows = rows[np.lexsort([rows[:, 1], rows[:, 0]])]
        parts = np.split(rows, np.flatnonzero(np.diff(rows[:, 0])) + 1)
        return [(self._kilometres(part[:, 2:4]), part[:, 4]) for part in parts if len(part) > 1]

    def radars(self) -> list[tuple[str, float, float]]:
        """Return name, kilometres east and north of every sensor that has a place."""
        known = np.isfinite(self.sensors.lat_deg)
        at = geodetic_to_enu(
            self.world,
            np.radians(self.sensors.lat_deg[known]),
            np.radians(self.sensors.lon_deg[known]),
            self.sensors.height_m[known],
        )
        places = self._kilometres(at[:, :2])
        return [(str(n), float(x), float(y)) for n, (x, y) in zip(self.sensors.name[known], places, strict=True)]

    def _kilometres(self, place_m: Floats) -> Floats:
        """Bring a rigid frame's metres to the map, on which distances along the ground from the centre are true."""
        if not self.placed:
            return place_m / 1000.0
        away = np.hypot(*place_m.T)
        share = np.minimum(away / EARTH_M, 1.0)
        return place_m / 1000.0 * np.where(share > 0.0, np.arcsin(share) / np.maximum(share, 1e-300), 1.0)[:, None]


def plot_places(plots: Detections, sensors: Sensors, world: Frame) -> Floats:
    """Return metres east and north (n, 2) of plots; a radar's plot without elevation is put at its flight level."""
    place = np.column_stack([plots.x_m, plots.y_m])
    for row, key in enumerate(sensors.sensor_id.tolist()):
        mine = np.flatnonzero((plots.sensor_id == key) & np.isfinite(plots.range_m) & ~np.isfinite(place[:, 0]))
        if not len(mine) or not np.isfinite(sensors.lat_deg[row]):
            continue
        frame = enu_frame(
            np.radians(sensors.lat_deg[row]), np.radians(sensors.lon_deg[row]), float(sensors.height_m[row])
        )
        reach = plots.range_m[mine]
        rise = np.nan_to_num(plots.flight_level_m[mine]) - float(sensors.height_m[row])
        up = np.arcsin(np.clip(rise / reach - reach / (2.0 * EARTH_M), -1.0, 1.0))
        elevation = np.where(np.isfinite(plots.elevation_rad[mine]), plots.elevation_rad[mine], up)
        place[mine] = polar_to_world(reach, plots.azimuth_rad[mine], elevation, frame, world)[:, :2]
    return place


def height_edges_km(height_m: Floats) -> Floats:
    """Return the heights at which the colours change, round numbers about all heights but the strangest.

    >>> height_edges_km(np.array([1200.0, np.nan, 2600.0])).tolist()
    [1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6]
    """
    known = height_m[np.isfinite(height_m)] / 1000.0
    if not len(known):
        return np.zeros(0)
    low, high = np.quantile(known, [0.002, 0.998])
    step = next(s for s in (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 1e3) if np.ceil(high / s) - low // s <= COLOURS)
    first, last = np.floor(low / step), np.floor(high / step) + 1
    return np.round(step * np.arange(first, last + 1), 3)


def height_class(height_m: Floats, edges_km: Floats) -> Ints:
    """Return the number of the colour of each height, -1 where it is not known.

    >>> height_class(np.array([np.nan, -30.0, 1500.0, 20e3]), np.array([0.0, 1.0, 2.0])).tolist()
    [-1, 0, 1, 1]
    """
    found = np.clip(np.searchsorted(edges_km, height_m / 1000.0, side="right") - 1, 0, max(len(edges_km) - 2, 0))
    return np.where(np.isfinite(height_m), found, -1)


def draw_lines(axes: Axes, lines: list[tuple[Floats, Floats]], edges_km: Floats, width_pt: float) -> None:
    """Draw tracks, each way (k, 2) and height (k,), in the colours of their heights, the lowest beneath."""
    from matplotlib.collections import LineCollection

    pieces: dict[int, list[Floats]] = {}
    for way, height in lines:
        code = height_class(height, edges_km)
        edges = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(code)]
        for first, end in pairwise(edges):
            pieces.setdefault(int(code[first]), []).append(way[first : end + 1])
    colours = style.height_colours(len(edges_km) - 1)
    for number in sorted(pieces):
        colour = PLAIN_COLOUR if number < 0 else colours[number]
        axes.add_collection(
            LineCollection(pieces[number], colors=colour, linewidths=width_pt, zorder=5.1 + 0.01 * number),
            autolim=False,
        )


def _extent(points: Floats) -> base_map.Extent:
    """Return a frame about the points that is neither a strip nor a tower; one point in 2,000 may lie outside."""
    low, high = np.quantile(points, [0.0005, 0.9995], axis=0) if len(points) else (np.zeros(2), np.zeros(2))
    middle, half = (low + high) / 2.0, np.maximum((high - low) / 2.0, 2.0) * 1.12
    wide = max(half[0], half[1] / 1.1)
    high_half = max(half[1], 0.62 * wide)
    return base_map.Extent(
        float(middle[0] - wide), float(middle[0] + wide), float(middle[1] - high_half), float(middle[1] + high_half)
    )


def _known_ground(extent: base_map.Extent, centre: tuple[float, float]) -> bool:
    """Tell whether the package has coast and borders for all of the frame."""
    from chainhome.earth.shapes import load_shapes

    shapes = load_shapes()
    x, y = np.array([extent.west_km, extent.east_km]), np.array([extent.south_km, extent.north_km])
    lat, lon = (np.degrees(a) for a in base_map.unproject_grid(x, y, centre))
    inside = (lon > shapes.west_deg) & (lon < shapes.east_deg) & (lat > shapes.south_deg) & (lat < shapes.north_deg)
    return bool(inside.all())


def draw_rings(
    axes: Axes, extent: base_map.Extent, x: float, y: float, taken: list[labels.Box], lines: list[Floats]
) -> None:
    """Draw rings of range about a radar at x, y, with their distances where they hide least of the lines (k, 2)."""
    corners = np.array(
        [[a - x, b - y] for a in (extent.west_km, extent.east_km) for b in (extent.south_km, extent.north_km)]
    )
    far = float(np.hypot(*corners.T).max())
    wide = extent.east_km - extent.west_km
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if wide / s <= 5), 1000)
    turn = np.linspace(0.0, 2.0 * np.pi, 1441)
    others = labels.line_points(axes, lines)
    for ring in np.arange(step, far + step, step):
        line = np.column_stack(base_map.polar_xy(turn, np.full_like(turn, ring))) + np.array([x, y])
        axes.plot(*line.T, color=style.FAINT, lw=0.7, zorder=3.5)
        text = f"{ring:.0f} km"
        place = labels.on_line(axes, line, text, 7.2, taken, others, from_middle=True)
        if place is not None:
            _write(axes, place, text)
            wide_px, high_px = labels.text_px(axes, text, 7.2)
            taken.append(labels.Box(place[0] - wide_px, place[1] - high_px, place[0] + wide_px, place[1] + high_px))


def _write(axes: Axes, pixel: tuple[float, float], text: str) -> None:
    from matplotlib.transforms import IdentityTransform

    look: dict[str, Any] = {"size": 7.2, "color": style.QUIET, "path_effects": style.halo(2.2)}
    axes.text(*pixel, text, ha="center", va="center", zorder=4, transform=IdentityTransform(), **look)


def draw_key(axes: Axes, edges_km: Floats) -> None:
    """Draw what points and colours mean."""
    axes.set_axis_off()
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 1.0)
    axes.plot([0.6, 1.6, 2.6], [0.56, 0.74, 0.6], ls="none", marker="o", ms=2.2, mew=0, color=PLOT_COLOUR)
    axes.text(4.0, 0.64, "plot", size=8.4, va="center")
    axes.plot([11.0, 14.5], [0.66, 0.66], color=PLAIN_COLOUR if not len(edges_km) else style.INK, lw=1.6)
    if not len(edges_km):
        axes.text(15.7, 0.64, "confirmed track; its height is not measured", size=8.4, va="center")
        return
    axes.text(15.7, 0.64, "confirmed track, coloured by its height", size=8.4, va="center")
    left, wide = 54.0, min(6.5, 38.0 / (len(edges_km) - 1))
    for place, colour in enumerate(style.height_colours(len(edges_km) - 1)):
        start = left + wide * place
        axes.fill_between([start, start + wide], 0.46, 0.86, color=colour, lw=0)
    for place, edge in enumerate(edges_km):
        axes.text(left + wide * place, 0.2, f"{edge:g}", size=7.4, va="center", ha="center")
    axes.text(left + wide * (len(edges_km) - 1) + 1.4, 0.64, "km", size=8.4, va="center")


def draw_track_map(sketch: Sketch, words: Words) -> Figure:
    """Return the picture of a tracked recording."""
    plots, lines, radars = sketch.plots(), sketch.lines(), sketch.radars()
    extent = _extent(np.concatenate([np.empty((0, 2)), *(way for way, _ in lines)]) if lines else plots)
    inner = style.WIDTH_IN - 2 * style.MARGIN_IN
    high = inner * (extent.north_km - extent.south_km) / (extent.east_km - extent.west_km)
    centre = (float(np.degrees(sketch.world.lat_rad)), float(np.degrees(sketch.world.lon_rad)))
    ground = sketch.placed and _known_ground(extent, centre)
    with style.look():
        frame = style.framed(words.title, words.subtitle, _caption(sketch, words, len(lines), ground), high + 0.36)
        edges = height_edges_km(np.concatenate([np.zeros(0), *(height for _, height in lines)]))
        draw_key(frame.axes(0, high + 0.04, 0, 0.0), edges)
        axes = frame.axes(0, 0, 0, 0.36)
        if ground:
            base_map.draw_ground(axes, extent, centre)
        else:
            base_map.draw_frame(axes, extent)
        taken: list[labels.Box] = []
        base_map.draw_scale_bar(axes, extent, taken)
        for _, x, y in radars:
            if extent.west_km < x < extent.east_km and extent.south_km < y < extent.north_km:
                axes.plot(x, y, ls="none", marker="^", ms=7, color=style.INK, mec="white", mew=0.8, zorder=8)
        axes.plot(*plots.T, ls="none", marker="o", ms=1.1, mew=0, color=PLOT_COLOUR, zorder=4.5)
        draw_lines(axes, lines, edges, 1.1 if len(lines) < 300 else 0.7)
        if len(radars) == 1:
            draw_rings(axes, extent, *radars[0][1:], taken, [way for way, _ in lines[:400]])
        if ground:
            base_map.draw_cities(axes, extent, centre, taken, [way for way, _ in lines[:400]], most=10)
        return frame.figure


def _caption(sketch: Sketch, words: Words, drawn: int, ground: bool) -> str:
    parts = [f"{sketch.plot_count:,} plots, {len(sketch.confirmed):,} confirmed tracks."]
    if sketch.one_plot_in > 1:
        parts.append(f"Drawn: one plot in {sketch.one_plot_in}.")
    if sketch.one_track_in > 1:
        parts.append(f"Drawn: {drawn:,} of the tracks, those whose numbers {sketch.one_track_in} divides.")
    parts.append("A line ends at its track's last plot; tracks that were never confirmed are left out.")
    if not sketch.placed:
        parts.append("North is up; nobody says where the radar stands.")
    elif ground:
        parts.append(f"Distances and bearings from the origin are true. Coast: Natural Earth. {base_map.TERRAIN_LINE}")
    else:
        parts.append("North is up. The package has no map of this region.")
    return " ".join([*parts, *words.notes])


def write_track_map(sketch: Sketch, words: Words, path: Any) -> None:
    """Write the picture as a PNG file, which is replaced. Raises ChainhomeError on failure."""
    style.write_bytes(path, style.png(draw_track_map(sketch, words)))

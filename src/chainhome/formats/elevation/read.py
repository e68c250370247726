"""The heights of the user's files on the square grid round a site.

In: a file or a folder of tiles in any coordinate system, a site, how far and how fine. Out: a `SiteGrid`. Windows of
the files are read block by block of the grid, so memory holds the grid and little more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.earth import SiteGrid
from chainhome.errors import UseError

if TYPE_CHECKING:
    from chainhome.formats.elevation.sheets import Files, Sheet

Floats = NDArray[np.float64]
Heights = NDArray[np.float32]
Progress = Callable[[str, float], None]

MOST_CELLS = 81_000_000  # where no cell size is asked for: a disc of 400 km at 90 m
MOST_CELLS_ASKED = 1 << 30
VOID_REACH_CELLS = 10
SHARE_RINGS, SHARE_BEARINGS = 60, 180
BLOCK = 512
_SMALLEST_BLOCK = 16
_WINDOW_CELLS = 4_000_000
_DEPTH_M = -500.0  # the lowest dry land is at -430 m: what is lower is the bottom of a sea


class _Source(NamedTuple):
    """A sheet, and how many of its cells down and across are averaged to one before the grid's cells are taken."""

    sheet: Sheet
    down: int
    across: int


class _Part(NamedTuple):
    """A rectangle of the grid: its heights (a view), and its cells' places east and north of the site in metres."""

    heights: Heights
    east_m: Floats
    north_m: Floats


def read_site_grid(
    path: Path,
    lat_rad: float,
    lon_rad: float,
    *,
    range_max_m: float,
    cell_m: float | None = None,
    progress: Progress | None = None,
) -> SiteGrid:
    """Return the heights of a GeoTIFF, .hgt, DTED or a folder of tiles round a site, a cell every `cell_m`.

    `cell_m=None` takes the data's own cell at the site, or one so much larger that the grid has at most 81 million
    cells. Heights are bilinear between the centres of the file's cells; where the grid's cells are at least twice as
    large, means of the file's cells are taken first. A void gets the mean of its neighbours, up to ten cells deep, then
    the sea; outside the data lies the sea. Both are counted. `progress` is called with "terrain" and the share done.

    Raises UseError for what is no elevation file, for one without a coordinate system or a known unit, and for a site
    outside; ChainhomeError without the extra `geo`.
    """
    from chainhome.formats.elevation import sheets
    from chainhome.formats.elevation.tiles import environment, find_tiles

    path = Path(path)
    _check_lengths(lat_rad, lon_rad, range_max_m, cell_m)
    with environment():
        joined = sheets.join_tiles(find_tiles(path), lon_rad)
        _check_site(path, joined, lat_rad, lon_rad)
        here = next(number for number, sheet in enumerate(joined) if sheet.covers(lat_rad, lon_rad))
        own_m = _own_cell_m(joined[here], lat_rad, lon_rad)
        cell = float(cell_m or max(own_m, 2.0 * range_max_m / (math.sqrt(MOST_CELLS) - 3.0)))
        half = max(1, math.ceil(range_max_m / cell - 1e-9))
        heights = np.full((2 * half + 1, 2 * half + 1), -np.inf, np.float32)
        sources = [_Source(s, *_averaged(s, lat_rad, lon_rad, cell)) for s in joined]
        _fill(list(_parts(heights, half, cell)), sources, lat_rad, lon_rad, progress)
    voids, outside, said = _close_gaps(path, heights, range_max_m)
    _, down, across = sources[here]
    taken = f", means of {down} x {across} of them, in which narrow ridges are lower" if down * across > 1 else ""
    systems = ", ".join(dict.fromkeys(s.crs.to_string()[:40] for s in joined))
    count = len({placed.tile.path for sheet in joined for placed in sheet.placed})
    return SiteGrid(
        lat_rad=float(lat_rad),
        lon_rad=float(lon_rad),
        cell_m=cell,
        heights_m=heights,
        outside_cells=outside,
        void_cells=voids,
        name=path.name or str(path),
        note=f"the data's own cells are about {own_m:.0f} m{taken}{said}",
        source=f"the user's own data: {path.name}, {count} {'file' if count == 1 else 'files'} ({systems})",
    )


def data_share(path: Path, lat_rad: float, lon_rad: float, range_m: float) -> float:
    """Return the share of the area of a disc round a site that files of heights cover, 0 to 1, to about a hundredth.

    `path` is a file or a folder as for `read_site_grid`. Where tiles lie counts, and not what is void in them. Raises
    UseError for what is no elevation file, ChainhomeError without the extra `geo`.
    """
    from chainhome.earth import destination
    from chainhome.formats.elevation import sheets
    from chainhome.formats.elevation.tiles import environment, find_tiles

    _check_lengths(lat_rad, lon_rad, range_m, None)
    # Rings of one area each, so that every place stands for as much.
    rings = range_m * np.sqrt((np.arange(SHARE_RINGS) + 0.5) / SHARE_RINGS)
    bearings = (np.arange(SHARE_BEARINGS) + 0.5) * 2.0 * np.pi / SHARE_BEARINGS
    lat, lon = destination(lat_rad, lon_rad, bearings[:, None], rings)
    covered = np.zeros(lat.shape, np.bool_)
    with environment():
        for sheet in sheets.join_tiles(find_tiles(Path(path)), lon_rad):
            covered |= sheet.on_tiles(*sheet.positions(lat, lon))
    return float(covered.mean())


def _fill(
    parts: list[_Part], sources: list[_Source], lat_rad: float, lon_rad: float, progress: Progress | None
) -> None:
    """Fill the parts of a grid from the sheets, the finest first, and tell how far it is."""
    from chainhome.formats.elevation.sheets import Files

    files = Files()
    try:
        for number, part in enumerate(parts):
            for source in sources:
                _sample(part, source, files, lat_rad, lon_rad)
            if progress is not None:
                progress("terrain", (number + 1) / len(parts))
    finally:
        files.close()


def _sample(part: _Part, source: _Source, files: Files, lat_rad: float, lon_rad: float) -> None:
    """Fill a part's cells that have no height yet from one sheet, by quarters where the window would be too large."""
    from chainhome.formats.elevation import _sample_kernels as kernels
    from chainhome.formats.elevation.positions import lattice_mesh
    from chainhome.formats.elevation.sheets import window

    if np.isfinite(part.heights).all():
        return
    row, column = lattice_mesh(source.sheet, lat_rad, lon_rad, part.east_m, part.north_m)
    bounds = _window_bounds(source, row, column)
    if bounds is None:
        return
    top, left, rows, columns = bounds
    if rows * columns > _WINDOW_CELLS and min(part.heights.shape) > _SMALLEST_BLOCK:
        for quarter in _quarters(part):
            _sample(quarter, source, files, lat_rad, lon_rad)
        return
    heights = window(source.sheet, files, top, left, rows, columns)
    if source.down * source.across > 1:
        coarse = np.empty((rows // source.down, columns // source.across), np.float32)
        kernels.averaged(heights, coarse)
        heights = coarse
    # From corners of the file's cells at whole numbers to centres of the window's cells at whole numbers.
    kernels.sampled(heights, (row - top) / source.down - 0.5, (column - left) / source.across - 0.5, part.heights)


def _window_bounds(source: _Source, row: Floats, column: Floats) -> tuple[int, int, int, int] | None:
    """Return first row, first column, rows and columns of the window that positions need; None = no tile lies there."""
    known = np.isfinite(row) & np.isfinite(column)
    if not known.any():
        return None
    spans = []
    for places, step in ((row, source.down), (column, source.across)):
        # One cell more on each side, for the bilinear neighbours.
        low, high = float(places[known].min()), float(places[known].max())
        spans.append((math.floor(low / step) - 1, math.ceil(high / step) + 1, step))
    (top, bottom, down), (left, right, across) = spans
    touched = source.sheet.touched(top * down, left * across, (bottom - top) * down, (right - left) * across)
    if not touched:
        return None
    top = max(top, math.floor(min(p.row for p in touched) / down))
    left = max(left, math.floor(min(p.column for p in touched) / across))
    bottom = min(bottom, math.ceil(max(p.row + p.tile.rows for p in touched) / down))
    right = min(right, math.ceil(max(p.column + p.tile.columns for p in touched) / across))
    return top * down, left * across, (bottom - top) * down, (right - left) * across


def _parts(heights: Heights, half: int, cell_m: float) -> Iterator[_Part]:
    along = cell_m * np.arange(-half, half + 1.0)
    whole = _Part(heights, along, -along)
    for top in range(0, heights.shape[0], BLOCK):
        for left in range(0, heights.shape[1], BLOCK):
            yield _cut(whole, slice(top, top + BLOCK), slice(left, left + BLOCK))


def _quarters(part: _Part) -> list[_Part]:
    rows, columns = (size // 2 for size in part.heights.shape)
    halves = [(slice(None, rows), slice(rows, None)), (slice(None, columns), slice(columns, None))]
    return [_cut(part, down, across) for down in halves[0] for across in halves[1]]


def _cut(part: _Part, down: slice, across: slice) -> _Part:
    return _Part(part.heights[down, across], part.east_m[across], part.north_m[down])


def _close_gaps(path: Path, heights: Heights, range_max_m: float) -> tuple[int, int, str]:
    """Fill voids and put the sea outside, in place; return void cells, outside cells and what the note says of them."""
    from chainhome.formats.elevation import _sample_kernels as kernels

    waiting = np.zeros(heights.shape[0], np.bool_)
    voids, outside, lowest = kernels.counted(heights, waiting)
    if voids + outside == heights.size:
        raise UseError(
            f"{path}: has no height within {range_max_m / 1e3:g} km of the site, only voids; expected elevation data"
        )
    filled = 0
    for _ in range(VOID_REACH_CELLS):
        once = kernels.fill_once(heights, waiting) if filled < voids else 0
        filled += once
        if once == 0:
            break
    kernels.without_gaps(heights, lowest < _DEPTH_M)
    said = ""
    if voids:
        said += f"; {voids:,} cells are voids, {filled:,} filled from their neighbours, {voids - filled:,} taken as sea"
    if outside:
        said += f"; {outside:,} cells lie outside the data and are taken as sea"
    if lowest < _DEPTH_M:
        said += "; the data hold depths of the sea: all below 0 m is taken as the sea's surface, dry land too"
    return int(voids), int(outside), said


def _jacobian(sheet: Sheet, lat_rad: float, lon_rad: float) -> Floats:
    """Return the lattice's (row, column) per metre (east, north) at a site; not quite at a pole, where it has none."""
    from chainhome.formats.elevation.positions import exact_positions

    lat = float(np.clip(lat_rad, -math.radians(89.0), math.radians(89.0)))
    ends = np.array([-50.0, 50.0])
    places = exact_positions(sheet, lat, lon_rad, ends, ends)
    return np.array([[np.diff(p, axis=1).mean() / 100.0, np.diff(p, axis=0).mean() / 100.0] for p in places])


def _own_cell_m(sheet: Sheet, lat_rad: float, lon_rad: float) -> float:
    """Return the side of a square as large as a cell of the sheet at the site, in metres."""
    return float(1.0 / math.sqrt(abs(np.linalg.det(_jacobian(sheet, lat_rad, lon_rad)))))


def _averaged(sheet: Sheet, lat_rad: float, lon_rad: float, cell_m: float) -> tuple[int, int]:
    """Return how many rows and columns of a sheet one cell of the grid spans, whole and at least one each."""
    spans = np.hypot(*_jacobian(sheet, lat_rad, lon_rad).T) * cell_m
    down, across = (max(1, int(span + 0.01)) if math.isfinite(span) else 1 for span in spans)
    return down, across


def _check_lengths(lat_rad: float, lon_rad: float, range_max_m: float, cell_m: float | None) -> None:
    for name, value in (("range_max_m", range_max_m), ("cell_m", cell_m)):
        if value is not None and not (math.isfinite(value) and value > 0.0):
            raise UseError(f"elevation: {name} = {value:g} must be positive and finite")
    if not (math.isfinite(lon_rad) and abs(lat_rad) <= 0.5 * math.pi + 1e-12):
        place = f"{math.degrees(lat_rad):g}, {math.degrees(lon_rad):g}"
        raise UseError(f"elevation: {place} degrees is not a latitude and longitude")
    cells = 0.0 if cell_m is None else (2.0 * range_max_m / cell_m + 1.0) ** 2
    if cells > MOST_CELLS_ASKED:
        raise UseError(
            f"elevation: {cells:.2g} cells of {cell_m:g} m within {range_max_m / 1e3:g} km are more than "
            f"{MOST_CELLS_ASKED:.2g}; take larger cells or a shorter range"
        )


def _check_site(path: Path, joined: list[Sheet], lat_rad: float, lon_rad: float) -> None:
    if any(sheet.covers(lat_rad, lon_rad) for sheet in joined):
        return
    from chainhome.formats.elevation.positions import extent_text

    hint = ""
    if abs(lon_rad) <= 0.5 * math.pi and any(sheet.covers(lon_rad, lat_rad) for sheet in joined):
        hint = "; are latitude and longitude changed over, in the site or in the file? Latitude comes first"
    raise UseError(
        f"{path}: the site {math.degrees(lat_rad):.4f} N, {math.degrees(lon_rad):.4f} E lies outside; "
        f"the data cover {extent_text(joined)}{hint}"
    )

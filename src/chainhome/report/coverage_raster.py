"""A coverage as pixels: which colour each cell of a site's grid gets, and the shaded hills beneath.

In comes a site and what a map shows; out come images (rows, cols, 4) of bytes, row 0 north, and where they lie. Cells
are drawn as they are computed; where there are more of them than pixels, every second, third, ... is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.coverage.result import CLUTTER, GROUND, HORIZON, INSTRUMENTED, LIMITS, SECTOR, SENSITIVITY, TERRAIN
from chainhome.report import base_map, contours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainhome.coverage.result import Layer, SiteCoverage

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

SEEN = "#1d6ca8"
SEEN_AT_VALUE = "#63a5d6"
SEEN_AT_BEST = "#9fcbea"
LIMIT_COLOURS = {
    HORIZON: "#cdc9d6",
    TERRAIN: "#dcb183",
    CLUTTER: "#b0567f",
    SENSITIVITY: "#6fae97",
    INSTRUMENTED: "#f2e58a",
    SECTOR: "#a7a7a7",
    GROUND: "#7d6a58",
}
"""Told apart by lightness as well as by hue; areas and bars also carry their names."""
SECTOR_STRIPE = "#e4e4e4"
"""Beside the grey of "sector", against the slope of the stripes of what is seen at best."""
SHADE_ON_LIMITS = 0.5
"""Of the hills' light and shade on what is hidden: full light would give one limit the colour of another."""
STRIPES_PER_MAP = 70
PIXELS = 1400
FLAT_M = 1.0


class Window(NamedTuple):
    """The cells of a site's grid that a map shows: `keep` each way from the middle, every `step`-th of them."""

    half: int
    keep: int
    step: int
    cell_km: float

    @property
    def rows(self) -> slice:
        """Rows, and columns, of the grid."""
        return slice(self.half - self.keep, self.half + self.keep + 1, self.step)

    @property
    def along_km(self) -> Floats:
        """Where the columns lie east, and the rows south, of the site."""
        return np.asarray(np.arange(-self.keep, self.keep + 1, self.step) * self.cell_km, np.float64)

    @property
    def range_km(self) -> Floats:
        """Distance of the cells from the site."""
        return np.asarray(np.hypot(self.along_km[:, None], self.along_km))

    @property
    def box_km(self) -> tuple[float, float, float, float]:
        """West, east, south and north edge of the picture of the cells."""
        edge = (self.keep + 0.5 * self.step) * self.cell_km
        return -edge, edge, -edge, edge


def window_of(site: SiteCoverage, extent: base_map.Extent, pixels: int = PIXELS) -> Window:
    """Return the cells that a map about a site shows, not many more of them than it has pixels."""
    grid = site.surface.grid
    cell_km = grid.cell_m / 1000.0
    reach = max(-extent.west_km, extent.east_km, -extent.south_km, extent.north_km)
    keep = min(grid.half, int(np.ceil(reach / cell_km)) + 1)
    step = max(1, 2 * keep // pixels)
    # The site's own cell is among those taken.
    return Window(grid.half, keep - keep % step, step, cell_km)


def painted(site: SiteCoverage, layer: Layer, window: Window) -> Bytes:
    """Return the image (k, k, 4) of a layer: limits inside the headline disc, and what is seen anywhere.

    Cells outside the disc that are not seen are transparent.
    """
    seen, low, high = (
        grid[window.rows, window.rows] for grid in (layer.detected, layer.detected_low, layer.detected_high)
    )
    best, value, sure, sector = range(len(LIMITS), len(LIMITS) + 4)
    colours = {**LIMIT_COLOURS, best: SEEN_AT_BEST, value: SEEN_AT_VALUE, sure: SEEN, sector: SECTOR_STRIPE}
    palette = np.zeros((sector + 1, 4), np.uint8)
    for code, colour in colours.items():
        palette[code] = rgba(colour)
    inside = window.range_km <= site.headline_m / 1000.0
    codes = np.where(inside, layer.limit[window.rows, window.rows], 0)
    size = len(codes)
    period = max(4, round(size / STRIPES_PER_MAP))
    striped = (np.arange(size)[:, None] + np.arange(size)) % period < period / 2
    across = (np.arange(size)[:, None] - np.arange(size)) % (2 * period) < period / 2
    codes[(codes == SECTOR) & across] = sector
    codes[high & striped] = best
    codes[seen] = value
    codes[seen & low] = sure
    return palette[codes]


def rgba(colour: str, opacity: float = 1.0) -> tuple[int, int, int, int]:
    """Return a colour as four bytes.

    >>> rgba("#0072b2", 0.5)
    (0, 114, 178, 128)
    """
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return red, green, blue, round(255 * opacity)


def hills(site: SiteCoverage, window: Window) -> Floats | None:
    """Return shaded hills (k, k, 4) of the site's own grid; None over a smooth earth."""
    heights = np.asarray(site.surface.grid.heights_m[window.rows, window.rows], np.float64)
    if float(np.ptp(heights)) < FLAT_M:
        return None
    image = base_map.hill_shading(heights[::-1], window.step * window.cell_km)[::-1]
    # They end with the disc: the grid goes on a little farther, and would end as a ragged collar.
    image[window.range_km > min(site.headline_m / 1000.0, (window.half + 0.5) * window.cell_km), 3] = 0.0
    return image


def softened(ground: Floats, layer: Layer, window: Window) -> Floats:
    """Return shaded hills with less light and shade where nothing is seen."""
    image = ground.copy()
    image[~layer.detected[window.rows, window.rows], 3] *= SHADE_ON_LIMITS
    return image


def draw_image(
    axes: Axes, image: Floats | Bytes, box_km: tuple[float, float, float, float], zorder: float, *, smooth: bool = False
) -> None:
    """Draw an image, row 0 north, into its box, and leave the limits of the axes as they are."""
    limits = axes.axis()
    how = "bilinear" if smooth else "antialiased"
    axes.imshow(
        image, extent=box_km, origin="upper", zorder=zorder, interpolation=how, interpolation_stage="rgba",
        aspect="equal",
    )  # fmt: skip
    axes.axis(limits)


def outlines(mask: Bools, cell_m: float, smallest_m2: float = 0.0) -> list[Floats]:
    """Return the rings (k, 2) in km around what is in a mask, without those of a smaller area."""
    smallest = max(smallest_m2 / cell_m**2, contours.SMALLEST_CELLS)
    return [ring / 1000.0 for area in contours.areas(mask, cell_m, smallest_cells=smallest) for ring in area.rings]

"""What `cover` answers: for each site and altitude what is detected cell by cell, and how much of the headline disc."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.catalogue import Claim, Source

NOT_ACTIVATED = "delivered, not activated"
"""The status of a system that was there on a day and not switched on."""
LIMITS = ("detected", "horizon", "terrain", "clutter", "sensitivity", "instrumented", "sector", "outside", "ground")
DETECTED, HORIZON, TERRAIN, CLUTTER, SENSITIVITY, INSTRUMENTED, SECTOR, OUTSIDE, GROUND = range(len(LIMITS))

Bools = NDArray[np.bool_]
Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Layer:
    """One altitude over one site: arrays (n, n) on the site's grid, row 0 north, column 0 west.

    `pd` is the probability of detection of one scan, 0 where nothing is detected whatever the radar's power;
    `cumulative_pd` that of at least one detection on a level flight straight in from the edge of the grid to the cell,
    NaN where no scan period is published; `snr_db` the ratio to noise alone, NaN where the cell is not in view. `limit`
    indexes LIMITS: 0 where one scan reaches the probability that was asked for, "outside" beyond the disc that the
    grid holds, "ground" where the target would be below it. `detected` is limit 0, `detected_low` and `detected_high`
    the same with every claim at its unfavourable and favourable end. The shares are of the area of the headline disc;
    `share_by_limit` sums to 1.
    `share_smooth` is what would be seen over a smooth earth at the level of the site, all else alike; NaN for a target
    below that level.
    """

    height_m: float
    above_sea: bool
    pd: Singles
    cumulative_pd: Singles
    snr_db: Singles
    limit: NDArray[np.int8]
    detected: Bools
    detected_low: Bools
    detected_high: Bools
    share: float
    share_low: float
    share_high: float
    share_by_limit: Mapping[str, float]
    share_smooth: float
    share_smooth_low: float
    share_smooth_high: float


@dataclass(frozen=True, eq=False)
class SiteCoverage:
    """One system on one site: its claim, what its antenna can see, and a layer for each altitude."""

    name: str
    system_key: str
    system_name: str
    radar_name: str
    preset: str
    preset_note: str
    lat_rad: float
    lon_rad: float
    antenna_m: float
    headline_m: float
    headline_low_m: float
    headline_high_m: float
    range_max_m: float
    """Radius of the disc that is computed; the corners of the grid beyond it are "outside"."""
    sector_width_rad: float
    """NaN for a radar that turns all round."""
    boresight_rad: float
    """Where the middle of the sector looks; NaN: whichever way it is turned, or all round."""
    period_s: float
    target_speed_mps: float
    surface: earth.Surface
    layers: tuple[Layer, ...]
    notes: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    """(key, sentence) of the reading rules that were used."""
    claims: tuple[tuple[str, Claim], ...]
    """(path, claim) of every claim that was used."""
    sources: tuple[Source, ...]
    status: str = ""
    """On the day that was asked for: "activated" or NOT_ACTIVATED; empty where none was."""

    @property
    def switched_off(self) -> bool:
        """Whether on the day it was there and not switched on: then nothing was covered."""
        return self.status == NOT_ACTIVATED

    @property
    def range_m(self) -> Singles:
        """Ground range of every cell from the site (n, n)."""
        half, cell_m = self.surface.grid.half, self.surface.grid.cell_m
        along = cell_m * np.arange(-half, half + 1, dtype=np.float32)
        return np.asarray(np.hypot(along[:, None], along))


@dataclass(frozen=True, eq=False)
class Counts:
    """How many sites detect, by altitude, on one azimuthal-equidistant grid that holds the discs of all sites.

    Cells as in `earth.SiteGrid`; `by_layer` holds (n, n) counts in the order of the sites' layers, `outside` is true
    beyond the headline discs of all sites (some may still detect there).
    """

    lat_rad: float
    lon_rad: float
    cell_m: float
    half: int
    heights_m: tuple[float, ...]
    by_layer: tuple[NDArray[np.int8], ...]
    outside: Bools

    def share(self, layer: int, at_least: int = 1) -> float:
        """Share of the area of all headline discs together in which at least so many sites detect."""
        weight = cell_weights(self.half, self.cell_m) * ~self.outside
        return float(weight[self.by_layer[layer] >= at_least].sum(dtype=np.float64) / weight.sum(dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Coverage:
    """The whole answer, one site after the other; `counts` is None for a single site."""

    sites: tuple[SiteCoverage, ...]
    target_key: str
    target_name: str
    detection_probability: float
    refraction: str
    terrain_note: str
    date: str | None
    counts: Counts | None
    roughness_m: float | None
    """Standard deviation of the surface that lobing was computed with; None without lobing."""
    rain_mm_per_h: float


def cell_weights(half: int, cell_m: float) -> Singles:
    """Return the true area of each cell (n, n) of an azimuthal-equidistant grid, in units of cell_m squared.

    The projection keeps radial distance, and stretches across it by a / sin(a) at the arc a from the centre.

    >>> round(float(cell_weights(400, 1000.0)[400, 0]), 5)
    0.99934
    """
    from chainhome.constants import EARTH_MEAN_RADIUS_M

    along = (cell_m / EARTH_MEAN_RADIUS_M) * np.arange(-half, half + 1, dtype=np.float32)
    return np.asarray(np.sinc(np.hypot(along[:, None], along) / np.float32(np.pi)), np.float32)

"""What is asked of `cover`: which systems where, against what, how high, how sure, over which ground, in which air."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from chainhome import earth
from chainhome.catalogue import Aircraft, System
from chainhome.errors import UseError
from chainhome.scenario import Place

GridSource = Callable[[float, float, float], earth.SiteGrid]
"""From latitude, longitude (radians) and the range to cover (m) to the heights round a site."""

Refraction = Literal["standard", "crpl", "none"]
REFRACTIONS: tuple[Refraction, ...] = ("standard", "crpl", "none")
HIGHEST_ALTITUDE_M = 100_000.0
MOST_RAIN_MM_PER_H = 250.0


@dataclass(frozen=True)
class CoverageSite:
    """One system in its place. `antenna_m` None: the published mast; `boresight_rad` None: a sector looks any way.

    `status` is what it was on the day of the question, "activated" or `result.NOT_ACTIVATED`; empty for no day.
    """

    system: System
    place: Place
    preset: str = "middle"
    antenna_m: float | None = None
    name: str = ""
    boresight_rad: float | None = None
    status: str = ""


@dataclass(frozen=True)
class Lobing:
    """The two-ray interference of a smooth surface round the site (`sensors.lobing`).

    `surface` is "sea", "land" or "mirror" (reflection coefficient -1, Blake's analytic case).
    """

    roughness_m: float = 0.0
    polarisation: Literal["horizontal", "vertical"] = "horizontal"
    surface: Literal["sea", "land", "mirror"] = "land"


@dataclass(frozen=True, eq=False)
class CoverageQuestion:
    """Sites, target, altitudes, ground, air.

    `grid` gives the heights round each site; None is a smooth earth at the height of the site, in cells of `cell_m`.
    `range_max_m` None: as far as the headline, or as far as any altitude is detected if that is farther. Altitudes are
    above the ground beneath the target unless `above_sea`.
    """

    sites: tuple[CoverageSite, ...]
    aircraft: Aircraft
    altitudes_m: tuple[float, ...] = (100.0, 1_000.0, 10_000.0)
    above_sea: bool = False
    detection_probability: float = 0.5
    grid: GridSource | None = None
    cell_m: float = 1_000.0
    range_max_m: float | None = None
    refraction: Refraction = "standard"
    lobing: Lobing | None = None
    rain_mm_per_h: float = 0.0
    date: str | None = None
    notes: tuple[str, ...] = ()
    """Sentences that shall stand with the answer of every site, as what a reader of the user's terrain noticed."""

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if not self.sites:
            raise UseError("coverage: give at least one site")
        if not self.altitudes_m:
            raise UseError("coverage: give at least one altitude")
        for height in self.altitudes_m:
            if not (math.isfinite(height) and height <= HIGHEST_ALTITUDE_M):
                raise UseError(f"altitude {height:g} m must be at most {HIGHEST_ALTITUDE_M / 1e3:g} km")
            if height <= 0.0 and not self.above_sea:
                raise UseError(f"altitude {height:g} m above ground must be positive")
        if not 1e-6 < self.detection_probability < 1.0:
            raise UseError(f"probability of detection is {self.detection_probability:g}, expected 1e-6 to 1")
        if self.refraction not in REFRACTIONS:
            raise UseError(f'refraction "{self.refraction}" is unknown; known: {", ".join(REFRACTIONS)}')
        if not 0.0 <= self.rain_mm_per_h <= MOST_RAIN_MM_PER_H:
            raise UseError(f"rain of {self.rain_mm_per_h:g} mm/h must lie between 0 and {MOST_RAIN_MM_PER_H:g}")
        for name in ("cell_m", "range_max_m"):
            length = getattr(self, name)
            if length is not None and not (math.isfinite(length) and length > 0.0):
                raise UseError(f"coverage: {name} = {length:g} must be positive and finite")


def terrain_source(terrain: earth.Terrain | None, cell_m: float, smooth_m: float = 0.0) -> GridSource:
    """Return the source of grids over a terrain, or over a smooth earth at the height `smooth_m`."""

    def source(lat_rad: float, lon_rad: float, range_max_m: float) -> earth.SiteGrid:
        return earth.site_grid(
            terrain, lat_rad, lon_rad, range_max_m=range_max_m, cell_m=cell_m, smooth_m=smooth_m, site_anywhere=True
        )

    return source

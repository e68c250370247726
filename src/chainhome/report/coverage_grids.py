"""The grids of a coverage as GeoTIFF: the lowest visible altitude of each site, and what every cell holds.

In comes a coverage; out come grids by file name, and files that QGIS and GDAL place (extra `geo`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from chainhome.coverage.result import LIMITS
from chainhome.report import style
from chainhome.report.coverage_status import status_text
from chainhome.report.coverage_words import height_slug, layer_text, site_slugs

if TYPE_CHECKING:
    from chainhome.coverage.result import Coverage, SiteCoverage


class Grid(NamedTuple):
    """What one file holds: values (n, n) on a site's grid; None stands for the site's surface."""

    site: SiteCoverage
    values: NDArray[Any] | None
    unit: str
    description: str


def surface_grids(coverage: Coverage) -> dict[str, Grid]:
    """Return the lowest visible altitude of each site, by file name."""
    names = [f"surface-{slug}.tif" if slug else "surface.tif" for slug in site_slugs(coverage)]
    return {name: Grid(site, None, "m", "") for name, site in zip(names, coverage.sites, strict=True)}


def cell_grids(coverage: Coverage) -> dict[str, Grid]:
    """Return what every cell of every layer holds, by file name."""
    legend = ", ".join(f"{code} {name}" for code, name in enumerate(LIMITS))
    found: dict[str, Grid] = {}
    for site, slug in zip(coverage.sites, site_slugs(coverage), strict=True):
        for layer in site.layers:
            end = f"-{slug}-{height_slug(layer)}.tif" if slug else f"-{height_slug(layer)}.tif"
            where = f"{style.with_article(coverage.target_name)} at {layer_text(layer)}"
            where += f", had it been switched on ({status_text(coverage, site)})" if site.switched_off else ""
            once = f"probability of a detection on the way straight in, {where}"
            found[f"pd{end}"] = Grid(site, layer.pd, "1", f"probability of detection of one scan, {where}")
            found[f"cumulative{end}"] = Grid(site, layer.cumulative_pd, "1", once)
            found[f"snr{end}"] = Grid(site, layer.snr_db, "dB", f"signal-to-noise ratio where in view, {where}")
            found[f"limit{end}"] = Grid(site, layer.limit, "", f"what binds ({legend}), {where}")
    return found


def write_grid(path: Path, grid: Grid) -> None:
    """Write one grid, over an earlier file; raises ChainhomeError where it cannot be written or without the extra."""
    from chainhome.formats.elevation import write_geotiff, write_surface_geotiff

    surface = grid.site.surface
    if grid.values is None:
        write_surface_geotiff(surface, path, replace=True)
        return
    write_geotiff(path, grid.values, surface.grid, unit=grid.unit, description=grid.description, replace=True)

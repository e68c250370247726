"""`chainhome coverage`: how much of the disc that a claim draws is really covered; text, JSON, or a folder of maps."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.catalogue import Catalogue
from chainhome.catalogue import load as load_catalogue
from chainhome.cli.coverage_sites import STATUS_WORDS, Standing, sites_of
from chainhome.cli.progress import Progress
from chainhome.cli.text import console, print_json, table
from chainhome.coverage import Coverage, CoverageQuestion, CoverageSite, GridSource, Lobing, SiteCoverage, cover
from chainhome.errors import ChainhomeError, UseError
from chainhome.reach import height_text
from chainhome.report import coverage_words as words
from chainhome.scenario import Place, quantity

DEFAULT_ALTITUDES_M = (100.0, 1_000.0, 3_000.0, 10_000.0)
LOWEST_ALTITUDE_M = 1.0
"""Above the ground: lower than that stands nothing that flies."""
DEFAULT_CELL_M = 500.0
SMALLEST_CELL_M = 10.0
MOST_CELLS_ACROSS = 3_000
"""Where the user's own heights are finer, cells are as large as this asks, unless --cell says otherwise."""
MOST_CELLS = 40_000_000
"""Of a grid: what fits into the memory of a small machine with all that is computed on it."""
GROUND_WINDOW_M = 2_000.0
"""Round a site on the user's own heights: wide enough to fill a void in which it may lie."""
ALL_OF_IT = 0.995
"""Of a disc: what the user's files leave out beside this is not worth a word."""
At = Callable[[str, float], None]
"""Told the stage, and how much of it is done."""
_RAIN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(?:mm\s*/\s*h)?\s*")


def run(arguments: argparse.Namespace) -> int:
    """Answer one question."""
    catalogue = load_catalogue()
    out = None
    if arguments.cells and arguments.out is None:
        raise UseError("--cells writes files; give a folder with --out")
    if arguments.out is not None:
        from chainhome.report.coverage_page import earlier_files

        if not arguments.out:
            raise UseError('--out "" is not a folder')
        out = Path(arguments.out)
        earlier_files(out)
    catalogue.aircraft(arguments.target)
    standing = sites_of(arguments, catalogue)
    if not standing.sites:
        return _nobody(arguments, standing)
    with Progress(quiet=arguments.json, patient=True) as progress:
        question = _question(arguments, catalogue, standing, progress.at)
        coverage = _with_sources(cover(question, catalogue, progress=progress.at), standing, catalogue)
        progress.at("drawing", 1.0)
        # Files first: a reader such as head may close standard output early.
        written = []
        if out is not None:
            written = _write(question, coverage, out, standing, progress.at, cells=arguments.cells)
    for sentence in standing.told:
        print(f"chainhome: {sentence}", file=sys.stderr)
    if arguments.json:
        first = {"lead": standing.lead} if standing.lead else {}
        dated = {"deployments": _listed(standing)} if standing.deployments else {}
        print_json(first | words.to_json(coverage) | dated)
        return 0
    _print(coverage, standing)
    for path in written:
        print(f"wrote {path}")
    return 0


def _with_sources(coverage: Coverage, standing: Standing, catalogue: Catalogue) -> Coverage:
    """Return the answer with the sources of what stood where on the day among its own."""
    keys = {key for one in standing.deployments for key in one.sources}
    if not keys:
        return coverage
    sites = []
    for site in coverage.sites:
        known = {source.key: source for source in site.sources} | {key: catalogue.source(key) for key in keys}
        sites.append(replace(site, sources=tuple(known[key] for key in sorted(known))))
    return replace(coverage, sites=tuple(sites))


def _nobody(arguments: argparse.Namespace, standing: Standing) -> int:
    """Say that on the day nothing stood that could see, and what the catalogue knows; nothing is written."""
    if arguments.json:
        print_json({"date": arguments.date, "sites": [], "coverage": [], "deployments": _listed(standing)})
        return 0
    print(f"On {arguments.date} nothing of {arguments.system} stood at any site that is known: nothing is covered.")
    console().print(_day(standing))
    for note in standing.notes:
        console().print(f"• {note}")
    if arguments.out is not None:
        print(f"{arguments.out} is not written")
    return 0


def _listed(standing: Standing) -> list[dict[str, Any]]:
    """Return the deployments as plain objects; a date that is not published is null."""
    dates = ("delivered", "activated", "switched_off", "withdrawn")
    return [
        {
            "name": one.name,
            "system": one.system,
            "site": one.site,
            "owner": one.owner,
            "status": one.status,
            "doubtful": one.doubtful,
            **{name: None if (date := getattr(one, name)) is None else str(date) for name in dates},
            "sources": list(one.sources),
        }
        for one in standing.deployments
    ]


def _day(standing: Standing) -> Any:
    """Return the table of what stood where on the day."""
    rows = table("deployment", "owner", "on that day", "delivered", "activated", "withdrawn")
    for one in standing.deployments:
        status = STATUS_WORDS[one.status] + (" (not certain)" if one.doubtful else "")
        dates = ("–" if date is None else str(date) for date in (one.delivered, one.activated, one.withdrawn))
        rows.add_row(one.name, one.owner, status, *dates)
    return rows


def _write(
    question: CoverageQuestion, coverage: Coverage, out: Path, standing: Standing, at: At, *, cells: bool
) -> list[Path]:
    from importlib.util import find_spec

    from chainhome.report.coverage_lobes import lobe_chart, lobe_pictures
    from chainhome.report.coverage_page import write_coverage_report
    from chainhome.report.coverage_shapes import without_outlines

    charts = {}
    if question.lobing is not None:
        asked = zip(question.sites, coverage.sites, strict=True)
        lobing, pd = question.lobing, question.detection_probability
        charts = lobe_pictures(coverage, [lobe_chart(*one, question.aircraft, lobing, pd) for one in asked])
    surfaces = find_spec("rasterio") is not None
    if not surfaces and cells:
        raise ChainhomeError('--cells needs the extra geo: pip install "chainhome[geo]"')
    if not surfaces:
        standing.told.append('surface.tif is left out: it needs the extra geo (pip install "chainhome[geo]")')
    for name in without_outlines(coverage):
        standing.told.append(f"no outlines of {name} in GeoJSON, KML and CZML: the pole lies inside its grid")
    return write_coverage_report(
        coverage,
        out,
        surfaces=surfaces,
        cells=cells,
        charts=charts,
        lead=standing.lead,
        progress=lambda stage: at(stage, 1.0),
    )


def _question(arguments: argparse.Namespace, catalogue: Catalogue, standing: Standing, at: At) -> CoverageQuestion:
    """Return the question of the command line."""
    cell_m = None
    if arguments.cell is not None:
        cell_m = quantity(arguments.cell, "length", "--cell", bare_si=True, minimum=SMALLEST_CELL_M, maximum=50e3)
    sites, grid = standing.sites, None
    for site in sites:
        _check_cells(site.system.claims["headline_range"].si.value, cell_m or DEFAULT_CELL_M)
    if arguments.terrain is not None:
        sites, grid = _users_ground(Path(arguments.terrain), sites, cell_m, at)
        _tell_missing(Path(arguments.terrain), sites, standing)
    elif not standing.smooth:
        grid = _shipped_ground(sites, cell_m or DEFAULT_CELL_M, standing.told)
    return CoverageQuestion(
        sites=tuple(sites),
        aircraft=catalogue.aircraft(arguments.target),
        altitudes_m=_altitudes(arguments, sites, standing.told),
        above_sea=arguments.msl,
        detection_probability=arguments.pd,
        grid=grid,
        cell_m=cell_m or DEFAULT_CELL_M,
        refraction=arguments.refraction,
        lobing=_lobing(arguments.lobing),
        rain_mm_per_h=_rain(arguments.rain),
        date=arguments.date,
        notes=tuple(standing.notes),
    )


def _check_cells(range_m: float, cell_m: float) -> None:
    """Refuse a grid that no memory holds, before anything is read."""
    cells = (2.0 * range_m / cell_m + 1.0) ** 2
    if cells > MOST_CELLS:
        least = 2.0 * range_m / (MOST_CELLS**0.5 - 1.0)
        raise UseError(
            f"--cell {cell_m:g} m: a square of {range_m / 1e3:.0f} km each way has {cells / 1e6:,.0f} million cells, "
            f"more than {MOST_CELLS / 1e6:.0f} million; take cells of {least:.0f} m or more"
        )


def _altitudes(arguments: argparse.Namespace, sites: Sequence[CoverageSite], told: list[str]) -> tuple[float, ...]:
    given = [quantity(text, "length", "--altitude", bare_si=True) for text in arguments.altitude or ()]
    for height in given:
        if 0.0 < height < LOWEST_ALTITUDE_M and not arguments.msl:
            raise UseError(f"--altitude {height:g} m above the ground is too low to fly; expected 1 m or more")
    if given:
        told_apart: dict[str, float] = {}
        for height in given:  # as names of files do, by six digits
            told_apart.setdefault(f"{height:g}", height)
        return tuple(told_apart.values())
    highest = max(site.place.ground_m for site in sites)
    usual = tuple(h for h in DEFAULT_ALTITUDES_M if not arguments.msl or h > highest)
    if len(usual) < len(DEFAULT_ALTITUDES_M):
        told.append(f"the usual altitudes below the ground at the site ({highest:.0f} m) are left out")
    return usual


def _lobing(given: str | None) -> Lobing | None:
    if given is None:
        return None
    return Lobing(quantity(given, "length", "--lobing", bare_si=True, minimum=0.0, maximum=100.0))


def _rain(given: str | None) -> float:
    if given is None:
        return 0.0
    match = _RAIN.fullmatch(given)
    if match is None:
        raise UseError(f'--rain "{given}" is no rate of rain; expected one such as 10mm/h')
    return float(match.group(1))


def _shipped_ground(sites: Sequence[CoverageSite], cell_m: float, told: list[str]) -> GridSource | None:
    """Return the shipped terrain, with a smooth earth round each site outside it; None where all lie outside."""
    terrain = earth.load_terrain()
    outside = [s.place for s in sites if not bool(earth.on_terrain(terrain, s.place.lat_rad, s.place.lon_rad))]
    for place in outside:
        told.append(
            f"{place.name} lies outside the shipped terrain (33-45 N, 24-46 E); going on with a smooth earth at "
            f"{place.ground_m:.0f} m{_swapped(place, terrain)}"
        )
    if len(outside) == len(sites):
        return None
    smooth = {(place.lat_rad, place.lon_rad): place.ground_m for place in outside}

    def source(lat_rad: float, lon_rad: float, range_max_m: float) -> earth.SiteGrid:
        _check_cells(range_max_m, cell_m)
        ground_m = smooth.get((lat_rad, lon_rad))
        return earth.site_grid(
            terrain if ground_m is None else None,
            lat_rad,
            lon_rad,
            range_max_m=range_max_m,
            cell_m=cell_m,
            smooth_m=ground_m or 0.0,
        )

    return source


def _swapped(place: Place, terrain: earth.Terrain) -> str:
    """Return a hint where latitude and longitude, changed over, lie on the shipped terrain."""
    if not bool(earth.on_terrain(terrain, place.lon_rad, place.lat_rad)):
        return ""
    lat, lon = np.degrees(place.lat_rad), np.degrees(place.lon_rad)
    return f"; did you mean {lon:.4f}, {lat:.4f}? latitude comes first"


def _users_ground(
    path: Path, sites: Sequence[CoverageSite], cell_m: float | None, at: At
) -> tuple[list[CoverageSite], GridSource]:
    """Return the sites on the ground of the user's files, and those files as the source of grids."""
    from chainhome.formats.elevation import read_site_grid

    placed, own_m = [], 0.0
    for site in sites:
        place = site.place
        window = read_site_grid(path, place.lat_rad, place.lon_rad, range_max_m=GROUND_WINDOW_M)
        ground = float(window.heights_m[window.half, window.half])
        placed.append(replace(site, place=replace(place, ground_m=ground)))
        own_m = max(own_m, window.cell_m)

    def source(lat_rad: float, lon_rad: float, range_max_m: float) -> earth.SiteGrid:
        cell = cell_m or max(own_m, 2.0 * range_max_m / MOST_CELLS_ACROSS)
        _check_cells(range_max_m, cell)
        return read_site_grid(path, lat_rad, lon_rad, range_max_m=range_max_m, cell_m=cell, progress=at)

    return placed, source


def _tell_missing(path: Path, sites: Sequence[CoverageSite], standing: Standing) -> None:
    """Say how much of the disc of each site the user's files leave out, first of all where it is most of it."""
    from chainhome.formats.elevation import data_share

    for site in sites:
        disc_m = site.system.claims["headline_range"].si.value
        share = data_share(path, site.place.lat_rad, site.place.lon_rad, disc_m)
        if share > ALL_OF_IT:
            continue
        where = f"the disc of {disc_m / 1e3:.0f} km round {site.name or site.place.name}"
        told = f"{words.share_text(share)} of {where} has heights in {path.name or path}; the rest counts as sea at 0 m"
        if share < 0.5:
            told = f"Only {told}, land or not: the shares that follow say little."
            standing.lead = " ".join(part for part in (standing.lead, told) if part)
        else:
            standing.notes.append(f"{told}.")


def _print(coverage: Coverage, standing: Standing) -> None:
    out = console()
    if standing.lead:
        print(standing.lead)
    print(words.sentence(coverage))
    print(words.BESIDE)
    print()
    if standing.deployments:
        out.print(_day(standing))
    for site in coverage.sites:
        out.print(words.site_line(site))
        out.print(
            f"{words.claim_line(site)}; single-scan Pd {coverage.detection_probability:g}; {words.grid_text(site)}"
        )
        if sector := words.sector_text(site):
            out.print(sector)
        out.print(_shares(site))
    if coverage.counts is not None:
        out.print(_counts(coverage))
    together = " (together: of the area within all discs)" if coverage.counts is not None else ""
    out.print(
        f"Shares are of the area of the headline disc{together}; in brackets with every figure, as it is read, at its "
        f"unfavourable and favourable end. {words.COUNTED_ONCE}"
    )
    for note in dict.fromkeys(note for site in coverage.sites for note in site.notes):
        out.print(f"• {note}")
    rules = {key for site in coverage.sites for key, _ in site.rules}
    out.print(f"{len(rules)} reading rules were used: docs/reading-claims.md, or --out for the page.")
    keys = sorted({source.key for site in coverage.sites for source in site.sources})
    systems = sorted({site.system_key for site in coverage.sites})
    out.print(f"sources: {', '.join(keys)} (chainhome catalogue {systems[0]})")


def _shares(site: SiteCoverage) -> Any:
    """Return the table of one site: a row for each altitude, a column for each limit that takes something."""
    names = [name for name in words.HIDING if any(layer.share_by_limit.get(name, 0.0) > 0.0 for layer in site.layers)]
    reference = "the sea" if site.layers[0].above_sea else "ground"
    hills = not words.over_smooth_earth(site)
    smooth = (">over a smooth earth",) if hills else ()
    rows = table(f"height above {reference}", ">seen", *smooth, *(f">{words.LIMIT_NAMES[name]}" for name in names))
    for layer in site.layers:
        lost = (words.share_text(layer.share_by_limit.get(name, 0.0)) for name in names)
        rows.add_row(
            height_text(layer.height_m), words.band_text(layer), *((words.smooth_text(layer),) if hills else ()), *lost
        )
    return rows


def _counts(coverage: Coverage) -> Any:
    counted = words.count_rows(coverage)
    rows = table("seen by so many sites", *(f">{k} or more" for k in range(1, len(coverage.sites) + 1)))
    for row in counted:
        shares = (words.share_text(share) for share in row["seen_by_at_least"].values())
        rows.add_row(height_text(row["altitude_m"]), *shares)
    return rows

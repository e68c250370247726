"""The answer of `coverage` as files: maps, a table, outlines for other programs, and one page that holds it all.

In comes a coverage; out come PNG, CSV, JSON, GeoJSON, KML and CZML files and `coverage.html`, which needs nothing
else. `coverage.json` names the files of an answer, so that a later answer replaces these and touches nothing else. All
is written aside first: an answer that cannot be written leaves the earlier one as it was.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.report import coverage_shapes, page, style
from chainhome.report.coverage_counts import draw_counts
from chainhome.report.coverage_grids import cell_grids, surface_grids, write_grid
from chainhome.report.coverage_map import draw_layer, draw_summary
from chainhome.report.coverage_status import status_of_all, status_text, switched_off
from chainhome.report.coverage_words import (
    BESIDE,
    COUNTED_ONCE,
    HIDING,
    LIMIT_NAMES,
    LONG_NAMES,
    band_text,
    claim_line,
    count_rows,
    csv_text,
    cumulative_share,
    height_slug,
    layer_text,
    over_smooth_earth,
    sector_text,
    sentence,
    share_digits,
    share_text,
    site_line,
    site_slugs,
    smooth_text,
    to_json,
    unbroken,
)

if TYPE_CHECKING:
    from chainhome.coverage.result import Coverage, Layer, SiteCoverage

PAGE = "coverage.html"
RECORD = "coverage.json"
MADE_BY = "chainhome coverage"
ASIDE = ".coverage-partial"
"""The folder, in that of the answer, in which files are written before they take their places."""
CHANGING = "changing.json"
OURS = re.compile(
    r"coverage\.(?:html|json|csv|geojson|kml|czml)|(?:map|summary|sites|lobes)(?:-[\w.-]+)?\.png"
    r"|(?:surface|pd|cumulative|snr|limit)(?:-[\w.-]+)?\.tif"
)
"""The names that files of an answer can have; a record that names others does not make them ours."""
MOST_PICTURES = 6
"""On the page, which one can then still send by e-mail; the others lie beside it."""
NOT_SHOWN = (
    "No jamming, no decoys, no ducting, no failures, no crews, no rules of engagement.",
    "Detection in one scan: no track, no engagement. chainhome reach goes on from here.",
    "Hills between two cells of the grid, masts, houses and trees hide nothing here.",
    "The clutter limit is one assumption for all radars; its band is wide because nobody has published better.",
    "A target flies level at one height everywhere, in and out of valleys; a real one chooses where to fly.",
)
Progress = Callable[[str], None]


def earlier_files(folder: Path) -> list[str]:
    """Return the names of the files of an earlier answer in a folder; empty where there is none.

    Raises UseError where the folder holds anything that no answer of coverage made.
    """
    if folder.exists() and not folder.is_dir():
        raise UseError(f'--out "{folder}" is not a folder')
    there = {path.name for path in folder.iterdir()} - {ASIDE} if folder.is_dir() else set()
    if not there:
        return []
    ours = _recorded(folder / RECORD)
    others = sorted(there - set(ours))
    if others:
        raise UseError(f"--out {folder} holds {others[0]}, which is not an answer of coverage; choose a new folder")
    return sorted(there & set(ours))


def _recorded(path: Path) -> list[str]:
    """Return the files that a record names, itself among them; empty for a file that is no record."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        names = record["files"] if record["made_by"] == MADE_BY else []
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if isinstance(name, str) and OURS.fullmatch(name)]


def draw_pictures(coverage: Coverage, progress: Progress | None = None) -> dict[str, page.Picture]:
    """Return the pictures by file name: the numbers of sites, a summary of each site, a map of each height."""
    slugs = [f"-{slug}" if slug else "" for slug in site_slugs(coverage)]
    counts = len(coverage.sites[0].layers) if coverage.counts is not None else 0
    drawn = {f"sites-{height_slug(coverage.sites[0].layers[k])}.png": _counted(coverage, k) for k in range(counts)}
    for site, slug in zip(coverage.sites, slugs, strict=True):
        if len(site.layers) > 1:
            _tell(progress, f"drawing {site.name}")
            drawn[f"summary{slug}.png"] = page.Picture(
                style.png(draw_summary(coverage, site)), f"All heights at {site.name}", _alt(coverage, site), ""
            )
    for site, slug in zip(coverage.sites, slugs, strict=True):
        for layer in site.layers:
            _tell(progress, f"drawing {site.name} at {layer_text(layer)}")
            drawn[f"map{slug}-{height_slug(layer)}.png"] = page.Picture(
                style.png(draw_layer(coverage, site, layer)),
                f"{site.name} at {layer_text(layer)}",
                _alt_of(coverage, site, layer),
                "Blue is what is seen; every other colour is what hides the rest of the claimed disc.",
            )
    return drawn


def _counted(coverage: Coverage, index: int) -> page.Picture:
    where = layer_text(coverage.sites[0].layers[index])
    target = style.with_article(coverage.target_name)
    row = count_rows(coverage)[index]["seen_by_at_least"]
    shares = ", ".join(f"{k} or more: {share_text(share)}" for k, share in row.items())
    see = "would have seen" if switched_off(coverage) else "see"
    alt = f"Map of how many of {len(coverage.sites)} sites {see} {target} at {where}. Of the discs together: {shares}."
    return page.Picture(style.png(draw_counts(coverage, index)), f"Number of sites at {where}", alt, "")


def _tell(progress: Progress | None, text: str) -> None:
    if progress is not None:
        progress(text)


def _alt_of(coverage: Coverage, site: SiteCoverage, layer: Layer) -> str:
    lost = "; ".join(f"{LIMIT_NAMES[name]} {share_text(share)}" for name, share in _lost(layer))
    seen = "would have been seen, had it been switched on," if site.switched_off else "is seen"
    return (
        f"Map around {site.name}: of the disc of {style.distance_text(site.headline_m / 1e3)}, "
        f"{style.with_article(coverage.target_name)} at {layer_text(layer)} {seen} in {band_text(layer)}. Lost to: "
        f"{lost or 'nothing'}."
    )


def _alt(coverage: Coverage, site: SiteCoverage) -> str:
    shown = "; ".join(f"{layer_text(layer)}: {band_text(layer)}" for layer in site.layers)
    seen = "would have been seen of it, had it been switched on" if site.switched_off else "seen of it"
    return (
        f"Small maps around {site.name}, one for each height, of the disc of "
        f"{style.distance_text(site.headline_m / 1e3)}: {seen}: {shown}."
    )


def _lost(layer: Layer) -> list[tuple[str, float]]:
    found = [(name, layer.share_by_limit.get(name, 0.0)) for name in HIDING]
    return sorted((pair for pair in found if pair[1] > 0.0), key=lambda pair: -pair[1])


def _share_table(coverage: Coverage, site: SiteCoverage) -> page.Markup:
    names = [name for name in HIDING if any(layer.share_by_limit.get(name, 0.0) > 0.0 for layer in site.layers)]
    once = [cumulative_share(site, layer, coverage.detection_probability) for layer in site.layers]
    hills = not over_smooth_earth(site)
    smooth = ("Seen over a smooth earth",) if hills else ()
    seen = "Seen, had it been switched on" if site.switched_off else "Seen"
    head = ("Height", seen, *smooth, *(f"Lost to {LONG_NAMES[name]}" for name in names), "Seen once, flying in")
    rows = [
        (
            layer_text(layer),
            page.cell(
                page.element("strong", share_text(layer.share)),
                f"{share_digits(layer.share_low)} to {share_text(layer.share_high)}",
            ),
            *((smooth_text(layer),) if hills else ()),
            *(share_text(layer.share_by_limit.get(name, 0.0)) for name in names),
            share_text(found) if np.isfinite(found) else "–",
        )
        for layer, found in zip(site.layers, once, strict=True)
    ]
    status = status_text(coverage, site)
    caption = (
        f"{site.name}{f', {status}' if status else ''}: shares of the headline disc of "
        f"{style.distance_text(site.headline_m / 1e3)}. Small: "
        f"the band, every figure as it is read at its unfavourable and favourable end. {COUNTED_ONCE} Last column: "
        "where a flight straight in at this height has been detected at least once, with probability "
        f"{coverage.detection_probability:g} or more, hidden by then or not."
    )
    return page.table(caption, head, rows, range(1, len(head)))


def _count_table(coverage: Coverage) -> page.Markup:
    counted = count_rows(coverage)
    if not counted:
        return page.Markup("")
    head = ("Height", *(f"{k} or more" for k in range(1, len(coverage.sites) + 1)))
    layers = coverage.sites[0].layers
    rows = [
        (layer_text(layer), *(share_text(share) for share in row["seen_by_at_least"].values()))
        for layer, row in zip(layers, counted, strict=True)
    ]
    caption = "Share of the area within the discs of all sites that so many sites see."
    return page.table(caption, head, rows, range(1, len(head)))


def _claim_table(coverage: Coverage) -> page.Markup:
    claims = {path: claim for site in coverage.sites for path, claim in site.claims}
    rows = []
    for path, claim in claims.items():
        standing = [claim.status, f"confidence {claim.confidence}", "contested" if claim.contested else ""]
        named = "; ".join(part for part in (", ".join(claim.sources) or "no source", claim.date) if part)
        rows.append(
            (
                path,
                page.cell(re.sub(r" m2\b", " m²", str(claim)), claim.note),
                ", ".join(part for part in standing if part),
                named,
            )
        )
    head = ("Claim", "Value and band", "Standing", "Source and date")
    return page.table("Every claim that the result used.", head, rows) if rows else page.Markup("")


def _setting(coverage: Coverage) -> page.Markup:
    sites = [f"{site_line(site)}; {claim_line(site)}. {sector_text(site)}".strip() for site in coverage.sites]
    air = {"standard": "standard refraction", "none": "no refraction", "crpl": "CRPL refraction"}[coverage.refraction]
    if coverage.rain_mm_per_h > 0:
        air += f", rain of {coverage.rain_mm_per_h:g} mm/h everywhere"
    if coverage.roughness_m is not None:
        air += f", lobes of a surface of {coverage.roughness_m:g} m roughness"
    detected = f"Single-scan probability of detection {coverage.detection_probability:g} or more; {air}."
    status = status_of_all(coverage)
    dated = f"As of {coverage.date}{f' ({status})' if status else ''}. " if coverage.date else ""
    if len(sites) == 1:
        return page.element("p", f"{sites[0]} {dated}{detected}")
    return page.joined((page.items(sites), page.element("p", f"{dated}{detected}")))


def coverage_html(
    coverage: Coverage,
    pictures: dict[str, page.Picture],
    files: list[str],
    *,
    charts: dict[str, page.Picture] | None = None,
    lead: str = "",
) -> str:
    """Return the page of a coverage with its maps and charts inside; `files` lie beside it, `lead` above its title."""
    systems = ", ".join(dict.fromkeys(site.system_name for site in coverage.sites))
    about = f"{systems} and {style.with_article(coverage.target_name)}: coverage"
    if coverage.date:
        about += f" ({status_of_all(coverage) or coverage.date})"
    header = page.joined(
        (
            page.element("p", about, "kicker"),
            page.element("p", page.element("strong", unbroken(lead)), "answer") if lead else "",
            page.element("h1", unbroken(sentence(coverage))),
            page.element("p", BESIDE, "note"),
            _setting(coverage),
        )
    )
    notes = dict.fromkeys(note for site in coverage.sites for note in site.notes)
    rules = {key: text for site in coverage.sites for key, text in site.rules}
    used = {source.key: source for site in coverage.sites for source in site.sources}
    told = [page.joined((page.element("strong", key), value), ": ") for key, value in rules.items()]
    left = len(pictures) - MOST_PICTURES
    more = page.element("p", f"{left} more maps lie beside this page.", "note") if left > 0 else ""
    body = (
        page.section(
            "How much of the claim is covered",
            *(_share_table(coverage, site) for site in coverage.sites),
            _count_table(coverage),
        ),
        page.section("Where", *(page.figure(picture) for picture in list(pictures.values())[:MOST_PICTURES]), more),
        page.section("At which height", *(page.figure(chart) for chart in (charts or {}).values())),
        page.section("What this does not show", page.items((*notes, *NOT_SHOWN))),
        page.section("Rules by which the claims were read", page.items(told)),
        page.section("Claims used", _claim_table(coverage)),
        page.section("Sources", page.sources(used.values())),
        page.section(
            "Files beside this page",
            page.items(page.Markup(f'<a href="{page.text(name)}">{page.text(name)}</a>') for name in files),
        ),
    )
    footer = "Made with chainhome from published figures. Coast, borders and cities: Natural Earth and GeoNames."
    return page.document(about, header, body, footer)


def write_coverage_report(
    coverage: Coverage,
    folder: Path,
    *,
    surfaces: bool = True,
    cells: bool = False,
    charts: dict[str, page.Picture] | None = None,
    lead: str = "",
    progress: Progress | None = None,
) -> list[Path]:
    """Write all files of a coverage into a folder and return their paths, the page last.

    `charts` are more pictures by file name, `lead` a sentence to be read before the answer. `surfaces`: also the lowest
    visible altitude as GeoTIFF, and with `cells` what every cell holds; both need the extra geo. Files of an earlier
    answer are replaced or, where this one has none of that name, removed, once all of this one is written: where that
    fails the folder stays as it was. Raises UseError where the folder holds anything else, ChainhomeError where writing
    fails.
    """
    earlier = earlier_files(folder)
    _tell(progress, "finding outlines")
    found = coverage_shapes.shapes(coverage)
    pictures = draw_pictures(coverage, progress)
    data = ["coverage.csv", "coverage.geojson", "coverage.kml", "coverage.czml"]
    rasters = surface_grids(coverage) if surfaces else {}
    rasters |= cell_grids(coverage) if cells else {}
    more = charts or {}
    names = [RECORD, *data, *rasters, *pictures, *more, PAGE]
    html = coverage_html(coverage, pictures, names[:-1], charts=more, lead=lead)
    _tell(progress, "writing")
    aside, new = folder / ASIDE, not folder.exists()
    try:
        _clear(aside)
        style.write_bytes(aside / data[0], csv_text(coverage).encode("utf-8"))
        coverage_shapes.write_geojson(coverage, found, aside / data[1])
        coverage_shapes.write_kml(coverage, found, aside / data[2])
        coverage_shapes.write_czml(coverage, found, aside / data[3])
        for name, grid in rasters.items():
            _tell(progress, f"writing {name}")
            write_grid(aside / name, grid)
        for name, picture in (pictures | more).items():
            style.write_bytes(aside / name, picture.png)
        style.write_bytes(aside / PAGE, html.encode("utf-8"))
        _write_record(coverage, aside / RECORD, names, lead)
        # A record of both answers: should the machine stop while files change places, all are still known as ours.
        _write_record(coverage, aside / CHANGING, [*names, *sorted(set(earlier) - set(names))], lead)
        _take_places(aside, folder, names, earlier)
    finally:
        _clear(aside)
        if new and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    return [folder / name for name in names]


def _clear(aside: Path) -> None:
    """Remove what an answer that was not finished has left; never what a link leads to."""
    if aside.is_symlink():
        raise UseError(f"{aside} is a link; remove it, or choose another folder")
    shutil.rmtree(aside, ignore_errors=True)


def _take_places(aside: Path, folder: Path, names: list[str], earlier: list[str]) -> None:
    """Move the files of an answer into its folder, the record last, and remove those of an earlier one."""
    try:
        (aside / CHANGING).replace(folder / RECORD)
        for name in names:
            if name != RECORD:
                (aside / name).replace(folder / name)
        for name in set(earlier) - set(names):
            (folder / name).unlink(missing_ok=True)
        (aside / RECORD).replace(folder / RECORD)
    except OSError as error:
        raise ChainhomeError(f"cannot write {folder}: {error.strerror or error}") from error


def _write_record(coverage: Coverage, path: Path, names: list[str], lead: str) -> None:
    record: dict[str, Any] = {"made_by": MADE_BY, "files": names} | ({"lead": lead} if lead else {})
    text = json.dumps(record | to_json(coverage), indent=2, ensure_ascii=False, allow_nan=False)
    style.write_bytes(path, (text + "\n").encode("utf-8"))

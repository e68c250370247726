"""The outlines of a coverage for other programs: GeoJSON, KML and CZML of one set of polygons in degrees.

In comes a `Coverage`; out come features, placemarks and packets that say the same: each site, its headline ring, and
for each altitude what is detected at the value and at both ends of the claims; of several sites also what at least so
many detect. Polygons follow the grid's cells to a third of a cell (see `contours`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.coverage.result import Coverage, Layer, SiteCoverage
from chainhome.formats import czml, geojson, kml
from chainhome.report import contours, style
from chainhome.report.coverage_status import status_of_all, status_text, switched_off
from chainhome.report.coverage_words import layer_text, share_text, site_line

ENDS = ("value", "low", "high")
END_WORDS = {
    "value": "detected",
    "low": "detected with every claim at its unfavourable end",
    "high": "detected with every claim at its favourable end",
}
COLOURS = {"value": "#2a7ab9", "low": "#0b4a86", "high": "#9fcbea"}
OPACITY = {"value": 0.45, "low": 0.5, "high": 0.35}


@dataclass(frozen=True, eq=False)
class Shape:
    """One thing to draw: polygons, with what to say of them."""

    key: str
    name: str
    folder: str
    end: str
    areas: tuple[contours.Area, ...]
    properties: dict[str, Any]


def shapes(coverage: Coverage) -> list[Shape]:
    """Return every outline of a coverage, site by site, altitude by altitude, then the counts."""
    found = [
        shape
        for number, site in enumerate(coverage.sites)
        for layer in site.layers
        for shape in _of_layer(coverage, number, site, layer)
    ]
    return [*found, *_of_counts(coverage)]


def _of_layer(coverage: Coverage, number: int, site: SiteCoverage, layer: Layer) -> Iterator[Shape]:
    masks = {"value": layer.detected, "low": layer.detected_low, "high": layer.detected_high}
    shares = {"value": layer.share, "low": layer.share_low, "high": layer.share_high}
    cell_m = site.surface.grid.cell_m
    for end in ENDS:
        about = {
            "kind": "detected",
            "end": end,
            "site": site.name,
            "system": site.system_key,
            "radar": site.radar_name,
            "target": coverage.target_key,
            "altitude_m": layer.height_m,
            "altitude_reference": "sea level" if layer.above_sea else "ground",
            "detection_probability": coverage.detection_probability,
            "share_of_headline_disc": round(float(shares[end]), 6),
            "cell_m": cell_m,
            "tolerance_m": round(contours.TOLERANCE_CELLS * cell_m, 1),
            "smallest_km2": round(contours.SMALLEST_CELLS * cell_m**2 / 1e6, 4),
        }
        detected = END_WORDS[end]
        if site.switched_off:
            detected = f"would have been {detected}, had it been switched on ({status_text(coverage, site)})"
        name = f"{style.with_article(coverage.target_name)} at {layer_text(layer)}: {detected}"
        yield Shape(
            f"detected-{number}-{_exactly(layer.height_m)}m-{end}",
            f"{name[:1].upper()}{name[1:]}, {share_text(shares[end])} of the headline disc",
            f"{site.name}: {layer_text(layer)}",
            end,
            contours.degree_areas(masks[end], cell_m, site.lat_rad, site.lon_rad),
            _dated(about, coverage, site),
        )


def _of_counts(coverage: Coverage) -> Iterator[Shape]:
    counts = coverage.counts
    if counts is None:
        return
    seen = "Would have been seen, had they been switched on," if switched_off(coverage) else "Seen"
    reference = "sea level" if coverage.sites[0].layers[0].above_sea else "ground"
    for index, height in enumerate(counts.heights_m):
        for least in range(1, len(coverage.sites) + 1):
            mask = counts.by_layer[index] >= least
            about = {
                "kind": "seen by at least",
                "sites": least,
                "target": coverage.target_key,
                "altitude_m": height,
                "altitude_reference": reference,
                "detection_probability": coverage.detection_probability,
                "share_of_all_discs": round(counts.share(index, least), 6),
                "cell_m": counts.cell_m,
            }
            layer = coverage.sites[0].layers[index]
            yield Shape(
                f"count-{_exactly(height)}m-{least}",
                f"{seen} by at least {least} of {len(coverage.sites)} sites at {layer_text(layer)}",
                f"Number of sites: {layer_text(layer)}",
                "value",
                contours.degree_areas(mask, counts.cell_m, counts.lat_rad, counts.lon_rad),
                _dated(about, coverage),
            )


def _exactly(height_m: float) -> str:
    """Return a height with all its digits, so that no two layers share a key."""
    return repr(float(height_m)).removesuffix(".0")


def _dated(about: dict[str, Any], coverage: Coverage, site: SiteCoverage | None = None) -> dict[str, Any]:
    """Return properties with the day that was asked for, and what the site, or all of them, was on it."""
    if not coverage.date:
        return about
    return about | {"date": coverage.date, "status": site.status if site is not None else status_of_all(coverage)}


def _described(coverage: Coverage, site: SiteCoverage) -> str:
    """Return the line of a site, with what it was on the day."""
    return "; ".join(part for part in (site_line(site), status_text(coverage, site)) if part)


def _place(site: SiteCoverage) -> tuple[float, float]:
    return float(np.degrees(site.lon_rad)), float(np.degrees(site.lat_rad))


def _has_ring(site: SiteCoverage) -> bool:
    return not contours.reaches_a_pole(site.lat_rad, site.headline_m)


def without_outlines(coverage: Coverage) -> list[str]:
    """Return the names of the sites whose grid holds a pole, where longitude and latitude make no polygon."""
    return [site.name for site in coverage.sites if not _outlined(site)]


def _outlined(site: SiteCoverage) -> bool:
    grid = site.surface.grid
    return not contours.reaches_a_pole(site.lat_rad, np.sqrt(2.0) * (grid.half + 1) * grid.cell_m)


def write_geojson(coverage: Coverage, found: list[Shape], path: Path) -> None:
    """Write sites, headline rings and outlines as one FeatureCollection [rfc7946]."""
    features: list[dict[str, Any]] = []
    for number, site in enumerate(coverage.sites):
        about = {
            "kind": "site",
            "name": site.name,
            "system": site.system_key,
            "radar": site.radar_name,
            "preset": site.preset,
            "antenna_m": round(site.antenna_m, 2),
        }
        features.append(geojson.feature(geojson.point(*_place(site)), _dated(about, coverage, site), f"site-{number}"))
        if _has_ring(site):
            ring = contours.circle_degrees(site.lat_rad, site.lon_rad, site.headline_m)
            about = {
                "kind": "headline",
                "site": site.name,
                "system": site.system_key,
                "range_km": round(site.headline_m / 1e3, 3),
                "range_low_km": round(site.headline_low_m / 1e3, 3),
                "range_high_km": round(site.headline_high_m / 1e3, 3),
            }
            features.append(geojson.feature(geojson.line(*ring.T), _dated(about, coverage, site), f"headline-{number}"))
    for shape in found:
        polygons = [geojson.polygon(area.outer, area.holes)["coordinates"] for area in shape.areas]
        geometry = {"type": "MultiPolygon", "coordinates": polygons} if polygons else None
        features.append(geojson.feature(geometry, {"name": shape.name, **shape.properties}, shape.key))
    geojson.write_features(path, features, title=title(coverage))


def write_kml(coverage: Coverage, found: list[Shape], path: Path) -> None:
    """Write the same for Google Earth; what is detected at the ends of the claims is there but switched off."""
    marks: list[kml.Placemark] = []
    for site in coverage.sites:
        look = kml.Style(line="#111111", line_width=2.0)
        marks.append(kml.Placemark(site.name, kml.Point(*_place(site)), description=_described(coverage, site)))
        if _has_ring(site):
            ring = contours.circle_degrees(site.lat_rad, site.lon_rad, site.headline_m)
            name = f"Claim: {style.distance_text(site.headline_m / 1e3)}"
            described = _described(coverage, site)
            marks.append(kml.Placemark(name, kml.Line(*ring.T), description=described, style=look))
    for shape in found:
        if not shape.areas:
            continue
        look = kml.Style(
            line=COLOURS[shape.end], line_width=1.0, fill=COLOURS[shape.end], fill_opacity=OPACITY[shape.end]
        )
        polygons = tuple(kml.Polygon(area.outer, area.holes) for area in shape.areas)
        marks.append(
            kml.Placemark(
                shape.name,
                polygons,
                folder=shape.folder,
                style=look,
                visible=shape.end == "value" and shape.properties["kind"] == "detected",
                data=shape.properties,
            )
        )
    kml.write_kml(path, title(coverage), marks)


def write_czml(coverage: Coverage, found: list[Shape], path: Path) -> None:
    """Write the same for Cesium [czml]: one packet for each polygon, clamped to the ground."""
    czml.write_czml(path, _packets(coverage, found))


def _packets(coverage: Coverage, found: list[Shape]) -> Iterator[dict[str, Any]]:
    yield czml.document(title(coverage))
    for number, site in enumerate(coverage.sites):
        dated = _dated({}, coverage, site)
        yield {
            "id": f"site-{number}",
            "name": site.name,
            "position": czml.place(*_place(site), float(site.surface.site_ground_m)),
            "point": {"pixelSize": 9, "color": czml.colour("#111111"), "heightReference": "CLAMP_TO_GROUND"},
            "label": {"text": site.name, "font": "13px sans-serif", "pixelOffset": {"cartesian2": [0, -16]}},
            **({"properties": dated} if dated else {}),
        }
        if _has_ring(site):
            ring = contours.circle_degrees(site.lat_rad, site.lon_rad, site.headline_m)
            line = {"positions": czml.ring(*ring.T), "width": 2, "clampToGround": True}
            claim = f"Claim: {style.distance_text(site.headline_m / 1e3)}"
            yield {
                "id": f"headline-{number}",
                "name": claim,
                "polyline": line | {"material": czml.solid("#111111")},
            }
    for shape in found:
        shown = shape.end == "value" and shape.properties["kind"] == "detected"
        yield {"id": shape.key, "name": shape.name, "properties": shape.properties}
        for part, area in enumerate(shape.areas):
            fill = {
                "show": shown,
                "material": czml.solid(COLOURS[shape.end], OPACITY[shape.end]),
                "arcType": "GEODESIC",
            }
            yield {
                "id": f"{shape.key}-{part}",
                "name": shape.name,
                "parent": shape.key,
                "polygon": {**czml.area(area.outer, area.holes), **fill},
            }


def title(coverage: Coverage) -> str:
    """Return the title of the files."""
    systems = ", ".join(dict.fromkeys(site.system_name for site in coverage.sites))
    target, status = style.with_article(coverage.target_name), status_of_all(coverage)
    if switched_off(coverage):
        return f"What {systems} would have seen of {target}, had it been switched on ({status})"
    dated = f", {status or coverage.date}" if coverage.date else ""
    return f"What {systems} sees of {target}{dated}"

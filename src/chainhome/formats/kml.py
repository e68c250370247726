"""KML [kml] for Google Earth: points, lines, polygons with holes and tracks that move → one file.

Placemarks are records; coordinates are in degrees, heights in metres above mean sea level. What comes from a file
(names, descriptions, data) is escaped, and a letter that XML cannot carry becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import ArrayLike

from chainhome.formats.geojson import positions
from chainhome.formats.text_file import write_pieces

# What XML 1.0 does not allow in a text.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Style:
    """How a placemark looks: colours as `#rrggbb`, widths in pixels; an empty colour draws nothing of the kind."""

    line: str = ""
    line_width: float = 2.0
    line_opacity: float = 1.0
    fill: str = ""
    fill_opacity: float = 0.3
    icon: str = ""
    icon_url: str = ""
    icon_scale: float = 0.8
    label_scale: float = 0.8


@dataclass(frozen=True, eq=False)
class Point:
    """One place; without a height it lies on the ground."""

    lon_deg: float
    lat_deg: float
    altitude_m: float | None = None


@dataclass(frozen=True, eq=False)
class Line:
    """Places one after the other; without heights on the ground, along the earth's surface."""

    lon_deg: ArrayLike
    lat_deg: ArrayLike
    altitude_m: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Polygon:
    """An outer ring (n, 2) of longitude and latitude, and its holes; on the ground, or all at one height."""

    outer: ArrayLike
    inner: tuple[ArrayLike, ...] = ()
    altitude_m: float | None = None


@dataclass(frozen=True, eq=False)
class Track:
    """Places with times (`when`, ISO 8601 in UTC), between which Google Earth moves an icon."""

    when: tuple[str, ...]
    lon_deg: ArrayLike
    lat_deg: ArrayLike
    altitude_m: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Placemark:
    """One thing on the map. `geometry` may be a tuple of several; `begin` and `end` are instants in UTC or empty."""

    name: str
    geometry: Point | Line | Polygon | Track | tuple[Point | Line | Polygon | Track, ...]
    description: str = ""
    folder: str = ""
    style: Style | None = None
    begin: str = ""
    end: str = ""
    visible: bool = True
    data: Mapping[str, object] = field(default_factory=dict)


def write_kml(path: Path, title: str, placemarks: Iterable[Placemark]) -> None:
    """Write placemarks to `path`, whole or not at all, in the order in which they come.

    Neighbours with the same `folder` stand in it together. The bytes depend on the arguments alone. Raises ValueError
    for a coordinate that is no place on the earth or a ring of less than 3 points, ChainhomeError where the file cannot
    be written.
    """
    write_pieces(path, _pieces(title, list(placemarks)))


def text_of(text: object) -> str:
    """Return a text as XML carries it.

    >>> text_of("a < b & c\\x00")
    'a &lt; b &amp; c\ufffd'
    """
    return escape(FORBIDDEN.sub("\ufffd", str(text)))


def kml_colour(hex_rgb: str, opacity: float = 1.0) -> str:
    """Return a colour in the order of KML: opacity, blue, green, red.

    >>> kml_colour("#0072b2", 0.5)
    '80b27200'
    """
    return f"{round(255 * opacity):02x}{hex_rgb[5:7]}{hex_rgb[3:5]}{hex_rgb[1:3]}".lower()


def _pieces(title: str, placemarks: list[Placemark]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">\n'
    yield f"<Document>\n<name>{text_of(title)}</name>\n"
    styles = list(dict.fromkeys(mark.style for mark in placemarks if mark.style is not None))
    keys = {style: f"s{number}" for number, style in enumerate(styles)}
    for style, key in keys.items():
        yield _style(style, key)
    for folder, marks in groupby(placemarks, key=lambda mark: mark.folder):
        if folder:
            yield f"<Folder>\n<name>{text_of(folder)}</name>\n"
        for mark in marks:
            yield _placemark(mark, keys)
        if folder:
            yield "</Folder>\n"
    yield "</Document>\n</kml>\n"


def _style(style: Style, key: str) -> str:
    parts = [f"<Style id={quoteattr(key)}>"]
    if style.icon or style.icon_url:
        tint = f"<color>{kml_colour(style.icon)}</color>" if style.icon else ""
        picture = f"<Icon><href>{text_of(style.icon_url)}</href></Icon>" if style.icon_url else ""
        parts.append(f"<IconStyle>{tint}<scale>{style.icon_scale:g}</scale>{picture}</IconStyle>")
    parts.append(f"<LabelStyle><scale>{style.label_scale:g}</scale></LabelStyle>")
    if style.line:
        tint = kml_colour(style.line, style.line_opacity)
        parts.append(f"<LineStyle><color>{tint}</color><width>{style.line_width:g}</width></LineStyle>")
    # Without a line of its own a polygon would get a white one.
    fill = f"<color>{kml_colour(style.fill, style.fill_opacity)}</color>" if style.fill else ""
    parts.append(
        f"<PolyStyle>{fill}<fill>{int(bool(style.fill))}</fill><outline>{int(bool(style.line))}</outline></PolyStyle>"
    )
    return "".join(parts) + "</Style>\n"


def _placemark(mark: Placemark, keys: Mapping[Style, str]) -> str:
    parts = [f"<Placemark><name>{text_of(mark.name)}</name>"]
    if not mark.visible:
        parts.append("<visibility>0</visibility>")
    if mark.description:
        parts.append(f"<description>{text_of(mark.description)}</description>")
    if mark.begin or mark.end:
        begin = f"<begin>{text_of(mark.begin)}</begin>" if mark.begin else ""
        end = f"<end>{text_of(mark.end)}</end>" if mark.end else ""
        parts.append(f"<TimeSpan>{begin}{end}</TimeSpan>")
    if mark.style is not None:
        parts.append(f"<styleUrl>#{keys[mark.style]}</styleUrl>")
    if mark.data:
        told = "".join(
            f"<Data name={quoteattr(FORBIDDEN.sub(chr(0xFFFD), name))}><value>{text_of(value)}</value></Data>"
            for name, value in mark.data.items()
        )
        parts.append(f"<ExtendedData>{told}</ExtendedData>")
    geometries = mark.geometry if isinstance(mark.geometry, tuple) else (mark.geometry,)
    shapes = "\n".join(_shape(geometry) for geometry in geometries)
    parts.append(shapes if len(geometries) == 1 else f"<MultiGeometry>\n{shapes}\n</MultiGeometry>")
    return "".join(parts) + "</Placemark>\n"


def _shape(geometry: Point | Line | Polygon | Track) -> str:
    if isinstance(geometry, Point):
        height = None if geometry.altitude_m is None else [geometry.altitude_m]
        places = positions([geometry.lon_deg], [geometry.lat_deg], height)
        return f"<Point>{_mode(places)}<coordinates>{_coordinates(places)}</coordinates></Point>"
    if isinstance(geometry, Polygon):
        return _polygon(geometry)
    places = positions(geometry.lon_deg, geometry.lat_deg, geometry.altitude_m)
    if isinstance(geometry, Line):
        along = "" if _at_height(places) else "<tessellate>1</tessellate>"
        return f"<LineString>{along}{_mode(places)}<coordinates>{_coordinates(places)}</coordinates></LineString>"
    if len(geometry.when) != len(places):
        raise ValueError(f"a track has {len(geometry.when)} times and {len(places)} places")
    when = "".join(f"<when>{text_of(moment)}</when>\n" for moment in geometry.when)
    coord = "".join(f"<gx:coord>{' '.join(map(repr, place))}</gx:coord>\n" for place in _filled(places))
    return f"<gx:Track>{_mode(places)}\n{when}{coord}</gx:Track>"


def _polygon(geometry: Polygon) -> str:
    parts = []
    for number, given in enumerate((geometry.outer, *geometry.inner)):
        ring = np.asarray(given, np.float64)
        places = positions(ring[:, 0], ring[:, 1], geometry.altitude_m)
        if len(places) < 3:
            raise ValueError(f"ring {number} of a polygon has {len(places)} points, expected 3 or more")
        closed = places if places[0] == places[-1] else [*places, places[0]]
        side = "outerBoundaryIs" if number == 0 else "innerBoundaryIs"
        parts.append(f"<{side}><LinearRing><coordinates>{_coordinates(closed)}</coordinates></LinearRing></{side}>")
    mode = "<tessellate>1</tessellate>" if geometry.altitude_m is None else "<altitudeMode>absolute</altitudeMode>"
    return f"<Polygon>{mode}{''.join(parts)}</Polygon>"


def _at_height(places: list[list[float]]) -> bool:
    return any(len(place) == 3 for place in places)


def _mode(places: list[list[float]]) -> str:
    return f"<altitudeMode>{'absolute' if _at_height(places) else 'clampToGround'}</altitudeMode>"


def _filled(places: list[list[float]]) -> list[list[float]]:
    """Return places all with a height: one that lacks it takes that of the place before it, or the first known."""
    last = next((place[2] for place in places if len(place) == 3), 0.0)
    filled = []
    for place in places:
        last = place[2] if len(place) == 3 else last
        filled.append([place[0], place[1], last])
    return filled


def _coordinates(places: list[list[float]]) -> str:
    filled = _filled(places) if _at_height(places) else places
    return " ".join(",".join(map(repr, place)) for place in filled)

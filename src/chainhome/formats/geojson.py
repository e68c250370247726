"""GeoJSON [rfc7946]: features with WGS-84 longitudes and latitudes in degrees → one FeatureCollection.

`point`, `line` and `polygon` make geometries from degrees and metres; `write_features` puts any features into a file.
The bytes depend on the features alone. Coordinates are rounded to 1e-5 degrees (1.1 m), heights to 0.1 m; outer rings
run anticlockwise and inner rings clockwise, closed, whichever way they came.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.formats.text_file import write_pieces

DEGREE_DIGITS = 5
HEIGHT_DIGITS = 1
# How deep the coordinates of each kind of geometry are nested.
DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


def point(lon_deg: float, lat_deg: float, altitude_m: float | None = None) -> dict[str, Any]:
    """Return a Point; the altitude is left out where it is None or NaN.

    >>> point(32.5656, 40.0789, 836.39)
    {'type': 'Point', 'coordinates': [32.5656, 40.0789, 836.4]}
    """
    return {"type": "Point", "coordinates": positions([lon_deg], [lat_deg], altitude_m)[0]}


def line(lon_deg: ArrayLike, lat_deg: ArrayLike, altitude_m: ArrayLike | None = None) -> dict[str, Any]:
    """Return a LineString of n positions, or a MultiLineString cut at the 180th meridian where it crosses that.

    The format asks for the cut; the height at it is interpolated. One position gives a Point.

    >>> line([179.9, -179.9], [10.0, 10.0])["coordinates"]
    [[[179.9, 10.0], [180.0, 10.0]], [[-180.0, 10.0], [-179.9, 10.0]]]
    """
    parts = [positions(*part) for part in cut_at_the_date_line(lon_deg, lat_deg, altitude_m)]
    if len(parts) > 1:
        return {"type": "MultiLineString", "coordinates": parts}
    if len(parts[0]) == 1:
        return {"type": "Point", "coordinates": parts[0][0]}
    return {"type": "LineString", "coordinates": parts[0]}


def polygon(outer: ArrayLike, inner: Iterable[ArrayLike] = ()) -> dict[str, Any]:
    """Return a Polygon of rings (n, 2) of longitude and latitude in degrees: one outer, any inner.

    >>> polygon([[0, 0], [0, 1], [1, 1]])["coordinates"]
    [[[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]]
    """
    rings = [np.asarray(ring, np.float64) for ring in (outer, *inner)]
    made = [positions(ring[:, 0], ring[:, 1]) for ring in rings]
    return {"type": "Polygon", "coordinates": _turned(made)}


def feature(geometry: Mapping[str, Any] | None, properties: Mapping[str, Any], key: str | int | None = None) -> Any:
    """Return a Feature of a geometry (None: it has no place), its properties and, where given, its id."""
    named = {} if key is None else {"id": key}
    return {"type": "Feature", **named, "geometry": geometry, "properties": dict(properties)}


def write_features(path: Path, features: Iterable[Mapping[str, Any]], *, title: str | None = None) -> None:
    """Write features, each a GeoJSON Feature as a mapping, to `path` as one FeatureCollection, whole or not at all.

    A feature needs `geometry` (a mapping with `type` and `coordinates`, longitude first, or None) and may have
    `properties` and `id`; further members are written as they are. Properties that are NaN or infinite become null;
    NumPy values become numbers. `title` is written as the member `title` of the collection.

    Raises ValueError for a geometry of an unknown type or a coordinate that is no place on the earth, ChainhomeError
    where the file cannot be written.
    """
    write_pieces(path, _pieces(features, title))


def _pieces(features: Iterable[Mapping[str, Any]], title: str | None) -> Iterator[str]:
    head = {} if title is None else {"title": title}
    yield json.dumps({"type": "FeatureCollection", **head}, ensure_ascii=False)[:-1] + ', "features": ['
    separator = "\n"
    for given in features:
        more = {name: plain(value) for name, value in given.items() if name not in ("type", "geometry", "properties")}
        made = {
            "type": "Feature",
            **more,
            "geometry": _geometry(given.get("geometry")),
            "properties": plain(given.get("properties") or {}),
        }
        yield separator + json.dumps(made, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        separator = ",\n"
    yield "\n]}\n"


def positions(lon_deg: ArrayLike, lat_deg: ArrayLike, altitude_m: ArrayLike | None = None) -> list[list[float]]:
    """Return n positions as lists, rounded; longitudes come into [-180, 180], heights that are NaN are left out.

    Raises ValueError for a longitude or latitude that is no number, or a latitude beyond a pole.
    """
    lon, lat = np.broadcast_arrays(np.asarray(lon_deg, np.float64), np.asarray(lat_deg, np.float64))
    wrong = ~(np.isfinite(lon) & (np.abs(lat) <= 90.0))
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"position {row}: longitude {lon[row]:g}, latitude {lat[row]:g} is no place on the earth")
    lon = np.where(np.abs(lon) <= 180.0, lon, np.mod(lon + 180.0, 360.0) - 180.0)
    # Adding zero makes -0.0 a plain 0.0.
    places = np.stack([np.round(lon, DEGREE_DIGITS), np.round(lat, DEGREE_DIGITS)], axis=1) + 0.0
    made: list[list[float]] = places.tolist()
    if altitude_m is None:
        return made
    heights = np.round(np.broadcast_to(np.asarray(altitude_m, np.float64), lon.shape), HEIGHT_DIGITS) + 0.0
    known = np.isfinite(heights).tolist()
    return [
        [*place, height] if has else place for place, height, has in zip(made, heights.tolist(), known, strict=True)
    ]


def cut_at_the_date_line(
    lon_deg: ArrayLike, lat_deg: ArrayLike, altitude_m: ArrayLike | None = None
) -> list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]]:
    """Return the pieces (longitude, latitude, height) of a line, cut where it crosses the 180th meridian."""
    lon, lat = np.asarray(lon_deg, np.float64), np.asarray(lat_deg, np.float64)
    height = None if altitude_m is None else np.broadcast_to(np.asarray(altitude_m, np.float64), lon.shape)
    columns = np.stack([lon, lat] + ([] if height is None else [height]), axis=1)
    crossings = np.flatnonzero(np.abs(np.diff(lon)) > 180.0)
    parts: list[NDArray[np.float64]] = []
    begin: list[NDArray[np.float64]] = []
    start = 0
    for row in crossings.tolist():
        before, after = columns[row], columns[row + 1]
        side = math.copysign(180.0, before[0])
        beyond = after[0] + 2.0 * side
        share = (side - before[0]) / (beyond - before[0]) if beyond != before[0] else 0.0
        edge = before + share * (after - before)
        parts.append(np.array([*begin, *columns[start : row + 1], [side, *edge[1:]]]))
        begin, start = [np.array([-side, *edge[1:]])], row + 1
    parts.append(np.array([*begin, *columns[start:]]))
    return [(part[:, 0], part[:, 1], None if height is None else part[:, 2]) for part in parts]


def _geometry(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if given is None:
        return None
    kind = given.get("type")
    if kind == "GeometryCollection":
        return {"type": kind, "geometries": [_geometry(part) for part in given["geometries"]]}
    if kind not in DEPTHS:
        raise ValueError(f'geometry type "{kind}" is not one of GeoJSON: {", ".join(DEPTHS)}')
    coordinates = _rounded(given["coordinates"], DEPTHS[kind])
    if kind == "Polygon":
        coordinates = _turned(coordinates)
    elif kind == "MultiPolygon":
        coordinates = [_turned(rings) for rings in coordinates]
    return {"type": kind, "coordinates": coordinates}


def _rounded(coordinates: Any, depth: int) -> Any:
    if depth == 0:
        place = np.asarray(coordinates, np.float64)
        return positions(place[:1], place[1:2], place[2:3] if len(place) > 2 else None)[0]
    if depth > 1:
        return [_rounded(part, depth - 1) for part in coordinates]
    if isinstance(coordinates, np.ndarray) or len({len(place) for place in coordinates}) <= 1:
        places = np.asarray(coordinates, np.float64)
        if not places.size:
            return []
        return positions(places[:, 0], places[:, 1], places[:, 2] if places.shape[1] > 2 else None)
    return [_rounded(place, 0) for place in coordinates]


def _turned(rings: Sequence[list[list[float]]]) -> list[list[list[float]]]:
    """Return rings closed, the first anticlockwise and the others clockwise; raises ValueError for less than 3 points.

    A ring that rounding has made smaller than a triangle stays, closed, as it is.
    """
    turned = []
    for number, given in enumerate(rings):
        if len(given) < 3:
            raise ValueError(f"ring {number} of a polygon has {len(given)} points, expected 3 or more")
        ring = given if given[0] == given[-1] else [*given, given[0]]
        anticlockwise = _signed_area(ring) > 0.0
        turned.append(ring if anticlockwise == (number == 0) else ring[::-1])
    return turned


def _signed_area(ring: list[list[float]]) -> float:
    places = np.array([place[:2] for place in ring])
    x, y = (places - places[0]).T
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def plain(value: Any) -> Any:
    """Return a value as JSON can carry it: NumPy becomes Python, NaN and infinity become None.

    >>> plain({"a": np.float64("nan"), "b": np.arange(2), "c": (np.int64(3), "x")})
    {'a': None, 'b': [0, 1], 'c': [3, 'x']}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value

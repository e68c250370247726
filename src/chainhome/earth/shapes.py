"""The shapes under the maps: coast, borders, land and cities of the region, from two small files beside this module.

In: nothing. Out: longitudes and latitudes in degrees, ready to project. `tools/make_shapes.py` makes the shapes from
Natural Earth [natural_earth]; the README beside the data says what was left out.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Shapes:
    """Lines and rings of shape (k, 2), longitude then latitude, degrees; the region that they cover.

    `land` holds rings that are closed by drawing their last point to their first; none has a hole (the Caspian is cut
    out), so each is filled on its own. Along the edge of the region a ring follows the edge: fill it, draw `coast`.
    """

    coast: tuple[Floats, ...]
    borders: tuple[Floats, ...]
    land: tuple[Floats, ...]
    west_deg: float
    east_deg: float
    south_deg: float
    north_deg: float


@dataclass(frozen=True, eq=False)
class Cities:
    """Cities in the order in which a map should name them.

    Rank 1 is a capital or has three million people, 2 has one million, 3 has 300,000, 4 has fewer.
    """

    name: Texts
    lat_deg: Floats
    lon_deg: Floats
    rank: Ints


@cache
def load_shapes() -> Shapes:
    """Return coast, borders and land between 18 and 52 degrees east and 28 and 50 degrees north [natural_earth].

    They are within 0.5 km of the 1:10 million original. The arrays are read-only and shared by all callers.

    >>> shapes = load_shapes()
    >>> shapes.west_deg, shapes.east_deg, shapes.south_deg, shapes.north_deg
    (18.0, 52.0, 28.0, 50.0)
    >>> max(len(ring) for ring in shapes.land) > 1000
    True
    """
    with (files(__package__) / "_data" / "shapes.npz").open("rb") as file, np.load(file, allow_pickle=False) as packed:
        west, south = packed["origin_deg"].tolist()
        width, height = packed["size_deg"].tolist()
        lines: dict[str, tuple[Floats, ...]] = {}
        for name in ("coast", "borders", "land"):
            points = packed[f"{name}_points"] * float(packed["step_deg"]) + (west, south)
            points.flags.writeable = False
            lines[name] = tuple(np.split(points, np.cumsum(packed[f"{name}_counts"])[:-1]))
    return Shapes(**lines, west_deg=west, east_deg=west + width, south_deg=south, north_deg=south + height)


@cache
def load_cities() -> Cities:
    """Return the cities of the region that a map may name, the most important first [geonames].

    >>> cities = load_cities()
    >>> row = cities.name.tolist().index("Ankara")
    >>> float(cities.lat_deg[row]), float(cities.lon_deg[row]), int(cities.rank[row])
    (39.92, 32.85, 1)
    """
    text = (files(__package__) / "_data" / "cities.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return Cities(
        name=np.array([row["name"] for row in rows]),
        lat_deg=np.array([row["lat_deg"] for row in rows], dtype=np.float64),
        lon_deg=np.array([row["lon_deg"] for row in rows], dtype=np.float64),
        rank=np.array([row["rank"] for row in rows], dtype=np.int64),
    )

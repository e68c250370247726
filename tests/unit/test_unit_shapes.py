"""The shipped shapes: what is land is land, borders and coast lie on it, cities stand on it."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.earth.shapes import Floats, load_cities, load_shapes

# The coast is drawn within 0.5 km, a harbour city's centre lies a little inside it.
HARBOUR_DEG = 0.02


def rings_around(lon_deg: float, lat_deg: float) -> int:
    """How many rings of land hold the point, by counting the edges east of it."""
    count = 0
    for ring in load_shapes().land:
        before = np.roll(ring, 1, axis=0)
        crosses = (ring[:, 1] > lat_deg) != (before[:, 1] > lat_deg)
        a, b = before[crosses], ring[crosses]
        at_deg = a[:, 0] + (lat_deg - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
        count += int((at_deg > lon_deg).sum() % 2)
    return count


def nearest_deg(lines: tuple[Floats, ...], lon_deg: float, lat_deg: float) -> float:
    """Distance to the nearest segment of the lines, in degrees of latitude."""
    scale = np.array([np.cos(np.radians(lat_deg)), 1.0])
    nearest = np.inf
    for line in lines:
        a, b = (line[:-1] - (lon_deg, lat_deg)) * scale, (line[1:] - (lon_deg, lat_deg)) * scale
        step = b - a
        along = np.clip(-(a * step).sum(axis=1) / (step * step).sum(axis=1), 0.0, 1.0)
        nearest = min(nearest, float(np.hypot(*(a + along[:, None] * step).T).min()))
    return nearest


@pytest.mark.parametrize(
    ("lon_deg", "lat_deg", "rings"),
    [
        (32.85, 39.92, 1),  # Ankara
        (44.40, 33.34, 1),  # Baghdad
        (33.35, 35.10, 1),  # Cyprus
        (34.20, 45.30, 1),  # Crimea
        (18.50, 49.50, 1),  # the north-west corner
        (34.00, 43.00, 0),  # Black Sea
        (51.00, 41.00, 0),  # Caspian Sea, a hole in the original
        (28.20, 40.70, 0),  # Sea of Marmara
        (25.00, 36.00, 0),  # Aegean Sea
        (36.50, 46.20, 0),  # Sea of Azov
    ],
)
def test_land_is_land_once_and_sea_is_sea(lon_deg: float, lat_deg: float, rings: int) -> None:
    assert rings_around(lon_deg, lat_deg) == rings


def test_every_city_stands_on_land_or_on_its_shore() -> None:
    cities, shapes = load_cities(), load_shapes()
    for name, lon, lat in zip(cities.name, cities.lon_deg, cities.lat_deg, strict=True):
        assert rings_around(lon, lat) == 1 or nearest_deg(shapes.coast, lon, lat) < HARBOUR_DEG, name


def test_shores_known_from_the_map_are_where_the_map_has_them() -> None:
    two_kilometres_deg = 0.018
    shapes = load_shapes()
    assert nearest_deg(shapes.coast, 34.945, 42.098) < two_kilometres_deg  # İnceburun, the northern cape
    assert nearest_deg(shapes.coast, 26.18, 40.05) < two_kilometres_deg  # Cape Helles at the Dardanelles
    assert nearest_deg(shapes.borders, 26.36, 41.71) < two_kilometres_deg  # where Bulgaria, Greece and Turkey meet
    assert nearest_deg(shapes.borders, 42.36, 37.11) < two_kilometres_deg  # where Iraq, Syria and Turkey meet


def test_all_points_lie_in_the_stated_region() -> None:
    shapes = load_shapes()
    for line in (*shapes.coast, *shapes.borders, *shapes.land):
        assert line.shape[1] == 2
        assert len(line) > 1
        assert (line >= (shapes.west_deg, shapes.south_deg)).all()
        assert (line <= (shapes.east_deg, shapes.north_deg)).all()


def test_no_coast_or_border_is_drawn_along_the_edge_of_the_region() -> None:
    shapes = load_shapes()
    for line in (*shapes.coast, *shapes.borders):
        for axis, edge in ((0, shapes.west_deg), (0, shapes.east_deg), (1, shapes.south_deg), (1, shapes.north_deg)):
            on_edge = line[:, axis] == edge
            assert not (on_edge[1:] & on_edge[:-1]).any()


def test_cities_come_in_the_order_in_which_a_map_should_name_them() -> None:
    cities = load_cities()
    assert cities.name.tolist()[0] == "İstanbul"
    assert (np.diff(cities.rank) >= 0).all()
    assert set(cities.rank.tolist()) == {1, 2, 3, 4}
    assert len(set(cities.name.tolist())) == len(cities.name) >= 25


def test_the_shared_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_shapes().coast[0][0, 0] = 0.0

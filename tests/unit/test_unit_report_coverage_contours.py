"""Outlines of masks: polygons that are valid, follow the cells as closely as they say, and lie where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.strtree import STRtree

from chainhome import earth
from chainhome.report import contours

CELL_M = 500.0
ROUNDING_DEG = 0.5e-5 + 1e-12
ONE_METRE = 1.0
MASKS = arrays(bool, st.tuples(*[st.integers(2, 9).map(lambda half: 2 * half + 1)] * 2).map(lambda n: (n[0], n[0])))


def polygon(area: contours.Area) -> Polygon:
    return Polygon(area.outer, area.holes)


def plainly_simplified(ring: np.ndarray, first: int, last: int, tolerance: float) -> list[int]:
    """Douglas and Peucker as they wrote it: the naive twin."""
    if last - first < 2:
        return []
    side = LineString([ring[first], ring[last]]) if (ring[first] != ring[last]).any() else None
    away = []
    for point in ring[first + 1 : last]:
        here = LineString([point, point])
        away.append(here.distance(side) if side else float(np.hypot(*(point - ring[first]))))
    worst = int(np.argmax(np.round(away, 12)))
    if away[worst] <= tolerance:
        return []
    middle = first + 1 + worst
    return [
        *plainly_simplified(ring, first, middle, tolerance),
        middle,
        *plainly_simplified(ring, middle, last, tolerance),
    ]


@settings(max_examples=200, deadline=None)
@given(MASKS)
def test_the_polygons_of_any_mask_are_valid_and_keep_out_of_each_other(mask: np.ndarray) -> None:
    found = contours.areas(mask, CELL_M, smallest_cells=0.0)
    assert MultiPolygon([polygon(area) for area in found]).is_valid
    for area in found:
        assert all((ring[0] == ring[-1]).all() and len(ring) > 3 for ring in area.rings)
        assert contours.signed_area(area.outer) > 0.0
        assert all(contours.signed_area(hole) < 0.0 for hole in area.holes)


@settings(max_examples=60, deadline=None)
@given(MASKS)
def test_every_cell_of_a_mask_lies_in_a_polygon_and_no_other_cell_does(mask: np.ndarray) -> None:
    found = [polygon(area) for area in contours.areas(mask, CELL_M, smallest_cells=0.0)]
    half = mask.shape[0] // 2
    rows, columns = np.indices(mask.shape)
    from shapely import points

    middles = points((columns - half).ravel() * CELL_M, (half - rows).ravel() * CELL_M)
    held = np.zeros(mask.size, bool)
    for one in found:
        held[STRtree(middles).query(one, predicate="intersects")] = True
    assert (held == mask.ravel()).all()


@settings(max_examples=60, deadline=None)
@given(MASKS)
def test_simplifying_all_rings_at_once_gives_what_each_gives_by_itself(mask: np.ndarray) -> None:
    rings = [ring / CELL_M for area in contours.areas(mask, CELL_M, smallest_cells=0.0) for ring in area.rings]
    if not rings:
        return
    rng = np.random.default_rng(int(mask.sum()))
    rings = [ring + rng.normal(0.0, 0.2, ring.shape) for ring in rings]
    for ring in rings:
        ring[-1] = ring[0]
    for ring, ours in zip(rings, contours._simplified(rings, 0.4), strict=True):
        far = int(np.argmax(np.sum((ring - ring[0]) ** 2, axis=1)))
        last = len(ring) - 1
        kept = [0, *plainly_simplified(ring, 0, far, 0.4), far, *plainly_simplified(ring, far, last, 0.4), last]
        assert np.array_equal(ours, ring[kept])


def test_a_simplified_edge_stays_within_a_third_of_a_cell_of_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    along = np.arange(-80, 81.0)
    mask = np.sin(along[:, None] / 9.0 + along / 23.0) + np.cos(along / 7.0) > 0.3
    ours = [LineString(ring) for area in contours.areas(mask, CELL_M) for ring in area.rings]
    monkeypatch.setattr(contours, "TOLERANCE_CELLS", 0.0)
    exact = [LineString(ring) for area in contours.areas(mask, CELL_M) for ring in area.rings]
    assert sum(len(line.coords) for line in ours) < 0.85 * sum(len(line.coords) for line in exact)
    assert max(a.hausdorff_distance(b) for a, b in zip(ours, exact, strict=True)) <= CELL_M / 3.0 * (1.0 + 1e-9)


@pytest.mark.parametrize("cell_m", [30.0, 500.0, 3_000.0])
def test_polygons_in_rounded_degrees_are_valid_too(cell_m: float) -> None:
    mask = np.random.default_rng(3).random((121, 121)) > 0.5
    found = contours.degree_areas(mask, cell_m, float(np.radians(66.0)), float(np.radians(25.0)))
    assert len(found) > 100
    assert MultiPolygon([polygon(area) for area in found]).is_valid


def test_small_islands_and_holes_are_left_out_with_what_lies_in_them() -> None:
    mask = np.zeros((41, 41), bool)
    mask[2:3, 2:3] = True  # an island of one cell
    mask[10:30, 10:30] = True
    mask[15, 15] = False  # a hole of one cell
    mask[20:26, 20:26] = False
    mask[22:24, 22:24] = True  # an island in a hole
    (outer, inner) = contours.areas(mask, CELL_M, smallest_cells=3.0)
    assert len(outer.holes) == 1
    assert polygon(inner).within(Polygon(outer.holes[0]))
    (alone,) = contours.areas(mask, CELL_M, smallest_cells=40.0)
    assert alone.holes == ()


def test_the_area_of_a_disc_is_that_of_its_cells() -> None:
    along = np.arange(-100, 101.0)
    mask = np.hypot(along[:, None], along) <= 90.0
    one_in_a_thousand = 1e-3
    found = contours.areas(mask, CELL_M)
    assert abs(contours.area_m2(found) / (mask.sum() * CELL_M**2) - 1.0) < one_in_a_thousand
    assert abs(contours.area_m2(found) / (np.pi * (90.0 * CELL_M) ** 2) - 1.0) < 5 * one_in_a_thousand


def test_nothing_gives_no_polygon_and_everything_gives_one() -> None:
    assert contours.areas(np.zeros((5, 5), bool), CELL_M) == ()
    (whole,) = contours.areas(np.ones((5, 5), bool), CELL_M)
    assert np.abs(whole.outer).max() == 2.5 * CELL_M


def test_corners_in_degrees_lie_at_their_geodesic_distance_and_bearing() -> None:
    mask = np.zeros((81, 81), bool)
    mask[5:30, 50:75] = True
    lat, lon = np.radians([40.0789, 32.5656])
    (area,) = contours.areas(mask, 5_000.0)
    (degrees,) = contours.degree_areas(mask, 5_000.0, lat, lon)
    places = contours.densified(area.outer)
    there, bearing = earth.inverse(lat, lon, *np.radians(degrees.outer[:, ::-1]).T)
    east, north = there * np.sin(bearing), there * np.cos(bearing)
    assert np.hypot(east - places[:, 0], north - places[:, 1]).max() < ONE_METRE


def test_long_sides_are_bent_with_the_map() -> None:
    ring = np.array([[0.0, 0.0], [95e3, 0.0], [95e3, 1e3], [0.0, 1e3], [0.0, 0.0]])
    dense = contours.densified(ring)
    assert np.hypot(*np.diff(dense, axis=0).T).max() <= contours.LONGEST_SIDE_M
    one_square_metre = 1.0
    assert Polygon(dense).symmetric_difference(Polygon(ring)).area < one_square_metre
    assert np.array_equal(contours.densified(dense), dense)


@pytest.mark.parametrize("lon_deg", [178.0, -178.5, 180.0, -180.0])
@pytest.mark.parametrize("lat_deg", [0.0, -47.0, 71.0])
def test_across_the_date_line_polygons_are_cut_and_stay_valid(lat_deg: float, lon_deg: float) -> None:
    along = np.arange(-60, 61.0)
    mask = (np.hypot(along[:, None], along) <= 55.0) & (np.sin(along[:, None] / 4.0) + np.cos(along / 3.0) > -0.9)
    lat, lon = np.radians([lat_deg, lon_deg])
    found = contours.degree_areas(mask, 5_000.0, lat, lon)
    assert all(np.abs(area.outer[:, 0]).max() <= 180.0 for area in found)
    assert all(np.ptp(area.outer[:, 0]) < 90.0 for area in found)
    assert {bool(area.outer[:, 0].mean() > 0) for area in found} == {True, False}
    assert MultiPolygon([polygon(area) for area in found]).is_valid
    # What is lost along the line is a strip of at most two cells.
    kept_m2 = sum(_true_area_m2(area, lat, lon) for area in found)
    lost = 1.0 - kept_m2 / (mask.sum() * 5_000.0**2)
    assert -0.01 < lost < 0.045


def _true_area_m2(area: contours.Area, lat: float, lon: float) -> float:
    total = 0.0
    for ring in area.rings:
        there, bearing = earth.inverse(lat, lon, *np.radians(ring[:, ::-1]).T)
        total += contours.signed_area(np.column_stack([there * np.sin(bearing), there * np.cos(bearing)]))
    return total


def test_round_a_pole_there_are_no_polygons_in_longitude_and_latitude() -> None:
    mask = np.ones((21, 21), bool)
    assert contours.degree_areas(mask, 5_000.0, float(np.radians(89.8)), 0.0) == ()
    assert contours.degree_areas(mask, 5_000.0, float(np.radians(-80.0)), 0.0) != ()
    assert contours.reaches_a_pole(float(np.radians(89.8)), 50e3)
    assert not contours.reaches_a_pole(float(np.radians(80.0)), 50e3)


@pytest.mark.parametrize("place", [(40.0789, 32.5656), (-33.0, 179.0), (78.0, -10.0)])
def test_a_circle_lies_at_its_radius_from_the_site(place: tuple[float, float]) -> None:
    lat, lon = (float(part) for part in np.radians(place))
    circle = contours.circle_degrees(lat, lon, 400e3)
    away, _ = earth.inverse(lat, lon, *np.radians(circle[:, ::-1]).T)
    assert np.abs(away - 400e3).max() < ONE_METRE
    assert (circle[0] == circle[-1]).all()
    assert np.abs(circle[:, 0]).max() <= 180.0


def test_coordinates_have_five_decimals() -> None:
    mask = np.zeros((21, 21), bool)
    mask[4:15, 6:17] = True
    (area,) = contours.degree_areas(mask, 3_333.0, 0.7, 0.6)
    assert np.abs(area.outer * 1e5 - np.round(area.outer * 1e5)).max() < ROUNDING_DEG * 1e5

"""GeoJSON, KML and CZML: what is given comes back, to the digit that is promised; what is wrong is refused."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainhome.errors import ChainhomeError
from chainhome.formats import czml, geojson, kml
from chainhome.formats.text_file import write_pieces

HALF_OF_THE_LAST_DIGIT_DEG = 0.5e-5 + 1e-12
HALF_OF_A_DECIMETRE = 0.05 + 1e-9
NS = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}
EPOCH = datetime(2019, 11, 25, 9, tzinfo=UTC)
SQUARE = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]
HOLE = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]
places = st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-500, 60_000))


def collection(path: Path, features: list[Any], **more: Any) -> dict[str, Any]:
    geojson.write_features(path, features, **more)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def geometry_back(path: Path, geometry: dict[str, Any] | None) -> Any:
    return collection(path, [geojson.feature(geometry, {})])["features"][0]["geometry"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(places, min_size=2, max_size=20))
def test_a_line_comes_back_to_the_promised_digit(tmp_path: Path, line: list[tuple[float, float, float]]) -> None:
    array = np.array(line)
    back = geometry_back(tmp_path / "a.geojson", {"type": "LineString", "coordinates": line})["coordinates"]
    assert np.abs(np.array(back)[:, :2] - array[:, :2]).max() <= HALF_OF_THE_LAST_DIGIT_DEG
    assert np.abs(np.array(back)[:, 2] - array[:, 2]).max() <= HALF_OF_A_DECIMETRE


@given(st.lists(places, min_size=2, max_size=20))
def test_a_line_that_is_cut_at_the_date_line_never_jumps_and_keeps_its_points(line: list[Any]) -> None:
    array = np.array(line)
    parts = geojson.cut_at_the_date_line(*array.T)
    assert all(np.abs(np.diff(part[0])).max(initial=0.0) <= 180.0 for part in parts)
    kept = np.concatenate([np.stack(part, axis=1) for part in parts])  # type: ignore[arg-type]
    crossings = np.count_nonzero(np.abs(np.diff(array[:, 0])) > 180.0)
    assert len(parts) == crossings + 1
    assert len(kept) == len(array) + 2 * crossings
    assert {tuple(row) for row in array} <= {tuple(row) for row in kept}


def test_a_line_crosses_the_date_line_where_it_does() -> None:
    """From 179 E at 10 N to 177 W at 14 N: a quarter of the way is at 180, at 11 N and 100 m of 400 m."""
    made = geojson.line([179.0, -177.0], [10.0, 14.0], [0.0, 400.0])
    assert made["type"] == "MultiLineString"
    assert made["coordinates"] == [[[179.0, 10.0, 0.0], [180.0, 11.0, 100.0]], [[-180.0, 11.0, 100.0], [-177, 14, 400]]]


def test_rings_are_closed_and_turned_as_the_format_asks(tmp_path: Path) -> None:
    shapely = pytest.importorskip("shapely")
    for outer, hole in ((SQUARE, HOLE), (SQUARE[::-1], HOLE[::-1]), ([*SQUARE, SQUARE[0]], HOLE)):
        raw = {"type": "Polygon", "coordinates": [outer, hole]}
        for made in (geojson.polygon(outer, [hole]), geometry_back(tmp_path / "a.geojson", raw)):
            shape = shapely.geometry.shape(made)
            assert shape.is_valid
            assert shape.area == pytest.approx(1.0 - 0.36)
            assert shape.exterior.is_ccw
            assert not shape.interiors[0].is_ccw
            assert all(ring[0] == ring[-1] for ring in made["coordinates"])


def test_multi_polygons_and_collections_keep_their_parts(tmp_path: Path) -> None:
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE], [HOLE]]}
    both = {"type": "GeometryCollection", "geometries": [multi, geojson.point(1.0, 2.0)]}
    back = geometry_back(tmp_path / "a.geojson", both)
    assert [part["type"] for part in back["geometries"]] == ["MultiPolygon", "Point"]
    assert len(back["geometries"][0]["coordinates"]) == 2


def test_properties_are_json_and_the_title_and_id_are_kept(tmp_path: Path) -> None:
    told = {"nan": np.nan, "whole": np.int64(3), "list": np.array([1.0, np.inf]), "text": "Mürted <b>"}
    made = collection(tmp_path / "a.geojson", [geojson.feature(None, told, "x1")], title="A & B")
    assert made["title"] == "A & B"
    (feature,) = made["features"]
    assert feature["properties"] == {"nan": None, "whole": 3, "list": [1.0, None], "text": "Mürted <b>"}
    assert (feature["id"], feature["geometry"]) == ("x1", None)
    assert collection(tmp_path / "b.geojson", [])["features"] == []


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Circle", "coordinates": []},
        {"type": "Point", "coordinates": [0.0, 91.0]},
        {"type": "Point", "coordinates": [np.nan, 0.0]},
        {"type": "Polygon", "coordinates": [SQUARE[:2]]},
    ],
)
def test_what_is_no_place_on_the_earth_leaves_no_file(tmp_path: Path, geometry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"geometry type|no place on the earth|expected 3 or more"):
        geojson.write_features(tmp_path / "a.geojson", [geojson.feature(geometry, {})])
    assert list(tmp_path.iterdir()) == []


def test_a_failure_halfway_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def pieces() -> Any:
        yield "new"
        raise KeyError("why")

    with pytest.raises(KeyError):
        write_pieces(path, pieces())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(ChainhomeError, match="cannot write"):
        write_pieces(tmp_path / "absent" / "a.txt", ["x"])


def test_half_a_surrogate_pair_does_not_stop_a_file(tmp_path: Path) -> None:
    write_pieces(tmp_path / "a.txt", ["a\udc80b"])
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "a?b"


def read_kml(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def numbers(text: str | None, separator: str = ",") -> list[list[float]]:
    return [[float(number) for number in place.split(separator)] for place in (text or "").split()]


def test_kml_holds_points_lines_polygons_with_holes_and_spans(tmp_path: Path) -> None:
    style = kml.Style(line="#c8281e", fill="#0072b2", fill_opacity=0.5)
    marks = [
        kml.Placemark("site", kml.Point(32.5, 40.0), folder="one", data={"range <m>": 400_000}),
        kml.Placemark("way", kml.Line([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]), folder="one", visible=False),
        kml.Placemark("disc", kml.Polygon(SQUARE, (HOLE,)), folder="two", style=style, begin="2019-09-30"),
        kml.Placemark("both", (kml.Point(0.0, 0.0), kml.Polygon(SQUARE, altitude_m=100.0)), style=style, end="2020"),
    ]
    kml.write_kml(tmp_path / "a.kml", "title", marks)
    root = read_kml(tmp_path / "a.kml")
    folders = root.findall("k:Document/k:Folder", NS)
    assert [folder.findtext("k:name", "", NS) for folder in folders] == ["one", "two"]
    assert [len(folder.findall("k:Placemark", NS)) for folder in folders] == [2, 1]
    polygon = folders[1].find("k:Placemark/k:Polygon", NS)
    assert polygon is not None
    ring = ".//k:LinearRing/k:coordinates"
    outer = polygon.findtext(f"k:outerBoundaryIs{ring[1:]}", "", NS)
    inner = polygon.findtext(f"k:innerBoundaryIs{ring[1:]}", "", NS)
    assert numbers(outer) == [*SQUARE, SQUARE[0]]
    assert numbers(inner) == [*HOLE, HOLE[0]]
    assert folders[1].findtext("k:Placemark/k:TimeSpan/k:begin", "", NS) == "2019-09-30"
    styles = root.findall("k:Document/k:Style", NS)
    assert len(styles) == 1
    assert styles[0].findtext("k:LineStyle/k:color", "", NS) == "ff1e28c8"
    assert styles[0].findtext("k:PolyStyle/k:color", "", NS) == "80b27200"
    line = folders[0].find(".//k:LineString", NS)
    assert line is not None
    assert line.findtext("k:altitudeMode", "", NS) == "absolute"
    assert numbers(line.findtext("k:coordinates", "", NS)) == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert len(root.findall("k:Document/k:Placemark/k:MultiGeometry/*", NS)) == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_any_text_stays_text_in_kml(tmp_path: Path, text: str) -> None:
    mark = kml.Placemark(text, kml.Point(0.0, 0.0), description=text, folder=text or "x", data={"a" + text: text})
    kml.write_kml(tmp_path / "a.kml", text, [mark])
    root = read_kml(tmp_path / "a.kml")
    expected = kml.FORBIDDEN.sub("\ufffd", text.encode("utf-8", "replace").decode("utf-8"))
    # XML reads a carriage return as a line feed.
    expected = expected.replace("\r\n", "\n").replace("\r", "\n")
    assert root.findtext("k:Document/k:name", None, NS) == expected
    assert root.findtext(".//k:Placemark/k:description", "", NS) == expected
    assert root.findtext(".//k:Data/k:value", None, NS) == expected
    assert len(list(root.iter())) == 14 - (expected == "")


def test_a_kml_track_has_a_place_for_each_time(tmp_path: Path) -> None:
    when = ("2019-11-25T09:00:00.000Z", "2019-11-25T09:00:10.000Z")
    track = kml.Track(when, [32.0, 33.0], [40.0, 41.0], [1_000.0, np.nan])
    kml.write_kml(tmp_path / "a.kml", "t", [kml.Placemark("x", track)])
    found = read_kml(tmp_path / "a.kml").find(".//gx:Track", NS)
    assert found is not None
    assert [node.text for node in found.findall("k:when", NS)] == list(when)
    assert [numbers(node.text, ",") for node in found.findall("gx:coord", NS)] == [
        [[32.0], [40.0], [1000.0]],
        [[33.0], [41.0], [1000.0]],
    ]
    with pytest.raises(ValueError, match="1 times and 2 places"):
        kml.write_kml(tmp_path / "b.kml", "t", [kml.Placemark("x", kml.Track(when[:1], [0.0, 1.0], [0.0, 1.0]))])


def test_czml_begins_with_the_document_and_each_id_comes_once(tmp_path: Path) -> None:
    path = tmp_path / "a.czml"
    first = czml.document("Mürted", EPOCH, 10.0, 70.0)
    moving = {"id": "x", "position": czml.sampled(EPOCH, [0.0, 1.5], [1.0, 2.0], [3.0, 4.0], [5.0, 6.04])}
    czml.write_czml(path, [first, moving])
    document, mover = json.loads(path.read_text(encoding="utf-8"))
    assert document["clock"]["interval"] == "2019-11-25T09:00:10.000Z/2019-11-25T09:01:10.000Z"
    assert mover["position"]["epoch"] == "2019-11-25T09:00:00.000Z"
    assert mover["position"]["cartographicDegrees"] == [0.0, 1.0, 3.0, 5.0, 1.5, 2.0, 4.0, 6.0]
    for packets in ([moving], [first, moving, moving], [first, {"name": "no id"}], []):
        with pytest.raises(ValueError, match=r"first packet|twice|no packets"):
            czml.write_czml(path, packets)
    assert len(json.loads(path.read_text(encoding="utf-8"))) == 2, "a failure must leave the old file"


def test_czml_polygons_carry_their_holes() -> None:
    made = czml.area(SQUARE, [HOLE])
    assert made["positions"]["cartographicDegrees"][:6] == [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    assert len(made["holes"]["cartographicDegrees"]) == 1
    assert len(made["holes"]["cartographicDegrees"][0]) == 3 * len(HOLE)

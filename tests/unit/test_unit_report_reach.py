"""The reach pictures and page: what they draw is what the result says, in files that ask for nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_page import Page

from chainhome.catalogue.model import Claim, Source
from chainhome.errors import ChainhomeError
from chainhome.reach.result import Arc, ReachResult, ReachRow, VerbRange, VerticalChart
from chainhome.report import arc, reach_map, style, vertical, write_reach_report
from chainhome.report.verbs import draw_verbs

BEARINGS = np.radians(np.arange(0.0, 360.0, 5.0))
HOSTILE = "<script>alert('$x$')</script>"
ONE_METRE_KM = 1e-3


def verb(range_km: float, binding: str = "horizon", **more: Any) -> VerbRange:
    wavy = range_km * (1.0 + 0.2 * np.sin(3.0 * BEARINGS))
    return VerbRange(
        range_km, 0.8 * range_km, 1.2 * range_km, binding, float(wavy.max()), float(wavy.min()), range_km, wavy, **more
    )


def row(altitude_m: float | None, range_km: float) -> ReachRow:
    engage = verb(0.6 * range_km, "timeline", driven_by="horizon")
    limits = {"instrumented": 600.0, "horizon": range_km, "ceiling": None}
    return ReachRow(altitude_m, verb(range_km), verb(0.9 * range_km), engage, limits)


def result(**changes: Any) -> ReachResult:
    chart = VerticalChart(
        np.linspace(5.0, 300.0, 20), np.linspace(0.0, 12e3, 49), np.linspace(1.0, 0.0, 980).reshape(49, 20)
    )
    whole = ReachResult(
        system_key="s", system_name="System", target_key="t", target_name="F-16", preset="middle", preset_note="",
        search_radar_name="Search", engagement_radar_name="Engage", interceptor_name="Round", site_name="Mürted",
        lat_deg=40.0789, lon_deg=32.5656, antenna_m=24.0, site_ground_m=843.0, altitude_reference="ground",
        smooth=False, detection_probability=0.5, claim_km=402.0, claim_low_km=250.0, claim_high_km=402.0,
        sector_deg=None,
        bearings_rad=BEARINGS, rows=(row(100.0, 61.0), row(10_000.0, 280.0)), vertical=chart, arc=None,
        rules=(("headline", "a yardstick"),),
        sources=(Source("tass", "A brochure", "TASS", "2017", "https://tass.com/x", "found", "No target is named."),),
        claims=(("s.range", Claim("range", 402.0, 250.0, 402.0, "km", ("tass",), "2017", "high", True, "published")),),
        sentence="Against an F-16 at 100 m, detection ends at 61 km; the horizon binds.",
        second_sentence="That is the median bearing. The claim is 402 km.", notes=("Peaks are clipped.",),
    )  # fmt: skip
    return replace(whole, **changes)


def hostile_result() -> ReachResult:
    hostile = Source("k", HOSTILE, HOSTILE, "2020", "javascript:alert(1)", "found", HOSTILE)
    return result(target_name=HOSTILE, notes=(*result().notes, HOSTILE), sources=(*result().sources, hostile))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_reach_report(hostile_result(), tmp_path_factory.mktemp("reach") / "new" / "folder")


def test_the_report_is_three_pictures_and_one_page_below_two_megabytes(written: list[Path]) -> None:
    assert [path.name for path in written] == ["map.png", "vertical.png", "verbs.png", "reach.html"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[:3])
    assert written[-1].stat().st_size < 2_000_000


def test_the_page_asks_for_nothing_outside_itself(written: list[Path]) -> None:
    page = Page(written[-1].read_text("utf-8"))
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "base", "form", "video"})
    assert all(str(attrs["src"]).startswith("data:image/png;base64,") for _, attrs in page.tags if "src" in attrs)
    assert "url(" not in written[-1].read_text("utf-8")
    links = [attrs for tag, attrs in page.tags if "href" in attrs]
    assert [link["href"] for link in links] == ["https://tass.com/x"]
    assert all("noreferrer" in str(link["rel"]) for link in links)
    policy = next(attrs for _, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert str(policy["content"]).startswith("default-src 'none'; img-src data:;")


def test_the_policy_names_the_hash_of_the_style_sheet_that_is_there(written: list[Path]) -> None:
    from base64 import b64encode
    from hashlib import sha256

    html = written[-1].read_text("utf-8")
    sheet = html.split("<style>")[1].split("</style>")[0]
    assert f"'sha256-{b64encode(sha256(sheet.encode()).digest()).decode()}'" in html
    assert " style=" not in html


def test_hostile_text_stays_text(written: list[Path]) -> None:
    html = written[-1].read_text("utf-8")
    assert "<script" not in html
    assert HOSTILE in Page(html).words


def test_pictures_have_alternative_texts_with_numbers_and_headings_descend_in_order(written: list[Path]) -> None:
    page = Page(written[-1].read_text("utf-8"))
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 3
    assert all("402 km" in str(image["alt"]) and int(str(image["width"])) > 0 for image in images)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1
    assert ("html", {"lang": "en"}) in page.tags
    tables = sum(tag == "table" for tag, _ in page.tags)
    # Each table and each picture stands in a figure with its caption, outside the box that scrolls.
    assert tables == 3
    assert sum(tag == "figcaption" for tag, _ in page.tags) == tables + len(images)


def test_the_page_says_the_sentence_the_bands_the_binding_and_the_opinions(written: list[Path]) -> None:
    words = Page(written[-1].read_text("utf-8")).words
    assert result().sentence in words
    assert result().second_sentence in words
    for said in ("band 49 km to 73 km", "timeline, driven by horizon", "No target is named.",
                 "402 km [250 to 402]", "contested", "Peaks are clipped.", "a yardstick"):  # fmt: skip
        assert said in words


def test_the_same_result_gives_the_same_bytes_whatever_the_user_set_in_matplotlib(
    written: list[Path], tmp_path: Path
) -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 20.0, "axes.facecolor": "red", "lines.linewidth": 9.0}):
        again = write_reach_report(hostile_result(), tmp_path)
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]


def test_a_contour_lies_at_every_bearing_at_the_range_of_its_row() -> None:
    axes = reach_map.draw_reach_map(result(smooth=True)).axes[0]
    drawn = [np.asarray(line.get_xydata()) for line in axes.lines]
    for given in result().rows:
        wanted = np.asarray(given.detect.by_bearing_km)
        same = [xy for xy in drawn if len(xy) == len(BEARINGS) + 1]
        assert same
        errors = [np.abs(np.hypot(*xy[:-1].T) - wanted).max() for xy in same]
        line = same[int(np.argmin(errors))]
        assert min(errors) < ONE_METRE_KM
        bearing = np.mod(np.arctan2(line[:-1, 0], line[:-1, 1]), 2.0 * np.pi)
        assert np.allclose(bearing, BEARINGS, atol=1e-12)


def test_the_claim_is_a_ring_of_its_own_radius() -> None:
    axes = reach_map.draw_reach_map(result(smooth=True)).axes[0]
    radii = [np.hypot(*np.asarray(line.get_xydata()).T) for line in axes.lines if len(line.get_xdata()) == 361]
    assert any(np.allclose(radius, 402.0, atol=ONE_METRE_KM) for radius in radii)


def test_a_radar_that_stares_is_solid_inside_its_sector_about_north_and_dashed_as_if_turned() -> None:
    tolerance_rad = 1e-9
    given = result(rows=(row(1000.0, 100.0),), sector_deg=90.0, smooth=True)
    axes = reach_map.draw_reach_map(given).axes[0]
    lines = [line for line in axes.lines if line.get_color() == style.height_colours(1)[0]]
    (whole,) = (line for line in lines if line.get_linestyle() == "--")
    (solid,) = (line for line in lines if line.get_linestyle() == "-")
    assert len(whole.get_xdata()) == len(BEARINGS) + 1
    xy = np.asarray(solid.get_xydata())
    bearing = np.arctan2(*xy.T)
    assert abs(bearing[0] + np.pi / 4) < tolerance_rad
    assert abs(bearing[-1] - np.pi / 4) < tolerance_rad
    wanted = np.interp(bearing, BEARINGS, given.rows[0].detect.by_bearing_km, period=2.0 * np.pi)
    assert np.abs(np.hypot(*xy.T) - wanted).max() < ONE_METRE_KM
    caption = " ".join(text.get_text() for text in axes.figure.texts)
    assert "drawn looking north; it can be turned" in caption


def test_a_radar_that_stares_has_its_labels_inside_its_sector() -> None:
    given = result(sector_deg=90.0, smooth=True, rows=(row(1000.0, 150.0), row(10_000.0, 280.0)))
    axes = reach_map.draw_reach_map(given).axes[0]
    for text in axes.texts:
        if "km:" in text.get_text() or "claim" in text.get_text():
            x, y = axes.transData.inverted().transform(text.get_position())
            assert abs(np.arctan2(x, y)) < np.pi / 4


def test_a_chart_of_the_lowest_flight_alone_still_has_heights_above_it() -> None:
    axes = vertical.draw_vertical(result(rows=(row(5.0, 30.0),))).axes[-1]
    assert axes.get_ylim()[1] == vertical.LOWEST_TOP_M


def without_interceptor() -> ReachResult:
    none = float("nan")
    never = VerbRange(none, none, none, "interceptor", none, none, none, np.full(len(BEARINGS), none))
    return result(rows=tuple(replace(row, engage=never) for row in result().rows), interceptor_name="none")


def test_a_system_without_interceptor_says_so_everywhere_and_prints_no_nan(tmp_path: Path) -> None:
    given = without_interceptor()
    words = Page(write_reach_report(given, tmp_path)[-1].read_text("utf-8")).words
    assert "no interceptor" in words
    assert not re.search(r"\bnan\b", words, re.IGNORECASE)
    texts = [text.get_text() for text in draw_verbs(given).axes[0].texts]
    assert texts.count("engage: no interceptor") == len(given.rows)
    shown = [text.get_text() for axes in vertical.draw_vertical(given).axes for text in axes.texts]
    assert "track" in shown
    assert "engage" not in shown


def test_no_text_of_the_verbs_lies_on_the_line_of_the_claim() -> None:
    for claim in (80.0, 150.0, 290.0, 330.0, 402.0, 600.0):
        axes = draw_verbs(result(claim_km=claim)).axes[0]
        x, _ = axes.transData.transform((claim, 0.0))
        boxes = [text.get_window_extent() for text in axes.texts if not text.get_text().startswith("claim")]
        assert boxes
        assert not any(box.x0 <= x <= box.x1 for box in boxes)
        assert all(box.x1 <= axes.bbox.x1 + 1.0 for box in boxes)


def test_a_ballistic_trajectory_has_one_row_no_heights_and_no_vertical_chart(tmp_path: Path) -> None:
    given = result(rows=(row(None, 60.0),), altitude_reference="trajectory", vertical=None, smooth=True)
    written = write_reach_report(given, tmp_path)
    assert [path.name for path in written] == ["map.png", "verbs.png", "reach.html"]
    assert "trajectory" in written[-1].read_text("utf-8")
    with pytest.raises(ValueError, match="no vertical chart"):
        vertical.draw_vertical(given)


def test_a_ballistic_trajectory_with_its_arc_is_drawn_from_the_side_with_each_verb_on_it(tmp_path: Path) -> None:
    ground = np.arange(1.0, 301.0)
    way = Arc(ground, 75.0 * (1.0 - ((ground - 150.0) / 150.0) ** 2), 25.0)
    given = result(rows=(row(None, 60.0),), altitude_reference="trajectory", vertical=None, arc=way, smooth=True)
    axes = arc.draw_arc(given).axes[-1]
    said = " ".join(text.get_text() for text in axes.texts)
    assert all(verb in said for verb in ("detect", "track", "engage", "highest intercept, 25 km"))
    detected = given.rows[0].detect.range_km
    height = float(np.interp(detected, way.ground_range_km, way.altitude_km))
    marks = [line.get_xydata()[0] for line in axes.lines if len(line.get_xydata()) == 1]
    assert any(np.allclose(mark, [detected, height]) for mark in marks)
    assert [path.name for path in write_reach_report(given, tmp_path)] == [
        "map.png",
        "vertical.png",
        "verbs.png",
        "reach.html",
    ]
    with pytest.raises(ValueError, match="no arc"):
        arc.draw_arc(result())


def test_a_verb_that_reaches_nothing_says_so_and_names_what_binds() -> None:
    never = VerbRange(0.0, 0.0, 0.0, "ceiling", 0.0, 0.0, 0.0, np.zeros(len(BEARINGS)))
    figure = draw_verbs(result(rows=(replace(row(20_000.0, 300.0), engage=never),)))
    assert "engage not at all: ceiling" in [text.get_text() for text in figure.axes[0].texts]


def test_no_label_of_the_map_lies_on_another() -> None:
    from chainhome.report import labels

    rows = tuple(
        row(altitude, reach) for altitude, reach in ((30, 290), (100, 291), (300, 292), (1e3, 293), (1e4, 294))
    )
    for axes in reach_map.draw_reach_map(result(rows=rows, smooth=True)).axes:
        boxes = [labels.box_of(text) for text in axes.texts]
        pairs = [(one, other) for k, one in enumerate(boxes) for other in boxes[:k]]
        assert len(boxes) > 3
        assert not any(labels.overlaps(one, other, gap=-1.0) for one, other in pairs)


def test_a_site_outside_the_shipped_shapes_and_terrain_still_gets_its_map() -> None:
    figure = reach_map.draw_reach_map(result(lat_deg=64.0, lon_deg=-20.0))
    assert len(figure.axes[0].lines) > 3


def test_the_grazing_ray_of_the_chart_is_the_horizon_of_the_earth_module() -> None:
    from chainhome.earth.refraction import lowest_visible_altitude_m

    one_metre = 1.0
    dip_deg = np.degrees(np.arccos(vertical.EFFECTIVE_RADIUS_KM / (vertical.EFFECTIVE_RADIUS_KM + 0.024)))
    ray = vertical.ray_height_m(402.0, -dip_deg, 24.0)
    assert abs(float(ray) - float(lowest_visible_altitude_m(402e3, 24.0))) < one_metre


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ChainhomeError, match="cannot write"):
        style.write_bytes(tmp_path / "file" / "out" / "map.png", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

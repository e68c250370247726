"""The answer of `coverage` as words, pictures, files and a page: the same numbers everywhere, nothing else touched."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from coverage_results import CELL_M, HALF, HEADLINE_M, MURTED, coverage, distances_m, layer, site, surface
from html_page import Page
from shapely.geometry import shape

from chainhome.catalogue import Claim, Source
from chainhome.coverage import Lobing
from chainhome.coverage.result import LIMITS, Coverage
from chainhome.errors import ChainhomeError, UseError
from chainhome.report import (
    base_map,
    coverage_key,
    coverage_lobes,
    coverage_map,
    coverage_page,
    coverage_raster,
    coverage_status,
    labels,
    style,
)
from chainhome.report import coverage_words as words
from chainhome.report.coverage_counts import draw_counts
from chainhome.report.coverage_page import earlier_files, write_coverage_report
from chainhome.report.coverage_shapes import shapes, without_outlines, write_czml
from chainhome.report.page import Picture

HOSTILE = "<script>alert('$x$')</script>"
ONE_METRE_KM = 1e-3
KML = "{http://www.opengis.net/kml/2.2}"


def two_sites(**changes: Any) -> Coverage:
    return coverage(site(), site("Adana (a battery)", (37.0, 35.3)), **changes)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    hostile = Source("k", HOSTILE, HOSTILE, "2020", "javascript:alert(1)", "found", HOSTILE)
    given = coverage(site(notes=("Peaks are clipped.", HOSTILE), sources=(*site().sources, hostile)))
    folder = tmp_path_factory.mktemp("coverage") / "new" / "folder"
    return write_coverage_report(given, folder, surfaces=False)


@pytest.fixture(scope="module")
def of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    write_coverage_report(two_sites(date="2015-03-01"), folder, surfaces=False, lead="It was not switched on.")
    return folder


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures take a second each; where only the names of files matter, they are not drawn."""

    def quickly(given: Coverage, progress: object = None) -> dict[str, Picture]:
        layers = given.sites[0].layers
        return {f"map-{words.height_slug(part)}.png": Picture(bytes(32), "", "", "") for part in layers}

    monkeypatch.setattr(coverage_page, "draw_pictures", quickly)


def in_folder(written: list[Path], name: str) -> str:
    return (written[0].parent / name).read_text(encoding="utf-8")


# Words ---------------------------------------------------------------------------------------------------------------


def test_the_sentence_names_the_disc_the_share_its_band_and_what_the_hills_take() -> None:
    given = coverage()
    first = given.sites[0].layers[0]
    said = words.sentence(given)
    assert said.startswith("Of the disc of 250 km that the claim draws, an F-16 at 100 m is seen in ")
    assert words.share_text(first.share) in said
    band = f"{words.share_digits(first.share_low)} to {words.share_text(first.share_high)}"
    assert f" ({band} over the figures as they are read). " in said
    assert said.endswith(
        f"Over a smooth earth it would be {words.share_text(first.share_smooth)}: the hills take half of that."
    )


@pytest.mark.parametrize(
    ("share", "smooth", "ending"),
    [
        (0.00492, 0.02358, "it would be 2.4 %: the hills take four fifths of that."),
        (0.0316, 0.1417, "it would be 14 %: the hills take four fifths of that."),
        (0.514, 0.715, "it would be 72 %: the hills take a quarter of that."),
        (0.30, 0.303, "it would be 30 %: the hills take next to nothing of that."),
        (0.001, 0.3, "it would be 30 %: the hills take nearly all of that."),
        (0.4, 0.3, "it would be 30 %: the real ground lets it see more."),
        (0.4, float("nan"), "as they are read)."),
    ],
)
def test_the_sentence_tells_what_hills_take_of_a_smooth_earth(share: float, smooth: float, ending: str) -> None:
    part = replace(layer(100.0, 40e3), share=share, share_smooth=smooth, share_by_limit={})
    assert words.sentence(coverage(site(layers=(part,)))).endswith(ending)


def test_what_else_takes_much_of_the_disc_is_said_after_the_hills() -> None:
    part = layer(100.0, 40e3)
    part = replace(part, share_by_limit={**part.share_by_limit, "clutter": 0.12})
    assert words.sentence(coverage(site(layers=(part,)))).endswith(" The ground's own echo drowns 12 % of the disc.")
    part = replace(part, share=0.001, share_by_limit={**part.share_by_limit, "clutter": 0.0, "sensitivity": 0.004})
    assert "radar's sensitivity costs 0.4 % of the disc" in words.sentence(coverage(site(layers=(part,))))
    part = replace(part, share=0.3, share_smooth=0.4)
    assert "sensitivity" not in words.sentence(coverage(site(layers=(part,))))


def test_ground_higher_than_the_target_is_said_in_the_sentence() -> None:
    part = replace(layer(1_000.0, 40e3, above_sea=True), share_by_limit={"ground": 0.42})
    said = words.sentence(coverage(site(layers=(part,))))
    assert "an F-16 at 1 km above the sea is seen in" in said
    assert "; 42 % is ground higher than that." in said


def test_a_band_whose_ends_print_alike_is_left_out() -> None:
    part = replace(layer(100.0, 40e3), share_low=0.0301, share_high=0.0304)
    assert "as they are read" not in words.sentence(coverage(site(layers=(part,))))


def test_over_a_smooth_earth_nothing_is_said_of_hills_and_no_column_is_there() -> None:
    given = coverage(site(surface=surface(*MURTED, flat=True)))
    assert "the curve of the earth hides" in words.sentence(given)
    assert "Over a smooth earth" not in words.sentence(given)
    assert "over a smooth earth" not in coverage_page.coverage_html(given, {}, [])


def test_the_claim_that_names_nothing_is_said_beside_the_sentence(written: list[Path]) -> None:
    said = "The claim names no height and no target."
    assert said in Page(in_folder(written, "coverage.html")).words
    assert json.loads(in_folder(written, "coverage.json"))["beside"] == said


def test_the_share_over_a_smooth_earth_is_in_every_table(written: list[Path]) -> None:
    given = coverage()
    (row, _) = words.rows(given)
    first = given.sites[0].layers[0]
    assert row["seen_over_smooth_earth"] == pytest.approx(first.share_smooth, abs=1e-6)
    assert row["seen_over_smooth_earth_low"] == pytest.approx(first.share_smooth_low, abs=1e-6)
    below = replace(first, share_smooth=float("nan"))
    assert words.rows(coverage(site(layers=(below,))))[0]["seen_over_smooth_earth"] is None
    read = next(csv.DictReader(in_folder(written, "coverage.csv").splitlines()))
    assert float(read["seen_over_smooth_earth"]) == row["seen_over_smooth_earth"]
    page = Page(in_folder(written, "coverage.html")).words
    assert "Seen over a smooth earth" in page
    assert words.share_text(first.share_smooth) in page


def test_what_is_counted_once_is_not_called_what_binds_first(written: list[Path]) -> None:
    page = Page(in_folder(written, "coverage.html")).words
    assert "binds first" not in page
    assert "Lost to terrain (raised horizon)" in page
    assert "several may hide one cell" in page
    told = coverage_map.caption(coverage(), site(), "")
    assert "binds" not in told
    assert "each cell counted once" in told


def test_a_picture_names_the_sources_of_the_claimed_range_and_of_the_cross_section() -> None:
    (path, claim), rcs = site().claims[0], replace(site().claims[0][1], name="rcs", sources=("fg_rcs",))
    one = site(claims=((path, claim), ("s.headline_range", claim), ("f-16.rcs", rcs)))
    both = coverage(one, site("Adana", (37.0, 35.3)))
    for figure in (coverage_map.draw_layer(coverage(one), one, one.layers[0]), draw_counts(both, 0)):
        said = " ".join(text.get_text() for text in figure.texts)
        assert "Claimed range: tass (docs/sources.md). Radar cross-section: fg_rcs (docs/sources.md)." in said


def test_a_number_in_a_title_stays_on_one_line_with_its_unit() -> None:
    lines = style.wrap(words.unbroken("seen in 0.6 % of 400 km"), 0.5, 9.0)
    assert "0.6\u00a0%" in lines
    assert "400\u00a0km" in lines


def test_a_picture_says_how_many_of_its_figures_no_source_supports() -> None:
    (path, claim) = site().claims[0]
    doubtful = site(claims=((path, claim), ("s.mast", replace(claim, status="unverified"))))
    assert coverage_map.caption(coverage(doubtful), doubtful, "").endswith(
        "Figures: tass; 1 of the figures unverified."
    )
    assert "unverified" not in coverage_map.caption(coverage(), site(), "")


def test_the_caption_names_the_ground_as_a_place_and_whose_it_is() -> None:
    grid = replace(site().surface.grid, name="anatolia", source="Derived from SRTM30_PLUS (land: NASA).")
    there = site(surface=replace(site().surface, grid=grid))
    assert "Ground: Anatolia, derived from SRTM30_PLUS; cells of 5000 m." in coverage_map.caption(coverage(), there, "")


def test_the_line_of_a_site_says_that_its_ground_not_its_antenna_is_so_high() -> None:
    assert "antenna 24 m above the ground (ground 900 m above the sea)" in words.site_line(site())


def test_without_a_layer_at_100_m_the_sentence_speaks_of_the_lowest() -> None:
    given = coverage(site(layers=(layer(3_000.0, 180e3), layer(50.0, 20e3))))
    assert "at 50 m is seen" in words.sentence(given)


def test_of_several_sites_the_sentence_speaks_of_all_discs_and_of_two_at_once() -> None:
    given = two_sites()
    assert given.counts is not None
    said = words.sentence(given)
    assert "Of the area of the 2 discs" in said
    assert f"by two sites or more in {words.share_text(given.counts.share(0, 2))}" in said


@pytest.mark.parametrize("share", [0.0, 1e-9, 4e-4, 0.0994, 0.0996, 0.5, 0.9949, 0.99501, 1.0 - 1e-6, 1.0])
def test_a_share_is_written_to_half_a_unit_and_only_nothing_is_0_and_all_is_100(share: float) -> None:
    shown = words.share_digits(share)
    assert (shown == "0") == (share == 0.0)
    assert (shown == "100") == (share == 1.0)
    if shown[0] not in "<>":
        half_a_unit = 0.05 if "." in shown or float(shown) < 10.0 else 0.5
        assert abs(float(shown) - 100.0 * share) <= half_a_unit + 1e-9


def test_rows_json_and_csv_hold_the_same_shares_and_sum_to_the_disc(written: list[Path]) -> None:
    given = coverage()
    rows = words.rows(given)
    read = list(csv.DictReader(in_folder(written, "coverage.csv").splitlines()))
    record = json.loads(in_folder(written, "coverage.json"))
    assert [float(row["seen"]) for row in read] == [row["seen"] for row in rows]
    assert record["coverage"] == rows
    rounding = 1e-5
    for row in rows:
        assert abs(row["seen"] + sum(row[f"lost_to_{name}"] for name in LIMITS[1:]) - 1.0) < rounding
    assert record["sentence"] == words.sentence(given)


def test_what_was_seen_once_flying_in_is_a_share_of_the_disc_too() -> None:
    given = site()
    part = given.layers[1]
    once = words.cumulative_share(given, part, 0.5)
    area_of_cells = 0.01  # the disc is of cells here, and of true areas there
    assert once == pytest.approx(part.share, abs=area_of_cells)
    assert words.cumulative_share(given, part, 0.95) == 0.0
    never = coverage(site(period_s=float("nan")))
    assert words.rows(never)[0]["seen_once_flying_in"] is None


def test_names_of_files_tell_sites_apart() -> None:
    given = coverage(site("Adana (one)"), site("Adana (two)", (37.0, 35.3)), site("39.93, 32.85", (39.93, 32.85)))
    assert words.site_slugs(given) == ["adana", "adana-2", "39.93-32.85"]
    assert words.height_slug(layer(3_000.0, 1e3, above_sea=True)) == "3000m-msl"


# Pictures ------------------------------------------------------------------------------------------------------------


def colour_at(image: np.ndarray[Any, Any], window: coverage_raster.Window, east_km: float, north_km: float) -> str:
    column = int(np.argmin(np.abs(window.along_km - east_km)))
    row = int(np.argmin(np.abs(window.along_km + north_km)))
    red, green, blue, opaque = image[row, column].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}" if opaque else ""


def test_each_cell_has_the_colour_of_what_happens_there() -> None:
    given = site()
    whole = base_map.Extent(-300.0, 300.0, -300.0, 300.0)
    window = coverage_raster.window_of(given, whole)
    image = coverage_raster.painted(given, given.layers[1], window)
    colours = coverage_raster.LIMIT_COLOURS
    assert colour_at(image, window, 0.0, -100.0) == coverage_raster.SEEN
    assert colour_at(image, window, 0.0, -170.0) == coverage_raster.SEEN_AT_VALUE
    assert colour_at(image, window, 0.0, -240.0) == colours[LIMITS.index("terrain")]
    assert colour_at(image, window, 0.0, -280.0) == ""
    stripes = {colour_at(image, window, -210.0 * np.sin(b), -210.0 * np.cos(b)) for b in np.linspace(0, 1.5, 40)}
    assert stripes == {coverage_raster.SEEN_AT_BEST, colours[LIMITS.index("terrain")]}
    wedge = {colour_at(image, window, 140.0 * np.sin(b), 140.0 * np.cos(b)) for b in np.linspace(0.2, 1.4, 40)}
    assert wedge == {coverage_raster.SEEN_AT_BEST, colours[LIMITS.index("clutter")]}


def test_a_window_with_fewer_pixels_than_cells_keeps_the_site_in_the_middle() -> None:
    given = site()
    for pixels in (7, 30, 50, 1000):
        window = coverage_raster.window_of(given, base_map.Extent(-300.0, 300.0, -300.0, 300.0), pixels)
        half = len(window.along_km) // 2
        assert window.along_km[half] == 0.0
        assert window.rows.start + half * window.step == HALF
        assert len(given.layers[0].limit[window.rows]) == len(window.along_km)
        west, east, _, _ = window.box_km
        assert (east - west) / len(window.along_km) == pytest.approx(window.step * CELL_M / 1000.0)


def test_hills_and_colours_lie_on_the_same_cells() -> None:
    given = site()
    window = coverage_raster.window_of(given, base_map.Extent(-120.0, 120.0, -120.0, 120.0))
    ground = coverage_raster.hills(given, window)
    assert ground is not None
    assert ground.shape == coverage_raster.painted(given, given.layers[0], window).shape
    assert coverage_raster.hills(replace(given, surface=surface(*MURTED, flat=True)), window) is None


def test_hills_end_with_the_claimed_disc_and_are_softer_where_nothing_is_seen() -> None:
    given = site()
    window = coverage_raster.window_of(given, base_map.Extent(-300.0, 300.0, -300.0, 300.0))
    ground = coverage_raster.hills(given, window)
    assert ground is not None
    assert ground[window.range_km > HEADLINE_M / 1000.0, 3].max() == 0.0
    soft = coverage_raster.softened(ground, given.layers[1], window)
    seen = given.layers[1].detected[window.rows, window.rows]
    assert np.array_equal(soft[seen], ground[seen])
    assert soft[~seen, 3].max() == pytest.approx(coverage_raster.SHADE_ON_LIMITS * ground[~seen, 3].max())


def test_the_grey_of_a_sector_is_striped_so_that_no_other_grey_is_like_it() -> None:
    given = site()
    limit = np.where(distances_m() <= HEADLINE_M, LIMITS.index("sector"), LIMITS.index("outside")).astype(np.int8)
    none = np.zeros(limit.shape, np.bool_)
    part = replace(given.layers[0], limit=limit, detected=none, detected_low=none, detected_high=none)
    window = coverage_raster.window_of(given, base_map.Extent(-300.0, 300.0, -300.0, 300.0))
    image = coverage_raster.painted(given, part, window)
    found = {colour_at(image, window, float(x), 0.0) for x in np.arange(-200.0, 200.0, 5.0)}
    assert found == {coverage_raster.LIMIT_COLOURS[LIMITS.index("sector")], coverage_raster.SECTOR_STRIPE}


def test_no_shade_lies_on_the_colours_of_counts() -> None:
    given = two_sites()
    assert given.counts is not None
    images = draw_counts(given, 1).axes[0].get_images()
    shade = np.asarray(images[-1].get_array())[::-1]
    west, east, south, north = images[-1].get_extent()
    y = south + (np.arange(shade.shape[0]) + 0.5) * (north - south) / shade.shape[0]
    x = west + (np.arange(shade.shape[1]) + 0.5) * (east - west) / shade.shape[1]
    away = np.hypot(y[:, None], x)
    one_cell_km = CELL_M / 1000.0
    assert shade[away < HEADLINE_M / 1000.0 - one_cell_km, 3].max() == 0.0
    assert shade[away > HEADLINE_M / 1000.0 + one_cell_km, 3].max() > 0.0


def test_the_headline_is_a_ring_of_its_own_radius_on_every_map() -> None:
    given = coverage()
    for figure in (
        coverage_map.draw_layer(given, given.sites[0], given.sites[0].layers[1]),
        coverage_map.draw_summary(given, given.sites[0]),
    ):
        maps = [axes for axes in figure.axes if axes.get_images()]
        for axes in maps:
            radii = [np.hypot(*np.asarray(line.get_xydata()).T) for line in axes.lines if len(line.get_xdata()) == 721]
            assert radii
            assert all(np.abs(radius - HEADLINE_M / 1000.0).max() < ONE_METRE_KM for radius in radii)


def test_the_outline_of_what_is_seen_lies_on_its_edge() -> None:
    given = coverage()
    figure = coverage_map.draw_layer(given, given.sites[0], given.sites[0].layers[1])
    one_cell_km = CELL_M / 1000.0
    (rings,) = (c for c in figure.axes[1].collections if c.get_zorder() == 4)
    points = np.concatenate(list(rings.get_segments()))
    away = np.hypot(*points.T)
    south = points[:, 1] < -50.0
    assert np.abs(away[south] - 180.0).max() < one_cell_km


def test_what_is_small_gets_a_nearer_map_and_what_is_large_does_not() -> None:
    given = coverage()
    small, large = (coverage_map.draw_layer(given, given.sites[0], part) for part in given.sites[0].layers)
    assert [axes.get_title(loc="left") for axes in small.axes][-1] == "The box above, nearer"
    assert len(large.axes) == len(small.axes) - 1


@pytest.mark.parametrize("draw", [lambda g: coverage_map.draw_layer(g, g.sites[0], g.sites[0].layers[0]),
                                  lambda g: coverage_map.draw_summary(g, g.sites[0])])  # fmt: skip
def test_no_label_of_a_map_lies_on_another(draw: Callable[[Coverage], Any]) -> None:
    for axes in draw(coverage()).axes:
        if not axes.get_images():
            continue
        boxes = [labels.box_of(text) for text in axes.texts]
        pairs = [(one, other) for k, one in enumerate(boxes) for other in boxes[:k]]
        assert len(boxes) > 2
        assert not any(labels.overlaps(one, other, gap=-1.0) for one, other in pairs)


def test_the_key_says_every_share_and_stays_in_its_width() -> None:
    given = coverage()
    for part in given.sites[0].layers:
        figure = coverage_map.draw_layer(given, given.sites[0], part)
        bar = figure.axes[0]
        said = [text.get_text() for text in bar.texts]
        assert said[0] == f"seen {words.band_text(part)}"
        assert said[-1] == f"over a smooth earth {words.share_text(part.share_smooth)}"
        for name in ("horizon", "terrain", "clutter"):
            if part.share_by_limit[name] > 0.0:
                assert f"{name} {words.share_text(part.share_by_limit[name])}" in said
        assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in bar.texts)
    entries = coverage_key.fills(given.sites[0].layers[0])
    assert sum(entry.share for entry in entries) == pytest.approx(1.0)


def test_outside_the_shipped_shapes_the_map_is_grey_and_says_so() -> None:
    for place, said in (((64.0, -20.0), "No coast, borders or cities are drawn"), ((49.0, 20.0), "Grey: beyond")):
        given = coverage(site("Elsewhere", place, surface=surface(*place)))
        figure = coverage_map.draw_layer(given, given.sites[0], given.sites[0].layers[1])
        caption = " ".join(text.get_text() for text in figure.texts)
        assert said in caption
        (axes,) = (axes for axes in figure.axes if axes.get_images())
        from matplotlib.colors import to_hex

        assert to_hex(axes.get_facecolor()) == base_map.UNKNOWN
        style.png(figure)


@pytest.mark.parametrize("place", [(-40.0, -147.4), (89.9, 0.0), (0.0, 180.0), (-75.0, -179.9)])
def test_a_map_at_the_end_of_the_world_is_still_drawn(place: tuple[float, float]) -> None:
    given = coverage(site("Far", place, surface=surface(*place)))
    assert style.png(coverage_map.draw_layer(given, given.sites[0], given.sites[0].layers[0])).startswith(b"\x89PNG")


def test_the_map_of_counts_names_each_site_once_and_its_key_adds_up() -> None:
    given = two_sites()
    assert given.counts is not None
    figure = draw_counts(given, 0)
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said.count("Mürted air base") == said.count("Adana") == 1
    key = [text.get_text() for text in figure.axes[1].texts]
    one, two = given.counts.share(0, 1), given.counts.share(0, 2)
    shown = zip(("none", "1 site", "2 sites"), (1.0 - one, one - two, two), strict=True)
    assert key[:3] == [f"{name} {words.share_text(share)}" for name, share in shown]
    with pytest.raises(ValueError, match="one site alone"):
        draw_counts(coverage(), 0)


def test_the_chart_of_lobes_has_blakes_lobes_and_nulls() -> None:
    # 100 MHz, antenna 20 m over a mirror, 100 km in free space: lobes at 2.148 and 6.455 degrees, a null at 4.298.
    flat = 1e11
    chart = coverage_lobes.LobeChart("R", 100e6, 100e3, 20.0, flat, Lobing(0.0, surface="mirror"))

    def at(elevation_deg: float, slant_m: float) -> bool:
        along, up = slant_m * np.cos(np.radians(elevation_deg)), slant_m * np.sin(np.radians(elevation_deg))
        return bool(coverage_lobes.seen(chart, np.array([along]), np.array([20.0 + up]))[0])

    assert at(2.148, 199e3)
    assert at(6.455, 199e3)
    assert not at(2.148, 201e3)
    assert not at(4.298, 20e3)


def test_the_chart_of_lobes_is_drawn_with_every_height_and_free_space() -> None:
    given = coverage()
    chart = coverage_lobes.LobeChart("R", 3e9, 300e3, 24.0, 8.49e6, Lobing(0.3))
    (axes,) = coverage_lobes.draw_lobes(given, given.sites[0], chart).axes
    said = [text.get_text() for text in axes.texts]
    assert {"100 m", "3 km", "hidden by the earth", "without a reflection: 300 km"} <= set(said)
    assert list(coverage_lobes.lobe_pictures(two_sites(), [chart, chart])) == [
        "lobes-murted-air-base.png", "lobes-adana.png"
    ]  # fmt: skip


def test_the_free_space_of_a_chart_is_where_the_published_range_puts_this_target() -> None:
    from chainhome import catalogue
    from chainhome.coverage import CoverageSite
    from chainhome.scenario import find_place

    claims = catalogue.load()
    asked = CoverageSite(claims.system("s-400"), find_place("murted", claims, None, "site"))
    charts = [
        coverage_lobes.lobe_chart(asked, site(), claims.aircraft("f-16"), Lobing(), pd).free_space_m
        for pd in (0.5, 0.9)
    ]
    radar = claims.system("s-400").radars["91n6e"].claims
    rcs = claims.aircraft("f-16").claims["rcs"].si.value / radar["reference_rcs"].si.value
    assert charts[0] == pytest.approx(radar["reference_range"].si.value * rcs**0.25, rel=1e-6)
    published_ratio, one_in_a_hundred = 0.62, 0.01  # the reading rule of a range without a probability
    assert charts[1] / charts[0] == pytest.approx(published_ratio, abs=one_in_a_hundred)


# Files ---------------------------------------------------------------------------------------------------------------


def test_the_files_of_an_answer_are_these(written: list[Path]) -> None:
    assert [path.name for path in written] == [
        "coverage.json", "coverage.csv", "coverage.geojson", "coverage.kml", "coverage.czml", "summary.png",
        "map-100m.png", "map-3000m.png", "coverage.html",
    ]  # fmt: skip
    assert {path.name for path in written[0].parent.iterdir()} == {path.name for path in written}


def test_the_geojson_has_valid_polygons_of_the_right_size_turned_as_the_standard_wants(written: list[Path]) -> None:
    collection = json.loads(in_folder(written, "coverage.geojson"))
    features = {feature["id"]: feature for feature in collection["features"]}
    assert {"site-0", "headline-0", "detected-0-100m-value", "detected-0-3000m-high"} <= set(features)
    one_in_a_hundred = 0.01
    for part in site().layers:
        about = features[f"detected-0-{part.height_m:g}m-value"]
        geometry = shape(about["geometry"])
        assert geometry.is_valid
        assert all(polygon.exterior.is_ccw for polygon in geometry.geoms)
        assert all(not ring.is_ccw for polygon in geometry.geoms for ring in polygon.interiors)
        # A local flat map is enough for the area of a polygon 180 km across, to a few parts in a thousand.
        lon, lat = np.radians(MURTED[1]), np.radians(MURTED[0])
        area_m2 = sum(_flat_area_m2(polygon, lat, lon) for polygon in geometry.geoms)
        assert area_m2 / (part.detected.sum() * CELL_M**2) == pytest.approx(1.0, abs=one_in_a_hundred)
        assert about["properties"]["share_of_headline_disc"] == round(part.share, 6)


def _flat_area_m2(polygon: Any, lat: float, lon: float) -> float:
    from chainhome import earth
    from chainhome.report.contours import signed_area

    total = 0.0
    for ring in (polygon.exterior, *polygon.interiors):
        away, bearing = earth.inverse(lat, lon, *np.radians(np.asarray(ring.coords)[:, ::-1]).T)
        total += signed_area(np.column_stack([away * np.sin(bearing), away * np.cos(bearing)]))
    return total


def test_geojson_kml_and_czml_hold_the_same_polygons(written: list[Path]) -> None:
    collection = json.loads(in_folder(written, "coverage.geojson"))["features"]
    polygons = [f["geometry"] for f in collection if f["geometry"] and f["geometry"]["type"] == "MultiPolygon"]
    geo = {len(polygon[0]) for one in polygons for polygon in one["coordinates"]}
    number = sum(len(one["coordinates"]) for one in polygons)
    kml = ElementTree.fromstring(in_folder(written, "coverage.kml"))
    outer = [e.text for e in kml.iter(f"{KML}coordinates") if e.text]
    in_kml = list(kml.iter(f"{KML}Polygon"))
    packets = json.loads(in_folder(written, "coverage.czml"))
    in_czml = [packet["polygon"] for packet in packets if "polygon" in packet]
    assert len(in_kml) == len(in_czml) == number
    assert {len(one["positions"]["cartographicDegrees"]) // 3 for one in in_czml} == geo
    assert geo <= {len(text.split()) for text in outer}
    assert packets[0]["id"] == "document"


def test_what_is_detected_nowhere_is_a_feature_without_geometry() -> None:
    given = coverage(site(layers=(layer(100.0, -1.0),)))
    (value, _, _) = shapes(given)
    assert value.areas == ()


def test_of_several_sites_there_are_polygons_of_how_many(of_two: Path) -> None:
    features = json.loads((of_two / "coverage.geojson").read_text("utf-8"))["features"]
    kinds = [f["properties"].get("sites") for f in features if f["properties"]["kind"] == "seen by at least"]
    assert kinds == [1, 2, 1, 2]
    assert {f["properties"]["date"] for f in features if f["properties"]["kind"] == "detected"} == {"2015-03-01"}
    assert (of_two / "sites-100m.png").exists()
    assert (of_two / "map-adana-3000m.png").exists()


def test_layers_a_hair_apart_have_keys_of_their_own(tmp_path: Path) -> None:
    close = coverage(site(layers=(layer(100.0, 40e3), layer(100.0004, 40e3))))
    found = shapes(close)
    assert len({one.key for one in found}) == len(found)
    write_czml(close, found, tmp_path / "close.czml")


def test_a_pole_in_the_grid_is_said_and_gives_no_polygon() -> None:
    given = coverage(site("Pole", (89.5, 10.0), surface=surface(89.5, 10.0)))
    assert without_outlines(given) == ["Pole"]
    assert all(one.areas == () for one in shapes(given))
    assert without_outlines(coverage()) == []


def test_the_same_coverage_gives_the_same_bytes(written: list[Path], tmp_path: Path) -> None:
    import matplotlib

    hostile = Source("k", HOSTILE, HOSTILE, "2020", "javascript:alert(1)", "found", HOSTILE)
    given = coverage(site(notes=("Peaks are clipped.", HOSTILE), sources=(*site().sources, hostile)))
    with matplotlib.rc_context({"font.size": 20.0, "axes.facecolor": "red"}):
        again = write_coverage_report(given, tmp_path, surfaces=False)
    assert [path.read_bytes() for path in written] == [path.read_bytes() for path in again]


@pytest.mark.usefixtures("undrawn")
def test_the_surface_is_written_beside_where_it_can_be(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    given = coverage()
    names = [path.name for path in write_coverage_report(given, tmp_path)]
    assert "surface.tif" in names
    with rasterio.open(tmp_path / "surface.tif") as raster:
        assert np.allclose(raster.read(1), given.sites[0].surface.lowest_visible_m, atol=0.1)


@pytest.mark.usefixtures("undrawn")
def test_a_later_answer_replaces_the_earlier_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    write_coverage_report(coverage(), tmp_path, surfaces=False)
    names = [p.name for p in write_coverage_report(coverage(site(layers=site().layers[:1])), tmp_path, surfaces=False)]
    assert "map-3000m.png" not in names
    assert {path.name for path in tmp_path.iterdir()} == set(names)


@pytest.mark.usefixtures("undrawn")
def test_what_is_not_of_an_answer_is_refused_and_left_alone(tmp_path: Path) -> None:
    write_coverage_report(coverage(), tmp_path, surfaces=False)
    mine = tmp_path / "map-holiday.png"
    mine.write_bytes(b"mine")
    with pytest.raises(UseError, match=r"holds map-holiday\.png, which is not an answer of coverage"):
        write_coverage_report(coverage(), tmp_path, surfaces=False)
    assert mine.read_bytes() == b"mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "coverage.json").write_text('{"files": ["coverage.json"]}')
    with pytest.raises(UseError, match=r"holds coverage\.json"):
        earlier_files(other)
    with pytest.raises(UseError, match="is not a folder"):
        earlier_files(mine)


@pytest.mark.usefixtures("undrawn")
def test_an_answer_that_cannot_be_written_leaves_the_earlier_one_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "answer"
    write_coverage_report(coverage(), folder, surfaces=False)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write = style.write_bytes

    def full(path: Path, content: bytes) -> Path:
        if path.name == "map-100m.png":
            raise ChainhomeError(f"cannot write {path}: No space left on device")
        return write(path, content)

    monkeypatch.setattr(style, "write_bytes", full)
    other = coverage(target_key="su-35", target_name="Su-35")
    with pytest.raises(ChainhomeError, match="No space left"):
        write_coverage_report(other, folder, surfaces=False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(ChainhomeError, match="No space left"):
        write_coverage_report(other, tmp_path / "new", surfaces=False)
    assert not (tmp_path / "new").exists()
    monkeypatch.undo()
    (folder / coverage_page.ASIDE).mkdir()
    (folder / coverage_page.ASIDE / "coverage.csv").write_text("of a machine that stopped")
    assert earlier_files(folder) == sorted(before)


@pytest.mark.usefixtures("undrawn")
def test_a_machine_that_stops_while_files_change_places_leaves_a_folder_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_coverage_report(coverage(), tmp_path, surfaces=False)
    replace_file, moved = Path.replace, []

    def stopping(path: Path, target: Path) -> Path:
        if path.parent.name == coverage_page.ASIDE and not path.name.startswith("."):
            if len(moved) == 3:
                raise KeyboardInterrupt
            moved.append(path.name)
        return replace_file(path, target)

    monkeypatch.setattr(Path, "replace", stopping)
    with pytest.raises(KeyboardInterrupt):
        write_coverage_report(coverage(site(layers=site().layers[:1])), tmp_path, surfaces=False)
    monkeypatch.undo()
    assert {path.name for path in tmp_path.iterdir()} == set(earlier_files(tmp_path))


@pytest.mark.usefixtures("undrawn")
def test_a_record_that_names_the_users_files_does_not_make_them_ours(tmp_path: Path) -> None:
    write_coverage_report(coverage(), tmp_path, surfaces=False)
    record = json.loads((tmp_path / "coverage.json").read_text("utf-8"))
    (tmp_path / "coverage.json").write_text(json.dumps(record | {"files": [*record["files"], "notes.txt"]}))
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UseError, match=r"holds notes\.txt, which is not an answer of coverage"):
        write_coverage_report(coverage(), tmp_path, surfaces=False)
    assert (tmp_path / "notes.txt").read_text() == "mine"


OFF = "delivered, not activated"


@pytest.fixture(scope="module")
def of_a_day(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("day")
    given = coverage(site(status=OFF), date="2019-09-30")
    return write_coverage_report(given, folder, surfaces=False, lead="Nothing was covered.")


def test_what_was_not_switched_on_is_said_in_every_file(of_a_day: list[Path]) -> None:
    had_it = f"had it been switched on ({OFF} on 2019-09-30)"
    for row in csv.DictReader(in_folder(of_a_day, "coverage.csv").splitlines()):
        assert (row["date"], row["status"]) == ("2019-09-30", OFF)
    record = json.loads(in_folder(of_a_day, "coverage.json"))
    assert list(record)[:4] == ["made_by", "files", "lead", "sentence"]
    assert (record["date"], record["status"], record["sites"][0]["status"]) == (
        "2019-09-30",
        f"{OFF} on 2019-09-30",
        OFF,
    )
    assert "would have been seen on 2019-09-30, had the radar been switched on, in 2.1 %" in record["sentence"]
    found = json.loads(in_folder(of_a_day, "coverage.geojson"))
    assert had_it in found["title"]
    assert {(one["properties"]["date"], one["properties"]["status"]) for one in found["features"]} == {
        ("2019-09-30", OFF)
    }
    places = ElementTree.fromstring(in_folder(of_a_day, "coverage.kml"))
    assert had_it in str(next(places.iter(f"{KML}name")).text)
    assert all(OFF in "".join(mark.itertext()) for mark in places.iter(f"{KML}Placemark"))
    packets = json.loads(in_folder(of_a_day, "coverage.czml"))
    assert had_it in packets[0]["name"]
    assert all(p["properties"]["status"] == OFF for p in packets if "properties" in p)


def test_the_page_of_what_was_not_switched_on_begins_with_that(of_a_day: list[Path]) -> None:
    html = in_folder(of_a_day, "coverage.html")
    assert html.index("Nothing was covered.") < html.index("<h1>")
    assert "is seen in" not in html
    assert "Seen, had it been switched on" in html


def test_a_map_of_what_was_not_switched_on_says_so_in_its_title() -> None:
    given = coverage(site(status=OFF), date="2019-09-30")
    for figure in (
        coverage_map.draw_layer(given, given.sites[0], given.sites[0].layers[0]),
        coverage_map.draw_summary(given, given.sites[0]),
    ):
        written_there = " ".join(text.get_text() for text in figure.texts)
        assert "had it been switched on" in written_there
        assert f"{OFF} on 2019-09-30: nothing was covered" in written_there


def test_sites_of_which_one_was_switched_on_are_told_apart() -> None:
    both = coverage(site(status="activated"), site("Adana", (37.0, 35.3), status=OFF), date="2019-09-30")
    assert coverage_status.status_of_all(both) == "not activated on 2019-09-30: Adana"
    assert "is seen in" in words.sentence(both)
    assert [row["status"] for row in words.rows(both)] == ["activated", "activated", OFF, OFF]


def test_a_record_cannot_name_files_of_other_folders(tmp_path: Path) -> None:
    record = {"made_by": "chainhome coverage", "files": ["coverage.json", "../escape", "/etc/hosts", 3]}
    (tmp_path / "coverage.json").write_text(json.dumps(record))
    assert earlier_files(tmp_path) == ["coverage.json"]


# Page ----------------------------------------------------------------------------------------------------------------


def test_the_page_asks_for_nothing_outside_itself_and_hostile_text_stays_text(written: list[Path]) -> None:
    html = in_folder(written, "coverage.html")
    page = Page(html)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "base", "form"})
    assert all(str(attrs["src"]).startswith("data:image/png;base64,") for _, attrs in page.tags if "src" in attrs)
    beside = {path.name for path in written} - {"coverage.html"}
    links = [attrs["href"] for _, attrs in page.tags if "href" in attrs]
    assert [link for link in links if link not in beside] == ["https://tass.com/x"]
    assert beside <= set(links)
    assert "<script" not in html
    assert HOSTILE in page.words


def test_the_page_says_the_sentence_the_shares_the_limits_the_rules_and_the_sources(written: list[Path]) -> None:
    page = Page(in_folder(written, "coverage.html"))
    given = coverage()
    assert words.unbroken(words.sentence(given)) in page.words
    for part in given.sites[0].layers:
        assert words.share_text(part.share) in page.words
        assert f"{words.share_digits(part.share_low)} to {words.share_text(part.share_high)}" in page.words
    for said in ("Lost to horizon", "Lost to clutter", "Peaks are clipped.", "a yardstick", "No target is named.",
                 "contested", "coverage.geojson"):  # fmt: skip
        assert said in page.words
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 3
    assert all("250 km" in str(image["alt"]) for image in images)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert max(np.diff(levels)) <= 1


def test_a_page_of_many_sites_stays_small_enough_to_send_and_says_its_lead(of_two: Path) -> None:
    html = (of_two / "coverage.html").read_text("utf-8")
    assert html.count("<img ") == 6
    page = Page(html)
    for said in ("2 more maps lie beside this page.", "As of 2015-03-01.", "It was not switched on."):
        assert said in page.words
    assert json.loads((of_two / "coverage.json").read_text("utf-8"))["lead"] == "It was not switched on."


def test_the_line_of_the_ground_tells_what_it_stands_on() -> None:
    assert words.grid_text(site()) == "made-up hills, 121 x 121 cells of 5000 m"
    flat = site(surface=surface(*MURTED, flat=True))
    assert words.grid_text(flat) == "smooth earth at 900 m, 121 x 121 cells of 5000 m"
    patchy = replace(surface(*MURTED).grid, outside_cells=7321, void_cells=1234)
    told = words.grid_text(site(surface=replace(surface(*MURTED), grid=patchy)))
    assert told.endswith("50% of them outside the data, taken as sea; 1,234 voids filled")


def test_the_made_up_disc_is_a_disc() -> None:
    shares = site().layers[0].share_by_limit
    assert sum(shares.values()) == pytest.approx(1.0)
    assert distances_m()[HALF, HALF] == 0.0


def test_on_a_phone_a_figure_is_as_wide_as_the_screen_and_no_wider(written: list[Path]) -> None:
    narrow = re.search(r"@media \(max-width: 32rem\) \{(.*?)\n@media", in_folder(written, "coverage.html"), re.DOTALL)
    assert narrow is not None
    assert "figure img { min-width: 0; }" in narrow[1]


def test_a_claim_in_square_metres_is_written_as_such() -> None:
    rcs = Claim("rcs", 3.0, 1.0, 5.0, "m2", ("tass",))
    html = coverage_page.coverage_html(coverage(site(claims=(("f-16.rcs", rcs),))), {}, [])
    assert "3 m² [1 to 5]" in html
    assert " m2" not in Page(html).words

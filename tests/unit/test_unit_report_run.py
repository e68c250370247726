"""The report of a run: what it draws is what the tables say, in one file that asks for nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from html_page import Page

from chainhome.formats.run_folder import Run
from chainhome.report import labels, ppi, run_data, run_map, run_side, score_plots, write_run_report
from chainhome.tables import Detections, Identities, Scores, Sensors, Table, Targets, Tracks, Truth

HOSTILE = "<img src=x onerror=alert(1)>"
BORROWED = "THY1920 is borrowed from 23 April 2020."
TIMES = np.arange(0.0, 600.0, 10.0)
ONE_METRE_KM = 1e-3


def summary() -> dict[str, Any]:
    pd = {"pd_measured": 0.5, "pd_low": 0.4, "pd_high": 0.6, "pd_predicted": 0.52, "looks": 60, "detected": 30}
    seen = {"first_detection_s": 100.0, "first_detection_km": 61.2, "bound_before": "horizon", "predicted": 31.2}
    unseen = {"first_detection_s": None, "first_detection_km": None, "bound_before": None, "predicted": 0.0}
    track = {"allegiance": "friend", "origin": "simulated", "completeness": 0.8, "breaks": 1, "switches": 0}
    return {
        "radars": [
            {"sensor": "Search", "target": "Falcon", **pd, **seen},
            {"sensor": "Search", "target": HOSTILE, **pd, **unseen},
            {"sensor": "Stare", "target": "Falcon", **dict.fromkeys(pd, None), "looks": 0, "detected": 0, **unseen},
        ],
        "tracks": [{"target": "Falcon", "first_confirmed_s": 130.0, "purity": 0.9, "longest_s": 300.0, **track}],
        "gospa": {
            "mean_m": 900.0,
            "localisation_m": 200.0,
            "missed_m": 800.0,
            "false_m": 100.0,
            "c_m": 5000.0,
            "p": 2.0,
        },
        "confusion": {
            "labels_true": ["friend", "neutral", "hostile"],
            "labels_declared": ["unknown", "friend", "neutral", "hostile"],
            "as_fielded": [[100.0, 0.0, 0.0, 0.0], [25.0, 0.0, 75.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
            "shared_secure_mode": [[10.0, 90.0, 0.0, 0.0], [25.0, 0.0, 75.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        },
        "answers": {"radars": "Yes, within the horizon.", "identity": "Not as fielded."},
    }


def record(**changes: Any) -> dict[str, Any]:
    source = {"key": "k", "title": HOSTILE, "publisher": "P", "date": "2020", "address": "https://a.org/?a=1&b=2"}
    whole = {
        "title": "Trial", "seed": 7, "epoch_utc": "2019-11-25T09:00:00Z", "status": "complete",
        "origin": {"name": "Mürted", "lat_deg": 40.0, "lon_deg": 32.5, "height_m": 840.0},
        "versions": {"chainhome": "0.1.0"}, "catalogue_hash": "abc", "notes": [HOSTILE, BORROWED],
        "sources": [{**source, "opinion": "good"}], "assumptions": [BORROWED],
        "command": "chainhome run trial --seed 7",
        "summary": summary(),
    }  # fmt: skip
    return whole | changes


def tables() -> dict[str, Table]:
    north = 40.2 + TIMES / 2000.0
    flights = [
        Truth.make(time_s=TIMES, target_id=key, lat_deg=north, lon_deg=32.5 + 0.3 * key, altitude_m=3000.0 * (key + 1))
        for key in (0, 1)
    ]
    plots = Detections.make(
        detection_id=np.arange(60), time_s=TIMES, sensor_id=5, kind=np.arange(60) % 3, azimuth_rad=0.1,
        range_m=np.linspace(30e3, 60e3, 60), target_id=np.where(np.arange(60) % 4 == 3, -1, 0),
    )  # fmt: skip
    track = Tracks.make(
        time_s=TIMES[10:], track_id=9, lat_deg=north[10:], lon_deg=32.5, altitude_m=3000.0, status=1,
        detection_id=np.arange(10, 60), covariance=np.zeros((50, 6, 6)), mode_probability=np.ones((50, 1)),
    )  # fmt: skip
    names = np.repeat(["gospa_m", "gospa_localisation_m", "gospa_missed_m", "gospa_false_m"], 60)
    return {
        "targets": Targets.make(target_id=[0, 1], name=["Falcon", HOSTILE], allegiance=[1, 2], gone_s=600.0),
        "sensors": Sensors.make(
            sensor_id=[5, 6], name=["Search", "Stare"], kind=[2, 0], lat_deg=40.0, lon_deg=32.5,
            height_m=[864.0, 850.0], period_s=[10.0, 2.0], sector_width_rad=[np.nan, 1.5],
        ),
        "truth": Truth.concat(flights).sorted_by("time_s"),
        "detections": plots,
        "tracks": track,
        "identities": Identities.make(time_s=[100.0, 300.0], track_id=9, declared=[0, 1]),
        "scores": Scores.make(time_s=np.tile(TIMES, 4), name=names, value=np.linspace(0.0, 1e3, 240)),
    }  # fmt: skip


def run(**changes: Any) -> Run:
    return Run(Path("run"), record(**changes), "", tables())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run_report(run(), tmp_path_factory.mktemp("run") / "report.html")


def test_the_report_asks_for_nothing_outside_itself_and_hostile_names_stay_text(report: Path) -> None:
    page = Page(report.read_text("utf-8"))
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    assert len(images) == 7
    assert all(str(image["src"]).startswith("data:image/png;base64,") and image["alt"] for image in images)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "base", "form"})
    assert HOSTILE in page.words
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == ["https://a.org/?a=1&b=2"]
    assert report.stat().st_size < 2_000_000


def test_the_report_answers_the_two_questions_and_says_what_it_rests_on(report: Path) -> None:
    words = Page(report.read_text("utf-8")).words
    questions = ("Do the radars work?", "Can they tell friend from enemy?")
    answers = ("Yes, within the horizon.", "Not as fielded.", "61 km, 09:01:40", "never", "40% to 60%", "5,000 m")
    for said in (*questions, *answers, "borrowed from 23 April 2020", "0.1.0"):
        assert said in words


def test_the_report_says_each_assumption_once_and_how_to_repeat_the_run(report: Path) -> None:
    words = Page(report.read_text("utf-8")).words
    assert words.count(BORROWED) == 1
    assert "chainhome run trial --seed 7" in words
    bare = write_run_report(run(command=None), report.with_name("bare.html"))
    assert "<code>" not in bare.read_text("utf-8")


def test_a_name_and_its_note_stay_apart_without_a_style_sheet_and_no_looks_are_one_dash(report: Path) -> None:
    words = Page(report.read_text("utf-8")).words
    assert "Falcon friend, simulated" in words
    assert "Falcon\nStare\nnever\n–\n–\n–\n–\n" in words
    assert "– to –" not in words


def test_words_of_the_trade_are_explained(report: Path) -> None:
    html = report.read_text("utf-8")
    for word in ("GOSPA", "plot", "look", "pass", "scan", "purity"):
        assert f"<dt>{word}</dt>" in html


def test_a_caption_stands_outside_the_box_that_scrolls(report: Path) -> None:
    html = report.read_text("utf-8")
    boxes = [box.split("</div>")[0] for box in html.split('<div class="scroll"')[1:]]
    assert len(boxes) > 7
    assert not any("caption" in box for box in boxes)


def test_a_run_without_comparison_shows_what_was_fielded_alone(tmp_path: Path) -> None:
    told = summary()
    del told["confusion"]["shared_secure_mode"]
    words = Page(write_run_report(run(summary=told), tmp_path / "report.html").read_text("utf-8")).words
    assert "Who was taken for whom, as fielded" in words
    assert "secure IFF mode" not in words


def test_a_run_in_which_nothing_was_seen_still_gets_its_page(tmp_path: Path) -> None:
    empty = {name: type(table).make(0) for name, table in tables().items()}
    told = summary() | {"radars": [], "tracks": [], "gospa": {"mean_m": None, "c_m": 5000.0, "p": 2.0}}
    told["confusion"] |= {"as_fielded": [[0.0] * 4] * 3, "shared_secure_mode": [[0.0] * 4] * 3}
    for given in (empty, tables() | {name: empty[name] for name in ("detections", "tracks", "identities", "scores")}):
        page = write_run_report(Run(Path("run"), record(summary=told), "", given), tmp_path / "report.html")
        assert "Do the radars work?" in page.read_text("utf-8")


def test_no_text_of_the_side_view_lies_on_a_flight_or_on_another_text() -> None:
    figure = run_side.draw_side_view(run())
    assert figure is not None
    axes = figure.axes[0]
    boxes = [labels.box_of(text) for text in axes.texts]
    assert "Falcon: 61 km\nhidden by horizon until then" in [text.get_text() for text in axes.texts]
    flights = [np.asarray(line.get_xydata()) for line in axes.lines if len(line.get_xdata()) > 2]
    x, y = labels.line_points(axes, flights).T
    for k, box in enumerate(boxes):
        assert not any(labels.overlaps(box, other, gap=0.0) for other in boxes[:k])
        assert not np.any((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1))


def test_an_incomplete_run_says_so_and_draws_what_it_has(tmp_path: Path) -> None:
    bare = Run(Path("run"), record(status="incomplete", summary={}), "", {})
    words = Page(write_run_report(bare, tmp_path / "report.html").read_text("utf-8")).words
    assert "This run is incomplete" in words


def test_the_same_run_gives_the_same_bytes(report: Path, tmp_path: Path) -> None:
    assert write_run_report(run(), tmp_path / "report.html").read_bytes() == report.read_bytes()


def test_a_track_has_the_colour_of_what_was_declared_at_each_time() -> None:
    given = tables()
    tracks, identities = given["tracks"], given["identities"]
    assert isinstance(tracks, Tracks)
    assert isinstance(identities, Identities)
    assert np.array_equal(run_data.declared_at(tracks, identities), np.where(tracks.time_s < 300.0, 0, 1))
    pieces = run_map.track_pieces(run(), (40.0, 32.5))
    assert [(code, len(xy), ends) for code, xy, ends in pieces] == [(0, 20, False), (1, 31, True)]


def test_the_map_puts_a_track_where_the_geodesic_from_the_origin_ends() -> None:
    from chainhome.earth.geodesy import inverse

    _, last, _ = run_map.track_pieces(run(), (40.0, 32.5))[-1]
    tracks = run_data.table(run(), Tracks)
    distance_m, _ = inverse(*np.radians([40.0, 32.5]), np.radians(tracks.lat_deg[-1]), np.radians(tracks.lon_deg[-1]))
    assert abs(float(np.hypot(*last[-1])) - float(distance_m) / 1000.0) < ONE_METRE_KM


def test_a_track_belongs_to_the_target_of_most_of_its_plots_whatever_the_order_of_the_plots() -> None:
    given = tables()
    tracks, plots = given["tracks"], given["detections"]
    assert isinstance(tracks, Tracks)
    assert isinstance(plots, Detections)
    assert run_data.target_of_track(tracks, plots) == {9: 0}
    assert run_data.target_of_track(tracks, plots[::-1]) == {9: 0}
    assert run_data.target_of_track(tracks, Detections.make(0)) == {}


def test_the_scope_is_the_one_of_the_all_round_radar() -> None:
    row = run_data.acquisition_sensor(run())
    assert row is not None
    assert run_data.table(run(), Sensors).name[row] == "Search"
    assert run_data.acquisition_sensor(Run(Path("run"), record(), "", {})) is None


def test_a_break_of_a_track_shows_as_two_spells() -> None:
    times = np.concatenate([np.arange(0.0, 50.0, 10.0), np.arange(200.0, 250.0, 10.0)])
    assert score_plots.spells(times, np.full(10, 3), 30.0) == [(0.0, 40.0, 3), (200.0, 240.0, 3)]


def test_the_confusion_picture_prints_each_share_and_its_seconds() -> None:
    figure = score_plots.draw_confusion(run())
    assert figure is not None
    fielded, shared = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    assert fielded[:2] == ["100%", "100 s"]
    assert shared[:4] == ["10%", "10 s", "90%", "90 s"]


def test_the_detection_picture_draws_the_measured_share_of_the_summary() -> None:
    figure = score_plots.draw_detection(run())
    assert figure is not None
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in dots] == [0.5, 0.5]


@pytest.mark.parametrize(
    "draw",
    [ppi.draw_ppi, run_side.draw_side_view, score_plots.draw_detection, score_plots.draw_gospa,
     score_plots.draw_timeline, score_plots.draw_confusion],
)  # fmt: skip
def test_a_run_without_tables_gives_no_picture_and_no_error(draw: Callable[[Run], object]) -> None:
    assert draw(Run(Path("run"), record(summary={}), "", {})) is None

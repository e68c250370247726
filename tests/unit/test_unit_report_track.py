"""The picture of a tracked recording: what is kept of it, where plots are put, what the texts say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recorded_plots import SENSORS, plots
from tracking_scenes import WORLD, radars

from chainhome.cli import main
from chainhome.earth import measure
from chainhome.formats.detections_file import write_detections_csv
from chainhome.report import base_map, labels, style, track_map
from chainhome.report.track_map import CONFIRMED, Sketch, Words, draw_track_map, height_edges_km, plot_places
from chainhome.tables import SENSOR_KINDS, Detections, Floats, Tracks

WORDS = Words("plots.csv: its tracks", "Plots, 20 minutes", ("A note.",))
METRE = 1e-3  # in kilometres


def tracks(count: int, rows: int = 20, sigma_m: float = 100.0) -> Tracks:
    """Parallel flights to the east, one kilometre apart in height and ten on the ground."""
    k = np.repeat(np.arange(count), rows)
    time = np.tile(10.0 * np.arange(rows), count)
    return Tracks.make(
        len(k),
        track_id=k,
        time_s=time,
        x_m=-2e4 + 400.0 * time,
        y_m=1e4 * (k % 9) - 3e4,
        altitude_m=2_000.0 + 1_000.0 * (k % 9),
        covariance=np.tile(sigma_m**2 * np.eye(6), (len(k), 1, 1)),
        mode_probability=np.ones((len(k), 1)),
        detection_id=np.arange(len(k)),
        status=CONFIRMED,
    )


def sketch(table: Tracks, seen: Detections | None = None, *, placed: bool = True) -> Sketch:
    made = Sketch(radars(), WORLD, placed=placed)
    made.add(Detections.make(0) if seen is None else seen, table)
    return made


def texts(figure: object) -> str:
    found = [text.get_text() for text in figure.texts]  # type: ignore[attr-defined]
    return " ".join([*found, *(text.get_text() for axes in figure.axes for text in axes.texts)])  # type: ignore[attr-defined]


def test_a_line_has_confirmed_rows_with_a_plot_only() -> None:
    table = tracks(2)
    status = np.where(table.time_s < 40.0, 0, CONFIRMED)
    detection = np.where(table.time_s > 150.0, -1, table.detection_id)
    lines = sketch(
        Tracks.make(**{**{n: getattr(table, n) for n in Tracks.columns()}, "status": status, "detection_id": detection})
    ).lines()
    assert len(lines) == 2
    assert all(len(way) == 12 for way, _ in lines)
    assert np.allclose(lines[0][0][0], [-20.0 + 16.0, -30.0], atol=METRE)


def test_steps_and_one_piece_give_the_same_picture() -> None:
    table = tracks(3).sorted_by("time_s")
    whole, parts = sketch(table), sketch(table[:0])
    for start in range(0, len(table), 7):
        parts.add(Detections.make(0), table[start : start + 7])
    assert parts.confirmed == whole.confirmed == {0, 1, 2}
    for (one, height), (other, same) in zip(whole.lines(), parts.lines(), strict=True):
        assert np.array_equal(one, other)
        assert np.array_equal(height, same)


def test_what_is_kept_is_bounded_and_the_picture_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track_map, "MOST_ROWS", 200)
    monkeypatch.setattr(track_map, "MOST_PLOTS", 100)
    seen = Detections.make(1000, sensor_id=0, time_s=0.0, range_m=5e4, azimuth_rad=np.linspace(0.0, 6.0, 1000))
    made = sketch(tracks(40), seen)
    assert (made.one_plot_in, made.one_track_in) == (16, 4)
    assert len(made.plots()) <= 100
    assert len(made.lines()) == 10
    assert all(len(way) == 20 for way, _ in made.lines())
    said = texts(draw_track_map(made, WORDS))
    assert "1,000 plots, 40 confirmed tracks." in said.replace("\n", " ")
    assert "one plot in 16" in said
    assert "10 of the tracks" in said


def at(east_m: float, north_m: float, up_m: float) -> Floats:
    return np.array([[east_m, north_m, up_m]])


@pytest.mark.parametrize("flat", [False, True])
def test_a_plot_is_put_where_its_aircraft_is(flat: bool) -> None:
    radar = radars(40.0, 32.5, 0.0)
    place = at(60e3, -80e3, 9_000.0 - 100e3**2 / (2.0 * 6.371e6))  # 9 km above the ground
    r, azimuth, elevation = measure(place, WORLD, WORLD)
    seen = Detections.make(
        1,
        sensor_id=0,
        range_m=r,
        azimuth_rad=azimuth,
        elevation_rad=np.nan if flat else elevation,
        flight_level_m=9_000.0,
    )
    tolerance_m = 20.0 if flat else 1e-3
    assert np.abs(plot_places(seen, radar, WORLD) - place[:, :2]).max() < tolerance_m


def test_reported_positions_stay_and_plots_of_an_unknown_sensor_have_no_place() -> None:
    seen = Detections.make(2, kind=SENSOR_KINDS.index("ads_b"), sensor_id=[0, 7], x_m=[1e3, np.nan], y_m=[2e3, np.nan])
    found = plot_places(seen, radars(), WORLD)
    assert found[0].tolist() == [1e3, 2e3]
    assert np.isnan(found[1]).all()


def test_distances_on_the_map_are_those_along_the_ground() -> None:
    table = tracks(1, rows=2)
    far = Tracks.make(**{**{n: getattr(table, n) for n in Tracks.columns()}, "x_m": [3.9e5, 4e5], "y_m": 0.0})
    placed, own = (sketch(far, placed=known).lines()[0][0][1, 0] for known in (True, False))
    assert abs(own - 400.0) < METRE
    assert 0.2 < placed - 400.0 < 0.3


def test_every_height_has_a_colour_and_unsure_ones_have_none() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        heights = rng.uniform(0.0, 15e3) + rng.uniform(1.0, 12e3) * rng.uniform(size=500)
        edges = height_edges_km(heights)
        assert 2 <= len(edges) <= track_map.COLOURS + 1
        low, high = np.quantile(heights, [0.002, 0.998]) / 1000.0
        assert edges[0] <= low + 1e-9
        assert high <= edges[-1] + 1e-9
        assert np.allclose(np.diff(edges), edges[1] - edges[0])
    unsure = sketch(tracks(2, sigma_m=3_000.0))
    assert all(np.isnan(height).all() for _, height in unsure.lines())
    assert "its height is not measured" in texts(draw_track_map(unsure, WORDS))


def test_where_the_place_is_known_there_is_a_map_and_where_not_the_picture_says_so() -> None:
    known, own = (draw_track_map(sketch(tracks(5), placed=placed), WORDS) for placed in (True, False))
    assert "Coast: Natural Earth." in texts(known).replace("\n", " ")
    assert "Ankara" in texts(known)
    assert "nobody says where the radar stands" in texts(own).replace("\n", " ")
    assert "Ankara" not in texts(own)
    for figure in (known, own):
        assert "A note." in texts(figure)
        assert "40 km" in texts(figure)  # a ring about the radar


def test_a_region_without_a_map_is_not_drawn_as_sea() -> None:
    west = base_map.Extent(-100.0, 100.0, -60.0, 60.0)
    assert track_map._known_ground(west, (40.0, 32.5))
    assert not track_map._known_ground(west, (46.8, 8.2))


@pytest.mark.parametrize("placed", [True, False])
def test_no_two_texts_of_the_picture_overlap(placed: bool) -> None:
    figure = draw_track_map(sketch(tracks(5), placed=placed), WORDS)
    figure.canvas.draw()
    every = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
    boxes = [labels.box_of(text) for text in every if text.get_text()]
    for k, one in enumerate(boxes):
        assert not any(labels.overlaps(one, other, 0.0) for other in boxes[:k]), every[k].get_text()
        width, height = figure.canvas.get_width_height()
        assert one.x0 >= 0.0
        assert one.x1 <= width
        assert one.y0 >= 0.0
        assert one.y1 <= height


@pytest.mark.parametrize("table", [tracks(0), tracks(1, rows=1)])
def test_a_recording_without_a_line_still_has_a_picture(table: Tracks) -> None:
    seen = Detections.make(3, sensor_id=0, range_m=[5e4, 6e4, np.nan], azimuth_rad=1.0)
    assert style.png(draw_track_map(sketch(table, seen), WORDS)).startswith(b"\x89PNG")
    assert style.png(draw_track_map(sketch(table), WORDS)).startswith(b"\x89PNG")


def test_the_same_recording_gives_the_same_bytes() -> None:
    one, two = (style.png(draw_track_map(sketch(tracks(4)), WORDS)) for _ in range(2))
    assert one == two


def test_the_command_draws_the_picture_where_the_run_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_detections_csv(plots(), tmp_path / "plots.csv")
    (tmp_path / "sensors.toml").write_text(SENSORS, encoding="utf-8")
    assert main(["track", "plots.csv", "--sensors", "sensors.toml", "--out", "asked"]) == 0
    assert (tmp_path / "asked" / "tracks.png").read_bytes().startswith(b"\x89PNG")
    assert main(["track", "plots.csv", "--sensors", "sensors.toml", "--out", "asked", "--replace"]) == 0
    assert main(["track", "plots.csv", "--sensors", "sensors.toml"]) == 0
    assert not list((tmp_path / "runs").rglob("*.png"))

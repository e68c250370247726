"""Exports of a run: CZML, KML, GeoJSON and CSV parse, agree with the run's tables, and write over nothing."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import exported_run as made
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome import earth
from chainhome.cli import main
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import Run, RunWriter, read_run, run_geo
from chainhome.formats.csv_tables import write_run_csv
from chainhome.formats.run_czml import write_run_czml
from chainhome.formats.run_geojson import write_run_geojson
from chainhome.formats.run_kml import write_run_kml
from chainhome.report import style
from chainhome.tables import Detections, Identities, Sensors, Tracks, Truth

HALF_OF_THE_LAST_DIGIT_DEG = 0.5e-5 + 1e-12
HALF_OF_A_DECIMETRE = 0.05 + 1e-6
NS = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}


def confirmed(run: Run, number: int) -> Tracks:
    tracks = run.tables["tracks"]
    assert isinstance(tracks, Tracks)
    return tracks[(tracks.track_id == number) & (tracks.status == made.CONFIRMED)]


def check_places(got: Any, table: Tracks | Truth) -> None:
    """The exported (longitude, latitude, height) rows are those of a table, to the last digit."""
    rows = np.array(got, np.float64)
    assert rows.shape == (len(table), 3)
    assert np.abs(rows[:, 0] - table.lon_deg).max() <= HALF_OF_THE_LAST_DIGIT_DEG
    assert np.abs(rows[:, 1] - table.lat_deg).max() <= HALF_OF_THE_LAST_DIGIT_DEG
    assert np.abs(rows[:, 2] - table.altitude_m).max() <= HALF_OF_A_DECIMETRE


def packets_of(path: Path, run: Run) -> dict[str, Any]:
    write_run_czml(run, path)
    return {packet["id"]: packet for packet in json.loads(path.read_text(encoding="utf-8"))}


def test_czml_agrees_with_the_tracks_and_the_truth(tmp_path: Path) -> None:
    run = made.run()
    packets = packets_of(tmp_path / "a.czml", run)
    assert set(packets) == {
        "document", "radars", "targets", "tracks", "radar-3", "target-0", "target-1", "track-4", "track-5",
    }  # fmt: skip
    for number in (4, 5):
        samples = np.array(packets[f"track-{number}"]["position"]["cartographicDegrees"]).reshape(-1, 4)
        table = confirmed(run, number)
        assert samples[:, 0].tolist() == table.time_s.tolist()
        check_places(samples[:, 1:], table)
    truth = run.tables["truth"]
    assert isinstance(truth, Truth)
    flight = np.array(packets["target-1"]["position"]["cartographicDegrees"]).reshape(-1, 4)
    check_places(flight[:, 1:], truth[truth.target_id == 1])
    track = packets["track-4"]
    assert track["availability"] == "2019-11-25T09:00:20.000Z/2019-11-25T09:01:40.000Z"
    assert track["position"]["epoch"] == "2019-11-25T09:00:00.000Z"
    colours = track["point"]["color"]
    assert [part["interval"].split("/")[0][-10:] for part in colours] == ["00:20.000Z", "00:50.000Z"]
    assert colours[1]["rgba"] == [0, 133, 95, 255]
    assert packets["track-5"]["point"]["color"] == {"rgba": [215, 155, 0, 255]}
    assert packets["radar-3"]["position"]["cartographicDegrees"] == [32.5, 40.0, 864.0]
    assert packets["radar-3"]["ellipse"]["semiMajorAxis"] == 400_000.0


def test_text_of_a_file_stays_text_in_the_description_of_czml(tmp_path: Path) -> None:
    run = made.run()
    targets = run.tables["targets"]
    object.__setattr__(targets, "class_name", np.array([made.HOSTILE_TEXT] * 2))
    description = packets_of(tmp_path / "a.czml", run)["target-0"]["description"]
    assert "<img" not in description
    assert "&lt;img src=x onerror=alert(1)&gt;" in description


def test_kml_agrees_with_the_tracks_and_changes_colour_with_what_is_declared(tmp_path: Path) -> None:
    run = made.run()
    write_run_kml(run, tmp_path / "a.kml")
    root = ET.parse(tmp_path / "a.kml").getroot()
    assert root.findtext("k:Document/k:name", "", NS) == made.HOSTILE_TEXT
    folders = {node.findtext("k:name", "", NS): node for node in root.findall("k:Document/k:Folder", NS)}
    assert list(folders) == ["Radars", "Flights (truth)", "Tracks"]
    marks = folders["Tracks"].findall("k:Placemark", NS)
    assert [mark.findtext("k:name", "", NS) for mark in marks] == ["Track 4", "Track 4", "Track 5"]
    parts = [
        [[float(number) for number in (node.text or "").split()] for node in mark.findall("gx:Track/gx:coord", NS)]
        for mark in marks
    ]
    assert parts[0][-1] == parts[1][0], "one spell ends where the next begins"
    check_places(parts[0] + parts[1][1:], confirmed(run, 4))
    check_places(parts[2], confirmed(run, 5))
    declared = [mark.findtext("k:ExtendedData/k:Data[@name='declared']/k:value", "", NS) for mark in marks]
    assert declared == ["unknown", "neutral", "unknown"]
    whens = [node.text for node in marks[2].findall("gx:Track/k:when", NS)]
    assert whens[:2] == ["2019-11-25T09:00:00.000Z", "2019-11-25T09:00:10.000Z"]


def features_of(path: Path, run: Run, **more: Any) -> dict[str, Any]:
    write_run_geojson(run, path, **more)
    return {feature["id"]: feature for feature in json.loads(path.read_text(encoding="utf-8"))["features"]}


def test_geojson_agrees_with_the_tracks_and_says_what_was_declared_how_long(tmp_path: Path) -> None:
    run = made.run()
    features = features_of(tmp_path / "a.geojson", run)
    assert list(features) == ["radar-3", "target-0", "target-1", "track-4", "track-5"]
    for number in (4, 5):
        check_places(features[f"track-{number}"]["geometry"]["coordinates"], confirmed(run, number))
    told = features["track-4"]["properties"]
    assert (told["declared"], told["declared_unknown_s"], told["declared_neutral_s"]) == ("neutral", 30.0, 50.0)
    assert (told["begin_utc"], told["first_s"], told["last_s"]) == ("2019-11-25T09:00:20.000Z", 20.0, 100.0)
    assert features["target-1"]["properties"]["allegiance"] == "hostile"
    assert features["target-0"]["properties"]["icao_address"] == "4b1234"
    assert features["radar-3"]["geometry"] == {"type": "Point", "coordinates": [32.5, 40.0, 864.0]}


def test_plots_stand_where_range_azimuth_and_height_put_them(tmp_path: Path) -> None:
    features = features_of(tmp_path / "a.geojson", made.run(), plots=True)
    plots = {key: feature["geometry"]["coordinates"] for key, feature in features.items() if key.startswith("plot")}
    assert list(plots) == ["plot-0", "plot-1", "plot-2"], "the plot of an unknown sensor has no place"
    at = np.radians([40.0, 32.5])

    def ground_range(place: list[float]) -> float:
        return float(earth.inverse(*at, *np.radians([place[1], place[0]]))[0])

    with_elevation, with_level, flat = plots.values()
    # 50 km at 0.1 rad above a flat earth, and over a sphere: 49,750 m and 4,992 m plus the antenna and the curvature.
    metre_of_rounding, curvature_allowance = 1.6, 60.0
    assert abs(ground_range(with_elevation) - 50_000.0 * np.cos(0.1)) < curvature_allowance
    assert abs(with_elevation[2] - (864.0 + 50_000.0 * np.sin(0.1) + 49_750.0**2 / 2 / 6_371_000.0)) < 5.0
    assert with_level[2] == 10_864.0
    assert abs(ground_range(with_level) - np.sqrt(50_000.0**2 - 10_000.0**2)) < metre_of_rounding
    assert abs(ground_range(flat) - 50_000.0) < metre_of_rounding
    assert len(flat) == 2, "nobody measured its height"


def test_plots_that_carry_a_position_stand_there() -> None:
    run = made.run()
    path = made.path_of(0)
    run.tables["detections"] = Detections.make(
        time_s=[0.0, 10.0], detection_id=[0, 1], sensor_id=3, x_m=path["x_m"][:2], y_m=path["y_m"][:2],
        z_m=[9_000.0, np.nan], flight_level_m=[np.nan, 8_000.0],
    )  # fmt: skip
    places = run_geo.plots(run)
    assert np.abs(places.lat_deg[0] - path["lat_deg"][0]) < 1e-9
    assert np.abs(places.altitude_m - [path["altitude_m"][0], 8_000.0]).max() < 1e-3


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=30),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 3)), max_size=15),
)
def test_what_is_declared_holds_until_something_else_is(
    rows: list[tuple[int, int]], beliefs: list[tuple[int, int, int]]
) -> None:
    tracks = Tracks.make(track_id=[key for key, _ in rows], time_s=[float(time) for _, time in rows])
    known = Identities.make(
        track_id=[key for key, _, _ in beliefs],
        time_s=[float(time) for _, time, _ in beliefs],
        declared=[code for _, _, code in beliefs],
    )

    def plainly(key: int, time: int) -> int:
        earlier = [
            (when, row, code) for row, (other, when, code) in enumerate(beliefs) if other == key and when <= time
        ]
        return max(earlier)[2] if earlier else 0

    assert run_geo.declared_at(tracks, known).tolist() == [plainly(key, time) for key, time in rows]


def test_colours_of_the_sides_are_those_of_the_report() -> None:
    assert run_geo.SIDE_COLOURS == style.SIDE_COLOURS


def test_a_run_without_an_epoch_counts_from_a_stated_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made.write_run(tmp_path / "run", epoch_utc=None)
    assert main(["export", str(folder), "--czml", str(tmp_path / "a.czml")]) == 0
    assert "2000-01-01T00:00:00Z" in capsys.readouterr().out
    document = json.loads((tmp_path / "a.czml").read_text(encoding="utf-8"))[0]
    assert document["clock"]["interval"].startswith("2000-01-01T00:00:00.000Z/")


def unplaced() -> Run:
    run = made.run(origin=None)
    nowhere = {"lat_deg": np.nan, "lon_deg": np.nan}
    run.tables["sensors"] = Sensors.make(sensor_id=[3], name=["x"])
    run.tables["tracks"] = Tracks.make(**(made.path_of(0) | nowhere), track_id=4, status=made.CONFIRMED)
    del run.tables["truth"]
    return run


def test_a_run_without_a_place_is_refused_for_maps_and_written_as_csv(tmp_path: Path) -> None:
    for write, name in ((write_run_czml, "czml"), (write_run_kml, "kml"), (write_run_geojson, "geojson")):
        with pytest.raises(UseError, match="no place on the earth"):
            write(unplaced(), tmp_path / f"a.{name}")
    assert list(tmp_path.iterdir()) == []
    assert (tmp_path / "t" / "tracks.csv") in write_run_csv(unplaced(), tmp_path / "t")


def test_a_run_with_nothing_in_it_is_still_a_file(tmp_path: Path) -> None:
    empty = Run(Path("empty"), made.record(), "", {})
    write_run_czml(empty, tmp_path / "a.czml")
    write_run_kml(empty, tmp_path / "a.kml")
    write_run_geojson(empty, tmp_path / "a.geojson", plots=True)
    write_run_csv(empty, tmp_path / "t")
    assert json.loads((tmp_path / "a.geojson").read_text(encoding="utf-8"))["features"] == []
    assert ET.parse(tmp_path / "a.kml").getroot().tag.endswith("kml")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_numbers_come_back_as_they_were_and_codes_are_words(tmp_path: Path) -> None:
    run = made.run()
    files = write_run_csv(run, tmp_path / "t")
    assert [path.name for path in files] == ["columns.csv", *(f"{name}.csv" for name in run.tables)]
    tracks, table = rows_of(tmp_path / "t" / "tracks.csv"), run.tables["tracks"]
    assert isinstance(table, Tracks)
    assert [float(row["lat_deg"]) for row in tracks] == table.lat_deg.tolist()
    assert {row["status"] for row in tracks} == {"tentative", "confirmed", "ended"}
    assert {row["covariance_x_vy"] for row in tracks} == {""}, "a NaN is an empty cell"
    targets = rows_of(tmp_path / "t" / "targets.csv")
    assert [row["name"] for row in targets] == [made.HOSTILE_TEXT, "=1+1"]
    assert [row["allegiance"] for row in targets] == ["friend", "hostile"]
    assert [row["icao_address"] for row in targets] == ["4919860", "-1"]


def test_every_csv_column_is_described_with_its_unit(tmp_path: Path) -> None:
    write_run_csv(made.run(), tmp_path)
    told = {(row["table"], row["column"]): row for row in rows_of(tmp_path / "columns.csv")}
    for path in tmp_path.glob("*.csv"):
        if path.name != "columns.csv":
            with path.open(encoding="utf-8", newline="") as file:
                assert {column for table, column in told if table == path.stem} == set(next(csv.reader(file)))
    assert told["tracks", "covariance_x_vx"]["meaning"] == "covariance of x and vx"
    assert told["tracks", "vx_mps"]["unit"] == "m/s"
    assert told["targets", "allegiance"]["values"] == "unknown friend neutral hostile"


def test_csv_goes_over_an_earlier_export_and_over_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    write_run_csv(made.run(), folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(UseError, match="add --replace"):
        write_run_csv(made.run(), folder)
    lesser = made.run()
    del lesser.tables["detections"]
    write_run_csv(lesser, folder, replace=True)
    assert not (folder / "detections.csv").exists(), "a table of the earlier export would be taken for one of this run"
    assert (folder / "notes.txt").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    (other / "targets.csv").write_text("mine")
    with pytest.raises(UseError, match="holds something else"):
        write_run_csv(made.run(), other, replace=True)
    assert (other / "targets.csv").read_text() == "mine"


def test_a_csv_export_that_failed_is_not_taken_for_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from chainhome.formats import csv_tables

    folder, write = tmp_path / "t", csv_tables._write

    def full(columns: Any, path: Path) -> None:
        if path.name == "tracks.csv":
            raise ChainhomeError(f"cannot write {path}: No space left on device")
        write(columns, path)

    write_run_csv(made.run(), folder)
    for replace in (True, False):
        monkeypatch.setattr(csv_tables, "_write", full)
        with pytest.raises(ChainhomeError, match="No space left"):
            write_run_csv(made.run(), folder, replace=replace)
        assert not (folder / "columns.csv").exists()
    monkeypatch.undo()
    assert write_run_csv(made.run(), folder)[0] == folder / "columns.csv", "once more, without --replace"
    names = {path.name for path in folder.iterdir()}
    assert names == {"columns.csv", *(f"{name}.csv" for name in made.run().tables)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made.write_run(tmp_path / "run")


def test_one_call_writes_all_that_is_asked(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {kind: tmp_path / f"out.{kind}" for kind in ("czml", "kml", "geojson", "csv")}
    words = [word for kind, path in wanted.items() for word in (f"--{kind}", str(path))]
    assert main(["export", str(folder), "--plots", *words]) == 0
    told = capsys.readouterr().out
    assert told.splitlines() == [f"wrote {path}" for path in wanted.values()]
    before = {path: path.read_bytes() for path in tmp_path.glob("out.*") if path.is_file()}
    assert main(["export", str(folder), "--plots", *words]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["export", str(folder), "--plots", *words, "--replace"]) == 0
    assert {path: path.read_bytes() for path in before} == before, "the same run gives the same bytes"


def test_an_incomplete_run_is_exported_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = made.write_run(tmp_path / "run", finish=False)
    assert main(["export", str(folder), "--kml", str(tmp_path / "a.kml")]) == 0
    assert "marked incomplete" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "nothing to export"),
        (["--plots", "--kml", "a.kml"], "--plots adds points to --geojson"),
        (["--kml", ""], '--kml "" is not a file'),
        (["--kml", "run"], "run is a folder"),
        (["--kml", "run/run.json", "--replace"], "a file of the run itself"),
        (["--czml", "run/../run/tracks.parquet", "--replace"], "a file of the run itself"),
        (["--csv", "run", "--replace"], "is the run itself"),
        (["--csv", "run/run.json"], "is a file"),
        (["--kml", "absent/a.kml"], "there is no folder absent"),
        (["--kml", "a.x", "--czml", "./a.x"], "both name"),
        (["--kml", "dangling"], "a link that leads nowhere"),
        (["--html", "/dev/stdout", "--replace"], "not an ordinary file"),
        (["--html", "to-stdout", "--replace"], "not an ordinary file"),
        (["--kml", "to-record", "--replace"], "a file of the run itself"),
        (["--kml=--"], '--kml: "--" is not a value'),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    options: list[str],
    sentence: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "to-stdout").symlink_to("/dev/stdout")
    (tmp_path / "to-record").symlink_to("run/run.json")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(["export", "run", *options]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling", "run", "to-record", "to-stdout"]


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), "--kml", str(tmp_path / "a.kml")]) == 2
    assert "is not a run" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="no ogrinfo (Debian: gdal-bin)")
def test_gdal_reads_the_geojson_and_the_kml(folder: Path, tmp_path: Path) -> None:
    run = read_run(folder)
    write_run_geojson(run, tmp_path / "a.geojson")
    write_run_kml(run, tmp_path / "a.kml")

    def asked(*words: str) -> str:
        return subprocess.run(["ogrinfo", "-ro", "-q", *words], capture_output=True, text=True, check=True).stdout

    told = asked(str(tmp_path / "a.geojson"), "a", "-where", "id = 'track-5'")
    assert "LINESTRING Z" in told
    table = confirmed(run, 5)
    assert f"{table.lon_deg[0]:.5f}".rstrip("0") in told
    assert "Flights (truth)" in asked(str(tmp_path / "a.kml"))


def test_shapely_finds_the_lines_valid_and_as_long_as_they_are(tmp_path: Path) -> None:
    shapely = pytest.importorskip("shapely")
    feature = features_of(tmp_path / "a.geojson", made.run())["track-5"]
    line = shapely.geometry.shape(feature["geometry"])
    assert line.is_valid
    lon, lat = np.array(line.coords)[:, :2].T
    length, _ = earth.inverse(*np.radians([lat[:-1], lon[:-1], lat[1:], lon[1:]]))
    # 110 s at 150.3 m/s, nine kilometres up: the ground below passes more slowly.
    over_ground = np.hypot(150.0, 10.0) * 110.0 * 6_371.0 / 6_381.0
    assert abs(length.sum() - over_ground) < 10.0


def test_an_export_that_a_map_needs_a_place_for_writes_nothing_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = RunWriter(tmp_path / "run", "", made.record(origin=None))
    for table in unplaced().tables.values():
        if table.file_name in ("sensors", "tracks"):
            writer.write(table)
    writer.close()
    words = [str(tmp_path / "run"), "--csv", str(tmp_path / "t"), "--kml", str(tmp_path / "a.kml")]
    assert main(["export", *words]) == 2
    assert "only --html and --csv can be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert main(["export", *words[:3], "--html", str(tmp_path / "a.html")]) == 0

"""A hostile user of `chainhome track` and `chainhome score`: one sentence for each fault, and nothing lost silently."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from recorded_plots import SENSORS, plots, truth

from chainhome.cli import main, track_command
from chainhome.formats import read_run, write_table
from chainhome.formats.detections_file import write_detections_csv
from chainhome.process.cleaning import refuse_degrees
from chainhome.tables import Detections, Tracks


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with plots.csv, sensors.toml and truth.csv, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    write_detections_csv(plots(), tmp_path / "plots.csv")
    (tmp_path / "sensors.toml").write_text(SENSORS, encoding="utf-8")
    write_truth(tmp_path / "truth.csv")
    return tmp_path


def write_truth(path: Path, **changes: Any) -> None:
    table = truth()
    names = ("time_s", "target_id", "x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
    columns = {name: changes.get(name, getattr(table, name)) for name in names}
    rows = zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True)
    path.write_text("\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")


def write_plots(name: str, **changes: Any) -> None:
    """Write plots as Parquet with some columns changed; None leaves one out."""
    table = plots()
    names = ("time_s", "sensor_id", "range_m", "azimuth_rad", "elevation_rad", "mode_s_address")
    columns = {key: changes.get(key, getattr(table, key)) for key in (*names, *changes)}
    pq.write_table(pa.table({key: value for key, value in columns.items() if value is not None}), name)


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    told = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("…")]
    assert len(told) == 1, told
    assert told[0].startswith("chainhome: ")
    return told[0]


def refused(capsys: pytest.CaptureFixture[str], code: int, *argv: str) -> str:
    capsys.readouterr()
    assert main(list(argv)) == code
    return sentence(capsys)


def tracked(capsys: pytest.CaptureFixture[str], source: str, *more: str) -> dict[str, Any]:
    capsys.readouterr()
    argv = ["track", source, "--sensors", "sensors.toml", "--out", "tracked", "--replace", "--json", *more]
    assert main(argv) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found: dict[str, Any] = json.loads(captured.out)
    assert found["rows"] == found["tracked"] + sum(found["left_out"].values())
    return found


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["view", ""], 'RUN "" is not a run folder'),
        (["export", "", "--html", "page.html"], 'RUN "" is not a run folder'),
        (["score", "", "--by-address"], 'RUN "" is not a run folder'),
        (["score", "run", "--truth", ""], '--truth "" is not a file'),
        (["track", ""], 'INPUT "" is not a recording'),
        (["track", "plots.csv", "--sensors", ""], '--sensors "" is not a file'),
        (["track", "plots.csv", "--sensors", "sensors.toml", "--out", ""], '--out "" is not a folder'),
        (["run", ""], 'SCENARIO "" is not a shipped scenario or .toml file'),
        (["run", "first-trial", "--out", ""], '--out "" is not a folder'),
        (["reach", "s-400", "--target", "f-16", "--out", ""], '--out "" is not a folder'),
        (["coverage", "s-400", "--target", "f-16", "--out", ""], '--out "" is not a folder'),
        (["coverage", "s-400", "--target", "f-16", "--terrain", ""], '--terrain "" is no file'),
        (["catalogue", ""], 'the catalogue has no entry ""'),
    ],
)
def test_an_empty_path_is_refused_and_is_not_the_current_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    assert words in refused(capsys, 2, *argv)
    assert sorted(path.name for path in folder.iterdir()) == ["plots.csv", "sensors.toml", "truth.csv"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "run.json is damaged: it is not JSON"),
        (b"\xff\x00", "run.json is damaged: it is not text"),
        (b"[]", "run.json is damaged: it is not a JSON object"),
        (b'{"format": "chainhome run 1", "status": "done"}', "run.json is damaged: status is not complete or"),
        (
            b'{"format": "chainhome run 1", "status": "complete", "epoch_utc": "0001-01-01"}',
            "run.json is damaged: epoch_utc is not a time such as 2024-05-01T06:00:00Z",
        ),
        (b'{"format": "other"}', "run is not a run; expected a folder with run.json, of chainhome run or chainhome"),
    ],
)
def test_every_command_that_reads_a_run_says_the_same_of_a_damaged_record(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, words: str
) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_bytes(content)
    commands = (
        ["view", "run", "--no-open"],
        ["export", "run", "--html", "page.html"],
        ["score", "run", "--by-address"],
        ["score", "run", "--truth", "truth.csv"],
        ["track", "run", "--out", "tracked"],
    )
    said = {refused(capsys, 2, *argv) for argv in commands}
    assert len(said) == 1
    assert words in said.pop()


def test_a_record_with_a_byte_order_mark_is_read_by_score_and_track(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracked(capsys, "plots.csv")
    record = folder / "tracked" / "run.json"
    record.write_bytes(b"\xef\xbb\xbf" + record.read_bytes())
    assert main(["score", "tracked", "--by-address", "--json"]) == 0
    assert main(["track", "tracked", "--out", "again", "--json"]) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_s": pa.array([19_000, 19_000], pa.date32())}, "time_s holds values of type date32[day]"),
        ({"range_m": pa.array([True, False])}, "range_m holds values of type bool; expected numbers"),
        ({"range_m": pa.array([1, 2], pa.timestamp("ms"))}, "range_m holds values of type timestamp[ms]; expected"),
        ({"range_m": pa.array([b"\xff\xfe", b"1"])}, "range_m holds bytes that are no text"),
        ({"azimuth_rad": pa.array([[0.1], [0.2]])}, "azimuth_rad holds values of type list"),
        ({"sensor_id": pa.array([None, None], pa.int64())}, "a plot names no sensor: its sensor_id is missing"),
        ({"sensor_id": pa.array(["North", "North"])}, "(a column sensor takes names)"),
        ({"time_s": pa.array([1.7e12, 1.7e12])}, "time_s: 1700000000000 is too large for seconds"),
        ({"time_s": pa.array([-1e300, 1e300])}, "time_s: -1e+300 is too small for seconds"),
    ],
)
def test_a_column_of_another_kind_is_named_with_what_it_holds(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], words: str
) -> None:
    columns = {"time_s": [1.0, 2.0], "sensor_id": [0, 0], "range_m": [5e4, 5e4], "azimuth_rad": [0.1, 0.1]} | changes
    pq.write_table(pa.table(columns), "odd.parquet")
    told = refused(capsys, 2, "track", "odd.parquet", "--sensors", "sensors.toml", "--out", "tracked")
    assert "odd.parquet" in told
    assert words in told
    assert not (folder / "tracked").exists()


def test_text_as_bytes_is_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_plots("bytes.parquet", range_m=pa.array([repr(value).encode() for value in plots().range_m.tolist()]))
    assert tracked(capsys, "bytes.parquet")["tracked"] == len(plots())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace(",", ";"), "its cells are parted by semicolons; expected commas"),
        (lambda text: text.replace(",", "\t"), "its cells are parted by tabs; expected commas"),
        (lambda text: text.replace("range_m", " range_m ").replace("time_s", "TIME_S"), "names count as they are wri"),
        (lambda text: text.replace("elevation_rad", "range_m"), "the column range_m is there twice"),
    ],
)
def test_a_csv_in_another_manner_is_told_what_is_other(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Any, words: str
) -> None:
    (folder / "odd.csv").write_text(change((folder / "plots.csv").read_text()), encoding="utf-8")
    told = refused(capsys, 2, "track", "odd.csv", "--sensors", "sensors.toml", "--out", "tracked")
    assert "odd.csv" in told
    assert words in told
    assert not (folder / "tracked").exists()


def test_what_is_packed_or_nothing_that_can_be_read_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = gzip.compress((folder / "plots.csv").read_bytes())
    (folder / "packed.csv").write_bytes(packed)
    (folder / "packed.ast").write_bytes(packed)
    shutil.copy("plots.csv", "plots.dat")
    sensors = ("--sensors", "sensors.toml", "--out", "tracked")
    assert "packed.csv is packed (gzip)" in refused(capsys, 2, "track", "packed.csv", *sensors)
    assert "no ASTERIX block in its" in (told := refused(capsys, 2, "track", "packed.ast", *sensors))
    assert told.endswith("it is packed (gzip): unpack it first")
    assert "plots.dat: neither CSV, Parquet nor JSON lines by its name" in refused(
        capsys, 2, "track", "plots.dat", *sensors
    )
    assert not (folder / "tracked").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
def test_a_pipe_is_not_an_empty_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    told = refused(capsys, 2, "track", "pipe", "--sensors", "sensors.toml", "--out", "new")
    assert "pipe is not an ordinary file; save what it gives as a file" in told
    tracked(capsys, "plots.csv")
    assert "pipe is not an ordinary file" in refused(capsys, 2, "score", "tracked", "--truth", "pipe")


def test_numbers_that_nothing_has_are_ignored_and_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = len(plots())
    every = np.ones(good)
    write_plots("odd.parquet", range_sigma_m=1e308 * every, azimuth_sigma_rad=1e-300 * every)
    assert tracked(capsys, "odd.parquet")["ignored"] == {"sigma_ignored": 2 * good}
    write_plots("odd.parquet", mode_s_address=np.full(good, 2**40), mode_3a=np.full(good, 99_999))
    assert tracked(capsys, "odd.parquet")["ignored"] == {"reply_ignored": 2 * good}
    write_plots("odd.parquet", doppler_mps=1e308 * every)
    assert tracked(capsys, "odd.parquet")["ignored"] == {"doppler_ignored": good}
    time_s = plots().time_s.copy()
    time_s[3] = 1e300
    write_plots("odd.parquet", time_s=time_s)
    found = tracked(capsys, "odd.parquet")
    assert (found["left_out"], found["ignored"]) == ({"without_time": 1}, {"unreadable_cells": 1})


@pytest.mark.parametrize(
    ("name", "what"), [("azimuth_rad", "a full circle (6.2832)"), ("elevation_rad", "the zenith (1.5708)")]
)
def test_angles_in_degrees_are_refused_with_what_was_given(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, what: str
) -> None:
    degrees = np.degrees(getattr(plots(), name))
    first = degrees[degrees > {"azimuth_rad": 2 * np.pi, "elevation_rad": np.pi / 2}[name]][0]
    write_plots("degrees.parquet", **{name: degrees})
    told = refused(capsys, 2, "track", "degrees.parquet", "--sensors", "sensors.toml", "--out", "tracked")
    assert told.endswith(f"degrees.parquet: {name}: {first:.10g} is beyond {what}; expected radians, not degrees")
    assert not (folder / "tracked").exists()


def test_a_few_wild_angles_are_left_out_and_those_of_reported_positions_do_not_count(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    third = np.arange(len(plots())) % 3 == 0
    write_plots("wild.parquet", azimuth_rad=np.where(third, 170.0, plots().azimuth_rad))
    assert tracked(capsys, "wild.parquet")["left_out"] == {"azimuth_out_of_range": third.sum()}
    refuse_degrees(Detections.make(3, azimuth_rad=170.0, x_m=1.0, y_m=2.0), "reports")


def test_numbers_among_instants_are_not_taken_for_the_year_1970(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = plots()
    words = [f"2024-05-01T06:{int(t // 60):02d}:{t % 60:09.6f}+03:00" for t in table.time_s.tolist()]
    words[1] = words[1].replace("T06:", "T03:").replace("+03:00", "Z")
    words[5] = "12.5"
    write_plots("mixed.parquet", time_s=words)
    found = tracked(capsys, "mixed.parquet")
    assert (found["left_out"], found["ignored"]) == ({"without_time": 1}, {"unreadable_cells": 1})
    three_hours_s, microsecond = 3 * 3_600.0, 1e-6
    assert abs(found["first_s"] - (three_hours_s + table.time_s[0])) < microsecond


@pytest.mark.parametrize("offset_s", [1_714_543_200.0, -1_000_000.0])
def test_a_run_whose_times_are_large_or_negative_can_be_read_again(
    folder: Path, capsys: pytest.CaptureFixture[str], offset_s: float
) -> None:
    write_plots("late.parquet", time_s=plots().time_s + offset_s)
    found = tracked(capsys, "late.parquet")
    record = read_run(folder / "tracked").record
    assert record["length_s"] == found["last_s"] - found["first_s"]
    assert main(["score", "tracked", "--by-address", "--json"]) == 0


@pytest.mark.parametrize("more", [(), ("--smooth", "--method", "gnn")])
def test_a_pause_of_years_is_not_looked_through(
    folder: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    alone = tracked(capsys, "plots.csv", *more)
    years_s = 1_714_543_200.0
    table = plots()
    both = [getattr(table, name) for name in ("sensor_id", "range_m", "azimuth_rad", "elevation_rad")]
    columns = dict(zip(("sensor_id", "range_m", "azimuth_rad", "elevation_rad"), both, strict=True))
    write_plots(
        "twice.parquet",
        time_s=np.concatenate([table.time_s, table.time_s + years_s]),
        mode_s_address=None,
        **{name: np.concatenate([values, values]) for name, values in columns.items()},
    )
    found = tracked(capsys, "twice.parquet", *more)
    assert found["tracked"] == 2 * len(table)
    looks_of_an_hour = 2 * 3_600.0 / 5.0
    assert found["tracker"]["looks"] < 2 * alone["tracker"]["looks"] + looks_of_an_hour + 2
    assert found["tracks"]["confirmed"] == 2 * alone["tracks"]["confirmed"]
    tracks = read_run(folder / "tracked").tables["tracks"]
    assert isinstance(tracks, Tracks)
    early, late = (set(tracks.track_id[part].tolist()) for part in (tracks.time_s < 1e6, tracks.time_s > 1e6))
    assert early
    assert late
    assert not early & late


def test_an_interrupt_before_the_first_plot_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(track_command, "follow", interrupted)
    told = refused(capsys, 1, "track", "plots.csv", "--sensors", "sensors.toml", "--out", "tracked")
    assert told == "chainhome: interrupted; nothing was written"
    assert not (folder / "tracked").exists()


def test_too_little_memory_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(track_command, "follow", full)
    told = refused(capsys, 1, "track", "plots.csv", "--sensors", "sensors.toml", "--out", "tracked")
    assert told == "chainhome: there is not enough memory for this"


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [({"x_m": 1e308}, 1), ({"time_s": 1e300}, 1), ({"z_m": float("-inf")}, 1), ({"vx_mps": 1e308}, 0)],
)
def test_a_row_of_truth_that_cannot_be_is_left_out_and_counted(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, float], left_out: int
) -> None:
    tracked(capsys, "plots.csv")
    table = truth()
    columns = {name: getattr(table, name).copy() for name in changes}
    for name, value in changes.items():
        columns[name][7] = value
    write_truth(folder / "odd.csv", **columns)
    assert main(["score", "tracked", "--truth", "odd.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["truth_rows_left_out"] == left_out
    assert found["targets"]["tracked"] == 3


@pytest.mark.parametrize(
    ("name", "values", "code", "words"),
    [
        ("target_id", "THY1", 1, "603 rows, 603 cells of them no number or time that can be read"),
        ("time_s", 1e9, 1, "in the time of the plots (1 to 199 s; the truth: 1,000,000,000 to 1,000,000,000 s)"),
        ("time_s", 1.7e12, 2, "odd.csv: time_s: 1700000000000 is too large for seconds"),
    ],
)
def test_a_truth_of_which_nothing_can_be_used_is_told_why(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, values: Any, code: int, words: str
) -> None:
    tracked(capsys, "plots.csv")
    write_truth(folder / "odd.csv", **{name: [values] * len(truth())})
    assert words in refused(capsys, code, "score", "tracked", "--truth", "odd.csv")


def changed_column(path: Path, name: str, values: Any) -> None:
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(name), name, values), path)


@pytest.mark.parametrize(
    ("table", "name", "values", "words"),
    [
        ("tracks", "track_id", "text", "tracks.parquet is damaged: track_id holds values of type string"),
        ("tracks", "status", 77, "tracks.parquet is damaged: status holds the code 77; expected 0 to 2"),
        ("tracks", "time_s", float("nan"), "its tracks hold"),
        ("tracks", "x_m", None, "its tracks hold"),
        ("tracks", "detection_id", 10**6, "plots that it does not have"),
        ("detections", "detection_id", 0, "its plots have no time, or share a detection_id"),
        ("detections", "time_s", "noon", "detections.parquet is damaged: time_s holds values of type string"),
    ],
)
def test_tables_that_were_damaged_are_told_by_table_and_column(
    folder: Path, capsys: pytest.CaptureFixture[str], table: str, name: str, values: Any, words: str
) -> None:
    tracked(capsys, "plots.csv")
    path = folder / "tracked" / f"{table}.parquet"
    held = pa.float64() if values is None else None
    changed_column(path, name, pa.array([values] * pq.read_table(path).num_rows, held))
    told = refused(capsys, 2, "score", "tracked", "--truth", "truth.csv")
    assert "tracked" in told
    assert words in told


def test_a_run_without_plots_and_an_unknown_method_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tracked(capsys, "plots.csv")
    record = json.loads((folder / "tracked" / "run.json").read_text(encoding="utf-8"))
    (folder / "tracked" / "run.json").write_text(json.dumps(record | {"method": "guess"}), encoding="utf-8")
    assert 'run.json is damaged: method "guess" is none of pmb, pmbm, gnn' in refused(
        capsys, 2, "score", "tracked", "--by-address"
    )
    write_table(Detections.make(0), folder / "tracked" / "detections.parquet")
    write_table(Tracks.make(0), folder / "tracked" / "tracks.parquet")
    assert "the run has no plots" in refused(capsys, 1, "score", "tracked", "--truth", "truth.csv")


def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no file of text can be written."""

    def fails(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fails)


def test_a_full_disk_takes_nothing_of_an_earlier_run_and_leaves_no_new_folder(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked(capsys, "plots.csv")
    before = {path.name: path.read_bytes() for path in (folder / "tracked").iterdir()}
    full_disk(monkeypatch)
    argv = ["track", "plots.csv", "--sensors", "sensors.toml", "--out"]
    assert "run.json: No space left on device" in refused(capsys, 1, *argv, "tracked", "--replace")
    assert {path.name: path.read_bytes() for path in (folder / "tracked").iterdir()} == before
    assert "run.json: No space left on device" in refused(capsys, 1, *argv, "new")
    assert not (folder / "new").exists()

"""`chainhome track` and `chainhome score`: bad input of every kind is told and counted, and never a traceback."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_plots import ADDRESSES, SENSORS, plots, truth

from chainhome.cli import main, track_command
from chainhome.errors import ChainhomeError
from chainhome.formats import column_file, read_run, read_table, write_table
from chainhome.formats.detections_file import write_detections_csv
from chainhome.process.follow import follow
from chainhome.tables import Detections, Tracks


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with plots.csv, sensors.toml and truth.csv, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    write_detections_csv(plots(), tmp_path / "plots.csv")
    (tmp_path / "sensors.toml").write_text(SENSORS, encoding="utf-8")
    write_table(truth(), tmp_path / "truth.parquet")
    return tmp_path


def track(*more: str, source: str = "plots.csv", sensors: str = "sensors.toml") -> int:
    return main(["track", source, "--sensors", sensors, *more])


def summary_of(capsys: pytest.CaptureFixture[str], *more: str, source: str = "plots.csv") -> dict[str, Any]:
    capsys.readouterr()
    assert track("--json", "--out", "tracked", "--replace", *more, source=source) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    found: dict[str, Any] = json.loads(captured.out)
    return found


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr().err
    told = [line for line in captured.splitlines() if not line.endswith("…")]
    assert len(told) == 1, captured
    assert told[0].startswith("chainhome: ")
    return told[0]


def balanced(summary: dict[str, Any]) -> bool:
    return bool(summary["rows"] == summary["tracked"] + sum(summary["left_out"].values()))


def test_a_recording_becomes_a_run_that_says_what_was_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert track("--out", "tracked") == 0
    out = capsys.readouterr().out
    assert "3 tracks confirmed" in out
    assert out.endswith("wrote tracked\n")
    run = read_run(folder / "tracked")
    assert (run.record["status"], run.record["kind"]) == ("complete", "track")
    assert set(run.tables) == {"sensors", "detections", "tracks"}
    assert run.scenario_text == SENSORS
    assert len(run.tables["detections"]) == run.record["summary"]["tracked"] == len(plots())
    assert balanced(run.record["summary"])
    assert (np.diff(run.tables["detections"].time_s) >= 0).all()  # type: ignore[attr-defined]


def test_the_run_folder_can_be_tracked_again_and_gives_the_same_tracks(folder: Path) -> None:
    assert track("--out", "tracked") == 0
    assert main(["track", "tracked", "--out", "again"]) == 0
    first, second = (read_table(Tracks, folder / name / "tracks.parquet") for name in ("tracked", "again"))
    assert np.array_equal(first.x_m, second.x_m)


def test_every_kind_of_bad_plot_is_counted_in_the_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (folder / "plots.csv").read_text(encoding="utf-8").splitlines()
    head = [name.strip('"') for name in lines[0].split(",")]

    def changed(line: str, name: str, value: str) -> str:
        cells = line.split(",")
        cells[head.index(name)] = value
        return ",".join(cells)

    bad = [
        changed(lines[5], "time_s", "nan"),
        changed(lines[6], "range_m", "-1"),
        changed(lines[7], "range_m", "999999"),
        changed(lines[8], "azimuth_rad", "6.9813"),
        changed(lines[9], "elevation_rad", "2"),
        changed(lines[10], "range_m", "much"),
        changed(lines[11], "range_m", ""),
        lines[12],
        "1,2,3",
    ]
    (folder / "bad.csv").write_text("\n".join([lines[0], *lines[:0:-1], *bad]) + "\n", encoding="utf-8")
    summary = summary_of(capsys, source="bad.csv")
    assert summary["left_out"] == {
        "unreadable_lines": 1,
        "without_time": 1,
        "without_position": 2,
        "range_not_positive": 1,
        "beyond_max_range": 1,
        "azimuth_out_of_range": 1,
        "elevation_out_of_range": 1,
        "duplicates": 1,
    }
    assert summary["ignored"] == {"unreadable_cells": 1}
    assert balanced(summary)
    assert summary["tracked"] == len(plots())
    assert main(["track", "bad.csv", "--sensors", "sensors.toml", "--out", "words"]) == 0
    out = capsys.readouterr().out
    assert "left out: 1 azimuth not from 0 to 2 pi radians" in out
    assert "noted: 1 cells that are no number, read as missing" in out


@pytest.mark.parametrize(("swapped", "hinted"), [(False, False), (True, True)])
def test_of_a_recording_out_of_order_the_user_is_told_what_helps(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, swapped: bool, hinted: bool
) -> None:
    """The second half first, as of two files one after the other; the buffer holds 50 plots."""
    table, n = plots(), len(plots())
    order = np.roll(np.arange(n), n // 2) if swapped else np.arange(n)
    order[[7, 170]] = order[[170, 7]]
    write_table(table[order], folder / "odd.parquet")
    monkeypatch.setattr(column_file, "BATCH_ROWS", 20)
    monkeypatch.setattr(track_command, "follow", partial(follow, keep=50))
    assert track("--out", "tracked", "--json", source="odd.parquet") == 0
    captured = capsys.readouterr()
    late = json.loads(captured.out)["left_out"]["late"]
    assert 0 < late / n < track_command.LATE_SHARE if not hinted else late / n > 0.3
    assert captured.err == (
        f"chainhome: {late:,} of {n:,} rows came too late and were left out: odd.parquet is not in the order of time; "
        "sort it by time first\n"
        if hinted
        else ""
    )


@pytest.mark.parametrize(("unit_m", "hinted"), [(1_000.0, True), (1_852.0, True), (30.0, False)])
def test_of_ranges_in_kilometres_or_miles_the_user_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], unit_m: float, hinted: bool
) -> None:
    """A radar of 200 km whose plots are all within 200 m; one that sees no further than 7 km may be a real one."""
    table = plots()
    write_table(replace(table, range_m=table.range_m / unit_m), folder / "near.parquet")
    assert track("--out", "tracked", "--json", source="near.parquet") == 0
    captured = capsys.readouterr()
    farthest = table.range_m.max() / unit_m
    assert json.loads(captured.out)["sensors"][0]["farthest_m"] == pytest.approx(farthest)
    assert captured.err == (
        f'chainhome: of {len(table):,} plots of sensor "North" none is further than {farthest:,.0f} m, not a '
        "thousandth of its max_range; range_m is in metres: were these kilometres or miles?\n"
        if hinted
        else ""
    )


def test_a_sensor_that_is_not_declared_is_refused_or_skipped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = plots()
    ids = table.sensor_id.copy()
    ids[3] = 5
    write_table(Detections.make(**{name: getattr(table, name) for name in table.columns()} | {"sensor_id": ids}),
                folder / "strange.parquet")  # fmt: skip
    assert track("--out", "tracked", source="strange.parquet") == 2
    assert 'sensor_id 5, which is not declared; the sensors are 0 ("North")' in sentence(capsys)
    assert not (folder / "tracked").exists()
    summary = summary_of(capsys, "--skip-undeclared", source="strange.parquet")
    assert summary["left_out"] == {"undeclared_sensor": 1}


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", 1, "is empty"),
        (b"time_s,range_m,azimuth_rad\n", 1, "holds no plots"),
        (b"time_s,range_m,azimuth_rad\n1,-5,0.5\n", 1, "none of its 1 rows can be tracked: 1 range zero or negative"),
        (b"a,b\n1,2\n", 2, "neither plots"),
        (b"\x00\x01\x02\xff" * 50, 2, "odd.csv: not a table that can be read as CSV"),
        (b"\n\n\n", 1, "is empty"),
        ("größe,b\n1,2\n".encode("latin1"), 2, "its columns are größe, b"),
    ],
)
def test_a_file_without_plots_is_one_sentence_and_leaves_no_run(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: int, words: str
) -> None:
    (folder / "odd.csv").write_bytes(content)
    assert track("--out", "tracked", source="odd.csv") == code
    assert words in sentence(capsys)
    assert not (folder / "tracked").exists()


def test_a_recording_cut_in_the_middle_is_used_and_the_cut_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (folder / "plots.csv").read_bytes()
    (folder / "cut.csv").write_bytes(content[: len(content) * 2 // 3])
    summary = summary_of(capsys, source="cut.csv")
    assert summary["cut"] == [f"cut.csv ends in the middle of a line, after row {summary['tracked']}"]
    assert 0.6 < summary["tracked"] / len(plots()) < 0.7
    assert track("--out", "words", source="cut.csv") == 0
    assert "damaged: cut.csv ends in the middle of a line" in capsys.readouterr().out


def test_plots_without_sensors_are_answered_with_a_file_to_fill_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["track", "plots.csv"]) == 2
    captured = capsys.readouterr()
    assert captured.out.count("[[sensor]]") == 1
    assert "plots need to know who looked" in captured.err
    assert not (folder / "runs").exists()


def test_a_complete_run_is_not_written_over_unless_it_is_to_be(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert track("--out", "tracked") == 0
    capsys.readouterr()
    assert track("--out", "tracked") == 2
    assert "holds a run already" in sentence(capsys)
    assert track("--out", "tracked", "--replace", "--method", "gnn") == 0
    assert read_run(folder / "tracked").record["method"] == "gnn"
    assert track() == 0
    assert track() == 0
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["plots-track", "plots-track-2"]
    capsys.readouterr()
    assert main(["track", "tracked", "--out", "tracked", "--replace"]) == 2
    assert "is the recording itself" in sentence(capsys)


def test_an_interrupted_run_can_be_read_and_is_marked_incomplete(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    normal = track_command.follow

    def interrupted(*given: Any, **more: Any) -> Any:
        yield next(normal(*given, **more))
        raise KeyboardInterrupt

    monkeypatch.setattr(track_command, "follow", interrupted)
    assert track("--out", "tracked") == 1
    assert "interrupted; tracked is marked incomplete" in sentence(capsys)
    run = read_run(folder / "tracked")
    assert run.record["status"] == "incomplete"
    assert len(run.tables["detections"]) > 0


def test_a_full_disk_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise ChainhomeError("cannot write tracked/tracks.parquet: No space left on device")

    monkeypatch.setattr(track_command.RunStream, "append", full)
    assert track("--out", "tracked") == 1
    assert "No space left" in sentence(capsys)
    assert json.loads((folder / "tracked" / "run.json").read_text())["status"] == "incomplete"


def scored(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["score", *argv, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_scores_against_the_truth_say_that_three_aircraft_were_followed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert track("--out", "tracked") == 0
    scores = scored(capsys, "tracked", "--truth", "truth.parquet")
    assert scores["targets"]["tracked"] == scores["targets"]["count"] == 3
    assert scores["targets"]["completeness"] > 0.8
    assert scores["targets"]["purity"] > 0.95
    assert scores["tracks"]["false"] == 0
    half_a_kilometre, cut_m = 500.0, 5_000.0
    assert scores["gospa"]["localisation_per_target_m"] < half_a_kilometre
    assert scores["gospa"]["mean_m"] < cut_m
    assert scores["siap"]["position_error_rms_m"] < half_a_kilometre
    assert [row["name"] for row in scores["ed142"]] == ["position_error_rms_m", "update_probability", "false_share"]
    assert main(["score", "tracked", "--truth", "truth.parquet"]) == 0
    assert "3 of 3" in capsys.readouterr().out


def test_scores_by_address_are_those_of_a_tracker_that_never_saw_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert track("--out", "seen") == 0
    assert track("--out", "hidden", "--hide-address") == 0
    record = read_run(folder / "hidden").record
    assert record["address_hidden"]
    kept = read_table(Detections, folder / "hidden" / "detections.parquet").mode_s_address
    assert set(kept.tolist()) == {-1, *ADDRESSES}
    seen, hidden = (scored(capsys, name, "--by-address") for name in ("seen", "hidden"))
    assert {name: value for name, value in seen.items() if name != "run"} == {
        name: value for name, value in hidden.items() if name != "run"
    }
    assert seen["addresses"] == seen["tracked"] == 3
    assert seen["purity"] > 0.95
    assert main(["score", "seen", "--by-address"]) == 0
    assert "3 of 3" in capsys.readouterr().out


def test_what_cannot_be_scored_is_one_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "nowhere", "--by-address"]) == 2
    assert "nowhere is not a run" in sentence(capsys)
    write_detections_csv(plots(addresses=False), folder / "plots.csv")
    assert track("--out", "tracked") == 0
    capsys.readouterr()
    assert main(["score", "tracked", "--by-address"]) == 1
    assert "no plot has a Mode S address" in sentence(capsys)
    assert main(["score", "tracked"]) == 2
    assert "--truth" in sentence(capsys)
    (folder / "truth.csv").write_text("time_s,x_m\n1,2\n", encoding="utf-8")
    assert main(["score", "tracked", "--truth", "truth.csv"]) == 2
    assert "no truth: expected the columns time_s, target_id" in sentence(capsys)
    (folder / "truth.csv").write_text("time_s,target_id,x_m,y_m,z_m\n9e9,1,2,3,4\n", encoding="utf-8")
    assert main(["score", "tracked", "--truth", "truth.csv"]) == 1
    assert "no row of the truth is both in the cover of a sensor and in the time of the plots" in sentence(capsys)

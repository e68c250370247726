"""Parquet and the run folder: round trips, and nothing of the user's is lost."""

import errno
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import RunWriter, is_run, read_run, read_table, write_table
from chainhome.tables import Detections, Targets, Tracks


def some_tracks() -> Tracks:
    return Tracks.make(
        time_s=[1.0, 2.0],
        track_id=[4, 5],
        covariance=np.arange(72.0).reshape(2, 6, 6),
        mode_probability=[[0.4, 0.6], [1.0, 0.0]],
        status=[1, 2],
    )


@pytest.mark.parametrize("table", [some_tracks(), some_tracks()[:0], Targets.make(name=["Mürted", ""], mode_3a=7700)])
def test_a_table_comes_back_as_it_was_written(table: Tracks | Targets, tmp_path: Path) -> None:
    write_table(table, tmp_path / "t.parquet")
    back = read_table(type(table), tmp_path / "t.parquet")
    for name in table.columns():
        np.testing.assert_array_equal(getattr(back, name), getattr(table, name))
        assert getattr(back, name).shape == getattr(table, name).shape


def test_a_file_says_units_meanings_and_the_names_of_codes(tmp_path: Path) -> None:
    write_table(some_tracks(), tmp_path / "t.parquet")
    field = pq.read_schema(tmp_path / "t.parquet").field("status")
    assert json.loads(field.metadata[b"values"])["1"] == "confirmed"
    assert pq.read_schema(tmp_path / "t.parquet").field("vx_mps").metadata[b"unit"] == b"m/s"


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_table(some_tracks(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_missing_columns_get_their_missing_value_and_foreign_files_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"time_s": [1.0], "range_m": [2.0]}), tmp_path / "plots.parquet")
    plots = read_table(Detections, tmp_path / "plots.parquet")
    assert plots.sensor_id.tolist() == [-1]
    pq.write_table(pa.table({"colour": ["red"]}), tmp_path / "other.parquet")
    with pytest.raises(UseError, match="has none of the columns of detections; it has colour"):
        read_table(Detections, tmp_path / "other.parquet")
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(UseError, match="not a readable Parquet file"):
        read_table(Detections, tmp_path / "text.parquet")
    with pytest.raises(UseError, match="no such file"):
        read_table(Detections, tmp_path / "absent.parquet")


def test_a_run_is_incomplete_until_it_is_finished(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", "title = 'x'", {"seed": 3})
    assert read_run(tmp_path / "run").record["status"] == "incomplete"
    writer.write(some_tracks())
    writer.finish(summary={"a": 1})
    run = read_run(tmp_path / "run")
    assert (run.record["status"], run.record["seed"], run.record["tables"]) == ("complete", 3, ["tracks"])
    assert run.scenario_text == "title = 'x'"
    assert len(run.tables["tracks"]) == 2


def test_a_folder_that_is_not_a_run_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UseError, match="exists and is not a run"):
        RunWriter(tmp_path, "", {})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    with pytest.raises(UseError, match="is a file; --out expects a folder"):
        RunWriter(tmp_path / "thesis.txt", "", {})


def test_a_complete_run_is_replaced_only_when_asked_and_other_files_in_it_stay(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run", "first", {}).finish()
    (tmp_path / "run" / "notes.txt").write_text("mine")
    with pytest.raises(UseError, match="add --replace"):
        RunWriter(tmp_path / "run", "second", {})
    assert read_run(tmp_path / "run").scenario_text == "first"
    second = RunWriter(tmp_path / "run", "second", {}, replace=True)
    assert read_run(tmp_path / "run").record["status"] == "complete"  # until the new run has something to show
    second.finish()
    assert read_run(tmp_path / "run").scenario_text == "second"
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    first = RunWriter(tmp_path / "run", "first", {})
    with pytest.raises(UseError, match="is being written by another run"):
        RunWriter(tmp_path / "run", "second", {})
    first.finish()
    with pytest.raises(UseError, match="is being written by another run"):
        RunWriter(tmp_path / "run", "second", {}, replace=True)  # the report is still to come
    first.close()
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["run.json", "scenario.toml"]


def test_somebody_elses_run_json_is_not_a_run(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"status": "incomplete"}')
    assert not is_run(tmp_path)
    with pytest.raises(UseError, match="exists and is not a run"):
        RunWriter(tmp_path, "", {})


def test_a_full_disk_is_one_sentence_and_leaves_a_run_marked_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter(tmp_path / "run", "x", {})

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(ChainhomeError, match=r"cannot write .*tracks\.parquet: No space left on device"):
        writer.write(some_tracks())
    assert is_run(tmp_path / "run")
    assert read_run(tmp_path / "run").record["status"] == "incomplete"
    assert not list((tmp_path / "run").glob("*.partial"))
    writer.close()

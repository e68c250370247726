"""A run folder is never half right: nothing stale, nothing half written, nothing that a run does not know."""

import os
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chainhome.errors import ChainhomeError
from chainhome.formats import RunWriter, read_run, read_table, write_table
from chainhome.formats.run_folder import write_text
from chainhome.tables import Looks, Tracks


def test_a_table_that_fails_half_way_leaves_the_old_one_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tracks.parquet"
    write_table(Tracks.make(time_s=[1.0]), path)

    def half(table: pa.Table, where: IO[bytes], **_: object) -> None:
        where.write(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", half)
    with pytest.raises(ChainhomeError, match="No space left"):
        write_table(Tracks.make(time_s=[1.0, 2.0]), path)
    assert len(read_table(Tracks, path)) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["tracks.parquet"]


def test_a_text_that_cannot_be_put_in_place_leaves_the_old_one_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    write_text(path, "old")

    def refuse(*_: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ChainhomeError, match="Permission denied"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_replaced_run_keeps_no_table_or_report_of_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    writer = RunWriter(folder, "first", {})
    writer.write(Tracks.make(time_s=[1.0]))
    writer.finish()
    writer.close()
    (folder / "report.html").write_text("old")
    second = RunWriter(folder, "second", {}, replace=True)
    assert read_run(folder).scenario_text == "first"
    second.finish()
    second.close()
    assert sorted(entry.name for entry in folder.iterdir()) == ["run.json", "scenario.toml"]
    assert read_run(folder).tables == {}


def test_an_incomplete_run_may_be_run_again_without_asking(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run", "first", {}).close()
    RunWriter(tmp_path / "run", "second", {}).finish()
    assert read_run(tmp_path / "run").scenario_text == "second"


def test_a_table_under_a_name_of_another_kind_is_refused(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", "x", {})
    with pytest.raises(ValueError, match="no table looks of kind Tracks"):
        writer.write(Tracks.make(0), "looks")
    with pytest.raises(ValueError, match="no table colours"):
        writer.write(Looks.make(0), "colours")

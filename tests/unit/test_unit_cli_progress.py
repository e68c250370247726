"""What commands tell on standard error, and where they write when nobody says where."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from chainhome.cli import progress
from chainhome.cli.folders import free_folder
from chainhome.cli.progress import Progress


def test_away_from_a_terminal_each_stage_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=False) as told:
        for share in (0.0, 0.5, 1.0):
            told.at("looking", share, detail=f"{share}")
        told.at("tracking")
        told.at("looking")
    assert capsys.readouterr().err == "looking …\ntracking …\n"


def test_what_is_expected_is_told_only_if_nothing_comes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE_S", 3600.0)
    with Progress(quiet=False) as told:
        told.expect("compiling")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "PATIENCE_S", 0.0)
    with Progress(quiet=False) as told:
        told.expect("compiling")
        shown, last = "", time.monotonic() + 10.0
        while not shown and time.monotonic() < last:
            shown = capsys.readouterr().err
    assert shown == "compiling …\n"


def test_a_quiet_command_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(quiet=True) as told:
        told.at("looking", 0.5)
    assert capsys.readouterr().err == ""


def test_on_a_terminal_one_line_carries_stage_and_detail(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with Progress(quiet=False) as told:
        told.at("tracking", detail="12 plots, 3 s")
        told.at("looking", 0.5)
    err = capsys.readouterr().err
    assert "looking" in err


def test_a_folder_that_exists_is_never_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a-seed1", "a-seed1-2", "a-seed1-3"):
        assert free_folder("a-seed1") == Path("runs") / name
        (tmp_path / "runs" / name).mkdir(parents=True)

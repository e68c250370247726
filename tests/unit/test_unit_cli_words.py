"""The words of the command line on poor terminals, and values that are none."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from chainhome.catalogue import load
from chainhome.cli import main
from chainhome.cli.parser import TOPICS
from chainhome.cli.text import PLAIN, one_line


@pytest.mark.parametrize(
    "words",
    [
        ["reach", "s-400", "--target=--"],
        ["reach", "s-400", "--target", "f-16", "--altitude=--"],
        ["coverage", "s-400", "--target", "f-16", "--site=--"],
        ["coverage", "s-400", "--target", "f-16", "--terrain=--"],
        ["catalogue", "turkey", "--date=--"],
        ["export", "run", "--csv=--"],
    ],
)
def test_two_dashes_are_no_value(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    option = words[-1].removesuffix("=--")
    assert capsys.readouterr().err == f'chainhome: {option}: "--" is not a value (chainhome {words[0]} --help)\n'


def test_a_stream_without_the_letters_gets_a_plain_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["catalogue", "turkey"]) == 0
    sys.stdout.flush()
    told = written.getvalue().decode("ascii")
    assert "- = not published" in told
    assert "?" not in told.split("sources\n")[0]
    assert "Mürted: 3.1–4 → 10 °, 雪".encode("ascii", PLAIN) == b"Murted: 3.1-4 -> 10  deg, ?"
    assert "\udcff".encode("utf-8", PLAIN) == b"?"


def test_what_is_given_cannot_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "a\nb\x1b[2J\u202e"), "--kml", "x"]) == 2
    error = capsys.readouterr().err
    assert r"a\nb\x1b[2J\u202e is not a run" in error
    assert error.count("\n") == 1
    assert one_line("Mürted 3.1–4\u00a0km") == "Mürted 3.1–4\u00a0km"


def test_help_of_the_catalogue_lists_its_topics(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["catalogue", "--help"])
    shown = capsys.readouterr().out.split()
    assert set(load().names("topic")) <= {word.strip("(),;") for word in shown}
    assert list(TOPICS) == sorted(load().names("topic"))
    assert load().names("history") == ["turkey"]

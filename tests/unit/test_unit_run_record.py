"""A run's record that somebody damaged is one sentence, whatever was done to it; what chainhome writes is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import exported_run as made
import pytest
import view_run
from hypothesis import given
from hypothesis import strategies as st

from chainhome.cli import main
from chainhome.errors import UseError
from chainhome.formats import read_run
from chainhome.formats.run_record import parse_record
from chainhome.view import payload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SUMMARY = {
    "answers": {"radars": "They do."},
    "radars": [{"target": "a", "sensor": "b", "first_detection_km": 3.0, "looks": 2, "pd_measured": 0.5}],
    "tracks": [{"target": "a", "flight_s": 10.0, "tracked_s": 5.0}],
    "gospa": {"mean_m": 1.0, "c_m": 5.0},
    "confusion": {"labels_true": ["x"], "labels_declared": ["y"], "as_fielded": [[1.0]]},
}


def whole() -> dict[str, Any]:
    return {**view_run.made_run().record, "summary": SUMMARY, "tables": ["tracks"]}


@pytest.mark.parametrize("text", ["{", "", "NaN", "[]", "[" * 100_000, '{"format": "chainhome run 1"}', "\ud800"])
@pytest.mark.parametrize("command", [["view", "--no-open"], ["export", "--html", "a.html"]])
def test_a_damaged_record_is_said_to_be_damaged(
    text: str, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made.write_run(Path("run"))
    Path("run/run.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert main([command[0], "run", *command[1:]]) == 2
    error = capsys.readouterr().err
    assert error.startswith("chainhome: run/run.json is damaged: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("entry", "value", "sentence"),
    [
        ("length_s", "10", "length_s is not a number"),
        ("length_s", 10**400, "length_s is not a number"),
        ("length_s", True, "length_s is not a number"),
        ("title", "\ud800", "title is not a text"),
        ("origin", "Ankara", "origin is not an object"),
        ("origin", {"lat_deg": 95.0, "lon_deg": 0.0}, "origin lat_deg is not between -90 and 90"),
        ("origin", {"lat_deg": 40.0}, "origin has no lon_deg"),
        ("summary", [], "summary is not an object"),
        ("summary", {"radars": [{"target": "a"}]}, "summary radars 1 has no sensor"),
        ("summary", {"confusion": {"labels_true": ["a"], "labels_declared": ["b"], "as_fielded": []}}, "1 rows of 1"),
        ("assumptions", 3, "assumptions is not a list"),
        ("versions", ["a"], "versions is not an object"),
        ("sources", ["a"], "sources 1 is not an object"),
        ("sources", None, "sources is not a list"),
    ],
)
def test_an_entry_of_the_wrong_kind_is_named(entry: str, value: Any, sentence: str, tmp_path: Path) -> None:
    folder = made.write_run(tmp_path / "run")
    record = json.loads((folder / "run.json").read_text(encoding="utf-8")) | {entry: value}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(UseError, match=rf"run\.json is damaged: .*{sentence}"):
        read_run(folder)


@given(st.data(), JSON)
def test_whatever_stands_in_the_record_it_is_read_or_refused(data: st.DataObject, value: Any) -> None:
    record = json.loads(json.dumps(whole()))
    place, key = record, data.draw(st.sampled_from(sorted(record)))
    while isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = value
    try:
        read = parse_record(json.dumps(record))
    except ValueError:
        return
    if read is not None:
        run = made.run(Path("made"))
        run.record.clear()
        run.record.update(read)
        assert payload.payload_words.method(run, [])["made"]
        assert payload.payload_words.results(run) is not None
        assert payload.payload_words.answers(run) is not None


def test_what_chainhome_writes_is_read() -> None:
    assert parse_record(json.dumps(whole())) == whole()


@pytest.mark.parametrize("finish", [True, False])
def test_a_missing_table_is_missed_in_a_complete_run_alone(
    finish: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made.write_run(tmp_path / "run", finish=finish)
    (folder / "tracks.parquet").unlink()
    for command in (["view", str(folder), "--no-open"], ["export", str(folder), "--kml", str(tmp_path / "a.kml")]):
        assert main(command) == (2 if finish else 0)
        error = capsys.readouterr().err
        assert (f"run.json names tracks, but {folder}/tracks.parquet is missing" in error) == finish

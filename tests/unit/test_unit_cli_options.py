"""The command line hands on what it is told: each option reaches the question, and each failure its exit code."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from chainhome import verify
from chainhome.cli import main, reach_command, run_answers, run_command, verify_command
from chainhome.errors import ChainhomeError, UseError
from chainhome.reach import DEFAULT_ALTITUDES_M, Question

REACH = ["reach", "s-400", "--target", "f-16"]


class _AskedError(Exception):
    """Carries what was asked out of a command."""


def asked(monkeypatch: pytest.MonkeyPatch, *options: str) -> Question:
    """Return the question that a command line asks."""
    questions: list[Question] = []

    def catch(question: Question, catalogue: object) -> None:
        questions.append(question)
        raise UseError("caught")

    monkeypatch.setattr(reach_command, "reach", catch)
    assert main([*REACH, *options]) == 2
    return questions[0]


def test_every_option_of_reach_reaches_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = asked(monkeypatch)
    assert plain.altitudes_m == DEFAULT_ALTITUDES_M
    assert (plain.detection_probability, plain.preset, plain.above_sea, plain.antenna_m) == (0.5, "middle", False, None)
    assert plain.terrain is not None
    assert not plain.vertical
    options = ["--pd", "0.9", "--preset", "sceptic", "--msl", "--antenna", "39 m", "--smooth", "--site", "sinop"]
    other = asked(monkeypatch, *options, "--altitude", "3000 ft", "--altitude", "5km")
    assert (other.detection_probability, other.preset, other.above_sea, other.antenna_m) == (0.9, "sceptic", True, 39.0)
    assert other.altitudes_m == (pytest.approx(914.4), 5_000.0)
    assert other.terrain is None
    assert "Sinop" in other.place.name


def test_default_altitudes_above_sea_level_leave_out_those_below_the_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(monkeypatch, "--msl")
    assert question.altitudes_m == tuple(h for h in DEFAULT_ALTITUDES_M if h > question.place.ground_m)
    assert len(question.altitudes_m) < len(DEFAULT_ALTITUDES_M)


def test_a_site_of_the_catalogue_stands_on_the_terrain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The antenna and what hides its targets stand on the same ground; without terrain the published height counts."""
    from chainhome import earth

    over, smooth = asked(monkeypatch).place, asked(monkeypatch, "--smooth").place
    assert over.ground_m == float(earth.terrain_height_m(earth.load_terrain(), over.lat_rad, over.lon_rad))
    assert smooth.ground_m == 843.0


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_verify_fails_with_exit_code_1_also_as_json(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [check for check in verify.all_checks() if check.passes][:1]
    monkeypatch.setattr(type(wrong[0]), "passes", property(lambda self: False))
    monkeypatch.setattr(verify_command, "all_checks", lambda: wrong)
    assert main(["verify", *options]) == 1
    assert "FAILS" in capsys.readouterr().out or options


def test_the_table_of_deliveries_says_that_nothing_is_covered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "turkey", "--date", "2019-11-25"]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("s-400")]
    assert "nothing" in row


def test_a_full_disk_is_a_failure_and_a_reader_that_went_away_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(arguments: argparse.Namespace) -> int:
        raise OSError(28, "No space left on device", "out.txt")

    monkeypatch.setattr("chainhome.cli.schema_command.run", full)
    assert main(["schema"]) == 1
    assert capsys.readouterr().err == "chainhome: out.txt: No space left on device\n"


def test_an_interrupt_outside_a_run_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(arguments: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("chainhome.cli.schema_command.run", stop)
    assert main(["schema"]) == 1


def started(monkeypatch: pytest.MonkeyPatch, *options: str) -> Any:
    """Return the scenario that `run` would simulate; nothing is simulated."""

    def catch(scenario: object, *_: object, **__: object) -> None:
        raise _AskedError(scenario)

    monkeypatch.setattr(run_command, "_simulate_and_write", catch)
    with pytest.raises(_AskedError) as caught:
        main(["run", "first-trial", "--json", *options])
    return caught.value.args[0]


def test_run_hands_on_the_preset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert started(monkeypatch, "--out", str(tmp_path / "a")).preset == "middle"
    assert started(monkeypatch, "--out", str(tmp_path / "b"), "--preset", "sceptic").preset == "sceptic"


def test_run_without_a_folder_takes_the_next_free_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(3):
        started(monkeypatch, "--seed", "4")
    names = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert names == ["first-trial-seed4", "first-trial-seed4-2", "first-trial-seed4-3"]


def test_run_replaces_a_complete_run_only_when_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from chainhome.formats import RunWriter, read_run

    RunWriter(tmp_path / "run", "mine", {}).finish()
    assert main(["run", "first-trial", "--out", str(tmp_path / "run")]) == 2
    assert "--replace" in capsys.readouterr().err
    assert read_run(tmp_path / "run").scenario_text == "mine"
    # It is taken away only when the new run has something to write, which this one never has.
    started(monkeypatch, "--out", str(tmp_path / "run"), "--replace")
    assert read_run(tmp_path / "run").scenario_text == "mine"


def test_a_run_that_fails_half_way_is_incomplete_and_its_record_is_in_degrees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ChainhomeError("half way")

    monkeypatch.setattr("chainhome.simulate.simulate", broken)
    assert main(["run", "first-trial", "--out", str(tmp_path / "run"), "--json"]) == 1
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "incomplete"
    assert record["origin"]["lat_deg"] == pytest.approx(40.0789, abs=0.01)
    assert record["origin"]["lon_deg"] == pytest.approx(32.5656, abs=0.01)


def summary() -> dict[str, Any]:
    """Return the part of a summary that the answers speak of."""
    radar = {"sensor": "R", "looks": 100, "predicted": 80.0, "first_detection_km": 90.0}
    radar |= {"passes": 400, "hidden": 300, "bound_before": "terrain"}
    followed = {"completeness": 0.5, "breaks": 2, "tracked_s": 600.0, "flight_s": 2400.0}
    return {
        "radars": [
            {**radar, "target": "THY1920", "detected": 70},
            {**radar, "target": "Airway 1", "detected": 60, "predicted": 50.0},
            {**radar, "target": "Airway 2", "detected": 40, "predicted": 30.0, "first_detection_km": 120.0},
        ],
        "tracks": [
            {**followed, "target": "THY1920", "allegiance": "neutral", "origin": "recorded"},
            {**followed, "target": "Airway 1", "allegiance": "neutral", "origin": "simulated"},
            {**followed, "target": "Airway 2", "allegiance": "neutral", "origin": "simulated"},
        ],
        "confusion": {
            "labels_true": ["friend", "neutral", "hostile"],
            "labels_declared": ["unknown", "friend", "neutral", "hostile"],
            "as_fielded": [[60.0, 40.0, 0.0, 0.0], [0.0, 0.0, 10.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
        },
    }


def test_the_two_answers_are_sums_of_the_scores() -> None:
    told = run_answers.answers(summary())
    assert "THY1920 is hidden on 75% of the beam's passes, tracked for 10 of 40 minutes of its flight" in told["radars"]
    assert "first detected at 90 km" in told["radars"]
    assert "170 of 300 looks" in told["radars"]
    assert "160 were predicted" in told["radars"]
    assert "friend for 40 of 100 seconds, neutral for 10 of 10 seconds (by filed plans)" in told["identity"]
    assert "hostile" not in told["identity"].split(". ")[0]


def test_what_was_in_view_from_its_start_has_no_range_of_first_detection() -> None:
    scores = summary()
    scores["radars"][0]["bound_before"] = None
    assert "first detected" not in run_answers.answers(scores)["radars"]


def test_a_run_in_which_nothing_is_seen_says_so() -> None:
    scores = summary()
    for entry in scores["radars"]:
        entry["looks"] = 0
    assert run_answers.answers(scores)["radars"] == "No target came into view of a radar."


def test_simulated_civil_traffic_is_one_row_and_the_recorded_flight_its_own() -> None:
    flight, traffic = run_answers.grouped(summary())
    assert flight["target"] == "THY1920"
    assert traffic["target"] == "civil traffic (2 flights)"
    assert (traffic["looks"], traffic["pd_measured"], traffic["pd_predicted"]) == (200, 0.5, 0.4)
    assert traffic["first"] == "90–120 km"

"""The command line: exit codes, one sentence for each mistake, JSON that parses, nothing overwritten."""

import json
from pathlib import Path

import pytest

from chainhome.cli import main, run_command
from chainhome.cli.parser import COMMANDS

COMMON = ["reach", "s-400", "--target", "f-16"]


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Return the one sentence on standard error of a use that is refused with exit code 2."""
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("chainhome: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["rech", "s-400"], 'command "rech" is not known; did you mean reach?'),
        ([], "the following arguments are required: COMMAND"),
        (["reach", "s-40", "--target", "f-16"], 'the catalogue has no system "s-40"; did you mean s-400'),
        (["reach", "s-400", "--target", "f16x"], "did you mean f-16"),
        (["reach", "s-400"], "--target"),
        ([*COMMON, "--altitude", "100 furlongz"], '"furlongz" is not a unit of length'),
        ([*COMMON, "--altitude=-100m"], "altitude -100 m above ground must be positive"),
        ([*COMMON, "--altitude", "-5km"], "altitude -5000 m above ground must be positive"),
        ([*COMMON, "--altitude", "1e400m"], "must be at most"),
        ([*COMMON, "--altitude", "3parsec"], "must be at most"),
        ([*COMMON, "--altitude", "100m 200m"], "is not a unit of length"),
        (["catalogue", "turkey", "--date", "20190101"], "is not a day"),
        ([*COMMON, "--antenna", "-3 m"], "--antenna"),
        ([*COMMON, "--altitude", "500m", "--msl"], "is below the ground at"),
        ([*COMMON, "--pd", "1.5"], "is not a probability"),
        ([*COMMON, "--preset", "optimist"], '--preset "optimist" is not known; expected headline, middle, sceptic'),
        ([*COMMON, "--site", "murtd"], "no such site; did you mean murted"),
        ([*COMMON, "--site", "132.5, 40.0"], "latitude comes first"),
        (["run", "frist-trial"], "did you mean first-trial"),
        (["run", "first-trial", "--seed", "-1"], "is not a seed"),
        (["catalogue", "s400x"], "did you mean"),
        (["catalogue", "s-400", "--date", "2019-09-30"], "has no dated deliveries; expected turkey"),
        (["catalogue", "turkey", "--date", "September"], "is not a day"),
    ],
)
def test_a_wrong_use_gets_one_sentence_and_exit_code_2(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sentence in refused(capsys, *argv)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"Example:\n  chainhome {command}" in capsys.readouterr().out


def test_reach_prints_only_a_json_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMON, "--smooth", "--json", "--altitude", "100m", "--altitude", "1 km"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["altitude_m"] for row in rows] == [100.0, 1000.0]
    assert rows[0]["detect"]["binding"] == "horizon"


def test_a_site_outside_the_terrain_says_so_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMON, "--site", "59.9, 10.7", "--altitude", "100m"]) == 0
    captured = capsys.readouterr()
    assert "lies outside the shipped terrain" in captured.err
    assert "detection ends at 61 km; the horizon binds" in captured.out


def test_an_out_folder_that_holds_something_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert "holds thesis.txt" in refused(capsys, *COMMON, "--out", str(tmp_path))
    assert "exists and is not a run" in refused(capsys, "run", "first-trial", "--out", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_ctrl_c_leaves_a_run_marked_incomplete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "_simulate_and_write", interrupted)
    folder = tmp_path / "run"
    assert main(["run", "first-trial", "--out", str(folder)]) == 1
    assert "interrupted" in capsys.readouterr().err
    assert json.loads((folder / "run.json").read_text())["status"] == "incomplete"


def test_the_catalogue_lists_everything_and_prints_the_source_of_a_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "--json"]) == 0
    keys = {item["key"] for item in json.loads(capsys.readouterr().out)}
    wanted = {"s-400", "s-500", "patriot", "hq-9", "nato-3d-radar", "shorad", "f-16", "f-35", "f-35-reflectors"}
    wanted |= {"f-4", "su-35", "airliner", "male-drone", "one-way-drone", "quadcopter", "cruise-missile"}
    wanted |= {"supersonic-cruise-missile", "ballistic-missile", "murted", "sinop", "turkey"}
    assert wanted <= keys
    assert main(["catalogue", "s-400", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    claims = {claim["claim"]: claim for claim in shown["claims"]}
    assert claims["headline_range"]["contested"]
    known = {source["key"] for source in shown["sources"]}
    assert all(set(claim["sources"]) <= known for claim in shown["claims"])
    assert main(["catalogue", "s-400"]) == 0
    assert "tass976849" in capsys.readouterr().out


def test_delivered_but_not_activated_covers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "turkey", "--date", "2019-11-25", "--json"]) == 0
    (s400,) = [row for row in json.loads(capsys.readouterr().out) if row["system"] == "s-400"]
    assert s400["delivered_units"] > 0
    assert not s400["covers"]


def test_verify_passes_and_tells_when_a_number_is_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["verify", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)
    assert len(checks) > 100
    assert {check["subject"] for check in checks} >= {"geometry", "radar equation", "detection", "attenuation"}
    from chainhome import earth

    right = earth.horizon_range_m
    monkeypatch.setattr(earth, "horizon_range_m", lambda *args: 1.01 * right(*args))
    assert main(["verify"]) == 1
    assert "FAILS" in capsys.readouterr().out


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "ScenarioWords"

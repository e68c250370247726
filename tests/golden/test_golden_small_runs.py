"""Runs with little in them: no comparison, nothing in view, nothing detected, two threads; each ends well."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from chainhome.catalogue import load as load_catalogue
from chainhome.cli import main
from chainhome.formats import read_run
from chainhome.scenario import parse
from chainhome.scenario.load import DATA
from chainhome.simulate import simulate

SMALL = """
title   = "small"
start   = 2024-05-01T06:00:00Z
length  = "3 min"
origin  = "murted"
terrain = "none"
false_alarms = {false_alarms}

[[battery]]
name   = "North"
system = "{system}"
site   = "40.0, 32.5"

[[aircraft]]
name       = "visitor"
class      = "su-35"
allegiance = "neutral"
start      = "{start}"
route = [
  {{ lat = {lat}, lon = 32.0, height = "9 km", speed = "500 kt" }},
  {{ lat = {lat}, lon = 34.0, height = "9 km", speed = "500 kt" }},
]
"""


@pytest.mark.parametrize(
    ("system", "lat", "start", "false_alarms"),
    [
        ("nato-3d-radar", 41.0, "0 s", 8),
        ("nato-3d-radar", 60.0, "0 s", 8),
        ("nato-3d-radar", 60.0, "0 s", 0),
        ("shorad", 41.0, "0 s", 8),
        ("s-400", 41.0, "1 h", 8),
    ],
)
def test_a_small_run_ends_well_and_has_its_page(
    system: str, lat: float, start: str, false_alarms: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(SMALL.format(system=system, lat=lat, start=start, false_alarms=false_alarms))
    assert main(["run", str(scenario), "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    run = read_run(tmp_path / "run")
    assert run.record["status"] == "complete"
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Traceback" not in page
    assert ">nan" not in page
    if start == "1 h":
        assert "visitor does not fly within the time of the run" in out
    elif lat == 60.0 or system == "shorad":
        assert "No target came into view of a radar." in out
    else:
        assert run.record["summary"]["tracks"][0]["completeness"] > 0.5


def test_a_run_that_is_replaced_stays_until_the_new_one_can_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(SMALL.format(system="nato-3d-radar", lat=41.0, start="0 s", false_alarms=0))
    bad.write_text(good.read_text().replace("lon = 34.0", "lon = 32.0"))
    assert main(["run", str(good), "--out", str(tmp_path / "run"), "--no-report", "--json"]) == 0
    before = sorted((path.name, path.read_bytes()) for path in (tmp_path / "run").iterdir())
    capsys.readouterr()
    assert main(["run", str(bad), "--out", str(tmp_path / "run"), "--replace"]) == 2
    assert "the same place" in capsys.readouterr().err
    assert sorted((path.name, path.read_bytes()) for path in (tmp_path / "run").iterdir()) == before


def test_threads_change_nothing() -> None:
    text = (DATA / "first-trial.toml").read_text(encoding="utf-8").replace('"150 min"', '"6 min"')
    scenario = parse(text, "short.toml", load_catalogue())
    alone = simulate(scenario, seed=11)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda seed: simulate(scenario, seed=seed), (11, 12)))
    for kind in ("looks", "detections", "tracks"):
        one, same, other = (getattr(tables, kind) for tables in (alone, *together))
        for name in one.columns():
            np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
        if kind == "detections":
            assert not np.array_equal(one.range_m, other.range_m)
    assert json.dumps(alone.summary) == json.dumps(together[0].summary)

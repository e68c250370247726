"""The first trial end to end, short: the tables agree with each other, and the same seed gives the same bytes."""

import json
from pathlib import Path

import numpy as np
import pytest

from chainhome.catalogue import load as load_catalogue
from chainhome.cli import main
from chainhome.formats import Run, read_run
from chainhome.scenario import parse
from chainhome.scenario.load import DATA
from chainhome.simulate import simulate
from chainhome.tables import ALLEGIANCES, LIMITS, ORIGINS, SECURE_REPLIES, Detections, Looks, Tracks

SHORT = (DATA / "first-trial.toml").read_text(encoding="utf-8").replace('"150 min"', '"25 min"')


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Run the trial twice with one seed and once with another."""
    base = tmp_path_factory.mktemp("runs")
    scenario = base / "short.toml"
    scenario.write_text(SHORT, encoding="utf-8")
    folders = []
    for name, seed, more in (("a", "1", []), ("b", "1", ["--no-report"]), ("c", "2", ["--no-report"])):
        assert main(["run", str(scenario), "--seed", seed, "--out", str(base / name), "--json", *more]) == 0
        folders.append(base / name)
    return folders


@pytest.fixture(scope="module")
def run(runs: list[Path]) -> Run:
    return read_run(runs[0])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(runs: list[Path]) -> None:
    names = sorted(path.name for path in runs[0].glob("*.parquet"))
    assert len(names) >= 10
    assert all((runs[0] / name).read_bytes() == (runs[1] / name).read_bytes() for name in names)
    assert (runs[0] / "detections.parquet").read_bytes() != (runs[2] / "detections.parquet").read_bytes()
    assert (runs[0] / "truth.parquet").read_bytes() == (runs[2] / "truth.parquet").read_bytes()


def test_the_spans_in_which_the_radars_look_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from chainhome.simulate import run as engine

    scenario = parse(SHORT.replace('"25 min"', '"10 min"'), "short.toml", load_catalogue())
    coarse = simulate(scenario, seed=5)
    monkeypatch.setattr(engine, "SPAN_S", 77.0)
    fine = simulate(scenario, seed=5)
    for kind in ("looks", "detections", "tracks"):
        first, second = getattr(coarse, kind), getattr(fine, kind)
        for name in first.columns():
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_the_run_folder_is_complete_and_its_record_tells_how_it_was_made(run: Run) -> None:
    record = run.record
    assert record["status"] == "complete"
    assert record["seed"] == 1
    assert record["epoch_utc"] == "2019-11-25T09:00:00Z"
    assert len(record["catalogue_hash"]) == 64
    assert set(record["tables"]) == set(run.tables)
    assert record["versions"]["chainhome"]
    assert any("THY1920" in note for note in record["assumptions"])


def test_every_plot_of_a_target_comes_from_a_look_that_found_or_heard_it(run: Run) -> None:
    plots, looks = run.tables["detections"], run.tables["looks"]
    assert isinstance(plots, Detections)
    assert isinstance(looks, Looks)
    real = plots[plots.target_id >= 0]
    key = {(s, t, round(time, 6)) for s, t, time in zip(looks.sensor_id, looks.target_id, looks.time_s, strict=True)}
    assert all((s, t, round(m, 6)) in key for s, t, m in zip(real.sensor_id, real.target_id, real.time_s, strict=True))
    hidden = np.isin(looks.limit, [LIMITS.index("terrain"), LIMITS.index("sector"), LIMITS.index("instrumented")])
    assert not looks.detected[hidden].any()
    assert (looks.detection_probability[hidden] == 0.0).all()
    assert np.all(np.diff(plots.time_s) >= 0.0)
    assert (plots.target_id == -1).any()


def test_each_radar_looks_once_a_period(run: Run) -> None:
    looks, sensors = run.tables["looks"], run.tables["sensors"]
    for sensor_id, period in zip(sensors.sensor_id, sensors.period_s, strict=True):  # type: ignore[attr-defined]
        rows = looks[looks.sensor_id == sensor_id]  # type: ignore[attr-defined, index]
        for target in np.unique(rows.target_id):
            mine = rows[rows.target_id == target].sorted_by("time_s")
            gaps = np.diff(mine.time_s)
            # Near the radar a target's azimuth runs fast; elsewhere only its life and the sector make other gaps.
            steady = gaps[(gaps < 1.9 * period) & (mine.range_m[1:] > 20e3)]
            assert np.all(np.abs(steady - period) < 0.2 * period)


def test_detections_agree_with_their_predicted_probability(run: Run) -> None:
    """The sum of n independent draws stays within four standard deviations of its mean."""
    looks = run.tables["looks"]
    assert isinstance(looks, Looks)
    p = looks.detection_probability
    deviation = abs(looks.detected.sum() - p.sum())
    assert deviation < 4.0 * np.sqrt((p * (1.0 - p)).sum())


def test_silence_is_never_hostile_and_a_shared_secure_mode_makes_friends(run: Run) -> None:
    confusion = run.record["summary"]["confusion"]
    hostile = confusion["labels_declared"].index("hostile")
    assert all(row[hostile] == 0.0 for case in ("as_fielded", "shared_secure_mode") for row in confusion[case])
    friend = confusion["labels_true"].index("friend")
    declared_friend = confusion["labels_declared"].index("friend")
    assert confusion["as_fielded"][friend][declared_friend] == 0.0
    shared = confusion["shared_secure_mode"][friend]
    assert shared[declared_friend] > 0.9 * sum(shared) > 0.0


def test_where_no_mode_and_key_are_shared_no_secure_reply_is_ever_heard(run: Run) -> None:
    plots = run.tables["detections"]
    assert isinstance(plots, Detections)
    assert not (plots.secure_reply == SECURE_REPLIES.index("valid")).any()


def test_the_recorded_flight_is_marked_and_followed(run: Run) -> None:
    targets = run.tables["targets"]
    row = targets.name == "THY1920"  # type: ignore[attr-defined]
    assert targets.origin[row].tolist() == [ORIGINS.index("recorded")]  # type: ignore[attr-defined]
    assert targets.allegiance[row].tolist() == [ALLEGIANCES.index("neutral")]  # type: ignore[attr-defined]
    told = {entry["target"]: entry for entry in run.record["summary"]["tracks"]}
    assert told["THY1920"]["completeness"] > 0.9


def test_tracks_are_near_the_truth(run: Run) -> None:
    tracks = run.tables["tracks"]
    assert isinstance(tracks, Tracks)
    assert np.all(np.linalg.eigvalsh(tracks.covariance) > 0.0)
    gospa = run.record["summary"]["gospa"]
    assert gospa["mean_missed"] < 0.5
    assert gospa["mean_false"] < 0.5


def test_the_report_is_one_file_that_asks_for_nothing(runs: list[Path]) -> None:
    page = (runs[0] / "report.html").read_text(encoding="utf-8")
    assert "<script src" not in page
    assert 'src="http' not in page
    assert "borrowed from 23 April 2020" in page
    assert not (runs[1] / "report.html").exists()


def test_the_scores_and_the_record_agree(run: Run) -> None:
    scores = run.tables["scores"]
    series = scores[scores.name == "gospa_m"]  # type: ignore[attr-defined, index]
    assert json.dumps(run.record["summary"]["gospa"]["mean_m"]) == json.dumps(float(np.mean(series.value)))

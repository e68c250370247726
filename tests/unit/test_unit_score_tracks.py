"""What `chainhome score` says of tracks as wholes: trajectory GOSPA, NEES, and limits that a radar can be held to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_plots import SENSORS, plots, truth

from chainhome import metrics
from chainhome.cli import main
from chainhome.formats import write_table
from chainhome.metrics import TrackSamples
from chainhome.process import score_tracks
from chainhome.process.score_recording import limits_for
from chainhome.process.score_tracks import honesty, trajectory_scores
from chainhome.tables import Sensors, Tracks, Truth

CUT_M, SWITCH_M = 5_000.0, 2_000.0
ROUNDING = 1e-9


def crowd(swapped_at: float = 50.0) -> tuple[TrackSamples, Truth, np.ndarray]:
    """Four aircraft a kilometre apart for 100 s, whose tracks exchange their numbers in pairs."""
    moments, ids = np.arange(100.0), np.arange(4)
    time, target = np.repeat(moments, 4), np.tile(ids, 100)
    x, y = 200.0 * time, 1_000.0 * target
    number = np.where(time < swapped_at, target, target ^ 1)
    rng = np.random.default_rng(2)
    place = np.column_stack([x, y, np.full(400, 8e3)])
    shown = TrackSamples(time, 10 + number, place + rng.normal(0.0, 50.0, place.shape), np.zeros((400, 3)))
    return shown, Truth.make(time_s=time, target_id=target, x_m=x, y_m=y, z_m=8e3), moments


def scored(shown: TrackSamples, at: Truth, moments: np.ndarray, axes: int = 3) -> dict[str, Any]:
    return trajectory_scores(shown, at, moments, axes=axes, c=CUT_M, gamma=SWITCH_M, p=2.0)


def test_tracks_that_exchange_their_numbers_cost_what_the_metric_says() -> None:
    shown, at, moments = crowd()
    found = scored(shown, at, moments, 2)
    points = np.column_stack([at.x_m, at.y_m])
    whole = metrics.trajectory_gospa(
        shown.time_s, shown.track_id, shown.position_m[:, :2], at.time_s, at.target_id, points, c=CUT_M, gamma=SWITCH_M
    )
    assert [found["rms_m"], found["rms_at_least_m"]] == pytest.approx([whole.distance_per_step] * 2)
    assert found["switches"] == pytest.approx(4.0)
    assert (found["every"], found["cuts"], found["moments"]) == (1, 0, 100)
    assert found["mean_missed"] == found["mean_false"] == pytest.approx(0.0, abs=ROUNDING)


def test_a_program_that_is_too_large_is_cut_in_time_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scored(*crowd())
    monkeypatch.setattr(score_tracks, "MOST_CELLS", 300)
    cut = scored(*crowd())
    assert cut["cuts"] >= 7
    assert cut["rms_at_least_m"] <= whole["rms_m"] + ROUNDING
    assert whole["rms_m"] <= cut["rms_m"] + ROUNDING


def test_where_many_pairs_are_contested_one_moment_in_some_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, at, moments = crowd()
    all_near_all = 16 * 100
    whole = scored(shown, at, moments)
    monkeypatch.setattr(score_tracks, "MOST_CONTESTED", all_near_all // 4)
    found = scored(shown, at, moments)
    assert (found["every"], found["moments"]) == (4, 25)
    assert found["switches"] == pytest.approx(4.0)
    # A switch costs a fourth as much as there are a fourth as many moments: the score stays what it is.
    ten_percent = 0.1
    assert found["rms_m"] == pytest.approx(whole["rms_m"], rel=ten_percent)
    # Aircraft that keep apart are not contested, however many.
    apart = replace(at, y_m=100.0 * at.y_m)
    moved = shown.position_m + np.column_stack([np.zeros(400), 99.0 * at.y_m, np.zeros(400)])
    assert scored(replace(shown, position_m=moved), apart, moments)["every"] == 1


def followed(sure: float = 1.0) -> tuple[Tracks, np.ndarray, Truth]:
    """Sixty targets that turn, a row each 4 s, with errors drawn from the covariance that their tracks state."""
    rng = np.random.default_rng(5)
    times, turn, speed = np.arange(0.0, 201.0, 4.0), 0.02, 200.0
    sigma = np.array([80.0, 40.0, 60.0, 8.0, 5.0, 3.0])
    mix = np.linalg.qr(rng.normal(size=(6, 6)))[0] * 0.3 + np.eye(6)
    root = np.diag(sigma) @ mix
    rows, flights = [], []
    for target in range(60):
        phase = rng.uniform(0.0, 6.0)
        for kept, at_s in ((rows, times + 1.7), (flights, np.arange(0.0, 210.0, 5.0))):
            angle = phase + turn * at_s
            circle = np.column_stack([np.sin(angle), 1.0 - np.cos(angle), np.zeros(len(angle))]) * speed / turn
            along = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(len(angle))]) * speed
            kept.append(np.column_stack([at_s, np.full(len(at_s), target), circle, along]))
    x, flown = np.concatenate(rows), np.concatenate(flights)
    x[:, 2:] += rng.normal(size=(len(x), 6)) @ root.T
    names = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
    tracks = Tracks.make(
        len(x), time_s=x[:, 0], track_id=x[:, 1].astype(int), detection_id=np.arange(len(x)), status=1,
        covariance=np.broadcast_to(root @ root.T / sure, (len(x), 6, 6)), **dict(zip(names, x[:, 2:].T, strict=True)),
    )  # fmt: skip
    there = Truth.make(
        len(flown), time_s=flown[:, 0], target_id=flown[:, 1].astype(int),
        **dict(zip(names, flown[:, 2:].T, strict=True)),
    )  # fmt: skip
    return tracks, tracks.track_id, there


def told(tracks: Tracks, owner: np.ndarray, there: Truth) -> dict[str, Any]:
    return honesty(tracks, owner, there, period_s=4.0, near_m=CUT_M, gap_s=30.0)


def test_honest_covariances_are_found_honest_and_small_ones_too_sure() -> None:
    honest, sure = told(*followed()), told(*followed(sure=4.0))
    assert honest["nees"]["holds"]
    assert honest["nees_horizontal"]["holds"]
    assert (honest["nees"]["degrees_of_freedom"], honest["nees"]["of"]) == (6, "position and velocity")
    assert sure["nees"]["mean"] == pytest.approx(4.0 * honest["nees"]["mean"])
    assert not sure["nees"]["holds"]
    # Samples begin half of 40 s after the first row, 40 s apart: at 20, 60, 100, 140 and 180 s of 200.
    assert (honest["samples_apart_s"], honest["nees"]["samples"], honest["nees"]["left_out"]) == (40.0, 5 * 60, 0)


def test_without_velocity_in_the_truth_it_is_of_position_and_says_so() -> None:
    tracks, owner, there = followed()
    nan = np.full(len(there), np.nan)
    still = told(tracks, owner, replace(there, vx_mps=nan, vy_mps=nan, vz_mps=nan))
    assert (still["nees"]["degrees_of_freedom"], still["nees"]["of"]) == (3, "position")
    # A truth every 5 s of a turn of 4 m/s2: straight lines between its rows would be off by 12 m.
    with_velocity = told(tracks, owner, there)
    two_percent = 0.02
    assert still["nees_horizontal"]["mean"] == pytest.approx(with_velocity["nees_horizontal"]["mean"], rel=two_percent)


def test_rows_that_cannot_be_judged_are_left_out_and_counted() -> None:
    tracks, owner, there = followed()
    covariance = tracks.covariance.copy()
    covariance[tracks.track_id == 0] = np.nan
    covariance[tracks.track_id == 1, 0, 0] = -1.0
    x = np.where(tracks.track_id == 2, tracks.x_m + 2.0 * CUT_M, tracks.x_m)
    found = told(replace(tracks, covariance=covariance, x_m=x), owner, there)
    assert (found["nees"]["samples"], found["nees"]["left_out"]) == (5 * 57, 5 * 3)
    nobody = told(tracks, np.full(len(tracks), -1), there)
    assert (nobody["nees"]["mean"], nobody["nees"]["samples"], nobody["nees"]["holds"]) == (None, 0, None)
    coasted = told(replace(tracks, detection_id=np.full(len(tracks), -1)), owner, there)
    assert coasted["nees"]["samples"] == 0


@pytest.mark.parametrize(
    ("periods", "period_s", "judged"),
    [
        ([4.0], 8.0, True),
        ([8.2], 8.0, True),
        ([8.3], 8.3, False),
        ([12.0, 12.0], 8.0, True),
        ([20.0, 20.0], 10.0, False),
    ],
)
def test_a_radar_that_cannot_reach_a_limit_is_not_held_to_it(
    periods: list[float], period_s: float, judged: bool
) -> None:
    limits, why = limits_for(Sensors.make(sensor_id=np.arange(len(periods)), period_s=periods))
    assert limits.period_s == pytest.approx(period_s)
    assert np.isfinite(limits.update_probability) == judged
    assert (why == "") == judged
    assert limits.position_error_rms_m == 350.0


def test_the_command_prints_both_and_says_why_a_limit_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_table(plots(), Path("plots.parquet"))
    write_table(truth(), Path("truth.parquet"))
    for name, period in (("quick", "5 s"), ("slow", "10 s")):
        Path("sensors.toml").write_text(SENSORS.replace('period = "5 s"', f'period = "{period}"'), encoding="utf-8")
        argv = ["track", "plots.parquet", "--sensors", "sensors.toml", "--method", "gnn", "--out", name]
        assert main(argv) == 0
    capsys.readouterr()
    rows = {}
    for name in ("quick", "slow"):
        assert main(["score", name, "--truth", "truth.parquet", "--json"]) == 0
        scores = json.loads(capsys.readouterr().out)
        rows[name] = {row["name"]: row for row in scores["ed142"]}["update_probability"]
        for key in ("trajectory_gospa", "trajectory_gospa_horizontal"):
            assert scores[key]["rms_m"] >= scores[key.removeprefix("trajectory_")]["rms_m"] - ROUNDING
        assert scores["nees"]["samples"] > 3
        assert scores["nees"]["low"] < 6.0 < scores["nees"]["high"]
    assert (rows["quick"]["limit"], rows["quick"]["period_s"], rows["quick"]["why_no_limit"]) == (0.97, 8.0, "")
    assert (rows["slow"]["limit"], rows["slow"]["met"], rows["slow"]["period_s"]) == (None, None, 10.0)
    monkeypatch.setattr(score_tracks, "MOST_CONTESTED", 1)
    assert main(["score", "slow", "--truth", "truth.parquet"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "trajectory GOSPA, rms" in out
    assert "of position and velocity; honest:" in out
    assert "update probability: a look every 10 s cannot update 97 % of periods of 8 s" in out

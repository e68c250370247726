"""`chainhome track --register`: biases that were put on the plots of two radars are found, told and taken off."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from recorded_plots import SENSORS, WORLD, plots

from chainhome import earth
from chainhome.cli import main
from chainhome.formats import read_table, write_table
from chainhome.formats.detections_file import write_detections_csv
from chainhome.scenario.sensors_file import parse_sensors
from chainhome.tables import Detections

FLAT = SENSORS.replace('sigma_elevation = "0.3 deg"\n', "").replace("clutter_per_scan = 3", "clutter_per_scan = 0.1")
SOUTH = FLAT.replace("North", "South").replace("lat = 40.0", "lat = 39.3").replace("lon = 32.5", "lon = 32.9")
RANGE_BIAS_M, AZIMUTH_BIAS_RAD = 250.0, np.radians(0.2)


def two_radars(bias: float) -> Detections:
    """Forty aircraft on straight lines, seen by both radars every 5 s; the second one's plots are biased."""
    rng = np.random.default_rng(5)
    watch = parse_sensors(FLAT + SOUTH, "two.toml")
    start = np.column_stack([rng.uniform(-120e3, 120e3, (40, 2)), rng.uniform(7e3, 11e3, 40)])
    heading = rng.uniform(0, 2 * np.pi, 40)
    velocity = 220.0 * np.column_stack([np.sin(heading), np.cos(heading), np.zeros(40)])
    parts = []
    for row in range(2):
        s = watch.sensors
        frame = earth.enu_frame(np.radians(s.lat_deg[row]), np.radians(s.lon_deg[row]), s.height_m[row])
        for scan in range(24):
            time = 5.0 * scan + rng.uniform(0, 5, 40)
            position = start + velocity * time[:, None]
            range_m, azimuth, _ = earth.measure(position, frame, WORLD)
            height = earth.enu_to_geodetic(WORLD, position)[2]
            seen = (rng.random(40) < 0.9) & (range_m < 199e3)
            parts.append(
                Detections.make(
                    int(seen.sum()),
                    time_s=time[seen],
                    sensor_id=row,
                    kind=2,
                    range_m=(range_m + 50.0 * rng.standard_normal(40) + bias * row * RANGE_BIAS_M)[seen],
                    azimuth_rad=np.mod(
                        azimuth + np.radians(0.15) * rng.standard_normal(40) + bias * row * AZIMUTH_BIAS_RAD, 2 * np.pi
                    )[seen],
                    flight_level_m=height[seen],
                    mode_s_address=0x400000 + np.flatnonzero(seen),
                )
            )
    return Detections.concat(parts).sorted_by("time_s")


def test_biases_that_were_put_on_are_found_and_taken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.toml").write_text(FLAT + SOUTH, encoding="utf-8")
    write_table(two_radars(1.0), tmp_path / "biased.parquet")
    argv = ["track", "biased.parquet", "--sensors", "two.toml", "--out", "run", "--register"]
    assert main([*argv, "--json"]) == 0
    north, south = json.loads(capsys.readouterr().out)["biases"]
    four_sigma = 4.0
    for entry, bias in ((north, 0.0), (south, 1.0)):
        apart_m = entry["range_bias_m"] - bias * RANGE_BIAS_M
        assert abs(apart_m) < four_sigma * entry["range_bias_sigma_m"]
        apart_deg = entry["azimuth_bias_deg"] - bias * np.degrees(AZIMUTH_BIAS_RAD)
        assert abs(apart_deg) < four_sigma * entry["azimuth_bias_sigma_deg"]
        one_beam_deg = 0.05
        assert entry["azimuth_bias_sigma_deg"] < one_beam_deg
    tracked = read_table(Detections, tmp_path / "run" / "detections.parquet")
    assert len(tracked) == len(two_radars(1.0))
    clean = two_radars(0.0)
    mine, truth = (np.sort(table.range_m[table.sensor_id == 1]) for table in (tracked, clean))
    assert abs(np.mean(mine - truth)) < four_sigma * south["range_bias_sigma_m"]
    assert main([*argv, "--replace"]) == 0
    assert "biases of the radars" in capsys.readouterr().out


def test_registration_needs_two_radars_and_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.toml").write_text(SENSORS, encoding="utf-8")
    (tmp_path / "two.toml").write_text(FLAT + SOUTH, encoding="utf-8")
    write_detections_csv(plots(addresses=False), tmp_path / "plots.csv")
    assert main(["track", "plots.csv", "--sensors", "one.toml", "--register"]) == 2
    assert "expected two or more sensors" in capsys.readouterr().err
    assert main(["track", "plots.csv", "--sensors", "two.toml", "--register"]) == 2
    assert "no plot of plots.csv has one" in capsys.readouterr().err
    assert not list(tmp_path.glob("runs/*"))

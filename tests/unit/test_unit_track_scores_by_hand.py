"""The scores of one small recording, counted again by hand: plain loops over its tables, plot by plot."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_plots import SENSORS, WORLD

from chainhome import earth
from chainhome.cli import main
from chainhome.formats import read_table, write_table
from chainhome.tables import TRACK_STATUSES, Detections, Tracks, Truth

CONFIRMED = TRACK_STATUSES.index("confirmed")
ADDRESSES = (0x4B1805, 0x3C6589, 0x400D01)
PERIOD_S, SCANS = 5.0, 80
# Two aircraft side by side, 400 m apart at 110 km, where one sigma of azimuth is 290 m; one silent for two minutes.
START_M = np.array([[110e3, 0.0, 9e3], [110e3, 400.0, 9e3], [-60e3, 30e3, 8e3]])
VELOCITY_MPS = np.array([[-120.0, 0.0, 0.0], [-120.0, 0.0, 0.0], [150.0, 80.0, 0.0]])
SILENT_S = (150.0, 270.0)
rounding = 1e-9


def recording(seed: int = 5) -> tuple[Detections, Truth]:
    """What a radar reports of the three, with false plots, and where they are every second."""
    rng = np.random.default_rng(seed)
    sigma = np.array([50.0, np.radians(0.15), np.radians(0.3)])
    rows = []
    for scan in range(SCANS):
        for target in range(3):
            bearing = np.arctan2(*(START_M + VELOCITY_MPS * scan * PERIOD_S)[target, :2]) % (2 * np.pi)
            time_s = (scan + bearing / (2 * np.pi)) * PERIOD_S
            silent = target == 2 and SILENT_S[0] < time_s < SILENT_S[1]
            if silent or rng.random() > 0.9:
                continue
            place = (START_M[target] + VELOCITY_MPS[target] * time_s)[None]
            where = np.column_stack(earth.measure(place, WORLD, WORLD))[0] + sigma * rng.standard_normal(3)
            rows.append((time_s, *where, target, ADDRESSES[target]))
        for bearing in 2 * np.pi * rng.random(2):
            time_s = (scan + bearing / (2 * np.pi)) * PERIOD_S
            rows.append((time_s, 5e3 + 190e3 * rng.random(), bearing, 0.2 * rng.random(), -1, -1))
    table = np.array(sorted(rows)).T
    plots = Detections.make(
        time_s=table[0], detection_id=np.arange(len(rows)), sensor_id=0, kind=2, range_m=table[1],
        azimuth_rad=table[2] % (2 * np.pi), elevation_rad=table[3],
        target_id=table[4].astype(int), mode_s_address=table[5].astype(int),
    )  # fmt: skip
    moments = np.arange(0.0, SCANS * PERIOD_S)
    place = START_M[:, None] + VELOCITY_MPS[:, None] * moments[None, :, None]
    x, y, z = place.reshape(-1, 3).T
    vx, vy, vz = np.repeat(VELOCITY_MPS, len(moments), axis=0).T
    ids = np.repeat(np.arange(3), len(moments))
    truth = Truth.make(time_s=np.tile(moments, 3), target_id=ids, x_m=x, y_m=y, z_m=z, vx_mps=vx, vy_mps=vy, vz_mps=vz)
    return plots, truth.sorted_by("time_s", "target_id")


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording, tracked by nearest neighbour with the addresses hidden, and its truth beside it."""
    folder = tmp_path_factory.mktemp("by_hand")
    plots, truth = recording()
    write_table(plots, folder / "plots.parquet")
    names = ("time_s", "target_id", "x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
    lines = [",".join(map(repr, row)) for row in zip(*(getattr(truth, n).tolist() for n in names), strict=True)]
    (folder / "truth.csv").write_text("\n".join([",".join(names), *lines]) + "\n", encoding="utf-8")
    (folder / "sensors.toml").write_text(SENSORS, encoding="utf-8")
    argv = ["track", str(folder / "plots.parquet"), "--sensors", str(folder / "sensors.toml")]
    assert main([*argv, "--out", str(folder / "run"), "--method", "gnn", "--hide-address", "--json"]) == 0
    return folder


def scored(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["score", *argv, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def rows_of(folder: Path) -> tuple[list[dict[str, Any]], dict[int, dict[str, Any]]]:
    """Return the rows of the tracks in the order of time, and the plots by their number, as dictionaries."""
    tracks = read_table(Tracks, folder / "run" / "tracks.parquet").sorted_by("time_s", "track_id")
    plots = read_table(Detections, folder / "run" / "detections.parquet")
    names = ("time_s", "track_id", "detection_id", "status", "x_m", "y_m")
    rows = [
        dict(zip(names, row, strict=True)) for row in zip(*(getattr(tracks, n).tolist() for n in names), strict=True)
    ]
    names = ("detection_id", "time_s", "mode_s_address", "target_id")
    said = [
        dict(zip(names, row, strict=True)) for row in zip(*(getattr(plots, n).tolist() for n in names), strict=True)
    ]
    return rows, {plot["detection_id"]: plot for plot in said}


def owners(rows: list[dict[str, Any]], plots: dict[int, dict[str, Any]], name: str) -> dict[int, Counter[int]]:
    """Return for each track that was ever confirmed what its plots are of, by `name`."""
    ever = {row["track_id"] for row in rows if row["status"] == CONFIRMED}
    votes: dict[int, Counter[int]] = {track: Counter() for track in ever}
    for row in rows:
        if row["track_id"] in ever and row["detection_id"] >= 0:
            votes[row["track_id"]][plots[row["detection_id"]][name]] += 1
    return votes


def switches(rows: list[dict[str, Any]], plots: dict[int, dict[str, Any]], name: str) -> int:
    """Return how often the next plot of a target went to another confirmed track than the one before."""
    before: dict[int, int] = {}
    count = 0
    for row in rows:
        if row["status"] != CONFIRMED or row["detection_id"] < 0:
            continue
        target = plots[row["detection_id"]][name]
        if target >= 0:
            count += before.get(target, row["track_id"]) != row["track_id"]
            before[target] = row["track_id"]
    return count


def test_scores_by_address_are_what_counting_the_plots_gives(tracked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = scored(capsys, str(tracked / "run"), "--by-address")
    rows, plots = rows_of(tracked)
    votes = owners(rows, plots, "mode_s_address")
    fed = {track: Counter({key: n for key, n in count.items() if key >= 0}) for track, count in votes.items()}
    fed = {track: count for track, count in fed.items() if count}
    taken = {row["detection_id"] for row in rows if row["status"] == CONFIRMED and row["detection_id"] >= 0}
    replied = {key for key, plot in plots.items() if plot["mode_s_address"] >= 0}
    pure = sum(max(count.values()) for count in fed.values()) / sum(sum(count.values()) for count in fed.values())
    # The story is one in which each of these could be wrong.
    assert pure < 1.0
    assert len(replied & taken) < len(replied)
    assert switches(rows, plots, "mode_s_address") > 0
    assert abs(found["purity"] - pure) < rounding
    assert abs(found["completeness"] - len(replied & taken) / len(replied)) < rounding
    assert found["id_switches"] == switches(rows, plots, "mode_s_address")
    assert (found["addresses"], found["plots"], found["tracks"]) == (3, len(replied), len(fed))
    assert found["plots_without_address"] == len(plots) - len(replied)
    # Silent for two minutes, and there again under another number: a switch, and no break, since nobody could see it.
    silent = next(entry for entry in found["worst"] if entry["address"] == f"{ADDRESSES[2]:06x}")
    assert (silent["switches"], silent["breaks"]) == (1, 0)


def test_the_table_in_the_style_of_ed142_is_what_counting_the_updates_gives(
    tracked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = scored(capsys, str(tracked / "run"), "--truth", str(tracked / "truth.csv"))
    rows, plots = rows_of(tracked)
    first_s, last_s = (f(plot["time_s"] for plot in plots.values()) for f in (min, max))
    # The truth is every second, so the moments of the table, four seconds apart, are those of a whole second from it.
    begin = float(np.ceil(first_s))
    lives = {target: (begin, begin + 4.0 * np.floor((np.floor(last_s) - begin) / 4.0)) for target in range(3)}
    owner = {track: winner(count) for track, count in owners(rows, plots, "target_id").items()}
    updates = [row for row in rows if row["status"] == CONFIRMED and row["detection_id"] >= 0]
    errors, held = [], set()
    for row in updates:
        target = owner[row["track_id"]]
        if target < 0 or not lives[target][0] <= row["time_s"] <= lives[target][1]:
            continue
        there = START_M[target] + VELOCITY_MPS[target] * row["time_s"]
        errors.append(np.hypot(row["x_m"] - there[0], row["y_m"] - there[1]))
        held.add((target, int((row["time_s"] - begin) // 8.0)))
    whole = int((lives[0][1] - begin) // 8.0)
    held = {(target, period) for target, period in held if period < whole}
    false = sum(owner[row["track_id"]] < 0 for row in updates)
    by_name = {row["name"]: row for row in found["ed142"]}
    assert 0 < len(held) < 3 * whole
    assert by_name["update_probability"]["n"] == 3 * whole
    assert abs(by_name["update_probability"]["value"] - len(held) / (3 * whole)) < rounding
    assert abs(by_name["false_share"]["value"] - false / len(updates)) < rounding
    millimetre = 1e-3
    assert abs(by_name["position_error_rms_m"]["value"] - np.sqrt(np.mean(np.square(errors)))) < millimetre
    assert by_name["position_error_rms_m"]["n"] == len(errors)
    assert found["targets"]["switches"] == switches(rows, plots, "target_id")


def winner(votes: Counter[int]) -> int:
    """Return the target of most plots; a tie goes to a target before false alarms, then to the smaller number."""
    return min(votes, key=lambda target: (-votes[target], target < 0, target)) if votes else -1

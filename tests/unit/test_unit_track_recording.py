"""A recording is followed in bounded memory: in any pieces the same tracks, and what is read is what is tracked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorded_plots import SENSORS, WORLD, plots, truth

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import read_table, write_table
from chainhome.formats.detections_file import Piece, write_detections_csv
from chainhome.formats.parquet import TableStream
from chainhome.process import follow as following
from chainhome.process.follow import Account, clutter_density, follow
from chainhome.process.recording import Recording, SensorsNeededError
from chainhome.process.recording_input import open_recording
from chainhome.process.score_recording import in_cover, score_against_truth
from chainhome.process.truth_file import read_truth
from chainhome.scenario.sensors_file import parse_sensors
from chainhome.tables import TRACK_STATUSES, Detections, Tracks, Truth

WATCH = parse_sensors(SENSORS, "sensors.toml")


def recording_of(table: Detections, size: int) -> Recording:
    def pieces() -> Iterator[Piece]:
        for start in range(0, max(len(table), 1), size):
            part = table[start : start + size]
            yield Piece(part, {"rows": len(part)})

    return Recording(Path("plots.csv"), "plots", WATCH, pieces)


def followed(recording: Recording, **more: object) -> tuple[Detections, Tracks, Account]:
    accounts: list[Account] = []
    steps = list(follow(recording, done=accounts.append, **more))  # type: ignore[arg-type]
    tracks = Tracks.concat([step.tracks for step in steps])
    return Detections.concat([step.detections for step in steps]), tracks, accounts[0]


def confirmed(tracks: Tracks) -> set[int]:
    return set(tracks.track_id[tracks.status == TRACK_STATUSES.index("confirmed")].tolist())


def test_three_aircraft_are_three_confirmed_tracks() -> None:
    table = plots()
    out, tracks, account = followed(recording_of(table, 1_000))
    assert len(confirmed(tracks)) == 3
    assert (account.rows, account.tracked, account.left_out) == (len(table), len(table), {})
    assert np.array_equal(out.range_m, table.range_m)
    assert account.sensors == {0: len(table)}
    known = np.isin(tracks.detection_id, out.detection_id) | (tracks.detection_id == -1)
    assert known.all()


@pytest.mark.parametrize(("size", "keep", "step"), [(7, 50, 11), (100, 30, 1), (1_000, 400_000, 20_000)])
def test_a_recording_in_pieces_gives_the_same_tracks_as_the_whole(
    monkeypatch: pytest.MonkeyPatch, size: int, keep: int, step: int
) -> None:
    table = plots()
    _, whole, _ = followed(recording_of(table, len(table)))
    monkeypatch.setattr(following, "STEP_PLOTS", step)
    _, tracks, _ = followed(recording_of(table, size), keep=keep)
    for name in tracks.columns():
        np.testing.assert_array_equal(getattr(tracks, name), getattr(whole, name), err_msg=name)


def test_a_shuffled_recording_with_doubles_gives_the_same_tracks() -> None:
    table = plots()
    _, whole, _ = followed(recording_of(table, 50))
    rng = np.random.default_rng(2)
    mixed = table[np.concatenate([rng.permutation(len(table)), rng.integers(0, len(table), 30)])]
    out, tracks, account = followed(recording_of(mixed, 50))
    assert account.left_out == {"duplicates": 30}
    assert np.array_equal(out.time_s, table.time_s)
    assert np.array_equal(tracks.x_m, whole.x_m)


def test_hidden_addresses_change_nothing_but_the_tracker() -> None:
    out, tracks, _ = followed(recording_of(plots(), 1_000), hide_address=True)
    assert (out.mode_s_address >= 0).any()
    _, same, _ = followed(recording_of(plots(addresses=False), 1_000), hide_address=True)
    assert np.array_equal(tracks.x_m, same.x_m)


def test_a_radar_without_a_place_gives_tracks_without_latitude() -> None:
    unplaced = parse_sensors(SENSORS.replace("lat = 40.0\n", "").replace("lon = 32.5\n", ""), "sensors.toml")
    _, tracks, _ = followed(replace(recording_of(plots(), 1_000), watch=unplaced))
    assert np.isnan(tracks.lat_deg).all()
    assert len(confirmed(tracks)) == 3


def test_a_radar_is_not_blamed_for_what_lies_beside_its_sector() -> None:
    """A second radar, at the same place, watches ten degrees of empty sky: it takes no existence from the tracks."""
    second = SENSORS.replace('"North"', '"Narrow"') + 'sector = "10 deg"\nboresight = "225 deg"\n'
    table = plots()
    rng = np.random.default_rng(4)
    n = 200
    false = Detections.make(
        n, time_s=np.sort(rng.uniform(0.0, 200.0, n)), sensor_id=1, kind=0, range_m=rng.uniform(5e3, 195e3, n),
        azimuth_rad=np.radians(rng.uniform(221.0, 229.0, n)), elevation_rad=rng.uniform(0.0, 0.2, n),
    )  # fmt: skip
    both = Detections.concat([table, false]).sorted_by("time_s")
    watch = parse_sensors(SENSORS + second, "sensors.toml")
    least = []
    for recording in (recording_of(table, 1_000), replace(recording_of(both, 1_000), watch=watch)):
        out, tracks, account = followed(recording)
        assert account.left_out == {}
        assert (out.sensor_id == 0).sum() == len(table)
        of_aircraft = np.isin(tracks.track_id, list(confirmed(tracks))) & (tracks.time_s > 50.0)
        least.append(np.quantile(tracks.existence[of_aircraft], 0.01))
    other_slices = 1e-4
    assert least[0] > 0.9
    assert least[1] == pytest.approx(least[0], abs=other_slices)


def test_clutter_spreads_over_what_the_sensor_covers() -> None:
    volume = 2 * np.pi * (200e3 - 1_000.0) * np.radians(20.0)
    assert clutter_density(WATCH)[0] == pytest.approx(3 / volume)
    flat = parse_sensors(SENSORS.replace('sigma_elevation = "0.3 deg"\n', ""), "sensors.toml")
    assert clutter_density(flat)[0] == pytest.approx(3 / (2 * np.pi * (200e3 - 1_000.0)))


def test_what_the_input_is_shows_in_its_columns_and_its_name(tmp_path: Path) -> None:
    sensors = tmp_path / "sensors.toml"
    sensors.write_text(SENSORS, encoding="utf-8")
    write_detections_csv(plots(), tmp_path / "plots.csv")
    write_table(plots(), tmp_path / "plots.parquet")
    for name in ("plots.csv", "plots.parquet"):
        opened = open_recording(tmp_path / name, sensors)
        assert opened.what == "plots"
        assert sum(len(piece.detections) for piece in opened.pieces()) == len(plots())
    with pytest.raises(SensorsNeededError, match="plots need to know who looked: give --sensors FILE") as asked:
        open_recording(tmp_path / "plots.csv")
    assert "id = 0" in asked.value.template
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UseError, match=r"neither plots .* its columns are a, b"):
        open_recording(tmp_path / "other.csv", sensors)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ChainhomeError, match="is empty"):
        open_recording(tmp_path / "empty.csv", sensors)
    with pytest.raises(UseError, match="is not a run; expected a folder with run"):
        open_recording(tmp_path, sensors)


def test_adsb_needs_no_sensors_file_and_refuses_one_without_a_receiver(tmp_path: Path) -> None:
    rows = [f"{1_714_543_200 + 5 * n},4b1805,{47.0 + 0.001 * n},8.0,200,0,9000,9100\n" for n in range(30)]
    path = tmp_path / "vectors.csv"
    path.write_text("time,icao24,lat,lon,velocity,heading,baroaltitude,geoaltitude\n" + "".join(rows), encoding="utf-8")
    opened = open_recording(path)
    assert opened.watch.sensors.period_s.tolist() == [5.0]
    assert np.degrees(opened.watch.world.lat_rad) == pytest.approx(47.0)
    _, tracks, account = followed(opened)
    assert len(confirmed(tracks)) == 1
    assert account.epoch_unix_s == 1_714_521_600
    last = tracks[tracks.time_s == tracks.time_s.max()]
    fifty_metres_deg = 50.0 / 111e3
    assert abs(last.lat_deg[0] - 47.029) < fifty_metres_deg
    sensors = tmp_path / "sensors.toml"
    sensors.write_text(SENSORS, encoding="utf-8")
    with pytest.raises(UseError, match="the sensors file has 0 of that kind"):
        open_recording(path, sensors)


def test_truth_is_read_by_place_or_by_frame_and_its_gaps_are_counted(tmp_path: Path) -> None:
    there = truth()
    write_table(there, tmp_path / "truth.parquet")
    read, left_out = read_truth(tmp_path / "truth.parquet", WORLD, np.nan)
    assert (len(read), left_out) == (len(there), {})
    lines = ["time_utc,target_id,lat_deg,lon_deg,altitude_m"]
    for row in range(50):
        lines.append(f"1970-01-01T00:00:{there.time_s[row]:06.3f}Z,{there.target_id[row]},"
                     f"{there.lat_deg[row]!r},{there.lon_deg[row]!r},{there.altitude_m[row]!r}")  # fmt: skip
    lines = [
        lines[0],
        *(line.replace("np.float64(", "").replace(")", "") for line in lines[1:]),
        ",3,40,32,9000",
        lines[1],
    ]
    path = tmp_path / "truth.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read, left_out = read_truth(path, WORLD, 0.0)
    assert (len(read), left_out) == (50, {"incomplete": 2})
    same = there[:50].sorted_by("target_id", "time_s")
    micrometre = 1e-6
    assert np.abs(read.x_m - same.x_m).max() < micrometre
    with pytest.raises(UseError, match="the run does not say when it was"):
        read_truth(path, WORLD, np.nan)
    with pytest.raises(UseError, match="the run does not know where its frame lies"):
        read_truth(path, None, 0.0)


def test_targets_that_report_at_their_own_times_are_scored_at_common_ones() -> None:
    there = truth()
    rng = np.random.default_rng(3)
    apart = there[rng.random(len(there)) < 0.5]
    offset = 0.001 * (1 + apart.target_id)
    moved = replace(apart, time_s=apart.time_s + offset, x_m=apart.x_m + apart.vx_mps * offset,
                    y_m=apart.y_m + apart.vy_mps * offset)  # fmt: skip
    out, tracks, _ = followed(recording_of(plots(), 1_000))
    common, own = (score_against_truth(out, tracks, table, WATCH) for table in (there, moved))
    assert own["siap"]["spuriousness"] == pytest.approx(common["siap"]["spuriousness"], abs=0.02)
    five_percent = 0.05
    assert own["gospa"]["mean_m"] == pytest.approx(common["gospa"]["mean_m"], rel=five_percent)
    assert common["ed142"][0]["n"] > 50


def test_cover_ends_at_the_instrumented_range_and_at_the_horizon() -> None:
    # The antenna is at 900 m; at 180 km the sea lies some 3.4 km below its horizontal.
    x = np.array([100e3, 201e3, 180e3, 180e3])
    points = Truth.make(time_s=0.0, target_id=0, x_m=x, y_m=0.0, z_m=[8e3, 5e3, -3_340.0, -2_440.0])
    assert in_cover(points, WATCH).tolist() == [True, False, False, True]


def test_a_table_written_in_pieces_reads_as_the_whole(tmp_path: Path) -> None:
    _, tracks, _ = followed(recording_of(plots(), 1_000))
    stream = TableStream(tmp_path / "tracks.parquet", group_rows=100)
    stream.write(Tracks.make(0))
    for start in range(0, len(tracks), 37):
        stream.write(tracks[start : start + 37])
    stream.write(Tracks.make(0))
    assert not (tmp_path / "tracks.parquet").exists()
    stream.close()
    back = read_table(Tracks, tmp_path / "tracks.parquet")
    for name in tracks.columns():
        np.testing.assert_array_equal(getattr(back, name), getattr(tracks, name), err_msg=name)
    assert [path.name for path in tmp_path.iterdir()] == ["tracks.parquet"]

"""`chainhome score --truth` with an ASTERIX recording: a centre's own tracks (CAT062) are the yardstick."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_plots import SENSORS, WORLD, plots, truth

from chainhome.cli import main
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import write_table
from chainhome.formats.asterix import encode_cat048, encode_cat062
from chainhome.process.truth_file import read_truth

FOOT_M = 0.3048
METRE = 1.0


def centre_of(zero_s: float = 0.0, **more: Any) -> bytes:
    """What a centre sends of the three aircraft: their place and velocity every second, by time of day."""
    there = truth()
    columns: dict[str, Any] = {
        "sac": 25,
        "sic": 3,
        "time_of_day_s": np.mod(there.time_s + zero_s, 86_400.0),
        "track_number": 100 + there.target_id,
        "lat_deg": there.lat_deg,
        "lon_deg": there.lon_deg,
        "geometric_altitude_ft": there.altitude_m / FOOT_M,
        "vx_mps": there.vx_mps,
        "vy_mps": there.vy_mps,
        "cnf": 0,
    }
    return encode_cat062(**(columns | more))


def blocks_of(data: bytes) -> list[bytes]:
    """The blocks of raw data, by the length in their header."""
    found = []
    while data:
        size = int.from_bytes(data[1:3], "big")
        found.append(data[:size])
        data = data[size:]
    return found


def pcap_of(blocks: list[bytes]) -> bytes:
    """A capture of raw IP, a datagram for each block, from a midnight on."""
    midnight_unix_s, raw_ip = 1_700_006_400, 101
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, raw_ip)]
    for block in blocks:
        datagram = struct.pack(">HHHH", 8600, 8600, 8 + len(block), 0) + block
        packet = struct.pack(">BBHHHBBH8x", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0) + datagram
        parts.append(struct.pack("<IIII", midnight_unix_s, 0, len(packet), len(packet)) + packet)
    return b"".join(parts)


def gps_of(blocks: list[bytes]) -> bytes:
    trailer = b"\x20" * 6 + (128 * 100).to_bytes(3, "big") + b"\x07"
    return b"\xcd" * 2200 + b"".join(block + trailer for block in blocks)


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracked run of the three aircraft, and their truth beside it."""
    folder = tmp_path_factory.mktemp("centre")
    write_table(plots(), folder / "plots.parquet")
    write_table(truth(), folder / "truth.parquet")
    (folder / "sensors.toml").write_text(SENSORS, encoding="utf-8")
    argv = ["track", str(folder / "plots.parquet"), "--sensors", str(folder / "sensors.toml"), "--method", "gnn"]
    assert main([*argv, "--out", str(folder / "run"), "--json"]) == 0
    return folder


def test_the_tracks_of_a_centre_are_a_yardstick_as_good_as_the_truth_that_they_tell(
    tracked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tracked / "centre.ast").write_bytes(centre_of())
    capsys.readouterr()
    scores = []
    for name in ("truth.parquet", "centre.ast"):
        assert main(["score", str(tracked / "run"), "--truth", str(tracked / name), "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out))
    by_truth, by_centre = scores
    assert by_centre["truth_rows_left_out"] == 0
    # The plots name targets, but not by the numbers of the centre.
    assert by_centre["targets"]["purity"] is None
    for name in ("count", "tracked", "breaks", "switches"):
        assert by_centre["targets"][name] == by_truth["targets"][name]
    one_sample_in_fifty = 0.02
    assert abs(by_centre["targets"]["completeness"] - by_truth["targets"]["completeness"]) < one_sample_in_fifty
    assert by_centre["samples"] == by_truth["samples"]
    for name in ("gospa", "gospa_horizontal"):
        assert abs(by_centre[name]["mean_m"] - by_truth[name]["mean_m"]) < METRE
    assert main(["score", str(tracked / "run"), "--truth", str(tracked / "centre.ast")]) == 0
    assert "3 of 3" in capsys.readouterr().out


@pytest.mark.parametrize("container", ["raw", "pcap", "gps"])
def test_every_container_gives_the_same_truth(tmp_path: Path, container: str) -> None:
    blocks = blocks_of(centre_of())
    path = tmp_path / f"centre.{container}"
    path.write_bytes({"raw": b"".join(blocks), "pcap": pcap_of(blocks), "gps": gps_of(blocks)}[container])
    there = truth().sorted_by("target_id", "time_s")
    read, left = read_truth(path, WORLD, 1_700_006_400.0 if container == "pcap" else np.nan, 100.0)
    assert left == {}
    assert np.array_equal(read.target_id, 100 + there.target_id)
    one_unit_of_time_s = 1.0 / 128.0
    assert np.abs(read.time_s - there.time_s).max() < one_unit_of_time_s
    for name in ("x_m", "y_m", "z_m"):
        assert np.abs(getattr(read, name) - getattr(there, name)).max() < METRE
    one_mps = 1.0  # east at the aircraft is not quite east at the origin
    assert np.abs(read.vx_mps - there.vx_mps).max() < one_mps


def test_a_recording_without_a_date_lies_on_the_day_of_the_run(tmp_path: Path) -> None:
    path = tmp_path / "centre.ast"
    begins_s = 86_300.0  # of the day, so that midnight is crossed
    path.write_bytes(centre_of(begins_s))
    a_noon = 1_714_521_600.0 + 43_200.0
    read, _ = read_truth(path, WORLD, a_noon, 43_200.0 + 3 * 86_400.0)
    assert read.time_s.min() == pytest.approx(begins_s - 43_200.0 + 3 * 86_400.0)
    assert np.ptp(read.time_s) == pytest.approx(200.0)
    read, _ = read_truth(path, WORLD, np.nan, begins_s + 100.0)
    assert read.time_s.min() == pytest.approx(begins_s)


def test_what_is_no_yardstick_is_left_out_by_its_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nan = np.nan
    path = tmp_path / "centre.ast"
    path.write_bytes(
        encode_cat062(
            sac=25,
            sic=[3, 3, 3, 3, 3, 3, 4, 3, 3],
            time_of_day_s=[1.0, 2.0, 3.0, 4.0, nan, 6.0, 7.0, 8.0, 8.0],
            track_number=[7, 7, 7, 7, 7, 7, 7, 7, 7],
            lat_deg=[40.0, 40.0, 40.0, nan, 40.0, 40.0, 40.0, 40.0, 40.0],
            lon_deg=[33.0, 33.0, 33.0, nan, 33.0, 33.0, 33.0, 33.0, 33.0],
            x_m=[nan, nan, nan, 500.0, nan, nan, nan, nan, nan],
            y_m=[nan, nan, nan, 500.0, nan, nan, nan, nan, nan],
            geometric_altitude_ft=[1e4, 1e4, 1e4, 1e4, 1e4, nan, 1e4, 1e4, 1e4],
            cnf=[0, 1, 0, 0, 0, 0, 0, 0, 0],
            sim=[0, 0, 1, 0, 0, 0, 0, 0, 0],
        )
    )
    read, left = read_truth(path, WORLD, np.nan)
    assert read.time_s.tolist() == [1.0, 8.0]
    assert left == {
        "tentative": 1,
        "simulated": 1,
        "only_cartesian": 1,
        "no_time": 1,
        "no_height": 1,
        "other_centre": 1,
        "incomplete": 1,
    }


def test_a_track_number_that_comes_again_after_its_end_is_another_target(tmp_path: Path) -> None:
    path = tmp_path / "centre.ast"
    times = np.arange(1.0, 9.0)
    path.write_bytes(
        encode_cat062(
            time_of_day_s=times, track_number=[7, 7, 7, 7, 7, 7, 7, 9], lat_deg=40.0, lon_deg=33.0,
            flight_level_fl=100.0, cnf=0, tse=[0, 0, 1, 1, 0, 0, 1, 0],
        )
    )  # fmt: skip
    read, _ = read_truth(path, WORLD, np.nan)
    again = 7 + 65_536
    assert read.target_id.tolist() == [7, 7, 7, 7, 9, again, again, again]
    assert read.time_s.tolist() == [1.0, 2.0, 3.0, 4.0, 8.0, 5.0, 6.0, 7.0]


def test_what_holds_no_truth_is_one_clear_sentence(tracked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plots_alone = encode_cat048(sac=25, sic=1, time_of_day_s=[1.0, 2.0], typ=5, range_nm=40.0, azimuth_deg=90.0)
    rng = np.random.default_rng(4)
    files = {
        "plots.ast": (plots_alone, "no truth: an ASTERIX recording without a centre's tracks (CAT062); its records: 2"),
        "picture.png": (b"\x89PNG\r\n\x1a\n" + rng.bytes(300), "no truth: neither a table (CSV or Parquet) nor an"),
        "truth.csv": (b"\x00\x01\x02\xff" * 50, "no truth: neither a table (CSV or Parquet) nor an ASTERIX recording"),
    }
    capsys.readouterr()
    for name, (content, words) in files.items():
        (tracked / name).write_bytes(content)
        assert main(["score", str(tracked / "run"), "--truth", str(tracked / name)]) == 2
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) == 1
        assert said.isprintable() or said[:-1].isprintable()
        assert said.isascii()


def test_a_centre_without_a_confirmed_track_and_a_run_without_a_place_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "centre.ast"
    path.write_bytes(centre_of(cnf=1))
    with pytest.raises(
        ChainhomeError, match="no usable track of a centre; of its 603 records of CAT062: 603 of tracks"
    ):
        read_truth(path, WORLD, np.nan)
    with pytest.raises(UseError, match="the run does not know where its frame lies"):
        read_truth(path, None, np.nan)

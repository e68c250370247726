"""ADS-B: state vectors whose columns tell their units, raw frames through rs1090, positions as plots."""

from __future__ import annotations

import builtins
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainhome import earth
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import adsb, mode_s
from chainhome.formats.column_file import open_columns
from chainhome.tables import SENSOR_KINDS

FOOT_M = 0.3048
HERE = earth.enu_frame(np.radians(47.0), np.radians(8.0), 0.0)
NOON_S = 1_714_564_800.0  # 2024-05-01T12:00:00Z
# An even and an odd frame of one aircraft, from the open textbook of J. Sun, "The 1090 Megahertz Riddle".
EVEN, ODD = "8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6"
LATITUDE_DEG, LONGITUDE_DEG, ALTITUDE_FT = 52.26578, 3.93891, 38_000
# Speed with the difference of the heights (550 ft), of another aircraft, and an all-call reply.
SPEED, ALL_CALL = "8D485020994409940838175B284F", "5D484FDEA248F5"

OPENSKY = "time,icao24,lat,lon,velocity,heading,baroaltitude,geoaltitude,onground,lastposupdate\n"
TRAFFIC = "timestamp,icao24,latitude,longitude,groundspeed,track,altitude,geoaltitude\n"


def read(path: Path) -> tuple[list[adsb.Positions], Counter[str]]:
    counts: Counter[str] = Counter()
    parts = []
    for positions, told, _ in adsb.read_state_vectors(open_columns(path)):
        parts.append(positions)
        counts.update(told)
    return parts, counts


def written(tmp_path: Path, text: str, name: str = "vectors.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_opensky_heights_are_metres_and_the_time_is_that_of_the_position(tmp_path: Path) -> None:
    row = f"{NOON_S},4b1805,47.1,8.2,200,90,10000,10100,False,{NOON_S - 3}\n"
    ((positions,), counts) = read(written(tmp_path, OPENSKY + row))
    assert positions.unix_s.tolist() == [NOON_S - 3]
    assert (positions.pressure_m.tolist(), positions.geometric_m.tolist()) == ([10_000.0], [10_100.0])
    assert positions.address.tolist() == [0x4B1805]
    assert counts == {"rows": 1}


def test_traffic_heights_are_feet(tmp_path: Path) -> None:
    row = "2024-05-01 12:00:00+00:00,4b1805,47.1,8.2,400,90,30000,30500\n"
    ((positions,), _) = read(written(tmp_path, TRAFFIC + row))
    assert positions.unix_s.tolist() == [NOON_S]
    assert positions.pressure_m.tolist() == pytest.approx([30_000 * FOOT_M])
    assert positions.geometric_m.tolist() == pytest.approx([30_500 * FOOT_M])


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("time,icao24,lat,lon,altitude", "altitude is metres .* no column of either"),
        ("time,icao24,lat,lon,geoaltitude", "geoaltitude_m or geoaltitude_ft"),
        ("time,icao24,lat,lon,geoaltitude,velocity,groundspeed", "columns of both"),
        ("time,icao24,lat", "no state vectors: expected the columns time"),
    ],
)
def test_units_that_cannot_be_told_are_not_guessed(tmp_path: Path, columns: str, sentence: str) -> None:
    with pytest.raises(UseError, match=sentence):
        adsb.dialect_of(open_columns(written(tmp_path, columns + "\n")))


def test_a_unit_in_the_name_of_a_column_is_taken_at_its_word(tmp_path: Path) -> None:
    text = f"time,icao24,lat,lon,altitude_ft,geoaltitude_m\n{NOON_S},4b1805,47.1,8.2,1000,400\n"
    ((positions,), _) = read(written(tmp_path, text))
    assert positions.pressure_m.tolist() == pytest.approx([1000 * FOOT_M])
    assert positions.geometric_m.tolist() == [400.0]


def test_positions_become_plots_where_they_are(tmp_path: Path) -> None:
    rows = [
        f"{NOON_S},4b1805,47.1,8.2,200,90,10000,10100,False,",
        f"{NOON_S},4b1806,47.1,8.2,200,90,10000,,False,{NOON_S + 1}",
        f"{NOON_S},4b1807,47.1,8.2,200,90,,,False,{NOON_S + 2}",
        f"{NOON_S},4b1808,47.1,8.2,20,90,400,450,True,{NOON_S + 3}",
        f"{NOON_S},4b1809,,,200,90,400,450,False,{NOON_S + 4}",
        f"{NOON_S},4b180a,147.1,8.2,200,90,400,450,False,{NOON_S + 4}",
    ]
    ((positions,), counts) = read(written(tmp_path, OPENSKY + "\n".join(rows) + "\n"))
    piece = adsb.plots_of_positions(positions, HERE, sensor_id=3)
    plots = piece.detections
    assert counts["rows"] == len(rows)
    assert piece.counts == {"without_position": 2, "on_ground": 1, "pressure_for_height": 1, "no_height": 1}
    assert np.isnan(plots.time_s[0])
    assert plots.time_s[1:].tolist() == [12 * 3600.0 + 1, 12 * 3600.0 + 2]
    assert set(plots.sensor_id) == {3}
    assert set(plots.kind) == {SENSOR_KINDS.index("ads_b")}
    assert plots.mode_s_address.tolist() == [0x4B1805, 0x4B1806, 0x4B1807]
    position = np.column_stack([plots.x_m, plots.y_m, plots.z_m])[:2]
    lat, lon, height = earth.enu_to_geodetic(HERE, position)
    micrometre, nanodegree = 1e-6, 1e-9
    assert np.abs(height - [10_100.0, 10_000.0]).max() < micrometre
    assert np.abs(np.degrees(lat) - 47.1).max() < nanodegree
    assert np.abs(np.degrees(lon) - 8.2).max() < nanodegree
    assert np.isnan(plots.z_m[2])
    assert np.isfinite(plots.x_m[2])
    assert adsb.first_place(positions) == (47.1, 8.2)


def frames_file(tmp_path: Path, frames: list[tuple[float, str]], kind: str) -> Any:
    if kind == "jsonl":
        lines = [json.dumps({"timestamp": time, "frame": frame}) for time, frame in frames]
        return written(tmp_path, "\n".join(lines) + "\n", "frames.jsonl")
    return open_columns(written(tmp_path, "time,hex\n" + "".join(f"{t},{f}\n" for t, f in frames), "frames.csv"))


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@pytest.mark.parametrize("block", [1, 50_000])
def test_frames_become_the_position_that_the_textbook_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, block: int
) -> None:
    pytest.importorskip("rs1090")
    monkeypatch.setattr(mode_s, "BLOCK_FRAMES", block)
    frames = [
        (NOON_S, EVEN),
        (NOON_S + 1, ODD),
        (NOON_S + 1.001, ODD),
        (NOON_S + 2, ALL_CALL),
        (NOON_S + 3, "nonsense"),
    ]
    frames.append((NOON_S + 4, SPEED))
    counts: Counter[str] = Counter()
    found = []
    for positions, told, cut in mode_s.read_frames(frames_file(tmp_path, frames, kind)):
        assert cut == ""
        counts.update(told)
        if len(positions.unix_s):
            found.append(positions)
    (position,) = found
    textbook = 1e-5
    assert abs(position.lat_deg[0] - LATITUDE_DEG) < textbook
    assert abs(position.lon_deg[0] - LONGITUDE_DEG) < textbook
    assert position.pressure_m.tolist() == pytest.approx([ALTITUDE_FT * FOOT_M])
    assert position.address.tolist() == [0x40621D]
    assert position.unix_s.tolist() == [NOON_S + 1]
    assert counts == {"rows": 6, "not_a_frame": 1, "repeated_frames": 1, "frames_without_position": 3}


def zones(lat_deg: float) -> int:
    """The number of longitude zones at a latitude, by its definition in the standard of Mode S."""
    a = 1.0 - np.cos(np.pi / 30.0)
    return int(np.floor(2.0 * np.pi / np.arccos(1.0 - a / np.cos(np.radians(lat_deg)) ** 2)))


def parity(frame: int) -> int:
    """The 24 bits that follow the 88 of a frame."""
    remainder = frame << 24
    for bit in range(111, 23, -1):
        if remainder >> bit & 1:
            remainder ^= 0x1FFF409 << (bit - 24)
    return remainder


def position_frame(address: int, lat_deg: float, lon_deg: float, altitude_ft: int, odd: int) -> str:
    """An airborne position as an aircraft sends it: compact position reporting of 17 bits, altitude in 25 ft."""
    size = 1 << 17
    cell = 360.0 / (60 - odd)
    y = int(np.floor(size * (lat_deg % cell) / cell + 0.5))
    sent_lat = cell * (y / size + np.floor(lat_deg / cell))
    cell = 360.0 / max(zones(sent_lat) - odd, 1)
    x = int(np.floor(size * (lon_deg % cell) / cell + 0.5))
    steps = (altitude_ft + 1000) // 25
    altitude = (steps >> 4) << 5 | 1 << 4 | steps & 15
    message = 11 << 51 | altitude << 36 | odd << 34 | (y % size) << 17 | x % size
    frame = 17 << 83 | 5 << 80 | address << 56 | message
    return f"{frame << 24 | parity(frame):028X}"


def test_the_frames_of_the_test_are_those_of_the_standard() -> None:
    assert position_frame(0x40621D, 52.2572021484375, 3.91937255859375, ALTITUDE_FT, 0) == EVEN


def test_blocks_of_frames_give_the_same_positions_as_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rs1090")
    number = np.arange(60)
    lon = 8.0 + 0.0013 * number
    frames = [
        (NOON_S + 0.5 * n, position_frame(0x4B1805 + n % 2, 47.0 + n % 2, lon[n], 30_000, (n // 2) % 2))
        for n in number.tolist()
    ]
    path = frames_file(tmp_path, frames, "jsonl")

    def found() -> list[tuple[float, float, float]]:
        parts = [positions for positions, _, _ in mode_s.read_frames(path)]
        return [
            row for p in parts for row in zip(p.unix_s.tolist(), p.lat_deg.tolist(), p.lon_deg.tolist(), strict=True)
        ]

    whole = found()
    five_metres_deg, nanodegree = 1e-4, 1e-9
    assert [time for time, _, _ in whole] == [time for time, _ in frames][2:]
    assert max(abs(row[2] - at) for row, at in zip(whole, lon[2:].tolist(), strict=True)) < five_metres_deg
    for block in (1, 7, 23):
        monkeypatch.setattr(mode_s, "BLOCK_FRAMES", block)
        np.testing.assert_allclose(found(), whole, rtol=0.0, atol=nanodegree)


def test_without_rs1090_one_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    normal = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "rs1090":
            raise ImportError(name)
        return normal(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ChainhomeError, match=r'rs1090, which is not installed: pip install "chainhome\[adsb\]"'):
        next(mode_s.read_frames(frames_file(tmp_path, [(NOON_S, EVEN)], "jsonl")))


def test_json_lines_that_are_no_frames_or_cut_are_told(tmp_path: Path) -> None:
    pytest.importorskip("rs1090")
    with pytest.raises(UseError, match="expected a line for each frame"):
        mode_s.check_json(written(tmp_path, '{"a": 1}\n', "frames.jsonl"))
    with pytest.raises(ChainhomeError, match="is empty"):
        mode_s.check_json(written(tmp_path, "\n", "frames.jsonl"))
    path = frames_file(tmp_path, [(NOON_S, EVEN), (NOON_S + 1, ODD)], "jsonl")
    path.write_bytes(path.read_bytes()[:-12])
    ((_, counts, cut),) = mode_s.read_frames(path)
    assert cut == "frames.jsonl ends in the middle of a line"
    assert counts == {"rows": 2, "not_a_frame": 1, "frames_without_position": 1}

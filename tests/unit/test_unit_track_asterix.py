"""ASTERIX through `chainhome track`: radars matched by SAC/SIC, placed by a file or by themselves, damage told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded_plots import ADDRESSES, SENSORS, WORLD, plots

from chainhome.cli import main
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.asterix import cat048_of, encode_cat021, encode_cat034
from chainhome.process.recording import SensorsNeededError
from chainhome.process.recording_input import open_recording
from chainhome.scenario.sensors_file import parse_sensors
from chainhome.tables import Detections

TABLE = parse_sensors(SENSORS.replace('name = "North"', 'name = "North"\nsac = 25\nsic = 1'), "sensors.toml").sensors
DECLARED = SENSORS.replace('name = "North"', 'name = "North"\nsac = 25\nsic = 1')
PLACE = {"lat_deg": 40.0, "lon_deg": 32.5, "height_m": 900.0}


def written(tmp_path: Path, *parts: bytes, name: str = "north.ast") -> Path:
    path = tmp_path / name
    path.write_bytes(b"".join(parts))
    return path


def service(sic: int = 1, **more: Any) -> bytes:
    return encode_cat034(sac=25, sic=sic, message_type=[1], time_of_day_s=[0.0], rotation_s=[5.0], **more)


def plots_in(path: Path, **more: Any) -> tuple[Detections, dict[str, int], list[str]]:
    counts: dict[str, int] = {}
    parts, cuts = [], []
    for piece in open_recording(path, **more).pieces():
        parts.append(piece.detections)
        cuts += [piece.cut] if piece.cut else []
        for name, count in piece.counts.items():
            counts[name] = counts.get(name, 0) + count
    return Detections.concat(parts), counts, cuts


def test_radars_are_matched_by_sac_and_sic(tmp_path: Path) -> None:
    sensors = tmp_path / "sensors.toml"
    sensors.write_text(DECLARED.replace('name = "North"', 'name = "North"\nid = 7'), encoding="utf-8")
    path = written(tmp_path, cat048_of(plots(), TABLE))
    found, counts, cuts = plots_in(path, sensors=sensors)
    assert set(found.sensor_id.tolist()) == {7}
    assert (counts, cuts) == ({"rows": len(plots())}, [])
    assert set(found.mode_s_address.tolist()) == {-1, *ADDRESSES}
    sensors.write_text(SENSORS, encoding="utf-8")
    with pytest.raises(UseError, match=r"plots of SAC/SIC 25/1, which no sensor declares \(declared: none\)"):
        plots_in(path, sensors=sensors)
    assert plots_in(path, sensors=sensors, skip_undeclared=True)[1] == {
        "rows": len(plots()),
        "undeclared_sensor": len(plots()),
    }


def test_one_radar_without_a_place_is_tracked_in_its_own_frame(tmp_path: Path) -> None:
    opened = open_recording(written(tmp_path, service(), cat048_of(plots(), TABLE)))
    assert not opened.watch.placed
    assert opened.watch.sensors.period_s.tolist() == [5.0]
    assert "assumed of every radar: height 0 m, sigma_range 70 m" in opened.notes[0]


def test_a_radar_that_says_where_it_stands_is_placed_there(tmp_path: Path) -> None:
    opened = open_recording(written(tmp_path, service(**PLACE), cat048_of(plots(), TABLE)))
    assert opened.watch.placed
    resolution_deg = 180.0 / 2**23
    assert abs(np.degrees(opened.watch.world.lat_rad) - np.degrees(WORLD.lat_rad)) <= resolution_deg


def test_several_radars_without_places_are_named_and_a_file_to_fill_in_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = cat048_of(plots(2), replace(TABLE, sic=np.array([2])))
    path = written(tmp_path, service(**PLACE), cat048_of(plots(), TABLE), second)
    with pytest.raises(SensorsNeededError, match="plots of SAC/SIC 25/1, 25/2, whose places"):
        open_recording(path)
    assert main(["track", str(path)]) == 2
    out = capsys.readouterr().out
    assert out.count("[[sensor]]") == 2
    assert out.count("lat = <degrees north>") == 1
    filled = out.replace("<degrees north>", "40.5").replace("<degrees east>", "32.0")
    watch = parse_sensors(filled.replace("<metres above mean sea level>", "800"), "sensors.toml")
    assert watch.sensors.sic.tolist() == [1, 2]


def reports(sic: int = 9, flights: int = 3, start_s: float = 0.0) -> bytes:
    """CAT021 of aircraft that report once a second for a minute."""
    t = np.repeat(np.arange(60.0), flights)
    flight = np.tile(np.arange(flights), 60)
    return encode_cat021(
        sac=25, sic=sic, time_position_s=start_s + t + 0.1 * flight, lat_deg=40.0 + 0.2 * flight + 0.002 * t,
        lon_deg=32.0 + 0.2 * flight, address=0x4B0000 + flight, atp=0, geometric_height_ft=30_000.0,
    )  # fmt: skip


def test_a_recording_of_ads_b_alone_is_tracked_with_the_receiver_that_is_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, reports(), reports(sic=10, start_s=0.5))
    opened = open_recording(path)
    sensors = opened.watch.sensors
    assert (sensors.name.tolist(), sensors.sic.tolist()) == (["25/9", "25/10"], [9, 10])
    assert sensors.period_s.tolist() == [1.0, 1.0]
    assert np.degrees(opened.watch.world.lat_rad) == pytest.approx(40.0)
    sigma = f"{sensors.range_sigma_m[0]:g} m on each axis"
    assert opened.notes[0].startswith(f"No sensors file: positions that 25/9 reports are taken as good to {sigma}")
    assert opened.notes[0].endswith("; the origin of the frame is near the first one.")
    assert opened.notes[1] == f"No sensors file: positions that 25/10 reports are taken as good to {sigma}."
    assert main(["track", str(path), "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "360 plots tracked, 0 left out" in out
    assert "3 tracks confirmed" in out
    assert opened.notes[1] in out
    assert main(["track", str(tmp_path / "run"), "--out", str(tmp_path / "again")]) == 0


def test_ads_b_beside_a_radar_that_says_where_it_stands_needs_no_sensors_file(tmp_path: Path) -> None:
    opened = open_recording(written(tmp_path, service(**PLACE), cat048_of(plots(), TABLE), reports()))
    assert opened.watch.sensors.sic.tolist() == [1, 9]
    assert opened.watch.sensors.period_s.tolist() == [5.0, 1.0]
    assert [note[:40] for note in opened.notes] == [
        "No sensors file; assumed of every radar:",
        "No sensors file: positions that 25/9 rep",
    ]
    found, counts, _ = plots_in(written(tmp_path, service(**PLACE), cat048_of(plots(), TABLE), reports()))
    assert np.bincount(found.sensor_id).tolist() == [len(plots()), 180]
    assert counts["rows"] == len(plots()) + 180


def test_ads_b_without_any_position_is_no_recording_to_track(tmp_path: Path) -> None:
    silent = encode_cat021(sac=25, sic=9, time_position_s=[1.0, 2.0], address=0x4B0000, atp=0)
    with pytest.raises(ChainhomeError, match="holds no position that could be tracked"):
        open_recording(written(tmp_path, silent))
    both = written(tmp_path, silent, reports(sic=10))
    assert plots_in(both)[1] == {"rows": 182, "without_position": 2}
    beside = written(tmp_path, service(**PLACE), cat048_of(plots(), TABLE), silent)
    with pytest.raises(UseError, match="plots of SAC/SIC 25/9, which no sensor declares"):
        plots_in(beside)
    assert plots_in(beside, skip_undeclared=True)[1]["undeclared_sensor"] == 2


def test_a_damaged_recording_is_used_and_the_damage_is_told_with_its_place(tmp_path: Path) -> None:
    content = cat048_of(plots(), TABLE, block_bytes=400)
    cut = len(content) // 2 + 7
    found, counts, cuts = plots_in(written(tmp_path, content[:cut]))
    assert 0.4 < len(found) / len(plots()) < 0.55
    (sentence,) = cuts
    assert sentence.startswith("byte ")
    assert counts["lost_bytes"] > 0
    assert counts["rows"] == len(found)


def test_files_that_are_no_asterix_or_have_no_plots_are_told(tmp_path: Path) -> None:
    with pytest.raises(UseError, match="no ASTERIX block in its"):
        open_recording(written(tmp_path, b"hello, this is a letter and no recording\n" * 5, name="letter.doc"))
    with pytest.raises(ChainhomeError, match="holds no plots: no record of CAT048"):
        open_recording(written(tmp_path, service()))


def test_three_aircraft_in_cat048_are_three_tracks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sensors = tmp_path / "sensors.toml"
    sensors.write_text(DECLARED, encoding="utf-8")
    path = written(tmp_path, service(), cat048_of(plots(), TABLE))
    assert main(["track", str(path), "--sensors", str(sensors), "--out", str(tmp_path / "run")]) == 0
    assert "3 tracks confirmed" in capsys.readouterr().out
    assert main(["score", str(tmp_path / "run"), "--by-address"]) == 0
    assert "3 of 3" in capsys.readouterr().out

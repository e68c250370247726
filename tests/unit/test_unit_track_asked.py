"""Each sensors file that `chainhome track` prints to be filled in is filled in here, and tracks what asked for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recorded_plots import SENSORS, plots, truth

from chainhome.cli import main
from chainhome.formats import write_table
from chainhome.formats.asterix import cat048_of, encode_cat021, encode_cat034
from chainhome.process.sensors_asked import ASKED_OF_RADAR, ASKED_OF_REPORTS, ASKED_PLACE
from chainhome.scenario.sensors_file import parse_sensors
from chainhome.tables import SENSOR_KINDS, Detections

ANSWERS = {
    "<degrees north>": "40.0",
    "<degrees east>": "32.5",
    "<metres above mean sea level>": "900",
    "<seconds of a turn>": "5",
    "<seconds between two reports of an aircraft>": "5",
}
RADAR = parse_sensors(SENSORS.replace('name = "North"', 'name = "North"\nsac = 25\nsic = 1'), "sensors.toml").sensors
ADS_B = SENSOR_KINDS.index("ads_b")


def plots_with_elevations(path: Path) -> None:
    write_table(plots(), path)


def plots_without_elevations(path: Path) -> None:
    write_table(replace(plots(), elevation_rad=np.full(len(plots()), np.nan)), path)


def plots_of_named_radars(path: Path) -> None:
    """The second radar, whose name needs care in TOML, measures no elevations, and is only in the second half."""
    lines = ["time_s,sensor,range_m,azimuth_rad,elevation_rad"]
    table = plots()
    for row in range(len(table)):
        here = (table.time_s[row], table.range_m[row], table.azimuth_rad[row], table.elevation_rad[row])
        time, range_m, azimuth, elevation = map(float, here)
        lines.append(f"{time},North,{range_m},{azimuth},{elevation}")
        if row > len(table) // 2:
            lines.append(f'{time + 0.1},"South \\ ""Süd""",{range_m},{azimuth},')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def positions() -> Detections:
    """What three aircraft report of themselves, every five seconds."""
    there = truth()
    there = there[there.time_s % 5.0 == 0.0]
    return Detections.make(
        time_s=there.time_s, sensor_id=3, kind=ADS_B, x_m=there.x_m, y_m=there.y_m, z_m=there.z_m,
        mode_s_address=there.target_id + 1,
    )  # fmt: skip


def positions_alone(path: Path) -> None:
    write_table(positions(), path)


def positions_beside_plots(path: Path) -> None:
    write_table(Detections.concat([plots(), positions()]), path)


def two_radars_without_a_place(path: Path) -> None:
    turning = encode_cat034(sac=25, sic=1, message_type=[1], time_of_day_s=[0.0], rotation_s=[5.0])
    flat = replace(plots(2), elevation_rad=np.full(len(plots(2)), np.nan))
    path.write_bytes(turning + cat048_of(plots(), RADAR) + cat048_of(flat, replace(RADAR, sic=np.array([2]))))


def a_radar_without_a_place_and_ads_b(path: Path) -> None:
    there = truth()
    path.write_bytes(
        cat048_of(plots(), RADAR)
        + encode_cat021(
            sac=25, sic=9, time_position_s=there.time_s, lat_deg=there.lat_deg, lon_deg=there.lon_deg,
            geometric_height_ft=there.altitude_m / 0.3048, address=there.target_id + 1, atp=0,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("make", "name", "keys"),
    [
        (plots_with_elevations, "plots.parquet", [{"lat", "sigma_range", "sigma_elevation"}]),
        (plots_without_elevations, "plots.parquet", [{"lat", "sigma_range"}]),
        (plots_of_named_radars, "plots.csv", [{"lat", "sigma_range", "sigma_elevation"}, {"lat", "sigma_range"}]),
        (positions_alone, "plots.parquet", [{"sigma_position"}]),
        (positions_beside_plots, "plots.parquet", [{"lat", "sigma_range", "sigma_elevation"}, {"sigma_position"}]),
        (two_radars_without_a_place, "radars.ast", [{"lat", "sigma_range", "sigma_elevation"}, {"lat", "sigma_range"}]),
        (
            a_radar_without_a_place_and_ads_b,
            "radar.ast",
            [{"lat", "sigma_range", "sigma_elevation"}, {"sigma_position"}],
        ),
    ],
)
def test_a_template_filled_in_tracks_the_recording_that_asked_for_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], None],
    name: str,
    keys: list[set[str]],
) -> None:
    monkeypatch.chdir(tmp_path)
    make(Path(name))
    assert main(["track", name]) == 2
    template = capsys.readouterr().out
    parts = template.split("[[sensor]]")[1:]
    asked = {"lat", "sigma_range", "sigma_elevation", "sigma_position"}
    assert [set(re.findall(r"^(\w+) =", part, re.MULTILINE)) & asked for part in parts] == keys
    for placeholder, answer in ANSWERS.items():
        template = template.replace(placeholder, answer)
    Path("sensors.toml").write_text(template, encoding="utf-8")
    assert main(["track", name, "--sensors", "sensors.toml", "--out", "tracked", "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    summary = json.loads(captured.out)
    assert (summary["left_out"], summary["ignored"]) == ({}, {})
    assert summary["tracked"] == summary["rows"]
    assert all(entry["plots"] > 0 for entry in summary["sensors"])
    assert summary["tracks"]["confirmed"] >= 3


def test_what_a_template_proposes_is_what_a_sensor_of_its_kind_needs() -> None:
    """What stands in the file of a receiver and nothing else: no place, no sigma of a radar. No period is made up."""
    assert set(ASKED_OF_REPORTS) == {"period", "sigma_position", "detection_probability", "clutter_per_scan"}
    assert all(asked["period"].startswith('"<seconds') for asked in (ASKED_OF_RADAR, ASKED_OF_REPORTS))
    assert set(ASKED_PLACE.values()) == {"<degrees north>", "<degrees east>", '"<metres above mean sea level> m"'}

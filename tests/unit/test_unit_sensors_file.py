"""The sensors file: units become SI, every mistake is one sentence with file, sensor and key, and it comes back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome.cli import main
from chainhome.errors import UseError
from chainhome.scenario.sensors_file import load_sensors, parse_sensors, sensors_text
from chainhome.tables import SENSOR_KINDS, Sensors

NORTH = {
    "name": '"North"',
    "lat": "40.0",
    "lon": "32.5",
    "height": '"900 m"',
    "period": '"12 s"',
    "sigma_range": '"50 m"',
    "sigma_azimuth": '"0.15 deg"',
    "sigma_elevation": '"0.3 deg"',
    "detection_probability": "0.9",
    "clutter_per_scan": "20",
    "max_range": '"400 km"',
}
RECEIVER = {
    "name": '"Receiver"',
    "kind": '"ads_b"',
    "period": '"1 s"',
    "sigma_position": '"30 m"',
    "detection_probability": "0.9",
    "clutter_per_scan": "0",
}


def toml(*sensors: dict[str, str], head: str = "") -> str:
    tables = ["[[sensor]]\n" + "".join(f"{key} = {value}\n" for key, value in words.items()) for words in sensors]
    return head + "\n".join(tables)


def refused(text: str) -> str:
    with pytest.raises(UseError) as caught:
        parse_sensors(text, "sensors.toml")
    sentence = str(caught.value)
    assert sentence.startswith("sensors.toml")
    assert "\n" not in sentence
    return sentence


def without(key: str) -> dict[str, str]:
    return {name: value for name, value in NORTH.items() if name != key}


def test_quantities_become_si_and_the_world_stands_at_the_first_sensor() -> None:
    second = NORTH | {"name": '"South"', "lat": "39.0", "sac": "25", "sic": "7"}
    watch = parse_sensors(toml(NORTH, second), "sensors.toml")
    sensors = watch.sensors
    assert sensors.azimuth_sigma_rad[0] == pytest.approx(math.radians(0.15))
    assert (sensors.period_s[0], sensors.range_sigma_m[0], sensors.max_range_m[0]) == (12.0, 50.0, 400e3)
    assert (sensors.sac.tolist(), sensors.sic.tolist()) == ([-1, 25], [-1, 7])
    assert sensors.sensor_id.tolist() == [0, 1]
    nanometre = 1e-9
    assert abs(sensors.x_m[0]) < nanometre
    assert abs(sensors.z_m[0]) < nanometre
    one_degree_south_m, hundred_metres = -111_000.0, 100.0
    assert abs(sensors.y_m[1] - one_degree_south_m) < hundred_metres
    assert watch.detection_probability == {0: 0.9, 1: 0.9}
    assert watch.clutter_per_scan == {0: 20.0, 1: 20.0}


def test_the_origin_can_be_elsewhere_and_ids_can_be_chosen() -> None:
    head = '[origin]\nlat = 40.5\nlon = 32.5\nheight = "1 km"\n'
    watch = parse_sensors(toml(NORTH | {"id": "7"}, head=head), "sensors.toml")
    assert (math.degrees(watch.world.lat_rad), watch.world.height_m) == (pytest.approx(40.5), 1000.0)
    assert watch.sensors.sensor_id.tolist() == [7]
    assert watch.detection_probability == {7: 0.9}
    assert watch.sensors.y_m[0] < -55e3
    short = parse_sensors('origin = "40.5, 32.5"\n' + toml(NORTH), "sensors.toml")
    assert (math.degrees(short.world.lat_rad), short.world.height_m) == (pytest.approx(40.5), 0.0)


def test_one_radar_without_a_place_is_tracked_in_its_own_frame_and_says_so() -> None:
    watch = parse_sensors(toml({k: v for k, v in NORTH.items() if k not in ("lat", "lon")}), "sensors.toml")
    assert not watch.placed
    assert np.isfinite(watch.sensors.lat_deg).all()
    assert np.isnan(watch.stated().lat_deg).all()
    assert parse_sensors(toml(NORTH), "sensors.toml").stated().lat_deg.tolist() == [40.0]


def test_a_receiver_of_positions_needs_no_place_of_its_own() -> None:
    watch = parse_sensors(toml(RECEIVER, head="[origin]\nlat = 46.0\nlon = 8.0\n"), "sensors.toml")
    assert SENSOR_KINDS[watch.sensors.kind[0]] == "ads_b"
    assert watch.sensors.range_sigma_m[0] == 30.0
    assert "no sensor has a place" in refused(toml(RECEIVER))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            toml(NORTH | {"sigma_range": '"0.15 deg"'}),
            'sensor "North": sigma_range = "0.15 deg": "deg" is not a unit of',
        ),
        (
            toml(NORTH | {"sigma_azimuth": "0.15"}),
            'sensor "North": sigma_azimuth = 0.15 has no unit; expected a quantity',
        ),
        (toml(NORTH | {"sigma_azimuth": '"0.15"'}), 'sensor "North": sigma_azimuth = "0.15" has no unit'),
        (toml(NORTH | {"max_range": '"-5 km"'}), 'sensor "North": max_range = "-5 km" must be at least 1 m'),
        (
            toml(NORTH | {"max_rage": '"5 km"'}),
            'sensor "North": max_rage is not a key that a sensors file knows; did you',
        ),
        (toml(without("period")), 'sensor "North": period is missing'),
        (toml(without("max_range")), 'sensor "North": max_range is missing'),
        (toml(without("sigma_azimuth")), 'sensor "North": sigma_azimuth is missing; a sensor of kind primary needs it'),
        (toml(without("name")), "sensor [1]: name is missing"),
        (toml(without("lat")), 'sensor "North": lat is missing'),
        (toml(NORTH, without("lat") | {"name": '"B"'}), 'sensor "B": lat is missing'),
        (toml(NORTH, NORTH), 'sensor "North": name North is there twice'),
        (toml(NORTH, NORTH | {"name": '"B"', "id": "0"}), 'sensors "North" and "B": id 0 is there twice'),
        (
            toml(NORTH | {"sac": "1", "sic": "2"}, NORTH | {"name": '"B"', "sac": "1", "sic": "2"}),
            'sensors "North" and "B": SAC/SIC 1/2 is there twice',
        ),
        (toml(NORTH | {"sac": "1"}), 'sensor "North": sic is missing'),
        (toml(NORTH | {"sac": "300", "sic": "1"}), 'sensor "North": sac = 300: expected'),
        (toml(NORTH | {"lat": "140.0"}), 'sensor "North": lat = 140.0: expected'),
        (toml(NORTH | {"detection_probability": "90"}), 'sensor "North": detection_probability = 90: expected'),
        (toml(NORTH | {"detection_probability": '"high"'}), 'sensor "North": detection_probability = "high": expected'),
        (toml(NORTH | {"kind": '"lidar"'}), 'sensor "North": kind = "lidar": expected'),
        (
            toml(NORTH | {"sigma_position": '"3 m"'}),
            'sensor "North": sigma_position is not for a sensor of kind primary',
        ),
        (toml(RECEIVER | {"sigma_range": '"3 m"'}), 'sensor "Receiver": sigma_range is not for a sensor of kind ads_b'),
        (toml(NORTH | {"sector": '"90 deg"'}), 'sensor "North": boresight is missing'),
        (
            toml(NORTH, head='[origin]\nlat = 40.0\nlon = 32.0\nheight = "1 s"\n'),
            'origin: height = "1 s": "s" is not a',
        ),
        (toml(NORTH, head="[origin]\nlat = 40.0\n"), "origin: lon is missing"),
        ('origin = "here"\n' + toml(NORTH), 'origin = "here": expected "lat, lon" in degrees, or a table'),
        ("[sensor]\nname = 'North'\n", "sensor is one table; write [[sensor]] for each"),
        ("", "sensor is missing; expected at least one [[sensor]]"),
        ("[[sensor\n", "not valid TOML"),
        ("radar = 1\n" + toml(NORTH), "radar is not a key that a sensors file knows"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_sensor_and_the_key(text: str, sentence: str) -> None:
    assert sentence in refused(text)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, sentence in ((tmp_path / "none.toml", "no such file"), (tmp_path, "is a folder"), (binary, "UTF-8")):
        with pytest.raises(UseError, match=sentence):
            load_sensors(path)


POSITIVE = st.floats(1e-2, 1e5)


@given(
    st.floats(-89, 89),
    st.floats(-180, 180),
    st.floats(-400, 5000),
    st.lists(st.tuples(POSITIVE, st.floats(1e-6, 1.0), st.booleans()), min_size=1, max_size=4),
    st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable()),
)
def test_a_table_of_sensors_comes_back_from_its_file_as_it_was(
    lat: float, lon: float, height: float, sigmas: list[tuple[float, float, bool]], name: str
) -> None:
    rows = len(sigmas)
    sensors = Sensors.make(
        sensor_id=np.arange(rows) * 3,
        name=[f"{name} {row}" for row in range(rows)],
        kind=[SENSOR_KINDS.index("combined")] * rows,
        lat_deg=lat,
        lon_deg=lon,
        height_m=height,
        period_s=[sigma for sigma, _, _ in sigmas],
        range_sigma_m=[sigma for sigma, _, _ in sigmas],
        azimuth_sigma_rad=[angle for _, angle, _ in sigmas],
        elevation_sigma_rad=[angle if solid else np.nan for _, angle, solid in sigmas],
        max_range_m=400e3,
    )
    ids = sensors.sensor_id.tolist()
    text = sensors_text(
        sensors,
        detection_probability=dict.fromkeys(ids, 0.8),
        clutter_per_scan=dict.fromkeys(ids, 3.5),
        origin=(lat, lon, height),
    )
    back = parse_sensors(text, "sensors.toml")
    for column in set(sensors.columns()) - {"x_m", "y_m", "z_m"}:
        np.testing.assert_array_equal(getattr(back.sensors, column), getattr(sensors, column), err_msg=column)
    assert back.clutter_per_scan == dict.fromkeys(ids, 3.5)
    assert back.world.height_m == height


def test_the_schema_of_the_sensors_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "sensors"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(NORTH) <= set(schema["$defs"]["SensorWords"]["properties"])
    assert main(["schema"]) == 0
    assert "battery" in json.loads(capsys.readouterr().out)["properties"]

"""Recordings to the project's tables and back: flags, kinds, times, sensors, periods, positions, tracks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.earth import enu_frame, geodetic_to_enu
from chainhome.errors import UseError
from chainhome.formats.asterix import (
    cat048_of,
    decode,
    detections_of,
    encode_cat021,
    encode_cat034,
    encode_cat048,
    encode_cat062,
    iter_tracks,
    periods_of,
    sensors_of,
    tracks_of,
)
from chainhome.tables import SENSOR_KINDS, TRACK_STATUSES, Detections, Sensors

RADAR = Sensors.make(1, sensor_id=[5], sac=[20], sic=[1], lat_deg=[40.0], lon_deg=[33.0], height_m=[1000.0])
PLOT: dict[str, Any] = {"sac": 20, "sic": 1, "typ": 2, "range_nm": 10.0, "azimuth_deg": 90.0}
CENTIMETRE = 0.01
QUARTER_LEVEL_M = 25 * 0.3048


def plots(**columns: Any) -> tuple[Detections, dict[str, int]]:
    given = PLOT | {"time_of_day_s": np.arange(1.0, 1.0 + max(map(np.size, columns.values())))} | columns
    return detections_of(decode(encode_cat048(**given)), RADAR)


def older(fields: str, service: bytes = b"", head: str = "") -> Any:
    """A CAT001 block of one plot (010, 020, 040 and what follows), after CAT002 blocks."""
    content = bytes.fromhex((head or "e0") + "1401" + "20" + "0a004000" + fields)
    return decode(service + bytes([1, 0, 3 + len(content)]) + content)


def north(time_s: float, rotation: str = "") -> bytes:
    """A CAT002 north marker of radar 20/1."""
    fspec = "d8" if rotation else "d0"
    content = bytes.fromhex(fspec + "1401" + "01") + round(time_s * 128).to_bytes(3, "big") + bytes.fromhex(rotation)
    return bytes([2, 0, 3 + len(content)]) + content


def test_types_of_report_become_kinds_and_updates_without_a_plot_are_counted() -> None:
    found, counts = plots(typ=np.arange(8))
    names = [SENSOR_KINDS[kind] for kind in found.kind]
    assert names == ["primary", "secondary", "combined", "secondary", "secondary", "combined", "combined"]
    assert (counts["records"], counts["no_detection"], counts["detections"]) == (8, 1, 7)


def test_codes_and_levels_that_are_garbled_or_not_validated_are_left_out_and_counted() -> None:
    found, counts = plots(
        mode_3a=[7700, 1234, 21, 7777],
        mode_3a_v=[0, 1, 0, 0],
        mode_3a_g=[0, 0, 1, 0],
        flight_level_fl=[100.0, 200.0, 300.0, -2.5],
        flight_level_v=[1, 0, 0, 0],
        flight_level_g=[0, 1, 0, 0],
    )
    assert found.mode_3a.tolist() == [7700, -1, -1, 7777]
    np.testing.assert_allclose(found.flight_level_m, [np.nan, np.nan, 9144.0, -76.2], atol=CENTIMETRE)
    assert (counts["mode_3a_dropped"], counts["flight_level_dropped"]) == (2, 2)


def test_test_targets_simulated_targets_and_field_monitors_are_left_out_unless_asked_for() -> None:
    columns = {"tst": [1, 0, 0, 0], "sim": [0, 1, 0, 0], "rab": [0, 0, 1, 0], "time_of_day_s": np.arange(4.0)}
    found, counts = plots(**columns)
    assert found.time_s.tolist() == [3.0]
    assert (counts["test"], counts["simulated"], counts["field_monitor"]) == (1, 1, 1)
    data = decode(encode_cat048(**(PLOT | columns)))
    assert len(detections_of(data, RADAR, include_tests=True)[0]) == 4


def test_plots_of_other_radars_without_position_or_time_are_counted() -> None:
    found, counts = plots(
        sic=[1, 2, 1, 1],
        range_nm=[1.0, 1.0, np.nan, 1.0],
        azimuth_deg=[1.0, 1.0, np.nan, 1.0],
        time_of_day_s=[1.0, 2.0, 3.0, np.nan],
    )
    assert (found.time_s.tolist(), found.sensor_id.tolist()) == ([1.0], [5])
    assert [counts[name] for name in ("undeclared_sensor", "no_position", "no_time")] == [1, 1, 1]


def test_plots_come_in_the_order_of_time() -> None:
    found, _ = plots(time_of_day_s=[86_399.0, 1.0, 86_398.0, 0.5])
    assert found.time_s.tolist() == [86_398.0, 86_399.0, 86_400.5, 86_401.0]
    assert found.detection_id.tolist() == [0, 1, 2, 3]


def test_doppler_that_is_doubtful_is_left_out() -> None:
    found, _ = plots(doppler_mps=[-200.0, 100.0], doppler_doubtful=[0, 1])
    np.testing.assert_array_equal(found.doppler_mps, [-200.0, np.nan])


def test_cat001_takes_the_rest_of_its_time_from_the_line() -> None:
    truncated_s = (36_000.25 + 2.0) % 512.0
    recording = older(f"{round(truncated_s * 128):04x}", north(36_000.25), head="e2")
    found, counts = detections_of(recording, RADAR)
    assert found.time_s.tolist() == [36_002.25]
    assert counts["time_by_service"] == 0
    assert abs(found.range_m[0] - 20.0 * 1852.0) < CENTIMETRE


def test_cat001_without_a_time_takes_that_of_its_radars_last_service_message() -> None:
    found, counts = detections_of(older("", north(36_000.25) + north(36_004.5)), RADAR)
    assert (found.time_s.tolist(), counts["time_by_service"]) == ([36_004.5], 1)
    alone, counts = detections_of(older(""), RADAR)
    assert (len(alone), counts["no_time"]) == (0, 1)


def test_periods_are_told_by_the_rotation_item_the_north_markers_or_the_revisits() -> None:
    told = encode_cat034(sac=20, sic=1, message_type=[1], time_of_day_s=[1.0], rotation_s=[4.0])
    marks = encode_cat034(sac=20, sic=2, message_type=1, time_of_day_s=[1.0, 6.0, 11.0])
    seen = encode_cat048(
        sac=20, sic=3, typ=5, range_nm=1.0, azimuth_deg=1.0, address=7, time_of_day_s=[0.0, 8.0, 16.0, 32.0, 40.0]
    )
    periods = periods_of(decode(told + marks + seen))
    assert {sic: period[:2] for (_, sic), period in periods.items()} == {
        1: (4.0, "rotation item"),
        2: (5.0, "north markers"),
        3: (8.0, "revisits"),
    }


def test_cat002_tells_periods_too() -> None:
    assert periods_of(decode(north(5.0, "0400")))[20, 1].period_s == 8.0


def test_sensors_come_with_the_positions_that_they_send() -> None:
    data = encode_cat034(sac=20, sic=1, message_type=[1], lat_deg=[40.25], lon_deg=[-3.5], height_m=[812.0])
    table = sensors_of(decode(data + encode_cat048(**PLOT, time_of_day_s=[1.0])))
    twenty_four_bits_deg = 180.0 / 2**23
    assert (table.name.tolist(), table.height_m.tolist()) == (["20/1"], [812.0])
    assert abs(table.lat_deg[0] - 40.25) <= twenty_four_bits_deg
    assert abs(table.lon_deg[0] + 3.5) <= twenty_four_bits_deg


def test_positions_of_ads_b_stand_in_the_world_frame() -> None:
    data = encode_cat021(
        sac=20,
        sic=1,
        atp=[0, 0, 1, 0],
        time_position_s=[1.0, np.nan, np.nan, np.nan],
        time_received_position_s=[9.0, 2.0, np.nan, np.nan],
        time_transmitted_s=[9.0, 9.0, 3.0, 4.0],
        lat_fine_deg=[40.5, np.nan, 40.5, 40.5],
        lon_fine_deg=[33.5, np.nan, 33.5, 33.5],
        lat_deg=[np.nan, 40.5, np.nan, np.nan],
        lon_deg=[np.nan, 33.5, np.nan, np.nan],
        geometric_height_ft=[10_000.0, 10_000.0, np.nan, np.nan],
        flight_level_fl=[90.0, 90.0, 100.0, np.nan],
        address=0x4840D6,
    )
    found, counts = detections_of(decode(data), RADAR)
    frame = enu_frame(np.radians(40.0), np.radians(33.0), 1000.0)
    expected = geodetic_to_enu(frame, np.radians(40.5), np.radians(33.5), 3048.0)
    world = np.stack([found.x_m, found.y_m, found.z_m], axis=1)
    fine_m, coarse_m = 0.03, 3.0
    assert np.abs(world[0] - expected).max() < fine_m
    assert np.abs(world[1] - expected).max() < coarse_m
    assert np.abs(world[2] - expected).max() < fine_m
    assert np.isnan(found.z_m[3])
    assert not np.isnan(found.x_m[3])
    assert found.time_s.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert found.mode_s_address.tolist() == [0x4840D6, 0x4840D6, -1, 0x4840D6]
    assert (counts["other_address"], counts["no_height"]) == (1, 1)
    assert {SENSOR_KINDS[kind] for kind in found.kind} == {"ads_b"}


def test_system_tracks_become_tracks() -> None:
    data = encode_cat062(
        sac=20,
        sic=1,
        time_of_day_s=[5.0, 4.0, 6.0, 7.0],
        track_number=[7, 8, 7, 9],
        lat_deg=[40.0, 41.0, 40.0, np.nan],
        lon_deg=[33.0, 33.0, 33.0, np.nan],
        x_m=[np.nan, np.nan, np.nan, 500.0],
        y_m=[np.nan, np.nan, np.nan, -500.0],
        vx_mps=[100.0, 0.0, 0.0, 1.0],
        vy_mps=[0.0, 200.0, 0.0, 2.0],
        climb_ftpm=[600.0, 0.0, 0.0, np.nan],
        geometric_altitude_ft=[np.nan, 3281.25, np.nan, np.nan],
        baro_altitude_fl=[np.nan, np.nan, 50.0, np.nan],
        flight_level_fl=[100.0, 100.0, 100.0, np.nan],
        mode_3a=[7700, 21, -1, -1],
        mode_3a_g=[0, 1, -1, -1],
        address=[0x4840D6, -1, -1, -1],
        callsign=[0x508671E72C20, -1, -1, -1],
        cnf=[0, 1, 0, 0],
        tse=[0, 0, 1, 0],
        sigma_x_m=[30.0, np.nan, np.nan, np.nan],
        sigma_y_m=[40.0, np.nan, np.nan, np.nan],
    )
    found = tracks_of(decode(data), enu_frame(np.radians(40.0), np.radians(33.0), 0.0))
    tracks = found.tracks
    assert (tracks.time_s.tolist(), tracks.track_id.tolist()) == ([4.0, 5.0, 6.0, 7.0], [8, 7, 7, 9])
    assert [TRACK_STATUSES[one] for one in tracks.status] == ["tentative", "confirmed", "ended", "confirmed"]
    np.testing.assert_allclose(tracks.altitude_m, [1000.125, 3048.0, 1524.0, np.nan], atol=CENTIMETRE)
    np.testing.assert_allclose(tracks.x_m, [0.0, 0.0, 0.0, 500.0], atol=0.5)
    np.testing.assert_allclose([tracks.vx_mps[1], tracks.vz_mps[1]], [100.0, 3.048], atol=CENTIMETRE)
    assert np.hypot(tracks.vy_mps[0], tracks.vz_mps[0]) == pytest.approx(200.0)
    np.testing.assert_array_equal(np.diag(tracks.covariance[1])[:2], [900.0, 1600.0])
    assert (found.mode_s_address[1], found.mode_3a.tolist()) == (0x4840D6, [-1, 7700, -1, -1])
    assert found.callsign.tolist() == ["", "THY1920", "", ""]
    assert (found.counts["tracks"], found.counts["only_cartesian"], found.counts["no_height"]) == (4, 1, 1)


def test_system_tracks_in_pieces_are_those_of_the_whole_across_midnight() -> None:
    times = np.array([86_398.0, 86_399.0, 86_399.5, 0.5, 1.0, 2.0])
    sent = [
        encode_cat062(
            sac=25, sic=3, time_of_day_s=times[rows], track_number=7, lat_deg=40.0 + 0.001 * rows, lon_deg=33.0,
            flight_level_fl=100.0,
        )
        for rows in (np.arange(3), np.arange(3, 6))
    ]  # fmt: skip
    whole = tracks_of(decode(b"".join(sent)))
    pieces = list(iter_tracks([decode(data) for data in sent]))
    for name in ("time_s", "x_m", "y_m", "z_m"):
        joined = np.concatenate([getattr(piece.tracks, name) for piece in pieces])
        np.testing.assert_array_equal(joined, getattr(whole.tracks, name))
    assert whole.tracks.time_s.tolist() == [86_398.0, 86_399.0, 86_399.5, 86_400.5, 86_401.0, 86_402.0]
    assert whole.centre.tolist() == [256 * 25 + 3] * 6


def test_elevations_come_back_as_heights_of_a_three_dimensional_radar() -> None:
    sent = Detections.make(
        2, time_s=[1.0, 2.0], sensor_id=5, kind=0, range_m=[50e3, 300e3], azimuth_rad=1.0, elevation_rad=[0.2, 0.01]
    )
    found, _ = detections_of(decode(cat048_of(sent, RADAR)), RADAR)
    height_error_m = np.abs(found.elevation_rad - sent.elevation_rad) * sent.range_m
    half_range_bit_m = 0.5 / 256 * 1852.0
    assert height_error_m.max() < QUARTER_LEVEL_M / 2 + half_range_bit_m + 1.0


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"sensor_id": [6]}, "sensor_id = 6 in row 0 is not among the sensors"),
        ({"kind": [3]}, "row 0 is no radar plot"),
        ({"range_m": [np.nan]}, "range_m in row 0 is missing"),
        ({"range_m": [600e3]}, "range_nm = 323.97"),
        ({"time_s": [np.nan]}, "time_s in row 0 is missing"),
        ({"mode_3a": [1289]}, "octal digits"),
    ],
)
def test_detections_that_cat048_cannot_hold_are_refused(columns: dict[str, Any], said: str) -> None:
    plot = {"time_s": [1.0], "sensor_id": 5, "kind": 1, "range_m": [1e3], "azimuth_rad": [1.0]} | columns
    with pytest.raises(UseError, match=said):
        cat048_of(Detections.make(1, **plot), RADAR)


def test_sensors_without_codes_cannot_be_written() -> None:
    plot = Detections.make(1, time_s=[1.0], sensor_id=5, range_m=[1e3], azimuth_rad=[1.0])
    with pytest.raises(UseError, match="has no SAC and SIC"):
        cat048_of(plot, Sensors.make(1, sensor_id=[5]))


def test_no_detections_give_no_bytes_and_empty_tables() -> None:
    assert cat048_of(Detections.make(0), RADAR) == b""
    found, counts = detections_of(decode(b""), RADAR)
    assert (len(found), counts["detections"]) == (0, 0)
    assert len(sensors_of(decode(b""))) == 0
    assert len(tracks_of(decode(b"")).tracks) == 0

"""ASTERIX: what is written is read back to half a bit, and no damage brings an exception or an unaccounted byte."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from asterix_records import random_columns
from chainhome.formats.asterix import (
    callsign_codes,
    callsigns,
    cat048_of,
    decode,
    detections_of,
    encode_cat048,
    iter_detections,
    sensors_of,
    tracks_of,
)
from chainhome.formats.asterix.compiled import LAYOUTS
from chainhome.formats.asterix.encode import _encode
from chainhome.tables import Detections, Sensors

HALF_RANGE_BIT_NM = 0.5 / 256
HALF_AZIMUTH_BIT_DEG = 180.0 / 65536
HALF_LEVEL_BIT_M = 12.5 * 0.3048
HALF_TIME_BIT_S = 0.5 / 128
ROUNDING = 1e-9

RADARS = Sensors.make(2, sensor_id=[3, 8], sac=[20, 20], sic=[1, 2], height_m=[100.0, 0.0])


def base_recordings() -> list[bytes]:
    """Small recordings of every container and of several categories."""
    rng = np.random.default_rng(11)
    blocks = [
        _encode(category, random_columns(LAYOUTS[category][0], 4, rng, 0.3), 200) for category in (48, 34, 62, 21)
    ]
    plots = encode_cat048(
        sac=20, sic=[1, 2, 1], time_of_day_s=[86_399.0, 3.0, 4.0], typ=5, range_nm=7.0, azimuth_deg=1.0
    )
    old = bytes([1, 0, 19]) + bytes.fromhex("fa1402202a0040000fc0011800") + bytes(3)
    raw = [*blocks, plots, old, plots]
    gps = bytes(2200) + b"".join(block + bytes(10) for block in raw)
    frame = bytes(12) + b"\x08\x00\x45" + bytes(8) + b"\x11" + bytes(10) + bytes(4)
    packets = [frame + (8 + len(block)).to_bytes(2, "big") + bytes(2) + block for block in raw]
    sizes = [len(packet).to_bytes(4, "little") for packet in packets]
    pcap = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000") + b"".join(
        bytes(8) + size + size + packet for size, packet in zip(sizes, packets, strict=True)
    )
    return [b"".join(raw), gps, pcap]


RECORDINGS = base_recordings()


@settings(max_examples=300)
@given(
    which=st.integers(0, 2),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    cut=st.tuples(st.integers(0, 10_000), st.integers(0, 60)),
    container=st.sampled_from([None, "raw", "gps"]),
)
def test_no_damage_brings_an_exception_or_an_unaccounted_byte(
    which: int, flips: list[tuple[int, int]], cut: tuple[int, int], container: str | None
) -> None:
    data = bytearray(RECORDINGS[which])
    for at, value in flips:
        data[at % len(data)] = value
    begin = cut[0] % len(data)
    del data[begin : begin + cut[1]]
    recording = decode(bytes(data), container)
    report = recording.report
    ends = report.loss_at + report.loss_size
    assert report.bytes_total == len(data)
    assert report.bytes_container >= 0
    assert (report.loss_at[1:] >= ends[:-1]).all()
    assert not len(ends) or (report.loss_at[0] >= 0 and ends[-1] <= len(data))
    assert sum(report.records.values()) == sum(map(len, recording.tables()))
    sensors = sensors_of(recording)
    found, counts = detections_of(recording, sensors)
    assert counts["detections"] == len(found)
    tracks_of(recording)


@given(st.binary(max_size=400))
def test_no_bytes_bring_an_exception(data: bytes) -> None:
    assert decode(data).report.bytes_total == len(data)


@given(seed=st.integers(0, 10_000), category=st.sampled_from([21, 34, 48, 62]), there=st.floats(0.05, 1.0))
def test_every_column_survives_the_round_trip(seed: int, category: int, there: float) -> None:
    layout = LAYOUTS[category][0]
    columns = random_columns(layout, 5, np.random.default_rng(seed), there)
    recording = decode(_encode(category, columns, 1400))
    (table,) = (one for one in recording.tables() if one.category == category)
    assert recording.report.bytes_lost == 0
    for name, values in columns.items():
        if name in layout.raw_columns:
            assert table.raw(name) == values
        else:
            np.testing.assert_array_equal(table[name], values, err_msg=name)


@st.composite
def plots(draw: Any) -> Detections:
    n = draw(st.integers(1, 8))

    def some(values: Any) -> Any:
        return draw(st.lists(values, min_size=n, max_size=n))

    digits = st.tuples(*[st.integers(0, 7)] * 4).map(lambda four: int("".join(map(str, four))))
    return Detections.make(
        n,
        time_s=sorted(some(st.floats(0.0, 40_000.0))),
        sensor_id=some(st.sampled_from([3, 8])),
        kind=some(st.integers(0, 2)),
        range_m=some(st.floats(0.0, 474_000.0)),
        azimuth_rad=some(st.floats(0.0, 6.283)),
        flight_level_m=some(st.one_of(st.just(float("nan")), st.floats(-300.0, 40_000.0))),
        mode_3a=some(st.one_of(st.just(-1), digits)),
        mode_s_address=some(st.integers(-1, (1 << 24) - 1)),
    )


@given(plots())
def test_detections_come_back_to_half_a_bit(given_plots: Detections) -> None:
    found, counts = detections_of(decode(cat048_of(given_plots, RADARS)), RADARS)
    assert counts["detections"] == len(given_plots)
    order = np.argsort(np.rint(given_plots.time_s * 128.0), kind="stable")
    sent = given_plots[order]
    assert np.abs(found.time_s - sent.time_s).max() <= HALF_TIME_BIT_S + ROUNDING
    assert np.abs(found.range_m - sent.range_m).max() <= HALF_RANGE_BIT_NM * 1852.0 + ROUNDING
    turned = np.abs(np.angle(np.exp(1j * (found.azimuth_rad - sent.azimuth_rad))))
    assert turned.max() <= np.radians(HALF_AZIMUTH_BIT_DEG) + ROUNDING
    np.testing.assert_array_equal(np.isnan(found.flight_level_m), np.isnan(sent.flight_level_m))
    levels = np.abs(found.flight_level_m - sent.flight_level_m)
    assert np.nanmax(levels, initial=0.0) <= HALF_LEVEL_BIT_M + ROUNDING
    for name in ("sensor_id", "kind", "mode_3a", "mode_s_address"):
        np.testing.assert_array_equal(getattr(found, name), getattr(sent, name), err_msg=name)


@given(times=st.lists(st.floats(-900.0, 1800.0), min_size=2, max_size=40), start=st.integers(0, 86_399))
def test_times_go_on_across_midnight_in_both_directions(times: list[float], start: int) -> None:
    exact = np.rint((start + np.cumsum([0.0, *times])) * 128.0) / 128.0
    data = encode_cat048(sac=20, sic=1, time_of_day_s=exact % 86_400.0, typ=2, range_nm=1.0, azimuth_deg=1.0)
    found, _ = detections_of(decode(data), RADARS)
    np.testing.assert_array_equal(found.time_s, np.sort(exact))


@given(cut=st.integers(1, 19))
def test_a_recording_in_pieces_gives_the_detections_of_the_whole(cut: int) -> None:
    time_s = 86_390.0 + np.arange(20.0)
    columns = {"range_nm": np.arange(20.0), "azimuth_deg": 1.0, "typ": 2, "sac": 20, "sic": 1}
    data = encode_cat048(time_of_day_s=time_s % 86_400.0, block_bytes=16, **columns)
    size = len(data) // 20
    pieces = [decode(data[: cut * size]), decode(data[cut * size :])]
    parts = [found for found, _ in iter_detections(pieces, RADARS)]
    whole, _ = detections_of(decode(data), RADARS)
    together = Detections.concat(parts)
    for name in Detections.columns():
        np.testing.assert_array_equal(getattr(together, name), getattr(whole, name), err_msg=name)
    np.testing.assert_array_equal(whole.time_s, time_s)


@given(st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=8), max_size=5))
def test_call_signs_come_back(texts: list[str]) -> None:
    assert callsigns(callsign_codes(np.array(texts, np.str_))).tolist() == texts

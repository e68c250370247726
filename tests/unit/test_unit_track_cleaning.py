"""Cleaning: each rule with its count, order within a bounded buffer, and rows in = rows out + what was left out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome.errors import UseError
from chainhome.process.cleaning import DROPPED, IGNORED, clean, empty_buffer, release, take_in
from chainhome.tables import SENSOR_KINDS, Detections, Sensors

RADARS = Sensors.make(
    sensor_id=[4, 2, 9],
    name=["3-D", "2-D", "ADS-B"],
    kind=[0, 0, SENSOR_KINDS.index("ads_b")],
    max_range_m=[400e3, 100e3, np.nan],
    range_sigma_m=[50.0, 50.0, 30.0],
    elevation_sigma_rad=[0.005, np.nan, np.nan],
)
GOOD = {"time_s": 1.0, "sensor_id": 4, "range_m": 50e3, "azimuth_rad": 1.0, "elevation_rad": 0.1}


def plots(*rows: dict[str, float]) -> Detections:
    names = {name for row in rows for name in row}
    missing = {name: column.missing for name, column in Detections.columns().items()}
    return Detections.make(len(rows), **{name: [row.get(name, missing[name]) for row in rows] for name in names})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"time_s": np.nan}, "without_time"),
        ({"time_s": np.inf}, "without_time"),
        ({"range_m": np.nan}, "without_position"),
        ({"azimuth_rad": np.nan}, "without_position"),
        ({"range_m": np.inf}, "without_position"),
        ({"range_m": 0.0}, "range_not_positive"),
        ({"range_m": -5.0}, "range_not_positive"),
        ({"range_m": 401e3}, "beyond_max_range"),
        ({"range_m": 101e3, "sensor_id": 2}, "beyond_max_range"),
        ({"azimuth_rad": np.radians(400.0)}, "azimuth_out_of_range"),
        ({"azimuth_rad": -0.1}, "azimuth_out_of_range"),
        ({"elevation_rad": 1.6}, "elevation_out_of_range"),
        ({"elevation_rad": -np.inf}, "elevation_out_of_range"),
        ({"sensor_id": 9}, "without_position"),
    ],
)
def test_a_plot_that_cannot_be_true_is_left_out_and_counted(change: dict[str, float], reason: str) -> None:
    kept, counts = clean(plots(GOOD, GOOD | change), RADARS)
    assert len(kept) == 1
    assert counts == {reason: 1}
    assert reason in DROPPED


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"sensor_id": 2}, "elevation_rad", "elevation_ignored"),
        ({"range_sigma_m": 0.0}, "range_sigma_m", "sigma_ignored"),
        ({"azimuth_sigma_rad": -1.0}, "azimuth_sigma_rad", "sigma_ignored"),
        ({"elevation_sigma_rad": np.inf}, "elevation_sigma_rad", "sigma_ignored"),
        ({"flight_level_m": 99e3}, "flight_level_m", "height_ignored"),
        ({"doppler_mps": np.inf}, "doppler_mps", "doppler_ignored"),
    ],
)
def test_what_cannot_be_used_of_a_plot_is_ignored_and_counted(
    change: dict[str, float], column: str, reason: str
) -> None:
    kept, counts = clean(plots(GOOD | change), RADARS)
    assert np.isnan(getattr(kept, column)[0])
    assert counts == {reason: 1}
    assert reason in IGNORED


@pytest.mark.parametrize("code", [0, 7, 21, 1200, 4077, 4100, 5050, 7500, 7700, 7777])
def test_a_code_of_four_octal_digits_stays(code: int) -> None:
    kept, counts = clean(plots(GOOD | {"mode_3a": code, "mode_s_address": 0xFFFFFF}), RADARS)
    assert (kept.mode_3a.tolist(), kept.mode_s_address.tolist(), counts) == ([code], [0xFFFFFF], {})


@pytest.mark.parametrize("code", [8, 90, 1800, 4095, 7780, 8000, 9999, 10_000, 17_700, 2**40])
def test_a_code_with_an_eight_a_nine_or_a_fifth_digit_is_ignored_and_counted(code: int) -> None:
    kept, counts = clean(plots(GOOD | {"mode_3a": code}, GOOD | {"mode_s_address": 2**24}), RADARS)
    assert (kept.mode_3a.tolist(), kept.mode_s_address.tolist()) == ([-1, -1], [-1, -1])
    assert counts == {"reply_ignored": 2}


def test_good_plots_pass_as_they_are() -> None:
    own_sigma = GOOD | {"sensor_id": 2, "elevation_sigma_rad": 0.01}
    position = {"time_s": 2.0, "sensor_id": 9, "x_m": -5.0, "y_m": 900e3, "azimuth_rad": 44.0}
    given_ = plots(GOOD, own_sigma, position, GOOD | {"range_m": 400e3 + 200.0}, GOOD | {"elevation_rad": np.nan})
    kept, counts = clean(given_, RADARS)
    assert counts == {}
    for name in given_.columns():
        np.testing.assert_array_equal(getattr(kept, name), getattr(given_, name), err_msg=name)


def test_plots_beside_the_sector_by_more_than_five_sigma_are_left_out_and_counted() -> None:
    """A sector of 90 degrees about north-west reaches from 270 to 360 degrees."""
    sigma = np.radians(0.2)
    radar = Sensors.make(
        sensor_id=[4, 2], max_range_m=400e3, azimuth_sigma_rad=sigma, elevation_sigma_rad=0.005,
        sector_centre_rad=[np.radians(315.0), np.nan], sector_width_rad=[np.radians(90.0), np.nan],
    )  # fmt: skip
    inside = [271.0, 300.0, 359.0, 0.0, 0.9, 269.1]
    beside = [1.1, 268.9, 90.0, 180.0]
    rows = [GOOD | {"azimuth_rad": np.radians(azimuth)} for azimuth in (*inside, *beside)]
    kept, counts = clean(plots(*rows), radar)
    assert np.degrees(kept.azimuth_rad) == pytest.approx(inside)
    assert counts == {"outside_sector": len(beside)}
    # A weak echo says of itself that it is less sure; what cannot be true is not believed; the other radar sees all.
    weak, boast = {"azimuth_sigma_rad": np.radians(0.4)}, {"azimuth_sigma_rad": 1e9}
    two = {"sensor_id": 2}
    kept, counts = clean(plots(*(rows[-4] | more for more in (weak, boast, two))), radar)
    assert kept.sensor_id.tolist() == [4, 2]
    assert counts == {"outside_sector": 1}


def test_a_full_circle_in_five_decimals_is_north() -> None:
    rows = plots(*(GOOD | {"azimuth_rad": azimuth} for azimuth in (6.28319, 2 * np.pi, -1e-6, 6.2831)))
    kept, counts = clean(rows, RADARS)
    assert kept.azimuth_rad.tolist() == [0.0, 0.0, 0.0, 6.2831]
    assert counts == {}


def test_a_sensor_that_is_not_declared_is_named_or_skipped() -> None:
    rows = plots(GOOD, GOOD | {"sensor_id": 7})
    with pytest.raises(UseError, match=r'sensor_id 7, which is not declared; the sensors are 4 \("3-D"\), 2 \("2-D"\)'):
        clean(rows, RADARS)
    kept, counts = clean(rows, RADARS, skip_undeclared=True)
    assert len(kept) == 1
    assert counts == {"undeclared_sensor": 1}


def test_each_plot_counts_for_its_first_fault_only() -> None:
    _, counts = clean(plots(GOOD | {"time_s": np.nan, "range_m": -1.0, "azimuth_rad": 9.0}), RADARS)
    assert counts == {"without_time": 1}


def streamed(times: list[float], keep: int, size: int) -> tuple[list[Detections], Counter[str]]:
    """Bring plots into order in batches of `size`."""
    rows = Detections.make(time_s=times, sensor_id=4, range_m=np.arange(len(times)) + 1.0, azimuth_rad=1.0)
    buffer, out, counts = empty_buffer(), [], Counter[str]()
    for start in range(0, len(times), size):
        buffer, told = take_in(buffer, rows[start : start + size])
        counts.update(told)
        buffer, part, told = release(buffer, keep=keep)
        counts.update(told)
        out.append(part)
    buffer, part, told = release(buffer, keep=keep, everything=True)
    counts.update(told)
    assert not sum(len(waiting) for waiting in buffer.waiting)
    return [*out, part], counts


@given(st.lists(st.floats(0, 3_000), max_size=60), st.integers(1, 20), st.integers(1, 9))
def test_order_comes_back_and_nothing_is_lost_without_being_counted(times: list[float], keep: int, size: int) -> None:
    parts, counts = streamed(times, keep, size)
    whole = Detections.concat(parts)
    assert (np.diff(whole.time_s) >= 0).all()
    assert whole.detection_id.tolist() == list(range(len(whole)))
    assert len(whole) + sum(counts.values()) == len(times)
    assert set(counts) <= {"late"}
    if keep >= len(times):
        assert not counts
        assert whole.time_s.tolist() == sorted(times)


def test_a_plot_later_than_the_buffer_holds_is_late_and_one_within_is_not() -> None:
    times = [float(number) for number in range(40)]
    times[20], times[21] = times[21], times[20]
    parts, counts = streamed([*times, 5.0], keep=5, size=4)
    assert counts == {"late": 1}
    assert Detections.concat(parts).time_s.tolist() == sorted(times)
    assert max(len(part) for part in parts) <= 10


def test_the_same_plot_twice_is_one_and_its_like_from_elsewhere_is_another() -> None:
    other = (
        GOOD | {"time_s": 1.5},
        GOOD | {"sensor_id": 2},
        GOOD | {"range_m": 50_001.0},
        GOOD | {"elevation_rad": np.nan},
        GOOD | {"elevation_rad": np.nan, "azimuth_rad": 2.0},
    )
    rows = plots(GOOD, *other, GOOD, other[3], GOOD)
    buffer, _ = take_in(empty_buffer(), rows)
    _, out, counts = release(buffer, everything=True)
    assert counts == {"duplicates": 3}
    assert len(out) == 1 + len(other)


def test_a_few_plots_far_from_all_others_in_time_are_astray_but_a_pause_is_not() -> None:
    day = 86_400.0
    steady = [float(number) for number in range(30)]
    parts, counts = streamed([-9 * day, *steady[:15], 500 * day, *steady[15:]], keep=8, size=4)
    assert counts == {"time_astray": 2}
    assert Detections.concat(parts).time_s.tolist() == steady
    after_a_pause = [2 * day + number for number in range(30)]
    parts, counts = streamed([*steady, *after_a_pause], keep=8, size=4)
    assert not counts
    assert Detections.concat(parts).time_s.tolist() == [*steady, *after_a_pause]
    parts, counts = streamed([0.0, 3 * day], keep=8, size=4)
    assert not counts
    assert len(Detections.concat(parts)) == 2

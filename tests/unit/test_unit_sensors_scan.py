"""When a beam is on a target: a turning antenna and a staring one."""

import math

import numpy as np
import pytest

from chainhome.errors import UseError
from chainhome.sensors import scan

A_MILLISECOND_S = 1e-3
TURN = 2.0 * math.pi


def off_beam_s(times: np.ndarray, azimuth: np.ndarray, period_s: float, phase_rad: float) -> np.ndarray:
    beam = phase_rad + TURN * times / period_s
    return np.abs(scan.wrap(beam - azimuth)) * period_s / TURN


def test_the_beam_points_at_the_target_when_it_looks() -> None:
    scans = np.tile(np.arange(30), 20)
    start = np.repeat(np.random.default_rng(1).uniform(0.3, TURN + 0.3, 20), 30)
    rate = np.repeat(np.random.default_rng(2).uniform(-0.2, 0.2, 20), 30)

    def azimuth(t: np.ndarray) -> np.ndarray:
        return start + rate * t + 0.1 * np.sin(0.05 * t)

    times = scan.look_times(scans, 12.0, 0.3, azimuth)
    assert np.max(off_beam_s(times, azimuth(times), 12.0, 0.3)) < A_MILLISECOND_S


@pytest.mark.parametrize("rate", [0.01, -0.01, 0.13, -0.13])
def test_a_target_that_circles_the_radar_is_passed_once_for_each_scan_number(rate: float) -> None:
    """Dense sampling of the beam counts the passes independently of the solver."""

    def azimuth(t: np.ndarray) -> np.ndarray:
        return 6.0 + rate * t

    period_s = 5.0
    times = scan.look_times(np.arange(40), period_s, 0.0, azimuth)
    t = np.linspace(0.0, times[-1] + 1e-3, 400_001)
    turns = np.floor((TURN * t / period_s - azimuth(t)) / TURN)
    passes = t[1:][np.diff(turns) > 0]
    assert len(passes) == len(times)
    assert np.allclose(passes, times, atol=2.0 * float(t[1] - t[0]))


def test_a_wrapped_azimuth_is_made_continuous() -> None:
    smooth = np.linspace(0.0, 30.0, 100)
    wrapped = np.mod(smooth, TURN)
    assert np.allclose(scan.nearest_branch(wrapped, smooth + 0.4), smooth)


def test_a_target_faster_around_the_radar_than_the_beam_has_no_look() -> None:
    times = scan.look_times([0, 1], 10.0, 0.0, lambda t: 1.0 + 1.5 * TURN / 10.0 * t)
    assert np.isnan(times).all()
    assert np.isnan(scan.look_times([0], 10.0, 0.0, lambda t: np.full_like(t, np.nan))).all()


def test_a_sector_counts_across_north_and_a_missing_one_is_all_round() -> None:
    azimuth = np.radians([300.0, 316.0, 0.0, 44.0, 46.0])
    inside = scan.in_sector(azimuth, 0.0, math.radians(90.0))
    assert inside.tolist() == [False, True, True, True, False]
    assert scan.in_sector(azimuth, np.nan, np.nan).all()


def test_a_staring_array_looks_in_the_order_of_its_raster() -> None:
    degrees = np.array([-45.0, -20.0, 0.0, 44.0, 60.0])

    def azimuth(t: np.ndarray) -> np.ndarray:
        return np.radians(degrees + 0.05 * t)

    times = scan.sector_look_times(np.full(5, 2), 4.0, 0.0, math.radians(90.0), azimuth)
    assert np.isnan(times[-1])
    seen = times[:-1]
    assert np.all((seen >= 8.0) & (seen <= 12.0))
    assert np.all(np.diff(seen) > 0.0)
    left = (azimuth(times)[:-1] + math.radians(45.0)) / math.radians(90.0)
    assert np.allclose(seen, 8.0 + 4.0 * left, atol=A_MILLISECOND_S)


def test_a_flat_array_loses_nine_decibels_at_sixty_degrees_and_all_at_ninety() -> None:
    loss_db = scan.array_scan_loss_db(np.radians([0.0, 60.0, 90.0, 120.0]))
    assert np.allclose(loss_db[:2], [0.0, 30.0 * math.log10(2.0)])
    assert np.isinf(loss_db[2:]).all()


def test_impossible_scans_are_refused() -> None:
    with pytest.raises(UseError, match="must be positive"):
        scan.look_times([0], 0.0, 0.0, lambda t: t)
    with pytest.raises(UseError, match="must be positive"):
        scan.sector_look_times([0], 4.0, 0.0, 0.0, lambda t: t)

"""The filter against a slow reference that is plain to see: loops, full matrices, numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.earth import enu_frame, enu_to_geodetic, measure, range_rate
from chainhome.tables import Detections, Sensors
from chainhome.tracking.filter import brought_forward, fit, update
from chainhome.tracking.measurement import linearise, plots_of
from chainhome.tracking.model import predict, process_noise, transition

WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
SITE = enu_frame(np.radians(40.6), np.radians(33.4), 900.0)
RADAR = Sensors.make(
    sensor_id=[0],
    range_sigma_m=50.0,
    azimuth_sigma_rad=2e-3,
    elevation_sigma_rad=3e-3,
    doppler_sigma_mps=2.0,
    period_s=12.0,
)
SAME_TO_A_MILLIONTH = 1e-6


def random_states(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    mean = np.column_stack([rng.uniform(-2e5, 2e5, (n, 2)), rng.uniform(1e3, 1e4, n), rng.uniform(-250, 250, (n, 3))])
    root = rng.normal(size=(n, 6, 6)) * np.array([300, 300, 200, 30, 30, 10])[:, None]
    return mean, root @ np.swapaxes(root, 1, 2) + np.diag([1e3, 1e3, 1e3, 1, 1, 1])


def measured_by_hand(state: np.ndarray) -> np.ndarray:
    r, azimuth, elevation = measure(state[None, :3], SITE, WORLD)
    doppler = range_rate(state[None, :3], state[None, 3:], SITE, WORLD)
    height = enu_to_geodetic(WORLD, state[None, :3])[2]
    return np.array([r[0], azimuth[0], elevation[0], doppler[0], height[0]])


def reference_update(mean, covariance, measured, sigma, slots):  # type: ignore[no-untyped-def]
    jacobian = np.zeros((5, 6))
    for column in range(6):
        small = 1.0 if column < 3 else 0.1
        ahead, behind = mean.copy(), mean.copy()
        ahead[column] += small
        behind[column] -= small
        jacobian[:, column] = (measured_by_hand(ahead) - measured_by_hand(behind)) / (2 * small)
    h, r = jacobian[slots], np.diag(sigma[slots] ** 2)
    s = h @ covariance @ h.T + r
    gain = covariance @ h.T @ np.linalg.inv(s)
    innovation = (measured - measured_by_hand(mean))[slots]
    distance2 = innovation @ np.linalg.inv(s) @ innovation
    return mean + gain @ innovation, (np.eye(6) - gain @ h) @ covariance, distance2, np.linalg.slogdet(s)[1]


@pytest.mark.parametrize("slots", [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 4], [0, 1, 3, 4]])
def test_the_update_equals_the_textbook_one_for_every_kind_of_plot(slots: list[int]) -> None:
    rng = np.random.default_rng(5)
    mean, covariance = random_states(rng, 6)
    sigma = np.array([50.0, 2e-3, 3e-3, 2.0, 150.0])
    measured = np.array([measured_by_hand(state) for state in mean]) + sigma * rng.normal(size=(6, 5))
    given = np.where(np.isin(range(5), slots), measured, np.nan)
    names = ("range_m", "azimuth_rad", "elevation_rad", "doppler_mps", "flight_level_m")
    detections = Detections.make(
        detection_id=range(6), time_s=0.0, sensor_id=0, **dict(zip(names, given.T, strict=True))
    )
    plots = plots_of(detections, RADAR, np.ones(6), 150.0, 50.0)
    innovation, jacobian = linearise(mean, plots, SITE, WORLD)
    noise = brought_forward(jacobian, np.zeros(6), 0.0, 0.0)[1]
    distance2, log_det = fit(covariance, innovation, jacobian, noise)
    new_mean, new_covariance = update(mean, covariance, innovation, jacobian, noise)
    for i in range(6):
        by_hand = reference_update(mean[i], covariance[i], measured[i], sigma, slots)
        deviation = np.sqrt(np.diag(by_hand[1]))
        assert np.abs((new_mean[i] - by_hand[0]) / deviation).max() < SAME_TO_A_MILLIONTH
        assert (
            np.abs((new_covariance[i] - by_hand[1]) / np.outer(deviation, deviation)).max() < 10 * SAME_TO_A_MILLIONTH
        )
        assert distance2[i] == pytest.approx(by_hand[2], rel=SAME_TO_A_MILLIONTH)
        assert log_det[i] + 2 * np.log(sigma[slots]).sum() == pytest.approx(by_hand[3], rel=SAME_TO_A_MILLIONTH)


def test_a_prediction_equals_many_small_ones_summed_by_hand() -> None:
    rng = np.random.default_rng(6)
    mean, covariance = random_states(rng, 3)
    steps, seconds = 2_000, 12.0
    ahead, spread = predict(mean, covariance, np.full(3, seconds), 100.0, 4.0)
    move = np.eye(6)
    move[:3, 3:] = np.eye(3) * seconds / steps
    kick = np.diag([0, 0, 0, 100.0, 100.0, 4.0]) * seconds / steps
    one_part_of_the_step = 2.0 / steps
    for i in range(3):
        x, p = mean[i].copy(), covariance[i].copy()
        for _ in range(steps):
            x, p = move @ x, move @ p @ move.T + kick
        assert np.allclose(ahead[i], x, rtol=1e-9)
        assert np.abs(spread[i] - p).max() < one_part_of_the_step * np.abs(p).max()


def test_two_predictions_in_a_row_are_one_prediction() -> None:
    mean, covariance = random_states(np.random.default_rng(7), 4)
    once = predict(mean, covariance, np.full(4, 10.0), 300.0, 9.0)
    twice = predict(*predict(mean, covariance, np.full(4, 3.0), 300.0, 9.0), np.full(4, 7.0), 300.0, 9.0)
    assert np.allclose(once[0], twice[0], rtol=1e-12)
    assert np.allclose(once[1], twice[1], rtol=1e-12)


def test_a_prediction_never_goes_back() -> None:
    with pytest.raises(ValueError, match="goes forward"):
        predict(np.zeros((1, 6)), np.eye(6)[None], [-1.0], 1.0, 1.0)


def test_a_late_plot_gives_what_it_would_have_given_in_time_if_nothing_manoeuvres() -> None:
    mean, covariance = random_states(np.random.default_rng(8), 1)
    jacobian = np.zeros((1, 5, 6))
    jacobian[0, :3, :3] = np.eye(3) / 50.0
    first, second = np.array([[1.0, -2.0, 0.5, 0.0, 0.0]]), np.array([[-0.5, 1.5, 2.0, 0.0, 0.0]])
    unit, at_once = np.eye(5)[None], np.zeros(1)

    def off(state: np.ndarray, plot: np.ndarray, late: float) -> np.ndarray:
        seen = (transition([-late]) @ state[:, :, None])[:, :, 0]
        return plot * 4.0 + (jacobian @ (mean * 1.001 - seen)[:, :, None])[:, :, 0]

    one = update(mean, covariance, off(mean, first, 0.0), jacobian, unit)
    moved = predict(*one, [8.0], 0.0, 0.0)
    in_order = update(*moved, off(moved[0], second, 0.0), jacobian, unit)
    ahead = predict(mean, covariance, [8.0], 0.0, 0.0)
    newer = update(*ahead, off(ahead[0], second, 0.0), jacobian, unit)
    back, noise = brought_forward(jacobian, np.array([8.0]), 0.0, 0.0)
    late = update(*newer, off(newer[0], first, 8.0), back, noise)
    assert np.allclose(late[0], in_order[0], rtol=1e-9)
    assert np.allclose(late[1], in_order[1], rtol=1e-9)
    assert np.allclose(brought_forward(jacobian, at_once, 5.0, 5.0)[1], unit)


def test_a_late_plot_weighs_less_the_more_can_have_happened_since() -> None:
    _, covariance = random_states(np.random.default_rng(9), 1)
    jacobian = np.eye(5, 6)[None] / 50.0
    log_dets = [
        fit(covariance, np.zeros((1, 5)), *brought_forward(jacobian, np.array([6.0]), q, q))[1][0] for q in (0, 9, 99)
    ]
    assert log_dets[0] < log_dets[1] < log_dets[2]


def test_the_update_adds_information_whatever_the_noise() -> None:
    rng = np.random.default_rng(10)
    mean, covariance = random_states(rng, 3)
    jacobian = rng.normal(size=(3, 5, 6)) / 100.0
    root = rng.normal(size=(3, 5, 5))
    noise = np.eye(5) + root @ np.swapaxes(root, 1, 2)
    _, after = update(mean, covariance, np.zeros((3, 5)), jacobian, noise)
    told = np.swapaxes(jacobian, 1, 2) @ np.linalg.inv(noise) @ jacobian
    assert np.allclose(after, np.linalg.inv(np.linalg.inv(covariance) + told), rtol=1e-7, atol=1e-9)


def test_process_noise_is_positive_definite() -> None:
    assert (np.linalg.eigvalsh(process_noise([0.1, 12.0, -12.0], 1_000.0, 100.0)) > 0).all()


def test_a_plot_without_azimuth_is_refused_by_its_number() -> None:
    with pytest.raises(ValueError, match="detection_id 31: expected range and azimuth, or x and y"):
        plots_of(Detections.make(detection_id=[31], range_m=5e3), RADAR, np.ones(1), 150.0, 50.0)


def test_a_plot_without_any_standard_deviation_is_refused() -> None:
    detections = Detections.make(detection_id=[31], range_m=5e3, azimuth_rad=1.0)
    with pytest.raises(ValueError, match="detection_id 31: expected a positive standard deviation"):
        plots_of(detections, Sensors.make(sensor_id=[0]), np.ones(1), 150.0, 50.0)


def test_a_flight_level_is_left_alone_where_the_radar_measures_height() -> None:
    detections = Detections.make(
        detection_id=[0, 1], range_m=5e4, azimuth_rad=1.0, elevation_rad=[0.1, np.nan], flight_level_m=9e3
    )
    plots = plots_of(detections, RADAR, np.ones(2), 150.0, 50.0)
    assert np.isnan(plots.value[:, 4]).tolist() == [True, False]

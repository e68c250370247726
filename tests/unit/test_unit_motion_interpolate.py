import numpy as np
import pytest

from chainhome.motion import index, interpolate
from chainhome.tables import Truth


def circle(target_id: int, times: np.ndarray, radius_m: float = 5_000.0, speed_mps: float = 200.0) -> Truth:
    w = speed_mps / radius_m
    return Truth.make(
        time_s=times,
        target_id=target_id,
        x_m=radius_m * np.cos(w * times),
        y_m=radius_m * np.sin(w * times),
        z_m=1_000.0 + 2.0 * times,
        vx_mps=-speed_mps * np.sin(w * times),
        vy_mps=speed_mps * np.cos(w * times),
        vz_mps=2.0,
    )


def test_a_cubic_flight_is_reproduced_exactly() -> None:
    def place(t: np.ndarray) -> np.ndarray:
        return 3.0 + 200.0 * t - 2.0 * t**2 + 0.05 * t**3

    def speed(t: np.ndarray) -> np.ndarray:
        return 200.0 - 4.0 * t + 0.15 * t**2

    rows = np.array([0.0, 3.0, 10.0, 14.0])
    truth = Truth.make(time_s=rows, target_id=5, x_m=place(rows), y_m=0, z_m=0, vx_mps=speed(rows), vy_mps=0, vz_mps=0)
    asked = np.linspace(0.0, 14.0, 57)
    position, velocity = interpolate(truth, 5, asked)
    np.testing.assert_allclose(position[:, 0], place(asked), atol=1e-9)
    np.testing.assert_allclose(velocity[:, 0], speed(asked), atol=1e-9)


def test_a_hard_turn_sampled_each_second_is_met_within_a_centimetre() -> None:
    truth = circle(1, np.arange(0.0, 100.0))
    asked = np.linspace(0.0, 99.0, 997)
    position, velocity = interpolate(truth, 1, asked)
    one_centimetre, one_centimetre_per_second = 0.01, 0.01
    exact = circle(1, asked)
    assert np.abs(position[:, 0] - exact.x_m).max() < one_centimetre
    assert np.abs(velocity[:, 1] - exact.vy_mps).max() < one_centimetre_per_second


def test_a_question_at_a_row_returns_the_row_to_the_last_bit() -> None:
    truth = Truth.concat([circle(8, np.arange(0.0, 30.0, 0.7)), circle(3, np.arange(5.0, 60.0, 1.3))])
    shuffled = truth[np.random.default_rng(2).permutation(len(truth))]
    position, velocity = interpolate(shuffled, truth.target_id, truth.time_s)
    np.testing.assert_array_equal(position, np.column_stack([truth.x_m, truth.y_m, truth.z_m]))
    np.testing.assert_array_equal(velocity, np.column_stack([truth.vx_mps, truth.vy_mps, truth.vz_mps]))


def test_each_target_answers_for_itself() -> None:
    a, b = circle(8, np.arange(0.0, 30.0)), circle(3, np.arange(5.0, 60.0, 2.0), radius_m=9_000.0)
    both = index(Truth.concat([a, b]))
    asked = np.array([5.5, 7.25, 28.9])
    mixed, _ = interpolate(both, [8, 3, 8], asked)
    np.testing.assert_array_equal(mixed[[0, 2]], interpolate(a, 8, asked[[0, 2]])[0])
    np.testing.assert_array_equal(mixed[[1]], interpolate(b, 3, asked[[1]])[0])


def test_nothing_is_known_outside_a_life_or_of_a_stranger() -> None:
    truth = Truth.concat([circle(8, np.arange(10.0, 30.0)), circle(3, np.arange(50.0, 60.0))])
    position, velocity = interpolate(truth, [8, 8, 3, 3, 7, 99, -1], [9.999, 29.001, 49.0, 60.0, 20.0, 20.0, 20.0])
    assert np.isnan(position).all()
    assert np.isnan(velocity).all()


def test_nothing_is_known_inside_a_gap() -> None:
    truth = circle(1, np.array([0.0, 10.0, 80.0, 90.0]))
    asked = np.array([5.0, 10.0, 10.1, 79.9, 80.0, 85.0])
    known = np.isfinite(interpolate(truth, 1, asked)[0][:, 0])
    assert known.tolist() == [True, True, False, False, True, True]
    assert np.isfinite(interpolate(index(truth, gap_s=70.0), 1, asked)[0]).all()


def test_one_row_is_a_life_of_one_instant() -> None:
    truth = circle(1, np.array([4.0]))
    assert np.isfinite(interpolate(truth, 1, [3.0, 4.0, 5.0])[0][:, 0]).tolist() == [False, True, False]


def test_an_empty_truth_answers_nan_and_no_questions_give_no_rows() -> None:
    assert np.isnan(interpolate(Truth.make(0), [1, 2], 0.0)[0]).all()
    assert interpolate(circle(1, np.arange(3.0)), np.zeros(0, int), np.zeros(0))[0].shape == (0, 3)


def test_questions_of_two_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(n,\)"):
        interpolate(circle(1, np.arange(3.0)), 1, np.zeros((2, 2)))

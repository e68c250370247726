"""Closed forms of engagement arithmetic against their printed values."""

import pytest

from chainhome import engagement

THREE_DIGITS, FOUR_DIGITS, TWO_DIGITS = 0.00051, 0.000051, 0.0051  # half a unit of the last printed digit


@pytest.mark.parametrize(("p", "n", "killed", "rounds"), [(0.7, 2, 0.910, 1.30), (0.8, 3, 0.992, 1.24)])
def test_shoot_look_shoot_kills_like_a_salvo_with_fewer_rounds(p: float, n: int, killed: float, rounds: float) -> None:
    assert abs(engagement.salvo_kill_probability(p, n) - killed) < THREE_DIGITS
    assert abs(engagement.shoot_look_shoot_rounds(p, n) - rounds) < TWO_DIGITS


@pytest.mark.parametrize(
    ("p", "n", "raid", "none", "tolerance"),
    [(0.8, 1, 8, 0.168, THREE_DIGITS), (0.7, 2, 10, 0.3894, FOUR_DIGITS), (0.9, 2, 10, 0.9044, FOUR_DIGITS)],
)
def test_leakers_are_binomial(p: float, n: int, raid: int, none: float, tolerance: float) -> None:
    assert abs(engagement.leaker_distribution(p, n, raid)[0] - none) < tolerance
    assert abs(engagement.no_leaker_probability(p, n, raid) - none) < tolerance


def test_a_common_failure_is_drawn_once_per_raid() -> None:
    once, for_each_target = 0.598, 0.232
    assert abs(engagement.no_leaker_probability(0.8, 2, 10, p_common=0.9) - once) < THREE_DIGITS
    each = 0.9 * engagement.salvo_kill_probability(0.8, 2)
    assert abs(each**10 - for_each_target) < THREE_DIGITS


@pytest.mark.parametrize(("p", "even", "two_looks"), [(0.5, 5.0, 4.048), (0.7, 2.76, 1.391), (0.9, 0.84, 0.124)])
def test_sixteen_rounds_against_twelve_targets(p: float, even: float, two_looks: float) -> None:
    assert abs(engagement.even_fire_leakers(p, 16, 12) - even) < THREE_DIGITS
    assert abs(engagement.shoot_look_shoot_leakers(p, 16, 12, looks=2) - two_looks) < THREE_DIGITS


@pytest.mark.parametrize(("p", "saturated", "salvoes"), [(0.5, 24.0, 28.0), (0.7, 17.6, 25.44), (0.9, 11.2, 24.16)])
def test_a_saturated_magazine_of_thirty_two_against_forty(p: float, saturated: float, salvoes: float) -> None:
    assert abs(engagement.even_fire_leakers(p, 32, 40) - saturated) < THREE_DIGITS
    assert abs(engagement.shoot_look_shoot_leakers(p, 32, 40, looks=2) - saturated) < THREE_DIGITS
    assert abs(engagement.salvo_fire_leakers(p, 32, 40, 2) - salvoes) < THREE_DIGITS


def test_three_layers() -> None:
    assert abs(engagement.layered_kill_probability([0.7, 0.5, 0.4]) - 0.91) < THREE_DIGITS


def test_three_against_three_is_lost_on_both_sides() -> None:
    assert engagement.hughes_salvo_losses(3, 3, 3, 2, 1) == 3.0

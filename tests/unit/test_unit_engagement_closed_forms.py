import itertools

import numpy as np
import pytest

from chainhome import engagement
from chainhome.errors import UseError


def simulated_leakers(p: float, magazine: int, targets: int, looks: int, runs: int) -> tuple[float, float]:
    """Play the looks round by round: a slow, obviously right twin."""
    rng = np.random.default_rng(11)
    leakers = np.zeros(runs)
    for run in range(runs):
        alive, left = targets, magazine
        for _ in range(looks):
            fired = min(alive, left)
            left -= fired
            alive -= int((rng.random(fired) < p).sum())
        leakers[run] = alive
    return float(leakers.mean()), float(leakers.std() / np.sqrt(runs))


@pytest.mark.parametrize(("magazine", "targets", "looks"), [(16, 12, 2), (9, 4, 3), (5, 8, 2)])
def test_shoot_look_shoot_agrees_with_playing_it(magazine: int, targets: int, looks: int) -> None:
    mean, error = simulated_leakers(0.6, magazine, targets, looks, 4_000)
    four_standard_errors = 4 * error
    assert abs(engagement.shoot_look_shoot_leakers(0.6, magazine, targets, looks) - mean) < four_standard_errors + 1e-9


def test_one_look_of_shoot_look_shoot_is_one_round_each() -> None:
    assert engagement.shoot_look_shoot_leakers(0.7, 5, 8, 1) == pytest.approx(8 - 5 * 0.7)
    assert engagement.shoot_look_shoot_leakers(0.7, 50, 8, 1) == pytest.approx(8 * 0.3)


def test_looking_between_shots_never_costs_leakers() -> None:
    looks = [engagement.shoot_look_shoot_leakers(0.5, 20, 10, k) for k in (1, 2, 3, 4)]
    assert all(later <= earlier for earlier, later in itertools.pairwise(looks))


def test_leakers_are_a_distribution_with_the_mean_of_even_fire() -> None:
    weights = engagement.leaker_distribution(0.7, 2, 10)
    assert weights.sum() == pytest.approx(1.0)
    assert weights @ np.arange(11) == pytest.approx(float(engagement.even_fire_leakers(0.7, 20, 10)))


def test_no_targets_leak_nothing_and_no_rounds_stop_nothing() -> None:
    assert engagement.even_fire_leakers(0.7, 5, 0) == 0.0
    assert engagement.even_fire_leakers(0.7, 0, 5) == 5.0
    assert engagement.salvo_fire_leakers(0.7, 5, 0, 2) == 0.0
    assert engagement.salvo_fire_leakers(0.7, 1, 5, 2) == pytest.approx(4.3)
    assert engagement.shoot_look_shoot_leakers(0.7, 0, 5) == 5.0


def test_a_shot_that_never_kills_takes_the_whole_salvo() -> None:
    assert engagement.shoot_look_shoot_rounds(0.0, 3) == 3.0
    assert engagement.shoot_look_shoot_rounds(1.0, 3) == 1.0


def test_the_stronger_side_of_a_salvo_exchange_may_lose_nothing() -> None:
    assert engagement.hughes_salvo_losses(4, 2, 3, 2, 1) == 0.0
    assert engagement.hughes_salvo_losses(2, 4, 3, 2, 4) == 2.0


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(UseError, match=f"a probability of {p}"):
        engagement.salvo_kill_probability(p, 2)


def test_counts_are_whole_and_not_negative() -> None:
    with pytest.raises(UseError, match=r"magazine = -1 must be a whole number"):
        engagement.even_fire_leakers(0.5, -1, 4)
    with pytest.raises(UseError, match=r"targets = 2\.5 must be a whole number"):
        engagement.shoot_look_shoot_leakers(0.5, 4, 2.5)  # type: ignore[arg-type]
    with pytest.raises(UseError, match="salvo = 0"):
        engagement.salvo_fire_leakers(0.5, 4, 4, 0)
    with pytest.raises(UseError, match="looks = 0"):
        engagement.shoot_look_shoot_leakers(0.5, 4, 4, 0)

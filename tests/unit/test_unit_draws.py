"""Counter-based randomness: keys decide, order does not; the draws have the distributions that they claim."""

import numpy as np
import pytest

from chainhome import draws

KEYS = draws.key(2019, np.arange(200_000))


def test_a_draw_is_a_function_of_its_key_alone() -> None:
    whole = draws.uniform(draws.key(7, 3, np.arange(1000)))
    backwards = draws.uniform(draws.key(7, 3, np.arange(1000)[::-1]))
    assert np.array_equal(whole, backwards[::-1])
    assert float(draws.uniform(draws.key(7, 3, 42))) == whole[42]


def test_the_stream_is_pinned_so_that_old_seeds_keep_their_runs() -> None:
    assert [int(value) for value in draws.key(1, np.arange(2))] == PINNED


PINNED = [17335833232108410489, 3198733101495083141]


def test_seeds_lanes_and_parts_are_independent() -> None:
    base = draws.uniform(KEYS)
    for other in (draws.uniform(KEYS, 1), draws.uniform(draws.key(2020, np.arange(200_000)))):
        four_sigma = 4.0 / np.sqrt(len(base))
        assert abs(np.corrcoef(base, other)[0, 1]) < four_sigma
    assert len(np.unique(KEYS)) == len(KEYS)
    assert int(draws.key(-1)) != int(draws.key(1))


def test_uniform_and_normal_draws_pass_a_kolmogorov_smirnov_test() -> None:
    from scipy import stats

    one_in_a_thousand = 1e-3
    assert stats.kstest(draws.uniform(KEYS), "uniform").pvalue > one_in_a_thousand
    assert stats.kstest(draws.normal(KEYS), "norm").pvalue > one_in_a_thousand


@pytest.mark.parametrize("mean", [0.0, 0.01, 1.0, 8.0, 300.0])
def test_poisson_counts_have_their_probabilities(mean: float) -> None:
    from scipy import stats

    counts = draws.poisson(KEYS, mean)
    four_sigma = 4.0 / np.sqrt(len(counts))
    for value in {0, 1, int(mean), int(mean) + 3}:
        assert abs((counts == value).mean() - stats.poisson.pmf(value, mean)) < four_sigma
    assert counts.min() >= 0

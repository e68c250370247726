"""Confusion tables and confidence intervals."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.metrics import (
    confusion_table,
    exact_interval,
    gospa,
    gospa_over_time,
    mean_interval,
    shares,
    wilson_interval,
)


def test_a_confusion_table_adds_the_weights_of_each_pair() -> None:
    table = confusion_table([1, 1, 2, 3, 3], [1, 0, 2, 0, 3], [10.0, 5.0, 7.0, 2.0, 1.0])
    assert table.tolist() == [[0, 0, 0, 0], [5, 10, 0, 0], [0, 0, 7, 0], [2, 0, 0, 1]]
    assert shares(table)[1].tolist() == [1 / 3, 2 / 3, 0.0, 0.0]
    assert np.isnan(shares(table)[0]).all()
    assert confusion_table([], []).sum() == 0.0


@pytest.mark.parametrize(
    ("true", "declared", "weights", "message"),
    [
        ([4], [0], None, "true codes run from 4"),
        ([0], [-1], None, "declared codes run from -1"),
        ([0, 1], [0], None, "lengths differ"),
        ([0], [0], [np.nan], "finite and not negative"),
    ],
)
def test_what_cannot_be_counted_is_refused(true: list[int], declared: list[int], weights: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        confusion_table(true, declared, weights)  # type: ignore[arg-type]


def test_the_score_interval_solves_its_own_equation() -> None:
    z, n = 1.959963984540054, 40
    for k in (1, 7, 20, 39):
        for end in wilson_interval(k, n):
            assert abs(k / n - end) == pytest.approx(z * np.sqrt(end * (1 - end) / n), rel=1e-9)


def test_the_exact_interval_leaves_a_fortieth_on_each_side() -> None:
    from scipy.stats import binom

    low, high = exact_interval([3, 17, 20], 20)
    assert binom.sf([2, 16, 19], 20, low) == pytest.approx([0.025] * 3, rel=1e-9)
    assert binom.cdf([3, 17], 20, high[:2]) == pytest.approx([0.025] * 2, rel=1e-9)
    assert high[2] == 1.0


@pytest.mark.parametrize("interval", [wilson_interval, exact_interval])
def test_no_trials_tell_nothing_and_impossible_counts_are_refused(interval: object) -> None:
    low, high = interval(0, 0)  # type: ignore[operator]
    assert (float(low), float(high)) == (0.0, 1.0)
    with pytest.raises(ValueError, match="0 <= successes <= n"):
        interval(5, 4)  # type: ignore[operator]
    with pytest.raises(ValueError, match="between 0 and 1"):
        interval(1, 4, confidence=95.0)  # type: ignore[operator]


def test_the_score_interval_covers_as_often_as_it_says() -> None:
    from scipy.stats import binom

    n, counts = 30, np.arange(31)
    low, high = wilson_interval(counts, n)
    share = np.linspace(0.05, 0.95, 181)[:, None]
    covered = (binom.pmf(counts, n, share) * ((low <= share) & (share <= high))).sum(axis=1)
    one_hundredth = 0.01
    assert abs(covered.mean() - 0.95) < one_hundredth


def test_a_mean_of_few_samples_has_no_interval() -> None:
    assert np.isnan(mean_interval([])).all()
    assert mean_interval([2.0, np.nan])[0] == 2.0
    assert np.isnan(mean_interval([2.0])[1])


def test_gospa_refuses_what_has_no_distance() -> None:
    with pytest.raises(ValueError, match="expected c > 0"):
        gospa([[0.0]], [[0.0]], c=0.0)
    with pytest.raises(ValueError, match="finite rows"):
        gospa([[np.nan]], [[0.0]], c=1.0)
    with pytest.raises(ValueError, match="expected as many"):
        gospa([[0.0]], [[0.0, 1.0]], c=1.0)
    with pytest.raises(ValueError, match="2 estimates at 1 times"):
        gospa_over_time([0.0], [[0.0], [1.0]], [0.0], [[0.0]], c=1.0)


def test_counts_over_time_name_the_missed_and_the_false() -> None:
    series = gospa_over_time([0.0, 0.0, 1.0], [[0.0], [50.0], [0.0]], [0.0, 2.0], [[1.0], [1.0]], c=10.0)
    assert series.time_s.tolist() == [0.0, 1.0, 2.0]
    assert series.missed_count.tolist() == [0, 0, 1]
    assert series.false_count.tolist() == [1, 1, 0]

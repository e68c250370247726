"""The small compiled passes of a look against plain NumPy: objects not seen yet, weights of association, the beam."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.tracking._beam_kernels import phases_told
from chainhome.tracking._gate_kernels import weighed
from chainhome.tracking._unseen_kernels import accompanied, appeared

ROUNDING = 1e-12  # relative
LIFE_S, BIRTHS, SUPPOSED, CELL_M2, LEAST, SHARE_MIN, SHARE_FIRST = 3600.0, 4e-14, 2e-11, 6.25e8, 0.05, 0.003, 0.2


@pytest.mark.parametrize("at_first", [True, False], ids=["first look", "later"])
@pytest.mark.parametrize("share", [1.0, 0.25])
def test_what_appears_is_what_a_plain_field_of_the_unseen_says(at_first: bool, share: float) -> None:
    rng = np.random.default_rng(4)
    cells, plots, elapsed_s = 60, 25, 0.0 if at_first else 7.0
    unseen, probability = SUPPOSED * rng.uniform(0.0, 2.0, cells), rng.choice([0.0, 0.6, 0.9], cells)
    cell, density, clutter = rng.integers(0, cells, plots), rng.uniform(1e3, 1e6, plots), rng.uniform(1e-7, 1e-5, plots)
    there = unseen * np.exp(-elapsed_s / LIFE_S) + BIRTHS * elapsed_s
    shown = (there * np.maximum(probability, LEAST))[cell] * density
    level = 1.0
    if at_first:
        expected = (there * probability).sum() * share * CELL_M2
        for _ in range(20):
            level = (1.0 + (level * shown / (level * shown + clutter)).sum()) / (1.0 + expected)
    fresh = np.minimum(there[cell] / SUPPOSED, 1.0)
    plain = np.maximum(level * shown, (SHARE_MIN + (SHARE_FIRST - SHARE_MIN) * fresh) * clutter)
    new = np.empty(plots)
    appeared(
        elapsed_s, at_first, share, LIFE_S, BIRTHS, SUPPOSED, CELL_M2, LEAST, SHARE_MIN, SHARE_FIRST, probability, cell,
        density, clutter, unseen, new,
    )  # fmt: skip
    np.testing.assert_allclose(new, plain, rtol=ROUNDING)
    np.testing.assert_allclose(unseen, level * there * (1.0 - probability * share), rtol=ROUNDING)
    assert (level != 1.0) == at_first


@pytest.mark.parametrize("span_m", [1.0, 30e3, 400e3], ids=["all together", "side by side", "far apart"])
@pytest.mark.parametrize("plots", [1, 2, 40])
def test_plots_that_may_be_new_raise_each_other_as_a_plain_sum_over_neighbours_says(span_m: float, plots: int) -> None:
    rng = np.random.default_rng(5)
    each_per_m2, reach_m = 2e-9, 5e3
    probability, cell = rng.choice([0.0, 0.6, 0.9], 30), rng.integers(0, 30, plots)
    density, mean = rng.uniform(1e3, 1e6, plots), np.column_stack([rng.uniform(-span_m, span_m, (plots, 6))])
    other = 10.0 ** rng.uniform(-7.0, -4.0, plots)
    appearing, free = other * rng.uniform(0.0, 0.9, plots), rng.choice([0.0, 0.3, 1.0], plots)
    share = appearing * free / other
    off = mean[:, None, :2] - mean[:, :2]
    near = (np.hypot(off[..., 0], off[..., 1]) <= reach_m) & ~np.eye(plots, dtype=np.bool_)
    more = each_per_m2 * np.maximum(probability[cell], LEAST) * density * (near @ np.where(share >= 0.1, share, 0.0))
    more[free == 0.0] = 0.0
    raised, scale = appearing.copy(), free / other
    of_all = np.append([29, 29, 29], cell), np.append([np.nan] * 3, density)
    work = np.full(plots, np.nan), np.full((2, plots), 7)
    accompanied(each_per_m2, reach_m, probability, LEAST, 3, *of_all, mean, raised, scale, *work)
    np.testing.assert_allclose(raised, appearing + more, rtol=ROUNDING)
    # What a track claims of a plot stays: only the rest of its density grows.
    np.testing.assert_allclose(scale, free / (other + more * free), rtol=ROUNDING)
    assert (raised * scale <= 1.0).all()


def test_what_else_a_plot_may_be_and_what_a_silent_track_weighs_are_plain_sums() -> None:
    rng = np.random.default_rng(6)
    plots, tracks = 12, 7
    groups = np.array([0, 1, 4, 5, 7])
    existence, seen = rng.uniform(0.0, 0.3, tracks), rng.uniform(0.0, 1.0, tracks)
    plot, weight = rng.integers(0, plots, 30), rng.random(30)
    appearing, clutter = rng.random(plots), rng.random(plots)
    appearing[3] = clutter[3] = 0.0
    plot[plot == 3] = 4
    missed, other = np.empty(len(groups) - 1), np.empty(plots)
    weighed(len(groups) - 1, groups, plot, weight, 18, 30, existence, seen, appearing, clutter, missed, other)
    plain = appearing + clutter + np.bincount(plot[18:], weight[18:], plots)
    plain[3] = 1e-30  # the least density: a ratio to it stays finite
    np.testing.assert_allclose(other, plain, rtol=ROUNDING)
    np.testing.assert_allclose(missed, 1.0 - np.add.reduceat(existence * seen, groups[:-1]), rtol=ROUNDING)


@pytest.mark.parametrize("at_once", [True, False])
def test_what_plots_tell_of_the_beam_are_plain_sums_of_cosines_and_sines(at_once: bool) -> None:
    rng = np.random.default_rng(8)
    times, azimuth = np.full(40, 17.5) if at_once else np.sort(rng.uniform(0.0, 12.0, 40)), rng.uniform(0.0, 6.28, 40)
    before = rng.normal(size=5)
    phase, period_s, keep = before.copy(), 11.0, 0.7
    phases_told(times, azimuth, period_s, keep, phase)
    turned = 2.0 * np.pi * times / period_s
    told = turned - azimuth
    sums = [len(times), *(f(angle).sum() for angle in (told, turned) for f in (np.cos, np.sin))]
    np.testing.assert_allclose(phase, keep * before + sums, rtol=ROUNDING, atol=40.0 * ROUNDING)

"""The error over time: what its lines and bars show is what the scores say, each with its interval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome.formats.run_folder import Run
from chainhome.metrics.intervals import mean_interval, wilson_interval
from chainhome.report import error_plots, score_plots
from chainhome.tables import Scores

ROUNDING = 1e-9


def run(count: int, **more: Any) -> Run:
    """A run with so many moments of score: a ramp, and a missed aircraft at every fourth."""
    times = 30.0 * np.arange(1, count + 1)
    missed = np.where(np.arange(count) % 4 == 0, 3535.5, 0.0)
    parts = [
        Scores.make(time_s=times, name=name, value=value)
        for name, value in (
            ("gospa_m", 1000.0 + times), ("gospa_localisation_m", times), ("gospa_missed_m", missed),
            ("gospa_false_m", np.zeros(count)),
        )
    ]  # fmt: skip
    record = {"title": "Trial", "seed": 7, "epoch_utc": "2019-11-25T09:00:00Z", "summary": {"gospa": {"p": 2.0}}} | more
    return Run(Path("run"), record, "", {"scores": Scores.concat(parts)})


@given(st.integers(1, 2_000))
def test_stretches_hold_every_sample_once_and_ten_or_all(count: int) -> None:
    parts = error_plots.stretches(count)
    assert np.concatenate(parts).tolist() == list(range(count))
    assert len(parts) <= error_plots.MOST_STRETCHES
    assert min(len(part) for part in parts) >= min(count, error_plots.SAMPLES_IN_A_STRETCH)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=8), st.floats(0.01, 2.0))
def test_labels_keep_their_order_and_their_distance_and_their_middle(wanted: list[float], least: float) -> None:
    given_ = np.array(wanted)
    moved = error_plots.apart(given_, least)
    order = np.argsort(given_, kind="stable")
    assert np.diff(moved[order]).min(initial=least) >= least - ROUNDING
    assert abs(moved.mean() - given_.mean()) < 1e-6
    if np.diff(np.sort(given_)).min(initial=least) >= least:
        assert np.abs(moved - given_).max() < ROUNDING, "labels that have room stay"


def test_the_picture_draws_means_and_intervals_of_the_scores() -> None:
    figure = score_plots.draw_gospa(run(40))
    assert figure is not None
    upper, lower = figure.axes
    _, line, localisation = upper.lines
    value = 1000.0 + 30.0 * np.arange(1, 41)
    means = [mean_interval(part / 1000.0) for part in np.split(value, 4)]
    assert np.abs(np.asarray(line.get_ydata(), float) - [mean for mean, _, _ in means]).max() < ROUNDING
    assert np.abs(np.asarray(localisation.get_ydata(), float) - np.asarray(line.get_ydata(), float) + 1.0).max() < 1e-6
    band = upper.collections[0].get_paths()[0].vertices[:, 1]  # type: ignore[index]
    assert abs(band.max() - means[-1][2]) < ROUNDING
    assert abs(band.min() - means[0][1]) < ROUNDING
    low, high = wilson_interval(3, 10)
    missed = lower.containers[0]
    segments = missed.lines[2][0].get_segments()  # type: ignore[attr-defined]
    assert np.abs(segments[0][:, 1] - [float(low), float(high)]).max() < ROUNDING
    false = lower.containers[1].lines[2][0].get_segments()  # type: ignore[attr-defined]
    assert false[0][1, 1] > 0.2, "none in ten moments is not never"


def test_every_line_has_its_name_beside_it_in_its_colour() -> None:
    figure = score_plots.draw_gospa(run(40))
    assert figure is not None
    words = [[(text.get_text(), text.get_color()) for text in axes.texts] for axes in figure.axes]
    assert [word for word, _ in words[0]] == ["GOSPA", "localisation"]
    assert [word for word, _ in words[1]] == ["aircraft missed", "false track"]
    assert [tint for _, tint in words[0]] == [line.get_color() for line in figure.axes[0].lines[1:]]


def test_names_of_lines_that_end_together_do_not_touch() -> None:
    """At the foot of the lower panel both shares end at 0."""
    figure = score_plots.draw_gospa(run(20))
    assert figure is not None
    for axes, high_in in zip(figure.axes, (error_plots.ERROR_IN, error_plots.FAULT_IN), strict=True):
        places = sorted(text.get_position()[1] for text in axes.texts)
        assert (places[1] - places[0]) * high_in * 72.0 > error_plots.LABEL_PT
        assert places[0] >= 0.0


@pytest.mark.parametrize("count", [2, 9, 300])
def test_seed_and_n_stand_over_the_picture(count: int) -> None:
    figure = score_plots.draw_gospa(run(count))
    assert figure is not None
    told = " ".join(text.get_text() for text in figure.texts)
    assert "Trial, seed 7: mean GOSPA" in told
    assert f"n = {count} moments" in told
    value = 1000.0 + 30.0 * np.arange(1, count + 1)
    batches = [part.mean() for part in np.split(value, 15)] if count == 300 else value
    _, low, high = mean_interval(batches)
    assert f"[95% {max(low, 0.0):,.0f}–{high:,.0f}]" in told


def test_a_run_without_scores_has_no_picture() -> None:
    assert score_plots.draw_gospa(run(1)) is None
    assert error_plots.of_run(Run(Path("x"), {"title": "T"}, "", {}), "n = 3") == "T: n = 3"

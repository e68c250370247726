"""How far the picture was from the truth, over time: means of stretches of the run with their 95% intervals.

In comes a run; out comes a figure, or None where the run has no scores over time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.metrics.intervals import mean_interval, wilson_interval
from chainhome.report import run_data, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]
ERRORS = {"gospa_m": ("GOSPA", style.INK), "gospa_localisation_m": ("localisation", "#0072b2")}
FAULTS = {"gospa_missed_m": ("aircraft missed", "#c2500a"), "gospa_false_m": ("false track", "#7b3fd1")}
SAMPLES_IN_A_STRETCH, FEW_STRETCHES, MOST_STRETCHES = 10, 5, 15
ERROR_IN, FAULT_IN, GAP_IN = 1.9, 1.35, 0.34
LABEL_PT = 8.4


class Course(NamedTuple):
    """A score over the stretches of a run: their middles in minutes, values and 95% ends."""

    minutes: Floats
    value: Floats
    low: Floats
    high: Floats


def of_run(run: Run, words: str) -> str:
    """Return the line under a title: the run, its seed where it has one, and what was counted."""
    seed = f", seed {run.record['seed']}" if run.record.get("seed") is not None else ""
    return f"{run.record.get('title', 'Run')}{seed}: {words}"


def stretches(count: int) -> list[NDArray[np.int64]]:
    """Return the samples of each stretch: equal parts of ten samples or more, at most fifteen of them.

    >>> [len(part) for part in stretches(35)]
    [12, 12, 11]
    """
    return np.array_split(np.arange(count), min(max(count // SAMPLES_IN_A_STRETCH, 1), MOST_STRETCHES))


def mean_course(time_s: Floats, value: Floats) -> Course:
    """Return the means of the stretches with Student's interval, which takes the samples for independent."""
    parts = stretches(len(value))
    found = np.array([mean_interval(value[part]) for part in parts])
    return Course(np.array([time_s[part].mean() / 60.0 for part in parts]), *found.T)


def share_course(time_s: Floats, happens: NDArray[np.bool_]) -> Course:
    """Return in what share of the samples of each stretch something happens, with Wilson's interval [wilson1927]."""
    parts = stretches(len(happens))
    counts = np.array([np.count_nonzero(happens[part]) for part in parts])
    sizes = np.array([len(part) for part in parts])
    low, high = wilson_interval(counts, sizes)
    return Course(np.array([time_s[part].mean() / 60.0 for part in parts]), counts / sizes, low, high)


def apart(wanted: Floats, least: float) -> Floats:
    """Return places in the same order, none nearer than `least` to the next, moved as little as that needs.

    >>> apart(np.array([2.0, 1.9, 0.0]), 0.5).round(2).tolist()
    [2.2, 1.7, 0.0]
    """
    order = np.argsort(wanted, kind="stable")
    groups: list[tuple[float, int]] = []
    for place in wanted[order].tolist():
        groups.append((place, 1))
        # Groups that touch become one about the middle of what its members want.
        while len(groups) > 1:
            (low, n), (high, m) = groups[-2:]
            if high - low >= 0.5 * (n + m) * least:
                break
            groups[-2:] = [((n * low + m * high) / (n + m), n + m)]
    places = [middle + (k - 0.5 * (n - 1)) * least for middle, n in groups for k in range(n)]
    moved = np.empty(len(wanted))
    moved[order] = places
    return moved


def draw_gospa(run: Run) -> Figure | None:
    """Return GOSPA and its localisation over time, and how often an aircraft was missed or a track was false."""
    series = {name: run_data.score_series(run, name) for name in (*ERRORS, *FAULTS)}
    series = {name: pair for name, pair in series.items() if len(pair[0]) > 1}
    if "gospa_m" not in series:
        return None
    whole = run_data.summary(run, "gospa")
    count = len(series["gospa_m"][0])
    with style.look():
        cut_off = f", cut-off {whole['c_m']:,.0f} m" if whole.get("c_m") else ""
        each = len(stretches(count)[0])
        caption = (
            f"GOSPA of the tracks against the true places, in 3-D{cut_off}, order {whole.get('p', 2):g}; localisation "
            f"is its part that comes from the places of tracked aircraft. Lines and points: means of {each} moments, "
            "with 95% intervals (Student; Wilson for shares) that take the moments for independent. Dots: GOSPA at "
            "each moment."
        )
        body = ERROR_IN + GAP_IN + FAULT_IN + 0.5
        title = "How far the picture was from the truth"
        frame = style.framed(title, of_run(run, _mean_words(series["gospa_m"][1], count)), caption, body)
        right = 1.35
        upper = frame.axes(0.62, 0.5 + FAULT_IN + GAP_IN, right, 0.0)
        lower = frame.axes(0.62, 0.48, right, ERROR_IN + GAP_IN)
        _draw_errors(upper, series)
        _draw_faults(lower, series)
        for axes in (upper, lower):
            axes.set_xlim(0.0, float(series["gospa_m"][0][-1]) / 60.0)
        upper.tick_params(labelbottom=False)
        lower.set_xlabel(f"Time since {run_data.clock(run, 0.0)} UTC [min]")
        return frame.figure


def _mean_words(value: Floats, count: int) -> str:
    """Return the mean over the run with its interval: that of the means of its stretches (batch means), if there are
    enough of them, else that of the moments.
    """
    means = [float(np.nanmean(value[part])) for part in stretches(count)]
    _, low, high = mean_interval(means if len(means) >= FEW_STRETCHES else value)
    interval = f" [95% {max(low, 0.0):,.0f}–{high:,.0f}]" if np.isfinite(low) else ""
    return f"mean GOSPA {float(np.nanmean(value)):,.0f} m{interval}; n = {count:,} moments"


def _draw_errors(axes: Axes, series: dict[str, tuple[Floats, Floats]]) -> None:
    ends: list[tuple[str, str, float]] = []
    time_s, value = series["gospa_m"]
    axes.plot(time_s / 60.0, value / 1000.0, ".", color=style.QUIET, alpha=0.45, ms=3.2, mew=0, zorder=1)
    for name, (words, colour) in ERRORS.items():
        if name not in series:
            continue
        course = mean_course(series[name][0], series[name][1] / 1000.0)
        low, high = np.maximum(course.low, 0.0), course.high
        axes.fill_between(course.minutes, low, high, color=colour, alpha=0.16, lw=0, zorder=2)
        axes.plot(course.minutes, course.value, color=colour, lw=1.7, zorder=4)
        if len(course.minutes) == 1:
            # A band needs two ends.
            axes.plot(course.minutes, course.value, "o", color=colour, ms=3.2, zorder=4)
            axes.vlines(course.minutes, low, high, color=colour, lw=1.1)
        ends.append((words, colour, float(course.value[-1])))
    axes.set_ylim(0.0, 1.05 * max(float(np.nanmax(value)) / 1000.0, 0.1))
    axes.set_ylabel("Error [km]")
    _label_ends(axes, ends, ERROR_IN)


def _draw_faults(axes: Axes, series: dict[str, tuple[Floats, Floats]]) -> None:
    ends: list[tuple[str, str, float]] = []
    top = 0.1
    for number, (name, (words, colour)) in enumerate(FAULTS.items()):
        if name not in series:
            continue
        course = share_course(series[name][0], series[name][1] > 0.0)
        # Beside each other, so that one bar does not hide the other.
        between = float(np.diff(course.minutes).min(initial=np.inf))
        shift = (number - 0.5) * min(0.28 * between, 0.012 * float(series[name][0][-1]) / 60.0)
        bars: dict[str, Any] = {
            "lw": 1.2,
            "elinewidth": 1.1,
            "capsize": 2.2,
            "ms": 3.2,
            "zorder": 3 + number,
            "clip_on": False,
        }
        ends_of_bars = np.stack([course.value - course.low, course.high - course.value])
        axes.errorbar(
            course.minutes + shift, course.value, np.maximum(ends_of_bars, 0.0), fmt="o-", color=colour, **bars
        )
        ends.append((words, colour, float(course.value[-1])))
        top = max(top, float(course.high.max()))
    axes.set_ylim(0.0, min(1.0, 1.05 * top))
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_ylabel("Share of moments")
    _label_ends(axes, ends, FAULT_IN)


def _label_ends(axes: Axes, ends: list[tuple[str, str, float]], high_in: float) -> None:
    """Write each line's name beside its end, in its colour; names that would touch move apart."""
    if not ends:
        return
    top = axes.get_ylim()[1]
    least = 1.3 * LABEL_PT / 72.0 / high_in
    places = apart(np.array([value / top for _, _, value in ends]), least)
    places = places + max(0.0, -float(places.min()))
    for (words, colour, _), y in zip(ends, places.tolist(), strict=True):
        look: dict[str, Any] = {"size": LABEL_PT, "va": "center", "color": colour, "weight": "bold"}
        axes.text(1.015, y, words, transform=axes.transAxes, **look)

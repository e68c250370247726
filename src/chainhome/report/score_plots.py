"""The scores of a run as pictures: detection against prediction, track life, who was taken for whom.

In comes a run; out come figures, or None where the run has nothing to show. The error over time is `error_plots`'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainhome.metrics.intervals import wilson_interval
from chainhome.report import run_data, style
from chainhome.report.error_plots import draw_gospa, of_run
from chainhome.tables import Detections, Sensors, Tracks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.formats.run_folder import Run

__all__ = ["draw_confusion", "draw_detection", "draw_gospa", "draw_timeline", "spells"]

Floats = NDArray[np.float64]
ROW_IN = 0.235
MOST_ROWS = 44
RIGHT, WRONG, UNDECIDED = (0.0, 0.447, 0.698), (0.76, 0.31, 0.04), (0.45, 0.45, 0.45)


def _shown_sensor(run: Run, entries: list[dict[str, Any]]) -> str:
    """Return the acquisition radar, or the first sensor where the summary does not speak of it."""
    row = run_data.acquisition_sensor(run)
    name = "" if row is None else str(run_data.table(run, Sensors).name[row])
    return name if any(entry.get("sensor") == name for entry in entries) else str(entries[0].get("sensor"))


def _left_edge(entries: list[dict[str, Any]]) -> float:
    """Return the share at the left edge: 0, or a fifth below which nothing is drawn."""
    ends = [entry.get(key) for entry in entries for key in ("pd_low", "pd_measured", "pd_predicted")]
    lowest = min(value for value in ends if value is not None)
    return float(np.floor(max(lowest - 0.02, 0.0) * 5.0) / 5.0)


def _draw_share(axes: Axes, y: float, entry: dict[str, Any]) -> None:
    low, high = entry.get("pd_low"), entry.get("pd_high")
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color="#0072b2", lw=2.2, alpha=0.5, solid_capstyle="butt", zorder=3)
    dot: dict[str, Any] = {"ms": 5, "color": "#0072b2", "mec": "white", "mew": 0.6, "clip_on": False}
    axes.plot(entry["pd_measured"], y, "o", zorder=5, **dot)
    axes.plot([entry["pd_predicted"]] * 2, [y - 0.36, y + 0.36], color="#c2500a", lw=1.8, zorder=4, clip_on=False)
    counts = f"{entry.get('detected', 0):,} of {entry['looks']:,}"
    look: dict[str, Any] = {"size": 7.6, "va": "center", "color": style.QUIET}
    axes.annotate(counts, (1.0, y), xytext=(6, 0), textcoords="offset points", **look)


def draw_detection(run: Run) -> Figure | None:
    """Return the measured share of looks detected beside its prediction, for each target of the busiest sensor."""
    entries = run_data.summary(run, "radars") or []
    if not entries:
        return None
    sensor = _shown_sensor(run, entries)
    shown = [entry for entry in entries if entry.get("sensor") == sensor and entry.get("looks")][:MOST_ROWS]
    if not shown:
        return None
    with style.look():
        caption = (
            "Dot and bar: share of looks that gave a plot, with its 95% interval. Line: the mean of the predicted "
            "probabilities of the same looks. Right: plots of looks. Other sensors: see the table of the report."
        )
        title = f"Detection against prediction: {sensor}"
        looks = sum(entry["looks"] for entry in shown)
        counted = of_run(run, f"n = {looks:,} looks at {len(shown)} aircraft")
        frame = style.framed(title, counted, caption, ROW_IN * len(shown) + 0.75)
        axes = frame.axes(1.5, 0.48, 0.85, 0.2)
        for row, entry in enumerate(shown):
            _draw_share(axes, len(shown) - 1 - row, entry)
        start = _left_edge(shown)
        ticks = np.linspace(start, 1.0, 5 if start else 6)
        axes.set_xlim(start, 1.0)
        axes.set_xticks(ticks, [f"{share:.0%}" for share in ticks])
        axes.set_ylim(-0.7, len(shown) - 0.3)
        axes.set_yticks(range(len(shown)), [str(entry["target"]) for entry in reversed(shown)])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("Share of looks that gave a plot")
        axes.grid(axis="x", color=style.FAINT, lw=0.5)
        axes.text(0.0, 1.01, "● measured", color="#0072b2", transform=axes.transAxes, size=8.2, va="bottom")
        axes.text(0.2, 1.01, "❙ predicted", color="#c2500a", transform=axes.transAxes, size=8.2, va="bottom")
        return frame.figure


def spells(time_s: Floats, track_id: NDArray[np.int64], gap_s: float) -> list[tuple[float, float, int]]:
    """Return the spells (from, to, track) in which updates of one track follow each other within `gap_s`.

    >>> spells(np.array([0.0, 5.0, 40.0]), np.array([7, 7, 7]), 10.0)
    [(0.0, 5.0, 7), (40.0, 40.0, 7)]
    """
    found: list[tuple[float, float, int]] = []
    for key in np.unique(track_id):
        mine = np.sort(time_s[track_id == key])
        cuts = np.flatnonzero(np.diff(mine) > gap_s) + 1
        found += [(float(part[0]), float(part[-1]), int(key)) for part in np.split(mine, cuts)]
    return sorted(found)


def _spells_by_target(run: Run) -> dict[int, list[tuple[float, float, int]]]:
    tracks = run_data.table(run, Tracks)
    owner = run_data.target_of_track(tracks, run_data.table(run, Detections))
    tracks = tracks[tracks.status == run_data.CONFIRMED]
    target = np.array([owner.get(int(key), -1) for key in tracks.track_id], np.int64)
    steps = np.diff(np.unique(tracks.time_s))
    gap = max(30.0, 3.0 * float(np.median(steps))) if len(steps) else 30.0
    return {
        int(key): spells(tracks.time_s[target == key], tracks.track_id[target == key], gap)
        for key in np.unique(target[target >= 0])
    }


def draw_timeline(run: Run) -> Figure | None:
    """Return for each target when it flew and when a confirmed track followed it; a new track starts with a tick."""
    flights = [path for path in run_data.paths(run) if len(path.time_s)]
    flights = sorted(flights, key=lambda path: not path.named)[:MOST_ROWS]
    if not flights:
        return None
    by_target = _spells_by_target(run)
    with style.look():
        caption = (
            "Thin line: the aircraft flies. Bar: a confirmed track follows it; a white notch is a track that waited "
            "for a plot, a gap is no track, mostly because the ground hides the aircraft (the table counts the losses "
            "in view). The shade of blue changes with the track. Right: share of its time in view with a track; it is "
            "the whole of this one run, and has no interval."
        )
        in_view = {entry["target"]: entry.get("completeness") for entry in run_data.summary(run, "tracks") or []}
        title = "When each aircraft was tracked"
        tracks = sum(len({key for _, _, key in by_target.get(path.target_id, [])}) for path in flights)
        counted = of_run(run, f"n = {len(flights)} flights, followed by {tracks:,} tracks")
        frame = style.framed(title, counted, caption, ROW_IN * len(flights) + 0.75)
        axes = frame.axes(1.5, 0.48, 0.95, 0.2)
        for row, path in enumerate(flights):
            _draw_flight(axes, len(flights) - 1 - row, path, by_target.get(path.target_id, []))
            if in_view.get(path.name) is not None:
                _beside(axes, len(flights) - 1 - row, f"{in_view[path.name]:.1%}")
        end = max(float(path.time_s[-1]) for path in flights) / 60
        axes.set_xlim(0.0, end * 1.005)
        axes.set_ylim(-0.7, len(flights) - 0.3)
        axes.set_yticks(range(len(flights)), [path.name for path in reversed(flights)])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"Time since {run_data.clock(run, 0.0)} UTC [min]")
        if in_view:
            _beside(axes, len(flights) - 0.05, "tracked in view")
        return frame.figure


def _draw_flight(axes: Axes, y: float, path: run_data.Path, followed: list[tuple[float, float, int]]) -> None:
    """Draw one row: the flight as a thin line, each spell of a track as a bar."""
    axes.plot([path.time_s[0] / 60, path.time_s[-1] / 60], [y, y], color=style.QUIET, lw=0.7, zorder=2)
    shades: dict[int, str] = {}
    for start, end, key in followed:
        colour = shades.setdefault(key, ("#0072b2", "#56a5d8")[len(shades) % 2])
        bar: dict[str, Any] = {"height": 0.56, "color": colour, "ec": "white", "lw": 0.6}
        axes.barh(y, max(end - start, 4.0) / 60, left=start / 60, zorder=3, **bar)


def _beside(axes: Axes, y: float, words: str) -> None:
    """Write words to the right of the axes, at a row."""
    look: dict[str, Any] = {"size": 7.6, "va": "center", "color": style.QUIET, "annotation_clip": False}
    axes.annotate(words, (1.015, y), xycoords=("axes fraction", "data"), **look)


def _draw_table(
    axes: Axes, seconds: Floats, rows: list[str], columns: list[str], title: str, aircraft: dict[str, int]
) -> None:
    total = seconds.sum(axis=1, keepdims=True)
    share = np.divide(seconds, total, out=np.zeros_like(seconds), where=total > 0)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for i, j in np.ndindex(*share.shape):
        right = rows[i] == columns[j]
        wrong = not right and columns[j] != "unknown"
        base = np.array(RIGHT if right else WRONG if wrong else UNDECIDED)
        depth = 0.85 * share[i, j]
        axes.fill_between([j - 0.48, j + 0.48], i - 0.46, i + 0.46, color=1.0 - depth * (1.0 - base), lw=0)
        ink = "white" if depth > 0.5 else style.INK if seconds[i, j] > 0 else style.QUIET
        weight = "bold" if seconds[i, j] > 0 else "normal"
        axes.text(j, i - 0.2, f"{share[i, j]:.0%}", ha="center", va="center", size=9.5, color=ink, weight=weight)
        axes.text(j, i + 0.09, f"{seconds[i, j]:,.0f} s", ha="center", va="center", size=7.2, color=ink)
    for i, j in np.ndindex(*share.shape):
        number = aircraft.get(rows[i], 0)
        if number and total[i, 0] > 0:
            low, high = wilson_interval(share[i, j] * number, number)
            ink = "white" if 0.85 * share[i, j] > 0.5 else style.QUIET
            ends = f"[{float(low):.0%}–{float(high):.0%}]"
            axes.text(j, i + 0.32, ends, ha="center", va="center", size=6.8, color=ink)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), [f"{row} (n = {aircraft[row]})" if row in aircraft else row for row in rows])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, size=9.5, weight="bold", loc="left", pad=8)


CASES = {
    "as_fielded": "As fielded",
    "shared_secure_mode": "With a secure IFF mode that radar and aircraft share",
}


def draw_confusion(run: Run) -> Figure | None:
    """Return the confusion tables: as fielded and, if the run compares, with a secure mode that both sides share."""
    confusion = run_data.summary(run, "confusion")
    if not confusion:
        return None
    rows = [str(name) for name in confusion["labels_true"]]
    columns = [str(name) for name in confusion["labels_declared"]]
    cases = [name for name in CASES if name in confusion]
    high = 0.68 * len(rows)
    aircraft: dict[str, int] = {}
    for entry in run_data.summary(run, "tracks") or []:
        if entry.get("tracked_s"):
            aircraft[str(entry.get("allegiance"))] = aircraft.get(str(entry.get("allegiance")), 0) + 1
    with style.look():
        caption = (
            "Rows: what the aircraft truly are; columns: what was declared of their tracks; share of the row's track "
            "time, and seconds. Blue: right. Grey: undecided. Orange: wrong. A missing reply means unknown, never "
            "hostile. In brackets: the 95% interval of the share if each aircraft counts once (Wilson), since the "
            "moments of one flight tell little that is new."
        )
        each = high + 0.72
        minutes = float(np.sum(confusion[cases[0]])) / 60.0 if cases else 0.0
        counted = f"n = {sum(aircraft.values())} aircraft, {minutes:,.0f} minutes of track"
        frame = style.framed("Who was taken for whom", of_run(run, counted), caption, len(cases) * each)
        for number, case in enumerate(cases):
            below = len(cases) - 1 - number
            axes = frame.axes(1.25, below * each + 0.05, 0.2, 0.62 + number * each)
            _draw_table(axes, np.asarray(confusion[case], np.float64), rows, columns, CASES[case], aircraft)
        return frame.figure

"""The results and method tabs: tables of ready texts, and everything that a reader must know to doubt the page.

In: a run's record and scores. Out: plain lists and texts for the header; the browser writes them as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainhome.process.recording import TRACKED
from chainhome.tables import Scores
from chainhome.view.payload_tables import table

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

VARIANTS = {"as_fielded": "as fielded", "shared_secure_mode": "with a secure mode in common"}
GOSPA = {
    "mean_m": "mean over time",
    "rms_m": "root mean square over time",
    "localisation_m": "part from misplaced tracks",
    "missed_m": "part from missed aircraft",
    "false_m": "part from false tracks",
    "localisation_per_target_m": "misplaced by, for one aircraft",
}
# Wilson intervals of the looks; where a score has none, its column stays empty.
QUESTIONS = (("Do the radars work?", "radars"), ("Can they tell friend from enemy?", "identity"))
NOT_SHOWN = (
    "One run: another seed, or another day, gives other numbers.",
    "A simulation on published figures proves nothing of the real radar.",
)
MOST_ROWS = 400


def _table(
    title: str, caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Iterable[int]
) -> dict[str, Any]:
    told = [[str(cell) for cell in row] for row in rows]
    more = f" The first {MOST_ROWS:,} of {len(told):,} rows." if len(told) > MOST_ROWS else ""
    return {
        "title": title,
        "caption": caption + more,
        "head": list(head),
        "rows": told[:MOST_ROWS],
        "numbers": list(numbers),
    }


def _share(value: Any) -> str:
    return "–" if value is None or not np.isfinite(value) else f"{value:.0%}"


def _minutes(value: Any) -> str:
    return "–" if value is None else f"{value / 60:,.0f} min" if value >= 600 else f"{value:,.0f} s"


def results(run: Run) -> list[dict[str, Any]]:
    """Return the tables of the results tab, those that the run has figures for."""
    summary = run.record.get("summary") or {}
    makers: tuple[Callable[[dict[str, Any]], Iterable[dict[str, Any] | None]], ...] = (
        _confusion, _detection, _continuity, _gospa, _recording,
    )  # fmt: skip
    found = [made for maker in makers for made in maker(summary) if made is not None]
    return [*found, *_scores(run)]


def answers(run: Run) -> list[list[str]]:
    """Return the questions that the run answers, each with its answer."""
    told = (run.record.get("summary") or {}).get("answers") or {}
    return [[question, str(told[key])] for question, key in QUESTIONS if told.get(key)]


def _confusion(summary: dict[str, Any]) -> Iterable[dict[str, Any] | None]:
    found = summary.get("confusion") or {}
    for variant, words in VARIANTS.items():
        if variant not in found:
            continue
        rows = []
        for label, seconds in zip(found["labels_true"], found[variant], strict=True):
            total = sum(seconds)
            rows.append(
                [f"truly {label}", *(f"{_share(s / total if total else None)} ({_minutes(s)})" for s in seconds)]
            )
        head = ["", *(f"declared {name}" for name in found["labels_declared"])]
        title = f"Who was taken for whom, {words}"
        yield _table(
            title, "Share of the time under a confirmed track, and the time itself.", head, rows, range(1, len(head))
        )


def _detection(summary: dict[str, Any]) -> Iterable[dict[str, Any] | None]:
    entries = summary.get("radars") or []
    if not entries:
        return
    rows = []
    for e in entries:
        first = e.get("first_detection_km")
        looks = e.get("looks") or 0
        rows.append((
            e["target"], e["sensor"],
            "never" if first is None else f"{first:,.0f} km" if first >= 30 else f"{first:.1f} km",
            e.get("bound_before") or ("–" if first is None else "in view from its start"),
            f"{e.get('hidden', 0):,} of {e.get('passes', 0):,}",
            f"{e.get('detected', 0):,} of {looks:,}" if looks else "–",
            _interval(e) if looks else "–",
            _share(e.get("pd_predicted")) if looks else "–",
        ))  # fmt: skip
    head = (
        "Target",
        "Radar",
        "First plot at",
        "Hidden until then by",
        "Passes hidden",
        "Plots of looks",
        "Measured [95 %]",
        "Predicted",
    )
    yield _table(
        "Detection",
        "Share of looks (passes of the beam with the target in view) that gave a plot.",
        head,
        rows,
        (2, 4, 5, 6, 7),
    )


def _interval(entry: dict[str, Any]) -> str:
    low, high = _share(entry.get("pd_low")), _share(entry.get("pd_high"))
    return f"{_share(entry.get('pd_measured'))} [{low} – {high}]"


def _continuity(summary: dict[str, Any]) -> Iterable[dict[str, Any] | None]:
    entries = summary.get("tracks") or []
    if not isinstance(entries, list) or not entries:
        return
    rows = []
    for e in entries:
        flight = e.get("flight_s") or 0.0
        rows.append((
            e["target"], e.get("allegiance", ""), _share((e.get("tracked_s") or 0.0) / flight if flight else None),
            _share(e.get("completeness")), e.get("breaks", "–"), e.get("switches", "–"), _share(e.get("purity")),
            _minutes(e.get("longest_s")),
        ))  # fmt: skip
    head = (
        "Target",
        "True side",
        "Of its flight",
        "Of its time in view",
        "Lost in view",
        "Switches",
        "Purity",
        "Longest track",
    )
    caption = f"Time under a confirmed track. False tracks in the whole run: {summary.get('false_tracks', '–')}."
    yield _table("Track continuity", caption, head, rows, range(2, 8))


def _gospa(summary: dict[str, Any]) -> Iterable[dict[str, Any] | None]:
    whole = summary.get("gospa") or {}
    rows = [(words, f"{whole[key]:,.0f} m") for key, words in GOSPA.items() if isinstance(whole.get(key), (int, float))]
    if rows:
        how = f"Order {whole.get('p', 2):g}, cut-off {whole.get('c_m', 0):,.0f} m"
        caption = f"{how}, sampled every {whole.get('step_s', 0):g} s."
        yield _table("Tracking error (GOSPA)", caption, ("Part", "Value"), rows, (1,))


def _recording(summary: dict[str, Any]) -> Iterable[dict[str, Any] | None]:
    if "rows" not in summary:
        return
    left = summary.get("left_out") or {}
    rows: list[Sequence[Any]] = [
        ("rows read", f"{summary['rows']:,}"),
        ("plots tracked", f"{summary.get('tracked', 0):,}"),
    ]
    rows += [(f"left out: {name.replace('_', ' ')}", f"{count:,}") for name, count in left.items()]
    tracks = summary.get("tracks")
    if isinstance(tracks, dict):
        rows += [(f"tracks {name}", f"{count:,}") for name, count in tracks.items()]
    yield _table("What was tracked", "Every row of the recording is counted.", ("What", "Count"), rows, (1,))
    sensors = summary.get("sensors") or []
    yield _table("Plots by sensor", "", ("Sensor", "Plots"), [(s["sensor"], f"{s['plots']:,}") for s in sensors], (1,))


def _scores(run: Run) -> list[dict[str, Any]]:
    """Return the scores over the whole run, leakage first, with their intervals; those shown above are left out."""
    scores = table(run, Scores)
    whole = np.flatnonzero(~np.isfinite(scores.time_s))
    rows = []
    for k in whole:
        name = str(scores.name[k])
        if name.startswith(("pd ", "gospa_", "false_tracks")):
            continue
        low, high = float(scores.low[k]), float(scores.high[k])
        interval = f"[{low:.4g} – {high:.4g}]" if np.isfinite(low) and np.isfinite(high) else "–"
        rows.append((name, f"{scores.value[k]:.4g}", interval))
    rows.sort(key=lambda row: ("leak" not in row[0], row[0]))
    return [_table("Scores", "Over the whole run.", ("Score", "Value", "95 % interval"), rows, (1, 2))] if rows else []


def method(run: Run, how: Sequence[str]) -> dict[str, Any]:
    """Return the method tab: how the page was made, assumptions, what is not shown, sources, versions."""
    record = run.record
    assumed = [str(text) for text in record.get("assumptions") or []]
    simulated = record.get("kind") != TRACKED
    made = [
        ["Seed", str(record.get("seed", "–"))],
        ["Command", str(record.get("command", "–"))],
        ["Status", str(record.get("status", "–"))],
        ["Versions", ", ".join(f"{k} {v}" for k, v in (record.get("versions") or {}).items()) or "–"],
        ["Catalogue", str(record.get("catalogue_hash", "–"))],
    ]
    sources = [
        {key: str(entry.get(key) or "") for key in ("key", "title", "publisher", "date", "address", "opinion")}
        for entry in record.get("sources") or []
    ]
    limits = list(NOT_SHOWN if simulated else ())
    return {"how": list(how), "assumptions": assumed, "limits": limits, "made": made, "sources": sources}

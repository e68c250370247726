"""The two questions of a trial, answered in a few sentences from the scores of a run; and rows for the terminal."""

from __future__ import annotations

from typing import Any

from chainhome.metrics import wilson_interval
from chainhome.process import background


def answers(summary: dict[str, Any]) -> dict[str, str]:
    """Return the article's two questions, each answered from the scores."""
    return {"radars": _radars(summary), "identity": _identity(summary["confusion"])}


def _radars(summary: dict[str, Any]) -> str:
    seen = [entry for entry in summary["radars"] if entry["looks"]]
    if not seen:
        return "No target came into view of a radar."
    traffic = background(summary)
    first_radar = summary["radars"][0]["sensor"]
    followed = {entry["target"]: entry for entry in summary["tracks"]}
    told = []
    for entry in summary["radars"]:
        if entry["sensor"] != first_radar or entry["target"] in traffic or not entry["passes"]:
            continue
        track = followed.get(entry["target"])
        hidden = entry["hidden"] / entry["passes"]
        if track is None:
            told.append(f"{entry['target']} is never in view")
            continue
        minutes = f"tracked for {_of(track['tracked_s'], track['flight_s'])} of its flight"
        behind = f"hidden on {hidden:.0%} of the beam's passes, " if hidden >= 0.005 else ""
        first = entry["first_detection_km"]
        where = "" if first is None or entry["bound_before"] is None else f", first detected at {first:.0f} km"
        told.append(f"{entry['target']} is {behind}{minutes}{where}")
    told = told or ["None of them is what the trial is about"]
    detected, looks, predicted = (sum(entry[name] for entry in seen) for name in ("detected", "looks", "predicted"))
    return (
        f"What the ground does not hide, they see. {'; '.join(told)}. "
        f"That {detected:,} of {looks:,} looks at what is in view gave a plot, where {predicted:,.0f} were predicted, "
        "tests this simulation and not the radar."
    )


def _identity(confusion: dict[str, Any]) -> str:
    parts = [
        "As fielded (assumed: no secure mode and key in common with the aircraft), "
        f"{_told(confusion['as_fielded'], confusion)}"
    ]
    if "shared_secure_mode" in confusion:
        parts.append(f"With one in common, {_told(confusion['shared_secure_mode'], confusion)}")
    parts.append("Asking can find friends and never finds enemies: silence is unknown, not hostile")
    return ". ".join(parts) + "."


def _told(matrix: list[list[float]], confusion: dict[str, Any]) -> str:
    """Return for how long each allegiance was declared as what it is."""
    columns = confusion["labels_declared"]
    parts = []
    for label, row in zip(confusion["labels_true"], matrix, strict=True):
        total = sum(row)
        if total > 0:
            right = row[columns.index(label)]
            plans = " (by filed plans)" if label == "neutral" and right > 0 else ""
            parts.append(f"{label} for {_of(right, total)}{plans}")
    return "these were declared what they are: " + ", ".join(parts) if parts else "nothing was tracked long enough"


def _of(part_s: float, whole_s: float) -> str:
    """Return a share of time in minutes, or in seconds where minutes would round it away.

    >>> _of(1320.0, 8820.0), _of(40.0, 60.0)
    ('22 of 147 minutes', '40 of 60 seconds')
    """
    if whole_s < 600.0:
        return f"{part_s:.0f} of {whole_s:.0f} seconds"
    return f"{part_s / 60:.0f} of {whole_s / 60:.0f} minutes"


def _span(kilometres: list[float]) -> str:
    low, high = (f"{end:.0f}" for end in (min(kilometres, default=0.0), max(kilometres, default=0.0)))
    return "never" if not kilometres else f"{low} km" if low == high else f"{low}–{high} km"


def grouped(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the radar rows with the simulated civil traffic of each radar put together in one."""
    traffic = background(summary)
    rows: list[dict[str, Any]] = []
    for sensor in dict.fromkeys(entry["sensor"] for entry in summary["radars"]):
        mine = [entry for entry in summary["radars"] if entry["sensor"] == sensor]
        rows += [entry for entry in mine if entry["target"] not in traffic]
        civil = [entry for entry in mine if entry["target"] in traffic and entry["looks"]]
        if civil:
            looks, detected = (sum(entry[name] for entry in civil) for name in ("looks", "detected"))
            low, high = (float(end) for end in wilson_interval(detected, looks))
            firsts = [entry["first_detection_km"] for entry in civil if entry["first_detection_km"] is not None]
            rows.append(
                {
                    "target": f"civil traffic ({len(civil)} flight{'s' if len(civil) > 1 else ''})",
                    "sensor": sensor,
                    "first": _span(firsts),
                    "bound_before": "",
                    "looks": looks,
                    "pd_measured": detected / looks,
                    "pd_low": low,
                    "pd_high": high,
                    "pd_predicted": sum(entry["predicted"] for entry in civil) / looks,
                }
            )
    return rows

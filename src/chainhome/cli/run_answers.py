"""The two questions of a trial, answered in a few sentences from the scores of a run; and rows for the terminal."""

from __future__ import annotations

from typing import Any

from chainhome.metrics import wilson_interval


def answers(summary: dict[str, Any]) -> dict[str, str]:
    """Return the article's two questions, each answered from the scores."""
    return {"radars": _radars(summary), "identity": _identity(summary["confusion"])}


def traffic(summary: dict[str, Any]) -> set[str]:
    """Return the names of the simulated neutral aircraft: the background, not what the trial is about."""
    return {e["target"] for e in summary["tracks"] if (e["allegiance"], e["origin"]) == ("neutral", "simulated")}


def _radars(summary: dict[str, Any]) -> str:
    seen = [entry for entry in summary["radars"] if entry["looks"]]
    if not seen:
        return "No target came into view of a radar."
    background = traffic(summary)
    first_radar = summary["radars"][0]["sensor"]
    followed = {entry["target"]: entry for entry in summary["tracks"]}
    told = []
    for entry in summary["radars"]:
        if entry["sensor"] != first_radar or entry["target"] in background or not entry["passes"]:
            continue
        track = followed.get(entry["target"])
        hidden = entry["hidden"] / entry["passes"]
        if track is None:
            told.append(f"{entry['target']} is never in view")
            continue
        minutes = f"tracked for {track['tracked_s'] / 60:.0f} of its {track['flight_s'] / 60:.0f} minutes"
        behind = f"hidden on {hidden:.0%} of the beam's passes, " if hidden >= 0.005 else ""
        first = entry["first_detection_km"]
        where = "" if first is None or entry["bound_before"] is None else f", first detected at {first:.0f} km"
        told.append(f"{entry['target']} is {behind}{minutes}{where}")
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
            parts.append(f"{label} {right / 60:.0f} of {total / 60:.0f} minutes{plans}")
    return "these were declared what they are: " + ", ".join(parts) if parts else "nothing was tracked long enough"


def grouped(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the radar rows with the simulated civil traffic of each radar put together in one."""
    background = traffic(summary)
    rows: list[dict[str, Any]] = []
    for sensor in dict.fromkeys(entry["sensor"] for entry in summary["radars"]):
        mine = [entry for entry in summary["radars"] if entry["sensor"] == sensor]
        rows += [entry for entry in mine if entry["target"] not in background]
        civil = [entry for entry in mine if entry["target"] in background and entry["looks"]]
        if civil:
            looks, detected = (sum(entry[name] for entry in civil) for name in ("looks", "detected"))
            low, high = (float(end) for end in wilson_interval(detected, looks))
            firsts = [entry["first_detection_km"] for entry in civil if entry["first_detection_km"] is not None]
            rows.append(
                {
                    "target": f"civil traffic ({len(civil)} flights)",
                    "sensor": sensor,
                    "first": f"{min(firsts):.0f}–{max(firsts):.0f} km" if firsts else "never",
                    "bound_before": "",
                    "looks": looks,
                    "pd_measured": detected / looks,
                    "pd_low": low,
                    "pd_high": high,
                    "pd_predicted": sum(entry["predicted"] for entry in civil) / looks,
                }
            )
    return rows

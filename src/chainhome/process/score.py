"""Tables of a run → its scores: do the radars work, are the targets followed, can friend and enemy be told apart.

Truth counts only where it could be seen: a target is in view of a radar at a look that neither sector, instrumented
range nor ground hides (a look lost in clutter or noise counts: that is what a radar is scored on).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import metrics
from chainhome.tables import (
    ALLEGIANCES,
    HIDING_LIMITS,
    LIMITS,
    ORIGINS,
    TRACK_STATUSES,
    Detections,
    Floats,
    Identities,
    Ints,
    Looks,
    Scores,
    Sensors,
    Targets,
    Tracks,
    Truth,
)

GOSPA_STEP_S = 30.0
GOSPA_CUT_M = 5_000.0
GOSPA_POWER = 2.0
MISSED_SCANS = 2.5


@dataclass(frozen=True, eq=False)
class Summary:
    """The scores as a table over time and as plain objects for the record and the report."""

    scores: Scores
    plain: dict[str, Any]


def background(summary: dict[str, Any]) -> set[str]:
    """Return the names of the simulated neutral aircraft of a run's summary: the traffic, not what the trial is about.

    Where nothing else flies, they are what it is about.

    >>> rows = [{"target": name, "allegiance": "neutral", "origin": "simulated"} for name in ("THY1", "THY2")]
    >>> background({"tracks": rows[:1], "radars": rows}), background({"tracks": rows, "radars": rows})
    ({'THY1'}, set())
    """
    rows = summary.get("tracks") or []
    names = {row["target"] for row in rows if (row.get("allegiance"), row.get("origin")) == ("neutral", "simulated")}
    return names if {row["target"] for row in summary.get("radars") or []} - names else set()


def score(
    targets: Targets,
    sensors: Sensors,
    truth: Truth,
    looks: Looks,
    detections: Detections,
    tracks: Tracks,
    identities: dict[str, Identities],
) -> Summary:
    """Score a run; `identities` maps the name of each case (as fielded, compared) to its declarations."""
    in_view = looks[~np.isin(looks.limit, HIDING_LIMITS)]
    max_age = MISSED_SCANS * float(sensors.period_s.max(initial=1.0))
    owner, continuity = _continuity(targets, in_view, detections, tracks, max_age)
    series, truths = _gospa(truth, in_view, tracks, max_age)
    pairs = truths - int(series.missed_count.sum())
    parts = [
        Scores.make(time_s=series.time_s, name=f"gospa{suffix}_m", value=value)
        for suffix, value in (
            ("", series.distance),
            ("_localisation", np.sqrt(series.localisation)),
            ("_missed", np.sqrt(series.missed)),
            ("_false", np.sqrt(series.false)),
        )
    ]
    rms = float(np.sqrt(np.mean(series.distance**2))) if len(series.distance) else 0.0
    plain: dict[str, Any] = {
        "radars": _radars(targets, sensors, looks),
        "tracks": continuity,
        "false_tracks": int((owner == -1).sum()),
        "gospa": {
            "rms_m": rms,
            "mean_m": _mean(series.distance),
            "localisation_m": float(np.sqrt(_mean(series.localisation))),
            "localisation_per_target_m": float(np.sqrt(series.localisation.sum() / max(pairs, 1))),
            "missed_m": float(np.sqrt(_mean(series.missed))),
            "false_m": float(np.sqrt(_mean(series.false))),
            "mean_missed": _mean(series.missed_count),
            "mean_false": _mean(series.false_count),
            "c_m": GOSPA_CUT_M,
            "p": GOSPA_POWER,
            "step_s": GOSPA_STEP_S,
        },
        "confusion": {
            "labels_true": list(ALLEGIANCES[1:]),
            "labels_declared": list(ALLEGIANCES),
            **{case: _confusion(targets, tracks, owner, rows) for case, rows in identities.items()},
        },
    }
    whole = [("gospa_rms_m", rms), ("false_tracks", float(plain["false_tracks"]))]
    parts.append(Scores.make(name=[n for n, _ in whole], value=[v for _, v in whole]))
    for entry in plain["radars"]:
        name = f"pd {entry['sensor']} on {entry['target']}"
        if entry["looks"]:
            parts.append(
                Scores.make(name=[name], value=[entry["pd_measured"]], low=[entry["pd_low"]], high=[entry["pd_high"]])
            )
    return Summary(Scores.concat(parts), plain)


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _radars(targets: Targets, sensors: Sensors, looks: Looks) -> list[dict[str, Any]]:
    """Return for each radar and target: first detection, what bound it before, and Pd against the prediction."""
    told = []
    for sensor_id, sensor, width in zip(sensors.sensor_id, sensors.name, sensors.sector_width_rad, strict=True):
        mine = looks[looks.sensor_id == sensor_id]
        for target_id, target in zip(targets.target_id.tolist(), targets.name.tolist(), strict=True):
            rows = mine[mine.target_id == target_id]
            seen = rows[~np.isin(rows.limit, HIDING_LIMITS)]
            hits = np.flatnonzero(rows.detected)
            before = rows.limit[: hits[0]] if len(hits) else rows.limit
            stares = bool(np.isfinite(width))
            count, found = len(seen), int(seen.detected.sum())
            low, high = metrics.wilson_interval(found, count)
            told.append(
                {
                    "sensor": str(sensor),
                    "target": target,
                    "first_detection_s": float(rows.time_s[hits[0]]) if len(hits) else None,
                    "first_detection_km": float(rows.range_m[hits[0]]) / 1e3 if len(hits) else None,
                    "bound_before": _bound(before) or ("sector" if stares else None),
                    "passes": len(rows),
                    "hidden": len(rows) - count,
                    "looks": count,
                    "detected": found,
                    "predicted": float(seen.detection_probability.sum()),
                    "pd_measured": found / count if count else None,
                    "pd_low": _number(float(low)) if count else None,
                    "pd_high": _number(float(high)) if count else None,
                    "pd_predicted": float(seen.detection_probability.mean()) if count else None,
                }
            )
    return told


def _bound(limits: NDArray[np.int8]) -> str | None:
    """Return what bound the last look before a first detection, or most looks where there never was one."""
    return LIMITS[int(limits[-1])] if len(limits) else None


def _continuity(
    targets: Targets, in_view: Looks, detections: Detections, tracks: Tracks, max_age_s: float
) -> tuple[Ints, list[dict[str, Any]]]:
    """Return the target of each confirmed track, and how well each target was followed."""
    found = metrics.continuity(
        tracks,
        detections,
        sample_time_s=in_view.time_s,
        sample_target_id=in_view.target_id,
        max_age_s=max_age_s,
    )
    by_target = {int(number): index for index, number in enumerate(found.target_id.tolist())}
    told = []
    for row, number in enumerate(targets.target_id.tolist()):
        index = by_target.get(number)
        if index is None:
            continue
        samples = np.sort(in_view.time_s[in_view.target_id == number])
        life = float(targets.gone_s[row] - targets.born_s[row])
        told.append(
            {
                "target": str(targets.name[row]),
                "allegiance": ALLEGIANCES[int(targets.allegiance[row])],
                "origin": ORIGINS[int(targets.origin[row])],
                "first_in_view_s": float(samples.min()),
                "first_confirmed_s": _number(found.first_confirmed_s[index]),
                "views": int((np.diff(samples) > max_age_s).sum()) + 1,
                "completeness": float(found.completeness[index]),
                "tracked_s": _tracked_s(tracks, found, number, max_age_s),
                "flight_s": life,
                "breaks": int(found.breaks[index]),
                "switches": int(found.id_switches[index]),
                "purity": _number(found.purity[index]),
                "longest_s": float(found.longest_s[index]),
            }
        )
    return found.track_target_id, told


def _tracked_s(tracks: Tracks, found: metrics.Continuity, target_id: int, max_age_s: float) -> float:
    """Return for how long a confirmed track of the target's own stood; overlapping tracks count once."""
    mine = found.track_id[found.track_target_id == target_id]
    confirmed = (tracks.status == TRACK_STATUSES.index("confirmed")) & np.isin(tracks.track_id, mine)
    steps = np.diff(np.unique(tracks.time_s[confirmed]))
    return float(steps[steps <= max_age_s].sum())


def _gospa(truth: Truth, in_view: Looks, tracks: Tracks, max_age_s: float) -> tuple[metrics.GospaSeries, int]:
    """Return GOSPA every 30 s, in 3-D, over the targets that somebody could have seen lately, and their number."""
    end = float(truth.time_s.max(initial=0.0))
    times = np.arange(GOSPA_STEP_S, end + 1e-9, GOSPA_STEP_S)
    shown = metrics.tracks_at(tracks, times, max_age_s=max_age_s)
    at_times = truth[np.isin(truth.time_s, times)]
    recent = np.zeros(len(at_times), np.bool_)
    for number in np.unique(at_times.target_id).tolist():
        rows = at_times.target_id == number
        seen = np.sort(in_view.time_s[in_view.target_id == number])
        if len(seen):
            last = np.searchsorted(seen, at_times.time_s[rows], side="right") - 1
            recent[rows] = (last >= 0) & (at_times.time_s[rows] - seen[np.maximum(last, 0)] <= max_age_s)
    there = at_times[recent]
    points = np.column_stack([there.x_m, there.y_m, there.z_m])
    series = metrics.gospa_over_time(
        shown.time_s, shown.position_m, there.time_s, points, c=GOSPA_CUT_M, p=GOSPA_POWER, times_s=times
    )
    return series, len(there)


def declared_at(tracks: Tracks, identities: Identities) -> NDArray[np.int8]:
    """Return what was declared of the track of each row at its time; unknown before any declaration."""
    rows = identities.sorted_by("track_id", "time_s")
    result = np.zeros(len(tracks), np.int8)
    for number in np.unique(rows.track_id).tolist():
        mine = rows.track_id == number
        of_track = tracks.track_id == number
        last = np.searchsorted(rows.time_s[mine], tracks.time_s[of_track], side="right") - 1
        result[of_track] = np.where(last >= 0, rows.declared[mine][np.maximum(last, 0)], 0)
    return result


def _confusion(targets: Targets, tracks: Tracks, owner: Ints, identities: Identities) -> list[list[float]]:
    """Return seconds of confirmed track by true (friend, neutral, hostile) and declared allegiance."""
    confirmed = np.unique(tracks.track_id[tracks.status == TRACK_STATUSES.index("confirmed")])
    rows = tracks[(tracks.status == TRACK_STATUSES.index("confirmed"))].sorted_by("track_id", "time_s")
    rows = rows[np.isin(rows.track_id, confirmed)]
    same = rows.track_id[1:] == rows.track_id[:-1]
    stood: Floats = np.append(np.where(same, np.diff(rows.time_s), 0.0), 0.0) if len(rows) else np.zeros(0)
    target = owner[np.searchsorted(confirmed, rows.track_id)]
    real = target >= 0
    place = np.searchsorted(targets.target_id, target[real])
    table = metrics.confusion_table(targets.allegiance[place], declared_at(rows, identities)[real], stood[real])
    return [[float(value) for value in line] for line in table[1:]]

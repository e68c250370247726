"""A tracked run and a truth → its scores: against positions from elsewhere, or against the addresses in its own plots.

Against positions, a target counts only where a sensor could have seen it: inside the instrumented range and above the
horizon of a smooth earth. Against addresses, the plots are tracked again with the replies hidden from the tracker.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainhome import earth, metrics
from chainhome.errors import ChainhomeError, UseError
from chainhome.process.follow import follow
from chainhome.process.recording import Recording
from chainhome.process.score_tracks import honesty, trajectory_scores
from chainhome.scenario.sensors_file import Watch
from chainhome.sensors.scan import in_sector
from chainhome.tables import REPORTING, Bools, Detections, Floats, Sensors, Tracks, Truth

GOSPA_CUT_M, GOSPA_POWER, SWITCH_M = 5_000.0, 2.0, 2_000.0
MISSED_SCANS = 2.5
LONGEST_AGE_S, SHORTEST_AGE_S = 60.0, 5.0
# How often the picture is scored at most, and between which rows of a truth its target flies straight on.
STEPS, SHORTEST_STEP_S, GAP_S = 2_000, 0.5, 30.0
ED142_STEP_S = 4.0


def check_tables(detections: Detections, tracks: Tracks, where: str) -> None:
    """Raise UseError, which begins with `where`, for tables of a run that do not belong together or have holes.

    >>> check_tables(Detections.make(detection_id=[4], time_s=0.0), Tracks.make(time_s=[1.0], track_id=7), "a run")
    Traceback (most recent call last):
    chainhome.errors.UseError: a run is damaged: its tracks hold 1 rows without a time, track or position
    """
    if not np.isfinite(detections.time_s).all() or len(np.unique(detections.detection_id)) < len(detections):
        raise UseError(f"{where} is damaged: its plots have no time, or share a detection_id")
    numbers = np.column_stack([tracks.time_s, tracks.x_m, tracks.y_m, tracks.z_m])
    holes = int((~np.isfinite(numbers).all(axis=1) | (tracks.track_id < 0)).sum())
    if holes:
        raise UseError(f"{where} is damaged: its tracks hold {holes:,} rows without a time, track or position")
    fed = tracks.detection_id[tracks.detection_id >= 0]
    if strange := int((~np.isin(fed, detections.detection_id)).sum()):
        raise UseError(f"{where} is damaged: its tracks name {strange:,} plots that it does not have")


def in_cover(truth: Truth, watch: Watch) -> Bools:
    """Return which rows of a truth some sensor could have seen: in its range and sector, above its horizon.

    A sensor of reported positions (ads_b, mlat) sees all. Horizons are those of a smooth earth with 4/3 of its radius.
    """
    sensors = watch.sensors
    position = np.column_stack([truth.x_m, truth.y_m, truth.z_m])
    altitude = earth.enu_to_geodetic(watch.world, position)[2]
    seen = np.zeros(len(truth), np.bool_)
    for row in range(len(sensors)):
        if int(sensors.kind[row]) in REPORTING:
            return np.ones(len(truth), np.bool_)
        frame = earth.enu_frame(
            np.radians(sensors.lat_deg[row]), np.radians(sensors.lon_deg[row]), float(sensors.height_m[row])
        )
        range_m, azimuth, _ = earth.measure(position, frame, watch.world)
        far = np.asarray(earth.horizon_range_m(np.maximum(sensors.height_m[row], 0.0), np.maximum(altitude, 0.0)))
        within = in_sector(azimuth, sensors.sector_centre_rad[row], sensors.sector_width_rad[row])
        seen |= (range_m <= sensors.max_range_m[row]) & (range_m <= far) & within
    return seen


def greatest_age_s(sensors: Sensors) -> float:
    """Return for how long a track is shown after its last row: two and a half scans of the slowest sensor."""
    return float(np.clip(MISSED_SCANS * sensors.period_s.max(initial=1.0), SHORTEST_AGE_S, LONGEST_AGE_S))


def score_against_truth(detections: Detections, tracks: Tracks, truth: Truth, watch: Watch) -> dict[str, Any]:
    """Return GOSPA, trajectory GOSPA, NEES, SIAP, how targets were followed, and a table in the style of ED-142.

    The truth is brought to common moments, on the straight line between two of its rows that are not too far apart.
    """
    if not len(detections):
        raise ChainhomeError("the run has no plots, so nothing says when somebody looked")
    age_s = greatest_age_s(watch.sensors)
    first_s, last_s = float(detections.time_s.min()), float(detections.time_s.max())
    span = f"{truth.time_s.min():,.0f} to {truth.time_s.max():,.0f} s" if len(truth) else "none"
    truth = truth[(truth.time_s >= first_s) & (truth.time_s <= last_s)]
    moments = _moments(truth)
    at = at_moments(truth, moments)
    at = at[in_cover(at, watch)]
    if not len(at):
        raise ChainhomeError(
            f"no row of the truth is both in the cover of a sensor and in the time of the plots ({first_s:,.0f} to "
            f"{last_s:,.0f} s; the truth: {span})"
        )
    points = np.column_stack([at.x_m, at.y_m, at.z_m])
    followed = metrics.continuity(
        tracks,
        detections,
        sample_time_s=at.time_s,
        sample_target_id=at.target_id,
        sample_position_m=points,
        max_age_s=age_s,
        near_m=GOSPA_CUT_M,
    )
    shown = metrics.tracks_at(tracks, moments, max_age_s=age_s)
    series = {
        name: metrics.gospa_over_time(
            shown.time_s,
            shown.position_m[:, :axes],
            at.time_s,
            points[:, :axes],
            c=GOSPA_CUT_M,
            p=GOSPA_POWER,
            times_s=moments,
        )
        for name, axes in (("gospa", 3), ("gospa_horizontal", 2))
    }
    whole = {
        name: trajectory_scores(shown, at, moments, axes=axes, c=GOSPA_CUT_M, gamma=SWITCH_M, p=GOSPA_POWER)
        for name, axes in (("trajectory_gospa", 3), ("trajectory_gospa_horizontal", 2))
    }
    slowest_s = float(watch.sensors.period_s.max(initial=1.0))
    owner = followed.of_rows(tracks.track_id)
    honest = honesty(tracks, owner, truth, period_s=slowest_s, near_m=GOSPA_CUT_M, gap_s=GAP_S)
    picture = metrics.siap(at, shown, followed.of_rows(shown.track_id))
    return {
        "samples": len(at),
        "moments": len(moments),
        "targets": _targets(followed),
        "tracks": {"confirmed": len(followed.track_id), "false": int((followed.track_target_id < 0).sum())},
        **{name: _gospa(values, len(at)) for name, values in series.items()},
        **whole,
        **honest,
        "siap": {name: _number(getattr(picture, name)) for name in SIAP},
        "ed142": _ed142(tracks, followed, truth, watch),
        "max_age_s": age_s,
    }


def _ed142(tracks: Tracks, followed: metrics.Continuity, truth: Truth, watch: Watch) -> list[dict[str, Any]]:
    """Return the rows of the table; the truth is taken every few seconds, so that it makes unbroken spans."""
    fine = at_moments(truth, np.arange(truth.time_s.min(), truth.time_s.max() + ED142_STEP_S, ED142_STEP_S))
    fine = fine[in_cover(fine, watch)]
    limits, why = limits_for(watch.sensors)
    found = metrics.ed142(tracks, followed.of_rows(tracks.track_id), fine, limits=limits)
    numbers = ("value", "limit", "period_s")
    return [
        {name: _number(getattr(row, name)) for name in numbers}
        | {"name": row.name, "unit": row.unit, "met": row.met, "n": row.n}
        | {"why_no_limit": why if row.name == "update_probability" else ""}
        for row in found
    ]


def limits_for(sensors: Sensors) -> tuple[metrics.Limits, str]:
    """Return the limits that the sensors are held to, and why one of them does not apply; our reading.

    Sensors that look every T seconds, all together, can give an update in at most 8 / T of the periods of 8 s. Where
    that is below the limit of update probability, it is counted in periods of T instead, for which none is stated.

    >>> limits, why = limits_for(Sensors.make(sensor_id=[0], period_s=10.0))
    >>> limits.period_s, limits.update_probability, why
    (10.0, nan, 'a look every 10 s cannot update 97 % of periods of 8 s; counted in periods of 10 s')
    """
    usual = metrics.EN_ROUTE
    turning = sensors.period_s[np.isfinite(sensors.period_s) & (sensors.period_s > 0.0)]
    every_s = float(1.0 / np.sum(1.0 / turning)) if len(turning) else 0.0
    if usual.update_probability * every_s <= usual.period_s:
        return usual, ""
    why = (
        f"a look every {every_s:.3g} s cannot update {100.0 * usual.update_probability:.0f} % of periods of "
        f"{usual.period_s:g} s; counted in periods of {every_s:.3g} s"
    )
    return replace(usual, period_s=every_s, update_probability=np.nan), why


def at_moments(truth: Truth, moments: Floats) -> Truth:
    """Return a truth at common moments (sorted), by target and time: between two rows no further apart than a gap.

    >>> flight = Truth.make(time_s=[0.0, 4.0, 90.0], target_id=7, x_m=[0.0, 400.0, 0.0], y_m=0.0, z_m=0.0)
    >>> at_moments(flight, np.array([1.0, 3.0, 50.0])).x_m.tolist()
    [100.0, 300.0]
    """
    parts = []
    rows = truth.sorted_by("target_id", "time_s")
    ids, starts = np.unique(rows.target_id, return_index=True)
    if not len(rows):
        return rows
    for target, start, end in zip(ids.tolist(), starts, np.append(starts[1:], len(rows)), strict=True):
        time = rows.time_s[start:end]
        within = moments[(moments >= time[0]) & (moments <= time[-1])]
        after = np.searchsorted(time, within, side="left")
        exact = time[after] == within
        near = exact | (time[after] - time[np.maximum(after - 1, 0)] <= GAP_S)
        values = {name: np.interp(within[near], time, getattr(rows, name)[start:end]) for name in MOVING}
        parts.append(Truth.make(int(near.sum()), time_s=within[near], target_id=target, **values))
    return Truth.concat(parts)


MOVING = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
SIAP = (
    "completeness",
    "ambiguity",
    "spuriousness",
    "position_error_mean_m",
    "position_error_rms_m",
    "velocity_error_mean_mps",
    "velocity_error_rms_mps",
    "track_number_changes_per_s",
    "longest_track_share",
)


def _moments(truth: Truth) -> Floats:
    """Return the times at which the picture is scored: as often as the truth has rows, but not more than some thousand.

    Counted from the first row, so that a truth of common times is scored at its own.
    """
    if not len(truth):
        return np.zeros(0)
    rows = truth.sorted_by("target_id", "time_s")
    steps = np.diff(rows.time_s)[np.diff(rows.target_id) == 0]
    span_s = float(np.ptp(truth.time_s))
    step_s = max(float(np.median(steps)) if len(steps) else 0.0, SHORTEST_STEP_S)
    step_s *= max(1.0, np.ceil(span_s / step_s / STEPS))
    return np.asarray(truth.time_s.min() + step_s * np.arange(np.floor(span_s / step_s + 1e-6) + 1.0))


def _gospa(series: metrics.GospaSeries, truths: int) -> dict[str, Any]:
    pairs = truths - int(series.missed_count.sum())
    return {
        "rms_m": float(np.sqrt(np.mean(series.distance**2))),
        "mean_m": float(np.mean(series.distance)),
        "localisation_per_target_m": _number(float(np.sqrt(series.localisation.sum() / max(pairs, 1)))),
        "mean_missed": float(np.mean(series.missed_count)),
        "mean_false": float(np.mean(series.false_count)),
        "c_m": GOSPA_CUT_M,
        "p": GOSPA_POWER,
    }


def _targets(followed: metrics.Continuity) -> dict[str, Any]:
    purity = followed.purity[np.isfinite(followed.purity)]
    return {
        "count": len(followed.target_id),
        "tracked": int(np.isfinite(followed.first_confirmed_s).sum()),
        "completeness": float(followed.completeness.mean()),
        "purity": float(purity.mean()) if len(purity) else None,
        "breaks": int(followed.breaks.sum()),
        "switches": int(followed.id_switches.sum()),
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def score_by_address(recording: Recording, *, method: str) -> dict[str, Any]:
    """Track a recording again with the replies hidden, and return how well each address was followed."""
    parts = list(follow(recording, method=method, hide_address=True))
    plots = Detections.concat([part.detections for part in parts])
    tracks = Tracks.concat([part.tracks for part in parts])
    if not (plots.mode_s_address >= 0).any():
        raise ChainhomeError(f"{recording.path}: no plot has a Mode S address; score it with --truth FILE")
    found = metrics.by_address(tracks, plots, max_age_s=greatest_age_s(recording.watch.sensors))
    after = found.completeness_after[np.isfinite(found.completeness_after)]
    return {
        "addresses": len(found.address),
        "tracked": int(np.isfinite(found.first_confirmed_s).sum()),
        "plots": int(found.plots.sum()),
        "plots_without_address": found.plots_without_address,
        "tracks": len(found.track_id),
        "tracks_without_address": found.tracks_without_address,
        **{name: _number(value) for name, value in found.overall.items()},
        "completeness_after": float(after.mean()) if len(after) else None,
        "worst": [
            {
                "address": f"{int(found.address[row]):06x}",
                "plots": int(found.plots[row]),
                "completeness": float(found.completeness[row]),
                "breaks": int(found.breaks[row]),
                "switches": int(found.id_switches[row]),
            }
            for row in np.lexsort([found.completeness, -found.id_switches, -found.breaks])[:10].tolist()
        ],
    }

"""Scores of tracks as wholes: trajectory GOSPA over the moments of a picture, and whether covariances are honest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from chainhome import metrics
from chainhome.metrics.near import pairs_within
from chainhome.motion.interpolate import index, interpolate
from chainhome.tables import TRACK_STATUSES, Floats, Ints, Tracks, Truth

# Pairs times moments of one linear program (about a second), and contested pairs of track and target in all.
MOST_CELLS, MOST_CONTESTED = 50_000, 100_000
# Errors of one target so many periods of the slowest sensor apart hardly depend on each other.
PERIODS_APART = 10.0
CONFIRMED = TRACK_STATUSES.index("confirmed")


def trajectory_scores(
    shown: metrics.TrackSamples, at: Truth, moments: Floats, *, axes: int, c: float, gamma: float, p: float
) -> dict[str, Any]:
    """Return trajectory GOSPA of tracks and truth at common moments, in the first `axes`, as plain numbers.

    Where more than some 100,000 pairs are contested (two tracks near one target, or two targets near one track), only
    every second, third, ... moment counts (`every`); where a linear program would be too large, time is cut (`cuts`),
    and uncut the score would be between `rms_at_least_m` and `rms_m`.
    """
    points = np.column_stack([at.x_m, at.y_m, at.z_m])[:, :axes]
    estimates = shown.position_m[:, :axes]
    steps = [np.searchsorted(moments, times) for times in (shown.time_s, at.time_s)]
    every = int(
        np.ceil(max(_contested(*pairs_within(estimates, steps[0], points, steps[1], c)[:2]) / MOST_CONTESTED, 1.0))
    )
    found = metrics.trajectory_gospa(
        shown.time_s,
        shown.track_id,
        estimates,
        at.time_s,
        at.target_id,
        points,
        c=c,
        gamma=gamma * every ** (-1.0 / p),
        p=p,
        times_s=moments[::every],
        most_cells=MOST_CELLS,
    )
    count = len(found.time_s)
    at_least = max(found.distance**p - found.at_cuts, 0.0)
    return {
        "rms_m": found.distance_per_step,
        "rms_at_least_m": float((at_least / count) ** (1.0 / p)),
        "switches": found.switch_count,
        "mean_missed": found.missed / (c**p / 2.0) / count,
        "mean_false": found.false / (c**p / 2.0) / count,
        "moments": count,
        "every": every,
        "cuts": found.cuts,
        "c_m": c,
        "gamma_m": gamma,
        "p": p,
    }


def _contested(i: Ints, j: Ints) -> int:
    """Return how many of the pairs (i, j) of rows share a row with another pair."""
    if not len(i):
        return 0
    return int(((np.bincount(i)[i] > 1) | (np.bincount(j)[j] > 1)).sum())


def honesty(
    tracks: Tracks, owner: Ints, truth: Truth, *, period_s: float, near_m: float, gap_s: float
) -> dict[str, Any]:
    """Return NEES of confirmed tracks against the truth, with its 95 % bounds, as plain numbers.

    `owner` (n,) is the target of each row's track, -1 = none. The samples are rows that a plot fed, of each target
    `PERIODS_APART` periods apart, so that they hardly depend on each other; those farther from their target than
    `near_m`, and those whose covariance is none, are left out and counted. Position and velocity (6) count where most
    of the truth has a velocity, else position alone (3); beside it the horizontal position (2). The truth is the cubic
    between two of its rows, no further apart than `gap_s`.
    """
    rows = _apart(tracks, owner, PERIODS_APART * period_s)
    known = np.isfinite(np.column_stack([truth.vx_mps, truth.vy_mps, truth.vz_mps])).all(axis=1)
    with_velocity = bool(known.mean() > 0.5)
    curve = index(truth if with_velocity else _with_velocity(truth), gap_s=gap_s)
    place, velocity = interpolate(curve, owner[rows], tracks.time_s[rows])
    there = np.isfinite(place).all(axis=1)
    rows, place, velocity = rows[there], place[there], velocity[there]
    state = np.column_stack(
        [getattr(tracks, name)[rows] for name in ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")]
    )
    true = np.column_stack([place, velocity])
    covariance = tracks.covariance[rows].copy()
    near = np.linalg.norm(state[:, :3] - place, axis=1) <= near_m
    covariance[~near] = np.nan
    result: dict[str, Any] = {"samples_apart_s": PERIODS_APART * period_s}
    for name, components, words in (
        (
            "nees",
            range(6) if with_velocity else metrics.POSITION,
            "position and velocity" if with_velocity else "position",
        ),
        ("nees_horizontal", metrics.HORIZONTAL, "horizontal position"),
    ):
        chosen = list(components)
        mine = covariance[:, chosen][:, :, chosen]
        whole = np.flatnonzero(np.isfinite(mine).all(axis=(1, 2)))
        mine[whole[np.linalg.eigvalsh(mine[whole])[:, 0] <= 0.0]] = np.nan
        found = metrics.consistency(metrics.nees(state[:, chosen], true[:, chosen], mine), len(chosen))
        numbers = {key: getattr(found, key) for key in ("mean", "per_degree_of_freedom", "low", "high")}
        result[name] = {key: float(value) if np.isfinite(value) else None for key, value in numbers.items()} | {
            "holds": found.holds if found.n else None,
            "samples": found.n,
            "left_out": found.left_out,
            "degrees_of_freedom": len(chosen),
            "of": words,
        }
    return result


def _apart(tracks: Tracks, owner: Ints, apart_s: float) -> Ints:
    """Return rows of confirmed tracks with a plot and a target: of each target so far apart, the first after half."""
    fed = np.flatnonzero((tracks.status == CONFIRMED) & (tracks.detection_id >= 0) & (owner >= 0))
    fed = fed[np.lexsort([tracks.time_s[fed], owner[fed]])]
    time = tracks.time_s[fed]
    chosen: list[int] = []
    starts = np.flatnonzero(np.diff(owner[fed], prepend=-1) != 0)
    for start, stop in zip(starts.tolist(), np.append(starts, len(fed))[1:].tolist(), strict=True):
        mine = time[start:stop]
        # Not the first row: a track that has just been confirmed is no usual one.
        row = min(int(np.searchsorted(mine, mine[0] + apart_s / 2.0)), len(mine) - 1)
        while row < len(mine):
            chosen.append(start + row)
            row = int(np.searchsorted(mine, mine[row] + apart_s))
    return np.asarray(fed[chosen], np.int64)


def _with_velocity(truth: Truth) -> Truth:
    """Return a truth with velocities from the differences of its positions, so that its curve has no corners."""
    rows = truth.sorted_by("target_id", "time_s")
    first = np.flatnonzero(np.diff(rows.target_id, prepend=rows.target_id[:1] - 1) != 0)
    columns = {}
    for name in ("x", "y", "z"):
        value = getattr(rows, f"{name}_m")
        parts = [
            np.gradient(value[start:stop], rows.time_s[start:stop]) if stop - start > 1 else np.zeros(stop - start)
            for start, stop in zip(first.tolist(), np.append(first, len(rows))[1:].tolist(), strict=True)
        ]
        columns[f"v{name}_mps"] = np.concatenate(parts) if parts else value
    return replace(rows, **columns)

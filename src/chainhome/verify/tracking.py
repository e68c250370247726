"""The tracking metrics on cases small enough to do by hand: GOSPA, trajectory GOSPA, SIAP, chi-square bounds."""

from __future__ import annotations

import numpy as np

from chainhome import metrics
from chainhome.tables import Truth
from chainhome.verify.rows import Check

SUBJECT = "tracking metric"
LAST_DIGIT = 5e-5
# Not what a source prints: the counts in the docstrings below, and the usual table.
BY_HAND, CHI_SQUARE = "by hand", "table of chi-square"


def checks() -> list[Check]:
    """Return the rows of this subject."""
    return [*_gospa(), *_trajectories(), *_siap(), *_bounds()]


def _row(name: str, published: float, ours: float, source: str, unit: str = "") -> Check:
    return Check(SUBJECT, name, published, ours, LAST_DIGIT, "last printed digit", unit, source)


def _gospa() -> list[Check]:
    nothing: list[list[float]] = []
    cases = (
        ("GOSPA: one missed", 7.0711, nothing, [[0.0, 0.0]]),
        ("GOSPA: two missed, one false", 12.2474, [[100.0, 100.0]], [[0.0, 0.0], [50.0, 0.0]]),
        ("GOSPA: one pair 3 apart, one missed", 7.6811, [[3.0, 0.0]], [[0.0, 0.0], [50.0, 0.0]]),
    )
    return [
        _row(name, published, metrics.gospa(estimates, truths, c=10.0, p=2.0).distance, "rahmathullah2017")
        for name, published, estimates, truths in cases
    ]


def _trajectories() -> list[Check]:
    """Return two stories at c = 10, gamma = 2, p = 2.

    A truth of five steps: a track 3 away for two steps, none for one, another 4 away for two, and one step of a false
    track: 2 x 9 + 2 x 16 + 10^2 / 2 + 10^2 / 2 + 2^2 = 154. Two exact tracks that exchange their numbers: 2 x 2^2 = 8.
    """
    steps, nothing = np.arange(5.0), np.zeros(5)
    broken = metrics.trajectory_gospa(
        [0.0, 1.0, 3.0, 4.0, 2.0],
        [1, 1, 2, 2, 3],
        [[3.0], [3.0], [4.0], [4.0], [90.0]],
        steps,
        nothing,
        nothing[:, None],
        c=10.0,
        gamma=2.0,
    )
    times, ids, points = np.tile(steps, 2), np.repeat([1, 2], 5), np.repeat([0.0, 8.0], 5)[:, None]
    swapped = metrics.trajectory_gospa(
        times, np.where(times < 2, ids, 3 - ids), points, times, ids, points, c=10.0, gamma=2.0
    )
    return [
        _row("trajectory GOSPA: a change of track, a gap, a false step", 12.4097, broken.distance, BY_HAND),
        _row("trajectory GOSPA: two tracks exchange numbers", 2.8284, swapped.distance, BY_HAND),
    ]


def _siap() -> list[Check]:
    """Return a picture of two objects over ten seconds, a sample each second.

    Track 1 stands for the first object from 0 to 4 s, 3 m off, track 2 from 4 to 9 s, 4 m off, track 3 for nobody; the
    second object has none: 10 of 20 object samples held, by 11 track samples of 21; one change in 9 s; 5 s of 18 s.
    """
    times = np.arange(10.0)
    truth = Truth.make(time_s=np.tile(times, 2), target_id=np.repeat([5, 6], 10), x_m=0.0, y_m=0.0, z_m=0.0)
    time = np.concatenate([times[:5], times[4:], times])
    track = np.repeat([1, 2, 3], [5, 6, 10])
    position = np.zeros((21, 3))
    position[:, 0] = np.repeat([3.0, 4.0, 500.0], [5, 6, 10])
    shown = metrics.TrackSamples(time, track, position, np.zeros((21, 3)))
    score = metrics.siap(truth, shown, np.where(track == 3, -1, 5))
    cases = (
        ("completeness", 0.5, score.completeness, ""),
        ("ambiguity", 1.1, score.ambiguity, ""),
        ("spuriousness", 0.4762, score.spuriousness, ""),
        ("mean position error", 3.5455, score.position_error_mean_m, "m"),
        ("track number changes", 0.1111, score.track_number_changes_per_s, "1/s"),
        ("longest track", 0.2778, score.longest_track_share, ""),
    )
    return [_row(f"SIAP: {name}", value, ours, BY_HAND, unit) for name, value, ours, unit in cases]


def _bounds() -> list[Check]:
    """Return the 95 % bounds of the mean NEES of 50 runs with two degrees of freedom: 74.222 / 50 and 129.561 / 50."""
    bounds = metrics.consistency(np.ones(50), 2)
    return [
        _row("NEES of 50 runs, 2 degrees of freedom: low", 1.4844, bounds.low, CHI_SQUARE),
        _row("NEES of 50 runs, 2 degrees of freedom: high", 2.5912, bounds.high, CHI_SQUARE),
    ]

"""SIAP against Stone Soup 1.9.1 on random pictures, and against an example done by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainhome.metrics import TrackSamples, siap
from chainhome.tables import Truth

SAME_ARITHMETIC = 1e-9
BEGIN = datetime(2020, 1, 1)
STEPS = 30
SHORTEST_RUN = 2  # Stone Soup fails on an association of a single moment.


class Picture(NamedTuple):
    """States (objects, steps, 4: x y vx vy) with NaN outside lives, and the object of each track and step."""

    times: np.ndarray
    truth: np.ndarray
    track: np.ndarray
    named: np.ndarray


def picture(rng: np.random.Generator) -> Picture:
    objects, tracks = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    times = np.cumsum(rng.integers(1, 6, STEPS)).astype(float)
    truth, track = rng.normal(0.0, 100.0, (objects, STEPS, 4)), rng.normal(0.0, 100.0, (tracks, STEPS, 4))
    for states in (truth, track):
        for one in states:
            begin, end = np.sort(rng.choice(STEPS + 1, 2, replace=False))
            one[:begin], one[end:] = np.nan, np.nan
    named = np.full((tracks, STEPS), -1)
    for row in named:
        at = 0
        while at < STEPS:
            length = int(rng.integers(SHORTEST_RUN, 12))
            row[at : at + length] = rng.integers(-1, objects)
            at += length
    alive = ~np.isnan(truth[:, :, 0])
    together = alive[named, np.arange(STEPS)] & ~np.isnan(track[:, :, 0])
    named[~together] = -1
    for row in named:
        for object_, begin, end in runs(row):
            if object_ >= 0 and end - begin + 1 < SHORTEST_RUN:
                row[begin : end + 1] = -1
    return Picture(times, truth, track, named)


def runs(row: np.ndarray) -> list[tuple[int, int, int]]:
    cuts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
    return [(int(row[a]), a, b - 1) for a, b in pairwise(cuts)]


def ours(given: Picture, **options: Any) -> Any:
    def rows(states: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        which, step = np.nonzero(~np.isnan(states[:, :, 0]))
        return which, step, states[which, step]

    which, step, state = rows(given.truth)
    names = ("x_m", "y_m", "vx_mps", "vy_mps")
    truth = Truth.make(
        time_s=given.times[step],
        target_id=10 + which,
        z_m=0.0,
        vz_mps=0.0,
        **dict(zip(names, state.T, strict=True)),
    )
    which, step, state = rows(given.track)
    zero = np.zeros((len(state), 1))
    shown = TrackSamples(given.times[step], which, np.hstack([state[:, :2], zero]), np.hstack([state[:, 2:], zero]))
    named = given.named[which, step]
    return siap(truth, shown, np.where(named >= 0, named + 10, -1), **options)


def stone_soups(given: Picture) -> dict[str, Any]:
    metric = pytest.importorskip("stonesoup.metricgenerator.tracktotruthmetrics")
    manager_module = pytest.importorskip("stonesoup.metricgenerator.manager")
    association = pytest.importorskip("stonesoup.types.association")
    ranges = pytest.importorskip("stonesoup.types.time")
    measures = pytest.importorskip("stonesoup.measures")
    from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
    from stonesoup.types.state import State
    from stonesoup.types.track import Track

    clock = [BEGIN + timedelta(seconds=float(time)) for time in given.times]

    def paths(states: np.ndarray, path: Any, state: Any) -> list[Any]:
        return [
            path([state(one[k][:, None], timestamp=clock[k]) for k in np.flatnonzero(~np.isnan(one[:, 0]))])
            for one in states
        ]

    truths, tracks = paths(given.truth, GroundTruthPath, GroundTruthState), paths(given.track, Track, State)
    generator = metric.SIAPMetrics(
        position_measure=measures.Euclidean(mapping=(0, 1)), velocity_measure=measures.Euclidean(mapping=(2, 3))
    )
    manager = manager_module.MultiManager([generator])
    manager.states_sets = {"tracks": set(tracks), "groundtruth_paths": set(truths)}
    manager.association_set = association.AssociationSet(
        {
            association.TimeRangeAssociation(
                {track, truths[object_]}, time_range=ranges.TimeRange(clock[begin], clock[end])
            )
            for track, row in zip(tracks, given.named, strict=True)
            for object_, begin, end in runs(row)
            if object_ >= 0
        }
    )
    return {one.title.removeprefix("SIAP "): one.value for one in generator.compute_metric(manager)}


def walk_is_clear(given: Picture) -> bool:
    """Whether Stone Soup's count of tracks needed is what it says: no tie of last ends (it then depends on the order of
    a set), and no arrival exactly on the last moment of a run (it then stops counting)."""
    for object_ in range(len(given.truth)):
        mine = [(t, a, b) for t, row in enumerate(given.named) for o, a, b in runs(row) if o == object_]
        last = {t: max(b for u, _, b in mine if u == t) for t, _, _ in mine}
        if len(set(last.values())) < len(last):
            return False
        step = 0
        while step < STEPS:
            there = [(last[t], a, b) for t, a, b in mine if a <= step <= b]
            if there and max(there)[2] == step:
                return False
            step = max(there)[2] + 1 if there else step + 1
    return True


def test_siap_equals_that_of_stone_soup_on_random_pictures() -> None:
    rng = np.random.default_rng(2)
    compared = 0
    for _ in range(100):
        given = picture(rng)
        score, theirs = ours(given), stone_soups(given)
        pairs = {
            "Completeness": score.completeness,
            "Ambiguity": score.ambiguity,
            "Spuriousness": score.spuriousness,
            "Position Accuracy": score.position_error_mean_m,
            "Velocity Accuracy": score.velocity_error_mean_mps,
            "Longest Track Segment": score.longest_track_share,
        }
        if walk_is_clear(given):
            pairs["Rate of Track Number Change"] = score.track_number_changes_per_s
            compared += 1
        for name, value in pairs.items():
            if not np.isnan(value):
                assert value == pytest.approx(theirs[name], rel=SAME_ARITHMETIC, abs=SAME_ARITHMETIC), name
            else:  # Stone Soup says 0, or 1 for the ambiguity, where there is nothing to measure.
                assert theirs[name] in (0, 1), name
        for name, values in (
            ("Completeness at times", score.completeness_at),
            ("Ambiguity at times", score.ambiguity_at),
            ("Spuriousness at times", score.spuriousness_at),
            ("Position Accuracy at times", score.position_error_mean_at_m),
            ("Velocity Accuracy at times", score.velocity_error_mean_at_mps),
        ):
            expected = np.array([float(one.value) for one in theirs[name]])
            known = ~np.isnan(values)
            assert values[known] == pytest.approx(expected[known], rel=SAME_ARITHMETIC, abs=SAME_ARITHMETIC), name
    assert compared > 20, "hardly any picture has a count of track changes to compare"


def test_siap_of_a_picture_done_by_hand() -> None:
    """Two objects, 0 to 9 s, one sample a second. Track 1 stands for the first from 0 to 4 s, 3 m off; track 2 from 4 s
    to 9 s, 4 m off; track 3 stands for nobody, at all ten times. The second object has no track."""
    nan = np.nan
    truth = np.zeros((2, 10, 4))
    track = np.full((3, 10, 4), nan)
    track[0, :5], track[1, 4:], track[2] = (3.0, 0.0, 1.0, 0.0), (0.0, 4.0, 0.0, 2.0), (500.0, 0.0, 0.0, 0.0)
    named = np.where(np.isnan(track[:, :, 0]), -1, 0)
    named[2] = -1
    score = ours(Picture(np.arange(10.0), truth, track, named))
    assert score.completeness == 10 / 20
    assert score.ambiguity == 11 / 10
    assert score.spuriousness == 10 / 21
    assert score.position_error_mean_m == pytest.approx((5 * 3 + 6 * 4) / 11)
    assert score.position_error_rms_m == pytest.approx(((5 * 9 + 6 * 16) / 11) ** 0.5)
    assert score.velocity_error_mean_mps == pytest.approx((5 * 1 + 6 * 2) / 11)
    assert score.velocity_error_rms_mps == pytest.approx(((5 * 1 + 6 * 4) / 11) ** 0.5)
    assert score.track_number_changes_per_s == pytest.approx(1 / 9)
    assert score.longest_track_share == pytest.approx(5 / 18)
    assert score.ambiguity_at[4] == 2.0

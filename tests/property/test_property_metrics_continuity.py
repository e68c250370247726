"""Continuity against a slow twin that looks at one target, one sample and one row at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome.metrics import Continuity, continuity, tracks_at
from chainhome.tables import Detections, Tracks

ROUNDING = 1e-12
CONFIRMED = 1
NEAR_M = 50.0
Story = tuple[Tracks, Detections, dict[str, Any]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Some rows of some tracks on whole seconds, so that boundaries and ties come up, fed by plots of some targets."""
    n = draw(st.integers(0, 14))

    def column(values: st.SearchStrategy[Any], size: int = n) -> list[Any]:
        return draw(st.lists(values, min_size=size, max_size=size))

    keys = list(dict.fromkeys(zip(column(st.integers(0, 8)), column(st.integers(0, 3)), strict=True)))
    n = len(keys)
    plots = Detections.make(detection_id=np.arange(6), target_id=column(st.integers(-1, 3), 6))
    if draw(st.booleans()):
        plots = Detections.make(detection_id=np.arange(6))
    tracks = Tracks.make(
        time_s=np.array([float(time) for time, _ in keys]),
        track_id=np.array([7 + track for _, track in keys], np.int64),
        detection_id=np.array(column(st.integers(-1, 5), n), np.int64),
        status=np.array(column(st.integers(0, 2), n), np.int8),
        x_m=np.array(column(st.integers(-60, 60), n), float),
        y_m=0.0,
        z_m=0.0,
        vx_mps=np.array(column(st.integers(-9, 9), n), float),
        vy_mps=0.0,
        vz_mps=0.0,
    )
    k = draw(st.integers(0, 12))
    samples = list(dict.fromkeys(zip(column(st.integers(0, 10), k), column(st.integers(0, 3), k), strict=True)))
    position = np.zeros((len(samples), 3))
    position[:, 0] = column(st.integers(-60, 60), len(samples))
    given = {
        "sample_time_s": np.array([float(time) for time, _ in samples]),
        "sample_target_id": np.array([target for _, target in samples], np.int64),
        "sample_position_m": position,
        "max_age_s": float(draw(st.integers(0, 5))),
        "near_m": NEAR_M,
    }
    return tracks, plots, given


def owner_of(track: int, tracks: Tracks, plots: Detections, given: dict[str, Any]) -> int:
    target_of = dict(zip(plots.detection_id.tolist(), plots.target_id.tolist(), strict=True))
    if (plots.target_id >= 0).any():
        rows = tracks[(tracks.track_id == track) & (tracks.detection_id >= 0)]
        votes = [target_of[plot] for plot in rows.detection_id.tolist()]
        return max(set(votes), key=lambda t: (votes.count(t), t >= 0, -t), default=-1)
    best = (NEAR_M, -1)
    for target in np.unique(given["sample_target_id"]).tolist():
        apart = []
        for time, name, where in zip(
            given["sample_time_s"], given["sample_target_id"], given["sample_position_m"], strict=True
        ):
            shown = tracks_at(tracks[tracks.track_id == track], [time], max_age_s=given["max_age_s"])
            if name == target and len(shown.time_s):
                apart.append(float(np.linalg.norm(shown.position_m[0] - where)))
        if apart and np.mean(apart) < best[0]:
            best = (float(np.mean(apart)), target)
    return best[1]


def shown_for(target: int, time: float, tracks: Tracks, owner: dict[int, int], max_age_s: float) -> bool:
    for track in (number for number, of in owner.items() if of == target):
        rows = tracks[(tracks.track_id == track) & (tracks.time_s <= time)].sorted_by("time_s")
        if len(rows) and rows.status[-1] == CONFIRMED and time <= rows.time_s[-1] + max_age_s:
            return True
    return False


def slowly(tracks: Tracks, plots: Detections, given: dict[str, Any]) -> dict[str, list[Any]]:
    target_of = dict(zip(plots.detection_id.tolist(), plots.target_id.tolist(), strict=True))
    ever = sorted(set(tracks.track_id[tracks.status == CONFIRMED].tolist()))
    owner = {track: owner_of(track, tracks, plots, given) for track in ever}
    known = bool((plots.target_id >= 0).any())
    fed = tracks[(tracks.detection_id >= 0) & np.isin(tracks.track_id, ever)].sorted_by("time_s", "track_id")
    of_plot = [
        target_of[plot] if known else owner[track]
        for plot, track in zip(fed.detection_id.tolist(), fed.track_id.tolist(), strict=True)
    ]
    rows = list(zip(fed.time_s.tolist(), fed.track_id.tolist(), fed.status.tolist(), of_plot, strict=True))
    told: dict[str, list[Any]] = {
        name: [] for name in ("first_confirmed_s", "completeness", "breaks", "id_switches", "purity", "longest_s")
    }
    for target in np.unique(given["sample_target_id"]).tolist():
        times = sorted(given["sample_time_s"][given["sample_target_id"] == target].tolist())
        shown = [shown_for(target, time, tracks, owner, given["max_age_s"]) for time in times]
        told["completeness"].append(sum(shown) / len(shown))
        told["breaks"].append(
            sum(
                shown[k - 1] and not shown[k] and times[k] - times[k - 1] <= given["max_age_s"] and any(shown[k + 1 :])
                for k in range(1, len(times))
            )
        )
        longest, begun = 0.0, None
        for time, here in zip(times, shown, strict=True):
            begun = (time if begun is None else begun) if here else None
            longest = max(longest, time - begun) if begun is not None else longest
        told["longest_s"].append(longest)
        mine = [row for row in rows if owner[row[1]] == target]
        told["first_confirmed_s"].append(min((row[0] for row in mine if row[2] == CONFIRMED), default=np.nan))
        told["purity"].append(np.mean([row[3] == target for row in mine]) if mine and known else np.nan)
        steady = [row[1] for row in rows if row[2] == CONFIRMED and row[3] == target]
        told["id_switches"].append(sum(a != b for a, b in pairwise(steady)))
    told["track_id"], told["track_target_id"] = ever, [owner[track] for track in ever]
    return told


def columns(scores: Continuity, names: list[str]) -> dict[str, list[Any]]:
    return {name: getattr(scores, name).tolist() for name in names}


@settings(max_examples=150)
@given(stories())
def test_it_equals_the_slow_twin(story: Story) -> None:
    expected = slowly(*story)
    found = columns(continuity(*story[:2], **story[2]), list(expected))
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, abs=ROUNDING, nan_ok=True), name


@settings(max_examples=50)
@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_the_samples_does_not_matter(story: Story, shuffle: Any) -> None:
    tracks, plots, given = story
    order = list(range(len(given["sample_time_s"])))
    shuffle.shuffle(order)
    again = given | {name: given[name][order] for name in given if name.startswith("sample_")}
    one, other = continuity(tracks, plots, **given), continuity(tracks, plots, **again)
    for name in vars(one):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))

"""Work arrays grow as they are needed; when they grow, and whether, changes no bit of any track."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from tracking_scenes import WORLD, radars, swept_plots

from chainhome.tables import Detections, Tracks
from chainhome.tracking import Setup, TrackerParams, feed, initial_state, passes, prepare, work
from chainhome.tracking.work import Work


def crowd(association: str) -> tuple[Detections, Setup]:
    """Forty aircraft close to each other and as many false plots, and a tracker that has made no room yet."""
    rng = np.random.default_rng(5)
    sensors = radars(elevation_sigma_rad=3e-3)
    start = np.column_stack([rng.uniform(40e3, 70e3, (40, 2)), rng.uniform(4e3, 9e3, 40)])
    velocity = np.column_stack([rng.normal(size=(40, 2)) * 150.0, np.zeros(40)])
    flights = list(zip(start, velocity, strict=True))
    plots = swept_plots(sensors, flights, 6, rng=rng, detected=0.9, false_plots=40.0)
    return plots, prepare(sensors, WORLD, clutter_density=1e-6, params=TrackerParams(association=association))


def same(one: Tracks, other: Tracks) -> bool:
    """Whether two tables are equal to the bit."""
    return all(
        np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=getattr(one, f.name).dtype.kind == "f")
        for f in fields(Tracks)
    )


@pytest.mark.parametrize("association", ["pmb", "gnn", "pmbm"])
def test_tracks_are_the_same_whether_room_had_to_be_made_or_was_there(
    association: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plots, setup = crowd(association)
    monkeypatch.setattr(passes, "_TRACKS_A_PLOT", 0)
    made, make = [], Work.make_room
    monkeypatch.setattr(Work, "make_room", lambda self, more=0: (made.append(more), make(self, more)))
    tight = feed(initial_state(setup), plots, setup, until_s=np.inf)[1]
    often = len(made)
    roomy = feed(initial_state(setup), plots, setup, until_s=np.inf)[1]
    assert len(tight) > 100
    assert len(made) - often < often
    assert same(tight, roomy)


@pytest.mark.parametrize("association", ["pmb", "gnn", "pmbm"])
def test_what_stood_in_work_arrays_before_makes_no_difference(
    association: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plots, setup = crowd(association)
    # By function, the probability of detection is asked at the mean of each track.
    setups = setup, prepare(
        setup.sensors, WORLD, clutter_density=1e-6, params=setup.params, detection_probability=lambda at, *_: 0.9
    )  # fmt: skip
    clean = [feed(initial_state(each), plots, each, until_s=np.inf) for each in setups]
    grown = work._grown

    def littered(column: np.ndarray, room: int, used: int) -> np.ndarray:
        larger = grown(column, room, used)
        larger[used:] = np.nan if larger.dtype.kind == "f" else 77
        return larger

    monkeypatch.setattr(work, "_grown", littered)
    for each, (state, tracks) in zip(setups, clean, strict=True):
        each.works.clear()
        state_after, tracks_after = feed(initial_state(each), plots, each, until_s=np.inf)
        assert same(tracks_after, tracks)
        assert len(tracks) > 100
        for name in ("mean", "triangle", "mode_probability", "existence", "track_id"):
            assert np.array_equal(getattr(state_after, name), getattr(state, name)), name


def test_a_call_that_is_prepared_in_pieces_gives_the_same_tracks(monkeypatch: pytest.MonkeyPatch) -> None:
    plots, setup = crowd("pmb")
    whole = feed(initial_state(setup), plots, setup, until_s=np.inf)[1]
    monkeypatch.setattr(passes, "_PLOTS_AT_ONCE", 1)
    assert same(feed(initial_state(setup), plots, setup, until_s=np.inf)[1], whole)


def test_plots_of_unequal_quality_are_followed_like_equal_ones() -> None:
    """One plot with a standard deviation of its own, equal to the sensor's but for the last digits, changes the path
    through the gate and the update, and the tracks by no more than that.
    """
    plots, setup = crowd("pmb")
    sigma = np.full(len(plots), np.nan)
    sigma[::7] = 50.0 * (1.0 + 1e-12)
    equal = feed(initial_state(setup), plots, setup, until_s=np.inf)[1]
    unequal = feed(initial_state(setup), replace(plots, range_sigma_m=sigma), setup, until_s=np.inf)[1]
    assert np.array_equal(equal.track_id, unequal.track_id)
    assert np.allclose(equal.existence, unequal.existence, atol=1e-6)
    assert np.allclose(equal.x_m, unequal.x_m, atol=1e-3)
    assert np.allclose(equal.covariance, unequal.covariance, rtol=1e-6, atol=1e-3)

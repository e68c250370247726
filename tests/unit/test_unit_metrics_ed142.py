"""The air-traffic table on tracks whose every update is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.metrics import EN_ROUTE, TERMINAL, ed142
from chainhome.tables import Tracks, Truth

CONFIRMED, TENTATIVE = 1, 0
SPEED = 200.0


def truth(times: Any, target: int = 5) -> Truth:
    return Truth.make(time_s=times, target_id=target, x_m=SPEED * np.asarray(times, float), y_m=0.0, z_m=9_000.0)


def updates(times: Any, off: Any = 0.0, plots: Any = 1, status: Any = CONFIRMED, x: Any = None) -> Tracks:
    x = SPEED * np.asarray(times, float) if x is None else x
    return Tracks.make(time_s=times, track_id=1, detection_id=plots, status=status, x_m=x, y_m=off, z_m=0.0)


def table(tracks: Tracks, owner: Any, given: Truth, **options: Any) -> dict[str, Any]:
    return {row.name: row for row in ed142(tracks, np.broadcast_to(owner, len(tracks)), given, **options)}


def test_the_rms_error_is_horizontal_and_against_the_straight_line_between_truths() -> None:
    rows = table(updates([1.0, 3.0, 9.0], off=[300.0, 0.0, 600.0]), 5, truth(np.arange(0.0, 17.0, 4.0)))
    error = rows["position_error_rms_m"]
    assert error.value == pytest.approx(((300.0**2 + 600.0**2) / 3) ** 0.5)
    assert (error.n, error.met, error.limit, error.unit) == (3, False, 350.0, "m")


def test_each_whole_period_of_a_life_expects_one_update() -> None:
    """40 s are five periods of 8 s: 0 and 7 s share the first, 8 s begins the second, 39.9 s is in the last."""
    row = table(updates([0.0, 7.0, 8.0, 39.9]), 5, truth(np.arange(0.0, 41.0, 4.0)))["update_probability"]
    assert (row.value, row.n, row.met) == (pytest.approx(3 / 5), 5, False)
    assert row.low < 0.6 < row.high


def test_a_gap_in_the_truth_cuts_a_life_and_what_is_left_over_expects_nothing() -> None:
    """0 to 20 s hold two whole periods, 100 to 110 s one: its own begins at 100 s."""
    times = np.concatenate([np.arange(0.0, 21.0, 4.0), np.arange(100.0, 111.0, 5.0)])
    row = table(updates([17.0, 50.0, 107.0]), 5, truth(times))["update_probability"]
    assert (row.value, row.n) == (pytest.approx(1 / 3), 3)
    error = table(updates([17.0, 50.0, 107.0]), 5, truth(times))["position_error_rms_m"]
    assert (error.value, error.n) == (pytest.approx(0.0, abs=1e-9), 2)


def test_coasted_and_tentative_rows_are_no_updates() -> None:
    tracks = updates([1.0, 2.0, 3.0], plots=[4, -1, 6], status=[TENTATIVE, CONFIRMED, CONFIRMED])
    rows = table(tracks, 5, truth([0.0, 8.0]))
    assert rows["position_error_rms_m"].n == 1
    assert rows["update_probability"].value == 1.0
    none = table(tracks[:2], 5, truth([0.0, 8.0]))
    assert np.isnan(none["position_error_rms_m"].value)
    assert none["position_error_rms_m"].met is None
    assert none["update_probability"].value == 0.0


def test_updates_of_tracks_without_a_target_are_false() -> None:
    rows = table(updates([1.0, 2.0, 3.0, 4.0]), [5, 5, 5, -1], truth([0.0, 8.0]))
    assert (rows["false_share"].value, rows["false_share"].n, rows["false_share"].met) == (0.25, 4, False)
    assert rows["position_error_rms_m"].n == 3


def test_targets_do_not_lend_each_other_their_updates() -> None:
    both = Truth.concat([truth([0.0, 8.0]), truth([4.0, 12.0], target=6)])
    row = table(updates([5.0]), 6, both)["update_probability"]
    assert (row.value, row.n) == (0.5, 2)
    stranger = table(updates([5.0]), 99, both)
    assert (stranger["update_probability"].value, stranger["position_error_rms_m"].n) == (0.0, 0)


def test_what_is_not_stated_is_neither_met_nor_missed() -> None:
    rows = table(updates([1.0, 6.0], off=100.0), 5, truth([0.0, 5.0, 10.0]), limits=TERMINAL)
    assert rows["position_error_rms_m"].met is True
    assert rows["position_error_rms_m"].period_s == 5.0
    assert (rows["update_probability"].value, rows["update_probability"].met) == (1.0, None)
    assert (EN_ROUTE.period_s, EN_ROUTE.false_share) == (8.0, 0.001)


def test_without_truth_or_tracks_nothing_is_measured() -> None:
    for rows in (table(updates([]), [], truth([0.0, 8.0])), table(updates([1.0]), 5, truth([]))):
        assert np.isnan(rows["position_error_rms_m"].value)
    with pytest.raises(ValueError, match="2 owners for 1 rows"):
        ed142(updates([1.0]), [5, 5], truth([0.0]))

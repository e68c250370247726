"""Scores by a hidden address, on recordings whose story is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.metrics import ByAddress, by_address
from chainhome.tables import Detections, Tracks

TENTATIVE, CONFIRMED = 0, 1
ONE, TWO = 0x4B1234, 0x3C0001
TIMES = np.arange(0.0, 50.0, 5.0)


def recording(*addresses: int) -> Detections:
    """Ten plots of each address, 5 s apart; the plots of the k-th have ids from 10 k."""
    n = len(addresses)
    return Detections.make(
        detection_id=np.arange(10 * n), time_s=np.tile(TIMES, n), mode_s_address=np.repeat(addresses, 10)
    )


def track(number: int, plots: Any, status: Any = CONFIRMED) -> Tracks:
    plots = np.asarray(plots)
    return Tracks.make(time_s=5.0 * (plots % 10), track_id=number, detection_id=plots, status=status)


def scored(detections: Detections, *tracks: Tracks, **options: Any) -> ByAddress:
    return by_address(Tracks.concat(list(tracks)), detections, **({"max_age_s": 7.0} | options))


def test_a_track_that_keeps_to_its_aircraft_is_pure_and_complete() -> None:
    found = scored(recording(ONE, TWO), track(1, np.arange(10)), track(2, np.arange(10, 20)))
    assert found.address.tolist() == [TWO, ONE]
    assert found.track_address.tolist() == [ONE, TWO]
    for values in (found.purity, found.completeness, found.completeness_after, found.ambiguity):
        assert values.tolist() == [1.0, 1.0]
    assert (found.breaks.tolist(), found.id_switches.tolist()) == ([0, 0], [0, 0])
    assert found.overall == {
        "purity": 1.0,
        "completeness": 1.0,
        "breaks": 0.0,
        "id_switches": 0.0,
        "ambiguity_mean": 1.0,
    }


def test_tentative_rows_take_nothing_in_but_count_for_the_purity() -> None:
    found = scored(recording(ONE), track(1, np.arange(10), [TENTATIVE] * 4 + [CONFIRMED] * 6))
    assert found.completeness.tolist() == [0.6]
    assert found.completeness_after.tolist() == [1.0]
    assert (found.first_confirmed_s.tolist(), found.track_plots.tolist()) == ([20.0], [10])


def test_an_aircraft_lost_and_found_under_another_number_is_a_break_and_a_switch() -> None:
    found = scored(recording(ONE), track(1, np.arange(3)), track(2, np.arange(6, 10)))
    assert (found.breaks.tolist(), found.id_switches.tolist()) == ([1], [1])
    assert found.completeness.tolist() == [0.7]
    assert found.purity.tolist() == [1.0, 1.0]


def test_two_tracks_that_swap_lose_purity_and_switch_twice() -> None:
    swap = [track(1, [0, 1, 2, 3, 4, 5, 6, 17, 18, 19]), track(2, [10, 11, 12, 13, 14, 15, 16, 7, 8, 9])]
    found = scored(recording(ONE, TWO), *swap)
    assert found.purity.tolist() == [0.7, 0.7]
    assert found.id_switches.tolist() == [1, 1]
    assert found.completeness.tolist() == [1.0, 1.0]
    assert found.overall["purity"] == pytest.approx(0.7)


def test_a_second_track_on_the_same_aircraft_is_ambiguity() -> None:
    """Track 1 stands from 0 to 45 s, track 2 from 20 to 30 s on plots of its own making: 55 s of tracks in 45 s."""
    found = scored(recording(ONE), track(1, [0, 1, 2, 3, 5, 7, 8, 9]), track(2, [4, 6]))
    assert found.ambiguity.tolist() == [pytest.approx(55.0 / 45.0)]


def test_plots_and_tracks_without_address_are_left_out_and_counted() -> None:
    given = recording(ONE, -1)
    found = scored(given, track(1, [0, 1, 2, 13, 14, 15, 16, 7, 8, 9]), track(2, [10, 11, 12]))
    assert (found.plots_without_address, found.tracks_without_address) == (10, 1)
    assert found.track_id.tolist() == [1]
    assert (found.track_plots.tolist(), found.purity.tolist()) == ([6], [1.0])
    assert found.completeness.tolist() == [0.6]
    # The track coasted through on other plots: it was shown at every plot of the aircraft.
    assert found.breaks.tolist() == [0]


def test_the_addresses_may_come_beside_tables_that_hide_them() -> None:
    open_table = recording(ONE, TWO)
    hidden = Detections.make(detection_id=open_table.detection_id, time_s=open_table.time_s)
    tracks = track(1, np.arange(10))
    beside = scored(hidden, tracks, mode_s_address=open_table.mode_s_address)
    assert beside.completeness.tolist() == scored(open_table, tracks).completeness.tolist() == [0.0, 1.0]
    assert np.isnan(beside.ambiguity).tolist() == [True, False]
    assert np.isnan(beside.completeness_after).tolist() == [True, False]
    with pytest.raises(ValueError, match="1 addresses for 20 detections"):
        scored(hidden, tracks, mode_s_address=[ONE])
    with pytest.raises(ValueError, match="not in the detections"):
        scored(open_table, track(1, [99]))


def test_a_recording_without_addresses_or_without_tracks_has_no_scores() -> None:
    nobody = scored(recording(-1), track(1, np.arange(10)))
    assert (len(nobody.address), len(nobody.track_id), nobody.tracks_without_address) == (0, 0, 1)
    assert np.isnan(nobody.overall["purity"])
    untracked = scored(recording(ONE), Tracks.make(0))
    assert (untracked.completeness.tolist(), untracked.breaks.tolist()) == ([0.0], [0])
    assert np.isnan(untracked.first_confirmed_s).all()

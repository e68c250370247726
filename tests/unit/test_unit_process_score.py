"""Scores of small tables by hand: what counts as in view, what bound, whose a track is, and when it was declared."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from chainhome import earth, metrics, tracking
from chainhome.formats import read_table
from chainhome.process import Chain, advance, score, start
from chainhome.process.chain import _kinds
from chainhome.process.score import declared_at
from chainhome.tables import (
    ALLEGIANCES,
    LIMITS,
    TRACK_STATUSES,
    Detections,
    Identities,
    Looks,
    Sensors,
    Targets,
    Tracks,
    Truth,
)

FRIEND, NEUTRAL, HOSTILE = (ALLEGIANCES.index(name) for name in ("friend", "neutral", "hostile"))
CONFIRMED, ENDED = TRACK_STATUSES.index("confirmed"), TRACK_STATUSES.index("ended")
PERIOD_S = 10.0
STEPS = 12


def looks() -> Looks:
    """Return twelve looks at target 0: four hidden or weak ones before the first detection, and one outside after."""
    limits = ["horizon", "terrain", "instrumented", "sensitivity", *["sensitivity"] * 6, "sector", "none"]
    hit = np.array([False] * 4 + [True, False, True, True, True, True, False, False])
    hidden = np.isin(limits, ["horizon", "terrain", "instrumented", "sector", "none"])
    return Looks.make(
        time_s=PERIOD_S * np.arange(STEPS),
        sensor_id=0,
        target_id=0,
        range_m=120e3 - 10e3 * np.arange(STEPS),
        limit=[LIMITS.index(name) for name in limits],
        detected=hit,
        detection_probability=np.where(hidden, 0.0, 0.7),
    )


def tables() -> dict[str, Any]:
    """Return a run of two targets, one of them never looked at, one true track and three false ones."""
    time = PERIOD_S * np.arange(STEPS)
    seen = looks()
    times = seen.time_s[seen.detected]
    plots = Detections.make(
        detection_id=np.arange(len(times) + 3),
        time_s=np.append(times, [60.0, 70.0, 80.0]),
        sensor_id=0,
        target_id=[0] * len(times) + [-1] * 3,
    )
    rows = len(times)
    tracks = Tracks.make(
        time_s=np.append(times, [60.0, 70.0, 80.0]),
        track_id=[5] * rows + [9, 10, 11],
        x_m=np.append(np.zeros(rows), [50e3] * 3),
        y_m=0.0,
        z_m=0.0,
        vx_mps=0.0,
        vy_mps=0.0,
        vz_mps=0.0,
        covariance=np.broadcast_to(np.eye(6), (rows + 3, 6, 6)),
        detection_id=np.arange(rows + 3),
        status=CONFIRMED,
    )
    truth = Truth.make(
        time_s=np.concatenate([np.arange(0.0, 301.0, 2.0)] * 2),
        target_id=np.repeat([0, 1], 151),
        x_m=np.repeat([0.0, 90e3], 151),
        y_m=0.0,
        z_m=0.0,
    )
    declared = Identities.make(time_s=[60.0, 80.0], track_id=5, declared=[NEUTRAL, FRIEND])
    return {
        "targets": Targets.make(target_id=[0, 1], name=["A", "B"], allegiance=[FRIEND, HOSTILE]),
        "sensors": Sensors.make(sensor_id=[0], name=["R"], period_s=PERIOD_S),
        "truth": truth,
        "looks": seen,
        "detections": plots,
        "tracks": tracks.sorted_by("time_s", "track_id"),
        "identities": {"as_fielded": declared},
        "time": time,
    }


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    given = tables()
    given.pop("time")
    return score(**given).plain


def test_a_radar_is_scored_on_the_looks_that_nothing_hid(plain: dict[str, Any]) -> None:
    seen, never = plain["radars"]
    assert (seen["target"], seen["looks"], seen["detected"]) == ("A", 7, 5)
    assert seen["pd_measured"] == pytest.approx(5 / 7)
    assert seen["pd_predicted"] == pytest.approx(0.7)
    assert seen["predicted"] == pytest.approx(4.9)
    low, high = metrics.wilson_interval(5, 7)
    assert (seen["pd_low"], seen["pd_high"]) == (float(low), float(high))
    assert (never["looks"], never["pd_measured"], never["first_detection_km"]) == (0, None, None)


def test_a_first_detection_is_the_first_and_what_held_it_is_the_look_before(plain: dict[str, Any]) -> None:
    seen = plain["radars"][0]
    assert (seen["first_detection_s"], seen["first_detection_km"]) == (40.0, 80.0)
    assert seen["bound_before"] == "sensitivity"
    given = tables() | {"looks": looks()[:2]}
    given.pop("time")
    assert score(**given).plain["radars"][0]["bound_before"] == "terrain"


def test_tracks_of_false_alarms_are_the_false_ones(plain: dict[str, Any]) -> None:
    assert plain["false_tracks"] == 3
    (followed,) = plain["tracks"]
    assert (followed["target"], followed["first_in_view_s"], followed["first_confirmed_s"]) == ("A", 30.0, 40.0)


def test_the_confusion_table_counts_seconds_of_confirmed_track_of_real_targets(plain: dict[str, Any]) -> None:
    """Track 5 stands from 40 to 90 s: unknown until 60 s, neutral until 80 s, friend for the last 10 s."""
    table = plain["confusion"]["as_fielded"]
    assert table == [[20.0, 10.0, 20.0, 0.0], [0.0] * 4, [0.0] * 4]


def test_a_target_counts_for_gospa_only_while_it_was_lately_in_view(plain: dict[str, Any]) -> None:
    """Target 0 is in view from 30 to 90 s and for 2.5 scans after: at 30, 60 and 90 s of ten instants; B never."""
    gospa = plain["gospa"]
    instants = 10
    missed = 1  # at 30 s, before the first plot
    assert gospa["mean_missed"] == pytest.approx(missed / instants)
    assert gospa["mean_false"] == pytest.approx(3 / instants)  # track 9 at 60 s, 10 and 11 at 90 s
    assert gospa["localisation_per_target_m"] == pytest.approx(0.0, abs=1e-9)


def test_what_is_declared_holds_from_its_own_time_on() -> None:
    tracks = Tracks.make(time_s=[1.0, 2.0, 3.0, 2.0], track_id=[1, 1, 1, 2])
    declared = Identities.make(time_s=[2.0, 3.0], track_id=1, declared=[NEUTRAL, FRIEND])
    assert declared_at(tracks, declared).tolist() == [0, NEUTRAL, FRIEND, 0]


def chain(known_codes: list[int]) -> Chain:
    radar = Sensors.make(sensor_id=[0], lat_deg=40.0, lon_deg=32.0, height_m=900.0, period_s=PERIOD_S)
    return Chain(
        tracker=tracking.prepare(radar, earth.enu_frame(np.radians(40.0), np.radians(32.0), 900.0)),
        known_addresses=np.zeros(0, np.int64),
        known_codes=np.array(known_codes, np.int64),
    )


def test_a_filed_code_and_a_secure_reply_are_kinds_of_their_own() -> None:
    """Only a kind that is new to a track is looked at, so a filed code must not hide behind a civil reply."""
    plots = Detections.make(detection_id=[0, 1, 2, 3], mode_3a=[-1, 4301, 4302, 4302], secure_reply=[0, 0, 0, 1])
    assert _kinds(chain([4302]), plots).tolist() == [0, 1, 3, 7]
    assert _kinds(chain([]), plots).tolist() == [0, 1, 1, 5]


def test_a_chain_that_has_seen_nothing_makes_empty_tables() -> None:
    state = start(chain([]))
    assert (state.tracks, state.evidence, state.identities) == ((), (), ())
    assert callable(advance)


def test_a_matrix_column_of_a_foreign_file_takes_the_declared_shape(tmp_path: Path) -> None:
    """Another writer gives no `shape` in the schema; the covariance is 6 by 6 all the same."""
    flat = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(72.0)), 36)
    pq.write_table(pa.table({"time_s": [1.0, 2.0], "covariance": flat}), tmp_path / "tracks.parquet")
    tracks = read_table(Tracks, tmp_path / "tracks.parquet")
    assert tracks.covariance.shape == (2, 6, 6)
    np.testing.assert_array_equal(tracks.covariance.ravel(), np.arange(72.0))
    assert json.dumps(tracks.track_id.tolist()) == "[-1, -1]"

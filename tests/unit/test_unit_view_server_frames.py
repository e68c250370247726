"""The live picture: whoever listens, however slowly, has it right after the next frame, and nothing is queued."""

from __future__ import annotations

from pathlib import Path

import exported_run as made
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome.errors import ChainhomeError
from chainhome.tables import Tracks
from chainhome.view import live
from chainhome.view.frames import HEADER, PLACE_UNIT_DEG, ROW, Rows, decode, encode, rows_of

HALF_A_UNIT_DEG = 0.5 * PLACE_UNIT_DEG * 1.001
HALF_A_MILLISECOND = 0.5e-3 + 1e-9
IDS = st.integers(0, 30)
# One change of the picture: the ids of tracks that moved, and of those that ended.
CHANGES = st.lists(st.tuples(st.sets(IDS, max_size=8), st.sets(IDS, max_size=3)), min_size=1, max_size=30)


def rows(ids: list[int], altitude_m: float = 0.0, gone: bool = False) -> Rows:
    return rows_of(ids, altitude_m, [40.0] * len(ids), [32.0] * len(ids), altitude_m, 0.0, 0.0, 0, gone)


def change(step: int, moved: set[int], ended: set[int]) -> Rows:
    return np.concatenate([rows(sorted(moved - ended), float(step)), rows(sorted(ended), float(step), gone=True)])


class Page:
    """What a page knows, by plain dictionaries: the twin of live.js."""

    def __init__(self) -> None:
        self.known: dict[int, float] = {}

    def read(self, message: bytes) -> int:
        for frame in decode(message):
            if frame.full:
                self.known = {}
            for row in frame.rows:
                if row["gone"]:
                    self.known.pop(int(row["id"]), None)
                else:
                    self.known[int(row["id"])] = float(row["altitude_m"])
        return frame.number


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**31 - 1), st.floats(0, 1e6), st.floats(-90, 90), st.floats(-180, 180),
            st.floats(-400, 60_000, width=32), st.floats(0, 3_000, width=32), st.floats(0, 360, width=32),
            st.integers(0, 3), st.booleans(),
        ),
        max_size=20,
    ),
    st.floats(0, 1e6), st.integers(0, 2**32 - 1), st.booleans(), st.booleans(), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_frame_comes_back(
    given_rows: list[tuple[float, ...]], time_s: float, number: int, full: bool, ended: bool, session: int
) -> None:
    columns = [np.array(column) for column in zip(*given_rows, strict=True)] or [np.zeros(0)] * 9
    message = encode(rows_of(*columns), time_s=time_s, number=number, full=full, ended=ended, session=session)
    (frame,) = decode(message)
    assert frame[:5] == (number, time_s, full, ended, session)
    assert len(message) == HEADER.size + len(given_rows) * ROW.itemsize
    back = frame.rows
    assert back["id"].tolist() == columns[0].tolist()
    assert np.abs(back["time_ms"] / 1000.0 - columns[1]).max(initial=0.0) <= HALF_A_MILLISECOND
    for name, column in (("lat", columns[2]), ("lon", columns[3])):
        assert np.abs(back[name] * PLACE_UNIT_DEG - column).max(initial=0.0) <= HALF_A_UNIT_DEG
    for name, column in zip(("altitude_m", "speed_mps", "heading_deg", "side", "gone"), columns[4:], strict=True):
        assert back[name].tolist() == column.tolist()


def test_rows_begin_where_the_browser_reads_them() -> None:
    """live.js reads words of four bytes: eight a row, after a header of eight."""
    assert (HEADER.size, ROW.itemsize) == (32, 32)
    assert [ROW.fields[name][1] for name in ROW.names[:8]] == [0, 4, 8, 12, 16, 20, 24, 28]  # type: ignore[index]
    assert ROW.fields["gone"][1] == 29  # type: ignore[index]


@pytest.mark.parametrize("damage", [lambda m: m[:-1], lambda m: b"X" + m[1:], lambda m: b"", lambda m: m + b"CHF"])
def test_a_damaged_message_is_refused(damage: object) -> None:
    message = encode(rows([1, 2]), time_s=1.0, number=1)
    with pytest.raises(ValueError, match="live frame"):
        decode(damage(message))  # type: ignore[operator]


@given(CHANGES, st.data())
def test_whoever_takes_frames_when_they_like_has_the_newest_picture(
    changes: list[tuple[set[int], set[int]]], data: st.DataObject
) -> None:
    picture, truth = live.Picture(), dict[int, float]()
    listener, page = live.Listener(), Page()
    waiting: bytes | None = None
    for step, (moved, ended) in enumerate(changes):
        picture = live.put(picture, change(step, moved, ended), float(step))
        truth |= dict.fromkeys(moved - ended, float(step))
        truth = {key: height for key, height in truth.items() if key not in ended}
        if waiting is None:
            waiting = listener.next_message(picture, 1)
        else:
            assert listener.next_message(picture, 1) is None, "the next frame waits for the last to be taken"
        if waiting is not None and data.draw(st.booleans()):
            listener.take(page.read(waiting))
            waiting = None
    if waiting is not None:
        listener.take(page.read(waiting))
    last = listener.next_message(picture, 1)
    if last is not None:
        listener.take(page.read(last))
    assert page.known == truth
    assert listener.next_message(picture, 1) is None, "there is nothing more to say"


def test_a_slow_listener_gets_one_frame_with_the_newest_row_of_each_track() -> None:
    picture, slow = live.put(live.Picture(), rows([1, 2, 3]), 0.0), live.Listener()
    first = slow.next_message(picture, 1)
    assert first is not None
    for step in range(1, 1_001):
        picture = live.put(picture, rows([1 + step % 2], float(step)), float(step))
        assert slow.next_message(picture, 1) is None
    slow.take(decode(first)[0].number)
    (frame,) = decode(slow.next_message(picture, 1) or b"")
    assert (frame.time_s, frame.full) == (1000.0, False)
    assert dict(zip(frame.rows["id"].tolist(), frame.rows["altitude_m"].tolist(), strict=True)) == {1: 1000, 2: 999}


def test_an_acknowledgement_of_another_frame_is_none() -> None:
    picture, listener = live.put(live.Picture(), rows([1]), 0.0), live.Listener()
    assert listener.next_message(picture, 1) is not None
    listener.take(7)
    assert listener.next_message(live.put(picture, rows([1]), 1.0), 1) is None


def test_tracks_that_ended_are_forgotten_and_a_listener_that_missed_it_gets_all() -> None:
    picture = live.put(live.Picture(), rows([0]), 0.0)
    kept_up, slow = live.Listener(), live.Listener()
    page, slow_page = Page(), Page()
    slow_message = slow.next_message(picture, 1) or b""
    for step in range(1, 4 * live.GONE_KEPT):
        moved = rows([0, step], float(step))
        picture = live.put(picture, np.concatenate([moved, rows([step - 1], gone=True)]) if step > 1 else moved, step)
        message = kept_up.next_message(picture, 1) or b""
        assert len(message) < 1_000, "who keeps up is sent what changed"
        kept_up.take(page.read(message))
    assert len(picture.rows) <= live.GONE_KEPT + 2
    slow.take(slow_page.read(slow_message))
    message = slow.next_message(picture, 1) or b""
    assert decode(message)[0].full
    slow_page.read(message)
    assert slow_page.known == page.known == {0: float(step), step: float(step)}


def test_history_is_bounded_and_what_it_gives_is_later_than_asked() -> None:
    history = live.History(keep_s=100.0, keep_bytes=10_000)
    for step in range(500):
        history.add(float(step), encode(rows([1]), time_s=step, number=step))
    assert [frame.number for frame in decode(history.after(-1.0))] == list(range(399, 500))
    assert [frame.number for frame in decode(history.after(497.0))] == [498, 499]
    assert history.after(499.0) == b""
    for step in range(500, 600):
        history.add(float(step), encode(rows(list(range(100))), time_s=step, number=step))
        assert len(history.after(-1.0)) <= 10_000


def test_a_replay_says_what_the_tables_say() -> None:
    run = made.run()
    replay = live.replay_of(run)
    assert (replay.start_s, replay.end_s) == (0.0, 110.0)
    seen = live.between(replay, -1.0, 35.0)
    assert sorted(seen["id"].tolist()) == [4, 5], "track 6 was never confirmed"
    tracks = run.tables["tracks"]
    assert isinstance(tracks, Tracks)
    for row in seen:
        mine = tracks[(tracks.track_id == row["id"]) & (tracks.time_s == 30.0)]
        assert abs(row["lat"] * PLACE_UNIT_DEG - mine.lat_deg[0]) <= HALF_A_UNIT_DEG
        assert abs(row["lon"] * PLACE_UNIT_DEG - mine.lon_deg[0]) <= HALF_A_UNIT_DEG
        assert (row["time_ms"], row["side"], row["gone"]) == (30_000, made.UNKNOWN, 0)
    (declared,) = live.between(replay, 45.0, 50.0)[[0]]
    assert (declared["id"], declared["side"]) == (4, made.NEUTRAL)
    ends = live.between(replay, 105.0, 110.0)
    assert dict(zip(ends["id"].tolist(), ends["gone"].tolist(), strict=True)) == {4: 1, 5: 0}
    assert len(live.between(replay, 110.0, 1e9)) == 0


def test_speed_and_heading_are_those_where_the_track_is() -> None:
    """At 40 N, 2 degrees of longitude from the origin, east of the world's frame points 1.3 degrees off true east."""
    run = made.run()
    place = {"lat_deg": [40.0], "lon_deg": [34.5], "altitude_m": [9_000.0], "time_s": [0.0], "track_id": [1]}
    run.tables["tracks"] = Tracks.make(**place, vx_mps=200.0, vy_mps=0.0, vz_mps=0.0, status=made.CONFIRMED)
    (row,) = live.replay_of(run).rows
    convergence_deg = 2.0 * np.sin(np.radians(40.0))
    a_tenth_of_a_degree, a_metre_a_second = 0.1, 1.0
    assert abs(row["heading_deg"] - (90.0 + convergence_deg)) < a_tenth_of_a_degree
    assert abs(row["speed_mps"] - 200.0) < a_metre_a_second


def test_a_replay_without_places_stands_on_its_own_plane() -> None:
    run = made.run(origin=None)
    nowhere = {"lat_deg": np.nan, "lon_deg": np.nan}
    run.tables["tracks"] = Tracks.make(**(made.path_of(0) | nowhere), track_id=4, status=made.CONFIRMED)
    rows_ = live.replay_of(run).rows
    assert len(rows_) == len(made.TIMES)
    assert np.abs(rows_["lat"] * PLACE_UNIT_DEG).max() < 1.0


def test_an_id_that_does_not_fit_is_refused_and_an_empty_run_is_not() -> None:
    run = made.run()
    run.tables["tracks"] = Tracks.make(**made.path_of(0), track_id=2**40, status=made.CONFIRMED)
    with pytest.raises(ChainhomeError, match="cannot be sent live"):
        live.replay_of(run)
    empty = live.replay_of(live.Run(Path("x"), made.record(), "", {}))
    assert len(live.between(empty, -1.0, 10.0)) == 0
    assert live.time_shown(empty, 5.0, 10.0) == 0.0

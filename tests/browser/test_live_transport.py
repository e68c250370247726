"""The live transport in a real browser: `live.js` against the real server, with a page that only notes what it gets."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

import exported_run as made
from served_run import PATIENCE_S, serving, until

from chainhome.view import live, server
from chainhome.view.frames import PLACE_UNIT_DEG, ROW, encode, rows_of
from chainhome.view.session import Session

pytest.importorskip("starlette", reason="the extra live is not installed")
pytest.importorskip("uvicorn", reason="the extra live is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

SNAPSHOT = b"\x1f\x8b what stays"
PAGE = '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="assets/notes.js"></script>'
# Notes every call of the sink; `busyMs` keeps the page busy in each update, as slow drawing would.
NOTES = b"""
import { connectLive, decodeFrames } from './live.js';
const notes = (window.notes = { snapshots: 0, frames: [], statuses: [], tracks: {}, busyMs: 0 });
window.decodeFrames = decodeFrames;
window.session = connectLive('live', {
  async snapshot(buffer) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    notes.snapshots += 1;
    notes.snapshotBytes = buffer.byteLength;
  },
  update(frame) {
    const start = performance.now();
    while (performance.now() - start < notes.busyMs);
    notes.frames.push({ time_s: frame.time_s, number: frame.number, full: frame.full, rows: frame.id.length,
      snapshots: notes.snapshots });
    for (let i = 0; i < frame.id.length; i++) {
      if (frame.gone[i]) delete notes.tracks[frame.id[i]];
      else notes.tracks[frame.id[i]] = [frame.lat_deg[i], frame.lon_deg[i], frame.altitude_m[i], frame.side[i],
        frame.row_time_s[i]];
    }
  },
  status(word) {
    if (notes.statuses[notes.statuses.length - 1] !== word) notes.statuses.push(word);
  },
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.problems = problems
    yield opened
    context.close()
    assert problems == []


def content() -> server.Content:
    return server.Content(PAGE, server.shipped_assets() | {"notes.js": NOTES}, SNAPSHOT)


def wait(page: Any, condition: str) -> None:
    """Wait for a condition. Playwright's own way evaluates text in the page, which the server's policy forbids."""

    def holds() -> bool:
        try:
            return bool(page.evaluate(condition))
        except playwright.Error as error:
            # The page loads again in this moment.
            if "context" not in str(error):
                raise
            return False

    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, f"never true: {condition}; {notes(page)}"
        page.wait_for_timeout(20)


def notes(page: Any) -> Any:
    return page.evaluate("window.notes")


def check_same(page: Any, picture: live.Picture) -> None:
    """The page has every track of the picture, at its place, and no other."""
    there = picture.rows[picture.rows["gone"] == 0]
    got = {int(key): value for key, value in notes(page)["tracks"].items()}
    assert set(got) == set(there["id"].tolist())
    a_rounding_deg = 1e-9
    for row in there:
        lat, lon, altitude, side, time_s = got[int(row["id"])]
        assert abs(lat - row["lat"] * PLACE_UNIT_DEG) < a_rounding_deg
        assert abs(lon - row["lon"] * PLACE_UNIT_DEG) < a_rounding_deg
        assert (altitude, side, time_s) == (row["altitude_m"], row["side"], row["time_ms"] / 1000.0)


def test_the_browser_reads_a_frame_as_python_wrote_it(page: Any) -> None:
    rng = np.random.default_rng(3)
    count = 200
    columns = (
        rng.permutation(count), rng.uniform(0, 9_000, count), rng.uniform(-90, 90, count),
        rng.uniform(-180, 180, count), rng.uniform(0, 2e4, count), np.full(count, np.nan),
        rng.uniform(0, 360, count), rng.integers(0, 4, count), rng.integers(0, 2, count),
    )  # fmt: skip
    rows = rows_of(*columns)
    message = encode(rows, time_s=12.25, number=2**32 - 1, full=True, session=2**31 + 5) * 2
    with serving(content(), Session(live.replay_of(made.run()), 1.0)) as served:
        page.goto(served.address)
        wait(page, "window.decodeFrames !== undefined")
        frames = page.evaluate(
            """(bytes) => window.decodeFrames(new Uint8Array(bytes).buffer).map((frame) => ({
                 ...frame, ...Object.fromEntries(Object.entries(frame).filter(([, v]) => v.length !== undefined)
                   .map(([name, column]) => [name, Array.from(column, (x) => (Number.isNaN(x) ? null : x))])) }))""",
            list(message),
        )
        cut = page.evaluate(
            "(b) => { try { window.decodeFrames(new Uint8Array(b).buffer); } catch (e) { return e.name } }",
            list(message[:-1]),
        )
    assert cut == "RangeError"
    assert len(frames) == 2
    frame = frames[1]
    told = ("time_s", "number", "full", "ended", "session")
    assert [frame[name] for name in told] == [12.25, 2**32 - 1, True, False, 2**31 + 5]
    assert frame["id"] == rows["id"].tolist()
    assert np.abs(np.array(frame["lat_deg"]) - rows["lat"] * PLACE_UNIT_DEG).max() < 1e-9
    assert frame["altitude_m"] == rows["altitude_m"].astype(float).tolist()
    assert frame["heading_deg"] == rows["heading_deg"].astype(float).tolist()
    assert frame["speed_mps"] == [None] * count
    assert (frame["side"], frame["gone"]) == (rows["side"].tolist(), rows["gone"].tolist())


def test_a_late_joiner_gets_the_full_picture(page: Any) -> None:
    session = Session(live.replay_of(made.run()), 1_000.0, 50.0)
    with serving(content(), session) as served:
        until(lambda: session.picture.ended)
        page.goto(served.address)
        wait(page, "window.notes && window.notes.statuses.includes('ended')")
        got = notes(page)
        assert (got["snapshots"], got["snapshotBytes"]) == (1, len(SNAPSHOT))
        assert all(frame["snapshots"] == 1 for frame in got["frames"]), "what stays comes before what moves"
        times = [frame["time_s"] for frame in got["frames"]]
        assert times == sorted(times)
        assert len(times) > 2, "it can scrub back"
        check_same(page, session.picture)


def test_a_page_that_lost_its_connection_comes_back_and_is_told_what_it_missed(page: Any) -> None:
    session = Session(live.replay_of(made.run()), 20.0, 20.0)
    with serving(content(), session) as served:
        page.goto(served.address)
        wait(page, "window.notes && window.notes.frames.length > 5")
        port = served.port
    wait(page, "window.notes.statuses.at(-1) === 'reconnecting'")
    before = notes(page)["frames"]
    # The run goes on while nobody listens.
    elapsed = session.picture.time_s / session.speed
    for step in range(1, 21):
        session.advance(elapsed + 0.1 * step)
    assert not session.picture.ended
    missed = session.picture.number

    async def go_on() -> None:
        return None

    session.play = go_on  # type: ignore[method-assign]
    with serving(content(), session, port=port):
        wait(page, f"window.notes.frames.at(-1).number >= {missed}")
        check_same(page, session.picture)
        got = notes(page)
        assert got["statuses"] == ["connecting", "connected", "reconnecting", "connected"]
        assert got["snapshots"] == 2
        added = [frame["number"] for frame in got["frames"][len(before) :]]
        assert added[:-1] == list(range(before[-1]["number"] + 1, missed + 1)), "no frame twice and none left out"
        assert added[-1] == missed
        assert got["frames"][-1]["full"]


def test_a_page_loads_again_when_the_server_has_begun_another_session(page: Any) -> None:
    first = Session(live.replay_of(made.run()), 1.0, 20.0)
    with serving(content(), first) as served:
        page.goto(served.address)
        wait(page, "window.notes && window.notes.frames.length > 2")
        page.evaluate("window.before = true")
        port = served.port
    second = Session(live.replay_of(made.run()), 1.0, 20.0)
    with serving(content(), second, port=port):
        wait(page, "window.before === undefined && window.notes && window.notes.frames.length > 2")
        check_same(page, second.picture)


def moving(tracks: int) -> live.Replay:
    times = np.arange(0.0, 3600.0, 1.0)
    rows = np.zeros((len(times), tracks), ROW)
    rows[:] = rows_of(np.arange(tracks), 0.0, np.full(tracks, 40.0), np.full(tracks, 32.0), 0.0, 0.0, 0.0, 0)
    rows["altitude_m"] = times[:, None]
    return live.Replay(np.repeat(times, tracks), rows.reshape(-1), 0.0, 3600.0)


def test_a_slow_page_gets_the_newest_frame_and_no_queue(page: Any) -> None:
    session = Session(moving(1_000), 50.0, 40.0)
    with serving(content(), session) as served:
        page.goto(served.address)
        wait(page, "window.notes && window.notes.frames.length > 5")
        page.evaluate("window.notes.busyMs = 500")
        page.wait_for_timeout(3_000)
        page.evaluate("window.notes.busyMs = 0")
        slow = [frame for frame in notes(page)["frames"] if frame["number"] > 5]
        skipped = np.diff([frame["number"] for frame in slow])
        assert skipped.max() >= 10, "half a second of drawing is twenty frames of the server, told as one"
        # One frame may be on its way while a page is busy; the next is made when that one is taken, and not before.
        at_most_two_busy_spells_s = 2.5 * 0.5 * session.speed
        wait(page, f"window.notes.frames.at(-1).number > {session.picture.number}")
        behind = session.picture.time_s - notes(page)["frames"][-1]["time_s"]
        assert behind < at_most_two_busy_spells_s
        heights = {track[2] for track in notes(page)["tracks"].values()}
        assert len(heights) == 1, "all tracks are of one time"


def test_a_closed_session_stays_closed(page: Any) -> None:
    session = Session(live.replay_of(made.run()), 1.0, 20.0)
    with serving(content(), session) as served:
        page.goto(served.address)
        wait(page, "window.notes && window.notes.frames.length > 2")
        page.evaluate("window.session.close()")
        until(lambda: not session.waiting)
        count = len(notes(page)["frames"])
        page.wait_for_timeout(1_200)
        assert len(notes(page)["frames"]) == count
        assert not session.waiting

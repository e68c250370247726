"""The page itself on a live session: what it shows is what the session says, now and scrubbed back."""

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
from chainhome.view.frames import PLACE_UNIT_DEG
from chainhome.view.payload import payload
from chainhome.view.served import served
from chainhome.view.session import Session

pytest.importorskip("starlette", reason="the extra live is not installed")
pytest.importorskip("uvicorn", reason="the extra live is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

PLACES = """() => {
  const { state, clock } = window.chainhome;
  const shown = state.tracks.locate(clock.time_s);
  const found = {};
  for (let k = 0; k < shown.count; k++) {
    const [lat, lon] = state.projection.inverse(shown.x[k], shown.y[k]);
    found[state.tracks.names[shown.object[k]].id] = [lat, lon, shown.altitude_m[k], shown.side[k]];
  }
  return found;
}"""
ROUNDING_OF_THE_PLANE_DEG = 2e-6
ROUNDING_OF_A_HEIGHT_M = 0.01


def content(*, playing: bool) -> server.Content:
    run = made.run()
    return server.Content(served("run", live=playing), server.shipped_assets(), payload(run, motion=not playing))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that may say nothing in its console: a resource that the policy refuses would be told there."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    yield opened
    context.close()
    # That a lost connection is refused is what one test is about.
    assert [text for text in problems if "ERR_CONNECTION_REFUSED" not in text] == []


def wait(page: Any, condition: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not page.evaluate(condition):
        assert time.monotonic() < give_up, f"never true: {condition}"
        page.wait_for_timeout(50)


def check_places(page: Any, session: Session, time_s: float) -> None:
    """The page shows each track of the session that had not ended at a time, where its row of then puts it."""
    rows = session.replay.rows[session.replay.time_s <= time_s]
    newest = {int(row["id"]): row for row in rows}
    there = {key: row for key, row in newest.items() if not row["gone"]}
    found = {int(key): value for key, value in page.evaluate(PLACES).items()}
    assert set(found) == set(there)
    for key, row in there.items():
        lat, lon, altitude, side = found[key]
        assert abs(lat - row["lat"] * PLACE_UNIT_DEG) < ROUNDING_OF_THE_PLANE_DEG
        assert abs(lon - row["lon"] * PLACE_UNIT_DEG) < ROUNDING_OF_THE_PLANE_DEG
        assert abs(altitude - row["altitude_m"]) < ROUNDING_OF_A_HEIGHT_M
        assert side == row["side"]


def test_a_late_page_shows_the_picture_and_scrubs_back_to_what_was(page: Any) -> None:
    # Four seconds a frame, so that each of the rows ten seconds apart is told.
    session = Session(live.replay_of(made.run()), 200.0, 50.0)
    with serving(content(playing=True), session) as running:
        until(lambda: session.picture.ended)
        page.goto(running.address)
        wait(page, "window.chainhome && window.chainhome.clock.end_s >= 110")
        wait(page, "window.chainhome.clock.time_s >= 110")
        check_places(page, session, 110.0)
        for time_s in (70.0, 30.0):
            page.evaluate(f"window.chainhome.clock.seek({time_s})")
            check_places(page, session, time_s)


def test_a_page_that_watches_follows_the_newest_time_until_somebody_seeks(page: Any) -> None:
    session = Session(live.replay_of(made.run()), 5.0, 10.0)
    with serving(content(playing=True), session) as running:
        page.goto(running.address)
        wait(page, "window.chainhome && window.chainhome.clock.time_s > 5")
        page.evaluate("window.chainhome.clock.seek(1)")
        end = page.evaluate("window.chainhome.clock.end_s")
        wait(page, f"window.chainhome.clock.end_s > {end + 3}")
        assert page.evaluate("window.chainhome.clock.time_s") == 1


def test_a_page_whose_server_is_gone_says_so_and_comes_back(page: Any) -> None:
    session = Session(live.replay_of(made.run()), 0.5, 20.0)
    with serving(content(playing=True), session) as running:
        page.goto(running.address)
        wait(page, "window.chainhome && window.chainhome.clock.end_s > 0.5")
        port = running.port
        assert not page.locator("#status").is_visible()
    wait(page, "document.getElementById('status').textContent.includes('trying again')")
    assert page.locator("#status").is_visible()
    with serving(content(playing=True), session, port=port):
        wait(page, "document.getElementById('status').classList.contains('hidden')")


def test_a_served_replay_is_the_exported_one(page: Any) -> None:
    with serving(content(playing=False), None) as running:
        page.goto(running.address)
        wait(page, "window.chainhome !== undefined")
        page.evaluate("window.chainhome.clock.seek(60)")
        found = {int(key): value for key, value in page.evaluate(PLACES).items()}
    path = made.path_of(0)
    row = np.flatnonzero(path["time_s"] == 60.0)[0]
    the_page_keeps_five_digits_deg = 1e-5
    assert abs(found[4][0] - path["lat_deg"][row]) < the_page_keeps_five_digits_deg
    assert abs(found[4][1] - path["lon_deg"][row]) < the_page_keeps_five_digits_deg
    assert found[4][3] == made.NEUTRAL

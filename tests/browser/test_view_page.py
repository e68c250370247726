"""The page in a real browser: what it shows at a time is what Python says, and it asks nobody for anything."""

from __future__ import annotations

import dataclasses
import math
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

import view_run

from chainhome import earth, view
from chainhome.tables import ALLEGIANCES
from chainhome.view import coverage_layer, encode_motion, payload_sensors, payload_tracks
from chainhome.view.payload_tables import whereabouts

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = '</script><img src=x onerror="window.hacked = 1">'
ONE_STEP_KM = 0.002  # 1e-5 degrees each way, and the plane's own rounding
ONE_METRE = 1.0
ONE_PIXEL = 1.0
A_MOMENT_MS = 120
KEPT_AFTER_MS = 500
READ_BACK = "willReadFrequently"  # Chromium's advice to these tests, which read pixels
PATIENCE_MS = 8_000
MARGIN_PX = 2
ONE_LINE_PX = 30
MOST_LETTERS = 32
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def run() -> Any:
    return view_run.made_run()


@pytest.fixture(scope="module")
def file(run: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return view.write_html(run, tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Opened]:
    """Open a page; at the end nothing may have gone wrong, and nothing may have been asked for but the file."""
    contexts, problems, asked = [], [], []

    def heard(kind: str, words: str) -> None:
        if kind in ("error", "warning") and READ_BACK not in words:
            problems.append(words)

    def open_page(hash_: str = "", *, path: Path = file, width: int = 1280, height: int = 800, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: heard(message.type, message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri() + hash_)
        page.wait_for_selector("html[data-ready='1']", timeout=PATIENCE_MS)
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == len(contexts)


def settle(page: Any) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate(
        "async () => { for (let i = 0; i < 3; i++) await new Promise((done) => requestAnimationFrame(done)); }"
    )


def seek(page: Any, time_s: float) -> None:
    page.evaluate("(t) => window.chainhome.clock.seek(t)", time_s)
    settle(page)


def screen_of(page: Any, kind: str, object_: int) -> list[float]:
    return page.evaluate(
        """([kind, object]) => { const { map, state, clock } = window.chainhome;
        const at = state[kind].at(object, clock.time_s);
        const box = document.getElementById('live').getBoundingClientRect();
        const [u, v] = map.toScreen(at.x, at.y); return [u + box.left, v + box.top]; }""",
        [kind, object_],
    )


def test_the_export_opens_from_disk_without_an_error_or_a_request(opened: Opened) -> None:
    page = opened()
    assert page.title() == "A small run – chainhome"
    assert page.inner_text("#title") == "A small run"


def test_counts_of_each_affiliation_are_python_s(opened: Opened, run: Any) -> None:
    page = opened()
    moving = payload_tracks.moving_tracks(run, whereabouts(run))
    for time_s in (30.0, 590.0, 160.0, 260.0, 350.0):
        seek(page, time_s)
        shown = {name: int(page.inner_text(f"#count-{code}")) for code, name in enumerate(ALLEGIANCES)}
        assert shown == payload_tracks.counts_at(run, moving, time_s), time_s


def test_a_click_on_the_strip_seeks(opened: Opened, run: Any) -> None:
    page = opened()
    box = page.locator("#strip").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    settle(page)
    one_pixel_s = view_run.LENGTH_S / box["width"]
    assert abs(page.evaluate("window.chainhome.clock.time_s") - 0.25 * view_run.LENGTH_S) < 2 * one_pixel_s


@pytest.mark.parametrize("kind", ["tracks", "truth"])
def test_positions_are_python_s(opened: Opened, run: Any, kind: str) -> None:
    page = opened()
    make = payload_tracks.moving_tracks if kind == "tracks" else payload_tracks.moving_targets
    moving = make(run, whereabouts(run))
    assert moving is not None
    for time_s in (70.0, 161.7, 333.3, 599.0):
        owner, lat, lon, alt = encode_motion.at(moving.pieces, time_s)
        for row, object_ in enumerate(owner.tolist()):
            got = page.evaluate("([kind, o, t]) => window.chainhome.state[kind].at(o, t)", [kind, object_, time_s])
            away, bearing = earth.inverse(
                np.radians(view_run.LAT_DEG), np.radians(view_run.LON_DEG), np.radians(lat[row]), np.radians(lon[row])
            )
            want = (float(away) / 1e3 * math.sin(bearing), float(away) / 1e3 * math.cos(bearing))
            assert math.dist((got["x"], got["y"]), want) < ONE_STEP_KM
            assert abs(got["altitude_m"] - alt[row]) < ONE_METRE


def test_the_plane_keeps_geodesic_distances_and_bearings_far_out(opened: Opened) -> None:
    page = opened()
    two_metres_km = 0.002
    rng = np.random.default_rng(2)
    lat, lon = view_run.LAT_DEG + rng.uniform(-6, 6, 40), view_run.LON_DEG + rng.uniform(-8, 8, 40)
    away, bearing = earth.inverse(
        np.radians(view_run.LAT_DEG), np.radians(view_run.LON_DEG), np.radians(lat), np.radians(lon)
    )
    got = page.evaluate(
        "(places) => places.map(([a, b]) => window.chainhome.state.projection.forward(a, b))",
        np.column_stack([lat, lon]).tolist(),
    )
    km = np.asarray(away) / 1e3
    assert np.max(np.abs(np.hypot(*np.transpose(got)) - km)) < two_metres_km
    assert (
        np.max(np.hypot(*(np.transpose(got) - km * np.array([np.sin(bearing), np.cos(bearing)])))) < 5 * two_metres_km
    )
    back = page.evaluate("(points) => points.map(([x, y]) => window.chainhome.state.projection.inverse(x, y))", got)
    assert np.max(np.abs(np.array(back) - np.column_stack([lat, lon]))) < encode_motion.DEGREE_STEP / 10


def test_play_goes_at_the_stated_rate_and_pause_stops_drawing(opened: Opened) -> None:
    page = opened("#t=10")
    page.select_option("#rate", "60")
    got = page.evaluate(
        """async () => { const { clock } = window.chainhome; const times = []; clock.on(() => {});
        document.getElementById('play').click();
        await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);
        const t0 = clock.time_s, n0 = clock._last;
        await new Promise((r) => setTimeout(r, 700));
        return [clock.time_s - t0, (clock._last - n0) / 1000]; }"""
    )
    assert got[1] > 0.3
    assert got[0] / got[1] == pytest.approx(60.0, rel=1e-6)
    page.click("#play")
    settle(page)
    before = page.evaluate("window.chainhome.frames.count")
    page.wait_for_timeout(300)
    assert page.evaluate("window.chainhome.frames.count") == before


def test_nothing_is_drawn_while_nothing_changes(opened: Opened) -> None:
    page = opened()
    page.wait_for_timeout(A_MOMENT_MS)
    before = page.evaluate("window.chainhome.frames.count")
    page.wait_for_timeout(300)
    assert page.evaluate("window.chainhome.frames.count") == before


def test_a_click_selects_what_is_there(opened: Opened) -> None:
    page = opened("#t=160")
    page.mouse.click(*screen_of(page, "tracks", 2))
    settle(page)
    assert page.inner_text("#selected-name") == "T102"
    assert page.inner_text("#selected-side") == "declared hostile"
    body = page.inner_text("#selected")
    assert "95 %" in body
    assert "In truth" in body
    assert "Intruder, hostile" in body
    assert "North 91N6E" in body
    page.mouse.click(5 + page.locator("#live").bounding_box()["x"], 500)
    settle(page)
    assert "Select a track" in page.inner_text("#selected")


def test_the_panel_gives_kinematics_with_units_and_the_evidence(opened: Opened) -> None:
    page = opened("#t=130&s=track:100")
    body = page.inner_text("#selected")
    assert "7,000 m above sea level" in body
    assert "valid secure reply, 0:02:00" in body
    speed = math.hypot(200.0, 60.0)
    assert f"{speed:.0f} m/s over ground" in body


def test_a_click_on_an_event_seeks_and_selects(opened: Opened) -> None:
    page = opened("#t=10")
    page.click("#log button:has-text('T102 declared hostile')")
    settle(page)
    assert page.evaluate("window.chainhome.clock.time_s") == pytest.approx(150.0)
    assert page.inner_text("#selected-name") == "T102"
    assert page.inner_text("#utc") == "06:02:30 UTC"


def test_the_slider_gives_python_s_radius(opened: Opened, run: Any) -> None:
    page = opened()
    page.select_option("#reference", "-1")
    layer = payload_sensors.looking(run).surfaces[0]
    for height_m, datum in ((150.0, "ground"), (3000.0, "sea"), (12000.0, "ground")):
        page.select_option("#datum", datum)
        page.evaluate("(h) => window.chainhome.setHeight(h)", height_m)
        settle(page)
        got = np.array(page.evaluate("[...window.chainhome.model.covers[0].radius_m]"))
        want = coverage_layer.contour_m(layer, height_m, above_ground=datum == "ground", limit_m=600e3)
        assert np.max(np.abs(got - want)) < ONE_METRE
        assert f"seen to {float(np.median(want)) / 1e3:.0f} km" in page.inner_text("#seen")
        assert "published 400 km" in page.inner_text("#seen")


def test_the_contour_ends_where_the_echo_of_the_chosen_target_does(opened: Opened, run: Any) -> None:
    page = opened()
    page.evaluate("window.chainhome.setHeight(20000)")
    page.select_option("#reference", "0")
    settle(page)
    limit = payload_sensors.looking(run).sensors[0]["limits_m"][0]
    assert page.evaluate("window.chainhome.model.covers[0].most_m") == limit


def test_a_staring_radar_sees_its_sector_alone(opened: Opened) -> None:
    page = opened("#r=1&h=10000")
    radius = np.array(page.evaluate("[...window.chainhome.model.covers[1].radius_m]"))
    azimuth = np.arange(len(radius)) * 2 * np.pi / len(radius)
    off = np.abs(np.angle(np.exp(1j * (azimuth - view_run.SECTOR_CENTRE_RAD))))
    inside = off <= view_run.SECTOR_WIDTH_RAD / 2 + 1e-9
    assert np.all(radius[inside] > 0.0)
    assert np.all(radius[~inside] == 0.0)


def test_the_slider_moves_with_the_keyboard_and_says_its_height(opened: Opened) -> None:
    page = opened()
    page.focus("#height")
    before = page.evaluate("window.chainhome.model.height_m")
    heights = [before]
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        settle(page)
        heights.append(page.evaluate("window.chainhome.model.height_m"))
    assert sorted(set(heights)) == heights, "every step of the slider is another height"
    after = heights[-1]
    assert page.get_attribute("#height", "aria-valuetext") == f"{after:.0f} m above ground"
    assert page.evaluate("document.getElementById('height').min") == "0"
    ends = page.evaluate(
        """() => { const s = document.getElementById('height'); const out = [];
        for (const v of [s.min, s.max]) {
          s.value = v; s.dispatchEvent(new Event('input')); out.push(window.chainhome.model.height_m);
        }
        return out; }"""
    )
    assert ends == [30, 20000]


def test_zoom_keeps_the_point_under_the_pointer(opened: Opened) -> None:
    page = opened()
    box = page.locator("#live").bounding_box()
    u, v = 610.0, 420.0
    place = "([u, v]) => window.chainhome.map.toPlane(u, v)"
    before = page.evaluate(place, [u, v])
    scale = page.evaluate("window.chainhome.map.view.k")
    page.mouse.move(box["x"] + u, box["y"] + v)
    page.mouse.wheel(0, -600)
    settle(page)
    zoomed = page.evaluate("window.chainhome.map.view.k")
    assert zoomed > 1.5 * scale
    after = page.evaluate(place, [u, v])
    assert math.dist(before, after) * zoomed < ONE_PIXEL


def test_dragging_moves_the_map_and_selects_nothing(opened: Opened) -> None:
    page = opened("#t=160")
    start = screen_of(page, "tracks", 1)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 40, start[1] + 25, steps=4)
    page.mouse.up()
    settle(page)
    assert page.evaluate("window.chainhome.model.selection") is None
    assert screen_of(page, "tracks", 1) == pytest.approx([start[0] + 40, start[1] + 25], abs=ONE_PIXEL)


def test_a_plot_appears_only_after_the_beam_has_passed(opened: Opened, run: Any) -> None:
    page = opened()
    plots = run.tables["detections"]
    real = np.flatnonzero((plots.target_id == 1) & (plots.time_s > 100.0))[0]
    moment = float(plots.time_s[real])
    one_beam_step = 2 * math.pi / 4096 + 2 * math.pi * 0.02 / view_run.PERIOD_S
    newest = (
        "() => { const { painted, state } = window.chainhome; return painted().map((k) => state.plots.time_s[k]); }"
    )
    seek(page, moment - 0.05)
    assert not [t for t in page.evaluate(newest) if abs(t - moment) < 0.02]
    seek(page, moment + 0.02)
    assert [t for t in page.evaluate(newest) if abs(t - moment) < 0.02]
    # Every plot that is shown was passed by the beam: it stood at the plot's azimuth at the plot's time.
    seek(page, 500.0)
    shown = page.evaluate(
        """() => { const { painted, state } = window.chainhome;
        return painted().map((k) => [state.plots.time_s[k], state.plots.azimuth_rad[k]]); }"""
    )
    assert len(shown) > 5
    for time_s, azimuth in shown:
        assert time_s <= 500.0
        assert abs(math.remainder(azimuth - 2 * math.pi * time_s / view_run.PERIOD_S, 2 * math.pi)) < one_beam_step


def test_labels_do_not_overlap(opened: Opened) -> None:
    page = opened("#t=400")
    boxes = page.evaluate("window.chainhome.map.drawn.labels")
    assert len(boxes) >= 4
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            apart = (
                a["x"] + a["w"] <= b["x"]
                or b["x"] + b["w"] <= a["x"]
                or a["y"] + a["h"] <= b["y"]
                or b["y"] + b["h"] <= a["y"]
            )
            assert apart, (a, b)


def test_the_text_of_a_label_stands_at_the_side_of_its_symbol(opened: Opened) -> None:
    page = opened("#t=400")
    boxes = page.evaluate("window.chainhome.map.drawn.labels")
    left = [box for box in boxes if box["x"] + box["w"] <= box["u"]]
    right = [box for box in boxes if box["x"] >= box["u"]]
    assert len(left) + len(right) >= 3
    assert all(box["edge"] == box["x"] + box["w"] - MARGIN_PX for box in left)
    assert all(box["edge"] == box["x"] + MARGIN_PX for box in right)


def test_a_long_name_of_a_radar_breaks_no_line_and_crosses_no_map(opened: Opened, run: Any, tmp_path: Path) -> None:
    watch, long = run.tables["sensors"], "The northern long range surveillance radar on the highest hill of all"
    named = type(watch).make(**{name: getattr(watch, name) for name in watch.columns()} | {"name": [long, long]})
    other = dataclasses.replace(run, tables=run.tables | {"sensors": named}, scenario_text="")
    page = opened(path=view.write_html(other, tmp_path / "long.html"))
    assert page.locator("#altitude-title").bounding_box()["height"] <= ONE_LINE_PX
    assert page.locator("#radar").bounding_box()["width"] < page.locator("#altitude").bounding_box()["width"]
    (label,) = page.evaluate("window.chainhome.map.sites.map((site) => site.label)")
    assert len(label) == MOST_LETTERS
    assert long.startswith(label.removesuffix("…"))


@pytest.mark.parametrize(("width", "height"), [(700, 900), (700, 700), (1280, 800)])
def test_the_legend_of_shapes_is_seen(opened: Opened, width: int, height: int) -> None:
    page = opened(width=width, height=height)
    box = page.locator("#legend").bounding_box()
    below = page.locator("footer").bounding_box()["y"]
    assert box["y"] + box["height"] <= below
    assert box["y"] >= page.locator("header").bounding_box()["height"]
    assert box["width"] <= width


def test_the_address_keeps_time_layers_selection_and_height(opened: Opened) -> None:
    page = opened("#t=160")
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.click("#layers-menu summary")
    page.uncheck("[data-layer=trails]")
    page.evaluate("window.chainhome.setHeight(900)")
    page.wait_for_timeout(KEPT_AFTER_MS)
    kept = page.evaluate("location.hash")
    assert "h=900" in kept
    selection = page.evaluate("window.chainhome.model.selection")
    again = opened(kept)
    model = again.evaluate(
        """(() => { const { clock, model } = window.chainhome;
        return { t: clock.time_s, s: model.selection, h: model.height_m, l: model.layers }; })()"""
    )
    assert model["t"] == 160.0
    assert model["s"] == selection
    assert model["h"] == 900
    assert model["l"]["trails"] is False
    assert model["l"]["labels"] is True


def test_the_address_keeps_that_no_echo_is_asked_for(opened: Opened) -> None:
    page = opened()
    page.select_option("#reference", "-1")
    page.wait_for_timeout(KEPT_AFTER_MS)
    again = opened(page.evaluate("location.hash"))
    assert again.evaluate("window.chainhome.model.reference") == -1


def test_what_a_shared_mode_would_have_told_can_be_chosen(opened: Opened, run: Any, tmp_path: Path) -> None:
    told = run.tables["identities"]
    friends = dataclasses.replace(told, declared=np.full(len(told), ALLEGIANCES.index("friend")))
    both = dataclasses.replace(run, tables={**run.tables, "identities_shared_mode": friends})
    page = opened("#t=160", path=view.write_html(both, tmp_path / "both.html"))
    assert page.inner_text("#count-1") == "1"
    page.select_option("#belief", "1")
    settle(page)
    assert page.inner_text("#count-1") == page.inner_text("#count-truth") == "4"
    page.select_option("#belief", "0")
    settle(page)
    assert page.inner_text("#count-1") == "1"


def test_an_address_that_makes_no_sense_is_ignored(opened: Opened) -> None:
    page = opened("#t=abc&s=track:99999&h=-5&l=nothing&v=1,2&p=x&e=77&%%%=1")
    assert page.evaluate("window.chainhome.model.selection") is None
    assert page.evaluate("window.chainhome.model.height_m") == 30


def test_everything_works_with_the_keyboard(opened: Opened) -> None:
    page = opened("#t=160")
    page.keyboard.press("n")
    settle(page)
    assert page.inner_text("#selected-name") == "T100"
    page.keyboard.press("p")
    settle(page)
    assert page.inner_text("#selected-name") == "T103"
    page.keyboard.press("Escape")
    page.keyboard.press(".")
    settle(page)
    assert page.evaluate("window.chainhome.clock.time_s") == pytest.approx(172.0)
    page.keyboard.press("]")
    assert page.input_value("#rate") == "60"
    page.keyboard.press("PageUp")
    assert page.evaluate("window.chainhome.model.height_m") > 150
    page.focus("#live")
    x = page.evaluate("window.chainhome.map.view.x")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.chainhome.map.view.x") == x + 70
    page.keyboard.press("Enter")
    settle(page)
    assert page.inner_text("#selected-name").startswith("T")
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    page.keyboard.press(" ")
    page.keyboard.press("2")
    assert page.is_visible("#results")
    assert page.evaluate("document.activeElement.id") == "tab-results"
    page.keyboard.press("ArrowRight")
    assert page.is_visible("#method")
    page.keyboard.press("?")
    assert page.evaluate("document.getElementById('help').open")
    page.keyboard.press("Escape")
    assert not page.evaluate("document.getElementById('help').open")
    page.keyboard.press("1")
    page.focus("#log button")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.event") == "1"


def test_roles_and_names_tell_who_does_not_see(opened: Opened) -> None:
    page = opened()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, canvas, summary, [role=tabpanel], dialog')]
        .filter((n) => {
        if (n.closest('[aria-hidden=true]') || n.hidden) return false;
        const named = n.getAttribute('aria-label') || n.getAttribute('aria-labelledby') || n.textContent.trim()
          || (n.labels && n.labels.length);
        return !named; }).map((n) => n.outerHTML)"""
    )
    assert nameless == []
    assert page.get_attribute("#live", "role") == "application"
    assert [page.get_attribute(f"#tab-{name}", "aria-selected") for name in ("map", "results", "method")] == [
        "true",
        "false",
        "false",
    ]
    assert page.evaluate("document.documentElement.lang") == "en"
    page.focus("#play")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_hostile_text_stays_text(opened: Opened, run: Any, tmp_path: Path) -> None:
    targets, sensors, events = run.tables["targets"], run.tables["sensors"], run.tables["events"]
    tables = {
        **run.tables,
        "targets": dataclasses.replace(targets, name=np.array([HOSTILE] * len(targets))),
        "sensors": dataclasses.replace(sensors, name=np.array([HOSTILE] * len(sensors))),
        "events": dataclasses.replace(events, actor=np.array([HOSTILE] * len(events))),
    }
    summary = {
        "answers": {"radars": HOSTILE},
        "confusion": {"labels_true": [HOSTILE], "labels_declared": [HOSTILE], "as_fielded": [[1.0]]},
    }
    record = {**run.record, "title": HOSTILE, "assumptions": [HOSTILE], "summary": summary,
              "sources": [{"key": HOSTILE, "title": HOSTILE, "address": f"javascript:{HOSTILE}"}]}  # fmt: skip
    path = view.write_html(dataclasses.replace(run, record=record, tables=tables), tmp_path / "hostile.html")
    page = opened("#t=160&s=truth:2", path=path)
    assert page.inner_text("#title") == HOSTILE
    assert page.inner_text("#selected-name") == HOSTILE
    assert HOSTILE in page.inner_text("#log")
    for key in ("2", "3"):
        page.keyboard.press(key)
        assert HOSTILE in page.inner_text("main")
    assert page.evaluate("document.images.length") == 0
    assert page.evaluate("document.querySelectorAll('a').length") == 0
    assert page.evaluate("window.hacked") is None


def test_the_policy_stops_a_script_that_is_not_the_page_s(browser: Any, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-ready='1']")
    page.evaluate(
        """() => { const s = document.createElement('script');
        s.textContent = 'window.hacked = 1'; document.body.append(s); }"""
    )
    assert page.evaluate("window.hacked") is None
    page.close()


def test_a_recording_without_a_place_opens_too(opened: Opened, tmp_path: Path) -> None:
    run = view_run.recorded_run()
    page = opened("#t=160&s=track:102", path=view.write_html(run, tmp_path / "recording.html"))
    moving = payload_tracks.moving_tracks(run, whereabouts(run))
    assert page.evaluate("window.chainhome.state.tracks.shown.count") == len(encode_motion.at(moving.pieces, 160.0)[0])
    assert "of the radar" in page.inner_text("#selected")
    assert not page.is_visible("#height")
    assert page.inner_text("#utc") == "0:02:40"


def test_a_small_screen_has_no_sideways_scroll_and_keeps_its_controls(opened: Opened) -> None:
    page = opened(width=320, height=640)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for control in ("#play", "#seek", "#height", "#rate"):
        box = page.locator(control).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320 + ONE_PIXEL


def test_less_motion_is_a_picture_a_second(opened: Opened) -> None:
    page = opened("#t=10", reduced_motion="reduce")
    before = page.evaluate("window.chainhome.clock.time_s")
    page.click("#play")
    page.wait_for_timeout(700)
    drawn = page.evaluate("window.chainhome.frames.count")
    page.wait_for_timeout(700)
    assert page.evaluate("window.chainhome.frames.count") - drawn <= 2
    page.wait_for_timeout(700)
    page.click("#play")
    assert page.evaluate("window.chainhome.clock.time_s") > before


def test_paper_is_light_and_has_all_pages(opened: Opened) -> None:
    page = opened("#t=160")
    dark = page.evaluate("[...document.getElementById('ground').getContext('2d').getImageData(3, 500, 1, 1).data]")
    page.emulate_media(media="print")
    page.wait_for_timeout(A_MOMENT_MS)
    settle(page)
    light = page.evaluate("[...document.getElementById('ground').getContext('2d').getImageData(3, 200, 1, 1).data]")
    assert sum(dark[:3]) < 200
    assert sum(light[:3]) > 500
    for panel in ("#map-panel", "#results", "#method"):
        assert page.is_visible(panel)
    page.emulate_media(media="screen")
    settle(page)
    assert not page.is_visible("#results")


def test_shots_are_drawn_between_launch_and_outcome(opened: Opened) -> None:
    page = opened("#t=190&v=20,20,2")
    ink = """() => { const c = document.getElementById('live');
      const { map, state } = window.chainhome; const s = state.shots[0];
      const [u, v] = map.toScreen(s.a[0] + 0.3 * (s.b[0] - s.a[0]), s.a[1] + 0.3 * (s.b[1] - s.a[1]));
      const { data } = c.getContext('2d').getImageData(u - 6, v - 6, 12, 12);
      return [...data].filter((x, i) => i % 4 === 3).reduce((a, b) => a + b, 0); }"""
    assert page.evaluate("window.chainhome.state.shots.length") == 1
    before = page.evaluate(ink)
    seek(page, 228.0)
    assert page.evaluate(ink) > before

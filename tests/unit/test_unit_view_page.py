"""The page itself: numbers packed and unpacked, the surface cut, modules joined, the policy, texts that stay text."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import view_run
from html_page import Page
from hypothesis import given
from hypothesis import strategies as st

from chainhome import earth, view
from chainhome.errors import ChainhomeError
from chainhome.view import bundle, coverage_layer, encode, ground_layer, served

HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">'
ONE_SAMPLE_M = 1_000.0  # apart, to 80 km
MASK_STEP_M = 2.5


@given(st.lists(st.integers(-(2**54), 2**54)))
def test_numbers_come_back_as_they_went(values: list[int]) -> None:
    assert encode.unvarint(encode.varint(values)).tolist() == values


@given(st.lists(st.integers(-(2**40), 2**40)))
def test_numbers_are_packed_as_a_plain_loop_packs_them(values: list[int]) -> None:
    out = bytearray()
    for value in values:
        folded = 2 * value if value >= 0 else -2 * value - 1
        while folded > 127:
            out.append(folded & 127 | 128)
            folded >>= 7
        out.append(folded)
    assert encode.varint(values) == bytes(out)


def test_over_a_smooth_earth_the_contour_is_the_horizon() -> None:
    layer = coverage_layer.coverage_layer(None, 40.0, 32.5, 0.0, 24.0, 400e3)
    for height_m in (30.0, 100.0, 1000.0):
        got = coverage_layer.contour_m(layer, height_m, above_ground=True)
        assert np.ptp(got) < 1e-6
        assert abs(got[0] - earth.horizon_range_m(24.0, height_m)) < ONE_SAMPLE_M


def test_the_contour_ends_at_the_limit() -> None:
    layer = coverage_layer.coverage_layer(None, 40.0, 32.5, 0.0, 24.0, 400e3)
    assert coverage_layer.contour_m(layer, 20e3, above_ground=True, limit_m=90e3).max() == 90e3


def test_a_gap_longer_than_the_rule_ends_the_contour_and_a_shorter_one_does_not() -> None:
    ranges = np.arange(1.0, 21.0) * 1e3
    clear = np.zeros((2, 20), np.int64)
    clear[0, 5:9] = coverage_layer.NEVER  # 4 km
    clear[1, 5:12] = coverage_layer.NEVER  # 7 km
    layer = coverage_layer.CoverageLayer(ranges, np.zeros_like(clear), clear, 0.0, 0.0, 0.0, True)
    assert coverage_layer.contour_m(layer, 100.0, above_ground=True).tolist() == [20e3, 5e3]


def test_the_surface_sent_is_the_fan_within_its_steps() -> None:
    terrain = earth.load_terrain()
    layer = coverage_layer.coverage_layer(terrain, view_run.LAT_DEG, view_run.LON_DEG, view_run.GROUND_M, 24.0, 100e3)
    fan = earth.fan(
        terrain, np.radians(view_run.LAT_DEG), np.radians(view_run.LON_DEG), 24.0,
        radius_m=earth.four_thirds_radius_m(),
        range_max_m=100e3, bearings_rad=np.arange(coverage_layer.BEARINGS) * 2 * np.pi / coverage_layer.BEARINGS,
        range_step_m=coverage_layer.FAN_STEP_M, site_ground_m=view_run.GROUND_M,
    )  # fmt: skip
    kept = np.searchsorted(fan.ranges_m, layer.ranges_m)
    clear = (fan.lowest_visible_m - fan.ground_m)[:, kept]
    low = clear < 100.0
    error = layer.clearance_m - clear
    assert error.min() > -1e-6, "never promise sight that the fan denies"
    assert error[low].max() < MASK_STEP_M
    assert np.max(np.abs(layer.ground_m - fan.ground_m[:, kept])) <= coverage_layer.GROUND_STEP_M / 2


@given(st.floats(30.0, 15e3), st.floats(1.0, 2.0))
def test_a_higher_target_is_never_seen_less_far(height_m: float, ratio: float) -> None:
    layer = coverage_layer.coverage_layer(None, 40.0, 32.5, 100.0, 10.0, 200e3)
    lower = coverage_layer.contour_m(layer, height_m, above_ground=False)
    assert np.all(coverage_layer.contour_m(layer, height_m * ratio, above_ground=False) >= lower)


def test_lines_are_simplified_within_their_tolerance() -> None:
    angle = np.linspace(0.0, 3.0, 400)
    line = np.column_stack([angle, 0.3 * np.sin(5 * angle)])
    kept = ground_layer._simplified(line, 0.01)
    assert len(kept) < 60
    assert np.max(np.abs(np.interp(line[:, 0], kept[:, 0], kept[:, 1]) - line[:, 1])) < 0.02


def test_far_from_the_region_there_is_no_ground() -> None:
    told, columns = ground_layer.lines_layer(-33.0, 151.0, 300e3)
    assert told["known"] is False
    assert told["cities"] == []
    assert all(values.size == 0 for values in columns.values())
    assert ground_layer.shade_layer(earth.load_terrain(), -33.0, 151.0, 300e3)[1].size == 0


def test_hills_are_bright_to_the_north_west_and_dark_behind() -> None:
    told, image = ground_layer.shade_layer(earth.load_terrain(), 40.0, 33.0, 200e3)
    middle = (told["levels"] + 1) // 2
    assert (image > middle + 2).mean() > 0.02
    assert (image[image > 0] < middle - 2).mean() > 0.02


# -- modules joined -----------------------------------------------------------------------------------------------


def test_a_ring_of_modules_is_refused() -> None:
    sources = {
        "main.js": "import { a } from './a.js';\n",
        "a.js": "import { b } from './b.js';\nexport const a = 1;\n",
        "b.js": "import { a } from './a.js';\nexport const b = 1;\n",
    }
    with pytest.raises(ValueError, match=r"ring: main\.js > a\.js > b\.js > a\.js"):
        bundle.joined(sources)


def test_a_module_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match=r"main\.js imports x\.js"):
        bundle.joined({"main.js": "import { a } from './x.js';\n"})


@pytest.mark.parametrize(
    "line",
    [
        "export default 3;",
        "import x from './a.js';",
        "export { a };",
        "export let a = 1;",
        "import * as a from './a.js';",
    ],
)
def test_what_cannot_be_joined_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="cannot join"):
        bundle.joined({"main.js": f"{line}\n", "a.js": ""})


def test_text_that_would_end_the_script_is_refused() -> None:
    with pytest.raises(ValueError, match="end the script"):
        bundle.joined({"main.js": "const a = '</SCRIPT>';\n"})


def test_a_template_over_several_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="several lines"):
        bundle.joined({"main.js": "const a = `x\n  y`;\n"})


def test_every_module_is_needed_and_nothing_of_a_module_stays_outside() -> None:
    order: list[str] = []
    bundle._visit(bundle.MAIN, bundle.modules(), order, [])
    assert sorted(order) == sorted(bundle.modules())
    script = bundle.joined(bundle.modules())
    assert not re.search(r"^(?:import \{|export )", script, re.MULTILINE)


def test_no_module_writes_markup() -> None:
    for name, source in bundle.modules().items():
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "setAttribute('style'",
        ):
            assert word not in source, f"{name} uses {word}"


# -- the page -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def text() -> str:
    return view.html(view_run.made_run())


def test_the_same_run_gives_the_same_page(text: str) -> None:
    assert view.html(view_run.made_run()) == text


def test_the_policy_allows_the_page_s_own_script_and_style_alone(text: str) -> None:
    policy = dict(Page(text).tags)["meta"]
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in found[1].split(";"))
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert script is not None
    assert style is not None
    for rule, body in (("script-src", script[1]), ("style-src", style[1])):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}


def test_the_page_names_no_address_outside_but_those_of_sources(text: str) -> None:
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert "@import" not in text
    assert "url(" not in text


def test_hostile_text_does_not_reach_the_markup() -> None:
    run = view_run.made_run(title=HOSTILE)
    targets = run.tables["targets"]
    named = dataclasses.replace(targets, name=np.array([HOSTILE] * len(targets)))
    markup = view.html(dataclasses.replace(run, tables={**run.tables, "targets": named}))
    assert markup.count("<script") == 2
    assert "<img" not in markup
    assert "hacked" not in Page(markup).words.replace(HOSTILE, "")


def test_a_page_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = view.write_html(view_run.made_run(), tmp_path / "page.html")
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    with pytest.raises(ChainhomeError, match="cannot write"):
        view.write_html(view_run.made_run(), tmp_path / "nowhere" / "page.html")
    assert list(tmp_path.iterdir()) == [path]


def test_a_notebook_gets_the_page_in_a_frame_that_shares_nothing() -> None:
    markup = view.Replay(view_run.made_run(), height_px=500)._repr_html_()
    tag, attributes = Page(markup).tags[0]
    assert tag == "iframe"
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["srcdoc"] == view.html(view_run.made_run())
    assert "height:500px" in (attributes["style"] or "")


def test_a_served_page_has_nothing_inline() -> None:
    for live, attribute in ((True, "data-live"), (False, "data-source")):
        markup = served.served("<b>x</b>", live=live)
        tags = Page(markup).tags
        assert attribute in dict(tags)["body"]
        assert [a.get("src") for t, a in tags if t == "script"] == ["assets/main.js"]
        assert not [t for t, _ in tags if t == "style"]
        assert not [a for _, a in tags if "style" in a]
        assert "<title>&lt;b&gt;x&lt;/b&gt;" in markup


def test_view_says_what_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        view.nothing  # noqa: B018

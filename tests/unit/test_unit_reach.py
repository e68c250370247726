"""`reach`: limits by hand, the order of the verbs, the bands, and what binds."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainhome import coverage, earth, sensors
from chainhome.catalogue import load as load_catalogue
from chainhome.errors import UseError
from chainhome.reach import RULES, Question, ReachResult, reach, to_json
from chainhome.scenario import find_place
from chainhome.tables import LIMITS

ONE_TENTH_KM = 0.1
HALF_A_STEP_KM = 0.5
CATALOGUE = load_catalogue()


def answer(system: str = "s-400", target: str = "f-16", *, smooth: bool = False, **asked: object) -> ReachResult:
    terrain = None if smooth else earth.load_terrain()
    question = Question(
        system=CATALOGUE.system(system),
        aircraft=CATALOGUE.aircraft(target),
        place=find_place("murted", CATALOGUE, terrain, "--site"),
        terrain=terrain,
    )
    return reach(replace(question, **asked), CATALOGUE)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def over_terrain() -> ReachResult:
    return answer()


def test_over_a_smooth_earth_a_low_target_is_lost_at_the_textbook_horizon() -> None:
    result = answer(smooth=True, antenna_m=24.0)
    ranges = [row.detect.range_km for row in result.rows[:4]]
    assert np.abs(np.array(ranges) - [42.8, 61.4, 91.6, 150.5]).max() < ONE_TENTH_KM
    assert {row.detect.binding for row in result.rows[:4]} == {"horizon"}
    assert result.sentence == "Against an F-16 at 100 m, detection ends at 61 km; the horizon binds."


def test_a_high_target_is_lost_where_the_fourth_root_says_but_for_the_air() -> None:
    """390 km at 4 m² gives 327.9 km at 2 m²; at the shorter range the path has less air than the reference path."""
    row = answer(smooth=True, altitudes_m=(10_000.0,)).rows[0]
    assert row.detect.binding == "sensitivity"
    fourth_root_km = 390.0 * (2.0 / 4.0) ** 0.25
    assert fourth_root_km < row.detect.range_km < 1.05 * fourth_root_km


def test_asking_for_pd_09_costs_the_factor_of_a_swerling_1_target() -> None:
    half, nine = (
        answer(smooth=True, altitudes_m=(10_000.0,), detection_probability=pd).rows[0].detect.range_km
        for pd in (0.5, 0.9)
    )
    radius_m = earth.four_thirds_radius_m()
    far, near = sensors.gas_loss_db(3e9, 867.0, 10_843.0, np.array([half, nine]) * 1e3, radius_m)
    less_air = 10 ** ((far - near) / 40)
    assert nine / half == pytest.approx(0.6176 * less_air, rel=2e-3)


def test_detect_track_and_engage_come_in_that_order(over_terrain: ReachResult) -> None:
    for row in over_terrain.rows:
        for verb in (row.detect, row.track, row.engage):
            assert verb.low_km <= verb.range_km <= verb.high_km
            assert verb.bearing_p10_km <= verb.bearing_p90_km
            assert verb.range_km <= verb.farthest_km + 1e-9
            assert verb.binding in LIMITS[1:]
        assert row.engage.range_km <= row.track.range_km <= row.detect.range_km
        assert (row.engage.driven_by is not None) == (row.engage.binding == "timeline")


def test_the_range_of_a_row_is_the_least_of_its_limits(over_terrain: ReachResult) -> None:
    for row in over_terrain.rows:
        radar = [row.limits_km[name] for name in ("instrumented", "sensitivity", "clutter", "horizon", "terrain")]
        assert row.detect.range_km == pytest.approx(min(limit for limit in radar if limit is not None))
        assert row.limits_km[row.detect.binding] == pytest.approx(row.detect.range_km)


def test_the_row_is_the_median_of_its_bearings(over_terrain: ReachResult) -> None:
    for row in over_terrain.rows:
        assert row.detect.range_km == pytest.approx(np.median(row.detect.by_bearing_km), abs=HALF_A_STEP_KM)
        assert len(row.detect.by_bearing_km) == len(over_terrain.bearings_rad)


def test_terrain_never_sees_farther_than_the_smooth_earth_on_a_plateau_ringed_by_hills(
    over_terrain: ReachResult,
) -> None:
    smooth = answer(smooth=True)
    for hilly, plain in zip(over_terrain.rows, smooth.rows, strict=True):
        assert hilly.detect.range_km <= plain.detect.range_km + HALF_A_STEP_KM


def test_a_slow_small_drone_is_not_seen_at_the_130_km_of_the_fourth_root() -> None:
    row = answer(target="one-way-drone", smooth=True, altitudes_m=(1_000.0,)).rows[0]
    fourth_root_km = 390.0 * (0.05 / 4.0) ** 0.25
    assert abs(fourth_root_km - 130.4) < ONE_TENTH_KM
    assert row.detect.binding == "clutter"
    drone = CATALOGUE.aircraft("one-way-drone").claims
    by_hand_m = sensors.clutter_limited_range_m(drone["rcs"].si.value, drone["cruise_speed"].si.value, 12.772)
    assert row.detect.range_km == pytest.approx(float(by_hand_m) / 1e3, rel=1e-3)
    assert row.detect.range_km < 0.6 * fourth_root_km


def test_a_radar_that_stares_leaves_nothing_outside_its_sector() -> None:
    result = answer("patriot", altitudes_m=(3_000.0,))
    assert result.sector_deg is not None
    assert result.sector_deg < 180.0
    assert result.rows[0].limits_km["sector"] == 0.0
    assert "sector" in result.sentence
    assert answer("nato-3d-radar", altitudes_m=(3_000.0,)).rows[0].limits_km["sector"] is None
    engages_in_a_sector = answer(altitudes_m=(3_000.0,))
    assert engages_in_a_sector.sector_deg is None
    assert any("92N6E watches 90° at a time" in note for note in engages_in_a_sector.notes)


def test_a_radar_without_interceptors_engages_nothing_and_says_so() -> None:
    result = answer("nato-3d-radar", altitudes_m=(3_000.0,))
    assert np.isnan(result.rows[0].engage.range_km)
    assert to_json(result)[0]["engage"]["range_km"] is None
    assert any("no interceptor" in note for note in result.notes)


@pytest.mark.parametrize("system", ["s-400", "s-500", "patriot", "hq-9", "shorad"])
@pytest.mark.parametrize("preset", ["headline", "middle", "sceptic"])
def test_what_binds_an_engagement_is_the_limit_at_its_range(system: str, preset: str) -> None:
    one_step_km = 0.5
    for target in ("f-16", "ballistic-missile"):
        row = answer(system, target, preset=preset, altitudes_m=(3_000.0,), smooth=True).rows[0]
        limit = row.limits_km[row.engage.binding]
        assert limit is not None
        assert abs(limit - row.engage.range_km) <= one_step_km or row.engage.range_km == 0.0


def test_an_interceptor_without_a_published_ballistic_range_engages_no_ballistic_missile() -> None:
    result = answer(target="ballistic-missile", preset="headline")
    assert (result.rows[0].engage.range_km, result.rows[0].engage.binding) == (0.0, "interceptor")
    assert any("engages none" in note for note in result.notes)


def test_above_the_ceiling_nothing_is_engaged() -> None:
    row = answer(smooth=True, altitudes_m=(29_000.0,)).rows[0]
    assert (row.engage.range_km, row.engage.binding, row.limits_km["ceiling"]) == (0.0, "ceiling", 0.0)


def test_a_ballistic_missile_has_one_row_on_its_arc_and_the_published_ballistic_range() -> None:
    result = answer(target="ballistic-missile")
    (row,) = result.rows
    assert row.altitude_m is None
    assert result.altitude_reference == "trajectory"
    assert 0.0 < row.engage.range_km < 60.0
    assert row.limits_km["interceptor"] is not None
    assert row.limits_km["interceptor"] < 60.0


def test_presets_choose_the_missile() -> None:
    reaches = {
        preset: answer(preset=preset, smooth=True, altitudes_m=(10_000.0,)).rows[0].limits_km["interceptor"]
        for preset in ("headline", "middle", "sceptic")
    }
    assert reaches["headline"] > reaches["middle"] > reaches["sceptic"]  # type: ignore[operator]


def test_the_headline_is_a_yardstick_and_never_a_limit(over_terrain: ReachResult) -> None:
    assert over_terrain.claim_km == 400.0
    assert "headline" not in LIMITS


def test_an_altitude_below_the_ground_is_refused() -> None:
    with pytest.raises(UseError, match="500 m above mean sea level is below the ground at"):
        answer(above_sea=True, altitudes_m=(500.0,))
    with pytest.raises(UseError, match="must be positive"):
        answer(altitudes_m=(-3.0,))


def test_more_antenna_height_never_loses_range() -> None:
    low, high = (answer(antenna_m=height, altitudes_m=(100.0,)).rows[0].detect for height in (6.0, 39.0))
    assert np.all(high.by_bearing_km >= low.by_bearing_km - 1e-9)


def test_the_json_has_the_promised_keys_and_nothing_else(over_terrain: ReachResult) -> None:
    for shown in to_json(over_terrain):
        assert set(shown) == {
            "system",
            "target",
            "altitude_m",
            "altitude_reference",
            "preset",
            "claim_km",
            "detect",
            "track",
            "engage",
            "limits_km",
            "rules",
            "sources",
        }
        assert set(shown["limits_km"]) == set(LIMITS[1:])
        verb = {"range_km", "low_km", "high_km", "binding", "farthest_km", "bearing_p10_km", "bearing_p90_km"}
        assert set(shown["detect"]) == set(shown["track"]) == verb
        assert set(shown["engage"]) == verb | {"driven_by"}


def test_every_rule_stands_on_the_page_under_its_own_heading() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reading-claims.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert headings == [*RULES, *coverage.RULES]


def test_an_antenna_height_that_nobody_published_is_said_to_be_assumed() -> None:
    assumed = "Assumed: nobody has published how high the antenna of Patriot stands, so 24 m is taken."
    assert assumed in answer("patriot", smooth=True, altitudes_m=(100.0,)).notes
    assert assumed not in answer("patriot", smooth=True, altitudes_m=(100.0,), antenna_m=24.0).notes
    assert not any("antenna" in note for note in answer(smooth=True, altitudes_m=(100.0,)).notes)


def test_every_source_and_claim_used_is_named(over_terrain: ReachResult) -> None:
    assert {source.key for source in over_terrain.sources} >= {"tass976849"}
    paths = [path for path, _ in over_terrain.claims]
    assert "f-16.rcs" in paths
    assert "s-400.91n6e.reference_range" in paths
    assert any("optimistic" in note for note in over_terrain.notes)

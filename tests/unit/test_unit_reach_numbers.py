"""`reach` by hand: the band of a row, the datum of altitudes, the gap, the chain, the engagement radar."""

from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainhome import earth
from chainhome.catalogue import Aircraft, Claim
from chainhome.catalogue import load as load_catalogue
from chainhome.constants import EARTH_MEAN_RADIUS_M
from chainhome.reach import Question, ReachResult, reach
from chainhome.reach.approach import ballistic_approach, level_approach
from chainhome.reach.detect import SNR_RANGES_M, Approach, Detection, detect
from chainhome.reach.engage import chain_start, engage
from chainhome.reach.narrate import notes
from chainhome.reach.track import confirmed_m
from chainhome.scenario import find_place
from chainhome.scenario.reading import End, InterceptorFigures, radar_figures, target_figures
from chainhome.sensors import detection_probability, required_snr_db

CATALOGUE = load_catalogue()
S400, F16 = CATALOGUE.system("s-400"), CATALOGUE.aircraft("f-16")
ONE_METRE_KM = 0.001
ONE_STEP_M = 500.0
GROUND_M = 800.0


def answer(*, smooth: bool = True, **asked: object) -> ReachResult:
    terrain = None if smooth else earth.load_terrain()
    place = find_place("murted", CATALOGUE, terrain, "--site")
    question = Question(system=S400, aircraft=F16, place=place, terrain=terrain)
    return reach(replace(question, **asked), CATALOGUE)  # type: ignore[arg-type]


def flat_fan(range_max_m: float = 200e3, bearings: int = 1) -> earth.Fan:
    return earth.fan(
        None,
        0.7,
        0.57,
        24.0,
        radius_m=earth.four_thirds_radius_m(),
        range_max_m=range_max_m,
        bearings_rad=np.arange(bearings) * 2 * np.pi / bearings,
        range_step_m=ONE_STEP_M,
        site_ground_m=GROUND_M,
    )


def missile(**figures: float) -> InterceptorFigures:
    given = {
        "max_range_m": 100e3,
        "min_range_m": 3e3,
        "min_altitude_m": 10.0,
        "max_altitude_m": 20e3,
        "average_speed_mps": 1000.0,
        "ballistic_range_m": 30e3,
        "ballistic_max_altitude_m": 20e3,
        "ballistic_min_altitude_m": 1e3,
    } | figures
    return InterceptorFigures("m", "M", **given)


def test_the_band_of_a_horizon_is_that_of_the_mast_and_of_refraction() -> None:
    row = answer(altitudes_m=(100.0,)).rows[0].detect
    mast = S400.claims["mast_height"].si
    for got, height, factor in (
        (row.range_km, mast.value, 4 / 3),
        (row.low_km, mast.low, 1.0),
        (row.high_km, mast.high, 1.6),
    ):
        by_hand_m = earth.horizon_range_m(height, 100.0, factor * EARTH_MEAN_RADIUS_M)
        assert got == pytest.approx(float(by_hand_m) / 1e3, abs=ONE_METRE_KM)


def test_the_answer_says_the_antenna_and_the_band_of_the_headline() -> None:
    result = answer(altitudes_m=(300.0, 10_000.0))
    headline = S400.claims["headline_range"].si
    assert (result.claim_low_km, result.claim_high_km) == (headline.low / 1e3, headline.high / 1e3)
    assert result.antenna_m == pytest.approx(S400.claims["mast_height"].si.value)
    assert "at 300 m" in result.sentence


def test_a_row_over_terrain_tells_its_percentiles_and_the_limit_of_its_own_bearing() -> None:
    result = answer(smooth=False, altitudes_m=(300.0, 3_000.0))
    for row in result.rows:
        for verb in (row.detect, row.track, row.engage):
            assert verb.bearing_p10_km == pytest.approx(np.percentile(verb.by_bearing_km, 10))
            assert verb.bearing_p90_km == pytest.approx(np.percentile(verb.by_bearing_km, 90))
        assert row.limits_km[row.engage.binding] == pytest.approx(row.engage.range_km)


def test_only_a_timeline_is_driven_by_something() -> None:
    row = answer(altitudes_m=(29_000.0,)).rows[0]
    assert (row.engage.binding, row.engage.driven_by) == ("ceiling", None)


def test_the_vertical_chart_is_drawn_for_the_probability_that_was_asked() -> None:
    half, sure = (answer(altitudes_m=(3_000.0,), vertical=True, detection_probability=pd).vertical for pd in (0.5, 0.9))
    assert half is not None
    assert sure is not None
    assert sure.seen_share.sum() < 0.9 * half.seen_share.sum()


def test_an_engagement_waits_for_an_engagement_radar_that_sees_less() -> None:
    preset = S400.presets["middle"]
    assert preset.engagement_radar is not None
    blind = S400.radars[preset.engagement_radar]
    near = {**blind.claims, "reference_range": Claim("reference_range", 30.0, unit="km")}
    short = replace(S400, radars={**S400.radars, blind.key: replace(blind, claims=near)})
    assert answer(altitudes_m=(10_000.0,)).rows[0].engage.range_km > 60.0
    assert 0.0 < answer(altitudes_m=(10_000.0,), system=short).rows[0].engage.range_km < 30.0


def test_an_altitude_above_sea_level_is_less_above_the_site() -> None:
    fan, figures = flat_fan(), target_figures(F16, "value")
    over_ground = level_approach(1_000.0, False, figures, fan)
    over_sea = level_approach(1_000.0, True, figures, fan)
    assert (over_ground.height_above_site_m, over_sea.height_above_site_m) == (1_000.0, 1_000.0 - GROUND_M)
    assert np.all(over_sea.altitude_m == 1_000.0)


def test_a_ballistic_missile_at_the_unfavourable_end_is_of_the_shortest_range() -> None:
    rocket = Aircraft("b", "B", (), "", {"flight_range": Claim("flight_range", 300.0, 150.0, 500.0, "km")})
    fan = flat_fan(600e3)
    ends: tuple[End, ...] = ("low", "value", "high")
    apex = [ballistic_approach(target_figures(rocket, end), fan).altitude_m.max() for end in ends]
    assert apex[0] < apex[1] < apex[2]


@pytest.mark.parametrize(("shadow_m", "bridged"), [(4_000.0, True), (8_000.0, False)])
def test_a_shadow_ends_the_range_only_if_it_is_longer_than_5_km(shadow_m: float, bridged: bool) -> None:
    fan = flat_fan(60e3)
    dark = (fan.ranges_m > 20e3) & (fan.ranges_m <= 20e3 + shadow_m)
    fan = replace(fan, lowest_visible_m=np.where(dark, 1e5, fan.lowest_visible_m))
    radar = radar_figures(S400.radars["91n6e"], "value")
    approach = level_approach(3_000.0, False, target_figures(F16, "value"), fan)
    found = detect(radar, approach, fan, pd=0.5, end="value", smooth=False)
    assert (found.range_m[0] > 55e3) == bridged
    if not bridged:
        assert found.limits_m["terrain"][0] == pytest.approx(20e3, abs=ONE_STEP_M)
        assert found.range_m[0] == pytest.approx(20e3, abs=ONE_STEP_M)
        assert found.farthest_m[0] == pytest.approx(60e3, abs=ONE_STEP_M)


def made(range_m: float, limit: str, fan: earth.Fan, snr_db: float = 60.0) -> Detection:
    seen = fan.ranges_m[None, :] <= range_m
    away = np.array([range_m])
    return Detection({limit: away}, away, away, seen, 0 * SNR_RANGES_M + snr_db, None, 1.0)


def test_the_chain_starts_with_the_later_of_track_and_engagement_radar() -> None:
    fan = flat_fan()
    search, second = made(90e3, "horizon", fan), made(40e3, "sensitivity", fan)
    start, behind = chain_start(np.array([80e3]), search, second)
    assert (start.tolist(), behind.tolist()) == ([40e3], ["sensitivity"])
    start, behind = chain_start(np.array([30e3]), search, second)
    assert (start.tolist(), behind.tolist()) == ([30e3], ["horizon"])


def inbound(fan: earth.Fan, height_m: float = 3_000.0, speed_mps: float = 200.0) -> Approach:
    altitude = np.full((1, fan.ranges_m.size), GROUND_M + height_m)
    return Approach(altitude, fan.ranges_m / speed_mps, speed_mps, 2.0, height_m, height_m, altitude[0])


def test_a_sure_target_is_confirmed_at_its_third_scan() -> None:
    """Scans fall in the middle of each period: 0.5, 1.5 and 2.5 periods of 2 km after the start."""
    fan = flat_fan()
    got = confirmed_m(made(100e3, "horizon", fan), inbound(fan), fan.ranges_m, 10.0)
    assert got[0] == pytest.approx(100e3 - 2.5 * 2e3)


@pytest.mark.parametrize("pd", [0.5, 0.7])
def test_a_track_stands_when_three_of_five_is_nine_tenths_sure(pd: float) -> None:
    fan = flat_fan()
    snr_db = float(required_snr_db(pd, 1e-6, 1))
    assert float(detection_probability(10 ** (snr_db / 10), 1e-6, 1)) == pytest.approx(pd, abs=1e-6)
    scans = next(n for n in range(3, 16) if confirmed_share(n, pd) >= 0.9)
    got = confirmed_m(made(100e3, "horizon", fan, snr_db), inbound(fan), fan.ranges_m, 10.0)
    assert got[0] == pytest.approx(100e3 - (scans - 0.5) * 2e3)


def confirmed_share(scans: int, pd: float) -> float:
    """Return the probability of three hits in some five scans in a row, by writing out every sequence."""
    total = 0.0
    for hits in product((0, 1), repeat=scans):
        if any(sum(hits[first : first + 5]) >= 3 for first in range(max(1, scans - 4))):
            total += pd ** sum(hits) * (1 - pd) ** (scans - sum(hits))
    return total


def test_scans_in_a_shadow_make_no_track() -> None:
    fan = flat_fan()
    found = made(100e3, "horizon", fan)
    dark = replace(found, seen=found.seen & (fan.ranges_m <= 50e3))
    got = confirmed_m(dark, inbound(fan), fan.ranges_m, 10.0)
    assert 43e3 < got[0] < 50e3


@pytest.mark.parametrize(
    ("figures", "height_m", "binding"),
    [
        ({"max_altitude_m": 10_000.0}, 9_500.0, "ceiling"),  # 10,300 m above the sea
        ({"max_altitude_m": 10_000.0}, 9_000.0, "timeline"),
        ({"min_altitude_m": 500.0}, 300.0, "ceiling"),
        ({"min_altitude_m": 500.0}, 600.0, "timeline"),
    ],
)
def test_the_ceiling_counts_from_the_sea_and_the_floor_from_the_ground(
    figures: dict[str, float], height_m: float, binding: str
) -> None:
    fan = flat_fan()
    met = engage(np.array([60e3]), np.array(["horizon"]), inbound(fan, height_m), fan, missile(**figures), 10.0)
    assert met.binding.tolist() == [binding]
    assert (met.range_m[0] > 0.0) == (binding == "timeline")


def test_nothing_is_met_nearer_than_the_least_range() -> None:
    fan = flat_fan()
    ranges = [
        engage(
            np.array([8e3]), np.array(["horizon"]), inbound(fan, 100.0), fan, missile(min_range_m=least), 10.0
        ).range_m
        for least in (1e3, 7e3)
    ]
    assert ranges[0][0] > 1e3
    assert ranges[1][0] == 0.0


def test_the_notes_name_what_is_unverified_and_what_is_assumed() -> None:
    used = (("a.b", Claim("b", 1.0, status="unverified")), ("c.d", Claim("d", 1.0, status="assumed")))
    at_value: Any = SimpleNamespace(search=None, engagement=None, interceptor=None)
    told = notes(None, at_value, used, ballistic=False)
    assert any(line.startswith("Unverified") and "a.b" in line and "c.d" not in line for line in told)
    assert any(line.startswith("Assumed") and "c.d" in line and "a.b" not in line for line in told)


def test_the_engagement_names_what_binds_on_its_own_median_bearing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The farther a bearing is detected, the nearer it is engaged here, so that the two medians are other bearings."""
    from chainhome.reach import compute
    from chainhome.reach.engage import Engaged

    def turned_over(start_m: np.ndarray, *_: object) -> Engaged:
        order = np.argsort(np.argsort(start_m, kind="stable"), kind="stable")
        range_m = 1e5 - 10.0 * order.astype(float) ** 1.5
        median = int(np.argsort(range_m, kind="stable")[(len(range_m) - 1) // 2])
        binding = np.full(len(range_m), "interceptor")
        binding[median] = "timeline"
        behind = np.full(len(range_m), "sensitivity")
        behind[median] = "clutter"
        return Engaged(range_m, binding, behind, {"timeline": range_m, "interceptor": 2 * range_m})

    monkeypatch.setattr(compute, "engage", turned_over)
    catalogue = load_catalogue()
    terrain = earth.load_terrain()
    question = compute.Question(
        system=catalogue.system("s-400"),
        aircraft=catalogue.aircraft("f-16"),
        place=find_place("murted", catalogue, terrain, "site"),
        altitudes_m=(1_000.0,),
        terrain=terrain,
    )
    row = compute.reach(question, catalogue).rows[0]
    assert (row.engage.binding, row.engage.driven_by) == ("timeline", "clutter")
    assert row.limits_km["timeline"] == pytest.approx(row.engage.range_km)
    assert row.limits_km["interceptor"] == pytest.approx(2 * row.engage.range_km)

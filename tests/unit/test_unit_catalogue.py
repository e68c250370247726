"""The catalogue as its users see it: look-ups, bands in SI, what was delivered when, and what must never be in it."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations

import pytest

from chainhome import catalogue
from chainhome.catalogue.look_up import KINDS
from chainhome.catalogue.model import OPEN_MODES, PRESETS, SECURE_MODES, SHAPES
from chainhome.errors import UseError

SYSTEMS = ["hq-9", "nato-3d-radar", "patriot", "s-400", "s-500", "shorad"]
SHOOTING = [name for name in SYSTEMS if name != "nato-3d-radar"]
AIRCRAFT = [
    "airliner",
    "ballistic-missile",
    "cruise-missile",
    "f-16",
    "f-35",
    "f-35-reflectors",
    "f-4",
    "male-drone",
    "one-way-drone",
    "quadcopter",
    "su-35",
    "supersonic-cruise-missile",
]
CAT = catalogue.load()


def test_the_systems_and_aircraft_of_the_command_line_are_there() -> None:
    assert CAT.names("system") == SYSTEMS
    assert CAT.names("aircraft") == AIRCRAFT
    assert {"murted", "gaziantep", "adana", "kahramanmaras", "sinop", "nato-radar-site"} <= set(CAT.names("site"))
    assert all(CAT.names(kind) for kind in KINDS)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("S-400", "s-400"),
        ("s400", "s-400"),
        ("F 16", "f-16"),
        ("tb2", "male-drone"),
        ("Shahed", "one-way-drone"),
        ("srbm", "ballistic-missile"),
        ("supersonic_cruise_missile", "supersonic-cruise-missile"),
        ("Mürted", "murted"),
        ("KAHRAMANMARAŞ", "kahramanmaras"),
        ("Türkiye", "turkey"),
        ("fd-2000", "hq-9"),
    ],
)
def test_a_name_is_found_however_it_is_written(written: str, key: str) -> None:
    assert CAT.find(written).key == key


def test_a_misspelt_name_answers_with_the_nearest_and_with_the_kind_that_was_asked() -> None:
    with pytest.raises(UseError, match=r'no system "s-40"; did you mean s-400'):
        CAT.system("s-40")
    with pytest.raises(UseError, match=r'no site "mirted"; did you mean murted'):
        CAT.site("mirted")
    with pytest.raises(UseError, match=r'no aircraft class "zeppelin"; known are airliner'):
        CAT.aircraft("zeppelin")
    with pytest.raises(UseError, match=r'no source "tass97684"; did you mean tass976849'):
        CAT.source("tass97684")
    with pytest.raises(UseError, match=r'no entry "s-4000"'):
        CAT.find("s-4000")
    with pytest.raises(UseError, match="no topic"):
        CAT.topic("weather")
    with pytest.raises(UseError, match="no history"):
        CAT.history("atlantis")
    with pytest.raises(ValueError, match="not one of"):
        CAT.names("ship")


def test_the_headline_is_400_km_and_402_stands_beside_it_as_another_reading() -> None:
    headline = CAT.system("s-400").claims["headline_range"]
    assert headline.si == (400e3, 250e3, 402e3)
    assert headline.contested
    assert [reading.value for reading in headline.readings] == [400.0, 402.0, 250.0]
    assert str(headline) == "400 km [250 to 402]"


def test_a_claim_knows_its_si_band_and_refuses_what_it_is_not() -> None:
    knots = catalogue.Claim("cruise_speed", 70.0, unit="kt")
    assert knots.si.value == pytest.approx(36.011, abs=0.001)
    assert knots.si.low == knots.si.high == knots.si.value
    assert str(knots) == "70 kt"
    words = catalogue.Claim("interrogator_modes", "none")
    assert words.words == ()
    assert str(words) == "none"
    with pytest.raises(TypeError, match="is a text"):
        _ = words.si
    with pytest.raises(TypeError, match="is a number"):
        _ = knots.words


@pytest.mark.parametrize("name", SHOOTING)
def test_every_shooting_system_has_what_reach_and_the_timeline_ask_for(name: str) -> None:
    system = CAT.system(name)
    for claim in ("headline_range", "reaction_time", "min_altitude", "max_altitude", "kill_probability", "salvo"):
        assert system.claims[claim].si.low <= system.claims[claim].si.high
    for preset in (system.presets[key] for key in PRESETS):
        assert preset.engagement_radar is not None
        assert preset.interceptor is not None
        missile = system.interceptors[preset.interceptor].claims
        for claim in ("max_range", "min_range", "min_altitude", "max_altitude", "average_speed"):
            assert missile[claim].si.value > 0
        assert missile["min_range"].si.high < missile["max_range"].si.low
        assert missile["min_altitude"].si.high < missile["max_altitude"].si.low
    for claim in ("launchers_per_fire_unit", "rounds_per_launcher", "targets_per_fire_unit", "missiles_per_fire_unit"):
        assert system.claims[claim].si.low >= 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_radar_either_turns_or_stares_over_a_sector(name: str) -> None:
    for radar in CAT.system(name).radars.values():
        turns = "rotation_period" in radar.claims
        stares = "sector_width" in radar.claims and "revisit_period" in radar.claims
        assert turns != stares, radar.key
        assert radar.claims["reference_range"].si.value <= radar.claims["instrumented_range"].si.high
        assert {"band", "range_accuracy", "azimuth_accuracy", "elevation_accuracy"} <= set(radar.claims)


def test_the_presets_of_the_s_400_go_from_what_the_seller_says_to_what_sceptics_say() -> None:
    system = CAT.system("s-400")
    reach = [system.interceptors[str(system.presets[key].interceptor)].claims["max_range"].si.value for key in PRESETS]
    assert reach == [380e3, 250e3, 200e3]
    assert reach[2] <= system.claims["assessed_range"].si.value


def test_the_three_published_ranges_of_the_91n6e_lie_on_one_fourth_root_curve() -> None:
    claims = CAT.system("s-400").radars["91n6e"].claims
    reference, rcs = claims["reference_range"].si.value, claims["reference_rcs"].si.value
    rounding_of_the_brochure = 0.05
    expected = reference * (0.4 / rcs) ** 0.25
    assert claims["ballistic_target_range"].si.value == pytest.approx(expected, rel=rounding_of_the_brochure)
    bomber_m2 = rcs * (claims["bomber_range"].si.value / reference) ** 4
    assert bomber_m2 == pytest.approx(18.0, abs=0.5)


def test_named_systems_carry_no_hardware_parameters() -> None:
    forbidden = ("power", "gain", "prf", "pulse", "seeker", "fuze", "warhead", "guidance", "aperture", "noise")
    for name in SYSTEMS:
        system = CAT.system(name)
        for path, _ in catalogue.iter_claims(system):
            assert not any(word in path for word in forbidden), path
            assert "frequency" not in path or name in ("nato-3d-radar", "shorad"), path


@pytest.mark.parametrize("name", AIRCRAFT)
def test_every_aircraft_has_a_signature_speeds_and_modes(name: str) -> None:
    claims = CAT.aircraft(name).claims
    assert 0 < claims["rcs"].si.low <= claims["rcs"].si.high
    assert claims["shape"].value in SHAPES
    assert 0 < claims["cruise_speed"].si.value <= claims["max_speed"].si.value
    assert claims["operating_altitude"].si.value <= claims["ceiling"].si.high
    assert claims["max_load_factor"].value >= 1
    assert set(claims["transponder_modes"].words) <= {*OPEN_MODES, *SECURE_MODES}


def modes_as_contested() -> list[catalogue.Claim]:
    return [CAT.aircraft("f-16").claims["transponder_modes"], CAT.system("s-400").claims["interrogator_modes"]]


def test_a_nato_aircraft_and_the_s_400_share_civil_modes_and_a_secure_one_only_if_both_are_turkish() -> None:
    aircraft, system = CAT.aircraft("f-16").claims, CAT.system("s-400").claims
    shared = set(aircraft["transponder_modes"].words) & set(system["interrogator_modes"].words)
    assert shared & set(OPEN_MODES)
    assert not shared & set(SECURE_MODES)
    assert aircraft["key_domain"].value != system["key_domain"].value
    both = [set(str(claims.readings[-1].value).split(", ")) for claims in modes_as_contested()]
    assert "turkish-secure" in both[0] & both[1]
    patriot = CAT.system("patriot").claims
    assert "mode-5" in set(aircraft["transponder_modes"].words) & set(patriot["interrogator_modes"].words)
    assert aircraft["key_domain"].value == patriot["key_domain"].value


def test_contested_claims_show_a_band_or_their_readings() -> None:
    for item in CAT.items():
        for path, claim in catalogue.iter_claims(item):
            if claim.contested:
                assert claim.low != claim.high or claim.readings or claim.note, f"{item.key}: {path}"


@pytest.mark.parametrize(
    ("date", "units", "ordered"),
    [
        ("2017-04-10", 0, False),
        ("2018-06-01", 0, True),
        ("2019-07-20", 0, True),
        ("2019-07-25", 1, True),
        ("2019-09-14", 1, True),
        ("2019-11-25", 2, True),
        ("2020-05-01", 2, True),
        ("2023-12-31", 2, True),
    ],
)
def test_the_s_400_is_delivered_in_two_steps_and_never_covers_anything(date: str, units: int, ordered: bool) -> None:
    status = catalogue.status_at(CAT, date)
    assert status.ordered is ordered
    assert status.delivered_units == units
    assert status.delivered is (units > 0)
    assert not status.activated
    assert not status.covers
    assert all(key in CAT.sources for key in status.sources)


def test_an_activated_system_covers_from_the_day_on_which_it_is_switched_on() -> None:
    from dataclasses import replace

    history = CAT.history("turkey")
    switched_on = replace(history.events[-1], key="on", since="2024-01-01", until="2024-01-01", activated=True)
    changed = replace(CAT, histories={"turkey": replace(history, events=(*history.events, switched_on))})
    assert not catalogue.status_at(changed, "2023-12-31").covers
    assert catalogue.status_at(changed, "2024-01-01").covers


def test_the_hq_9_was_chosen_and_dropped_and_nothing_came() -> None:
    status = catalogue.status_at(CAT, "2016-01-01", system="fd-2000")
    assert [event.type for event in status.events] == ["selection", "cancellation"]
    assert not status.ordered
    assert not status.delivered


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(UseError, match='date = "25 November" is not a day'):
        catalogue.status_at(CAT, "25 November")


def test_the_patriots_of_the_border_leave_in_the_order_that_the_press_told() -> None:
    ends = {
        (site, stay.operator): stay.until
        for site in ("gaziantep", "adana", "kahramanmaras")
        for stay in CAT.site(site).occupied
    }
    assert ends == {
        ("gaziantep", "United States"): "2015-10",
        ("adana", "Netherlands"): "2015-01-26",
        ("adana", "Spain"): "",
        ("kahramanmaras", "Germany"): "2015-12-22",
    }


def test_sites_of_a_region_lie_apart_and_in_turkey() -> None:
    places = [CAT.site(name).claims for name in CAT.names("site")]
    for place in places:
        assert 36 < float(place["lat_deg"].value) < 42.2
        assert 26 < float(place["lon_deg"].value) < 45
        assert 0 <= place["elevation_m"].si.value < 2000
    for one, other in combinations(places, 2):
        assert (one["lat_deg"].value, one["lon_deg"].value) != (other["lat_deg"].value, other["lon_deg"].value)


def test_every_path_names_one_claim_of_its_item() -> None:
    for item in CAT.items():
        paths = [path for path, _ in catalogue.iter_claims(item)]
        assert len(paths) == len(set(paths))
        assert paths
    paths = dict(catalogue.iter_claims(CAT.system("s-400")))
    assert paths["radars.91n6e.reference_range"].value == 390.0
    assert paths["interceptors.48n6e3.max_range"].value == 250.0
    assert "events.s-400-batch-1" in dict(catalogue.iter_claims(CAT.history("turkey")))
    assert "occupied.0" in dict(catalogue.iter_claims(CAT.site("murted")))


def test_loading_needs_neither_pydantic_nor_numpy() -> None:
    code = (
        "import sys, chainhome.catalogue as c; c.load(); "
        "print([m for m in ('pydantic', 'numpy', 'scipy', 'numba', 'pint') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Scenario words → posts and flights: bearings, sectors, codes, addresses, keys, start times."""

from datetime import UTC, datetime

import numpy as np
import pytest

from chainhome.catalogue import load as load_catalogue
from chainhome.errors import UseError
from chainhome.scenario import Scenario, parse
from chainhome.scenario.terrain_following import follow_ground

CATALOGUE = load_catalogue()
HEAD = """
title = "small"
start = 2019-11-25T12:00:00+03:00
length = "10 min"
origin = "40.0, 32.0"
terrain = "none"
false_alarms = 12
"""
BATTERY = """
[[battery]]
name = "{name}"
system = "s-400"
site = "40.0, 32.0"
boresight = "300 deg"
{more}
"""
AIRCRAFT = """
[[aircraft]]
name = "{name}"
class = "f-16"
allegiance = "friend"
{more}
route = [
  {{ lat = 40.5, lon = 32.0, height = "1000 m", speed = "200 m/s", above = "{above}" }},
  {{ lat = 41.5, lon = 32.0, height = "3000 m", speed = "300 m/s", above = "{above}" }},
]
"""


def battery(name: str = "North", more: str = "") -> str:
    return BATTERY.format(name=name, more=more)


def aircraft(name: str = "Falcon", more: str = "", above: str = "sea") -> str:
    return AIRCRAFT.format(name=name, more=more, above=above)


def built(*parts: str, preset: str | None = None) -> Scenario:
    if not any("[[aircraft]]" in part for part in parts):
        parts = (*parts, aircraft())
    return parse(HEAD + "".join(parts), "small.toml", CATALOGUE, preset=preset)


def test_a_start_with_an_offset_is_brought_to_utc() -> None:
    assert built(battery()).epoch == datetime(2019, 11, 25, 9, tzinfo=UTC)


def test_a_radar_that_stares_looks_along_the_boresight_and_has_its_share_of_false_alarms() -> None:
    search, engagement = built(battery()).posts
    assert np.isnan(search.boresight_rad)
    assert search.false_alarms_per_scan == 12.0
    assert engagement.boresight_rad == pytest.approx(np.radians(300.0))
    share = engagement.figures.sector_width_rad / (2 * np.pi)
    assert engagement.false_alarms_per_scan == pytest.approx(12.0 * share)


def test_a_revisit_time_is_that_of_the_engagement_radar_alone() -> None:
    plain, given = built(battery()).posts, built(battery(more='engagement = { period = "7 s" }')).posts
    assert given[1].figures.period_s == 7.0
    assert given[0].figures.period_s == plain[0].figures.period_s != 7.0


def test_posts_of_several_batteries_have_their_own_ids() -> None:
    scenario = built(battery("North"), battery("South"))
    assert [post.sensor_id for post in scenario.posts] == [0, 1, 2, 3]


def test_only_the_search_radar_asks_and_a_scenario_says_what() -> None:
    own, _ = built(battery()).posts
    assert own.interrogator is not None
    assert own.interrogator.keys == {"russia"}
    search, engagement = built(battery(more='interrogator = { modes = ["mode-5"], keys = ["nato"] }')).posts
    assert search.interrogator is not None
    assert (search.interrogator.modes, search.interrogator.keys) == ({"mode-5"}, {"nato"})
    assert engagement.interrogator is None


@pytest.mark.parametrize(("status", "may"), [("testing", False), ("delivered", False), ("operational", True)])
def test_only_an_operational_unit_may_engage(status: str, may: bool) -> None:
    assert {post.may_engage for post in built(battery(more=f'status = "{status}"')).posts} == {may}


def test_the_second_of_a_series_starts_an_interval_later() -> None:
    scenario = built(battery(), aircraft(more='start = "2 min"\ncount = 3\ninterval = "90 s"'))
    assert [flight.start_s for flight in scenario.flights] == [120.0, 210.0, 300.0]
    assert [flight.name for flight in scenario.flights] == ["Falcon 1", "Falcon 2", "Falcon 3"]


def test_codes_and_addresses_are_those_of_the_file_or_each_its_own() -> None:
    modes = 'modes = ["mode-3a", "mode-s"]'
    scenario = built(
        battery(),
        aircraft("A", f'iff = {{ {modes}, code = "4301", address = "4B8401" }}'),
        aircraft("B", f"count = 2\niff = {{ {modes} }}"),
        aircraft("C", "iff = { modes = [] }"),
    )
    first, second, third, silent = scenario.flights
    assert (first.mode_3a, first.icao_address) == (4301, 0x4B8401)
    assert len({first.icao_address, second.icao_address, third.icao_address}) == 3
    assert len({first.mode_3a, second.mode_3a, third.mode_3a}) == 3
    assert not set(str(second.mode_3a)) & set("89")
    assert (silent.mode_3a, silent.icao_address, silent.transponder.on) == (-1, -1, False)


def test_the_code_of_the_four_thousandth_aircraft_has_four_octal_digits_too() -> None:
    many = [aircraft(name, 'count = 1000\niff = { modes = ["mode-3a"] }') for name in "ABCD"]
    codes = [flight.mode_3a for flight in built(battery(), *many).flights]
    assert len(codes) == 4_000
    assert (min(codes), max(codes)) == (2000, 7777)
    assert not set("".join(map(str, codes))) & set("89")


def test_keys_and_modes_of_the_file_replace_those_of_the_catalogue() -> None:
    scenario = built(battery(), aircraft(more='iff = { modes = ["mode-4"], keys = ["turkey"] }'))
    assert scenario.flights[0].transponder.keys == {"turkey"}
    assert scenario.flights[0].transponder.modes == {"mode-4"}


def test_a_civil_key_domain_is_no_key() -> None:
    scenario = built(battery(), aircraft().replace('"f-16"', '"airliner"'))
    assert "civil" in CATALOGUE.aircraft("airliner").claims["key_domain"].words
    assert scenario.flights[0].transponder.keys == frozenset()


def test_the_preset_of_the_command_line_replaces_that_of_the_file() -> None:
    names = [post.figures.key for post in built(battery(), preset="sceptic").posts]
    assert names[0] == CATALOGUE.system("s-400").presets["sceptic"].search_radar
    assert names[0] != built(battery()).posts[0].figures.key


@pytest.mark.parametrize("above", ["ground", "sea"])
def test_a_height_below_the_ground_is_refused(above: str) -> None:
    with pytest.raises(UseError, match=r"route\[1\]: height"):
        built(battery(), aircraft(above=above).replace('"1000 m"', '"-10 m"'))


def test_a_ballistic_missile_has_no_route() -> None:
    with pytest.raises(UseError, match="flies an arc, which a route is not"):
        built(battery(), aircraft().replace("f-16", "ballistic-missile"))


def test_a_route_over_the_ground_is_filled_up_and_one_that_repeats_is_closed() -> None:
    once = built(battery(), aircraft(above="ground")).flights[0].route
    ends = (np.radians([40.5, 41.5]), np.radians([32.0, 32.0]), np.array([1e3, 3e3]), np.array([200.0, 300.0]))
    again = follow_ground(*ends, np.array([True, True]), None, repeat=True)
    assert len(again.lat_rad) > 1.5 * len(once.lat_rad)
    assert np.all(np.diff(once.speed_mps) > 0.0)
    assert once.speed_mps[len(once.speed_mps) // 2] == pytest.approx(250.0, abs=10.0)

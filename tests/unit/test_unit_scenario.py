"""Scenario files: the shipped one builds; what is wrong in one is said with file, key and what was expected."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from chainhome import earth
from chainhome.catalogue import load as load_catalogue
from chainhome.errors import UseError
from chainhome.scenario import json_schema, load, parse, shipped
from chainhome.scenario.load import DATA

TEXT = (DATA / "first-trial.toml").read_text(encoding="utf-8")


def parsed(text: str) -> object:
    return parse(text, "trial.toml", load_catalogue())


def test_the_first_trial_is_what_the_file_says() -> None:
    scenario = load("first-trial", load_catalogue())
    assert shipped() == ["first-trial"]
    assert scenario.length_s == 150 * 60.0
    assert [post.role for post in scenario.posts] == ["search", "engagement"]
    assert {flight.name for flight in scenario.flights} >= {"Falcon (friend)", "Intruder (mock enemy)"}
    assert scenario.replays[0].first_fix_s == 300.0
    assert not any(post.may_engage for post in scenario.posts)
    ids = [flight.target_id for flight in scenario.flights] + [replay.target_id for replay in scenario.replays]
    assert ids == list(range(len(ids)))


def test_a_low_route_stays_above_the_ground_between_its_waypoints() -> None:
    scenario = load("first-trial", load_catalogue())
    low = next(flight for flight in scenario.flights if flight.name.startswith("Intruder"))
    from chainhome import motion

    world = earth.enu_frame(scenario.origin.lat_rad, scenario.origin.lon_rad, 0.0)
    limits = motion.FlightLimits(1.2, 3.0, 8.0, 150.0)
    rows = motion.route_truth(low.route, 0, world, start_s=0.0, end_s=2400.0, limits=limits)
    ground = earth.terrain_height_m(earth.load_terrain(), np.radians(rows.lat_deg), np.radians(rows.lon_deg))
    assert (rows.altitude_m - ground).min() > 0.0


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('antenna   = "24 m"', 'antenna   = "-24 m"', 'battery "Mürted": antenna = "-24 m" must not be negative'),
        ('antenna   = "24 m"', 'antena   = "24 m"', 'battery "Mürted" antena is not a key that a scenario knows'),
        ('system    = "s-400"', 'system    = "s-40"', "did you mean s-400"),
        ('site      = "murted"', 'site      = "murtad"', "no such site; did you mean murted"),
        ('class = "f-4"', 'class = "f-44"', 'aircraft "Phantom (friend)": class'),
        ('length  = "150 min"', 'length  = "150 parsecs"', '"parsecs" is not a unit of time'),
        ('preset  = "middle"', 'preset  = "best"', "expected 'headline', 'middle' or 'sceptic'"),
        ("lat = 40.95, lon = 30.90", "lat = 140.95, lon = 30.90", 'aircraft "Falcon (friend)" route[1] lat = 140.95'),
        ('height = "24000 ft"', "height = 24000", "expected a valid string"),
        ('title   = "First trial over Mürted"', "", "title is missing"),
        ('file = "thy1920"', 'file = "thy1921"', "not a recording that the package carries"),
        ('code = "4301"', 'code = "4398"', "code"),
        ('height = "24000 ft"', 'height = "-9 km"', 'route[1]: height = "-9 km" above sea level is below the ground'),
        ('height = "24000 ft"', 'height = "500 ft"', "is below the ground there"),
        ('name = "Phantom (friend)"', 'name = "Falcon (friend)"', 'aircraft "Falcon (friend)" is there twice'),
        ("{ lat = 40.12, lon = 32.45, ", "{ lat = 40.95, lon = 30.90, ", "waypoints 1 and 2 are the same place"),
        ("[[battery]]", "[battery]", "battery is one table; write [[battery]] for each"),
        ('modes = ["mode-3a", "mode-c", "mode-4"]', 'modes = ["mode-9"]', "Phantom"),
        ("start   = 2019-11-25T09:00:00Z", "start   = 0", "start = 0"),
        ('length  = "150 min"', 'length  = "0 s"', "must be at least 1 s"),
        ('length  = "150 min"', 'length  = "1e400 s"', "must be at most"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(UseError) as caught:
        parsed(TEXT.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith("trial.toml: ")
    assert sentence in message
    assert "\n" not in message


def test_figures_of_the_catalogue_can_be_overridden_in_place() -> None:
    text = TEXT.replace(
        'engagement = { period = "10 s" }',
        'search = { reference_range = "200 km", reference_rcs = "1 m2", sector = "120 deg" }\n'
        'engagement = { period = "3 s", sector = "360 deg" }',
    ).replace('class = "f-4"', 'class = "f-4"\nrcs = "9 m2"')
    scenario = parsed(text)
    search, engagement = (post.figures for post in scenario.posts)  # type: ignore[attr-defined]
    assert (search.reference_range_m, search.reference_rcs_m2) == (200e3, 1.0)
    assert search.sector_width_rad == pytest.approx(np.radians(120.0))
    assert engagement.period_s == 3.0
    assert np.isnan(engagement.sector_width_rad)
    phantom = next(flight for flight in scenario.flights if flight.name.startswith("Phantom"))  # type: ignore[attr-defined]
    assert phantom.figures.rcs_m2 == 9.0
    notes = " ".join(scenario.notes)  # type: ignore[attr-defined]
    assert "search radar of Mürted: reference_range = 200 km, reference_rcs = 1 m2, sector = 120 deg" in notes
    assert "Phantom (friend): rcs = 9 m2, transponder" in notes
    with pytest.raises(UseError, match=r'search: reference_rcs = "1 m": "m" is not a unit of area'):
        parsed(text.replace('"1 m2"', '"1 m"'))


def test_a_scenario_in_which_nothing_flies_is_refused() -> None:
    head = TEXT[: TEXT.index("[[aircraft]]")]
    with pytest.raises(UseError, match=r"nothing flies; expected at least one \[\[aircraft\]\]"):
        parsed(head)


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / "trial.toml").write_text(TEXT, encoding="utf-8-sig")
    assert load(str(tmp_path / "trial.toml"), load_catalogue()).title == "First trial over Mürted"


def test_broken_toml_names_the_line() -> None:
    with pytest.raises(UseError, match=r"trial\.toml: not valid TOML: .*line 2"):
        parsed('title = "x"\nstart = = 3\n')


def test_an_unknown_scenario_answers_with_the_nearest() -> None:
    with pytest.raises(UseError, match="did you mean first-trial"):
        load("frist-trial", load_catalogue())
    with pytest.raises(UseError, match=r"nowhere\.toml: no such file"):
        load("nowhere.toml", load_catalogue())


def test_the_json_schema_describes_the_shipped_scenario() -> None:
    schema = json_schema()
    assert json.loads(json.dumps(schema)) == schema
    document = tomllib.loads(TEXT)
    assert set(document) <= set(schema["properties"])
    aircraft = schema["$defs"]["AircraftWords"]["properties"]
    assert set(document["aircraft"][0]) <= set(aircraft)
    assert "class" in aircraft

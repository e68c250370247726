"""What stood where on a day: the deployments of the catalogue, and how imprecise and missing dates are read."""

from __future__ import annotations

import copy
import datetime
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome import catalogue
from chainhome.catalogue import check, loader
from chainhome.catalogue.postings import DEPLOYMENT_STATUSES, as_day
from chainhome.cli import main
from chainhome.errors import UseError

CAT = catalogue.load()
DAY = datetime.timedelta(days=1)


def there(date: str, name: str | None = None) -> dict[str, str]:
    """Site and owner of what is there on a day, with its status."""
    found = catalogue.deployments(date, name=name)
    return {f"{d.site}, {d.owner}": d.status for d in found if d.present}


# fmt: off
PATRIOTS = [
    ("2012-12-31", {}),
    ("2013-01-24", {"adana, Netherlands": "delivered", "kahramanmaras, Germany": "delivered"}),
    ("2013-01-26", {"adana, Netherlands": "activated", "kahramanmaras, Germany": "delivered"}),
    ("2013-02-05", {"adana, Netherlands": "activated", "kahramanmaras, Germany": "activated",
                    "gaziantep, United States": "activated"}),
    ("2015-01-20", {"adana, Netherlands": "activated", "kahramanmaras, Germany": "activated",
                    "gaziantep, United States": "activated", "adana, Spain": "delivered"}),
    ("2015-03-01", {"kahramanmaras, Germany": "activated", "gaziantep, United States": "activated",
                    "adana, Spain": "activated"}),
    ("2015-11-15", {"kahramanmaras, Germany": "delivered", "adana, Spain": "activated"}),
    ("2016-01-01", {"adana, Spain": "activated"}),
    ("2020-01-01", {"adana, Spain": "activated"}),
]
# fmt: on


@pytest.mark.parametrize(("date", "expected"), PATRIOTS)
def test_the_patriots_of_the_border_come_and_go_as_published(date: str, expected: dict[str, str]) -> None:
    assert there(date, "turkey-patriot-2013") == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2019-07-24", []),
        ("2019-07-25", ["delivered"]),
        ("2019-09-14", ["delivered"]),
        ("2019-09-30", ["delivered", "delivered"]),
        ("2020-05-01", ["delivered", "delivered"]),
        ("2024-01-01", ["delivered", "delivered"]),
    ],
)
def test_the_s_400_is_delivered_twice_and_never_activated(date: str, expected: list[str]) -> None:
    found = [d for d in catalogue.deployments(date, name="turkey-s-400") if d.present]
    assert [d.status for d in found] == expected
    assert len(found) == catalogue.status_at(CAT, date).delivered_units
    assert all(d.activated is None and not d.covers for d in found)
    assert not any(d.covers for d in catalogue.deployments(date, name="s-400"))


def test_italy_stood_where_germany_had_stood_with_a_system_that_the_catalogue_has_no_figures_of() -> None:
    (found,) = catalogue.deployments("2018-01-01", name="turkey-samp-t-2016")
    assert (found.site, found.owner, found.status) == ("kahramanmaras", "Italy", "activated")
    assert (found.system, found.system_name, found.known) == ("samp-t", "SAMP/T", False)
    assert catalogue.deployments("2019-12-31", name="turkey-samp-t-2016")[0].status == "withdrawn"
    assert all(d.known == (d.system in CAT.systems) for d in catalogue.deployments("2018-01-01"))


def test_a_date_known_to_the_month_counts_on_its_last_day_and_is_doubtful_before() -> None:
    def american(date: str) -> tuple[str, bool]:
        (found,) = catalogue.deployments(date, name="turkey-patriot-2013-gaziantep-united-states")
        return found.status, found.doubtful

    assert american("2015-09-30") == ("activated", False)
    assert american("2015-10-01") == ("activated", True)
    assert american("2015-10-30") == ("activated", True)
    assert american("2015-10-31") == ("withdrawn", False)
    (found,) = catalogue.deployments("2015-10-31", name="turkey-patriot-2013-gaziantep-united-states")
    assert found.withdrawn is not None
    assert (found.withdrawn.first, found.withdrawn.last) == (datetime.date(2015, 10, 1), datetime.date(2015, 10, 31))
    assert (found.withdrawn.precision, str(found.withdrawn)) == ("month", "2015-10")
    assert found.switched_off is None  # nobody has published it


def test_what_nobody_has_reported_on_since_is_doubtful() -> None:
    def spanish(date: str) -> tuple[str, bool]:
        (found,) = catalogue.deployments(date, name="turkey-patriot-2013-adana-spain")
        return found.status, found.doubtful

    assert spanish("2025-01-26") == ("activated", False)
    assert spanish("2025-01-27") == ("activated", True)
    assert [d.doubtful for d in catalogue.deployments("2021-01-01", name="turkey-s-400")] == [True, True]


def test_each_date_is_a_claim_with_a_standing_and_sources_that_the_catalogue_has() -> None:
    for found in catalogue.deployments("2019-09-30"):
        for dated in (found.delivered, found.activated, found.switched_off, found.withdrawn, found.last_reported):
            if dated is None:
                continue
            assert dated.claim.status in ("published", "derived", "assumed", "unverified")
            assert dated.sources or dated.claim.status == "assumed"
            assert set(dated.sources) <= set(CAT.sources)
            assert set(dated.sources) <= set(found.sources)
    (sinop,) = catalogue.deployments("2020-12-01", name="turkey-s-400-trial")
    assert sinop.withdrawn is not None
    assert sinop.withdrawn.claim.status == "assumed"


def test_the_place_of_a_deployment_is_that_of_its_site() -> None:
    for found in catalogue.deployments("2015-01-01"):
        site = CAT.site(found.site)
        assert (found.lat_deg, found.lon_deg) == (site.claims["lat_deg"].value, site.claims["lon_deg"].value)


def test_deployments_and_the_stays_of_the_sites_tell_the_same() -> None:
    ends = {
        (site.key, stay.system, stay.operator): stay.until
        for site in CAT.sites.values()
        for stay in site.occupied
        if stay.operator != "generic"
    }
    for found in catalogue.deployments("2015-01-01"):
        if found.known and found.system == "patriot":
            assert ends[found.site, found.system, found.owner] == str(found.withdrawn or "")


@pytest.mark.parametrize("name", ["patriot", "Turkiye", "S 400", "turkey-s-400", "turkey-s-400-sinop"])
def test_deployments_are_picked_by_key_group_country_or_system(name: str) -> None:
    picked = catalogue.deployments("2020-01-01", name=name)
    assert 0 < len(picked) <= len(catalogue.deployments("2020-01-01"))
    assert set(picked) <= set(catalogue.deployments("2020-01-01"))


def test_an_unknown_name_and_a_date_that_is_none_are_refused() -> None:
    with pytest.raises(UseError, match=r'no deployment "turkey-patriot-2012"; did you mean turkey-patriot-2013'):
        catalogue.deployments("2015-01-01", name="turkey-patriot-2012")
    for date in ("2015-02-30", "March 2015", "2015-3-1", "20150301", ""):
        with pytest.raises(UseError, match=re.escape(f'date = "{date}" is not a day; expected YYYY-MM-DD')):
            catalogue.deployments(date)
    assert as_day(datetime.datetime(2015, 3, 1, 12)) == as_day(datetime.date(2015, 3, 1)) == as_day("2015-03-01")


@given(st.dates(datetime.date(2012, 1, 1), datetime.date(2026, 1, 1)))
def test_what_is_withdrawn_stays_withdrawn_and_what_is_delivered_was_not_undelivered(day: datetime.date) -> None:
    ranks = {status: rank for rank, status in enumerate(DEPLOYMENT_STATUSES)}
    for one, next_day in zip(catalogue.deployments(day), catalogue.deployments(day + DAY), strict=True):
        switched_off = one.switched_off is not None and one.switched_off.last == day + DAY
        assert ranks[next_day.status] >= ranks[one.status] or (switched_off and next_day.status == "delivered")


TURKEY = "history/turkey.toml"
GERMANY = "patriot-2013-kahramanmaras-germany"
Documents = dict[str, dict[str, Any]]


def germany(documents: Documents) -> dict[str, Any]:
    posting: dict[str, Any] = documents[TURKEY]["deployments"][GERMANY]
    return posting


MISTAKES: dict[str, tuple[Callable[[Documents], Any], str]] = {
    "unknown site": (lambda d: germany(d).update(site="marash"), 'unknown site "marash"'),
    "unknown system": (
        lambda d: germany(d).update(system="patriots"),
        'unknown system "patriots"; did you mean patriot?; one not in the catalogue needs a system_name',
    ),
    "a group that nobody can type": (
        lambda d: germany(d).update(group="Patriot 2013"),
        'must be lower case with hyphens: "patriot-2013"',
    ),
    "a date that is none": (
        lambda d: germany(d)["claims"]["delivered"].update(value="January 2013"),
        "claims.delivered: value = 'January 2013' must be YYYY, YYYY-MM or YYYY-MM-DD",
    ),
    "activated before it came": (
        lambda d: germany(d)["claims"]["activated"].update(value="2012-12"),
        "activated = 2012-12 comes before delivered = 2013-01-23",
    ),
    "a step that is none": (
        lambda d: germany(d)["claims"].update(arrived=germany(d)["claims"]["delivered"]),
        f"{TURKEY}: deployments.{GERMANY}.claims.arrived",
    ),
    "published without a source": (
        lambda d: germany(d)["claims"]["activated"].pop("sources"),
        f"deployments.{GERMANY}.claims.activated: a published claim needs at least one source",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_deployment_is_named(mistake: str) -> None:
    make, message = MISTAKES[mistake]
    documents = copy.deepcopy(loader.read_documents(loader.DATA_FOLDER))
    make(documents)
    with pytest.raises(UseError, match=re.escape(message)):
        check.check_documents(documents)


def test_the_command_shows_what_stood_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "turkey", "--date", "2015-10-20"]) == 0
    out = capsys.readouterr().out
    for expected in ("its own and its allies'", "activated ?", "2015-10-15", "? = the dates are known to the month"):
        assert expected in out
    assert main(["catalogue", "turkey", "--date", "2018-01-01", "--json"]) == 0
    shown = {entry["system"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert shown["samp-t"]["delivered_units"] is None
    assert [d["status"] for d in shown["samp-t"]["deployments"]] == ["activated"]
    assert [d["withdrawn"] for d in shown["patriot"]["deployments"]] == ["2015-01-26", "2015-12-22", "2015-10", None]
    assert main(["catalogue", "turkey"]) == 0
    out = capsys.readouterr().out
    assert "– = not published" in out
    assert main(["catalogue", "turkey", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["deployments"]) == len(catalogue.deployments("2020-01-01"))

"""What `chainhome coverage` refuses, and what it must say first: days to come, deployments, folders, thin data."""

from __future__ import annotations

import datetime

import pytest

from chainhome.catalogue.postings import past_day
from chainhome.cli import main
from chainhome.errors import UseError

COMMON = ["coverage", "s-400", "--target", "f-16"]


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Return the one sentence on standard error of a use that is refused with exit code 2."""
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_day_to_come_is_refused_and_today_is_not() -> None:
    today = datetime.date.today()
    assert past_day(today) == today
    with pytest.raises(UseError, match="is still to come; expected a day until today"):
        past_day(today + datetime.timedelta(days=2))


@pytest.mark.parametrize("argv", [[*COMMON, "--date", "9999-12-31"], ["catalogue", "turkey", "--date", "9999-12-31"]])
def test_no_command_tells_of_a_day_to_come(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert 'date = "9999-12-31" is still to come' in refused(capsys, *argv)


def test_a_deployment_without_a_day_says_that_it_needs_one(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "coverage", "turkey-patriot-2013", "--target", "f-16")
    assert '"turkey-patriot-2013" is a deployment and not a system: add the day, such as --date' in told


def test_no_terrain_is_not_the_folder_one_stands_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert '--terrain "" is no file' in refused(capsys, *COMMON, "--terrain", "")

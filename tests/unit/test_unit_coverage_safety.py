"""What `chainhome coverage` refuses, and what it must say first: days to come, deployments, folders, thin data."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from elevation_files import write

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


def test_tiles_that_hold_little_of_the_disc_are_told_first(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path / "land.tif", west=32.0, north=41.0, step=0.01, shape=(200, 100))
    argv = [*COMMON, "--site", "40.0,32.5", "--terrain", str(tmp_path), "--altitude", "100m", "--cell", "10km"]
    assert main(argv) == 0
    said = capsys.readouterr().out
    assert said.startswith("Only 3.9 % of the disc of 400 km round 40.0000, 32.5000 has heights in ")
    assert "optimistic" not in said
    assert main([*argv, "--json"]) == 0
    assert capsys.readouterr().out.startswith('{\n  "lead": "Only 3.9 % of the disc')


def test_tiles_that_hold_the_disc_need_no_word(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path / "land.tif", west=32.0, north=41.0, step=0.01, shape=(200, 100))
    argv = ["coverage", "shorad", "--target", "f-16", "--site", "40.0,32.5", "--terrain", str(tmp_path)]
    assert main([*argv, "--altitude", "100m", "--cell", "1km"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Of the disc of 20 km")
    assert "Assumed: nobody has published how high the antenna" in said


def test_heights_that_files_cannot_tell_apart_are_asked_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    heights = ["--altitude", "100m", "--altitude", "100.0004m", "--altitude", "50m"]
    argv = [*COMMON, *heights, "--smooth", "--cell", "20km", "--out", str(tmp_path / "new")]
    assert main(argv) == 0
    assert capsys.readouterr().out.count("map-") == 2


def test_a_height_at_which_nothing_flies_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is too low to fly" in refused(capsys, *COMMON, "--altitude", "1e-300m", "--smooth")


def test_options_that_change_nothing_or_too_much_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    argv = [*COMMON, "--altitude", "1km", "--smooth", "--cell", "20km", "--boresight", "20", "--antenna", "5km"]
    assert main(argv) == 0
    told = capsys.readouterr().err
    assert "--boresight changes nothing: 91N6E turns all round" in told
    assert "--antenna 5km: no mast stands 5000 m above the ground" in told

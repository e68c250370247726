"""`chainhome coverage` from the command line: what it asks, what it refuses, what it prints and what it writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from chainhome.cli import coverage_command, coverage_sites, main
from chainhome.coverage import CoverageQuestion

COMMON = ["coverage", "s-400", "--target", "f-16"]
QUICK = [*COMMON, "--altitude", "100m", "--cell", "10km"]
SMOOTH = [*QUICK, "--smooth"]


class AskedError(Exception):
    """Carries the question out of the command."""


def asked(monkeypatch: pytest.MonkeyPatch, *argv: str) -> CoverageQuestion:
    """Return the question that a command line asks."""

    def stop(question: CoverageQuestion, *_: object, **__: object) -> None:
        raise AskedError(question)

    monkeypatch.setattr(coverage_command, "cover", stop)
    with pytest.raises(AskedError) as found:
        main(argv)
    question: CoverageQuestion = found.value.args[0]
    return question


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Return the one sentence on standard error of a use that is refused with exit code 2."""
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("chainhome: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


def test_every_option_reaches_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(
        monkeypatch, *COMMON, "--altitude", "10000ft", "--altitude", "4km", "--msl", "--site", "murted", "--site",
        "39.0, 33.0", "--antenna", "10m", "--boresight", "90", "--pd", "0.9", "--preset", "sceptic", "--cell", "2km",
        "--refraction", "none", "--lobing", "0.3m", "--rain", "10mm/h",
    )  # fmt: skip
    assert question.altitudes_m == (pytest.approx(3_048.0), 4_000.0)
    assert question.above_sea
    assert [site.place.name for site in question.sites] == ["Mürted air base, Ankara", "39.0000, 33.0000"]
    assert {site.antenna_m for site in question.sites} == {10.0}
    assert {site.boresight_rad for site in question.sites} == {np.pi / 2}
    assert {site.preset for site in question.sites} == {"sceptic"}
    assert (question.detection_probability, question.cell_m, question.refraction) == (0.9, 2_000.0, "none")
    assert question.lobing is not None
    assert question.lobing.roughness_m == 0.3
    assert question.rain_mm_per_h == 10.0


def test_left_out_options_have_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(monkeypatch, *COMMON)
    (site,) = question.sites
    assert site.place.name == "Mürted air base, Ankara"
    assert (site.antenna_m, site.boresight_rad, site.preset) == (None, None, "middle")
    assert question.altitudes_m == coverage_command.DEFAULT_ALTITUDES_M
    assert (question.lobing, question.rain_mm_per_h, question.refraction) == (None, 0.0, "standard")
    assert asked(monkeypatch, *COMMON, "--lobing").lobing is not None
    assert asked(monkeypatch, *COMMON, "--smooth").grid is None


def test_the_ground_is_the_shipped_terrain_in_cells_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(monkeypatch, *COMMON, "--cell", "1km")
    place = question.sites[0].place
    assert question.grid is not None
    grid = question.grid(place.lat_rad, place.lon_rad, 20e3)
    assert (grid.cell_m, grid.half, grid.name) == (1_000.0, 20, "anatolia")
    assert float(grid.heights_m[20, 20]) == pytest.approx(place.ground_m, abs=0.01)


def test_the_usual_altitudes_above_the_sea_leave_out_those_below_the_ground(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, *COMMON, "--msl").altitudes_m == (1_000.0, 3_000.0, 10_000.0)


def test_a_scenarios_batteries_are_the_sites(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asked(monkeypatch, "coverage", "first-trial", "--target", "f-16")
    (site,) = question.sites
    assert (site.name, site.system.key, site.antenna_m, site.preset) == ("Mürted", "s-400", 24.0, "middle")


def test_a_scenario_file_may_have_several_batteries_and_their_own_figures_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from chainhome.scenario.load import DATA

    text = (DATA / "first-trial.toml").read_text("utf-8")
    second = '\n[[battery]]\nname = "South"\nsystem = "patriot"\nsite = "adana"\nboresight = "180 deg"\n'
    second += 'search = { period = "5 s" }\n'
    (tmp_path / "two.toml").write_text(text.replace("\n[comparison]", f"{second}\n[comparison]"), encoding="utf-8")
    given = SimpleNamespace(system=str(tmp_path / "two.toml"), preset=None, smooth=False)
    given.site = given.date = given.antenna = given.boresight = given.terrain = None
    from chainhome.catalogue import load

    standing = coverage_sites.sites_of(given, load())
    assert [(site.name, site.system.key) for site in standing.sites] == [("Mürted", "s-400"), ("South", "patriot")]
    assert standing.sites[1].boresight_rad == pytest.approx(np.pi)
    assert 'battery "South": its own radar figures are not used' in standing.told[0]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--altitude", "100 furlongz"], '"furlongz" is not a unit of length'),
        (["--altitude=-100m"], "altitude -100 m above ground must be positive"),
        (["--cell", "1m"], "--cell"),
        (["--cell", "soon"], "--cell"),
        (["--cell", "20m"], "1,600 million cells, more than 40 million; take cells of 127 m or more"),
        (["--rain", "much"], '--rain "much" is no rate of rain; expected one such as 10mm/h'),
        (["--rain", "900mm/h"], "must lie between 0 and 250"),
        (["--lobing", "1km"], "--lobing"),
        (["--refraction", "some"], '--refraction "some" is not known'),
        (["--site", "murted", "--site", "murted"], "--site murted is there twice"),
        (["--site", "murtd"], "no such site; did you mean murted"),
        (["--boresight", "700"], "is not a bearing; expected -360 to 360 degrees"),
        (["--boresight", "south"], "--boresight"),
        (["--date", "September"], "is not a day; expected YYYY-MM-DD"),
        (["--date", "2019-09-30", "--site", "gaziantep"], "no deployment of s-400 there is known"),
        (["--smooth", "--terrain", "x.tif"], "not allowed with argument"),
        (["--out", ""], "is not a folder"),
        (["--cells"], "--cells writes files; give a folder with --out"),
    ],
)
def test_a_wrong_use_gets_one_sentence(more: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sentence in refused(capsys, *COMMON, *more)


def test_what_has_no_meaning_together_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "s-400" in refused(capsys, "coverage", "s-40", "--target", "f-16")
    assert "do not go with a scenario" in refused(capsys, "coverage", "first-trial", "--target", "f-16", "--site", "x")
    assert "flies an arc" in refused(capsys, "coverage", "s-400", "--target", "ballistic-missile", "--cell", "20km")
    assert 'no deployment "shorad' in refused(capsys, "coverage", "shorad", "--target", "f-16", "--date", "2019-09-30")


def test_the_terminal_says_the_sentence_the_shares_the_rules_and_the_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(SMOOTH) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Of the disc of 400 km that the claim draws, an F-16 at 100 m is seen in ")
    assert re.search(r"height above ground +seen +horizon", captured.out)
    assert "smooth earth at 843 m" in captured.out
    assert "reading rules were used" in captured.out
    assert "sources: " in captured.out


def test_over_terrain_the_terminal_says_what_a_smooth_earth_would_leave(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(QUICK) == 0
    said = capsys.readouterr().out
    assert "Over a smooth earth it would be 2.4 %: the hills take " in said
    assert said.splitlines()[1] == "The claim names no height and no target."
    assert re.search(r"height above ground +seen +over a smooth earth +horizon +terrain", said)
    assert re.search(r"100 m +\S+ % \[\S+\] +2\.4 %", said)
    assert "several may hide one cell" in re.sub(r"\s+", " ", said)
    assert "binds first" not in said
    assert main(SMOOTH) == 0
    said = capsys.readouterr().out
    assert "over a smooth earth" not in said.lower()
    assert "the curve of the earth hides" in said


def test_altitudes_below_the_ground_of_the_site_are_answered_where_the_air_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Mürted lies at 836 m; the valleys and the sea of its disc do not."""
    assert main([*COMMON, "--altitude", "500m", "--msl", "--cell", "10km", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["coverage"]
    assert row["seen_over_smooth_earth"] is None
    assert 0.6 < row["lost_to_ground"] < 0.7
    assert main([*COMMON, "--altitude", "500m", "--msl", "--cell", "10km"]) == 0
    said = capsys.readouterr().out
    assert "% is ground higher than that." in said
    assert "below ground" in said


def test_over_a_smooth_earth_the_share_is_that_of_the_horizon(capsys: pytest.CaptureFixture[str]) -> None:
    from chainhome import earth

    assert main([*COMMON, "--altitude", "1km", "--smooth", "--cell", "2km", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["coverage"]
    horizon_m = float(earth.horizon_range_m(24.0, 1_000.0))
    one_cell_wide = 2 * 2e3 / horizon_m * (horizon_m / 400e3) ** 2
    assert row["seen"] == pytest.approx((horizon_m / 400e3) ** 2, abs=one_cell_wide)
    assert row["lost_to_horizon"] == pytest.approx(1.0 - row["seen"])


def test_json_is_all_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMOOTH, "--json", "--site", "murted", "--site", "adana"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert captured.err == ""
    assert [site["name"] for site in found["sites"]] == [
        "Mürted air base, Ankara",
        "Adana (Patriot, Netherlands then Spain)",
    ]
    assert set(found["counts"][0]["seen_by_at_least"]) == {"1", "2"}
    assert found["sources"]


def test_a_site_outside_the_terrain_says_so_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--site", "59.9, 10.7"]) == 0
    captured = capsys.readouterr()
    assert "lies outside the shipped terrain" in captured.err
    assert "smooth earth at 0 m" in captured.out
    assert main([*QUICK, "--site", "32.85, 39.93"]) == 0
    assert "did you mean 39.9300, 32.8500? latitude comes first" in capsys.readouterr().err


def test_of_two_sites_one_may_lie_outside_the_terrain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--site", "murted", "--site", "48.2, 16.4"]) == 0
    captured = capsys.readouterr()
    assert "anatolia" in captured.out
    assert "smooth earth at 0 m" in captured.out
    assert "2 or more" in captured.out


# Days ----------------------------------------------------------------------------------------------------------------


def test_what_was_delivered_and_not_activated_covers_nothing_and_is_drawn_as_if(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*QUICK, "--date", "2019-09-30"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("On 2019-09-30 it had been delivered and not activated: nothing was covered.")
    assert "2 units, delivered, not activated; drawn as if it were switched on" in said.replace("\n", " ")


def test_the_border_sites_are_there_before_their_withdrawal_and_not_after(capsys: pytest.CaptureFixture[str]) -> None:
    sites = {}
    for day in ("2015-03-01", "2016-03-01"):
        argv = ["coverage", "turkey-patriot-2013", "--target", "f-16", "--altitude", "1km", "--cell", "5km"]
        assert main([*argv, "--date", day, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        sites[day] = [site["name"].split(" (")[0] for site in found["sites"]]
        assert found["date"] == day
        used = {key for one in found["deployments"] for key in one["sources"]}
        assert used <= {source["key"] for source in found["sources"]}
    assert sites == {"2015-03-01": ["Adana", "Gaziantep", "Kahramanmaraş"], "2016-03-01": ["Adana"]}


def test_a_day_on_which_nothing_stood_says_so_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [*QUICK, "--date", "2018-01-01"]
    assert main([*argv, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "nothing is covered" in said
    assert "not delivered" in said
    assert not (tmp_path / "out").exists()
    assert main([*argv, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sites"] == []
    assert {one["status"] for one in found["deployments"]} == {"not delivered"}


def test_one_of_the_sites_of_a_day_can_be_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ["coverage", "patriot", "--target", "f-16", "--date", "2015-03-01", "--site", "adana"]
    assert [site.place.name for site in asked(monkeypatch, *argv).sites] == ["Adana (Patriot, Netherlands then Spain)"]


# Files ---------------------------------------------------------------------------------------------------------------


def test_a_folder_gets_every_file_and_they_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rasterio")
    out = tmp_path / "out"
    assert main([*QUICK, "--out", str(out)]) == 0
    written = {
        Path(line.removeprefix("wrote ")).name for line in capsys.readouterr().out.splitlines() if "wrote" in line
    }
    assert written == {path.name for path in out.iterdir()}
    assert {
        "coverage.html",
        "coverage.geojson",
        "coverage.kml",
        "coverage.czml",
        "surface.tif",
        "map-100m.png",
    } <= written
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main([*QUICK, "--out", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_with_lobing_the_folder_also_gets_its_vertical_chart(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([*SMOOTH, "--lobing", "0.5m", "--out", str(out)]) == 0
    assert (out / "lobes.png").read_bytes().startswith(b"\x89PNG")
    assert "At which height" in (out / "coverage.html").read_text("utf-8")


def test_with_cells_the_folder_also_gets_what_every_cell_holds(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    out = tmp_path / "out"
    assert main([*SMOOTH, "--cells", "--out", str(out)]) == 0
    layers = {}
    for name in ("pd", "cumulative", "snr", "limit"):
        with rasterio.open(out / f"{name}-100m.tif") as raster:
            layers[name] = raster.read(1)
            assert "an F-16 at 100 m above the ground" in raster.descriptions[0]
    seen = layers["limit"] == 0
    assert seen.any()
    assert (layers["pd"][seen] >= 0.5).all()
    assert (layers["pd"][~seen] < 0.5).all()
    middle = layers["pd"].shape[0] // 2
    inward = layers["cumulative"][middle, middle::-1]
    assert (np.diff(inward[np.isfinite(inward)]) <= 1e-6).all()
    assert np.isnan(layers["snr"][layers["limit"] == 1]).all()


def test_without_rasterio_the_surface_is_left_out_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "rasterio" else found(name))
    assert main([*SMOOTH, "--out", str(tmp_path / "out")]) == 0
    assert 'surface.tif is left out: it needs the extra geo (pip install "chainhome[geo]")' in capsys.readouterr().err
    assert not (tmp_path / "out" / "surface.tif").exists()
    assert (tmp_path / "out" / "coverage.html").exists()


def test_a_folder_that_holds_something_else_is_refused_before_anything_is_computed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    monkeypatch.setattr(coverage_command, "cover", None)
    assert "holds thesis.txt" in refused(capsys, *QUICK, "--out", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_users_own_heights_are_the_ground(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rasterio = pytest.importorskip("rasterio")
    from rasterio.transform import Affine

    heights = np.full((600, 600), 500.0, np.float32)
    heights[:, 305:308] = 2_500.0  # a wall to the east of the site
    path = tmp_path / "mine.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=600, width=600, count=1, dtype="float32", crs="EPSG:4326",
        transform=Affine(0.01, 0.0, 47.0, 0.0, -0.01, 13.0),
    ) as raster:  # fmt: skip
        raster.write(heights, 1)
    argv = ["coverage", "shorad", "--target", "f-16", "--altitude", "300m", "--site", "10.0, 50.0", "--cell", "1km"]
    assert main([*argv, "--terrain", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sites"][0]["ground_m"] == 500.0
    assert any("own cells" in note for note in found["sites"][0]["notes"])
    row = found["coverage"][0]
    assert main([*argv, "--smooth", "--json"]) == 0
    smooth = json.loads(capsys.readouterr().out)["coverage"][0]
    assert row["seen"] < smooth["seen"]


def test_the_shipped_heights_from_a_file_give_the_answer_of_the_shipped_terrain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rasterio = pytest.importorskip("rasterio")
    from rasterio.transform import Affine

    from chainhome import earth

    terrain = earth.load_terrain()
    rows, columns = terrain.heights_m.shape
    step = terrain.step_deg
    corner = Affine(step, 0.0, terrain.west_deg - step / 2, 0.0, -step, terrain.north_deg + step / 2)
    path = tmp_path / "shipped.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype="int16", crs="EPSG:4326", transform=corner
    ) as raster:
        raster.write(terrain.heights_m, 1)
    argv = [*COMMON, "--altitude", "1km", "--cell", "2km", "--json"]
    found = []
    for more in ([], ["--terrain", str(path)]):
        assert main([*argv, *more]) == 0
        found.append(json.loads(capsys.readouterr().out)["coverage"][0])
    one_in_a_thousand = 1e-3
    assert found[0]["seen"] > 10 * one_in_a_thousand
    for name in ("seen", "seen_low", "seen_high", "lost_to_horizon", "lost_to_terrain"):
        assert found[1][name] == pytest.approx(found[0][name], abs=one_in_a_thousand)


def test_a_terrain_that_is_none_is_one_clear_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rasterio")
    assert "nowhere.tif" in refused(capsys, *QUICK, "--terrain", str(tmp_path / "nowhere.tif"))

"""The catalogue's files: the shipped ones pass every check, and each kind of mistake is named with file and key."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chainhome import catalogue
from chainhome.catalogue import check, loader
from chainhome.errors import UseError

Documents = dict[str, dict[str, Any]]
SHIPPED = loader.read_documents(loader.DATA_FOLDER)
S400, TURKEY, F16 = "systems/s-400.toml", "history/turkey.toml", "aircraft/f-16.toml"


def test_the_shipped_files_pass_every_check() -> None:
    check.check_documents(SHIPPED)


def headline(documents: Documents) -> dict[str, Any]:
    claim: dict[str, Any] = documents[S400]["claims"]["headline_range"]
    return claim


MISTAKES: dict[str, tuple[Callable[[Documents], Any], str]] = {
    "value outside its band": (
        lambda d: headline(d).update(low=450),
        "systems/s-400.toml: claims.headline_range: expected low <= value <= high, got 450 <= 400 <= 402",
    ),
    "unknown unit": (lambda d: headline(d).update(unit="league"), "systems/s-400.toml: claims.headline_range.unit"),
    "not a number": (lambda d: headline(d).update(low=float("nan")), "claims.headline_range.low"),
    "a truth value for a number": (lambda d: headline(d).update(value=True), "claims.headline_range.value"),
    "unknown key": (lambda d: headline(d).update(colour="red"), "claims.headline_range.colour"),
    "missing key": (lambda d: headline(d).pop("confidence"), "claims.headline_range.confidence"),
    "unknown confidence": (lambda d: headline(d).update(confidence="sure"), "claims.headline_range.confidence"),
    "unknown source": (
        lambda d: headline(d)["sources"].append("tass97684"),
        'unknown source "tass97684"; did you mean tass976849',
    ),
    "unknown source of a reading": (
        lambda d: headline(d)["readings"][0].update(sources=["nobody"]),
        'claims.headline_range: unknown source "nobody"',
    ),
    "date that is none": (
        lambda d: headline(d).update(date="22 Nov 2017"),
        "claims.headline_range: date = '22 Nov 2017' must be YYYY",
    ),
    "published without a source": (lambda d: headline(d).pop("sources"), "needs at least one source that was read"),
    "published on memory alone": (
        lambda d: headline(d).update(sources=["wiki_s400"]),
        "claims.headline_range: a published claim needs at least one source that was read",
    ),
    "assumed without a reason": (
        lambda d: d[S400]["claims"]["salvo"].pop("note"),
        "claims.salvo: a claim that is assumed needs a note",
    ),
    "contested without readings": (
        lambda d: [headline(d).pop("note"), headline(d).pop("readings")],
        "claims.headline_range: a contested claim needs both readings",
    ),
    "words with a band": (
        lambda d: d[S400]["claims"]["key_domain"].update(low=1),
        "claims.key_domain: a claim in words ('russia') takes no low, high or unit",
    ),
    "unknown mode": (
        lambda d: d[F16]["claims"]["transponder_modes"].update(value="mode-3a, mode-9"),
        'aircraft/f-16.toml: claims.transponder_modes: "mode-9" is none of mode-1',
    ),
    "preset with a radar that is not there": (
        lambda d: d[S400]["presets"]["middle"].update(search_radar="91n6"),
        'presets.middle.search_radar = "91n6" is not in this file; did you mean 91n6e',
    ),
    "preset that is missing": (lambda d: d[S400]["presets"].pop("sceptic"), "s-400.toml: presets lacks sceptic"),
    "unknown preset": (lambda d: d[S400]["presets"].update(wild=d[S400]["presets"]["middle"]), "presets.wild"),
    "alias that names two": (
        lambda d: d[F16]["aliases"].append("s400"),
        'aircraft/f-16.toml: "s400" already names systems/s-400.toml',
    ),
    "alias that nobody can type": (
        lambda d: d[F16]["aliases"].append("F 16"),
        'must be lower case with hyphens: "f-16"',
    ),
    "event of an unknown system": (
        lambda d: d[TURKEY]["events"]["s-400-sinop"].update(system="s-4000"),
        'events.s-400-sinop: unknown system "s-4000"; did you mean s-400',
    ),
    "event that ends before it begins": (
        lambda d: d[TURKEY]["events"]["s-400-batch-1"].update(until="2019-07-11"),
        "events.s-400-batch-1: since = '2019-07-12', until = '2019-07-11' must be ISO dates in this order",
    ),
    "stay of an unknown system": (
        lambda d: d["sites/murted.toml"]["occupied"][0].update(system="nike"),
        'sites/murted.toml: occupied.0: unknown system "nike"',
    ),
    "source without an opinion": (
        lambda d: d["sources.toml"]["tass976849"].pop("opinion"),
        "sources.toml: tass976849.opinion",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_and_key(mistake: str) -> None:
    make, message = MISTAKES[mistake]
    documents = copy.deepcopy(SHIPPED)
    make(documents)
    with pytest.raises(UseError, match=re.escape(message)):
        check.check_documents(documents)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(loader.DATA_FOLDER, tmp_path / "data"))


def test_a_folder_of_the_users_own_is_checked_and_loaded(folder: Path) -> None:
    assert catalogue.load(folder) == catalogue.load()
    path = folder / S400
    path.write_text(path.read_text(encoding="utf-8").replace('unit = "km"', 'unit = "leagues"', 1), encoding="utf-8")
    catalogue.load.cache_clear()
    with pytest.raises(UseError, match=r"s-400\.toml: claims\.headline_range\.unit = 'leagues'"):
        catalogue.load(folder)


def test_a_file_that_is_not_toml_and_a_folder_that_is_no_catalogue_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / F16).write_text("name = ", encoding="utf-8")
    with pytest.raises(UseError, match=r"aircraft/f-16\.toml: is not valid TOML"):
        catalogue.load(folder)
    with pytest.raises(UseError, match=r"has no sources\.toml"):
        catalogue.load(tmp_path / "nowhere")


def test_the_content_hash_follows_the_content_and_not_the_line_ends(folder: Path) -> None:
    before = catalogue.content_hash(folder)
    assert before == catalogue.content_hash()
    path = folder / F16
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert catalogue.content_hash(folder) == before
    path.write_bytes(path.read_bytes() + b"# a word\n")
    assert catalogue.content_hash(folder) != before


def test_an_unchanged_catalogue_is_loaded_once() -> None:
    assert catalogue.load() is catalogue.load()

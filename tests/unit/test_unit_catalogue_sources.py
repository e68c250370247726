"""The bibliography: docs/sources.md agrees with the data, and every key cited in the code is in it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from chainhome import catalogue

ROOT = Path(__file__).parents[2]
CITATION = re.compile(r"(?<![\w`\])])\[([a-z][a-z_]*\d*[a-z]?)\](?!\()")
QUOTED = re.compile(r"`[^`]*`|^ *(?:>>>|\.\.\.).*$|\"[^\"]*\"", re.MULTILINE)


def prose(path: Path) -> Iterator[str]:
    """Yield the docstrings and comments of a Python file."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def test_the_page_of_sources_agrees_with_the_data() -> None:
    page = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    assert page == catalogue.sources_markdown(), "regenerate docs/sources.md with catalogue.sources_markdown()"


def test_every_source_stands_on_the_page_once_with_an_opinion() -> None:
    page = catalogue.sources_markdown()
    for source in catalogue.load().sources.values():
        lines = [line for line in page.splitlines() if line.startswith(f"- **[{source.key}]**")]
        assert len(lines) == 1
        assert lines[0].endswith(f"*{source.opinion}*")
        assert source.opinion.endswith(".")


def test_addresses_are_whole_or_left_as_words() -> None:
    for source in catalogue.load().sources.values():
        assert " " not in source.address or not source.address.startswith("http"), source.key
        assert not re.fullmatch(r"https?://[^/]+/?", source.address) or source.key in (
            "natural_earth",
            "opensky",
            "stonesoup",
            "geonames",
        ), source.key


def test_every_key_cited_in_the_code_is_a_source() -> None:
    known = catalogue.load().sources
    missing = {
        f"{path.relative_to(ROOT)}: [{key}]"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for text in prose(path)
        for key in CITATION.findall(QUOTED.sub("", text))
        if key not in known
    }
    assert not missing


def test_an_items_sources_are_listed_once_in_the_order_of_its_file() -> None:
    keys = catalogue.cited_keys(catalogue.load().system("s-400"))
    assert keys[0] == "tass976849"
    assert len(keys) == len(set(keys))

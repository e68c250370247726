"""The tables of docs/asterix.md are those of the declared layouts."""

from __future__ import annotations

from pathlib import Path

from chainhome.formats.asterix.compiled import LAYOUTS
from chainhome.formats.asterix.page import items_markdown

PAGE = Path(__file__).parents[2] / "docs" / "asterix.md"


def test_the_item_tables_of_the_page_are_those_of_the_code() -> None:
    # Made again by what comes after "## Items" in the page and `print(items_markdown(), end="")`.
    assert PAGE.read_text(encoding="utf-8").endswith(items_markdown())


def test_the_page_names_every_column() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for layouts in LAYOUTS.values():
        for layout in layouts:
            for name in (*(field.name for field in layout.fields), *layout.raw_columns):
                assert f"`{name}`" in page, name

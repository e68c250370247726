"""Pages that are made from the code are the ones that stand in docs."""

import runpy
from pathlib import Path

from chainhome.catalogue import sources_markdown

ROOT = Path(__file__).parents[2]


def test_the_data_dictionary_is_that_of_the_code() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "make_data_dictionary.py"))["markdown"]()
    assert (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8") == made


def test_the_bibliography_is_that_of_the_catalogue() -> None:
    assert (ROOT / "docs" / "sources.md").read_text(encoding="utf-8") == sources_markdown()

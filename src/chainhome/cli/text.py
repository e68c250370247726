"""Text for a terminal: tables as wide as the terminal, or 110 characters where there is none."""

from __future__ import annotations

import sys
from typing import Any


def console(*, error: bool = False) -> Any:
    """Return a rich console for standard output (or standard error); plain where it is not a terminal."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 118, highlight=False, soft_wrap=False)


def table(*headings: str, title: str = "") -> Any:
    """Return an empty table with headings; a heading that starts with `>` is set right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for heading in headings:
        made.add_column(heading.removeprefix(">"), justify="right" if heading.startswith(">") else "left")
    return made

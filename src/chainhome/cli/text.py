"""Text for a terminal: tables as wide as the terminal, or 110 characters where there is none."""

from __future__ import annotations

import json
import sys
from typing import Any


def console(*, error: bool = False) -> Any:
    """Return a rich console for standard output (or standard error); plain where it is not a terminal."""
    from rich.console import Console

    class Pipe(Console):
        """A console that leaves a closed pipe to the command line's own way out."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    stream = sys.stderr if error else sys.stdout
    return Pipe(file=stream, width=None if stream.isatty() else 118, highlight=False, soft_wrap=False)


def table(*headings: str, title: str = "") -> Any:
    """Return an empty table with headings; a heading that starts with `>` is set right."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for heading in headings:
        right = heading.startswith(">")
        # A narrow terminal breaks words rather than cutting numbers off.
        made.add_column(heading.removeprefix(">"), justify="right" if right else "left", overflow="fold")
    return made


def print_json(value: Any) -> None:
    """Print a value as JSON; where standard output cannot carry all letters, they are escaped."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") not in ("utf8", "utf16", "utf32")
    print(json.dumps(value, indent=2, ensure_ascii=plain, allow_nan=False))

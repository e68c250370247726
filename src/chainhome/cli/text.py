"""Text for a terminal: tables as wide as the terminal, or 110 characters where there is none."""

from __future__ import annotations

import codecs
import json
import sys
import unicodedata
from typing import Any

# The name of the way in which a stream writes what it has no letter for.
PLAIN = "chainhome.plain"
_SPELLED = {"–": "-", "—": "-", "−": "-", "…": "...", "•": "*", "×": "x", "·": "-", "°": " deg", "µ": "u",
            "≥": ">=", "≤": "<=", "ı": "i", "“": '"', "”": '"', "’": "'", "‘": "'", "›": ">", "‹": "<",
            "→": "->"}  # fmt: skip
# Controls, marks that turn the direction of text, ends of lines and paragraphs: nothing that a sentence holds.
_NOT_SHOWN = {"Cc", "Cf", "Zl", "Zp"}


def _plain_spelling(error: UnicodeError) -> tuple[str | bytes, int]:
    """Spell what a stream cannot write in ASCII: a dash as `-`, a letter without its marks, anything else as `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    spelled = []
    for letter in error.object[error.start : error.end]:
        bare = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii")
        spelled.append(_SPELLED.get(letter) or bare or "?")
    return "".join(spelled), error.end


codecs.register_error(PLAIN, _plain_spelling)


def one_line(text: str) -> str:
    r"""Return text for one line of a terminal: what would move its cursor or break the line is spelled out.

    >>> one_line("a\nb\x1b[2J")
    'a\\nb\\x1b[2J'
    """
    return "".join(
        letter.encode("unicode_escape").decode("ascii") if unicodedata.category(letter) in _NOT_SHOWN else letter
        for letter in text
    )


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

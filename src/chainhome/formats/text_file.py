"""Text files written whole or not at all, piece by piece, and the refusal to write over what is there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from chainhome.errors import ChainhomeError


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write pieces of text one after the other as UTF-8 to `path`, which appears whole or not at all.

    The pieces may be made while they are written, so that a long file never stands in memory. A letter that is no
    letter (half of a surrogate pair) becomes `?`. Raises ChainhomeError where the file cannot be written; whatever the
    maker of the pieces raises leaves the old file as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(pieces)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ChainhomeError(f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise

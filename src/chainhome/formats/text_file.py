"""Files written whole or not at all: one way for every format, to where a link leads, and never to a device."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from chainhome.errors import ChainhomeError, UseError

# What stands there is the system's, whatever its kind; /dev/shm is memory for files.
NO_FILES_IN, FILES_IN = (Path("/dev"), Path("/proc"), Path("/sys")), Path("/dev/shm")
_MOST_LINKS = 40


def check_target(path: Path) -> Path:
    """Return where a file at `path` really lies, links followed.

    Raises UseError where that is a device, a pipe, a folder or anything else that is no ordinary file, and for whatever
    leads through `/dev`, `/proc` or `/sys`.
    """
    try:
        link = Path(os.path.abspath(path))
        for _ in range(_MOST_LINKS):
            if _of_the_system(link):
                raise UseError(f"{path} is not an ordinary file; nothing is written to it")
            if not link.is_symlink():
                break
            link = Path(os.path.abspath(link.parent / link.readlink()))
        target = path.resolve()
        if _of_the_system(target) or (target.exists() and not target.is_file()):
            raise UseError(f"{path} is not an ordinary file; nothing is written to it")
    except (OSError, RuntimeError) as error:
        # Before Python 3.13 a ring of links is a RuntimeError.
        reason = getattr(error, "strerror", None) or "its links lead in a ring"
        raise ChainhomeError(f"cannot write {path}: {reason}") from error
    return target


def _of_the_system(path: Path) -> bool:
    return not path.is_relative_to(FILES_IN) and any(path.is_relative_to(folder) for folder in NO_FILES_IN)


def partial_of(target: Path) -> Path:
    """Return the name under which a file is written before it gets its own."""
    return target.with_name(f".{target.name}.partial")


def discard(partial: Path) -> None:
    """Take a half-written file away; where that fails too (a disk that cannot be written), what failed first counts."""
    with contextlib.suppress(OSError):
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give the name to write to; when the block ends, the file stands at `path`, whole, or the old one is as it was.

    Raises UseError where `path` is no ordinary file (`check_target`), ChainhomeError where it cannot be written.
    """
    target = check_target(path)
    partial = partial_of(target)
    try:
        yield partial
        os.replace(partial, target)
    except OSError as error:
        discard(partial)
        raise ChainhomeError(f"cannot write {path}: {error.strerror or error}") from error
    except BaseException:
        discard(partial)
        raise


def write_pieces(path: Path, pieces: Iterable[str]) -> None:
    """Write pieces of text one after the other as UTF-8 to `path`, which appears whole or not at all.

    The pieces may be made while they are written, so that a long file never stands in memory. A letter that is no
    letter (half of a surrogate pair) becomes `?`. Raises ChainhomeError where the file cannot be written; whatever the
    maker of the pieces raises leaves the old file as it was.
    """
    with replacing(path) as partial, partial.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        file.writelines(pieces)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; raises ChainhomeError where that fails."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; raises ChainhomeError where that fails."""
    with replacing(path) as partial:
        partial.write_bytes(content)

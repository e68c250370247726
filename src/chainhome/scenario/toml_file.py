"""A TOML file → its text and what it holds, with one sentence for each way in which it is none."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from chainhome.errors import ChainhomeError, UseError


def read_text(path: Path, kind: str) -> str:
    """Return the text of a file of a kind ("sensors file"); UseError where it is none, ChainhomeError on failure."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UseError(f"{path}: no such file; expected a {kind} (.toml)") from error
    except IsADirectoryError as error:
        raise UseError(f"{path} is a folder; expected a {kind} (.toml)") from error
    except UnicodeDecodeError as error:
        raise UseError(f"{path.name}: not a text file in UTF-8; expected a {kind} in TOML") from error
    except OSError as error:
        raise ChainhomeError(f"cannot read {path}: {error.strerror or error}") from error


def parse_text(text: str, source: str) -> dict[str, Any]:
    """Return what a TOML text holds; `source` names it in the UseError.

    >>> parse_text('name = "North"', "sensors.toml")
    {'name': 'North'}
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UseError(f"{source}: not valid TOML: {error}") from error
    except RecursionError:
        raise UseError(f"{source}: not valid TOML: it is nested too deeply") from None

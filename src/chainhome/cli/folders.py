"""Paths of the command line: what was given, and the first free folder where nothing was."""

from __future__ import annotations

from pathlib import Path

from chainhome.errors import UseError

RUNS = Path("runs")


def given_path(text: str, name: str, kind: str) -> Path:
    """Return a path that was given as the argument or option `name`; UseError for an empty one.

    Python takes an empty path for the current folder; a script whose variable is empty does not mean that.

    >>> given_path("", "RUN", "run folder")
    Traceback (most recent call last):
    chainhome.errors.UseError: RUN "" is not a run folder
    """
    if not text:
        raise UseError(f'{name} "" is not a {kind}')
    return Path(text)


def free_folder(name: str) -> Path:
    """Return the first of runs/NAME, runs/NAME-2, runs/NAME-3, ... that does not exist."""
    folder, number = RUNS / name, 1
    while folder.exists():
        number += 1
        folder = RUNS / f"{name}-{number}"
    return folder

"""Where a command writes when it is not told: the first folder of its kind that does not exist."""

from __future__ import annotations

from pathlib import Path

RUNS = Path("runs")


def free_folder(name: str) -> Path:
    """Return the first of runs/NAME, runs/NAME-2, runs/NAME-3, ... that does not exist."""
    folder, number = RUNS / name, 1
    while folder.exists():
        number += 1
        folder = RUNS / f"{name}-{number}"
    return folder

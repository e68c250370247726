"""What a recording is once it is opened: its plots piece by piece, who looked, and what had to be assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chainhome.errors import UseError
from chainhome.formats.detections_file import Piece
from chainhome.scenario.sensors_file import Watch

# `kind` in the record of a run that a recording made.
TRACKED = "track"


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording that is ready to be read."""

    path: Path
    what: str
    watch: Watch
    pieces: Callable[[], Iterator[Piece]]
    """Begins to read; every call reads from the beginning."""
    notes: tuple[str, ...] = ()
    """What was assumed, for the record."""


class SensorsNeededError(UseError):
    """Plots of sensors whose place nobody says; `template` is a sensors file to fill in."""

    def __init__(self, sentence: str, template: str) -> None:
        super().__init__(sentence)
        self.template = template

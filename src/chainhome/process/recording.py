"""What a recording is once it is opened: its plots piece by piece, who looked, and what had to be assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def sensors_template(entries: list[dict[str, Any]]) -> str:
    """Return a sensors file to fill in, with what is known of each sensor."""
    lines = ["# Fill in what stands in angle brackets, and correct the rest.", ""]
    for entry in entries:
        lines.append("[[sensor]]")
        known = {"name": "", **entry}
        lines += [
            f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in known.items()
        ]
        rest = {
            "lat": "<degrees north>",
            "lon": "<degrees east>",
            "height": '"<metres above mean sea level> m"',
            "period": '"12 s"',
            "sigma_range": '"70 m"',
            "sigma_azimuth": '"0.08 deg"',
            "detection_probability": "0.9",
            "clutter_per_scan": "10",
            "max_range": '"400 km"',
        }
        lines += [f"{key} = {value}" for key, value in rest.items() if key not in known]
        lines.append("")
    return "\n".join(lines)

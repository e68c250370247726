"""What every part of the payload asks a run: one of its tables, and where its rows are on the earth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.tables import Table, Tracks, Truth

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T", bound=Table)


def table(run: Run, kind: type[T]) -> T:
    """Return a table of the run by its kind, empty where the run has none."""
    found = run.tables.get(kind.file_name)
    return found if isinstance(found, kind) else kind.make(0)


@dataclass(frozen=True)
class Whereabouts:
    """How rows get latitude and longitude: `frame` is None where the world's place on the earth is known.

    A recording of a radar whose place nobody told has x, y and z only; the page then shows distances from that radar on
    a plane that touches the earth at 0 N, 0 E, and no latitudes.
    """

    frame: earth.Frame | None

    def of(self, rows: Tracks | Truth) -> tuple[Floats, Floats, Floats]:
        """Return latitude and longitude, degrees, and height above mean sea level, m, of rows."""
        if self.frame is None:
            return rows.lat_deg, rows.lon_deg, rows.altitude_m
        lat, lon, height = earth.enu_to_geodetic(self.frame, np.column_stack([rows.x_m, rows.y_m, rows.z_m]))
        return np.degrees(lat), np.degrees(lon), np.asarray(height)


def whereabouts(run: Run) -> Whereabouts:
    """Return how the rows of a run get their place."""
    tracks = table(run, Tracks)
    placed = run.record.get("origin") is not None or bool(np.isfinite(tracks.lat_deg).any())
    return Whereabouts(None if placed else earth.enu_frame(0.0, 0.0, 0.0))

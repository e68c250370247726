"""How good a tracker's rows are: rows and the truth of a scene in, GOSPA, completeness, switches and false tracks out.

Both sides are scored by the same rules. The estimate of a scan is every track that the tracker reports as existing
after that scan. Identity comes from the horizontal GOSPA assignment of each scan, never from plots.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome.metrics import GospaSeries, gospa, gospa_over_time
from tracking.scenes import Scene

Floats = NDArray[np.float64]

CUT_OFF_M = 5_000.0
ORDER = 2.0
SETTLED_SCANS = 4
"""Completeness counts an aircraft from this scan of its life on, and in `completeness_from_birth` from the first."""


@dataclass(frozen=True)
class Scores:
    """The scores of one run; GOSPA is the root mean square over scans, its parts are means of squares in m²."""

    gospa_2d_m: float
    gospa_3d_m: float
    localisation_2d_m2: float
    missed_2d_m2: float
    false_2d_m2: float
    localisation_3d_m2: float
    missed_3d_m2: float
    false_3d_m2: float
    completeness: float
    completeness_from_birth: float
    first_shown_scans: float
    """Mean number of scans from birth to the first scan with a track, 0 = at once, over aircraft ever shown."""
    switches: float
    """How often the track assigned to an aircraft differs from the one last assigned to it."""
    false_tracks: float
    """Tracks that are assigned to no aircraft in more than half of the scans in which they are shown."""
    tracks: float

    def record(self) -> dict[str, float]:
        """Return the scores by name."""
        return asdict(self)


def score(scene: Scene, rows: Floats) -> Scores:
    """Return the scores of rows (m, 8): scan, track id, x, y, z, vx, vy, vz."""
    over_time = {d: series(scene, rows, d) for d in (2, 3)}
    parts = {
        f"{name}_{d}d_m2": float(getattr(one, name).mean())
        for d, one in over_time.items()
        for name in ("localisation", "missed", "false")
    }
    rms = {d: float(np.sqrt(np.mean(one.distance**2))) for d, one in over_time.items()}
    return Scores(gospa_2d_m=rms[2], gospa_3d_m=rms[3], **parts, **identity(scene, rows))


def series(scene: Scene, rows: Floats, dimensions: int) -> GospaSeries:
    """Return GOSPA at every scan, horizontal (2) or in three dimensions (3)."""
    truth, of = scene.truth, slice(2, 2 + dimensions)
    scans = np.arange(scene.scans, dtype=np.float64)
    return gospa_over_time(rows[:, 0], rows[:, of], truth[:, 0], truth[:, of], c=CUT_OFF_M, p=ORDER, times_s=scans)


def identity(scene: Scene, rows: Floats) -> dict[str, float]:
    """Return completeness, delay, switches and false tracks from the horizontal assignment of each scan."""
    truth = scene.truth
    last: dict[int, int] = {}
    born: dict[int, int] = {}
    delay: dict[int, int] = {}
    shown: dict[int, int] = {}
    assigned: dict[int, int] = {}
    held = settled = held_settled = switches = 0
    for scan in range(scene.scans):
        first, end = np.searchsorted(truth[:, 0], [scan, scan + 1])
        mine = rows[rows[:, 0] == scan]
        pairs = gospa(mine[:, 2:4], truth[first:end, 2:4], c=CUT_OFF_M, p=ORDER).assignment
        for track in mine[:, 1].astype(np.int64).tolist():
            shown[track] = shown.get(track, 0) + 1
        for who, pair in zip(truth[first:end, 1].astype(np.int64).tolist(), pairs.tolist(), strict=True):
            age = scan - born.setdefault(who, scan)
            late = age + 1 >= SETTLED_SCANS
            settled += late
            if pair < 0:
                continue
            track = int(mine[pair, 1])
            held += 1
            held_settled += late
            delay.setdefault(who, age)
            assigned[track] = assigned.get(track, 0) + 1
            switches += last.get(who, track) != track
            last[who] = track
    return {
        "completeness": held_settled / max(settled, 1),
        "completeness_from_birth": held / max(len(truth), 1),
        "first_shown_scans": float(np.mean(list(delay.values()))) if delay else float("nan"),
        "switches": switches,
        "false_tracks": sum(2 * assigned.get(track, 0) < times for track, times in shown.items()),
        "tracks": len(shown),
    }

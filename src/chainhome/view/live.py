"""A live picture for many listeners, without I/O: what is known now, what each listener lacks, a run as its source.

A `Picture` holds the latest row of every track and the number of the change that made it. A listener is sent what has
changed since the picture that it got last, as one frame, and the next only when it has taken that one: nothing is
queued, however slow it is. Times are seconds of the run.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from chainhome import earth
from chainhome.errors import ChainhomeError
from chainhome.formats import run_geo
from chainhome.formats.run_folder import Run
from chainhome.tables import TRACK_STATUSES, Floats, Identities, Ints, Tracks
from chainhome.view.frames import ROW, Rows, encode, rows_of
from chainhome.view.payload_tables import whereabouts

CONFIRMED, ENDED = TRACK_STATUSES.index("confirmed"), TRACK_STATUSES.index("ended")
# Tracks that have ended stay in the picture for listeners that do not know yet, at most so many.
GONE_KEPT = 2_000
MOST = 2**31 - 1
HISTORY_S = 600.0
HISTORY_BYTES = 4 << 20


@dataclass(frozen=True, eq=False)
class Picture:
    """The latest row of every track, in order of id; `number` counts changes, `changed` (n,) says which made which."""

    rows: Rows = field(default_factory=lambda: np.zeros(0, ROW))
    changed: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    number: int = 0
    time_s: float = 0.0
    forgotten: int = 0
    """Rows of ended tracks that changed up to this number may have been dropped."""
    ended: bool = False


def put(picture: Picture, rows: Rows, time_s: float, *, ended: bool = False) -> Picture:
    """Return the picture after one more change: rows with new states, at most one for each track.

    >>> picture = put(Picture(), rows_of([5, 3], 1.0, [40.0, 41.0], [32.0, 33.0], 0.0, 0.0, 0.0, 0), 1.0)
    >>> picture.rows["id"].tolist(), picture.number
    ([3, 5], 1)
    """
    number = picture.number + 1
    kept = ~np.isin(picture.rows["id"], rows["id"])
    together = np.concatenate([picture.rows[kept], rows])
    changed = np.concatenate([picture.changed[kept], np.full(len(rows), number, np.int64)])
    forgotten = picture.forgotten
    gone = np.flatnonzero(together["gone"])
    if len(gone) > GONE_KEPT:
        oldest = gone[np.argsort(changed[gone], kind="stable")][: len(gone) - GONE_KEPT // 2]
        forgotten = int(changed[oldest].max())
        stays = np.ones(len(together), bool)
        stays[oldest] = False
        together, changed = together[stays], changed[stays]
    order = np.argsort(together["id"], kind="stable")
    return Picture(together[order], changed[order], number, time_s, forgotten, ended)


def since(picture: Picture, number: int) -> tuple[Rows, bool]:
    """Return the rows that changed after a number, and whether they are the full picture (0: all that is there now)."""
    full = number <= 0 or number < picture.forgotten or number > picture.number
    if full:
        return picture.rows[picture.rows["gone"] == 0], True
    newer = picture.changed > number
    return (picture.rows if newer.all() else picture.rows[newer]), False


@dataclass(eq=False)
class Listener:
    """What one listener has: the number of the picture it was sent last, and whether it has taken that."""

    seen: int = 0
    taken: bool = True

    def take(self, number: int) -> None:
        """Note that the listener has worked through a frame."""
        if number == self.seen:
            self.taken = True

    def next_message(self, picture: Picture, session: int, history: bytes = b"") -> bytes | None:
        """Return what to send now: all that changed since the last frame; None while that one is not yet taken."""
        if not self.taken or picture.number == self.seen:
            return None
        rows, full = since(picture, self.seen)
        self.seen, self.taken = picture.number, False
        frame = encode(
            rows, time_s=picture.time_s, number=picture.number, full=full, ended=picture.ended, session=session
        )
        return history + frame


class History:
    """The frames of the last minutes, so that one who comes late can scrub back; bounded in time and bytes."""

    def __init__(self, keep_s: float = HISTORY_S, keep_bytes: int = HISTORY_BYTES) -> None:
        """Keep at most `keep_s` seconds and `keep_bytes` bytes."""
        self._frames: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._keep_s, self._keep_bytes = keep_s, keep_bytes

    def add(self, time_s: float, frame: bytes) -> None:
        """Take the frame of one change in."""
        self._frames.append((time_s, frame))
        self._bytes += len(frame)
        while self._frames and (self._bytes > self._keep_bytes or self._frames[0][0] < time_s - self._keep_s):
            self._bytes -= len(self._frames.popleft()[1])

    def after(self, time_s: float) -> bytes:
        """Return the frames later than a time, one after the other."""
        return b"".join(frame for when, frame in self._frames if when > time_s)


@dataclass(frozen=True, eq=False)
class Replay:
    """The rows that a live source of this run would have given, in order of time."""

    time_s: Floats
    rows: Rows
    start_s: float
    end_s: float


def replay_of(run: Run) -> Replay:
    """Return a run's confirmed tracks as a live source, with the rows that end them.

    Raises ChainhomeError where an id or a time does not fit a frame.
    """
    tracks, beliefs = run_geo.table(run, Tracks), run_geo.table(run, Identities)
    once = np.isin(tracks.track_id, np.unique(tracks.track_id[tracks.status == CONFIRMED]))
    mine = tracks[once & np.isin(tracks.status, (CONFIRMED, ENDED))].sorted_by("time_s", "track_id")
    lat, lon, altitude = whereabouts(run).of(mine)
    placed = np.isfinite(lat) & np.isfinite(lon)
    mine, lat, lon, altitude = mine[placed], lat[placed], lon[placed], altitude[placed]
    if len(mine) and max(np.abs(mine.track_id).max(), 1000.0 * np.abs(mine.time_s).max()) > MOST:
        raise ChainhomeError(
            f"{run.folder}: a track id, or a time in ms, is larger than {MOST} and cannot be sent live"
        )
    side = run_geo.declared_at(mine, beliefs)
    speed, heading = _over_ground(run, mine, lat, lon)
    rows = rows_of(mine.track_id, mine.time_s, lat, lon, altitude, speed, heading, side, mine.status == ENDED)
    first, last = (float(mine.time_s[0]), float(mine.time_s[-1])) if len(mine) else (0.0, 0.0)
    return Replay(mine.time_s, rows, 0.0 if 0.0 <= first < 120.0 else float(np.floor(first)), last)


def _over_ground(run: Run, tracks: Tracks, lat_deg: Floats, lon_deg: Floats) -> tuple[Floats, Floats]:
    """Return speed over the ground in m/s and heading from true north, in degrees, where each track is."""
    velocity = np.column_stack([tracks.vx_mps, tracks.vy_mps, tracks.vz_mps])
    world, origin = whereabouts(run).frame, run.record.get("origin")
    if world is None and isinstance(origin, dict):
        at = np.radians([float(origin["lat_deg"]), float(origin["lon_deg"])])
        world = earth.enu_frame(float(at[0]), float(at[1]), 0.0)
    east, north = velocity[:, 0], velocity[:, 1]
    if world is not None:
        # Along the earth's axes, then along east and north where the track is.
        x, y, z = (velocity @ world.rotation).T
        lat, lon = np.radians(lat_deg), np.radians(lon_deg)
        east = -np.sin(lon) * x + np.cos(lon) * y
        north = -np.sin(lat) * (np.cos(lon) * x + np.sin(lon) * y) + np.cos(lat) * z
    return np.hypot(east, north), np.degrees(np.arctan2(east, north)) % 360.0


def between(replay: Replay, after_s: float, until_s: float) -> Rows:
    """Return the newest row of each track in (after, until]: what changed in the picture between two times."""
    begin, end = np.searchsorted(replay.time_s, [after_s, until_s], side="right")
    rows = replay.rows[begin:end]
    _, last = np.unique(rows["id"][::-1], return_index=True)
    return rows[np.sort(len(rows) - 1 - last)]


def time_shown(replay: Replay, elapsed_s: float, speed: float) -> float:
    """Return the run's time after so much real time.

    >>> time_shown(Replay(np.zeros(0), np.zeros(0, ROW), 0.0, 60.0), 4.0, 10.0)
    40.0
    """
    return min(replay.start_s + elapsed_s * speed, replay.end_s)

"""From the rows that the looks of a call wrote to the table of tracks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome.earth.geodesy import Frame
from chainhome.tables import Tracks
from chainhome.tracking._row_kernels import LANE_ROWS, LANES, Columns, ordered, tabled
from chainhome.tracking._settle_kernels import Rows

_LEAST_COUNTERS = 17  # of the kernel that orders
_MOST_ROWS_A_PLOT = 2.0  # that room is kept for before they come
_ALLOWANCE = 1.25  # of room for more rows than expected; what is not touched costs next to nothing
_HUGE_PAGE = 1 << 21


def room_for_rows(rows: int, models: int) -> Rows:
    """Return room for so many rows of tracks with k models."""
    return Rows(
        time_s=np.zeros(rows),
        track_id=np.zeros(rows, np.int64),
        state=np.zeros((rows, 27 + models)),
        existence=np.zeros(rows),
        detection_id=np.zeros(rows, np.int64),
        status=np.zeros(rows, np.int8),
    )


class Ledger:
    """The table of tracks of one call, in the order of time, then track, then as the looks wrote the rows.

    Rows come in pieces, and the memory that a piece stood in serves the next one: memory that is new costs more than
    all that is done with it. A row of the table hangs on its row alone, not on what else is there.

    >>> from chainhome.earth import enu_frame
    >>> rows, ledger = room_for_rows(4, models=2), Ledger(2, enu_frame(0.7, 0.6, 100.0))
    >>> rows.time_s[:3], rows.track_id[:3] = (7.0, 3.0, 3.0), (1, 5, 4)
    >>> ledger.write(rows, 3, plots=3, ahead=1)
    0
    >>> rows.time_s[0], rows.track_id[0] = 5.0, 2
    >>> tracks = ledger.closed(rows, 1)
    >>> tracks.track_id.tolist(), tracks.altitude_m.round(6).tolist(), tracks.covariance.shape
    ([4, 5, 2, 1], [100.0, 100.0, 100.0, 100.0], (4, 6, 6))
    """

    def __init__(self, models: int, world: Frame, *, reach: int = 65_536) -> None:
        """Begin with no rows; `reach` rows of the table may yet be moved, for older ones that come in between."""
        self._models, self._reach = models, reach
        self._frame = np.concatenate([world.rotation.ravel(), world.ecef])
        self._lanes, self._place = np.zeros(LANE_ROWS * LANES), np.zeros(LANES, np.int64)
        self._order = np.empty(0, np.int64)
        self._none = _room_for_columns(0, models)
        self._columns, self._written = self._none, 0

    def write(self, rows: Rows, count: int, plots: int, ahead: int) -> int:
        """Write the first rows, which came of so many plots; so many plots are ahead.

        Rows far older than the latest that are written stay for later: returns how many, now the first of `rows`.
        """
        rate = min(count / max(plots, 1), _MOST_ROWS_A_PLOT)
        self._make_room(self._written + count, rate * ahead)
        back = self._written - 1 - self._reach
        if back < 0:
            return self._put(rows, count, -np.inf, 0)
        return self._put(rows, count, self._columns.time_s[back], self._columns.track_id[back])

    def closed(self, rows: Rows, count: int) -> Tracks:
        """Write the last rows; return the table. The next one begins."""
        self._make_room(self._written + count, 0.0)
        self._put(rows, count, -np.inf, 0)
        columns, n = self._columns, self._written
        self._columns, self._written = self._none, 0
        return Tracks._of({name: column[:n] for name, column in columns._asdict().items()})

    def _put(self, rows: Rows, count: int, least_s: float, least_id: int) -> int:
        """Put rows to their places but those that come before a time and track; return how many these are."""
        if not count:
            return 0
        if count > len(self._order):
            self._order = np.empty(2 * count, np.int64)
        order, columns, end = self._order, self._columns, self._written
        # What is sorted with waits where the covariances come to stand.
        scratch = columns.covariance[end : end + count].reshape(-1).view(np.int64)
        spare, key, counters = scratch[:count], scratch[count : 2 * count], scratch[2 * count :]
        counters = counters[: count + _LEAST_COUNTERS]
        n = ordered(count, rows.time_s, rows.track_id, least_s, least_id, order, spare, key, counters)
        if n < 0:
            n = -1 - n
            some = np.sort(order[:n])
            order[:n] = some[np.lexsort([rows.track_id[some], rows.time_s[some]])]
        tabled(n, order, rows, end, self._frame, self._lanes, self._place, columns)
        self._written += n
        if n < count:
            late = np.setdiff1d(np.arange(count), order[:n])
            for column in rows:
                column[: count - n] = column[late]
        return count - n

    def _make_room(self, rows: int, more: float) -> None:
        """Make room for rows, and more of them to come.

        Where far too many are to come, what is written is copied at once, while it is not much.
        """
        room = len(self._columns.time_s)
        if rows > room or rows + more > _ALLOWANCE * room:
            larger = _room_for_columns(max(int(rows + _ALLOWANCE * more), 3 * room // 2), self._models)
            for name, column in larger._asdict().items():
                column[: self._written] = getattr(self._columns, name)[: self._written]
            self._columns = larger


def _room_for_columns(rows: int, models: int) -> Columns:
    """Return room for the columns, side by side in one block of memory."""
    inner = {"covariance": (6, 6), "mode_probability": (models,)}
    declared = Tracks.columns()
    block, at, columns = _block(8 * rows * (len(declared) + 34 + models)), 0, []
    for name, column in declared.items():
        shape = (rows, *inner.get(name, ()))
        columns.append(np.ndarray(shape, column.dtype, block, at))
        at += 8 * math.prod(shape)
    return Columns(*columns)


def _block(size: int) -> NDArray[np.uint8]:
    """Return so many bytes; many of them from the beginning of a huge page on, where the system has such.

    Memory that comes in pages of 4 KiB took several times as long as all that is done here with it.
    """
    if size < _HUGE_PAGE // 2:
        return np.empty(size, np.uint8)
    pages = -(-size // _HUGE_PAGE)
    room = np.empty((pages + 1) * _HUGE_PAGE, np.uint8)  # from 4 MiB on NumPy asks for huge pages
    skip = -room.ctypes.data % _HUGE_PAGE
    return room[skip : skip + size]

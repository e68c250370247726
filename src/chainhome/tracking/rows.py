"""From the rows that the looks of a call wrote to the table of tracks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.earth.geodesy import Frame
from chainhome.tables import Tracks
from chainhome.tracking._row_kernels import LANE_ROWS, LANES, Columns, ordered, tabled
from chainhome.tracking._settle_kernels import Rows

_LEAST_COUNTERS = 17  # of the kernel that orders
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


def table_of(rows: Rows, count: int, world: Frame) -> Tracks:
    """Return the first rows as a table in the order of time, then track, then as they were written.

    A row of the table hangs on its row alone, not on what else is there.

    >>> from chainhome.earth import enu_frame
    >>> rows = room_for_rows(4, models=2)
    >>> rows.time_s[:3], rows.track_id[:3] = (7.0, 3.0, 3.0), (1, 5, 4)
    >>> tracks = table_of(rows, 3, enu_frame(0.7, 0.6, 100.0))
    >>> tracks.track_id.tolist(), tracks.altitude_m.round(6).tolist(), tracks.covariance.shape
    ([4, 5, 1], [100.0, 100.0, 100.0], (3, 6, 6))
    """
    columns = _room_for_columns(count, rows.state.shape[1] - 27)
    # What is sorted with waits where the covariances come to stand: fresh memory costs more than the work.
    scratch = columns.covariance.reshape(-1).view(np.int64)
    spare, key, counters = scratch[:count], scratch[count : 2 * count], scratch[2 * count :]
    order = np.empty(count, np.int64)
    if not ordered(count, rows.time_s, rows.track_id, order, spare, key, counters[: count + _LEAST_COUNTERS]):
        order = np.lexsort([rows.track_id[:count], rows.time_s[:count]])
    frame = np.concatenate([world.rotation.ravel(), world.ecef])
    tabled(count, order, rows, frame, np.zeros(LANE_ROWS * LANES), columns)
    return Tracks(**columns._asdict())


def _room_for_columns(rows: int, models: int) -> Columns:
    """Return room for the columns, side by side in one block of memory."""
    widths = {"covariance": 36, "mode_probability": models}
    shapes = {"covariance": (rows, 6, 6), "mode_probability": (rows, models)}
    declared = Tracks.columns()
    block, at, columns = _block(8 * rows * (len(declared) + sum(widths.values()))), 0, {}
    for name, column in declared.items():
        end = at + rows * widths.get(name, 1) * np.dtype(column.dtype).itemsize
        columns[name] = block[at:end].view(column.dtype).reshape(shapes.get(name, (rows,)))
        at = -8 * (-end // 8)
    return Columns(**columns)


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

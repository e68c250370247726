"""Live frames: the rows of tracks that changed, as one binary message; `assets/live.js` decodes it.

A frame is a header of 32 bytes and rows of 32, little-endian: numbers of four bytes, so that the browser reads both as
typed arrays. Latitude and longitude are whole 1e-7 degrees, the time of a row's estimate whole milliseconds; what is
not known of altitude, speed and heading is NaN. A message is one frame, or several one after the other.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAGIC = b"CHF1"
HEADER = struct.Struct("<4sIdIIII")
PLACE_UNIT_DEG = 1e-7
FULL, ENDED = 1, 2
ROW = np.dtype(
    [
        ("id", "<i4"),
        ("lat", "<i4"),
        ("lon", "<i4"),
        ("time_ms", "<i4"),
        ("altitude_m", "<f4"),
        ("speed_mps", "<f4"),
        ("heading_deg", "<f4"),
        ("side", "u1"),
        ("gone", "u1"),
        ("padding", "<u2"),
    ]
)
Rows = NDArray[Any]


class Frame(NamedTuple):
    """A decoded frame: its number, the time it shows in s, its flags, the session that it belongs to, and its rows."""

    number: int
    time_s: float
    full: bool
    ended: bool
    session: int
    rows: Rows


def rows_of(
    track_id: ArrayLike,
    time_s: ArrayLike,
    lat_deg: ArrayLike,
    lon_deg: ArrayLike,
    altitude_m: ArrayLike,
    speed_mps: ArrayLike,
    heading_deg: ArrayLike,
    side: ArrayLike,
    gone: ArrayLike = False,
) -> Rows:
    """Return n rows of columns (n,); `side` is a code of ALLEGIANCES, `gone` says that the track has ended.

    Track ids and times in ms must fit 32 bits (24 days). Rows without a latitude or longitude must be left out.

    >>> rows_of([7], [12.5], [40.0], [32.5], [9000.0], [200.0], [90.0], [1])["lat"].tolist()
    [400000000]
    """
    ids = np.asarray(track_id)
    made = np.zeros(len(ids), ROW)
    made["id"] = ids
    made["lat"] = np.rint(np.multiply(lat_deg, 1.0 / PLACE_UNIT_DEG))
    made["lon"] = np.rint(np.multiply(lon_deg, 1.0 / PLACE_UNIT_DEG))
    made["time_ms"] = np.rint(np.multiply(time_s, 1000.0))
    made["altitude_m"] = altitude_m
    made["speed_mps"] = speed_mps
    made["heading_deg"] = heading_deg
    made["side"] = side
    made["gone"] = gone
    return made


def encode(
    rows: Rows, *, time_s: float, number: int, full: bool = False, ended: bool = False, session: int = 0
) -> bytes:
    """Return the bytes of a frame; `full`: tracks without a row in it are no more; `ended`: no frame will follow.

    >>> len(encode(np.zeros(2, ROW), time_s=12.5, number=1))
    96
    """
    header = HEADER.pack(MAGIC, len(rows), time_s, number, full * FULL | ended * ENDED, session, 0)
    # One allocation for the message and none between: above 128 kB each costs more than the copy.
    return b"".join((header, np.ascontiguousarray(rows).data))


def decode(message: bytes) -> list[Frame]:
    """Return the frames of a message; raises ValueError for anything that `encode` did not make."""
    found: list[Frame] = []
    at = 0
    while at < len(message) or not found:
        if len(message) - at < HEADER.size or message[at : at + 4] != MAGIC:
            raise ValueError(f"no live frame at byte {at}")
        _, count, time_s, number, flags, session, _ = HEADER.unpack_from(message, at)
        end = at + HEADER.size + count * ROW.itemsize
        if end > len(message):
            raise ValueError(f"a live frame of {count} rows ends at byte {end} of {len(message)}")
        rows = np.frombuffer(message, ROW, count, at + HEADER.size)
        found.append(Frame(number, time_s, bool(flags & FULL), bool(flags & ENDED), session, rows))
        at = end
    return found

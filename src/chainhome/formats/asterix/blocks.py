"""Containers: where in a file the ASTERIX blocks lie, and when they were received.

raw      blocks one after another
gps      a header of 2,200 bytes, then each block followed by a trailer of 10: six bytes that hold remains of other
         blocks, the time of reception (three bytes, 1/128 s of the day), and one byte of unknown meaning
pcap     packets of a network capture, either byte order, micro- or nanoseconds; Ethernet (VLAN), Linux cooked, raw IP
pcapng   the same in its newer format
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.errors import UseError
from chainhome.formats.asterix.recording import PACKETS

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CONTAINERS = ("raw", "gps", "pcap", "pcapng")
GPS_HEADER, GPS_TRAILER = 2200, 10
DAY_S = 86_400.0
_PCAP_MAGIC = {
    b"\xd4\xc3\xb2\xa1": (True, 1_000_000),
    b"\xa1\xb2\xc3\xd4": (False, 1_000_000),
    b"\x4d\x3c\xb2\xa1": (True, 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (False, 1_000_000_000),
}
_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_PROBE = 262_144  # bytes from the beginning that decide between raw and gps
_PACKETS = 65_536  # payloads that one call of a kernel notes


class Lost(NamedTuple):
    """A block that does not parse; what follows it is searched for."""

    reason: int
    hint: int  # where it said that it ends
    wary: int  # how far its records went

    def moved(self, by: int) -> Lost:
        """Return the same with its places counted from elsewhere."""
        return Lost(self.reason, self.hint + by, self.wary + by)


class Cursor(NamedTuple):
    """Where the reading of a file stands between two pieces of it."""

    container: str
    at: int = 0  # place in the file
    lost: Lost | None = None  # the bytes before were
    little: bool = True
    parts: int = 1_000_000  # of a second, in a pcap
    link: int = 1
    last_s: int = -1
    links: tuple[int, ...] = ()  # of the interfaces, in a pcapng
    ticks: tuple[int, ...] = ()  # of a second


class Spans(NamedTuple):
    """Runs of bytes in which blocks follow each other with `gap` bytes between them."""

    at: Ints
    end: Ints
    received_unix_s: Floats
    gap: int
    packets: dict[str, int]
    lost_at: Ints
    lost_size: Ints


def detect(head: Bytes) -> str:
    """Return which container a file is, from its first bytes: a capture by its magic, else where blocks parse.

    >>> detect(np.frombuffer(bytes.fromhex("d4c3b2a1") + bytes(20), np.uint8))
    'pcap'
    """
    magic = head[:4].tobytes()
    if magic in _PCAP_MAGIC:
        return "pcap"
    if magic == _PCAPNG_MAGIC:
        return "pcapng"
    if len(head) <= GPS_HEADER + 3:
        return "raw"
    return "gps" if _covered(head, GPS_HEADER, GPS_TRAILER) > _covered(head, 0, 0) else "raw"


def _covered(head: Bytes, begin: int, gap: int) -> int:
    """Return how many bytes lie in blocks less those that are lost, if the file has this layout."""
    from chainhome.formats.asterix.decode import find_blocks

    probe = np.ascontiguousarray(head[:_PROBE])
    spans = Spans(np.array([begin]), np.array([len(probe)]), np.array([np.nan]), gap, {}, *_nothing())
    found = find_blocks(probe, spans, True)
    return int(found.block_size[found.block_records > 0].sum() - found.loss_size.sum())


def _nothing() -> tuple[Ints, Ints]:
    return np.empty(0, np.int64), np.empty(0, np.int64)


def opened(head: Bytes, container: str | None) -> Cursor:
    """Return the cursor at the beginning of a file, `container` detected where it is None.

    Raises UseError for a container that is not known, or a capture without its header.
    """
    container = container or detect(head)
    if container not in CONTAINERS:
        raise UseError(f"container = {container!r} is not known, expected one of {', '.join(CONTAINERS)}")
    if container == "pcap":
        magic = head[:4].tobytes()
        if magic not in _PCAP_MAGIC:
            raise UseError("container = 'pcap', but the file does not begin with the magic number of a pcap")
        little, parts = _PCAP_MAGIC[magic]
        link = int.from_bytes(head[20:24].tobytes(), "little" if little else "big") & 0xFFFF
        return Cursor(container, little=little, parts=parts, link=link)
    return Cursor(container)


def spans_of(piece: Bytes, cursor: Cursor, final: bool) -> tuple[Spans, int, Cursor]:
    """Return the spans of a piece of a file, the bytes of it that are dealt with, and the cursor after them."""
    if cursor.container == "pcap":
        return _capture_spans(piece, cursor, final, min(24, len(piece)) if cursor.at == 0 else 0)
    if cursor.container == "pcapng":
        return _capture_spans(piece, cursor, final, 0)
    gps = cursor.container == "gps"
    begin = min(GPS_HEADER, len(piece)) if gps and cursor.at == 0 else 0
    gap = GPS_TRAILER if gps else 0
    spans = Spans(np.array([begin]), np.array([len(piece)]), np.array([np.nan]), gap, {}, *_nothing())
    return spans, len(piece), cursor


def _capture_spans(piece: Bytes, cursor: Cursor, final: bool, begin: int) -> tuple[Spans, int, Cursor]:
    from chainhome.formats.asterix import _capture_kernels as kernels

    links, ticks = np.zeros(256, np.int64), np.full(256, 1_000_000, np.int64)
    links[: len(cursor.links)], ticks[: len(cursor.ticks)] = cursor.links, cursor.ticks
    state = np.array([len(cursor.links), cursor.little], np.int64)
    counts = np.zeros(len(PACKETS), np.int64)
    last_s, at = cursor.last_s, begin
    noted: list[tuple[Ints, Ints, Floats]] = []
    lost: list[tuple[Ints, Ints]] = []
    while True:
        begins, ends, lost_at, lost_size = (np.empty(_PACKETS, np.int64) for _ in range(4))
        out = kernels.Packets(begins, ends, np.empty(_PACKETS), counts, lost_at, lost_size)
        before = at
        if cursor.container == "pcap":
            n, losses, at, last_s = kernels.scan_pcap(
                piece, at, cursor.little, cursor.parts, cursor.link, final, last_s, out
            )
        else:
            n, losses, at = kernels.scan_pcapng(piece, at, bool(state[1]), links, ticks, final, state, out)
        noted.append((out.at[:n], out.end[:n], out.received_s[:n]))
        lost.append((out.lost_at[:losses], out.lost_size[:losses]))
        if at == before or at >= len(piece):
            break
    known = int(state[0])
    after = cursor._replace(
        last_s=last_s,
        little=bool(state[1]),
        links=tuple(links[:known].tolist()),
        ticks=tuple(ticks[:known].tolist()),
    )
    begins, ends, received = (np.concatenate(parts) for parts in zip(*noted, strict=True))
    lost_at, lost_size = (np.concatenate(parts) for parts in zip(*lost, strict=True))
    packets = dict(zip(PACKETS, counts.tolist(), strict=True))
    return Spans(begins, ends, received, 0, packets, lost_at, lost_size), at, after

"""The container that a page's data travel in: one JSON header and columns of integers, squeezed with gzip.

In: a header (anything JSON knows) and named integer arrays. Out: bytes, the same for the same input. `assets/decode.js`
reads them: 4 bytes "CHV1", the header's length (uint32, little endian), the header in UTF-8, then the columns one
after another. `header["columns"]` tells name, kind, count and length of each.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAGIC = b"CHV1"
VARINT, BYTES, PAIRS = "varint", "bytes", "pairs"
Ints = NDArray[np.int64]


def varint(values: ArrayLike) -> bytes:
    """Return integers (n,) below 2**55 in size as zigzag numbers of seven bits a byte, the lowest first.

    >>> varint([0, -1, 1, 64]).hex(" ")
    '00 01 02 80 01'
    """
    given = np.asarray(values, np.int64).ravel()
    folded = ((given << 1) ^ (given >> 63)).astype(np.uint64)
    lengths = np.ones(folded.size, np.int64)
    for extra in range(1, 8):
        lengths += folded >= np.uint64(1) << np.uint64(7 * extra)
    starts = np.cumsum(lengths) - lengths
    out = np.zeros(int(lengths.sum()), np.uint8)
    for place in range(int(lengths.max(initial=0))):
        here = np.flatnonzero(lengths > place)
        byte = (folded[here] >> np.uint64(7 * place)) & np.uint64(0x7F)
        more = (lengths[here] > place + 1).astype(np.uint64) << np.uint64(7)
        out[starts[here] + place] = (byte | more).astype(np.uint8)
    return out.tobytes()


def unvarint(data: bytes) -> Ints:
    """Return the integers (n,) that `varint` wrote.

    >>> unvarint(varint([5, -300, 2**40])).tolist()
    [5, -300, 1099511627776]
    """
    raw = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    starts = np.append(0, ends[:-1] + 1) if ends.size else np.zeros(0, np.int64)
    folded = np.zeros(ends.size, np.uint64)
    for place in range(int((ends - starts).max(initial=-1)) + 1):
        here = starts + place <= ends
        part = (raw[np.where(here, starts + place, 0)] & 0x7F).astype(np.uint64)
        folded |= np.where(here, part << np.uint64(7 * place), np.uint64(0))
    return (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)


def pack(header: Mapping[str, Any], columns: Mapping[str, ArrayLike]) -> bytes:
    """Return header and columns as one gzip of bytes; arrays of uint8 go as they are, those of uint16 as all
    their low bytes and then all their high ones (noise packs better so), others as `varint`.

    >>> unpack(pack({"title": "x"}, {"a": [1, 2, 300]}))[1]["a"].tolist()
    [1, 2, 300]
    """
    described: list[list[Any]] = []
    bodies: list[bytes] = []
    for name, values in columns.items():
        array = np.asarray(values)
        if not (np.issubdtype(array.dtype, np.integer) or array.size == 0):
            raise TypeError(f"column {name} holds {array.dtype}, expected integers")
        kind, body = VARINT, b""
        if array.dtype == np.uint8:
            kind, body = BYTES, array.tobytes()
        elif array.dtype == np.uint16:
            kind = PAIRS
            body = (array & 0xFF).astype(np.uint8).tobytes() + (array >> 8).astype(np.uint8).tobytes()
        else:
            body = varint(array)
        described.append([name, kind, int(array.size), len(body)])
        bodies.append(body)
    text = json.dumps({**header, "columns": described}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    head = text.encode("utf-8")
    plain = b"".join([MAGIC, len(head).to_bytes(4, "little"), head, *bodies])
    squeezed = bytearray(gzip.compress(plain, compresslevel=9, mtime=0))
    squeezed[9] = 255  # the operating system, which gzip notes: the same bytes everywhere
    return bytes(squeezed)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return header and columns of what `pack` made; a ValueError where it is something else."""
    plain = gzip.decompress(data)
    if plain[:4] != MAGIC:
        raise ValueError(f"the data begin with {plain[:4]!r}, expected {MAGIC!r}")
    place = 8 + int.from_bytes(plain[4:8], "little")
    header = json.loads(plain[8:place].decode("utf-8"))
    columns: dict[str, NDArray[Any]] = {}
    for name, kind, _, length in header["columns"]:
        body = plain[place : place + length]
        columns[name] = unvarint(body) if kind == VARINT else np.frombuffer(body, np.uint8)
        if kind == PAIRS:
            low, high = np.split(columns[name].astype(np.uint16), 2)
            columns[name] = low | (high << np.uint16(8))
        place += length
    return header, columns

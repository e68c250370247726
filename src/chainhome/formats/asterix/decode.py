"""Bytes to columns: `read_asterix`, `iter_asterix` and `decode`.

Two passes over the bytes: the first finds the blocks and checks every record to its last item, the second fills the
columns. A block that does not parse is lost as a whole, so that no plot is made of shifted bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.errors import UseError
from chainhome.formats.asterix import blocks
from chainhome.formats.asterix.compiled import F8, I1, I4, I8, LAYOUTS, all_tables, columns_of
from chainhome.formats.asterix.recording import REASONS, Recording, Records, Report

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

_PAD = 8
_PIECE = 16 * 2**20
_LEAST_PIECE = 2**20
_RECORDS, _BLOCKS, _LOSSES = 262_144, 131_072, 65_536  # what one call of `walk` may find


class Blocks(NamedTuple):
    """What is in a piece of a file: records, blocks and losses, and how far it was read."""

    record_at: Ints
    block_at: Ints
    block_size: Ints
    block_category: NDArray[np.uint8]
    block_span: Ints
    block_records: NDArray[np.int32]
    loss_at: Ints
    loss_size: Ints
    loss_reason: NDArray[np.int8]
    stopped_at: int
    lost: blocks.Lost | None  # the bytes before `stopped_at`


def find_blocks(data: Bytes, spans: blocks.Spans, final: bool, lost: blocks.Lost | None = None) -> Blocks:
    """Return the blocks and records of the spans; `lost` says that the bytes before the first were."""
    from chainhome.formats.asterix import _codec_kernels as kernels

    tables = all_tables()
    begin = int(spans.at[0]) if len(spans.at) else 0
    start = (0, begin, begin, *lost, 0, 0, 0) if lost else (0, begin, -1, 0, -1, -1, 0, 0, 0)
    state = kernels.State(*(np.array([value], np.int64) for value in start))
    parts: list[list[Any]] = []
    while True:
        record_at = np.empty(_RECORDS, np.int64)
        block_at, block_span = np.empty(_BLOCKS, np.int64), np.empty(_BLOCKS, np.int64)
        loss_at, loss_size = np.empty(_LOSSES, np.int64), np.empty(_LOSSES, np.int64)
        losses = loss_at, loss_size, np.empty(_LOSSES, np.int8)
        found = kernels.Found(record_at, block_at, block_span, np.empty(_BLOCKS, np.int32), *losses)
        before = (int(state.span[0]), int(state.at[0]))
        kernels.walk(data, spans.at, spans.end, spans.gap, final, tables, found, state)
        n, m, k = int(state.records[0]), int(state.blocks[0]), int(state.losses[0])
        counts = (n, m, m, m, k, k, k)
        arrays: tuple[Any, ...] = tuple(found)
        parts.append([array[:count].copy() for array, count in zip(arrays, counts, strict=True)])
        now = (int(state.span[0]), int(state.at[0]))
        if now[0] >= len(spans.at) or now == before:
            break
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    since, stopped, why = int(state.lost_since[0]), int(state.at[0]), int(state.reason[0])
    if since >= 0:
        more = (since, stopped - since, why)
        columns[4:] = [np.append(a, value).astype(a.dtype) for a, value in zip(columns[4:], more, strict=True)]
    record_at, block_at, span, records, loss_at, loss_size, loss_reason = columns
    size = (data[block_at + 1].astype(np.int64) << 8) | data[block_at + 2]
    blocks_of = (block_at, size, data[block_at], span, records)
    going_on = blocks.Lost(why, int(state.hint[0]), int(state.wary[0])) if since >= 0 else None
    return Blocks(record_at, *blocks_of, loss_at, loss_size, loss_reason, stopped, going_on)


def decode(data: bytes | bytearray | memoryview | Bytes, container: str | None = None) -> Recording:
    """Return the recording that bytes hold; the container is detected unless it is named ("raw", "gps", "pcap"...).

    Never fails for what the bytes are: what does not parse is in the report. Raises UseError for an unknown container.

    >>> recording = decode(bytes.fromhex("30000dd0190107080" "02a804000") + b"noise")
    >>> recording.cat048["range_nm"].tolist(), recording.cat048["azimuth_deg"].tolist(), recording.report.bytes_lost
    ([42.5], [90.0], 5)
    """
    given = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
    padded = _joined(np.asarray(given, np.uint8))
    return _read_piece(padded, blocks.opened(padded[:-_PAD], container), True)[0]


def read_asterix(path: Path | str, container: str | None = None) -> Recording:
    """Read a whole recording; the container is detected unless it is named.

    Raises UseError where there is no such file, or where it cannot be read. A file without any block gives empty
    tables; its report says where the bytes were lost.
    """
    try:
        with Path(path).open("rb") as file:
            padded = np.zeros(os.fstat(file.fileno()).st_size + _PAD, np.uint8)
            got = file.readinto(memoryview(padded)[:-_PAD])  # type: ignore[arg-type]
            padded = padded[: got + _PAD] if got else _joined(np.frombuffer(file.read(), np.uint8))
    except OSError as error:
        raise _unreadable(path, error) from error
    return _read_piece(padded, blocks.opened(padded[:-_PAD], container), True)[0]


def iter_asterix(path: Path | str, container: str | None = None, piece_bytes: int = _PIECE) -> Iterator[Recording]:
    """Read a recording in pieces that end between blocks, in bounded memory; together they are the whole.

    Offsets in the tables and reports are those in the file; `merge_reports` gives the report of the whole. Pieces have
    at least one megabyte. Raises UseError as `read_asterix` does.
    """
    size = max(int(piece_bytes), _LEAST_PIECE)
    try:
        with Path(path).open("rb") as file:
            padded = _joined(np.frombuffer(file.read(size), np.uint8))
            cursor = blocks.opened(padded[:-_PAD], container)
            while len(padded) > _PAD:
                more = np.frombuffer(file.read(size), np.uint8)
                recording, used, cursor = _read_piece(padded, cursor, len(more) == 0)
                yield recording
                padded = _joined(padded[used:-_PAD], more)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path | str, error: Exception) -> UseError:
    why = getattr(error, "strerror", None) or str(error)
    return UseError(f"{path}: cannot be read ({why}); expected an ASTERIX recording")


def _joined(*parts: Bytes) -> Bytes:
    """Return bytes one after another, and room behind them: `extract` reads eight bytes at a time."""
    return np.concatenate([*parts, np.zeros(_PAD, np.uint8)])


def _read_piece(padded: Bytes, cursor: blocks.Cursor, final: bool) -> tuple[Recording, int, blocks.Cursor]:
    data = padded[:-_PAD]
    spans, used, after = blocks.spans_of(data, cursor, final)
    capture = cursor.container in ("pcap", "pcapng")
    lost = cursor.lost and cursor.lost.moved(-cursor.at)
    found = find_blocks(data, spans, final or capture, lost)
    if not capture:
        used = len(data) if final else found.stopped_at
        after = after._replace(lost=found.lost and found.lost.moved(cursor.at))
    received_s, epoch_unix_s = _received(data, spans, found)
    block_of = np.repeat(np.arange(len(found.block_at)), found.block_records)
    category = found.block_category[block_of]
    tables = [
        _records(
            padded, wanted, found.record_at[category == wanted], received_s[block_of[category == wanted]], cursor.at
        )
        for wanted in LAYOUTS
    ]
    read = np.isin(found.block_category, list(LAYOUTS))
    report = Report(
        cursor.container,
        used,
        int(found.block_size[read].sum()),
        int(found.block_size[~read].sum()),
        _counted(found.block_category[read]),
        {table.category: len(table) for table in tables if len(table)},
        _counted(found.block_category[~read]),
        *_losses(found, spans, cursor.at),
        {name: count for name, count in spans.packets.items() if count},
        epoch_unix_s,
    )
    first, second, adsb, service, plots, tracks = tables
    recording = Recording(first, second, adsb, service, plots, tracks, report)
    return recording, used, after._replace(at=cursor.at + used)


def _losses(found: Blocks, spans: blocks.Spans, file_at: int) -> tuple[Ints, Ints, NDArray[np.int8]]:
    """Return the losses of the blocks and of the container, in the order of the file."""
    at = file_at + np.append(found.loss_at, spans.lost_at)
    size = np.append(found.loss_size, spans.lost_size)
    packet = np.full(len(spans.lost_at), REASONS.index("a packet whose header cannot be right"), np.int8)
    order = np.argsort(at, kind="stable")
    return at[order], size[order], np.append(found.loss_reason, packet)[order]


def _counted(categories: NDArray[np.uint8]) -> dict[int, int]:
    values, counts = np.unique(categories, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _received(data: Bytes, spans: blocks.Spans, found: Blocks) -> tuple[NDArray[np.float64], float]:
    """Return the time of day at which each block was received (NaN = not known), and the midnight before the first."""
    if spans.gap == blocks.GPS_TRAILER:
        end = found.block_at + found.block_size + blocks.GPS_TRAILER
        whole = end <= len(data)
        high, middle, low = (data[np.where(whole, end, 4) - back].astype(np.int64) for back in (4, 3, 2))
        return np.where(whole, ((high << 16) | (middle << 8) | low) / 128.0, np.nan), float("nan")
    unix_s = spans.received_unix_s[found.block_span]
    known = unix_s[~np.isnan(unix_s)]
    return unix_s % blocks.DAY_S, float(known[0] // 1 - known[0] // 1 % blocks.DAY_S) if len(known) else float("nan")


def _records(data: Bytes, category: int, record_at: Ints, received_s: NDArray[np.float64], file_at: int) -> Records:
    """Return the table of one category."""
    from chainhome.formats.asterix import _codec_kernels as kernels

    n, tables, names = len(record_at), all_tables(), columns_of(category)
    stores = (
        np.full((len(names[F8]), n), np.nan),
        np.full((len(names[I1]), n), -1, np.int8),
        np.full((len(names[I4]), n), -1, np.int32),
        np.full((len(names[I8]), n), -1, np.int64),
    )
    if n:
        kernels.extract(data, record_at, int(tables.categories[category]), file_at, tables, *stores)
    columns: dict[str, NDArray[Any]] = {"record_at": record_at + file_at, "received_s": received_s}
    for store in (F8, I1, I4, I8):
        columns |= dict(zip(names[store], stores[store], strict=True))
    return Records(category, columns, data, file_at)

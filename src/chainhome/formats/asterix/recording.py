"""What a recording holds: a table of columns for each category, and a report that accounts for every byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

REASONS = (
    "",
    "a block that is cut off, or whose length cannot be right",
    "a record is cut",
    "an item that the category does not define",
    "a record without items",
    "no block begins here",
    "a packet whose header cannot be right",
)
PACKETS = ("UDP", "not UDP", "fragment", "cut UDP")


@dataclass(frozen=True, eq=False)
class Records:
    """The records of one category: columns by name, NaN and -1 for what a record does not hold.

    `record_at` is the place of each record in the file, `received_s` the time of day at which the container says that
    it was received. An item that is kept raw has its place in the file and its size: `bds_at` and `bds_size`.
    """

    category: int
    columns: Mapping[str, NDArray[Any]]
    wire: NDArray[np.uint8]  # the bytes that the raw items lie in
    wire_at: int  # place of its first byte in the file

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.columns["record_at"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column."""
        try:
            return self.columns[name]
        except KeyError:
            from chainhome.errors import UseError, nearest

            raise UseError(f"CAT{self.category:03} has no column {name!r}{nearest(name, list(self.columns))}") from None

    def rows(self, chosen: Any) -> Records:
        """Return the records chosen by a mask, an index array or a slice."""
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return Records(self.category, columns, self.wire, self.wire_at)

    def raw(self, name: str) -> list[bytes]:
        """Return the bytes of an item that is kept raw, one for each record; empty where it is absent."""
        begin, size = self[f"{name}_at"] - self.wire_at, self[f"{name}_size"]
        return [self.wire[p : p + n].tobytes() if n > 0 else b"" for p, n in zip(begin, size, strict=True)]


@dataclass(frozen=True, eq=False)
class Report:
    """What became of every byte of a recording."""

    container: str
    bytes_total: int
    bytes_read: int  # blocks of which the records were read
    bytes_skipped: int  # blocks of categories that are not read
    blocks: Mapping[int, int]  # by category, of those that were read
    records: Mapping[int, int]
    skipped: Mapping[int, int]  # blocks by category, of those that are not read
    loss_at: NDArray[np.int64]
    loss_size: NDArray[np.int64]
    loss_reason: NDArray[np.int8]  # index of REASONS
    packets: Mapping[str, int]  # of a capture, by what they were
    epoch_unix_s: float  # midnight (UTC) before the first packet of a capture; NaN = the container does not tell

    @property
    def bytes_lost(self) -> int:
        """Bytes that belong to no block that parses."""
        return int(self.loss_size.sum())

    @property
    def bytes_container(self) -> int:
        """Bytes of the container: file and packet headers, trailers, packets that are not UDP."""
        return self.bytes_total - self.bytes_read - self.bytes_skipped - self.bytes_lost

    @property
    def undefined_items(self) -> int:
        """Blocks that were lost because a record holds an item that its category does not define."""
        return int((self.loss_reason == REASONS.index("an item that the category does not define")).sum())

    def losses(self) -> list[str]:
        """Return one sentence for each loss: where, how much, why."""
        rows = zip(self.loss_at.tolist(), self.loss_size.tolist(), self.loss_reason.tolist(), strict=True)
        return [f"byte {at}: {size} bytes lost, {REASONS[reason]}" for at, size, reason in rows]


@dataclass(frozen=True, eq=False)
class Recording:
    """The records of a recording by category, and the report of how they were read."""

    cat001: Records
    cat002: Records
    cat021: Records
    cat034: Records
    cat048: Records
    cat062: Records
    report: Report

    def tables(self) -> tuple[Records, ...]:
        """Return the tables of all categories."""
        return self.cat001, self.cat002, self.cat021, self.cat034, self.cat048, self.cat062


def merge_reports(reports: Iterable[Report]) -> Report:
    """Return one report of the pieces of a recording, in their order."""
    parts = list(reports)
    if not parts:
        empty = np.empty(0, np.int64)
        return Report("raw", 0, 0, 0, {}, {}, {}, empty, empty, empty.astype(np.int8), {}, float("nan"))

    def added(name: str) -> dict[Any, int]:
        keys = dict.fromkeys(key for part in parts for key in getattr(part, name))
        return {key: sum(getattr(part, name).get(key, 0) for part in parts) for key in keys}

    epochs = [part.epoch_unix_s for part in parts if part.epoch_unix_s == part.epoch_unix_s]
    total, read, over = (
        sum(getattr(part, name) for part in parts) for name in ("bytes_total", "bytes_read", "bytes_skipped")
    )
    at, size, reason = (
        np.concatenate([getattr(part, f"loss_{name}") for part in parts]) for name in ("at", "size", "reason")
    )
    counts = (added("blocks"), added("records"), added("skipped"))
    epoch = epochs[0] if epochs else float("nan")
    return Report(parts[0].container, total, read, over, *counts, at, size, reason, added("packets"), epoch)

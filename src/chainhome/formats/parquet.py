"""Tables ↔ Parquet: a file for each table, with unit, meaning and the names of enum values in the schema.

Whole tables by `write_table` and `read_table`, tables larger than the memory by `TableStream`. A file is written beside
its final name and then renamed, so that a reader never sees half a table.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.text_file import check_target, discard, partial_of, replacing
from chainhome.tables import Column, Table

T = TypeVar("T", bound=Table)
# Rows of a row group: 50,000 rows of tracks are 25 MB.
GROUP_ROWS = 50_000


def _to_arrow_array(values: Any, column: Column) -> Any:
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values)
    width = int(np.prod(values.shape[1:]))
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), width)


def _to_arrow(table: Table) -> Any:
    import pyarrow as pa

    arrays, schema = [], []
    for name, column in table.columns().items():
        array = _to_arrow_array(getattr(table, name), column)
        metadata = {"unit": column.unit, "meaning": column.doc}
        if column.names:
            metadata["values"] = json.dumps(dict(enumerate(column.names)))
        if column.shape:
            metadata["shape"] = json.dumps(list(getattr(table, name).shape[1:]))
        arrays.append(array)
        schema.append(pa.field(name, array.type, metadata=metadata))
    return pa.Table.from_arrays(arrays, schema=pa.schema(schema, metadata={"table": table.file_name}))


def write_table(table: Table, path: Path) -> None:
    """Write a table to `path` as Parquet (zstd); the bytes depend on the table alone.

    Raises ChainhomeError where the file cannot be written, for instance on a full disk.
    """
    import pyarrow.parquet as pq

    content = _to_arrow(table)
    with replacing(path) as partial, partial.open("wb") as file:
        pq.write_table(content, file, compression="zstd")


class TableStream:
    """Writes one table piece by piece in bounded memory: `write` as often as rows come, then `close`.

    Rows are put together into row groups. The file has its final name only after `close`, whole.
    """

    def __init__(self, path: Path, *, group_rows: int = GROUP_ROWS) -> None:
        """Write to `path`; nothing is opened before the first row group."""
        self.path = path
        self.rows = 0
        self._group_rows = group_rows
        self._waiting: list[Table] = []
        self._waiting_rows = 0
        self._target = check_target(path)
        self._partial = partial_of(self._target)
        self._file: Any = None
        self._writer: Any = None

    def write(self, table: Table) -> None:
        """Take rows in; raises ChainhomeError where they cannot be written."""
        if not len(table) and (self._waiting or self._writer is not None):
            return
        if self._waiting and not self._waiting_rows:
            # An empty table stands for the columns only until rows come.
            self._waiting = []
        self._waiting.append(table)
        self._waiting_rows += len(table)
        self.rows += len(table)
        if self._waiting_rows >= self._group_rows:
            self._flush()

    def _flush(self) -> None:
        import pyarrow.parquet as pq

        kind = type(self._waiting[0])
        content = _to_arrow(kind.concat(self._waiting))
        self._waiting, self._waiting_rows = [], 0
        try:
            if self._writer is None:
                self._file = self._partial.open("wb")
                self._writer = pq.ParquetWriter(self._file, content.schema, compression="zstd")
            self._writer.write_table(content)
        except OSError as error:
            self.discard()
            raise ChainhomeError(f"cannot write {self.path}: {error.strerror or error}") from error

    def close(self) -> None:
        """Finish the file under its final name; a stream that was never given a table leaves none."""
        if self._waiting:
            self._flush()
        if self._writer is None:
            return
        try:
            self._writer.close()
            self._file.close()
            self._partial.replace(self._target)
        except OSError as error:
            self.discard()
            raise ChainhomeError(f"cannot write {self.path}: {error.strerror or error}") from error
        self._writer = None

    def discard(self) -> None:
        """Leave no file."""
        if self._file is not None:
            # What a full disk did not take is still to be written.
            with contextlib.suppress(OSError):
                self._file.close()
        self._writer = None
        discard(self._partial)


def read_table(kind: type[T], path: Path) -> T:
    """Read a table of `kind` from a Parquet file; columns that the file lacks get their missing value.

    Raises UseError where the file is absent, is no Parquet file, or has none of the table's columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            table = pq.read_table(file)
    except FileNotFoundError as error:
        raise UseError(f"{path}: no such file; expected a Parquet file with the columns of {kind.file_name}") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise UseError(f"{path}: not a readable Parquet file; expected the columns of {kind.file_name}") from error
    given: dict[str, Any] = {}
    for name, column in kind.columns().items():
        if name not in table.column_names:
            continue
        if table.column_names.count(name) > 1:
            raise UseError(f"{path} is damaged: it has the column {name} twice")
        try:
            given[name] = _from_arrow(table.column(name).combine_chunks(), column, table.schema.field(name).metadata)
        except ValueError as error:
            raise UseError(f"{path} is damaged: {name} {error}") from error
    if not given:
        raise UseError(f"{path}: has none of the columns of {kind.file_name}; it has {', '.join(table.column_names)}")
    return kind.make(len(table), **given)


def _from_arrow(array: Any, column: Column, metadata: dict[bytes, bytes] | None) -> Any:
    """Return a column that was read, as numpy; ValueError in words where it holds something else than it should."""
    import pyarrow as pa

    if column.dtype == "U":
        return array.to_numpy(zero_copy_only=False).astype(np.str_)
    rows, held = len(array), array.type
    if column.shape:
        shape = json.loads((metadata or {}).get(b"shape", b"[]")) or list(column.shape)
        array = array.flatten() if pa.types.is_nested(held) and not pa.types.is_struct(held) else array
        if len(array) != rows * abs(int(np.prod(shape))) and -1 not in shape:
            raise ValueError(f"holds {held}; expected {' x '.join(map(str, shape))} numbers in each row")
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_boolean(array.type)):
        raise ValueError(f"holds values of type {held}; expected numbers")
    values = array.to_numpy(zero_copy_only=False)
    if np.dtype(column.dtype).kind != "f" and values.dtype.kind in "fO":
        values = np.array([column.missing if value is None or value != value else value for value in values.tolist()])
    if column.names and len(wrong := values[~np.isin(values, [*range(len(column.names)), column.missing])]):
        raise ValueError(f"holds the code {wrong[0]}; expected 0 to {len(column.names) - 1}")
    return values.reshape(rows, *shape) if column.shape else values

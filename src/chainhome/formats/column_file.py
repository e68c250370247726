"""CSV and Parquet files of any length → batches of columns by name, in bounded memory.

A file that is cut off gives what can be read; the last batch says where it ended. Cells that are no number become NaN
and are counted. Everything in a CSV is read as text first, so that one odd cell costs one cell and not the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.tables import Floats, Ints

# Arrow reads up to 32 such blocks ahead.
BATCH_BYTES = 2 << 20
BATCH_ROWS = 65_536
STREAM_BYTES = 64 << 10
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
NOTHING = ["", "nan", "NaN", "NAN", "NA", "null", "NULL", "None", "-"]
SHOWN_COLUMNS = 12
GZIP = b"\x1f\x8b"
PACKED = (".gz", ".bz2", ".zst", ".lz4")


@dataclass(frozen=True)
class ColumnFile:
    """A file with named columns."""

    path: Path
    columns: tuple[str, ...]
    parquet: bool


class Batch(NamedTuple):
    """Some rows: Arrow arrays by column name, their number, what was counted, and a sentence if the file is cut."""

    columns: dict[str, Any]
    rows: int
    counts: dict[str, int]
    cut: str = ""


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as a Parquet file does."""
    return _begins(path, b"PAR1")


def _begins(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(mark)) == mark
    except OSError:
        return False


def open_columns(path: Path) -> ColumnFile:
    """Return a file's column names. Raises UseError where it has none, ChainhomeError where it is empty or cut off."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_file(path)
    if is_parquet(path):
        try:
            return ColumnFile(path, tuple(pq.read_schema(path).names), True)
        except (pa.ArrowException, OSError) as error:
            raise ChainhomeError(
                f"{path}: begins as a Parquet file, but its footer cannot be read; a Parquet file that is cut off "
                "holds nothing readable"
            ) from error
    if path.suffix.lower() not in PACKED and _begins(path, GZIP):
        raise UseError(f"{path} is packed (gzip), but its name does not say so; expected {path.name}.gz, or unpack it")
    stream = _Stream(path)
    try:
        # Out of memory: a reader of the file would still read ahead in a thread of its own when the process may end.
        head = stream.read(BATCH_BYTES)
        head = head[: head.rfind(b"\n") + 1] if len(head) == BATCH_BYTES and b"\n" in head else head
        with _csv_reader(pa.BufferReader(head), None, Counter()) as reader:
            return ColumnFile(path, tuple(reader.schema.names), False)
    except pa.ArrowException as error:
        why = stream.cut or _first_line(error)
        raise UseError(f"{path}: not a table that can be read as CSV ({why})") from error
    finally:
        stream.close()


def _check_file(path: Path) -> None:
    if not path.exists():
        raise UseError(f"{path}: no such file")
    if path.is_dir():
        raise UseError(f"{path} is a folder; expected a file")
    if not path.is_file():
        raise UseError(f"{path} is not an ordinary file; save what it gives as a file, and give that")
    size = path.stat().st_size
    if size == 0 or (size < STREAM_BYTES and not path.read_bytes().strip()):
        raise ChainhomeError(f"{path} is empty")


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__


def shown_columns(file: ColumnFile) -> str:
    """Return the names of a file's columns for a message, not more than fit a sentence, and printable."""
    more = f" and {len(file.columns) - SHOWN_COLUMNS} more" if len(file.columns) > SHOWN_COLUMNS else ""
    shown = (
        "".join(c if c.isprintable() else "?" for c in _as_utf8(name)[:40]) for name in file.columns[:SHOWN_COLUMNS]
    )
    names = ", ".join(shown) + more
    lone = file.columns[0] if len(file.columns) == 1 else ""
    other = next((word for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")) if mark in lone), "")
    if other:
        return f"one column ({names}): its cells are parted by {other}; expected commas"
    if any(name != name.strip().lower() for name in file.columns):
        names += " (names count as they are written: small letters, no spaces around them)"
    return names if names.strip(" ,") else "no names that can be read"


class _Stream:
    """A file, packed or not, that ends where it can be read no further; `cut` then says why."""

    closed = False

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._source = pa.input_stream(path, compression="detect", buffer_size=STREAM_BYTES)
        self._first = True
        self.cut = ""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, fewer only at the end; read in small parts, so that a cut costs little."""
        parts, missing = [], BATCH_BYTES if size < 0 else size
        while missing > 0 and not self.cut:
            try:
                part = bytes(self._source.read(min(missing, STREAM_BYTES)))
            except OSError as error:
                self.cut = _first_line(error)
                break
            if not part:
                break
            if self._first:
                part, self._first = part.removeprefix(BYTE_ORDER_MARK), False
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        self._source.close()


def _csv_reader(source: Any, wanted: list[str] | None, counts: Counter[str], *, block_bytes: int = STREAM_BYTES) -> Any:
    import pyarrow as pa
    from pyarrow import csv

    def odd(_: Any) -> str:
        counts["unreadable_lines"] += 1
        return "skip"

    convert: dict[str, Any] = {"null_values": NOTHING, "strings_can_be_null": True}
    if wanted is not None:
        convert |= {"include_columns": wanted, "column_types": dict.fromkeys(wanted, pa.string())}
    # Without threads the odd lines of a batch are counted before the batch is given. Every byte is a letter in Latin-1,
    # so that no text can fail to be read; `texts` takes it for the UTF-8 that it is.
    return csv.open_csv(
        source,
        read_options=csv.ReadOptions(use_threads=False, block_size=block_bytes, encoding="latin1"),
        parse_options=csv.ParseOptions(invalid_row_handler=odd),
        convert_options=csv.ConvertOptions(**convert),
    )


def batches(file: ColumnFile, wanted: Iterable[str]) -> Iterator[Batch]:
    """Yield the wanted columns of a file (those that it has), some ten thousand rows at a time.

    Counts `rows`, and `unreadable_lines` of a CSV (another number of cells than the header has). Where the file cannot
    be read to its end, the last batch is empty and says so.
    """
    import pyarrow as pa

    names = [name for name in file.columns if name in set(wanted)]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UseError(f"{file.path}: the column {twice[0]} is there twice; expected one of each")
    counts: Counter[str] = Counter()
    read = 0
    try:
        for record in _records(file, names, counts):
            told = {"rows": record.num_rows + counts["unreadable_lines"]} | counts
            counts.clear()
            read += record.num_rows
            columns = {name: _plain(record.column(name), f"{file.path.name}: {name}") for name in names}
            yield Batch(columns, record.num_rows, told)
    except (pa.ArrowException, OSError) as error:
        yield Batch({}, 0, {}, f"{file.path.name} cannot be read beyond row {read:,} ({_first_line(error)})")
    if counts:
        yield Batch({}, 0, {"rows": counts["unreadable_lines"]} | counts)
    if not file.parquet and _ends_within_a_line(file, read):
        yield Batch({}, 0, {}, f"{file.path.name} ends in the middle of a line, after row {read:,}")


def _plain(array: Any, where: str) -> Any:
    """Return a column without dictionary encoding; raises UseError for one that holds lists or records."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        try:
            return pc.cast(array, pa.string())
        except pa.ArrowInvalid:
            raise UseError(f"{where} holds bytes that are no text; expected one number or text in each row") from None
    if pa.types.is_nested(array.type):
        raise UseError(f"{where} holds values of type {array.type}; expected one number or text in each row")
    return pc.cast(array, pa.string()) if array.type == pa.string_view() else array


def _ends_within_a_line(file: ColumnFile, read: int) -> bool:
    """Return whether the last line of a CSV has no end and fewer cells than the header."""
    with file.path.open("rb") as stream:
        if file.path.suffix.lower() in PACKED:
            return False
        stream.seek(max(0, file.path.stat().st_size - 65_536))
        last = stream.read().rsplit(b"\n", 1)[-1]
    return bool(last) and read > 0 and last.count(b",") < len(file.columns) - 1


def _records(file: ColumnFile, names: list[str], counts: Counter[str]) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if file.parquet:
        with pq.ParquetFile(file.path) as parquet:
            yield from parquet.iter_batches(batch_size=BATCH_ROWS, columns=names, use_threads=False)
        return
    stream = _Stream(file.path)
    try:
        with _csv_reader(pa.PythonFile(stream, mode="r"), names, counts, block_bytes=BATCH_BYTES) as reader:
            yield from reader
        if stream.cut:
            raise OSError(stream.cut)
    finally:
        stream.close()


def floats(array: Any, counts: Counter[str], where: str = "a column") -> Floats:
    """Return numbers as float64; what is empty is NaN, what is no number is NaN and counted as `unreadable_cells`.

    Raises UseError, which begins with `where`, for a column of dates or of anything else that is no number or text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(array):
        trimmed = pc.utf8_trim_whitespace(array)
        try:
            array = pc.cast(trimmed, pa.float64())
        except pa.ArrowInvalid:
            values = np.array([number(text) for text in trimmed.to_pylist()], np.float64)
            bad = np.isnan(values) & ~np.asarray(trimmed.is_null().to_numpy(zero_copy_only=False))
            counts["unreadable_cells"] += int(bad.sum())
            return values
    else:
        kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
        if not any(kind(array.type) for kind in kinds):
            raise UseError(f"{where} holds values of type {array.type}; expected numbers")
        array = pc.cast(array, pa.float64(), safe=False)
    return np.array(pc.fill_null(array, float("nan")).to_numpy(zero_copy_only=False), np.float64)


def whole_numbers(array: Any, counts: Counter[str], where: str = "a column") -> Ints:
    """Return keys as int64; what is missing, negative or no whole number is -1, the last also counted."""
    values = floats(array, counts, where)
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2.0**53)
    counts["unreadable_cells"] += int((~whole & ~np.isnan(values)).sum())
    return np.where(whole & (values >= 0), np.where(whole, values, 0), -1).astype(np.int64)


def addresses(array: Any, counts: Counter[str], where: str = "a column") -> Ints:
    """Return 24-bit addresses written in hexadecimal (icao24) as int64; -1 = none."""
    if not is_text(array):
        return whole_numbers(array, counts, where)
    found: dict[str | None, int] = {None: -1}
    texts_ = array.to_pylist()
    for text in set(texts_) - {None}:
        fits = re.fullmatch(r"\s*(?:0[xX])?([0-9a-fA-F]{1,6})\s*", text)
        found[text] = int(fits.group(1), 16) if fits else -1
        if not fits:
            counts["unreadable_cells"] += texts_.count(text)
    return np.array([found[text] for text in texts_], np.int64)


def texts(array: Any) -> list[str]:
    """Return text, without the spaces around it; empty where there is none."""
    words = array.to_pylist()
    known = {word: _as_utf8(str(word)).strip() for word in set(words) - {None}} | {None: ""}
    return [known[word] for word in words]


def _as_utf8(word: str) -> str:
    """Return text that a CSV gave as Latin-1 as the UTF-8 that it is, where it is."""
    try:
        return word.encode("latin1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return word


def is_text(array: Any) -> bool:
    """Return whether a column holds text."""
    import pyarrow as pa

    return bool(pa.types.is_string(array.type) or pa.types.is_large_string(array.type))


def number(text: str | None) -> float:
    """Return the number that a text is, NaN where it is none."""
    try:
        return float(text) if text is not None else float("nan")
    except ValueError:
        return float("nan")

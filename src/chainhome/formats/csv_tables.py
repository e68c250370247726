"""A run as CSV: one file for each table, and `columns.csv`, which says what each column is and in which unit.

Numbers come back as they were (shortest decimal that does), NaN is an empty cell, codes are words (`friend`,
`confirmed`), ids keep -1 for none. A column of lists becomes several: `mode_probability_1`, `mode_probability_2`; of
the covariance, which is symmetric, those on and above the diagonal: `covariance_x_x`, `covariance_x_y`, ...
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.run_folder import KINDS, Run
from chainhome.formats.text_file import replacing
from chainhome.tables import Column, Table

COLUMNS = "columns.csv"
# Its own name for what is said of the columns while the tables are still being written.
UNFINISHED = "columns-unfinished.csv"
HEADER = ("table", "column", "unit", "type", "values", "meaning")
STATE = ("x", "y", "z", "vx", "vy", "vz")
TYPES = {"f8": "number", "i8": "whole number", "i1": "word", "?": "true or false", "U": "text"}


class Cells(NamedTuple):
    """One column of a CSV file: its name, its values as an Arrow array, and what is said of it."""

    name: str
    values: Any
    column: Column
    meaning: str


def write_run_csv(run: Run, folder: Path, *, replace: bool = False) -> list[Path]:
    """Write the tables of a run into a folder as CSV and return the files, `columns.csv` first.

    The folder may be new, empty or hold an export that was cut off; with `replace` it may hold an earlier export, whose
    tables go. `columns.csv` is the last to appear: a folder that has it is whole. Raises UseError for any other folder,
    ChainhomeError where a file cannot be written.
    """
    check_folder(folder, replace=replace)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / COLUMNS).is_file():
            (folder / COLUMNS).replace(folder / UNFINISHED)
        for name in KINDS:
            (folder / f"{name}.csv").unlink(missing_ok=True)
    except OSError as error:
        raise ChainhomeError(f"cannot write in the folder {folder}: {error.strerror or error}") from error
    written = [folder / COLUMNS]
    # First, so that an export that was cut off is known as one.
    _write(_described(run), folder / UNFINISHED)
    for name, table in run.tables.items():
        path = folder / f"{name}.csv"
        _write({cells.name: cells.values for cells in cells_of(table)}, path)
        written.append(path)
    try:
        (folder / UNFINISHED).replace(folder / COLUMNS)
    except OSError as error:
        raise ChainhomeError(f"cannot write {folder / COLUMNS}: {error.strerror or error}") from error
    return written


def check_folder(folder: Path, *, replace: bool) -> None:
    """Raise UseError where tables cannot go into a folder without touching what is not theirs."""
    if folder.exists() and not folder.is_dir():
        raise UseError(f"{folder} is a file; --csv expects a folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if _is_export(folder / UNFINISHED):
        return
    if not _is_export(folder / COLUMNS):
        raise UseError(f"{folder} exists and holds something else; choose a new folder with --csv")
    if not replace:
        raise UseError(f"{folder} holds tables already; choose a new folder with --csv, or add --replace")


def _is_export(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline().replace('"', "").strip() == ",".join(HEADER)
    except (OSError, UnicodeDecodeError):
        return False


def cells_of(table: Table) -> Iterator[Cells]:
    """Yield the columns of a table as they stand in its CSV file."""
    import pyarrow as pa

    for name, column in table.columns().items():
        values = getattr(table, name)
        if not column.shape:
            yield Cells(name, _plain(values, column), column, column.doc)
        elif column.shape == (len(STATE), len(STATE)):
            for i, j in combinations_with_replacement(range(len(STATE)), 2):
                array = pa.array(values[:, i, j], from_pandas=True)
                meaning = f"covariance of {STATE[i]} and {STATE[j]}"
                yield Cells(f"{name}_{STATE[i]}_{STATE[j]}", array, column, meaning)
        else:
            flat = values.reshape(len(table), int(np.prod(values.shape[1:])))
            for part in range(flat.shape[1]):
                array = pa.array(flat[:, part], from_pandas=True)
                yield Cells(f"{name}_{part + 1}", array, column, f"{column.doc}, number {part + 1}")


def _plain(values: Any, column: Column) -> Any:
    import pyarrow as pa

    if column.names:
        known = (values >= 0) & (values < len(column.names))
        words = np.array([*column.names, ""])[np.where(known, values, len(column.names))]
        return pa.array(words)
    return pa.array(values, from_pandas=True) if values.dtype.kind == "f" else pa.array(values)


def _described(run: Run) -> dict[str, list[str]]:
    """Return what `columns.csv` says, column by column."""
    rows: dict[str, list[str]] = {name: [] for name in HEADER}
    for table_name, table in run.tables.items():
        for cells in cells_of(table[:0]):
            values = " ".join(cells.column.names)
            said = (table_name, cells.name, cells.column.unit, TYPES[cells.column.dtype], values, cells.meaning)
            for name, word in zip(HEADER, said, strict=True):
                rows[name].append(word)
    return rows


def _write(columns: dict[str, Any], path: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    table = pa.table(columns)
    with replacing(path) as partial, partial.open("wb") as file:
        csv.write_csv(table, file, csv.WriteOptions(quoting_style="needed"))

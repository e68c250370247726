"""A run is a folder: `scenario.toml`, `run.json` and one Parquet file for each table.

`run.json` is written first with the status `incomplete` and last with `complete`; every file appears whole or not at
all. So a run that was killed is either readable and marked incomplete, or does not exist.
"""

from __future__ import annotations

import contextlib
import json
import os
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.parquet import read_table, write_table
from chainhome.formats.run_record import FORMAT, STATUSES, parse_record
from chainhome.formats.text_file import write_text
from chainhome.tables import TABLES, Identities, Table

RECORD = "run.json"
LOCK = ".chainhome.lock"
SCENARIO = "scenario.toml"
# Tables that are kept a second time, under the identity evidence of the scenario's comparison.
VARIANTS: dict[str, type[Table]] = {"identities_shared_mode": Identities}
KINDS: dict[str, type[Table]] = {kind.file_name: kind for kind in TABLES} | VARIANTS

# Tables of which every row is of some moment.
TIMED = {"truth", "detections", "tracks"}


@dataclass(frozen=True)
class Run:
    """A run that has been read: its folder, its record, the text of its scenario, its tables by file name."""

    folder: Path
    record: dict[str, Any]
    scenario_text: str
    tables: dict[str, Table]


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record of a run, complete or not; raises UseError where there is none, or where it is damaged."""
    try:
        # utf-8-sig: an editor may have put a mark before the text.
        record = parse_record((folder / RECORD).read_text(encoding="utf-8-sig"))
    except OSError as error:
        if isinstance(error, PermissionError):
            raise ChainhomeError(f"cannot read {folder / RECORD}: {error.strerror or error}") from error
        record = None
    except ValueError as error:
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else error
        raise UseError(f"{folder / RECORD} is damaged: {reason}") from error
    if record is None:
        raise UseError(f"{folder} is not a run; expected a folder with {RECORD}, of chainhome run or chainhome track")
    return record


def _status(folder: Path) -> str:
    try:
        return str(read_record(folder)["status"])
    except ChainhomeError:
        return ""


def is_run(folder: Path) -> bool:
    """Return whether `folder` holds a run, complete or not."""
    return _status(folder) in STATUSES


def is_complete(folder: Path) -> bool:
    """Return whether `folder` holds a run that was finished."""
    return _status(folder) == "complete"


class RunWriter:
    """Writes one run folder: `RunWriter(folder, scenario_text, record)`, tables in any order, `finish`, `close`.

    A complete run that is to be replaced stays as it is until the first table of the new one is written.
    """

    def __init__(self, folder: Path, scenario_text: str, record: dict[str, Any], *, replace: bool = False) -> None:
        """Claim the folder and mark it incomplete.

        Raises UseError where the folder holds something else, a complete run and `replace` is not set, or a run that
        another process is writing.
        """
        self.folder = folder
        self.finished = False
        self._scenario_text = scenario_text
        self._record = {"format": FORMAT} | dict(record)
        self._names: list[str] = []
        self._started = False
        _check_free(folder, replace=replace)
        new = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ChainhomeError(f"cannot make the folder {folder}: {error.strerror or error}") from error
        self._release = weakref.finalize(self, _let_go, _lock(folder), folder)
        # Once more, now that nobody else can finish a run here.
        _check_free(folder, replace=replace)
        if _status(folder) == "complete":
            return
        try:
            self._start()
        except ChainhomeError:
            self._release()
            if new:
                with contextlib.suppress(OSError):
                    folder.rmdir()
            raise

    def _start(self) -> None:
        """Take away what an earlier run left, and mark the folder as a run that is not complete."""
        if self._started:
            return
        # Until this is written, the folder holds what it held: on a full disk an earlier run stays as it was.
        self._write_record("incomplete")
        self._started = True
        for name in ("report.html", "tracks.png", "view.html", *(f"{stem}.parquet" for stem in KINDS)):
            (self.folder / name).unlink(missing_ok=True)
        write_text(self.folder / SCENARIO, self._scenario_text)

    def _write_record(self, status: str) -> None:
        record = self._record | {"status": status, "tables": sorted(self._names)}
        write_text(self.folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write(self, table: Table, name: str | None = None) -> None:
        """Write one table under its own name, or under the name of a variant."""
        stem = name or table.file_name
        if KINDS.get(stem) is not type(table):
            raise ValueError(f"a run has no table {stem} of kind {type(table).__name__}")
        self._start()
        write_table(table, self.folder / f"{stem}.parquet")
        if stem not in self._names:
            self._names.append(stem)

    def finish(self, **more: Any) -> None:
        """Add `more` to the record and mark the run complete."""
        self._start()
        self._record |= more
        self._write_record("complete")
        self.finished = True

    def close(self) -> None:
        """Let go of the folder; a run that was not finished stays marked incomplete."""
        self._release()


def _lock(folder: Path) -> int | None:
    """Hold the folder for this process; the system lets go of it when the process ends. None where it cannot."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ChainhomeError(f"cannot write in the folder {folder}: {error.strerror or error}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise UseError(f"{folder} is being written by another run; choose a new folder with --out") from error
    return held


def _let_go(held: int | None, folder: Path) -> None:
    if held is not None:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(held)


def _check_free(folder: Path, *, replace: bool) -> None:
    """Raise UseError where the folder cannot become a run."""
    if folder.is_symlink() and not folder.exists():
        raise UseError(f"{folder} is a link that leads nowhere; --out expects a folder")
    if folder.exists() and not folder.is_dir():
        raise UseError(f"{folder} is a file; --out expects a folder")
    try:
        occupied = folder.is_dir() and any(path.name != LOCK for path in folder.iterdir())
    except OSError as error:
        raise ChainhomeError(f"cannot read the folder {folder}: {error.strerror or error}") from error
    if occupied and not is_run(folder):
        raise UseError(f"{folder} exists and is not a run; choose a new folder with --out")
    if occupied and not replace and _status(folder) == "complete":
        raise UseError(f"{folder} holds a run already; choose a new folder with --out, or add --replace")


def read_run(folder: Path) -> Run:
    """Read a run folder, complete or not.

    Raises UseError where it is not a run, where its record is damaged, or where a table that it names is missing.
    """
    record = read_record(folder)
    scenario = folder / SCENARIO
    present = {name: folder / f"{name}.parquet" for name in KINDS if (folder / f"{name}.parquet").exists()}
    missing = [name for name in record.get("tables", ()) if name in KINDS and name not in present]
    if missing and record["status"] == "complete":
        raise UseError(f"{RECORD} names {missing[0]}, but {folder / missing[0]}.parquet is missing")
    try:
        text = scenario.read_text(encoding="utf-8") if scenario.exists() else ""
    except OSError as error:
        raise ChainhomeError(f"cannot read {scenario}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UseError(f"{scenario} is damaged: it is not text") from error
    tables = {name: read_table(KINDS[name], path) for name, path in present.items()}
    for name in TIMED & set(tables):
        if not np.isfinite(vars(tables[name])["time_s"]).all():
            raise UseError(f"{present[name]} is damaged: a row of it has no time")
    return Run(folder, record, text, tables)

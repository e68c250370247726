"""A run folder whose tables come in pieces: plots and tracks of a recording that is longer than the memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainhome.formats.parquet import TableStream
from chainhome.formats.run_folder import KINDS, LOCK, RECORD, SCENARIO, RunWriter
from chainhome.tables import Table


class RunStream(RunWriter):
    """A RunWriter that also takes tables piece by piece: `append`, and `settle` when all pieces are there."""

    def __init__(self, folder: Path, scenario_text: str, record: dict[str, Any], *, replace: bool = False) -> None:
        """Claim the folder as RunWriter does."""
        super().__init__(folder, scenario_text, record, replace=replace)
        self._streams: dict[str, TableStream] = {}

    def append(self, table: Table) -> None:
        """Take some rows of a table."""
        stem = table.file_name
        if KINDS.get(stem) is not type(table):
            raise ValueError(f"a run has no table {stem} of kind {type(table).__name__}")
        if stem not in self._streams:
            self._start()
            self._streams[stem] = TableStream(self.folder / f"{stem}.parquet")
        self._streams[stem].write(table)

    def settle(self) -> None:
        """Give the tables their final names; an interrupted run is settled too, so that what came can be read."""
        for stem, stream in self._streams.items():
            stream.close()
            if stem not in self._names and (self.folder / f"{stem}.parquet").exists():
                self._names.append(stem)
        self._streams = {}

    def abandon(self) -> None:
        """Leave what is half done as readable as it is; where no table was written, leave nothing new."""
        for stream in self._streams.values():
            stream.discard()
        self._streams = {}
        if self._started and not self._names:
            for name in (RECORD, SCENARIO, LOCK):
                (self.folder / name).unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()

"""What a command is doing, on standard error: on a terminal one line that changes, elsewhere a line for each stage."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from chainhome.cli.text import console

PATIENCE_S = 3.0
"""Compiled code is kept on disk, so most commands pass it at once: only one that takes longer is told."""


class Progress:
    """Tells stages of work while it is entered; says nothing where it is quiet.

    `patient` is for work of seconds: away from a terminal it tells one stage, and only once it has taken long.
    """

    def __init__(self, *, quiet: bool, patient: bool = False) -> None:
        self._quiet = quiet
        self._patient = patient
        self._stage = "reading"
        self._told: set[str] = set()
        self._bar: Any = None
        self._line: Any = None
        self._patience = threading.Timer(0.0, lambda: None)

    def __enter__(self) -> Self:
        if not self._quiet and sys.stderr.isatty():
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
            self._bar = Progress(*columns, console=console(error=True))
            self._bar.start()
            self._line = self._bar.add_task("", total=None)
        elif self._patient:
            self._wait(self._late)
        return self

    def at(self, stage: str, share: float | None = None, detail: str = "") -> None:
        """Tell the stage, and on a terminal how much of it is done and what `detail` says."""
        if self._patient and self._bar is None:
            self._stage = stage
            return
        self.settled()
        self._show(stage, share, detail)

    def expect(self, stage: str) -> None:
        """Tell a stage only if nothing else is told for a while."""
        self.settled()
        self._wait(lambda: self._show(stage))

    def _wait(self, then: Callable[[], None]) -> None:
        self._patience = threading.Timer(PATIENCE_S, then)
        self._patience.daemon = True
        self._patience.start()

    def _late(self) -> None:
        self._show(f"{self._stage} …; a first run also compiles")

    def settled(self) -> None:
        """Say that what was expected is over."""
        self._patience.cancel()

    def _show(self, stage: str, share: float | None = None, detail: str = "") -> None:
        if self._quiet:
            return
        if self._bar is not None:
            told = f"{stage} … {detail}" if detail else stage
            total = None if share is None else 1.0
            self._bar.update(self._line, description=f"{told:<25}", total=total, completed=share or 0.0)
        elif stage not in self._told:
            print(stage if "…" in stage else f"{stage} …", file=sys.stderr, flush=True)
        self._told.add(stage)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settled()
        if self._bar is not None:
            self._bar.stop()

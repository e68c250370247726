"""What a command is doing, on standard error: on a terminal one line that changes, elsewhere a line for each stage."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Any, Self

from chainhome.cli.text import console

PATIENCE_S = 3.0
"""Compiled code is kept on disk, so most commands pass it at once: only one that takes longer is told."""


class Progress:
    """Tells stages of work while it is entered; says nothing where it is quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
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
        return self

    def at(self, stage: str, share: float | None = None, detail: str = "") -> None:
        """Tell the stage, and on a terminal how much of it is done and what `detail` says."""
        self.settled()
        self._show(stage, share, detail)

    def expect(self, stage: str) -> None:
        """Tell a stage only if nothing else is told for a while."""
        self.settled()
        self._patience = threading.Timer(PATIENCE_S, self._show, (stage,))
        self._patience.daemon = True
        self._patience.start()

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
            print(f"{stage} …", file=sys.stderr, flush=True)
        self._told.add(stage)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settled()
        if self._bar is not None:
            self._bar.stop()

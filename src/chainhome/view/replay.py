"""A run that shows itself in a notebook: the one-file page inside a frame."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from chainhome.view.page import html

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run


@dataclass(frozen=True)
class Replay:
    """The page of a run for a notebook cell: `Replay(run)` as the last line shows it."""

    run: Run
    height_px: int = 720

    def _repr_html_(self) -> str:
        """Return a frame that holds the whole page; it runs scripts, and shares nothing with the notebook."""
        title = escape(str(self.run.record.get("title") or "Run"))
        style = f"width:100%;height:{int(self.height_px)}px;border:0"
        page = escape(html(self.run))
        return f'<iframe title="{title}" sandbox="allow-scripts" style="{style}" srcdoc="{page}"></iframe>'

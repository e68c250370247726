"""The map, the scope and the replay in a browser: one self-contained page from a run, or the same page served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainhome.view.page import html, write_html
    from chainhome.view.replay import Replay

__all__ = ["Replay", "html", "write_html"]
_WHERE = {"html": "page", "write_html": "page", "Replay": "replay"}


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is asked for: the command line's help needs none of it."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)

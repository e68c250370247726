"""The page of a run: one HTML file that opens from disk, asks nobody for anything, and lets only its own script run.

In: a run. Out: text, whose bytes depend on the run alone.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from chainhome.formats.text_file import write_bytes
from chainhome.view.bundle import asset, joined, modules
from chainhome.view.payload import payload

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
)
# By which `chainhome view` knows a page that it may write anew: each begins with this, and the number of its form.
OURS = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="generator" content="chainhome view '
)
FORM = 1


def html(run: Run) -> str:
    """Return the page of a run."""
    return document(str(run.record.get("title") or "Run"), payload(run))


def document(title: str, data: bytes) -> str:
    """Return the page around a payload; `title` is escaped."""
    script, style = joined(modules()), asset("style.css")
    policy = POLICY.format(script=_digest(script), style=_digest(style))
    return (
        f'{OURS}{FORM}">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)} – chainhome</title>\n<style>{style}</style>\n</head>\n<body>\n{asset('page.html')}"
        f'<script type="application/octet-stream" id="data">{b64encode(data).decode("ascii")}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )


def write_html(run: Run, path: Path) -> Path:
    """Write the page of a run to a file, whole or not at all, and return its path; ChainhomeError where that fails."""
    write_bytes(path, html(run).encode("utf-8"))
    return path


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")

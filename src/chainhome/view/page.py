"""The page of a run: one HTML file that opens from disk, asks nobody for anything, and lets only its own script run.

In: a run. Out: text, whose bytes depend on the run alone.
"""

from __future__ import annotations

import os
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from chainhome.errors import ChainhomeError
from chainhome.view.bundle import asset, joined, modules
from chainhome.view.payload import payload

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
)


def html(run: Run) -> str:
    """Return the page of a run."""
    return document(str(run.record.get("title") or "Run"), payload(run))


def document(title: str, data: bytes) -> str:
    """Return the page around a payload; `title` is escaped."""
    script, style = joined(modules()), asset("style.css")
    policy = POLICY.format(script=_digest(script), style=_digest(style))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)} – chainhome</title>\n<style>{style}</style>\n</head>\n<body>\n{asset('page.html')}"
        f'<script type="application/octet-stream" id="data">{b64encode(data).decode("ascii")}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )


def served(title: str, *, live: bool) -> str:
    """Return the page that a server sends: the same body; style, modules and data come from addresses beside it.

    `assets/NAME` are the files of `assets`, `data` is the payload, `live` the WebSocket of a live session. No inline
    script or style, so that the server's policy can be `script-src 'self'; style-src 'self'`.
    """
    where = 'data-live="live"' if live else 'data-source="data"'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)} – chainhome</title>\n"
        '<link rel="stylesheet" href="assets/style.css">\n<link rel="icon" href="data:,">\n'
        f"</head>\n<body {where}>\n{asset('page.html')}"
        '<script type="module" src="assets/main.js"></script>\n</body>\n</html>\n'
    )


def write_html(run: Run, path: Path) -> Path:
    """Write the page of a run to a file, whole or not at all, and return its path; ChainhomeError where that fails."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(html(run).encode("utf-8"))
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ChainhomeError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")

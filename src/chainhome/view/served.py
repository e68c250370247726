"""The page as a server gives it: the same body, style and modules as in the one file, each asked for by its address."""

from __future__ import annotations

from html import escape

from chainhome.view.bundle import MAIN, asset


def served(title: str, *, live: bool) -> str:
    """Return the page of a server: assets lie in `assets/`, a replay's payload at `data`, a live session at `live`."""
    source = 'data-live="live"' if live else 'data-source="data"'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} – chainhome</title>\n"
        '<link rel="icon" href="data:,">\n<link rel="stylesheet" href="assets/style.css">\n</head>\n'
        f"<body {source}>\n{asset('page.html')}"
        f'<script type="module" src="assets/{MAIN}"></script>\n</body>\n</html>\n'
    )

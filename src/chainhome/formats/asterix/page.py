"""The declared items as a page: the tables of `docs/asterix.md`."""

from __future__ import annotations

from chainhome.formats.asterix.compiled import LAYOUTS
from chainhome.formats.asterix.layout import COMPOUND, KINDS, Field, Item, Layout

_TITLES = {
    1: "Monoradar plots and tracks (older)",
    2: "Monoradar service messages (older)",
    21: "ADS-B target reports",
    34: "Monoradar service messages",
    48: "Monoradar target reports",
    62: "System tracks",
}
_READ_ONLY = (1, 2)


def items_markdown() -> str:
    """Return a table for each category: FRN, item, what it is, how long, and the columns that it fills.

    >>> [line for line in items_markdown().splitlines() if line.startswith("| 2 | I048/140")]
    ['| 2 | I048/140 | Time of day | fixed, 3 | `time_of_day_s` (24 bits, 0.0078125 s) |']
    """
    parts: list[str] = []
    for category in sorted(LAYOUTS):
        for layout in LAYOUTS[category]:
            parts += _heading(layout)
            for item in layout.items:
                parts.append(_row(category, item, str(item.frn), ""))
                parts += [_row(category, sub, f"{item.frn}.{sub.frn}", item.name) for sub in item.items]
            parts.append("")
    return "\n".join(parts)


def _heading(layout: Layout) -> list[str]:
    access = "read" if layout.category in _READ_ONLY else "read and written"
    variant = f", {layout.variant}s" if layout.variant else ""
    return [
        f"### CAT{layout.category:03}{variant}: {_TITLES[layout.category]}, edition {layout.edition}, {access}",
        "",
        "| FRN | item | what | kind, bytes | columns |",
        "|---|---|---|---|---|",
    ]


def _row(category: int, item: Item, frn: str, parent: str) -> str:
    name = f"I{category:03}/{parent or item.name}" + (f" {item.name}" if parent else "")
    size = f", {item.size}" if item.size else ""
    columns = " ".join(_column(field) for field in item.fields)
    if item.column:
        columns = f"`{item.column}`, raw"
    elif item.kind == COMPOUND:
        columns = "the subitems"
    return f"| {frn} | {name} | {item.title} | {KINDS[item.kind]}{size} | {columns or '-'} |"


def _column(field: Field) -> str:
    if field.form == "o":
        return f"`{field.name}` (octal digits)"
    if not field.lsb:
        return f"`{field.name}`"
    sign = ", signed" if field.form == "s" else ""
    return f"`{field.name}` ({field.bits} bits{sign}, {field.lsb:.7g} {field.unit})"

"""Write docs/data-dictionary.md from the tables that the code declares.

python tools/make_data_dictionary.py
"""

from pathlib import Path

from chainhome.tables import TABLES

PAGE = Path(__file__).parents[1] / "docs" / "data-dictionary.md"
TYPES = {"f8": "float64", "i8": "int64", "i1": "int8", "?": "bool", "U": "string"}
HEAD = """# The tables of a run

A run is a folder: `scenario.toml` (what was asked), `run.json` (seed, versions, catalogue hash, UTC epoch, status,
summary) and one Parquet file for each table below, with the same units and meanings in its schema. Long form: one row
for each fact, sorted by time. Ids are stable int64 keys; -1 and NaN mean missing. Time is seconds since the scenario's
start, whose UTC instant is `epoch_utc` in `run.json`. The world is one rigid east-north-up frame at the scenario's
origin. `identities_shared_mode` has the columns of `identities`: what would have been declared with the interrogator
of the scenario's comparison.

This page is generated from the code by `tools/make_data_dictionary.py`.
"""


def markdown() -> str:
    """Return the page."""
    parts = [HEAD]
    for table in TABLES:
        doc = (table.__doc__ or "").splitlines()[0]
        parts.append(f"\n## {table.file_name}\n\n{doc}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n")
        for name, column in table.columns().items():
            kind = TYPES[column.dtype]
            if column.shape:
                kind += " × " + " × ".join("models" if size == -1 else str(size) for size in column.shape)
            meaning = column.doc.replace("|", "\\|")
            if column.names:
                meaning += ": " + ", ".join(f"{code} {value}" for code, value in enumerate(column.names))
            parts.append(f"| `{name}` | {kind} | {column.unit} | {meaning} |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")

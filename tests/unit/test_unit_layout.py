"""What the tree promises about itself: no machine's traces, every cited source known, files of one subject."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "src" / "chainhome"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
# A file over the limit gives its reason in a comment that begins with this.
REASON = "# Long because "
# Start-up: these take from a tenth of a second to a whole one.
HEAVY = {"scipy", "numba", "pyarrow", "matplotlib", "pint", "pydantic"}

# Written in parts, so that this file is not its own first finding.
REGISTRIES = rb"(?:%s)" % b"|".join(
    rb"\.".join(parts)
    for parts in (
        [b"pypi", b"org"],
        [b"pythonhosted", b"org"],
        [b"npmjs", b"(?:org|com)"],
        [b"anaconda", b"(?:org|com)"],
        [b"crates", b"io"],
    )
)
INDEX_PAGE = rb"https?://[^\s\"')>]+/" + rb"simple\b|" + rb"--(?:extra-)?index" + rb"-url\b"
MACHINE_PATHS = rb"(?<![\w.~-])/(?:%s)/\w" % b"|".join((b"work", b"root", b"tmp", b"home", b"Users", b"private/var"))
TRACES = {"a registry": REGISTRIES, "a package index": INDEX_PAGE, "a path of one machine": MACHINE_PATHS}

CITED = re.compile(r"(?:^|(?<=[\s(;,]))\[([a-z][a-z0-9_]*(?:[,;] ?[a-z][a-z0-9_]*)*)\]", re.MULTILINE)


def files_of_the_project() -> list[Path]:
    """The files that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    paths = [CHECKOUT / name.decode() for name in listed.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def traces_in(content: bytes) -> list[str]:
    return [
        f"{what}: {match[0].decode(errors='replace')}"
        for what, pattern in TRACES.items()
        for match in re.finditer(pattern, content)
    ]


def cited_in(docstring: str) -> set[str]:
    """The source keys of a docstring's prose; examples and code in backticks cite nothing."""
    prose = "".join(part for part in doctest.DocTestParser().parse(docstring) if isinstance(part, str))
    prose = re.sub(r"`[^`]*`", "", prose)
    return {key.strip() for group in CITED.findall(prose) for key in re.split("[,;]", group)}


def docstrings_of(path: Path) -> list[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, documented)]


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = {
        str(path.relative_to(CHECKOUT)): traces
        for path in files_of_the_project()
        if path.suffix not in {".npz", ".png", ".tif", ".gz", ".parquet"} and (traces := traces_in(path.read_bytes()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("line", "count"),
    [
        (b"see https://files." + b"pythonhosted" + b".org/x", 1),
        (b"https://mirror.example/" + b"simple/", 1),
        (b"open('/" + b"root/x')", 1),
        (b"cp x /" + b"tmp/y", 1),
        (b"docs/work/x and ~/" + b"home/x and a/" + b"tmp/b", 0),
        (b"a simple https://example.org/paper", 0),
    ],
)
def test_the_search_for_traces_finds_them(line: bytes, count: int) -> None:
    assert len(traces_in(line)) == count


def test_every_cited_source_is_in_the_bibliography() -> None:
    known = set(tomllib.loads((PACKAGE / "catalogue" / "data" / "sources.toml").read_text(encoding="utf-8")))
    cited = {
        key: str(path.relative_to(PACKAGE)) for path in MODULES for d in docstrings_of(path) for key in cited_in(d)
    }
    assert {key: where for key, where in cited.items() if key not in known} == {}
    assert len(cited) > 10, "the search for cited keys finds none"


def test_the_search_for_citations_tells_them_from_code() -> None:
    prose = "Form [itu_p676]; also [a1, b2] ([steele2014]).\n`x[mask]` and `[n]` and x[i] are code.\n"
    text = prose + "\n>>> [true]\n[false]\n"
    assert cited_in(text) == {"itu_p676", "a1", "b2", "steele2014"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    folders = {path for path in PACKAGE.rglob("*") if path.is_dir()}
    assert [str(path) for path in [*MODULES, *folders] if path.stem.strip("_") in VAGUE_NAMES] == []


def test_no_module_is_long_without_a_reason() -> None:
    long = {}
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > LONGEST_FILE and not any(line.startswith(REASON) for line in lines):
            long[str(path.relative_to(PACKAGE))] = len(lines)
    assert long == {}


def test_only_the_edges_print() -> None:
    printing = set()
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        # Only a file in which the word stands is worth its parsing.
        for node in ast.walk(ast.parse(text)) if "print" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                printing.add(path.relative_to(PACKAGE).parts[0])
    assert printing <= {"cli", "simulate"}


def test_help_imports_no_heavy_library() -> None:
    ask = f"""
import sys
from chainhome.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print(*sorted(set({sorted(HEAVY)!r}) & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.startswith("usage: chainhome")
    assert done.stderr.split() == []

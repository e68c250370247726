"""A kernel calls only kernels of its own file, so some stand in two files: the copies must stay the same."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from chainhome import tracking

FILES = sorted(Path(tracking.__file__).parent.glob("*_kernels.py"))


def functions_of(source: str) -> dict[str, str]:
    """The source of each function of a file, decorators and comments included."""
    lines = source.splitlines()
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def copies() -> dict[str, dict[str, str]]:
    """Of each name that more than one file has: the file and the source."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in FILES:
        for name, text in functions_of(path.read_text(encoding="utf-8")).items():
            found[name][path.name] = text
    return {name: places for name, places in found.items() if len(places) > 1}


def test_functions_of_one_name_in_several_files_of_kernels_are_the_same_text() -> None:
    assert {name: sorted(places) for name, places in copies().items() if len(set(places.values())) > 1} == {}


def test_the_copies_that_are_known_are_found() -> None:
    assert {name: sorted(places) for name, places in copies().items()} == {
        "_atan2": ["_motion_kernels.py", "_row_kernels.py"],
        "_height": ["_birth_kernels.py", "_view_kernels.py"],
        "_turned": ["_gate_kernels.py", "_update_kernels.py"],
        "_white": ["_gate_kernels.py", "_update_kernels.py"],
    }


def test_a_copy_that_was_changed_in_one_file_alone_is_seen() -> None:
    one, other = functions_of("@inline\ndef f(x):\n    return x\n"), functions_of("@inline\ndef f(x):\n    return -x\n")
    assert one["f"] == "@inline\ndef f(x):\n    return x"
    assert one["f"] != other["f"]

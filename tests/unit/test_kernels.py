"""Numba's disk cache knows a kernel by its own file alone, so what it uses must stand in that file.

A cached kernel that called one of another file, or read a value of one, would keep the old one after an edit, silently.
Here the sources are read, not run: a kernel may use nothing that its file imports from the package. Files whose kernels
are built with `linked` may, from kernel files of their own folder: the digest of these is part of the cache's key.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from chainhome import _jit

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "chainhome"
DECORATORS = {"kernel", "lean", "inline"}
BYPASSES = {"njit", "jit", "vectorize", "guvectorize", "cfunc", "prange", "stencil"}


def last_name(node: ast.expr) -> str:
    """The last part of a decorator's name: `kernel` of `@kernel`, `@_jit.kernel` and `@_jit.kernel()`."""
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def kernels_of(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions of a file that are compiled, by decorator or as `name = kernel(function)`."""
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found = {n: f for n, f in functions.items() if any(last_name(d) in DECORATORS for d in f.decorator_list)}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and last_name(node) in DECORATORS):
        found |= {a.id: functions[a.id] for a in call.args if isinstance(a, ast.Name) and a.id in functions}
    return found


def imported_from_package(tree: ast.AST) -> set[str]:
    """The names that a file binds by importing from chainhome."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "chainhome"):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {a.asname or "chainhome" for a in node.names if a.name.split(".")[0] == "chainhome"}
    return names


def foreign_uses(source: str) -> list[str]:
    """What the kernels of a file use from elsewhere in the package, as `kernel uses name`."""
    tree = ast.parse(source)
    foreign = imported_from_package(tree) - DECORATORS
    # A value that the file computes from an imported one is as foreign as the import.
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        value = getattr(node, "value", None)
        if targets and value is not None and not (isinstance(value, ast.Call) and last_name(value) in DECORATORS):
            used = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
            if used & foreign:
                foreign |= {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    found: set[str] = set()
    for name, function in kernels_of(tree).items():
        local = foreign | imported_from_package(function)
        found |= {
            f"{name} uses {node.id}"
            for statement in function.body
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and node.id in local
        }
    return sorted(found)


@cache
def sources() -> dict[str, str]:
    """The text of each file of the package."""
    return {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def names_any(source: str, words: set[str]) -> bool:
    """Say whether one of the words stands anywhere in a file; only then is it worth its parsing."""
    return any(word in source for word in words)


def test_no_kernel_uses_anything_of_another_file() -> None:
    found = {
        name: foreign_uses(source)
        for name, source in sources().items()
        if names_any(source, DECORATORS) and name not in linked_files()
    }
    assert {name: uses for name, uses in found.items() if uses} == {}
    assert sum(name.endswith("kernels.py") for name in found) > 10, "the search for kernels finds none"


def linked_files() -> dict[str, str]:
    """The files that build a kernel with `linked`."""
    return {
        name: source
        for name, source in sources().items()
        if any(
            isinstance(node, ast.FunctionDef) and any(last_name(d) == "linked" for d in node.decorator_list)
            for node in ast.walk(ast.parse(source))
        )
    }


def test_a_linked_kernel_uses_only_kernel_files_of_its_own_folder_and_its_digest() -> None:
    assert sorted(linked_files()) == ["tracking/_look_kernels.py"]
    for name, source in linked_files().items():
        tree = ast.parse(source)
        folder = "chainhome." + name.rpartition("/")[0].replace("/", ".")
        used = imported_from_package(tree)
        for node in (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)):
            if (node.module or "").split(".")[0] == "chainhome" and node.module != "chainhome._jit":
                assert (node.module or "").startswith(folder), node.module
                assert (node.module or "").endswith("kernels"), node.module
                used |= {alias.name for alias in node.names}
        for build in (n for n in tree.body if isinstance(n, ast.FunctionDef) and kernel_builder(n)):
            inner = next(n for n in build.body if isinstance(n, ast.FunctionDef))
            assert build.args.args[0].arg in {n.id for n in ast.walk(inner) if isinstance(n, ast.Name)}
        # What is inlined into a linked kernel is covered by its digest; nothing else may be compiled here.
        assert {last_name(d) for f in kernels_of(tree).values() for d in f.decorator_list} <= {"inline"}
        assert used


def kernel_builder(node: ast.FunctionDef) -> bool:
    """Whether a function builds a kernel with `linked`."""
    return any(last_name(decorator) == "linked" for decorator in node.decorator_list)


def test_the_digest_of_a_folder_changes_with_any_of_its_kernel_files_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "_a_kernels.py").write_text("a", encoding="utf-8")
    (tmp_path / "b_kernels.py").write_text("b", encoding="utf-8")
    before = _jit._digest(tmp_path)
    (tmp_path / "passes.py").write_text("c", encoding="utf-8")
    assert _jit._digest(tmp_path) == before > 0
    (tmp_path / "b_kernels.py").write_text("c", encoding="utf-8")
    assert _jit._digest(tmp_path) != before


def test_a_linked_kernel_is_compiled_anew_when_a_file_of_its_folder_changed(tmp_path: Path) -> None:
    """A kernel of one file calls one of another; after an edit of the other a new process must not run the old code."""
    (tmp_path / "_one_kernels.py").write_text(
        "from chainhome._jit import kernel\n\n\n@kernel\ndef answer():\n    return 1\n", encoding="utf-8"
    )
    (tmp_path / "_two_kernels.py").write_text(
        "from chainhome._jit import linked\nfrom _one_kernels import answer\n\n\n@linked\ndef both(digest):\n"
        "    def both():\n        return -1 if digest < 0 else 10 * answer()\n    return both\n",
        encoding="utf-8",
    )
    run = [sys.executable, "-c", "from _two_kernels import both; print(both(), sum(both.stats.cache_hits.values()))"]
    place = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def ran() -> list[str]:
        return subprocess.run(run, env=place, capture_output=True, text=True, check=True).stdout.split()

    assert ran() == ["10", "0"]
    assert ran() == ["10", "1"]
    one = tmp_path / "_one_kernels.py"
    one.write_text(one.read_text(encoding="utf-8").replace("return 1", "return 2"), encoding="utf-8")
    assert ran() == ["20", "0"]


def test_only_one_file_names_the_compiler_and_its_flags() -> None:
    found = []
    for path, source in sources().items():
        for node in ast.walk(ast.parse(source)) if names_any(source, BYPASSES) else ():
            named = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if named in BYPASSES:
                found.append(path)
    assert set(found) == {"_jit.py"}


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from chainhome.a import f\n@kernel\ndef g(x):\n    return f(x)\n", ["g uses f"]),
        ("from chainhome import a\n@_jit.kernel\ndef g(x):\n    return a.f(x)\n", ["g uses a"]),
        ("from .a import f as h\n@inline\ndef g(x):\n    return h(x)\n", ["g uses h"]),
        ("from chainhome.a import f\ndef g(x):\n    return f(x)\nfast = kernel(g)\n", ["g uses f"]),
        ("from chainhome.constants import C\nD = 2 * C\n@kernel\ndef g(x):\n    return D * x\n", ["g uses D"]),
        ("@kernel\ndef g(x):\n    from chainhome.a import f\n    return f(x)\n", ["g uses f"]),
        ("import chainhome.a\n@kernel\ndef g(x):\n    return chainhome.a.f(x)\n", ["g uses chainhome"]),
        ("from chainhome._jit import kernel\nfrom math import sin\n@kernel\ndef g(x):\n    return sin(x)\n", []),
        ("from chainhome.a import f\n@kernel\ndef g(x):\n    return x\ndef h(x):\n    return f(g(x))\n", []),
        ("@inline\ndef f(x):\n    return x\n@kernel\ndef g(x):\n    return f(x)\n", []),
    ],
)
def test_the_search_finds_each_way_to_use_another_file(source: str, uses: list[str]) -> None:
    assert foreign_uses(source) == uses

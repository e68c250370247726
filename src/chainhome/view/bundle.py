"""The page's modules as one script: plain ES modules in, one text out, the same for the same modules.

A page opened from disk may not load modules from files, and a policy by hash knows inline scripts only; an import map
of `data:` addresses would need a policy that lets any such address run. So the exporter joins the modules: each becomes
a function that returns what it exports, in the order in which they need each other. It understands what the assets use
and refuses everything else:

    import { a, b as c } from './x.js';       at the start of a line, names in braces, from a module beside it
    export function | async function | class | const NAME      one name each

`await import('./live.js')` stays as it is: a served page runs the modules themselves, an exported one never gets there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

MAIN = "main.js"
SERVED_ONLY = ("live.js",)
_IMPORT = re.compile(r"^import \{([^}]*)\} from '\./([\w-]+\.js)';\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) ([A-Za-z_$][\w$]*)", re.MULTILINE)
_STATEMENT = re.compile(r"^\s*(?:import\b(?!\()|export\b).*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ ]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
_INDENT = re.compile(r"^[ ]+", re.MULTILINE)
_NAME = re.compile(r"^([A-Za-z_$][\w$]*)(?: as ([A-Za-z_$][\w$]*))?$")


@cache
def asset(name: str) -> str:
    """Return the text of a file of `assets`."""
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def asset_names() -> list[str]:
    """Return the names of all files of `assets`, sorted."""
    return sorted(entry.name for entry in (files(__package__) / "assets").iterdir() if entry.is_file())


def modules() -> dict[str, str]:
    """Return the modules of the exported page by name."""
    return {name: asset(name) for name in asset_names() if name.endswith(".js") and name not in SERVED_ONLY}


def joined(sources: Mapping[str, str], main: str = MAIN) -> str:
    """Return the modules that `main` needs as one script. Raises ValueError for what the docstring does not name.

    >>> main = "import { two } from './x.js';\\ntwo();\\n"
    >>> text = joined({"main.js": main, "x.js": "export const two = () => 2;\\n"})
    >>> text.index("two = () => 2") < text.index("two();")
    True
    """
    order: list[str] = []
    _visit(main, sources, order, [])
    parts = ["'use strict';\n"]
    for name in order:
        parts.append(_wrapped(name, sources[name], last=name == main))
    return slim("".join(parts))


def slim(script: str) -> str:
    """Return a script without the comments that fill lines and without indentation; nothing else is touched.

    A template that runs over lines would lose its indentation, so it is refused with a ValueError.

    >>> slim("  // why\\n  call(1); // stays\\n")
    'call(1); // stays\\n'
    """
    for line in script.splitlines():
        if line.count("`") % 2:
            raise ValueError(f"a template runs over several lines: {line.strip()!r}")
    return _INDENT.sub("", _COMMENT.sub("", script))


def _visit(name: str, sources: Mapping[str, str], order: list[str], path: list[str]) -> None:
    """Put a module after all that it imports."""
    if name in path:
        raise ValueError(f"modules import each other in a ring: {' > '.join([*path, name])}")
    if name not in sources:
        raise ValueError(f"{path[-1] if path else 'the page'} imports {name}, which is not among the assets")
    if name in order:
        return
    for _, other in _IMPORT.findall(sources[name]):
        _visit(other, sources, order, [*path, name])
    order.append(name)


def _variable(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", name.removesuffix(".js"))


def _wrapped(name: str, source: str, *, last: bool) -> str:
    """Return one module as a function that is called once."""
    exported = [found[1] for found in _EXPORT.findall(source)]

    def bound(match: re.Match[str]) -> str:
        names = []
        for part in match[1].split(","):
            if not part.strip():
                continue
            found = _NAME.match(part.strip())
            if found is None:
                raise ValueError(f"{name}: cannot read the import {part.strip()!r}")
            names.append(f"{found[1]}: {found[2]}" if found[2] else found[1])
        return f"const {{ {', '.join(names)} }} = {_variable(match[2])};\n"

    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(bound, source))
    left = _STATEMENT.search(body)
    if left is not None:
        raise ValueError(f"{name}: cannot join {left[0].strip()!r}")
    if "</script" in body.lower() or "<!--" in body:
        raise ValueError(f"{name}: holds text that would end the script it stands in")
    head = "" if last else f"const {_variable(name)} = "
    tail = "" if last else f"return {{ {', '.join(exported)} }};\n"
    return f"{head}(() => {{\n{body}{tail}}})();\n"

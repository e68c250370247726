"""The pages do what they say: each Python block runs, each `chainhome` command ends well, each link leads somewhere.

The blocks of one page run in order, in one empty folder, so that a later block may use what an earlier one wrote.
A block that would be slow has an HTML comment on the line before it, `<!-- slow: --smooth -->`: the test adds those
options to each of its commands. Output that follows in a `text` block is not compared. The first trial is run once, by
the page that comes to it first; the other pages that run it get a copy of its folder.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])

FENCE = re.compile(r"^(`{3,}|~{3,})\s*([\w+-]*)\s*$")
SLOW = re.compile(r"^<!--\s*slow:(.*)-->$")
# A link or a picture that has no scheme, in Markdown or in HTML: it must be a file of the checkout.
LINK = re.compile(r"""(?:\]\(|\s(?:src|srcset|href)=["'])(?![a-z][a-z0-9+.-]*:|#)([^)\s#"']+)""")

# Commands that the pages show and that this test cannot run, each with the reason.
NOT_RUN = {
    "git clone": "needs the network",
    "cd ": "goes into the clone",
    "python3 start.py test": "is what runs this test",
    ".ci/run": "runs this test",
    "bash .ci/run": "runs this test",
    ".venv/bin/": "the tools of development; .ci/run runs them",
    "pip install": "needs the network",
    "uv ": "needs the network",
    "npm pack": "needs the network",
    "python tools/": "makes the shipped data again, from files that are not in the checkout",
    "python benchmarks/": "takes minutes",
}


class Block(NamedTuple):
    """A fenced block: its language, its text, the line on which the text begins, and the options that shorten it."""

    language: str
    text: str
    line: int
    options: list[str]


def blocks_of(page: str) -> list[Block]:
    blocks: list[Block] = []
    fence, language, begun, before = "", "", 0, ""
    lines = page.splitlines()
    for number, line in enumerate(lines, start=1):
        if fence:
            if line.strip() == fence:
                slow = SLOW.match(before)
                text = "\n".join(lines[begun : number - 1]) + "\n"
                blocks.append(Block(language, text, begun + 1, shlex.split(slow[1]) if slow else []))
                fence, before = "", ""
        elif opening := FENCE.match(line.strip()):
            fence, language, begun = opening[1], opening[2], number
        elif line.strip():
            before = line.strip()
    assert not fence, f"the block of line {begun} is never closed"
    return blocks


def commands_of(block: Block) -> list[tuple[int, str]]:
    """The commands of a shell block, one for each line; a comment and a prompt are no part of them."""
    joined = block.text.replace("\\\n", "  ")
    found: list[tuple[int, str]] = []
    for number, line in enumerate(joined.splitlines()):
        command = re.sub(r"(^|\s)#.*$", "", line.strip().removeprefix("$ ")).strip()
        found += [(block.line + number, part.strip()) for part in command.split("&&") if part.strip()]
    return found


@pytest.fixture(scope="session")
def first_trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the folder of `run first-trial` is kept, the same place for all workers of this session."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "first-trial"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        except ImportError:
            pass  # no such lock on this system: both workers run it
        yield


def run_first_trial(arguments: list[str], kept: Path) -> None:
    """Run the first trial as the page says and keep its folder; where it is kept already, put it where `--out` says."""
    with locked(kept):
        if kept.exists() and arguments[:1] == ["--out"]:
            shutil.copytree(kept, arguments[1])
            return
        before = set(Path().rglob("run.json"))
        run_main(["run", "first-trial", *arguments])
        (record,) = set(Path().rglob("run.json")) - before
        if not kept.exists():
            shutil.copytree(record.parent, kept.with_suffix(".part"))
            kept.with_suffix(".part").rename(kept)


def run_main(arguments: list[str]) -> None:
    from chainhome.cli import main

    try:
        code: Any = main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert not code, f"exit code {code}: chainhome {shlex.join(arguments)}"


def run_command(command: str, options: list[str], first_trial: Path | None = None) -> None:
    command = command.split("|")[0].split(">")[0]
    words = shlex.split(command)
    if words[:2] == ["python3", "start.py"]:
        words = ["chainhome", *words[2:]]
    assert words[0] == "chainhome", f"neither a chainhome command nor one that NOT_RUN explains: {command}"
    arguments = [*words[1:], *options]
    if (
        first_trial
        and arguments[:2] == ["run", "first-trial"]
        and arguments[2:3] in ([], ["--out"])
        and len(arguments) < 5
    ):
        run_first_trial(arguments[2:], first_trial)
    else:
        run_main(arguments)


def run_python(block: Block, names: dict[str, Any], page: Path, first_trial: Path | None = None) -> None:
    if ">>>" not in block.text:
        exec(compile(block.text, f"{page.name}:{block.line}", "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line - 1)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS, verbose=False)
    said: list[str] = []
    runner.run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not runner.failures, "".join(said)


def run_shell(block: Block, names: dict[str, Any], page: Path, first_trial: Path | None = None) -> None:
    for line, command in commands_of(block):
        if not command.startswith(tuple(NOT_RUN)):
            try:
                run_command(command, block.options, first_trial)
            except AssertionError as error:
                raise AssertionError(f"{page.name}:{line}: {error}") from error


def parse_toml(block: Block, names: dict[str, Any], page: Path, first_trial: Path | None = None) -> None:
    """Parse a block; one whose first line is `# file: NAME` is written there, for the commands that follow."""
    tomllib.loads(block.text)
    if named := re.match(r"# file: (\S+)\n", block.text):
        Path(named[1]).write_text(block.text, encoding="utf-8")


def parse_json(block: Block, names: dict[str, Any], page: Path, first_trial: Path | None = None) -> None:
    json.loads(block.text)


def show(block: Block, names: dict[str, Any], page: Path, first_trial: Path | None = None) -> None:
    """Text for the eye: nothing to run, nothing to compare."""


HANDLERS: dict[str, Callable[[Block, dict[str, Any], Path, Path | None], None]] = {
    "python": run_python,
    "sh": run_shell,
    "toml": parse_toml,
    "json": parse_json,
    "text": show,
    "": show,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_the_blocks_of_the_page_run(
    page: Path, tmp_path: Path, first_trial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        assert block.language in HANDLERS, f"{page.name}:{block.line}: no test knows what a {block.language} block is"
        HANDLERS[block.language](block, names, page, first_trial)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_the_links_of_the_page_lead_to_files(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert missing == []


def test_links_are_found_in_markdown_and_in_html() -> None:
    page = '[a](docs/a.md#part) ![b](b.png) [c](https://example.org) [d](#d) <img alt="e" src="e.png"> x[0](1)'
    assert LINK.findall(page) == ["docs/a.md", "b.png", "e.png", "1"]


def test_a_wrong_block_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    python_block = "```python\n>>> 1 + 1\n3\n```\n"
    shell_block = "```sh\n$ rm -rf x  # why\nchainhome a \\\n  b | jq\n```\n"
    page = f"text\n{python_block}\n<!-- slow: --smooth -->\n\n{shell_block}"
    python, shell = blocks_of(page)
    assert (python.line, shell.line, shell.options) == (3, 10, ["--smooth"])
    assert commands_of(shell) == [(10, "rm -rf x"), (11, "chainhome a     b | jq")]
    with pytest.raises(AssertionError, match="Expected"):
        run_python(python, {}, Path("page.md"))
    with pytest.raises(AssertionError, match=r"page\.md:10: neither a chainhome command"):
        run_shell(shell, {}, Path("page.md"))
    with pytest.raises(AssertionError, match="exit code 2"):
        run_command("chainhome no-such-command", [])

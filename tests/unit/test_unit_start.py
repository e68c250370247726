"""start.py: what a stranger types first. No test here touches the network; `.ci/run` does the real set-up."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
OLDEST_THAT_MUST_PARSE = (3, 6)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "a checkout"
    folder.mkdir()
    for name in ("start.py", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, folder)
    return folder


@pytest.fixture
def start(checkout: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("start_under_test", checkout / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FakeRun:
    """Stands for the programs that start.py runs: remembers them, makes what they would make, fails where told."""

    def __init__(self, start: ModuleType) -> None:
        self.start = start
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str]] = []
        self.fails: dict[str, str] = {}

    def __call__(self, *command: object, environment: dict[str, str] | None = None) -> tuple[bool, str]:
        words = [Path(str(word)).name if "/" in str(word) else str(word) for word in command]
        self.commands.append(words)
        self.environments.append(environment or {})
        line = " ".join(words)
        for part, output in self.fails.items():
            if part in line:
                return False, output
        makes = {"venv": self.start.PYTHON, "uv>=0.7": self.start.UV, "sync": self.start.CHAINHOME}
        makes["-e"] = self.start.CHAINHOME
        for word, path in makes.items():
            if word in words:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("made", encoding="utf-8")
        return True, ""

    def lines(self) -> list[str]:
        return [" ".join(words) for words in self.commands]


@pytest.fixture
def programs(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> FakeRun:
    fake = FakeRun(start)
    monkeypatch.setattr(start, "run", fake)
    return fake


@pytest.fixture
def handed(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    commands: list[list[str]] = []

    def record(command: list[str]) -> int:
        commands.append(command)
        return 0

    monkeypatch.setattr(start, "hand_over", record)
    return commands


def set_up_by_hand(checkout: Path, start: ModuleType, level: str, script: str) -> None:
    start.BIN.mkdir(parents=True)
    start.PYTHON.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    start.CHAINHOME.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    start.PYTHON.chmod(0o755)
    start.CHAINHOME.chmod(0o755)
    start.STAMP.write_text(f"{start.digest()} {level}\n", encoding="utf-8")


def test_an_older_python_can_parse_the_file_and_is_told_in_one_line() -> None:
    source = (CHECKOUT / "start.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=OLDEST_THAT_MUST_PARSE)
    pretend = f"import sys; sys.version_info = (3, 8, 0); __file__ = 'start.py'; exec({source!r})"
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert done.stderr.rstrip().endswith("is Python 3.8")


def test_a_finished_set_up_hands_over_arguments_folder_and_exit_code_without_a_word(
    checkout: Path, start: ModuleType, tmp_path: Path
) -> None:
    set_up_by_hand(checkout, start, "run", 'printf "%s|" "$@"; pwd; exit 7\n')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, str(checkout / "start.py"), "run", "first-trial", "--out", "a b"],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7
    assert done.stdout == f"run|first-trial|--out|a b|{elsewhere}\n"
    assert done.stderr == ""


def test_the_tests_run_in_the_checkout_with_the_given_arguments(
    checkout: Path, start: ModuleType, tmp_path: Path
) -> None:
    set_up_by_hand(checkout, start, "test", 'printf "%s|" "$@"; pwd\n')
    command = [sys.executable, str(checkout / "start.py"), "test"]
    plain = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    given = subprocess.run([*command, "-k", "x"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert plain.stdout == f"-m|pytest|-q|-n|2|--dist|worksteal|{checkout}\n"
    assert given.stdout == f"-m|pytest|-k|x|{checkout}\n"


def test_a_first_run_makes_the_environment_and_installs_without_the_tools_of_development(
    start: ModuleType, programs: FakeRun, handed: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert start.main(["reach", "s-400"]) == 0
    assert [line for line in programs.lines() if "venv" in line and "--clear" in line]
    assert programs.lines()[-1] == "uv sync --no-progress --no-default-groups"
    assert programs.environments[-1]["UV_PROJECT_ENVIRONMENT"] == str(start.VENV)
    assert handed == [[str(start.CHAINHOME), "reach", "s-400"]]
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "chainhome: setting up .venv, first run only (a minute or two) ...\n"


def test_the_second_run_runs_no_other_program(start: ModuleType, programs: FakeRun, handed: list[list[str]]) -> None:
    start.main(["run"])
    before = len(programs.commands)
    start.main(["run"])
    assert len(programs.commands) == before
    assert len(handed) == 2


def test_the_tests_add_what_they_need_and_a_later_run_keeps_it(
    start: ModuleType, programs: FakeRun, handed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(start.ROOT)
    start.main(["run"])
    start.main(["test"])
    assert programs.lines()[-1] == "uv sync --no-progress"
    before = len(programs.commands)
    start.main(["run"])
    assert len(programs.commands) == before
    assert len(handed) == 3
    with (start.ROOT / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    start.main(["run"])
    assert programs.lines()[-1] == "uv sync --no-progress"


def test_a_changed_dependency_or_a_moved_checkout_is_not_ready(start: ModuleType, programs: FakeRun) -> None:
    start.set_up("run")
    assert start.is_ready("run")
    finished = start.digest()
    with (start.ROOT / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert not start.is_ready("run")
    changed = start.digest()
    start.ROOT = start.ROOT / ".." / start.ROOT.name
    assert len({finished, changed, start.digest()}) == 3


def test_an_interrupted_set_up_leaves_nothing_that_looks_finished(
    start: ModuleType, handed: list[list[str]], programs: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(level: str) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(start, "sync_with_uv", interrupted)
        assert start.main(["run"]) == 130
    assert not handed
    assert not start.is_ready("run")
    assert start.main(["run"]) == 0
    assert len(handed) == 1


def test_pip_takes_over_with_the_tested_versions_where_uv_fails(
    start: ModuleType, programs: FakeRun, handed: list[list[str]]
) -> None:
    programs.fails["uv>=0.7"] = "no such package"
    start.main(["run"])
    assert programs.lines()[-1].startswith("python -m pip install --quiet -c constraints.txt -e ")
    constraints = (start.VENV / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in constraints if line.startswith("numpy==")]
    assert len(handed) == 1


def test_a_certificate_failure_is_tried_again_with_the_certificates_of_the_system(
    start: ModuleType, programs: FakeRun, handed: list[list[str]]
) -> None:
    programs.fails["uv sync"] = "invalid peer certificate: UnknownIssuer"
    start.main(["run"])
    tries = [
        env for line, env in zip(programs.lines(), programs.environments, strict=True) if line.startswith("uv sync")
    ]
    assert [env.get("UV_SYSTEM_CERTS") for env in tries] == [None, "1"]


def test_a_failed_set_up_shows_what_failed_and_ends_with_one_sentence(
    start: ModuleType, programs: FakeRun, handed: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    programs.fails |= {"uv sync": "uv saw no network", "pip install --quiet -c": "pip saw no network"}
    assert start.main(["run"]) == 1
    err = capfd.readouterr().err
    assert "uv saw no network" in err
    assert "pip saw no network" in err
    assert err.splitlines()[-1] == (
        "chainhome: set-up failed: the packages could not be installed. The same command tries again."
    )
    assert not handed
    assert not start.STAMP.exists()


def test_a_python_without_ensurepip_is_named_with_what_to_install(
    start: ModuleType,
    programs: FakeRun,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.util.find_spec

    def without_ensurepip(name: str, *rest: Any) -> Any:
        return None if name == "ensurepip" else real(name, *rest)

    monkeypatch.setattr(importlib.util, "find_spec", without_ensurepip)
    assert start.main(["run"]) == 1
    last = capfd.readouterr().err.splitlines()[-1]
    assert "has no venv or no ensurepip" in last
    assert "-venv" in last

#!/usr/bin/env python3
"""Set the project up on first use, then run it; needs Python 3.11 or newer and nothing else.

    python3 start.py run first-trial    runs `chainhome run first-trial`; all arguments are chainhome's
    python3 start.py test               runs the tests; further arguments are pytest's, paths as in the checkout

The set-up is the folder `.venv` beside this file, at the versions that `pyproject.toml` names as tested. Delete the
folder to begin again. An interrupted set-up goes on with the next command.
"""

import os
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 11)
# Before any syntax or type that an older Python would stumble over with a traceback.
if sys.version_info < OLDEST_PYTHON:
    sys.exit("chainhome needs Python 3.11 or newer; {} is Python {}.{}".format(sys.executable, *sys.version_info[:2]))

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / f"python{EXE}"
CHAINHOME = BIN / f"chainhome{EXE}"
UV = BIN / f"uv{EXE}"
STAMP = VENV / "chainhome-set-up.txt"


class SetUpError(Exception):
    """One sentence that says what failed, and what the failing program printed."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.output = output


def digest() -> str:
    """Return what the set-up depends on, as one word: the declared dependencies, this file, and where they lie."""
    from hashlib import sha256

    parts = (ROOT / "pyproject.toml").read_bytes(), Path(__file__).read_bytes(), os.fsencode(ROOT)
    return sha256(b"\0".join(parts)).hexdigest()


def stamped() -> list[str]:
    """Return the digest and the level ("run" or "test") of the last set-up that was finished."""
    try:
        return STAMP.read_text(encoding="utf-8").split()
    except OSError:
        return []


def is_ready(level: str) -> bool:
    """Say whether the set-up is there, finished, up to date and has what the level needs."""
    done = stamped()
    return done[:1] == [digest()] and done[1:] in (["test"], [level]) and PYTHON.exists() and CHAINHOME.exists()


def say(text: str) -> None:
    """Print a line for the user; standard output belongs to the command that follows."""
    print(f"chainhome: {text}", file=sys.stderr, flush=True)


def run(*command: object, environment: dict[str, str] | None = None) -> tuple[bool, str]:
    """Run a program in the checkout; return whether it succeeded and what it printed."""
    import subprocess

    outside = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH")}
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=outside | {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return False, str(error)
    return done.returncode == 0, done.stdout.strip()


def make_venv() -> None:
    """Make `.venv` with pip in it, unless a usable one is there."""
    from importlib.util import find_spec

    probe = f"import sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    usable = PYTHON.exists() and run(PYTHON, "-c", probe)[0]
    if usable and (UV.exists() or run(PYTHON, "-m", "pip", "--version")[0] or run(PYTHON, "-m", "ensurepip")[0]):
        return
    if not (find_spec("venv") and find_spec("ensurepip")):
        raise SetUpError(
            f"{sys.executable} has no venv or no ensurepip; install them "
            f"(on Debian and Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv)"
        )
    done, output = run(sys.executable, "-m", "venv", "--clear", VENV)
    if not done:
        raise SetUpError(f"{sys.executable} -m venv could not make {VENV}", output)


def sync_with_uv(level: str) -> str:
    """Install the project with uv, which comes from the package index too; return what went wrong, or nothing."""
    if not UV.exists():
        done, output = run(PYTHON, "-m", "pip", "install", "--quiet", "uv>=0.7")
        if not done or not UV.exists():
            return output or "pip installed no uv"
    command = [UV, "sync", "--no-progress", *([] if level == "test" else ["--no-default-groups"])]
    here = {"UV_PROJECT_ENVIRONMENT": str(VENV), "UV_PYTHON": str(PYTHON), "UV_PYTHON_DOWNLOADS": "never"}
    # Seconds once, instead of a second or more in every run where Python may not write its byte code.
    here["UV_COMPILE_BYTECODE"] = os.environ.get("UV_COMPILE_BYTECODE", "1")
    done, output = run(*command, environment=here)
    if not done and "certificate" in output.lower():
        # Behind an inspecting proxy only the system's certificate store knows the issuer; uv's own does not.
        done, output = run(*command, environment=here | {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"})
    return "" if done else output or "uv sync failed"


def sync_with_pip(level: str) -> str:
    """Install the project with pip, at the versions that uv would take; return what went wrong, or nothing."""
    import tomllib

    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    constraints = VENV / "constraints.txt"
    constraints.write_text("\n".join(declared["tool"]["uv"]["constraint-dependencies"]) + "\n", encoding="utf-8")
    wanted = declared["dependency-groups"]["dev"] if level == "test" else []
    done, output = run(PYTHON, "-m", "pip", "install", "--quiet", "-c", constraints, "-e", ROOT, *wanted)
    return "" if done else output or "pip install failed"


def set_up(level: str) -> None:
    """Bring `.venv` to what the level needs; a second call at the same time waits for the first."""
    with Path(__file__).open("rb") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except (ImportError, OSError):
            pass  # no such lock on this system: two set-ups at once are then the user's to avoid
        if is_ready(level):
            return
        level = "test" if "test" in stamped() else level
        say(
            "setting up .venv, first run only (a minute or two) ..."
            if not stamped()
            else "bringing .venv up to date ..."
        )
        make_venv()
        kept = digest()
        STAMP.unlink(missing_ok=True)
        by_uv = sync_with_uv(level)
        if by_uv:
            say("uv could not install the packages; trying pip, which takes longer ...")
            by_pip = sync_with_pip(level)
            if by_pip:
                raise SetUpError("the packages could not be installed", f"uv: {by_uv}\npip: {by_pip}")
        if not CHAINHOME.exists():
            raise SetUpError(f"the installation made no {CHAINHOME}")
        unfinished = STAMP.with_suffix(".part")
        unfinished.write_text(f"{kept} {level}\n", encoding="utf-8")
        unfinished.replace(STAMP)


def hand_over(command: list[str]) -> int:
    """Become the command; where a system cannot do that, run it and return its exit code."""
    if os.name != "nt":
        os.execv(command[0], command)
    import subprocess

    return subprocess.call(command)


def main(arguments: list[str]) -> int:
    """Set up if needed, then run chainhome or the tests."""
    level = "test" if arguments[:1] == ["test"] else "run"
    try:
        if not is_ready(level):
            set_up(level)
    except (SetUpError, OSError) as error:
        if isinstance(error, SetUpError) and error.output:
            print(error.output, file=sys.stderr)
        say(f"set-up failed: {error}. The same command tries again.")
        return 1
    except KeyboardInterrupt:
        say("set-up interrupted. The same command goes on with it.")
        return 130
    if level == "test":
        os.chdir(ROOT)
        return hand_over([str(PYTHON), "-m", "pytest", *(arguments[1:] or ["-q", "-n", "2", "--dist", "worksteal"])])
    return hand_over([str(CHAINHOME), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

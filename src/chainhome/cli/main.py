"""The entry point: finds the command, runs it, and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

from chainhome.cli.parser import build_parser
from chainhome.cli.text import PLAIN, one_line
from chainhome.errors import ChainhomeError


def _joined(argv: Sequence[str]) -> list[str]:
    """Join an option and a negative quantity, `--altitude -100m`, which argparse would take for two options."""
    words: list[str] = []
    for word in argv:
        negative = re.fullmatch(r"-[\d.].*", word) is not None
        if negative and words and words[-1].startswith("--") and "=" not in words[-1]:
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failure, 2 wrong use."""
    if sys.stdout is None or sys.stderr is None:
        # Closed by the caller (>&-): there is nobody to tell.
        sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A pipe may speak ASCII; a name such as Mürted, or the dash of a band, is then written as well as can be.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)
    try:
        arguments = build_parser().parse_args(_joined(sys.argv[1:] if argv is None else argv))
        code = int(arguments.command(arguments))
        sys.stdout.flush()
        return code
    except ChainhomeError as error:
        print(f"chainhome: {one_line(str(error))}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("chainhome: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, less) went away; that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        print("chainhome: there is not enough memory for this", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"chainhome: {one_line(f'{where}{error.strerror or error}')}", file=sys.stderr)
        return 1

"""The entry point: finds the command, runs it, and turns what goes wrong into one sentence and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

from chainhome.cli.parser import build_parser
from chainhome.errors import ChainhomeError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failure, 2 wrong use."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe may speak ASCII; a name such as Mürted must not end the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        arguments = build_parser().parse_args(argv)
        code = int(arguments.command(arguments))
        sys.stdout.flush()
        return code
    except ChainhomeError as error:
        print(f"chainhome: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("chainhome: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, less) went away; that is no failure.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.ENOENT):
            raise
        print(f"chainhome: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
        return 1

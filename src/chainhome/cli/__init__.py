"""The command line: arguments in, text or JSON out, exit codes 0 (done), 1 (failure) and 2 (wrong use)."""

from chainhome.cli.main import main

__all__ = ["main"]

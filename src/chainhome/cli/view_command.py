"""`chainhome view`: a run → its page in the browser, from disk or from a server on this machine."""

from __future__ import annotations

import argparse
import sys
import tempfile
import webbrowser
from contextlib import closing
from pathlib import Path

from chainhome.cli.folders import given_path
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import run_geo
from chainhome.formats.run_folder import Run, read_record, read_run

PAGE = "view.html"
HOST, PORT, SPEED = "127.0.0.1", 8765, 10.0


def run(arguments: argparse.Namespace) -> int:
    """View one run."""
    folder = given_path(arguments.run, "RUN", "run folder")
    _check_options(arguments)
    read_record(folder)
    if arguments.serve:
        from chainhome.view.server import check_extra

        check_extra()
    viewed = read_run(folder)
    if viewed.record["status"] != "complete":
        print(f"{folder} is marked incomplete: what is there is shown")
    return _serve(viewed, arguments) if arguments.serve else _open_page(viewed, arguments)


def _check_options(arguments: argparse.Namespace) -> None:
    for name in ("port", "host", "replay"):
        if getattr(arguments, name) not in (None, False) and not arguments.serve:
            raise UseError(f"--{name} belongs to --serve, which was not asked for")
    if arguments.speed is not None and not arguments.replay:
        raise UseError("--speed belongs to --replay, which was not asked for")
    if arguments.host == "":
        raise UseError('--host "" is no address')


def _open_page(viewed: Run, arguments: argparse.Namespace) -> int:
    from chainhome.view import write_html

    path = viewed.folder / PAGE
    if path.exists() and not _is_ours(path):
        raise UseError(f"{path} is not a page that chainhome wrote; move it, or use chainhome export --html")
    try:
        write_html(viewed, path)
    except UseError:
        raise
    except ChainhomeError as error:
        # A run on a medium that cannot be written can still be looked at.
        path = Path(tempfile.mkdtemp(prefix="chainhome-")) / PAGE
        print(f"chainhome: {error}; the page goes elsewhere", file=sys.stderr)
        write_html(viewed, path)
    print(f"wrote {path}")
    if not arguments.no_open:
        _open(path.resolve().as_uri())
    return 0


def _is_ours(path: Path) -> bool:
    """Return whether a page begins as ours do; that it mentions chainhome is not enough."""
    from chainhome.view.page import OURS

    begins = OURS.encode("utf-8")
    try:
        with path.open("rb") as file:
            return file.read(len(begins)) == begins
    except OSError:
        return False


def _open(address: str) -> None:
    if not webbrowser.open(address):
        print(f"no browser could be started; open {address}")


def _serve(viewed: Run, arguments: argparse.Namespace) -> int:
    from chainhome.view import server
    from chainhome.view.guard import is_loopback
    from chainhome.view.live import replay_of
    from chainhome.view.payload import payload
    from chainhome.view.served import served
    from chainhome.view.session import Session

    host = arguments.host or HOST
    listening = server.open_socket(host, PORT if arguments.port is None else arguments.port)
    if not is_loopback(host):
        print(
            f"chainhome: listening on {host}: whoever reaches this machine over the network can see this run",
            file=sys.stderr,
        )

    with closing(listening):
        session = Session(replay_of(viewed), arguments.speed or SPEED) if arguments.replay else None
        page = served(run_geo.title(viewed), live=session is not None)
        content = server.Content(page, server.shipped_assets(), payload(viewed, motion=session is None))

        def ready(address: str) -> None:
            played = f", played {session.speed:g} times as fast as it happened" if session is not None else ""
            print(f"{viewed.folder} is at {address}{played}; Ctrl-C ends it", flush=True)
            if not arguments.no_open:
                _open(address)

        server.run_server(server.application(content, session, host), listening, ready)
    return 0

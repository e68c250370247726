"""A server in a thread, for the tests of the live transport."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from chainhome.view import server
from chainhome.view.session import Session

PATIENCE_S = 20.0


class Served(NamedTuple):
    """Where the server is, what it plays, and how to stop it."""

    address: str
    port: int
    session: Session | None
    stop: Any


@contextlib.contextmanager
def serving(content: server.Content, session: Session | None, *, port: int = 0) -> Iterator[Served]:
    """Serve on the loopback until the block ends."""
    import uvicorn

    listening = server.open_socket("127.0.0.1", port)
    real_port = listening.getsockname()[1]
    config = server.settings(server.application(content, session, "127.0.0.1"))
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: running.run(sockets=[listening]), daemon=True)
    thread.start()
    until(lambda: running.started)

    def stop() -> None:
        running.should_exit = True
        thread.join(PATIENCE_S)
        listening.close()

    try:
        yield Served(f"http://127.0.0.1:{real_port}/", real_port, session, stop)
    finally:
        stop()
        assert not thread.is_alive(), "the server does not end"


def until(condition: Any, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition to come true."""
    give_up = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < give_up, "what was waited for does not happen"
        time.sleep(0.01)

"""The page on this machine's loopback (extra `live`): its modules and data over HTTP, live frames over a WebSocket.

All that can be asked for is in memory before the server starts: no file is looked up by a name that somebody sends.
Whom it answers is `view.guard`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from chainhome.errors import ChainhomeError, UseError
from chainhome.view.guard import guarded
from chainhome.view.session import Session, listen

GRACE_S = 2
MOST_NAME = 80  # letters of a name that a message repeats
TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
}


@dataclass(frozen=True, eq=False)
class Content:
    """All that is served: the page, its assets by name, and the data (for a live page, what a snapshot holds)."""

    page: str
    assets: Mapping[str, bytes]
    data: bytes


def shipped_assets() -> dict[str, bytes]:
    """Return the modules and styles of the page by name."""
    folder = files("chainhome.view") / "assets"
    return {item.name: item.read_bytes() for item in folder.iterdir() if item.name.rsplit(".", 1)[-1] in TYPES}


def application(content: Content, session: Session | None, host: str) -> Any:
    """Return the ASGI application: `/`, `/assets/NAME`, `/data` and, with a session, the WebSocket `/live`."""
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route, WebSocketRoute

    async def page(_: Any) -> Response:
        return Response(content.page, media_type="text/html; charset=utf-8")

    async def asset(request: Any) -> Response:
        name = request.path_params["name"]
        if name not in content.assets:
            return Response("not found", 404, media_type="text/plain")
        return Response(content.assets[name], media_type=TYPES[name.rsplit(".", 1)[-1]])

    async def data(_: Any) -> Response:
        return Response(content.data, media_type="application/octet-stream")

    @contextlib.asynccontextmanager
    async def playing(_: Any) -> AsyncIterator[None]:
        task = asyncio.create_task(session.play()) if session is not None else None
        yield
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    routes: list[BaseRoute] = [Route("/", page), Route("/assets/{name}", asset), Route("/data", data)]
    if session is not None:
        routes.append(WebSocketRoute("/live", lambda socket_: listen(socket_, content.data, session)))
    made = Starlette(routes=routes, lifespan=playing)
    made.router.redirect_slashes = False
    return guarded(made, host)


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises UseError for a port in use, or an address that is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        # A name that no name may be (`a..b`, one of 300 letters) fails before anybody is asked.
        reason = error.strerror if isinstance(error, OSError) else "no such name can be"
        raise UseError(f'--host "{host[:MOST_NAME]}" is no address of this machine ({reason or error})') from error
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # So that a server can begin again at once; elsewhere this would let two listen on one port.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise UseError(f"port {port} of {host} is in use; choose another with --port (0 takes any)") from error
        raise UseError(f"cannot listen on port {port} of {host}: {error.strerror or error}") from error
    return listening


def run_server(app: Any, listening: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve an application on a socket until Ctrl-C; `ready` is told the address of the page."""
    uvicorn = _uvicorn()
    ready(address_of(listening))
    running = uvicorn.Server(settings(app))
    leave = running.handle_exit

    def handle_exit(number: int, frame: Any) -> None:
        """End on Ctrl-C, however often it is pressed: the server would raise each press again after its end."""
        if number == signal.SIGINT:
            running.should_exit = True
        else:
            leave(number, frame)

    running.handle_exit = handle_exit
    with contextlib.suppress(KeyboardInterrupt):
        running.run(sockets=[listening])


def address_of(listening: socket.socket) -> str:
    """Return where a browser on this machine finds what is served on a socket."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def _worth_telling(record: logging.LogRecord) -> bool:
    """Return whether a message of the server is this program's failure: not nonsense from others, not its own end."""
    error = record.exc_info[1] if record.exc_info else None
    ours = not isinstance(error, asyncio.CancelledError) and not type(error).__module__.startswith("websockets")
    return record.levelno >= logging.ERROR and ours


def settings(app: Any) -> Any:
    """Return how the server runs: nothing said about itself, small messages in, no patience with a shutdown."""
    logging.getLogger("uvicorn.error").addFilter(_worth_telling)
    return _uvicorn().Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
    )


def check_extra() -> None:
    """Raise ChainhomeError where the extra `live` is not installed."""
    _uvicorn()


def _uvicorn() -> Any:
    try:
        import starlette  # noqa: F401
        import uvicorn
        import websockets  # noqa: F401
    except ImportError as error:
        raise ChainhomeError(
            f'serving needs the package {error.name}, which is not installed: pip install "chainhome[live]"'
        ) from error
    return uvicorn

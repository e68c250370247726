"""Who a server on this machine answers: the checks of Host and Origin, and the headers on every answer.

A page from elsewhere may let its own name point to this machine (the browser then sends that name as Host), or open a
WebSocket across origins: neither is answered. The page that is served may load nothing from elsewhere.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

CLOSE_POLICY = 1008
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def allowed_hosts(host: str) -> frozenset[str]:
    """Return the names that the Host header may have for a server that listens on `host`.

    >>> "localhost" in allowed_hosts("127.0.0.1"), "example.org" in allowed_hosts("0.0.0.0")
    (True, False)
    """
    named = f"[{host}]" if ":" in host else host
    return LOOPBACK | {named.lower()} | (frozenset() if is_loopback(host) else {socket.gethostname().lower()})


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fits_host(header: str, host: str) -> bool:
    """Return whether a Host header may be answered; beyond the loopback any address will do, but no foreign name.

    A page from elsewhere can make its own name point to this machine, but not an address or `localhost`.

    >>> [fits_host(header, "127.0.0.1") for header in ("localhost:8765", "[::1]", "evil.example:8765", "10.0.0.1", "")]
    [True, True, False, False, False]
    """
    name = header.lower()
    if not name.endswith("]"):
        name = name.rsplit(":", 1)[0] if ":" in name else name
    if name in allowed_hosts(host):
        return True
    if is_loopback(host):
        return False
    try:
        return bool(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return False


def fits_origin(origin: str, host_header: str) -> bool:
    """Return whether a WebSocket was opened by a page of this server.

    >>> fits_origin("http://localhost:8765", "localhost:8765"), fits_origin("null", "localhost:8765")
    (True, False)
    """
    return origin.lower() in (f"http://{host_header.lower()}", f"https://{host_header.lower()}") and bool(host_header)


def guarded(app: Any, host: str) -> Any:
    """Return the application behind the checks of Host and Origin, with the security headers on every answer."""
    extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        told = {name.lower(): value.decode("latin1") for name, value in scope["headers"]}
        asked = told.get(b"host", "")
        fits = fits_host(asked, host)
        if scope["type"] == "websocket":
            if fits and fits_origin(told.get(b"origin", ""), asked):
                await app(scope, receive, send)
            else:
                # Before it is accepted, this becomes an answer 403.
                await send({"type": "websocket.close", "code": CLOSE_POLICY})
            return

        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), *extra]}
            await send(message)

        if fits:
            await app(scope, receive, with_headers)
            return
        plain = [(b"content-type", b"text/plain; charset=utf-8")]
        await with_headers({"type": "http.response.start", "status": 421, "headers": plain})
        await send({"type": "http.response.body", "body": b"this server does not answer to that name\n"})

    return checked

"""Protection of the server: whose requests are answered, how long they may be, and how long they may take."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection
from typing import Any, ClassVar
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_SECONDS = 10.0  # from the connection or the last answer to the end of a request's header
ANSWER_SECONDS = 120.0  # from there to the end of the answer
BODY_LIMIT = 4096
_HEADERS = {
    "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()", "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex",
}  # fmt: skip


class TimedConnection:
    """Wraps uvicorn's own protocol of a connection, which is aborted when a request or the answer takes too long.

    uvicorn waits without limit for the first request and for the rest of a header, so that silent clients would use
    up ``limit_concurrency``.
    """

    open: ClassVar[dict[Any, TimedConnection]] = {}  # by address and port of the client

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Wait for the first request."""
        self._client, self._abort = (transport.get_extra_info("peername") or ())[:2], transport.abort
        self._timer = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._abort)
        self.open[self._client] = self
        self._protocol.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._timer.cancel()
        self.open.pop(self._client, None)
        self._protocol.connection_lost(error)

    def restart(self, seconds: float) -> None:
        """Set a new deadline."""
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._abort)


class Guard:
    """Middleware that refuses requests meant for others, and adds security headers to every answer."""

    def __init__(self, app: ASGIApp, names: Collection[str], local: bool) -> None:
        self.app, self.names, self.local = app, names, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        if connection := TimedConnection.open.get(scope["client"]):
            connection.restart(ANSWER_SECONDS)
        await (self._refusal(scope["method"], Headers(scope=scope)) or self.app)(scope, receive, send_with_headers)
        if connection := TimedConnection.open.get(scope["client"]):
            connection.restart(REQUEST_SECONDS)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        if not is_own_host(headers.get("host", ""), self.names, self.local):
            return JSONResponse({"error": "This address is not served here; see --allow-host."}, 421)
        if method in ("GET", "HEAD"):
            return None
        # A foreign page cannot send JSON without a CORS preflight, which fails here; browsers name the origin, too.
        origin, kind = headers.get("origin"), headers.get("content-type", "").partition(";")[0].strip().lower()
        is_own = origin is None or urlsplit(origin).netloc == headers.get("host")
        if not is_own or kind != "application/json" or headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return JSONResponse({"error": "Refused: sent by another page."}, 403)
        if int(headers.get("content-length", BODY_LIMIT + 1)) > BODY_LIMIT:
            return JSONResponse({"error": "The request is too long."}, 413)
        return None


def is_own_host(host: str, names: Collection[str], local: bool) -> bool:
    """Return whether a Host header means this server: one of its names, or an address; if local, of this machine.

    A foreign name that resolves to this address (DNS rebinding) would let foreign pages talk to the server; an address
    cannot be redirected.

    >>> is_own_host("127.0.0.1:8000", [], True), is_own_host("evil.example", [], False)
    (True, False)
    >>> is_own_host("192.168.1.5", [], True), is_own_host("192.168.1.5", [], False)
    (False, True)
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name in ("localhost", *names) or ipaddress.ip_address(name).is_loopback or not local
    except ValueError:
        return False

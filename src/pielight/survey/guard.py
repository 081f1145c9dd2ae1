"""Limits of the server: whose requests are answered, how long they may be, and how long they may take."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection
from typing import Any, ClassVar
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

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
    """A connection, handled by uvicorn's protocol, and aborted when a request or the reading of its answer takes long.

    uvicorn waits without limit for the first request and for the rest of a header, so that silent clients would use
    up ``limit_concurrency``.
    """

    open: ClassVar[dict[Any, TimedConnection]] = {}  # by address and port of the client

    def __init__(self, **state: Any) -> None:
        self._protocol = AutoHTTPProtocol(**state)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Wait for the first request."""
        self._client, self._abort = transport.get_extra_info("peername", ())[:2], transport.abort
        self._timer = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._abort)
        self.open[self._client] = self
        self._protocol.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._timer.cancel()
        self.open.pop(self._client, None)
        self._protocol.connection_lost(error)

    @classmethod
    def restart(cls, client: Any, seconds: float) -> None:
        """Set a new deadline for the connection of a client, if it is still open."""
        if connection := cls.open.get(client):
            connection._timer.cancel()
            connection._timer = asyncio.get_running_loop().call_later(seconds, connection._abort)


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

        TimedConnection.restart(scope["client"], ANSWER_SECONDS)
        await (self._refusal(scope["method"], Headers(scope=scope)) or self.app)(scope, receive, send_with_headers)
        TimedConnection.restart(scope["client"], REQUEST_SECONDS)

    def _refusal(self, method: str, headers: Headers) -> JSONResponse | None:
        if not self._is_own(headers.get("host", "")):
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

    def _is_own(self, host: str) -> bool:
        """Return whether a Host header means this server: one of its names, or an address; if local, of this machine.

        A foreign name that resolves to this address (DNS rebinding) would let foreign pages talk to the server; an
        address cannot be redirected.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in ("localhost", *self.names) or ipaddress.ip_address(name).is_loopback or not self.local
        except ValueError:
            return False

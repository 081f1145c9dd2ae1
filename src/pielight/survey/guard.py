"""Limits of the server: whose requests are answered, how long they may be, and how long they may take."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pielight.core.http_connection import TimedConnection
from pielight.core.http_listener import is_own_host

ANSWER_SECONDS = 120.0  # from there to the end of the answer
BODY_LIMIT = 4096
_HEADERS = {
    "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()", "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "X-Robots-Tag": "noindex",
}  # fmt: skip


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
        TimedConnection.finish(scope["client"], ANSWER_SECONDS)

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

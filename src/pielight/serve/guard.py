"""Middleware before everything else: who may ask, how long connections last, and the headers of every answer."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Collection
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pielight.core.http_connection import TimedConnection
from pielight.core.http_listener import is_own_host
from pielight.serve.metrics import Metrics
from pielight.serve.problems import Problem, ProblemResponse
from pielight.serve.rate_limit import RateLimit, client_address
from pielight.serve.settings import ServeSettings

LEASES = "pielight.leases"  # in the scope: an ExitStack, which is closed when the answer is sent
_DRAIN_SECONDS = 2.0
_HEADERS = {
    "Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}  # fmt: skip
_NEEDS_TOKEN = ("/v1/", "/metrics")


class Guard:
    """Refuses requests that are not for this server or not allowed, and gives answers their headers.

    Args:
        app: What answers the others.
        settings: Those of the server.
        names: Host names under which it may be asked for.
        local: Whether it is only reached from this machine.
        metrics: Where requests are counted.
    """

    def __init__(
        self, app: ASGIApp, settings: ServeSettings, names: Collection[str], local: bool, metrics: Metrics
    ) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._names, self._local = names, local
        self._rate = RateLimit(settings.rate)
        of_photo = settings.body_seconds + settings.queue_seconds + 3 * settings.picture_seconds
        self._longest = max(of_photo, settings.clip_body_seconds) + _DRAIN_SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _to_origin_form(scope)
        exchange = _Exchange(scope, receive, send, self._settings.answer_seconds)
        client, start = scope.get("client"), time.monotonic()
        TimedConnection.restart(client, self._longest)
        try:
            refusal = self._refusal(scope, Headers(scope=scope))
            with ExitStack() as leases:
                scope[LEASES] = leases
                app = self._app if refusal is None else ProblemResponse(refusal)
                await app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:  # after a second signal
            if not exchange.is_begun:
                refusal = Problem(503, "the server ends", retry_after=5)
                await ProblemResponse(refusal)(scope, exchange.receive, exchange.send)
            raise
        except Exception:  # answered here, or it would lack its headers; logged by the server
            if not exchange.is_begun:
                await ProblemResponse(Problem(500, "see the server's log"))(scope, exchange.receive, exchange.send)
            raise
        finally:
            TimedConnection.finish(client, self._settings.answer_seconds)
            name = getattr(scope.get("endpoint"), "__name__", "other")
            self._metrics.count(name, exchange.status, time.monotonic() - start)

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        if not is_own_host(headers.get("host", ""), self._names, self._local):
            return Problem(421, "this address is not served here; see --allowed-host")
        if _has_two_lengths(headers):
            return Problem(400, "Content-Length and Transfer-Encoding: only one may be given")
        method, path = scope["method"], scope["path"]
        origin = headers.get("origin")
        if origin is not None and origin not in self._settings.origins:
            if _place_of(origin) != headers.get("host"):
                return Problem(403, "refused: sent by another page; see --allow-origin")
        elif origin is None and headers.get("sec-fetch-site") == "cross-site" and path.startswith(_NEEDS_TOKEN):
            return Problem(403, "refused: sent by another page")
        if not path.startswith(_NEEDS_TOKEN) or method == "OPTIONS":
            return None
        if seconds := self._rate.wait(client_address(scope)):  # before the token, which might be guessed
            return Problem(429, f"more than {self._settings.rate:g} requests a second", retry_after=seconds)
        if self._settings.token is not None and not _is_token(headers.get("authorization", ""), self._settings.token):
            return Problem(401, "send the header Authorization: Bearer TOKEN")
        return None


class _Exchange:
    """A request and its answer: what is left of a refused body is read, or its sender might never see the answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        self._client, self._receive, self._send, self._seconds = scope.get("client"), receive, send, seconds
        headers = Headers(scope=scope)
        self._unread = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        self._is_last = _has_two_lengths(headers)  # proxies might see other requests in it
        self._is_invited = "expect" not in headers  # who asks first has not sent it yet
        self.status, self.is_begun = 500, False

    async def receive(self) -> Message:
        """Receive a part of the body."""
        self._is_invited = True
        message = await self._receive()
        self._unread = self._unread and bool(message.get("more_body"))
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, which the client must take in time."""
        if message["type"] == "http.response.start":
            self.status, self.is_begun = message["status"], True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self._unread and self._is_invited:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_DRAIN_SECONDS):
                        while self._unread:
                            await self.receive()
            if self._unread or self._is_last:
                headers["Connection"] = "close"
        TimedConnection.restart(self._client, self._seconds)
        await self._send(message)


def _to_origin_form(scope: Scope) -> None:
    """Move the host of a request's target, as proxies are sent it, to where that of others is: RFC 9112, 3.2.2."""
    scheme, is_absolute, rest = scope["path"].partition("://")
    if is_absolute and scheme.lower() in ("http", "https"):
        host, _, path = rest.partition("/")
        others = [(name, value) for name, value in scope["headers"] if name != b"host"]
        scope["headers"] = [*others, (b"host", host.encode("latin-1", "replace"))]
        scope["path"] = f"/{path}"
        scope["raw_path"] = b"/" + b"".join(scope["raw_path"].split(b"/", 3)[3:])


def _has_two_lengths(headers: Headers) -> bool:
    return "content-length" in headers and "transfer-encoding" in headers


def _place_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _is_token(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())

"""Connections of an HTTP server that end when a client is slow; needs uvicorn (extras ``serve``, ``survey``)."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.auto import AutoHTTPProtocol

_NOISE = ("Invalid HTTP request received.", "Unsupported upgrade request.", "No supported WebSocket library")
_RESERVED = 8  # connections beyond the limit for this machine, as for a health check
_LOOPBACK = ("127.0.0.1", "::1")
logging.getLogger("uvicorn.error").addFilter(lambda record: not record.getMessage().startswith(_NOISE))  # by anybody


def _refusal(status: HTTPStatus, detail: str, headers: str = "") -> bytes:
    body = json.dumps({"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}).encode()
    head = f"HTTP/1.1 {status} {status.phrase}\r\n{headers}Connection: close\r\nX-Content-Type-Options: nosniff\r\n"
    return f"{head}Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


_FULL = _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections", "Retry-After: 1\r\n")
_MALFORMED = _refusal(HTTPStatus.BAD_REQUEST, "this is no valid HTTP request")


class TimedConnection:
    """A connection, handled by uvicorn's protocol, and aborted when a request or the reading of its answer takes long.

    uvicorn waits without limit for the first request and for the rest of a header, so that silent clients would use
    up ``limit_concurrency``.

    Attributes:
        open: By address and port of the client.
        header_seconds: From the connection or the last answer to the end of a request's header.
        limit: Connections at once; None leaves that to uvicorn, whose refusal says nothing of when to come again.
    """

    open: ClassVar[dict[Any, TimedConnection]] = {}
    header_seconds: ClassVar[float] = 10.0
    limit: ClassVar[int | None] = None

    def __init__(self, **state: Any) -> None:
        self._protocol = AutoHTTPProtocol(**state)
        self._protocol.send_400_response = self._refuse  # type: ignore[attr-defined]
        self._idle_seconds: float | None = None  # what follows when all of an answer is sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Wait for the first request."""
        self._client, self._transport = transport.get_extra_info("peername", ())[:2], transport
        transport.set_write_buffer_limits(high=0)  # so that resume_writing says that all is sent
        self._timer = asyncio.get_running_loop().call_later(self.header_seconds, transport.abort)
        self._protocol.connection_made(transport)
        reserved = _RESERVED if self._client and self._client[0] in _LOOPBACK else 0
        if self.limit is not None and len(self.open) >= self.limit + reserved:
            transport.write(_FULL)
            transport.close()
            return
        self.open[self._client] = self

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._timer.cancel()
        if self.open.get(self._client) is self:
            del self.open[self._client]
        self._protocol.connection_lost(error)

    def resume_writing(self) -> None:
        """Wait for the next request if the answer is over."""
        if self._idle_seconds is not None:
            self._wait(self._idle_seconds)
        self._protocol.resume_writing()

    @classmethod
    def restart(cls, client: Any, seconds: float) -> None:
        """Set a new deadline for the connection of a client, if it is still open."""
        if connection := cls.open.get(client):
            connection._idle_seconds = None
            connection._wait(seconds)

    @classmethod
    def finish(cls, client: Any, seconds: float) -> None:
        """Let a client read what is left of an answer in so many seconds, and then send the next request."""
        if connection := cls.open.get(client):
            connection._idle_seconds = cls.header_seconds
            connection._wait(seconds if connection._transport.get_write_buffer_size() else cls.header_seconds)

    def _refuse(self, _: str) -> None:
        """Answer what is no HTTP, unless an answer is being sent, and end the connection."""
        cycle: Any = getattr(self._protocol, "cycle", None)
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self._transport.write(_MALFORMED)
        self._transport.close()

    def _wait(self, seconds: float) -> None:
        self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.abort)

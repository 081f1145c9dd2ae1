"""Connections on which nothing happens are closed, so that those who never speak do not shut the others out."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 10.0
ANSWER_SECONDS = 120.0
_LOOK_SECONDS = 1.0


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP, with an end to patience, which it lacks until the first request and amid the next one's header.

    A connection has ``REQUEST_SECONDS`` for the header of each request, and ``ANSWER_SECONDS`` to take the answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look at the clock."""
        super().connection_made(transport)
        self._seen, self._since = self.cycle, self.loop.time()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop looking."""
        self._next_look.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        now = self.loop.time()
        if self.cycle is not self._seen:  # another request has come
            self._seen, self._since = self.cycle, now
        answering = self._seen is not None and not self._seen.response_complete
        if now - self._since < (ANSWER_SECONDS if answering else REQUEST_SECONDS):
            self._next_look = self.loop.call_later(_LOOK_SECONDS, self._look)
        else:
            self.transport.abort()

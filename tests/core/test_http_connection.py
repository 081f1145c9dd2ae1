"""How long a connection may take, with a transport that is none.

Covers ``pielight.core.http_connection``.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from pielight.core.http_connection import TimedConnection


class Transport(asyncio.Transport):
    """A transport whose buffer is as full as a test says."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__({"peername": (host, 9), "sockname": (host, 80)})
        self.left, self.written, self.aborted = 0, b"", asyncio.Event()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        assert (high, low) == (0, None)

    def get_write_buffer_size(self) -> int:
        return self.left

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        pass

    def abort(self) -> None:
        self.aborted.set()


async def no_app(scope: object, receive: object, send: object) -> None:
    """Answer nothing."""


def connected(transport: Transport) -> TimedConnection:
    config = uvicorn.Config(no_app, lifespan="off", log_config=None)
    connection = TimedConnection(config=config, server_state=ServerState(), app_state={})
    connection.connection_made(transport)
    return connection


def test_an_answer_may_be_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimedConnection, "header_seconds", 0.01)

    async def read(is_slow: bool) -> None:
        transport = Transport()
        connection = connected(transport)
        client = transport.get_extra_info("peername")
        TimedConnection.restart(client, 60)
        if is_slow:
            transport.left = 1000
            connection.pause_writing()
        TimedConnection.finish(client, 60)
        if is_slow:
            await asyncio.sleep(0.1)
            assert not transport.aborted.is_set()
            transport.left = 0
            connection.resume_writing()
        async with asyncio.timeout(30):
            await transport.aborted.wait()
        connection.connection_lost(None)

    for is_slow in (False, True):
        asyncio.run(read(is_slow))


def test_some_connections_are_left_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimedConnection, "limit", 0)

    async def connect(host: str) -> bytes:
        transport = Transport(host)
        connected(transport).connection_lost(None)
        return transport.written

    assert asyncio.run(connect("127.0.0.1")) == b""
    assert asyncio.run(connect("192.0.2.1")).startswith(b"HTTP/1.1 503 ")

"""A server in this process, with one worker, and one that is a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from pielight.serve.app import create_app
from pielight.serve.settings import ServeSettings
from tests.serve.servers import Running, running


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """A client of an application with one worker and small limits."""
    settings = ServeSettings(max_body=1 << 20, max_pixels=1_000_000, max_clip=1 << 22, body_seconds=5)
    with TestClient(create_app(settings), base_url="http://localhost") as found:
        yield found


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """A server with two workers, started by the command."""
    command = [sys.executable, "-m", "pielight", "serve", "--port", "0", "--workers", "2", "--max-body", "2"]
    with running(command) as found:
        yield found

"""The server of ``pielight serve``: it listens, answers, and ends when what runs is done."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from pielight.core.http_connection import TimedConnection
from pielight.core.http_listener import address_of, is_local, listen, own_names
from pielight.errors import PielightError
from pielight.serve.app import create_app
from pielight.serve.settings import ServeSettings

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Server(uvicorn.Server):
    """A server that ends after the first signal when all answers are sent, and after the second at once.

    Args:
        config: Of uvicorn.
        ready: Called when it listens.
        on_end: Called when it begins to end.
        at_once: Called when it shall wait for nothing more.

    Attributes:
        is_asked: Whether a signal has come.
    """

    is_asked = False

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], on_end: Callable[[], None], at_once: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready, self._on_end, self._at_once = ready, on_end, at_once
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Tell that it listens, and serve."""
        self._loop = asyncio.get_running_loop()
        self._ready()
        await super().main_loop()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals, without raising them once more at the end, as uvicorn does: to end is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        self.is_asked = True
        if self.should_exit:
            self.force_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._at_once if self.should_exit else self._on_end)
        self.should_exit = True


def serve(
    settings: ServeSettings,
    host: str,
    port: int,
    names: Collection[str] = (),
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        settings: What the server does, and its limits.
        host: The address to listen at, ``0.0.0.0`` for the whole network.
        port: 0 takes any that is free.
        names: Host names under which it is reached, besides addresses.
        ready: Called with the address to open, when it answers.

    Raises:
        ConfigError: It cannot listen there.
        PielightError: There is no such model, or the workers cannot start.
    """
    with listen(host, port) as listener:
        app = create_app(settings, own_names(listener, host, names), is_local(listener))
        TimedConnection.limit = settings.connections
        config = uvicorn.Config(
            app, http=TimedConnection,  # type: ignore[arg-type]  # a factory is all that it needs to be
            lifespan="on", log_level="warning", access_log=False, server_header=False, proxy_headers=False, ws="none",
            timeout_graceful_shutdown=round(settings.body_seconds + settings.queue_seconds + settings.picture_seconds),
        )  # fmt: skip
        address = address_of(listener)
        server = _Server(config, lambda: ready(address), app.state.jobs.end_streams, app.state.pool.end)
        try:
            server.run(sockets=[listener])
        finally:
            app.state.close()  # also after a second signal; workers ignore those that multiprocessing would send
        if not server.started and not server.is_asked:
            raise PielightError("the workers could not be started; the lines above say why")

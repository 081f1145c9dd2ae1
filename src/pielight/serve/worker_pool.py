"""The workers, and the queue of pictures before them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings
from pielight.serve.worker import Message
from pielight.serve.worker_process import WorkerDied, WorkerMissing, WorkerPlace, WorkerTooSlow

T = TypeVar("T")


class WorkerPool:
    """Some workers, each of which takes a picture at a time; who comes first is served first.

    Args:
        settings: Those of the server.

    Attributes:
        waiting: Pictures that wait.
        running: Pictures in work.
        crashes: Workers that died or were ended.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._places = [WorkerPlace(settings) for _ in range(settings.workers)]
        self._idle = deque(self._places)
        self._free = asyncio.Semaphore(settings.workers)
        self._threads = ThreadPoolExecutor(settings.workers, "pielight-worker")
        self.waiting = self.running = self.crashes = 0

    async def start(self) -> None:
        """Start all workers, and wait until they are ready.

        Raises:
            WorkerMissing: One cannot start.
        """
        await asyncio.gather(*(self._in_thread(place.start) for place in self._places))

    def end(self) -> None:
        """End all workers, also those that are at work."""
        for place in self._places:
            place.end()

    def close(self) -> None:
        """End all workers and the threads that wait for them."""
        self.end()
        self._threads.shutdown(wait=False)

    def check_room(self) -> None:
        """Refuse one more picture if the queue is full.

        Raises:
            Problem: It is.
        """
        if self._free.locked() and self.waiting >= self._settings.queue:
            raise Problem(503, f"{self.waiting} pictures are waiting already", retry_after=1)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn; within the block, :meth:`ask` finds a worker.

        Raises:
            Problem: The queue is full, or it took too long.
        """
        self.check_room()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._settings.queue_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Problem(503, "no worker became free in time", retry_after=5) from None
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._free.release()

    def threads(self) -> int:
        """Return how many threads a picture gets: all cores if it is alone, and a power of two in any case.

        Few different numbers, because a worker keeps the networks open for each.
        """
        cores = self._settings.cores
        share = cores // min(max(1, self.running + self.waiting), self._settings.workers)
        return cores if share == cores else 1 << max(0, share.bit_length() - 1)

    async def ask(self, message: Message) -> Message:
        """Have a message answered; if the worker dies, another one gets it once.

        Raises:
            Problem: Two workers died of it, it takes too long, or no worker can be started.
        """
        place = self._idle.pop()
        try:
            for _ in range(2):
                try:
                    return await self._in_thread(place.ask, message)
                except WorkerDied:
                    self.crashes += 1
                except WorkerTooSlow as error:
                    self.crashes += 1
                    raise Problem.of("picture", f"takes longer than {error}; send a smaller one") from None
            raise Problem.of("picture", "the decoder crashed on it; it is damaged, or of an unknown kind")
        except WorkerMissing:
            raise Problem(503, "no worker can be started now", retry_after=5) from None
        finally:
            self._idle.append(place)

    async def _in_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        """Call what blocks; to its end, even if the client leaves: the worker belongs to the picture until then."""
        try:
            future = asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)
        except RuntimeError as error:  # the threads are gone
            raise WorkerMissing("the server ends") from error
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait({future})
            raise

"""The workers, and the queue of pictures before them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from pielight.serve.problems import Problem
from pielight.serve.settings import ServeSettings
from pielight.serve.worker import Message
from pielight.serve.worker_process import WorkerDied, WorkerProcess, WorkerTooSlow


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
        self._workers: list[WorkerProcess] = []
        self._idle: deque[WorkerProcess] = deque()
        self._free = asyncio.Semaphore(settings.workers)
        self._threads = ThreadPoolExecutor(settings.workers, "pielight-worker")
        self.waiting = self.running = self.crashes = 0

    async def start(self) -> None:
        """Start all workers, and wait until they are ready.

        Raises:
            WorkerDied: One cannot start.
        """
        started = [self._start() for _ in range(self._settings.workers)]
        self._idle.extend(await asyncio.gather(*started))

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(wait=False)

    def pids(self) -> list[int]:
        """Return the numbers of the workers' processes."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

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
            await asyncio.wait_for(self._free.acquire(), self._settings.queue_seconds)
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
            Problem: Two workers died of it, or it takes too long.
        """
        seconds, loop = self._settings.picture_seconds, asyncio.get_running_loop()
        for _ in range(2):
            worker = self._idle.pop()
            try:
                answer = await asyncio.shield(loop.run_in_executor(self._threads, worker.ask, message, seconds))
            except WorkerTooSlow:
                await self._replace(worker)
                raise Problem.of("picture", f"takes longer than {seconds:g} s; send a smaller one") from None
            except WorkerDied:
                await self._replace(worker)
            else:
                self._idle.append(worker)
                return answer
        raise Problem.of("picture", "the decoder crashed on it; it is damaged, or of an unknown kind")

    async def _replace(self, worker: WorkerProcess) -> None:
        self.crashes += 1
        self._workers.remove(worker)
        await asyncio.get_running_loop().run_in_executor(self._threads, worker.end)
        self._idle.append(await self._start())

    async def _start(self) -> WorkerProcess:
        worker = await asyncio.get_running_loop().run_in_executor(self._threads, WorkerProcess, self._settings)
        self._workers.append(worker)
        await asyncio.get_running_loop().run_in_executor(self._threads, worker.wait_until_ready)
        return worker

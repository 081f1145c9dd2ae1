"""Worker processes of this machine, each with one engine and one core; one that dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from pielight.cluster.enhance_shard import ShardFailure, ShardTask, try_shard
from pielight.cluster.manifest import Manifest
from pielight.cluster.workers import Finished
from pielight.errors import PielightError

_CONTEXT = multiprocessing.get_context("spawn")  # threads of storage clients do not survive a fork
_EVERY = 0.2  # seconds between two messages of progress
_GRACE = 5.0  # seconds to abort uploads
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class LocalWorkers:
    """Worker processes of this machine.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._workers = [_Worker() for _ in range(count)]

    def has_room(self) -> bool:
        """Return whether a worker is idle."""
        return any(worker.task is None for worker in self._workers)

    def start(self, task: ShardTask) -> None:
        """Give a shard to an idle worker."""
        next(worker for worker in self._workers if worker.task is None).start(task)

    def wait(self, seconds: float) -> list[Finished]:
        """Return the shards that have ended, after that time at the latest."""
        busy = {worker.connection: worker for worker in self._workers if worker.task and worker.connection}
        finished = [busy[ready].receive() for ready in wait(list(busy), seconds)]  # type: ignore[index]
        return [one for one in finished if one is not None]

    def photos_in_work(self) -> int:
        """Return how many photos of running shards are done."""
        return sum(worker.photos for worker in self._workers)

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.terminate()
        end = time.monotonic() + _GRACE
        for worker in self._workers:
            worker.end(max(0.0, end - time.monotonic()))


class _Worker:
    """A process, started when it has something to do.

    Attributes:
        task: What it does; None if it is idle.
        connection: To the process; None before it is started.
        photos: Photos of the task that are done.
    """

    def __init__(self) -> None:
        self.task: ShardTask | None = None
        self.connection: Connection | None = None
        self.photos = 0
        self._process: BaseProcess | None = None

    def start(self, task: ShardTask) -> None:
        if self._process is None or not self._process.is_alive():
            self.end(0)
            self.connection, theirs = _CONTEXT.Pipe()
            self._process = _CONTEXT.Process(target=_work, args=(theirs,), name="pielight-shards")
            try:
                with _one_thread():
                    self._process.start()
            except OSError as error:
                self._process = None
                raise PielightError(f"no worker can be started ({error.strerror})") from error
            theirs.close()  # so that the end of the process is the end of the pipe
        self.task, self.photos = task, 0
        with suppress(OSError):  # it has died; receive() tells
            self.connection.send(task)  # type: ignore[union-attr]

    def receive(self) -> Finished | None:
        """Return what became of the shard; None if it goes on."""
        task = self.task
        if task is None or self.connection is None:
            return None
        try:
            message: int | Manifest | ShardFailure = self.connection.recv()
        except (EOFError, OSError):
            self.end(0)
            return Finished(task, ShardFailure(f"{task.shard.name}: its worker died"), is_lost=True)
        if isinstance(message, int):
            self.photos = message
            return None
        self.task, self.photos = None, 0
        return Finished(task, message)

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def end(self, seconds: float) -> None:
        if self._process is not None:
            self._process.join(seconds)
            self._process.kill()
            self._process.join()
        if self.connection is not None:
            self.connection.close()
        self._process = self.connection = self.task = None
        self.photos = 0


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let libraries that a new process loads start no threads of their own: each worker has one core."""
    added = [name for name in _ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _work(connection: Connection) -> None:
    """Do tasks until the other process is gone, or ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which the terminal sends to all processes
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that uploads are aborted
    try:
        while True:
            task: ShardTask = connection.recv()
            connection.send(try_shard(task, _Counter(connection)))
    except (EOFError, OSError):
        return


class _Counter:
    """Tells now and then how many photos are done."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._photos, self._told = connection, 0, time.monotonic()

    def __call__(self) -> None:
        self._photos += 1
        if time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            with suppress(OSError):  # nobody listens any more; the shard is finished all the same
                self._connection.send(self._photos)

"""A worker as the server sees it: a process that answers one message at a time, and is replaced when it dies."""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from pielight.errors import PielightError
from pielight.serve.settings import ServeSettings
from pielight.serve.worker import Message, work

START_SECONDS = 120.0
_CONTEXT = multiprocessing.get_context("spawn")  # forking a process with threads may deadlock


class WorkerDied(PielightError):
    """A worker ended before it answered."""


class WorkerMissing(PielightError):
    """A worker cannot be started."""


class WorkerTooSlow(PielightError):
    """A worker did not answer in time, and was ended."""


class WorkerPlace:
    """The place of a worker, a process that runs :func:`pielight.serve.worker.work`, and is replaced when it ends.

    Its methods block, and are called from threads, one at a time but for :meth:`end`.

    Args:
        settings: Those of the server.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._is_ended = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the worker, and wait until its model is loaded.

        Raises:
            WorkerMissing: It cannot be started, or ends at once.
        """
        with self._lock:
            if self._is_ended:
                raise WorkerMissing("the server ends")
            ours, theirs = _CONTEXT.Pipe()
            process = _CONTEXT.Process(target=work, args=(theirs, self._settings), name="pielight-worker", daemon=True)
            try:
                process.start()
            except OSError as error:  # too many processes
                raise WorkerMissing(str(error)) from error
            finally:
                theirs.close()  # so that the end of the process is the end of the pipe
            self._process, self._connection = process, ours
        try:
            self._exchange(process, ours, START_SECONDS)
        except (WorkerDied, WorkerTooSlow) as error:
            self._stop()
            raise WorkerMissing(str(error)) from error

    def ask(self, message: Message) -> Message:
        """Send a message and wait for the answer; a worker that is not there is started.

        Raises:
            WorkerDied: It ended before it answered.
            WorkerMissing: It cannot be started.
            WorkerTooSlow: It took too long, and was ended.
        """
        if self._connection is None or self._process is None or not self._process.is_alive():
            self._stop()
            self.start()
        process, connection = self._process, self._connection
        if process is None or connection is None:  # the server ends
            raise WorkerMissing("the server ends")
        try:
            return self._exchange(process, connection, self._settings.picture_seconds, message)
        except (WorkerDied, WorkerTooSlow):
            self._stop()
            raise

    def end(self) -> None:
        """End the worker for good."""
        with self._lock:
            self._is_ended = True
        self._stop()

    def _stop(self) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.join()
            if self._connection is not None:
                self._connection.close()
            self._process = self._connection = None

    def _exchange(
        self, process: BaseProcess, connection: Connection, seconds: float, message: Message | None = None
    ) -> Message:
        """Send a message, if there is one, and wait for the answer.

        A timer kills a worker that takes too long: one that is stopped may also leave off in the midst of reading or
        of writing, where no timeout of the pipe ends the waiting.
        """
        is_late = threading.Event()

        def expire() -> None:
            is_late.set()
            with self._lock:
                if self._process is process:
                    process.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            if message is not None:
                message.send(connection)
            return Message.receive(connection)
        except (EOFError, OSError, ValueError, TypeError) as error:  # no message, or closed by end()
            if is_late.is_set():
                raise WorkerTooSlow(f"{seconds:g} s") from error
            raise WorkerDied("the worker ended") from error
        finally:
            timer.cancel()

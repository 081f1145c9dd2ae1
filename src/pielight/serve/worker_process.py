"""A worker as the server sees it: a process that answers one message at a time, and is replaced when it dies."""

from __future__ import annotations

import multiprocessing

from pielight.errors import PielightError
from pielight.serve.settings import ServeSettings
from pielight.serve.worker import Message, work

START_SECONDS = 120.0
_CONTEXT = multiprocessing.get_context("spawn")  # forking a process with threads may deadlock


class WorkerDied(PielightError):
    """A worker ended before it answered."""


class WorkerTooSlow(PielightError):
    """A worker did not answer in time, and was ended."""


class WorkerProcess:
    """A process that runs :func:`pielight.serve.worker.work`; its methods block, and are called from threads.

    Args:
        settings: Those of the server.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._connection, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=work, args=(theirs, settings), name="pielight-worker", daemon=True)
        self.process.start()
        theirs.close()  # so that the end of the process is the end of the pipe

    def wait_until_ready(self) -> None:
        """Wait until the model is loaded.

        Raises:
            WorkerDied: The process has ended.
            WorkerTooSlow: It takes minutes.
        """
        self._receive(START_SECONDS)

    def ask(self, message: Message, seconds: float) -> Message:
        """Send a message and wait for the answer.

        Raises:
            WorkerDied: The process has ended.
            WorkerTooSlow: There is no answer after so many seconds; the process was killed.
        """
        try:
            message.send(self._connection)
        except OSError as error:
            raise WorkerDied("a worker ended") from error
        return self._receive(seconds)

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.join()
        self._connection.close()

    def _receive(self, seconds: float) -> Message:
        try:
            if self._connection.poll(seconds):
                return Message.receive(self._connection)
        except (EOFError, OSError) as error:
            raise WorkerDied("a worker ended") from error
        self.process.kill()
        raise WorkerTooSlow(f"no answer after {seconds:g} s")

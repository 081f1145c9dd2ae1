"""Photos enhanced in a process of their own, which may crash without harm to the shard."""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from pielight.cluster.options import ClusterOptions
from pielight.cluster.photos import Enhanced, PhotosHere
from pielight.core.messages import shown
from pielight.errors import ModelError

SECONDS = 600.0  # that a photo may take
_CONTEXT = multiprocessing.get_context("spawn")


class GuardedPhotos:
    """Enhances photos in a process of their own; one that crashes it, or takes too long, fails.

    Used where a worker has died before: if a photo was the reason, it alone fails now.

    Args:
        options: What is done.
    """

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None

    def enhance(self, data: bytes, name: str) -> Enhanced:
        """Enhance the bytes of a photo's file.

        Raises:
            ModelError: The model is damaged, so that no photo could be enhanced.
        """
        connection = self._started()
        text = "the decoder crashed on it; it is damaged, or of an unknown kind"
        try:
            connection.send((data, name))
            if connection.poll(SECONDS):
                answer = connection.recv()
                if isinstance(answer, ModelError):
                    raise answer
                found: Enhanced = answer
                return found
            text = f"takes longer than {SECONDS:g} s"
        except (EOFError, OSError):
            pass
        self.close()
        return Enhanced(None, f"{shown(name)}: {text}", None, 0.0, None)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _started(self) -> Connection:
        if self._connection is None:
            ours, theirs = _CONTEXT.Pipe()
            self._process = _CONTEXT.Process(target=_work, args=(theirs, self._options), daemon=True)
            self._process.start()
            theirs.close()  # so that the end of the process is the end of the pipe
            self._connection = ours
        return self._connection


def _work(connection: Connection, options: ClusterOptions) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    photos = PhotosHere(options)
    try:
        while True:
            data, name = connection.recv()
            try:
                answer: Enhanced | ModelError = photos.enhance(data, name)
            except ModelError as error:
                answer = error
            connection.send(answer)
    except (EOFError, OSError):
        return

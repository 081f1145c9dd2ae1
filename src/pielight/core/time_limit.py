"""A limit on the time that work may take which cannot be left from inside."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LEAST = 0.05  # seconds from one look to the next


class Limit:
    """A limit on time.

    Attributes:
        is_over: Whether the work took longer.
    """

    is_over = False


@contextmanager
def time_limit(seconds: float, stop: Callable[[], None]) -> Iterator[Limit]:
    """Call ``stop`` from another thread if the block takes longer.

    What counts is the processor time of the calling thread where the system tells it, so that no work is stopped
    because the machine is busy or the process was suspended; elsewhere it is the time that passes.

    >>> with time_limit(60, lambda: None) as limit:
    ...     pass
    >>> limit.is_over
    False
    """
    limit, done = Limit(), threading.Event()
    spent = _clock()

    def watch() -> None:
        while not done.wait(max(_LEAST, seconds - spent())):
            if spent() >= seconds:
                limit.is_over = True
                stop()
                return

    watcher = threading.Thread(target=watch, name="pielight-limit", daemon=True)
    watcher.start()
    try:
        yield limit
    finally:
        done.set()
        watcher.join()  # the calling thread's clock ends with it


def _clock() -> Callable[[], float]:
    """Return what tells the seconds that the calling thread has worked, or that have passed, from now on."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(threading.get_ident())
        start = time.clock_gettime(clock)
        return lambda: time.clock_gettime(clock) - start
    start = time.monotonic()
    return lambda: time.monotonic() - start

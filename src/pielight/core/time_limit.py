"""A time limit for work that cannot check the time itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_INTERVAL = 0.05  # least seconds between two checks


class Limit:
    """A time limit.

    Attributes:
        is_over: Whether the work exceeded it.
    """

    is_over = False


@contextmanager
def time_limit(seconds: float, stop: Callable[[], None]) -> Iterator[Limit]:
    """Call ``stop`` from another thread if the block takes longer.

    It counts processor time of the calling thread where the system provides it, so that no work is stopped because the
    machine is busy or the process was suspended; elsewhere it counts elapsed time.

    >>> with time_limit(60, lambda: None) as limit:
    ...     pass
    >>> limit.is_over
    False
    """
    limit, done = Limit(), threading.Event()
    spent = _clock()

    def watch() -> None:
        while not done.wait(max(_INTERVAL, seconds - spent())):
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
        watcher.join()  # it reads the clock of the calling thread, which may end


def _clock() -> Callable[[], float]:
    """Return a clock of the processor time of the calling thread, or of elapsed time, from now on."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(threading.get_ident())
        start = time.clock_gettime(clock)
        return lambda: time.clock_gettime(clock) - start
    start = time.monotonic()
    return lambda: time.monotonic() - start

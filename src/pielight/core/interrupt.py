"""Ctrl-C deferred to the end of a step of work, so that saved state is complete."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted:
    """Callable that returns whether a signal has arrived.

    Attributes:
        number: Of the signal, or 0.
    """

    number = 0

    def __call__(self) -> bool:
        """Return whether a signal has arrived."""
        return self.number != 0


@contextmanager
def deferred_interrupt(*more: int) -> Iterator[Interrupted]:
    """Record the first Ctrl-C (SIGINT) instead of raising; the second raises KeyboardInterrupt.

    Outside the main thread, which alone receives signals, this does nothing.

    Args:
        more: Numbers of other signals to treat the same way.

    Yields:
        A function that returns whether a signal has arrived.

    >>> with deferred_interrupt() as interrupted:
    ...     signal.raise_signal(signal.SIGINT)
    ...     print(interrupted())
    True
    """
    interrupted = Interrupted()

    def record(number: int, _: FrameType | None) -> None:
        if interrupted():
            raise KeyboardInterrupt
        interrupted.number = number

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = {number: signal.signal(number, record) for number in (signal.SIGINT, *more)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

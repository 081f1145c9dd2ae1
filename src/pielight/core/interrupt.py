"""Ctrl-C that waits for the end of a step of work, so that what is saved is whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted:
    """Says, when it is called, whether a signal was noted.

    Attributes:
        number: Of the signal, or 0.
    """

    number = 0

    def __call__(self) -> bool:
        """Return whether there was one."""
        return self.number != 0


@contextmanager
def deferred_interrupt(*more: int) -> Iterator[Interrupted]:
    """Note the first Ctrl-C (SIGINT) instead of raising; the second raises KeyboardInterrupt as usual.

    Outside the main thread, which alone gets signals, nothing changes.

    Args:
        more: Numbers of other signals that count as Ctrl-C.

    Yields:
        A function that says whether Ctrl-C was pressed.

    >>> with deferred_interrupt() as interrupted:
    ...     signal.raise_signal(signal.SIGINT)
    ...     print(interrupted())
    True
    """
    interrupted = Interrupted()

    def note(number: int, _: FrameType | None) -> None:
        if interrupted():
            raise KeyboardInterrupt
        interrupted.number = number

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, *more)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

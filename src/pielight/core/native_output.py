"""Capture of what native libraries print to standard error, where they offer no other way to silence them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO

from pielight.core import signals
from pielight.core.memory_file import memory_file
from pielight.core.signals import STANDARD_ERROR

_MAX_BYTES = 1 << 16  # of output that is returned
_one_at_a_time = threading.Lock()


class SharedCatch:
    """Captures what one library prints to standard error, while at least one thread uses it.

    Args:
        is_chatter: Tells whether a line is the library's.
    """

    def __init__(self, is_chatter: Callable[[bytes], bool]) -> None:
        self._is_chatter = is_chatter
        self._lock, self._users, self._catch = threading.Lock(), 0, ExitStack()
        self._printed: BinaryIO | None = None

    @contextmanager
    def __call__(self) -> Iterator[Callable[[], bytes]]:
        """Capture it.

        Yields:
            A function that returns what all threads printed so far.
        """
        with self._lock:
            if not self._users:
                self._printed = self._catch.enter_context(caught_stderr(self._is_chatter))
            self._users += 1
            printed = self._printed
        assert printed is not None
        try:
            yield lambda: os.pread(printed.fileno(), _MAX_BYTES, 0)  # read() would move the position of the next line
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._catch.close()


@contextmanager
def caught_stderr(is_chatter: Callable[[bytes], bool]) -> Iterator[BinaryIO]:
    """Capture what a library prints to standard error; the lines of others are printed at the end.

    One capture at a time, since standard error belongs to the whole process.

    Args:
        is_chatter: Tells whether a line is the library's.

    Yields:
        A file with the output.
    """
    with _one_at_a_time:
        try:
            screen = os.dup(STANDARD_ERROR)
        except OSError:  # it is closed, and its descriptor free for any file
            screen = None
        with memory_file() as printed:
            own = printed.fileno() == STANDARD_ERROR
            if screen is not None:
                signals.screen = screen
            if not own:
                os.dup2(printed.fileno(), STANDARD_ERROR)
            try:
                yield printed
            finally:
                if screen is not None:
                    os.dup2(screen, STANDARD_ERROR)
                    signals.screen = STANDARD_ERROR
                    os.close(screen)
                    _pass_on(printed, is_chatter)
                elif not own:
                    os.close(STANDARD_ERROR)


def _pass_on(printed: BinaryIO, is_chatter: Callable[[bytes], bool]) -> None:
    printed.seek(0)
    if others := [line for line in printed if not is_chatter(line)]:
        with suppress(OSError):  # standard error that cannot be written to is no error here
            os.write(STANDARD_ERROR, b"".join(others))

"""What native libraries print on the user's screen, where they offer no other way to keep them silent."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO, cast

from pielight.core import signals
from pielight.core.signals import STANDARD_ERROR

_MOST = 1 << 16  # bytes that are looked through
_one_at_a_time = threading.Lock()


class SharedCatch:
    """Catches on the user's screen what one library prints, for several threads at a time.

    The first of them begins it, the last ends it.

    Args:
        is_chatter: Says of a line whether it is the library's.
    """

    def __init__(self, is_chatter: Callable[[bytes], bool]) -> None:
        self._is_chatter = is_chatter
        self._lock, self._users, self._catch = threading.Lock(), 0, ExitStack()
        self._printed: BinaryIO | None = None

    @contextmanager
    def __call__(self) -> Iterator[Callable[[], bytes]]:
        """Catch it.

        Yields:
            A function that returns what was printed, also by other threads.
        """
        with self._lock:
            if not self._users:
                self._printed = self._catch.enter_context(caught_stderr(self._is_chatter))
            self._users += 1
            printed = self._printed
        assert printed is not None
        try:
            yield lambda: os.pread(printed.fileno(), _MOST, 0)  # not by read: its place is where the next line goes
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._catch.close()


@contextmanager
def caught_stderr(is_chatter: Callable[[bytes], bool]) -> Iterator[BinaryIO]:
    """Catch what a library itself prints on the user's screen; what others print goes there in the end.

    One at a time, since the screen is the whole process's.

    Args:
        is_chatter: Says of a line whether it is the library's.

    Yields:
        A file with what was printed.
    """
    with _one_at_a_time:
        try:
            screen = os.dup(STANDARD_ERROR)
        except OSError:  # it is closed, and its number free for any file
            screen = None
        with _nameless() as printed:
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


def _nameless() -> BinaryIO:
    """Open a file in memory where the system has such, since disks may be full."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("pielight"), "w+b")
    return cast(BinaryIO, tempfile.TemporaryFile())


def _pass_on(printed: BinaryIO, is_chatter: Callable[[bytes], bool]) -> None:
    printed.seek(0)
    if others := [line for line in printed if not is_chatter(line)]:
        with suppress(OSError):  # a screen that takes nothing is nobody's fault here
            os.write(STANDARD_ERROR, b"".join(others))

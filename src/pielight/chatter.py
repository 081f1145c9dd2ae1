"""What native libraries print on the user's screen, where they offer no other way to keep them silent."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from pielight import signals
from pielight.signals import STANDARD_ERROR

_one_at_a_time = threading.Lock()


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

"""The descriptors of standard streams: what is there where they are closed, and files that never get theirs."""

from __future__ import annotations

import errno
import io
import os
import sys

from pielight.core.signals import STANDARD_ERROR

TYPE_CHECKING = False  # what typing has under this name; signals are to be heard before it is loaded
if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

NEW = os.O_CREAT | os.O_EXCL | os.O_RDWR


class _Lossy(io.FileIO):
    """A file that takes what it cannot write, too: a full disk below a log is no reason to stop work."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return memoryview(data).nbytes  # type: ignore[arg-type]


class _Closed(io.BufferedIOBase):
    """Standard output that is closed; nothing stays in a buffer, to fail once more when the process ends."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def lossy(descriptor: int, like: TextIO, closefd: bool = True) -> TextIO:
    """Open a text stream, written line by line, that never fails.

    Args:
        descriptor: Where to.
        like: The stream whose encoding it has.
        closefd: Whether the descriptor is closed with it.
    """
    binary = io.BufferedWriter(_Lossy(descriptor, "w", closefd=closefd))
    return io.TextIOWrapper(binary, like.encoding, like.errors, line_buffering=True)


def open_standard_streams() -> None:
    """Make the process's standard streams safe to use, closed ones included; for a command, at its very start.

    In the place of a closed one stands a null device, so that no other file gets its number. To read or write it
    fails, as it should; only standard error takes everything, also where it is open and its disk is full. What the
    encoding of standard output does not know, as names of files may hold it, is escaped.
    """
    if sys.stdin is None:  # in this order, since a file gets the lowest number that is free
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_WRONLY), "r")
    if sys.stdout is None:
        os.open(os.devnull, os.O_RDONLY)
        sys.stdout = io.TextIOWrapper(_Closed(), "utf-8")
    elif isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = lossy(sys.stderr.fileno(), sys.stderr, closefd=False)


def reason(error: OSError) -> str:
    """Say why a standard stream cannot be used.

    >>> reason(OSError(errno.EBADF, "Bad file descriptor")), reason(OSError(errno.ENOSPC, "No space left on device"))
    ('it is closed', 'No space left on device')
    """
    return "it is closed" if error.errno == errno.EBADF else error.strerror or str(error)


def open_file(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Open a file by a descriptor above those of the standard streams, even where these are closed.

    Else what libraries print to standard output or error would be written into a picture.
    """
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0), mode)
    low = []
    while descriptor <= STANDARD_ERROR:
        low.append(descriptor)
        descriptor = os.dup(descriptor)
    for one in low:
        os.close(one)
    return descriptor

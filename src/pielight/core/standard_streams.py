"""Standard streams that are safe to use even where they are closed, and files that never take their descriptors."""

from __future__ import annotations

import errno
import io
import os
import sys

from pielight.core.signals import STANDARD_ERROR

TYPE_CHECKING = False  # instead of typing.TYPE_CHECKING: signals must work before typing is imported
if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

NEW = os.O_CREAT | os.O_EXCL | os.O_RDWR


class _Lossy(io.FileIO):
    """A file whose write errors are ignored: a full disk of a log is no reason to stop work."""

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return memoryview(data).nbytes  # type: ignore[arg-type]


class _Closed(io.BufferedIOBase):
    """Closed standard output; nothing is buffered that would fail again when the process ends."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def lossy(descriptor: int, like: TextIO, closefd: bool = True) -> TextIO:
    """Open a text stream, written line by line, that never fails.

    Args:
        like: The stream whose encoding it gets.
        closefd: Whether closing the stream closes the descriptor.
    """
    binary = io.BufferedWriter(_Lossy(descriptor, "w", closefd=closefd))
    return io.TextIOWrapper(binary, like.encoding, like.errors, line_buffering=True)


def open_standard_streams() -> None:
    """Make the standard streams safe to use, even closed ones; for a command, at its very start.

    A closed stream is replaced by a null device, so that no other file gets its descriptor. Reading or writing it
    fails, as it should; only standard error accepts everything, even where its disk is full. Characters that the
    encoding of standard output lacks, as in file names, are escaped.
    """
    if sys.stdin is None:  # in this order, since a file gets the lowest free descriptor
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
    """Return why a standard stream cannot be used.

    >>> reason(OSError(errno.EBADF, "Bad file descriptor")), reason(OSError(errno.ENOSPC, "No space left on device"))
    ('it is closed', 'No space left on device')
    """
    return "it is closed" if error.errno == errno.EBADF else error.strerror or str(error)


def open_file(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Open a file with a descriptor above those of the standard streams, even where these are closed.

    Otherwise the output of libraries to a closed standard stream would be written into a picture.
    """
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0), mode)
    low = []
    while descriptor <= STANDARD_ERROR:
        low.append(descriptor)
        descriptor = os.dup(descriptor)
    for one in low:
        os.close(one)
    return descriptor

"""File descriptors that are none of the standard streams."""

from __future__ import annotations

import os
from pathlib import Path

NEW = os.O_CREAT | os.O_EXCL | os.O_RDWR
_STANDARD_ERROR = 2


def open_file(path: str | Path, flags: int, mode: int = 0o666) -> int:
    """Open a file by a descriptor above those of the standard streams, even where these are closed.

    Else what libraries print to standard output or error would be written into a picture.
    """
    descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0), mode)
    low = []
    while descriptor <= _STANDARD_ERROR:
        low.append(descriptor)
        descriptor = os.dup(descriptor)
    for one in low:
        os.close(one)
    return descriptor

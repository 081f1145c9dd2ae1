"""Files in memory that have a descriptor."""

from __future__ import annotations

import os
import tempfile
from typing import BinaryIO, cast


def memory_file() -> BinaryIO:
    """Open an unnamed file in memory where the system has such, since disks may be full; elsewhere on disk.

    >>> with memory_file() as file:
    ...     file.write(b"abc")
    3
    """
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("pielight"), "w+b")
    return cast(BinaryIO, tempfile.TemporaryFile())

"""Locks on files that other processes see, and that end with the process."""

from __future__ import annotations

from typing import IO


def try_lock(file: IO[bytes] | int) -> bool | None:
    """Lock an open file or folder until it is closed, without waiting.

    Returns:
        Whether it is ours; None where the system has no such locks.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     try_lock(file) is not False
    True
    """
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network drives know none
        return None
    return True

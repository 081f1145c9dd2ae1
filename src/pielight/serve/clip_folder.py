"""The private folder of a server's clips; one that a killed server left is removed by the next server."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from pielight.core.file_lock import try_lock

_PREFIX = "pielight-clips-"


class ClipFolder:
    """A folder that only this user may read; it is made when it is first used, and locked as long as it is used."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._lock: int | None = None

    def path(self) -> Path:
        """Return where it is.

        Raises:
            OSError: It cannot be made.
        """
        while self._path is None:
            made = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._lock = _locked(made)
            if made.exists():
                self._path = made
            else:  # another server locked it before, and took it for abandoned
                self.remove()
        return self._path

    def remove(self) -> None:
        """Delete it, and all in it."""
        if self._path is not None:
            shutil.rmtree(self._path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
        self._path = self._lock = None


def remove_abandoned() -> None:
    """Delete the folders of this user's servers that were killed, where the system tells that they are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*") if hasattr(os, "getuid") else ():
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            if (lock := _locked(folder)) is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _locked(folder: Path) -> int | None:
    """Return the descriptor that locks a folder; None if another process has it, or the system knows no such locks."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return None
    if try_lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None

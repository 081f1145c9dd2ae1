"""Permissions, owner and times of files."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attributes:
    """Permissions, owner and times of a file; no ACLs and no extended attributes."""

    mode: int  # permission bits, without set-user-ID, set-group-ID and sticky bit
    owner: tuple[int, int]  # IDs of user and group
    # last access and last change in nanoseconds; None if they are not kept
    times: tuple[int, int] | None = None

    def give(self, descriptor: int) -> None:
        """Set permissions, owner and group of an open file as far as the system allows.

        Where the group cannot be set, the other group gets no more rights than everybody.
        """
        if not hasattr(os, "fchown"):  # Windows: a new file inherits the rights of its folder
            return
        # Only root can change owners. Some file systems (FAT, some network drives) have no owners or permissions.
        with suppress(OSError):
            os.fchown(descriptor, self.owner[0] if os.geteuid() == 0 else -1, self.owner[1])
        is_same_group = os.fstat(descriptor).st_gid == self.owner[1]
        with suppress(OSError):
            os.fchmod(descriptor, self.mode if is_same_group else self.mode & (0o707 | (self.mode & 0o7) << 3))

    def give_times(self, file: int | Path) -> None:
        """Set the times of a file, given by its descriptor or path, if there are any."""
        if self.times is not None:
            with suppress(OSError):  # some network drives refuse
                os.utime(file, ns=self.times)


def attributes_of(path: Path, times: bool = False) -> Attributes | None:
    """Return the attributes of a file, or None if there is no such file.

    Args:
        path: A regular file, or a link to one.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):  # reading it will report why
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    kept = (status.st_atime_ns, status.st_mtime_ns) if times else None
    return Attributes(stat.S_IMODE(status.st_mode) & 0o777, (status.st_uid, status.st_gid), kept)


def attributes_to_keep(path: Path, given: Attributes | None) -> Attributes | None:
    """Return the attributes of a file that replaces another: its permissions and owner, else those given."""
    old = None if path.is_symlink() else attributes_of(path)
    if old is None or given is None:
        return old or given
    return Attributes(old.mode, old.owner, given.times)

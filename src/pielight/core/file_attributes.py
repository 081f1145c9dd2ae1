"""Permissions, owner and times of files."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attributes:
    """What a file system keeps about a file beside its name and content; no ACLs and no extended attributes.

    Attributes:
        mode: Permission bits, without set-user-ID, set-group-ID and sticky bit.
        owner: Numbers of user and group.
        times: Last access and last change in nanoseconds, or None where they are not to be kept.
    """

    mode: int
    owner: tuple[int, int]
    times: tuple[int, int] | None = None

    def give(self, descriptor: int) -> None:
        """Give an open file the permissions, and owner and group as far as the system lets this process.

        Where the group cannot be kept, the other group gets no more rights than everybody.
        """
        if not hasattr(os, "fchown"):  # Windows, where a new file inherits the rights of its folder
            return
        # Only root can give a file away. Some file systems (FAT, some network drives) know no owners or permissions.
        with suppress(OSError):
            os.fchown(descriptor, self.owner[0] if os.geteuid() == 0 else -1, self.owner[1])
        is_same_group = os.fstat(descriptor).st_gid == self.owner[1]
        with suppress(OSError):
            os.fchmod(descriptor, self.mode if is_same_group else self.mode & (0o707 | (self.mode & 0o7) << 3))

    def give_times(self, file: int | Path) -> None:
        """Give a file, by its descriptor or path, the times, if there are any."""
        if self.times is not None:
            with suppress(OSError):  # some network drives refuse
                os.utime(file, ns=self.times)


def attributes_of(path: Path, times: bool = False) -> Attributes | None:
    """Return the attributes of a file, or None if there is no such file.

    Args:
        path: A regular file, or a link to one.
        times: Whether they belong to what is kept.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):  # reading it will say so
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    kept = (found.st_atime_ns, found.st_mtime_ns) if times else None
    return Attributes(stat.S_IMODE(found.st_mode) & 0o777, (found.st_uid, found.st_gid), kept)


def attributes_to_keep(path: Path, given: Attributes | None) -> Attributes | None:
    """Return what a file is to have that takes a name: permissions and owner of the file there, else what is given."""
    there = None if path.is_symlink() else attributes_of(path)
    if there is None or given is None:
        return there or given
    return Attributes(there.mode, there.owner, given.times)

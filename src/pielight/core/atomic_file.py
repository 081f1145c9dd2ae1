"""Files read within limits, and written atomically: whole or not at all."""

from __future__ import annotations

import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from pielight.core.file_attributes import Attributes, attributes_to_keep
from pielight.core.messages import shown
from pielight.core.output_names import Existing, claim, link
from pielight.core.standard_streams import NEW, open_file
from pielight.errors import ExistsError, MissingFileError, PictureError, PielightError

MAX_FILE_BYTES = 1 << 30  # more than any picture below the pixel cap needs
_A_FOLDER = "a folder; name a file"
_DESCRIPTORS = Path("/proc/self/fd")  # where Linux gives an unnamed file a path


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether two paths refer to the same existing file.

    >>> is_same_file(Path("missing.jpg"), Path("missing.jpg"))
    False
    """
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # reading or writing it will report why
        return False


def check_regular(path: Path) -> None:
    """Refuse a path to anything but a regular file.

    Raises:
        PictureError: It is a folder, or a pipe or device, whose reading might never end.
        OSError: Its type cannot be determined.
    """
    if path.is_dir():
        raise PictureError(f"{shown(path)}: a folder, not a picture")
    if path.exists() and not path.is_file():
        raise PictureError(f"{shown(path)}: not a regular file")


def read_file(path: Path) -> bytes:
    """Read a file of at most 1 GB.

    Raises:
        MissingFileError: There is none.
        PictureError: It is empty, no regular file, unreadable or too large.
    """
    try:
        check_regular(path)
        with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise PictureError(f"{shown(path)}: {size >> 20} MB; the limit is {MAX_FILE_BYTES >> 20} MB")
            data = file.read()
    except PictureError:
        raise
    except (OSError, ValueError, MemoryError) as error:  # ValueError: a null character in the name
        if isinstance(error, FileNotFoundError):
            raise MissingFileError(f"{shown(path)}: no such file", str(path)) from error
        reason = "not enough memory" if isinstance(error, MemoryError) else f"cannot be read ({_reason(error)})"
        raise PictureError(f"{shown(path)}: {reason}") from error
    if not data:
        raise PictureError(f"{shown(path)}: empty file")
    return data


class Checked:
    """A file without its descriptor, which Pillow would write to directly, without checking for short writes.

    Args:
        file: Open for writing and reading.
        start: The position that counts as 0.
    """

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file, self._start = file, start
        self.read, self.write, self.flush = file.read, file.write, file.flush

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position and return it."""
        return self._file.seek(position + (self._start if whence == os.SEEK_SET else 0), whence) - self._start

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell() - self._start


class AtomicFile(io.BufferedRandom):
    """A file that is being written.

    Attributes:
        path: The name that it will get; afterwards, the one that it got.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(io.FileIO(descriptor, "r+b"))
        self.path = path


@contextmanager
def open_atomic(
    path: Path, existing: Existing = "overwrite", attributes: Attributes | None = None, number: int = 1
) -> Iterator[AtomicFile]:
    """Open a file for writing that gets its name atomically, and only if the block ends without an exception.

    Readers see the old file or the complete new one. Of several processes that write files of one name at once, each
    gets a different name. Where the system has unnamed files (Linux), even a killed process leaves nothing behind,
    except at the moment of replacing an older file: a link cannot replace, so the complete file is renamed from a
    hidden ``.part`` file. Elsewhere, a killed process may leave such a file, and where the file system has no hard
    links, an empty file under the new name.

    Args:
        path: The file; missing folders are created.
        existing: What happens to a file that has the name by then: ``overwrite`` replaces it and keeps its
            permissions and owner, ``skip`` keeps it, ``rename`` keeps it and numbers the new one.
        attributes: Permissions, owner and times of the new file; None for the system's defaults.
        number: The first number to try with ``rename``; see :func:`pielight.core.output_names.numbered`.

    Raises:
        ExistsError: The name is taken, with ``skip``.
        PictureError: It is a folder, its folder cannot be created, or the file cannot be written.
    """
    part = path.parent / f".pielight-{secrets.token_hex(8)}.part"
    try:
        if path.is_dir():
            raise PictureError(f"{shown(path)}: {_A_FOLDER}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if existing == "overwrite":
            attributes = attributes_to_keep(path, attributes)
        mode = 0o666 if attributes is None else 0o600  # others must not read a private picture meanwhile
        descriptor = _open_unnamed(path.parent, mode)
        named = descriptor is None
        file = AtomicFile(open_file(part, NEW, mode) if descriptor is None else descriptor, path)
        try:
            with file:
                yield file
                file.flush()
                if attributes:
                    attributes.give(file.fileno())
                if not named:
                    named = not _link_unnamed(file, path, existing, number, part, attributes)
            if named:
                if attributes:
                    attributes.give_times(part)
                file.path = claim(partial(link, part), path, existing, number, part, True)
        finally:
            part.unlink(missing_ok=True)  # still there only if a step failed
    except PielightError:
        raise
    except (OSError, ValueError) as error:
        raise PictureError(f"{shown(path)}: cannot be written ({_reason(error)})") from error


def check_writable(path: Path) -> None:
    """Check, before long work, that a file can be written; nothing is created.

    Raises:
        PictureError: It is a folder, or its folder cannot be created or written to.
    """
    if path.is_dir():
        raise PictureError(f"{shown(path)}: {_A_FOLDER}")
    parent = next(folder for folder in path.absolute().parents if folder.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise PictureError(f"{shown(path)}: cannot be written; {shown(parent)} is no folder that can be written to")


def write_atomic(
    path: Path, data: bytes, existing: Existing = "overwrite", attributes: Attributes | None = None, number: int = 1
) -> Path:
    """Write a file atomically, and return the name that it got; see :func:`open_atomic`."""
    with open_atomic(path, existing, attributes, number) as file:
        file.write(data)
    return file.path


def _open_unnamed(folder: Path, mode: int) -> int | None:
    """Open a file that has no name yet; None where the system or the file system has no such files."""
    if not hasattr(os, "O_TMPFILE") or not _DESCRIPTORS.is_dir():
        return None
    try:
        return open_file(folder, os.O_TMPFILE | os.O_RDWR, mode)
    except OSError:
        return None


def _link_unnamed(
    file: AtomicFile, path: Path, existing: Existing, number: int, part: Path, attributes: Attributes | None
) -> bool:
    """Give an unnamed file its name; where that is forbidden, copy it to ``part`` and return False."""
    descriptor = file.fileno()
    if attributes:
        attributes.give_times(descriptor)
    # Any src_dir_fd makes Python follow the link in /proc; being absolute, the path does not use it.
    by_link = partial(os.link, _DESCRIPTORS / str(descriptor), src_dir_fd=descriptor, follow_symlinks=True)
    try:
        file.path = claim(by_link, path, existing, number, part, False)
    except ExistsError:
        raise
    except OSError:  # a sandbox may forbid such links
        part.unlink(missing_ok=True)
        file.seek(0)
        with os.fdopen(open_file(part, NEW, 0o666 if attributes is None else 0o600), "wb") as copy:
            shutil.copyfileobj(file, copy)
            copy.flush()
            if attributes:
                attributes.give(copy.fileno())
        return False
    return True


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

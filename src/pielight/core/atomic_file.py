"""Whole files in, whole files out."""

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
from pielight.core.output_names import Existing, claim, link
from pielight.core.standard_streams import NEW, open_file
from pielight.errors import ExistsError, PictureError, PielightError

MAX_FILE_BYTES = 1 << 30  # more than any picture below the pixel cap needs
_A_FOLDER = "a folder; name a file"
_OWN_FILES = Path("/proc/self/fd")  # where Linux gives a nameless file a path


def shown(path: str | Path) -> str:
    """Return a path as it can stand in a one-line message.

    >>> shown("a\\nb.jpg")
    'a?b.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))


def is_same_file(one: Path, other: Path) -> bool:
    """Say whether two paths lead to one file that exists.

    >>> is_same_file(Path("missing.jpg"), Path("missing.jpg"))
    False
    """
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one is missing or cannot be reached: reading or writing it will say so
        return False


def check_regular(path: Path) -> None:
    """Refuse what is there under a name and no regular file.

    Raises:
        PictureError: It is a folder, or a pipe or device, which could keep us waiting for ever.
        OSError: That cannot be told.
    """
    if path.is_dir():
        raise PictureError(f"{shown(path)}: a folder, not a picture")
    if path.exists() and not path.is_file():
        raise PictureError(f"{shown(path)}: not a regular file")


def read_file(path: Path) -> bytes:
    """Read a picture's file.

    Raises:
        PictureError: It is missing, empty, no regular file, unreadable or absurdly large.
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
    except MemoryError as error:
        raise PictureError(f"{shown(path)}: not enough memory") from error
    except FileNotFoundError as error:
        raise PictureError(f"{shown(path)}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise PictureError(f"{shown(path)}: cannot be read ({_reason(error)})") from error
    if not data:
        raise PictureError(f"{shown(path)}: empty file")
    return data


class Checked:
    """A file without its number, by which Pillow would write past Python's check that all has been written.

    Args:
        file: Open for writing and reading.
        start: The place in it that counts as 0.
    """

    def __init__(self, file: BinaryIO, start: int = 0) -> None:
        self._file, self._start = file, start
        self.read, self.write, self.flush = file.read, file.write, file.flush

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place and return it."""
        return self._file.seek(place + (self._start if whence == os.SEEK_SET else 0), whence) - self._start

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell() - self._start


class AtomicFile(io.BufferedRandom):
    """A file that is being written.

    Attributes:
        path: The name it is to have; afterwards, the one it got.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(io.FileIO(descriptor, "r+b"))
        self.path = path


@contextmanager
def open_atomic(
    path: Path, existing: Existing = "overwrite", attributes: Attributes | None = None, number: int = 1
) -> Iterator[AtomicFile]:
    """Open a file that appears under its name at one stroke, when the block ends well, and else never.

    Whoever looks sees the old file or the whole new one; of several processes that write files of one name at once,
    no one gets a name that another has got. Where the system has nameless files (Linux), even a killed process
    leaves nothing behind, except in the moment in which an older file is replaced: a link cannot do that, so that
    the whole file has the hidden name of a ``.part`` first. Elsewhere it may leave such a file at any time, and
    where the file system has no hard links, an empty file under the new name.

    Args:
        path: Where to; missing folders are made.
        existing: What becomes of a file that has the name by then: ``overwrite`` replaces it and keeps its
            permissions and owner, ``skip`` keeps it, ``rename`` keeps it and numbers the new one.
        attributes: What the new file has beside its content; None is what the system gives to new files.
        number: The first that is tried, with ``rename``; see :func:`pielight.core.output_names.numbered`.

    Raises:
        ExistsError: The name is taken, with ``skip``.
        PictureError: It is a folder, its own cannot be made, or the file cannot be written.
    """
    part = path.parent / f".pielight-{secrets.token_hex(8)}.part"
    try:
        if path.is_dir():
            raise PictureError(f"{shown(path)}: {_A_FOLDER}")
        path.parent.mkdir(parents=True, exist_ok=True)
        if existing == "overwrite":
            attributes = attributes_to_keep(path, attributes)
        mode = 0o666 if attributes is None else 0o600  # nobody else reads a private picture meanwhile
        descriptor = _nameless(path.parent, mode)
        named = descriptor is None
        file = AtomicFile(open_file(part, NEW, mode) if descriptor is None else descriptor, path)
        try:
            with file:
                yield file
                file.flush()
                if attributes:
                    attributes.give(file.fileno())
                if not named:
                    named = not _link_nameless(file, path, existing, number, part, attributes)
            if named:
                if attributes:
                    attributes.give_times(part)
                file.path = _told(path, claim(partial(link, part), path, existing, number, part, True))
        finally:
            part.unlink(missing_ok=True)  # still there only if a step failed
    except PielightError:
        raise
    except (OSError, ValueError) as error:
        raise PictureError(f"{shown(path)}: cannot be written ({_reason(error)})") from error


def check_place(path: Path) -> None:
    """Check, before long work, that a file can be written under a name; nothing is made.

    Raises:
        PictureError: It is a folder, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise PictureError(f"{shown(path)}: {_A_FOLDER}")
    place = next(folder for folder in path.absolute().parents if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise PictureError(f"{shown(path)}: cannot be written; {shown(place)} is no folder that can be written to")


def write_atomic(
    path: Path, data: bytes, existing: Existing = "overwrite", attributes: Attributes | None = None, number: int = 1
) -> Path:
    """Write a file at one stroke, and return the name that it got; see :func:`open_atomic`."""
    with open_atomic(path, existing, attributes, number) as file:
        file.write(data)
    return file.path


def _nameless(folder: Path, mode: int) -> int | None:
    """Open a file that has no name yet, where system and file system know such files."""
    if not hasattr(os, "O_TMPFILE") or not _OWN_FILES.is_dir():
        return None
    try:
        return open_file(folder, os.O_TMPFILE | os.O_RDWR, mode)
    except OSError:
        return None


def _link_nameless(
    file: AtomicFile, path: Path, existing: Existing, number: int, part: Path, attributes: Attributes | None
) -> bool:
    """Give a nameless file its name; where that is forbidden, copy it to ``part`` and return False."""
    descriptor = file.fileno()
    if attributes:
        attributes.give_times(descriptor)
    # Any src_dir_fd makes Python follow the link in /proc; being absolute, the path does not use it.
    by_link = partial(os.link, _OWN_FILES / str(descriptor), src_dir_fd=descriptor, follow_symlinks=True)
    try:
        file.path = _told(path, claim(by_link, path, existing, number, part, False))
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


def _told(path: Path, name: Path | None) -> Path:
    if name is None:
        raise ExistsError(f"{shown(path)}: there is such a file, and it is kept")
    return name


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

"""Whole files in, whole files out."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pielight.errors import PictureError

MAX_FILE_BYTES = 1 << 30  # more than any picture below the pixel cap needs
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


def read_whole(path: Path) -> bytes:
    """Read a picture's file.

    Raises:
        PictureError: It is missing, empty, no regular file, unreadable or absurdly large.
    """
    try:
        if path.is_dir():
            raise PictureError(f"{shown(path)}: a folder, not a picture")
        if path.exists() and not path.is_file():  # a pipe or device could keep us waiting for ever
            raise PictureError(f"{shown(path)}: not a regular file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise PictureError(f"{shown(path)}: {size >> 20} MB; the limit is {MAX_FILE_BYTES >> 20} MB")
            data = file.read()
    except FileNotFoundError as error:
        raise PictureError(f"{shown(path)}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise PictureError(f"{shown(path)}: cannot be read ({_reason(error)})") from error
    if not data:
        raise PictureError(f"{shown(path)}: empty file")
    return data


class Checked:
    """A file without its number, by which Pillow would write past Python's check that all has been written."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.write, self.flush = file.read, file.write, file.flush
        self.seek, self.tell, self.truncate = file.seek, file.tell, file.truncate


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears under its name at one stroke, when the block ends well, and else never.

    Whoever looks sees the old file or the whole new one. Where the system has nameless files (Linux), even a
    killed process leaves nothing behind, except in the moment in which an older file is replaced: a link cannot do
    that, so that the whole file has the hidden name of a ``.part`` first. Elsewhere it may leave such a file at
    any time.

    Args:
        path: Where to; missing folders are made.

    Raises:
        PictureError: The folder cannot be made, or the file cannot be written.
    """
    part = path.parent / f".pielight-{secrets.token_hex(8)}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _nameless(path.parent)
        named = file is None
        if file is None:
            file = part.open("x+b")
        try:
            with file:
                yield file
                file.flush()
                if not named:
                    _name(file, path, part)
            if named:
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # still there only if a step failed
    except (OSError, ValueError) as error:
        raise PictureError(f"{shown(path)}: cannot be written ({_reason(error)})") from error


def check_place(path: Path) -> None:
    """Check, before long work, that a file can be written under a name; nothing is made.

    Raises:
        PictureError: It is a folder, or its folder cannot be made or written to.
    """
    if path.is_dir():
        raise PictureError(f"{shown(path)}: a folder; name a file")
    place = next(folder for folder in path.absolute().parents if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        raise PictureError(f"{shown(path)}: cannot be written; {shown(place)} is no folder that can be written to")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file at one stroke; see :func:`whole_file`."""
    with whole_file(path) as file:
        file.write(data)


def _nameless(folder: Path) -> BinaryIO | None:
    """Open a file that has no name yet, where system and file system know such files."""
    if not hasattr(os, "O_TMPFILE") or not _OWN_FILES.is_dir():
        return None
    try:
        return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666), "w+b")
    except OSError:
        return None


def _name(file: BinaryIO, path: Path, part: Path) -> None:
    handle = file.fileno()
    source = _OWN_FILES / str(handle)
    try:
        # Any src_dir_fd makes Python follow the link in /proc; being absolute, the path does not use it.
        os.link(source, path, src_dir_fd=handle, follow_symlinks=True)
    except FileExistsError:  # a link cannot replace
        os.link(source, part, src_dir_fd=handle, follow_symlinks=True)
        part.replace(path)
    except OSError:  # a sandbox may forbid such links
        file.seek(0)
        with part.open("xb") as copy:
            shutil.copyfileobj(file, copy)
        part.replace(path)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

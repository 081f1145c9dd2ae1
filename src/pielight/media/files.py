"""Whole files in, whole files out."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pielight.errors import PictureError

MAX_FILE_BYTES = 1 << 30  # more than any picture below the pixel cap needs


def shown(path: str | Path) -> str:
    """Return a path as it can stand in a one-line message.

    >>> shown("a\\nb.jpg")
    'a?b.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in str(path))


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
            data = file.read(MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise PictureError(f"{shown(path)}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise PictureError(f"{shown(path)}: cannot be read ({_reason(error)})") from error
    if not data:
        raise PictureError(f"{shown(path)}: empty file")
    return data


def write_whole(path: Path, data: bytes) -> None:
    """Write a file at one stroke: whoever looks sees the old file or the whole new one, never a part.

    Raises:
        PictureError: The folder cannot be made, or the file cannot be written.
    """
    part = path.parent / f".pielight-{secrets.token_hex(8)}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("xb") as file:
                file.write(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # still there only if one of the two steps failed
    except (OSError, ValueError) as error:
        raise PictureError(f"{shown(path)}: cannot be written ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

"""MP4 and MOV whose index comes first, so that they play while they still load."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_HEADER, _LARGE = 8, 16  # bytes of a box's header; a size of 1 means that 64 bits follow


def has_index_first(path: Path) -> bool:
    """Return whether a file is an MP4 or MOV whose index (``moov``) comes before the media.

    >>> has_index_first(Path("missing.mp4"))
    False
    """
    try:
        with path.open("rb") as file:
            place, end = 0, path.stat().st_size
            while place + _HEADER <= end:
                file.seek(place)
                header = file.read(_LARGE)
                size, kind = struct.unpack_from(">I4s", header)
                if kind in (b"moov", b"mdat"):
                    return bool(kind == b"moov")
                if size == 1 and len(header) == _LARGE:
                    size = struct.unpack_from(">Q", header, _HEADER)[0]
                if size < _HEADER:
                    return False
                place += size
    except OSError:
        return False
    return False


class _Again:
    """What is written to an open file, read from its start without moving its position."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._place = file, 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        here = self._file.tell()
        self._file.seek(self._place)
        data = self._file.read(size)
        self._place += len(data)
        self._file.seek(here)
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place and return it."""
        here = self._file.tell()
        base = (0, self._place, self._file.seek(0, 2))[whence]
        self._file.seek(here)
        self._place = base + place
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def close(self) -> None:
        """Leave the file open: its owner closes it."""


def reopened(file: BinaryIO) -> Callable[[str, int, dict[str, str]], _Again]:
    """Return what PyAV calls when FFmpeg, to move the index, reads the file that it writes.

    FFmpeg moves what comes after the index in blocks, so that memory does not grow; the file itself need not have a
    name.
    """
    return lambda *_: _Again(file)

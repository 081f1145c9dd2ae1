"""The checksum of a result's file in its record, by which later changes of the file are detected."""

from __future__ import annotations

import re
import zlib
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from pielight.io.codecs.png.chunks import chunk_spans
from pielight.io.file_view import FileView

EMPTY = "0" * 16
_ATTRIBUTE = b'pielight:Seal="'
_CHECKSUM = re.compile(_ATTRIBUTE + b'([0-9a-f]{16})"')
_PART = 1 << 20
_PNG, _TEXT = b"\x89PNG", b"iTXt"
_CRC = 4  # bytes


def write_checksum(file: BinaryIO, start: int = 0) -> bool:
    """Write the checksum of a file into its record, which still holds zeros; a file without a record stays unchanged.

    Args:
        file: Complete, open for reading and writing.
        start: Position of the picture, which extends to the end.

    Returns:
        Whether it has a record.
    """
    position = _find(file, start)
    if position is None:
        file.seek(0, 2)
        return False
    chunk = _chunk(file, start, position)
    digest = _digest(file, start, position, chunk)
    file.seek(position)
    file.write(digest)
    if chunk:
        file.seek(chunk[0])
        content = file.read(chunk[1] - chunk[0])
        file.seek(chunk[1])
        file.write(zlib.crc32(content).to_bytes(_CRC, "big"))
    file.seek(0, 2)
    return True


def is_unmodified(path: Path) -> bool:
    """Return whether a result is unchanged since pielight wrote it.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        position = _find(file, 0)
        if position is None:
            return False
        file.seek(position)
        return file.read(len(EMPTY)) == _digest(file, 0, position, _chunk(file, 0, position))


def _find(file: BinaryIO, start: int) -> int | None:
    """Return the position of the checksum."""
    view, reach = FileView(file), len(_ATTRIBUTE) + len(EMPTY)
    for position in range(start, len(view), _PART):
        if match := _CHECKSUM.search(view[position : position + _PART + reach]):
            return position + match.start(1)
    return None


def _chunk(file: BinaryIO, start: int, position: int) -> tuple[int, int] | None:
    """Return, of the chunk of a PNG that holds the checksum, the positions of its type and its CRC; None in others."""
    view = FileView(file, start)
    if view[:4] == _PNG:
        for kind, span in chunk_spans(view):
            if position < start + span.stop:
                return (start + span.start - 4, start + span.stop) if kind == _TEXT else None
    return None


def _digest(file: BinaryIO, start: int, position: int, chunk: tuple[int, int] | None) -> bytes:
    """Return the checksum of a file without the span of the checksum itself and of the CRC that depends on it."""
    view, digest = FileView(file), blake2b(digest_size=len(EMPTY) // 2)
    crc = (chunk[1], chunk[1] + _CRC) if chunk else ()
    bounds = (start, position, position + len(EMPTY), *crc, len(view))
    for first, last in zip(bounds[::2], bounds[1::2], strict=True):
        for part in range(first, last, _PART):
            digest.update(view[part : min(part + _PART, last)])
    return digest.hexdigest().encode()

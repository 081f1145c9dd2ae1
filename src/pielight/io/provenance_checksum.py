"""The checksum of a result's file in its record, by which later changes of the file are detected."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

EMPTY = "0" * 16
_ATTRIBUTE = b'pielight:Seal="'
_CHECKSUM = re.compile(_ATTRIBUTE + b'([0-9a-f]{16})"')
_PART = 1 << 20
_PNG, _TEXT = b"\x89PNG", b"iTXt"
_CHUNK_HEAD, _CRC = 8, 4  # bytes


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
    """Say whether a result is unchanged since pielight wrote it.

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
    file.seek(start)
    reach = len(_ATTRIBUTE) + len(EMPTY) + 1
    position, before = start, b""
    while part := file.read(_PART):
        match = _CHECKSUM.search(before + part)
        if match:
            return position - len(before) + match.start(1)
        position += len(part)
        before = (before + part)[-reach:]
    return None


def _chunk(file: BinaryIO, start: int, position: int) -> tuple[int, int] | None:
    """Return, of the chunk of a PNG that holds the checksum, the positions of its type and its CRC; None in others."""
    file.seek(start)
    if file.read(4) != _PNG:
        return None
    here = start + 8
    while here < position:
        file.seek(here)
        head = file.read(_CHUNK_HEAD)
        end = here + _CHUNK_HEAD + int.from_bytes(head[:4], "big")
        if len(head) < _CHUNK_HEAD:
            return None
        if position < end:
            return (here + 4, end) if head[4:] == _TEXT else None
        here = end + _CRC
    return None


def _digest(file: BinaryIO, start: int, position: int, chunk: tuple[int, int] | None) -> bytes:
    """Return the checksum of a file without the span of the checksum itself and of the CRC that depends on it."""
    digest = blake2b(digest_size=len(EMPTY) // 2)
    spans = [(position, position + len(EMPTY))] + ([(chunk[1], chunk[1] + _CRC)] if chunk else [])
    for first, last in _between(start, spans):
        file.seek(first)
        left = None if last is None else last - first
        while part := file.read(_PART if left is None else min(_PART, left)):
            digest.update(part)
            left = None if left is None else left - len(part)
    return digest.hexdigest().encode()


def _between(start: int, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int | None]]:
    """Yield the spans between spans; the last one is open."""
    for first, last in spans:
        yield start, first
        start = last
    yield start, None

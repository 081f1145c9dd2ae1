"""The seal of a result: a checksum of its whole file, in the record, by which later changes of the file are known."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

EMPTY = "0" * 16
_ATTRIBUTE = b'pielight:Seal="'
_SEAL = re.compile(_ATTRIBUTE + b'([0-9a-f]{16})"')
_PART = 1 << 20
_PNG, _TEXT = b"\x89PNG", b"iTXt"
_CHUNK_HEAD, _CRC = 8, 4  # bytes


def seal(file: BinaryIO, start: int = 0) -> bool:
    """Put the checksum of a file into its record, whose seal is empty; a file without a record stays as it is.

    Args:
        file: Open for reading and writing, whole.
        start: Where the picture starts in it; it goes on to the end.

    Returns:
        Whether it has a record.
    """
    place = _find(file, start)
    if place is None:
        file.seek(0, 2)
        return False
    chunk = _chunk(file, start, place)
    digest = _digest(file, start, place, chunk)
    file.seek(place)
    file.write(digest)
    if chunk:
        file.seek(chunk[0])
        content = file.read(chunk[1] - chunk[0])
        file.seek(chunk[1])
        file.write(zlib.crc32(content).to_bytes(_CRC, "big"))
    file.seek(0, 2)
    return True


def is_sealed(path: Path) -> bool:
    """Say whether a result is to the byte what pielight wrote.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        place = _find(file, 0)
        if place is None:
            return False
        file.seek(place)
        return file.read(len(EMPTY)) == _digest(file, 0, place, _chunk(file, 0, place))


def _find(file: BinaryIO, start: int) -> int | None:
    """Return where the value of the seal stands."""
    file.seek(start)
    reach = len(_ATTRIBUTE) + len(EMPTY) + 1
    place, before = start, b""
    while part := file.read(_PART):
        match = _SEAL.search(before + part)
        if match:
            return place - len(before) + match.start(1)
        place += len(part)
        before = (before + part)[-reach:]
    return None


def _chunk(file: BinaryIO, start: int, place: int) -> tuple[int, int] | None:
    """Return where the chunk of a PNG with the seal begins, with its type, and where its own checksum stands."""
    file.seek(start)
    if file.read(4) != _PNG:
        return None
    here = start + 8
    while here < place:
        file.seek(here)
        head = file.read(_CHUNK_HEAD)
        end = here + _CHUNK_HEAD + int.from_bytes(head[:4], "big")
        if len(head) < _CHUNK_HEAD:
            return None
        if place < end:
            return (here + 4, end) if head[4:] == _TEXT else None
        here = end + _CRC
    return None


def _digest(file: BinaryIO, start: int, place: int, chunk: tuple[int, int] | None) -> bytes:
    """Return the checksum of a file with an empty seal, without what depends on the seal."""
    found = blake2b(digest_size=len(EMPTY) // 2)
    spans = [(place, place + len(EMPTY))] + ([(chunk[1], chunk[1] + _CRC)] if chunk else [])
    for first, last in _between(start, spans):
        file.seek(first)
        left = None if last is None else last - first
        while part := file.read(_PART if left is None else min(_PART, left)):
            found.update(part)
            left = None if left is None else left - len(part)
    return found.hexdigest().encode()


def _between(start: int, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int | None]]:
    """Yield what lies between spans, the last one open."""
    for first, last in spans:
        yield start, first
        start = last
    yield start, None

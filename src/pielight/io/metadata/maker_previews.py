"""Previews appended to a JPEG that some cameras' MakerNotes point to, by offsets that count from the EXIF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import APP1, EXIF, JpegLayout, parse
from pielight.io.metadata.tiff_tags import Type

_START = b"\xff\xd8\xff"
_MAX_PREVIEWS = 16
_HEADERS = (0, 32)  # bytes of a header before the JPEG that some makers point to


class MakerPreview(NamedTuple):
    """A JPEG after the picture."""

    start: int  # where it starts in the file
    stop: int  # where it ends
    # positions of offsets in the EXIF's segment, and how many bytes before the JPEG they point
    pointers: tuple[tuple[int, int], ...]


def find_previews(data: bytes, layout: JpegLayout) -> Iterator[MakerPreview]:
    """Find the JPEGs after the picture that entries in its EXIF point to."""
    exif = next(layout.contents(APP1, EXIF), b"")
    order = {b"II": "<", b"MM": ">"}.get(exif[len(EXIF) : len(EXIF) + 2])
    if order is None:
        return
    base, start = exif_base(data, exif), layout.end
    for _ in range(_MAX_PREVIEWS):
        start = data.find(_START, start)
        if start < 0:
            return
        pointers = tuple(
            (pointer, before)
            for before in _HEADERS
            for pointer in _pointers(exif, order, start - before - base, len(data) - base)
            if start - before >= layout.end
        )
        if not pointers:
            start += len(_START)
            continue
        try:
            stop = start + parse(data[start:]).end
        except PictureError:
            return
        yield MakerPreview(start, stop, pointers)
        start = stop


def exif_base(data: bytes, exif: bytes) -> int:
    """Return the position in a file from which the offsets count of the EXIF with this segment content."""
    return data.find(exif) + len(EXIF)


def with_offset(exif: bytes, pointer: int, offset: int) -> bytes:
    """Return the content of EXIF's segment with one offset replaced."""
    order = "<" if exif.startswith(b"II", len(EXIF)) else ">"
    return exif[:pointer] + struct.pack(order + "L", offset) + exif[pointer + 4 :]


def _pointers(exif: bytes, order: str, offset: int, end: int) -> Iterator[int]:
    """Yield the positions of entries' fields that hold an offset: as a number, or of bytes that lie in the file."""
    if not len(exif) < offset < 1 << 32:
        return
    value, position = struct.pack(order + "L", offset), -1
    while (position := exif.find(value, position + 1)) >= 0:
        if position >= len(EXIF) + 8:
            _, kind, count = struct.unpack_from(order + "HHL", exif, position - 8)
            if (kind, count) == (Type.LONG, 1) or (kind == Type.UNDEFINED and 4 < count <= end - offset):
                yield position

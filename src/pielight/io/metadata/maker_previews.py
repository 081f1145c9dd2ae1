"""Previews behind a JPEG's picture that a MakerNote leads to, as some cameras' do, by its distance from the EXIF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import APP1, EXIF, Layout, parse
from pielight.io.metadata.tiff_tags import LONG, UNDEFINED

_START = b"\xff\xd8\xff"
_MOST = 16
_HEADERS = (0, 32)  # bytes before the JPEG that some makers count


class MakerPreview(NamedTuple):
    """A JPEG behind the picture.

    Attributes:
        start: Where it starts in the file.
        stop: Where it ends.
        pointers: Where offsets stand in the EXIF's segment, and how many bytes before the JPEG they lead to.
    """

    start: int
    stop: int
    pointers: tuple[tuple[int, int], ...]


def find_previews(data: bytes, layout: Layout) -> Iterator[MakerPreview]:
    """Find the JPEGs behind the picture that entries in its EXIF lead to."""
    exif = next(layout.contents(APP1, EXIF), b"")
    order = {b"II": "<", b"MM": ">"}.get(exif[len(EXIF) : len(EXIF) + 2])
    if order is None:
        return
    base, place = exif_base(data, exif), layout.end
    for _ in range(_MOST):
        place = data.find(_START, place)
        if place < 0:
            return
        found = tuple(
            (pointer, before)
            for before in _HEADERS
            for pointer in _pointers(exif, order, place - before - base, len(data) - base)
            if place - before >= layout.end
        )
        if not found:
            place += len(_START)
            continue
        try:
            stop = place + parse(data[place:]).end
        except PictureError:
            return
        yield MakerPreview(place, stop, found)
        place = stop


def exif_base(data: bytes, exif: bytes) -> int:
    """Return where a file's EXIF counts its offsets from, of which the segment's content is given."""
    return data.find(exif) + len(EXIF)


def with_offset(exif: bytes, pointer: int, offset: int) -> bytes:
    """Return the content of EXIF's segment in which an offset is another."""
    order = "<" if exif.startswith(b"II", len(EXIF)) else ">"
    return exif[:pointer] + struct.pack(order + "L", offset) + exif[pointer + 4 :]


def _pointers(exif: bytes, order: str, offset: int, end: int) -> Iterator[int]:
    """Yield where entries have an offset as their value: a number, or where bytes stand that lie in the file."""
    if not len(exif) < offset < 1 << 32:
        return
    value, place = struct.pack(order + "L", offset), -1
    while (place := exif.find(value, place + 1)) >= 0:
        if place >= len(EXIF) + 8:
            _, kind, count = struct.unpack_from(order + "HHL", exif, place - 8)
            if (kind, count) == (LONG, 1) or (kind == UNDEFINED and 4 < count <= end - offset):
                yield place

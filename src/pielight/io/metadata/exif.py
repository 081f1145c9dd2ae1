"""Blocks of EXIF whose orientation is read, and changed in place.

The offsets in most maker's notes count from the start of the block, so it is not rewritten where that can be avoided.
"""

from __future__ import annotations

import struct

from PIL import Image

from pielight.io.codecs.jpeg.segments import EXIF
from pielight.io.metadata.ifd import even, read_ifd
from pielight.io.metadata.ifd_entries import read_entries, read_header
from pielight.io.metadata.tiff_tags import Tag, Type


class Untouched(Image.Exif):
    """EXIF that Pillow writes byte for byte where it would encode it again (AVIF)."""

    def __init__(self, block: bytes) -> None:
        super().__init__()
        self[Tag.ORIENTATION] = orientation_of(block)
        self._block = block

    def __bool__(self) -> bool:
        return True

    def tobytes(self, offset: int = 8) -> bytes:
        """Return the unchanged block."""
        return self._block


def orientation_of(exif: bytes) -> int:
    """Return the orientation in a block of EXIF, 1 if it has none.

    >>> orientation_of(b"")
    1
    """
    ifd = read_ifd(exif)
    value = ifd.number(Tag.ORIENTATION) if ifd else 0
    return value if value in range(1, 9) else 1


def with_orientation(exif: bytes, orientation: int) -> bytes:
    """Set the orientation; without such a tag, a longer copy of the first directory is appended.

    Args:
        exif: A block of EXIF; a damaged one is returned unchanged.
        orientation: 1 to 8.

    >>> block = with_orientation(b"Exif\\0\\0II*\\0\\x08\\0\\0\\0\\0\\0" + bytes(4), 6)
    >>> with_orientation(block, 1) == block.replace(b"\\6\\0\\0\\0", b"\\1\\0\\0\\0")
    True
    """
    data = exif.removeprefix(EXIF)
    prefix = exif[: len(exif) - len(data)]
    header = read_header(data)
    if header is None or header.is_big:
        return exif
    try:
        raw_entries, link = read_entries(data, header.first_offset(data), header)
    except struct.error:
        return exif
    entries = list(raw_entries)
    new = header.entry.pack(Tag.ORIENTATION, Type.SHORT, 1, struct.pack(header.order + "2H", orientation, 0))
    for entry in entries:
        if entry.tag == Tag.ORIENTATION:
            return prefix + data[: entry.position] + new + data[entry.position + len(new) :]
    if orientation == 1 or link > len(data):
        return exif
    size, end = len(new), even(len(data))
    fields = [(entry.tag, data[entry.position : entry.position + size]) for entry in entries] + [(Tag.ORIENTATION, new)]
    fields.sort(key=lambda field: field[0])
    ifd = (
        header.count.pack(len(fields)) + b"".join(field for _, field in fields) + data[link : link + 4].ljust(4, b"\0")
    )
    return prefix + data[:4] + header.offset.pack(end) + data[8:].ljust(end - 8, b"\0") + ifd

"""Blocks of EXIF, of which single values are changed in place.

Most makers' notes count the places of their values from the start of the block, so that it is never laid out anew
where that can be avoided.
"""

from __future__ import annotations

import struct

from PIL import Image

from pielight.io.metadata.ifd import PREFIX, even, read_directory
from pielight.io.metadata.tiff_tags import ORIENTATION
from pielight.io.metadata.tiff_types import SHORT


class Untouched(Image.Exif):
    """EXIF that Pillow's encoders write byte for byte, where they would lay out bytes anew (AVIF)."""

    def __init__(self, block: bytes) -> None:
        super().__init__()
        self[ORIENTATION] = orientation_of(block)
        self._block = block

    def __bool__(self) -> bool:
        return True

    def tobytes(self, offset: int = 8) -> bytes:
        """Return the block as it is."""
        return self._block


def orientation_of(exif: bytes) -> int:
    """Return the orientation that a block of EXIF says, 1 if it says none.

    >>> orientation_of(b"")
    1
    """
    tags = read_directory(exif)
    values = tags.numbers(ORIENTATION) if tags else ()
    return values[0] if values and values[0] in range(1, 9) else 1


def with_orientation(exif: bytes, orientation: int) -> bytes:
    """Set the orientation; without such a tag, a longer copy of the first directory goes to the end.

    Args:
        exif: A block of EXIF; a damaged one is returned as it is.
        orientation: 1 to 8.

    >>> block = with_orientation(b"Exif\\0\\0II*\\0\\x08\\0\\0\\0\\0\\0" + bytes(4), 6)
    >>> with_orientation(block, 1) == block.replace(b"\\6\\0\\0\\0", b"\\1\\0\\0\\0")
    True
    """
    prefix = PREFIX if exif.startswith(PREFIX) else b""
    data = exif[len(prefix) :]
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return exif
    row = struct.pack(order + "HHLHH", ORIENTATION, SHORT, 1, orientation, 0)
    try:
        (place,) = struct.unpack_from(order + "L", data, 4)
        (count,) = struct.unpack_from(order + "H", data, place)
        rows = [data[place + 2 + 12 * index :][:12] for index in range(count)]
        following = data[place + 2 + 12 * count :][:4].ljust(4, b"\0")
        tags = [struct.unpack_from(order + "H", other)[0] for other in rows]
    except struct.error:
        return exif
    if ORIENTATION in tags:
        start = place + 2 + 12 * tags.index(ORIENTATION)
        return prefix + data[:start] + row + data[start + 12 :]
    if orientation == 1:
        return exif
    rows = sorted([*rows, row], key=lambda other: struct.unpack_from(order + "H", other))
    end = even(len(data))
    made = struct.pack(order + "H", len(rows)) + b"".join(rows) + following
    return prefix + data[:4] + struct.pack(order + "L", end) + data[8:].ljust(end - 8, b"\0") + made

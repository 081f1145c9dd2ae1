"""Items of AVIF and HEIC files as they stand in the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pielight.media.jpeg_segments import Source

_FULL = 4  # bytes of version and flags at the head of some boxes
_IN_FILE, _IN_BOX = 0, 1  # ways in which places of an item are counted


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


class _Reader:
    """Whole numbers of a box, one behind the other; behind the end of the box they are 0."""

    def __init__(self, data: Source, start: int, end: int) -> None:
        self._data, self.place, self.end = data, start, end

    def number(self, size: int) -> int:
        """Read a number of ``size`` bytes."""
        self.place += size
        return int.from_bytes(self._data[self.place - size : min(self.place, self.end)], "big")


def exif_item(data: Source) -> bytes:
    """Return the block of EXIF of an AVIF or HEIC file, byte for byte, which its readers lay out anew; may be empty.

    >>> exif_item(b"no boxes")
    b''
    """
    meta = next((box for box in _boxes(data, 0, len(data)) if box.kind == b"meta"), None)
    if meta is None:
        return b""
    inner = {box.kind: box for box in _boxes(data, meta.start + _FULL, meta.end)}
    if b"iinf" not in inner or b"iloc" not in inner:
        return b""
    number = _item_of_kind(data, inner[b"iinf"], b"Exif")
    box = inner.get(b"idat")
    item = b"" if number is None else _content(data, inner[b"iloc"], number, box.start if box else 0)
    start = _FULL + int.from_bytes(item[:4], "big")  # there it says how far behind the block starts
    return item[start:]


def _boxes(data: Source, start: int, end: int) -> Iterator[_Box]:
    while start + 8 <= end:
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        size = size or end - start
        if size < head:
            return
        yield _Box(data[start + 4 : start + 8], start + head, min(start + size, end))
        start += size


def _item_of_kind(data: Source, table: _Box, kind: bytes) -> int | None:
    start = table.start + _FULL + (2 if data[table.start : table.start + 1] == b"\0" else 4)
    for entry in _boxes(data, start, table.end):
        reader = _Reader(data, entry.start, entry.end)
        version = reader.number(1)
        reader.number(3)
        number = reader.number(4 if version == 3 else 2)
        if data[reader.place + 2 :][:4] == kind:
            return number
    return None


def _content(data: Source, table: _Box, wanted: int, box_start: int) -> bytes:
    """Put together the parts of an item, which are not longer than the file."""
    reader = _Reader(data, table.start, table.end)
    version = reader.number(1)
    reader.number(3)
    sizes = reader.number(2)
    place_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(reader.number(4 if version == 2 else 2)):
        if reader.place >= reader.end:
            break
        number = reader.number(4 if version == 2 else 2)
        way = reader.number(2) & 15 if version else _IN_FILE
        reader.number(2)
        base = reader.number(base_size) + (box_start if way == _IN_BOX else 0)
        content = b""
        for _ in range(reader.number(2)):
            reader.number(index_size if version else 0)
            place, length = base + reader.number(place_size), reader.number(length_size)
            if number == wanted:
                content += data[place : place + length]
            if len(content) > len(data) or reader.place >= reader.end:
                break
        if number == wanted:
            return content if way in (_IN_FILE, _IN_BOX) else b""
    return b""

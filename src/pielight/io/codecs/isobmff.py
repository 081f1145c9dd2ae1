"""The boxes of which AVIF, HEIC and CR3 files are made (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pielight.io.file_view import FileBytes

_VIDEO = (b"mpvd", b"sefd")  # Google's, and Samsung's index of the parts of a file


class Box(NamedTuple):
    """The type of a box, and the span of its content."""

    kind: bytes
    start: int
    end: int


def walk(data: FileBytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Read boxes one after the other; the last may claim to be longer than the data.

    >>> [box.kind for box in walk(b"\\0\\0\\0\\x0cftypavif\\0\\0\\0\\x08free")]
    [b'ftyp', b'free']
    """
    end = len(data) if end is None else end
    while start + 8 <= end:
        length, head = int.from_bytes(data[start : start + 4], "big"), 8
        if length == 1:
            length, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif length == 0:
            length = end - start
        if length < head:
            return
        yield Box(data[start + 4 : start + 8], start + head, min(end, start + length))
        start += length


def read_brands(data: FileBytes) -> list[bytes]:
    """Return the major and the compatible brands of a file; none if it has another format.

    >>> read_brands(b"\\0\\0\\0\\x18ftypmif1\\0\\0\\0\\0avifmiaf")
    [b'mif1', b'avif', b'miaf']
    """
    first = next(walk(data), None)
    if first is None or first.kind != b"ftyp":
        return []
    brands = [data[offset : offset + 4] for offset in range(first.start, first.end - 3, 4)]
    return brands[:1] + brands[2:]


def video_boxes(data: FileBytes) -> bytes:
    """Return the boxes in which phones append a motion photo's video.

    >>> video_boxes(box(b"ftyp", b"heic") + box(b"mpvd", b"video"))[8:]
    b'video'
    """
    return b"".join(box(kind, data[start:end]) for kind, start, end in walk(data) if kind in _VIDEO)


def box(kind: bytes, content: bytes) -> bytes:
    """Make a box.

    >>> box(b"free", b"room")
    b'\\x00\\x00\\x00\\x0cfreeroom'
    """
    return (8 + len(content)).to_bytes(4, "big") + kind + content

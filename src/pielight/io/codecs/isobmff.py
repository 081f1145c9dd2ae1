"""The boxes of which AVIF, HEIC and CR3 files are made (ISO/IEC 14496-12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pielight.io.codecs.jpeg.segments import Source

_VIDEO = (b"mpvd", b"sefd")  # of Google, and Samsung's index of what is in a file


class Box(NamedTuple):
    """A box's type, and where its content lies."""

    kind: bytes
    start: int
    end: int


def walk(data: Source, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Read boxes one after the other; the last may say that it is longer than what is there.

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


def read_brands(data: Source) -> list[bytes]:
    """Return the brands of a file, its own and those that it is compatible with; none if it is not of this kind.

    >>> read_brands(b"\\0\\0\\0\\x18ftypmif1\\0\\0\\0\\0avifmiaf")
    [b'mif1', b'avif', b'miaf']
    """
    first = next(walk(data), None)
    if first is None or first.kind != b"ftyp":
        return []
    brands = [data[place : place + 4] for place in range(first.start, first.end - 3, 4)]
    return brands[:1] + brands[2:]


def video_boxes(data: Source) -> bytes:
    """Return the boxes in which phones keep a motion photo's video behind the picture.

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

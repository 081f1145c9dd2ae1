"""The trailer of a JPEG file, after its picture: further pictures, a gain map, a video, data of camera makers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import APP1, APP2, EXIF, JpegLayout, Segment, is_jpeg, parse
from pielight.io.metadata import mpf
from pielight.io.metadata.google_xmp import GAIN_MAP, GAIN_MAP_NAMESPACE, items
from pielight.io.metadata.maker_previews import exif_base, find_previews, with_offset
from pielight.io.metadata.xmp import JPEG_HEAD

Kind = Literal["gain map", "preview", "view", "picture", "rest"]
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
_GAIN_MAPS = (GAIN_MAP_NAMESPACE, b"http://ns.apple.com/HDRGainMap/", b"urn:com:apple:photo:2020:aux:hdrgainmap")
_VIDEO = re.compile(rb"\0\0\0[\x08-\xff]ftyp")
_SIDE = 32  # pixels at which both are compared
_MIN_CORRELATION = 0.9  # a depth map of the scene has far less
_COLORS = 3  # channels: a map of the scene mostly has one
_DAMAGED = (OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True)
class Part:
    """A part of a JPEG file's trailer."""

    content: bytes  # its bytes
    # a gain map, a preview of the picture, a further view of the scene, another picture, or anything else
    kind: Kind = "rest"
    number: int = 0  # in the index of the Multi-Picture Format, from 1; 0 if it is not listed there
    # positions of offsets in EXIF that point to it; see maker_previews.MakerPreview
    pointers: tuple[tuple[int, int], ...] = ()

    def has_video(self) -> bool:
        """Return whether it holds a video."""
        return self.kind == "rest" and _VIDEO.search(self.content) is not None


def read_indices(segments: Iterable[Segment]) -> list[tuple[Segment, mpf.Index]]:
    """Return the segments that hold an index of the Multi-Picture Format, and the indices."""
    read = ((segment, mpf.read_index(segment.content)) for segment in segments if segment.marker == APP2)
    return [(segment, index) for segment, index in read if index is not None]


def segments_and_parts(data: bytes, layout: JpegLayout) -> tuple[tuple[Segment, ...], tuple[Part, ...]]:
    """Return the descriptive segments of a picture, and its trailer as in :func:`find_parts`.

    A wrong index is left out; the trailer then stays whole, as one part.
    """
    segments, parts = layout.descriptive(), find_parts(data, layout)
    if parts is not None:
        return segments, parts
    trailer, indices = data[layout.end :], dict(read_indices(segments))
    return tuple(segment for segment in segments if segment not in indices), (Part(trailer),) if trailer else ()


def find_parts(data: bytes, layout: JpegLayout) -> tuple[Part, ...] | None:
    """Split the trailer into its parts.

    Args:
        layout: Of its first picture.

    Returns:
        All parts in order, without gaps; None if the index of further pictures is wrong.
    """
    marks: dict[int, tuple[int, Kind | None, int]] = {}
    for segment, index in read_indices(layout.segments):
        base = data.find(segment.coded()) + 4 + len(mpf.HEAD)
        for number, entry in enumerate(index.entries):
            start, stop = base + entry.offset, base + entry.offset + entry.size
            if not number or not entry.size:
                continue
            if not layout.end <= start < stop <= len(data) or not is_jpeg(data[start : start + 2]) or start in marks:
                return None
            marks[start] = stop, _kind_of_entry(entry), number
    for start, stop, semantic in _container(data, layout):
        if semantic == GAIN_MAP and is_jpeg(data[start : start + 2]):
            stop, _, number = marks.get(start, (stop, None, 0))
            marks[start] = stop, "gain map", number
    pointers = {}
    for preview in find_previews(data, layout):
        others = ((start, stop) for start, (stop, _, _) in marks.items() if start != preview.start)
        if not any(start < preview.stop and preview.start < stop for start, stop in others):
            marks.setdefault(preview.start, (preview.stop, "preview", 0))
            pointers[preview.start] = preview.pointers
    parts, position = [], layout.end
    for start, (stop, kind, number) in sorted(marks.items()):
        if start < position:
            return None
        parts += [Part(data[position:start])] if position < start else []
        content = data[start:stop]
        parts.append(Part(content, kind or _kind_of(content, data, layout), number, pointers.get(start, ())))
        position = stop
    return tuple([*parts, Part(data[position:])] if position < len(data) else parts)


def write_parts(file: BinaryIO, start: int, segments: tuple[Segment, ...], parts: tuple[Part, ...]) -> None:
    """Append the trailer to a picture, and update the offsets in the index and in EXIF.

    Args:
        file: Open for writing and reading, at its end.
        start: Where the picture starts in it; it goes on to the end.
    """
    spans, offsets = {}, []
    size = file.seek(0, 2) - start
    for part in parts:
        position = file.tell() - start
        spans[part.number] = position, len(part.content)
        offsets += [(pointer, position - before) for pointer, before in part.pointers]
        file.write(part.content)
    if offsets:
        _write_offsets(file, start, segments, offsets)
    for segment, index in read_indices(segments):
        file.seek(start)
        base = file.read(size).find(segment.coded()) + 4 + len(mpf.HEAD)
        entries = [index.entries[0]._replace(size=size, offset=0)]
        for number, entry in enumerate(index.entries[1:], start=1):
            position, length = spans.get(number, (base, 0))
            entries.append(entry._replace(size=length, offset=position - base))
        file.seek(start + base - len(mpf.HEAD))
        file.write(index.with_entries(tuple(entries)).content)
    file.seek(0, 2)


def _write_offsets(
    file: BinaryIO, start: int, segments: tuple[Segment, ...], offsets: Iterable[tuple[int, int]]
) -> None:
    """Write offsets into EXIF: positions in its segment, and what each of them points to."""
    exif = next(content for marker, content in segments if marker == APP1 and content.startswith(EXIF))
    file.seek(start)
    base = exif_base(file.read(), exif)
    for pointer, position in offsets:
        exif = with_offset(exif, pointer, position - base)
    file.seek(start + base - len(EXIF))
    file.write(exif)
    file.seek(0, 2)


def without_parts(
    dropped: Callable[[Part], bool], segments: tuple[Segment, ...], parts: tuple[Part, ...]
) -> tuple[tuple[Segment, ...], tuple[Part, ...]]:
    """Leave out some parts, and their entries in the index; an index without entries is dropped."""
    numbers = {part.number for part in parts if dropped(part) and part.number}
    indices = dict(read_indices(segments)) if numbers else {}
    kept_segments = []
    for segment in segments:
        if segment in indices:
            index = indices[segment].without(numbers)
            if len(index.entries) == 1:
                continue
            segment = Segment(segment.marker, index.content)
        kept_segments.append(segment)
    kept = [part for part in parts if not dropped(part)]
    renumbered = [replace(part, number=part.number - sum(number < part.number for number in numbers)) for part in kept]
    return tuple(kept_segments), tuple(renumbered)


def _container(data: bytes, layout: JpegLayout) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and semantic of each item in the XMP's container, which follow one another."""
    for content in layout.contents(APP1, JPEG_HEAD):
        position = layout.end
        for item in items(content):
            start = position
            position += item.length + item.padding
            if item.length and position <= len(data):
                yield start, start + item.length, item.semantic


def _kind_of_entry(entry: mpf.Entry) -> Kind | None:
    if entry.kind == mpf.GAIN_MAP:
        return "gain map"
    if entry.kind in mpf.PREVIEWS:
        return "preview"
    if entry.kind in mpf.VIEWS:
        return "view"
    return None if entry.kind == mpf.UNDEFINED else "picture"


def _kind_of(content: bytes, data: bytes, whole: JpegLayout) -> Kind:
    """Recognize a gain map by its metadata, a view by its size, the picture's, and a preview by what it shows."""
    try:
        layout = parse(content)
    except PictureError:
        return "picture"
    xmp = b"".join(layout.contents(APP1, JPEG_HEAD))
    iso = any(layout.contents(APP2, ISO_GAIN_MAP))
    if iso or any(name in xmp for name in _GAIN_MAPS):
        return "gain map"
    if layout.size() == whole.size():
        return "view"
    return "preview" if is_smaller_copy(content, layout, data, whole) else "picture"


def is_smaller_copy(content: bytes, layout: JpegLayout, data: bytes, whole: JpegLayout) -> bool:
    """Return whether a JPEG in color has the shape of a larger one, and shows the same.

    Args:
        content: The smaller JPEG.
        layout: Of the smaller one.
        data: The file of the larger one.
        whole: Layout of the larger one.
    """
    (width, height), (full_width, full_height) = layout.size(), whole.size()
    uneven = abs(width * full_height - height * full_width)
    if not 0 < width < full_width or uneven > max(full_width, full_height) or layout.frame()[5] != _COLORS:
        return False
    try:
        one, other = _sample(content), _sample(data[: whole.end])
    except _DAMAGED:
        return False
    spread = float(one.std() * other.std())
    return spread > 0 and float((one * other).mean()) > _MIN_CORRELATION * spread


def _sample(data: bytes) -> NDArray[np.float64]:
    """Return the luma of a JPEG, 32 pixels a side, with a mean of 0."""
    with JpegImageFile(io.BytesIO(data)) as image:
        image.draft("L", (_SIDE, _SIDE))
        values: NDArray[np.float64] = np.array(image.convert("L").resize((_SIDE, _SIDE), reducing_gap=2.0), np.float64)
    values -= values.mean()
    return values

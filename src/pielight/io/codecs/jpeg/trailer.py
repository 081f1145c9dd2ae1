"""What stands behind the picture of a JPEG file: further pictures, a gain map, a video, makers' trailers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Literal

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.preview_match import is_smaller_copy
from pielight.io.codecs.jpeg.segments import APP1, APP2, EXIF, Layout, Segment, is_jpeg, parse
from pielight.io.metadata import mpf
from pielight.io.metadata.google_xmp import GAIN_MAP, GAIN_MAP_NAMESPACE, items
from pielight.io.metadata.maker_previews import exif_base, find_previews, with_offset
from pielight.io.metadata.xmp import JPEG_HEAD

Kind = Literal["gain map", "preview", "view", "picture", "rest"]
ISO_GAIN_MAP = b"urn:iso:std:iso:ts:21496:-1\0"
_GAIN_MAPS = (GAIN_MAP_NAMESPACE, b"http://ns.apple.com/HDRGainMap/", b"urn:com:apple:photo:2020:aux:hdrgainmap")
_VIDEO = re.compile(rb"\0\0\0[\x08-\xff]ftyp")


@dataclass(frozen=True)
class Part:
    """A stretch of what stands behind the picture.

    Attributes:
        content: Its bytes.
        kind: A gain map, a preview of the picture, a further view of the scene, another picture, or anything else.
        number: In the index of the Multi-Picture Format, from 1 on; 0 if it is not in there.
        pointers: Places of offsets in EXIF that lead to it; see :class:`.maker_previews.MakerPreview`.
    """

    content: bytes
    kind: Kind = "rest"
    number: int = 0
    pointers: tuple[tuple[int, int], ...] = ()

    def has_video(self) -> bool:
        """Say whether there is a video in it."""
        return self.kind == "rest" and _VIDEO.search(self.content) is not None


def is_index(segment: Segment) -> bool:
    """Say whether a segment holds the index of further pictures."""
    return segment.marker == APP2 and mpf.read_index(segment.content) is not None


def segments_and_parts(data: bytes, layout: Layout) -> tuple[tuple[Segment, ...], tuple[Part, ...]]:
    """Return what describes a picture, and what stands behind it, as in :func:`find_parts`.

    An index that is wrong is left out; what it should lead to stays, as one part of no kind.
    """
    segments, parts = layout.descriptive(), find_parts(data, layout)
    if parts is not None:
        return segments, parts
    behind = data[layout.end :]
    return tuple(segment for segment in segments if not is_index(segment)), (Part(behind),) if behind else ()


def find_parts(data: bytes, layout: Layout) -> tuple[Part, ...] | None:
    """Take apart what stands behind the picture.

    Args:
        data: The whole file.
        layout: Of its first picture.

    Returns:
        All of it, in its order; None if the index of further pictures is wrong.
    """
    marks: dict[int, tuple[int, Kind | None, int]] = {}
    for segment in filter(is_index, layout.segments):
        index = mpf.read_index(segment.content)
        assert index is not None
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
    parts, place = [], layout.end
    for start, (stop, kind, number) in sorted(marks.items()):
        if start < place:
            return None
        parts += [Part(data[place:start])] if place < start else []
        content = data[start:stop]
        parts.append(Part(content, kind or _kind_of(content, data, layout), number, pointers.get(start, ())))
        place = stop
    return tuple([*parts, Part(data[place:])] if place < len(data) else parts)


def write_parts(file: BinaryIO, start: int, segments: tuple[Segment, ...], parts: tuple[Part, ...]) -> None:
    """Write what stands behind a picture, and where it stands into the index.

    Args:
        file: Open for writing and reading, at its end.
        start: Where the picture starts in it; it goes on to the end.
        segments: That the picture was written with.
        parts: What follows.
    """
    places, offsets = {}, []
    size = file.seek(0, 2) - start
    for part in parts:
        place = file.tell() - start
        places[part.number] = place, len(part.content)
        offsets += [(pointer, place - before) for pointer, before in part.pointers]
        file.write(part.content)
    if offsets:
        _write_offsets(file, start, segments, offsets)
    for segment in filter(is_index, segments):
        index = mpf.read_index(segment.content)
        assert index is not None
        file.seek(start)
        base = file.read(size).find(segment.coded()) + 4 + len(mpf.HEAD)
        entries = [index.entries[0]._replace(size=size, offset=0)]
        for number, entry in enumerate(index.entries[1:], start=1):
            place, length = places.get(number, (base, 0))
            entries.append(entry._replace(size=length, offset=place - base))
        file.seek(start + base - len(mpf.HEAD))
        file.write(index.with_entries(tuple(entries)).content)
    file.seek(0, 2)


def _write_offsets(
    file: BinaryIO, start: int, segments: tuple[Segment, ...], offsets: Iterable[tuple[int, int]]
) -> None:
    """Write into EXIF where parts stand now: places of offsets in its segment, and what they lead to."""
    exif = next(content for marker, content in segments if marker == APP1 and content.startswith(EXIF))
    file.seek(start)
    base = exif_base(file.read(), exif)
    for pointer, place in offsets:
        exif = with_offset(exif, pointer, place - base)
    file.seek(start + base - len(EXIF))
    file.write(exif)
    file.seek(0, 2)


def without(
    gone: Callable[[Part], bool], segments: tuple[Segment, ...], parts: tuple[Part, ...]
) -> tuple[tuple[Segment, ...], tuple[Part, ...]]:
    """Leave out some parts, in the index too, which goes with the last of them."""
    numbers = {part.number for part in parts if gone(part) and part.number}
    made = []
    for segment in segments:
        index = mpf.read_index(segment.content) if numbers and is_index(segment) else None
        if index is not None:
            index = index.without(numbers)
            if len(index.entries) == 1:
                continue
            segment = Segment(segment.marker, index.content)
        made.append(segment)
    kept = [part for part in parts if not gone(part)]
    renamed = [replace(part, number=part.number - sum(number < part.number for number in numbers)) for part in kept]
    return tuple(made), tuple(renamed)


def _container(data: bytes, layout: Layout) -> Iterator[tuple[int, int, str]]:
    """Yield where the things stand that the XMP's container lists: one behind the other."""
    for content in layout.contents(APP1, JPEG_HEAD):
        place = layout.end
        for item in items(content):
            start = place
            place += item.length + item.padding
            if item.length and place <= len(data):
                yield start, start + item.length, item.semantic


def _kind_of_entry(entry: mpf.Entry) -> Kind | None:
    if entry.kind == mpf.GAIN_MAP:
        return "gain map"
    if entry.kind in mpf.PREVIEWS:
        return "preview"
    if entry.kind in mpf.VIEWS:
        return "view"
    return None if entry.kind == mpf.UNDEFINED else "picture"


def _kind_of(content: bytes, data: bytes, whole: Layout) -> Kind:
    """Tell a gain map by its metadata, a view of the scene by its size, that of the picture, and a smaller copy."""
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

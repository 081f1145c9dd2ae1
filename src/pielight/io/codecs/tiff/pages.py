"""TIFF of several pages: each is a picture of its own, with its own tags, and all get one set of curves."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from PIL import UnidentifiedImageError

from pielight.errors import PictureError
from pielight.io import size_limits as sizes
from pielight.io.codec_errors import errors_named
from pielight.io.codecs.frame import Frame
from pielight.io.decode import decode
from pielight.io.encode import save
from pielight.io.formats import HIGH_BIT_DEPTH_MODES
from pielight.io.image import Picture
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.ifd_entries import TiffHeader, read_entries, read_header
from pielight.io.metadata.tiff_tags import (
    EXIF_GROUP,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    LONG,
    NEW_SUBFILE_TYPE,
    SHORT,
    STRIPS,
    TILES,
)

_REDUCED = 1  # a bit of what kind of page it is: a thumbnail of another one
_MOST_ROWS = 1000  # of a page that are looked through for its size
_COPIED, _COPIED_PER_PIXEL = 10_000_000_000, 300  # bytes: the whole file for each page


@dataclass(frozen=True)
class _Page:
    """Where a page's directory stands, and the place of the next one; what kind of page, and its pixels."""

    place: int
    link: int
    kind: int
    pixels: int


class TiffPages:
    """The pages of a TIFF, decoded one at a time.

    Args:
        data: The whole file.
        name: What errors call it.

    Raises:
        PictureError: There are too many.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name = data, name
        self._unsupported: dict[int, str] = {}  # why, by the number of a page
        self._header = read_header(data) or TiffHeader("<")
        with errors_named(name):
            self._pages = list(self._directories())
            pixels = sum(page.pixels for page in self._pages)
            sizes.check_frames(len(self._pages), pixels)
            copied = len(self._pages) * len(data)
            if copied > max(_COPIED, _COPIED_PER_PIXEL * pixels):
                raise PictureError(f"{len(self._pages):,} pages in {len(data) >> 20} MB would take minutes; split it")

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Frame]:
        """Decode the pages, except those of a kind that is not supported."""
        for number, page in enumerate(self._pages, 1):
            try:
                picture = decode(self._alone(page), f"{self._name}: page {number}")
            except PictureError as error:
                if not isinstance(error.__cause__, (PictureError, UnidentifiedImageError)):
                    raise
                named = isinstance(error.__cause__, PictureError)
                self._unsupported[number] = str(error.__cause__) if named else "of a kind that is not supported"
                continue
            yield Frame(picture.pixels, picture, None if page.kind & _REDUCED else picture.pixels, number=number)

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write the processed pages; see :class:`pielight.io.frames.Frames`."""
        mixed: dict[int, str] = {}
        start, link, order = file.tell(), 0, ""
        for frame in frames:
            picture, number = frame.cropped(), frame.number
            if number == 1:
                picture = replace(picture, metadata=first.metadata)
            made = io.BytesIO()
            save(picture, made, "TIFF", quality, f"{self._name}: page {number}")
            tags = read_ifd(made.getvalue())
            if tags is None or (order and tags.order != order and picture.mode in ("I;16", *HIGH_BIT_DEPTH_MODES)):
                mixed[number] = "its bytes cannot have the order of the first page's"
                continue
            order = order or tags.order
            link = _append(file, start, made.getvalue(), tags, order, self._pages[number - 1].kind, link)
        left_out = dict(sorted((self._unsupported | mixed).items()))
        return "; ".join(filter(None, (first.note, _said(left_out))))

    def _directories(self) -> Iterator[_Page]:
        data, header = self._data, self._header
        known: set[int] = set()
        place = header.first_offset(data)
        while place >= header.first + header.offset.size and place not in known and len(known) <= sizes.MAX_FRAMES:
            known.add(place)
            try:
                entries, link = read_entries(data, place, header, _MOST_ROWS)
            except struct.error:
                return
            numbers = dict.fromkeys((NEW_SUBFILE_TYPE, IMAGE_WIDTH, IMAGE_LENGTH), 0)
            for entry in entries:
                if entry.tag in numbers and entry.kind in (SHORT, LONG):
                    numbers[entry.tag] = entry._replace(number=1).numbers(data)[0]
            yield _Page(place, link, numbers[NEW_SUBFILE_TYPE], numbers[IMAGE_WIDTH] * numbers[IMAGE_LENGTH])
            place = header.offset_at(data, link)

    def _alone(self, page: _Page) -> bytes:
        """Return the file with one page only."""
        data, header = memoryview(self._data), self._header
        behind = header.first + header.offset.size
        return b"".join(
            (
                data[: header.first],
                header.offset.pack(page.place),
                data[behind : page.link],
                header.offset.pack(0),
                data[page.link + header.offset.size :],
            )
        )


def _append(file: BinaryIO, start: int, page: bytes, tags: Ifd, order: str, kind: int, link: int) -> int:
    """Append a page, which is a TIFF of its own, to those before it.

    Args:
        file: Open for writing and reading.
        start: Where the first page starts in it, from which all places count.
        page: The TIFF.
        tags: Its directory.
        order: Of the bytes of the first page.
        kind: What kind of page it is.
        link: Where its place is to be written, counted from ``start``; 0 for the first.

    Returns:
        Where that of the next one is to be written.
    """
    shift = file.seek(0, 2) - start
    shift += file.write(bytes(shift % 2))
    if shift:  # the first keeps a maker's note in its place
        tags.groups = {
            tag: replace(group, note_offset=None) if tag == EXIF_GROUP else group for tag, group in tags.groups.items()
        }
    end = 0
    for places, lengths in (STRIPS, TILES):
        found = tags.numbers(places)
        if found:
            moved = struct.pack(f"{tags.order}{len(found)}L", *(place + shift for place in found))
            tags.entries[places] = Entry(LONG, moved)
            end = max(map(sum, zip(found, tags.numbers(lengths), strict=False)))
    if kind:
        tags.entries[NEW_SUBFILE_TYPE] = Entry(LONG, struct.pack(tags.order + "L", kind))
    if end <= tags.offset:  # the directory stands behind the pixels, and is written anew
        page = page[: tags.offset]
    place = shift + file.write(page)
    place += file.write(bytes(place % 2))
    tags = tags.with_order(order)
    file.write(tags.encode(place))
    file.seek(start + (link or 4))
    file.write(struct.pack(order + "L", place))
    file.seek(0, 2)
    return place + 2 + 12 * len(tags.entries.keys() | tags.groups.keys())


def _said(left_out: dict[int, str]) -> str:
    if not left_out:
        return ""
    pages = f"page{'s' if len(left_out) > 1 else ''} {', '.join(map(str, left_out))}"
    return f"{pages} left out: {next(iter(left_out.values()))}"

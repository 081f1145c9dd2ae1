"""TIFF of several pages, each of which is a picture with its own tags."""

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
from pielight.io.codecs.frame import Frame, Frames
from pielight.io.decode import decode
from pielight.io.encode import save
from pielight.io.formats import HIGH_BIT_DEPTH_MODES
from pielight.io.image import Picture
from pielight.io.metadata.ifd import Entry, Ifd, read_ifd
from pielight.io.metadata.ifd_entries import TiffHeader, read_entries, read_header
from pielight.io.metadata.tiff_tags import STRIPS, TILES, Tag, Type

_REDUCED = 1  # a bit of NewSubfileType: the page is a thumbnail of another one
_MAX_ENTRIES = 1000  # of a page that are searched for its size
_MAX_COPIED, _MAX_COPIED_PER_PIXEL = 10_000_000_000, 300  # bytes: the whole file is copied for each page


@dataclass(frozen=True)
class _Page:
    """A page."""

    offset: int  # of its directory
    link: int  # position of the offset of the next directory
    subfile_type: int  # the value of its tag NewSubfileType
    pixels: int  # number of its pixels


class TiffPages(Frames):
    """The pages of a TIFF."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data, name)
        self._unsupported: dict[int, str] = {}  # why, by the number of a page
        self._header = read_header(data) or TiffHeader("<")
        with errors_named(name):
            self._pages = list(self._directories())
            pixels = sum(page.pixels for page in self._pages)
            self._count = len(self._pages)
            sizes.check_frames(self._count, pixels)
            copied = self._count * len(data)
            if copied > max(_MAX_COPIED, _MAX_COPIED_PER_PIXEL * pixels):
                raise PictureError(f"{self._count:,} pages in {len(data) >> 20} MB would take minutes; split it")

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
            yield Frame(
                picture.pixels, picture, None if page.subfile_type & _REDUCED else picture.pixels, number=number
            )

    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write the processed pages; see :class:`.frame.Frames`."""
        mixed: dict[int, str] = {}
        start, link, order = file.tell(), 0, ""
        for frame in frames:
            picture, number = frame.cropped(), frame.number
            if number == 1:
                picture = replace(picture, metadata=first.metadata)
            encoded = io.BytesIO()
            save(picture, encoded, "TIFF", quality, f"{self._name}: page {number}")
            tags = read_ifd(encoded.getvalue())
            if tags is None or (order and tags.order != order and picture.mode in ("I;16", *HIGH_BIT_DEPTH_MODES)):
                mixed[number] = "its byte order cannot be that of the first page"
                continue
            order = order or tags.order
            link = _append(file, start, encoded.getvalue(), tags, order, self._pages[number - 1].subfile_type, link)
        left_out = dict(sorted((self._unsupported | mixed).items()))
        return "; ".join(filter(None, (first.note, _note(left_out))))

    def _directories(self) -> Iterator[_Page]:
        data, header = self._data, self._header
        known: set[int] = set()
        offset = header.first_offset(data)
        while offset >= header.first + header.offset.size and offset not in known and len(known) <= sizes.MAX_FRAMES:
            known.add(offset)
            try:
                entries, link = read_entries(data, offset, header, _MAX_ENTRIES)
            except struct.error:
                return
            numbers = dict.fromkeys((Tag.NEW_SUBFILE_TYPE, Tag.IMAGE_WIDTH, Tag.IMAGE_LENGTH), 0)
            for entry in entries:
                if entry.tag in numbers and entry.kind in (Type.SHORT, Type.LONG):
                    numbers[entry.tag] = entry._replace(number=1).numbers(data)[0]
            yield _Page(
                offset, link, numbers[Tag.NEW_SUBFILE_TYPE], numbers[Tag.IMAGE_WIDTH] * numbers[Tag.IMAGE_LENGTH]
            )
            offset = header.offset_at(data, link)

    def _alone(self, page: _Page) -> bytes:
        """Return the file with the offset of one page in place of the first, and without a next one."""
        data, header = memoryview(self._data), self._header
        after = header.first + header.offset.size
        return b"".join(
            (
                data[: header.first],
                header.offset.pack(page.offset),
                data[after : page.link],
                header.offset.pack(0),
                data[page.link + header.offset.size :],
            )
        )


def _append(file: BinaryIO, start: int, page: bytes, tags: Ifd, order: str, subfile_type: int, link: int) -> int:
    """Append a page, given as a TIFF of one page, to those before it.

    Args:
        file: Open for writing and reading.
        start: Where the first page starts in it, from which all offsets count.
        link: Position of the offset of its directory, counted from ``start``; 0 for the first.

    Returns:
        The position of the offset of the next page's directory.
    """
    shift = file.seek(0, 2) - start
    shift += file.write(bytes(shift % 2))
    if shift:  # only the first page can keep a maker's note at its offset
        tags.groups = {
            tag: replace(group, note_offset=None) if tag == Tag.EXIF_IFD else group
            for tag, group in tags.groups.items()
        }
    end = 0
    for tag, lengths in (STRIPS, TILES):
        if offsets := tags.numbers(tag):
            tags.move(tag, shift)
            end = max(map(sum, zip(offsets, tags.numbers(lengths), strict=False)))
    if subfile_type:
        tags.entries[Tag.NEW_SUBFILE_TYPE] = Entry(Type.LONG, struct.pack(tags.order + "L", subfile_type))
    if end <= tags.offset:  # the directory follows the pixels, and is encoded again
        page = page[: tags.offset]
    offset = shift + file.write(page)
    offset += file.write(bytes(offset % 2))
    tags = tags.with_order(order)
    file.write(tags.encode(offset))
    file.seek(start + (link or 4))
    file.write(struct.pack(order + "L", offset))
    file.seek(0, 2)
    return offset + 2 + 12 * len(tags.entries.keys() | tags.groups.keys())


def _note(left_out: dict[int, str]) -> str:
    if not left_out:
        return ""
    pages = f"page{'s' if len(left_out) > 1 else ''} {', '.join(map(str, left_out))}"
    return f"{pages} left out: {next(iter(left_out.values()))}"

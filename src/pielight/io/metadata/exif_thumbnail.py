"""The thumbnail in a block of EXIF, replaced where it stands, so that everything else keeps its place."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pielight.errors import PictureError
from pielight.io.color.ycbcr import from_rgb, to_rgb
from pielight.io.metadata.ifd import even, without_prefix
from pielight.io.metadata.ifd_entries import RawEntry, TiffHeader, read_entries, read_header
from pielight.io.metadata.tiff_tags import (
    BITS_PER_SAMPLE,
    COMPRESSION,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    JPEG_BYTE_COUNT,
    JPEG_OFFSET,
    LONG,
    PHOTOMETRIC,
    PLANAR_CONFIGURATION,
    SAMPLES_PER_PIXEL,
    SHORT,
    STRIP_BYTE_COUNTS,
    STRIP_OFFSETS,
    YCBCR_SUBSAMPLING,
)

_NONE, _CHUNKY = 1, 1
_KINDS = ((1, 1), (2, 3), (6, 3))  # of gray, RGB and YCbCr: what colors are called, and channels
_YCBCR, _STEPS = 6, {1, 2, 4}


@dataclass(frozen=True)
class Remake:
    """What makes thumbnails anew.

    Attributes:
        jpeg: From an old JPEG and the most bytes of the new one.
        pixels: From old pixels, row by row, and their number across, down and of channels.
    """

    jpeg: Callable[[bytes, int], bytes]
    pixels: Callable[[bytes, int, int, int], bytes]


def with_thumbnail(exif: bytes, remake: Remake, most: int) -> tuple[bytes, str]:
    """Replace the thumbnail of a block of EXIF, if it has one.

    The new one stands in the place of the old, or at the end of the block if it is larger.

    Args:
        exif: With or without the prefix that it has in JPEG.
        remake: What makes it.
        most: Most bytes of the block, for which the thumbnail's quality is lowered.

    Returns:
        The block, and why it has no thumbnail any more, or nothing.

    >>> with_thumbnail(b"no EXIF", Remake(bytes, bytes), 65533)
    (b'no EXIF', '')
    """
    tiff = without_prefix(exif)
    prefix = exif[: len(exif) - len(tiff)]
    header = read_header(tiff)
    if header is None or header.is_big:
        return exif, ""
    try:
        _, link = read_entries(tiff, header.first_offset(tiff), header)
        offset = header.offset_at(tiff, link)
        tags = {entry.tag: entry for entry in read_entries(tiff, offset, header)[0]} if offset else {}
    except struct.error:
        return exif, ""
    block = _Block(bytearray(tiff), header, tags)
    try:
        if JPEG_OFFSET in tags and JPEG_BYTE_COUNT in tags:
            block.replace_jpeg(remake, most - len(prefix))
        elif STRIP_OFFSETS in tags and STRIP_BYTE_COUNTS in tags:
            block.replace_pixels(remake)
    except (PictureError, struct.error, OverflowError, ValueError) as error:
        reason = str(error) if isinstance(error, PictureError) else "damaged"
        return prefix + tiff[:link] + bytes(4) + tiff[link + 4 :], f"thumbnail in EXIF left out: {reason}"
    return prefix + bytes(block.data), ""


@dataclass
class _Block:
    """A block of EXIF without its prefix, and the entries of its second directory, the thumbnail's."""

    data: bytearray
    header: TiffHeader
    tags: dict[int, RawEntry]

    def numbers(self, tag: int, default: int = 0) -> tuple[int, ...]:
        """Return the values of a tag of whole numbers."""
        entry = self.tags.get(tag)
        if entry is None:
            return (default,)
        if entry.kind not in (SHORT, LONG) or entry.number > len(self.data):
            raise PictureError("damaged")
        return entry.numbers(self.data)

    def replace_jpeg(self, remake: Remake, most: int) -> None:
        """Put a new JPEG in the place of the old one, or at the end."""
        start, length = self.numbers(JPEG_OFFSET)[0], self.numbers(JPEG_BYTE_COUNT)[0]
        if not length:
            return
        old = bytes(self.data[start : start + length])
        if len(old) < length:
            raise PictureError("damaged")
        behind = self.data[start + length :]
        is_last = len(behind) < 4 and not any(behind)  # but for what makes its length even
        end = even(len(self.data))
        new = remake.jpeg(old, max(length, most - (start if is_last else end)))
        if is_last:
            self.data[start:] = new
        elif len(new) <= length:
            self.data[start : start + length] = new.ljust(length, b"\0")
        else:
            self.data[start : start + length] = bytes(length)
            start = end
            self.data += new.rjust(len(new) + end - len(self.data), b"\0")
        for tag, value in ((JPEG_OFFSET, start), (JPEG_BYTE_COUNT, len(new))):
            field = self.header.offset.pack(value)
            self.header.entry.pack_into(self.data, self.tags[tag].position, tag, LONG, 1, field)

    def replace_pixels(self, remake: Remake) -> None:
        """Put new pixels in the place of those that are not compressed."""
        (width,), (height,) = self.numbers(IMAGE_WIDTH), self.numbers(IMAGE_LENGTH)
        (channels,), (colors,) = self.numbers(SAMPLES_PER_PIXEL, 1), self.numbers(PHOTOMETRIC)
        plain = self.numbers(COMPRESSION, _NONE) == (_NONE,) and set(self.numbers(BITS_PER_SAMPLE, 1)) == {8}
        chunky = self.numbers(PLANAR_CONFIGURATION, _CHUNKY) == (_CHUNKY,)
        if not (plain and chunky and (colors, channels) in _KINDS):
            raise PictureError("of a kind that is not known")
        spans = zip(self.numbers(STRIP_OFFSETS), self.numbers(STRIP_BYTE_COUNTS), strict=False)
        strips = [slice(start, start + length) for start, length in spans]
        if sum(strip.stop - strip.start for strip in strips) > len(self.data):
            raise PictureError("damaged")
        old = b"".join(self.data[strip] for strip in strips)
        if colors == _YCBCR:
            steps = self.numbers(YCBCR_SUBSAMPLING, 2)
            across, down = steps if len(steps) == 2 else (2, 2)  # the default of TIFF
            if not {across, down} <= _STEPS:
                raise PictureError("of a kind that is not known")
            rgb = remake.pixels(to_rgb(old, width, height, (across, down)), width, height, channels)
            new = from_rgb(rgb, width, height, (across, down)).ljust(len(old), b"\0")
        elif 0 < width * height * channels <= len(old):
            new = remake.pixels(old, width, height, channels).ljust(len(old), b"\0")
        else:
            raise PictureError("damaged")
        for strip in strips:
            length = len(self.data[strip])
            self.data[strip], new = new[:length], new[length:]

"""The thumbnail in a block of EXIF, replaced where it stands, so that everything else keeps its place."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from pielight.errors import PictureError
from pielight.io.color.ycbcr import from_rgb, to_rgb
from pielight.io.metadata.ifd import PREFIX
from pielight.io.metadata.tiff_tags import (
    BITS_PER_SAMPLE,
    COMPRESSION,
    IMAGE_LENGTH,
    IMAGE_WIDTH,
    JPEG_BYTE_COUNT,
    JPEG_OFFSET,
    PHOTOMETRIC,
    PLANAR_CONFIGURATION,
    SAMPLES_PER_PIXEL,
    STRIP_BYTE_COUNTS,
    STRIP_OFFSETS,
    YCBCR_SUBSAMPLING,
)
from pielight.io.metadata.tiff_types import LONG, SHORT

_NONE, _CHUNKY = 1, 1
_KINDS = ((1, 1), (2, 3), (6, 3))  # of gray, RGB and YCbCr: what colors are called, and channels
_YCBCR, _STEPS = 6, {1, 2, 4}
_ROW = 12  # bytes of an entry


@dataclass(frozen=True)
class Remake:
    """What makes thumbnails anew.

    Attributes:
        jpeg: Of an old JPEG and the most bytes of the new one.
        pixels: Of old pixels, row by row, and how many there are across, down and in each.
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
    block = _Block.of(exif)
    tags = block.thumbnail_tags() if block else {}
    if block is None or not tags:
        return exif, ""
    try:
        if JPEG_OFFSET in tags and JPEG_BYTE_COUNT in tags:
            block.replace_jpeg(tags, remake, most)
        elif STRIP_OFFSETS in tags and STRIP_BYTE_COUNTS in tags:
            block.replace_pixels(tags, remake)
    except (PictureError, struct.error, OverflowError, ValueError) as error:
        reason = str(error) if isinstance(error, PictureError) else "damaged"
        return block.without_thumbnail(exif), f"thumbnail in EXIF left out: {reason}"
    return bytes(block.data), ""


@dataclass
class _Block:
    """A block of EXIF.

    Attributes:
        data: The block, with its prefix.
        base: Where its offsets are counted from.
        order: Of bytes.
        link: Where the place of the thumbnail's directory is told.
    """

    data: bytearray
    base: int
    order: str
    link: int

    @classmethod
    def of(cls, exif: bytes) -> _Block | None:
        """Read as much as is needed to find the thumbnail's directory."""
        base = 0
        while exif.startswith(PREFIX, base):
            base += len(PREFIX)
        order = {b"II": "<", b"MM": ">"}.get(exif[base : base + 2])
        if order is None:
            return None
        try:
            (first,) = struct.unpack_from(order + "L", exif, base + 4)
            (count,) = struct.unpack_from(order + "H", exif, base + first)
        except struct.error:
            return None
        return cls(bytearray(exif), base, order, base + first + 2 + _ROW * count)

    def thumbnail_tags(self) -> dict[int, int]:
        """Return the places of the rows of the thumbnail's tags; none if there is no thumbnail."""
        try:
            (place,) = struct.unpack_from(self.order + "L", self.data, self.link)
            start = self.base + place
            (count,) = struct.unpack_from(self.order + "H", self.data, start)
        except struct.error:
            return {}
        rows = range(start + 2, min(start + 2 + _ROW * count, len(self.data) - _ROW + 1), _ROW)
        return {struct.unpack_from(self.order + "H", self.data, row)[0]: row for row in rows} if place else {}

    def without_thumbnail(self, exif: bytes) -> bytes:
        """Return a block that does not lead to the thumbnail's directory any more."""
        return exif[: self.link] + bytes(4) + exif[self.link + 4 :]

    def numbers(self, tags: dict[int, int], tag: int, default: int = 0) -> tuple[int, ...]:
        """Return the values of a tag of whole numbers."""
        if tag not in tags:
            return (default,)
        _, kind, count = struct.unpack_from(self.order + "HHL", self.data, tags[tag])
        if kind not in (SHORT, LONG) or count > len(self.data):
            raise PictureError("damaged")
        values = f"{self.order}{count}{'H' if kind == SHORT else 'L'}"
        place = tags[tag] + 8
        if struct.calcsize(values) > 4:
            place = self.base + struct.unpack_from(self.order + "L", self.data, place)[0]
        return struct.unpack_from(values, self.data, place)

    def replace_jpeg(self, tags: dict[int, int], remake: Remake, most: int) -> None:
        """Put a new JPEG in the place of the old one, or at the end."""
        start, length = self.base + self.numbers(tags, JPEG_OFFSET)[0], self.numbers(tags, JPEG_BYTE_COUNT)[0]
        if not length:
            return
        old = bytes(self.data[start : start + length])
        if len(old) < length:
            raise PictureError("damaged")
        behind = self.data[start + length :]
        is_last = len(behind) < 4 and not any(behind)  # but for what makes its length even
        end = len(self.data) + len(self.data) % 2
        new = remake.jpeg(old, max(length, most - (start if is_last else end)))
        if is_last:
            self.data[start:] = new
        elif len(new) <= length:
            self.data[start : start + length] = new.ljust(length, b"\0")
        else:
            self.data[start : start + length] = bytes(length)
            start = end
            self.data += new.rjust(len(new) + end - len(self.data), b"\0")
        for tag, value in ((JPEG_OFFSET, start - self.base), (JPEG_BYTE_COUNT, len(new))):
            struct.pack_into(self.order + "HHLL", self.data, tags[tag], tag, LONG, 1, value)

    def replace_pixels(self, tags: dict[int, int], remake: Remake) -> None:
        """Put new pixels in the place of those that are not compressed."""
        (width,), (height,) = self.numbers(tags, IMAGE_WIDTH), self.numbers(tags, IMAGE_LENGTH)
        (channels,), (colors,) = self.numbers(tags, SAMPLES_PER_PIXEL, 1), self.numbers(tags, PHOTOMETRIC)
        plain = self.numbers(tags, COMPRESSION, _NONE) == (_NONE,)
        plain = plain and set(self.numbers(tags, BITS_PER_SAMPLE, 1)) == {8}
        chunky = self.numbers(tags, PLANAR_CONFIGURATION, _CHUNKY) == (_CHUNKY,)
        if not (plain and chunky and (colors, channels) in _KINDS):
            raise PictureError("of a kind that is not known")
        strips = [
            slice(self.base + start, self.base + start + length)
            for start, length in zip(
                self.numbers(tags, STRIP_OFFSETS), self.numbers(tags, STRIP_BYTE_COUNTS), strict=False
            )
        ]
        if sum(strip.stop - strip.start for strip in strips) > len(self.data):
            raise PictureError("damaged")
        old = b"".join(self.data[strip] for strip in strips)
        if colors == _YCBCR:
            steps = self.numbers(tags, YCBCR_SUBSAMPLING, 2)
            across, down = steps if len(steps) == 2 else (2, 2)  # nothing said means so
            if not {across, down} <= _STEPS:
                raise PictureError("of a kind that is not known")
            shown = remake.pixels(to_rgb(old, width, height, (across, down)), width, height, channels)
            new = from_rgb(shown, width, height, (across, down)).ljust(len(old), b"\0")
        elif 0 < width * height * channels <= len(old):
            new = remake.pixels(old, width, height, channels).ljust(len(old), b"\0")
        else:
            raise PictureError("damaged")
        for strip in strips:
            length = len(self.data[strip])
            self.data[strip], new = new[:length], new[length:]

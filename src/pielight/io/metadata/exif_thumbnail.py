"""The thumbnail in a block of EXIF, replaced in place, so that everything else keeps its offset."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pielight.errors import PictureError
from pielight.io.color.ycbcr import from_rgb, to_rgb
from pielight.io.image import Picture
from pielight.io.metadata.ifd import even, without_prefix
from pielight.io.metadata.ifd_entries import RawEntry, TiffHeader, read_entries, read_header
from pielight.io.metadata.thumbnails import remade_jpeg, remade_pixels
from pielight.io.metadata.tiff_tags import Tag, Type

_NONE, _CHUNKY = 1, 1
_YCBCR, _SUBSAMPLING = 6, {1, 2, 4}
_KINDS = ((1, 1), (2, 3), (_YCBCR, 3))  # photometric interpretation and channels of gray, RGB and YCbCr


def with_thumbnail(exif: bytes, picture: Picture, most: int) -> tuple[bytes, str]:
    """Replace the thumbnail of a block of EXIF, if it has one: in place, or at the end of the block if it is larger.

    Args:
        exif: With or without the prefix that it has in JPEG.
        most: Most bytes of the block, for which the thumbnail's quality is lowered.

    Returns:
        The block, and why its thumbnail was left out; empty if it was not.

    >>> import numpy as np
    >>> with_thumbnail(b"no EXIF", Picture(np.zeros((2, 2, 3), np.uint8), "RGB"), 65533)
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
        if Tag.JPEG_OFFSET in tags and Tag.JPEG_BYTE_COUNT in tags:
            block.replace_jpeg(picture, most - len(prefix))
        elif Tag.STRIP_OFFSETS in tags and Tag.STRIP_BYTE_COUNTS in tags:
            block.replace_pixels(picture)
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
        if entry.kind not in (Type.SHORT, Type.LONG) or entry.number > len(self.data):
            raise PictureError("damaged")
        return entry.numbers(self.data)

    def replace_jpeg(self, picture: Picture, most: int) -> None:
        """Put a new JPEG in the place of the old one, or at the end."""
        start, length = self.numbers(Tag.JPEG_OFFSET)[0], self.numbers(Tag.JPEG_BYTE_COUNT)[0]
        if not length:
            return
        old = bytes(self.data[start : start + length])
        if len(old) < length:
            raise PictureError("damaged")
        rest = self.data[start + length :]
        is_last = len(rest) < 4 and not any(rest)  # but for what makes its length even
        end = even(len(self.data))
        new = remade_jpeg(old, picture, max(length, most - (start if is_last else end)))
        if is_last:
            self.data[start:] = new
        elif len(new) <= length:
            self.data[start : start + length] = new.ljust(length, b"\0")
        else:
            self.data[start : start + length] = bytes(length)
            start = end
            self.data += new.rjust(len(new) + end - len(self.data), b"\0")
        for tag, value in ((Tag.JPEG_OFFSET, start), (Tag.JPEG_BYTE_COUNT, len(new))):
            field = self.header.offset.pack(value)
            self.header.entry.pack_into(self.data, self.tags[tag].position, tag, Type.LONG, 1, field)

    def replace_pixels(self, picture: Picture) -> None:
        """Put new pixels in the place of those that are not compressed."""
        (width,), (height,) = self.numbers(Tag.IMAGE_WIDTH), self.numbers(Tag.IMAGE_LENGTH)
        (channels,), (colors,) = self.numbers(Tag.SAMPLES_PER_PIXEL, 1), self.numbers(Tag.PHOTOMETRIC)
        plain = self.numbers(Tag.COMPRESSION, _NONE) == (_NONE,) and set(self.numbers(Tag.BITS_PER_SAMPLE, 1)) == {8}
        chunky = self.numbers(Tag.PLANAR_CONFIGURATION, _CHUNKY) == (_CHUNKY,)
        if not (plain and chunky and (colors, channels) in _KINDS):
            raise PictureError("of an unknown kind")
        spans = zip(self.numbers(Tag.STRIP_OFFSETS), self.numbers(Tag.STRIP_BYTE_COUNTS), strict=False)
        strips = [slice(start, start + length) for start, length in spans]
        if sum(strip.stop - strip.start for strip in strips) > len(self.data):
            raise PictureError("damaged")
        old = b"".join(self.data[strip] for strip in strips)
        if colors == _YCBCR:
            steps = self.numbers(Tag.YCBCR_SUBSAMPLING, 2)
            across, down = steps if len(steps) == 2 else (2, 2)  # the default of TIFF
            if not {across, down} <= _SUBSAMPLING:
                raise PictureError("of an unknown kind")
            rgb = remade_pixels(picture, to_rgb(old, width, height, (across, down)), width, height, channels)
            new = from_rgb(rgb, width, height, (across, down)).ljust(len(old), b"\0")
        elif 0 < width * height * channels <= len(old):
            new = remade_pixels(picture, old, width, height, channels).ljust(len(old), b"\0")
        else:
            raise PictureError("damaged")
        for strip in strips:
            length = len(self.data[strip])
            self.data[strip], new = new[:length], new[length:]

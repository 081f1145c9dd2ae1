"""GIF files: where frames, palettes and the XMP packet stand in them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from pielight.errors import PictureError
from pielight.io import size_limits as sizes
from pielight.io.codecs.jpeg.segments import Source

HEADER = 13  # bytes
FLAGS, HAS_PALETTE, PALETTE_BITS = 10, 0x80, 7
_FRAME_HEAD = 10
_XMP_HEAD = b"\x21\xff\x0bXMP DataXMP"
_XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"  # leads any decoder of blocks to the end of the packet
_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_BLOCKS = 5_000_000  # more than a gigabyte of them needs: each but the last of a frame holds 255 bytes


@dataclass(frozen=True)
class Layout:
    """Where what matters stands in a GIF file.

    Attributes:
        width: Of the canvas, in pixels.
        height: Of the canvas, in pixels.
        palette: Of the file; None if it has none.
        frames: Rows, columns and palette of each frame; None if that is the file's.
    """

    width: int
    height: int
    palette: slice | None
    frames: list[tuple[slice, slice, slice | None]]


def layout(data: Source) -> Layout:
    """Find frames and palettes of a GIF file, up to where it is damaged, or has too many.

    Raises:
        PictureError: It consists of far too many blocks. Its text has no file name yet.
    """
    width, height = struct.unpack("<HH", data[6:10].ljust(4, b"\0"))
    palette = _palette(data, FLAGS, HEADER)
    place = palette.stop if palette else HEADER
    frames: list[tuple[slice, slice, slice | None]] = []
    blocks = 0
    while place + 1 < len(data) and data[place] != _END and len(frames) <= sizes.MAX_FRAMES:
        kind = data[place]
        if kind == _FRAME and place + _FRAME_HEAD < len(data):
            left, top, across, down = struct.unpack_from("<4H", data, place + 1)
            own = _palette(data, place + 9, place + _FRAME_HEAD)
            frames.append((slice(top, top + down), slice(left, left + across), own))
            width, height = max(width, left + across), max(height, top + down)
            place = (own.stop if own else place + _FRAME_HEAD) + 1  # the bits of a code
        else:  # what is no extension is passed over, as Pillow does
            place += 2 if kind == _EXTENSION else 1
        if kind in (_FRAME, _EXTENSION):
            while place < len(data) and data[place] and blocks < _BLOCKS:
                place += 1 + data[place]
                blocks += 1
            place += 1
        blocks += 1
        if blocks > _BLOCKS:
            raise PictureError(f"more than {_BLOCKS:,} blocks in a GIF file; save it anew")
    return Layout(width, height, palette, frames)


def gif_packet(data: bytes) -> bytes | None:
    """Return the XMP packet of a GIF file, or of its first bytes."""
    _, head, rest = data.partition(_XMP_HEAD)
    return rest.partition(_XMP_TRAILER)[0] if head else None


def without_gif_packet(data: bytes) -> bytes:
    """Return a GIF file without its XMP packet, all else byte for byte."""
    before, _, rest = data.partition(_XMP_HEAD)
    return before + rest.partition(_XMP_TRAILER)[2] if _XMP_TRAILER in rest else data


def write_gif_packet(file: BinaryIO, start: int, packet: bytes) -> None:
    """Put an XMP packet into a GIF file, behind its header and its palette, as an application extension."""
    file.seek(start)
    data = file.read()
    palette = _palette(data, FLAGS, HEADER)
    place = palette.stop if palette else HEADER
    file.seek(start + place)
    file.write(_XMP_HEAD + packet + _XMP_TRAILER + data[place:])


def _palette(data: Source, flags: int, place: int) -> slice | None:
    if flags >= len(data) or not data[flags] & HAS_PALETTE:
        return None
    return slice(place, place + (6 << (data[flags] & PALETTE_BITS)))

"""The blocks of GIF files: frames, palettes and the XMP packet."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from pielight.errors import PictureError
from pielight.io import size_limits as sizes
from pielight.io.file_view import FileBytes

HEADER = 13  # bytes
FLAGS, HAS_PALETTE, PALETTE_BITS = 10, 0x80, 7
_FRAME_HEAD = 10
_XMP_HEAD = b"\x21\xff\x0bXMP DataXMP"
_XMP_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"  # leads any decoder of sub-blocks to the end of the packet
_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_MAX_BLOCKS = 5_000_000  # more than a gigabyte of them needs: all but the last of a frame hold 255 bytes


@dataclass(frozen=True)
class GifLayout:
    """Where frames and palettes are in a GIF file."""

    width: int  # of the canvas, in pixels
    height: int  # of the canvas, in pixels
    palette: slice | None  # the global palette; None if there is none
    # rows, columns and local palette of each frame; None if that is the global one
    frames: list[tuple[slice, slice, slice | None]]


def layout(data: FileBytes) -> GifLayout:
    """Find the frames and palettes of a GIF file, up to the first damage or the limit of frames.

    Raises:
        PictureError: It has far too many blocks.
    """
    width, height = struct.unpack("<HH", data[6:10].ljust(4, b"\0"))
    palette = _palette(data, FLAGS, HEADER)
    position = palette.stop if palette else HEADER
    frames: list[tuple[slice, slice, slice | None]] = []
    blocks = 0
    while position + 1 < len(data) and data[position] != _END and len(frames) <= sizes.MAX_FRAMES:
        kind = data[position]
        if kind == _FRAME and position + _FRAME_HEAD < len(data):
            left, top, across, down = struct.unpack_from("<4H", data, position + 1)
            local = _palette(data, position + 9, position + _FRAME_HEAD)
            frames.append((slice(top, top + down), slice(left, left + across), local))
            width, height = max(width, left + across), max(height, top + down)
            position = (local.stop if local else position + _FRAME_HEAD) + 1  # the LZW code size
        else:  # unknown bytes are skipped, as Pillow does
            position += 2 if kind == _EXTENSION else 1
        if kind in (_FRAME, _EXTENSION):
            while position < len(data) and data[position] and blocks < _MAX_BLOCKS:
                position += 1 + data[position]
                blocks += 1
            position += 1
        blocks += 1
        if blocks > _MAX_BLOCKS:
            raise PictureError(f"more than {_MAX_BLOCKS:,} blocks in a GIF file; re-save it")
    return GifLayout(width, height, palette, frames)


def gif_packet(data: bytes) -> bytes | None:
    """Return the XMP packet of a GIF file, or of its first bytes; None if there is none."""
    _, head, rest = data.partition(_XMP_HEAD)
    return rest.partition(_XMP_TRAILER)[0] if head else None


def without_gif_packet(data: bytes) -> bytes:
    """Return a GIF file without its XMP packet, all else byte for byte."""
    before, _, rest = data.partition(_XMP_HEAD)
    return before + rest.partition(_XMP_TRAILER)[2] if _XMP_TRAILER in rest else data


def write_gif_packet(file: BinaryIO, start: int, packet: bytes) -> None:
    """Insert an XMP packet into a GIF file as an application extension, after header and palette."""
    file.seek(start)
    data = file.read()
    palette = _palette(data, FLAGS, HEADER)
    position = palette.stop if palette else HEADER
    file.seek(start + position)
    file.write(_XMP_HEAD + packet + _XMP_TRAILER + data[position:])


def _palette(data: FileBytes, flags: int, position: int) -> slice | None:
    if flags >= len(data) or not data[flags] & HAS_PALETTE:
        return None
    return slice(position, position + (6 << (data[flags] & PALETTE_BITS)))

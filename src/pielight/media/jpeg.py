"""JPEG files: a faster way to their pixels than Pillow's, and the segments around the coded picture."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

EXIF = b"Exif\x00\x00"
PHOTOSHOP = b"Photoshop 3.0\x00"
MAX_SEGMENT = 65_533
_APP0, _APP1, _APP13, _APP14, _APP15, _COMMENT = 0xE0, 0xE1, 0xED, 0xEE, 0xEF, 0xFE
_SCAN, _END = 0xDA, 0xD9
_JFIF, _JFIF_DENSITY = b"JFIF\x00", slice(7, 12)  # unit, across, down
_FIRST_CONTENT = 6  # behind the markers of the file and of the segment, and its length
_CODING = {  # what belongs to the coding of the old file and is made anew
    _APP0: (_JFIF, b"JFXX\x00"),
    0xE2: (b"MPF\x00",),
    _APP14: (b"Adobe",),
}


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of the segments before the first scan, up to the first damaged one."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker in (_SCAN, _END):
            return
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        if length < 2 or place + 2 + length > len(data):
            return
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + length


def descriptive_segments(data: bytes) -> bytes:
    """Return the application and comment segments that describe the picture, byte for byte.

    >>> descriptive_segments(bytes.fromhex("ffd8 ffe0 0007 4a46494600 fffe 0003 41 ffda"))
    b'\\xff\\xfe\\x00\\x03A'
    """
    return b"".join(
        segment(marker, content)
        for marker, content in segments(data)
        if (_APP0 <= marker <= _APP15 or marker == _COMMENT) and not content.startswith(_CODING.get(marker, ()))
    )


def segment(marker: int, content: bytes) -> bytes:
    """Return a segment as it stands in a file."""
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def photoshop_block(data: bytes) -> bytes:
    """Return Photoshop's resources, which hold IPTC, as a TIFF would hold them; may be empty."""
    blocks = (content for marker, content in segments(data) if marker == _APP13 and content.startswith(PHOTOSHOP))
    return b"".join(block.removeprefix(PHOTOSHOP) for block in blocks)


def photoshop_segments(block: bytes) -> bytes:
    """Return the segments that hold Photoshop's resources."""
    step = MAX_SEGMENT - len(PHOTOSHOP)
    parts = (block[start : start + step] for start in range(0, len(block), step))
    return b"".join(segment(_APP13, PHOTOSHOP + part) for part in parts)


def density(data: bytes) -> bytes:
    """Return the JFIF header's unit and density, which Pillow would round; empty without a JFIF header."""
    for marker, content in segments(data):
        if marker == _APP0 and content.startswith(_JFIF) and len(content) >= _JFIF_DENSITY.stop:
            return content[_JFIF_DENSITY]
    return b""


def write_density(file: BinaryIO, start: int, value: bytes) -> None:
    """Write unit and density into the JFIF header that Pillow put at the start of a file; CMYK may have none."""
    end = file.tell()
    file.seek(start + _FIRST_CONTENT)
    if file.read(len(_JFIF)) == _JFIF:
        file.seek(start + _FIRST_CONTENT + _JFIF_DENSITY.start)
        file.write(value)
    file.seek(end)


def save_image(image: Image.Image, file: BinaryIO, options: dict[str, Any]) -> None:
    """Save an image with Pillow, which writes to a file's number and does not see when the disk takes only a part.

    Raises:
        OSError: The file cannot be written to, or the image not be encoded.
    """
    start = file.tell()
    try:
        image.save(file, "JPEG", **options)
    except OSError:
        _check_space(file)
        if not options.get("progressive"):
            raise
        # Pillow gives a progressive JPEG two bytes a pixel at most, too few for noise at the finest quality.
        file.seek(start)
        file.truncate()
        image.save(file, "JPEG", **options | {"progressive": False})
    file.seek(max(start, file.seek(0, os.SEEK_END) - 2))
    if file.read(2) != bytes((0xFF, _END)):
        _check_space(file)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _check_space(file: BinaryIO) -> None:
    """Raise the system's own error if the file cannot grow by a byte."""
    end = file.seek(0, os.SEEK_END)
    file.write(b"\0")
    file.flush()
    file.seek(end)
    file.truncate()


def decode_pixels(data: bytes, grey: bool, at_least: int = 0) -> NDArray[Any] | None:
    """Decode the pixels.

    Args:
        data: The whole file.
        grey: Whether the file holds one channel.
        at_least: If not 0, a smaller picture is decoded, of sides not below this, by eighths.

    Returns:
        uint8 of shape (H, W, 1), or the first three channels of (H, W, 4), which Pillow can use as it is. None
        if there is anything odd about the file; Pillow is to decide then.
    """
    try:
        pixels: NDArray[Any] = simplejpeg.decode_jpeg(
            data,
            "GRAY" if grey else "RGBX",
            min_height=at_least,
            min_width=at_least,
            strict=True,
        )
    except (ValueError, RuntimeError):
        return None
    return pixels if grey else np.asarray(pixels)[..., :3]

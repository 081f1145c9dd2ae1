"""JPEG files: a faster way to their pixels than Pillow's, and back into files."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from pielight.errors import PictureError
from pielight.io.codecs.jpeg.segments import (
    APP0,
    APP13,
    END_OF_IMAGE,
    FRAMES,
    JFIF,
    MAX_SEGMENT,
    PHOTOSHOP,
    Layout,
    Segment,
)
from pielight.io.codecs.jpeg.subsampling import save_scans

_JFIF_DENSITY = slice(7, 12)  # unit, across, down
_FIRST_CONTENT = 6  # behind the markers of the file and of the segment, and its length
_LOSSLESS, _HIERARCHICAL = (0xC3, 0xCB), (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF)
_DEPTHS = range(2, 17)  # bits that a JPEG may have


def check_kind(layout: Layout) -> None:
    """Refuse by name the kinds of JPEG that no reader here knows.

    Raises:
        PictureError: It is such a file. Its text has no file name yet.
    """
    marker = next((marker for marker, content in layout.segments if content and content == layout.frame()), 0)
    bits = layout.frame()[0] if marker in FRAMES else 8
    kind = "lossless " if marker in _LOSSLESS else "hierarchical " if marker in _HIERARCHICAL else ""
    if marker in _HIERARCHICAL or marker == _LOSSLESS[1] or (bits != 8 and bits in _DEPTHS):
        raise PictureError(f"{bits}-bit {kind}JPEG is not supported; convert it to PNG or TIFF first")


def photoshop_block(segments: Iterable[Segment]) -> bytes:
    """Return Photoshop's resources, which hold IPTC, as a TIFF would hold them; may be empty."""
    contents = (content for marker, content in segments if marker == APP13 and content.startswith(PHOTOSHOP))
    return b"".join(content.removeprefix(PHOTOSHOP) for content in contents)


def photoshop_segments(block: bytes) -> tuple[Segment, ...]:
    """Return the segments that hold Photoshop's resources."""
    step = MAX_SEGMENT - len(PHOTOSHOP)
    return tuple(Segment(APP13, PHOTOSHOP + block[start : start + step]) for start in range(0, len(block), step))


def density(layout: Layout) -> bytes:
    """Return the JFIF header's unit and density, which Pillow would round; empty without a JFIF header."""
    whole = (content for content in layout.contents(APP0, JFIF) if len(content) >= _JFIF_DENSITY.stop)
    return next(whole, b"")[_JFIF_DENSITY]


def write_density(file: BinaryIO, start: int, value: bytes) -> None:
    """Write unit and density into the JFIF header that Pillow put at the start of a file; CMYK may have none."""
    end = file.tell()
    file.seek(start + _FIRST_CONTENT)
    if file.read(len(JFIF)) == JFIF:
        file.seek(start + _FIRST_CONTENT + _JFIF_DENSITY.start)
        file.write(value)
    file.seek(end)


def save_image(image: Image.Image, file: BinaryIO, options: dict[str, Any]) -> None:
    """Save an image with Pillow, which writes to a file's number and does not see when the disk takes only a part.

    Args:
        image: What to save.
        file: Open for writing and reading, at its end.
        options: Of Pillow's ``save``; ``subsampling`` may be a sampling that Pillow has no number for.

    Raises:
        OSError: The file cannot be written to, or the image not be encoded.
    """
    start = file.tell()
    try:
        _encode(image, file, options)
    except OSError:
        _check_space(file)
        if not options.get("progressive"):
            raise
        # Pillow gives a progressive JPEG two bytes a pixel at most, too few for noise at the finest quality.
        file.seek(start)
        file.truncate()
        _encode(image, file, options | {"progressive": False})
    file.seek(max(start, file.seek(0, os.SEEK_END) - 2))
    if file.read(2) != bytes((0xFF, END_OF_IMAGE)):
        _check_space(file)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _encode(image: Image.Image, file: BinaryIO, options: dict[str, Any]) -> None:
    if isinstance(options.get("subsampling"), tuple):
        save_scans(image, file, options)
    else:
        image.save(file, "JPEG", **options)


def _check_space(file: BinaryIO) -> None:
    """Raise the system's own error if the file cannot grow by a byte."""
    end = file.seek(0, os.SEEK_END)
    file.write(b"\0")
    file.flush()
    file.seek(end)
    file.truncate()


def decode_pixels(data: bytes, gray: bool, at_least: int = 0) -> NDArray[Any] | None:
    """Decode the pixels.

    Args:
        data: The whole file.
        gray: Whether the file holds one channel.
        at_least: If not 0, a smaller picture is decoded, of sides not below this, by eighths.

    Returns:
        uint8 of shape (H, W, 1), or the first three channels of (H, W, 4), which Pillow can use as it is. None
        if there is anything odd about the file; Pillow is to decide then.
    """
    try:
        pixels: NDArray[Any] = simplejpeg.decode_jpeg(
            data,
            "GRAY" if gray else "RGBX",
            min_height=at_least,
            min_width=at_least,
            strict=True,
        )
    except (ValueError, RuntimeError):
        return None
    return pixels if gray else np.asarray(pixels)[..., :3]

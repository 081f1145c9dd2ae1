"""Pictures as training and evaluation take them: three channels of 8 bits, whatever the file holds."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.atomic_file import read_file
from pielight.core.messages import shown
from pielight.io.codecs.jpeg.segments import is_jpeg, parse
from pielight.io.decode import decode, decode_reduced
from pielight.io.formats import READABLE
from pielight.io.metadata.exif import orientation_of
from pielight.io.metadata.tiff_tags import Tag
from pielight.io.orientation import swaps_sides, upright
from pielight.io.preflight import check, check_file

Pixels = NDArray[np.uint8]
"""``(H, W, 3)``, RGB."""


def load_rgb8(path: Path, *, turn: bool = True, at_least: int = 0) -> Pixels:
    """Read a picture's file: :func:`rgb8`.

    Raises:
        PictureError: The file is missing, damaged, too large, or of a kind that is not supported.
    """
    return rgb8(read_file(path), shown(path), turn=turn, at_least=at_least)


def rgb8(data: bytes, name: str, *, turn: bool = True, at_least: int = 0) -> Pixels:
    """Decode a picture of any supported format as RGB: opacity and color profile ignored, 16 bits rounded to 8.

    Papers read pictures so; whoever wants colors of another profile counted converts the files first.

    Args:
        data: The bytes of its file.
        name: What errors call it.
        turn: Whether to turn it upright by EXIF.
        at_least: If not 0, a large JPEG is decoded at a half, a quarter or an eighth of its size, neither side below
            this.

    Returns:
        ``(H, W, 3)``.

    Raises:
        PictureError: The file is damaged, too large, or of a kind that is not supported.
    """
    divisor = _divisor(data, at_least)
    if divisor > 1 and not turn:
        pixels = decode_reduced(data, -(-min(parse(data).size()) // divisor), name)
    else:
        picture = decode(data, name)
        pixels = upright(picture.pixels, orientation_of(picture.metadata.exif)) if turn else picture.pixels
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def header_size(source: Path | bytes, *, turn: bool = True) -> tuple[int, int] | None:
    """Return width and height of a picture from its header, upright or as stored; None if it cannot be read."""
    try:
        if isinstance(source, bytes):
            check(source)
        else:
            check_file(source)
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=READABLE) as image:
            width, height = image.size
            is_sideways = swaps_sides(image.getexif().get(Tag.ORIENTATION, 1))
            is_turned = image.format == "TIFF"  # by Pillow
    except Exception:  # noqa: BLE001 - decoding reports what is wrong with a picture
        return None
    return (height, width) if is_sideways and is_turned != turn else (width, height)


def _divisor(data: bytes, at_least: int) -> int:
    """Return by how much a JPEG's sides can be divided: 8, 4, 2 or 1, which is that of other formats."""
    if not at_least or not is_jpeg(data):
        return 1
    fits = min(parse(data).size()) // at_least
    return next((divisor for divisor in (8, 4, 2) if divisor <= fits), 1)

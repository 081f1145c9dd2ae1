"""JPEG encoded in strips by several threads, and joined by restart markers.

After a restart marker a decoder begins anew (ITU-T T.81, E.1.4), so the scans of strips whose heights are whole numbers
of blocks, with markers between them, are the scan of the picture. These are the bytes that libjpeg writes in one pass
with restart markers at the same places, and the pixels that it writes without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.memory_file import memory_file
from pielight.core.threads import share_rows
from pielight.io.codecs.jpeg import segments as jpeg
from pielight.io.codecs.jpeg.encoder import save_image
from pielight.io.image import image_of

_PIXELS = 1 << 20  # of a strip, about: encoding takes some milliseconds, and setting up a tenth of one
_MOST_ROWS = 16  # of pixels in a row of blocks, with subsampled chroma
_QUARTERED = 2  # Pillow's number of 4:2:0
_RESTARTS = 8  # restart markers are numbered modulo 8
_ONCE = ("extra", "exif", "icc_profile", "xmp", "comment")  # options that belong to a file once


def is_one_scan(options: dict[str, Any]) -> bool:
    """Return whether options of :func:`~pielight.io.codecs.jpeg.encoder.save_image` make a file of one scan.

    >>> is_one_scan({"quality": 90, "progressive": True})
    False
    """
    return not options.get("progressive") and not isinstance(options.get("subsampling"), tuple)


def save_strips(values: NDArray[np.uint8], file: BinaryIO, options: dict[str, Any], threads: int) -> None:
    """Save a picture as JPEG of one scan, with a restart marker every megapixel.

    Args:
        values: (H, W, C): L, RGB or RGBX, contiguous.
        file: Open for writing and reading, at its end.
        options: Of Pillow's ``save``; the file may not be progressive.
        threads: Threads to share the strips among, the calling one included; the bytes do not depend on it.

    Raises:
        OSError: The file cannot be written to, or the image not be encoded.
    """
    height, width = values.shape[:2]
    rows = max(1, _PIXELS // (width * _MOST_ROWS)) * _MOST_ROWS
    if rows >= height:
        save_image(image_of(values), file, options)
        return
    has_whole_rows = values.shape[2] > 1 and options.get("subsampling") == _QUARTERED
    options = options | {"restart_marker_rows": rows // (_MOST_ROWS if has_whole_rows else _MOST_ROWS // 2)}
    if threads == 1:
        save_image(image_of(values), file, options)
        return
    later = {name: value for name, value in options.items() if name not in _ONCE}
    tops = range(0, height, rows)
    strips = [b""] * len(tops)

    def encode(first: int, end: int) -> None:
        for number in range(first, end):
            top = tops[number]
            strips[number] = _encoded(image_of(values[top : top + rows]), later if number else options)

    share_rows(encode, len(tops), values.size, threads)
    for part in _joined(strips, height):
        file.write(part)
    file.flush()


def _encoded(image: Image.Image, options: dict[str, Any]) -> bytes:
    """Return an image as JPEG; only where Pillow writes to a descriptor does it let other threads run meanwhile."""
    with memory_file() as file:
        save_image(image, file, options)
        file.seek(0)
        return file.read()


def _joined(strips: Sequence[bytes], height: int) -> list[bytes]:
    """Return the parts of the file whose strips are such files."""
    parts = []
    for number, strip in enumerate(strips):
        head, scan = jpeg.header(strip, is_foreign=False)
        start = scan + 2 + int.from_bytes(strip[scan + 2 : scan + 4], "big")
        if number:
            parts.append(bytes((0xFF, jpeg.RESTART + (number - 1) % _RESTARTS)))
        else:
            tall = [_with_height(segment, height) for segment in head]
            parts.append(strip[:2] + jpeg.joined(tall) + strip[scan:start])
        parts.append(strip[start:-2])
    return [*parts, bytes((0xFF, jpeg.END_OF_IMAGE))]


def _with_height(segment: jpeg.Segment, height: int) -> jpeg.Segment:
    """Return a frame header with another height; other segments as they are."""
    if segment.marker not in jpeg.FRAMES:
        return segment
    return jpeg.Segment(segment.marker, segment.content[:1] + height.to_bytes(2, "big") + segment.content[3:])

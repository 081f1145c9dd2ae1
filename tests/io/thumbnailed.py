"""Pictures with thumbnails in their metadata, as cameras and editors put them there."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.io.codecs.jpeg.segments import APP1, EXIF, Segment
from tests.io import samples

WIDTH, HEIGHT = 480, 320
NOTE = bytes(range(1, 201))


def scene() -> Image.Image:
    """A dark picture in which left, right, top and bottom are told apart."""
    values = samples.colors(WIDTH, HEIGHT).astype(np.int64)
    values[: HEIGHT // 3, : WIDTH // 4] += 60
    values[HEIGHT // 2 :, WIDTH // 2 :, 0] //= 3
    return Image.fromarray(values.astype(np.uint8))


def brighter(pixels: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
    return np.minimum(pixels.astype(np.uint16) * 3 // 2 + 20, 255).astype(pixels.dtype)


def small(size: tuple[int, int] = (160, 120), box: tuple[int, int, int, int] | None = None) -> Image.Image:
    """The scene on black, at a place that a box tells; by default between bars."""
    result = Image.new("RGB", size)
    left, top, right, bottom = box or (0, (size[1] - 107) // 2, 160, (size[1] - 107) // 2 + 107)
    result.paste(scene().resize((right - left, bottom - top)), (left, top))
    return result


def jpeg(image: Image.Image, **options: Any) -> bytes:
    """A thumbnail as cameras write it: without a JFIF header."""
    data = samples.saved(image, "JPEG", **{"quality": 80, "subsampling": 1} | options)
    return data[:2] + data[20:]


def exif(thumbnail: bytes, behind: bytes = b"", tags: list[tuple[int, int, int, bytes]] | None = None) -> bytes:
    """EXIF whose second directory leads to a thumbnail.

    Args:
        thumbnail: JPEG, or what ``tags`` say, which are the second directory's beside its place.
        behind: Bytes after it.
    """
    inner = samples.directory([(33434, 5, 1, struct.pack("<2L", 1, 60)), (37500, 7, len(NOTE), NOTE)], 8)
    start = 8 + len(inner)
    first = samples.directory([(271, 2, 6, b"maker\0"), (34665, 4, 1, struct.pack("<L", 8))], start)
    second = start + len(first)
    link = 2 + 12 * 2
    first = first[:link] + struct.pack("<L", second) + first[link + 4 :]
    size = struct.pack("<L", len(thumbnail))
    rows = tags or [(259, 3, 1, b"\6\0")]
    place_tag, length_tag = (273, 279) if tags else (513, 514)

    def laid_out(place: int) -> bytes:
        own = [(place_tag, 4, 1, struct.pack("<L", place)), (length_tag, 4, 1, size)]
        return samples.directory([*rows, *own], second)

    place = second + len(laid_out(0))
    return b"II*\0" + struct.pack("<L", start) + inner + first + laid_out(place) + thumbnail + behind


def with_exif(block: bytes) -> bytes:
    data = samples.saved(scene(), "JPEG", quality=92)
    return data[:20] + Segment(APP1, EXIF + block).coded() + data[20:]


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image

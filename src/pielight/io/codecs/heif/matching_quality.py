"""The quality at which an AVIF or HEIC takes as many bytes as its source, searched on a sample of the picture."""

from __future__ import annotations

import io
from bisect import bisect_right
from typing import Any

from PIL import Image

from pielight.io.codecs.heif.coding import read_coding
from pielight.io.codecs.heif.items import read_items

GROWTH = 1.2  # of a result over its source: brightening shows detail that takes bytes
QUALITIES = range(30, 91, 2)
_BLOCK, _BLOCKS = 96, 6  # pixels a side, and blocks a side of the sample


def quality_at_rate(image: Image.Image, file_format: str, options: dict[str, Any], bytes_per_pixel: float) -> int:
    """Return the quality at which an AVIF or HEIC has a rate.

    Args:
        options: Of Pillow's ``save``, without quality and metadata.
        bytes_per_pixel: The rate to match.
    """
    sample = _sample(image)
    room = bytes_per_pixel * sample.width * sample.height

    def length(quality: int) -> int:
        file = io.BytesIO()
        sample.save(file, file_format, quality=quality, **options)
        return read_coding(read_items(file.getvalue())).length

    return QUALITIES[max(0, bisect_right(QUALITIES, room, key=length) - 1)]


def _sample(image: Image.Image) -> Image.Image:
    """Return a mosaic of blocks from all over a picture, or the whole if it is no larger."""
    width, height = (min(_BLOCK, size) for size in image.size)
    if image.width * image.height <= width * height * _BLOCKS * _BLOCKS:
        return image
    sample = Image.new(image.mode, (width * _BLOCKS, height * _BLOCKS))
    for row in range(_BLOCKS):
        for column in range(_BLOCKS):
            left = round((image.width - width) * (column + 0.5) / _BLOCKS)
            top = round((image.height - height) * (row + 0.5) / _BLOCKS)
            sample.paste(image.crop((left, top, left + width, top + height)), (column * width, row * height))
    return sample

"""Recognize a JPEG that is a smaller copy of another, by comparing their pixels."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL.JpegImagePlugin import JpegImageFile

from pielight.io.codecs.jpeg.segments import Layout

_SIDE = 32  # pixels at which both are compared
_MIN_CORRELATION = 0.9  # a depth map of the scene has far less
_COLORS = 3  # channels: a map of the scene mostly has one
_DAMAGED = (OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError)


def is_smaller_copy(content: bytes, layout: Layout, data: bytes, whole: Layout) -> bool:
    """Return whether a JPEG in color has the shape of a larger one, and shows the same.

    Args:
        content: The smaller JPEG.
        layout: Of the smaller one.
        data: The file of the larger one.
        whole: Layout of the larger one.
    """
    (width, height), (full_width, full_height) = layout.size(), whole.size()
    uneven = abs(width * full_height - height * full_width)
    if not 0 < width < full_width or uneven > max(full_width, full_height) or layout.frame()[5] != _COLORS:
        return False
    try:
        one, other = _sample(content), _sample(data[: whole.end])
    except _DAMAGED:
        return False
    spread = float(one.std() * other.std())
    return spread > 0 and float((one * other).mean()) > _MIN_CORRELATION * spread


def _sample(data: bytes) -> NDArray[np.float64]:
    """Return the luma of a JPEG, 32 pixels a side, with a mean of 0."""
    with JpegImageFile(io.BytesIO(data)) as image:
        image.draft("L", (_SIDE, _SIDE))
        values: NDArray[np.float64] = np.array(image.convert("L").resize((_SIDE, _SIDE), reducing_gap=2.0), np.float64)
    values -= values.mean()
    return values

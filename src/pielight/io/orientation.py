"""EXIF orientation: how a stored picture is turned upright, and back."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray
from PIL import Image

_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TO_STORED = _TO_UPRIGHT | {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}  # the others undo themselves
_SIDEWAYS, _UPSIDE_DOWN, _MIRRORED = (5, 6, 7, 8), (3, 4, 7, 8), (2, 3, 6, 7)


def swaps_sides(orientation: int) -> bool:
    """Return whether a picture of an orientation is upright only once width and height have changed places.

    >>> swaps_sides(3), swaps_sides(6)
    (False, True)
    """
    return orientation in _SIDEWAYS


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return a view of stored pixels (H, W, ...) that is upright; of an orientation outside 1..8, the pixels.

    >>> import numpy as np
    >>> upright(np.array([[1, 2], [3, 4]]), 6).tolist()
    [[3, 1], [4, 2]]
    """
    if orientation in _SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if orientation in _UPSIDE_DOWN:
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in _MIRRORED else pixels


def upright_image(image: Image.Image, orientation: int) -> Image.Image:
    """Return a stored image turned upright; see :func:`upright`."""
    return image.transpose(_TO_UPRIGHT[orientation]) if orientation in _TO_UPRIGHT else image


def as_stored(image: Image.Image, orientation: int) -> Image.Image:
    """Return an upright image turned as a file of an orientation stores it, the inverse of :func:`upright_image`."""
    return image.transpose(_TO_STORED[orientation]) if orientation in _TO_STORED else image

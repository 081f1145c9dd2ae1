"""The canvas on which the frames of an animation are drawn, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.strips import strips
from pielight.errors import PictureError


class Disposal(Enum):
    """What becomes of a frame before the next one is drawn."""

    KEEP, CLEAR, RESTORE = range(3)


@dataclass(frozen=True)
class Place:
    """Where and how a frame is drawn.

    Attributes:
        left: In pixels from the canvas's left side.
        top: In pixels from its upper side.
        width: In pixels.
        height: In pixels.
        over: Whether it is laid over what is there, by its opacity; else it takes its place.
        disposal: What becomes of it.
    """

    left: int
    top: int
    width: int
    height: int
    over: bool
    disposal: Disposal

    @property
    def box(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


class Canvas:
    """What is seen while an animation runs.

    Args:
        width: In pixels.
        height: In pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._colors = np.zeros((height, width, 0), np.uint8)  # its kind is that of the first frame
        self._alpha = np.zeros((height, width), np.uint8)

    def with_frame(self, place: Place, pixels: NDArray[Any]) -> NDArray[Any]:
        """Return the canvas with a frame in its place, as if it were opaque; nothing is drawn.

        Args:
            place: Where; how does not matter.
            pixels: (h, w, 1 or 3).

        Raises:
            PictureError: It does not fit. Its text has no file name yet.
        """
        self._check(place, pixels)
        result = self._colors.copy()
        result[place.box] = pixels
        return result

    def draw(self, place: Place, pixels: NDArray[Any], alpha: NDArray[Any] | None) -> NDArray[Any]:
        """Draw a frame and return the colors that are seen now; what was cleared has its last color.

        Args:
            place: Where and how.
            pixels: (h, w, 1 or 3).
            alpha: Opacity, (h, w); None is opaque.

        Raises:
            PictureError: It does not fit. Its text has no file name yet.

        >>> canvas, dark = Canvas(2, 1), np.full((1, 2, 1), 7, np.uint8)
        >>> canvas.draw(Place(0, 0, 2, 1, True, Disposal.KEEP), dark, np.array([[255, 0]], np.uint8))[0, :, 0].tolist()
        [7, 7]
        """
        self._check(place, pixels)
        box = place.box
        before = (self._colors[box].copy(), self._alpha[box].copy()) if place.disposal is Disposal.RESTORE else None
        if alpha is None or not place.over:
            self._colors[box] = pixels
            self._alpha[box] = np.iinfo(pixels.dtype).max if alpha is None else alpha
        else:
            _lay_over(self._colors[box], self._alpha[box], pixels, alpha)
        seen = self._colors.copy()
        if before is not None:
            self._colors[box], self._alpha[box] = before
        elif place.disposal is Disposal.CLEAR:
            self._alpha[box] = 0
        return seen

    def _check(self, place: Place, pixels: NDArray[Any]) -> None:
        if not self._colors.shape[2]:
            self._colors = np.zeros((self._height, self._width, pixels.shape[2]), pixels.dtype)
            self._alpha = self._alpha.astype(pixels.dtype)
        size = (place.height, place.width, self._colors.shape[2])
        is_inside = place.left + place.width <= self._width and place.top + place.height <= self._height
        if not is_inside or pixels.shape != size or pixels.dtype != self._colors.dtype:
            raise PictureError("damaged picture (a frame does not fit the canvas)")


def _lay_over(colors: NDArray[Any], opacity: NDArray[Any], pixels: NDArray[Any], alpha: NDArray[Any]) -> None:
    """Lay a frame over a part of the canvas, in its memory."""
    full = np.float32(np.iinfo(pixels.dtype).max)
    for strip in strips(alpha.shape):
        new = alpha[strip].astype(np.float32) / full
        old = opacity[strip].astype(np.float32) / full * (1 - new)
        whole = new + old
        share = np.where(whole > 0, new / np.where(whole > 0, whole, 1), 1)[..., np.newaxis]
        colors[strip] = np.rint(pixels[strip] * share + colors[strip] * (1 - share))
        opacity[strip] = np.rint(whole * full)

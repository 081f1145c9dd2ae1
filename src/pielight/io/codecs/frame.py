"""Frames of an animation, pages of a document or views in a JPEG, and the canvas on which frames are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pielight.core.strips import strips
from pielight.errors import PictureError
from pielight.io.codec_errors import errors_named
from pielight.io.color.palette import Palette
from pielight.io.decode import decode
from pielight.io.image import Picture


class Disposal(Enum):
    """What becomes of a frame's region before the next frame is drawn."""

    KEEP, CLEAR, RESTORE = range(3)


@dataclass(frozen=True)
class FrameControl:
    """Where and how a frame is drawn on the canvas."""

    left: int  # pixels from the canvas's left edge
    top: int  # pixels from its upper edge
    width: int  # pixels
    height: int  # pixels
    blend: bool  # whether the frame is composited over the canvas by its opacity; else it replaces the region
    disposal: Disposal  # what becomes of the region

    @property
    def region(self) -> tuple[slice, slice]:
        """Rows and columns of the canvas."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Frame:
    """A decoded frame: what is processed, and how it is coded in its file.

    A processed frame is ``replace(frame, pixels=...)``; the pixels of the decoded one are left as they are.
    """

    # colors of the whole canvas, (H, W, 1 or 3), uint8 or uint16; the frame's region as if it were opaque
    pixels: NDArray[Any]
    picture: Picture  # its region as coded, with mode, opacity and palette
    # colors as a viewer shows them at this time; None of a thumbnail, which is not shown
    displayed: NDArray[Any] | None
    control: FrameControl | None = None  # where and how it is drawn; None of a frame that is the whole canvas
    number: int = 1  # its number in the file, from 1

    def cropped(self) -> Picture:
        """Return the frame's region of the pixels, to be encoded in the mode of :attr:`picture`."""
        return replace(self.picture, pixels=self.pixels if self.control is None else self.pixels[self.control.region])


class Frames(ABC):
    """The frames of a file, decoded one at a time, as often as they are iterated over.

    What a file becomes whose frames are processed, in memory that does not grow with their number::

        frames = decode_frames(data, first, "GIF", name)
        processed = (replace(frame, pixels=process(frame.pixels)) for frame in frames)
        note = frames.write(file, processed, first, quality)

    Raises:
        PictureError: There are too many frames, or the file is damaged.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._name, self._count = data, name, 0

    def __len__(self) -> int:
        """Return how many there are, with those that are not supported."""
        return self._count

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Decode one after the other.

        Raises:
            PictureError: A frame is damaged.
        """

    @abstractmethod
    def write(self, file: BinaryIO, frames: Iterable[Frame], first: Picture, quality: int | None) -> str:
        """Write frames in the format that they came in, with their times, regions and the like.

        Args:
            file: Open for writing and reading, at its end.
            frames: All that iterating yields, in that order, with processed pixels; they are taken one at a time.
            first: The first as :func:`pielight.io.decode.decode` returns it, with the metadata of the file.
            quality: 1..100 for lossy formats; None keeps the source's own.

        Returns:
            What the user should know of how the file was read and written, or nothing.

        Raises:
            PictureError: A frame cannot be encoded.
        """


class Canvas:
    """What is seen while an animation runs."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._colors = np.zeros((height, width, 0), np.uint8)  # shape and type are those of the first frame
        self._alpha = np.zeros((height, width), np.uint8)

    def frame(self, number: int, picture: Picture, alpha: NDArray[Any] | None, control: FrameControl) -> Frame:
        """Draw a frame; regions that were cleared keep their last color.

        Args:
            number: Of the frame in its file, from 1.
            picture: The region, with pixels of shape (h, w, 1 or 3).
            alpha: Its opacity, (h, w); None is opaque.

        Raises:
            PictureError: It does not fit the canvas.

        >>> canvas, dark = Canvas(2, 1), Picture(np.full((1, 2, 1), 7, np.uint8), "L")
        >>> control = FrameControl(0, 0, 2, 1, True, Disposal.KEEP)
        >>> canvas.frame(1, dark, np.array([[255, 0]], np.uint8), control).displayed.tolist()
        [[[7], [7]]]
        """
        pixels, region = picture.pixels, control.region
        self._check(control, pixels)
        opaque = self._colors.copy()
        opaque[region] = pixels
        before = None
        if control.disposal is Disposal.RESTORE:
            before = self._colors[region].copy(), self._alpha[region].copy()
        if alpha is None or not control.blend:
            self._colors[region] = pixels
            self._alpha[region] = np.iinfo(pixels.dtype).max if alpha is None else alpha
        else:
            _blend(self._colors[region], self._alpha[region], pixels, alpha)
        displayed = self._colors.copy()
        if before is not None:
            self._colors[region], self._alpha[region] = before
        elif control.disposal is Disposal.CLEAR:
            self._alpha[region] = 0
        return Frame(opaque, picture, displayed, control, number)

    def _check(self, control: FrameControl, pixels: NDArray[Any]) -> None:
        if not self._colors.shape[2]:
            self._colors = np.zeros((self._height, self._width, pixels.shape[2]), pixels.dtype)
            self._alpha = self._alpha.astype(pixels.dtype)
        size = (control.height, control.width, self._colors.shape[2])
        is_inside = control.left + control.width <= self._width and control.top + control.height <= self._height
        if not is_inside or pixels.shape != size or pixels.dtype != self._colors.dtype:
            raise PictureError("damaged picture (a frame does not fit the canvas)")


def _blend(colors: NDArray[Any], opacity: NDArray[Any], pixels: NDArray[Any], alpha: NDArray[Any]) -> None:
    """Composite a frame over a region of the canvas, in place, by the "over" operator on plain (straight) opacity."""
    full = np.float32(np.iinfo(pixels.dtype).max)
    for strip in strips(alpha.shape):
        new = alpha[strip].astype(np.float32) / full
        old = opacity[strip].astype(np.float32) / full * (1 - new)
        whole = new + old
        share = np.where(whole > 0, new / np.where(whole > 0, whole, 1), 1)[..., np.newaxis]
        colors[strip] = np.rint(pixels[strip] * share + colors[strip] * (1 - share))
        opacity[strip] = np.rint(whole * full)


class CanvasFrames(Frames):
    """Frames that are drawn on a canvas, each of which is coded like a file of one picture."""

    _width: int
    _height: int

    @abstractmethod
    def _files(self) -> Iterator[tuple[bytes, FrameControl]]:
        """Yield each frame as a file, and where and how it is drawn."""

    def __iter__(self) -> Iterator[Frame]:
        """Decode one after the other, and draw it."""
        canvas = Canvas(self._width, self._height)
        for number, (data, control) in enumerate(self._files(), 1):
            name = f"{self._name}: frame {number}"
            picture = decode(data, name)
            alpha = picture.source.opacity() if isinstance(picture.source, Palette) else picture.alpha
            with errors_named(name):
                frame = canvas.frame(number, picture, alpha, control)
            yield frame

"""A decoded picture: its pixels, mode and metadata; from and to Pillow's images."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import is_same_memory
from pielight.core.strips import strips
from pielight.errors import PictureError
from pielight.io.color.cmyk import CmykPixels
from pielight.io.color.palette import Palette
from pielight.io.metadata.metadata import Metadata

_PLAIN = ("1", "L", "LA", "I;16", "RGB", "RGBA", "RGBX")
_SAMPLES = 1 << 16
_INVISIBLE = 2 / 255  # of full scale


@dataclass(frozen=True)
class Picture:
    """A decoded picture."""

    # uint8 or uint16 of shape (H, W, 1) or (H, W, 3), as stored, without EXIF orientation applied. It may be
    # a view that leaves out the last channel of a buffer
    pixels: NDArray[Any]
    # Pillow's name of its channels: 1, L, LA, I;16, P, RGB, RGBA, RGBX or CMYK; 16-bit modes that Pillow
    # lacks are called LA;16, LX;16, RGB;16, RGBA;16 and RGBX;16
    mode: str
    # opacity, of shape (H, W) and the type of the pixels, or None. In modes with an X, an unnamed channel
    alpha: NDArray[Any] | None = None
    format: str = "PNG"  # Pillow's name of its file format, or RAW
    metadata: Metadata = field(default_factory=Metadata)  # EXIF, color profile and others
    note: str = ""  # what the user should know about how it was read; may be empty
    # the palette or CMYK values from which a picture of mode P or CMYK is encoded again
    source: Palette | CmykPixels | None = None
    is_one_of_several: bool = False  # whether its file holds more pictures
    changed: bool = False  # whether it looks different from the thumbnails in its file


def from_image(image: Image.Image) -> Picture:
    """Convert a Pillow image to a picture.

    A transparent color of a gray or RGB image becomes an alpha channel, since the enhanced pixels of that color may
    differ from each other.

    Raises:
        PictureError: Its mode is not supported.

    >>> picture = from_image(Image.new("LA", (3, 2)))
    >>> picture.pixels.shape, picture.mode
    ((2, 3, 1), 'LA')
    """
    image.load()
    if image.mode == "P" or (image.mode == "L" and image.format == "GIF" and "transparency" in image.info):
        palette = Palette.of(image if image.mode == "P" else _with_palette(image))
        return Picture(palette.colors(), "P", source=palette)
    if image.mode == "CMYK":
        cmyk = CmykPixels(_values(image))
        return Picture(cmyk.light(), "CMYK", source=cmyk)
    if image.mode == "PA" or "transparency" in image.info:
        image = image.convert("LA" if image.mode in ("1", "L") else "RGBA")
    mode = "I;16" if image.mode.startswith("I;16") else image.mode
    if mode not in _PLAIN:
        raise PictureError(f"pictures of mode {mode} are not supported; convert it to RGB first")
    values = _values(image.convert("L") if mode == "1" else image)
    if mode in ("LA", "RGBA", "RGBX"):
        return Picture(values[..., :-1], mode, values[..., -1])
    return Picture(values, mode)


def to_image(picture: Picture) -> Image.Image:
    """Convert a picture to a Pillow image of its mode, or of mode RGBX where its RGB pixels are in such a buffer.

    Raises:
        PictureError: Pillow has no such mode.

    >>> to_image(Picture(np.zeros((2, 3, 1), np.uint8), "L")).size
    (3, 2)
    """
    if picture.source is not None:
        return picture.source.image(picture.pixels)
    values = interleaved(picture)
    if values.dtype == np.uint16:
        if values.shape[2] > 1:
            raise PictureError(f"Pillow has no mode {picture.mode}; save it as 16-bit PNG or TIFF")
        return Image.frombuffer("I;16", values.shape[1::-1], values, "raw", "I;16N", 0, 1)
    image = image_of(values, "RGBA" if picture.mode == "RGBA" else None)
    return image.convert("1", dither=Image.Dither.NONE) if picture.mode == "1" else image


def image_of(values: NDArray[np.uint8], mode: str | None = None) -> Image.Image:
    """Return interleaved channels of 8 bits as a Pillow image, which shares the memory of one or four channels.

    Args:
        values: (H, W, C), contiguous.
        mode: Pillow's name of the channels; None is L, LA, RGB or RGBX.

    >>> image_of(np.zeros((2, 3, 4), np.uint8)).mode
    'RGBX'
    """
    mode = mode or {1: "L", 2: "LA", 3: "RGB", 4: "RGBX"}[values.shape[2]]
    return Image.frombuffer(mode, values.shape[1::-1], values, "raw", mode, 0, 1)


def interleaved(picture: Picture) -> NDArray[Any]:
    """Return all channels in one array: without a copy where they are views of one buffer.

    >>> buffer = np.zeros((2, 3, 4), np.uint8)
    >>> interleaved(Picture(buffer[..., :3], "RGBA", buffer[..., 3])) is buffer
    True
    """
    pixels, alpha = picture.pixels, picture.alpha
    buffer = pixels.base
    if (
        isinstance(buffer, np.ndarray)
        and buffer.shape == (*pixels.shape[:2], pixels.shape[2] + 1)
        and buffer.flags.c_contiguous
        and buffer.dtype == pixels.dtype
        and is_same_memory(buffer[..., :-1], pixels)
        and (alpha is None or is_same_memory(buffer[..., -1], alpha))
    ):
        return buffer
    return np.ascontiguousarray(pixels) if alpha is None else np.dstack([pixels, alpha])


def _values(image: Image.Image) -> NDArray[Any]:
    """Copy a loaded image's pixels in strips, since Pillow makes a second copy of what is converted at once."""
    first = np.asarray(image.crop((0, 0, 1, 1)))
    channels = 1 if first.ndim == 2 else first.shape[2]
    dtype = np.uint16 if image.mode.startswith("I;16") else first.dtype  # in native byte order
    values = np.empty((image.height, image.width, channels), dtype)
    for strip in strips(values.shape):
        part = np.asarray(image.crop((0, strip.start, image.width, strip.stop)))
        values[strip] = part.reshape(values[strip].shape)
    return values


def _with_palette(image: Image.Image) -> Image.Image:
    colored = image.convert("P")
    colored.info = image.info
    return colored


def sample(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of evenly spaced pixels of a picture.

    >>> sample(np.zeros((3000, 4000, 3), np.uint8)).shape
    (231, 308, 3)
    """
    step = max(1, isqrt(pixels.shape[0] * pixels.shape[1] // _SAMPLES))
    return pixels[::step, ::step].copy()


def look_different(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Return whether samples of integers differ visibly.

    >>> look_different(np.array([7, 9], np.uint8), np.array([9, 8], np.uint8))
    False
    """
    largest = (np.maximum(one, other) - np.minimum(one, other)).max(initial=0)
    return bool(largest > _INVISIBLE * np.iinfo(one.dtype).max)

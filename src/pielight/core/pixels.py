"""Arrays of pixels: their types, scales and memory layout."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pielight.errors import OptionError

Pixels: TypeAlias = NDArray[Any]  # of one of the types below, which operations keep
_FULL_SCALE: dict[Any, float] = {
    np.dtype(np.uint8): 255.0,
    np.dtype(np.uint16): 65535.0,
    np.dtype(np.float32): 1.0,
    np.dtype(np.float64): 1.0,
}


def full_scale(dtype: np.dtype[Any]) -> float:
    """Return the value of full brightness in a type of pixels.

    Raises:
        OptionError: Pictures of this type are not supported.

    >>> full_scale(np.dtype(np.uint8))
    255.0
    """
    if not dtype.isnative and dtype.newbyteorder("=") in _FULL_SCALE:
        raise OptionError(f"pixels of type {dtype}: not in native byte order; use array.astype({dtype.name!r})")
    if dtype not in _FULL_SCALE:
        raise OptionError(f"pixels of type {dtype}: expected uint8, uint16, float32 or float64")
    return _FULL_SCALE[dtype]


def check_pixels(pixels: Pixels) -> None:
    """Check that an array is a picture: (H, W, 1 or 3), not empty, floats finite and in [0, 1].

    Raises:
        OptionError: It is not.

    >>> check_pixels(np.zeros((2, 3, 3), np.uint8))
    """
    full_scale(pixels.dtype)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise OptionError(f"pixels of shape {pixels.shape}: expected (height, width, 1 or 3)")
    if pixels.size == 0:
        raise OptionError(f"pixels of shape {pixels.shape}: the picture is empty")
    # The comparison is also False for NaN.
    if pixels.dtype.kind == "f" and not (pixels.min() >= 0.0 and pixels.max() <= 1.0):
        raise OptionError("float pixels must be finite and lie in [0, 1]; scale them first")


def is_regular(pixels: Pixels) -> bool:
    """Return whether the compiled loops can process an array: aligned, in native byte order, channels contiguous.

    >>> is_regular(np.zeros((2, 5, 4), np.uint8)[..., :3]), is_regular(np.zeros((3, 2, 5), np.uint8).T)
    (True, False)
    """
    size = pixels.itemsize
    return (
        pixels.flags.aligned
        and pixels.dtype.isnative
        and (pixels.strides[2] == size or pixels.shape[2] == 1)
        and not any(stride % size for stride in pixels.strides)
    )


def regular(pixels: Pixels) -> Pixels:
    """Return a picture that the compiled loops can process: itself, or a copy.

    >>> picture = np.zeros((2, 5, 3), np.uint16)
    >>> regular(picture) is picture, is_regular(regular(picture.transpose(1, 0, 2)[..., ::-1]))
    (True, True)
    """
    pixels = plain_order(pixels)
    return pixels if is_regular(pixels) else np.require(pixels, requirements=("C", "A"))


def is_same_memory(one: Pixels, other: Pixels) -> bool:
    """Return whether two arrays are the same pixels in memory.

    >>> picture = np.zeros((4, 5, 3))
    >>> is_same_memory(picture[:2], picture[:2]), is_same_memory(picture[:2], picture[1:3])
    (True, False)
    """
    return (one.ctypes.data, one.shape, one.strides) == (other.ctypes.data, other.shape, other.strides)


def plain_order(pixels: Pixels) -> Pixels:
    """Return a view without an explicit byte order, which is the native one: the compiled loops do not accept it."""
    return pixels.view(np.dtype(pixels.dtype.str)) if pixels.dtype.byteorder in "<>" else pixels


def over_channels(function: np.ufunc, values: NDArray[Any]) -> NDArray[Any]:
    """Reduce the channels of (..., C) to (..., 1), several times as fast as ``function.reduce`` does for three.

    >>> over_channels(np.maximum, np.array([[1, 5, 2]]))
    array([[5]])
    """
    result = values[..., :1]
    for channel in range(1, values.shape[-1]):
        result = function(result, values[..., channel : channel + 1])
    return result

"""Color primitives: the transfer curve of sRGB, BT.601 luma and the smooth step; for tensors, see ``color_torch``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LUMA_WEIGHTS = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)
# sRGB (IEC 61966-2-1): linear up to a limit, and a power with an offset above it.
SRGB_LIMIT, LINEAR_LIMIT, SRGB_SLOPE, SRGB_OFFSET, SRGB_GAMMA = 0.04045, 0.0031308, 12.92, 0.055, 2.4


def srgb_to_linear(srgb: NDArray[Any]) -> NDArray[Any]:
    """Convert sRGB values in [0, 1] to linear light: ``x / 12.92``, or ``((x + 0.055) / 1.055)^2.4`` above 0.04045.

    >>> srgb_to_linear(np.array([0.0, 0.5, 1.0])).round(4).tolist()
    [0.0, 0.214, 1.0]
    """
    power = ((srgb + SRGB_OFFSET) / (1 + SRGB_OFFSET)) ** SRGB_GAMMA
    return np.where(srgb <= SRGB_LIMIT, srgb / SRGB_SLOPE, power)


def srgb_to_linear_slope(srgb: NDArray[Any]) -> NDArray[Any]:
    """Return the derivative of :func:`srgb_to_linear`.

    >>> srgb_to_linear_slope(np.array([0.0, 1.0])).round(4).tolist()
    [0.0774, 2.2749]
    """
    base = (srgb + SRGB_OFFSET) / (1 + SRGB_OFFSET)
    return np.where(srgb <= SRGB_LIMIT, 1 / SRGB_SLOPE, SRGB_GAMMA / (1 + SRGB_OFFSET) * base ** (SRGB_GAMMA - 1))


def linear_to_srgb(linear: NDArray[Any]) -> NDArray[Any]:
    """Convert linear light in [0, 1] to sRGB values, the inverse of :func:`srgb_to_linear`.

    >>> bool(np.allclose(srgb_to_linear(linear_to_srgb(np.linspace(0, 1, 9))), np.linspace(0, 1, 9)))
    True
    """
    power = (1 + SRGB_OFFSET) * linear ** (1 / SRGB_GAMMA) - SRGB_OFFSET
    return np.where(linear <= LINEAR_LIMIT, linear * SRGB_SLOPE, power)


def luma(pixels: NDArray[Any], dtype: type[np.floating[Any]] = np.float64) -> NDArray[Any]:
    """Return the luma (H, W) of pixels (H, W, 3) in their own range.

    >>> luma(np.array([[[100, 0, 0]]], np.uint8)).round(1).tolist()
    [[29.9]]
    """
    result: NDArray[Any] = pixels @ np.array(LUMA_WEIGHTS, dtype)
    return result


def smooth_step(values: Any, low: float, high: float) -> Any:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``: ``3 t^2 - 2 t^3``; floats and arrays keep their type.

    >>> smooth_step(np.array([0.0, 0.5, 1.0]), 0.25, 0.75).tolist()
    [0.0, 0.5, 1.0]
    """
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)

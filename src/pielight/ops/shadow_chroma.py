"""How much of its color a shadow keeps, by what a camera knows of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import srgb_to_linear
from pielight.core.pixels import over_channels
from pielight.ops.noise import Noise

BLACK_LEVEL = 1.5 / 255 / 12.92  # how far a channel's black may be off in linear light: a level and a half of 8 bits
_NOISE = 2 / 3  # of the standard deviation of the noise, which clipping at black turns into a cast
_SATURATION = 1 / 3  # standard deviation of the colors of things, as a share of their light
_ROWS = 64  # of cells at a time, which bounds the memory of temporary arrays


def chroma_share(means: NDArray[Any], noise: Noise) -> NDArray[np.float32]:
    """Return what share of its chroma each part of a picture is to keep.

    Cameras subtract a black level that is off by a little, differently in each channel, multiply by the white balance
    and clip at 0: shadows come out green, olive or purple. The Wiener filter for a color of the standard deviation
    L / 3, L the linear light of the brightest channel, keeps ``(L / 3)^2 / ((L / 3)^2 + s^2)`` of it, with an error of
    the variance ``s^2 = b^2 + 4/9 (a L + r)``: b of the black level, a and r the shot and read noise.

    Args:
        means: Local means of the input, sRGB in [0, 1], (h, w, 3).
        noise: Of the input.

    Returns:
        float32 (h, w, 1) in [0, 1].

    >>> quiet = Noise(np.zeros(3), np.zeros(3))
    >>> grays = np.array([1, 3, 30])[:, np.newaxis, np.newaxis].repeat(3, 2) / 255
    >>> chroma_share(grays, quiet)[:, 0, 0].astype(float).round(2).tolist()
    [0.05, 0.31, 0.99]
    """
    result = np.empty((*means.shape[:2], 1), np.float32)
    for top in range(0, len(means), _ROWS):
        light = srgb_to_linear(means[top : top + _ROWS])
        grain = over_channels(np.add, noise.shot * light + noise.read) / light.shape[2]
        variance = BLACK_LEVEL**2 + _NOISE**2 * grain
        signal = np.square(_SATURATION * over_channels(np.maximum, light))
        result[top : top + _ROWS] = signal / (signal + variance)
    return result

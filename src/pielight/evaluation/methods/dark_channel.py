"""The dark channel prior: dehazing by the observation that some channel is dark in most patches without haze."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from pielight.evaluation.methods.classic import guided_filter
from pielight.evaluation.methods.spec import without_settings
from pielight.io.load_rgb import Pixels

Floats = NDArray[np.float64]
PATCH, KEPT, LEAST = 15, 0.95, 0.1  # as the authors set them
_RADIUS, _SMOOTH = 40, 1e-3  # of the guided filter that takes the place of their matting


def dark_channel_prior(pixels: Pixels) -> Pixels:
    """Clear a hazy picture, ``J = (I - A) / max(t, 0.1) + A`` with ``t = 1 - 0.95 dark(I / A)``.

    CVPR 2009 and PAMI 2011; t is refined by the guided filter (PAMI 2013), as its authors do later.

    Args:
        pixels: I, ``(H, W, 3)`` uint8.

    >>> dark_channel_prior(np.full((32, 32, 3), 128, np.uint8)).shape
    (32, 32, 3)
    """
    light = pixels / 255.0
    air = airlight(light)
    passed = 1 - KEPT * dark_channel(light / air)
    passed = guided_filter(light.mean(axis=2), passed, _RADIUS, _SMOOTH)
    clear = (light - air) / np.maximum(passed, LEAST)[..., np.newaxis] + air
    result: Pixels = np.rint(255 * clear.clip(0, 1)).astype(np.uint8)
    return result


def dark_channel(light: Floats) -> Floats:
    """Return the least channel within 15 x 15 pixels (eq. 5)."""
    result: Floats = minimum_filter(light.min(axis=2), size=PATCH, mode="nearest")
    return result


def airlight(light: Floats) -> Any:
    """Return the brightest of the 0.1 % of pixels with the brightest dark channel (section 4.3), ``(3,)``."""
    dark = dark_channel(light).ravel()
    count = max(1, dark.size // 1000)
    haziest = light.reshape(-1, 3)[np.argpartition(dark, -count)[-count:]]
    return np.maximum(haziest[haziest.sum(axis=1).argmax()], 1 / 255)


DCP = without_settings("dcp", dark_channel_prior)

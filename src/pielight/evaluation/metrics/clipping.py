"""Clipping: how much of a picture lost its detail at the bright end."""

from __future__ import annotations

import numpy as np

from pielight.evaluation.metric_spec import INPUT, PictureMetric, Pixels
from pielight.evaluation.metrics.tone import lightness

_CLIPPED = 254


def clipped(pixels: Pixels, source: Pixels) -> float:
    """Return the share of pixels that a method clips: with a channel >= 254 in the result, less that of the input.

    In [-1, 1]; 0 is a method that clips no more than the camera did, below 0 one that darkens; lower is better.

    Args:
        pixels: ``(H, W, 3)`` uint8.
        source: The input, of the same shape.

    >>> clipped(np.full((2, 2, 3), 255, np.uint8), np.zeros((2, 2, 3), np.uint8))
    1.0
    """
    return float(_share(pixels) - _share(source))


def _share(pixels: Pixels) -> float:
    """Return the share of pixels with a channel >= 254."""
    return float((lightness(pixels) >= _CLIPPED).mean(dtype=np.float64))


CLIPPED = PictureMetric(
    "clipped", "Share of clipped pixels, less that of the input",
    "share(max(R, G, B) >= 254) of the result - that of the input", "pielight", clipped, needs=INPUT,
    higher_is_better=False, unit="share", low=-1.0, high=1.0,
)  # fmt: skip

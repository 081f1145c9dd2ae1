"""CMYK as reflected light that can be enhanced, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.strips import strips


@dataclass(frozen=True)
class CmykPixels:
    """Cyan, magenta, yellow and black of each pixel."""

    amounts: NDArray[np.uint8]  # uint8 of shape (H, W, 4)

    def light(self) -> NDArray[np.uint16]:
        """Return the light that paper with these amounts of ink reflects, in the simplest model: R = (1 - C)(1 - K).

        16 bits, since dark colors of much black have few levels left in 8.

        >>> CmykPixels(np.array([[[0, 255, 0, 0]]], np.uint8)).light().tolist()
        [[[65535, 0, 65535]]]
        """
        light = np.empty((*self.amounts.shape[:2], 3), np.uint16)
        for strip in strips(light.shape):
            light[strip] = _light(self.amounts[strip])
        return light

    def image(self, light: NDArray[Any]) -> Image.Image:
        """Make the CMYK image that reflects ``light``: K' = min(K, 1 - max(RGB)), C' = 1 - R / (1 - K').

        Pixels whose light did not change keep their values.

        Args:
            light: uint16 of shape (H, W, 3).
        """
        result = np.empty_like(self.amounts)
        for strip in strips(light.shape):
            before, wanted = self.amounts[strip], light[strip].astype(np.float32) / 65535
            free = 1 - wanted.max(axis=2)
            black = np.minimum(before[..., 3], np.floor(free * 255 + 1e-3).astype(np.uint8))
            paper = np.maximum(255 - black.astype(np.float32), 1)[..., np.newaxis] / 255
            colors = np.rint(255 * (1 - np.minimum(wanted / paper, 1))).astype(np.uint8)
            converted = np.dstack([colors, black])
            same = (_light(before) == light[strip]).all(axis=2)
            result[strip] = np.where(same[..., np.newaxis], before, converted)
        height, width = result.shape[:2]
        return Image.frombuffer("CMYK", (width, height), result, "raw", "CMYK", 0, 1)


def _light(cmyk: NDArray[np.uint8]) -> NDArray[np.uint16]:
    paper = 255 - cmyk.astype(np.uint32)
    light: NDArray[np.uint16] = ((paper[..., :3] * paper[..., 3:] * 257 + 127) // 255).astype(np.uint16)
    return light

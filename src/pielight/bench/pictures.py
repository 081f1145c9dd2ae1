"""Pictures to measure with."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_QUALITY = 92


def picture(width: int, height: int, seed: int = 0, noise: float = 5.0) -> NDArray[np.uint8]:
    """Make a dark picture with detail at every size and some noise: 2 bits a pixel as JPEG, as photos have.

    One tile is drawn and repeated. The noise is a standard deviation in levels; at 0, a denoiser finds none.

    >>> picture(30, 20).shape
    (20, 30, 3)
    """
    rng = np.random.default_rng(seed)
    side = 1000
    tile = np.zeros((side, side, 3), np.float32)
    cells = 4
    while cells <= side:
        grain = Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        layer = np.asarray(grain.resize((side, side), Image.Resampling.BICUBIC), np.float32)
        tile += (layer - 128) / cells**0.6
        cells *= 2
    tile = 35 + 0.8 * tile + noise * rng.standard_normal(tile.shape, np.float32)
    dark = np.clip(tile, 0, 255).astype(np.uint8)
    repeats = (-(-height // side), -(-width // side), 1)
    return np.tile(dark, repeats)[:height, :width].copy()


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a picture as JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()

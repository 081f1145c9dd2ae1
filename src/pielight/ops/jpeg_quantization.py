"""How coarsely JPEG rounded a picture, read from the pixels themselves, and what noise that is in smooth parts."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import luma
from pielight.core.pixels import Pixels

_BLOCK = 8
_LUMA = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip
_CHROMA = np.full((_BLOCK, _BLOCK), 99)
_CHROMA[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
_LOW = (
    4,
    3,
)  # coefficients of luma and chroma along each side that smooth parts have; rounding others takes texture only
_OF_CB, _OF_CR = np.array([0, 0.344136, 1.772]), np.array([1.402, 0.714136, 0])  # in red, green and blue
_BLOCKS = 16  # along each side of the picture, at most
_FREQUENCIES = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0))  # whose steps are looked for
_STEPS = np.arange(2, 41)  # of a coefficient; rounding to 8 bits hides steps of 1
_FEW = 24  # coefficients that tell nothing
_ALIKE = 0.55  # mean of cos(2 pi c / q) from which coefficients c are taken for multiples of q
_AGREE = 3  # frequencies with a step, of which chance makes one at most


def standard_tables(scale: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the steps of luma and chroma, (8, 8) each: those of ITU-T T.81, annex K, times a scale, as libjpeg's are.

    >>> [int(table[0, 0]) for table in standard_tables(quality_scale(75))]
    [8, 9]
    """
    luma_table, chroma_table = (np.clip(np.floor(table * scale + 0.5), 1, 255) for table in (_LUMA, _CHROMA))
    return luma_table, chroma_table


def quality_scale(quality: float) -> float:
    """Return the scale of the tables at libjpeg's quality from 1 to 100.

    >>> [quality_scale(quality) for quality in (25, 50, 75)]
    [2.0, 1.0, 0.5]
    """
    return 50 / quality if quality < 50 else 2 - quality / 50


def quantization_sigma(scale: float) -> NDArray[np.float32]:
    """Return the standard deviation of the noise that JPEG's rounding makes in smooth parts.

    A coefficient of the orthonormal DCT that is rounded to multiples of q has an error of variance q^2 / 12, which
    spreads over the 64 pixels of its block: ``s^2 = sum q^2 / (12 * 64)`` over the lowest frequencies, 4 x 4 of luma
    and 3 x 3 of chroma. Luma's goes to all channels, chroma's by the conversion from YCbCr.

    Args:
        scale: Of the :func:`standard_tables`.

    Returns:
        float32 (3,) of red, green and blue, in units of full scale.

    >>> (quantization_sigma(0.5).astype(float) * 255).round(1).tolist()
    [2.5, 1.7, 3.0]
    """
    tables = zip(standard_tables(scale), _LOW, strict=True)
    of_luma, of_chroma = (np.square(table[:low, :low]).sum() / (12 * _BLOCK**2) for table, low in tables)
    variance = of_luma + of_chroma * (_OF_CB**2 + _OF_CR**2)
    sigma: NDArray[np.float32] = (np.sqrt(variance) / 255).astype(np.float32)
    return sigma


def find_quantization(pixels: Pixels) -> float | None:
    """Find the scale of the quantization tables of a picture that was decoded from JPEG.

    The coefficients c of a block's DCT are multiples of their step q: ``mean cos(2 pi c / q)`` over those beyond q / 2
    is near 1 for q and its divisors, and near 0 for others (after Fan and de Queiroz, IEEE TIP 2003). The greatest such
    q of six low frequencies against the standard tables give the scale, by their median. Sees at most 16 x 16 blocks.

    Differs from a look into the file: arrays have none, and a picture that was resized after JPEG has no such steps
    any more. Blocks are looked for from each corner, since turned pictures begin at another one.

    Args:
        pixels: (H, W, 1 or 3).

    Returns:
        The scale, or None: not of 8 bits, not from JPEG, of too fine steps, or no longer on its grid.

    >>> find_quantization(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    """
    height, width = pixels.shape[:2]
    if pixels.dtype != np.uint8 or min(height, width) < 2 * _BLOCK:
        return None
    for top, left in product({0, height % _BLOCK}, {0, width % _BLOCK}):
        blocks = _blocks(pixels[top:, left:])
        found = [_step(blocks[:, u, v]) / _LUMA[u, v] for u, v in _FREQUENCIES]
        steps = [each for each in found if each]
        if len(steps) >= _AGREE:
            return float(np.median(steps))
    return None


def _blocks(pixels: Pixels) -> NDArray[np.float32]:
    """Return the DCT (n, 8, 8) of the luma of blocks that are spread over a picture."""
    tops, lefts = (
        _BLOCK * np.linspace(0, side // _BLOCK - 1, min(_BLOCKS, side // _BLOCK)).astype(int)
        for side in pixels.shape[:2]
    )
    blocks = np.stack([pixels[top : top + _BLOCK, left : left + _BLOCK] for top in tops for left in lefts])
    values = luma(blocks.astype(np.float32), np.float32) if pixels.shape[2] == 3 else blocks[..., 0].astype(np.float32)
    result: NDArray[np.float32] = _DCT @ (values - np.float32(128)) @ _DCT.T
    return result


def _step(coefficients: NDArray[np.float32]) -> float:
    """Return the greatest step that coefficients (n,) are multiples of, or 0."""
    size = np.abs(coefficients)[:, np.newaxis]
    counted = size > _STEPS / 2
    number = counted.sum(0)
    alike = (np.cos(size * (2 * np.pi / _STEPS).astype(np.float32)) * counted).sum(0) / np.maximum(number, 1)
    fitting = _STEPS[(alike > _ALIKE) & (number >= _FEW)]
    return float(fitting[-1]) if len(fitting) else 0.0


def _dct() -> NDArray[np.float32]:
    """Return the orthonormal DCT-II of 8 values as a matrix."""
    frequency, place = np.mgrid[:_BLOCK, :_BLOCK]
    matrix = np.cos((2 * place + 1) * frequency * np.pi / (2 * _BLOCK)) * np.sqrt(2 / _BLOCK)
    matrix[0] /= np.sqrt(2)
    result: NDArray[np.float32] = matrix.astype(np.float32)
    return result


_DCT = _dct()

"""How coarsely JPEG rounded a picture, read from the picture itself, and what noise that is in its smooth parts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
_LOW = 4, 3  # coefficients of luma and chroma along each side that smooth parts have; rounding others takes texture only
_OF_CB, _OF_CR = np.array([0, 0.344136, 1.772]), np.array([1.402, 0.714136, 0])  # in red, green and blue


def standard_tables(quality: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the steps of luma and chroma, (8, 8) each, of libjpeg's quality from 1 to 100 (ITU-T T.81, annex K).

    >>> [int(table[0, 0]) for table in standard_tables(75)]
    [8, 9]
    """
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    luma, chroma = (np.clip(np.floor((table * scale + 50) / 100), 1, 255) for table in (_LUMA, _CHROMA))
    return luma, chroma


def quantization_sigma(quality: float) -> NDArray[np.float32]:
    """Return the standard deviation of the noise that JPEG's rounding makes in smooth parts.

    A coefficient of the orthonormal DCT that is rounded to multiples of q has an error of variance q^2 / 12, which
    spreads over the 64 pixels of its block: ``s^2 = sum q^2 / (12 * 64)`` over the lowest frequencies, 4 x 4 of luma and
    3 x 3 of chroma. Luma's goes to all channels, chroma's by the conversion from YCbCr.

    Returns:
        float32 (3,) of red, green and blue, in units of full scale.

    >>> (quantization_sigma(75).astype(float) * 255).round(1).tolist()
    [2.5, 1.7, 3.0]
    """
    tables = zip(standard_tables(quality), _LOW, strict=True)
    luma, chroma = (np.square(table[:low, :low]).sum() / (12 * _BLOCK**2) for table, low in tables)
    variance = luma + chroma * (_OF_CB**2 + _OF_CR**2)
    return (np.sqrt(variance) / 255).astype(np.float32)

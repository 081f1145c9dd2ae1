"""CIE L*a*b* under D50, as TIFF codes it, converted to sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb
from pielight.core.strips import strips

_D50 = np.array([0.9642, 1.0, 0.8249], np.float32)
_TO_RGB = np.array(  # XYZ of D50 to linear sRGB, adapted after Bradford
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]],
    np.float32,
)
_DARK, _SLOPE, _OFFSET = 6 / 29, 108 / 841, 4 / 29


def lab_to_srgb(values: NDArray[Any], icc_coding: bool) -> NDArray[Any]:
    """Convert L*a*b* to sRGB; colors out of gamut are clipped.

    Args:
        values: uint8 or uint16 of shape (H, W, 3).
        icc_coding: a* and b* have an offset, as in ICCLab, and no sign, as in CIELab.

    >>> lab_to_srgb(np.array([[[255, 0, 0], [0, 0, 0]]], np.uint8), icc_coding=False).tolist()
    [[[255, 255, 255], [0, 0, 0]]]
    """
    most = np.iinfo(values.dtype).max
    whole = 65_280 if icc_coding and most > 255 else most  # code of L* = 100
    step = (most + 1) // 256
    result = np.empty(values.shape, values.dtype)
    for strip in strips(values.shape):
        part = values[strip]
        lightness = part[..., 0].astype(np.float32) * (100 / whole)
        if icc_coding:
            chroma = part[..., 1:].astype(np.float32) / step - 128
        else:
            chroma = part[..., 1:].view(np.dtype(f"i{values.dtype.itemsize}")).astype(np.float32) / step
        up = (lightness + 16) / 116
        roots = np.stack([up + chroma[..., 0] / 500, up, up - chroma[..., 1] / 200], axis=-1)
        xyz = np.where(roots > _DARK, roots**3, _SLOPE * (roots - _OFFSET)) * _D50
        linear = np.clip(xyz @ _TO_RGB.T, 0, 1)
        result[strip] = np.rint(linear_to_srgb(linear) * most)
    return result

"""Color difference from a reference, as eyes see it."""

from __future__ import annotations

import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from pielight.evaluation.metric_spec import REFERENCE, PictureMetric, Pixels


def ciede2000(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean CIEDE2000 color difference; 1 is just noticeable, 0 is equal, lower is better.

    ``sqrt((dL'/SL)^2 + (dC'/SC)^2 + (dH'/SH)^2 + RT dC' dH' / (SC SH))`` of CIELAB under D65 (Sharma, Wu and Dalal,
    CR&A 2005), averaged over pixels.

    Args:
        pixels: ``(H, W, 3)`` uint8 in sRGB.
        reference: The same shape.

    >>> black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    >>> round(ciede2000(black, white), 2)
    100.0
    """
    first, second = (rgb2lab(p.astype(np.float32) / 255) for p in (reference, pixels))
    return float(deltaE_ciede2000(first, second).mean(dtype=np.float64))


CIEDE2000 = PictureMetric(
    "ciede2000", "Color difference CIEDE2000",
    "mean of sqrt((dL'/SL)^2 + (dC'/SC)^2 + (dH'/SH)^2 + RT dC' dH' / (SC SH))",
    "Sharma, Wu and Dalal, CR&A 2005; scikit-image", ciede2000, needs=REFERENCE, higher_is_better=False, unit="dE00",
)  # fmt: skip

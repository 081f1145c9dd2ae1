"""Structure: whether local means, contrasts and patterns are those of the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from skimage.metrics import structural_similarity

from pielight.core.color import luma
from pielight.evaluation.metric_spec import REFERENCE, PictureMetric, Pixels, at_least

_WINDOW = 11
_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SMALLEST = (_WINDOW - 1) * 2 ** (len(_WEIGHTS) - 1) + 1
_NO_LUMINANCE = 1e6  # as K1, makes the luminance term of SSIM 1


def ssim(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean structural similarity, in [-1, 1]; higher is better.

    ``(2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2))`` under a Gaussian window of sigma 1.5,
    K1 = 0.01, K2 = 0.03 (Wang et al., TIP 2004), averaged over R, G and B.

    Args:
        pixels: ``(H, W, 3)`` uint8, or ``(H, W)`` for SSIM on gray levels; both sides >= 11.
        reference: The same shape.

    Raises:
        DataError: if a side is shorter than 11.

    >>> ssim(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8))
    1.0
    """
    at_least(_WINDOW, "SSIM", pixels)
    return _similarity(pixels, reference, 0.01)


def ssim_gray(pixels: Pixels, reference: Pixels) -> float:
    """Return the :func:`ssim` of BT.601 gray levels, rounded to 8 bits, as many papers report it.

    >>> ssim_gray(np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16, 3), np.uint8))
    1.0
    """
    return ssim(_gray(pixels), _gray(reference))


def ms_ssim(pixels: Pixels, reference: Pixels) -> float:
    """Return the multi-scale structural similarity of gray levels, in [0, 1], as it was published; higher is better.

    ``prod_j mean(cs_j)^w_j * mean(ssim_5)^w_5`` with ``cs`` the contrast and structure terms of SSIM at scale j, each
    scale the mean of 2 x 2 pixels of the one before, and w = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333 (Wang, Simoncelli
    and Bovik, Asilomar 2003), a negative mean counting as 0; of BT.601 gray levels, rounded to 8 bits. Pictures are
    ``(H, W, 3)`` uint8, with both sides >= 161 (else DataError).

    >>> ms_ssim(np.zeros((170, 170, 3), np.uint8), np.zeros((170, 170, 3), np.uint8))
    1.0
    """
    at_least(_SMALLEST, "MS-SSIM", pixels)
    return _multi_scale(_gray(pixels), _gray(reference))


def ms_ssim_rgb(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean of the multi-scale structural similarities of R, G and B, by the terms of :func:`ms_ssim`.

    Noise in color weighs much more in it than in that of gray levels, which papers report.

    >>> ms_ssim_rgb(np.zeros((170, 170, 3), np.uint8), np.zeros((170, 170, 3), np.uint8))
    1.0
    """
    at_least(_SMALLEST, "MS-SSIM", pixels)
    return float(np.mean([_multi_scale(pixels[..., channel], reference[..., channel]) for channel in range(3)]))


def _multi_scale(x: Any, y: Any) -> float:
    """Return the product over the scales of two planes ``(H, W)`` of 8-bit levels."""
    value = 1.0
    for weight in _WEIGHTS[:-1]:
        value *= max(_similarity(x, y, _NO_LUMINANCE), 0.0) ** weight
        x, y = _halved(x), _halved(y)
    return float(value * max(_similarity(x, y, 0.01), 0.0) ** _WEIGHTS[-1])


def _similarity(x: Any, y: Any, luminance: float) -> float:
    """Return scikit-image's SSIM of 8-bit levels, with a given K1; single precision, as its error is below 1e-5."""
    value = float(
        structural_similarity(
            y.astype(np.float32),
            x.astype(np.float32),
            data_range=255,
            channel_axis=2 if x.ndim == 3 else None,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            K1=luminance,
        )
    )
    return min(value, 1.0)  # which rounding may exceed


def _halved(plane: Any) -> Any:
    """Return means of 2 x 2 values; an odd last row or column is repeated."""
    height, width = plane.shape
    even = np.pad(plane.astype(np.float32), ((0, height % 2), (0, width % 2)), mode="edge")
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def _gray(pixels: Pixels) -> Pixels:
    """Return BT.601 gray levels ``(H, W)`` uint8."""
    return luma(pixels).round().astype(np.uint8)


_GRAY_OR_RGB = "Papers report {} of gray levels or of R, G and B; the two do not compare."
SSIM = PictureMetric(
    "ssim", "Structural similarity",
    "mean of (2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2)), averaged over R, G and B",
    "Wang et al., TIP 2004; scikit-image", ssim, needs=REFERENCE, higher_is_better=True, low=-1.0, high=1.0,
    note=_GRAY_OR_RGB.format("SSIM"),
)  # fmt: skip
SSIM_GRAY = replace(
    SSIM, name="ssim-gray", title="Structural similarity of gray levels", formula="SSIM of 0.299 R + 0.587 G + 0.114 B",
    function=ssim_gray,
)  # fmt: skip
MS_SSIM = replace(
    SSIM, name="ms-ssim", title="Multi-scale structural similarity",
    formula="product over 5 scales of mean(contrast x structure)^w, luminance at the last; of BT.601 gray levels",
    source="Wang, Simoncelli and Bovik, Asilomar 2003; SSIM of each scale by scikit-image", low=0.0, function=ms_ssim,
    note="Of gray levels, as published and as its authors' code computes it.",
)  # fmt: skip
MS_SSIM_RGB = replace(
    MS_SSIM, name="ms-ssim-rgb", title="Multi-scale structural similarity of R, G and B",
    formula="MS-SSIM of R, of G and of B, averaged",
    source="Wang, Simoncelli and Bovik, Asilomar 2003, of each channel; SSIM of each scale by scikit-image",
    function=ms_ssim_rgb,
    note="Noise in color weighs much more in it than in ms-ssim; the two do not compare.",
)  # fmt: skip

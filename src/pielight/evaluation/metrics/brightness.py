"""Brightness: of what was dark, and against a reference: how far off, and how much that differs over pictures."""

from __future__ import annotations

import numpy as np

from pielight.evaluation.metric_spec import INPUT, REFERENCE, PictureMetric, Pixels


def brightness_error(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean of the result less that of the reference, over R, G and B in [0, 1]; 0 is best.

    >>> brightness_error(np.full((2, 2, 3), 102, np.uint8), np.full((2, 2, 3), 51, np.uint8))
    0.2
    """
    return float((pixels.mean() - reference.mean()) / 255)


def dark30(pixels: Pixels, source: Pixels) -> float:
    """Return the brightness, in [0, 1], that the darkest 30 % of the input's pixels have in the result.

    By the mean of R, G and B; pixels as dark as the last of them count, too.

    >>> dark = np.repeat(np.arange(10, dtype=np.uint8)[:, None, None], 3, 2)
    >>> dark30(dark * 51, dark) * 255
    51.0
    """
    gray = source.mean(axis=2)
    return float(pixels.mean(axis=2)[gray <= np.quantile(gray, 0.3)].mean() / 255)


DARK30 = PictureMetric(
    "dark30", "Brightness of the input's darkest 30 %",
    "mean of (R + G + B) / 3 where the input's is <= its 30 % quantile", "pielight", dark30,
    needs=INPUT, higher_is_better=None, high=1.0,
)  # fmt: skip
BRIGHTNESS_ERROR = PictureMetric(
    "brightness-error", "Mean brightness less that of the reference; 0 is best", "mean(x) - mean(y), of 0 to 1",
    "pielight", brightness_error, needs=REFERENCE, higher_is_better=None, low=-1.0, high=1.0,
)  # fmt: skip
BRIGHTNESS_SPREAD = PictureMetric(
    "brightness-spread", "Standard deviation of the error of brightness over the pictures",
    "sqrt(sum_i (e_i - mean(e))^2 / (n - 1)), e_i = mean(x_i) - mean(y_i)", "pielight", brightness_error,
    needs=REFERENCE, higher_is_better=False, low=-1.0, high=1.0, is_spread=True,
    note="Of one picture, `brightness-error`. A method that is too dark by the same everywhere has 0: that "
         "is a matter of taste; what differs from picture to picture is error.",
)  # fmt: skip

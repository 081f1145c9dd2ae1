"""Brightness against a reference: how far off it is, and how much that differs from picture to picture."""

from __future__ import annotations

from pielight.evaluation.metric_spec import REFERENCE, PictureMetric, Pixels


def brightness_error(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean of the result less that of the reference, over R, G and B in [0, 1]; 0 is best.

    >>> import numpy as np
    >>> brightness_error(np.full((2, 2, 3), 102, np.uint8), np.full((2, 2, 3), 51, np.uint8))
    0.2
    """
    return float((pixels.mean() - reference.mean()) / 255)


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

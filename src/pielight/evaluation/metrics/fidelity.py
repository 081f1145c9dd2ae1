"""Fidelity: how near a picture comes to a reference, or stays to its input, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
from skimage.metrics import peak_signal_noise_ratio

from pielight.evaluation.metric_spec import INPUT, REFERENCE, PictureMetric, Pixels

_UNTOUCHED = 60.0


def psnr(pixels: Pixels, reference: Pixels) -> float:
    """Return the peak signal-to-noise ratio in dB, ``10 log10(255^2 / MSE)`` over all channels; higher is better.

    Equal pictures give infinity. Nothing is rescaled to the reference's mean.

    >>> round(psnr(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)), 2)
    0.0
    """
    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(reference, pixels, data_range=255))


def mae(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean absolute error ``mean |x - y|`` in levels, in [0, 255]; lower is better.

    >>> mae(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 7, np.uint8))
    7.0
    """
    return float(np.abs(np.subtract(pixels, reference, dtype=np.int16)).mean())


def unchanged(pixels: Pixels, source: Pixels) -> float:
    """Return how little a picture was changed: PSNR to its own input in dB, at most 60; higher is better.

    Meant for pictures that are well exposed already, of which a method should change nothing. The bound keeps means
    finite: 60 dB is less than the error of rounding to 8 bits.

    >>> unchanged(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8))
    60.0
    """
    return min(psnr(pixels, source), _UNTOUCHED)


PSNR = PictureMetric(
    "psnr", "Peak signal-to-noise ratio", "10 log10(255^2 / MSE), MSE over R, G and B", "scikit-image", psnr,
    needs=REFERENCE, higher_is_better=True, unit="dB", high=math.inf,
    note="Infinite for equal pictures.",
)  # fmt: skip
MAE = PictureMetric(
    "mae", "Mean absolute error", "mean |x - y| over R, G and B", "definition", mae, needs=REFERENCE,
    higher_is_better=False, unit="levels", high=255.0,
)  # fmt: skip
UNCHANGED = PictureMetric(
    "unchanged", "Nearness to the input, for well-exposed pictures", "min(60, PSNR(result, input))",
    "pielight; PSNR by scikit-image", unchanged, needs=INPUT, higher_is_better=True, unit="dB", high=_UNTOUCHED,
    note="Stops at 60 dB, so that means stay finite; meant for pictures that are well exposed already.",
)  # fmt: skip

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

    Args:
        pixels: ``(H, W, 3)`` uint8.
        reference: The same shape.

    >>> round(psnr(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)), 2)
    0.0
    """
    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(reference, pixels, data_range=255))


def mae(pixels: Pixels, reference: Pixels) -> float:
    """Return the mean absolute error ``mean |x - y|`` in levels, in [0, 255]; lower is better.

    Args:
        pixels: ``(H, W, 3)`` uint8.
        reference: The same shape.

    >>> mae(np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 7, np.uint8))
    7.0
    """
    return float(np.abs(np.subtract(pixels, reference, dtype=np.int16)).mean())


def unchanged(pixels: Pixels, source: Pixels) -> float:
    """Return how little a picture was changed: PSNR to its own input in dB, at most 60; higher is better.

    Meant for pictures that are well exposed already, of which a method should change nothing. The bound keeps means
    finite: 60 dB is less than the error of rounding to 8 bits.

    Args:
        pixels: ``(H, W, 3)`` uint8.
        source: The input, of the same shape.

    >>> unchanged(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8, 3), np.uint8))
    60.0
    """
    return min(psnr(pixels, source), _UNTOUCHED)


PSNR = PictureMetric(
    name="psnr",
    title="Peak signal-to-noise ratio",
    formula="10 log10(255^2 / MSE), MSE over R, G and B",
    source="scikit-image",
    unit="dB",
    higher_is_better=True,
    high=math.inf,
    needs=REFERENCE,
    function=psnr,
    note="Infinite for equal pictures.",
)
MAE = PictureMetric(
    name="mae",
    title="Mean absolute error",
    formula="mean |x - y| over R, G and B",
    source="definition",
    unit="levels",
    higher_is_better=False,
    high=255.0,
    needs=REFERENCE,
    function=mae,
)
UNCHANGED = PictureMetric(
    name="unchanged",
    title="Nearness to the input, for well-exposed pictures",
    formula="min(60, PSNR(result, input))",
    source="pielight; PSNR by scikit-image",
    unit="dB",
    higher_is_better=True,
    high=_UNTOUCHED,
    needs=INPUT,
    function=unchanged,
    note="Stops at 60 dB, so that means stay finite; meant for pictures that are well exposed already.",
)

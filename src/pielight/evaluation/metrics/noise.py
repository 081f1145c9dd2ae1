"""Noise: how much grainier flat areas become than brightening alone makes them."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import correlate1d, gaussian_gradient_magnitude

from pielight.core.color import luma
from pielight.evaluation.metric_spec import INPUT, Floats, PictureMetric, Pixels, at_least

_BLOCK = 16
_FLATTEST = 0.25
_SMOOTHING = 2.5
_LEAST_NOISE, _LEAST_LIGHT, _MOST_LIGHT = 0.1, 2.0, 250.0


def noise_gain(pixels: Pixels, source: Pixels) -> float:
    """Return how much the relative noise of flat areas grew: 1 is pure scaling, less is denoised, lower is better.

    The median over flat blocks of ``(s_result / m_result) / (s_input / m_input)``, with m the mean luma of a block of
    16 x 16 pixels and s its noise by Immerkaer's operator (CVIU 1996): the root mean square of luma under the mask
    ``[1 -2 1; -2 4 -2; 1 -2 1] / 6``, which ignores whatever is locally a plane. As the mean is divided out, giving
    the same method without its denoising as ``source`` compares both at one brightness. A curve that compresses what
    it lifts (gamma) gives less than 1 by itself, namely its local exponent.

    Flat is the quarter of the usable blocks whose smoothed input (sigma 2.5, so that noise does not choose) rises least
    against its mean; usable are those with noise of 0.1 level or more and 2 to 250 levels of light in the input. Flat
    blocks that are black or above 250 levels in the result are left out. nan where there are none.

    Raises:
        DataError: if a side is shorter than 16.

    >>> grain = np.random.default_rng(0).integers(20, 30, (64, 64, 1)).repeat(3, 2).astype(np.uint8)
    >>> round(noise_gain(grain * 3, grain), 6)
    1.0
    """
    at_least(_BLOCK, "noise-gain", source)
    before, after = luma(source), luma(pixels)
    light_in, light_out = _means(before), _means(after)
    noise_in, noise_out = _noise(before), _noise(after)
    usable = (noise_in >= _LEAST_NOISE) & (light_in >= _LEAST_LIGHT) & (light_in <= _MOST_LIGHT)
    if not usable.any():
        return float("nan")
    relief = _means(gaussian_gradient_magnitude(before, _SMOOTHING)) / np.maximum(light_in, _LEAST_LIGHT)
    flat = usable & (relief <= np.quantile(relief[usable], _FLATTEST))
    flat &= (light_out > 0) & (light_out <= _MOST_LIGHT)
    if not flat.any():
        return float("nan")
    return float(np.median((noise_out[flat] / light_out[flat]) / (noise_in[flat] / light_in[flat])))


def _noise(plane: Floats) -> Floats:
    """Return Immerkaer's noise of every block."""
    mask = np.array([1.0, -2.0, 1.0])
    detail = correlate1d(correlate1d(plane, mask, 0, mode="mirror"), mask, 1, mode="mirror") / 6
    return np.sqrt(_means(detail**2))


def _means(plane: Floats) -> Floats:
    """Return the means of the whole blocks ``(rows, columns)``."""
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    whole = plane[: rows * _BLOCK, : columns * _BLOCK]
    return whole.reshape(rows, _BLOCK, columns, _BLOCK).mean((1, 3))  # type: ignore[no-any-return]


NOISE_GAIN = PictureMetric(
    "noise-gain", "Gain of relative noise in flat areas",
    "median over flat blocks of (s_result / m_result) / (s_input / m_input), s by Immerkaer's operator",
    "pielight, after Immerkaer, CVIU 1996", noise_gain, needs=INPUT, higher_is_better=False,
    note="Divides brightness out: scaling gives 1, a curve that compresses what it lifts less. To see what "
         "denoising alone does, measure against the same method without it.",
)  # fmt: skip

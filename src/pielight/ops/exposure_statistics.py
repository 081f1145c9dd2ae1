"""What tells an underexposed picture from a dark one and is lost in a thumbnail: its white point, noise and gaps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import LUMA_WEIGHTS
from pielight.core.pixels import Pixels, check_pixels, full_scale
from pielight.ops.exposure import canonical_exposure

NAMES = (
    *(f"brightest channel, quantile {q}" for q in (0.5, 0.9, 0.99, 0.999, 1)),
    *(f"luma, quantile {q}" for q in (0.001, 0.01, 0.1)),
    "share of pixels at white",
    "canonical exposure / 8",
    "noise * 50",
    "share of empty levels",
)
BRIGHTEST = 4  # place of the brightest value of all
_PIXELS = 130_000  # that are looked at, about
_FEW = 128  # along each side, for the canonical exposure
_DEEP_LEVELS = 4096  # that deep pictures are sorted into
_WHITE = 250 / 255
_TILE, _TILES = 16, 8  # pixels along each side of a tile, and tiles along each side of the picture
_QUIET = 0.3  # quantile of the tiles' noise that is believed: texture only ever adds
_TO_SIGMA = 1 / 0.6745  # from the median size of normal noise


def exposure_statistics(pixels: Pixels) -> NDArray[np.float32]:
    """Return the numbers :data:`NAMES` of a picture, from at most about 130,000 pixels that lie evenly in it.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].

    Returns:
        float32 of shape (12,): quantiles of the brightest channel and of luma in [0, 1]; the share of pixels with a
        channel at 250 / 255 or above; the exposure that brings these pixels to the canonical mean
        (:func:`~pielight.ops.exposure.canonical_exposure`) in units of 8 EV; the standard deviation of noise in quiet
        parts (Immerkaer, CVIU 1996), times 50; and the share of 8-bit levels of luma that no pixel has, between its
        quantiles of 1 and 99 percent: stretched and gamma-corrected pictures have combs there.

    Raises:
        OptionError: The array is not a picture.

    >>> exposure_statistics(np.full((40, 60, 3), 51, np.uint8)).astype(float)[[0, 4, 8, 9]].round(2).tolist()
    [0.2, 0.2, 0.0, 0.29]
    """
    check_pixels(pixels)
    step = max(1, int(np.ceil((pixels.shape[0] * pixels.shape[1] / _PIXELS) ** 0.5)))
    sample = pixels[::step, ::step]
    down, across = (max(1, side // _FEW) for side in sample.shape[:2])
    small = sample[::down, ::across].transpose(2, 0, 1)
    brightest, luma = _histograms(sample)
    of_8_bits = luma.reshape(256, -1).sum(axis=1)
    low, high = (round(float(value) * 255) for value in _quantiles(of_8_bits, (0.01, 0.99)))
    inner = of_8_bits[low : high + 1]
    white = brightest[int(np.ceil(_WHITE * (len(brightest) - 1))) :].sum() / brightest.sum()
    return np.array(
        [
            *_quantiles(brightest, (0.5, 0.9, 0.99, 0.999, 1)),
            *_quantiles(luma, (0.001, 0.01, 0.1)),
            white,
            canonical_exposure(small / np.float32(full_scale(pixels.dtype))) / 8,
            _noise(pixels) * 50,
            (inner == 0).mean(),
        ],
        np.float32,
    )


def _histograms(sample: Pixels) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how many pixels have each level of the brightest channel, and of luma."""
    if sample.dtype == np.uint8:
        levels: NDArray[Any] = sample
        count = 256
    else:
        count = _DEEP_LEVELS
        scale = np.float32((count - 1) / full_scale(sample.dtype))
        levels = (sample * scale + np.float32(0.5)).astype(np.uint16)
    if sample.shape[2] == 1:
        channel = np.bincount(levels.reshape(-1), minlength=count)
        return channel, channel
    red, green, blue = (levels[..., channel] for channel in range(3))
    brightest = np.maximum(np.maximum(red, green), blue)
    weights = np.array([round(weight * 1024) for weight in LUMA_WEIGHTS], np.int32)
    luma = (red * weights[0] + green * weights[1] + blue * weights[2] + 512) >> 10
    return np.bincount(brightest.reshape(-1), minlength=count), np.bincount(luma.reshape(-1), minlength=count)


def _quantiles(counts: NDArray[np.intp], shares: tuple[float, ...]) -> NDArray[np.float64]:
    """Return quantiles of what a histogram counts, in [0, 1]."""
    below = np.cumsum(counts)
    places = np.searchsorted(below, np.array(shares) * below[-1])
    values: NDArray[np.float64] = np.minimum(places, np.flatnonzero(counts)[-1]) / (len(counts) - 1)
    return values


def _noise(pixels: Pixels) -> float:
    """Return the standard deviation of noise in the quieter of 8 x 8 tiles, in the mean of the channels."""
    height, width = pixels.shape[:2]
    if min(height, width) < _TILE:
        return 0.0
    tops, lefts = (np.linspace(0, side - _TILE, _TILES).astype(int) for side in (height, width))
    rows = (tops[:, np.newaxis] + np.arange(_TILE)).reshape(-1)
    columns = (lefts[:, np.newaxis] + np.arange(_TILE)).reshape(-1)
    values = pixels[np.ix_(rows, columns)].mean(axis=2, dtype=np.float32) / np.float32(full_scale(pixels.dtype))
    tiles = values.reshape(_TILES, _TILE, _TILES, _TILE).transpose(0, 2, 1, 3).reshape(-1, _TILE, _TILE)
    down = tiles[:, :-2] - 2 * tiles[:, 1:-1] + tiles[:, 2:]
    seen = np.abs(down[:, :, :-2] - 2 * down[:, :, 1:-1] + down[:, :, 2:]) / 6
    of_mean = np.median(seen.reshape(len(seen), -1), axis=1) * _TO_SIGMA
    return float(np.quantile(of_mean, _QUIET))

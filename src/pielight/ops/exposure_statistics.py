"""What tells an underexposed picture from a dark one and is lost in a thumbnail: white point, noise, gaps, clipping."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import LUMA_WEIGHTS
from pielight.core.pixels import Pixels, check_pixels, full_scale

NAMES = (
    *(f"brightest channel, quantile {q}" for q in (0.5, 0.9, 0.99, 0.999, 1)),
    *(f"luma, quantile {q}" for q in (0.001, 0.01, 0.1)),
    "share of pixels with a channel from 250",
    "share of pixels with a channel up to 1",
    "share of empty levels of green",
    "range of the levels of green",
    "noise of quiet parts",
    "noise of the median part",
    *(f"share of values at {level}" for level in (0, 1, 2)),
)
SEEN = len(NAMES) + 1  # numbers that a network sees: these, and the canonical exposure of the thumbnail in EV
QUANTILES = 8  # the first so many are quantiles of sRGB values
WHITE_POINT = 3  # place of the brightest channel's quantile 0.999
BRIGHTEST = 4  # place of the brightest value of all
OF_BRIGHTEST, OF_LUMA = (0.5, 0.9, 0.99, 0.999, 1), (0.001, 0.01, 0.1)
_PIXELS = 130_000  # that are looked at, about
DEEP_LEVELS = 4096  # that deep pictures are sorted into
TILE, TILES = 18, 16  # pixels along each side of a tile, and tiles along each side of the picture
TO_SIGMA = (np.pi / 2) ** 0.5 / 6  # from the mean size of Immerkaer's response to normal noise


def exposure_statistics(pixels: Pixels) -> NDArray[np.float32]:
    """Return the numbers :data:`NAMES` of a picture, from at most about 130,000 pixels that lie evenly in it.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].

    Returns:
        float32 of shape (17,). Quantiles of the brightest channel and of luma are sRGB values in [0, 1]; levels are
        those of 8 bits. Empty ones are counted between green's quantiles of 1 and 99 percent, since stretched pictures
        have combs there, and this range is a share of all levels. Noise is the standard deviation, in levels of 8 bits,
        by Immerkaer's mask (CVIU 1996) on green in tiles of 18 x 18 pixels: its quartile and its median.

    Raises:
        OptionError: The array is not a picture.

    >>> exposure_statistics(np.full((40, 60, 3), 51, np.uint8)).astype(float)[[0, 4, 8, 10, 12]].round(2).tolist()
    [0.2, 0.2, 0.0, 0.0, 0.0]
    """
    check_pixels(pixels)
    sample = pixels[sampled(*pixels.shape[:2])]
    planes = np.ascontiguousarray(np.moveaxis(sample, 2, 0)).reshape(sample.shape[2], -1)
    levels = planes if planes.dtype == np.uint8 else _rounded(planes, 255, np.uint8)
    brightest, darkest = levels.max(axis=0), levels.min(axis=0)
    green = np.bincount(levels[len(levels) // 2], minlength=256)
    low, high = _places(green, (0.01, 0.99))
    inner = green[low : high + 1]
    return np.array(
        [
            *_quantiles(planes),
            np.count_nonzero(brightest >= 250) / brightest.size,
            np.count_nonzero(darkest <= 1) / darkest.size,
            np.count_nonzero(inner == 0) / inner.size,
            inner.size / 256,
            *np.quantile(_noise(pixels), (0.25, 0.5)),
            *(np.count_nonzero(levels == level) / levels.size for level in (0, 1, 2)),
        ],
        np.float32,
    )


def sample_step(height: int, width: int) -> int:
    """Return which n-th pixel of which n-th row is looked at.

    >>> sample_step(300, 400), sample_step(768, 1024)
    (1, 3)
    """
    return max(1, int(np.ceil((height * width / _PIXELS) ** 0.5)))


def sampled(height: int, width: int) -> tuple[slice, slice]:
    """Return which rows and columns of a picture are looked at, so that about 130,000 pixels are.

    Every n-th of every n-th row; of a long thin picture, all rows or all columns.

    >>> sampled(4000, 3000)
    (slice(None, None, 10), slice(None, None, 10))
    """
    step = sample_step(height, width)
    if min(height, width) >= step:
        return slice(None, None, step), slice(None, None, step)
    step = int(np.ceil(height * width / _PIXELS))
    return (slice(None), slice(None, None, step)) if width > height else (slice(None, None, step), slice(None))


def _quantiles(planes: Pixels) -> list[float]:
    """Return the quantiles of the brightest channel and of luma of planes (C, N), in [0, 1]."""
    deep = planes if planes.dtype == np.uint8 else _rounded(planes, DEEP_LEVELS - 1, np.uint16)
    most = 255 if planes.dtype == np.uint8 else DEEP_LEVELS - 1
    brightest = np.bincount(deep.max(axis=0), minlength=most + 1)
    weights = [round(64 * weight) for weight in LUMA_WEIGHTS] if len(deep) == 3 else [64]
    luma = sum(plane * np.uint32(weight) for plane, weight in zip(deep, weights, strict=True))
    of_brightest = _places(brightest, OF_BRIGHTEST) / most
    of_luma = _places(np.bincount(luma, minlength=1), OF_LUMA) / (64 * most)
    return [*of_brightest, *of_luma]


def _places(counts: NDArray[np.intp], shares: tuple[float, ...]) -> NDArray[np.intp]:
    """Return the least levels that so large shares of what a histogram counts do not exceed."""
    below = np.cumsum(counts)
    places: NDArray[np.intp] = np.searchsorted(below, np.array(shares) * below[-1])
    return places


def _rounded(planes: Pixels, most: int, kind: type[np.unsignedinteger[Any]]) -> Pixels:
    """Return values on a scale of whole numbers from 0 to ``most``."""
    return (planes * np.float32(most / full_scale(planes.dtype)) + np.float32(0.5)).astype(kind)


def _noise(pixels: Pixels) -> NDArray[np.float32]:
    """Return the standard deviation of noise of green in each tile, in levels of 8 bits; [0] of a tiny picture."""
    height, width, channels = pixels.shape
    if min(height, width) < TILE:
        return np.zeros(1, np.float32)
    rows, columns = tile_places(height), tile_places(width)
    down, across = len(rows) // TILE, len(columns) // TILE
    green = pixels[..., channels // 2][rows][:, columns].astype(np.float32)
    tiles = green.reshape(down, TILE, across, TILE)
    vertical = tiles[:, :-2] - 2 * tiles[:, 1:-1] + tiles[:, 2:]
    response = np.abs(vertical[..., :-2] - 2 * vertical[..., 1:-1] + vertical[..., 2:])
    scale = np.float32(TO_SIGMA * 255 / full_scale(pixels.dtype))
    return response.mean(axis=(1, 3)).reshape(-1) * scale  # type: ignore[no-any-return]


def tile_places(side: int) -> NDArray[np.intp]:
    """Return which rows, or columns, the tiles lie on in which noise is measured, one tile after the other.

    >>> tile_places(40).tolist() == [*range(18), *range(22, 40)]
    True
    """
    count = min(TILES, max(1, side // TILE))
    starts = np.linspace(0, side - TILE, count).astype(int)
    return (starts[:, np.newaxis] + np.arange(TILE)).reshape(-1)

"""How much of their color the shadows of a frame keep."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels
from pielight.inference.denoise_plan import kept_chroma
from pielight.inference.exposure_map import ExposureMap
from pielight.ops.noise import Noise
from pielight.ops.thumbnail import box_means
from pielight.ops.yuv import Planes, YuvEncoding, yuv_to_rgb_float
from pielight.options import AUTO, EnhanceOptions

_SMALLEST, _MOST = 4, 112  # pixels of a cell, and cells along the longer side


def shadow_fade(
    means: NDArray[np.float32], noise: Noise, exposure: ExposureMap, options: EnhanceOptions
) -> NDArray[np.float32]:
    """Return what share of its color each cell of a frame keeps, as :func:`pielight.inference.denoise_plan.plan` does.

    Args:
        means: Of the cells, sRGB in [0, 1], (h, w, 3).
        noise: Of the frame, before it was denoised.
        exposure: Its map.
        options: How it is applied, and how much noise is removed.

    Returns:
        float32 (h, w) in [0, 1].

    >>> dark = np.full((1, 2, 3), 2 / 255, np.float32)
    >>> quiet, lift = Noise(np.zeros(3), np.zeros(3)), ExposureMap(np.full((1, 1), 5.0))
    >>> shadow_fade(dark, quiet, lift, EnhanceOptions()).astype(float).round(2).tolist()
    [[0.16, 0.16]]
    """
    color = 1.0 if options.denoise == AUTO else min(1.0, 2 * float(options.denoise))
    kept = kept_chroma(means, noise, lambda values: exposure.render(values, options, 1, out=values))
    result: NDArray[np.float32] = 1 - np.float32(color) * (1 - kept[..., 0])
    return result


def cells_of_picture(pixels: Pixels, threads: int | None = None) -> NDArray[np.float32]:
    """Return the means of the cells of a picture, (h, w, C) in [0, 1].

    >>> cells_of_picture(np.zeros((1080, 1920, 3), np.uint8)).shape
    (63, 112, 3)
    """
    return _means(pixels, *_cells(*pixels.shape[:2]), threads)


def cells_of_planes(planes: Planes, encoding: YuvEncoding, threads: int | None = None) -> NDArray[np.float32]:
    """Return the means of the cells of planes of luma and chroma as R'G'B', (h, w, 3) in [0, 1].

    >>> gray = np.full((4, 8), 235, np.uint8), np.full((2, 4), 128, np.uint8), np.full((2, 4), 128, np.uint8)
    >>> cells_of_planes(gray, YuvEncoding())[0].tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    down, across = map(min, _cells(*planes[0].shape), planes[1].shape)
    luma, u, v = (_means(plane[..., np.newaxis], down, across, threads)[..., 0] for plane in planes)
    scale = np.float32(np.iinfo(planes[0].dtype).max)
    return yuv_to_rgb_float((luma * scale, u * scale, v * scale), encoding)


def _cells(height: int, width: int) -> tuple[int, int]:
    """Return how many cells lie below each other and side by side."""
    side = max(_SMALLEST, max(height, width) / _MOST)
    return max(1, round(height / side)), max(1, round(width / side))


def _means(pixels: NDArray[Any], down: int, across: int, threads: int | None) -> NDArray[np.float32]:
    rows, columns = (
        (np.arange(cells + 1) * side // cells).astype(np.intc)
        for cells, side in zip((down, across), pixels.shape[:2], strict=True)
    )
    return box_means(pixels, rows, columns, threads)

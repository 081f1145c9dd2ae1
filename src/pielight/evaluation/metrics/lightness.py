"""Lightness, the greatest of R, G and B: its tone curve, its clipping, and whether its order is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter
from scipy.optimize import isotonic_regression

from pielight.evaluation.metric_spec import INPUT, Floats, PictureMetric, Pixels

NEARLY = 240  # the first level above 0.94 of 255
_SIDE = 50
_WINDOW = 15


def lightness(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return the greatest of R, G and B ``(H, W)``, which both curves on channels and gains on V map by a curve.

    >>> lightness(np.array([[[3, 9, 4]]], np.uint8))
    array([[9]], dtype=uint8)
    """
    return np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2])  # twenty times as fast as max(2)


def tone_curve(before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8]) -> Floats:
    """Return the rising curve ``(256,)`` that maps one lightness ``(H, W)`` to another with the least squared error.

    Isotonic regression of the mean result at each input level, weighted by how many pixels have it; linear between
    levels that do not occur.

    >>> before = np.arange(256, dtype=np.uint8)[None]
    >>> bool(np.allclose(tone_curve(before, 255 - (255 - before) // 2), 255 - (255 - before[0]) // 2))
    True
    """
    count = np.bincount(before.ravel(), minlength=256)
    total = np.bincount(before.ravel(), after.ravel(), minlength=256)
    levels = np.flatnonzero(count)
    fitted = isotonic_regression(total[levels] / count[levels], weights=count[levels].astype(np.float64)).x
    return np.interp(np.arange(256), levels, fitted)  # type: ignore[no-any-return]


def clipped(pixels: Pixels, source: Pixels) -> float:
    """Return the share of pixels that a method clips: with a channel >= 254 in the result, less that of the input.

    In [-1, 1]; 0 is a method that clips no more than the camera did, below 0 one that darkens; lower is better.

    >>> clipped(np.full((2, 2, 3), 255, np.uint8), np.zeros((2, 2, 3), np.uint8))
    1.0
    """
    after, before = (float((lightness(picture) >= 254).mean(dtype=np.float64)) for picture in (pixels, source))
    return after - before


def near_white(pixels: Pixels, source: Pixels) -> float:
    """Return the share of pixels that become nearly white: with a channel above 0.94, and none in the input.

    :func:`clipped` counts 254 and above only, and is blind to a lit wall that loses its texture a little below.

    >>> near_white(np.full((2, 2, 3), 245, np.uint8), np.full((2, 2, 3), 153, np.uint8))
    1.0
    """
    return float(((lightness(pixels) >= NEARLY) & (lightness(source) < NEARLY)).mean(dtype=np.float64))


def loe(pixels: Pixels, source: Pixels) -> float:
    """Return the lightness order error: of how many points, on average, the order against a point is reversed.

    ``1/m sum_x sum_y U(L(x), L(y)) xor U(Le(x), Le(y))``, U(p, q) = 1 if p >= q, with L the greatest of R, G and B
    (Wang, Zheng, Hu and Li, TIP 2013). As in the widely used LOE.m, L is the maximum in 15 x 15 pixels, taken at every
    ``floor(min(H, W) / 50)``-th pixel, so that the shorter side has 50 to 99 points (less in pictures below 50 pixels,
    of which every pixel counts); values grow with the number m of points and compare at one size only. Lower is better.

    All pairs are counted at once in the joint histogram of the two lightnesses.

    >>> ramp = np.arange(50 * 50 * 3, dtype=np.uint32).reshape(50, 50, 3).astype(np.uint8)
    >>> loe(ramp // 2, ramp // 2), loe(ramp // 4, ramp) < loe(255 - ramp, ramp)
    (0.0, True)
    """
    before, after = _points(source), _points(pixels)
    joint = np.bincount(before * 256 + after, minlength=256 * 256).reshape(256, 256)
    both = joint.cumsum(0).cumsum(1)  # points of no more lightness, in both
    differing = both[:, -1:] + both[-1:, :] - 2 * both
    return float((joint * differing).sum() / before.size)


def _points(pixels: Pixels) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the lightness of the sampled points, flat."""
    step = max(min(pixels.shape[:2]) // _SIDE, 1)
    brightest = maximum_filter(lightness(pixels), _WINDOW, mode="mirror")
    return brightest[step - 1 :: step, step - 1 :: step].ravel().astype(np.int64)  # type: ignore[no-any-return]


CLIPPED = PictureMetric(
    "clipped", "Share of clipped pixels, less that of the input",
    "share(max(R, G, B) >= 254) of the result - that of the input", "pielight", clipped, needs=INPUT,
    higher_is_better=False, unit="share", low=-1.0, high=1.0,
)  # fmt: skip
NEAR_WHITE = PictureMetric(
    "near-white", "Share of pixels that become nearly white",
    "share(max(R, G, B) > 0.94 in the result, and not in the input)", "pielight", near_white, needs=INPUT,
    higher_is_better=False, unit="share", high=1.0,
)  # fmt: skip
LOE = PictureMetric(
    "loe", "Lightness order error",
    "1/m sum_x sum_y [L(x) >= L(y)] xor [Le(x) >= Le(y)]; L = max(R, G, B) of 15 x 15 pixels, at m points",
    "Wang, Zheng, Hu and Li, TIP 2013 (NPE), sampled as in LOE.m", loe, needs=INPUT, higher_is_better=False,
    unit="points",
    note="Grows with the number of points, so it compares at one size of picture only. Its points are chosen as in "
         "the widely used `LOE.m` (50 to 99 along the shorter side); other code samples otherwise and gives other "
         "values.",
)  # fmt: skip

"""Lightness order: whether what was brighter stays brighter."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter

from pielight.evaluation.metric_spec import INPUT, PictureMetric, Pixels
from pielight.evaluation.metrics.tone import lightness

_SIDE = 50
_WINDOW = 15


def loe(pixels: Pixels, source: Pixels) -> float:
    """Return the lightness order error: of how many points, on average, the order against a point is reversed.

    ``1/m sum_x sum_y U(L(x), L(y)) xor U(Le(x), Le(y))``, U(p, q) = 1 if p >= q, with L the greatest of R, G and B
    (Wang, Zheng, Hu and Li, TIP 2013). As in the widely used LOE.m, L is the maximum in 15 x 15 pixels, taken at every
    ``floor(min(H, W) / 50)``-th pixel, so that the shorter side has 50 to 99 points (less in pictures below 50 pixels,
    of which every pixel counts); values grow with the number m of points and compare at one size only. Lower is better.

    All pairs are counted at once in the joint histogram of the two lightnesses.

    Args:
        pixels: ``(H, W, 3)`` uint8.
        source: The input, of the same shape.

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


LOE = PictureMetric(
    "loe", "Lightness order error",
    "1/m sum_x sum_y [L(x) >= L(y)] xor [Le(x) >= Le(y)]; L = max(R, G, B) of 15 x 15 pixels, at m points",
    "Wang, Zheng, Hu and Li, TIP 2013 (NPE), sampled as in LOE.m", loe, needs=INPUT, higher_is_better=False,
    unit="points",
    note="Grows with the number of points, so it compares at one size of picture only. Its points are chosen as in "
         "the widely used `LOE.m` (50 to 99 along the shorter side); other code samples otherwise and gives other "
         "values.",
)  # fmt: skip

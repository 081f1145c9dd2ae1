"""How much haze a picture shows, so that clear photographs are left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import smooth_step

_PATCH = 9 / 256  # side of the patch of the dark channel, as a share of the thumbnail's
_DARKEST, _QUARTER = 0.1, 25  # percentiles of the dark channel
_CLEAR, _HAZY = 0.12, 0.16  # evidence up to which there is no haze, and from which on it is all taken away


def haze_gate(thumbnail: NDArray[Any]) -> float:
    """Return what share of the haze that a network sees is taken away.

    The dark channel, the least of all channels nearby, is next to 0 somewhere in every clear photograph (He, Sun and
    Tang, CVPR 2009), and haze leaves nothing dark. The evidence is the geometric mean of its 0.1 % and its 25 %
    quantile: of how much haze lies before the nearest and darkest object, and of how much there is. From 0.12 to 0.16 a
    smooth step goes from nothing to all.

    Args:
        thumbnail: (3, S, S) in [0, 1].

    Returns:
        0 (clear) to 1 (hazy everywhere).

    >>> haze_gate(np.full((3, 64, 64), 0.05)), haze_gate(np.full((3, 64, 64), 0.5))
    (0.0, 1.0)
    """
    side = 2 * max(1, round(thumbnail.shape[1] * _PATCH) // 2) + 1
    dark = _least_nearby(_least_nearby(thumbnail.min(axis=0), side).T, side)
    darkest, quarter = np.percentile(dark, (_DARKEST, _QUARTER))
    return float(smooth_step(np.sqrt(darkest * quarter), _CLEAR, _HAZY))


def _least_nearby(values: NDArray[Any], side: int) -> NDArray[Any]:
    """Return the least of so many values above and below each, edges replicated.

    Minima of minima: each step doubles the length that they cover.

    >>> _least_nearby(np.array([[5], [1], [4], [6], [7]]), 3).ravel().tolist()
    [1, 1, 1, 4, 6]
    """
    minima, covered = np.pad(values, ((side // 2, side // 2), (0, 0)), mode="edge"), 1
    while covered < side:
        step = min(covered, side - covered)
        minima = np.minimum(minima[:-step], minima[step:])
        covered += step
    return minima

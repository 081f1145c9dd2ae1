"""The guided filter (He, Sun and Tang, PAMI 2013): smoothing that keeps the edges of a guide."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Floats = NDArray[np.float64]


def guided_filter(guide: Floats, values: Floats, radius: int, smooth: float) -> Floats:
    """Filter values so that they are, in each window, a linear function of the guide.

    ``q = mean(a) g + mean(b)``, ``a = cov(g, p) / (var(g) + eps)``, ``b = mean(p) - a mean(g)`` (eq. 5, 6 and 8).

    Args:
        guide: g, ``(H, W)``.
        values: p, ``(H, W)``.
        radius: The window has 2 r + 1 pixels a side.
        smooth: eps; edges of less variance are smoothed away.

    >>> flat = np.full((8, 8), 0.3)
    >>> bool(np.allclose(guided_filter(flat, flat, 2, 1e-3), 0.3))
    True
    """

    def mean(plane: Floats) -> Floats:
        means: Floats = uniform_filter(plane, 2 * radius + 1, mode="nearest")
        return means

    of_guide, of_values = mean(guide), mean(values)
    slope = (mean(guide * values) - of_guide * of_values) / (mean(guide * guide) - of_guide**2 + smooth)
    return mean(slope) * guide + mean(of_values - slope * of_guide)

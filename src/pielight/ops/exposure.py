"""Exposure in linear light: the Moebius curve, which fixes black and white, and the exposure of a stated brightness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb, srgb_to_linear

BRIGHTNESS = 0.42
LEAST_EV, MOST_EV = -6.0, 14.0
_STEPS = 40  # of the bisection: 20 EV / 2^40


def exposure_curve(linear: NDArray[Any], ev: Any) -> NDArray[Any]:
    """Expose linear light by EV stops: ``E_k(l) = k l / (1 + (k - 1) l)``, ``k = 2^EV``.

    It fixes 0 and 1, rises, has the slope k at black and 1/k at white, and exposures add: ``E_a(E_b) = E_ab``.

    Args:
        linear: Light in [0, 1].
        ev: A number, or an array that broadcasts with the light.

    >>> exposure_curve(np.array([0.0, 0.1, 1.0]), 1).round(4).tolist()
    [0.0, 0.1818, 1.0]
    """
    gain = np.exp2(ev)
    return gain * linear / (1 + (gain - 1) * linear)  # type: ignore[no-any-return]


def canonical_exposure(thumbnail: NDArray[Any], brightness: float = BRIGHTNESS) -> float:
    """Return the exposure in EV that brings the sRGB mean of a thumbnail to a brightness, by bisection.

    Args:
        thumbnail: sRGB values in [0, 1], of any shape.
        brightness: Mean of the result in (0, 1).

    Returns:
        EV in [-6, 14], negative for a brighter thumbnail.

    >>> round(canonical_exposure(np.full((1, 1, 3), 0.2)), 2)
    2.34
    """
    linear = srgb_to_linear(np.asarray(thumbnail, np.float64))
    low, high = LEAST_EV, MOST_EV
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if linear_to_srgb(exposure_curve(linear, middle)).mean() < brightness:
            low = middle
        else:
            high = middle
    return (low + high) / 2

"""A tone curve at a strength, with protection of highlights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pielight.options import HIGHLIGHTS, EnhanceOptions

Array: TypeAlias = NDArray[Any]

# The most that black may be lifted: beyond it neighboring 8-bit levels come apart into noise and false color.
MAX_GAIN = 40.0
SHOULDER = 0.05  # distance from white at which full protection halves what is added


def protection(options: EnhanceOptions) -> float:
    """Return how far highlights are protected, 0 to 1; that of curves where options leave it open.

    >>> protection(EnhanceOptions()), protection(EnhanceOptions(highlights=0))
    (0.5, 0.0)
    """
    return HIGHLIGHTS if options.highlights is None else options.highlights


def apply_tone(x: Array, curve: Callable[[Array], Array], options: EnhanceOptions) -> Array:
    """Evaluate a curve at strength s with highlights protected by h.

    With f the curve, ``g(x) = x + s (f(x) - x)`` for s in [0, 1], and beyond 1 ``f(x) + (s - 1) (f(f(x)) - f(x))``.
    For s < 0 that is the result. For s > 0, ``c(x) = g(x) / (1 + (g(x) / 40 x)^4)^(1/4)`` keeps below 40 x, and the
    result is ``x + max(0, c(x) - x) (1 - h k / (k + 1 - x))`` with k = 0.05.

    It is monotone in x for every monotone f that keeps 0 and 1, since ``m(x) = k / (k + 1 - x)`` has
    ``m' (1 - x) <= m`` and c(x) - x is at most 1 - x. It is monotone in s, too, since the maximum leaves alone what
    f would darken. Differs from the paper: there the gain is not bounded.

    Args:
        x: Brightness in [0, 1].
        curve: f; for a negative strength a curve that darkens.
        options: s in [-1.5, 1.5], whose absolute value counts here, and h in [0, 1].

    Returns:
        Brightness in [0, 1], of the shape and type of ``x``.

    >>> x = np.array([0.2, 0.9], np.float32)
    >>> [apply_tone(x, lambda v: 2 * v - v * v, EnhanceOptions(1, h)).astype(float).round(3).tolist() for h in (0, 1)]
    [[0.36, 0.99], [0.351, 0.96]]
    """
    s = np.float32(abs(options.strength))
    result = curve(x)
    if s < 1:
        result = x + s * (result - x)
    elif s > 1:
        result = result + (s - 1) * (curve(result) - result)
    if options.strength > 0:
        excess = result / np.maximum(np.float32(MAX_GAIN) * x, np.finfo(np.float32).tiny)
        excess *= excess
        excess *= excess
        result = result / np.sqrt(np.sqrt(1 + excess))
        share = 1 - np.float32(protection(options) * SHOULDER) / (np.float32(1 + SHOULDER) - x)
        result = x + np.maximum(result - x, 0) * share
    return np.clip(result, 0.0, 1.0)  # rounding only: the curve itself stays inside

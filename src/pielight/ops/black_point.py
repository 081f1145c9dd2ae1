"""Black held: what comes out dark stays as dark as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TOE = 0.08  # linear light of the result, 0.31 in sRGB, up to which a black of 1 takes half of what was added, or more


def hold_black(before: NDArray[Any], after: NDArray[Any], black: float) -> NDArray[Any]:
    """Return the factor by which a pixel's linear light is multiplied to keep black black.

    A toe of the result, towards the picture itself: with x and y the brightest channel before and after, and
    ``c = 0.08 b``, ``y' = x + (y - x) y^2 / (y^2 + c^2)`` and the factor is ``y' / y`` for all three channels, so that
    hue and saturation stay. It rises with y, so that nothing is reversed; what was not brightened stays as it is,
    bit for bit.

    Args:
        before: x, linear light in [0, 1].
        after: y, of the same shape.
        black: b in [0, 1].

    Returns:
        Of the same shape and type, in (0, 1].

    >>> light = hold_black(np.array([0.001, 0.1]), np.array([0.02, 0.6]), 1.0) * np.array([0.02, 0.6])
    >>> light.round(3).tolist()
    [0.002, 0.591]
    """
    toe = toe_of(black).astype(after.dtype)
    return held(before, after, toe * toe)


def toe_of(black: float) -> NDArray[np.float32]:
    """Return c, in linear light."""
    return np.asarray(TOE * black, np.float32)


def held(before: NDArray[Any], after: NDArray[Any], square_of_toe: Any) -> NDArray[Any]:
    """Return the factor of :func:`hold_black` for ``c^2``; 1 where nothing was added."""
    square = np.maximum(after * after, np.finfo(after.dtype).tiny)
    kept = before + (after - before) * (square / (square + square_of_toe))
    factor: NDArray[Any] = np.where(after > before, kept / np.maximum(after, np.finfo(after.dtype).tiny), 1)
    return factor.astype(after.dtype, copy=False)

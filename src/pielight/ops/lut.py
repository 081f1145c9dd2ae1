"""Where curves are tabulated: the levels of 8-bit pictures, and the knots between which deeper ones interpolate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 256
# Curves are steep next to black, and their inverses next to white. So the steps are even within each octave of
# y = 2^-9 + (1 - 2^-8) u, with u the distance from black or white, whichever is nearer. Counting from the bits of
# 2^-9, the upper bits of a float are the number of the knot and the rest is the position after it.
_NEAR = np.float32(2.0**-9)
_SEGMENT_BITS = 18  # 2^5 steps an octave leave 18 bits of a float's mantissa
_SEGMENTS = 2 * 8 * 2**5  # eight octaves up to 1/2, and the same down to white
KNOTS = _SEGMENTS + 1


def levels() -> NDArray[np.float32]:
    """Return the brightness of the 256 levels of 8-bit pictures.

    >>> levels()[[0, 51, 255]].tolist()
    [0.0, 0.20000000298023224, 1.0]
    """
    return np.arange(LEVELS, dtype=np.float32) / np.float32(LEVELS - 1)


def knots() -> NDArray[np.float32]:
    """Return the brightness of the knots for 16-bit and float pictures, from 0 to 1.

    >>> knots()[[0, 256, 512]].tolist(), float(knots()[1]) < 2**-13
    ([0.0, 0.5, 1.0], True)
    """
    bits = _NEAR.view(np.int32) + (np.arange(_SEGMENTS // 2 + 1, dtype=np.int32) << _SEGMENT_BITS)
    dark = (bits.view(np.float32) - _NEAR) / (1 - 2 * _NEAR)
    return np.concatenate([dark, 1 - dark[-2::-1]])


def locate(x: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Return the knot at or before each brightness, and how far towards the next it lies.

    Args:
        x: float32 in [0, 1].

    Returns:
        int32 in [0, 511] and float32 in [0, 1], of the shape of ``x``.

    >>> [part.tolist() for part in locate(np.array([0.0, 0.5, 1.0], np.float32))]
    [[0, 256, 511], [0.0, 0.0, 1.0]]
    """
    bright = x > 0.5
    y = np.where(bright, 1 - x, x) * (1 - 2 * _NEAR) + _NEAR
    bits = y.view(np.int32) - _NEAR.view(np.int32)
    at = bits >> _SEGMENT_BITS
    part = (bits & ((1 << _SEGMENT_BITS) - 1)).astype(np.float32) * np.float32(2.0**-_SEGMENT_BITS)
    return np.where(bright, _SEGMENTS - 1 - at, at), np.where(bright, 1 - part, part)

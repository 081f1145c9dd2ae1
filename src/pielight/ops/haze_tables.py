"""Tables of the tone curves that take haze out of a picture, or add it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pielight.ops.lut import levels
from pielight.options import check_strength

_LEAST = np.float32(0.05)  # transmission, at strengths beyond 1


def haze_tables(
    transmission: NDArray[np.float32],
    airlight: NDArray[np.float32],
    strength: float,
    at: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Evaluate every node's curve, for as much of the haze as wanted.

    ``J = (I - A) / t_s + A`` with ``t_s = 1 - s (1 - t)``, at least 0.05; for negative strengths haze is added,
    ``J = I t_s + A (1 - t_s)`` with ``t_s = 1 - |s| (1 - t)``.

    Args:
        transmission: t, (K, h, w) in (0, 1], at K brightnesses from black to white.
        airlight: A, (3,) in [0, 1].
        strength: s, -1.5 to 1.5; 0 is the identity.
        at: I, at which to evaluate, float32 of shape (n,); None is the 256 levels of 8 bits.

    Returns:
        float32 of shape (h, w, 3, n) in [0, 1].

    Raises:
        OptionError: The strength is out of range.

    >>> even, air = np.full((4, 1, 1), 0.5, np.float32), np.full(3, 0.8, np.float32)
    >>> round(float(haze_tables(even, air, 1.0, np.array([0.6], np.float32))[0, 0, 0, 0]), 4)
    0.4
    """
    check_strength(strength)
    x = levels() if at is None else np.ascontiguousarray(at, np.float32)
    at_levels = x * np.float32(len(transmission) - 1)
    passed = np.zeros((*transmission.shape[1:], len(x)), np.float32)
    for level, values in enumerate(transmission):
        passed += values[:, :, np.newaxis] * np.maximum(0, 1 - np.abs(at_levels - level))
    passed = np.maximum(_LEAST, 1 - np.float32(abs(strength)) * (1 - passed))[:, :, np.newaxis]
    air = airlight[:, np.newaxis]
    result = (x - air) / passed + air if strength >= 0 else x * passed + air * (1 - passed)
    cleared: NDArray[np.float32] = result.clip(0, 1).astype(np.float32, copy=False)
    return cleared

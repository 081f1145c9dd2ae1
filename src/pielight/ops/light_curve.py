"""The light-enhancement curve of Zero-DCE and PIE, whose parameters the network predicts, and its inverse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray


class _Arithmetic(Protocol):
    def __add__(self: A, other: A, /) -> A: ...
    def __sub__(self: A, other: A, /) -> A: ...
    def __mul__(self: A, other: A, /) -> A: ...


A = TypeVar("A", bound=_Arithmetic)


def light_curve(x: A, alphas: Iterable[A]) -> A:
    """Apply light-enhancement curves one after the other.

    ``LE_n = LE_{n-1} + alpha_n * (LE_{n-1}^2 - LE_{n-1})`` (Zero-DCE, CVPR 2020, eq. 2; used by PIE).
    Negative alphas brighten, positive ones darken; 0 and 1 stay fixed, and the curve is monotone.

    Args:
        x: Brightness in [0, 1]: a float, a NumPy array or a torch tensor of any shape.
        alphas: One entry per iteration in [-1, 1], each broadcastable to ``x``.

    Returns:
        The enhanced brightness in [0, 1], of the kind and shape of ``x``.

    >>> light_curve(0.25, [-1.0])
    0.4375
    >>> light_curve(0.25, [])
    0.25
    """
    for alpha in alphas:
        x = x + alpha * (x * x - x)
    return x


def inverse_light_curve(y: NDArray[Any], alphas: Sequence[NDArray[Any]] | NDArray[Any]) -> NDArray[Any]:
    """Undo :func:`light_curve`.

    Each iteration is a quadratic in x, ``alpha x^2 + (1 - alpha) x = y``, whose root in [0, 1] is
    ``2 y / (1 - alpha + sqrt((1 - alpha)^2 + 4 alpha y))``. Not in the paper: it is used to darken.

    Args:
        y: Brightness in [0, 1].
        alphas: As :func:`light_curve` took them, one entry per iteration.

    Returns:
        The brightness x in [0, 1] that the curve takes to ``y``.

    >>> inverse_light_curve(np.array([0.0, 0.4375, 1.0]), np.array([-1.0])).tolist()
    [0.0, 0.25, 1.0]
    """
    x = y.astype(np.float64)  # where the curve is flat its inverse is steep, and float32 too coarse
    for alpha in alphas[::-1]:
        rest = 1.0 - np.asarray(alpha, np.float64)
        root = rest + np.sqrt(np.maximum(rest * rest + 4 * alpha * x, 0))
        x = 2 * x / np.maximum(root, np.finfo(np.float32).tiny)  # 0 only where alpha is 1 and x is 0
    return x.astype(y.dtype)

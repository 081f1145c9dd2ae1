"""The light-enhancement curve that every network here predicts and every door applies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


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

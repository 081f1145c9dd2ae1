"""White balance: warmth and tint as one 3 x 3 matrix in linear light."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float64]

WARMTH_MIRED = 100.0  # of a warmth of 1: 6504 K becomes 3940 K
TINT_DUV = 0.02  # of a tint of 1: distance from the Planckian locus in CIE 1960 u, v
D65_MIRED = 1e6 / 6504.0
_D65_XY = (0.3127, 0.3290)
# Linear sRGB (IEC 61966-2-1) to XYZ, and XYZ to the cone responses of Bradford (Lam, 1985).
RGB_TO_XYZ: Matrix = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_BRADFORD: Matrix = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def white_balance(warmth: float, tint: float) -> Matrix:
    """Return the matrix, in linear light, that moves the white of a picture.

    A von Kries adaptation in Bradford's cone responses: with B the matrix to them, ``M = B^-1 diag(g) B``, scaled to
    keep the luminance of white. Warmth w moves white from D65 along the Planckian locus by 100 w mired (above 0: to
    lower color temperatures), tint t across it by 0.02 t in CIE 1960 u, v (above 0: to magenta). The gains g are those
    of the white of ``|w|`` and of ``|t|``, or their inverses for negative ones, so that ``-w`` and ``-t`` take back
    what ``w`` and ``t`` do, up to a factor near 1.

    Args:
        warmth: -1 to 1, or beyond.
        tint: The same.

    Returns:
        (3, 3), which maps linear red, green and blue; for 0 and 0 the identity.

    >>> white_balance(0, 0).round(12).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    >>> (white_balance(0.5, 0) @ np.ones(3)).round(2).tolist()
    [1.19, 0.97, 0.71]
    """
    if warmth == 0 and tint == 0:
        return np.eye(3)
    to_cones = _BRADFORD @ RGB_TO_XYZ
    matrix: Matrix = np.linalg.inv(to_cones) @ np.diag(cone_gains(warmth, tint)) @ to_cones
    return np.asarray(matrix / (RGB_TO_XYZ[1] @ matrix @ np.ones(3)))


def cone_gains(warmth: float, tint: float) -> Matrix:
    """Return the gains of Bradford's three cone responses; their product for two steps is that for the sum of steps."""
    gains = np.ones(3)
    for shift, white in ((warmth, _warm_white(abs(warmth))), (tint, _magenta_white(abs(tint)))):
        ratio = _cones(*white) / _cones(*_d65())
        gains *= ratio if shift >= 0 else 1 / ratio
    return gains


def planckian_uv(mired: Any) -> tuple[Any, Any]:
    """Return CIE 1960 u, v of a black body: the rational fit of Krystek (1985), for 1000 to 15,000 K.

    >>> [round(float(value), 4) for value in planckian_uv(500.0)]
    [0.305, 0.3591]
    """
    kelvin = 1e6 / np.maximum(mired, 1.0)
    u = (0.860117757 + 1.54118254e-4 * kelvin + 1.28641212e-7 * kelvin**2) / (
        1 + 8.42420235e-4 * kelvin + 7.08145163e-7 * kelvin**2
    )
    v = (0.317398726 + 4.22806245e-5 * kelvin + 4.20481691e-8 * kelvin**2) / (
        1 - 2.89741816e-5 * kelvin + 1.61456053e-7 * kelvin**2
    )
    return u, v


@cache
def _d65() -> tuple[float, float]:
    x, y = _D65_XY
    return 4 * x / (-2 * x + 12 * y + 3), 6 * y / (-2 * x + 12 * y + 3)


@cache
def normal_at_d65() -> tuple[float, float]:
    """Return the unit vector in u, v across the locus at D65, towards magenta."""
    (u0, v0), (u1, v1) = (planckian_uv(D65_MIRED + step) for step in (-1.0, 1.0))
    length = float(np.hypot(u1 - u0, v1 - v0))
    return float(v1 - v0) / length, -float(u1 - u0) / length


def _warm_white(warmth: float) -> tuple[float, float]:
    (u, v), (u0, v0) = planckian_uv(D65_MIRED + WARMTH_MIRED * warmth), planckian_uv(D65_MIRED)
    return _d65()[0] + float(u - u0), _d65()[1] + float(v - v0)


def _magenta_white(tint: float) -> tuple[float, float]:
    across = normal_at_d65()
    return _d65()[0] + TINT_DUV * tint * across[0], _d65()[1] + TINT_DUV * tint * across[1]


def _cones(u: float, v: float) -> Matrix:
    """Return the cone responses of a light of luminance 1."""
    scale = 2 * u - 8 * v + 4
    x, y = 3 * u / scale, 2 * v / scale
    cones: Matrix = _BRADFORD @ np.array([x / y, 1.0, (1 - x - y) / y])
    return cones

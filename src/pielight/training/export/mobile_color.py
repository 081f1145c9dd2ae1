"""Colors for graphs that run elsewhere: products, roots, smaller and larger values, which every converter takes.

No powers and no branches: on phones they leave the accelerated part of a graph, or have no counterpart at all.
"""

from __future__ import annotations

import math

from torch import Tensor

from pielight.core.color import LINEAR_LIMIT, SRGB_LIMIT, SRGB_OFFSET, SRGB_SLOPE

# u^0.4 in sqrt(u), exact at 1, within a share of 2e-4 on [0.09, 1].
_TO_THE_TWO_FIFTHS = (0.0426105805, 1.2715959372, -0.5670266600, 0.3516556527, -0.0988355104)
# l^(5/12) in l^(1/4), exact at 1, within 2e-5 on [0.0031, 1].
_TO_THE_FIVE_TWELFTHS = (-0.0060044550, 0.1535883221, 1.1899282534, -0.5473347037, 0.2744097548, -0.0645871716)


def decode(srgb: Tensor) -> Tensor:
    """Convert sRGB values in [0, 1] to linear light: :func:`pielight.core.color.srgb_to_linear` within 1e-4 of it.

    >>> import torch
    >>> decode(torch.tensor([0.25, 0.5, 1.0])).round(decimals=4)
    tensor([0.0509, 0.2140, 1.0000])
    """
    base = (srgb.clamp(min=SRGB_LIMIT) + SRGB_OFFSET) * (1 / (1 + SRGB_OFFSET))
    power = base * base * _polynomial(_TO_THE_TWO_FIFTHS, base.sqrt())
    return srgb.clamp(max=SRGB_LIMIT) * (1 / SRGB_SLOPE) + power - _AT_SRGB_LIMIT


def encode(linear: Tensor) -> Tensor:
    """Convert linear light in [0, 1] to sRGB: :func:`pielight.core.color.linear_to_srgb` within 2e-5 of it.

    >>> import torch
    >>> encode(torch.tensor([0.0, 0.214, 1.0])).round(decimals=3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    power = _polynomial(_TO_THE_FIVE_TWELFTHS, linear.clamp(min=LINEAR_LIMIT).sqrt().sqrt())
    return linear.clamp(max=LINEAR_LIMIT) * SRGB_SLOPE + power * (1 + SRGB_OFFSET) - _AT_LINEAR_LIMIT


def expose(linear: Tensor, ev: Tensor) -> Tensor:
    """Expose linear light by EV: :func:`pielight.ops.exposure.exposure_curve` with a natural power.

    >>> import torch
    >>> expose(torch.tensor([0.0, 0.25, 1.0]), torch.ones(1)).round(decimals=4)
    tensor([0.0000, 0.4000, 1.0000])
    """
    brighter = (ev * math.log(2)).exp() * linear
    return brighter / (brighter - linear + 1)


def log2(values: Tensor) -> Tensor:
    """Return the binary logarithm by the natural one.

    >>> import torch
    >>> log2(torch.tensor([8.0]))
    tensor([3.])
    """
    return values.log() * (1 / math.log(2))


def _polynomial(coefficients: tuple[float, ...], x: Tensor) -> Tensor:
    result = x * coefficients[-1] + coefficients[-2]
    for coefficient in coefficients[-3::-1]:
        result = result * x + coefficient
    return result


def _number(coefficients: tuple[float, ...], x: float) -> float:
    return sum(coefficient * x**power for power, coefficient in enumerate(coefficients))


_BASE = (SRGB_LIMIT + SRGB_OFFSET) / (1 + SRGB_OFFSET)
_AT_SRGB_LIMIT = _BASE * _BASE * _number(_TO_THE_TWO_FIFTHS, _BASE**0.5)
_AT_LINEAR_LIMIT = _number(_TO_THE_FIVE_TWELFTHS, LINEAR_LIMIT**0.25) * (1 + SRGB_OFFSET)

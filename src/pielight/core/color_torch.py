"""Color primitives of :mod:`pielight.core.color` for torch tensors, differentiable everywhere in their range."""

from __future__ import annotations

import torch
from torch import Tensor

from pielight.core.color import LINEAR_LIMIT, LUMA_WEIGHTS, SRGB_GAMMA, SRGB_LIMIT, SRGB_OFFSET, SRGB_SLOPE


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Convert sRGB values in [0, 1] to linear light (IEC 61966-2-1).

    >>> srgb_to_linear(torch.tensor([0.0, 0.5, 1.0])).round(decimals=4)
    tensor([0.0000, 0.2140, 1.0000])
    """
    power = ((srgb + SRGB_OFFSET) / (1 + SRGB_OFFSET)).clamp_min(0.0) ** SRGB_GAMMA
    return torch.where(srgb <= SRGB_LIMIT, srgb / SRGB_SLOPE, power)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Convert linear light in [0, 1] to sRGB values (IEC 61966-2-1), the inverse of :func:`srgb_to_linear`.

    >>> linear_to_srgb(torch.tensor([0.0, 0.214, 1.0])).round(decimals=3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    power = (1 + SRGB_OFFSET) * linear.clamp_min(1e-8) ** (1 / SRGB_GAMMA) - SRGB_OFFSET
    return torch.where(linear <= LINEAR_LIMIT, linear * SRGB_SLOPE, power)


def luma(pictures: Tensor) -> Tensor:
    """Return the BT.601 luma ``(N, 1, H, W)`` of pictures ``(N, 3, H, W)``.

    >>> luma(torch.ones(1, 3, 1, 1)).item()
    1.0
    """
    return (pictures * pictures.new_tensor(LUMA_WEIGHTS).view(1, 3, 1, 1)).sum(1, keepdim=True)


def smooth_step(values: Tensor, low: float, high: float) -> Tensor:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``: ``3 t^2 - 2 t^3``.

    >>> smooth_step(torch.tensor([0.0, 0.5, 1.0]), 0.25, 0.75)
    tensor([0.0000, 0.5000, 1.0000])
    """
    t = ((values - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)

"""Exposure: sRGB and linear light, gray levels, and more or less light."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)


def to_linear(srgb: Tensor) -> Tensor:
    """Convert sRGB values in [0, 1] to linear light (IEC 61966-2-1).

    >>> to_linear(torch.tensor([0.0, 0.5, 1.0])).round(decimals=4)
    tensor([0.0000, 0.2140, 1.0000])
    """
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055).clamp_min(0.0) ** 2.4)


def to_srgb(linear: Tensor) -> Tensor:
    """Convert linear light in [0, 1] to sRGB values (IEC 61966-2-1), the inverse of :func:`to_linear`.

    >>> to_srgb(torch.tensor([0.0, 0.214, 1.0])).round(decimals=3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.clamp_min(1e-8) ** (1 / 2.4) - 0.055)


def luminance(pictures: Tensor) -> Tensor:
    """Return the gray levels ``(N, 1, H, W)`` of pictures ``(N, 3, H, W)`` (BT.601 weights).

    >>> luminance(torch.ones(1, 3, 1, 1)).item()
    1.0
    """
    return (pictures * pictures.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def expose(pictures: Tensor, stops: Tensor | float) -> Tensor:
    """Change the exposure by ``stops`` EV in linear light: ``sRGB(min(1, 2^EV * lin(x)))``.

    >>> round(expose(torch.tensor([0.5]), 1.0).item(), 3)
    0.686
    """
    return to_srgb((to_linear(pictures) * torch.exp2(torch.as_tensor(stops))).clamp(0, 1))


def smooth_step(values: Tensor, low: float, high: float) -> Tensor:
    """Rise smoothly from 0 to 1 between two values: ``3 t^2 - 2 t^3``.

    >>> smooth_step(torch.tensor([0.0, 0.5, 1.0]), 0.25, 0.75)
    tensor([0.0000, 0.5000, 1.0000])
    """
    t = ((values - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def camera_response(pictures: Tensor, contrast: Tensor) -> Tensor:
    """Apply the S-curve by which cameras depart from sRGB: ``x^g / (x^g + (1 - x)^g)``; 1 / g undoes g.

    Beyond the paper: cameras' JPEGs have a toe, so that a low exposure crushes shadows more than sRGB says; a network
    that learns without it leaves real dark pictures half a stop too dark.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        contrast: g, ``(N, 1, 1, 1)``, > 0; 1 is the identity.

    >>> camera_response(torch.tensor([0.2, 0.5]), torch.tensor(2.0)).round(decimals=4)
    tensor([0.0588, 0.5000])
    """
    up, down = pictures.clamp(0, 1) ** contrast, (1 - pictures).clamp(0, 1) ** contrast
    return up / (up + down)


def blur(mask: Tensor, sigma: float) -> Tensor:
    """Blur masks ``(N, 1, H, W)`` with a Gaussian of ``sigma`` pixels."""
    radius = max(1, int(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=mask.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    mask = F.pad(mask, (radius,) * 4, mode="replicate")
    mask = F.conv2d(mask, kernel.view(1, 1, 1, -1))
    return F.conv2d(mask, kernel.view(1, 1, -1, 1))

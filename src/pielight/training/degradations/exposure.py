"""Exposure in linear light, the response of cameras, fill light for dark regions, and the blur of masks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.core.color_torch import linear_to_srgb, srgb_to_linear


def expose(pictures: Tensor, stops: Tensor | float) -> Tensor:
    """Change the exposure by ``stops`` EV in linear light: ``sRGB(min(1, 2^EV * lin(x)))``.

    >>> round(expose(torch.tensor([0.5]), 1.0).item(), 3)
    0.686
    """
    return linear_to_srgb((srgb_to_linear(pictures) * torch.exp2(torch.as_tensor(stops))).clamp(0, 1))


def camera_response(pictures: Tensor, contrast: Tensor) -> Tensor:
    """Apply the S-curve by which cameras depart from sRGB: ``x^g / (x^g + (1 - x)^g)``; 1 / g undoes g.

    Beyond the paper: cameras' JPEGs have a toe, so that a low exposure crushes shadows more than sRGB says; a network
    that learns without it leaves real dark pictures half a stop too dark.

    Args:
        contrast: g, ``(N, 1, 1, 1)``, > 0; 1 is the identity.

    >>> camera_response(torch.tensor([0.2, 0.5]), torch.tensor(2.0)).round(decimals=4)
    tensor([0.0588, 0.5000])
    """
    up, down = pictures.clamp(0, 1) ** contrast, (1 - pictures).clamp(0, 1) ** contrast
    return up / (up + down)


def blur(mask: Tensor, sigma: float) -> Tensor:
    """Blur masks ``(N, 1, H, W)`` with a Gaussian of ``sigma`` pixels, cut at 2.5 sigma; edges are replicated.

    >>> blur(torch.eye(5)[2].view(1, 1, 1, 5), 1.0).flatten().round(decimals=3)
    tensor([0.0540, 0.2440, 0.4030, 0.2440, 0.0540])
    """
    radius = max(1, int(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=mask.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    mask = F.pad(mask, (radius,) * 4, mode="replicate")
    mask = F.conv2d(mask, kernel.view(1, 1, 1, -1))
    return F.conv2d(mask, kernel.view(1, 1, -1, 1))


_LIT = 0.5  # a region this bright needs no fill light
_CURVES = 4

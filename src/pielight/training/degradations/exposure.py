"""Exposure in linear light, and the blur of masks."""

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

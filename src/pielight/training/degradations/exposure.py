"""Exposure in linear light, the response of cameras, fill light for dark regions, and the blur of masks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.core.color_torch import linear_to_srgb, luma, smooth_step, srgb_to_linear
from pielight.ops.light_curve import light_curve
from pielight.training.data.regions import region_means


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


def fill_light(pictures: Tensor, labels: Tensor, amount: Tensor | float) -> Tensor:
    """Lift dark regions by four light-enhancement curves each, the darker the more; bright ones stay.

    ``x_{k+1} = x_k - a_k (x_k^2 - x_k)``, ``a_k = amount * max(0, 1 - m_k / 0.5)``, m_0 the mean of the gray level at
    the pixel and in its region, blurred so that regions meet without a seam, and m_{k+1} what the same curve makes of
    it.

    Beyond the paper: contrast between the well-exposed and the badly exposed says how bright a picture should be, this
    says how evenly; it is what the regional constraint asks for, as a target.

    Args:
        amount: From 0, which returns the pictures, to 1; a number, or ``(N, 1, 1, 1)``.

    >>> import torch
    >>> one = torch.zeros(1, 8, 8, dtype=torch.int32)
    >>> round(fill_light(torch.full((1, 3, 8, 8), 0.25), one, 1.0).mean().item(), 5)
    0.47776
    """
    gray = luma(pictures)
    brightness = (region_means(gray, labels) + gray) / 2
    brightness = blur(brightness, labels.shape[-1] / 50)
    for _ in range(_CURVES):
        alpha = -amount * F.relu(1 - brightness / _LIT)
        pictures, brightness = light_curve(pictures, [alpha]), light_curve(brightness, [alpha])
    return pictures


def backlit(pictures: Tensor) -> Tensor:
    """Return how far a picture is one that lacks light in its shadows only.

    ``S(m; 0.2, 0.32) S(b; 0.5, 0.8)``: m the mean gray level, b that of the brightest tenth of the picture, S the
    smooth step from 0 to 1 between two values. If highlights are exposed well, shadows want light; a picture that is
    dark everywhere wants its exposure back.

    Returns:
        ``(N, 1, 1, 1)`` in [0, 1].

    >>> import torch
    >>> backlit(torch.tensor([0.1, 0.9]).view(2, 1, 1, 1).expand(2, 3, 4, 4)).flatten()
    tensor([0., 1.])
    """
    gray = F.avg_pool2d(luma(pictures), 4).flatten(1)
    bright = gray.topk(max(1, gray.shape[1] // 10), dim=1).values.mean(1)
    return (smooth_step(gray.mean(1), 0.2, 0.32) * smooth_step(bright, 0.5, 0.8)).view(-1, 1, 1, 1)

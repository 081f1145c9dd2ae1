"""Fill light: what a well-exposed picture looks like when its dark regions get some light, too."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from pielight.core.color_torch import luma, smooth_step
from pielight.ops.light_curve import light_curve
from pielight.training.data.regions import region_means
from pielight.training.degradations.exposure import blur

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
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, H, W)``.
        amount: From 0, which returns the pictures, to 1; a number, or ``(N, 1, 1, 1)``.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

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

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].

    Returns:
        ``(N, 1, 1, 1)`` in [0, 1].

    >>> import torch
    >>> backlit(torch.tensor([0.1, 0.9]).view(2, 1, 1, 1).expand(2, 3, 4, 4)).flatten()
    tensor([0., 1.])
    """
    gray = F.avg_pool2d(luma(pictures), 4).flatten(1)
    bright = gray.topk(max(1, gray.shape[1] // 10), dim=1).values.mean(1)
    return (smooth_step(gray.mean(1), 0.2, 0.32) * smooth_step(bright, 0.5, 0.8)).view(-1, 1, 1, 1)

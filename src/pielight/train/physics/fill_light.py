"""Fill light: what a well-exposed picture looks like when its dark regions get some light, too."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from pielight.curves.light import light_curve
from pielight.train.physics.exposure import blur, luminance
from pielight.train.regions import region_means

_LIT = 0.5  # a region this bright needs no fill light


def fill_light(pictures: Tensor, labels: Tensor, amount: float) -> Tensor:
    """Lift dark regions by one light-enhancement curve each, the darker the more; bright ones stay.

    ``y = x - a (x^2 - x)``, ``a = amount * max(0, 1 - m / 0.5)``, m the mean of the grey level at the pixel and in its
    region, blurred so that regions meet without a seam.

    Beyond the paper: contrast between the well-exposed and the badly exposed says how bright a picture should be, this
    says how evenly; it is what the regional constraint asks for, as a target.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        labels: Regions ``(N, H, W)``.
        amount: From 0, which returns the pictures, to 1.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> one = torch.zeros(1, 8, 8, dtype=torch.int32)
    >>> round(fill_light(torch.full((1, 3, 8, 8), 0.25), one, 1.0).mean().item(), 5)
    0.34375
    """
    grey = luminance(pictures)
    brightness = (region_means(grey, labels) + grey) / 2
    lift = amount * F.relu(1 - blur(brightness, labels.shape[-1] / 50) / _LIT)
    return light_curve(pictures, [-lift])

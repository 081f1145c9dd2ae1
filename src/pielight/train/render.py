"""Rendering: curve maps of any size laid over a picture, differentiably."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from pielight.curves.light import light_curve
from pielight.curves.tone import GAIN, HIGHLIGHTS, SHOULDER


def render(pictures: Tensor, alphas: Tensor) -> Tensor:
    """Enhance pictures with the curve maps that a network returned.

    The maps are interpolated bilinearly to the size of the pictures, then the light-enhancement
    curve (:func:`pielight.curves.light.light_curve`) is iterated at every pixel.

    Differs from the engine (`pielight.curves.apply`): the engine blends the curves of the four nearest nodes
    instead of their parameters, because that is a table look-up; they differ most where parameters jump, as
    around lamps (8/255 on a drawn one).

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        alphas: ``(N, 3 * iterations, h, w)`` in [-1, 1], iteration by iteration, R, G, B in each.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> bright = render(torch.full((1, 3, 4, 4), 0.25), torch.full((1, 3, 2, 2), -1.0))
    >>> bright.unique()
    tensor([0.4375])
    """
    if alphas.shape[-2:] != pictures.shape[-2:]:
        alphas = F.interpolate(alphas, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
    curves: tuple[Tensor, ...] = alphas.split(3, dim=1)
    return light_curve(pictures, curves)


def render_bounded(pictures: Tensor, alphas: Tensor) -> Tensor:
    """Enhance pictures within the bounds that curves have in use, as :func:`pielight.curves.tone.toned` sets them.

    With g what :func:`render` returns: ``c = g / (1 + (g / 20 x)^4)^(1/4)`` and
    ``y = x + (c - x) (1 - h k / (k + 1 - x))``; the maximum of c - x and 0 is left out, since its slope is 0.

    Beyond the paper: a network that learns within its bounds makes up for them.

    Args:
        pictures: ``(N, 3, H, W)`` in [0, 1].
        alphas: As for :func:`render`.

    Returns:
        ``(N, 3, H, W)`` in [0, 1].

    >>> import torch
    >>> render_bounded(torch.full((1, 3, 4, 4), 0.25), torch.full((1, 3, 2, 2), -1.0)).unique()
    tensor([0.4316])
    """
    lit = render(pictures, alphas)
    lit = lit / (1 + (lit / (GAIN * pictures).clamp_min(1e-6)) ** 4) ** 0.25
    return pictures + (lit - pictures) * (1 - HIGHLIGHTS * SHOULDER / (1 + SHOULDER - pictures))

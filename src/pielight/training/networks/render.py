"""Apply curve maps of any size to a picture, differentiably."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from pielight.ops.light_curve import light_curve


def render(pictures: Tensor, alphas: Tensor) -> Tensor:
    """Enhance pictures with the curve maps that a network returned.

    The maps are interpolated bilinearly to the size of the pictures, then the light-enhancement
    curve (:func:`pielight.ops.light_curve.light_curve`) is iterated at every pixel.

    Differs from the engine (:mod:`pielight.ops.apply`): the engine blends the results of the curves of the nine
    nearest nodes, by weights of a quadratic B-spline, instead of their parameters, because each is a look-up in a
    table; they differ most where parameters jump, as around lamps (8/255 on a synthetic one).

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

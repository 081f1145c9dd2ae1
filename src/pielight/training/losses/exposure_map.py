"""Terms of exposure maps: what was darkened comes back at its own level, and dark pictures become as bright as others.

Rendered thumbnails are ``(N, 3, S, S)`` in [0, 1].
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

_LEVEL = 12.0  # weight of the error of a picture's mean: an eighth of a stop is seen, noise of pixels is not
_ANCHOR = 0.05  # weight of the distance to the white point
_LOCAL = 0.01  # weight of local differences of all pictures: without it they run off at night, where they do not count


def level_inversion(rendered: Tensor, target: Tensor, too_bright: float = 0.0) -> Tensor:
    """Return the distance of rendered thumbnails from what they should be, their level above all.

    ``mean(sqrt(e^2 + 0.01^2)) + 12 mean_i(w_i mean(e_i)^2)``, ``e = y - x``: the Charbonnier distance (Lai et al., CVPR
    2017), and the squared error of each picture's mean, w being 1, or more where it came out too bright. Unlike
    :func:`pielight.training.losses.reconstruction.inversion` it is sharp, since a map of 16 x 16 exposures can only err
    in level.

    Beyond the paper.

    Args:
        too_bright: By how much w exceeds 1 there: blown skies and pale skin are minded more than shadows.

    >>> import torch
    >>> gray, brighter = torch.full((1, 3, 2, 2), 0.4), torch.full((1, 3, 2, 2), 0.5)
    >>> level_inversion(brighter, gray).item(), level_inversion(brighter, gray, 1.0).item()  # doctest: +ELLIPSIS
    (0.220..., 0.340...)
    """
    error = rendered - target
    level = error.mean((1, 2, 3))
    weight = 1 + too_bright * (level > 0)
    return (error.square() + 1e-4).sqrt().mean() + _LEVEL * (weight * level.square()).mean()


def brightness_match(means: Tensor, wanted: Tensor) -> Tensor:
    """Return how far dark pictures are, on the average, from being as bright as well-exposed ones.

    ``(mean_i m_i - M)^2``: no picture has to be as bright as another, all of them together are. Beyond the paper, whose
    triplet draws every picture to the same brightness.

    Args:
        means: m, ``(N,)``.
        wanted: M.

    >>> import torch
    >>> brightness_match(torch.tensor([0.1, 0.9]), torch.tensor(0.5)).item()
    0.0
    """
    return (means.mean() - wanted).square()


def shrinkage(level: Tensor, anchor: Tensor, local: Tensor, real: slice) -> Tensor:
    """Return how far levels are from their mean, and how far real dark pictures are from one exposure, in EV^2.

    ``mean_i (a_i - mean a)^2 + mean_i (mean_xy c_i^2) / 100``, no gradient through the mean, and for real dark pictures
    ``mean_i (b_i^2 / 20 + mean_xy c_i^2)``: pictures and their parts are exposed alike unless they have reason not to
    be. What physics darkened is a poor guide to real ones.

    Args:
        level: a, ``(N, 1)``.
        anchor: b, how far they are drawn to their white points, ``(N, 1)``.
        local: c, ``(N, 1, h, w)``.
        real: Which are real dark pictures; maybe none.

    >>> import torch
    >>> shrinkage(torch.ones(2, 1), torch.zeros(2, 1), torch.zeros(2, 1, 4, 4), slice(1, 2)).item()
    0.0
    """
    result = (level - level.detach().mean()).square().mean() + _LOCAL * local.square().mean()
    if len(anchor[real]):
        result = result + _ANCHOR * anchor[real].square().mean() + local[real].square().mean()
    return result


def underexposure(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the binary cross entropy of being underexposed.

    Args:
        logits: ``(N,)``.
        labels: ``(N,)``, from 0 to 1.
        weights: Of each picture ``(N,)``.

    >>> import torch
    >>> underexposure(torch.zeros(1), torch.ones(1), torch.ones(1)).item()  # ln 2
    0.6931471824645996
    """
    return F.binary_cross_entropy_with_logits(logits, labels, weight=weights)

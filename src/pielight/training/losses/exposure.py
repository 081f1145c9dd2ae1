"""Exposure: how bright the regions of pictures should be, by other pictures."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.training.data.regions import region_means

QUANTILES = 32


def brightness_profile(gray: Tensor, labels: Tensor) -> Tensor:
    """Return how bright the regions of a picture are, from its darkest to its brightest part.

    The quantiles (2k + 1) / 2K, k = 0..K-1, of the picture whose pixels are replaced by their region's mean.

    Args:
        gray: ``(N, 1, H, W)`` in [0, 1].

    Returns:
        ``(N, 32)``, ascending.

    >>> brightness_profile(torch.tensor([[[[0.2, 0.4, 0.9]]]]), torch.tensor([[[0, 0, 1]]]))[0, [0, 31]]
    tensor([0.3000, 0.9000])
    """
    ranked = region_means(gray, labels).flatten(1).sort(1).values
    positions = (torch.arange(QUANTILES) * 2 + 1) * ranked.shape[1] // (2 * QUANTILES)
    return ranked[:, positions]


def brightness_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 0.3) -> Tensor:
    """Return the triplet loss on gray levels over every pair of a positive and a negative.

    ``max(d(a, p) - d(a, n) + margin, 0)`` averaged, d the mean absolute difference of brightness profiles, which is
    the Wasserstein-1 distance of the two distributions of regional brightness.

    Differs from the paper: its d compares pixels at the same place, which mean nothing between unaligned pictures.

    Args:
        margin: The wanted gap.

    >>> a, p, n = torch.full((1, 4), 0.5), torch.full((1, 4), 0.5), torch.zeros(1, 4)
    >>> brightness_triplet(a, p, n).item()
    0.0
    """
    near = (anchor[:, None] - positive[None]).abs().mean(2)
    far = (anchor[:, None] - negative[None]).abs().mean(2)
    return F.relu(near[:, :, None] - far[:, None, :] + margin).mean()

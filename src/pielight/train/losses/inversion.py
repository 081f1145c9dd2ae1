"""Learning by inversion: what physics darkened must come back."""

from __future__ import annotations

from torch import Tensor


def inversion(restored: Tensor, original: Tensor) -> Tensor:
    """Return the distance of a restored picture from the well-exposed one that it was darkened from.

    ``mean(sqrt((y - x)^2 + eps^2))``, eps = 0.01: the Charbonnier distance (Lai et al., CVPR 2017).

    Beyond the paper: needs no captured pair, and teaches how bright this content should be.

    Args:
        restored: ``(N, 3, H, W)`` in [0, 1].
        original: The same shape.

    >>> import torch
    >>> inversion(torch.ones(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item() < 0.011
    True
    """
    return ((restored - original).square() + 1e-4).sqrt().mean()

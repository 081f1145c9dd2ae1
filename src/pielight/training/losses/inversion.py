"""Learning by inversion: what physics darkened must come back."""

from __future__ import annotations

from torch import Tensor


def inversion(restored: Tensor, original: Tensor) -> Tensor:
    """Return the distance of a restored picture from the well-exposed one that it was darkened from.

    ``mean(sqrt((y - x)^2 + eps^2))``, eps = 0.1: the Charbonnier distance (Lai et al., CVPR 2017). Below
    eps it is quadratic, so that a doubtful exposure comes out at the mean of what it may have been, not at the median,
    which is darker.

    Beyond the paper: needs no captured pair, and teaches how bright this content should be.

    Args:
        restored: ``(N, 3, H, W)`` in [0, 1].
        original: The same shape.

    >>> import torch
    >>> inversion(torch.ones(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item() < 0.11
    True
    """
    return ((restored - original).square() + 1e-2).sqrt().mean()

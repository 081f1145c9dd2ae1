"""Reconstruction: what physics degraded must come back, in its brightness and in its detail."""

from __future__ import annotations

from torch import Tensor


def inversion(restored: Tensor, original: Tensor) -> Tensor:
    """Return the distance of a restored picture from the well-exposed one that it was darkened from.

    ``mean(sqrt((y - x)^2 + eps^2))``, eps = 0.1: the Charbonnier distance (Lai et al., CVPR 2017). Below
    eps it is quadratic, so that a doubtful exposure comes out at the mean of what it may have been, not at the median,
    which is darker.

    Beyond the paper: needs no captured pair, and teaches how bright this content should be.

    >>> import torch
    >>> inversion(torch.ones(1, 3, 2, 2), torch.ones(1, 3, 2, 2)).item() < 0.11
    True
    """
    return ((restored - original).square() + 1e-2).sqrt().mean()


def gradient(restored: Tensor, original: Tensor) -> Tensor:
    """Return the distance between the differences of neighboring pixels, down and across.

    ``mean |d_y e| + mean |d_x e|``, ``e = y - x``, d the difference of neighbors. A picture that was only darkened
    or brightened evenly costs nothing more, and one whose streaks were left costs all of them; so that a network
    cannot learn to take the mean of the rain away instead of the rain.

    Beyond the paper.

    >>> import torch
    >>> dry = torch.rand(1, 3, 8, 8)
    >>> gradient(dry - 0.1, dry).item() < 1e-6
    True
    """
    error = restored - original
    return error.diff(dim=-2).abs().mean() + error.diff(dim=-1).abs().mean()


def noise_loss(denoised: Tensor, noiseless: Tensor) -> Tensor:
    """Return how far denoised pictures are from what they would be without noise.

    ``mean |e| + (mean |dx e| + mean |dy e|) / 2``, e the difference of a pixel, dx e its step to the neighbor, which
    grain and the borders of cells make large: the terms that the denoiser learns from at first
    (:class:`pielight.training.objectives.denoise.Denoise`). Without them a task
    that does not mind lets it draw patterns.

    Args:
        noiseless: The same curves laid over the same pictures without noise.

    >>> import torch
    >>> noise_loss(torch.ones(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)).item()
    1.0
    """
    error = denoised - noiseless
    return error.abs().mean() + (error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()) / 2

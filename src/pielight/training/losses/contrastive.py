"""Contrast: the enhanced picture should be near well-exposed photographs and far from badly exposed ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def gram(features: Tensor) -> Tensor:
    """Return the normalized Gram matrix of centered feature maps.

    ``G = f f^T / ||f f^T||_F`` with f the feature map (c x hw) minus its mean over the pixels.

    Differs from the paper: its ``f f^T / (c h w)`` grows with brightness and contrast, so that distances mostly say
    how bright a picture is; this one does not change when a map is scaled or shifted.

    Args:
        features: ``(N, C, H, W)``.

    Returns:
        ``(N, C, C)``, of Frobenius norm 1 (0 for a flat map).

    >>> maps = torch.rand(1, 4, 8, 8)
    >>> torch.allclose(gram(maps), gram(3 * maps + 1), atol=1e-5)
    True
    """
    f = features.flatten(2)
    f = f - f.mean(2, keepdim=True)
    g = f @ f.transpose(1, 2)
    size = g.square().sum((1, 2), keepdim=True).clamp_min(1e-16).sqrt()
    return g / size


def gram_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Return the distance of every picture of one set to every picture of another.

    ``D(a, b) = sum_layers ||G(a) - G(b)||_F^2`` (PIE's feature distance, on :func:`gram`).

    Args:
        a: Gram matrices ``(N, C, C)``, one entry per layer.
        b: The same for ``(M, C, C)``.

    Returns:
        ``(N, M)``, between 0 and 4 per layer.

    >>> g = [gram(torch.rand(2, 3, 4, 4))]
    >>> gram_distance(g, g).diagonal().abs().max().item() < 1e-5
    True
    """
    total: Tensor = torch.zeros(())
    for ga, gb in zip(a, b, strict=True):
        fa, fb = ga.flatten(1), gb.flatten(1)
        total = total + (fa * fa).sum(1)[:, None] + (fb * fb).sum(1)[None, :] - 2 * fa @ fb.T
    return total


def info_nce(positive: Tensor, negative: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the InfoNCE loss over every pair of a positive and a negative.

    ``-log(exp(D_n/t) / (exp(D_n/t) + exp(D_p/t))) = softplus((D_p - D_n) / t)`` (PIE, eq. of L_c), averaged.

    Args:
        positive: Distances to positives ``(N, P)``.
        negative: Distances to negatives ``(N, M)``.
        temperature: t; smaller looks harder at the pairs that are ordered wrongly.

    >>> info_nce(torch.zeros(1, 1), torch.zeros(1, 1)).item()  # ln 2
    0.6931471824645996
    """
    return F.softplus((positive[:, :, None] - negative[:, None, :]) / temperature).mean()


def grams(features: Mapping[str, Tensor], layers: Sequence[str]) -> list[Tensor]:
    """Return the Gram matrices of the named layers, in that order."""
    return [gram(features[layer]) for layer in layers]

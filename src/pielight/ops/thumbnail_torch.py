"""The thumbnail that the network sees, for tensors: differentiable, and exported to ONNX as a product of matrices."""

from __future__ import annotations

import torch
from torch import Tensor


def thumbnail(pictures: Tensor, size: int) -> Tensor:
    """Squash pictures to a square by the bilinear filter that widens with the scale, as Pillow's does.

    ``t = A_H x A_W^T``, ``A_ij ~ max(0, 1 - |j + 1/2 - s (i + 1/2)| / max(s, 1))`` with s the scale of a side and rows
    that sum to 1: two products of matrices, since ONNX export has no antialiased resizing.

    Args:
        pictures: ``(N, 3, H, W)``.
        size: Side S.

    Returns:
        ``(N, 3, S, S)``.

    >>> thumbnail(torch.full((1, 1, 40, 60), 0.25), 2).round(decimals=4).tolist()
    [[[[0.25, 0.25], [0.25, 0.25]]]]
    """
    height, width = pictures.shape[-2:]
    small: Tensor = _filter(height, size, pictures) @ pictures @ _filter(width, size, pictures).T
    return small


def box_thumbnail(pictures: Tensor, size: int) -> Tensor:
    """Squash pictures to a square by means over boxes of whole pixels, as the CPU's engine does with large ones.

    Args:
        pictures: ``(N, C, H, W)``, no side below the size.
        size: Side S.

    Returns:
        ``(N, C, S, S)``.

    >>> box_thumbnail(torch.arange(6.0).view(1, 1, 1, 6).expand(1, 1, 2, 6), 2)[0, 0, 0].tolist()
    [1.0, 4.0]
    """
    height, width = pictures.shape[-2:]
    small: Tensor = _boxes(height, size, pictures) @ pictures @ _boxes(width, size, pictures).T
    return small


def _boxes(length: int, size: int, like: Tensor) -> Tensor:
    """Return the matrix ``(size, length)`` of means over boxes."""
    edges = torch.arange(size + 1, device=like.device) * length // size
    pixels = torch.arange(length, device=like.device)
    inside = ((pixels >= edges[:-1, None]) & (pixels < edges[1:, None])).to(like.dtype)
    return inside / inside.sum(1, keepdim=True)


def _filter(length: int, size: int, like: Tensor) -> Tensor:
    """Return the matrix ``(size, length)`` that shrinks or stretches one side."""
    pixels = torch.arange(length, device=like.device).to(like.dtype) + 0.5
    scale = pixels[-1:] + 0.5  # the length as a tensor, which an export follows
    scale = scale / size
    centers = (torch.arange(size, device=like.device).to(like.dtype) + 0.5)[:, None] * scale
    weights = (1 - (pixels - centers).abs() / scale.clamp_min(1)).clamp_min(0)
    return weights / weights.sum(1, keepdim=True)

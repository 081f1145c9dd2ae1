"""The thumbnail that the network sees, for tensors: differentiable, and exported to ONNX as a product of matrices."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from pielight.ops.thumbnail import REDUCING_GAP

# Pillow's fixed points for 8 bits, whose bias counts in dark pictures.
_RECIPROCAL = 2.0**24
_WEIGHT = 2.0**22


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


def small_thumbnail(pictures: Tensor, size: int) -> Tensor:
    """Squash small pictures to a square as the CPU's engine does: by Pillow's filter, with its rounding.

    Pillow first shrinks each side by a whole number, then filters it, and rounds 8 bits at each step. Which side it
    filters first depends on its release, so single values may differ by a level.

    Args:
        pictures: ``(N, C, H, W)``: uint8, or floats in [0, 1], which are not rounded.
        size: Side S.

    Returns:
        float32 ``(N, C, S, S)`` in [0, 1].

    >>> small_thumbnail(torch.tensor([[[[0, 1, 51]]]], dtype=torch.uint8), 1).mul(255).round().item()
    15.0
    """
    height, width = pictures.shape[-2:]
    factors = tuple(max(1, int(side / size / REDUCING_GAP)) for side in (height, width))
    sums = F.avg_pool2d(pictures.double(), factors, ceil_mode=True, divisor_override=1)
    counts = F.avg_pool2d(sums.new_ones(1, height, width), factors, ceil_mode=True, divisor_override=1)
    rows, columns = (
        _filter(count, size, sums, side / factor)
        for count, side, factor in zip(sums.shape[-2:], (height, width), factors, strict=True)
    )
    if pictures.is_floating_point():
        return (rows @ (sums / counts) @ columns.T).float()
    reciprocals = (_RECIPROCAL / counts).floor()
    small = ((sums + (counts / 2).floor()) * reciprocals / _RECIPROCAL).floor()
    rows, columns = ((one * _WEIGHT).round() / _WEIGHT for one in (rows, columns))
    small = (small @ columns.T + 0.5).floor()
    return (rows @ small + 0.5).floor().float() / 255


def _boxes(length: int, size: int, like: Tensor) -> Tensor:
    """Return the matrix ``(size, length)`` of means over boxes."""
    edges = torch.arange(size + 1, device=like.device) * length // size
    pixels = torch.arange(length, device=like.device)
    inside = ((pixels >= edges[:-1, None]) & (pixels < edges[1:, None])).to(like.dtype)
    return inside / inside.sum(1, keepdim=True)


def _filter(count: int, size: int, like: Tensor, length: float | None = None) -> Tensor:
    """Return the matrix ``(size, count)`` that shrinks or stretches one side, whose last pixel may count in part."""
    pixels = torch.arange(count, device=like.device).to(like.dtype) + 0.5
    ends = pixels[-1:] + 0.5 if length is None else pixels.new_tensor([length])  # a tensor, which an export follows
    scale = ends / size
    centers = (torch.arange(size, device=like.device).to(like.dtype) + 0.5)[:, None] * scale
    weights = (1 - (pixels - centers).abs() / scale.clamp_min(1)).clamp_min(0)
    return weights / weights.sum(1, keepdim=True)

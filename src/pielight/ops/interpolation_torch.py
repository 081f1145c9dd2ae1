"""Nodes of a lattice interpolated at every pixel, for tensors: differentiable, and exported as products of matrices."""

from __future__ import annotations

import torch
from torch import Tensor


def resample_lattice(nodes: Tensor, height: int, width: int) -> Tensor:
    """Interpolate the nodes of a lattice at every pixel by quadratic B-splines: ``A_H nodes A_W^T``.

    Args:
        nodes: ``(N, C, h, w)``; node (j, i) sits in the middle of cell (j, i) of the picture cut into h x w cells.
        height: H, in pixels.
        width: W.

    Returns:
        ``(N, C, H, W)``.

    >>> resample_lattice(torch.tensor([[[[0.0, 1.0]]]]), 1, 4).flatten().tolist()
    [0.03125, 0.28125, 0.71875, 0.96875]
    """
    down, across = nodes.shape[-2:]
    result: Tensor = spline_weights(height, down, nodes) @ nodes @ spline_weights(width, across, nodes).T
    return result


def spline_weights(pixels: int, nodes: int, like: Tensor) -> Tensor:
    """Return how pixels of one side weigh the nodes along it, ``(pixels, nodes)``; rows sum to 1.

    ``A_ij = B(p_i - j)``, ``p_i = (i + 1/2) nodes / pixels - 1/2``, B the quadratic B-spline: ``3/4 - d^2`` up to 1/2
    and ``(3/2 - |d|)^2 / 2`` up to 3/2. Beyond the ends the first and the last node are repeated. The weights of
    :class:`pielight.ops.interpolation.Axis`, as a matrix that gradients and exports pass.

    >>> spline_weights(4, 2, torch.zeros(()))[1]
    tensor([0.7188, 0.2812])
    """
    place = (torch.arange(pixels, device=like.device).to(like.dtype) + 0.5) * nodes / pixels - 0.5
    index = torch.arange(-1, nodes + 1, device=like.device).to(like.dtype)
    distance = (place[:, None] - index).abs()
    weights = torch.where(distance <= 0.5, 0.75 - distance**2, (1.5 - distance).clamp_min(0) ** 2 / 2)
    first, inner, last = weights[:, :1], weights[:, 1:-1], weights[:, -1:]
    rest = torch.zeros_like(inner)
    if nodes == 1:
        return inner + first + last
    return inner + torch.cat([first, rest[:, 2:], last], 1)

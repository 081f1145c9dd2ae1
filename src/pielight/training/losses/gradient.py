"""Detail: what differs from pixel to pixel, to which an even change of brightness adds nothing."""

from __future__ import annotations

from torch import Tensor


def gradient(restored: Tensor, original: Tensor) -> Tensor:
    """Return the distance between the differences of neighboring pixels, down and across.

    ``mean |d_y e| + mean |d_x e|``, ``e = y - x``, d the difference of neighbors. A picture that was only darkened
    or brightened evenly costs nothing more, and one whose streaks were left costs all of them; so that a network
    cannot learn to take the mean of the rain away instead of the rain.

    Beyond the paper.

    Args:
        restored: y, ``(N, 3, H, W)`` in [0, 1].
        original: x, the same shape.

    >>> import torch
    >>> dry = torch.rand(1, 3, 8, 8)
    >>> gradient(dry - 0.1, dry).item() < 1e-6
    True
    """
    error = restored - original
    return error.diff(dim=-2).abs().mean() + error.diff(dim=-1).abs().mean()

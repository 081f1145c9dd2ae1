"""The tiny gray thumbnail of frames, of :mod:`pielight.ops.frame_thumbnail`, for a batch on a device."""

from __future__ import annotations

import torch
from torch import Tensor

from pielight.core.color_torch import luma
from pielight.ops.frame_thumbnail import ROWS, SIDE
from pielight.ops.thumbnail_torch import box_thumbnail


def frame_thumbnails(frames: Tensor) -> Tensor:
    """Return the means of the luma of frames in 32 x 32 equal cells, from about eight rows of each.

    Args:
        frames: ``(N, 3, H, W)`` or gray ``(N, 1, H, W)``: uint8, or floats in [0, 1].

    Returns:
        float32 ``(N, 32, 32)`` in [0, 1]; smaller frames repeat pixels.

    >>> frame_thumbnails(torch.full((1, 1, 48, 64), 0.2)).shape
    torch.Size([1, 32, 32])
    """
    rows = frames[:, :, :: max(1, frames.shape[2] // (SIDE * ROWS))]
    for axis in (2, 3):
        if rows.shape[axis] < SIDE:
            cells = torch.arange(SIDE, device=frames.device) * rows.shape[axis] // SIDE
            rows = rows.index_select(axis, cells)
    unit = rows.float() if rows.is_floating_point() else rows.float() / 255
    means = box_thumbnail(unit, SIDE)
    return (luma(means) if means.shape[1] == 3 else means)[:, 0].clamp(0, 1)

"""A tiny gray thumbnail of a frame, from which cuts and changes of exposure between frames are told."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import luma
from pielight.core.pixels import Pixels, full_scale
from pielight.ops.thumbnail import box_means

SIDE = 32  # cells along each side
ROWS = 8  # of each cell that are looked at, about


def frame_thumbnail(pixels: Pixels, threads: int | None = 1, bgr: bool = False) -> NDArray[np.float32]:
    """Return the means of a frame's luma in 32 x 32 equal cells, from about eight rows of each.

    A plane of luma alone, such as Y of a decoder, is a gray frame; give it in full range.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1]. Of other shapes nothing is checked.
        threads: Threads to share the rows among.
        bgr: Whether channels are blue, green and red, as OpenCV has them.

    Returns:
        float32 of shape (32, 32) in [0, 1]; smaller frames repeat pixels.

    >>> frame_thumbnail(np.full((480, 640, 1), 51, np.uint8)).round(3)[0, 0]
    np.float32(0.2)
    """
    full_scale(pixels.dtype)
    rows = np.ascontiguousarray(pixels[:: max(1, pixels.shape[0] // (SIDE * ROWS))])
    for axis in (0, 1):
        if rows.shape[axis] < SIDE:
            rows = rows.take(np.arange(SIDE) * rows.shape[axis] // SIDE, axis)
    down, across = ((np.arange(SIDE + 1) * side // SIDE).astype(np.intc) for side in rows.shape[:2])
    means = box_means(rows, down, across, threads)
    gray = luma(means[..., ::-1] if bgr else means, np.float32) if means.shape[2] == 3 else means[..., 0]
    return np.clip(gray, 0, 1)

"""The thumbnail that the network sees."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import Pixels, check_pixels, full_scale, regular
from pielight.core.threads import available_threads, share_rows
from pielight.ops.compiled import loop as _loop

LARGE = 4  # times the size: from here on means over boxes are as good as a filter, and several times faster
BLACK = 8 / 255  # the brightest that a frame without a picture holds: such as before a fade
_WIDEST_PIXEL = 4  # values from a pixel to the next
REDUCING_GAP = 2.0  # below it Pillow shrinks by a whole number first


def thumbnail(pixels: Pixels, size: int, threads: int | None = None) -> NDArray[np.float32]:
    """Squash a picture to the small square that the network sees.

    Of a picture both of whose sides are at least four times the size, each value is the mean over a box of whole
    pixels. Of smaller ones it is what Pillow's bilinear filter returns, which widens with the scale.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1]; all but uint8 keep their precision.
        size: Side of the square.
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        float32 of shape (3, size, size) in [0, 1]; gray is repeated in all three channels.

    Raises:
        PielightError: The array is not a picture.

    >>> thumbnail(np.full((40, 60, 1), 51, np.uint8), 4)[:, 0, 0].astype(float).round(3).tolist()
    [0.2, 0.2, 0.2]
    """
    check_pixels(pixels)
    if min(pixels.shape[:2]) >= LARGE * size:
        values = box_means(pixels, _edges(pixels.shape[0], size), _edges(pixels.shape[1], size), threads)
    else:
        values = _filtered(pixels, size)
    channels = np.clip(values.transpose(2, 0, 1), 0.0, 1.0)
    return np.ascontiguousarray(np.broadcast_to(channels, (3, size, size)))


def mean_thumbnail(frames: Iterable[Pixels], size: int, threads: int | None = None) -> NDArray[np.float32]:
    """Return the mean thumbnail of the frames of an animation, or of the pages of a document.

    Args:
        frames: Of any sizes and types that :func:`thumbnail` takes; black ones count only if all are black.
        size: Side of the square.
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        The mean of their thumbnails as a picture, float32 of shape (size, size, 3).

    >>> dark, black = (np.full((9, 7, 3), value, np.uint8) for value in (51, 0))
    >>> mean_thumbnail([black, dark], 4)[0, 0].astype(float).round(3).tolist()
    [0.2, 0.2, 0.2]
    """
    total, count = np.zeros((3, size, size), np.float64), 0
    for frame in frames:
        small = thumbnail(frame, size, threads)
        if small.max() > BLACK:
            total += small
            count += 1
    return np.ascontiguousarray((total / max(1, count)).astype(np.float32).transpose(1, 2, 0))


def _filtered(pixels: Pixels, size: int) -> NDArray[np.float32]:
    if pixels.dtype == np.uint8:
        images = [Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))]
    else:
        images = [Image.fromarray(pixels[..., channel].astype(np.float32)) for channel in range(pixels.shape[2])]
    squashed = (image.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=REDUCING_GAP) for image in images)
    values = np.dstack([np.asarray(image, np.float32) for image in squashed])
    return values / np.float32(full_scale(pixels.dtype))


def box_means(
    pixels: Pixels, rows: NDArray[np.intc], columns: NDArray[np.intc], threads: int | None = None
) -> NDArray[np.float32]:
    """Return the means of a picture over boxes.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].
        rows: Where the boxes begin, and the end: C int of shape (h + 1,), rising from 0 to H.
        columns: The same from left to right, (w + 1,).
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        float32 of shape (h, w, C) in [0, 1].

    >>> box_means(np.full((4, 6, 1), 51, np.uint8), np.array([0, 4], np.intc), np.array([0, 4, 6], np.intc)).shape
    (1, 2, 1)
    """
    if _loop is None:
        return _means(pixels, rows, columns)
    if pixels.strides[2] == -pixels.itemsize:  # OpenCV's BGR seen as RGB: faster without a copy
        return np.ascontiguousarray(box_means(pixels[..., ::-1], rows, columns, threads)[..., ::-1])
    source = regular(pixels.astype(np.float32) if pixels.dtype == np.float64 else pixels)
    pixel = source.strides[1] // source.itemsize
    if not source.shape[2] <= pixel <= _WIDEST_PIXEL:  # the loop reads whole rows, gaps included
        source = np.ascontiguousarray(source)
    result = np.empty((len(rows) - 1, len(columns) - 1, source.shape[2]), np.float32)
    shrink = _loop.shrink
    threads = available_threads() if threads is None else threads
    share_rows(
        lambda top, bottom: shrink(source, rows, columns, result, top, bottom), len(result), source.size, threads
    )
    return result


def _edges(pixels: int, boxes: int) -> NDArray[np.intc]:
    """Return where the boxes along a side begin, and its end."""
    return (np.arange(boxes + 1, dtype=np.int64) * pixels // boxes).astype(np.intc)


def _means(pixels: Pixels, rows: NDArray[np.intc], columns: NDArray[np.intc]) -> NDArray[np.float32]:
    """Do what the compiled loop does."""
    kind = np.float64 if pixels.dtype.kind == "f" else np.uint64
    lines = np.stack([pixels[top:bottom].sum(axis=0, dtype=kind) for top, bottom in pairwise(rows)])
    sums = np.add.reduceat(lines, columns[:-1], axis=1)
    counts = np.outer(np.diff(rows), np.diff(columns))[..., np.newaxis]
    means: NDArray[np.float32] = (sums / counts / full_scale(pixels.dtype)).astype(np.float32)
    return means

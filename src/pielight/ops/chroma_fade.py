"""Fading color by a map of shares, in planes of luma and chroma and in pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import LUMA_WEIGHTS
from pielight.core.threads import check_threads, share_rows
from pielight.ops.compiled import loop as _loop
from pielight.ops.interpolation import Axis

_BITS = 12  # of shares, and of the weights of nodes
_WHOLE = (1 << _BITS) - 4  # from here on a share is 1: weights of nodes are rounded
_LUMA_BITS = 14
_RED, _, _BLUE = (round(weight * (1 << _LUMA_BITS)) for weight in LUMA_WEIGHTS)
_LUMA = (_RED, (1 << _LUMA_BITS) - _RED - _BLUE, _BLUE)  # gray stays gray


def fade_chroma(planes: list[NDArray[Any]], share: NDArray[np.float32], white: int, threads: int | None = None) -> None:
    """Move planes of chroma towards neutral, in their own memory: ``c' = n + s (c - n)``.

    Args:
        planes: Of chroma, each (H, W), uint8 or uint16.
        share: s, what is kept of them, (h, w) in [0, 1]: nodes of a quadratic B-spline over the whole plane.
        white: The largest value of a plane; n is half of one more.
        threads: Threads to share the rows among; None takes every core that the process may use.

    >>> u = np.full((4, 6), 100, np.uint8)
    >>> fade_chroma([u], np.full((1, 1), 0.25, np.float32), 255, 1)
    >>> int(u[0, 0])
    121
    """
    for plane in planes:
        _fade(plane, share, ((white + 1) // 2,), threads)


def fade_colors(
    pixels: NDArray[Any], share: NDArray[np.float32], bgr: bool = False, threads: int | None = None
) -> None:
    """Move the colors of a picture towards its luma, in its own memory: ``c' = Y + s (c - Y)``.

    Args:
        pixels: (H, W, 3): uint8, uint16, or floats in [0, 1].
        share: s, what is kept of the color, (h, w) in [0, 1]: nodes of a quadratic B-spline over the whole picture.
        bgr: Whether channels are blue, green and red.
        threads: Threads to share the rows among; None takes every core that the process may use.

    >>> red = np.full((4, 6, 3), (200, 0, 0), np.uint8)
    >>> fade_colors(red, np.zeros((1, 1), np.float32), threads=1)
    >>> red[0, 0].tolist()
    [60, 60, 60]
    """
    _fade(pixels, share, _LUMA[::-1] if bgr else _LUMA, threads)


def _fade(values: NDArray[Any], share: NDArray[np.float32], luma: tuple[int, ...], threads: int | None) -> None:
    if share.min() >= 1:
        return
    nodes = np.rint(np.ascontiguousarray(share, np.float32) * np.float32(1 << _BITS)).astype(np.int32)
    places = *_placed(values.shape[0], nodes.shape[0], False), *_placed(values.shape[1], nodes.shape[1], True)
    is_compiled = _loop is not None and values.dtype.kind == "u" and values.strides[1] == values[0, 0].nbytes
    loop: Callable[..., None] = _loop.fade_rows if _loop is not None and is_compiled else _fade_rows
    factors = np.array(luma, np.int32)
    share_rows(
        lambda top, bottom: loop(nodes, *places, factors, values, top, bottom),
        len(values), values.size, check_threads(threads),
    )  # fmt: skip


@lru_cache(maxsize=16)
def _placed(samples: int, nodes: int, is_across: bool) -> tuple[NDArray[np.intc], NDArray[np.int32]]:
    axis = Axis.of(samples, nodes)
    weights = axis.integers(_BITS).astype(np.int32)
    return axis.node, np.ascontiguousarray(weights.T) if is_across else weights


def _fade_rows(
    nodes: NDArray[np.int32], row_node: NDArray[np.intc], row_weight: NDArray[np.int32],
    column_node: NDArray[np.intc], column_weight: NDArray[np.int32],
    luma: NDArray[np.int32], values: NDArray[Any], top: int, bottom: int,
) -> None:  # fmt: skip
    """Do what the compiled loop does, and the same to floats."""
    down, across = nodes.shape
    around = np.clip(column_node + np.arange(-1, 2)[:, np.newaxis], 0, across - 1)
    half, one = 1 << (_BITS - 1), 1 << _BITS
    for y in range(top, bottom):
        a, b, c = (nodes[min(max(row_node[y] + tap, 0), down - 1)] for tap in (-1, 0, 1))
        wa, wb, wc = row_weight[y]
        row = (a * wa + b * wb + c * wc + half) >> _BITS
        if row.min() >= _WHOLE + 2:
            continue
        share = (np.sum(row[around] * column_weight, axis=0) + half) >> _BITS
        share = np.where(share >= _WHOLE, one, share)
        line = values[y]
        if line.dtype.kind == "f":
            gray = (line @ (luma / line.dtype.type(1 << _LUMA_BITS))).astype(line.dtype)[:, np.newaxis]
            line[...] = gray + (share / line.dtype.type(one)).astype(line.dtype)[:, np.newaxis] * (line - gray)
            continue
        line = line.astype(np.int32)
        if values.ndim == 2:
            values[y] = luma[0] + (((line - luma[0]) * share + half) >> _BITS)
        else:
            gray = ((line @ luma + (1 << (_LUMA_BITS - 1))) >> _LUMA_BITS)[:, np.newaxis]
            values[y] = gray + (((line - gray) * share[:, np.newaxis] + half) >> _BITS)

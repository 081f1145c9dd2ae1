"""A lattice of curves laid over a full-resolution picture.

``out(x, y) = sum_k w_k(x, y) * f_k(in(x, y))``: each pixel takes the curves of its four nearest nodes at its
own brightness, weighed bilinearly by its place. The nodes sit at the half-pixel centres that torch's
``interpolate(mode="bilinear", align_corners=False)`` uses, so training and use agree.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.curves.lattice import HIGHLIGHTS, LEVELS, CurveLattice, check_strength
from pielight.curves.pixels import Pixels, check_pixels, full_scale

try:
    from pielight.curves import _loop
except ImportError:  # no compiler at install time: the NumPy reference below does the same
    _loop = None  # type: ignore[assignment, unused-ignore]

TABLE_SCALE = 128  # uint8 tables hold 255 * 128 * curve: 7 bits below the rounding of the result
WEIGHT_BITS = 8  # a pixel's place between two nodes, in 1/256
_STRIP_VALUES = 1 << 18  # bounds the memory of the NumPy path
_MIN_THREAD_VALUES = 1 << 17  # below this a second thread costs more than it brings


@dataclass(frozen=True)
class Axis:
    """Where the pixels of one side of the picture lie between the nodes of that side.

    Attributes:
        first: Index of the node at or before each pixel, int32 of shape (n,).
        second: Index of the node after it, clamped to the last.
        weight: Weight of the second node in 1/256, uint16 of shape (n,) in [0, 256].
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    weight: NDArray[np.uint16]

    @classmethod
    def of(cls, pixels: int, nodes: int) -> Axis:
        """Place ``pixels`` pixels between ``nodes`` nodes, both at the centres of equal cells.

        >>> Axis.of(4, 2).weight.tolist()
        [0, 64, 192, 0]
        """
        place = np.clip((np.arange(pixels) + 0.5) / pixels * nodes - 0.5, 0, nodes - 1)
        steps = np.rint(place * (1 << WEIGHT_BITS)).astype(np.int32)
        first = steps >> WEIGHT_BITS
        weight = (steps & ((1 << WEIGHT_BITS) - 1)).astype(np.uint16)
        return cls(first, np.minimum(first + 1, nodes - 1).astype(np.int32), weight)


def available_threads() -> int:
    """Count the CPU cores that this process may use.

    >>> available_threads() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def compiled() -> bool:
    """Say whether the compiled loop is in use."""
    return _loop is not None


def apply(
    pixels: Pixels,
    lattice: CurveLattice,
    strength: float = 1.0,
    highlights: float = HIGHLIGHTS,
    threads: int | None = None,
) -> Pixels:
    """Enhance a picture with a lattice of curves.

    8-bit pictures go through integer tables (the same bits with or without the compiled loop); others through
    linear interpolation between the 256 entries of each table.

    Args:
        pixels: (H, W, 3) or grey (H, W, 1): uint8, uint16, or float32 / float64 in [0, 1].
        lattice: The curves, of any grid size. Grey pictures take the mean of the three channels' curves.
        strength: 0 is the identity, bit for bit; 1 the model; at most 1.5.
        threads: Threads to share the rows among; None takes every core that the process may use.

    Returns:
        A new array of the same shape and type.

    Raises:
        PielightError: The array is not a picture, or the strength is out of range.

    >>> dark = np.full((4, 6, 3), 51, np.uint8)
    >>> apply(dark, CurveLattice(np.full((1, 3, 2, 2), -1.0)))[0, 0].tolist()
    [92, 92, 92]
    """
    check_pixels(pixels)
    if check_strength(strength) == 0:
        return pixels.copy()
    tables = lattice.tables(strength)
    if pixels.shape[2] == 1:
        tables = tables.mean(axis=2, keepdims=True)
    rows, columns = Axis.of(pixels.shape[0], tables.shape[0]), Axis.of(pixels.shape[1], tables.shape[1])
    source = np.ascontiguousarray(pixels)
    result = np.empty_like(source)
    band: Callable[[int, int], None]
    if source.dtype != np.uint8:

        def band(top: int, bottom: int) -> None:
            _interpolate_band(source, result, tables, rows, columns, top, bottom)
    else:
        levels = np.rint(tables * np.float32((LEVELS - 1) * TABLE_SCALE)).astype(np.uint16)

        def band(top: int, bottom: int) -> None:
            _table_band(source, result, levels, rows, columns, top, bottom)

    _share_rows(band, source.shape, available_threads() if threads is None else threads)
    return result


def _share_rows(band: Callable[[int, int], None], shape: tuple[int, ...], threads: int) -> None:
    height = shape[0]
    values = height * shape[1] * shape[2]
    parts = max(1, min(threads, height, values // _MIN_THREAD_VALUES))
    if parts == 1:
        band(0, height)
        return
    edges = [height * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(band, edges[:-1], edges[1:]))


def _strips(
    source: Pixels, tables: NDArray[Any], rows: Axis, columns: Axis, top: int, bottom: int
) -> Iterator[tuple[slice, Iterator[tuple[NDArray[np.intp], NDArray[np.uint32]]]]]:
    """Cut rows [top, bottom) into strips, each with its corners; a strip bounds the memory at work."""
    height = max(1, _STRIP_VALUES // (source.shape[1] * source.shape[2]))
    for start in range(top, bottom, height):
        strip = slice(start, min(start + height, bottom))
        yield strip, _corners(tables, rows, columns, strip)


def _corners(
    tables: NDArray[Any], rows: Axis, columns: Axis, strip: slice
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.uint32]]]:
    """For each of the four nodes around a strip's pixels, yield where its tables start and its weights."""
    _, width, channels, _ = tables.shape
    channel = np.arange(channels, dtype=np.intp)
    one = np.uint32(1 << WEIGHT_BITS)
    down = rows.weight[strip].astype(np.uint32)
    across = columns.weight.astype(np.uint32)
    for row, row_weight in ((rows.first[strip], one - down), (rows.second[strip], down)):
        for column, column_weight in ((columns.first, one - across), (columns.second, across)):
            node = row[:, np.newaxis, np.newaxis].astype(np.intp) * width + column[:, np.newaxis]
            weight = row_weight[:, np.newaxis, np.newaxis] * column_weight[:, np.newaxis]
            yield (node * channels + channel) * LEVELS, weight


def _table_band(
    source: NDArray[Any],
    result: NDArray[Any],
    levels: NDArray[np.uint16],
    rows: Axis,
    columns: Axis,
    top: int,
    bottom: int,
) -> None:
    if _loop is not None:
        _loop.enhance_rows(
            source, result, source.shape, levels, levels.shape,
            rows.first, rows.weight, columns.first, columns.weight, top, bottom,
        )  # fmt: skip
        return
    flat = levels.reshape(-1)
    shift = 2 * WEIGHT_BITS + TABLE_SCALE.bit_length() - 1
    for strip, corners in _strips(source, levels, rows, columns, top, bottom):
        total = np.full(source[strip].shape, 1 << (shift - 1), np.uint32)
        for nodes, weight in corners:
            total += flat[nodes + source[strip]] * weight
        result[strip] = total >> shift


def _interpolate_band(
    source: NDArray[Any],
    result: NDArray[Any],
    tables: NDArray[np.float32],
    rows: Axis,
    columns: Axis,
    top: int,
    bottom: int,
) -> None:
    scale = full_scale(source.dtype)
    real = np.dtype(np.float64 if source.dtype == np.float64 else np.float32)
    flat: NDArray[Any] = tables.reshape(-1).astype(real)
    for strip, corners in _strips(source, tables, rows, columns, top, bottom):
        place: NDArray[Any] = source[strip].astype(real) * ((LEVELS - 1) / scale)
        level = np.minimum(place.astype(np.intp), LEVELS - 2)
        part: NDArray[Any] = place - level.astype(real)
        total = np.zeros(place.shape, real)
        for nodes, weight in corners:
            low, high = flat[nodes + level], flat[nodes + level + 1]
            total += (low + part * (high - low)) * (weight.astype(real) / (1 << 2 * WEIGHT_BITS))
        np.clip(total, 0.0, 1.0, out=total)  # rounding only
        result[strip] = np.rint(total * scale) if source.dtype == np.uint16 else total

"""Applying a lattice of curves to a full-resolution picture, on the CPU.

``out(x, y) = sum_k w_k(x, y) * f_k(in(x, y))``: each pixel takes the curves of the nine nodes around it at its own
brightness, weighed by its position (`pielight.ops.interpolation`). Row by row: three rows of nodes are blended into
one row of tables, in which each pixel looks up three columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels, check_pixels, full_scale, is_regular, is_same_memory, plain_order, regular
from pielight.core.threads import check_threads, share_rows
from pielight.errors import OptionError
from pielight.ops.compiled import loop as _loop
from pielight.ops.interpolation import TAPS, Axis
from pielight.ops.lut import LEVELS, knots, locate
from pielight.options import DEFAULTS, EnhanceOptions

TABLE_BITS = 7  # uint16 tables hold 255 * 2^7 * curve: 7 bits below the rounding of the result
DOWN_BITS, ACROSS_BITS = 16, 10  # weights of the rows and of the columns of nodes
_DOUBLE_ROWS = 64  # float64 pictures go through float32, so many rows at a time


class ToneCurves(Protocol):
    """A grid of tone curves; :class:`pielight.inference.lattice.Lattice` is one."""

    def evaluate(self, options: EnhanceOptions, at: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Evaluate every node's curve at brightnesses (n,), or at the 256 levels of 8 bits: (h, w, 3, n) in [0, 1]."""


def apply(
    pixels: Pixels,
    lattice: ToneCurves,
    options: EnhanceOptions = DEFAULTS,
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Enhance a picture with a lattice of curves.

    8-bit pictures go through integer tables (the same bits with or without the compiled loop); others through
    linear interpolation between 513 knots of each curve, which lie closer together near black and white.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or float32 / float64 in [0, 1].
        lattice: The curves, of any grid size. Gray pictures take the mean of the three channels' curves.
        options: Strength, of which 0 is the identity, bit for bit, and protection of highlights.
        threads: Threads to share the rows among; None takes every core that the process may use.
        out: Where to put the result, of the shape and type of ``pixels``; may be ``pixels`` itself.

    Returns:
        ``out``, or a new array of the same shape and type.

    Raises:
        OptionError: The array is not a picture, or ``out`` is not like it.

    >>> from pielight import CurveLattice, EnhanceOptions
    >>> dark = np.full((4, 6, 3), 51, np.uint8)
    >>> apply(dark, CurveLattice(np.full((1, 3, 2, 2), -1.0)), EnhanceOptions(highlights=0))[0, 0].tolist()
    [92, 92, 92]
    """
    check_pixels(pixels)
    if out is None:
        out = np.empty(pixels.shape, pixels.dtype)
    elif out.shape != pixels.shape or out.dtype != pixels.dtype or not out.flags.writeable:
        raise OptionError(f"out of shape {out.shape}, {out.dtype}: must be writeable and like the pixels")
    if options.strength == 0:
        out[...] = pixels
        return out
    if np.may_share_memory(out, pixels) and not is_same_memory(out, pixels):
        pixels = pixels.copy()  # else the result would be written over pixels that are still to be read
    threads = check_threads(threads)
    deep = pixels.dtype != np.uint8
    tables = node_tables(lattice, options, deep, pixels.shape[2])
    rows, columns = Axis.of(pixels.shape[0], tables.shape[0]), Axis.of(pixels.shape[1], tables.shape[1])
    row_weight = rows.weight.astype(np.float32) if deep else rows.integers(DOWN_BITS)
    column_weight = columns.weight.astype(np.float32) if deep else columns.integers(ACROSS_BITS)
    places = (tables, rows.node, row_weight, columns.node, column_weight)
    loop = _enhance_rows if _loop is None else _loop.enhance_rows
    double = pixels.dtype == np.float64
    source = pixels if double else regular(pixels)
    result = plain_order(out) if double or is_regular(out) else np.empty(out.shape, pixels.dtype)

    def band(top: int, bottom: int) -> None:
        if double:
            _through_float32(loop, source, result, places, top, bottom)
        else:
            loop(source, *places, result, top, bottom)

    share_rows(band, pixels.shape[0], pixels.size, threads)
    if not np.may_share_memory(result, out):
        out[...] = result
    return out


def node_tables(lattice: ToneCurves, options: EnhanceOptions, deep: bool, channels: int) -> NDArray[Any]:
    """Tabulate the curves in the type and at the brightnesses that the inner loop looks up.

    Args:
        lattice: The curves.
        options: Strength and protection of highlights.
        deep: For 16-bit and float pictures: float32 at the knots. Otherwise uint16 at the 256 levels, times 2^7.
        channels: 3, or 1 for the mean of the three.

    Returns:
        Tables of shape (h, w, channels, n).
    """
    tables = lattice.evaluate(options, knots() if deep else None)
    if channels == 1:
        tables = tables.mean(axis=2, keepdims=True)
    if deep:
        return tables
    tables *= np.float32((LEVELS - 1) << TABLE_BITS)
    return np.rint(tables, out=tables).astype(np.uint16)


def _through_float32(
    loop: Callable[..., None], pixels: Pixels, result: Pixels, places: tuple[Any, ...], top: int, bottom: int
) -> None:
    tables, row_node, row_weight, column_node, column_weight = places
    for start in range(top, bottom, _DOUBLE_ROWS):
        strip = slice(start, min(start + _DOUBLE_ROWS, bottom))
        values = pixels[strip].astype(np.float32, order="C")  # whatever the order of the picture
        loop(values, tables, row_node[strip], row_weight[strip], column_node, column_weight, values, 0, len(values))
        result[strip] = values


def _enhance_rows(
    source: Pixels,
    tables: NDArray[Any],
    row_node: NDArray[np.intc],
    row_weight: NDArray[Any],
    column_node: NDArray[np.intc],
    column_weight: NDArray[Any],
    result: Pixels,
    top: int,
    bottom: int,
) -> None:
    """Do what the compiled loop does."""
    down, across, channels, entries = tables.shape
    columns = np.clip(column_node[:, np.newaxis] + np.arange(-1, 2), 0, across - 1)
    base = (columns[:, :, np.newaxis] * channels + np.arange(channels)) * entries  # (W, taps, channels)
    weight = column_weight[:, :, np.newaxis]
    for y in range(top, bottom):
        taps = [tables[min(max(row_node[y] + tap, 0), down - 1)] for tap in (-1, 0, 1)]
        if source.dtype == np.uint8:
            row = np.ones(taps[0].size, np.uint32)  # 1: the mean of what the three shifts cut off
            for tap in range(TAPS):
                row += (taps[tap].reshape(-1).astype(np.uint32) * row_weight[y, tap]) >> DOWN_BITS
            total = (row[base + source[y][:, np.newaxis]] * weight).sum(axis=1, dtype=np.uint32)
            shift = ACROSS_BITS + TABLE_BITS
            result[y] = (total + (1 << (shift - 1))) >> shift
        else:
            scale = np.float32(full_scale(source.dtype))
            blend = sum(taps[tap].reshape(-1) * row_weight[y, tap] for tap in range(TAPS))
            at, part = locate(source[y].astype(np.float32) / scale)
            low, high = ((blend[base + (at + step)[:, np.newaxis]] * weight).sum(axis=1) for step in (0, 1))
            values = np.clip(low + part * (high - low), 0, 1)
            result[y] = np.floor(values * scale + np.float32(0.5)) if source.dtype == np.uint16 else values

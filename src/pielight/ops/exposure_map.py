"""Applying a map of exposures to a full-resolution picture, on the CPU.

``out(x, y) = G(E_k(G^-1(in(x, y))))``, ``k = 2^EV(x, y)``: G is sRGB's encoding, E_k the
:func:`~pielight.ops.exposure.exposure_curve`, and EV(x, y) are the nodes of the map blended by quadratic B-splines
(:mod:`pielight.ops.interpolation`). One exposure is for all channels of a pixel.

8-bit pictures: an exposure adds to the log-odds of linear light, so that each level has a place in one table of
results, from which it moves by ``512 EV``; all is integer arithmetic. Others: linear light by tables, E_k itself, and
sRGB by tables, in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import (
    LINEAR_LIMIT,
    SRGB_GAMMA,
    SRGB_LIMIT,
    SRGB_OFFSET,
    SRGB_SLOPE,
    linear_to_srgb,
)
from pielight.core.pixels import Pixels, check_pixels, full_scale, is_regular, is_same_memory, plain_order, regular
from pielight.core.threads import check_threads, share_rows
from pielight.errors import OptionError
from pielight.ops.compiled import loop as _loop
from pielight.ops.exposure import log_odds
from pielight.ops.interpolation import Axis
from pielight.ops.lut import LEVELS

MOST_EV = 48  # of a node, up or down
# 8 bits: nodes hold 2^13 EV and weights are shares of 2^12; 48 EV times both fit into 32 bits.
NODE_BITS, WEIGHT_BITS, STEP_BITS = 13, 12, 9
_SAFE = 64  # EV from middle gray: black and white have their places so far from the others that no exposure moves them
DECODE_KNOTS = 1 << 12  # evenly over sRGB values
_OCTAVES, _OCTAVE_BITS = 9, 9  # 2^9 knots in each octave of linear light, from 2^-9 to 1
ENCODE_FIRST = np.float32(2.0**-_OCTAVES)
ENCODE_BITS = 23 - _OCTAVE_BITS
POWERS = (1.5403530e-4, 1.3333558e-3, 9.6181291e-3, 5.5504109e-2, 2.4022651e-1, 6.9314718e-1, 1.0)  # ln(2)^n / n!


def apply_exposure(
    pixels: Pixels, ev: NDArray[np.float32], threads: int | None = None, out: Pixels | None = None
) -> Pixels:
    """Expose a picture by a map of exposures.

    The compiled loop and NumPy give the same bits in every type. Where the map is 0 the picture stays as it is, bit for
    bit; black and white stay everywhere; the result is monotone in the pixel and in the exposure.

    Args:
        pixels: (H, W, 3) or gray (H, W, 1), sRGB: uint8, uint16, or float32 / float64 in [0, 1].
        ev: Exposures in stops, (h, w): node (j, i) sits in the middle of cell (j, i) of the picture cut into h x w
            equal cells. Within 48 EV up or down.
        threads: Threads to share the rows among; None takes every core that the process may use.
        out: Where to put the result, of the shape and type of ``pixels``; may be ``pixels`` itself.

    Returns:
        ``out``, or a new array of the same shape and type.

    Raises:
        OptionError: The array is not a picture, ``out`` is not like it, or the map is none.

    >>> dark = np.full((4, 6, 3), 51, np.uint8)
    >>> [int(apply_exposure(dark, np.full((1, 1), ev, np.float32))[0, 0, 0]) for ev in (-1, 0, 2, 40)]
    [35, 51, 97, 255]
    """
    check_pixels(pixels)
    ev = check_map(ev)
    if out is None and pixels.strides[2] == -pixels.itemsize:
        out = np.empty(pixels.shape, pixels.dtype)[..., ::-1]
    elif out is None:
        out = np.empty(pixels.shape, pixels.dtype)
    elif out.shape != pixels.shape or out.dtype != pixels.dtype or not out.flags.writeable:
        raise OptionError(f"out of shape {out.shape}, {out.dtype}: must be writeable and like the pixels")
    if not ev.any():
        out[...] = pixels
        return out
    if pixels.strides[2] == out.strides[2] == -pixels.itemsize:  # OpenCV's BGR seen as RGB, which are exposed alike
        apply_exposure(pixels[..., ::-1], ev, threads, out[..., ::-1])
        return out
    if np.may_share_memory(out, pixels) and not is_same_memory(out, pixels):
        pixels = pixels.copy()  # else the result would be written over pixels that are still to be read
    threads = check_threads(threads)
    places = placed(ev, pixels.shape, pixels.dtype)
    source = regular(pixels)
    result = plain_order(out) if is_regular(out) else np.empty(out.shape, pixels.dtype)
    loop: Callable[..., None] = _expose_rows if _loop is None else _loop.expose_rows
    share_rows(lambda top, bottom: loop(source, *places, result, top, bottom), len(pixels), pixels.size, threads)
    if not np.may_share_memory(result, out):
        out[...] = result
    return out


def check_map(ev: NDArray[Any]) -> NDArray[np.float32]:
    """Return a map of exposures as float32.

    Raises:
        OptionError: It is not (h, w), or holds a value that is not within 48 EV.

    >>> check_map(np.zeros((2, 3))).dtype
    dtype('float32')
    """
    ev = np.ascontiguousarray(ev, np.float32)
    if ev.ndim != 2 or ev.size == 0:
        raise OptionError(f"map of exposures of shape {ev.shape}: expected (h, w)")
    if not np.abs(ev).max() <= MOST_EV:  # also of NaN
        raise OptionError(f"map of exposures: must be finite and within {MOST_EV} EV")
    return ev


def placed(ev: NDArray[np.float32], shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[NDArray[Any], ...]:
    """Return what the inner loop takes of a map for a picture: nodes, places of rows and columns, and tables.

    Args:
        ev: The map, (h, w).
        shape: Of the picture, (H, W, C).
        dtype: Of the picture.

    Returns:
        Nodes (h, w), nearest nodes (H,) and weights (H, 3) of the rows, nearest nodes (W,) and weights (3, W) of the
        columns, and the tables to decode and to encode.
    """
    rows, columns = Axis.of(shape[0], ev.shape[0]), Axis.of(shape[1], ev.shape[1])
    if dtype == np.uint8:
        nodes: NDArray[Any] = np.rint(ev * np.float32(1 << NODE_BITS)).astype(np.int32)
        weights: list[NDArray[Any]] = [axis.integers(WEIGHT_BITS).astype(np.int32) for axis in (rows, columns)]
        tables: tuple[NDArray[Any], ...] = level_tables()
    else:
        nodes = ev
        weights = [axis.weight.astype(np.float32) for axis in (rows, columns)]
        tables = knot_tables()
    return nodes, rows.node, weights[0], columns.node, np.ascontiguousarray(weights[1].T), *tables


def resample(ev: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the exposures of a map at the centers of h x w equal cells: its own, or those that pixels there get.

    Args:
        ev: The map, of any size.
        shape: Number of rows and columns.

    >>> resample(np.array([[0.0, 1.0]], np.float32), (1, 4)).tolist()
    [[0.03125, 0.28125, 0.71875, 0.96875]]
    """
    for side in (0, 1):
        if ev.shape[side] != shape[side]:
            axis = Axis.of(shape[side], ev.shape[side])
            at = np.clip(axis.node[:, np.newaxis] + np.arange(-1, 2), 0, ev.shape[side] - 1)
            values = np.moveaxis(ev, side, 0)[at]  # (pixels, taps, other side)
            blended = np.einsum("ptn,pt->pn", values, axis.weight.astype(np.float32))
            ev = np.moveaxis(blended, 0, side)
    return ev


@cache
def level_tables() -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Return the places of the 256 levels in the table of results, int32, and the table itself, uint8.

    Entry i of the table is the level that is nearest to the sRGB value whose log-odds are ``i / 512`` EV, but for an
    offset.

    >>> places, results = level_tables()
    >>> bool((results[places] == np.arange(256)).all())
    True
    """
    reach = _SAFE + MOST_EV
    odds = np.arange(-reach << STEP_BITS, (reach << STEP_BITS) + 1) / (1 << STEP_BITS)
    results = np.rint(linear_to_srgb(1 / (1 + np.exp2(-odds))) * (LEVELS - 1)).astype(np.uint8)
    levels = log_odds(np.arange(LEVELS) / (LEVELS - 1)).clip(-_SAFE, _SAFE)
    places = (np.rint(levels * (1 << STEP_BITS)) + (reach << STEP_BITS)).astype(np.int32)
    return places, results


@cache
def knot_tables() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return linear light at 4097 sRGB values, and sRGB values at 512 knots in each octave of linear light.

    Both above the linear parts of the encoding only, which need no table.

    >>> decode, encode = knot_tables()
    >>> float(round(decode.astype(float)[2048], 4)), float(round(encode.astype(float)[8 * 512], 4))
    (0.214, 0.7354)
    """
    x = np.arange(DECODE_KNOTS + 1) / DECODE_KNOTS
    decode = ((x + SRGB_OFFSET) / (1 + SRGB_OFFSET)) ** SRGB_GAMMA
    bits = ENCODE_FIRST.view(np.int32) + (np.arange((_OCTAVES << _OCTAVE_BITS) + 2, dtype=np.int32) << ENCODE_BITS)
    encode = (1 + SRGB_OFFSET) * bits.view(np.float32).astype(np.float64) ** (1 / SRGB_GAMMA) - SRGB_OFFSET
    return decode.astype(np.float32), encode.astype(np.float32)


def _expose_rows(
    source: Pixels,
    nodes: NDArray[Any],
    row_node: NDArray[np.intc],
    row_weight: NDArray[Any],
    column_node: NDArray[np.intc],
    column_weight: NDArray[Any],
    decode: NDArray[Any],
    encode: NDArray[Any],
    result: Pixels,
    top: int,
    bottom: int,
) -> None:
    """Do what the compiled loop does."""
    down, across = nodes.shape
    columns = np.clip(column_node + np.arange(-1, 2)[:, np.newaxis], 0, across - 1)
    for y in range(top, bottom):
        a, b, c = (nodes[min(max(row_node[y] + tap, 0), down - 1)] for tap in (-1, 0, 1))
        wa, wb, wc = row_weight[y]
        if source.dtype == np.uint8:
            row = (a * wa + b * wb + c * wc + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS
            left, middle, right = row[columns] * column_weight
            shift = WEIGHT_BITS + NODE_BITS - STEP_BITS
            steps = (left + middle + right + (1 << (shift - 1))) >> shift
            result[y] = encode[decode[source[y]] + steps[:, np.newaxis]]
        else:
            row = b + wa * (a - b) + wc * (c - b)
            left, middle, right = row[columns]
            ev = middle + column_weight[0] * (left - middle) + column_weight[2] * (right - middle)
            exposed = _exposed(source[y], ev[:, np.newaxis], decode, encode)
            result[y] = np.where(ev[:, np.newaxis] == 0, source[y], exposed)


def _exposed(
    values: Pixels, ev: NDArray[np.float32], decode: NDArray[np.float32], encode: NDArray[np.float32]
) -> NDArray[Any]:
    """Expose a row of a deep picture (W, C) by exposures (W, 1), in the type of the picture."""
    x = values.astype(np.float32)
    if values.dtype == np.uint16:
        x *= np.float32(1 / full_scale(values.dtype))
    place = x * np.float32(DECODE_KNOTS)
    at = np.minimum(place.astype(np.int32), DECODE_KNOTS - 1)
    power = decode[at] + (place - at.astype(np.float32)) * (decode[at + 1] - decode[at])
    linear = np.where(x <= np.float32(SRGB_LIMIT), x / np.float32(SRGB_SLOPE), power)
    with np.errstate(divide="ignore"):  # at black
        odds = (1 - linear) / (exp2(ev) * linear)  # against it; each step is monotone, also as it is rounded
    linear = 1 / (1 + odds)
    bits = np.maximum(linear, np.float32(LINEAR_LIMIT)).view(np.int32) - ENCODE_FIRST.view(np.int32)
    at, rest = bits >> ENCODE_BITS, bits & ((1 << ENCODE_BITS) - 1)
    part = rest.astype(np.float32) * np.float32(2.0**-ENCODE_BITS)
    power = encode[at] + part * (encode[at + 1] - encode[at])
    y = np.where(linear <= np.float32(LINEAR_LIMIT), linear * np.float32(SRGB_SLOPE), power)
    if values.dtype == np.uint16:
        y = np.floor(y * np.float32(full_scale(values.dtype)) + np.float32(0.5))
    result: NDArray[Any] = y.astype(values.dtype)
    return result


def exp2(ev: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``2^EV`` by sums and products, which round alike on every machine.

    Args:
        ev: float32 within 48 EV, of any shape.

    >>> exp2(np.array([-3.0, 0.0, 1.0, 2.5], np.float32)).round(4).tolist()
    [0.125, 1.0, 2.0, 5.656899929046631]
    """
    whole = (ev + np.float32(MOST_EV + 0.5)).astype(np.int32) - MOST_EV
    rest = ev - whole.astype(np.float32)
    power = np.full_like(ev, POWERS[0])
    for factor in POWERS[1:]:
        power = power * rest + np.float32(factor)
    scale = ((whole + 127) << 23).astype(np.int32).view(np.float32)
    result: NDArray[np.float32] = power * scale
    return result

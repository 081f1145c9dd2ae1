"""Applying a map of exposures to planes of luma and chroma, as video holds them, without a detour through RGB.

Each block of pixels that share a sample of chroma is decoded to R'G'B' in steps of an eighth of a level, exposed by one
table of ``G(E_k(G^-1(x)))``, ``k = 2^EV``, and encoded again; EV is that of the block's middle, in steps of 1/64. G is
sRGB's, or that of HDR (:mod:`pielight.ops.hdr`). The result is within a level of that of
:func:`pielight.ops.exposure_map.apply_exposure` between exact conversions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.threads import check_threads, share_rows
from pielight.ops.compiled import loop as _loop
from pielight.ops.exposure_map import NODE_BITS, WEIGHT_BITS, check_map
from pielight.ops.hdr import expose_signal
from pielight.ops.interpolation import Axis
from pielight.ops.yuv import IN_BITS, OUT_BITS, Planes, YuvEncoding, by_rows, check_planes

_STEP_BITS = 6


def expose_yuv(
    planes: Planes,
    ev: NDArray[np.float32],
    encoding: YuvEncoding,
    threads: int | None = None,
    out: Planes | None = None,
) -> Planes:
    """Expose planes of luma and chroma by a map of exposures.

    The compiled loop and NumPy give the same bits. Where the map is 0 the planes stay as they are, bit for bit.

    Args:
        planes: Luma (H, W) and two planes of chroma, each (H, W), (H, W / 2) or (H / 2, W / 2), rounded up: uint8, or
            uint16 for more than 8 bits.
        ev: Exposures in stops, (h, w), as for :func:`~pielight.ops.exposure_map.apply_exposure`.
        encoding: How they encode R'G'B'.
        threads: Threads to share the rows among; None takes every core that the process may use.
        out: Where to put the result: planes of the same shapes and type; may be ``planes`` themselves.

    Returns:
        ``out``, or new planes.

    Raises:
        OptionError: They are no such planes, or the map is none.

    >>> dark = np.full((4, 6), 40, np.uint8), np.full((2, 3), 126, np.uint8), np.full((2, 3), 130, np.uint8)
    >>> [int(plane[0, 0]) for plane in expose_yuv(dark, np.full((1, 1), 2, np.float32), YuvEncoding("bt601"))]
    [67, 125, 131]
    """
    ev = check_map(ev)
    check_planes(planes, encoding)
    if out is None:
        out = tuple(np.empty(plane.shape, plane.dtype) for plane in planes)  # type: ignore[assignment]
    assert out is not None
    if not ev.any():
        for plane, result in zip(planes, out, strict=True):
            result[...] = plane
        return out
    rows, columns = planes[1].shape
    down, across = Axis.of(rows, ev.shape[0]), Axis.of(columns, ev.shape[1])
    nodes = np.rint(ev * np.float32(1 << NODE_BITS)).astype(np.int32)
    shift = NODE_BITS - _STEP_BITS
    first, last = min(0, (int(nodes.min()) >> shift) - 2), max(1, (int(nodes.max()) >> shift) + 3)
    first -= first % (1 << _STEP_BITS)  # whole stops, so that maps that change little share their tables
    tables = _tables(first, last + -last % (1 << _STEP_BITS), encoding.knots, encoding.transfer)
    places = (
        nodes, down.node, down.integers(WEIGHT_BITS).astype(np.int32),
        across.node, np.ascontiguousarray(across.integers(WEIGHT_BITS).astype(np.int32).T),
    )  # fmt: skip
    factors = encoding.to_places(), encoding.from_results()
    loop: Callable[..., None] = _expose_rows if _loop is None else _loop.expose_yuv_rows
    planes = by_rows(planes)
    results = planes if planes[0] is out[0] else by_rows(out)

    def band(top: int, bottom: int) -> None:
        loop(*planes, *places, tables, first, *factors, encoding.white, *results, top, bottom)

    share_rows(band, rows, planes[0].size, check_threads(threads))
    for plane, result in zip(out, results, strict=True):
        if result is not plane:
            plane[...] = result
    return out


@lru_cache(maxsize=8)
def _tables(first: int, last: int, knots: int, transfer: str) -> NDArray[np.uint16]:
    """Return the exposed places of each place, (last - first, knots), for exposures in steps of 1/64 EV."""
    stops = range(first >> _STEP_BITS, last >> _STEP_BITS)
    return np.concatenate([_tables_of_stop(stop, knots, transfer) for stop in stops])


@lru_cache(maxsize=96)
def _tables_of_stop(stop: int, knots: int, transfer: str) -> NDArray[np.uint16]:
    steps = stop + np.arange(1 << _STEP_BITS)[:, np.newaxis] / (1 << _STEP_BITS)
    exposed = expose_signal(np.arange(knots) / (knots - 1), steps, transfer)
    return np.rint(exposed * (knots - 1)).astype(np.uint16)  # type: ignore[no-any-return]


def _expose_rows(
    luma: NDArray[Any], u: NDArray[Any], v: NDArray[Any],
    nodes: NDArray[np.int32], row_node: NDArray[np.intc], row_weight: NDArray[np.int32],
    column_node: NDArray[np.intc], column_weight: NDArray[np.int32],
    tables: NDArray[np.uint16], first: int, into: NDArray[np.int32], back: NDArray[np.int32], white: int,
    new_luma: NDArray[Any], new_u: NDArray[Any], new_v: NDArray[Any], top: int, bottom: int,
) -> None:  # fmt: skip
    """Do what the compiled loop does."""
    (height, width), (rows, columns) = luma.shape, u.shape
    tall, wide = int(rows != height), int(columns != width)
    down, across = nodes.shape
    around = np.clip(column_node + np.arange(-1, 2)[:, np.newaxis], 0, across - 1)
    block_of = np.arange(width) >> wide
    neutral, shift = (white + 1) // 2, WEIGHT_BITS + NODE_BITS - _STEP_BITS
    ends = np.minimum(np.arange(columns << wide), width - 1)  # the last column counts twice if it is alone
    for block in range(top, bottom):
        a, b, c = (nodes[min(max(row_node[block] + tap, 0), down - 1)] for tap in (-1, 0, 1))
        wa, wb, wc = row_weight[block]
        row = (a * wa + b * wb + c * wc + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS
        left, middle, right = row[around] * column_weight
        steps = (left + middle + right + (1 << (shift - 1))) >> shift
        du, dv = (plane[block].astype(np.int32)[block_of] - neutral for plane in (u, v))
        offsets = np.stack([into[1] * dv, into[2] * du + into[3] * dv, into[4] * du])
        lines = [min((block << tall) + part, height - 1) for part in range(1 + tall)]
        places = luma[lines].astype(np.int32)[:, np.newaxis] * into[0] + offsets + into[5] + (1 << (IN_BITS - 1))
        places = np.clip(places >> IN_BITS, 0, tables.shape[1] - 1)
        exposed = tables[steps[block_of] - first, places].astype(np.int32)  # (lines, 3, width)
        same = steps == 0
        lumas = (np.einsum("lcx,c->lx", exposed, back[:3]) + back[9] + (1 << (OUT_BITS - 1))) >> OUT_BITS
        new_luma[lines] = np.where(same[block_of], luma[lines], lumas)
        sums = exposed.sum(axis=0)[:, ends].reshape(3, columns, 1 << wide).sum(axis=2, dtype=np.int32)
        more = OUT_BITS + wide + tall
        for plane, result, factors in ((u, new_u, back[3:6]), (v, new_v, back[6:9])):
            values = (factors @ sums + (neutral << more) + (1 << (more - 1))) >> more
            result[block] = np.where(same, plane[block], np.clip(values, 0, white))

"""A frame against the estimate of the one before it, moved along: prediction, comparison and blend, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.threads import share_rows
from pielight.ops.compiled import loop as _loop
from pielight.ops.motion import BLOCK, FRACTIONS

CELL = 8  # pixels along each side of a cell that has a weight
BITS = 15  # of estimates
WEIGHT_BITS = 12
TAPS = 6


def _interpolation_weights() -> NDArray[np.int16]:
    """Return the sizes of the weights of six neighbors at each fraction of a pixel, int16 (32, 6) in units of 2^-15.

    Cubic convolution of the fourth order (Keys, IEEE Trans. ASSP 1981): a recursive average blurs again and again, and
    Catmull and Rom's four neighbors cost 0.7 dB. The second and the fifth weight are negative. The third is what the
    others leave of 1; in its place is 1 where they are not 0.
    """
    d = np.abs(np.arange(FRACTIONS)[:, np.newaxis] / FRACTIONS - np.arange(-2, 4))
    near, middle = 4 / 3 * d**3 - 7 / 3 * d**2 + 1, -7 / 12 * d**3 + 3 * d**2 - 59 / 12 * d + 5 / 2
    far = 1 / 12 * d**3 - 2 / 3 * d**2 + 21 / 12 * d - 3 / 2
    weights = np.where(d < 1, near, np.where(d < 2, middle, np.where(d < 3, far, 0)))
    weights[:, 2] = 0
    units: NDArray[np.int16] = np.rint(np.abs(weights) * (1 << 15)).astype(np.int16)
    units[1:, 2] = 1
    return units


_WEIGHTS = _interpolation_weights()
_SIGNS = (1, -1, 0, 1, -1, 1)
_MIDDLE = 1 << (BITS - 1)


def predict(
    before: NDArray[np.uint16],
    vectors: NDArray[np.int16],
    halves: tuple[int, ...],
    result: NDArray[np.uint16],
    threads: int,
) -> None:
    """Displace a plane block by block, with weights of 6 x 6 neighbors at fractions of a pixel.

    Args:
        before: uint16 (H, W) of 15 bits.
        vectors: Of the guide: :class:`~pielight.ops.motion.MotionField`.
        halves: Whether the plane has half the guide's rows, and half its columns.
        result: Where to put it, like ``before``.
        threads: Threads to share the rows among.
    """
    tall, wide = halves
    loop = _predict_rows if _loop is None else _loop.predict_rows

    def band(top: int, bottom: int) -> None:
        loop(before, vectors, _WEIGHTS, tall, wide, result, top, bottom)

    share_rows(band, -(-len(before) // (BLOCK >> tall)), before.size, threads)


def compare(guide: NDArray[Any], bits: int, predicted: NDArray[np.uint16], threads: int) -> NDArray[np.int32]:
    """Return what each cell of 8 x 8 pixels differs by, (h, w, 3), in values of 12 bits.

    Returns:
        The sum of squared differences, the greatest size of the sums over quarters, and the sum of what was predicted
        (of 15 bits).
    """
    result = np.empty((-(-guide.shape[0] // CELL), -(-guide.shape[1] // CELL), 3), np.int32)
    loop = _compare_rows if _loop is None else _loop.compare_rows
    share_rows(
        lambda top, bottom: loop(guide, BITS - bits, predicted, result, top, bottom), len(result), guide.size, threads
    )
    return result


def blend(
    plane: NDArray[Any], bits: int, then: NDArray[np.uint16], weights: NDArray[np.int32], halves: tuple[int, int],
    estimate: NDArray[np.uint16], result: NDArray[Any], threads: int,
) -> None:  # fmt: skip
    """Blend a plane with its prediction: ``e + k (x - e)``.

    Args:
        plane: x, of so many bits.
        bits: 8 to 15.
        then: e, of 15 bits.
        weights: k of each cell of the guide, in units of 2^-12.
        halves: Whether the plane has half the guide's rows, and half its columns.
        estimate: Where to put the blend, of 15 bits.
        result: Where to put it in the bits of the plane.
        threads: Threads to share the rows among.
    """
    loop, shift = _blend_rows if _loop is None else _loop.blend_rows, BITS - bits

    def band(top: int, bottom: int) -> None:
        loop(plane, shift, then, weights, *halves, estimate, result, top, bottom)

    share_rows(band, len(plane), plane.size, threads)


def _predict_rows(
    before: NDArray[np.uint16], vectors: NDArray[np.int16], weights: NDArray[np.int16], tall: int, wide: int,
    result: NDArray[np.uint16], top: int, bottom: int,
) -> None:  # fmt: skip
    """Do what the compiled loop does."""
    height, width = before.shape
    for row in range(top, bottom):
        for column in range(vectors.shape[1]):
            y = np.arange(row * (BLOCK >> tall), min(height, (row + 1) * (BLOCK >> tall)))
            x = np.arange(column * (BLOCK >> wide), min(width, (column + 1) * (BLOCK >> wide)))
            vy, vx = int(vectors[row, column, 0]) >> tall, int(vectors[row, column, 1]) >> wide
            down = np.clip(np.arange(y.size + TAPS - 1) + y[:1] - 2 + vy // FRACTIONS, 0, height - 1)
            across = np.clip(np.arange(x.size + TAPS - 1) + x[:1] - 2 + vx // FRACTIONS, 0, width - 1)
            if not x.size:
                continue
            values = before[down][:, across].astype(np.int32) - _MIDDLE
            lines = _between(values.T, weights[vx % FRACTIONS]).T
            result[y[0] : y[-1] + 1, x[0] : x[-1] + 1] = _between(lines, weights[vy % FRACTIONS]) + _MIDDLE


def _between(values: NDArray[np.int32], weights: NDArray[np.int16]) -> NDArray[np.int32]:
    """Return what lies between the rows of values less ``_MIDDLE``; see BETWEEN in _temporal.c."""
    count = len(values) - TAPS + 1
    base = values[2 : 2 + count]
    differences = [values[tap : tap + count] - base for tap in range(TAPS)]
    total = differences[3] & int(weights[2])
    for difference, weight, sign in zip(differences, weights.tolist(), _SIGNS, strict=True):
        total = total + sign * (difference * weight >> 16)
    return np.clip(base + 2 * total, -_MIDDLE, _MIDDLE - 1)


def _compare_rows(
    guide: NDArray[Any], shift: int, predicted: NDArray[np.uint16], result: NDArray[np.int32], top: int, bottom: int
) -> None:
    """Do what the compiled loop does."""
    rows = slice(top * CELL, min(len(guide), bottom * CELL))
    then = predicted[rows].astype(np.int32)
    differences = ((guide[rows].astype(np.int32) << shift) - then) >> 3
    more = [(0, -side % CELL) for side in differences.shape]
    differences, then = np.pad(differences, more), np.pad(then, more)

    def cells(values: NDArray[np.int32], side: int) -> NDArray[np.int64]:
        shape = len(values) // side, side, values.shape[1] // side, side
        return values.reshape(shape).sum((1, 3))  # type: ignore[no-any-return]

    quarters = np.abs(cells(differences, CELL // 2))
    greatest = quarters.reshape(bottom - top, 2, -1, 2).max((1, 3))
    result[top:bottom] = np.stack([cells(differences**2, CELL), greatest, cells(then, CELL)], axis=2)


def _blend_rows(
    frame: NDArray[Any], shift: int, predicted: NDArray[np.uint16], weights: NDArray[np.int32], tall: int, wide: int,
    estimate: NDArray[np.uint16], result: NDArray[Any], top: int, bottom: int,
) -> None:  # fmt: skip
    """Do what the compiled loop does."""
    rows, columns = np.arange(top, bottom) >> (3 - tall), np.arange(frame.shape[1]) >> (3 - wide)
    old = predicted[top:bottom].astype(np.int32)
    change = ((frame[top:bottom].astype(np.int32) << shift) - old) * weights[rows][:, columns]
    values = old + ((change + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS)
    estimate[top:bottom] = values
    result[top:bottom] = np.minimum((values + ((1 << shift) >> 1)) >> shift, ((1 << BITS) - 1) >> shift)

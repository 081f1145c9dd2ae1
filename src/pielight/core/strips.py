"""Processing of pictures in strips, which keeps intermediate arrays small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_STRIP_PIXELS = 1 << 18
_TO_8_BITS = ((np.arange(65536) + 128) // 257).astype(np.uint8)


def strips(shape: Sequence[int]) -> Iterator[slice]:
    """Yield strips of rows of about a quarter of a million pixels.

    >>> list(strips((5, 100_000)))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    height = max(1, _STRIP_PIXELS // max(1, shape[1]))
    for top in range(0, shape[0], height):
        yield slice(top, min(top + height, shape[0]))


def blocks(shape: Sequence[int], pixels: int) -> Iterator[tuple[slice, slice]]:
    """Yield blocks of about so many pixels: strips of rows, or parts of rows that are longer.

    >>> list(blocks((2, 5), 4))[:2]
    [(slice(0, 1, None), slice(0, 4, None)), (slice(0, 1, None), slice(4, 5, None))]
    """
    height = max(1, pixels // max(1, shape[1]))
    for top in range(0, shape[0], height):
        for left in range(0, shape[1], pixels):
            yield slice(top, min(top + height, shape[0])), slice(left, min(left + pixels, shape[1]))


def look_up(table: NDArray[Any], indices: NDArray[Any]) -> NDArray[Any]:
    """Return ``table[indices]`` in strips, since NumPy converts indices to eight bytes each.

    >>> look_up(np.array([5, 6, 7]), np.array([[2, 0]], np.uint8)).tolist()
    [[7, 5]]
    """
    result = np.empty((*indices.shape, *table.shape[1:]), table.dtype)
    for strip in strips(indices.shape):
        result[strip] = table[indices[strip]]
    return result


def to_8_bits(values: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Round 16 bits to 8.

    >>> to_8_bits(np.array([[0, 128, 129, 65535]], np.uint16)).tolist()
    [[0, 0, 1, 255]]
    """
    return look_up(_TO_8_BITS, values)

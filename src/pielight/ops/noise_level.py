"""The noise at each position of a picture once the curves have been applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.ops.noise import Noise

CELL = 4  # pixels along each side of a cell
_ROWS = 64  # of cells at a time, which bounds the memory of temporary arrays


def level(means: NDArray[Any], noise: Noise, curve: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[np.float32]:
    """Return the standard deviation of the noise after a curve.

    ``(f(m + s) - f(m - s)) / 2`` with s the noise of the input at its local mean m and f the curve at that point: the
    local gain ``f'(m) s``, but over the whole width of the noise, since curves bend sharply next to black, where
    besides half of the noise is cut off.

    Args:
        means: Local means of the input in [0, 1], of shape (..., C).
        noise: Of the input.
        curve: What the lattice does to float32 values at these places; may overwrite them with its result.

    Returns:
        float32 of the shape of ``means``, in units of the result's full scale.

    >>> noise = Noise(np.zeros(1), np.array([1e-6]))
    >>> flat = np.array([[0.02]])
    >>> float(level(flat, noise, lambda x: 3 * x)[0, 0] / noise.sigma(flat)[0, 0])
    3.0
    """
    means = means.astype(np.float32, copy=False)
    below = noise.sigma(means)
    above = means + below
    np.subtract(means, below, out=below)
    spread: NDArray[np.float32] = curve(np.minimum(above, 1, out=above))
    del above  # the maps of a large picture are large
    spread -= curve(np.maximum(below, 0, out=below))
    np.maximum(spread, 0, out=spread)
    spread /= np.float32(2)
    return spread


def smoothed(means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average each cell with its eight neighbors: cells of 4 x 4 pixels alone are noisy themselves.

    >>> smoothed(np.eye(3, dtype=np.float32)[..., np.newaxis])[1, 1].round(4).tolist()
    [0.33329999446868896]
    """
    result = np.empty_like(means)
    for top in range(0, len(means), _ROWS):
        bottom = min(top + _ROWS, len(means))
        ends = int(top == 0), int(bottom == len(means))
        padded = np.pad(means[max(0, top - 1) : bottom + 1], (ends, (1, 1), (0, 0)), mode="edge")
        rows = padded[:-2] + padded[1:-1] + padded[2:]
        result[top:bottom] = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return result

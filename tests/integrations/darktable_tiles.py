"""A picture in overlapping tiles, as a host without memory for all of it runs a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def run_tiles(model: Callable[[Array], Array], picture: Array, tile: int, overlap: int = 64) -> Array:
    """Run a model on a picture (H, W, 3) in square tiles.

    Each tile sees ``overlap`` pixels more than it keeps on each side; beyond the picture it is mirrored, and what a
    mirror does not reach repeats the last line.
    """
    result = np.empty_like(picture)
    step = tile - 2 * overlap
    for top in range(0, picture.shape[0], step):
        for left in range(0, picture.shape[1], step):
            rows, columns = (
                _mirrored(np.arange(tile) + start - overlap, side)
                for start, side in zip((top, left), picture.shape[:2], strict=True)
            )
            part = np.ascontiguousarray(picture[rows][:, columns].transpose(2, 0, 1)[np.newaxis])
            inner = model(part)[0].transpose(1, 2, 0)[overlap : overlap + step, overlap : overlap + step]
            target = result[top : top + step, left : left + step]
            target[...] = inner[: target.shape[0], : target.shape[1]]
    return result


def _mirrored(places: NDArray[Any], side: int) -> NDArray[Any]:
    places = np.abs(places)
    return np.clip(np.where(places >= side, 2 * side - 2 - places, places), 0, side - 1)

"""How far each part of a picture can be exposed before its lights come near white."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import srgb_to_linear
from pielight.ops.exposure import log_odds

CEILING = 0.8  # sRGB: what the light of a part is brought to, at most
_FAINTEST = 1e-4  # linear light below which a part has none to protect
_SEEN = 128  # values along each side of the thumbnail, about


def highlight_ceiling(thumbnail: NDArray[Any], nodes: tuple[int, int]) -> NDArray[np.float32]:
    """Return the most exposure of each node that holds the lights around it.

    ``C = max(0, L(0.8) - L(b))``, L the log-odds of linear light, in which exposures add, and b the greatest of the
    lights of the cells around a node, since each reaches its neighbors: of a cell, the root mean square of its
    brightest channel in linear light, so that a facade counts where it fills a part of a cell, and a distant lamp
    hardly does.

    Args:
        thumbnail: (3, S, S), sRGB in [0, 1].
        nodes: Rows and columns of the map, (h, w).

    Returns:
        EV, float32 of shape (h, w), from 0 where it is bright already.

    >>> facade = np.zeros((3, 64, 64)); facade[:, 24:40, 24:40] = 0.6
    >>> highlight_ceiling(facade, (8, 8)).round(1)[4, 3:].tolist()
    [1.7000000476837158, 1.7000000476837158, 1.7000000476837158, 13.899999618530273, 13.899999618530273]
    """
    step = max(1, min(thumbnail.shape[1] // max(_SEEN, *nodes), 2))
    light = srgb_to_linear(thumbnail[:, ::step, ::step].max(axis=0)) ** 2
    cells = _cells(_cells(light, nodes[0]).T, nodes[1]).T
    padded = np.pad(cells, 1, mode="edge")
    around = np.max([padded[y : y + nodes[0], x : x + nodes[1]] for y in range(3) for x in range(3)], axis=0)
    light = np.sqrt(around).clip(_FAINTEST, 1 - _FAINTEST)
    most = log_odds(np.array(CEILING)) - np.log2(light / (1 - light))
    ceiling: NDArray[np.float32] = np.maximum(most, 0).astype(np.float32)
    return ceiling


def _cells(values: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the means of ``count`` bands of rows; a band is one row at least."""
    edges = np.arange(count + 1) * len(values) // count
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    last = np.maximum(edges[1:], edges[:-1] + 1).clip(max=len(values))
    first = np.minimum(edges[:-1], last - 1)
    means: NDArray[Any] = (sums[last] - sums[first]) / (last - first)[:, np.newaxis]
    return means

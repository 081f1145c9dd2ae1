"""Where the pixels of one side of a picture lie among the nodes of a lattice, and how they weigh them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TAPS = 3
_BLOCK = 1 << 14  # pixels at a time


@dataclass(frozen=True)
class Axis:
    """The nodes around each pixel of one side, weighed by quadratic B-splines.

    With p a pixel's position in units of nodes and t = p - node in [-1/2, 1/2], the node before weighs
    ``(1/2 - t)^2 / 2``, the nearest ``3/4 - t^2`` and the one after ``(1/2 + t)^2 / 2``. These are never negative, sum
    to 1, and join with the same slope where one cell meets the next: no seam, whatever the curves. Beyond the first
    and the last node, these are repeated.

    Attributes:
        node: Index of the nearest node of each pixel, C int of shape (n,).
        weight: Weights of the nodes before, at and after it, float64 of shape (n, 3).
    """

    node: NDArray[np.intc]
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, pixels: int, nodes: int) -> Axis:
        """Place ``pixels`` pixels among ``nodes`` nodes, both at the centers of equal cells.

        >>> axis = Axis.of(4, 2)
        >>> axis.node.tolist(), axis.weight[1].tolist()
        ([0, 0, 1, 1], [0.03125, 0.6875, 0.28125])
        """
        node, weight = np.empty(pixels, np.intc), np.empty((pixels, TAPS))
        for block in _blocks(pixels):
            p = (np.arange(block.start, block.stop) + 0.5) / pixels * nodes - 0.5
            nearest = np.clip(np.floor(p + 0.5), 0, nodes - 1)
            t = np.clip(p - nearest, -0.5, 0.5)
            node[block] = nearest
            weight[block] = np.stack([(0.5 - t) ** 2 / 2, 0.75 - t * t, (0.5 + t) ** 2 / 2], axis=1)
        return cls(node, weight)

    def integers(self, bits: int) -> NDArray[np.uint16]:
        """Return the weights in units of 2^-bits; each triple sums to 2^bits.

        >>> Axis.of(4, 2).integers(10)[1].tolist()
        [32, 704, 288]
        """
        result = np.empty(self.weight.shape, np.uint16)
        for block in _blocks(len(result)):
            scaled = np.rint(self.weight[block] * (1 << bits)).astype(np.int64)
            scaled[:, 1] = (1 << bits) - scaled[:, 0] - scaled[:, 2]
            result[block] = scaled
        return result


def _blocks(pixels: int) -> Iterator[slice]:
    """Cut a side into blocks, so that temporary arrays stay small."""
    return (slice(first, min(first + _BLOCK, pixels)) for first in range(0, pixels, _BLOCK))

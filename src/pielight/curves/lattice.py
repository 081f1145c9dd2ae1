"""The lattice of tone curves: all that the network says about a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pielight.curves.light import light_curve
from pielight.errors import ModelError, PielightError

LEVELS = 256
MAX_STRENGTH = 1.5
HIGHLIGHTS = 0.5  # default protection of what is bright already


def check_strength(strength: float) -> float:
    """Return ``strength`` if it lies in [0, 1.5].

    Raises:
        PielightError: It does not, or is not a number.

    >>> check_strength(1)
    1.0
    """
    if not isinstance(strength, (int, float, np.integer, np.floating)) or not 0.0 <= strength <= MAX_STRENGTH:
        raise PielightError(f"strength {strength}: must lie between 0 (untouched) and {MAX_STRENGTH}")
    return float(strength)


@dataclass(frozen=True)
class CurveLattice:
    """A small grid of light-enhancement curves that covers a picture edge to edge.

    Attributes:
        alphas: Curve parameters, float32 of shape (N, 3, h, w) in [-1, 1]: N iterations of
            :func:`~pielight.curves.light.light_curve` for red, green and blue at h x w nodes. Node (j, i)
            sits in the middle of cell (j, i) of the picture cut into h x w equal cells.

    Raises:
        ModelError: The shape is another one, or a value is not a finite number in [-1, 1].

    >>> CurveLattice(np.zeros((8, 3, 2, 2))).tables(1.0).shape
    (2, 2, 3, 256)
    """

    alphas: NDArray[np.float32]

    def __post_init__(self) -> None:
        alphas = np.array(self.alphas, dtype=np.float32)
        if alphas.ndim != 4 or alphas.shape[1] != 3 or 0 in alphas.shape:
            raise ModelError(f"curve parameters have shape {alphas.shape}; expected (N, 3, h, w)")
        if not (alphas.min() >= -1.0 and alphas.max() <= 1.0):  # also False for NaN
            raise ModelError("curve parameters must be finite and lie in [-1, 1]")
        alphas.flags.writeable = False
        object.__setattr__(self, "alphas", alphas)

    @property
    def nodes(self) -> tuple[int, int]:
        """Rows and columns of the grid, (h, w)."""
        return self.alphas.shape[2], self.alphas.shape[3]

    def tables(self, strength: float = 1.0) -> NDArray[np.float32]:
        """Evaluate every node's curve at the 256 levels v / 255.

        With f the node's curve, ``x + s (f(x) - x)`` for s <= 1, ``f(x) + (s - 1) (f(f(x)) - f(x))`` above:
        both stay in [0, 1] without clipping and are monotone in x.

        Args:
            strength: s in [0, 1.5]; 0 is the identity, 1 the model's curve.

        Returns:
            float32 of shape (h, w, 3, 256) in [0, 1].

        Raises:
            PielightError: The strength is out of range.

        >>> flat = CurveLattice(np.full((1, 3, 1, 1), -1.0))
        >>> [round(float(flat.tables(s)[0, 0, 0, 51]), 4) for s in (0, 0.5, 1, 1.5)]
        [0.2, 0.28, 0.36, 0.4752]
        """
        s = np.float32(check_strength(strength))
        height, width = self.nodes
        identity = np.arange(LEVELS, dtype=np.float32) / np.float32(LEVELS - 1)
        tables = np.empty((height, width, 3, LEVELS), dtype=np.float32)
        for row in range(height):  # one row of nodes at a time stays in the CPU's cache
            alphas = self.alphas[:, :, row, :].transpose(0, 2, 1)[..., np.newaxis]
            lit = light_curve(np.broadcast_to(identity, tables[row].shape), alphas)
            if s <= 1:
                tables[row] = identity + s * (lit - identity)
            else:
                tables[row] = lit + (s - 1) * (light_curve(lit, alphas) - lit)
        return np.clip(tables, 0.0, 1.0, out=tables)  # rounding only: the curve itself stays inside

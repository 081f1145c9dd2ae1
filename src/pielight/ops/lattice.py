"""The lattice of tone curves: all that the network says about a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.errors import ModelError, OptionError
from pielight.ops.compiled import loop as _loop
from pielight.ops.light_curve import inverse_light_curve, light_curve
from pielight.ops.lut import levels
from pielight.ops.tone import SHOULDER, toned
from pielight.options import HIGHLIGHTS, check_highlights, check_strength

_DARKENING = np.float32(-0.1)


@dataclass(frozen=True)
class CurveLattice:
    """A small grid of light-enhancement curves that covers a picture edge to edge.

    Attributes:
        alphas: Curve parameters, float32 of shape (N, 3, h, w) in [-1, 1]: N iterations of
            :func:`~pielight.ops.light_curve.light_curve` for red, green and blue at h x w nodes. Node (j, i)
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

    def __reduce__(self) -> tuple[type[CurveLattice], tuple[NDArray[np.float32]]]:  # copies are read-only, too
        return type(self), (self.alphas,)

    @property
    def nodes(self) -> tuple[int, int]:
        """Rows and columns of the grid, (h, w)."""
        return self.alphas.shape[2], self.alphas.shape[3]

    def faded(self, share: float) -> CurveLattice:
        """Return curves that act less: every parameter times ``share``; 0 makes them the identity.

        Raises:
            OptionError: The share is not in [0, 1].

        >>> CurveLattice(np.full((8, 3, 2, 2), -0.5)).faded(0.5).alphas.max()
        np.float32(-0.25)
        """
        check_share(share)
        return self if share == 1.0 else CurveLattice(self.alphas * np.float32(share))

    def tables(
        self,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        at: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Evaluate every node's curve, as strong as wanted: :func:`~pielight.ops.tone.toned`.

        What a curve would darken stays as it is. At negative strengths its inverse darkens, with every parameter at
        most -0.1, so that a picture to which the model has little to add becomes darker, too.

        Args:
            strength: -1.5 to 1.5; 0 is the identity, 1 the model's curve.
            highlights: 0 to 1, how far bright values are spared.
            at: Brightness at which to evaluate, float32 of shape (n,); None is the 256 levels of 8 bits.

        Returns:
            float32 of shape (h, w, 3, n) in [0, 1].

        Raises:
            OptionError: An argument is out of range.

        >>> flat = CurveLattice(np.full((1, 3, 1, 1), -1.0))
        >>> [round(float(flat.tables(s, 0)[0, 0, 0, 51]), 4) for s in (-1, 0, 0.5, 1, 1.5)]
        [0.1056, 0.2, 0.28, 0.36, 0.4752]
        """
        check_strength(strength)
        check_highlights(highlights)
        x = levels() if at is None else np.ascontiguousarray(at, np.float32)
        tables = np.empty((*self.nodes, 3, len(x)), dtype=np.float32)
        for row in range(len(tables)):  # one row of nodes at a time stays in the CPU's cache
            alphas = np.ascontiguousarray(self.alphas[:, :, row].transpose(0, 2, 1)).reshape(len(self.alphas), -1)
            _tabulate(x, alphas, tables[row].reshape(-1, len(x)), strength, highlights)
        return tables


def check_share(share: float) -> None:
    """Check that a share lies in [0, 1].

    Raises:
        OptionError: It does not.

    >>> check_share(0.5)
    """
    if not 0.0 <= share <= 1.0:
        raise OptionError(f"share {share}: must lie between 0 and 1")


def _tabulate(
    x: NDArray[np.float32],
    alphas: NDArray[np.float32],
    result: NDArray[np.float32],
    strength: float,
    highlights: float,
) -> None:
    """Evaluate curves with parameters (N, curves) at x (n,) into (curves, n)."""
    if _loop is not None and strength > 0:
        _loop.tabulate(x, alphas, result, strength, highlights * SHOULDER)
        return
    parameters = alphas[..., np.newaxis]
    if strength >= 0:
        curve: Callable[[Any], Any] = partial(light_curve, alphas=parameters)
    else:
        curve = partial(inverse_light_curve, alphas=np.minimum(parameters, _DARKENING))
    result[...] = toned(np.broadcast_to(x, result.shape), curve, strength, highlights)

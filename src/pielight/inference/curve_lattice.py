"""Brightening: a network sees a thumbnail and returns a lattice of light-enhancement curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.errors import ModelError
from pielight.inference.descriptor import ModelDescriptor, Side, TensorSpec
from pielight.inference.lattice import THUMBNAIL, Lattice, LatticeNetwork, check_share, node_sides
from pielight.ops.curve_tables import curve_tables
from pielight.ops.exposure import exposure_curve
from pielight.options import BRIGHTEN, HIGHLIGHTS, EnhanceOptions

_ITERATIONS = 64  # at most


@dataclass(frozen=True, eq=False)  # equal to itself only: arrays have no hash
class CurveLattice(Lattice):
    """A small grid of light-enhancement curves that covers a picture edge to edge.

    Attributes:
        alphas: Curve parameters, float32 of shape (N, 3, h, w) in [-1, 1]: N iterations of
            :func:`~pielight.ops.light_curve.light_curve` for red, green and blue at h x w nodes. Node (j, i)
            sits in the middle of cell (j, i) of the picture cut into h x w equal cells.

    Raises:
        ModelError: The shape is another one, or a value is not a finite number in [-1, 1].

    >>> CurveLattice(np.zeros((8, 3, 2, 2))).tables(1.0).shape
    (2, 2, 3, 256)
    >>> dark = np.full((6, 8), 51, np.uint8)
    >>> lattice = CurveLattice(np.full((1, 3, 2, 2), -1.0))
    >>> [int(lattice.apply(dark, strength)[0, 0]) for strength in (-1, 0, 0.5, 1)]
    [27, 51, 71, 91]
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

    def evaluate(self, options: EnhanceOptions, at: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Evaluate the curve of every node: :func:`~pielight.ops.curve_tables.curve_tables`, then the target's."""
        tables = curve_tables(self.alphas, options, at)
        if options.target_ev != 0:
            light = exposure_curve(srgb_to_linear(tables), options.strength * options.target_ev)
            tables = linear_to_srgb(light).astype(np.float32)
        return tables


class CurveNetwork(LatticeNetwork):
    """Maps ``thumbnail`` to ``alphas``; channels 3 k .. 3 k + 2 are red, green and blue of the curve's iteration k.

    Every picture is enhanced, as the paper does; the kind has no ``auto``.
    """

    def _lattice(self, outputs: list[NDArray[np.float32]]) -> Lattice:
        return CurveLattice(outputs[0][0].reshape(-1, 3, *outputs[0].shape[2:]))


DESCRIPTOR = ModelDescriptor(
    kind="curve_lattice",
    task=BRIGHTEN,
    purpose="brighten pictures",
    shipped=(),
    inputs=(THUMBNAIL,),
    outputs=(TensorSpec("alphas", ("n", Side("3 N", 1, 3 * _ITERATIONS, 3), *node_sides())),),
    network=CurveNetwork,
    options=frozenset({"highlights", "denoise", "device", "target_ev", "black", "warmth", "tint"}),
    highlights=HIGHLIGHTS,
)

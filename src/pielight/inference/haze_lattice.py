"""Dehazing: a network sees a thumbnail and returns a grid of transmissions, and the airlight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.errors import ModelError
from pielight.inference.descriptor import ModelDescriptor, Side, TensorSpec
from pielight.inference.lattice import THUMBNAIL, Lattice, LatticeNetwork, check_share, node_sides
from pielight.ops.haze_gate import haze_gate
from pielight.ops.haze_tables import haze_tables
from pielight.options import EnhanceOptions

_LEVELS = 16  # of brightness that a transmission is given for, at most


@dataclass(frozen=True, eq=False)  # equal to itself only: arrays have no hash
class HazeLattice(Lattice):
    """A small grid of transmissions that covers a picture edge to edge, and the airlight.

    Haze follows ``I = J t + A (1 - t)`` (Koschmieder, 1924). Solved for the clear picture, ``J = (I - A) / t + A`` is a
    tone curve of each channel at each node, so that dehazing blends tables as brightening does.

    Attributes:
        transmission: t, float32 of shape (K, h, w) in (0, 1]: of K brightnesses, evenly spaced from black to white, at
            h x w nodes, which lie as those of :class:`~pielight.inference.curve_lattice.CurveLattice`.
        airlight: A, float32 of shape (3,) in [0, 1].

    Raises:
        ModelError: A shape is another one, or a value out of range.

    >>> mist = HazeLattice(np.full((4, 2, 2), 0.5), np.full(3, 0.8))
    >>> float(mist.apply(np.full((2, 3, 3), 0.6))[0, 0, 0].round(4))
    0.4
    """

    transmission: NDArray[np.float32]
    airlight: NDArray[np.float32]

    def __post_init__(self) -> None:
        transmission = np.array(self.transmission, dtype=np.float32)
        airlight = np.array(self.airlight, dtype=np.float32)
        if transmission.ndim != 3 or 0 in transmission.shape or len(transmission) < 2:
            raise ModelError(f"transmission has shape {transmission.shape}; expected (K, h, w), K at least 2")
        if airlight.shape != (3,):
            raise ModelError(f"airlight has shape {airlight.shape}; expected (3,)")
        if not (transmission.min() > 0.0 and transmission.max() <= 1.0):  # also False for NaN
            raise ModelError("transmission must be finite and lie in (0, 1]")
        if not (airlight.min() >= 0.0 and airlight.max() <= 1.0):
            raise ModelError("airlight must be finite and lie in [0, 1]")
        for name, value in (("transmission", transmission), ("airlight", airlight)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[type[HazeLattice], tuple[NDArray[np.float32], NDArray[np.float32]]]:
        return type(self), (self.transmission, self.airlight)  # copies are read-only, too

    @property
    def nodes(self) -> tuple[int, int]:
        """Rows and columns of the grid, (h, w)."""
        return self.transmission.shape[1], self.transmission.shape[2]

    def faded(self, share: float) -> HazeLattice:
        """Return less haze: ``t_s = 1 - s (1 - t)`` with s the share; 0 makes the curves the identity.

        Raises:
            OptionError: The share is not in [0, 1].

        >>> HazeLattice(np.full((4, 2, 2), 0.5), np.full(3, 0.8)).faded(0.5).transmission.max()
        np.float32(0.75)
        """
        check_share(share)
        return self if share == 1.0 else HazeLattice(1 - np.float32(share) * (1 - self.transmission), self.airlight)

    def evaluate(self, options: EnhanceOptions, at: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Evaluate the curve of every node: :func:`~pielight.ops.haze_tables.haze_tables`.

        ``highlights`` has no effect, since the airlight itself stays as it is.
        """
        return haze_tables(self.transmission, self.airlight, options.strength, at)


class HazeNetwork(LatticeNetwork):
    """Maps ``thumbnail`` to ``transmission`` in (0, 1], at K brightnesses, and ``airlight`` in [0, 1]."""

    def _lattice(self, outputs: list[NDArray[np.float32]]) -> Lattice:
        return HazeLattice(outputs[0][0], outputs[1][0])

    def _gate(self, thumbnail: NDArray[Any]) -> float:
        return haze_gate(thumbnail)


DESCRIPTOR = ModelDescriptor(
    kind="haze_lattice",
    task="dehaze",
    purpose="dehaze pictures",
    shipped=("dehaze",),
    inputs=(THUMBNAIL,),
    outputs=(
        TensorSpec("transmission", ("n", Side("K", 1, _LEVELS), *node_sides())),
        TensorSpec("airlight", ("n", 3)),
    ),
    network=HazeNetwork,
    options=frozenset({"auto", "denoise", "device"}),
)

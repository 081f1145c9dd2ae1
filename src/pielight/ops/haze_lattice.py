"""The lattice of haze: how much light passes it where, and its color, as tone curves of the same engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pielight.errors import ModelError
from pielight.ops.lattice import CurveLattice, check_share
from pielight.ops.lut import levels
from pielight.options import HIGHLIGHTS, check_highlights, check_strength

_LEAST = np.float32(0.05)  # transmission, at strengths beyond 1


@dataclass(frozen=True)
class HazeLattice:
    """A small grid of transmissions that covers a picture edge to edge, and the airlight.

    Haze follows ``I = J t + A (1 - t)`` (Koschmieder, 1924). Solved for the clear picture, ``J = (I - A) / t + A`` is a
    tone curve of each channel at each node, so that a picture is cleared as it is brightened: by blended tables.

    Attributes:
        transmission: t, float32 of shape (K, h, w) in (0, 1]: of K brightnesses, evenly spaced from black to white, at
            h x w nodes, which lie as those of :class:`~pielight.ops.lattice.CurveLattice`.
        airlight: A, float32 of shape (3,) in [0, 1].

    Raises:
        ModelError: A shape is another one, or a value out of range.

    >>> mist = HazeLattice(np.full((4, 2, 2), 0.5), np.full(3, 0.8))
    >>> round(float(mist.tables(1.0, at=np.array([0.6], np.float32))[0, 0, 0, 0]), 4)
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
            PielightError: The share is not in [0, 1].

        >>> HazeLattice(np.full((4, 2, 2), 0.5), np.full(3, 0.8)).faded(0.5).transmission.max()
        np.float32(0.75)
        """
        check_share(share)
        return self if share == 1.0 else HazeLattice(1 - np.float32(share) * (1 - self.transmission), self.airlight)

    def tables(
        self,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        at: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Evaluate every node's curve, for as much of the haze as wanted.

        ``J = (I - A) / t_s + A`` with ``t_s = 1 - s (1 - t)``, at least 0.05; for negative strengths haze is added,
        ``J = I t_s + A (1 - t_s)`` with ``t_s = 1 - |s| (1 - t)``.

        Args:
            strength: s, -1.5 to 1.5; 0 is the identity.
            highlights: 0 to 1; of no effect, since the airlight itself stays as it is.
            at: I, at which to evaluate, float32 of shape (n,); None is the 256 levels of 8 bits.

        Returns:
            float32 of shape (h, w, 3, n) in [0, 1].

        Raises:
            PielightError: An argument is out of range.
        """
        check_strength(strength)
        check_highlights(highlights)
        x = levels() if at is None else np.ascontiguousarray(at, np.float32)
        place = x * np.float32(len(self.transmission) - 1)
        passed = np.zeros((*self.nodes, len(x)), np.float32)
        for level, values in enumerate(self.transmission):
            passed += values[:, :, np.newaxis] * np.maximum(0, 1 - np.abs(place - level))
        passed = np.maximum(_LEAST, 1 - np.float32(abs(strength)) * (1 - passed))[:, :, np.newaxis]
        air = self.airlight[:, np.newaxis]
        result = (x - air) / passed + air if strength >= 0 else x * passed + air * (1 - passed)
        cleared: NDArray[np.float32] = result.clip(0, 1).astype(np.float32, copy=False)
        return cleared


Lattice: TypeAlias = CurveLattice | HazeLattice
"""What a network says about a picture, and the engine lays over it."""

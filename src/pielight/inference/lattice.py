"""Lattices: small grids of tone curves, predicted from a thumbnail and applied to the full picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.pixels import Pixels
from pielight.errors import ModelError
from pielight.inference.descriptor import Side, TensorSpec, check_shape
from pielight.inference.onnx_session import Network
from pielight.inference.pointwise import PointwisePrediction
from pielight.ops import apply_device
from pielight.ops.apply import apply as apply_on_cpu
from pielight.ops.thumbnail import mean_thumbnail, thumbnail
from pielight.options import EnhanceOptions, check_number

if TYPE_CHECKING:
    import torch

_SIDE = Side("S", 16, 2048)
THUMBNAIL = TensorSpec("thumbnail", ("n", 3, _SIDE, _SIDE))
_NODES = 512  # along each side at most: their tables take 1.6 GB


def node_sides() -> tuple[Side, Side]:
    """Return the sides h and w of a grid of nodes in the output of a network."""
    return Side("h", 1, _NODES), Side("w", 1, _NODES)


class Lattice(PointwisePrediction):
    """A grid of tone curves that covers a picture edge to edge, of one picture or for many.

    Each kind of lattice derives from this class.
    """

    @property
    @abstractmethod
    def nodes(self) -> tuple[int, int]:
        """Rows and columns of the grid, (h, w)."""

    @abstractmethod
    def faded(self, share: float) -> Lattice:
        """Return curves that act less, by a share in [0, 1]; 0 makes them the identity."""

    @abstractmethod
    def evaluate(self, options: EnhanceOptions, at: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Evaluate the curve of every node, as :meth:`tables` does, into a new C-contiguous array."""

    def tables(
        self, strength: float = 1.0, highlights: float | None = None, at: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Evaluate the curve of every node.

        Args:
            strength: -1.5 to 1.5; 0 is the identity, 1 the model's curve.
            highlights: 0 to 1, how far bright values are protected.
            at: Brightness at which to evaluate, float32 of shape (n,); None is the 256 levels of 8 bits.

        Returns:
            float32 of shape (h, w, 3, n) in [0, 1].

        Raises:
            OptionError: An argument is out of range.
        """
        return self.evaluate(EnhanceOptions(strength, highlights), at)

    def render(
        self,
        pixels: Pixels,
        options: EnhanceOptions,
        threads: int | None = None,
        out: Pixels | None = None,
        device: torch.device | None = None,
    ) -> Pixels:
        """Apply the curves; see :class:`~pielight.inference.pointwise.PointwisePrediction`."""
        if device is None:
            return apply_on_cpu(pixels, self, options, threads, out)
        return apply_device.apply(pixels, self, device, options, out)


def check_share(share: float) -> None:
    """Check that a share lies in [0, 1].

    Raises:
        OptionError: It does not, or is not a number.

    >>> check_share(0.5)
    """
    check_number("share", share, 0.0, 1.0, "0 is the identity")


class ThumbnailNetwork(Network):
    """A network in an ONNX file that sees a thumbnail, (n, 3, S, S) in [0, 1]."""

    @property
    def thumbnail_side(self) -> int:
        """Side S of the thumbnail, in pixels.

        Raises:
            ModelError: The file is damaged or holds another kind of network.
        """
        inputs = {tensor.name: tensor for tensor in self.open().get_inputs()}
        return int(inputs["thumbnail"].shape[2])

    def outputs(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Run the network on the inputs of one picture and check the shapes of what it returns.

        Raises:
            ModelError: The file is damaged, or an output has another shape than the kind's.
        """
        outputs = self.run(self.descriptor.output_names, inputs)
        for spec, value in zip(self.descriptor.outputs, outputs, strict=True):
            check_shape(self.path, spec, value.shape)
        return outputs


class LatticeNetwork(ThumbnailNetwork):
    """A network in an ONNX file that predicts a lattice of tone curves from a thumbnail."""

    def predict(self, pixels: Pixels, auto: bool = True) -> Lattice:
        """Predict the lattice of a picture.

        Args:
            pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].
            auto: Fade the curves where the picture needs none, if the kind can tell.

        Raises:
            ModelError: The file is damaged, or what the network returns is not a lattice.
            OptionError: The array is not a picture.
        """
        small = thumbnail(pixels, self.thumbnail_side, self.threads)
        outputs = self.outputs({"thumbnail": small[np.newaxis]})
        try:
            lattice = self._lattice(outputs)
        except ModelError as error:
            raise ModelError(f"{self.path}: {error}") from error
        return lattice.faded(self._gate(small)) if auto else lattice

    def predict_for_all(self, frames: Iterable[Pixels], auto: bool = True) -> Lattice:
        """Predict one lattice for all frames of a file: areas that are equal in two frames stay equal."""
        return self.predict(mean_thumbnail(frames, self.thumbnail_side, self.threads), auto)

    def _lattice(self, outputs: list[NDArray[np.float32]]) -> Lattice:
        """Return the lattice that the network's outputs hold."""
        raise NotImplementedError

    def _gate(self, thumbnail: NDArray[Any]) -> float:
        """Return what share of its enhancement a picture needs; all of it, where the kind cannot tell."""
        return 1.0

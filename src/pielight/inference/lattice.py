"""Lattices: small grids of tone curves, predicted from a thumbnail and applied to the full picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import Pixels
from pielight.errors import ModelError, OptionError
from pielight.inference.denoise import shared_denoiser
from pielight.inference.denoise_plan import plan
from pielight.inference.descriptor import Side, TensorSpec, check_shape
from pielight.inference.onnx_session import Network
from pielight.inference.pipeline_arrays import enhance_in_memory
from pielight.inference.processor import Prediction, Processor, Runtime
from pielight.ops import apply_cuda
from pielight.ops.apply import apply as apply_on_cpu
from pielight.ops.thumbnail import mean_thumbnail, thumbnail
from pielight.options import HIGHLIGHTS, Denoise, EnhanceOptions

if TYPE_CHECKING:
    from torch import Tensor

P = TypeVar("P", Image.Image, NDArray[Any], "Tensor")
_SIDE = Side("S", 16, 2048)
THUMBNAIL = TensorSpec("thumbnail", ("n", 3, _SIDE, _SIDE))
_NODES = 512  # along each side at most: their tables take 1.6 GB


def node_sides() -> tuple[Side, Side]:
    """Return the sides h and w of a grid of nodes in the output of a network."""
    return Side("h", 1, _NODES), Side("w", 1, _NODES)


class Lattice(Prediction):
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
        self, strength: float = 1.0, highlights: float = HIGHLIGHTS, at: NDArray[np.float32] | None = None
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

    def apply(
        self,
        image: P,
        strength: float = 1.0,
        highlights: float = HIGHLIGHTS,
        threads: int | None = None,
        out: NDArray[Any] | None = None,
        *,
        denoise: Denoise = 0.0,
        denoise_model: str | Path | None = None,
    ) -> P:
        """Enhance a picture by these curves, which :meth:`pielight.Enhancer.curves` predicted of it or of another one.

        Args:
            image: A Pillow image, an array or a torch tensor, as :class:`pielight.Enhancer` takes them.
            strength: 0 is the identity, bit for bit; 1 the model; -1.5 (darker) to 1.5.
            highlights: How far bright pixels are protected, 0 to 1.
            threads: Threads to share the rows among; None takes every core that the process may use.
            out: For an array only: where to put the result, of its shape and type; may be the array itself.
            denoise: Share of the visible noise that is removed, 0 to 1, or ``"auto"``.
            denoise_model: Path of an ONNX file with another denoising network.

        Returns:
            ``out``, or a new picture of the same kind.

        Raises:
            PielightError: It is no picture, or an argument is out of range.
        """
        options = EnhanceOptions(strength, highlights, denoise)
        runtime = Runtime(shared_denoiser(denoise_model, threads), threads)
        result: P = enhance_in_memory(image, Processor(runtime, prediction=self), options, out)
        return result

    def process(self, pixels: Pixels, options: EnhanceOptions, runtime: Runtime, out: Pixels | None = None) -> Pixels:
        """Apply the curves to a picture, and remove the noise that they make visible; see :class:`Prediction`."""
        noise = None
        if options.denoise != 0 and options.strength != 0:
            runtime.denoiser.open()  # a damaged one is an error even if there is no noise
            noise = plan(pixels, self, options, runtime.threads)  # first, since ``out`` may be the picture
        if runtime.device is None:
            result = apply_on_cpu(pixels, self, options, runtime.threads, out)
        else:
            result = apply_cuda.apply(pixels, self, runtime.device, options, out)
        if noise is not None:
            runtime.denoiser.subtract(result, noise)
        return result


def check_share(share: float) -> None:
    """Check that a share lies in [0, 1].

    Raises:
        OptionError: It does not.

    >>> check_share(0.5)
    """
    if not 0.0 <= share <= 1.0:
        raise OptionError(f"share {share}: must lie between 0 and 1")


class LatticeNetwork(Network):
    """A network in an ONNX file that predicts a lattice from a thumbnail, (n, 3, S, S) in [0, 1]."""

    @property
    def thumbnail_side(self) -> int:
        """Side S of the thumbnail, in pixels.

        Raises:
            ModelError: The file is damaged or holds another kind of network.
        """
        return int(self.open().get_inputs()[0].shape[2])

    def predict(self, pixels: Pixels, auto: bool = True) -> Lattice:
        """Predict the lattice of a picture.

        Args:
            pixels: (H, W, 3) or gray (H, W, 1): uint8, uint16, or floats in [0, 1].
            auto: Fade the curves where the picture needs none.

        Raises:
            ModelError: The file is damaged, or what the network returns is not a lattice.
            OptionError: The array is not a picture.
        """
        small = thumbnail(pixels, self.thumbnail_side, self.threads)
        outputs = self.run(self.descriptor.output_names, {"thumbnail": small[np.newaxis]})
        for spec, value in zip(self.descriptor.outputs, outputs, strict=True):
            check_shape(self.path, spec, value.shape)
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
        """Return what share of its enhancement a picture needs."""
        raise NotImplementedError

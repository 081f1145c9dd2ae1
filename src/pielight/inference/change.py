"""What a model does to the pixels of a picture, and alike to those of all frames of a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from pielight.core.extras import require
from pielight.core.pixels import check_pixels
from pielight.inference.denoise import Apply, render
from pielight.inference.denoise_network import DenoiseNetwork
from pielight.inference.derain import SpatialNetwork
from pielight.inference.lattice_network import Predictor
from pielight.ops.apply import apply as apply_to_pixels
from pielight.ops.haze_lattice import Lattice
from pielight.ops.thumbnail import mean_thumbnail
from pielight.options import Denoise

Array = NDArray[Any]


@dataclass(frozen=True)
class ModelChange:
    """A change of pixels by a model; see :class:`pielight.inference.images.FramesChange`.

    Attributes:
        network: Predicts curves, or changes pixels itself.
        apply: Applies curves; see :func:`applier`.
        denoiser: Takes noise out.
        threads: Threads; None takes every core that the process may use.
        strength: -1.5 to 1.5.
        highlights: 0 to 1.
        denoise: 0 to 1, or ``"auto"``.
        lattice: The curves; None predicts those of each picture.
    """

    network: SpatialNetwork | Predictor
    apply: Apply
    denoiser: DenoiseNetwork
    threads: int | None
    strength: float
    highlights: float
    denoise: Denoise
    lattice: Lattice | None = None

    def __call__(self, pixels: Array, out: Array | None = None) -> Array:
        """Change pixels (H, W, 1 or 3), into another array or a given one."""
        if self.strength == 0:
            check_pixels(pixels)
            return pixels.copy() if out is None else out
        if isinstance(self.network, SpatialNetwork):
            return self.network.apply(pixels, self.strength, out)
        lattice = self.network(pixels) if self.lattice is None else self.lattice
        return render(
            self.apply, pixels, lattice, self.strength, self.highlights, self.denoise, self.denoiser, self.threads, out
        )

    def alike(self, frames: Iterable[Array]) -> ModelChange:
        """Return the change with the curves of the mean of all frames, if the model has curves."""
        if self.strength == 0 or isinstance(self.network, SpatialNetwork):
            return self
        return replace(self, lattice=self.network(mean_thumbnail(frames, self.network.size, self.threads)))


def applier(device: str, threads: int | None) -> Apply:
    """Return what applies a lattice of curves on a device.

    Raises:
        MissingExtraError: The device needs an extra that is not installed.
        DeviceError: There is no such device.
    """
    if device == "cpu":
        return partial(apply_to_pixels, threads=threads)
    require("gpu")
    from pielight.ops import apply_torch as gpu

    return partial(gpu.apply, device=gpu.check_device(device))

"""Predictions that map every pixel by itself, such as tone curves, with the noise that they make visible removed."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray
from PIL import Image

from pielight.core.pixels import Pixels
from pielight.inference.denoise import shared_denoiser
from pielight.inference.denoise_plan import plan
from pielight.inference.pipeline_arrays import enhance_in_memory
from pielight.inference.processor import Prediction, Processor, Runtime
from pielight.options import AUTO, Denoise, EnhanceOptions, Taste, chosen_options

if TYPE_CHECKING:
    from typing import Unpack

    import torch
    from torch import Tensor

P = TypeVar("P", Image.Image, NDArray[Any], "Tensor")


class PointwisePrediction(Prediction):
    """What a network predicted of a picture, to be applied to it or to others of any size."""

    @abstractmethod
    def render(
        self,
        pixels: Pixels,
        options: EnhanceOptions,
        threads: int | None = None,
        out: Pixels | None = None,
        device: torch.device | None = None,
    ) -> Pixels:
        """Map every pixel, without denoising.

        Args:
            pixels: (H, W, 1 or 3): uint8, uint16, or floats in [0, 1].
            options: Strength, of which 0 is the identity, bit for bit, and protection of highlights.
            threads: Threads to share the rows among; None takes every core that the process may use.
            out: Where to put the result, of the shape and type of ``pixels``; may be ``pixels`` itself.
            device: None is the CPU.

        Returns:
            ``out``, or a new array like ``pixels``.

        Raises:
            OptionError: The array is not a picture, or ``out`` is not like it.
            DeviceError: The device's memory does not suffice.
        """

    def apply(
        self,
        image: P,
        strength: float | None = None,
        highlights: float | None = None,
        threads: int | None = None,
        out: NDArray[Any] | None = None,
        *,
        denoise: Denoise | None = None,
        options: EnhanceOptions | None = None,
        denoise_model: str | Path | None = None,
        **taste: Unpack[Taste],
    ) -> P:
        """Enhance a picture by what was predicted of it or of another one.

        Args:
            image: A Pillow image, an array or a torch tensor, as :class:`pielight.Enhancer` takes them.
            strength: 0 is the identity, bit for bit; 1, the default, the model; -1.5 (darker) to 1.5.
            highlights: How far bright pixels are protected, 0 to 1; None is 0.5 for curves and 0 for exposures.
            threads: Threads to share the rows among; None takes every core that the process may use.
            out: For an array only: where to put the result, of its shape and type; may be the array itself.
            denoise: Share of the visible noise that is removed, 0 to 1, or ``"auto"`` (default), as much as is seen.
            options: All of these in one object, in place of them; ``auto`` has no effect here.
            denoise_model: Path of an ONNX file with another denoising network.
            **taste: ``preset``, ``target_ev``, ``black``, ``warmth`` and ``tint``, as for :class:`pielight.Enhancer`.

        Returns:
            ``out``, or a new picture of the same kind.

        Raises:
            PielightError: It is no picture, or an argument is out of range.
        """
        options = chosen_options(options, strength=strength, highlights=highlights, denoise=denoise, **taste)
        runtime = Runtime(shared_denoiser(denoise_model, threads), threads)
        result: P = enhance_in_memory(image, Processor(runtime, prediction=self), options, out)
        return result

    def process(self, pixels: Pixels, options: EnhanceOptions, runtime: Runtime, out: Pixels | None = None) -> Pixels:
        """Map every pixel, and remove the noise that this makes visible; see :class:`Prediction`."""
        noise = None
        if options.denoise != 0 and options.strength != 0:
            if options.denoise != AUTO or not runtime.denoiser.is_shipped:
                runtime.denoiser.open()  # a damaged one is an error even if there is no noise
            noise = plan(
                pixels, self, options, runtime.threads, runtime.noise
            )  # first, since ``out`` may be the picture
        result = self.render(pixels, options, runtime.threads, out, runtime.device)
        if noise is not None:
            runtime.denoiser.subtract(result, noise)
        return result

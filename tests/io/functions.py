"""Plain functions of pixels in the place of a model, to look at what the pipeline does around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from pielight.inference.denoise import shared_denoiser
from pielight.inference.descriptor import describe
from pielight.inference.pipeline_arrays import enhance_image
from pielight.inference.pipeline_files import EnhanceJob, SaveOptions, enhance_bytes
from pielight.inference.processor import Prediction, Processor, Runtime
from pielight.io.provenance import Record
from pielight.options import EnhanceOptions

Pixels = NDArray[Any]


class Function(Prediction):
    """A model whose prediction, the same for every picture, is a function of the pixels."""

    descriptor = describe("rain_layer")  # whose results are not denoised

    def __init__(self, function: Callable[[Pixels], Pixels]) -> None:
        self._function = function

    def predict(self, pixels: Pixels, auto: bool = True) -> Function:
        return self

    def predict_for_all(self, frames: Iterable[Pixels], auto: bool = True) -> Function:
        assert len(list(frames)) > 1
        return self

    def process(self, pixels: Pixels, options: EnhanceOptions, runtime: Runtime, out: Pixels | None = None) -> Pixels:
        return self._function(pixels)


def processor_of(function: Callable[[Pixels], Pixels]) -> Processor:
    return Processor(Runtime(shared_denoiser(None, 1)), Function(function))


def changed_bytes(
    data: bytes,
    function: Callable[[Pixels], Pixels],
    strength: float = 1.0,
    file_format: str | None = None,
    quality: int | None = None,
    name: str = "picture",
    record: Record | None = None,
) -> tuple[bytes, str]:
    """Send a picture's file through the pipeline; return the result's, and what the user should know."""
    job = EnhanceJob(EnhanceOptions(strength), SaveOptions(file_format, quality), record)
    return enhance_bytes(data, name, processor_of(function), job)


def changed_image(image: Image.Image, function: Callable[[Pixels], Pixels]) -> Image.Image:
    return enhance_image(image, processor_of(function), EnhanceOptions())

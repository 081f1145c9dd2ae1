"""Whether an exported graph does what pielight does: both run on pictures, and their results are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from pielight.core.color import linear_to_srgb, srgb_to_linear
from pielight.core.messages import shown
from pielight.enhancer import Enhancer
from pielight.errors import DataError, PictureError
from pielight.inference.exposure_map import DESCRIPTOR, ExposureNetwork
from pielight.io.formats import READABLE
from pielight.io.load_rgb import load_rgb8
from pielight.training.export.graph import Arrays, Graph, Run

PICTURES = 20
LIMITS = {"fp32": 1, "fp16": 2}  # levels of 255 that results may differ by
_PHOTOS = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "rocket")  # that scikit-image ships
_EVS = (0, -2, -4, -6)
_SHOT, _READ = 2e-4, 1e-8  # noise of a sensor in linear light, before it is darkened

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Comparison:
    """Two results of one picture.

    Attributes:
        picture: Its name.
        worst: The most that a value differs by, in levels of 255.
        share: The share of values that differ, in percent.
        psnr: Of one result to the other in dB; infinite if they are equal.
    """

    picture: str
    worst: int
    share: float
    psnr: float


class ExportedNetwork(ExposureNetwork):
    """Predicts maps as pielight does, but for the network, which runs elsewhere.

    Args:
        path: The network's ONNX file, which says what it takes.
        run: Runs the exported graph.
    """

    def __init__(self, path: Path, run: Run) -> None:
        super().__init__(DESCRIPTOR, path, 1)
        self._elsewhere = run

    def outputs(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Run the graph."""
        return self._elsewhere([inputs[spec.name] for spec in DESCRIPTOR.inputs])


def pictures(
    folder: Path | None, size: tuple[int, int] | None, failed: Callable[[PictureError], object] = lambda _: None
) -> Iterator[tuple[str, Pixels]]:
    """Yield up to 20 pictures: the first of a folder, or photographs that scikit-image ships, darkened, with noise.

    Args:
        folder: Other files in it are passed over.
        size: Width and height to bring them to.
        failed: Is called with the error of each picture that cannot be read; it, too, is passed over.

    Raises:
        DataError: There is none.
    """
    count = 0
    for name, pixels in _darkened() if folder is None else _of(folder, failed):
        image = Image.fromarray(pixels)
        yield name, np.asarray(image if size is None else image.resize(size))
        count += 1
        if count == PICTURES:
            return
    if not count:
        raise DataError(f"{folder}: holds no picture")


def check_pictures(folder: Path, failed: Callable[[PictureError], object]) -> None:
    """Read what :func:`pictures` yields of a folder, and say what cannot be read.

    Raises:
        DataError: There is none.
    """
    for _ in pictures(folder, None, failed):
        pass


def inputs_of(graph: Graph, path: Path, pixels: Pixels) -> Arrays:
    """Return what a graph takes of a picture."""
    if graph.what == "full":
        return [np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)]
    seen: list[Arrays] = []

    def run(values: Arrays) -> list[NDArray[np.float32]]:
        seen.append(values)
        return [np.zeros((1, 1, 1, 1), np.float32), np.zeros((1, 1), np.float32)]

    ExportedNetwork(path, run).predict(pixels)
    return seen[0]


def compare(graph: Graph, run: Run, path: Path, folder: Path | None = None) -> Iterator[Comparison]:
    """Yield how results of an exported graph differ from pielight's own, picture by picture, without denoising.

    Of maps, those with and without the gate are compared, each applied to the picture.

    Args:
        graph: What was exported.
        run: Runs the exported file.
        path: The network's ONNX file.
        folder: See :func:`pictures`.

    Raises:
        DataError: There is no picture.
    """
    size = (graph.inputs["picture"][3], graph.inputs["picture"][2]) if graph.what == "full" else None
    own, enhancer = ExposureNetwork(DESCRIPTOR, path, 1), Enhancer(path, 1)
    for name, pixels in pictures(folder, size):
        if graph.what == "full":
            (values,) = run(inputs_of(graph, path, pixels))
            found = np.rint(values[0].transpose(1, 2, 0).clip(0, 1) * 255).astype(np.uint8)
            yield _compared(name, found, enhancer(pixels, denoise=0))
            continue
        results = [
            np.stack([network.predict(pixels, auto).apply(pixels, denoise=0, threads=1) for auto in (True, False)])
            for network in (ExportedNetwork(path, run), own)
        ]
        yield _compared(name, *results)


def _compared(name: str, found: Pixels, wanted: Pixels) -> Comparison:
    difference = np.abs(found.astype(np.int16) - wanted)
    error = float(np.square(difference.astype(np.float64)).mean())
    psnr = float(10 * np.log10(255**2 / error)) if error else float("inf")
    return Comparison(name, int(difference.max()), 100 * float((difference > 0).mean()), psnr)


def _darkened() -> Iterator[tuple[str, Pixels]]:
    random = np.random.default_rng(0)
    for ev in _EVS:
        for name in _PHOTOS:
            light = srgb_to_linear(getattr(skimage.data, name)() / 255) * 2.0**ev
            noisy = light + random.normal(size=light.shape) * np.sqrt(_SHOT * light + _READ)
            yield f"{name} {ev} EV", np.rint(linear_to_srgb(noisy.clip(0, 1)) * 255).astype(np.uint8)


def _of(folder: Path, failed: Callable[[PictureError], object]) -> Iterator[tuple[str, Pixels]]:
    suffixes = {suffix for suffix, kind in Image.registered_extensions().items() if kind in READABLE}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and path.is_file():
            try:
                yield shown(path.name), load_rgb8(path)
            except PictureError as error:
                failed(error)

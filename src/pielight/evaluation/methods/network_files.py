"""Networks in files: any ONNX network from picture to picture, and public PyTorch checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pielight.errors import DataError, ModelError
from pielight.evaluation.methods.spec import Enhance, MethodKind, Spec, escaped
from pielight.evaluation.onnx_network import OnnxNetwork
from pielight.io.load_rgb import Pixels

_USAGE = "onnx:FILE.onnx[,multiple=N]"
_MOST = 1024  # pixels that sides are padded to a multiple of


def network(path: Path, multiple: int = 1) -> Enhance:
    """Return a function that enhances ``(H, W, 3)`` uint8 pictures by an ONNX network.

    The network maps ``(1, 3, H, W)`` floats in [0, 1], R, G, B, to the same; its first output of that shape counts.
    Pictures are padded by reflection to a ``multiple``, and results cropped. ModelError if the file is missing,
    damaged, or a lattice network of pielight; the returned function raises DataError for a picture on which the
    network fails.
    """
    model = OnnxNetwork(path, multiple, hint=f"onnx:{escaped(path)}")
    if model.input == "thumbnail":
        raise ModelError(f"{path}: a lattice network; use pielight:model={escaped(path)}")

    def enhance(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        batch = model.batch(pixels)
        outputs = model.run(batch)
        result = next((output for output in outputs if getattr(output, "shape", None) == batch.shape), None)
        if result is None:
            raise DataError(
                f"{path}: returns {[getattr(output, 'shape', None) for output in outputs]}, none like {batch.shape}"
            )
        light = result[0].transpose(1, 2, 0)[:height, :width]
        if np.isnan(light).any():
            raise DataError(f"{path}: returns NaN on {width} x {height} pixels")
        bright: Pixels = np.rint(255 * light.clip(0, 1)).astype(np.uint8)
        return bright

    return enhance


def file_and_multiple(spec: Spec) -> tuple[Path, int]:
    """Return the file of an ``onnx`` method, and the multiple of its sides; ConfigError if that is not in 1 to 1024.

    >>> file_and_multiple(Spec("", "", "onnx", "theirs.onnx,multiple=32"))[1]
    32
    """
    file, *given = spec.parts()
    multiple = spec.number("multiple", spec.settings(given, ("multiple",), _USAGE).get("multiple", "1"))
    if not (1 <= multiple <= _MOST and multiple == int(multiple)):
        raise spec.error(f"multiple must be a whole number from 1 to {_MOST}")
    return Path(file), int(multiple)


def _public_checkpoint(spec: Spec) -> Enhance:
    from pielight.training.networks.dce_net import published  # loads torch

    return published(Path(spec.argument))


DCE = MethodKind("dce:FILE.pth", _public_checkpoint, "required", lambda spec: [Path(spec.argument)], extra="train")
ONNX = MethodKind(
    _USAGE, lambda spec: network(*file_and_multiple(spec)), "required", lambda spec: [file_and_multiple(spec)[0]]
)

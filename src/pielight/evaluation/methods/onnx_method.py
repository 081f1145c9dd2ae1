"""Any network from picture to picture in an ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pielight.errors import DataError, ModelError
from pielight.evaluation.datasets.pictures import Pixels
from pielight.evaluation.methods.specs import written
from pielight.inference.onnx_session import NetworkError, open_session, run_session

_OUTSIDE = b"\n\x08location\x12"  # the key of external data, as protobuf encodes it


def network(path: Path, multiple: int = 1) -> Callable[[Pixels], Pixels]:
    """Return what enhances ``(H, W, 3)`` uint8 pictures by an ONNX network.

    The network maps ``(1, 3, H, W)`` floats in [0, 1], R, G, B, to the same; its first output of that shape counts.

    Args:
        path: The file.
        multiple: What both sides must be a multiple of; the picture is continued by reflection and cut again.

    Raises:
        ModelError: It is missing, damaged, or a lattice network of pielight's own. What is returned raises DataError
            for a picture on which it fails.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such ONNX file")
    check_whole(path)
    session = open_session(path, threads=1)  # pictures are shared among processes
    first, *others = session.get_inputs()
    if first.name == "thumbnail":
        raise ModelError(f"{path}: a lattice network; use pielight:model={written(path)}")
    if others or len(first.shape) != 4 or first.type != "tensor(float)":
        raise ModelError(f"{path}: must take one float input (1, 3, H, W), not {first.type} {first.shape}")

    def enhance(pixels: Pixels) -> Pixels:
        height, width = pixels.shape[:2]
        edges = ((0, -height % multiple), (0, -width % multiple), (0, 0))
        padded = np.pad(pixels, edges, mode="symmetric")
        picture = np.ascontiguousarray(padded.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)
        try:
            outputs = run_session(session, None, {first.name: picture})
        except NetworkError as error:
            hint = (
                f"; if it wants sides of a multiple of 32, say onnx:{written(path)},multiple=32"
                if multiple == 1
                else ""
            )
            raise DataError(f"{path}: fails on {width} x {height} pixels ({error}){hint}") from error
        found = next((output for output in outputs if getattr(output, "shape", None) == picture.shape), None)
        if found is None:
            raise DataError(
                f"{path}: returns {[getattr(output, 'shape', None) for output in outputs]}, none like {picture.shape}"
            )
        light = found[0].transpose(1, 2, 0)[:height, :width]
        if np.isnan(light).any():
            raise DataError(f"{path}: returns values that are no numbers on {width} x {height} pixels")
        bright: Pixels = np.rint(255 * light.clip(0, 1)).astype(np.uint8)
        return bright

    return enhance


def check_whole(path: Path) -> None:
    """Check that an ONNX file holds its weights itself.

    Raises:
        ModelError: They are in other files.
    """
    if _OUTSIDE in path.read_bytes():
        raise ModelError(
            f"{path}: keeps its weights in other files, which no checksum would cover; save it as one file"
        )

"""The user's own networks in ONNX files: from a picture to a picture, to boxes or to classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pielight.core.messages import shown
from pielight.errors import DataError, ModelError
from pielight.inference.onnx_session import NetworkError, open_session, run_session

_EXTERNAL_DATA = b"\n\x08location\x12"  # the key of external data, as protobuf encodes it


class OnnxNetwork:
    """A network with one input ``(N, 3, H, W)`` of floats, run in one thread: processes share the pictures.

    Args:
        path: The ONNX file; ModelError if it is missing, damaged or incomplete, or takes something else.
        multiple: What both sides of its input must be a multiple of; :meth:`batch` pads pictures by reflection.
        hint: Its spec on the command line, for the error message of a network that needs another multiple.
    """

    def __init__(self, path: Path, multiple: int = 1, hint: str = "") -> None:
        self.path, self._multiple = path, multiple
        needs = "if it needs sides of a multiple of 32, use"
        self._hint = f"; {needs} {hint},multiple=32" if hint and multiple == 1 else ""
        if not path.is_file():
            raise ModelError(f"{shown(path)}: no such ONNX file")
        if _EXTERNAL_DATA in path.read_bytes():
            fault = "keeps its weights in other files, which no checksum would cover; save it as one file"
            raise ModelError(f"{shown(path)}: {fault}")
        self._session = open_session(path, threads=1)
        first, *others = self._session.get_inputs()
        self.input, self.outputs = first.name, self._session.get_outputs()
        has_colors = len(first.shape) == 4 and (not isinstance(first.shape[1], int) or first.shape[1] == 3)
        if others or first.type != "tensor(float)" or not has_colors:
            raise ModelError(f"{shown(path)}: must take one float input (N, 3, H, W), not {first.type} {first.shape}")

    def batch(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return a picture ``(H, W, 3)`` uint8 as ``(1, 3, H', W')`` floats in [0, 1], padded by reflection."""
        height, width = pixels.shape[:2]
        edges = ((0, -height % self._multiple), (0, -width % self._multiple), (0, 0))
        padded = np.pad(pixels, edges, mode="symmetric")
        return np.ascontiguousarray(padded.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)

    def run(self, batch: NDArray[np.float32], outputs: Sequence[str] | None = None) -> list[Any]:
        """Return outputs of the network, by default all; DataError if it fails on this batch."""
        try:
            return run_session(self._session, outputs, {self.input: batch})
        except NetworkError as error:
            size = f"{batch.shape[3]} x {batch.shape[2]}"
            raise DataError(f"{shown(self.path)}: fails on {size} pixels ({error}){self._hint}") from error

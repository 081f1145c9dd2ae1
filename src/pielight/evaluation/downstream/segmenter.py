"""Semantic segmentation networks in ONNX files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pielight.core.messages import shown
from pielight.errors import DataError, ModelError
from pielight.evaluation.downstream.annotations import Labels
from pielight.evaluation.onnx_network import OnnxNetwork
from pielight.io.load_rgb import Pixels

_MOST_CLASSES = 255


class Segmenter:
    """A network that finds the class of every pixel: the largest logit.

    Args:
        path: An ONNX file from ``(N, 3, H, W)`` floats in [0, 1], R, G, B, to logits ``(N, C, H, W)``; its first output
            counts.
        multiple: What both sides must be a multiple of; pictures are padded by reflection, and logits cropped.

    Raises:
        ModelError: It is missing, damaged, or takes something else.
    """

    def __init__(self, path: Path, multiple: int = 1) -> None:
        self._network = OnnxNetwork(path, multiple, hint="FILE.onnx")
        first = self._network.outputs[0]
        self._output = first.name
        if first.type != "tensor(float)" or (first.shape and len(first.shape) != 4):
            raise ModelError(
                f"{shown(path)}: its first output {first.name} is {first.type} {first.shape}; logits (N, C, H, W) of a "
                "segmentation network are wanted"
            )

    def __call__(self, pixels: Pixels) -> tuple[Labels, int]:
        """Return the labels ``(H, W)`` of a picture ``(H, W, 3)`` uint8, and how many classes there are.

        Raises:
            DataError: The network fails, or returns no logits of the picture's size.
        """
        height, width = pixels.shape[:2]
        batch = self._network.batch(pixels)
        rows, columns = batch.shape[2:]
        logits = self._network.run(batch, [self._output])[0]
        if logits.ndim != 4 or logits.shape[2:] != (rows, columns) or not 2 <= logits.shape[1] <= _MOST_CLASSES:
            raise DataError(
                f"{shown(self._network.path)}: returns {list(logits.shape)} for {columns} x {rows} pixels; "
                f"logits [1, C, {rows}, {columns}] of 2 to {_MOST_CLASSES} classes are wanted"
            )
        if not np.isfinite(logits).all():
            raise DataError(
                f"{shown(self._network.path)}: returns values that are not finite on {width} x {height} pixels"
            )
        labels: Labels = logits[0, :, :height, :width].argmax(0).astype(np.uint8)
        return labels, logits.shape[1]

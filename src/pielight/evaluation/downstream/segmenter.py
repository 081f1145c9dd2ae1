"""Segmentation networks in ONNX files, through ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pielight.core.atomic_file import shown
from pielight.errors import DataError, ModelError
from pielight.evaluation.datasets.pictures import Pixels
from pielight.evaluation.downstream.networks import open_network
from pielight.evaluation.downstream.segmentation import Labels
from pielight.inference.onnx_session import NetworkError, run_session

_MOST_CLASSES = 255


class Segmenter:
    """Finds the class of every pixel: the largest logit.

    Args:
        path: An ONNX file from ``(N, 3, H, W)`` floats in [0, 1], R, G, B, to logits ``(N, C, H, W)``; its first output
            counts.
        multiple: What both sides must be a multiple of; the picture is continued by reflection, and the logits are cut.

    Raises:
        ModelError: It is missing, damaged, or takes something else.
    """

    def __init__(self, path: Path, multiple: int = 1) -> None:
        self._path, self._multiple = path, multiple
        self._session = open_network(path)
        self._input = self._session.get_inputs()[0].name
        first = self._session.get_outputs()[0]
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
        edges = ((0, -height % self._multiple), (0, -width % self._multiple), (0, 0))
        padded = np.pad(pixels, edges, mode="symmetric")
        batch = np.ascontiguousarray(padded.transpose(2, 0, 1)[np.newaxis], np.float32) / np.float32(255)
        try:
            logits = run_session(self._session, [self._output], {self._input: batch})[0]
        except NetworkError as error:
            hint = "; if it wants sides of a multiple of 32, say FILE.onnx,multiple=32" if self._multiple == 1 else ""
            raise DataError(f"{shown(self._path)}: fails on {width} x {height} pixels ({error}){hint}") from error
        if logits.ndim != 4 or logits.shape[2:] != padded.shape[:2] or not 2 <= logits.shape[1] <= _MOST_CLASSES:
            raise DataError(
                f"{shown(self._path)}: returns {list(logits.shape)} for {padded.shape[1]} x {padded.shape[0]} pixels; "
                f"logits [1, C, {padded.shape[0]}, {padded.shape[1]}] of 2 to {_MOST_CLASSES} classes are wanted"
            )
        if not np.isfinite(logits).all():
            raise DataError(f"{shown(self._path)}: returns values that are no numbers on {width} x {height} pixels")
        labels: Labels = logits[0, :, :height, :width].argmax(0).astype(np.uint8)
        return labels, logits.shape[1]
